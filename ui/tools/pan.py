"""Hand: moves the view. The canvas itself does it, as it does for Space and the middle button."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt

from ui.session import Session
from ui.tools.pointer import Gesture, Hint, Pointer


@dataclass
class Pan:
    name: str = "Hand"
    icon: str = "hand"
    shortcut: str = "H"
    tip: str = "Move the view. With any tool, hold Space or use the middle button."
    hints: tuple[Hint, ...] = ()
    cursor: Qt.CursorShape = Qt.CursorShape.OpenHandCursor
    outline: float | None = None

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        while pointer.down:
            pointer = yield
