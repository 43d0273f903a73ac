"""Eyedropper: the colour that is seen under the pointer becomes the current one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen

from engine.area import Rect
from ui.language import tr
from ui.options import choice, switch
from ui.session import Session
from ui.spaces import as_seen
from ui.tools.pointer import Gesture, Hint, Pointer
from ui.view import View

SAMPLES = (
    (1, "1 px", "The very pixel"),
    (3, "3 px", "The mean of 3 by 3 pixels"),
    (5, "5 px", "The mean of 5 by 5 pixels"),
)
RADIUS, WIDTH = 46.0, 15.0  # points, of the ring


@dataclass
class Pick:
    name: str = "Eyedropper"
    icon: str = "eyedropper"
    shortcut: str = "I"
    tip: str = "Take a colour from the picture. With the brush, hold Ctrl."
    hints: tuple[Hint, ...] = ()
    cursor: Qt.CursorShape = Qt.CursorShape.CrossCursor
    outline: float | None = None
    side: int = choice(1, "Sample", SAMPLES)
    merged: bool = switch(True, "All layers", "stack", "What is seen, not the active layer alone")
    place: QPointF | None = field(default=None, repr=False)  # canvas pixels, while it picks
    before: QColor = field(default_factory=QColor, repr=False)

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        self.before = QColor(session.colour)
        try:
            while True:
                self.place = QPointF(pointer.x, pointer.y)
                self._pick(session, pointer)
                session.pulled.emit()
                if not pointer.down:
                    return
                pointer = yield
        except GeneratorExit:
            session.set_colour(self.before)
            raise
        finally:
            self.place = None
            session.pulled.emit()

    def paint_picture(self, painter: QPainter, session: Session) -> None:
        """The ring lies over the picture."""

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        """A ring round the place: above the colour that is taken, below the one before."""
        if self.place is None:
            return
        middle = view.transform.map(self.place)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        ring = QRectF(middle.x() - RADIUS, middle.y() - RADIUS, 2 * RADIUS, 2 * RADIUS)
        painter.setPen(QPen(QColor(0, 0, 0, 90), WIDTH + 5))
        painter.drawEllipse(ring)
        painter.setPen(QPen(QColor(170, 170, 170), WIDTH + 3))
        painter.drawEllipse(ring)
        for colour, start in ((session.colour, 0), (self.before, 180)):
            painter.setPen(QPen(colour, WIDTH, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            painter.drawArc(ring, start * 16, 180 * 16)

    def cursor_over(self, session: Session, pointer: Pointer) -> Qt.CursorShape:
        return self.cursor

    def key(self, session: Session, event: QKeyEvent) -> bool:
        return False

    def _pick(self, session: Session, pointer: Pointer) -> None:
        document, reach = session.document, self.side // 2
        x, y = int(pointer.x // 1), int(pointer.y // 1)
        if not (0 <= x < document.width and 0 <= y < document.height):
            return
        if not self.merged:
            layer = session.active_layer
            if layer is None or layer.kind == "group":
                session.said.emit(tr("Choose a layer with pixels in the list of layers, or pick from all."))
                return
            document = replace(document, layers=(replace(layer, visible=True, opacity=1.0, blend="normal"),))
        left, top = max(x - reach, 0), max(y - reach, 0)
        right, bottom = min(x + reach + 1, document.width), min(y + reach + 1, document.height)
        seen = as_seen(document, Rect(left, top, right - left, bottom - top)).reshape(-1, 4).astype(float)
        weight = seen[:, 3].sum()
        if weight:
            red, green, blue = (seen[:, :3] * seen[:, 3:]).sum(0) / weight
            session.set_colour(QColor(round(red), round(green), round(blue)))
