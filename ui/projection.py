"""All visible layers flattened into one image for the screen, and that image at a half, a quarter and an
eighth.

One image, for tiles painted one by one show joints when they are scaled; smaller ones, for Qt's smooth
scaling looks at four pixels only. Composing is lazy: only what is stale and visible is composed, and of a
tile that is painted on, no more than what has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from engine.area import Rect
from ui.blending import Blend, Pixels, Share, lay
from ui.document import TILE, Depth, Document, Layer, Place, blank, boxes_of, lay_layers, overlap, places
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
        self._boxes: dict[Place, Rect] = {}  # what of a tile is stale; one that is not here is so as a whole

    @classmethod
    def of(cls, document: Document) -> Projection:
        return cls(document.width, document.height, document.depth, document.profile)

    def fits(self, document: Document) -> bool:
        """Whether it can show that document."""
        mine = self.rect, self._depth, self._profile
        return mine == (document.rect, document.depth, document.profile)

    def damage(self, changed: Iterable[Place] | Mapping[Place, Rect]) -> None:
        for place, box in boxes_of(changed):
            if place not in self.stale:
                self._boxes[place] = box
            elif place in self._boxes:
                self._boxes[place] = box.around(self._boxes[place])
            self.stale.add(place)

    def compose(self, layers: Iterable[Layer], visible: Rect) -> None:
        """Bring the tiles of a rectangle up to date."""
        due = self.stale.intersection(places(visible))
        if not due:
            return
        stack = tuple(layers)
        boxes = {place: self._box(place) for place in due}
        with painting(self.levels[0]) as painter:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            for place, box in boxes.items():
                pixels = blank(box.width, box.height, self._depth)
                lay_layers(pixels, stack, place, overlap(place, box)[0], laid=painted)
                painter.drawImage(box.x, box.y, screen_image(pixels, self._profile))
        for level in range(1, len(self.levels)):
            _halve(self.levels[level - 1], self.levels[level], boxes.values(), level)
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

    def _box(self, place: Place) -> Rect:
        """What of the tile is to be composed: by so many pixels as one is made of in the smallest image."""
        x, y, step = place[0] * TILE, place[1] * TILE, 2**HALVINGS
        box = self._boxes.pop(place, None)
        if box is None:
            return Rect(x, y, TILE, TILE)
        left, top = box.x // step * step, box.y // step * step
        right, bottom = -(-(box.x + box.width) // step) * step, -(-(box.y + box.height) // step) * step
        return Rect(left, top, right - left, bottom - top)


def painted(
    below: Pixels, above: Pixels, blend: Blend = "normal", opacity: float = 1.0, share: Share | None = None
) -> None:
    """As `lay`, bit for bit, but where Qt's painter can do it by the painter, for it is ten times as fast."""
    if blend == "normal" and share is None and below.dtype == np.uint8:
        with painting(below) as painter:
            painter.setOpacity(opacity)
            image = image_of(np.ascontiguousarray(above))
            painter.drawImage(0, 0, image)
    else:
        lay(below, above, blend, opacity, share)


def _halve(larger: QImage, smaller: QImage, boxes: Iterable[Rect], level: int) -> None:
    """The same at half the size; two to one is exactly the mean of four pixels."""
    with painting(smaller) as painter:
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for box in boxes:
            target = QRect(*(side >> level for side in box))
            painter.drawImage(target, larger, QRect(target.topLeft() * 2, target.size() * 2))
