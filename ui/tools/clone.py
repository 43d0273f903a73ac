"""Clone stamp: paints with the picture from another place."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPainter

from engine.area import Rect
from ui.coats import Ink, picture_ink
from ui.document import Pixels
from ui.language import tr
from ui.options import switch
from ui.seen import seen_from
from ui.session import Session
from ui.tools.brush import SIZE, Brush
from ui.tools.guides import paint_cross
from ui.tools.pointer import Gesture, Hint, Pointer
from ui.view import View
from ui.wet import Wet

Point = tuple[float, float]


@dataclass
class Clone(Brush):
    name: str = "Clone stamp"
    icon: str = "copy-simple"
    shortcut: str = "S"
    tip: str = "Alt-click where to copy from, then paint. What is seen there is painted here, on the strokes."
    hints: tuple[Hint, ...] = (("Alt-click", "where to copy from"), SIZE)
    follows: bool = switch(True, "Go along", "link", "Each stroke goes on beside the last one")
    source: Point | None = field(default=None, repr=False)  # where the next stroke begins to copy
    _here: Point | None = field(default=None, repr=False)  # what is copied now, to be shown
    _far: tuple[int, int] | None = field(default=None, repr=False)  # from where it paints to where it copies

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        if pointer.alt:
            yield from self._choose(session, pointer)
        elif not self._has_source(session):
            session.said.emit(tr("Hold Alt and click where to copy from; then paint."))
        else:
            if self.source is not None and (self._far is None or not self.follows):
                self._far = round(self.source[0] - pointer.x), round(self.source[1] - pointer.y)
            try:
                yield from self._copy(super().gesture(session, pointer), pointer)
            finally:
                self._here = None
                session.pulled.emit()

    def ink(self, session: Session, wet: Wet) -> Ink:
        seen, (x, y) = seen_from(wet), self._far or (0, 0)

        def read(box: Rect) -> Pixels:
            return seen.read(box._replace(x=box.x + x, y=box.y + y))

        return picture_ink(read)

    def paint_picture(self, painter: QPainter, session: Session) -> None:
        """The cross lies over the picture."""

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        place = self._here or self.source
        if place is not None and self._has_source(session):
            paint_cross(painter, view.transform.map(QPointF(*place)))

    def cursor_over(self, session: Session, pointer: Pointer) -> Qt.CursorShape:
        chooses = pointer.alt or not self._has_source(session)
        return Qt.CursorShape.CrossCursor if chooses else self.cursor

    def key(self, session: Session, event: QKeyEvent) -> bool:
        return False

    def _has_source(self, session: Session) -> bool:
        """Whether there is one, and not outside of a smaller picture that was opened since."""
        document = session.document
        x, y = self.source or (-1, -1)
        return 0 <= x < document.width and 0 <= y < document.height

    def _choose(self, session: Session, pointer: Pointer) -> Gesture:
        while True:
            self.source, self._far = (pointer.x, pointer.y), None
            session.pulled.emit()
            if not pointer.down:
                return
            pointer = yield

    def _copy(self, stroke: Gesture, pointer: Pointer) -> Gesture:
        """The stroke, with the cross going along."""
        x, y = self._far or (0, 0)
        try:
            next(stroke)
            while True:
                self._here = pointer.x + x, pointer.y + y
                pointer = yield
                stroke.send(pointer)
        except StopIteration:
            return
        finally:
            stroke.close()
