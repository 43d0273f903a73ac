"""The history panel: the steps that can be undone or redone, the memory they take, and travel by a click."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Slot
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import QListWidget, QVBoxLayout, QWidget

from ui import theme
from ui.language import tr
from ui.session import Session
from ui.widgets import Line, caption

MEGABYTE = 1 << 20


class HistoryPanel(QWidget):
    """The newest step is the lowest row; what was undone is faint, and there to be redone."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.list = QListWidget()
        self.list.setObjectName("history")
        self.list.setAccessibleName(tr("History"))
        self.list.setToolTip(tr("Click a step to go back or forward to it"))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.memory = caption("")
        self.memory.setToolTip(
            tr("What can be undone takes memory. The oldest steps go when it is full; Preferences set it.")
        )
        self.bar = Line()
        self.bar.setAccessibleName(tr("Memory used by the history"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        column.addWidget(self.list, 1)
        column.addWidget(self.bar)
        column.addWidget(self.memory)
        self.list.setMinimumHeight(5 * (self.fontMetrics().height() + 8))
        self.list.currentRowChanged.connect(self._session.go)
        session.committed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the steps as they are now; unless folded, for it is done after every stroke.

        Rows stay what they are: were they made anew, the press that chose one would go on and mark another.
        """
        if not self.isVisible() and self.list.count():
            return
        history = self._session.history
        labels = [tr(label) for label, _ in history.steps]
        with QSignalBlocker(self.list):
            while self.list.count() > len(labels):
                self.list.takeItem(self.list.count() - 1)
            self.list.addItems(labels[self.list.count() :])
            for number, label in enumerate(labels):
                item, undone = self.list.item(number), number > history.at
                item.setText(label)
                faint = QColor(theme.FAINT) if undone else None
                item.setData(Qt.ItemDataRole.ForegroundRole, faint)
                told = tr("{step}, undone").format(step=label) if undone else None
                item.setData(Qt.ItemDataRole.AccessibleTextRole, told)
            self.list.setCurrentRow(history.at)
        self.list.scrollToItem(self.list.currentItem())
        spent = history.spent
        self.memory.setText(used(spent, history.budget))
        self.bar.set_share(min(spent / max(history.budget, 1), 1.0))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:  # another theme has other colours
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()


def used(spent: int, budget: int) -> str:
    """In plain words: "Undo keeps 120 MB of at most 1 GB"."""
    return tr("Undo keeps {spent} of at most {budget}").format(spent=size(spent), budget=size(budget))


def size(count: int) -> str:
    """A number of bytes as people read it."""
    if count < MEGABYTE:
        return tr("{number} kB").format(number=-(-count // 1024))
    if count < 1000 * MEGABYTE:
        return tr("{number} MB").format(number=round(count / MEGABYTE))
    return tr("{number} GB").format(number=f"{count / (1 << 30):.1f}".removesuffix(".0"))
