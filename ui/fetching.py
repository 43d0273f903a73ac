"""The dialog that fetches a model by its name: only when it is asked, the size first, and in a process of its
own, the one thing of Driftpaint that ever speaks to the network.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from PySide6.QtCore import QProcess, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ui import theme
from ui.apply import DOT
from ui.dialogs import own
from ui.language import told, tr
from ui.model_words import size
from ui.widgets import Field, Line, caption, push_button, restyle


class FetchDialog(QDialog):
    fetched = Signal(str)  # where the model is

    def __init__(self, parent: QWidget, command: Sequence[str]) -> None:
        """`command` asks for a model, and fetches it with --yes; it answers in lines of JSON."""
        super().__init__(parent)
        own(self)
        self.setWindowTitle(tr("Fetch a model"))
        self._command = list(command)
        self._process: QProcess | None = None
        self._of = ""  # the name of which the size is known
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
        if self._process is not None:
            self._stop()
            self.told.setText(tr("Stopped; the same goes on from there."))
        elif name:
            self._start(name, *(["--yes"] if name == self._of else []))
        self._show()

    def _start(self, name: str, *more: str) -> None:
        self._say("")
        process = QProcess(self)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._finished)
        process.setProgram(self._command[0])
        process.setArguments([*self._command[1:], name, "--json", *more])
        self._process = process
        self.told.setText(tr("Asking\N{HORIZONTAL ELLIPSIS}"))
        process.start()

    def _stop(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            process.finished.disconnect(self._finished)
            process.kill()
            process.waitForFinished()
            process.deleteLater()

    @Slot()
    def _read(self) -> None:
        process = self._process
        while process is not None and process.canReadLine():
            answer = json.loads(bytes(process.readLine().data()))
            if "offer" in answer:
                self._of, offer = self.name.text().strip(), answer["offer"]
                licence = tr("licence {name}").format(name=offer["licence"]) if offer["licence"] else ""
                count = offer["files"]
                files = tr("one file") if count == 1 else tr("{count} files").format(count=count)
                self.told.setText(
                    f" {DOT} ".join(each for each in (size(offer["bytes"]), files, licence) if each)
                )
            elif "bytes" in answer:
                share = answer["bytes"] / max(answer["of"], 1)
                self.line.set_share(share)
                told = tr("{done} of {all}")
                self.told.setText(told.format(done=size(answer["bytes"]) or "0", all=size(answer["of"])))
            elif "model" in answer:
                self.fetched.emit(answer["model"])

    @Slot(int)
    def _finished(self, code: int) -> None:
        self._read()
        process, self._process = self._process, None
        if process is None:
            return
        told = bytes(process.readAllStandardError().data()).decode(errors="replace").splitlines()
        was_fetching = "--yes" in process.arguments()
        process.deleteLater()
        if code:
            self._say(told[-1] if told else tr("That did not work; please try again."), is_wrong=True)
        elif was_fetching:
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
        runs, fetches = self._process is not None, bool(self._of)
        self.go_button.setText(tr("Stop") if runs else tr("Fetch it") if fetches else tr("How large is it?"))
        self.go_button.setEnabled(runs or bool(self.name.text().strip()))
        self.name.setEnabled(not runs)
        self.line.setVisible(runs and fetches)
        self.told.setVisible(bool(self.told.text()))
        self.adjustSize()
