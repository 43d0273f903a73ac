"""The palette of materials: what landscapes are made of, each in a light, a middle and a dark shade.

The file with the colours is measured in the starter model's own pictures.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QToolButton, QWidget

from ui import theme
from ui.chip import Chip, Colour
from ui.language import marked, tr
from ui.widgets import is_claimed

log = logging.getLogger(__name__)
PALETTE = Path(__file__).parent.parent / "resources" / "palette.json"
SHADES = (marked("light"), marked("middle"), marked("dark"))
NAME = -1  # the column of the names
PLAIN = "Hard round"
BRUSHES = {  # that are ready, for those materials that have a grain of their own
    "Sky": "Soft round",
    "Cloud": "Cloud",
    "Snow": "Soft round",
    "Rock": "Chalk",
    "Grass": "Bristle",
    "Forest": "Sponge",
    "Water": "Bristle",
    "Sand": "Chalk",
    "Sun": "Soft round",
}
WAYS = {  # of the arrow keys: rows and columns
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class Material(NamedTuple):
    name: str
    shades: tuple[Colour, Colour, Colour]  # from light to dark


def load_materials(file: Path = PALETTE) -> tuple[Material, ...]:
    """Read the file; none, with one line in the log, if it is missing or damaged."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        return tuple(_material(entry["name"], *entry["shades"]) for entry in entries)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("The palette in %s cannot be read, so it is not shown: %s", file, error)
        return ()


def _material(name: str, *shades: str) -> Material:
    light, middle, dark = (_colour(shade) for shade in shades)
    return Material(name.capitalize(), (light, middle, dark))


def _colour(text: str) -> Colour:
    """#rrggbb. Raises ValueError."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


class MaterialsPalette(QWidget):
    """A line for each material: its name and its shades. Tab enters it, the arrow keys go about in it. The
    name asks for the brush that suits the material too.
    """

    picked = Signal(object)  # Colour, by the user
    brush_wanted = Signal(str)  # the name of one that is ready

    def __init__(self, materials: Sequence[Material]) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(0, 1)
        self.chips: list[list[_Shade]] = []
        self.names: list[_Name] = []
        for row, material in enumerate(materials):
            name = _Name(row, material)
            name.clicked.connect(self._named)
            grid.addWidget(name, row, 0)
            self.names.append(name)
            self.chips.append([])
            for column, (shade, colour) in enumerate(zip(SHADES, material.shades, strict=True)):
                chip = _Shade(row, column)
                chip.set_colour(colour, f"{tr(material.name)}, {tr(shade)}")
                chip.clicked.connect(self._clicked)
                grid.addWidget(chip, row, column + 1)
                self.chips[row].append(chip)
        self._enter_at(0, 1)
        self.setVisible(bool(materials))

    def set_colour(self, colour: Colour) -> None:
        """Mark the shade of that colour, if there is one."""
        for chip in self._all():
            chip.set_chosen(chip.colour == colour)
            if chip.is_chosen:
                self._enter_at(chip.row, chip.column)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way, chip = WAYS.get(Qt.Key(event.key())), self.focusWidget()
        if way is None or not isinstance(chip, _Shade | _Name):
            super().keyPressEvent(event)
            return
        row = min(max(chip.row + way[0], 0), len(self.chips) - 1)
        column = min(max(chip.column + way[1], NAME), len(SHADES) - 1)
        if column == NAME:
            self.names[row].setFocus(Qt.FocusReason.TabFocusReason)
        else:
            self._enter_at(row, column)
            self.chips[row][column].setFocus(Qt.FocusReason.TabFocusReason)

    def _all(self) -> list[_Shade]:
        return [chip for row in self.chips for chip in row]

    def _enter_at(self, row: int, column: int) -> None:
        """Where Tab enters."""
        for chip in self._all():
            is_entry = (chip.row, chip.column) == (row, column)
            chip.setFocusPolicy(Qt.FocusPolicy.TabFocus if is_entry else Qt.FocusPolicy.NoFocus)

    def _clicked(self) -> None:
        chip = self.sender()
        if isinstance(chip, _Shade):
            self.picked.emit(chip.colour)

    def _named(self) -> None:
        name = self.sender()
        if isinstance(name, _Name):
            self.picked.emit(name.material.shades[1])
            self.brush_wanted.emit(BRUSHES.get(name.material.name, PLAIN))


class _Name(QToolButton):
    """The name of a material, which is a button but looks like a name."""

    def __init__(self, row: int, material: Material) -> None:
        super().__init__()
        self.row, self.column, self.material = row, NAME, material
        self.setText(tr(material.name))
        self.setProperty("small", True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
        brush = tr(BRUSHES.get(material.name, PLAIN))
        self.setToolTip(tr("Paint it with the brush {brush}").format(brush=brush))
        said = tr("{material}, and the brush {brush}")
        self.setAccessibleName(said.format(material=self.text(), brush=brush))

    def sizeHint(self) -> QSize:
        return QSize(
            self.fontMetrics().horizontalAdvance(self.text()) + 4, max(17, self.fontMetrics().height())
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            lit = self.underMouse() or self.hasFocus()
            painter.setPen(QColor(theme.TEXT if lit else theme.QUIET))
            left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(self.rect().adjusted(2, 0, 0, 0), left, self.text())
            if self.hasFocus():
                painter.setPen(QColor(theme.ACCENT))
                painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 3, 3)

    def event(self, event: QEvent) -> bool:
        return is_claimed(event, *WAYS, Qt.Key.Key_Space) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in WAYS:
            event.ignore()  # so the palette gets it
        else:
            super().keyPressEvent(event)


class _Shade(Chip):
    def __init__(self, row: int, column: int) -> None:
        super().__init__(18, 16)
        self.row, self.column = row, column

    def event(self, event: QEvent) -> bool:
        return is_claimed(event, *WAYS, Qt.Key.Key_Space) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in WAYS:
            event.ignore()  # so the palette gets it
        else:
            super().keyPressEvent(event)
