"""Editors of how a brush answers to the pen: a curve to be bent by its points, and what it stands for."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.curves import STEPS, STRAIGHT, By, Curve, Response, table_of
from ui.language import marked, tr
from ui.widgets import Segments, caption, push_button

NEAR = 10.0  # points from which a point of the curve is grabbed
ROOM = 8.0  # points round the square
LEAST = 0.02  # from point to point
SHAPES: tuple[tuple[str, str, Curve], ...] = (
    (marked("Straight"), marked("As it is"), STRAIGHT),
    (marked("Light hand"), marked("A light touch does much already"), ((0.0, 0.0), (0.25, 0.5), (1.0, 1.0))),
    (marked("Firm hand"), marked("Only a firm touch does much"), ((0.0, 0.0), (0.75, 0.5), (1.0, 1.0))),
)
STEP: dict[int, tuple[float, float]] = {
    Qt.Key.Key_Left: (-0.02, 0),
    Qt.Key.Key_Right: (0.02, 0),
    Qt.Key.Key_Up: (0, 0.02),
    Qt.Key.Key_Down: (0, -0.02),
}


class CurveEditor(QWidget):
    """Drag points; click beside them for a new one; a right click or Delete takes one away. With the
    keyboard, Page Up and Page Down go from point to point, arrow keys move it, Insert makes one.
    """

    changed = Signal(object)  # Curve, by the user

    def __init__(self) -> None:
        super().__init__()
        self.curve: Curve = STRAIGHT
        self._chosen = 0
        self.setFixedSize(QSize(216, 176))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Curve"))
        self.setToolTip(tr("Drag the points. Click for another one; a right click takes it away."))

    def set_curve(self, curve: Curve) -> None:
        self.curve = curve
        self._chosen = min(self._chosen, len(curve) - 1)
        self._describe()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        square = self._square()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setOpacity(1.0 if self.isEnabled() else 0.4)
            painter.fillRect(square, QColor(theme.RAISED))
            painter.setPen(QPen(QColor(theme.EDGE), 1))
            for i in range(1, 4):
                x, y = square.left() + i * square.width() / 4, square.top() + i * square.height() / 4
                painter.drawLine(QPointF(x, square.top()), QPointF(x, square.bottom()))
                painter.drawLine(QPointF(square.left(), y), QPointF(square.right(), y))
            painter.setPen(QPen(QColor(theme.ACCENT if self.hasFocus() else theme.EDGE), 1))
            painter.drawRect(square)
            table = table_of(self.curve)
            path = QPainterPath(self._seen(0, float(table[0])))
            for i in range(4, STEPS + 1, 4):
                path.lineTo(self._seen(i / STEPS, float(table[i])))
            painter.setPen(QPen(QColor(theme.ACCENT_HOVER), 2))
            painter.drawPath(path)
            for number, point in enumerate(self.curve):
                chosen = number == self._chosen and self.hasFocus()
                painter.setPen(QPen(QColor(theme.TEXT), 1.6))
                painter.setBrush(QColor(theme.TEXT if chosen else theme.PANEL))
                painter.drawEllipse(self._seen(*point), 4.5, 4.5)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        near = [(self._seen(*point) - at).manhattanLength() for point in self.curve]
        number = min(range(len(near)), key=near.__getitem__)
        if event.button() == Qt.MouseButton.RightButton:
            if near[number] <= NEAR:
                self._remove(number)
        elif near[number] <= NEAR:
            self._chosen = number
            self.update()
        else:
            self._add(self._meant(at))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move(*self._meant(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in STEP:
            x, y = self.curve[self._chosen]
            self._move(x + STEP[key][0], y + STEP[key][1])
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            way = 1 if key == Qt.Key.Key_PageUp else -1
            self._chosen = (self._chosen + way) % len(self.curve)
            self._describe()
            self.update()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._remove(self._chosen)
        elif key == Qt.Key.Key_Insert:
            nexts = self.curve[self._chosen :][:2] if self._chosen + 1 < len(self.curve) else self.curve[-2:]
            if len(nexts) == 2:
                x = (nexts[0][0] + nexts[1][0]) / 2
                self._add((x, float(table_of(self.curve)[round(x * STEPS)])))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _add(self, point: tuple[float, float]) -> None:
        if all(abs(point[0] - x) >= LEAST for x, _ in self.curve):
            curve = tuple(sorted((*self.curve, point)))
            self._chosen = curve.index(point)
            self._take(curve)

    def _move(self, x: float, y: float) -> None:
        """A point stays between its neighbours."""
        number, curve = self._chosen, list(self.curve)
        low = curve[number - 1][0] + LEAST if number else 0.0
        high = curve[number + 1][0] - LEAST if number + 1 < len(curve) else 1.0
        curve[number] = round(min(max(x, low), high), 3), round(min(max(y, 0.0), 1.0), 3)
        self._take(tuple(curve))

    def _remove(self, number: int) -> None:
        if len(self.curve) > 2:
            self._take(self.curve[:number] + self.curve[number + 1 :])

    def _take(self, curve: Curve) -> None:
        self.set_curve(curve)
        self.changed.emit(curve)

    def _describe(self) -> None:
        x, y = self.curve[self._chosen]
        text = tr("Point {number} of {count}: {x} % becomes {y} %")
        self.setAccessibleDescription(
            text.format(number=self._chosen + 1, count=len(self.curve), x=round(100 * x), y=round(100 * y))
        )

    def _square(self) -> QRectF:
        return QRectF(self.rect()).adjusted(ROOM, ROOM, -ROOM, -ROOM)

    def _seen(self, x: float, y: float) -> QPointF:
        square = self._square()
        return QPointF(square.left() + x * square.width(), square.bottom() - y * square.height())

    def _meant(self, at: QPointF) -> tuple[float, float]:
        square = self._square()
        x, y = (at.x() - square.left()) / square.width(), (square.bottom() - at.y()) / square.height()
        return round(min(max(x, 0.0), 1.0), 3), round(min(max(y, 0.0), 1.0), 3)


class PenPanel(QWidget):
    """What the pen's pressure or tilt changes, property by property."""

    changed = Signal(str, object)  # the name of the option and its Response

    def __init__(self, properties: Mapping[str, str]) -> None:
        """The names of options, and what they are called."""
        super().__init__()
        self._responses = dict.fromkeys(properties, Response())
        shown = [(name, tr(text), "") for name, text in properties.items()]
        self.properties = Segments(tr("Property"), shown, shown[0][0])
        self.by = Segments(
            tr("Follows"),
            (
                ("nothing", tr("Nothing"), tr("It stays the same")),
                ("pressure", tr("Pressure"), tr("It follows how firmly the pen is pressed")),
                ("tilt", tr("Tilt"), tr("It follows how far the pen leans")),
            ),
            "nothing",
        )
        self.editor = CurveEditor()
        shapes = QHBoxLayout()
        shapes.setSpacing(theme.GRID // 2)
        for text, help_text, curve in SHAPES:
            button = push_button(tr(text))
            button.setToolTip(tr(help_text))
            button.clicked.connect(lambda checked=False, curve=curve: self._bend(curve))
            shapes.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        for part in (self.properties, caption(tr("Follows the pen's")), self.by):
            column.addWidget(part)
        column.addWidget(self.editor, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(shapes)
        self.properties.chosen.connect(self._show)
        self.by.chosen.connect(self._follow)
        self.editor.changed.connect(self._bend)

    def set_responses(self, responses: Mapping[str, Response]) -> None:
        self._responses = dict(responses)
        self._show()

    def _show(self) -> None:
        response = self._responses[self.properties.value()]
        self.by.set_value(response.by)
        self.editor.set_curve(response.curve)
        self.editor.setEnabled(response.by != "nothing")

    def _follow(self, by: By) -> None:
        self._take(Response(by, self._responses[self.properties.value()].curve))

    def _bend(self, curve: Curve) -> None:
        response = self._responses[self.properties.value()]
        self._take(Response("pressure" if response.by == "nothing" else response.by, curve))

    def _take(self, response: Response) -> None:
        name = self.properties.value()
        self._responses[name] = response
        self._show()
        self.changed.emit(name, response)
