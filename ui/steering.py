"""Moving the view by hand: which keys ask for which motion, and what a drag makes of the view."""

from __future__ import annotations

import math
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Literal

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QCursor, QPixmap

from ui.icons import icon
from ui.pixels import painting
from ui.view import View

Motion = Literal["pan", "turn", "zoom"]
Steered = Callable[[QPointF, bool], View]  # where the pointer is now, and whether to go by even steps

SPACE, SHIFT, CONTROL, TURN = Qt.Key.Key_Space, Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_R
KEYS = frozenset({SPACE, SHIFT, CONTROL, TURN})
TWICE = 150.0  # points of a drag that double the zoom
EVEN = 15.0  # degrees
GRIPS: dict[Motion, str] = {"turn": "arrows-clockwise", "zoom": "magnifying-glass"}
SIDE = 24  # points of a cursor


def asked_for(keys: AbstractSet[int]) -> Motion | None:
    """What a drag would do while those keys are held."""
    if TURN in keys or {SPACE, SHIFT} <= keys:
        return "turn"
    if {SPACE, CONTROL} <= keys:
        return "zoom"
    return "pan" if SPACE in keys else None


def steered(motion: Motion, view: View, start: QPointF, middle: QPointF) -> Steered:
    """The view as a drag from `start` moves it; `middle` is the widget's, round which it turns."""

    def panned(at: QPointF, even: bool) -> View:
        return view.panned(at - start)

    def zoomed(at: QPointF, even: bool) -> View:
        by = at - start
        return view.zoomed(view.zoom * 2 ** ((by.x() - by.y()) / TWICE), start)

    def turned(at: QPointF, even: bool) -> View:
        angle = view.angle + _bearing(at - middle) - _bearing(start - middle)
        return view.turned(round(angle / EVEN) * EVEN if even else angle, middle)

    return {"pan": panned, "zoom": zoomed, "turn": turned}[motion]


def cursor(motion: Motion, going: bool, ratio: float) -> QCursor:
    """A hand, round arrows or a glass."""
    if motion == "pan":
        return QCursor(Qt.CursorShape.ClosedHandCursor if going else Qt.CursorShape.OpenHandCursor)
    return _drawn(GRIPS[motion], ratio)


@cache
def _drawn(name: str, ratio: float) -> QCursor:
    """White with a dark rim, to be seen on everything."""
    picture = QPixmap(QSize(SIDE, SIDE) * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(QColor(0, 0, 0, 0))
    side = SIDE - 4
    with painting(picture) as painter:
        for x, y in ((1, 2), (3, 2), (2, 1), (2, 3), (1, 1), (3, 3), (1, 3), (3, 1)):
            icon(name, "#101010").paint(painter, x, y, side, side)
        icon(name, "#ffffff").paint(painter, 2, 2, side, side)
    return QCursor(picture, SIDE // 2, SIDE // 2)


def _bearing(by: QPointF) -> float:
    """Degrees, clockwise from the right."""
    return math.degrees(math.atan2(by.y(), by.x()))
