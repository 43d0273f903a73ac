"""All visible layers flattened into one image for the screen, and that image at a half, a quarter and an
eighth.

One image, for tiles painted one by one show joints when they are scaled; smaller ones, for Qt's smooth
scaling looks at four pixels only. Composing is lazy: damage is a set, and only what is stale and visible is
composed.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from engine.area import Rect
from ui.blending import Blend, Pixels, Share, lay
from ui.document import TILE, Depth, Document, Layer, Place, blank_tile, lay_layers, places
from ui.pixels import blank_image, image_of, painting
from ui.spaces import screen_image

HALVINGS = 3


class Projection:
    def __init__(self, width: int, height: int, depth: Depth = 8, profile: bytes | None = None) -> None:
        self._depth, self._profile = depth, profile  # of the pixels that are composed
        sizes = [(width, height)]
        for _ in range(HALVINGS):
            sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
        self.levels = [blank_image(*size) for size in sizes]
        self.rect = Rect(0, 0, width, height)
        self.stale: set[Place] = set(places(self.rect))

    @classmethod
    def of(cls, document: Document) -> Projection:
        return cls(document.width, document.height, document.depth, document.profile)

    def fits(self, document: Document) -> bool:
        """Whether it can show that document."""
        mine = self.rect, self._depth, self._profile
        return mine == (document.rect, document.depth, document.profile)

    def damage(self, changed: Iterable[Place]) -> None:
        self.stale.update(changed)

    def compose(self, layers: Iterable[Layer], visible: Rect) -> None:
        """Bring the tiles of a rectangle up to date."""
        due = self.stale.intersection(places(visible))
        if not due:
            return
        stack = tuple(layers)
        with painting(self.levels[0]) as painter:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            for column, row in due:
                tile = blank_tile(self._depth)
                lay_layers(tile, stack, (column, row), laid=painted)
                painter.drawImage(column * TILE, row * TILE, screen_image(tile, self._profile))
        for level in range(1, len(self.levels)):
            _halve(self.levels[level - 1], self.levels[level], due, level)
        self.stale -= due

    def draw(self, painter: QPainter, zoom: float, blends: bool) -> None:
        """The whole document in canvas pixels; the caller has set the clip and the transform. `blends`
        is whether pixels are smoothed.

        Drawing a part only would resample it with another phase, and leave seams.
        """
        level = 0
        while level < HALVINGS and zoom <= 0.5 ** (level + 1):
            level += 1
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, blends)
        image = self.levels[level]
        scale = 2**level
        target = QRectF(0, 0, image.width() * scale, image.height() * scale)
        painter.drawImage(target, image, QRectF(image.rect()))


def painted(
    below: Pixels, above: Pixels, blend: Blend = "normal", opacity: float = 1.0, share: Share | None = None
) -> None:
    """As `lay`, bit for bit, but where Qt's painter can do it by the painter, for it is ten times as fast."""
    if blend == "normal" and share is None and below.dtype == np.uint8:
        with painting(below) as painter:
            painter.setOpacity(opacity)
            painter.drawImage(0, 0, image_of(above))
    else:
        lay(below, above, blend, opacity, share)


def _halve(larger: QImage, smaller: QImage, due: Iterable[Place], level: int) -> None:
    """The tiles again at half the size; two to one is exactly the mean of four pixels."""
    size = TILE >> level
    with painting(smaller) as painter:
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for column, row in due:
            target = QRect(column * size, row * size, size, size)
            painter.drawImage(target, larger, QRect(target.topLeft() * 2, target.size() * 2))
