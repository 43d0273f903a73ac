"""The small parts that the panels are made of: a slider with its number in it, sections, buttons."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QStyledItemDelegate,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.icons import icon
from ui.language import tr

Choice = TypeVar("Choice", bound=str)
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
OTHER_KEYS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


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


class Field(QLineEdit):
    """A line of text whose Enter is its own, and not that of the window's actions."""

    def event(self, event: QEvent) -> bool:
        return is_claimed(event, *ENTER) or super().event(event)


class _Inner(Field):
    """The field of a slider, which would open it again if it heard of the Enter that closed it."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        super().keyPressEvent(event)
        if event.key() in ENTER:
            event.accept()


class Number(Field):
    """A whole number to be typed; the up and down keys step it."""

    def __init__(self, name: str, low: int, high: int, value: int, help_text: str = "") -> None:
        super().__init__()
        self.low, self.high = low, high
        self._value = value
        self.set_value(value)
        self.setAccessibleName(name)
        self.setToolTip(help_text or name)
        self.setMinimumWidth(56)
        self.editingFinished.connect(self._typed)

    def value(self) -> int:
        self._typed()  # so that a number counts even while the cursor is still in it
        return self._value

    def set_value(self, value: int) -> None:
        self._value = min(max(value, self.low), self.high)
        self.setText(str(self._value))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.set_value(self.value() + (1 if event.key() == Qt.Key.Key_Up else -1))
        else:
            super().keyPressEvent(event)

    def _typed(self) -> None:
        try:
            self.set_value(int(self.text()))
        except ValueError:
            self.set_value(self._value)  # what is no number changes nothing


class Seed(QWidget):
    """A seed to be typed, rolled or kept."""

    changed = Signal()

    def __init__(self, value: int, is_locked: bool, help_text: str) -> None:
        super().__init__()
        self.number = Number(tr("Seed"), 0, 2**31 - 1, value, help_text)
        self.number.editingFinished.connect(self.changed)
        dice = icon_button("dice-five", tr("Another seed"))
        dice.clicked.connect(self.roll)
        self.lock = icon_button("lock-simple-open", tr("Keep this seed for the next run"), checkable=True)
        self.lock.toggled.connect(self._locked)
        self.lock.setChecked(is_locked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID // 2)
        row.addWidget(caption(tr("Seed")))
        row.addWidget(self.number, 1)
        row.addWidget(dice)
        row.addWidget(self.lock)

    def value(self) -> int:
        return self.number.value()

    def set_value(self, value: int) -> None:
        self.number.set_value(value)

    @property
    def is_locked(self) -> bool:
        return self.lock.isChecked()

    def roll(self) -> None:
        self.set_value(random.randrange(2**31))
        self.changed.emit()

    def _locked(self, locked: bool) -> None:
        self.lock.setIcon(icon("lock-simple" if locked else "lock-simple-open", theme.TEXT, theme.ON_DIM))


class Fold(QToolButton):
    """Shows and hides the details of a panel."""

    def __init__(self, details: QWidget, title: str = "") -> None:
        super().__init__()
        self._details = details
        self.setText(title or tr("Details"))
        self.setProperty("fold", True)
        self.setCheckable(True)
        self.setIconSize(QSize(12, 12))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toggled.connect(self._fold)
        self._fold(False)

    def _fold(self, opened: bool) -> None:
        self._details.setVisible(opened)
        self.setIcon(icon("caret-down" if opened else "caret-right", theme.QUIET))


class Segments(QWidget, Generic[Choice]):
    """A few choices side by side, one of them taken."""

    chosen = Signal(str)

    def __init__(self, name: str, choices: Sequence[tuple[Choice, str, str]], value: Choice) -> None:
        """`choices` are (value, text, help)."""
        super().__init__()
        self.setAccessibleName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        self._group = QButtonGroup(self)
        self._values = [choice for choice, _, _ in choices]
        for number, (choice, text, help_text) in enumerate(choices):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setProperty("segment", True)
            button.setProperty("edge", {0: "left", len(choices) - 1: "right"}.get(number, "middle"))
            button.setToolTip(help_text)
            button.setAccessibleDescription(help_text)
            button.setMinimumWidth(0)
            button.setChecked(choice == value)
            self._group.addButton(button, number)
            row.addWidget(button, 1)
        self._group.idClicked.connect(self._clicked)

    def value(self) -> Choice:
        return self._values[self._group.checkedId()]

    def set_value(self, value: Choice) -> None:
        self._group.button(self._values.index(value)).setChecked(True)

    def set_shown(self, value: Choice, shown: bool) -> None:
        """Offer a choice, or do not."""
        self._group.button(self._values.index(value)).setVisible(shown)

    def _clicked(self, number: int) -> None:
        self.chosen.emit(self._values[number])


class Choices(QComboBox):
    """A list of choices, with an arrow of the theme that says so."""

    def __init__(self) -> None:
        super().__init__()
        self.setItemDelegate(QStyledItemDelegate(self))  # Qt's own for such lists knows no style sheet

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        with QPainter(self) as painter:
            arrow = QRect(self.width() - 18, (self.height() - 12) // 2, 12, 12)
            icon("caret-down", theme.QUIET if self.isEnabled() else theme.FAINT).paint(painter, arrow)


class Section(QWidget):
    """A titled part of the column that folds at a click on its title."""

    def __init__(self, title: str, content: QWidget, opened: bool = True) -> None:
        super().__init__()
        self.setObjectName("section")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.content = content
        self.header = QToolButton()
        self.header.setText(title)
        self.header.setProperty("fold", True)
        self.header.setCheckable(True)
        self.header.setChecked(opened)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.header.setIconSize(QSize(12, 12))
        self.header.toggled.connect(self._fold)
        self.corner = QHBoxLayout()
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.addWidget(self.header, 1)
        top.addLayout(self.corner)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 12, 10)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(content, 1)
        self._fold(opened)

    def _fold(self, opened: bool) -> None:
        self.content.setVisible(opened)
        self.header.setIcon(icon("caret-down" if opened else "caret-right", theme.QUIET))


class Elided(QLabel):
    """A quiet line of text that ends in dots instead of pushing the window wider."""

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            box = self.contentsRect()
            text = QFontMetrics(self.font()).elidedText(self.text(), Qt.TextElideMode.ElideRight, box.width())
            painter.setPen(QColor(theme.QUIET))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


class Line(QWidget):
    """A thin bar that shows how far something is, 0 to 1."""

    def __init__(self) -> None:
        super().__init__()
        self.share = 0.0
        self.setFixedHeight(4)
        self.setAccessibleName(tr("Progress"))

    def set_share(self, share: float) -> None:
        self.share = share
        self.setAccessibleDescription(f"{share:.0%}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.TRACK))
            painter.drawRoundedRect(self.rect(), 2, 2)
            painter.setBrush(QColor(theme.ACCENT))
            painter.drawRoundedRect(QRectF(0, 0, self.width() * self.share, self.height()), 2, 2)


def is_claimed(event: QEvent, *keys: Qt.Key) -> bool:
    """Claim keys for the widget that has the focus, before the window's actions take them; with Ctrl or Shift
    they stay theirs.
    """
    claimed = (
        event.type() == QEvent.Type.ShortcutOverride
        and isinstance(event, QKeyEvent)
        and event.key() in keys
        and not event.modifiers() & OTHER_KEYS
    )
    if claimed:
        event.accept()
    return claimed


def icon_button(name: str, text: str, size: int = 18, checkable: bool = False) -> QToolButton:
    """A flat button that is only its icon; `text` is its tooltip and what a screen reader says."""
    button = QToolButton()
    button.setIcon(icon(name, theme.TEXT, theme.ON_DIM))
    button.setIconSize(QSize(size, size))
    button.setToolTip(text)
    button.setAccessibleName(text)
    button.setCheckable(checkable)
    button.setAutoRaise(True)
    return button


def push_button(text: str, kind: str = "") -> QPushButton:
    """A button with text; `kind` is "", "primary" or "danger"."""
    button = QPushButton(text)
    button.setIconSize(QSize(22, 16))  # wider than a glyph, for air before the text
    if kind:
        button.setProperty(kind, True)
    return button


def restyle(widget: QWidget) -> None:
    """Let the style sheet see a property that has changed."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def caption(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("quiet", True)
    label.setProperty("small", True)
    return label
