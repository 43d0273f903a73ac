"""Choosing a colour: a wheel with a square inside, the number, the palette of materials, recent colours."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QConicalGradient,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from ui import theme
from ui.chip import Chip, Colour, hex_of
from ui.key_tips import explain
from ui.language import tr
from ui.materials import Material, MaterialsPalette
from ui.widgets import Field

RECENT = 10  # colours that are remembered


class Wheel(QWidget):
    """A ring of hues round a square of saturation (to the right) and value (upwards)."""

    picked = Signal(object)  # Colour, by the user

    _RING = 13.0  # thickness

    def __init__(self) -> None:
        super().__init__()
        self._hue, self._saturation, self._value = 0.0, 0.0, 0.0
        self._part = ""  # what is being dragged: "ring" or "square"
        self.setFixedSize(156, 156)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Colour wheel"))
        self.setToolTip(
            tr(
                "Hue on the ring, saturation and brightness in the square\n"
                "Arrow keys change them too, with Shift the hue"
            )
        )

    def colour(self) -> Colour:
        chosen = QColor.fromHsvF(self._hue, self._saturation, self._value)
        return chosen.red(), chosen.green(), chosen.blue()

    def set_colour(self, colour: Colour) -> None:
        if colour == self.colour():
            return  # a grey would forget the hue, and black everything
        chosen = QColor(*colour)
        if chosen.hsvHueF() >= 0:  # a grey has none
            self._hue = chosen.hsvHueF()
        self._saturation, self._value = chosen.hsvSaturationF(), chosen.valueF()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            centre, radius = QPointF(self.width() / 2, self.height() / 2), self._radius()
            hues = QConicalGradient(centre, 90)
            for sixth in range(7):
                hues.setColorAt(sixth / 6, QColor.fromHsvF(sixth / 6 % 1, 0.92, 0.92))
            painter.setPen(QPen(hues, self._RING))
            painter.drawEllipse(centre, radius, radius)
            square = self._square()
            tints = QLinearGradient(square.topLeft(), square.topRight())
            tints.setColorAt(0, QColor("white"))
            tints.setColorAt(1, QColor.fromHsvF(self._hue, 1, 1))
            shades = QLinearGradient(square.topLeft(), square.bottomLeft())
            shades.setColorAt(0, QColor(0, 0, 0, 0))
            shades.setColorAt(1, QColor("black"))
            painter.setPen(Qt.PenStyle.NoPen)
            for gradient in (tints, shades):
                painter.setBrush(gradient)
                painter.drawRoundedRect(square, 3, 3)
            turn = 2 * math.pi * self._hue + math.pi / 2
            on_ring = centre + QPointF(math.cos(turn), -math.sin(turn)) * radius
            self._mark(painter, on_ring, QColor.fromHsvF(self._hue, 0.92, 0.92), self._RING / 2 - 1)
            in_square = QPointF(
                square.left() + self._saturation * square.width(),
                square.bottom() - self._value * square.height(),
            )
            self._mark(painter, in_square, QColor(*self.colour()), 6)
            if self.hasFocus():
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(theme.ACCENT), 1))
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        offset = event.position() - QPointF(self.width() / 2, self.height() / 2)
        far = math.hypot(offset.x(), offset.y()) > self._radius() - self._RING / 2 - 2
        self._part = "ring" if far else "square"
        self._drag(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._part:
            self._drag(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._part = ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (-0.02, 0.0),
            Qt.Key.Key_Right: (0.02, 0.0),
            Qt.Key.Key_Up: (0.0, 0.02),
            Qt.Key.Key_Down: (0.0, -0.02),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._choose((self._hue + sum(step) / 2) % 1, self._saturation, self._value)
        else:
            self._choose(self._hue, self._saturation + step[0], self._value + step[1])

    def _radius(self) -> float:
        return min(self.width(), self.height()) / 2 - self._RING / 2 - 2

    def _square(self) -> QRectF:
        side = (self._radius() - self._RING / 2 - 4) * math.sqrt(2)
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def _drag(self, at: QPointF) -> None:
        if self._part == "ring":
            offset = at - QPointF(self.width() / 2, self.height() / 2)
            hue = (math.atan2(-offset.y(), offset.x()) - math.pi / 2) / (2 * math.pi) % 1
            self._choose(hue, self._saturation, self._value)
        else:
            square = self._square()
            across, up = (
                (at.x() - square.left()) / square.width(),
                (square.bottom() - at.y()) / square.height(),
            )
            self._choose(self._hue, across, up)

    def _choose(self, hue: float, saturation: float, value: float) -> None:
        self._hue = hue
        self._saturation, self._value = min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0)
        self.update()
        self.picked.emit(self.colour())

    @staticmethod
    def _mark(painter: QPainter, at: QPointF, colour: QColor, radius: float) -> None:
        painter.setBrush(colour)
        painter.setPen(QPen(QColor(0, 0, 0, 160), 3))
        painter.drawEllipse(at, radius, radius)
        painter.setPen(QPen(QColor("white"), 1.6))
        painter.drawEllipse(at, radius, radius)


IN_FRONT, BEHIND = QRectF(2, 2, 22, 22), QRectF(12, 12, 20, 20)  # of the two swatches


class Swatches(QWidget):
    """Foreground over background, as at the foot of a tool bar; a click on the one behind swaps them."""

    swap = Signal()
    chosen = Signal()  # the one in front, to be changed

    def __init__(self) -> None:
        super().__init__()
        self._colours: tuple[Colour, Colour] = ((0, 0, 0), (255, 255, 255))
        self.setFixedSize(34, 34)
        explain(
            self,
            tr("Foreground and background colour; a click on the one behind swaps them"),
            "swap_colours",
            tr("A click on the one in front leads to the colours"),
        )
        self.setAccessibleName(tr("Foreground and background colour"))

    def set_colours(self, foreground: Colour, background: Colour) -> None:
        self._colours = (foreground, background)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(34, 34)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for box, colour in ((BEHIND, self._colours[1]), (IN_FRONT, self._colours[0])):
                painter.setPen(QPen(QColor(theme.PANEL), 3))
                painter.setBrush(QColor(*colour))
                painter.drawRoundedRect(box, 4, 4)
                painter.setPen(QPen(QColor(theme.KNOB), 1))
                painter.drawRoundedRect(box, 4, 4)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        (self.chosen if IN_FRONT.contains(event.position()) else self.swap).emit()


class ColourPanel(QWidget):
    """Wheel, number, palette and recent colours."""

    picked = Signal(object)  # Colour, by the user

    def __init__(self, recent: Sequence[Colour], materials: Sequence[Material]) -> None:
        super().__init__()
        self._recent = list(recent)[:RECENT]
        self.wheel = Wheel()
        self.wheel.picked.connect(self._picked)
        self.materials = MaterialsPalette(materials)
        self.materials.picked.connect(self._picked)
        self.number = Field()
        self.number.setMaxLength(7)
        self.number.setAccessibleName(tr("Colour as a number, #rrggbb"))
        self.number.setToolTip(tr("The colour as #rrggbb"))
        self.number.editingFinished.connect(self._typed)
        self.number.setFixedWidth(124)  # with the preview as wide as the wheel
        self._preview = Chip(28, 28)
        numbers = QHBoxLayout()
        numbers.setSpacing(theme.GRID // 2)
        numbers.addWidget(self._preview)
        numbers.addWidget(self.number, 1)
        self.recent_chips = [self._chip(18, 13) for _ in range(RECENT)]
        used = QGridLayout()
        used.setSpacing(2)
        for place, chip in enumerate(self.recent_chips):
            used.addWidget(chip, place // 5, place % 5)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(1, 1)
        grid.setVerticalSpacing(theme.GRID)
        grid.addWidget(self.wheel, 0, 0)
        grid.addWidget(self.materials, 0, 1)
        grid.addLayout(numbers, 1, 0)
        grid.addLayout(used, 1, 1)
        self._show_recent()

    def recent(self) -> tuple[Colour, ...]:
        return tuple(self._recent)

    def set_colour(self, colour: Colour) -> None:
        self.wheel.set_colour(colour)
        self.number.setText(hex_of(colour))
        self._preview.set_colour(colour)
        self.materials.set_colour(colour)

    def remember(self, colour: Colour) -> None:
        """Put a colour that was used at the head of the recent ones."""
        if self._recent[:1] != [colour]:
            self._recent = [colour, *(other for other in self._recent if other != colour)][:RECENT]
            self._show_recent()

    def _chip(self, width: int, height: int) -> Chip:
        chip = Chip(width, height)
        chip.clicked.connect(self._chip_clicked)
        return chip

    def _chip_clicked(self) -> None:
        chip = self.sender()
        if isinstance(chip, Chip) and chip.colour is not None:
            self._picked(chip.colour)

    def _typed(self) -> None:
        text = self.number.text().strip().removeprefix("#")
        colour = QColor(f"#{text}")
        if len(text) in (3, 6) and colour.isValid():
            self._picked((colour.red(), colour.green(), colour.blue()))
        else:
            self.number.setText(hex_of(self.wheel.colour()))

    def _picked(self, colour: Colour) -> None:
        self.set_colour(colour)
        self.picked.emit(colour)

    def _show_recent(self) -> None:
        for place, chip in enumerate(self.recent_chips):
            chip.set_colour(self._recent[place] if place < len(self._recent) else None)
