"""What a tool is told, and what one is."""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple, Protocol

from PySide6.QtCore import Qt

from ui.session import Session


class Pointer(NamedTuple):
    """Mouse or pen, in canvas pixels: (0, 0) is the corner of the first pixel."""

    x: float
    y: float
    down: bool = True
    pressure: float = 1.0  # 0..1
    eraser: bool = False  # the pen's other end
    shift: bool = False


Gesture = Generator[None, Pointer, None]


class Tool(Protocol):
    name: str
    icon: str
    shortcut: str
    tip: str
    cursor: Qt.CursorShape

    @property
    def outline(self) -> float | None:
        """Diameter of what it touches, canvas pixels."""

    def gesture(self, session: Session, pointer: Pointer) -> Gesture: ...
