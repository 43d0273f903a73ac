"""All visible layers flattened into one image for the screen, and that image at a half, a quarter and an
eighth.

One image, for tiles painted one by one show joints when they are scaled; smaller ones, for Qt's smooth
scaling looks at four pixels only. Composing is lazy: only what is stale and visible is composed, and of a
tile that is painted on, no more than what has changed.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import accumulate

from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from engine.area import Rect
from ui.blending import Pixels
from ui.document import TILE, Depth, Document, Layer, Place, blank_tile, boxes_of, lay_layers, overlap, places
from ui.pixels import HALVINGS, blank_image, image_of, painted, painting
from ui.spaces import screen_image

AT_ONCE = 24  # layers on tiles that are laid without Qt's painter, half a millisecond or one each
QUICK = 0.12  # of one of those: a plain layer on a tile, or putting the tile in its place
Mode = QPainter.CompositionMode
KEPT = 256  # tiles of what lies below the active layer


class Projection:
    def __init__(self, width: int, height: int, depth: Depth = 8, profile: bytes | None = None) -> None:
        self._depth, self._profile = depth, profile  # of the pixels that are composed
        sizes = [(width, height)]
        for _ in range(HALVINGS):
            sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
        self.levels = [blank_image(*size) for size in sizes]
        self.rect = Rect(0, 0, width, height)
        self.stale: set[Place] = set(places(self.rect))
        self._nothing = blank_tile(depth)
        self._ground: tuple[Layer, ...] = ()  # the layers that `_grounds` are of
        self._grounds: dict[Place, Pixels] = {}
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

    def compose(self, layers: Iterable[Layer], visible: Rect, active: int = 0) -> bool:
        """Bring the tiles of a rectangle up to date; if that would take long, those in its middle, and the
        answer is False.

        What lies below the layer that is painted on, the active one, is kept: so a stroke takes no longer
        where there are many layers.
        """
        due = self.stale.intersection(places(visible))
        if not due:
            return True
        ground, above = _split(tuple(opened(layers)), active)
        if not _same(ground, self._ground):
            self._ground, self._grounds = ground, {}
        now = self._first(due, visible, above)
        boxes = {place: self._box(place) for place in now}
        is_plain = self._depth == 8 and self._profile is None and all(map(_is_plain, above))
        with painting(self.levels[0]) as painter:
            for place, box in boxes.items():
                inside = overlap(place, box)[0]
                painter.setCompositionMode(Mode.CompositionMode_Source)
                if is_plain:
                    painter.drawImage(
                        QPoint(box.x, box.y), image_of(self._grounded(place)), _inside(place, box)
                    )
                    painter.setCompositionMode(Mode.CompositionMode_SourceOver)
                    _paint(painter, above, place, box)
                else:
                    pixels = self._grounded(place)[inside].copy()
                    lay_layers(pixels, above, place, inside, laid=painted)
                    painter.drawImage(box.x, box.y, screen_image(pixels, self._profile))
        for level in range(1, len(self.levels)):
            _halve(self.levels[level - 1], self.levels[level], boxes.values(), level)
        self.stale.difference_update(now)
        return len(now) == len(due)

    def _first(self, due: set[Place], visible: Rect, above: Iterable[Layer]) -> Collection[Place]:
        """As many of the tiles as can be composed without a wait that is felt, the middle first."""
        ground = _cost(self._ground, self._depth)
        costs = dict.fromkeys(due, QUICK + _cost(above, self._depth))
        for place in due - self._grounds.keys():
            costs[place] += ground
        if sum(costs.values()) <= AT_ONCE:
            return due
        x, y = visible.x + visible.width / 2 - TILE / 2, visible.y + visible.height / 2 - TILE / 2
        nearest = sorted(due, key=lambda place: math.hypot(place[0] * TILE - x, place[1] * TILE - y))
        so_far = accumulate(costs[place] for place in nearest)
        return [place for place, cost in zip(nearest, so_far, strict=True) if cost <= AT_ONCE] or nearest[:1]

    def _grounded(self, place: Place) -> Pixels:
        """What lies below the active layer; only to be read."""
        if not self._ground or (len(self._ground) == 1 and _is_bare(self._ground[0])):
            tile = self._ground[0].tiles.get(place) if self._ground else None
            return self._nothing if tile is None else tile
        tile = self._grounds.get(place)
        if tile is None:
            tile = blank_tile(self._depth)
            lay_layers(tile, self._ground, place, laid=painted)
            while len(self._grounds) >= KEPT:
                del self._grounds[next(iter(self._grounds))]
            self._grounds[place] = tile
        return tile

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


def opened(layers: Iterable[Layer]) -> Iterator[Layer]:
    """The layers, those in groups that change nothing in the place of the group."""
    for layer in layers:
        lets_through = layer.kind == "group" and layer.blend == "pass-through"
        if lets_through and layer.visible and layer.opacity == 1 and layer.mask is None:
            yield from opened(layer.layers)
        else:
            yield layer


def _halve(larger: QImage, smaller: QImage, boxes: Iterable[Rect], level: int) -> None:
    """The same at half the size; two to one is exactly the mean of four pixels."""
    with painting(smaller) as painter:
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for box in boxes:
            target = QRect(*(side >> level for side in box))
            painter.drawImage(target, larger, QRect(target.topLeft() * 2, target.size() * 2))


def _is_bare(layer: Layer) -> bool:
    """Whether what is seen of it is its tiles."""
    return _is_plain(layer) and layer.visible and layer.opacity == 1


def _is_plain(layer: Layer) -> bool:
    """Whether Qt's painter can lay it without help."""
    return not layer.visible or (layer.kind != "group" and layer.blend == "normal" and layer.mask is None)


def _paint(painter: QPainter, layers: Iterable[Layer], place: Place, box: Rect) -> None:
    """Lay plain layers at a part of a tile."""
    for layer in layers:
        tile = layer.tiles.get(place)
        if layer.visible and tile is not None:
            painter.setOpacity(layer.opacity)
            painter.drawImage(QPoint(box.x, box.y), image_of(tile), _inside(place, box))
    painter.setOpacity(1)


def _inside(place: Place, box: Rect) -> QRect:
    """A part of the document, from the corner of the tile that it is in."""
    return QRect(box.x - place[0] * TILE, box.y - place[1] * TILE, box.width, box.height)


def _split(stack: tuple[Layer, ...], active: int) -> tuple[tuple[Layer, ...], tuple[Layer, ...]]:
    """What is below the layer with that uid, or the group that holds it, and the rest."""
    for number, layer in enumerate(stack):
        if any(each.uid == active for each in layer.walk()):
            return stack[:number], stack[number:]
    return (), stack


def _cost(layers: Iterable[Layer], depth: Depth) -> float:
    """Of laying them on a tile."""
    pixels = (layer for top in layers for layer in top.walk() if layer.visible and layer.kind != "group")
    return sum(1 if depth == 16 or layer.blend != "normal" else QUICK for layer in pixels)


def _same(a: tuple[Layer, ...], b: tuple[Layer, ...]) -> bool:
    return len(a) == len(b) and all(x is y for x, y in zip(a, b, strict=True))
