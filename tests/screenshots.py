"""Makes the pictures of the window in the README by using the program: `python -m tests.screenshots`, on a
display.

It opens a sample, makes it real in three variants, and takes the picture while they wait to be chosen; and it
pulls a balloon across a rendered sky, before the model has been asked.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import qasync
import torch
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from engine.starter.render import render
from engine.starter.world import draw
from engine.worker import Engine
from tests.hands import mouse
from ui import theme
from ui.document import Document, document_from, new_document
from ui.session import Session
from ui.settings import Settings
from ui.window import Window

ROOT = Path(__file__).parents[1]


async def use(window: Window, engine: Engine) -> None:
    ready = asyncio.get_running_loop().create_future()
    engine.ready.connect(ready.set_result)
    engine.start()
    await ready
    window.filing.open_sample(ROOT / "resources" / "samples" / "mountain lake strokes.png")
    await asyncio.sleep(1)  # it is read beside the event loop
    window.make_it_real()
    while window.editing.is_running:  # noqa: ASYNC110  a script may wait like this
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    window.grab().save(str(ROOT / "docs" / "window.png"))
    window.editing.discard()
    window.session.open(balloon())
    window.choose_tool([tool.name for tool in window.tools].index("Drag"))
    window._drag.radius = 150.0
    for kind, point in (
        (QEvent.Type.MouseButtonPress, (228, 146)),
        (QEvent.Type.MouseMove, (400, 170)),
        (QEvent.Type.MouseMove, (600, 190)),
        (QEvent.Type.MouseButtonRelease, (600, 190)),
    ):
        mouse(window.canvas, kind, point)
    await asyncio.sleep(0.5)
    window.grab().save(str(ROOT / "docs" / "drag.png"))
    await engine.close()


def balloon() -> Document:
    """A balloon over a lake, from the renderer."""
    scene = draw(64, torch.Generator().manual_seed(9001)).rows(slice(29, 30))
    picture = render(scene, 1024, 1024, supersample=1.5)[0].permute(1, 2, 0).clamp(0, 1)
    rgba = torch.cat([picture, torch.ones_like(picture[..., :1])], 2)
    return document_from((255 * rgba).round().byte().numpy(), "Balloon")


def main() -> None:
    application = QApplication([])
    theme.dress(application)
    with qasync.QEventLoop(application) as loop, tempfile.TemporaryDirectory() as folder:
        engine = Engine()
        settings = Settings(variants=3, seed=3, seed_locked=True)
        session = Session(new_document(512, 512, (255, 255, 255, 255)))
        window = Window(session, engine, settings, Path(folder) / "settings.toml")
        window.resize(1440, 900)
        window.show()
        loop.run_until_complete(use(window, engine))


if __name__ == "__main__":
    main()
