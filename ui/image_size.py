"""The dialog that asks how large the whole picture shall be, in pixels or per cent."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QWidget

from ui.dialogs import answers, sheet
from ui.document import LARGEST
from ui.handle_list import Measure
from ui.language import tr
from ui.tools.transform import WAYS
from ui.widgets import Segments, caption, icon_button, push_button, restyle

TIMES = "\N{MULTIPLICATION SIGN}"
MOST = 99999  # that can be typed


class ImageDialog(QDialog):
    asked = Signal(int, int, str)  # pixels; resampling

    def __init__(self, parent: QWidget, width: int, height: int) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Image size"))
        self._before = width, height
        self.wide = Measure(tr("Width"), 1, MOST, "")
        self.tall = Measure(tr("Height"), 1, MOST, "")
        self.link = icon_button("link", tr("Keep the proportions"), checkable=True)
        self.link.setChecked(True)
        units = ("pixels", tr("Pixels"), ""), ("share", tr("Per cent"), "")
        self.unit = Segments(tr("Unit"), units, "pixels")
        ways = [(value, tr(text), tr(help_text)) for value, text, help_text in WAYS]
        self.how = Segments(tr("Resampling"), ways, "bicubic")
        self.note = caption("")
        self.note.setWordWrap(True)
        size = QHBoxLayout()
        for part in (self.wide, QLabel(TIMES), self.tall, self.link):
            size.addWidget(part, int(isinstance(part, Measure)))
        cancel, self.change = push_button(tr("Cancel")), push_button(tr("Change"), "primary")
        self.change.setDefault(True)
        self.change.clicked.connect(self.accept)
        cancel.clicked.connect(self.reject)
        self.accepted.connect(self._accepted)
        for field in (self.wide, self.tall):
            field.setKeyboardTracking(True)
            field.valueChanged.connect(self._typed)
        self.unit.chosen.connect(self._show)
        self.link.toggled.connect(self._linked)
        column = sheet(self)
        column.addWidget(caption(tr("Size")))
        column.addLayout(size)
        column.addWidget(self.unit)
        column.addWidget(caption(tr("Resampling")))
        column.addWidget(self.how)
        column.addWidget(self.note)
        column.addLayout(answers(cancel, self.change))
        self.setFixedWidth(360)
        self._size = self._before
        self._show()

    @Slot()
    def _show(self) -> None:
        """The size, in the unit that is chosen."""
        for field, wanted, before in zip((self.wide, self.tall), self._size, self._before, strict=True):
            with QSignalBlocker(field):
                in_pixels = self.unit.value() == "pixels"
                field.setDecimals(0 if in_pixels else 2)
                field.setMinimum(1 if in_pixels else 0.01)
                field.setSuffix(" px" if in_pixels else " %")
                field.setValue(wanted if in_pixels else 100 * wanted / before)
        self.wide.setFocus()
        self.wide.selectAll()
        self._tell()

    @Slot()
    def _typed(self) -> None:
        first, other = (self.wide, self.tall) if self.sender() is self.wide else (self.tall, self.wide)
        if self.link.isChecked():
            self._follow(first, other)
        self._size = self._pixels(self.wide, 0), self._pixels(self.tall, 1)
        self._tell()

    @Slot()
    def _linked(self) -> None:
        if self.link.isChecked():
            self._follow(self.wide, self.tall)
            self._size = self._size[0], self._pixels(self.tall, 1)
            self._tell()

    def _follow(self, first: Measure, other: Measure) -> None:
        """The other side in proportion."""
        width, height = self._before
        times = (
            1.0 if self.unit.value() == "share" else height / width if first is self.wide else width / height
        )
        with QSignalBlocker(other):
            other.setValue(first.value() * times)

    def _pixels(self, field: Measure, side: int) -> int:
        value = field.value()
        return max(round(value if self.unit.value() == "pixels" else value * self._before[side] / 100), 1)

    def _tell(self) -> None:
        """What becomes of the picture, or that it is too much."""
        is_too_large = max(self._size) > LARGEST
        (width, height), (wide, tall) = self._before, self._size
        if is_too_large:
            told = tr("{wide} pixels are too many: a picture has at most {most} on a side.")
            self.note.setText(told.format(wide=max(wide, tall), most=LARGEST))
        else:
            told = tr("{before} pixels become {after}.")
            before, after = f"{width} {TIMES} {height}", f"{wide} {TIMES} {tall}"
            self.note.setText(told.format(before=before, after=after))
        self.note.setProperty("warns", is_too_large)
        self.note.setProperty("quiet", not is_too_large)
        restyle(self.note)
        self.change.setEnabled(not is_too_large)

    def _accepted(self) -> None:
        self.asked.emit(*self._size, self.how.value())
