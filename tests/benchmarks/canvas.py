"""A pen event on a large document, repaint included, against a bare widget that paints the same dab on one
image.

Both widgets get the same events, and repaint what they asked for at Qt's pace.
"""

from __future__ import annotations

import math
import os
import time
from statistics import median, quantiles
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from ui.canvas import Canvas

SIZE, LAYERS, BRUSH, EVENTS = 4096, 5, 64, 400
SCREEN = 1920, 1080


def strokes(widget: QWidget) -> list[float]:
    """Milliseconds from each event of a winding stroke to the repainted widget."""
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton

    def send(kind: QEvent.Type, i: int, button: Qt.MouseButton, buttons: Qt.MouseButton) -> None:
        at = QPointF(100 + 4 * i, 540 + 300 * math.sin(i / 30))
        event = QMouseEvent(kind, at, at, button, buttons, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(widget, event)
        QApplication.processEvents()

    send(QEvent.Type.MouseButtonPress, 0, left, left)
    times = []
    for i in range(1, EVENTS):
        started = time.perf_counter()
        send(QEvent.Type.MouseMove, i, none, left)
        times.append((time.perf_counter() - started) * 1000)
    send(QEvent.Type.MouseButtonRelease, EVENTS, left, none)
    return times


def ours() -> Canvas:
    from ui.canvas import Canvas
    from ui.document import document_from, layer_from
    from ui.session import Session
    from ui.tools import Brush

    random = np.random.default_rng(0)
    photo = random.integers(0, 256, (SIZE, SIZE, 4), dtype=np.uint8)
    photo[..., 3] = 255
    document = document_from(photo)
    for _ in range(LAYERS - 1):
        photo[..., 3] = random.integers(0, 256, (SIZE, SIZE), dtype=np.uint8)
        document = document.with_layer(layer_from(photo, "Veil", "result"))
    return Canvas(Session(document), Brush(size=BRUSH))


def bare() -> QWidget:
    """The least that could be done: a dab on an image, and the part of it drawn."""
    from PySide6.QtCore import QPointF, QRectF, Qt
    from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent
    from PySide6.QtWidgets import QWidget

    class Bare(QWidget):
        def __init__(self) -> None:
            super().__init__()
            self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
            self.image = QImage(SIZE, SIZE, QImage.Format.Format_ARGB32_Premultiplied)
            self.image.fill(Qt.GlobalColor.white)

        def mouseMoveEvent(self, event: QMouseEvent) -> None:
            at, radius = event.position(), BRUSH / 2
            with QPainter(self.image) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setBrush(Qt.GlobalColor.red)
                painter.drawEllipse(at, radius, radius)
            corner = at - QPointF(radius + 2, radius + 2)
            self.update(QRectF(corner, corner + QPointF(BRUSH + 4, BRUSH + 4)).toAlignedRect())

        def paintEvent(self, event: QPaintEvent) -> None:
            with QPainter(self) as painter:
                painter.setClipRegion(event.region())
                painter.drawImage(0, 0, self.image)

    return Bare()


def run() -> list[dict[str, object]]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from ui.document import stroke_alpha

    application = QApplication.instance() or QApplication([])
    canvas, simple = ours(), bare()
    for widget in (canvas, simple):
        widget.resize(*SCREEN)
        widget.show()
    canvas.actual_size()
    QApplication.processEvents()
    mine, least = strokes(canvas), strokes(simple)
    covered = np.count_nonzero(stroke_alpha(canvas.session.document))
    assert covered > EVENTS * 4 * BRUSH, "the stroke missed the picture, so its times say nothing"
    del application
    name = f"pen event, {SIZE} x {SIZE}, {LAYERS} layers, brush {BRUSH}"
    return [
        {
            "name": f"{name}, {which}",
            "value": round(value, 3),
            "unit": "ms",
            "reference": "the same dab on one image, and that part of it repainted",
            "ratio": round(value / other, 2),
        }
        for which, value, other in (
            ("median", median(mine), median(least)),
            ("95th of 100", quantiles(mine, n=20)[-1], quantiles(least, n=20)[-1]),
        )
    ]
