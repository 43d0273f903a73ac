"""What helps to aim: the circle that a tool will touch, and lines between the pixels where they are large."""

from __future__ import annotations

import math

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from ui.view import View

GRID_FROM = 12.0  # zoom
SMALL = 12.0  # points of a circle below which a cross leads to it
REACH = 9.0  # points of that cross


def circle(view: View, middle: QPointF, size: float) -> QRectF:
    """Of so many canvas pixels, in points of the widget; never too small to be found."""
    radius = max(size / 2 * view.zoom / view.ratio, 2.5)
    return QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)


def paint_circle(painter: QPainter, circle: QRectF) -> None:
    """To be seen on light and on dark."""
    cross = _cross(circle) if circle.width() < SMALL else []
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(QColor(0, 0, 0, 150), 2.5), QPen(QColor(255, 255, 255, 220), 1.1)):
        painter.setPen(pen)
        painter.drawEllipse(circle)
        painter.drawLines(cross)


def around(circle: QRectF) -> QRect:
    """All that is painted of it."""
    room = 3 + (REACH if circle.width() < SMALL else 0)
    return circle.adjusted(-room, -room, room, room).toAlignedRect()


def paint_grid(painter: QPainter, view: View, rect: QRect) -> None:
    """In that part of the widget."""
    if view.zoom < GRID_FROM:
        return
    seen = view.seen(QRectF(rect))  # all of it, for a tilted line is one in any part of it
    left, right = math.floor(seen.left()) - 1, math.ceil(seen.right()) + 1
    top, bottom = math.floor(seen.top()) - 1, math.ceil(seen.bottom()) + 1
    lines = [QLineF(x, top, x, bottom) for x in range(left, right)]
    lines += [QLineF(left, y, right, y) for y in range(top, bottom)]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, not view.is_upright)
    painter.setPen(QPen(QColor(128, 128, 128, 70), 0))
    painter.drawLines([view.transform.map(line) for line in lines])


def _cross(circle: QRectF) -> list[QLineF]:
    """Four lines that lead to a circle."""
    middle, inner = circle.center(), circle.width() / 2 + 2
    return [
        QLineF(middle + way * inner, middle + way * (inner + REACH - 2))
        for way in (QPointF(1, 0), QPointF(-1, 0), QPointF(0, 1), QPointF(0, -1))
    ]
