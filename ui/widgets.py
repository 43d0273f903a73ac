"""The small parts that the panels are made of: fields, choices, sections, buttons."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
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


class Field(QLineEdit):
    """A line of text whose Enter is its own, and not that of the window's actions."""

    def event(self, event: QEvent) -> bool:
        return is_claimed(event, *ENTER) or super().event(event)


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


class Foretold(QLabel):
    """What the next run will take; nothing as long as that is not known."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("small", True)
        self.setWordWrap(True)
        self.hide()

    def tell(self, words: str, is_short: bool) -> None:
        """`is_short`: memory, for this run."""
        self.setText(words)
        self.setProperty("warns", is_short)
        self.setProperty("quiet", not is_short)
        restyle(self)
        self.setVisible(bool(words))


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
