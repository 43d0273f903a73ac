"""How handles look over the picture: a ring where something is taken, an arrow, a dot where it goes."""

from __future__ import annotations

import math
from itertools import pairwise
from weakref import WeakKeyDictionary

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBitmap, QColor, QPainter, QPainterPath, QPen, QPolygonF, QRegion, QTransform

from engine.types import Handle, Point, Region
from ui.document import Pull
from ui.handles import has_way, knob
from ui.pixels import image_of_grey
from ui.session import Chosen
from ui.view import View

SHADE = QColor(0, 0, 0, 150)
LIGHT = QColor(255, 255, 255, 235)
SOURCE, TARGET = QColor("#f0923c"), QColor("#4f9df0")
PALE = 0.4  # opacity of a handle that is switched off
DOT, KNOB, HEAD = 5.0, 5.5, 11.0  # points: radii, and the length of the arrow's head
SMOOTHER = 4  # times that each point of a contour goes half way to the next
_outlines: WeakKeyDictionary[Region, QPainterPath] = WeakKeyDictionary()


def paint_pull(painter: QPainter, view: View, pull: Pull, chosen: Chosen | None) -> None:
    """One handle, in points of the widget; `chosen` if it is that."""
    handle = pull.handle
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(1.0 if pull.enabled else PALE)
    source, target = (view.transform.map(QPointF(*end)) for end in (handle.source, handle.target))
    goes = has_way(handle)
    _line(painter, _taken(view, handle), 1.6 if chosen else 1.1, Qt.PenStyle.SolidLine)
    if goes:
        _line(painter, _landed(view, handle), 1.2, Qt.PenStyle.DashLine)
        paint_arrow(painter, source, target)
    if chosen:
        point = view.ratio / view.zoom
        grip = view.transform.map(QPointF(*knob(handle, point)))
        arm = QLineF(target, grip)
        stem = QPainterPath(arm.pointAt(min(1.0, 9 / max(arm.length(), 1))))
        stem.lineTo(arm.p2())
        _line(painter, stem, 1.1, Qt.PenStyle.SolidLine)
        _dot(painter, grip, KNOB, LIGHT, SHADE)
        at = source if chosen.end == "source" else target
        _ring(painter, at, DOT + 4)
    if goes:
        _dot(painter, source, DOT - 1, SOURCE, LIGHT)
    _dot(painter, target, DOT, TARGET if goes else SOURCE, LIGHT)
    painter.restore()


def paint_arrow(painter: QPainter, source: QPointF, target: QPointF) -> None:
    """From dot to dot; none where they touch."""
    way = QLineF(source, target)
    if way.length() < 2 * DOT + HEAD:
        return
    start, tip = way.pointAt(DOT / way.length()), way.pointAt(1 - (DOT + 1) / way.length())
    angle = math.atan2(way.dy(), way.dx())
    wings = [tip - QPointF(math.cos(angle + side), math.sin(angle + side)) * HEAD for side in (-0.42, 0.42)]
    shaft = QPainterPath(start)
    shaft.lineTo(tip - QPointF(math.cos(angle), math.sin(angle)) * (0.7 * HEAD))
    _line(painter, shaft, 2.0, Qt.PenStyle.SolidLine)
    painter.setPen(QPen(SHADE, 1.2))
    painter.setBrush(LIGHT)
    painter.drawPolygon(QPolygonF([tip, *wings]))


def paint_lasso(painter: QPainter, view: View, points: list[Point]) -> None:
    """The line so far, and the shortest way to close it."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path = QPainterPath()
    path.addPolygon(view.transform.map(QPolygonF([QPointF(*point) for point in points])))
    _line(painter, path, 1.6, Qt.PenStyle.SolidLine)
    closing = QPainterPath(path.currentPosition())
    closing.lineTo(path.elementAt(0).x, path.elementAt(0).y)
    _line(painter, closing, 1.1, Qt.PenStyle.DashLine)
    painter.restore()


def _taken(view: View, handle: Handle) -> QPainterPath:
    """Round what it carries, on the screen."""
    return view.transform.map(_outline(handle))


def _landed(view: View, handle: Handle) -> QPainterPath:
    """Round the place where that lands."""
    way = QTransform().translate(*handle.target).rotate(handle.turn).scale(handle.scale, handle.scale)
    return (way.translate(-handle.source[0], -handle.source[1]) * view.transform).map(_outline(handle))


def _outline(handle: Handle) -> QPainterPath:
    """In canvas pixels."""
    path, region = QPainterPath(), handle.region
    if region is None:
        path.addEllipse(QPointF(*handle.source), handle.radius, handle.radius)
        return path
    if region not in _outlines:
        _outlines[region] = _contour(region)
    return _outlines[region].translated(region.x, region.y)


def _contour(region: Region) -> QPainterPath:
    """Round what a region holds, its stairs of pixels made smooth."""
    image = image_of_grey(np.where(region.mask > 127, np.uint8(255), np.uint8(0)))
    held, stairs = QRegion(QBitmap.fromImage(image.createMaskFromColor(0xFF000000))), QPainterPath()
    stairs.addRegion(held)
    path = QPainterPath()
    for polygon in stairs.simplified().toSubpathPolygons():
        points = [polygon.at(number) for number in range(polygon.size())]
        line = [
            QLineF(a, b).pointAt(step / steps)
            for a, b in pairwise(points)
            for steps in [max(1, round(QLineF(a, b).length()))]
            for step in range(steps)
        ]
        for _ in range(SMOOTHER):
            line = [(a + b) / 2 for a, b in zip(line, line[1:] + line[:1], strict=True)]
        path.addPolygon(QPolygonF([*line, line[0]]))
    return path


def _line(painter: QPainter, path: QPainterPath, width: float, style: Qt.PenStyle) -> None:
    """Light on dark, to be seen on everything."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(SHADE, width + 1.8))
    painter.drawPath(path)
    pen = QPen(LIGHT, width, style)
    painter.setPen(pen)
    painter.drawPath(path)


def _dot(painter: QPainter, at: QPointF, radius: float, colour: QColor, edge: QColor) -> None:
    painter.setPen(QPen(SHADE, 1))
    painter.setBrush(edge)
    painter.drawEllipse(at, radius + 1.2, radius + 1.2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(at, radius - 0.6, radius - 0.6)


def _ring(painter: QPainter, at: QPointF, radius: float) -> None:
    path = QPainterPath()
    path.addEllipse(QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius))
    _line(painter, path, 1.6, Qt.PenStyle.SolidLine)
