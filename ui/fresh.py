"""What has changed in the picture since the engine was asked, drawn over what the engine made of it.

So a stroke is seen while it is painted on a live picture, and until the next picture has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

import numpy as np
from PySide6.QtGui import QPainter

from engine.area import Rect
from ui.document import TILE, Document, Layer, Pixels, Place, composite, places
from ui.pixels import painted
from ui.projection import Projection
from ui.spaces import on_screen
from ui.succession import difference

SAME, OTHER = 4, 40  # of 255: a pixel that differs by less is not drawn, one that differs by more is covered
SHARES = (256 * ((np.arange(256) - SAME) / (OTHER - SAME)).clip(0, 1)).astype(np.uint16)


class Fresh:
    def __init__(self, since: Document, shown: Document) -> None:
        self.since = since
        self._projection = Projection(since.width, since.height)
        self._projection.stale = difference(since, shown)
        self._drawn: set[Place] = set()

    def begin(self, since: Document, shown: Document) -> None:
        """The engine has been asked again."""
        self.since = since
        self.damage(self._drawn | difference(since, shown))

    def damage(self, changed: Iterable[Place]) -> None:
        self._projection.damage(changed)

    def draw(self, painter: QPainter, zoom: float, blends: bool, shown: Document, visible: Rect) -> None:
        """In canvas pixels; the caller has set the clip and the transform."""
        due = self._projection.stale.intersection(places(visible))
        patches = {place: _patch(self.since, shown, place) for place in due}
        layer = Layer("Fresh", "strokes", MappingProxyType(patches))
        self._projection.compose([layer], visible)
        self._drawn |= due
        if self._drawn:
            self._projection.draw(painter, zoom, blends)


def _patch(before: Document, after: Document, place: Place) -> Pixels:
    """A tile of the picture as it is now, clear where it is as before."""
    at = Rect(place[0] * TILE, place[1] * TILE, TILE, TILE)
    then, now = (on_screen(composite(each, at, laid=painted), each.profile) for each in (before, after))
    change = np.maximum(now, then) - np.minimum(now, then)
    largest = np.maximum.reduce([change[..., channel] for channel in range(4)])  # faster than its max
    patch: Pixels = (now * SHARES[largest][..., None] >> 8).astype(np.uint8)
    return patch
