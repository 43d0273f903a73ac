"""Gradient: from the foreground colour to the background colour or to nothing, along a line that is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QGradient, QKeyEvent, QLinearGradient, QPainter, QRadialGradient

from engine.area import Rect
from ui.coats import Coats, colour_ink, picture_ink
from ui.document import Document, Pixels, overlap, places
from ui.options import choice, share, switch
from ui.pixels import blank_image, image_of, painting
from ui.session import Session
from ui.tools.guides import paint_rod
from ui.tools.pointer import Gesture, Hint, Pointer
from ui.view import View
from ui.wet import Wet
from ui.work import Told

FORMS = (
    ("linear", "Linear", "Along the line"),
    ("radial", "Radial", "From the line's start to all sides"),
)
ENDS = (
    ("background", "Background", "To the background colour"),
    ("nothing", "Transparent", "To nothing: what is below stays"),
)
LEAST = 3.0  # points: a shorter line is a click
EVEN = math.pi / 12  # angles that Shift keeps to
COARSE = 1024  # pixels across, of what is shown while the line is drawn in a selection


@dataclass
class Gradient:
    name: str = "Gradient"
    icon: str = "drop-half"
    shortcut: str = "Shift+G"
    tip: str = "Draw a line: colours go over along it. Shift keeps to even angles. It lies on the strokes."
    hints: tuple[Hint, ...] = (("Shift", "even angles"),)
    cursor: Qt.CursorShape = Qt.CursorShape.CrossCursor
    outline: float | None = None
    form: str = choice("linear", "Form", FORMS)
    end: str = choice("background", "To", ENDS)
    turned: bool = switch(False, "Turn round", "swap", "From the other end")
    opacity: float = share(1.0, "Opacity", "How much it covers", 1)
    line: QLineF | None = field(default=None, repr=False)  # while it is drawn, canvas pixels
    laid: QLineF | None = field(default=None, repr=False)  # the last one, seen until its pixels are there

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        first = QPointF(pointer.x, pointer.y)
        try:
            while pointer.down:
                pointer = yield
                self.line = QLineF(first, _even(first, pointer) if pointer.shift else pointer_at(pointer))
                session.pulled.emit()
            line = self.line
        finally:
            self.line = None
            session.pulled.emit()
        if line is not None and line.length() >= LEAST * pointer.point:
            self.laid = line
            self._lay(session, line)

    def paint_picture(self, painter: QPainter, session: Session) -> None:
        """How it will look, but for layers above."""
        line = self.laid if session.is_making else self.line
        if line is None or not line.length():
            return
        document, colours = session.document, self._colours(session.colour, session.other_colour)
        start, end = line.p1(), line.p2()
        gradient: QGradient = QLinearGradient(start, end)
        if self.form == "radial":
            gradient = QRadialGradient(start, line.length())
        for place, colour in zip((0, 1), colours, strict=True):
            gradient.setColorAt(place, colour)
        painter.setOpacity(self.opacity)
        if document.selection is None:
            painter.fillRect(QRectF(*document.rect), gradient)
            return
        at = document.selection.at
        step = -(-max(at.width, at.height) // COARSE)
        scale = 1 / step
        shown = blank_image(math.ceil(at.width * scale), math.ceil(at.height * scale))
        with painting(shown) as inner:
            inner.scale(scale, scale)
            inner.translate(-at.x, -at.y)
            inner.fillRect(QRectF(*at), gradient)
            inner.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
            mask = image_of(colour_ink(QColor("white"))(at, document.selection.mask[::step, ::step]))
            inner.drawImage(QRectF(*at), mask)
        painter.drawImage(QRectF(*at), shown)

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        if self.line is not None:
            paint_rod(painter, view.transform.map(self.line))

    def cursor_over(self, session: Session, pointer: Pointer) -> Qt.CursorShape:
        return self.cursor

    def key(self, session: Session, event: QKeyEvent) -> bool:
        return False

    def _lay(self, session: Session, line: QLineF) -> None:
        document, wish = session.document, replace(self)
        area = document.rect if document.selection is None else document.selection.at
        paint = partial(wish.painted, line, area, session.colour, session.other_colour)
        session.make_strokes(self.name, paint, area.width * area.height)

    def painted(self, line: QLineF, area: Rect, here: QColor, there: QColor, wet: Wet) -> Generator[Told]:
        document = wet.document
        colours = self._colours(wet.ink(here), wet.ink(there))
        coats = Coats(wet, picture_ink(graded(document, line, self.form, *colours)))
        painted = list(places(area))
        for number, place in enumerate(painted):
            yield number / len(painted)
            rows, columns = overlap(place, document.rect)[1]
            box = Rect(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
            coats.lay(place, box, np.full((box.height, box.width), self.opacity, np.float32))

    def _colours(self, foreground: QColor, background: QColor) -> tuple[QColor, QColor]:
        last = QColor(background)
        if self.end == "nothing":
            last = QColor(foreground)
            last.setAlpha(0)
        return (last, foreground) if self.turned else (foreground, last)


def graded(
    document: Document, line: QLineF, form: str, first: QColor, last: QColor
) -> Callable[[Rect], Pixels]:
    """The gradient's pixels for any box: between two levels they alternate, so that no bands are seen."""
    kind, order = (np.uint8, (2, 1, 0, 3)) if document.depth == 8 else (np.uint16, (0, 1, 2, 3))
    ends = [_premultiplied(colour)[list(order)] * np.float32(np.iinfo(kind).max) for colour in (first, last)]
    way = QPointF(line.dx(), line.dy()) / line.length() ** 2

    def read(box: Rect) -> Pixels:
        x = (np.arange(box.x, box.x + box.width, dtype=np.float32) + 0.5 - line.x1()).astype(np.float32)
        y = (np.arange(box.y, box.y + box.height, dtype=np.float32) + 0.5 - line.y1()).astype(np.float32)
        if form == "linear":
            part = (y * way.y())[:, None] + x * way.x()
        else:
            part = np.hypot(y[:, None], x) / np.float32(line.length())
        part = part.clip(0, 1).astype(np.float32)
        random = np.random.default_rng((box.x, box.y)).random(part.shape, np.float32)
        pixels: Pixels = np.empty((*part.shape, 4), kind)
        for channel in range(4):
            start, end = float(ends[0][channel]), float(ends[1][channel])
            value = part * np.float32(end - start) + np.float32(start) + random
            pixels[..., channel] = np.minimum(value, np.iinfo(kind).max)  # it may be rounded up
        return pixels

    return read


def _premultiplied(colour: QColor) -> NDArray[np.float32]:
    alpha = colour.alphaF()
    parts = (colour.redF() * alpha, colour.greenF() * alpha, colour.blueF() * alpha, alpha)
    return np.array(parts, np.float32)


def pointer_at(pointer: Pointer) -> QPointF:
    return QPointF(pointer.x, pointer.y)


def _even(first: QPointF, pointer: Pointer) -> QPointF:
    """The end of the line at the nearest even angle."""
    x, y = pointer.x - first.x(), pointer.y - first.y()
    angle = round(math.atan2(y, x) / EVEN) * EVEN
    far = x * math.cos(angle) + y * math.sin(angle)
    return QPointF(first.x() + far * math.cos(angle), first.y() + far * math.sin(angle))
