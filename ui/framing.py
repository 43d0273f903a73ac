"""The Picture menu: the picture cut, scaled, turned and flipped, and its canvas made larger or smaller."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QDialog, QGridLayout, QHBoxLayout, QLabel, QWidget

from engine.area import Rect
from ui.dialogs import answers, sheet
from ui.document import LARGEST
from ui.frame import cropped, flipped, framed, scaled, trimmed, turned, widened
from ui.image_size import ImageDialog
from ui.language import marked, tr
from ui.session import Made, Session
from ui.transform import Resampling
from ui.widgets import Number, caption, icon_button, push_button

SIDES = (  # where the picture stays on the new canvas, row by row, and the icon of that
    (
        (marked("Upper left"), "arrow-up-left"),
        (marked("Upper middle"), "arrow-up"),
        (marked("Upper right"), "arrow-up-right"),
    ),
    (
        (marked("Middle left"), "arrow-left"),
        (marked("Middle"), "image"),
        (marked("Middle right"), "arrow-right"),
    ),
    (
        (marked("Lower left"), "arrow-down-left"),
        (marked("Lower middle"), "arrow-down"),
        (marked("Lower right"), "arrow-down-right"),
    ),
)


class Framing(QObject):
    def __init__(self, window: QWidget, session: Session, finish: Callable[[], object]) -> None:
        """`finish` keeps what is in the hand."""
        super().__init__(window)
        self._window, self._session, self._finish = window, session, finish

    def crop(self) -> None:
        """To the rectangle round the selection; layers keep what is outside."""
        self._finish()
        selection = self._session.document.selection
        if selection is None or not selection.at.width:
            self._session.said.emit(tr("Nothing is selected: select what shall stay first."))
        elif selection.at != self._session.document.rect:
            self._make(marked("Crop"), cropped)

    def trim(self) -> None:
        """To what is not transparent."""
        self._make(marked("Trim"), trimmed)

    def turn_left(self) -> None:
        self._make(marked("Quarter turn"), partial(turned, quarters=-1))

    def turn_right(self) -> None:
        self._make(marked("Quarter turn"), partial(turned, quarters=1))

    def turn_round(self) -> None:
        self._make(marked("Half a turn"), partial(turned, quarters=2))

    def flip_across(self) -> None:
        self._make(marked("Flip"), partial(flipped, across=True))

    def flip_down(self) -> None:
        self._make(marked("Flip"), partial(flipped, across=False))

    def ask_scale(self) -> None:
        self._finish()
        if not self._session.is_busy:
            document = self._session.document
            dialog = ImageDialog(self._window, document.width, document.height)
            dialog.asked.connect(self._scale)
            dialog.open()

    def ask_size(self) -> None:
        self._finish()
        if not self._session.is_busy:
            document = self._session.document
            dialog = CanvasDialog(self._window, document.width, document.height)
            dialog.asked.connect(self._resize)
            dialog.open()

    def _scale(self, width: int, height: int, how: Resampling) -> None:
        document = self._session.document
        if (width, height) != (document.width, document.height):
            larger = max(1, width * height // (document.width * document.height))
            change = partial(scaled, width=width, height=height, how=how)
            self._make(marked("Image size"), change, larger)

    def _resize(self, frame: Rect, selects: bool) -> None:
        if frame != self._session.document.rect:
            self._make(marked("Canvas size"), partial(widened if selects else framed, frame=frame))

    def _make(self, label: str, change: Made, larger: int = 1) -> None:
        """It takes as long as so many times the pixels of all layers do."""
        self._finish()
        document = self._session.document
        layers = max(1, len(tuple(document.walk())))
        self._session.make(label, change, document.width * document.height * layers * larger)


class CanvasDialog(QDialog):
    """How large the canvas shall be, and where on it the picture stays."""

    asked = Signal(object, bool)  # Rect, in pixels of the old canvas; whether new room is selected

    def __init__(self, parent: QWidget, width: int, height: int) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Canvas size"))
        self._size = width, height
        help_text = tr("In pixels, at most {most}").format(most=LARGEST)
        self.wide = Number(tr("Width"), 1, LARGEST, width, help_text)
        self.tall = Number(tr("Height"), 1, LARGEST, height, help_text)
        size = QHBoxLayout()
        for part in (
            self.wide,
            QLabel("\N{MULTIPLICATION SIGN}"),
            self.tall,
            caption(tr("pixels")),
        ):
            size.addWidget(part, int(isinstance(part, Number)))
        self.sides = QButtonGroup(self)
        grid = QGridLayout()
        grid.setSpacing(2)
        for row, names in enumerate(SIDES):
            for place, (name, sign) in enumerate(names):
                button = icon_button(sign, tr(name), 16, checkable=True)
                self.sides.addButton(button, 3 * row + place)
                grid.addWidget(button, row, place)
        grid.setColumnStretch(3, 1)
        self.sides.button(4).setChecked(True)
        self.selects = QCheckBox(tr("Select the new room, for Fill"))
        self.selects.setChecked(True)
        cancel, change = push_button(tr("Cancel")), push_button(tr("Change"), "primary")
        change.setDefault(True)
        change.clicked.connect(self.accept)
        cancel.clicked.connect(self.reject)
        self.accepted.connect(self._accepted)
        column = sheet(self)
        column.addWidget(caption(tr("Size")))
        column.addLayout(size)
        column.addWidget(caption(tr("Where the picture stays")))
        column.addLayout(grid)
        column.addWidget(self.selects)
        column.addWidget(caption(tr("Layers keep what is outside.")))
        column.addLayout(answers(cancel, change))
        self.setFixedWidth(360)

    def _accepted(self) -> None:
        row, column = divmod(self.sides.checkedId(), 3)
        wide, tall = self.wide.value(), self.tall.value()
        x, y = (self._size[0] - wide) * column // 2, (self._size[1] - tall) * row // 2
        self.asked.emit(Rect(x, y, wide, tall), self.selects.isChecked())
