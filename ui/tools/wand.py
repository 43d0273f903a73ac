"""Wand: select what looks alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter

from ui.document import Document, Layer, Selection, composite
from ui.options import choice, slider, switch
from ui.selection import How, alone, feathered, wand
from ui.session import Session
from ui.tools.pointer import Gesture, Hint, Pointer
from ui.tools.select import CHANGED, MODES, asked_how, nudged, take
from ui.view import View
from ui.work import Making

SMOOTH = 1.0  # pixels of feather


@dataclass
class Wand:
    name: str = "Wand"
    icon: str = "magic-wand"
    shortcut: str = "Shift+W"
    tip: str = "Select what has a similar colour. Shift adds, Alt takes away."
    hints: tuple[Hint, ...] = CHANGED
    cursor: Qt.CursorShape = Qt.CursorShape.CrossCursor
    outline: float | None = None
    how: How = choice("replace", "Mode", MODES)
    tolerance: float = slider(32, "Tolerance", 0, 255, "", 1.6, "How different a colour may be")
    touching: bool = switch(True, "Touching", "link", "Only what hangs together with the place clicked")
    merged: bool = switch(True, "All layers", "stack", "Look at the picture as it is seen, not at one layer")
    smooth: bool = switch(True, "Smooth", "circle-half", "A soft step of one pixel at the edge")
    feather: float = slider(0, "Feather", 0, 200, " px", 2, "How softly the edge fades, to either side")

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        document = session.document
        if 0 <= pointer.x < document.width and 0 <= pointer.y < document.height:
            how = asked_how(self.how, session, pointer)
            layer = None if self.merged else session.active_layer
            wish = replace(self)  # what is set of it may change while it looks
            take(session, self.name, partial(wish.found, layer, pointer), how, self.feather)
        while pointer.down:
            pointer = yield

    def found(self, layer: Layer | None, pointer: Pointer, document: Document) -> Making[Selection]:
        """What is alike in a layer, or in the picture."""
        yield 0.0
        seen = composite(document, document.rect) if layer is None else alone(document, layer, document.rect)
        yield 0.2
        found = wand(seen, int(pointer.x), int(pointer.y), self.tolerance, self.touching)
        return feathered(found, SMOOTH, document.rect) if self.smooth and not self.feather else found

    def paint_picture(self, painter: QPainter, session: Session) -> None:
        """The selection itself is all there is to be seen."""

    def paint(self, painter: QPainter, session: Session, view: View) -> None: ...

    def cursor_over(self, session: Session, pointer: Pointer) -> Qt.CursorShape:
        return self.cursor

    def key(self, session: Session, event: QKeyEvent) -> bool:
        return nudged(session, event)
