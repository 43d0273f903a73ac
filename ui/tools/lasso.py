"""Lasso: select what a line goes round, drawn freely or from corner to corner."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPainterPath, QPolygonF

from engine.types import Point
from ui.options import choice, slider, switch
from ui.selection import How, polygon
from ui.session import Session
from ui.tools.pointer import Gesture, Hint, Pointer
from ui.tools.select import (
    CHANGED,
    MODES,
    asked_how,
    clicked,
    cursor_over,
    grabbed,
    is_grabbed,
    moving,
    nudged,
    paint_outline,
    taken,
)
from ui.view import View

NEAR = 8.0  # points: a click so near to the first corner closes the line
FINISH = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


@dataclass
class Lasso:
    name: str = "Lasso"
    icon: str = "scribble-loop"
    shortcut: str = "L"
    tip: str = "Draw round what shall be selected. Shift adds, Alt takes away."
    hints: tuple[Hint, ...] = CHANGED
    cursor: Qt.CursorShape = Qt.CursorShape.CrossCursor
    outline: float | None = None
    how: How = choice("replace", "Mode", MODES)
    feather: float = slider(0, "Feather", 0, 200, " px", 2, "How softly the edge fades, to either side")
    smooth: bool = switch(True, "Smooth", "circle-half", "A soft step of one pixel at the edge")
    line: list[Point] = field(default_factory=list, repr=False)  # what is being drawn

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        how = asked_how(self.how, session, pointer)
        if is_grabbed(session, how, pointer):
            yield from grabbed(session, pointer)
            return
        try:
            while pointer.down:
                if not self.line or math.dist(self.line[-1], (pointer.x, pointer.y)) >= pointer.point:
                    self.line.append((pointer.x, pointer.y))
                    session.pulled.emit()
                pointer = yield
            drawn = list(self.line)
        finally:
            self.line.clear()
            session.pulled.emit()
        if len(drawn) < 3:
            clicked(session, how)
        else:
            taken(session, self.name, polygon(drawn, session.document.rect, self.smooth), how, self.feather)

    def paint_picture(self, painter: QPainter, session: Session) -> None:
        """What is drawn lies over the picture."""

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        paint_line(painter, view, self.line)

    def cursor_over(self, session: Session, pointer: Pointer) -> Qt.CursorShape:
        return cursor_over(self.how, session, pointer)

    def key(self, session: Session, event: QKeyEvent) -> bool:
        return nudged(session, event)


@dataclass
class SelectPolygon(Lasso):
    """Its line lasts from click to click: Enter, a second click on the last corner or one on the first
    finishes it.
    """

    name: str = "Polygon"
    icon: str = "polygon"
    shortcut: str = "Shift+L"
    tip: str = "Click from corner to corner; a double click closes the line, Backspace goes back."
    hints: tuple[Hint, ...] = ((("apply_result",), "close"), ("Backspace", "one corner back"), *CHANGED[:2])
    end: Point | None = field(default=None, repr=False)  # where the pointer is, while the line goes on
    _how: How = field(default="replace", repr=False)

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        if not self.line:
            self._how = asked_how(self.how, session, pointer)
            if is_grabbed(session, self._how, pointer):
                if (yield from moving(session, pointer)):
                    return
                pointer = pointer._replace(down=False)
        near = [math.dist(corner, (pointer.x, pointer.y)) <= NEAR * pointer.point for corner in self.line]
        if near and (near[-1] or (near[0] and len(near) > 2)):
            self.finish(session)
            return
        self.line.append((pointer.x, pointer.y))
        try:
            session.pulled.emit()
            while pointer.down:
                pointer = yield
                self.line[-1] = _along(self.line, pointer)
                session.pulled.emit()
        except GeneratorExit:  # Escape gives up the whole line
            self.give_up(session)
            raise

    @property
    def is_under_way(self) -> bool:
        return bool(self.line)

    def finish(self, session: Session) -> None:
        """Close the line; one of less than three corners is given up."""
        drawn = list(self.line)
        self.give_up(session)
        if len(drawn) > 2:
            shape = polygon(drawn, session.document.rect, self.smooth)
            taken(session, self.name, shape, self._how, self.feather)
        elif drawn:
            clicked(session, self._how)

    def give_up(self, session: Session) -> bool:
        was_drawn = bool(self.line)
        self.line.clear()
        self.end = None
        session.pulled.emit()
        return was_drawn

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        ahead = [self.end] if self.line and self.end is not None and not session.is_busy else []
        paint_line(painter, view, [*self.line, *ahead])

    def cursor_over(self, session: Session, pointer: Pointer) -> Qt.CursorShape:
        """Asked at every move: so the line can follow the pointer."""
        if not self.line:
            return super().cursor_over(session, pointer)
        end = _along([*self.line, (0, 0)], pointer)
        if end != self.end:
            self.end = end
            session.pulled.emit()
        return self.cursor

    def key(self, session: Session, event: QKeyEvent) -> bool:
        if not self.line:
            return super().key(session, event)
        if event.key() in FINISH:
            self.finish(session)
        elif event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete):
            self.line.pop()
            session.pulled.emit()
        else:
            return False
        return True


def paint_line(painter: QPainter, view: View, line: list[Point]) -> None:
    """The line so far, and the way that would close it."""
    if len(line) > 1:
        path = QPainterPath()
        path.addPolygon(QPolygonF([QPointF(*point) for point in [*line, line[0]]]))
        paint_outline(painter, view, path)


def _along(line: list[Point], pointer: Pointer) -> Point:
    """Where the last corner is put; with Shift at 45 degrees from the one before."""
    if not pointer.shift or len(line) < 2:
        return pointer.x, pointer.y
    x, y = line[-2]
    angle = round(math.atan2(pointer.y - y, pointer.x - x) / (math.pi / 4)) * (math.pi / 4)
    length = (pointer.x - x) * math.cos(angle) + (pointer.y - y) * math.sin(angle)
    return x + length * math.cos(angle), y + length * math.sin(angle)
