"""A layer that is taken up for as long as it is moved: the picture without it, and it drawn where it is now.

It is drawn from its first pixels, as the screen needs them, so that a large one costs no more than a small
one; what lies over it in the stack is drawn over it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from engine.area import Rect
from ui.blending import Blend
from ui.document import Document, Layer
from ui.projection import Projection
from ui.selection import alone
from ui.session import Session
from ui.spaces import screen_image
from ui.transform import (
    Matrix,
    Resampling,
    bounds,
    corners,
    gathered,
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


class Floating:
    def __init__(self, document: Document, layer: Layer) -> None:
        self.document, self.layer = document, layer
        self.box = bounds(layer)
        self.frame = _frame(layer, self.box)
        self.ground = document.exchange(layer, replace(layer, visible=False))
        self._above = above(document.layers, layer.uid)
        self._over = Projection.of(document) if self._above else None
        self._levels: list[QImage] = []  # its pixels, and those at a half, a quarter ...
        self._first: Matrix = np.eye(3)  # from those to where the layer is in the document

    def draw(self, painter: QPainter, matrix: Matrix, smooth: bool = True) -> None:
        """In canvas pixels, as if the layer were under that map."""
        if not self._levels:
            self._take()
        view, whole = painter.transform(), matrix @ self._first
        first = self._levels[0].size()
        halvings = _halvings(whole, first, view) if smooth else 0
        while halvings >= len(self._levels):
            self._levels.append(_halved(self._levels[-1]))
        image = self._levels[halvings]
        target = QRectF(0, 0, first.width(), first.height())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(math.prod(each.opacity for each in self.document.path(self.layer.uid)))
        painter.setCompositionMode(
            MODES.get(self.layer.blend, QPainter.CompositionMode.CompositionMode_SourceOver)
        )
        painter.setTransform(_qt(whole) * view)
        painter.drawImage(target, image, QRectF(image.rect()))
        painter.restore()
        if self._over is not None:
            seen = view.inverted()[0].mapRect(QRectF(painter.viewport()))
            while not self._over.compose(self._above, _inside(seen, self.document)):
                pass
            self._over.draw(painter, math.hypot(view.m11(), view.m12()), view.m11() < 1)

    def landed(self, matrix: Matrix, how: Resampling = "bicubic") -> Making[Document]:
        """The document with the layer under that map."""
        layer = yield from transforming(self.layer, matrix, how)
        return self.document.exchange(self.layer, layer)

    def _take(self) -> None:
        """The pixels that it is drawn from."""
        placed = placed_of(self.layer)
        if self.layer.kind == "group" or placed.mask is not None:
            pixels, box = alone(self.document, self.layer, self.box), self.box
        else:
            box = held(placed.tiles)
            pixels = gathered(placed.tiles, box)
            self._first = np.array(placed.matrix).reshape(3, 3)
        self._first = self._first @ shift(box.x, box.y)
        self._levels = [screen_image(pixels, self.document.profile).copy()]


class Landing:
    """What was let go of, drawn as it was until its own pixels are there, whichever tool is there by then."""

    def __init__(self) -> None:
        self._held: tuple[Floating, Matrix, bool] | None = None

    def hold(self, floating: Floating, matrix: Matrix, smooth: bool) -> None:
        self._held = floating, matrix, smooth

    def paint_picture(self, painter: QPainter, session: Session) -> None:
        if not session.is_making:
            self._held = None
        elif self._held is not None and not session.comparing:
            floating, matrix, smooth = self._held
            floating.draw(painter, matrix, smooth)

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        """The picture is all there is."""


def above(layers: Iterable[Layer], uid: int) -> tuple[Layer, ...]:
    """What lies over a layer, in its group and beyond that."""
    stack = tuple(layers)
    for number, layer in enumerate(stack):
        if layer.uid == uid:
            return stack[number + 1 :]
        if any(each.uid == uid for each in layer.walk()):
            inner = above(layer.layers, uid)
            rest = (replace(layer, layers=inner),) if inner else ()
            return (*rest, *stack[number + 1 :])
    return ()


def _frame(layer: Layer, box: Rect) -> NDArray[np.float64]:
    """The corners of what it began with, where they are now, so that its angle is known; else of its box."""
    placed = placed_of(layer)
    if layer.kind == "group" or not placed.tiles:
        return corners(box)
    return mapped(np.array(placed.matrix).reshape(3, 3), corners(held(placed.tiles)))


def _halvings(matrix: Matrix, size: QSize, view: QTransform) -> int:
    """How often the pixels can be halved and still be enough."""
    box = (_qt(matrix) * view).mapRect(QRectF(0, 0, size.width(), size.height()))
    shrinks = max(box.width() / max(size.width(), 1), box.height() / max(size.height(), 1))
    most = math.floor(math.log2(max(min(size.width(), size.height()), 1)))
    return min(max(math.floor(-math.log2(max(shrinks, 1e-4))), 0), most)


def _halved(image: QImage) -> QImage:
    return image.scaled(
        max(1, image.width() // 2),
        max(1, image.height() // 2),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )


def _qt(matrix: Matrix) -> QTransform:
    """Qt has points in rows."""
    return QTransform(*matrix.T.ravel().tolist())


def _inside(rect: QRectF, document: Document) -> Rect:
    whole = rect.intersected(QRectF(0, 0, document.width, document.height)).toAlignedRect()
    return Rect(whole.x(), whole.y(), whole.width(), whole.height())
