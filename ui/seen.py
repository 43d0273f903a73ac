"""The picture as it looks before a gesture, for tools that take pixels from it: put together tile by tile
where it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.area import Rect
from ui.document import Document, Layer, Pixels, Place, blank, blank_tile, lay_layers, overlap, places
from ui.projection import painted


class Seen:
    def __init__(self, document: Document, shown: Callable[[Layer], bool] = lambda layer: True) -> None:
        """`shown` says of which layers."""
        self._document, self._shown = document, shown
        self._tiles: dict[Place, Pixels] = {}

    def read(self, box: Rect) -> Pixels:
        """A copy of a box of the document, transparent outside of it."""
        out = blank(box.width, box.height, self._document.depth)
        for place in places(box):
            inside, outside = overlap(place, box)
            out[outside] = self.tile(place)[inside]
        return out

    def tile(self, place: Place) -> Pixels:
        """Only to be read."""
        tile = self._tiles.get(place)
        if tile is None:
            tile = self._tiles[place] = blank_tile(self._document.depth)
            lay_layers(tile, self._document.layers, place, shown=self._shown, laid=painted)
        return tile
