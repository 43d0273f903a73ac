"""What a document holds, as a value that can be compared: pixels by their hashes."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from numpy.typing import NDArray

from ui.document import Document
from ui.record import Json, TileMap, record


class _Hashes:
    def put_tiles(self, tiles: TileMap) -> Json:
        blank = {3: 0, 2: 255}  # what a missing tile is, by the dimensions of a tile
        return {
            str(place): self.put_array(tile)
            for place, tile in sorted(tiles.items())
            if (tile != blank[tile.ndim]).any()
        }

    def put_array(self, array: NDArray[Any]) -> Json:
        return f"{array.dtype} {array.shape} {sha256(array.tobytes()).hexdigest()}"


def fingerprint(document: Document) -> Any:
    return record(document, _Hashes())
