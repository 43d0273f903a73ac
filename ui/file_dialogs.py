"""What is asked about files: how a flat picture shall be written, and what to do with one that is open."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QLabel, QPushButton, QWidget

from ui import theme
from ui.dialogs import answers, sheet
from ui.language import tr
from ui.pictures import Export
from ui.slider import Slider
from ui.widgets import Segments, caption, push_button

KINDS = (  # ending, name, what it is for
    (".png", "PNG", "Exact, with transparency: for everything that shall stay as it is"),
    (".jpg", "JPEG", "Small, for photos; transparent parts become white"),
    (".webp", "WebP", "Smaller still, for web pages; exact at quality 100"),
    (".tif", "TIFF", "Exact, with transparency: for printing"),
    (".psd", "PSD", "With its layers: for Photoshop and what else reads such files"),
)
NOTES = {
    ".png": "Exact, with transparency.",
    ".jpg": "Small; transparent parts become white.",
    ".webp": "Small; exact at quality 100.",
    ".tif": "Exact, with transparency.",
    ".psd": "With its layers, for Photoshop.",
}


class ExportDialog(QDialog):
    """As what a picture shall be written for other programs, and how."""

    asked = Signal(str, object)  # the ending, Export

    def __init__(self, parent: QWidget, ending: str, quality: int, *, deep: bool, metadata: bool) -> None:
        """`deep`: the document has 16 bits a channel; `metadata`: it has EXIF or XMP."""
        super().__init__(parent)
        self.setWindowTitle(tr("Export"))
        kinds = [(value, name, tr(help_text)) for value, name, help_text in KINDS]
        self.kind = Segments(tr("Kind of picture"), kinds, ending)
        self.kind.chosen.connect(self._show_kind)
        self.note = caption("")
        self.quality = Slider(
            tr("Quality"), 1, 100, quality, help_text=tr("Higher is nearer to the original and larger")
        )
        self.deep = QCheckBox(tr("16 bits a channel"))
        self.deep.setToolTip(tr("As the picture was opened; twice the size of 8 bits"))
        self.deep.setChecked(True)
        self.metadata = QCheckBox(tr("Keep what the camera wrote"))
        self.metadata.setToolTip(tr("EXIF and XMP: camera, time, place, author"))
        self.metadata.setChecked(True)
        self._deep, self._metadata = deep, metadata
        self.cancel_button = push_button(tr("Cancel"))
        self.export_button = push_button(tr("Choose a file"), "primary")
        self.export_button.setDefault(True)
        self.export_button.clicked.connect(self._accepted)
        self.cancel_button.clicked.connect(self.reject)
        parts = (self.kind, self.note, self.quality, self.deep, self.metadata)
        _fill(self, parts, (self.cancel_button, self.export_button))
        self.setFixedWidth(380)
        self._show_kind(ending)

    def _show_kind(self, ending: str) -> None:
        self.note.setText(tr(NOTES[ending]))
        self.quality.setVisible(ending in (".jpg", ".webp"))
        self.deep.setVisible(self._deep and ending in (".png", ".tif"))
        self.metadata.setVisible(self._metadata and ending != ".psd")
        self.adjustSize()

    def _accepted(self) -> None:
        self.accept()
        export = Export(round(self.quality.value()), self.deep.isChecked(), self.metadata.isChecked())
        self.asked.emit(self.kind.value(), export)


class AlreadyOpenDialog(QDialog):
    """Another Driftpaint has the file open."""

    copy = Signal()

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Already open"))
        title = QLabel(tr("{name} is open in another Driftpaint. Open a copy?").format(name=name))
        title.setProperty("title", True)
        title.setWordWrap(True)
        note = caption(tr("A copy gets a name of its own when it is saved, so nothing is overwritten."))
        note.setWordWrap(True)
        self.cancel_button = push_button(tr("Cancel"))
        self.copy_button = push_button(tr("Open a copy"), "primary")
        self.copy_button.setDefault(True)
        self.copy_button.clicked.connect(self._copy)
        self.cancel_button.clicked.connect(self.reject)
        _fill(self, (title, note), (self.cancel_button, self.copy_button))
        self.setFixedWidth(400)

    def _copy(self) -> None:
        self.accept()
        self.copy.emit()


def _fill(dialog: QDialog, parts: Sequence[QWidget], buttons: Sequence[QPushButton]) -> None:
    column = sheet(dialog)
    for part in parts:
        column.addWidget(part)
    column.addSpacing(theme.GRID)
    column.addLayout(answers(*buttons))
