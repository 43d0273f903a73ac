"""A pen event on a large document, repaint included, against the same dab and the same image painted bare."""

from __future__ import annotations

import os
import time
from statistics import median

import numpy as np

SIZE, LAYERS, BRUSH, EVENTS = 4096, 5, 64, 200


def pen_events() -> float:
    """Median milliseconds from a move of the pen to the repainted widget."""
    from PySide6.QtWidgets import QApplication

    from ui.canvas import Canvas
    from ui.document import document_from
    from ui.session import Session
    from ui.tools import Brush, Pointer

    photo = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 4), dtype=np.uint8)
    photo[..., 3] = 255
    document = document_from(photo)
    for _ in range(LAYERS - 1):
        document = document.with_layer(document.layers[0])
    canvas = Canvas(Session(document), Brush(size=BRUSH))
    canvas.resize(1920, 1080)
    canvas.show()
    canvas.actual_size()
    QApplication.processEvents()
    middle = SIZE / 2
    gesture = canvas.tool.gesture(canvas.session, Pointer(middle - 400, middle))
    next(gesture)
    times = []
    for i in range(EVENTS):
        started = time.perf_counter()
        gesture.send(Pointer(middle - 400 + 4 * i, middle + 40 * np.sin(i / 9)))
        canvas.repaint()
        times.append((time.perf_counter() - started) * 1000)
    gesture.close()
    return median(times)


def bare() -> float:
    """The least that could be done: one dab on an image, and that image drawn where the dab is."""
    from PySide6.QtCore import QPointF, QRect, Qt
    from PySide6.QtGui import QImage, QPainter

    picture = QImage(SIZE, SIZE, QImage.Format.Format_ARGB32_Premultiplied)
    screen = QImage(1920, 1080, QImage.Format.Format_ARGB32_Premultiplied)
    times = []
    for i in range(EVENTS):
        started = time.perf_counter()
        at = QPointF(400 + 4 * i, 500)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.GlobalColor.red)
        painter.drawEllipse(at, BRUSH / 2, BRUSH / 2)
        painter.end()
        painter = QPainter(screen)
        painter.setClipRect(QRect(0, 0, 1920, 1080))
        painter.drawImage(0, 0, picture)
        painter.end()
        times.append((time.perf_counter() - started) * 1000)
    return median(times)


def run() -> list[dict[str, object]]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance() or QApplication([])
    ours, least = pen_events(), bare()
    del application
    name = f"pen event, {SIZE} x {SIZE}, {LAYERS} layers, brush {BRUSH}"
    reference = "one bare dab and a full repaint of 1920 x 1080"
    return [
        {
            "name": name,
            "value": round(ours, 3),
            "unit": "ms",
            "reference": reference,
            "ratio": round(ours / least, 2),
        }
    ]
