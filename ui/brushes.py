"""The button of the strip that shows what the brush draws, and the brushes to choose from below it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QGridLayout, QToolButton, QWidget

from ui import theme
from ui.flyout import Flyout
from ui.icons import icon
from ui.language import tr
from ui.presets import PRESETS, preview, take, taken
from ui.tools import Brush

SHOWN, OFFERED = QSize(84, 30), QSize(196, 46)  # points: of the button, of each brush to choose
CARET = 12  # points


class BrushButton(QToolButton):
    changed = Signal()  # the brush is another one

    def __init__(self) -> None:
        super().__init__()
        self._brush: Brush | None = None
        self._picture, self._drawn = QPixmap(), ("", 0.0)  # in which colour, how dense
        self.setFixedSize(SHOWN)
        self.setToolTip(tr("What the brush draws; click for other brushes"))
        self.setAccessibleName(tr("Brushes"))
        self.flyout = Flyout(self, tr("Brushes"))
        self.flyout.column.setContentsMargins(6, 6, 6, 6)
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        self.offered = {name: _Offered(name) for name in PRESETS}
        for number, (name, button) in enumerate(self.offered.items()):
            button.clicked.connect(partial(self._take, name))
            grid.addWidget(button, number // 2, number % 2)
        self.flyout.column.addWidget(inner)
        self.flyout.opening.connect(self._show_chosen)

    def show_brush(self, brush: Brush) -> None:
        self._brush = brush
        self._drawn = ("", 0.0)
        name = taken(brush)
        self.setAccessibleDescription(tr("Own") if name is None else tr(name))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        wanted = theme.TEXT, self.devicePixelRatioF()
        if self._drawn != wanted and self._brush is not None:
            room = SHOWN.width() - CARET - 8, SHOWN.height() - 4
            self._picture, self._drawn = preview(self._brush, *room, QColor(wanted[0]), wanted[1]), wanted
        with QPainter(self) as painter:
            painter.drawPixmap(4, 2, self._picture)
            place = QRect(self.width() - CARET - 4, (self.height() - CARET) // 2, CARET, CARET)
            icon("caret-down", theme.QUIET).paint(painter, place)

    def _show_chosen(self) -> None:
        for name, button in self.offered.items():
            button.setChecked(self._brush is not None and name == taken(self._brush))

    def _take(self, name: str) -> None:
        if self._brush is not None:
            take(self._brush, name)
            self.show_brush(self._brush)
            self.flyout.close()
            self.changed.emit()


class _Offered(QToolButton):
    """One of the brushes: its name and its stroke."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._picture, self._drawn = QPixmap(), ("", 0.0)  # in which colour, how dense
        self.setCheckable(True)
        self.setFixedSize(OFFERED)
        self.setAccessibleName(tr(name))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        wanted = theme.TEXT, self.devicePixelRatioF()
        if self._drawn != wanted:
            brush = Brush()
            take(brush, self._name)
            room = 108, OFFERED.height() - 6
            self._picture, self._drawn = preview(brush, *room, QColor(wanted[0]), wanted[1]), wanted
        with QPainter(self) as painter:
            painter.setPen(QColor(theme.TEXT))
            middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(self.rect().adjusted(10, 0, 0, 0), middle, tr(self._name))
            painter.drawPixmap(84, 3, self._picture)
