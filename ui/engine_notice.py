"""The notice that this computer could make edits faster: said once."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout

from engine.types import Equipment
from ui import theme
from ui.language import tr
from ui.recovery import Notice
from ui.widgets import caption, push_button


class PackNotice(Notice):
    asked = Signal()  # the user wants to see more
    answered = Signal()  # in whichever way

    def __init__(self, has: Equipment) -> None:
        super().__init__(tr("Engine"))
        title = QLabel(tr("This computer has an {maker} graphics processor").format(maker=has.graphics[0]))
        title.setProperty("title", True)
        told = caption(
            tr("If it is an Arc or of a Core Ultra, edits are faster with an engine pack.")
            if has.kind == "xpu"
            else tr("With an engine pack edits are many times faster.")
        )
        told.setWordWrap(True)
        self.show_button = push_button(tr("Show..."), "primary")
        self.show_button.setToolTip(tr("What runs now, what there is, and how large a pack is"))
        self.later_button = push_button(tr("Not now"))
        self.later_button.setToolTip(tr("This is not said again; Edit > Engine has it at any time"))
        self.show_button.clicked.connect(self._show)
        self.later_button.clicked.connect(self._answer)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        buttons.addStretch(1)
        buttons.addWidget(self.later_button)
        buttons.addWidget(self.show_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 14)
        column.setSpacing(theme.GRID)
        column.addWidget(title)
        column.addWidget(told)
        column.addLayout(buttons)

    @Slot()
    def _show(self) -> None:
        self._answer()
        self.asked.emit()

    @Slot()
    def _answer(self) -> None:
        self.hide()
        self.answered.emit()
        self.emptied.emit()
