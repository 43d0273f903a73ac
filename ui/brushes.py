"""The button of the strip that shows what the brush draws, and below it the brushes to choose from: those
that are ready, and the user's own.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QContextMenuEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QMenu, QScrollArea, QToolButton, QWidget

from ui import theme
from ui.flyout import Flyout
from ui.icons import icon
from ui.language import tr
from ui.own_brushes import OwnBrushes
from ui.presets import PRESETS, preview, take, taken
from ui.tools import Brush
from ui.widgets import Elided, Field, caption, icon_button, push_button

SHOWN, OFFERED = QSize(84, 30), QSize(196, 46)  # points: of the button, of each brush to choose
CARET = 12  # points
ROWS = 9  # that are seen at once


class BrushButton(QToolButton):
    changed = Signal()  # the brush is another one

    def __init__(self, own: OwnBrushes) -> None:
        super().__init__()
        self.own = own
        self._brush: Brush | None = None
        self._picture, self._drawn = QPixmap(), ("", 0.0)  # in which colour, how dense
        self.setFixedSize(SHOWN)
        self.setToolTip(tr("What the brush draws; click for other brushes"))
        self.setAccessibleName(tr("Brushes"))
        self.flyout = Flyout(self, tr("Brushes"))
        self.flyout.column.setContentsMargins(6, 6, 6, 6)
        self.offered: dict[str, Offered] = {}
        self._grid = QGridLayout()
        self._area = QScrollArea()
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidgetResizable(True)
        self.naming = Naming(own)
        self.naming.named.connect(self._save)
        self.flyout.column.addWidget(self._area)
        self.flyout.column.addWidget(self.naming)
        self.flyout.opening.connect(self._open)
        own.changed.connect(self._fill)
        self._fill()

    def show_brush(self, brush: Brush) -> None:
        self._brush = brush
        self._drawn = ("", 0.0)
        ready, own = taken(brush), self.own.taken(brush)
        self.setAccessibleDescription(own or (tr("Own") if ready is None else tr(ready)))
        self.update()

    def ask_name(self) -> None:
        """For the brush as it is now."""
        self.flyout.open()
        self.naming.ask()

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

    @Slot()
    def _fill(self) -> None:
        """Those that are ready, two in a row; the user's own below."""
        before = self._area.takeWidget()
        if before is not None:
            before.deleteLater()  # a menu in it may be what has called us
        inner = QWidget()
        self._grid = QGridLayout(inner)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self.offered = {}
        for name in PRESETS:
            brush = Brush()
            take(brush, name)
            self._offer(Offered(tr(name), brush), name, len(self.offered))
        if self.own.names:
            title = caption(tr("Your own"))
            title.setContentsMargins(10, theme.GRID // 2, 0, 2)
            self._grid.addWidget(title, self._grid.rowCount(), 0, 1, 2)
        first = 2 * self._grid.rowCount()
        for number, name in enumerate(self.own.names):
            brush = Brush()
            self.own.take(brush, name)
            offered = OwnOffered(name, brush)
            offered.renaming.connect(partial(self.naming.ask, name))
            offered.replacing.connect(partial(self._save, name, ""))
            offered.deleting.connect(partial(self._delete, name))
            self._offer(offered, name, first + number)
        self._area.setWidget(inner)
        inner.setAutoFillBackground(False)
        self._show_chosen()
        self._fit()

    def _offer(self, offered: Offered, name: str, number: int) -> None:
        offered.clicked.connect(partial(self._take, name))
        self.offered[name] = offered
        self._grid.addWidget(offered, number // 2, number % 2)

    def _fit(self) -> None:
        """All of them, unless they are many; then they scroll."""
        size = self._grid.sizeHint()
        high = ROWS * (OFFERED.height() + self._grid.spacing())
        bar = self._area.verticalScrollBar().sizeHint().width() if size.height() > high else 0
        self._area.setFixedSize(size.width() + bar, min(size.height(), high))

    @Slot()
    def _open(self) -> None:
        self.naming.rest()
        self._show_chosen()
        self._fit()

    def _show_chosen(self) -> None:
        chosen = None if self._brush is None else self.own.taken(self._brush) or taken(self._brush)
        for name, button in self.offered.items():
            button.setChecked(name == chosen)

    def _take(self, name: str) -> None:
        if self._brush is not None:
            if name in self.own.names:
                self.own.take(self._brush, name)
            else:
                take(self._brush, name)
            self.show_brush(self._brush)
            self.flyout.close()
            self.changed.emit()

    @Slot(str, str)
    def _save(self, name: str, renamed: str) -> None:
        """Under a name; or give one of them another."""
        if renamed:
            self.own.rename(renamed, name)
        elif self._brush is not None:
            self.own.save(name, self._brush)
            self.show_brush(self._brush)
        self.naming.rest()

    def _delete(self, name: str) -> None:
        self.own.delete(name)
        self.naming.tell_deleted(name)


class Naming(QWidget):
    """Below the brushes: a button that saves the brush, a field for its name, or what was deleted."""

    named = Signal(str, str)  # the name, and the brush that had another one, or nothing for the brush in use

    def __init__(self, own: OwnBrushes) -> None:
        super().__init__()
        self._own, self._renamed = own, ""
        self.ask_button = push_button(tr("Save the brush..."))
        self.ask_button.setIcon(icon("plus"))
        self.ask_button.clicked.connect(partial(self.ask, ""))
        self.field = Field()
        self.field.setPlaceholderText(tr("Name of the brush"))
        self.field.setAccessibleName(tr("Name of the brush"))
        self.field.textChanged.connect(self._look)
        self.field.returnPressed.connect(self._take)
        self.save_button = push_button(tr("Save"), "primary")
        self.save_button.clicked.connect(self._take)
        self.text = Elided()
        self.back_button = push_button(tr("Bring it back"))
        self.back_button.clicked.connect(self._bring_back)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 4, 4, 2)
        row.setSpacing(theme.GRID)
        for part in (self.ask_button, self.field, self.text, self.back_button, self.save_button):
            row.addWidget(part, 1 if part in (self.field, self.text) else 0)
        self.rest()

    @Slot()
    def rest(self) -> None:
        self._show(self.ask_button, self.text)
        self.text.setText("")

    def ask(self, renamed: str = "") -> None:
        """For the name of the brush in use, or for another one of a brush."""
        self._renamed = renamed
        self.field.setText(renamed)
        self._show(self.field, self.save_button)
        self._look()
        self.field.setFocus()
        self.field.selectAll()

    def tell_deleted(self, name: str) -> None:
        self._show(self.text, self.back_button)
        self.text.setText(tr("{name} is deleted.").format(name=name))

    def _show(self, *parts: QWidget) -> None:
        for part in (self.ask_button, self.field, self.text, self.back_button, self.save_button):
            part.setVisible(part in parts)

    @Slot()
    def _look(self) -> None:
        """Whether there can be a brush of that name, and whether one has it."""
        name = self.field.text().strip()
        objection, is_there = self._own.objection(name), name in self._own.names and name != self._renamed
        self.save_button.setEnabled(not objection)
        self.save_button.setText(tr("Replace") if is_there else tr("Rename") if self._renamed else tr("Save"))
        self.save_button.setToolTip(objection)

    @Slot()
    def _take(self) -> None:
        if self.save_button.isEnabled():
            self.named.emit(self.field.text().strip(), self._renamed)

    @Slot()
    def _bring_back(self) -> None:
        self._own.bring_back()
        self.rest()


class Offered(QToolButton):
    """One of the brushes: its name and its stroke."""

    WIDE = 108  # points, of the stroke

    def __init__(self, name: str, brush: Brush) -> None:
        super().__init__()
        self._name, self._brush = name, brush
        self._picture, self._drawn = QPixmap(), ("", 0.0)  # in which colour, how dense
        self.setCheckable(True)
        self.setFixedSize(OFFERED)
        self.setAccessibleName(name)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        wanted = theme.TEXT, self.devicePixelRatioF()
        if self._drawn != wanted:
            room = self.WIDE, OFFERED.height() - 6
            self._picture, self._drawn = preview(self._brush, *room, QColor(wanted[0]), wanted[1]), wanted
        with QPainter(self) as painter:
            painter.drawPixmap(84, 3, self._picture)
            painter.setPen(QColor(theme.TEXT))
            left = self.rect().adjusted(10, 0, -104, 0)
            name = painter.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideRight, left.width())
            painter.drawText(left, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)


class OwnOffered(Offered):
    """One of the user's own, with a menu of what can be done with it."""

    WIDE = 88
    renaming = Signal()
    replacing = Signal()  # by the brush in use
    deleting = Signal()

    def __init__(self, name: str, brush: Brush) -> None:
        super().__init__(name, brush)
        self.setToolTip(name)
        self.menu_of_brush = QMenu(self)
        for text, signal in (
            (tr("Rename..."), self.renaming),
            (tr("Save the brush in use over it"), self.replacing),
            (tr("Delete the brush"), self.deleting),
        ):
            self.menu_of_brush.addAction(text).triggered.connect(signal)
        self.more = icon_button("dots-three-vertical", tr("More to do with {name}").format(name=name), 16)
        self.more.setParent(self)
        self.more.setGeometry(OFFERED.width() - 24, (OFFERED.height() - 24) // 2, 22, 24)
        self.more.clicked.connect(self.offer)

    def offer(self) -> None:
        self.menu_of_brush.popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_of_brush.popup(event.globalPos())
