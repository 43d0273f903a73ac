"""Move: the active layer goes with the pointer, or what is selected of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter

from engine.area import Rect
from ui.document import Document, Layer, copied, eight_bits
from ui.floating import Floating
from ui.language import marked, tr
from ui.options import switch
from ui.selection import alone, shifted
from ui.session import Session, fresh_name, topmost_first
from ui.tools.pointer import Gesture, Pointer
from ui.tools.select import ARROWS, some
from ui.transform import lifted, shift, transformed
from ui.view import View


@dataclass
class Move:
    name: str = "Move"
    icon: str = "cursor"
    shortcut: str = "V"
    tip: str = "Move the layer, or what is selected of it. Alt moves a copy, Shift keeps to one direction."
    cursor: Qt.CursorShape = Qt.CursorShape.SizeAllCursor
    picks: bool = switch(
        False, "Pick", "hand-pointing", "Move the layer that is seen under the pointer, whichever is active"
    )
    floating: Floating | None = field(default=None, repr=False)
    by: tuple[int, int] = (0, 0)

    @property
    def outline(self) -> float | None:
        return None

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        if self.picks:
            pick(session, pointer)
        taken = taken_up(session, pointer.alt)
        if taken is None:
            return
        document, layer = taken
        first, self.by = pointer, (0, 0)
        self.floating = Floating(document, layer)
        try:
            with session.trial(marked("Duplicate") if pointer.alt else marked("Move")) as show:
                while pointer.down:
                    pointer = yield
                    by = _way(first, pointer)
                    if by != self.by:
                        self.by = by
                        show(_shifted(self.floating.ground, *by))
                if self.by != (0, 0):
                    show(moved(document, layer, *self.by))
                elif session.shown is not session.document:  # there and back again
                    show(session.document)
        finally:
            self.floating = None
            session.pulled.emit()

    def paint_picture(self, painter: QPainter, session: Session) -> None:
        if self.floating is not None and self.by != (0, 0) and not session.comparing:
            self.floating.draw(painter, shift(*self.by))

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        """The layer itself is all there is to be seen."""

    def cursor_over(self, session: Session, pointer: Pointer) -> Qt.CursorShape:
        return self.cursor

    def key(self, session: Session, event: QKeyEvent) -> bool:
        """Arrow keys: by a pixel, with Shift by ten."""
        key, keys = Qt.Key(event.key()), event.modifiers()
        if key not in ARROWS or keys & Qt.KeyboardModifier.ControlModifier or session.is_busy:
            return False
        taken = taken_up(session, bool(keys & Qt.KeyboardModifier.AltModifier))
        if taken is not None:
            far = 10 if keys & Qt.KeyboardModifier.ShiftModifier else 1
            dx, dy = ARROWS[key]
            after = moved(*taken, far * dx, far * dy)
            session.commit("Nudge", lambda document: after)
        return True


def taken_up(session: Session, copies: bool = False) -> tuple[Document, Layer] | None:
    """The layer to be moved, and a document in which it lies by itself: what is selected is lifted off its
    layer, or copied. None, and a hint, if there is nothing that may be moved.
    """
    document, layer = session.document, session.active_layer
    path = document.path(session.active)
    if layer is None:
        return None
    if any(each.locked for each in path) or (layer.alpha_locked and not copies):
        session.said.emit(tr("{name} is locked: unlock it first.").format(name=layer.name))
        return None
    if not all(each.visible for each in path):
        session.said.emit(tr("{name} is hidden: show it first.").format(name=layer.name))
        return None
    if document.selection is not None and layer.kind != "group":
        name = fresh_name(document, tr("{name} piece").format(name=layer.name))
        after, piece = lifted(document, layer, name, copies)
        if not piece.tiles:
            session.said.emit(tr("Nothing of {name} is selected.").format(name=layer.name))
            return None
        return after, piece
    if copies:
        copy = replace(copied(layer), name=fresh_name(document, layer.name))
        return document.with_layer(copy, layer), copy
    if not any(each.tiles for each in layer.walk()):
        session.said.emit(tr("{name} is empty: there is nothing to move.").format(name=layer.name))
        return None
    return document, layer


def moved(document: Document, layer: Layer, dx: int, dy: int) -> Document:
    """The layer elsewhere, and the selection with it."""
    return _shifted(document, dx, dy).exchange(layer, transformed(layer, shift(dx, dy)))


def _shifted(document: Document, dx: int, dy: int) -> Document:
    """The document with its selection elsewhere."""
    if document.selection is None:
        return document
    return replace(document, selection=some(shifted(document.selection, dx, dy, document.rect)))


def pick(session: Session, pointer: Pointer) -> None:
    """The topmost layer that is seen there becomes the active one."""
    document = session.document
    spot = Rect(int(pointer.x), int(pointer.y), 1, 1)
    for layer in topmost_first(document.layers):
        shown = all(each.visible and not each.locked for each in document.path(layer.uid))
        if layer.kind != "group" and shown and eight_bits(alone(document, layer, spot)).item(3) > 25:
            session.activate(layer.uid)
            return


def _way(first: Pointer, pointer: Pointer) -> tuple[int, int]:
    dx, dy = round(pointer.x - first.x), round(pointer.y - first.y)
    if pointer.shift:
        return (dx, 0) if abs(dx) >= abs(dy) else (0, dy)
    return dx, dy
