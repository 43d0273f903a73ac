"""Makes the pictures of README and manual by using the program: `python -m tests.screenshots`, on a display.

Each function below does what a user would and takes one or two pictures. With names behind the command only
those are made: `python -m tests.screenshots drag models`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import qasync
import torch
from PIL import Image
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from engine.worker import Engine
from main import VERSION
from tests import random_checkpoints, random_loras
from tests.hands import stroke
from ui import theme
from ui.document import new_document
from ui.models_dialog import ModelsDialog
from ui.pixels import rgba_of
from ui.session import Session
from ui.settings import Settings
from ui.tasks import TASKS
from ui.window import Window

ROOT = Path(__file__).parents[1]
WINDOWS, PARTS = ROOT / "docs", ROOT / "resources" / "manual" / "pictures"
QUALITY = 86  # of JPEG


async def start(window: Window) -> None:
    window.comfort.show_start()
    await take(window, WINDOWS / "start.jpg")
    window.comfort.leave_start()


async def strokes(window: Window) -> None:
    """Three variants of a stroke painting, in the strip and on the canvas."""
    sheet = window.session.document
    window.filing.open_sample(ROOT / "resources" / "samples" / "summer meadow strokes.png")
    await until(lambda: window.session.document is not sheet)
    window.running.make_it_real()
    await edited(window)
    window.running.next_variant()
    await take(window, WINDOWS / "window.jpg")
    window.editing.discard()


async def settle(window: Window) -> None:
    """Clouds with their sky are copied, pasted into another sky, and settled there."""
    open_task(window, "Drag")
    choose_tool(window, "Ellipse")
    stroke(window.canvas, (238, 74), (350, 130))
    window.clipboard.copy_merged()
    open_task(window, "Compose and settle")
    window.layering.delete()
    window.clipboard.paste()
    await until(lambda: len(window.session.document.layers) > 1)
    choose_tool(window, "Hand")
    await take(window.canvas, PARTS / "before settle.jpg", part_of(window, 154, 4, 280, 200))
    window.running.settle()
    await edited(window)
    window.editing.apply()
    await take(window.canvas, PARTS / "after settle.jpg", part_of(window, 154, 4, 280, 200))


async def drag(window: Window) -> None:
    """The ghost while a balloon is pulled, and what the model makes of it."""
    open_task(window, "Drag")
    await take(window, WINDOWS / "drag.jpg")
    await take(window.canvas, PARTS / "ghost.jpg", part_of(window, 0, 0, 512, 320))
    window.running.make_it_real()
    await edited(window)
    window.editing.apply()
    choose_tool(window, "Hand")
    await take(window.canvas, PARTS / "dragged.jpg", part_of(window, 0, 0, 512, 320))


async def models(window: Window) -> None:
    """The dialog of models, with what it can use and what it cannot; the files hold random numbers."""
    folder = Path.home() / "Pictures" / "Models"
    folder.mkdir(parents=True)
    first, large = random_checkpoints.pipeline("sd1"), random_checkpoints.pipeline("sdxl")
    random_checkpoints.save_single(first, folder / "watercolour.safetensors", torch.float16)
    random_checkpoints.save_single(large, folder / "large.safetensors", torch.float16)
    random_loras.save(folder / "ink.safetensors", first, "kohya")
    (folder / "sketch.ckpt").write_bytes(b"a pickle")
    window.library.add([folder])
    await until(lambda: len(window.library.entries) == 5)
    window.comfort.show_models()
    dialog = window.findChild(ModelsDialog)
    assert isinstance(dialog, ModelsDialog)
    dialog.list.setCurrentItem(next(iter(dialog.list.findItems("watercolour", Qt.MatchFlag.MatchExactly))))
    await take(dialog, WINDOWS / "models.jpg")
    dialog.accept()


async def layers(window: Window) -> None:
    """A group, a mask, and two ellipses that are selected."""
    open_task(window, "Edit a photo with strokes")
    window.layering.add_mask()
    window.layering.group()
    choose_tool(window, "Ellipse")
    stroke(window.canvas, (40, 285), (220, 370))
    stroke(window.canvas, (0, 435), (190, 510), keys=Qt.KeyboardModifier.ShiftModifier)
    await take(window, WINDOWS / "layers.jpg")
    await take(window.canvas, PARTS / "selection.jpg", part_of(window, 0, 250, 400, 262))


PICTURES = {each.__name__: each for each in (start, strokes, settle, drag, models, layers)}


def open_task(window: Window, title: str) -> None:
    task = next(task for task in TASKS if task.title == title)
    window.session.open(task.document())
    window.messages.hide()
    window.canvas.fit()
    choose_tool(window, task.tool)


def choose_tool(window: Window, name: str) -> None:
    window.holding.choose([tool.name for tool in window.holding.tools].index(name))


def part_of(window: Window, x: int, y: int, width: int, height: int) -> QRect:
    """Of the canvas on the screen, pixel by pixel, from a part of the document."""
    window.canvas.actual_size()
    return window.canvas.view.transform.mapRect(QRect(x, y, width, height))


async def edited(window: Window) -> None:
    await until(lambda: window.editing.is_running)
    await until(lambda: not window.editing.is_running)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  a script may wait like this
        await asyncio.sleep(0.1)


async def take(widget: QWidget, path: Path, part: QRect | None = None) -> None:
    """Once nothing moves any more."""
    await asyncio.sleep(1)
    path.parent.mkdir(exist_ok=True)
    seen = rgba_of(widget.grab(part or widget.rect()).toImage())
    Image.fromarray(seen).convert("RGB").save(path, quality=QUALITY, optimize=True, subsampling=0)


async def use(window: Window, engine: Engine, names: list[str]) -> None:
    ready = asyncio.get_running_loop().create_future()
    engine.ready.connect(ready.set_result)
    engine.start()
    await ready
    for name in names:
        await PICTURES[name](window)
    QGuiApplication.clipboard().clear()  # else the offscreen platform frees it when Python is gone
    await window.shut_down()


def main(names: list[str]) -> None:
    gc.disable()  # as the program does
    application = QApplication([])
    theme.dress(application)
    with qasync.QEventLoop(application) as loop, tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home  # no places of whoever makes the pictures are seen in them
        engine = Engine("auto", VERSION)
        settings = Settings(variants=3, seed=3, seed_locked=True)
        session = Session(new_document(512, 512, (255, 255, 255, 255)))
        window = Window(session, engine, settings, Path(home) / "settings.toml")
        window.resize(1280, 800)
        window.show()
        loop.run_until_complete(use(window, engine, names or list(PICTURES)))


if __name__ == "__main__":
    main(sys.argv[1:])
