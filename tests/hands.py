"""The user's hands and eyes for the tests of the canvas: mouse, pen and wheel as real events, and what
is seen.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QColor,
    QInputDevice,
    QMouseEvent,
    QNativeGestureEvent,
    QPointingDevice,
    QPointingDeviceUniqueId,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.area import Rect
from ui.canvas import Canvas
from ui.document import Document, new_document, read
from ui.pixels import rgba_of
from ui.session import Session
from ui.tools import Brush

NO_KEYS = Qt.KeyboardModifier.NoModifier
PEN = QPointingDevice(  # at module level: an event does not keep its device alive
    "pen",
    1,
    QInputDevice.DeviceType.Stylus,
    QPointingDevice.PointerType.Pen,
    QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
    1,
    3,
    "",
    QPointingDeviceUniqueId(),
)
RUBBER = QPointingDevice(
    "rubber",
    2,
    QInputDevice.DeviceType.Stylus,
    QPointingDevice.PointerType.Eraser,
    QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
    1,
    3,
    "",
    QPointingDeviceUniqueId(),
)
Point = tuple[float, float]


def small_canvas(qtbot: QtBot) -> Canvas:
    """A white sheet at 100 %, and a hard black brush."""
    canvas = Canvas(Session(new_document(400, 300, (255, 255, 255, 255))), Brush(size=20, hardness=1))
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    canvas.show()
    canvas.actual_size()
    canvas.view = replace(canvas.view, x=0.0, y=0.0)  # what is seen at [y, x] is the document's pixel
    canvas.session.set_colour(QColor("black"))
    return canvas


def seen(canvas: Canvas) -> np.ndarray:
    """What is on the screen, (h, w, 3), without the brush's outline."""
    canvas._move_hover(None)
    return rgba_of(canvas.grab().toImage())[..., :3].copy()


def mouse(canvas: Canvas, kind: QEvent.Type, point: Point, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    at = canvas.view.transform.map(QPointF(*point))
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    down = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
    QApplication.sendEvent(canvas, QMouseEvent(kind, at, QPointF(canvas.mapToGlobal(at)), button, down, keys))


def stroke(canvas: Canvas, *points: Point, keys: Qt.KeyboardModifier = NO_KEYS, release: bool = True) -> None:
    mouse(canvas, QEvent.Type.MouseButtonPress, points[0], keys)
    for a, b in pairwise(points):
        for i in range(1, 9):
            part = i / 8
            mouse(
                canvas,
                QEvent.Type.MouseMove,
                (a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])),
                keys,
            )
    if release:
        mouse(canvas, QEvent.Type.MouseButtonRelease, points[-1], keys)


def pen(
    canvas: Canvas,
    kind: QEvent.Type,
    point: Point,
    pressure: float,
    device: QPointingDevice = PEN,
    tilt: tuple[int, int] = (0, 0),  # degrees, to the right and towards the user
) -> None:
    at = canvas.view.transform.map(QPointF(*point))
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletMove else Qt.MouseButton.LeftButton
    down = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletRelease else Qt.MouseButton.LeftButton
    event = QTabletEvent(
        kind, device, at, QPointF(canvas.mapToGlobal(at)), pressure, *tilt, 0, 0, 0, NO_KEYS, button, down
    )
    QApplication.sendEvent(canvas, event)


def button_event(
    canvas: Canvas, kind: QEvent.Type, point: Point, button: Qt.MouseButton, down: Qt.MouseButton
) -> None:
    at = canvas.view.transform.map(QPointF(*point))
    QApplication.sendEvent(
        canvas, QMouseEvent(kind, at, QPointF(canvas.mapToGlobal(at)), button, down, NO_KEYS)
    )


def wheel(
    canvas: Canvas,
    at: QPointF,
    angle: QPoint,
    pixels: QPoint | None = None,
    phase: Qt.ScrollPhase = Qt.ScrollPhase.NoScrollPhase,
) -> None:
    event = QWheelEvent(
        at,
        QPointF(canvas.mapToGlobal(at)),
        pixels or QPoint(),
        angle,
        Qt.MouseButton.NoButton,
        NO_KEYS,
        phase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def fingers(canvas: Canvas, gesture: Qt.NativeGestureType, at: QPointF, value: float) -> None:
    """Two of them, on a touch pad."""
    there = QPointF(canvas.mapToGlobal(at))
    event = QNativeGestureEvent(gesture, PEN, 2, at, at, there, value, QPointF())
    QApplication.sendEvent(canvas, event)


def pixel(document: Document, x: int, y: int) -> list[int]:
    return [int(value) for value in read(document, Rect(x, y, 1, 1))[0, 0]]
