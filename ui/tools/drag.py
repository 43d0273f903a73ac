"""Drag: press on a thing, pull it where it shall be, let go. Its ends, its size and its turn stay to be
grabbed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter

from engine.types import Handle, Point, Region
from ui.document import Pull
from ui.ghost import Ghost
from ui.handles import (
    STILL,
    Spot,
    exchanged,
    has_way,
    lassoed,
    middle,
    named,
    spot_at,
    turned,
    with_end,
)
from ui.language import tr
from ui.selection import holds
from ui.session import Session
from ui.tools.brush import SIZE
from ui.tools.marks import paint_lasso, paint_pull
from ui.tools.pan import Pan
from ui.tools.pointer import Gesture, Hint, Pointer
from ui.view import View

LABELS = {"source": "Move source", "target": "Move target", "knob": "Turn and scale", "rim": "Radius"}
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
OPEN, CLOSED, ROUND, CROSS = (
    Qt.CursorShape.OpenHandCursor,
    Qt.CursorShape.ClosedHandCursor,
    Qt.CursorShape.PointingHandCursor,
    Qt.CursorShape.CrossCursor,
)
SIZES = {True: Qt.CursorShape.SizeHorCursor, False: Qt.CursorShape.SizeVerCursor}  # beside, or above


@dataclass
class Drag:
    name: str = "Drag"
    icon: str = "arrows-out-cardinal"
    shortcut: str = "W"
    tip: str = "Press on a thing and pull it where it shall be. With Alt draw round it first."
    hints: tuple[Hint, ...] = (
        ("Alt", "draw round it first"),
        SIZE,
        ("Arrow keys", "move the end"),
        ("Delete", "remove the handle"),
    )
    cursor: Qt.CursorShape = CROSS
    outline: float | None = None
    radius: float = 32.0  # canvas pixels, of the next handle
    keep: bool = False  # leave the sources as they are, too
    ghost: Ghost = field(default_factory=Ghost)
    line: list[Point] = field(default_factory=list)  # of the lasso that is being drawn

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        at = pointer.x, pointer.y
        spot = spot_at(session.document.pulls, session.chosen, at, pointer.point)
        if spot is not None:
            yield from self._move(session, spot, pointer)
        elif not _is_inside(session, pointer):
            session.choose(None)
        elif pointer.alt:
            yield from self._lasso(session, pointer)
        else:
            yield from self._place(session, pointer)

    def paint_picture(self, painter: QPainter, session: Session) -> None:
        if session.overlay is not None or session.comparing:
            return
        document, chosen = session.shown, session.chosen
        if session.is_busy and chosen is not None and chosen.end == "source":  # what is taken is seen itself
            pulls = document.pulls
            document = replace(document, pulls=pulls[: chosen.number] + pulls[chosen.number + 1 :])
        self.ghost.draw(painter, document, session.way, self.keep)

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        chosen = session.chosen
        for number, pull in enumerate(session.shown.pulls):
            if chosen is None or number != chosen.number:
                paint_pull(painter, view, pull, None)
        if chosen is not None:
            paint_pull(painter, view, session.shown.pulls[chosen.number], chosen)
        if len(self.line) > 1:
            paint_lasso(painter, view, self.line)

    def cursor_over(self, session: Session, pointer: Pointer) -> Qt.CursorShape:
        at = pointer.x, pointer.y
        spot = spot_at(session.shown.pulls, session.chosen, at, pointer.point)
        if spot is None:
            return CROSS
        if session.is_busy:
            return CLOSED
        if spot.part == "rim":
            x, y = session.shown.pulls[spot.number].handle.source
            return SIZES[abs(at[0] - x) > abs(at[1] - y)]
        return ROUND if spot.part == "knob" else OPEN

    def key(self, session: Session, event: QKeyEvent) -> bool:
        chosen, pulls = session.chosen, session.document.pulls
        if chosen is None or session.is_busy:
            return False
        key, keys = Qt.Key(event.key()), event.modifiers()
        pull = pulls[chosen.number]
        if key in ARROWS and not keys & Qt.KeyboardModifier.ControlModifier:
            far = 10 if keys & Qt.KeyboardModifier.ShiftModifier else 1
            x, y = getattr(pull.handle, chosen.end)
            to = x + far * ARROWS[key][0], y + far * ARROWS[key][1]
            changed(session, "Nudge handle", replace(pull, handle=with_end(pull.handle, chosen.end, to)))
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            removed(session, chosen.number)
        elif key == Qt.Key.Key_J and keys & Qt.KeyboardModifier.ControlModifier:
            duplicated(session)
        else:
            return False
        return True

    def resize(self, session: Session, steps: int) -> None:
        """Make the chosen handle's disc larger or smaller, or that of the next one."""
        grown = max(2.0, round(self.radius * 1.1**steps + (steps > 0) - (steps < 0)))
        if session.chosen is not None:
            pull = session.document.pulls[session.chosen.number]
            if pull.handle.region is not None:
                return
            grown = max(2.0, round(pull.handle.radius * 1.1**steps))
            changed(session, "Radius", replace(pull, handle=replace(pull.handle, radius=grown)))
        self.radius = grown

    def _place(self, session: Session, pointer: Pointer) -> Gesture:
        pulls, first = session.document.pulls, pointer
        start = round(first.x, 1), round(first.y, 1)
        session.choose(None)
        document, handle = session.document, Handle(start, start, self.radius)
        selection = document.selection
        if selection is not None and holds(selection, *start):  # the handle takes it over
            region = Region(selection.at.x, selection.at.y, selection.mask)
            handle, document = replace(handle, region=region, trim=False), replace(document, selection=None)
        with session.trial("Place handle") as show:
            while pointer.down:
                pointer = yield
                handle = with_end(handle, "target", _pulled(session, start, pointer))
                if math.dist(start, handle.target) > STILL * pointer.point:
                    show(replace(document, pulls=(*pulls, Pull(named(pulls), handle))))
                    session.choose(len(pulls))
        if session.chosen is None:
            session.said.emit(tr("Press on a thing and pull it where it shall be."))

    def _move(self, session: Session, spot: Spot, pointer: Pointer) -> Gesture:
        pulls, first = session.document.pulls, pointer
        pull, number, part = pulls[spot.number], spot.number, spot.part
        session.choose(number, "source" if part in ("source", "rim") else "target")
        start = pull.handle
        with session.pull(LABELS[part]) as show:
            while pointer.down:
                last, pointer = pointer, (yield)
                if (last.x, last.y, last.shift) == (pointer.x, pointer.y, pointer.shift):
                    continue
                by = pointer.x - first.x, pointer.y - first.y
                if part == "rim":
                    radius = math.dist(start.source, (pointer.x, pointer.y))
                    handle = replace(start, radius=max(2.0, round(radius, 1)))
                    self.radius = handle.radius
                elif part == "knob":
                    handle = turned(start, (pointer.x, pointer.y), pointer.point, pointer.shift)
                elif part == "target":
                    to = pointer._replace(x=start.target[0] + by[0], y=start.target[1] + by[1])
                    handle = with_end(start, "target", _pulled(session, start.source, to))
                else:
                    to = pointer._replace(x=start.source[0] + by[0], y=start.source[1] + by[1], shift=False)
                    handle = with_end(start, "source", _pulled(session, start.source, to))
                show(exchanged(pulls, number, replace(pull, handle=handle)))

    def _lasso(self, session: Session, pointer: Pointer) -> Gesture:
        pulls = session.document.pulls
        session.choose(None)
        try:
            with session.pull("Draw handle") as show:
                while pointer.down:
                    self.line.append((pointer.x, pointer.y))
                    pointer = yield
                    session.pulled.emit()
                region = lassoed(self.line, session.document.rect)
                if region is not None:
                    at = middle(region)
                    show((*pulls, Pull(named(pulls), Handle(at, at, self.radius, region=region))))
                    session.choose(len(pulls))
        finally:
            self.line.clear()
            session.pulled.emit()


