"""A pen on a large document of ten layers: from its event to the painted frame, panning and zooming, undo,
and memory; against 60 frames a second and what the layers themselves take.

Times are told twice: as they passed, and of the processor, for other programs may have taken some of them.
The lowest layer is opaque noise, the others are veils of it; once all are plain, once half of them are
blended.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent

    from ui.blending import Blend
    from ui.canvas import Canvas

SIZE, LAYERS, BRUSH, EVENTS = 4096, 10, 200, 400
SCREEN = 1920, 1080
FRAME, UNDO = 16.0, 50.0  # milliseconds
BLENDED: list[Blend] = [
    "multiply",
    "normal",
    "screen",
    "normal",
    "overlay",
    "normal",
    "soft-light",
    "normal",
]
PLAIN: list[Blend] = ["normal"] * len(BLENDED)


class Span(NamedTuple):
    passed: float  # milliseconds
    used: float  # of the processor


def large(blends: list[Blend]) -> Canvas:
    from ui.canvas import Canvas
    from ui.document import document_from, layer_from
    from ui.session import Session
    from ui.tools import Brush

    random = np.random.default_rng(0)
    rgba = random.integers(0, 256, (SIZE, SIZE, 4), dtype=np.uint8)
    rgba[..., 3] = 255
    document = document_from(rgba)
    for blend in blends:
        rgba[..., 3] = random.integers(0, 256, (SIZE, SIZE), dtype=np.uint8)
        document = document.with_layer(replace(layer_from(rgba, "Veil", "result"), blend=blend))
    document = document.with_layer(replace(layer_from(rgba, "Strokes", "strokes"), opacity=0.9))
    assert len(document.layers) == LAYERS
    canvas = Canvas(Session(document), Brush(size=BRUSH, hardness=0.0))
    canvas.resize(*SCREEN)
    canvas.show()
    return canvas


def timed(act: Callable[[], object]) -> Span:
    """What it takes, the repainting included."""
    from PySide6.QtWidgets import QApplication

    passed, used = time.perf_counter(), time.process_time()
    act()
    QApplication.processEvents()
    return Span(1000 * (time.perf_counter() - passed), 1000 * (time.process_time() - used))


def stroke(canvas: Canvas, way: Callable[[int], tuple[float, float]]) -> list[Span]:
    """A stroke of one event after the other."""
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton

    def send(kind: QEvent.Type, i: int, button: Qt.MouseButton, buttons: Qt.MouseButton) -> None:
        at = QPointF(*way(i))
        event = QMouseEvent(kind, at, at, button, buttons, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas, event)

    steps = canvas.session.history.at
    send(QEvent.Type.MouseButtonPress, 0, left, left)
    spans = [timed(lambda i=i: send(QEvent.Type.MouseMove, i, none, left)) for i in range(1, EVENTS)]  # type: ignore[misc]
    send(QEvent.Type.MouseButtonRelease, EVENTS, left, none)
    QApplication.processEvents()
    assert canvas.session.history.at == steps + 1, "the stroke missed the picture, so its times say nothing"
    return spans


def winding(i: int) -> tuple[float, float]:
    return 100 + 4 * i, 540 + 300 * math.sin(i / 30)


def everywhere(i: int) -> tuple[float, float]:
    """Over all of the picture when it is fitted to the screen."""
    return 460 + 1000 * i / EVENTS, 540 + 480 * math.sin(i / 3)


def undone(canvas: Canvas) -> list[Span]:
    """The last stroke taken back, laid again and so on."""
    spans = []
    for _ in range(4):
        spans += [timed(canvas.session.undo), timed(canvas.session.redo)]
    return spans


def moved(canvas: Canvas) -> list[Span]:
    """Panning at 100 %, then zooming out in small steps."""
    from PySide6.QtCore import QPointF

    spans = [
        timed(lambda n=n: canvas.centre_on(QPointF(1400 + 6 * n, 1500 + 4 * n)))  # type: ignore[misc]
        for n in range(60)
    ]
    return spans + [timed(lambda n=n: canvas.set_zoom(0.98**n)) for n in range(60)]  # type: ignore[misc]


def settled(canvas: Canvas) -> None:
    """All of the picture composed."""
    from PySide6.QtWidgets import QApplication

    canvas.fit()
    QApplication.processEvents()
    while canvas.picture.prepare(1.0) or canvas.picture.is_behind:
        QApplication.processEvents()


def figures(name: str, spans: list[Span], limit: float) -> Iterator[dict[str, object]]:
    for what, values in (
        ("", [each.passed for each in spans]),
        (", processor", [each.used for each in spans]),
    ):
        for which, value in (("median", median(values)), ("95th of 100", quantiles(values, n=20)[-1])):
            yield _figure(f"{name}, {which}{what}", value, "ms", f"at most {limit:.0f} ms", limit)


def run() -> list[dict[str, object]]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance() or QApplication([])
    told: list[dict[str, object]] = []
    for kind, blends in (("plain", PLAIN), ("half of them blended", BLENDED)):
        before = _memory()
        canvas = large(blends)
        name = f"{SIZE} x {SIZE}, {LAYERS} layers, {kind}"
        own = sum(array.nbytes for array in canvas.session.document.arrays())
        settled(canvas)
        canvas.actual_size()
        QApplication.processEvents()
        told += figures(f"pen event to frame, soft brush of {BRUSH}, {name}", stroke(canvas, winding), FRAME)
        told += figures(f"undo of a stroke, {name}", undone(canvas), UNDO)
        told += figures(f"pan and zoom, {name}", moved(canvas), FRAME)
        canvas.fit()
        QApplication.processEvents()
        stroke(canvas, everywhere)
        told += figures(f"undo of a stroke over all of it, {name}", undone(canvas), UNDO)
        taken = _memory() - before - canvas.session.history.spent
        text = "1.5 times the layers' own bytes, beside what undo keeps"
        told.append(_figure(f"memory, {name}", taken / 1e6, "MB", text, 1.5 * own / 1e6))
        canvas.close()
        canvas.deleteLater()
        del canvas
        QApplication.processEvents()
    del application
    return told


def _figure(name: str, value: float, unit: str, reference: str, limit: float) -> dict[str, object]:
    return {
        "name": name,
        "value": round(value, 2),
        "unit": unit,
        "reference": reference,
        "ratio": round(value / limit, 2),
    }


def _memory() -> int:
    """Bytes of the program in the machine's memory, as Linux tells it."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
