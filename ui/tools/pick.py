"""Eyedropper: the colour that is seen under the pointer becomes the current one."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from engine.area import Rect
from ui.session import Session
from ui.spaces import as_seen
from ui.tools.pointer import Gesture, Pointer


@dataclass
class Pick:
    name: str = "Eyedropper"
    icon: str = "eyedropper"
    shortcut: str = "I"
    tip: str = "Take a colour from the picture. With the brush, hold Ctrl."
    cursor: Qt.CursorShape = Qt.CursorShape.CrossCursor

    @property
    def outline(self) -> float | None:
        return None

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        while True:
            self._pick(session, pointer)
            if not pointer.down:
                return
            pointer = yield

    def _pick(self, session: Session, pointer: Pointer) -> None:
        document = session.document
        if 0 <= pointer.x < document.width and 0 <= pointer.y < document.height:
            r, g, b, alpha = as_seen(document, Rect(int(pointer.x), int(pointer.y), 1, 1))[0, 0].tolist()
            if alpha:
                session.set_colour(QColor(r, g, b))
