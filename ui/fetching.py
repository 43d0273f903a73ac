"""The dialog that fetches a model by its name: only when it is asked, and the size first."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ui import theme
from ui.apply import DOT
from ui.dialogs import own
from ui.language import told, tr
from ui.model_words import size
from ui.network import Fetch, Network
from ui.widgets import Field, Line, caption, push_button, restyle


class FetchDialog(QDialog):
    fetched = Signal(str)  # where the model is

    def __init__(self, parent: QWidget, network: Network) -> None:
        super().__init__(parent)
        own(self)
        self.setWindowTitle(tr("Fetch a model"))
        self._network = network
        self._fetch: Fetch | None = None
        self._of = ""  # the name of which the size is known
        self._is_coming = False  # or only asked for
        self.name = Field()
        self.name.setAccessibleName(tr("Name of the model"))
        self.name.setPlaceholderText(tr("owner/name"))
        self.name.textChanged.connect(self._renamed)
        self.name.returnPressed.connect(self._go)
        note = caption(
            tr(
                "From huggingface.co, by its name there. Nothing else is sent, the size is said first, and "
                "what was fetched in part goes on where it stopped."
            )
        )
        note.setWordWrap(True)
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.line = Line()
        self.line.hide()
        self.go_button, self.close_button = push_button("", "primary"), push_button(tr("Close"))
        self.go_button.setDefault(True)
        self.close_button.setAutoDefault(False)
        self.go_button.clicked.connect(self._go)
        self.close_button.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.go_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 20)
        column.setSpacing(theme.GRID)
        for part in (note, self.name, self.told, self.line):
            column.addWidget(part)
        column.addSpacing(theme.GRID)
        column.addLayout(buttons)
        self.setFixedWidth(440)
        self._renamed()

    def done(self, result: int) -> None:
        """What has come is kept."""
        self._stop()
        super().done(result)

    @Slot()
    def _go(self) -> None:
        """Ask for the size; once that is said, fetch; while it comes, stop."""
        name = self.name.text().strip()
        if self._fetch is not None:
            self._stop()
            self.told.setText(tr("Stopped; the same goes on from there."))
        elif name:
            self._is_coming = name == self._of
            self._start(name)
        self._show()

    def _start(self, name: str) -> None:
        self._say("")
        self.told.setText(tr("Asking\N{HORIZONTAL ELLIPSIS}"))
        fetch = self._fetch = self._network.fetch(name, name, *(["--yes"] if self._is_coming else []))
        fetch.offered.connect(self._offered)
        fetch.came.connect(self._came)
        fetch.fetched.connect(self.fetched)
        fetch.ended.connect(self._ended)

    def _stop(self) -> None:
        if self._fetch is not None:
            fetch, self._fetch = self._fetch, None
            fetch.stop()

    @Slot(object)
    def _offered(self, offer: dict[str, Any]) -> None:
        self._of = self.name.text().strip()
        licence = tr("licence {name}").format(name=offer["licence"]) if offer["licence"] else ""
        count = offer["files"]
        files = tr("one file") if count == 1 else tr("{count} files").format(count=count)
        self.told.setText(f" {DOT} ".join(each for each in (size(offer["bytes"]), files, licence) if each))

    @Slot(object, object)
    def _came(self, done: int, every: int) -> None:
        self.line.set_share(done / max(every, 1))
        self.told.setText(tr("{done} of {all}").format(done=size(done) or "0", all=size(every)))

    @Slot(str)
    def _ended(self, wrong: str) -> None:
        self._fetch = None
        if wrong:
            self._say(told(wrong), is_wrong=True)
        elif self._is_coming:
            self.accept()
            return
        self._show()

    @Slot()
    def _renamed(self) -> None:
        if self.name.text().strip() != self._of:
            self._of = ""
            self._say("")
        self._show()

    def _say(self, sentence: str, is_wrong: bool = False) -> None:
        self.told.setProperty("warns", is_wrong)
        restyle(self.told)
        self.told.setText(told(sentence))

    def _show(self) -> None:
        runs, fetches = self._fetch is not None, bool(self._of)
        self.go_button.setText(tr("Stop") if runs else tr("Fetch it") if fetches else tr("How large is it?"))
        self.go_button.setEnabled(runs or bool(self.name.text().strip()))
        self.name.setEnabled(not runs)
        self.line.setVisible(runs and fetches)
        self.told.setVisible(bool(self.told.text()))
        self.adjustSize()
