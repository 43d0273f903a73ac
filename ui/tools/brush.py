"""Brush and eraser: round dabs along the pointer's way, as one stroke of one opacity.

The dabs of a stroke are gathered apart, and laid on the layer as a whole: so a stroke of 50 % stays at 50 %
where it crosses itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QRadialGradient

from engine.area import Rect
from ui.document import TILE, Pixels, Place, places
from ui.pixels import image_of, painting
from ui.session import Session, Wet
from ui.tools.pointer import Gesture, Pointer

SPACING = 0.08  # of the diameter, between dabs
FLAT = 4.0  # canvas pixels of a curve that are as good as straight
Mode = QPainter.CompositionMode


@dataclass
class Brush:
    name: str = "Brush"
    icon: str = "paint-brush"
    shortcut: str = "B"
    tip: str = "Paint strokes of colour. Shift-click draws a straight line, Ctrl picks a colour."
    cursor: Qt.CursorShape = Qt.CursorShape.BlankCursor
    size: float = 40.0  # diameter, canvas pixels, 1..500
    hardness: float = 0.8  # 0..1: the part of the radius that is solid
    opacity: float = 1.0  # 0..1, of the whole stroke
    pressure_size: bool = True
    mode: Mode = Mode.CompositionMode_SourceOver

    @property
    def outline(self) -> float | None:
        return self.size

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        mode = Mode.CompositionMode_DestinationOut if pointer.eraser else self.mode
        erases = mode == Mode.CompositionMode_DestinationOut
        if erases and session.stroke_layer is None and not session.is_on_mask:
            session.said.emit(
                "There are no strokes to erase: the eraser takes away strokes, never the picture."
            )
            return
        label = "Eraser" if erases else "Brush"
        with session.paint(label) as wet:  # one undo step, or none if Escape closes us
            stroke = _Stroke(wet, self, session.colour, mode)
            if pointer.shift and session.stroke_end is not None:
                x, y = session.stroke_end
                stroke.dab(pointer._replace(x=x, y=y))
                stroke.line_to(pointer)
            else:
                stroke.dab(pointer)
            stroke.show()
            while pointer.down:
                last, pointer = pointer, (yield)
                if pointer.down:  # from the middle of one way to that of the next: no corners
                    stroke.curve_to(last, _between(last, pointer, 0.5))
                else:  # a pen's release says pressure 0
                    pointer = pointer._replace(pressure=last.pressure)
                    stroke.curve_to(last, pointer)
                stroke.show()
            session.stroke_end = (pointer.x, pointer.y)


@dataclass
class Eraser(Brush):
    name: str = "Eraser"
    icon: str = "eraser"
    shortcut: str = "E"
    tip: str = "Take strokes away again. The picture below is never erased."
    mode: Mode = Mode.CompositionMode_DestinationOut


class _Stroke:
    """The dabs of one stroke, gathered apart for each tile."""

    def __init__(self, wet: Wet, brush: Brush, colour: QColor, mode: Mode) -> None:
        self.wet, self.brush, self.mode = wet, brush, mode
        self.colour = QColor(colour)
        self.dabs: dict[Place, Pixels] = {}
        self.fresh: set[Place] = set()
        self.bounds = Rect(0, 0, wet.document.width, wet.document.height)
        self.at = Pointer(0, 0)
        self.due = 0.0  # canvas pixels until the next dab

    def dab(self, at: Pointer) -> None:
        """One touch of the brush."""
        radius = self._diameter(at.pressure) / 2
        self.at, self.due = at, self._gap(at.pressure)
        brush = _tip(at, radius, self.brush.hardness, self.colour)
        box = QRectF(at.x - radius - 1, at.y - radius - 1, 2 * radius + 2, 2 * radius + 2)
        for place in self._touched(box):
            if place not in self.dabs:
                self.dabs[place] = np.zeros((TILE, TILE, 4), np.uint8)
            with painting(self.dabs[place]) as painter:
                painter.translate(-place[0] * TILE, -place[1] * TILE)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(brush)
                painter.drawEllipse(QPointF(at.x, at.y), radius, radius)
            self.fresh.add(place)

    def curve_to(self, control: Pointer, end: Pointer) -> None:
        """A quadratic curve that sets out towards `control` and arrives from there."""
        start = self.at
        length = _distance(start, control) + _distance(control, end)
        pieces = min(max(math.ceil(length / FLAT), 1), 64)
        for i in range(1, pieces + 1):
            t = i / pieces
            self.line_to(_between(_between(start, control, t), _between(control, end, t), t))

    def line_to(self, end: Pointer) -> None:
        """Dabs at even distances on the way; what is left over counts towards the next way."""
        start = self.at
        length = _distance(start, end)
        gone = 0.0
        while gone + self.due <= length:
            gone += self.due
            self.dab(_between(start, end, gone / length))
        self.due -= length - gone
        self.at = end

    def show(self) -> None:
        """Lay the stroke on the layer wherever a dab fell since last time."""
        for place in self.fresh:
            tile, before = self.wet.writable(place), self.wet.original(place)
            tile[...] = 0 if before is None else before
            with painting(tile) as painter:
                painter.setCompositionMode(self.mode)
                painter.setOpacity(self.brush.opacity)
                image = image_of(self.dabs[place])
                painter.drawImage(0, 0, image)
            self._trim(place, tile)
        if self.fresh:
            self.wet.show(self.fresh)
            self.fresh = set()

    def _diameter(self, pressure: float) -> float:
        factor = max(pressure, 0.05) if self.brush.pressure_size else 1.0
        return max(self.brush.size * factor, 1.0)

    def _gap(self, pressure: float) -> float:
        return max(SPACING * self._diameter(pressure), 0.5)

    def _touched(self, box: QRectF) -> Iterator[Place]:
        """The tiles inside the document that a box meets."""
        left, top = max(math.floor(box.left()), 0), max(math.floor(box.top()), 0)
        right = min(math.ceil(box.right()), self.bounds.width)
        bottom = min(math.ceil(box.bottom()), self.bounds.height)
        if left < right and top < bottom:
            yield from places(Rect(left, top, right - left, bottom - top))

    def _trim(self, place: Place, tile: Pixels) -> None:
        """Nothing is painted beyond the document's edge, though tiles reach over it."""
        tile[:, max(self.bounds.width - place[0] * TILE, 0) :] = 0
        tile[max(self.bounds.height - place[1] * TILE, 0) :] = 0


def _distance(a: Pointer, b: Pointer) -> float:
    return math.hypot(b.x - a.x, b.y - a.y)


def _between(a: Pointer, b: Pointer, part: float) -> Pointer:
    """A part of the way from `a` to `b`, pressure included."""
    return b._replace(
        x=a.x + part * (b.x - a.x),
        y=a.y + part * (b.y - a.y),
        pressure=a.pressure + part * (b.pressure - a.pressure),
    )


def _tip(at: Pointer, radius: float, hardness: float, colour: QColor) -> QBrush:
    """The brush's colour, solid up to `hardness` of the radius, then fading by a smooth curve."""
    if hardness >= 0.99 or radius < 1:
        return QBrush(colour)
    gradient = QRadialGradient(QPointF(at.x, at.y), radius)
    for i in range(9):
        t = i / 8
        faded = QColor(colour)
        faded.setAlphaF((1 - t * t * (3 - 2 * t)) ** 2 * (1 - hardness) + (1 - t) * hardness if t else 1.0)
        gradient.setColorAt(hardness + (1 - hardness) * t, faded)
    gradient.setColorAt(0, colour)
    return QBrush(gradient)
