"""The list of a document's handles and the numbers of the chosen one."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QSize, Qt, Slot
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.types import EngineError
from ui import theme
from ui.document import Pulls
from ui.handles import SCALES, exchanged, with_end
from ui.key_tips import explain
from ui.language import tr
from ui.session import Session
from ui.tools.drag import changed, duplicated, removed
from ui.widgets import ENTER, caption, icon_button, is_claimed

ROW, ROWS = 28, 5  # points; more handles than that are scrolled
FARTHEST = 20000.0  # pixels that can be typed


class HandleList(QWidget):
    """Shows the handles of the session's document and changes them: each change is one undo step."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._filling = False
        self.list = QListWidget()
        self.list.setObjectName("handles")
        self.list.setAccessibleName(tr("Handles"))
        self.list.itemChanged.connect(self._item_changed)
        self.list.currentRowChanged.connect(self._row_chosen)
        self.list.installEventFilter(self)
        self.hint = QLabel(
            tr(
                "Press on a thing in the picture and pull it where it shall be.\n"
                "With Alt held, draw round it first; then pull it from inside."
            )
        )
        self.hint.setWordWrap(True)
        self.hint.setProperty("quiet", True)
        self.copy_button = icon_button("copy", tr("The chosen handle once more"))
        explain(self.copy_button, tr("The chosen handle once more"), "duplicate")
        self.remove_button = icon_button("trash", tr("Remove the chosen handle  (Delete)"))
        self.copy_button.clicked.connect(self._duplicate)
        self.remove_button.clicked.connect(self._remove)
        self.numbers = {
            "source x": Measure(tr("Source x"), -FARTHEST, FARTHEST, " px"),
            "source y": Measure(tr("Source y"), -FARTHEST, FARTHEST, " px"),
            "target x": Measure(tr("Target x"), -FARTHEST, FARTHEST, " px"),
            "target y": Measure(tr("Target y"), -FARTHEST, FARTHEST, " px"),
            "radius": Measure(tr("Radius"), 1, 4000, " px"),
            "turn": Measure(tr("Turn, clockwise"), -360, 360, "\N{DEGREE SIGN}"),
            "scale": Measure(tr("Scale"), 100 * SCALES[0], 100 * SCALES[1], " %"),
        }
        for number in self.numbers.values():
            number.valueChanged.connect(self._typed)
        self.details = QWidget()
        self._arrange()
        session.pulled.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the handles as they are now, while one is pulled, too."""
        pulls, chosen = self._session.shown.pulls, self._session.chosen
        self._filling = True
        while self.list.count() > len(pulls):
            self.list.takeItem(self.list.count() - 1)
        for row, pull in enumerate(pulls):
            if row == self.list.count():
                item = QListWidgetItem()
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsUserCheckable)
                item.setSizeHint(QSize(0, ROW))
                item.setToolTip(tr("Double click to rename; without its check mark it stays out of the drag"))
                self.list.addItem(item)
            item = self.list.item(row)
            item.setText(pull.name)
            item.setCheckState(Qt.CheckState.Checked if pull.enabled else Qt.CheckState.Unchecked)
        self.list.setCurrentRow(-1 if chosen is None else chosen.number)
        self.list.setFixedHeight(min(max(len(pulls), 2), ROWS) * ROW + 6)
        self.list.setVisible(bool(pulls))
        self.hint.setVisible(not pulls)
        for button in (self.copy_button, self.remove_button):
            button.setEnabled(chosen is not None)
            button.setVisible(bool(pulls))
        self.details.setVisible(chosen is not None)
        if chosen is not None:
            self._show_numbers(pulls, chosen.number)
        self._filling = False

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Delete
        ):
            self._remove()
            return True
        return False

    def _show_numbers(self, pulls: Pulls, number: int) -> None:
        handle = pulls[number].handle
        for name, value in {
            "source x": handle.source[0],
            "source y": handle.source[1],
            "target x": handle.target[0],
            "target y": handle.target[1],
            "radius": handle.radius,
            "turn": handle.turn,
            "scale": 100 * handle.scale,
        }.items():
            self.numbers[name].show_value(value)
        self.numbers["radius"].setEnabled(handle.region is None)

    @Slot()
    def _typed(self) -> None:
        chosen, pulls = self._session.chosen, self._session.document.pulls
        if self._filling or chosen is None or self._session.is_busy:
            return
        value = {name: number.value() for name, number in self.numbers.items()}
        pull, changes = pulls[chosen.number], self.sender()
        try:
            if changes in (self.numbers["source x"], self.numbers["source y"]):
                handle = with_end(pull.handle, "source", (value["source x"], value["source y"]))
            else:
                handle = replace(
                    with_end(pull.handle, "target", (value["target x"], value["target y"])),
                    radius=value["radius"],
                    turn=value["turn"],
                    scale=value["scale"] / 100,
                )
        except EngineError as error:
            self._session.said.emit(str(error))
            return
        changed(self._session, "Change handle", replace(pull, handle=handle))

    @Slot(QListWidgetItem)
    def _item_changed(self, item: QListWidgetItem) -> None:
        if self._filling:
            return
        row, pulls = self.list.row(item), self._session.document.pulls
        name = item.text().strip() or pulls[row].name
        enabled = item.checkState() == Qt.CheckState.Checked
        label = "Rename handle" if name != pulls[row].name else "Switch handle"
        if (name, enabled) == (pulls[row].name, pulls[row].enabled):
            self.refresh()
            return
        pull = replace(pulls[row], name=name, enabled=enabled)
        self._session.commit(
            label, lambda document: replace(document, pulls=exchanged(document.pulls, row, pull))
        )

    @Slot(int)
    def _row_chosen(self, row: int) -> None:
        if not self._filling and row >= 0:
            self._session.choose(row)

    @Slot()
    def _duplicate(self) -> None:
        duplicated(self._session)

    @Slot()
    def _remove(self) -> None:
        if self._session.chosen is not None:
            removed(self._session, self._session.chosen.number)

    def _arrange(self) -> None:
        grid = QGridLayout(self.details)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.GRID // 2)
        grid.setVerticalSpacing(theme.GRID // 2)
        for row, (title, names) in enumerate(
            (
                (tr("From"), ("source x", "source y")),
                (tr("To"), ("target x", "target y")),
                (tr("Radius"), ("radius",)),
                (tr("Turn, scale"), ("turn", "scale")),
            )
        ):
            grid.addWidget(caption(title), row, 0)
            for place, name in enumerate(names, 1):
                grid.addWidget(self.numbers[name], row, place)
        for place in (1, 2):
            grid.setColumnStretch(place, 1)
        side = QVBoxLayout()
        side.setSpacing(0)
        side.addWidget(self.copy_button)
        side.addWidget(self.remove_button)
        side.addStretch(1)
        top = QHBoxLayout()
        top.setSpacing(theme.GRID // 2)
        top.addWidget(self.list, 1)
        top.addLayout(side)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.hint)
        column.addLayout(top)
        column.addWidget(self.details)


class Measure(QDoubleSpinBox):
    """A number with its unit, that counts once it is typed."""

    def __init__(self, name: str, low: float, high: float, unit: str) -> None:
        super().__init__()
        self.setRange(low, high)
        self.setDecimals(1)
        self.setFrame(False)  # its line is dressed as other fields are
        self.lineEdit().setFrame(True)
        self.lineEdit().setTextMargins(6, 0, 0, 0)  # the sheet's padding is not for a line in a box
        self.setSuffix(unit)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setKeyboardTracking(False)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setMinimumWidth(56)
        self.setFixedHeight(ROW)

    def show_value(self, value: float) -> None:
        if abs(self.value() - value) > 0.04:
            self.setValue(value)

    def textFromValue(self, value: float) -> str:
        return f"{value:.1f}".removesuffix(".0")

    def event(self, event: QEvent) -> bool:
        return is_claimed(event, *ENTER, Qt.Key.Key_Left, Qt.Key.Key_Right) or super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():  # a wheel that scrolls the panel must not change what it passes over
            super().wheelEvent(event)
        else:
            event.ignore()
