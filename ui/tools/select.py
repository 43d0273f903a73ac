"""Select: rectangles and ellipses, and what every tool that selects has in common.

Where something is selected, Shift at the press adds, Alt takes away, and both keep what the two have in
common; without them a press inside the selection moves it. While a rectangle or an ellipse is drawn, Shift
makes it as wide as high, and Alt draws it from its middle.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPen

from ui.document import Document, Selection
from ui.language import marked, tr
from ui.options import choice, slider, switch
from ui.selection import (
    How,
    combined,
    ellipse,
    feathered,
    holds,
    is_empty,
    rectangle,
    shifted,
)
from ui.session import Session
from ui.tools.pointer import Gesture, Hint, Pointer
from ui.view import View
from ui.work import Making

LEAST = 3.0  # points: a press that moved less is a click
LIGHT, DARK = QColor(255, 255, 255), QColor(0, 0, 0, 200)
MODES = (
    ("replace", "New", "A new selection takes the place of the old one"),
    ("add", "Add", "To what is selected  (hold Shift)"),
    ("subtract", "Subtract", "From what is selected  (hold Alt)"),
    ("intersect", "Intersect", "Only what both have  (hold Shift and Alt)"),
)
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
CORNERS = "Shift adds, Alt takes away; while you draw they mean a square and from the middle."

CHANGED: tuple[Hint, ...] = (
    ("Shift", "add"),
    ("Alt", "take away"),
    (("selecting.none",), "select nothing"),
)


@dataclass
class Select:
    """A rectangle of whole pixels. A tool that draws other shapes changes `outlined` and `made`."""

    name: str = "Rectangle"
    icon: str = "selection"
    shortcut: str = "M"
    tip: str = "Select a rectangle. " + CORNERS
    hints: tuple[Hint, ...] = CHANGED
    cursor: Qt.CursorShape = Qt.CursorShape.CrossCursor
    outline: float | None = None
    how: How = choice("replace", "Mode", MODES)
    feather: float = slider(0, "Feather", 0, 200, " px", 2, "How softly the edge fades, to either side")
    corners: tuple[QPointF, QPointF] | None = field(default=None, repr=False)  # of what is being drawn

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        how = asked_how(self.how, session, pointer)
        if is_grabbed(session, how, pointer):
            yield from grabbed(session, pointer)
            return
        first = QPointF(pointer.x, pointer.y)
        held = session.document.selection is not None and (pointer.shift or pointer.alt)
        try:
            while pointer.down:
                pointer = yield
                held = held and (pointer.shift or pointer.alt)  # keys of the press mean more once let go of
                shape = pointer if not held else pointer._replace(shift=False, alt=False)
                self.corners = corners_of(first, shape)
                session.pulled.emit()
            drawn = self.corners
        finally:
            self.corners = None
            session.pulled.emit()
        if drawn is None or max(abs(drawn[1].x() - drawn[0].x()), abs(drawn[1].y() - drawn[0].y())) < (
            LEAST * pointer.point
        ):
            clicked(session, how)
            return
        taken(session, self.name, self.made(session.document, *drawn), how, self.feather)

    def outlined(self, corner: QPointF, other: QPointF) -> QPainterPath:
        path = QPainterPath()
        path.addRect(QRectF(corner.toPoint(), other.toPoint()).normalized())
        return path

    def made(self, document: Document, corner: QPointF, other: QPointF) -> Selection:
        return rectangle(corner, other, document.rect)

    def paint_picture(self, painter: QPainter, session: Session) -> None:
        """What is drawn lies over the picture."""

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        if self.corners is not None:
            paint_outline(painter, view, self.outlined(*self.corners))

    def cursor_over(self, session: Session, pointer: Pointer) -> Qt.CursorShape:
        return cursor_over(self.how, session, pointer)

    def key(self, session: Session, event: QKeyEvent) -> bool:
        return nudged(session, event)


@dataclass
class SelectEllipse(Select):
    name: str = "Ellipse"
    icon: str = "circle-dashed"
    shortcut: str = "Shift+M"
    tip: str = "Select an ellipse. " + CORNERS
    smooth: bool = switch(True, "Smooth", "circle-half", "A soft step of one pixel at the edge")

    def outlined(self, corner: QPointF, other: QPointF) -> QPainterPath:
        path = QPainterPath()
        path.addEllipse(QRectF(corner, other).normalized())
        return path

    def made(self, document: Document, corner: QPointF, other: QPointF) -> Selection:
        return ellipse(corner, other, document.rect, self.smooth)


# ---- what the tools that select have in common


def asked_how(mode: How, session: Session, pointer: Pointer) -> How:
    """What becomes of the selection, by the keys that are held or else by the tool's mode."""
    if session.document.selection is None or not (pointer.shift or pointer.alt):
        return mode
    return "intersect" if pointer.shift and pointer.alt else "add" if pointer.shift else "subtract"


