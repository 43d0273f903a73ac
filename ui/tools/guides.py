"""Lines that tools draw over the picture, to be seen on light and on dark."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

SHADE, LIGHT = QColor(0, 0, 0, 150), QColor(255, 255, 255, 235)
REACH, END = 9.0, 5.0  # points


def paint_cross(painter: QPainter, at: QPointF) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    lines = [
        QLineF(at + way * 3.0, at + way * REACH)
        for way in (QPointF(1, 0), QPointF(-1, 0), QPointF(0, 1), QPointF(0, -1))
    ]
    for pen in (QPen(SHADE, 3.4), QPen(LIGHT, 1.6)):
        painter.setPen(pen)
        painter.drawLines(lines)


def paint_axis(painter: QPainter, line: QLineF) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, shift in ((SHADE, 0), (LIGHT, 6)):
        pen = QPen(colour, 1.2)
        pen.setDashPattern([5, 5])
        pen.setDashOffset(shift / 1.2)
        painter.setPen(pen)
        painter.drawLine(line)


def paint_rod(painter: QPainter, line: QLineF) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(SHADE, 3.4), QPen(LIGHT, 1.6)):
        painter.setPen(pen)
        painter.drawLine(line)
    for end in (line.p1(), line.p2()):
        painter.setPen(QPen(SHADE, 1.2))
        painter.setBrush(LIGHT)
        painter.drawEllipse(end, END, END)
