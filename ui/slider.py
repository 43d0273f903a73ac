"""A slider with its name and its number in it."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.language import tr
from ui.widgets import ENTER, Field, is_claimed


class Slider(QWidget):
    """A bar with its name at the left and its number at the right.

    Drag or click to set, wheel and arrow keys to step, double click or Enter to type. `curve` above 1 gives
    small values more room. Its value is whole; `parts` is how many of it are a unit that is shown.
    """

    changed = Signal(float)  # by whom ever
    moved = Signal(float)  # by the user, at every move
    settled = Signal(float)  # by the user, once the mouse is let go or the number is typed

    def __init__(
        self,
        name: str,
        low: float,
        high: float,
        value: float,
        unit: str = "",
        curve: float = 1.0,
        help_text: str = "",
        parts: int = 1,
    ) -> None:
        super().__init__()
        self.low, self.high, self.curve = low, high, curve
        self._name, self._unit, self._parts = name, unit, parts
        self._value = min(max(round(value), low), high)
        self._hovered = False
        self._field = _Inner(self)
        self._field.setAccessibleName(name)
        self._field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._field.hide()
        self._field.returnPressed.connect(self._typed)
        self._field.editingFinished.connect(self._close_field)
        self.setAccessibleName(name)
        self.setAccessibleDescription(help_text)
        self.setToolTip(help_text)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.SizeHorCursor)

    def value(self) -> float:
        return self._value

    def set_value(self, value: float) -> None:
        value = min(max(float(round(value)), self.low), self.high)
        if value != self._value:
            self._value = value
            self.update()
            self.changed.emit(value)

    def step(self, steps: float) -> None:
        """As the arrow keys do; larger where the value is larger if the bar is curved."""
        size = max(1.0, abs(self._value) * 0.1) if self.curve > 1 else 1.0
        self._set_by_user(self._value + steps * round(size))

    def text(self) -> str:
        return self._shown(self._value) + self._unit

    def _shown(self, value: float) -> str:
        return f"{value / self._parts:.{len(str(self._parts)) - 1}f}"

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        widest = metrics.horizontalAdvance(f"{self._name}{self._shown(self.high)}{self._unit}")
        return QSize(max(96, widest + 4 * theme.GRID), max(28, metrics.height() + 10))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
            shape = QPainterPath()
            shape.addRoundedRect(box, 5, 5)
            painter.fillPath(
                shape, QColor(theme.HOVER if self._hovered and self.isEnabled() else theme.RAISED)
            )
            painter.save()
            painter.setClipPath(shape)
            filled = QRectF(box)
            filled.setWidth(box.width() * self._share())
            painter.fillRect(filled, QColor(theme.ACCENT_DIM if self.isEnabled() else theme.SLIDER_OFF))
            if self.isEnabled():
                filled.setTop(box.bottom() - 2)
                painter.fillRect(filled, QColor(theme.ACCENT))
            painter.restore()
            inner = self.rect().adjusted(theme.GRID + 2, 0, -theme.GRID - 2, 0)
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.setPen(QColor(theme.QUIET if self.isEnabled() else theme.FAINT))
            room = inner.width() - painter.fontMetrics().horizontalAdvance(self.text()) - theme.GRID
            name = painter.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(inner, middle | Qt.AlignmentFlag.AlignLeft, name)
            painter.setPen(QColor(theme.TEXT if self.isEnabled() else theme.FAINT))
            painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, self.text())
            if self.hasFocus():
                painter.setPen(QPen(QColor(theme.ACCENT), 1))
                painter.drawPath(shape)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._field.setGeometry(self.rect())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._drag_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.settled.emit(self._value)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._open_field()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():  # a wheel that scrolls the panel must not change what it passes over
            self.step(math.copysign(1, event.angleDelta().y() or event.angleDelta().x()))
            event.accept()
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, many = Qt.Key(event.key()), 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        if key in (Qt.Key.Key_Right, Qt.Key.Key_Up):
            self.step(many)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Down):
            self.step(-many)
        elif key == Qt.Key.Key_PageUp:
            self.step(10)
        elif key == Qt.Key.Key_PageDown:
            self.step(-10)
        elif key == Qt.Key.Key_Home:
            self._set_by_user(self.low)
        elif key == Qt.Key.Key_End:
            self._set_by_user(self.high)
        elif key in (*ENTER, Qt.Key.Key_F2):
            self._open_field()
        elif event.text().isdigit():
            self._open_field(event.text())
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self._hovered = event.type() == QEvent.Type.Enter
            self.update()
        elif is_claimed(event, *ENTER, Qt.Key.Key_Left, Qt.Key.Key_Right):
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _share(self) -> float:
        span = self.high - self.low
        return float(((self._value - self.low) / span) ** (1 / self.curve)) if span else 1.0

    def _drag_to(self, x: float) -> None:
        share = min(max(x / max(1, self.width()), 0.0), 1.0)
        self._move(self.low + (self.high - self.low) * share**self.curve)

    def _set_by_user(self, value: float) -> None:
        self._move(value)
        self.settled.emit(self._value)

    def _move(self, value: float) -> None:
        before = self._value
        self.set_value(value)
        if self._value != before:
            self.moved.emit(self._value)

    def _open_field(self, text: str = "") -> None:
        self._field.setText(text or self._shown(self._value))
        self._field.setGeometry(self.rect())
        self._field.show()
        self._field.setFocus()
        if not text:
            self._field.selectAll()

    def _typed(self) -> None:
        text = self._field.text().strip().removesuffix(self._unit.strip()).strip().replace(",", ".")
        try:
            self._set_by_user(float(text) * self._parts)
        except ValueError:
            return  # what is no number changes nothing
        self.setFocus()

    def _close_field(self) -> None:
        self._field.hide()
        self.update()


class _Inner(Field):
    """The field of a slider, which would open it again if it heard of the Enter that closed it."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in ENTER:
            event.accept()


def variants_slider(count: int) -> Slider:
    """Of how many results a run shall make."""
    return Slider(tr("Variants"), 1, 8, count, help_text=tr("How many results to choose from"))
