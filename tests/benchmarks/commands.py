"""What the thread of the event loop does at a stretch while commands and tools work on a large picture in the
window: nobody's hand may wait for them.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, QPointF

if TYPE_CHECKING:
    from ui.window import Window

Measure = Callable[[str, Callable[[], object]], Coroutine[object, object, None]]

SIZE = 8192
STRETCH = 50.0  # milliseconds
TICK = 2
OF_A_SELECTION = (
    "clipboard.copy",
    "clipboard.paste",
    "duplicate",
    "clipboard.cut",
    "clipboard.clear",
    "layering.add_mask",
    "layering.invert_mask",
    "layering.apply_mask",
    "selecting.invert",
    "selecting.to_protected",
)
TOOLS = ("Move", "Transform", "Wand", "Fill", "Gradient", "Lasso", "Clone stamp", "Smudge", "Drag")
COMMANDS = (
    "selecting.all",
    "clipboard.copy",
    "clipboard.copy_merged",
    "clipboard.paste",
    "duplicate",
    "layering.add_mask",
    "layering.invert_mask",
    "layering.apply_mask",
    "layering.merge",
    "layering.flatten",
    "layering.group",
    "layering.toggle_visible",
    "layering.solo",
    "selecting.from_layer",
    "selecting.invert",
    "selecting.to_protected",
    "clipboard.clear",
    "clipboard.cut",
    "comparing.split",
    "comparing.difference",
    "canvas.flip",
    "canvas.turn_left",
    "zoom_in",
    "fit",
)


async def stretches(folder: Path) -> dict[str, tuple[float, float]]:
    """For each of what is done the longest work and the longest gap of the event loop, in milliseconds."""
    from PySide6.QtCore import Qt, QTimer

    from engine.worker import Engine
    from tests.benchmarks.saving import painting
    from ui.session import Session
    from ui.settings import Settings
    from ui.window import Window

    engine = Engine("cpu")
    settings = Settings(tour_seen=True, steps=4, area="whole", variants=2)
    window = Window(Session(painting(SIZE, 3)), engine, settings, folder / "settings.toml", model="toy")
    window.resize(1600, 1000)
    window.show()
    engine.start("toy")
    seen: list[tuple[float, float]] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: seen.append((time.thread_time(), time.perf_counter())))
    timer.start(TICK)
    await _quiet(window)
    told: dict[str, tuple[float, float]] = {}

    async def measure(name: str, act: Callable[[], object]) -> None:
        await asyncio.sleep(0.05)
        seen.clear()
        await asyncio.sleep(0.05)
        act()
        await asyncio.sleep(0.1)
        await _quiet(window)
        work, gap = 1000 * np.diff(np.array(seen), axis=0).max(0)
        told[name] = float(work), float(gap)

    await measure("nothing", lambda: None)
    await _commands(window, measure, COMMANDS)
    await _tools(window, measure, folder)
    window.session.mark_saved()
    timer.stop()
    await window.shut_down()
    return told


async def _commands(window: Window, measure: Measure, names: Sequence[str]) -> None:
    """Each of them and its undo; those that need what the one before has done come after it."""
    for name in names:
        action = window.menus.actions[name]
        at = window.session.history.at
        await measure(name, action.trigger)
        if window.session.history.at > at and not name.endswith("_mask"):
            await measure(f"undo {name}", window.session.undo)
        elif action.isChecked():
            await measure(f"{name} off", action.trigger)


async def _tools(window: Window, measure: Measure, folder: Path) -> None:
    """A press, a pull and a release of the tools that look at or change all of a layer."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    from ui.selection import ellipse

    canvas, session, left = window.canvas, window.session, Qt.MouseButton.LeftButton
    middle = canvas.rect().center()
    session.activate(session.document.layers[0].uid)
    for name in TOOLS:
        window.holding.choose(next(n for n, tool in enumerate(window.holding.tools) if tool.name == name))
        await measure(f"{name} chosen", lambda: None)
        await measure(f"{name} pressed", partial(QTest.mousePress, canvas, left, pos=middle))
        for step in (5, 40, 120):
            to = middle + QPoint(step, step)
            await measure(f"{name} pulled by {step}", partial(QTest.mouseMove, canvas, to))
        await measure(f"{name} released", partial(QTest.mouseRelease, canvas, left, pos=to))
        await measure(f"{name} kept", window.running.apply_result)
        await measure(f"undo {name}", session.undo)
    selected = ellipse(QPointF(SIZE / 8, SIZE / 8), QPointF(SIZE * 0.6, SIZE * 0.7), session.document.rect)
    session.commit("Ellipse", lambda document: replace(document, selection=selected))
    await _commands(window, measure, OF_A_SELECTION)
    session.go(0)
    window.holding.choose(0)
    await measure("an edit", window.running.make_it_real)
    await measure("next variant", window.running.next_variant)
    await measure("applied", window.running.apply_result)
    await measure("undo applied", session.undo)
    await measure("saved", lambda: session.work.begin(window.filing.write(folder / "large.ora")))
    await measure("saved again", window.filing.save)
    await measure("opened", lambda: window.filing.open(folder / "large.ora"))


async def _quiet(window: Window) -> None:
    """Until nothing is made any more, and all of it is composed."""
    while True:
        await window.session.at_rest()
        await window.filing.ended()
        busy = window.session.is_making or window.editing.is_running or window.session.work._tasks
        if not busy and not window.canvas.picture.is_behind:
            return
        await asyncio.sleep(0.02)


def run() -> list[dict[str, object]]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    import qasync
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance() or QApplication([])
    with qasync.QEventLoop(application) as loop, tempfile.TemporaryDirectory() as folder:
        told = loop.run_until_complete(stretches(Path(folder)))
    return [
        {
            "name": f"event loop, longest {what}, {SIZE} x {SIZE}, 3 layers: {name}",
            "value": round(value, 1),
            "unit": "ms",
            "reference": f"{STRETCH:.0f} ms",
            "ratio": round(value / STRETCH, 2),
        }
        for name, values in told.items()
        for what, value in zip(("work", "gap"), values, strict=True)
    ]