@dataclass
class Watch(Pan):
    """The hand while a drag is made or its result is looked at: the handles' ways stay to be seen."""

    drag: Drag = field(default_factory=Drag)
    marks: bool = True

    def paint_picture(self, painter: QPainter, session: Session) -> None:
        self.drag.paint_picture(painter, session)

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        if self.marks:
            for pull in session.shown.pulls:
                if pull.enabled and has_way(pull.handle):
                    paint_pull(painter, view, pull, None)

    def cursor_over(self, session: Session, pointer: Pointer) -> Qt.CursorShape:
        return self.cursor

    def key(self, session: Session, event: QKeyEvent) -> bool:
        return False


def changed(session: Session, label: str, pull: Pull) -> None:
    """The chosen handle becomes that: one undo step."""
    if session.chosen is not None:
        number = session.chosen.number
        session.commit(
            label, lambda document: replace(document, pulls=exchanged(document.pulls, number, pull))
        )


def removed(session: Session, number: int) -> None:
    session.choose(None)
    session.commit(
        "Remove handle",
        lambda document: replace(document, pulls=document.pulls[:number] + document.pulls[number + 1 :]),
    )


def duplicated(session: Session) -> None:
    """The chosen handle once more, beside it, and that is the chosen one."""
    if session.chosen is None:
        return
    pulls = session.document.pulls
    pull = pulls[session.chosen.number]
    x, y = pull.handle.target
    beside = with_end(pull.handle, "target", (x + 16, y + 16))
    again = replace(pull, name=named(pulls), handle=beside)
    session.commit("Duplicate handle", lambda document: replace(document, pulls=(*document.pulls, again)))
    session.choose(len(pulls))


def _is_inside(session: Session, pointer: Pointer) -> bool:
    document = session.document
    return 0 <= pointer.x < document.width and 0 <= pointer.y < document.height


def _pulled(session: Session, start: Point, pointer: Pointer) -> Point:
    """Where the pointer is, inside the picture; with Shift straight or at 45 degrees from the start."""
    x, y = pointer.x, pointer.y
    if pointer.shift:
        angle = round(math.atan2(y - start[1], x - start[0]) / (math.pi / 4)) * (math.pi / 4)
        length = (x - start[0]) * math.cos(angle) + (y - start[1]) * math.sin(angle)
        x, y = start[0] + length * math.cos(angle), start[1] + length * math.sin(angle)
    return min(max(x, 0.0), float(session.document.width)), min(max(y, 0.0), float(session.document.height))
