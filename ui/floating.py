"""A layer that is taken up for as long as it is moved: the picture below it, and it drawn where it is now.

It is drawn from its first pixels, as the screen needs them and in as many frames as it takes, so that nobody
waits for a large one; what lies over it in the stack is drawn over it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QTransform

from engine.area import Rect
from ui import stack
from ui.blending import Blend
from ui.document import TILE, Document, Layer, Place
from ui.picture import outwards
from ui.projection import Projection
from ui.session import Session
from ui.transform import (
    NONE,
    Matrix,
    Resampling,
    bounds,
    corners,
    held,
    mapped,
    placed_of,
    shift,
    transforming,
)
from ui.view import View
from ui.work import Making

MODES: dict[Blend, QPainter.CompositionMode] = {
    "multiply": QPainter.CompositionMode.CompositionMode_Multiply,
    "screen": QPainter.CompositionMode.CompositionMode_Screen,
    "overlay": QPainter.CompositionMode.CompositionMode_Overlay,
    "darken": QPainter.CompositionMode.CompositionMode_Darken,
    "lighten": QPainter.CompositionMode.CompositionMode_Lighten,
    "color-dodge": QPainter.CompositionMode.CompositionMode_ColorDodge,
    "color-burn": QPainter.CompositionMode.CompositionMode_ColorBurn,
    "hard-light": QPainter.CompositionMode.CompositionMode_HardLight,
    "soft-light": QPainter.CompositionMode.CompositionMode_SoftLight,
    "difference": QPainter.CompositionMode.CompositionMode_Difference,
    "plus": QPainter.CompositionMode.CompositionMode_Plus,
}  # the others are shown as normal while the layer is moved


T = TypeVar("T")


class Floating:
    def __init__(self, document: Document, layer: Layer) -> None:
        self.document, self.layer = document, layer
        self.box = bounds(layer)
        self.frame = _frame(layer, self.box)
        self._above = above(document.layers, layer.uid)
        over = [each.uid for top in self._above for each in top.walk() if each.kind != "group"]
        self.ground = stack.hidden(document, [layer.uid, *over])
        self._over = Projection.of(document) if self._above else None
        drawn, first, box = _drawn_from(layer, self.box)
        column, row = box.x // TILE, box.y // TILE
        self._drawn = _from(drawn, column, row)
        self._first: Matrix = first @ shift(column * TILE, row * TILE)
        width, height = box.x + box.width - column * TILE, box.y + box.height - row * TILE
        self._own = Projection(width, height, document.depth, document.profile)

    def draw(self, painter: QPainter, matrix: Matrix, smooth: bool = True) -> bool:
        """In canvas pixels, as if the layer were under that map, as much as a frame can wait for; whether
        there is more.
        """
        view, place = painter.transform(), _qt(matrix @ self._first) * painter.transform()
        whole, screen = QRectF(*self._own.rect), QRectF(painter.viewport())
        seen = place.inverted()[0].mapRect(screen).intersected(whole)
        is_whole = self._own.compose([self._drawn], outwards(seen))
        there = place.mapRect(whole)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(math.prod(each.opacity for each in self.document.path(self.layer.uid)))
        painter.setCompositionMode(
            MODES.get(self.layer.blend, QPainter.CompositionMode.CompositionMode_SourceOver)
        )
        painter.setTransform(place)
        zoom = max(there.width() / max(whole.width(), 1), there.height() / max(whole.height(), 1))
        self._own.draw(painter, zoom if smooth else 1.0, smooth)
        painter.restore()
        if self._over is not None:
            seen = view.inverted()[0].mapRect(screen).intersected(QRectF(*self._over.rect))
            is_whole &= self._over.compose(self._above, outwards(seen))
            self._over.draw(painter, math.hypot(view.m11(), view.m12()), view.m11() < 1)
        return not is_whole

    def landed(self, matrix: Matrix, how: Resampling = "bicubic") -> Making[Document]:
        """The document with the layer under that map."""
        layer = yield from transforming(self.layer, matrix, how)
        return self.document.exchange(self.layer, layer)


class Landing:
    """What was let go of, drawn as it was until its own pixels are there, whichever tool is there by then."""

    def __init__(self) -> None:
        self._held: tuple[Floating, Matrix, bool] | None = None

    def hold(self, floating: Floating, matrix: Matrix, smooth: bool) -> None:
        self._held = floating, matrix, smooth

    def paint_picture(self, painter: QPainter, session: Session) -> bool:
        if not session.is_making:
            self._held = None
        if self._held is None or session.comparing:
            return False
        floating, matrix, smooth = self._held
        return floating.draw(painter, matrix, smooth)

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        """The picture is all there is."""


def above(layers: Iterable[Layer], uid: int) -> tuple[Layer, ...]:
    """What lies over a layer, in its group and beyond that."""
    pile = tuple(layers)
    for number, layer in enumerate(pile):
        if layer.uid == uid:
            return pile[number + 1 :]
        if any(each.uid == uid for each in layer.walk()):
            inner = above(layer.layers, uid)
            rest = (replace(layer, layers=inner),) if inner else ()
            return (*rest, *pile[number + 1 :])
    return ()


def _frame(layer: Layer, box: Rect) -> NDArray[np.float64]:
    """The corners of what it began with, where they are now, so that its angle is known; else of its box."""
    placed = placed_of(layer)
    if layer.kind == "group" or not placed.tiles:
        return corners(box)
    return mapped(np.array(placed.matrix).reshape(3, 3), corners(held(placed.tiles)))


def _drawn_from(layer: Layer, box: Rect) -> tuple[Layer, Matrix, Rect]:
    """What a layer is drawn from while it is moved: its first pixels, if they are all there is to it; from
    those to where it is, and what they hold.
    """
    placed = placed_of(layer)
    if layer.kind == "group" or placed.mask is not None:
        return replace(layer, visible=True, opacity=1.0, blend="normal"), NONE, box
    first = Layer(layer.name, layer.kind, placed.tiles)
    return first, np.array(placed.matrix).reshape(3, 3), held(placed.tiles)


def _from(layer: Layer, column: int, row: int) -> Layer:
    """The layer as if its tiles were counted from that one."""

    def counted(tiles: Mapping[Place, T]) -> Mapping[Place, T]:
        return MappingProxyType({(x - column, y - row): tile for (x, y), tile in tiles.items()})

    mask = None if layer.mask is None else counted(layer.mask)
    inner = tuple(_from(each, column, row) for each in layer.layers)
    return replace(layer, tiles=counted(layer.tiles), mask=mask, layers=inner)


def _qt(matrix: Matrix) -> QTransform:
    """Qt has points in rows."""
    return QTransform(*matrix.T.ravel().tolist())
