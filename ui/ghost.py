"""The ghost: where the pixels of a pulled handle will go, without a model.

What a handle lifts is looked at once; while its target is pulled, Qt draws the piece elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PySide6.QtGui import QPainter

from engine.area import Rect
from engine.matte import trimmed
from engine.pictures import flat
from engine.types import Handle, Mask, Rgb
from engine.warp import filled, grown, lifted, part_way, region_of, shifted
from ui.document import Document, Pixels, premultiplied
from ui.handles import box, moving
from ui.pixels import image_of
from ui.spaces import as_seen

ROUND = 0.6  # of what is lifted: how far the ground round it is looked at

RIM = (2, 3.0)  # pixels round what is lifted, and over which it fades, in which the ground is new too


class Lift(NamedTuple):
    """What one handle takes away, and what is seen in its place."""

    at: Rect  # both pictures', (h, w, 4) premultiplied BGRA
    piece: Pixels
    ground: Pixels


class Ghost:
    def __init__(self) -> None:
        self._of: tuple[object, ...] = ()
        self._lifts: list[Lift] = []

    def draw(self, painter: QPainter, document: Document, way: float, keep: bool) -> None:
        """What the handles make of the picture at a share of their way, in canvas pixels; the caller has set
        the clip. `keep` leaves the sources as they are, too.
        """
        handles = moving(document.pulls)
        of = document.layers, *((each.source, each.radius, each.region, each.trim) for each in handles)
        if of != self._of:
            self._of, self._lifts = of, lifts(document, handles)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for lift in self._lifts:
            if not keep:
                painter.drawImage(lift.at.x, lift.at.y, image_of(lift.ground))
        for lift, handle in zip(self._lifts, handles, strict=True):
            now = part_way(handle, way)
            painter.save()
            painter.translate(*now.target)
            painter.rotate(now.turn)
            painter.scale(now.scale, now.scale)
            painter.translate(lift.at.x - now.source[0], lift.at.y - now.source[1])
            painter.drawImage(0, 0, image_of(lift.piece))
            painter.restore()
        painter.restore()


def lifts(document: Document, handles: Sequence[Handle]) -> list[Lift]:
    """What each of them takes away. Each is cut free of its ground first, as the engine does it."""
    free = [_trimmed(document, handle) for handle in handles]
    return [_lift(document, handle, free) for handle in free]


def _trimmed(document: Document, handle: Handle) -> Handle:
    if not handle.trim:
        return handle
    at = _round(document, handle)
    alone = trimmed(_seen(document, at), shifted(handle, -at.x, -at.y))
    return shifted(alone, at.x, at.y)


def _lift(document: Document, handle: Handle, handles: Sequence[Handle]) -> Lift:
    at = _round(document, handle)
    there = [shifted(each, -at.x, -at.y) for each in handles if _meets(_round(document, each), at)]
    picture = _seen(document, at)
    hole = grown(lifted(there, at.width, at.height), *RIM)
    alone = shifted(handle, -at.x, -at.y)
    region = region_of(alone, at.width, at.height)
    height, width = region.mask.shape
    mask = np.zeros((at.height, at.width), np.uint8)
    mask[region.y : region.y + height, region.x : region.x + width] = region.mask
    return Lift(at, _cut_out(picture, mask), _cut_out(filled(picture, hole), _solid(hole)))


def _round(document: Document, handle: Handle) -> Rect:
    """The part of the picture that has to be looked at."""
    held = box(handle, document.width, document.height)
    reach = round(ROUND * max(held.width, held.height)) + 12
    left, top = max(held.x - reach, 0), max(held.y - reach, 0)
    right = min(held.x + held.width + reach, document.width)
    bottom = min(held.y + held.height + reach, document.height)
    return Rect(left, top, max(right - left, 1), max(bottom - top, 1))


def _meets(a: Rect, b: Rect) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


def _seen(document: Document, at: Rect) -> Rgb:
    return flat(as_seen(document, at))


def _solid(hole: Mask) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.where(hole > 0, np.uint8(255), np.uint8(0))


def _cut_out(picture: Rgb, mask: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Pixels:
    return premultiplied(np.dstack([picture, mask]))
