"""Brushes that paint where edits may work, and how strongly; they never touch a layer."""

from __future__ import annotations

from dataclasses import dataclass

from ui.document import Kind
from ui.language import tr
from ui.options import switch
from ui.session import Session
from ui.tools.brush import Brush
from ui.tools.pointer import Gesture, Pointer


@dataclass
class Editable(Brush):
    name: str = "Editable"
    icon: str = "lock-simple-open"
    shortcut: str = "Q"
    tip: str = "Paint where edits and drags may change the picture: only there they will."
    on: Kind | None = "editable"
    erases: bool = switch(False, "Erase", "eraser", "Take away what was painted with this brush")

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        if (self.erases or pointer.eraser) and not self._finds_strokes(session):
            session.said.emit(tr("Nothing is painted with this brush yet."))
            return
        yield from super().gesture(session, pointer)


@dataclass
class Protected(Editable):
    name: str = "Protected"
    icon: str = "shield"
    shortcut: str = "Shift+Q"
    tip: str = "Paint where edits and drags must not change the picture: there they never will."
    on: Kind | None = "protected"


@dataclass
class StrengthBrush(Editable):
    name: str = "Strength"
    icon: str = "gauge"
    shortcut: str = "Alt+Q"
    tip: str = "Paint how strongly strokes are made real: full paint is full Strength, thin paint is less."
    on: Kind | None = "strength"
