"""What is painted on: private copies of the tiles that a stroke touches, frozen when they are dry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from engine.area import Rect
from ui.document import AREAS, TILE, Document, Layer, Pixels, Place, Shares, blank_tile, frozen
from ui.selection import share
from ui.spaces import own_colour

Changed = AbstractSet[Place] | Mapping[Place, Rect]  # tiles, and perhaps which part of each


@dataclass
class Wet:
    """The layer that a gesture paints on: its tiles, of which those touched are private copies."""

    layer: Layer
    tiles: dict[Place, Pixels]
    document: Document
    _damaged: Callable[[Changed], None]
    touched: set[Place] = field(default_factory=set)

    @property
    def alpha_locked(self) -> bool:
        """Whether only colours may change, not what is covered."""
        return self.layer.alpha_locked

    def blank(self) -> Pixels:
        """A transparent tile of the depth that is painted in; areas and masks have eight bits."""
        return blank_tile(8 if self.layer.kind in AREAS else self.document.depth)

    def ink(self, colour: QColor) -> QColor:
        """What to paint with for a colour of the screen, by the document's profile."""
        return own_colour(self.document, colour) if self.layer.kind == "strokes" else colour

    def share(self, place: Place) -> NDArray[np.uint8] | None:
        """How much may be painted there, (256, 256) in 0..255, by the selection; None: all."""
        selection = self.document.selection
        return None if selection is None else share(selection, place)

    def writable(self, place: Place) -> Pixels:
        """The tile there, ready to be painted on."""
        if place not in self.touched:
            before = self.original(place)
            self.tiles[place] = self.blank() if before is None else before.copy()
            self.touched.add(place)
        return self.tiles[place]

    def original(self, place: Place) -> Pixels | None:
        """The tile there as it was before the gesture."""
        return self.layer.tiles.get(place)

    def show(self, changed: Changed) -> None:
        self._damaged(changed)

    def dried(self) -> Layer:
        """The layer with what was painted, frozen; itself if nothing came out different."""
        tiles = dict(self.layer.tiles)
        for place in self.touched:
            tile, before = self.tiles[place], self.original(place)
            if not tile[..., 3].any():
                tiles.pop(place, None)
            elif before is None or not np.array_equal(tile, before):
                tiles[place] = frozen(tile)
        changed = any(tiles.get(place) is not self.original(place) for place in self.touched)
        return replace(self.layer, tiles=MappingProxyType(tiles)) if changed else self.layer


class WetMask(Wet):
    """The mask of a layer while a gesture paints on it: greys on tiles that are opaque, so that every tool
    can.
    """

    @property
    def alpha_locked(self) -> bool:
        return False

    def blank(self) -> Pixels:
        return blank_tile()

    def ink(self, colour: QColor) -> QColor:
        return colour

    def original(self, place: Place) -> Pixels:
        share = (self.layer.mask or {}).get(place)
        return frozen(np.full((TILE, TILE, 4), 255, np.uint8) if share is None else _grey(share))

    def shares(self) -> Shares:
        """The mask as it is while it is painted on."""
        return _LiveShares(self)

    def dried(self) -> Layer:
        mask = dict(self.layer.mask or {})
        changed = False
        for place in self.touched:
            share, before = _share(self.tiles[place]), _share(self.original(place))
            if np.array_equal(share, before):
                continue
            changed = True
            if (share == 255).all():
                mask.pop(place, None)
            else:
                share.flags.writeable = False
                mask[place] = share
        return replace(self.layer, mask=MappingProxyType(mask)) if changed else self.layer


class _LiveShares(Mapping[Place, NDArray[np.uint8]]):
    def __init__(self, wet: WetMask) -> None:
        self._wet = wet
        self._before: Shares = wet.layer.mask or {}

    def __getitem__(self, place: Place) -> NDArray[np.uint8]:
        return _share(self._wet.tiles[place]) if place in self._wet.touched else self._before[place]

    def __iter__(self) -> Iterator[Place]:
        return iter(self._before.keys() | self._wet.touched)

    def __len__(self) -> int:
        return len(self._before.keys() | self._wet.touched)


def _grey(share: NDArray[np.uint8]) -> Pixels:
    """A mask as pixels to be painted on."""
    pixels = np.repeat(share[..., None], 4, axis=2)
    pixels[..., 3] = 255
    return pixels


def _share(pixels: Pixels) -> NDArray[np.uint8]:
    """How light the pixels are: the other way round."""
    b, g, r = (pixels[..., channel].astype(np.uint32) for channel in range(3))
    return (b * 18 + g * 184 + r * 54 + 128 >> 8).astype(np.uint8)
