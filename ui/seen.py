"""Pixels as they are before a gesture, for tools that take them from somewhere: put together tile by tile
where they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.area import Rect
from ui.document import Depth, Document, Layer, Pixels, Place, blank, blank_tile, lay_layers, overlap, places
from ui.pixels import painted
from ui.wet import Wet, WetMask


class Seen:
    def __init__(self, make: Callable[[Place], Pixels], depth: Depth) -> None:
        """`make` is asked once for each tile."""
        self._make, self._depth = make, depth
        self._tiles: dict[Place, Pixels] = {}

    def read(self, box: Rect) -> Pixels:
        """A copy of a box of the document, transparent outside of it."""
        out = blank(box.width, box.height, self._depth)
        for place in places(box):
            inside, outside = overlap(place, box)
            out[outside] = self.tile(place)[inside]
        return out

    def tile(self, place: Place) -> Pixels:
        """Only to be read."""
        if place not in self._tiles:
            self._tiles[place] = self._make(place)
        return self._tiles[place]


def merged(document: Document, shown: Callable[[Layer], bool] = lambda layer: True) -> Seen:
    """All layers, or those of which `shown` says yes, as they are seen."""

    def make(place: Place) -> Pixels:
        tile = blank_tile(document.depth)
        lay_layers(tile, document.layers, place, shown=shown, laid=painted)
        return tile

    return Seen(make, document.depth)


def seen_from(wet: Wet) -> Seen:
    """What one sees who paints there: the picture, or the mask that is painted on."""
    return Seen(wet.original, 8) if isinstance(wet, WetMask) else merged(wet.document)
