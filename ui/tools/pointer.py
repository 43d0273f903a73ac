"""What a tool is told, and what one is."""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple, Protocol, runtime_checkable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter

from ui.session import Session
from ui.view import View


class Pointer(NamedTuple):
    """Mouse or pen, in canvas pixels: (0, 0) is the corner of the first pixel."""

    x: float
    y: float
    down: bool = True
    pressure: float = 1.0  # 0..1
    tilt_x: float = 0.0  # degrees that the pen leans to the right
    tilt_y: float = 0.0  # and towards the user
    eraser: bool = False  # the pen's other end
    shift: bool = False
    alt: bool = False
    ctrl: bool = False
    point: float = 1.0  # canvas pixels to a point of the widget


Gesture = Generator[None, Pointer, None]
Hint = tuple[str | tuple[str, ...], str]  # a key as it is, or commands whose keys are meant; what it does


class Tool(Protocol):
    name: str
    icon: str
    shortcut: str
    tip: str
    hints: tuple[Hint, ...]
    cursor: Qt.CursorShape

    @property
    def outline(self) -> float | None:
        """Diameter of what it touches, canvas pixels."""

    def gesture(self, session: Session, pointer: Pointer) -> Gesture: ...


class Marks(Protocol):
    """Things that lie over the picture. A part of the window gives its own to `Canvas.add_marks`."""

    def paint_picture(self, painter: QPainter, session: Session) -> bool | None:
        """Draw what belongs to the picture, in canvas pixels and inside of it; True if there is more of it
        than a frame can wait for.
        """

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        """Draw them, in points of the widget."""


@runtime_checkable
class Marked(Marks, Protocol):
    """What a tool is beside that if things of its own lie over the picture, to be seen and grabbed."""

    def cursor_over(self, session: Session, pointer: Pointer) -> Qt.CursorShape: ...

    def key(self, session: Session, event: QKeyEvent) -> bool:
        """Whether the key did something to them."""


@runtime_checkable
class Lasting(Protocol):
    """What a tool is beside that if its work lasts over several gestures, until Enter or Escape."""

    @property
    def is_under_way(self) -> bool: ...

    def finish(self, session: Session) -> None:
        """Bring what is under way to its end, if there is anything."""

    def give_up(self, session: Session) -> bool:
        """Leave no trace of it; whether there was anything."""
