"""Help > Diagnostics: what whoever helps needs to know, to be read, copied or saved; nothing is sent."""

from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from ui import theme
from ui.dialogs import own
from ui.language import tr
from ui.widgets import push_button


class Diagnostics(QDialog):
    """It may stay open while one works; the text comes when it is ready."""

    def __init__(self, parent: QWidget, logs: Path) -> None:
        super().__init__(parent)
        own(self)
        self._logs = logs
        self.setWindowTitle(tr("Diagnostics"))
        words = QLabel(
            tr("Versions, devices, memory, the end of the log; not your name. Nothing is sent anywhere.")
        )
        words.setProperty("quiet", True)
        self.text = QPlainTextEdit(tr("Looking\N{HORIZONTAL ELLIPSIS}"))
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setAccessibleName(tr("Diagnostics"))
        self.copy = push_button(tr("Copy"), "primary")
        self.copy.setToolTip(tr("Copies all of it, to be pasted into a message"))
        self.copy.setEnabled(False)
        self.copy.clicked.connect(self._copy)
        folder = push_button(tr("Show the logs"))
        folder.setToolTip(tr("Opens the folder with the logs and the reports of crashes"))
        folder.clicked.connect(self._show_logs)
        close = push_button(tr("Close"))
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(folder)
        buttons.addStretch(1)
        buttons.addWidget(close)
        buttons.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 20)
        column.setSpacing(theme.GRID)
        column.addWidget(words)
        column.addWidget(self.text, 1)
        column.addLayout(buttons)
        self.resize(760, 560)

    async def show_report(self, report: Awaitable[str]) -> None:
        self.show()
        try:
            text = await report
        except OSError as error:
            text = str(error)
        self.text.setPlainText(text)
        self.copy.setEnabled(True)
        self.copy.setDefault(True)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.copy.setText(tr("Copied"))

    @Slot()
    def _show_logs(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._logs)))
