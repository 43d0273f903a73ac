"""What speaks to the network: a process that fetches what the user asked for, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, Signal, Slot

from ui.language import tr


class Network(QObject):
    """Starts such processes, and tells what they are for."""

    changed = Signal(str)  # what is being fetched; "" while nothing is

    def __init__(self, command: Sequence[str]) -> None:
        """`command` asks for a thing by its name, and fetches it with --yes; it answers in lines of JSON."""
        super().__init__()
        self._command = list(command)
        self._running: list[Fetch] = []

    def fetch(self, name: str, what: str, *more: str) -> Fetch:
        """Begin to ask for a thing; `what` it is in the user's words."""
        fetch = Fetch(self, what, [*self._command, name, "--json", *more])
        self._running.append(fetch)
        self._tell()
        return fetch

    def ended(self, fetch: Fetch) -> None:
        if fetch in self._running:
            self._running.remove(fetch)
            self._tell()

    def stop(self) -> None:
        """All of them."""
        for fetch in list(self._running):
            fetch.stop()

    @Slot()
    def _tell(self) -> None:
        self.changed.emit(", ".join(fetch.what for fetch in self._running))


class Fetch(QObject):
    """One of them; what has come is kept when it is stopped."""

    offered = Signal(object)  # a dict of bytes, files, licence
    came = Signal(object, object)  # bytes, of how many
    fetched = Signal(str)  # where it is
    ended = Signal(str)  # "", or what went wrong; not after `stop`

    def __init__(self, network: Network, what: str, command: list[str]) -> None:
        super().__init__(network)
        self.what, self._network = what, network
        self._process = QProcess(self)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._failed)
        self._process.setProgram(command[0])
        self._process.setArguments(command[1:])
        self._process.start()

    def stop(self) -> None:
        self._process.blockSignals(True)
        self._process.kill()
        self._process.waitForFinished()
        self._leave()

    @Slot()
    def _read(self) -> None:
        while self._process.canReadLine():
            answer = json.loads(bytes(self._process.readLine().data()))
            if "offer" in answer:
                self.offered.emit(answer["offer"])
            elif "bytes" in answer:
                self.came.emit(answer["bytes"], answer["of"])
            else:
                self.fetched.emit(answer.get("model") or answer["pack"])

    @Slot(int)
    def _finished(self, code: int) -> None:
        self._read()
        told = bytes(self._process.readAllStandardError().data()).decode(errors="replace").splitlines()
        self._leave()
        self.ended.emit((told[-1] if told else tr("That did not work; please try again.")) if code else "")

    @Slot(object)
    def _failed(self, error: QProcess.ProcessError) -> None:
        """It did not even start; whatever else goes wrong ends it."""
        if error == QProcess.ProcessError.FailedToStart:
            self._leave()
            self.ended.emit(tr("That did not work; please try again."))

    def _leave(self) -> None:
        self._network.ended(self)
        self.deleteLater()
