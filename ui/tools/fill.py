"""Fill: everything of a similar colour that hangs together with the pixel clicked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt

from engine.area import Rect
from ui.document import composite, overlap, places, premultiplied
from ui.session import Session
from ui.tools.pointer import Gesture, Pointer


@dataclass
class Fill:
    name: str = "Fill"
    icon: str = "paint-bucket"
    shortcut: str = "G"
    tip: str = "Fill an area of similar colour, as it is seen, with strokes of the current one."
    cursor: Qt.CursorShape = Qt.CursorShape.CrossCursor
    tolerance: float = 32.0  # 0..255, of each channel
    opacity: float = 1.0

    @property
    def outline(self) -> float | None:
        return None

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        document = session.document
        x, y = int(pointer.x), int(pointer.y)
        if not (0 <= pointer.x < document.width and 0 <= pointer.y < document.height):
            return
        seen = composite(document, document.rect)
        area = connected(similar(seen, x, y, self.tolerance), x, y)
        rows, columns = np.flatnonzero(area.any(1)), np.flatnonzero(area.any(0))
        box = Rect(
            int(columns[0]), int(rows[0]), int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1
        )
        colour = session.colour
        rgba = (colour.red(), colour.green(), colour.blue(), round(255 * self.opacity))
        paint = premultiplied(np.array([[rgba]], np.uint8))[0, 0].astype(np.uint16)
        with session.paint(self.name) as wet:
            for place in places(box):
                inside, outside = overlap(place, document.rect)
                part = area[outside]
                if not part.any():
                    continue
                below = wet.writable(place)[inside]
                under = (below[part].astype(np.uint16) * (255 - paint[3]) + 127) // 255
                below[part] = (paint + under).clip(0, 255)
            wet.show(set(wet.touched))
            while pointer.down:
                pointer = yield


def similar(pixels: NDArray[np.uint8], x: int, y: int, tolerance: float) -> NDArray[np.bool_]:
    """(h, w): where every channel is within `tolerance` of the pixel at (x, y)."""
    out = np.ones(pixels.shape[:2], np.bool_)
    for channel in range(pixels.shape[2]):
        value = int(pixels[y, x, channel])
        low, high = max(value - int(tolerance), 0), min(value + int(tolerance), 255)
        out &= (pixels[..., channel] >= low) & (pixels[..., channel] <= high)
    return out


def connected(mask: NDArray[np.bool_], x: int, y: int) -> NDArray[np.bool_]:
    """The part of the mask that hangs together with (x, y) by edges: horizontal runs, joined where they
    touch.
    """
    height, width = mask.shape
    stride = width + 1  # a column of False ends every run at the end of its row
    flat = np.zeros(1 + height * stride, np.bool_)  # and one more before the first row
    flat[1:].reshape(height, stride)[:, :width] = mask
    turns = np.flatnonzero(flat[1:] != flat[:-1])
    starts, ends = turns[::2], turns[1::2]
    # run i touches those runs j of the next row that begin before its end and end after its start
    first = np.searchsorted(ends, starts + stride, side="right")
    last = np.searchsorted(starts, ends + stride, side="left")
    counts = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(starts)), counts)
    lower = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
    labels = np.arange(len(starts))
    while True:  # every run takes the least label of its neighbours, then of its label's label
        least = np.minimum(labels[upper], labels[lower])
        joined = labels.copy()
        np.minimum.at(joined, labels[upper], least)
        np.minimum.at(joined, labels[lower], least)
        joined = joined[joined][labels]
        if (joined == labels).all():
            break
        labels = joined
    here = int(np.searchsorted(starts, y * stride + x, side="right")) - 1
    chosen = labels == labels[here]
    marks = np.zeros(height * stride + 1, np.int8)
    marks[starts[chosen]] = 1
    marks[ends[chosen]] -= 1
    out: NDArray[np.bool_] = np.cumsum(marks, dtype=np.int8)[:-1].reshape(height, stride)[:, :width] > 0
    return out
