"""Move: the active layer goes with the pointer, or what is selected of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter

from engine.area import Rect
from ui.document import Document, Layer, copied, eight_bits
from ui.floating import Floating, Landing
from ui.language import marked, tr
from ui.options import switch
from ui.selection import alone, shifted
from ui.session import Session
from ui.succession import fresh_name, topmost_first
from ui.tools.pointer import Gesture, Hint, Pointer
from ui.tools.select import ARROWS, some
from ui.transform import NONE, lifted, shift, size_of, transforming
from ui.view import View
from ui.work import Making


@dataclass
class Move:
    name: str = "Move"
    icon: str = "cursor"
    shortcut: str = "V"
    tip: str = "Move the layer, or what is selected of it. Alt moves a copy, Shift keeps to one direction."
    hints: tuple[Hint, ...] = ()
    cursor: Qt.CursorShape = Qt.CursorShape.SizeAllCursor
    outline: float | None = None
    picks: bool = switch(
        False, "Pick", "hand-pointing", "Move the layer that is seen under the pointer, whichever is active"
    )
    floating: Floating | None = field(default=None, repr=False)
    by: tuple[int, int] = (0, 0)
    landing: Landing = field(default_factory=Landing, repr=False)

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        if self.picks:
            pick(session, pointer)
        taken = taken_up(session, pointer.alt)
        if taken is None:
            return
        document, layer = taken
        first, self.by = pointer, (0, 0)
        label = marked("Duplicate") if pointer.alt else marked("Move")
        floating = self.floating = Floating(document, layer)
        session.begin()
        try:
            while pointer.down:
                pointer = yield
                by = _way(first, pointer)
                if by != self.by:
                    self.by = by
                    session.show(_shifted(floating.ground, *by), whole=document)
        except BaseException:
            session.drop()
            raise
        finally:
            self.floating = None
            session.pulled.emit()
        if self.by != (0, 0):
            self.landing.hold(floating, shift(*self.by), smooth=True)
            session.keep_made(label, moving(document, layer, *self.by), size_of(layer, NONE))
        else:  # there and back again
            session.show(session.document)
            session.keep(label)

    def paint_picture(self, painter: QPainter, session: Session) -> bool:
        if self.floating is None or self.by == (0, 0) or session.comparing:
            return False
        return self.floating.draw(painter, shift(*self.by))

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
            after = moving(*taken, far * dx, far * dy)
            session.make(marked("Nudge"), lambda document: after, size_of(taken[1], NONE))
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


def moving(document: Document, layer: Layer, dx: int, dy: int) -> Making[Document]:
    """The layer elsewhere, and the selection with it."""
    moved = yield from transforming(layer, shift(dx, dy))
    return _shifted(document, dx, dy).exchange(layer, moved)


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
