"""Panning, zooming and turning a large picture: what a full repaint at 1600 x 1000 takes of the processor,
against the 16 ms of 60 frames a second.

Every frame has another view, as under a moving hand; all tiles are composed before, as they soon are. Then
what the thread of the event loop does at a stretch while the engine works on a large picture in the window.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ui.canvas import Canvas

SIZES = (4096, 8192)
SCREEN = 1600, 1000
FRAMES = 40
FRAME = 16.0  # milliseconds
STRETCH = 50.0  # milliseconds
TICK = 5


def large(size: int) -> Canvas:
    """A photograph's worth of noise with strokes and a veil over it."""
    from ui.canvas import Canvas
    from ui.document import document_from, layer_from
    from ui.session import Session

    random = np.random.default_rng(0)
    rgba = random.integers(0, 256, (size, size, 4), dtype=np.uint8)
    rgba[..., 3] = 255
    document = document_from(rgba)
    veil = np.full((size // 2, size // 2, 4), (200, 90, 40, 120), np.uint8)
    document = document.with_layer(layer_from(veil, "Veil", "strokes", size // 4, size // 4))
    canvas = Canvas(Session(document))
    canvas.resize(*SCREEN)
    canvas.show()
    return canvas


def frames(canvas: Canvas, angle: float, zoom: float) -> list[float]:
    """Milliseconds of frames of a pan at that angle and about that zoom."""
    from PySide6.QtCore import QPointF
    from PySide6.QtWidgets import QApplication

    canvas.turn(angle)
    canvas.set_zoom(zoom)
    size = canvas.session.document.width
    times = []
    for number in range(FRAMES + 3):
        canvas.centre_on(QPointF(size * (0.35 + 0.006 * number), size * (0.4 + 0.004 * number)))
        started = time.process_time()
        QApplication.processEvents()
        times.append((time.process_time() - started) * 1000)
    return times[3:]  # the first come after a change of angle and zoom


def opened(canvas: Canvas) -> float:
    """Milliseconds to the first frame of a picture of which nothing is composed yet."""
    from PySide6.QtWidgets import QApplication

    from ui.document import places

    canvas.fit()
    QApplication.processEvents()
    canvas.picture.damage(places(canvas.session.document.rect))
    started = time.process_time()
    canvas.repaint()
    return (time.process_time() - started) * 1000


async def stretches(folder: Path, size: int) -> tuple[float, float, float]:
    """Of the event loop during an edit the longest work and the largest gap; the same when idle; in ms."""
    from PySide6.QtCore import Qt, QTimer

    from engine.worker import Engine
    from ui.document import document_from, layer_from
    from ui.session import Session
    from ui.settings import Settings
    from ui.window import Window

    rgba = np.random.default_rng(0).integers(100, 140, (size, size, 4), dtype=np.uint8)
    rgba[..., 3] = 255
    document = document_from(rgba).with_layer(layer_from(rgba[:200, :900], "Stroke", "strokes", 300, 300))
    engine = Engine("cpu")
    settings = Settings(steps=4, area="whole")
    window = Window(Session(document), engine, settings, folder / "settings.toml")
    window.resize(*SCREEN)
    window.show()
    engine.start()
    while window.switching.facts is None:  # noqa: ASYNC110  # the window's state, which has no event to wait for
        await asyncio.sleep(0.05)
    seen: list[tuple[float, float]] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: seen.append((time.thread_time(), time.perf_counter())))
    timer.start(TICK)
    await asyncio.sleep(2)
    seen.clear()
    await asyncio.sleep(5)
    idle = 1000 * np.diff(np.array(seen), axis=0).max(0)[1]
    window.running.make_it_real()
    while window.editing.is_running:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    timer.stop()
    window.editing.discard()
    window.session.mark_saved()
    await window.shut_down()
    work, gap = 1000 * np.diff(np.array(seen), axis=0).max(0)
    return float(work), float(gap), float(idle)


def run() -> list[dict[str, object]]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    import qasync
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance() or QApplication([])
    figures = []
    for size in SIZES:
        canvas = large(size)
        figures.append(_figure(f"first frame, {size} x {size}", opened(canvas)))
        while canvas.picture.prepare(1.0):
            pass
        for angle in (0.0, 30.0, 90.0):
            for zoom in (0.2, 0.37, 1.0, 2.5, 16.0):
                slow = quantiles(frames(canvas, angle, zoom), n=20)[-1]
                figures.append(_figure(f"frame, {size} x {size}, {zoom:.0%}, {angle:.0f} degrees", slow))
        canvas.straighten()
        for comparison in ("split", "difference"):
            canvas.picture.compare(comparison)
            canvas.fit()
            canvas.repaint()
            slow = quantiles(frames(canvas, 0.0, 0.37), n=20)[-1]
            figures.append(_figure(f"frame, {size} x {size}, 37%, {comparison}", slow))
        canvas.close()
    with qasync.QEventLoop(application) as loop, tempfile.TemporaryDirectory() as folder:
        for size in (2048, 4096):
            work, gap, idle = loop.run_until_complete(stretches(Path(folder), size))
            name = f"of the event loop while the engine makes {size} x {size}"
            figures.append(_figure(f"longest work {name}", work, STRETCH))
            against_idle = {"reference": "the largest gap when idle", "ratio": round(gap / idle, 2)}
            figures.append({**_figure(f"largest gap {name}", gap), **against_idle})
    return figures


def _figure(name: str, milliseconds: float, limit: float = FRAME) -> dict[str, object]:
    return {
        "name": f"{name}, 95th of 100" if name.startswith("frame") else name,
        "value": round(milliseconds, 2),
        "unit": "ms",
        "reference": f"{limit:.0f} ms" + (", 60 frames a second" if limit == FRAME else ""),
        "ratio": round(milliseconds / limit, 2),
    }
