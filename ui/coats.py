"""Coats of paint on a wet layer: one colour, or pixels from elsewhere, or taking away what is there; never
more than the selection allows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QPainter

from engine.area import Rect
from ui.document import TILE, Pixels, Place
from ui.pixels import image_of, painting
from ui.wet import Wet

Amounts = NDArray[Any]  # (h, w), of the type of the pixels, 0..all that the type holds
Ink = Callable[[Rect, Amounts], Pixels]  # so much of the paint on that box of the document
Mode = QPainter.CompositionMode


def colour_ink(colour: QColor) -> Ink:
    """The same colour everywhere."""
    tables: dict[np.dtype[Any], NDArray[Any]] = {}

    def ink(box: Rect, amounts: Amounts) -> Pixels:
        table = tables.get(amounts.dtype)
        if table is None:
            table = tables[amounts.dtype] = _table(colour, amounts.dtype)
        pixels: Pixels = table[amounts].view(amounts.dtype).reshape(*amounts.shape, 4)
        return pixels

    return ink


def picture_ink(read: Callable[[Rect], Pixels]) -> Ink:
    """What `read` returns for a box, as new premultiplied pixels."""
    white = colour_ink(QColor("white"))

    def ink(box: Rect, amounts: Amounts) -> Pixels:
        pixels = read(box)
        with painting(pixels) as painter:
            painter.setCompositionMode(Mode.CompositionMode_DestinationIn)
            image = image_of(white(box, amounts))
            painter.drawImage(0, 0, image)
        return pixels

    return ink


class Coats:
    """Lays a stroke on the layer again and again while it grows: always on what was there before it."""

    def __init__(self, wet: Wet, ink: Ink | None) -> None:
        """Without ink it takes away."""
        self._wet = wet
        self._ink = ink or colour_ink(QColor("black"))
        if ink is None:
            self._mode = Mode.CompositionMode_DestinationOut
        elif wet.alpha_locked:
            self._mode = Mode.CompositionMode_SourceAtop
        else:
            self._mode = Mode.CompositionMode_SourceOver
        self._shares: dict[Place, NDArray[np.float32] | None] = {}
        self.is_idle = ink is None and wet.alpha_locked  # nothing may be taken away

    def lay(self, place: Place, box: Rect, coat: NDArray[np.float32]) -> None:
        """`coat` is how much to lay there, 0..1; the box is of the document, inside of the tile."""
        if self.is_idle:
            return
        tile, before = self._wet.writable(place), self._wet.original(place)
        x, y = box.x - place[0] * TILE, box.y - place[1] * TILE
        inside = slice(y, y + box.height), slice(x, x + box.width)
        tile[inside] = 0 if before is None else before[inside]
        share = self._share(place)
        if share is not None:
            coat = coat * share[inside]
        top = np.iinfo(tile.dtype).max
        amounts = (coat * np.float32(top) + np.float32(0.5)).astype(tile.dtype)
        image = image_of(self._ink(box, amounts))
        with painting(tile) as painter:
            painter.setCompositionMode(self._mode)
            painter.drawImage(x, y, image)

    def _share(self, place: Place) -> NDArray[np.float32] | None:
        if place not in self._shares:
            share = self._wet.share(place)
            self._shares[place] = None if share is None else share.astype(np.float32) / np.float32(255)
        return self._shares[place]


def _table(colour: QColor, kind: np.dtype[Any]) -> NDArray[Any]:
    """The premultiplied pixel for every amount, as one number each."""
    top = np.iinfo(kind).max
    red, green, blue = colour.redF(), colour.greenF(), colour.blueF()
    channels = (blue, green, red, 1.0) if kind == np.uint8 else (red, green, blue, 1.0)
    amounts = np.arange(top + 1, dtype=np.float64)[:, None] * colour.alphaF()
    pixels = np.round(amounts * np.array(channels)).astype(kind)
    numbers: NDArray[Any] = pixels.view(np.uint32 if kind == np.uint8 else np.uint64).ravel()
    return numbers
