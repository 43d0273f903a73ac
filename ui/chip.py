"""A little field of one colour."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolButton

from ui import theme
from ui.language import tr

Colour = tuple[int, int, int]  # sRGB


def hex_of(colour: Colour) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)


class Chip(QToolButton):
    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self.setFixedSize(width, height)
        self.colour: Colour | None = None
        self.is_chosen = False

    def set_colour(self, colour: Colour | None, name: str = "") -> None:
        self.colour = colour
        self.setEnabled(colour is not None)
        text = "" if colour is None else f"{name}  {hex_of(colour)}".strip()
        self.setToolTip(text)
        self.setAccessibleName(text or tr("No colour yet"))
        self.update()

    def set_chosen(self, chosen: bool) -> None:
        """Mark it as the colour that is painted with."""
        if chosen != self.is_chosen:
            self.is_chosen = chosen
            self.setAccessibleDescription(tr("Chosen") if chosen else "")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
            edge = QColor(theme.TEXT)
            edge.setAlpha(255 if self.underMouse() or self.hasFocus() else 38)
            if self.colour is None:
                painter.setPen(QPen(QColor(theme.RAISED), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
            else:
                painter.setPen(QPen(edge, 1.4))
                painter.setBrush(QColor(*self.colour))
            painter.drawRoundedRect(box, 4, 4)
            if self.is_chosen:
                painter.setPen(QPen(QColor(0, 0, 0, 170), 1.6))
                painter.setBrush(QColor("white"))
                painter.drawEllipse(box.center(), 3, 3)
