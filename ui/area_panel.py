"""What is seen of the areas: hatching over the picture, and a panel that tells them apart and clears them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from operator import is_
from typing import NamedTuple

from PySide6.QtCore import QObject, QPointF, QRectF, QSize, QSizeF, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ui import areas, theme
from ui.canvas import Canvas
from ui.document import TILE, Kind, Layer, Tiles
from ui.language import tr
from ui.pixels import image_of, painting
from ui.session import Session
from ui.settings import Settings
from ui.tools import Drag, Editable
from ui.view import View
from ui.widgets import icon_button

COLOURS: dict[Kind, str] = {"editable": "#2fc4a0", "protected": "#f0574a", "strength": "#a58bff"}
NAMES: dict[Kind, tuple[str, str]] = {
    "editable": ("Editable", "Edits change the picture only here"),
    "protected": ("Protected", "Edits never change the picture here"),
    "strength": ("Strength", "Edits work here alone, the stronger the denser the paint"),
}
STEP = 10  # points from line to line of the hatching
TINT, LINE, FAINT = 60, 215, 0.5  # alpha of the ground and of the lines, and share of both while not in use


class Drawn(NamedTuple):
    """Areas as they were drawn last, and of what."""

    tiles: list[Tiles]
    view: View
    size: QSize
    picture: QPixmap

    def is_of(self, tiles: list[Tiles], view: View, size: QSize) -> bool:
        same = len(tiles) == len(self.tiles) and all(map(is_, tiles, self.tiles))
        return same and (view, size) == (self.view, self.size)


class AreaMarks(QObject):
    """Draws the areas over the picture while one of their brushes is chosen, and faintly with the Drag tool,
    whose handles they limit, or always if wished.
    """

    def __init__(self, canvas: Canvas, session: Session, always: bool) -> None:
        super().__init__(canvas)
        self.always = always
        self._canvas = canvas
        self._kept: Drawn | None = None
        session.committed.connect(canvas.update)

    def show_always(self, on: bool) -> None:
        self.always = on
        self._canvas.update()

    def paint_picture(self, painter: QPainter, session: Session) -> None:
        """They are no part of the picture."""

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        in_use, drags = isinstance(self._canvas.tool, Editable), isinstance(self._canvas.tool, Drag)
        shown = [area for area in session.shown.areas if area.tiles]
        if not shown or session.comparing:
            return
        if not in_use and (session.overlay is not None or not (drags or self.always)):
            return  # what was made is looked at by itself; in live mode one goes on painting over it
        painter.setOpacity(1.0 if in_use else FAINT)
        painter.drawPixmap(0, 0, self._drawn(shown, view))

    def _drawn(self, shown: list[Layer], view: View) -> QPixmap:
        size, tiles = self._canvas.size(), [area.tiles for area in shown]
        live = any(isinstance(each, dict) for each in tiles)  # one that is being painted on
        if live or self._kept is None or not self._kept.is_of(tiles, view, size):
            together = _blank(size, view.ratio)
            with painting(together) as painter:
                for area in shown:
                    painter.drawPixmap(0, 0, _hatched(area, view, size))
            self._kept = Drawn(tiles, view, size, together)
        return self._kept.picture


def _hatched(area: Layer, view: View, size: QSize) -> QPixmap:
    """An area on the screen: what was painted, filled with its pattern, which goes with the picture."""
    out = _blank(size, view.ratio)
    with painting(out) as painter:
        painter.setTransform(view.transform)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, 0.5 < view.zoom < 1)  # it is slow
        for (column, row), tile in area.tiles.items():
            image = image_of(tile)
            painter.drawImage(QRectF(column * TILE, row * TILE, TILE, TILE), image)
        painter.resetTransform()
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
        painter.setBrushOrigin(view.transform.map(QPointF(0, 0)))
        painter.fillRect(QRectF(QPointF(), QSizeF(size)), QBrush(pattern(area.kind, view.ratio)))
    return out


@cache
def pattern(kind: Kind, ratio: float) -> QPixmap:
    """Rising lines for Editable, crossed ones for Protected, dots for Strength: each tells without colour."""
    tile, colour = _blank(QSize(STEP, STEP), ratio), QColor(COLOURS[kind])
    ground, line = QColor(colour), QColor(colour)
    ground.setAlpha(TINT)
    line.setAlpha(LINE)
    tile.fill(ground)
    with painting(tile) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(line, 1.4))
        for shift in (-STEP, 0, STEP):
            if kind != "strength":
                painter.drawLine(QPointF(shift - 1, STEP + 1), QPointF(shift + STEP + 1, -1))
            if kind == "protected":
                painter.drawLine(QPointF(shift - 1, -1), QPointF(shift + STEP + 1, STEP + 1))
        if kind == "strength":
            painter.setBrush(line)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(QPointF(STEP / 2, STEP / 2), 2.0, 2.0)
    return tile


def _blank(size: QSize, ratio: float) -> QPixmap:
    out = QPixmap(size * ratio)
    out.setDevicePixelRatio(ratio)
    out.fill(Qt.GlobalColor.transparent)
    return out


class AreasPanel(QWidget):
    """One line for each area that is painted, and how they are shown."""

    def __init__(self, session: Session, marks: AreaMarks) -> None:
        super().__init__()
        self._session, self.marks = session, marks
        self.lines = {kind: _Line(kind) for kind in NAMES}
        self.eye = QCheckBox(tr("Show always"))
        self.eye.setToolTip(tr("Faintly over the picture, also while another tool is chosen"))
        self.eye.setChecked(marks.always)
        self.eye.toggled.connect(marks.show_always)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        for line in self.lines.values():
            line.cleared.connect(self.clear_one)
            column.addWidget(line)
        column.addWidget(self.eye)
        session.committed.connect(self.refresh)
        self.refresh()

    def remembered_in(self, settings: Settings) -> Settings:
        return replace(settings, show_areas=self.eye.isChecked())

    @Slot()
    def refresh(self) -> None:
        painted = {area.kind for area in self._session.document.areas if area.tiles}
        for kind, line in self.lines.items():
            line.setVisible(kind in painted)
        section = self.parentWidget()
        if section is not None:
            section.setVisible(bool(painted))

    def clear(self) -> None:
        """Take all of them away."""
        self._session.commit("Clear areas", areas.cleared)

    @Slot(str)
    def clear_one(self, kind: Kind) -> None:
        self._session.commit("Clear area", lambda document: areas.cleared(document, kind))

    def show_always(self) -> None:
        """Or only while one of their brushes is chosen."""
        self.eye.toggle()


class _Line(QWidget):
    """A sample of an area, its name, and a button that clears it."""

    cleared = Signal(str)

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self._kind = kind
        name, meaning = NAMES[kind]
        sample, text = QLabel(), QLabel(tr(name))
        sample.setPixmap(_sample(kind, self.devicePixelRatioF()))
        self.setToolTip(tr(meaning))
        self.button = icon_button("x", tr("Clear the area {name}").format(name=tr(name)), 14)
        self.button.clicked.connect(self._clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID)
        row.addWidget(sample)
        row.addWidget(text, 1)
        row.addWidget(self.button)

    def _clicked(self) -> None:
        self.cleared.emit(self._kind)


def _sample(kind: Kind, ratio: float) -> QPixmap:
    out = _blank(QSize(3 * STEP, 2 * STEP), ratio)
    with painting(out) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(pattern(kind, ratio)))
        painter.drawRoundedRect(QRectF(0, 0, 3 * STEP, 2 * STEP), 4, 4)
    return out