def is_grabbed(session: Session, how: How, pointer: Pointer) -> bool:
    """Whether a press there takes hold of the selection."""
    selection = session.document.selection
    return selection is not None and how == "replace" and holds(selection, pointer.x, pointer.y)


def moving(session: Session, pointer: Pointer) -> Generator[None, Pointer, bool]:
    """The selection goes with the pointer, its pixels do not; whether it went anywhere."""
    selection, rect, first = session.document.selection, session.document.rect, pointer
    assert selection is not None
    by = 0, 0
    with session.select(marked("Move selection")) as show:
        while pointer.down:
            pointer = yield
            to = round(pointer.x - first.x), round(pointer.y - first.y)
            if to != by:
                by = to
                show(some(shifted(selection, *by, rect)))
    return by != (0, 0)


def grabbed(session: Session, pointer: Pointer) -> Gesture:
    """The selection is moved; a click that moves it nowhere selects nothing."""
    if not (yield from moving(session, pointer)):
        selected(session, marked("Select none"), None)


def taken(session: Session, label: str, new: Selection, how: How, feather: float = 0.0) -> None:
    """Combine what was drawn with what is selected: one undo step."""

    def found(document: Document) -> Making[Selection]:
        yield 0.0
        return new

    take(session, label, found, how, feather, _size(new) if feather or how != "replace" else 0)


def take(
    session: Session,
    label: str,
    find: Callable[[Document], Making[Selection]],
    how: How,
    feather: float = 0.0,
    pixels: int | None = None,
) -> None:
    """The same of what takes time: as long as so many pixels do, or else all of the document's."""

    def changed(document: Document) -> Making[Selection | None]:
        new = yield from find(document)
        if feather and not is_empty(new):
            yield 0.5
            new = feathered(new, feather, document.rect)
        if is_empty(new) and how in ("add", "subtract"):
            return document.selection
        yield 0.8
        return combined(document.selection, new, how)

    reselect(session, label, changed, pixels)


def clicked(session: Session, how: How) -> None:
    """A click that draws nothing: in the place of the old selection, that is none."""
    if how == "replace":
        selected(session, marked("Select none"), None)


def selected(session: Session, label: str, selection: Selection | None) -> None:
    """The document's selection from now on."""

    def changed(document: Document) -> Making[Selection | None]:
        yield 0.0
        return selection

    reselect(session, label, changed, pixels=0)


def reselect(
    session: Session,
    label: str,
    change: Callable[[Document], Making[Selection | None]],
    pixels: int | None = None,
) -> None:
    """Another selection, one undo step; one of nothing is none, and that is said."""

    def changed(document: Document) -> Making[Document]:
        selection = yield from change(document)
        if selection is not None and is_empty(selection):
            yield tr("Nothing is selected now, so tools work everywhere.")
        if selection is document.selection:
            return document
        return replace(document, selection=some(selection))

    session.make(label, changed, pixels)


def _size(selection: Selection) -> int:
    return selection.at.width * selection.at.height


def some(selection: Selection | None) -> Selection | None:
    """A selection of nothing is none."""
    return None if selection is None or is_empty(selection) else selection


def nudged(session: Session, event: QKeyEvent) -> bool:
    """Arrow keys move the selection by a pixel, with Shift by ten; whether the key was one of them."""
    key, keys, document = Qt.Key(event.key()), event.modifiers(), session.document
    if key not in ARROWS or keys & Qt.KeyboardModifier.ControlModifier or document.selection is None:
        return False
    far = 10 if keys & Qt.KeyboardModifier.ShiftModifier else 1
    dx, dy = ARROWS[key]
    moved = shifted(document.selection, far * dx, far * dy, document.rect)
    if not is_empty(moved):
        selected(session, marked("Move selection"), moved)
    return True


def cursor_over(mode: How, session: Session, pointer: Pointer) -> Qt.CursorShape:
    how = asked_how(mode, session, pointer)
    return Qt.CursorShape.SizeAllCursor if is_grabbed(session, how, pointer) else Qt.CursorShape.CrossCursor


def corners_of(first: QPointF, pointer: Pointer) -> tuple[QPointF, QPointF]:
    """Two corners: with Shift of a square, with Alt round the first one."""
    way = QPointF(pointer.x, pointer.y) - first
    if pointer.shift:
        side = max(abs(way.x()), abs(way.y()))
        way = QPointF(side if way.x() >= 0 else -side, side if way.y() >= 0 else -side)
    return (first - way if pointer.alt else first), first + way


def paint_outline(painter: QPainter, view: View, path: QPainterPath) -> None:
    """A line in canvas pixels, dashed in white on black, to be seen on everything."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    shape = view.transform.map(path)
    painter.setPen(QPen(DARK, 1.4))
    painter.drawPath(shape)
    dashes = QPen(LIGHT, 1.4)
    dashes.setDashPattern([3, 3])
    painter.setPen(dashes)
    painter.drawPath(shape)
