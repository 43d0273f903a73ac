"""Icons drawn from the Phosphor font that qtawesome carries, sharp at every scale.

The font is read directly: importing qtawesome takes a third of the time in which the window has to be up.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QIcon,
    QIconEngine,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
)

from ui import theme


def icon(name: str, colour: str = "", active: str = "") -> QIcon:
    """The Phosphor icon of that name, in the colour of text; `active` is that where the button is checked."""
    colour = colour or theme.TEXT
    return QIcon(_Glyph(_characters()[name], colour, active or colour))


def application_icon() -> QIcon:
    """A stroke of the brush that turns into a horizon."""
    mark = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        mark.addPixmap(_mark(size))
    return mark


class _Glyph(QIconEngine):
    def __init__(self, character: str, colour: str, active: str) -> None:
        super().__init__()
        self._character, self._colour, self._active = character, colour, active

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        colour = self._active if state == QIcon.State.On else self._colour
        painter.save()
        font = QFont(_family())
        font.setPixelSize(max(1, rect.height()))
        painter.setFont(font)
        painter.setPen(QColor(theme.FAINT if mode == QIcon.Mode.Disabled else theme.worn(colour)))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._character)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        picture = QPixmap(size)
        if size.isEmpty():
            return picture
        picture.fill(Qt.GlobalColor.transparent)
        with QPainter(picture) as painter:
            self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        return picture

    def clone(self) -> QIconEngine:
        return _Glyph(self._character, self._colour, self._active)


def _fonts() -> Path:
    found = find_spec("qtawesome")
    if found is None or found.origin is None:
        raise RuntimeError("The package qtawesome, with the icons, is missing; delete .venv and start again.")
    return Path(found.origin).parent / "fonts"


@cache
def _family() -> str:
    number = QFontDatabase.addApplicationFont(str(next(_fonts().glob("phosphor-*.ttf"))))
    return QFontDatabase.applicationFontFamilies(number)[0]


@cache
def _characters() -> dict[str, str]:
    table = next(_fonts().glob("phosphor-charmap-*.json"))
    return {name: chr(int(code, 16)) for name, code in json.loads(table.read_text(encoding="utf-8")).items()}


def _mark(size: int) -> QPixmap:
    picture = QPixmap(size, size)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(size / 64, size / 64)
        frame = QPainterPath()
        frame.addRoundedRect(QRectF(2, 2, 60, 60), 14, 14)
        sky = QLinearGradient(0, 0, 0, 64)
        sky.setColorAt(0.0, QColor("#2d3a48"))
        sky.setColorAt(1.0, QColor("#1d2126"))
        painter.fillPath(frame, sky)
        painter.setClipPath(frame)
        hill = QPainterPath(QPointF(2, 46))
        hill.cubicTo(16, 30, 22, 24, 32, 38)
        hill.cubicTo(40, 48, 48, 28, 62, 34)
        hill.lineTo(62, 62)
        hill.lineTo(2, 62)
        painter.fillPath(hill, QColor("#3f6b52"))
        stroke = QPainterPath(QPointF(10, 30))
        stroke.cubicTo(22, 10, 30, 12, 36, 22)
        stroke.cubicTo(42, 31, 50, 20, 55, 14)
        ink = QLinearGradient(10, 0, 55, 0)
        ink.setColorAt(0.0, QColor("#f0b35a"))
        ink.setColorAt(1.0, QColor("#f7e3c0"))
        pen = QPen(ink, 6)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.strokePath(stroke, pen)
    return picture
