"""Layers as the files that they were written to last, so that a save encodes only what has changed since.

Pixels never change, and documents share them: a layer is known again by its tiles. What is kept goes as soon
as one of them does.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator

from ui.document import Tiles

BUDGET = 256 << 20  # bytes; what is beyond them is encoded each time


class Encoded:
    """What the last save wrote. One save at a time."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._files: list[_File] = []
        self._used: list[_File] = []  # of the save that is under way

    def begin(self) -> None:
        self._used = []

    def end(self) -> None:
        """It is written: what it did not use is of no use any more."""
        self._files, self._used = self._used, []

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(file.size for file in self._files)

    def file(self, tiles: Tiles, profile: bytes, encode: Iterable[bytes]) -> Iterator[bytes]:
        """The parts of the file of those tiles; `encode` is asked for them only if they are not there."""
        known = next((file for file in self._files if file.is_of(tiles, profile)), None)
        room = self._budget - sum(file.size for file in self._used)
        if known is not None:
            self._used += [known] if known.size <= room else []
            yield from known.parts
            return
        parts: list[bytes] = []
        for part in encode:
            room -= len(part)
            parts.append(part)
            if room < 0:
                parts.clear()
            yield part
        if room >= 0:
            self._used.append(_File(tiles, profile, parts))


class _File:
    def __init__(self, tiles: Tiles, profile: bytes, parts: list[bytes]) -> None:
        self._profile, self.parts = profile, parts
        self._tiles = {place: weakref.ref(tile, lambda gone: parts.clear()) for place, tile in tiles.items()}

    @property
    def size(self) -> int:
        return sum(map(len, self.parts))

    def is_of(self, tiles: Tiles, profile: bytes) -> bool:
        there = self._tiles
        alike = self._profile == profile and there.keys() == tiles.keys()
        return alike and all(there[place]() is tile for place, tile in tiles.items())
