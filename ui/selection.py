"""Selections: where tools may work, as a mask of 0..255 of a rectangle of the document. Pure functions.

A selection without pixels selects nothing; a document that says None has no selection, and everything may be
worked on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPolygonF

from engine.area import Rect
from ui.document import (
    AREAS,
    TILE,
    Document,
    Layer,
    Pixels,
    Place,
    Rgba,
    Selection,
    composite,
    eight_bits,
    overlap,
)
from ui.pixels import image_of_grey, painting

How = Literal["replace", "add", "subtract", "intersect"]
Shape = NDArray[np.uint8]  # (h, w), 0..255
NOTHING = Selection(Rect(0, 0, 0, 0), np.zeros((0, 0), np.uint8))
BAND = 64  # rows
_NONE_OF_A_TILE = np.zeros((TILE, TILE), np.uint8)
_NONE_OF_A_TILE.flags.writeable = False


# ---- what is asked of a selection


def is_empty(selection: Selection) -> bool:
    return not selection.mask.size


def share(selection: Selection, place: Place) -> Shape:
    """How much of each pixel of a tile is selected, (256, 256) in 0..255; only to be read."""
    inside, outside = overlap(place, selection.at)
    part = selection.mask[outside] if _meets(place, selection.at) else selection.mask[:0, :0]
    if not part.size:
        return _NONE_OF_A_TILE
    if part.shape == (TILE, TILE):
        return part
    tile = np.zeros((TILE, TILE), np.uint8)
    tile[inside] = part
    return tile


def part_in(selection: Selection, rect: Rect) -> Shape:
    """The mask of any rectangle, as an array of its own."""
    out = np.zeros((rect.height, rect.width), np.uint8)
    common = common_part(rect, selection.at)
    if common.width and common.height:
        out[_moved(common, rect)] = selection.mask[_moved(common, selection.at)]
    return out


def holds(selection: Selection, x: float, y: float) -> bool:
    """Whether the pixel there is selected by half or more."""
    column, row = math.floor(x) - selection.at.x, math.floor(y) - selection.at.y
    inside = 0 <= column < selection.at.width and 0 <= row < selection.at.height
    return inside and bool(selection.mask[row, column] > 127)


# ---- selections from nothing


def selection_of(mask: Shape, x: int = 0, y: int = 0) -> Selection:
    """What a mask selects whose corner lies at (x, y), cut down to where it selects anything."""
    rows = np.flatnonzero(mask.any(1))
    if not len(rows):
        return NOTHING
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(0))
    top, left = int(rows[0]), int(columns[0])
    height, width = int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left
    part = np.ascontiguousarray(mask[top : top + height, left : left + width])
    part.flags.writeable = False
    return Selection(Rect(x + left, y + top, width, height), part)


def everything(rect: Rect) -> Selection:
    """All of a rectangle; it takes no memory."""
    return Selection(rect, np.broadcast_to(np.uint8(255), (rect.height, rect.width)))


def rectangle(corner: QPointF, other: QPointF, inside: Rect) -> Selection:
    """The whole pixels that are nearest to a rectangle."""
    left, right = sorted((round(corner.x()), round(other.x())))
    top, bottom = sorted((round(corner.y()), round(other.y())))
    part = common_part(Rect(left, top, right - left, bottom - top), inside)
    return everything(part) if part.width and part.height else NOTHING


def ellipse(corner: QPointF, other: QPointF, inside: Rect, smooth: bool = True) -> Selection:
    path = QPainterPath()
    path.addEllipse(QRectF(corner, other).normalized())
    return filled(path, inside, smooth)


def polygon(points: Sequence[tuple[float, float]], inside: Rect, smooth: bool = True) -> Selection:
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(*point) for point in points]))
    return filled(path, inside, smooth)


def filled(path: QPainterPath, inside: Rect, smooth: bool = True) -> Selection:
    """What a path encloses, in canvas pixels; smooth edges cover pixels by parts."""
    box = path.boundingRect().toAlignedRect()
    rect = common_part(Rect(box.x(), box.y(), box.width(), box.height()), inside)
    if not (rect.width and rect.height):
        return NOTHING
    mask = np.zeros((rect.height, -(-rect.width // 4) * 4), np.uint8)  # Qt wants rows of whole words
    path.setFillRule(Qt.FillRule.WindingFill)
    with painting(image_of_grey(mask)) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
        painter.translate(-rect.x, -rect.y)
        painter.fillPath(path, Qt.GlobalColor.white)
    return selection_of(mask[:, : rect.width], rect.x, rect.y)


def from_alpha(document: Document, layer: Layer) -> Selection:
    """What a layer or a group covers inside the document."""
    rect = common_part(covered(layer), document.rect)
    alpha = np.ascontiguousarray(alone(document, layer, rect)[..., 3])
    return selection_of(eight_bits(alpha), rect.x, rect.y)


def covered(layer: Layer) -> Rect:
    """The tiles that a layer or a group has, as one rectangle."""
    there = [place for each in layer.walk() for place in each.tiles]
    if not there:
        return Rect(0, 0, 0, 0)
    columns, rows = [place[0] for place in there], [place[1] for place in there]
    left, top = min(columns) * TILE, min(rows) * TILE
    return Rect(left, top, (max(columns) + 1) * TILE - left, (max(rows) + 1) * TILE - top)


def alone(document: Document, layer: Layer, rect: Rect) -> Pixels:
    """A layer as if there were no other, however it is shown, (h, w, 4) premultiplied."""
    shown = replace(layer, visible=True, opacity=1.0, blend="normal")
    depth = 8 if layer.kind in AREAS else document.depth
    return composite(replace(document, layers=(shown,), depth=depth), rect)


def colour_range(pixels: Rgba, colour: tuple[int, int, int], tolerance: float) -> Selection:
    """Every pixel of a colour (RGB): wholly within half the tolerance, and less and less up to it.

    Colours are as far from each other as their most different channel, 0..255.
    """
    pixels = eight_bits(pixels)
    levels = np.arange(256)
    far = [np.abs(levels - value).astype(np.uint8) for value in colour]
    falling = np.where(levels == 0, 1.0, 2 - 2 * levels / max(tolerance, 0.5)).clip(0, 1)
    share = np.rint(255 * falling).astype(np.uint8)
    mask = np.empty(pixels.shape[:2], np.uint8)
    for top in range(0, len(mask), BAND):
        band = pixels[top : top + BAND]
        distance = far[0][band[..., 0]]
        for channel in (1, 2):
            np.maximum(distance, far[channel][band[..., channel]], out=distance)
        np.minimum(share[distance], band[..., 3], out=mask[top : top + BAND])
    return selection_of(mask)


def wand(pixels: Pixels, x: int, y: int, tolerance: float, contiguous: bool = True) -> Selection:
    """What looks similar to the pixel at (x, y): all that hangs together with it, or wherever it is."""
    alike = similar(eight_bits(pixels), x, y, tolerance)
    if contiguous:
        alike = connected(alike, x, y)
    return selection_of(alike.view(np.uint8) * np.uint8(255))


# ---- selections from selections


def combined(a: Selection | None, b: Selection, how: How) -> Selection:
    """A selection and a new one; where there was none, the new one is all there is."""
    if a is None or how == "replace":
        return b
    rect = common_part(a.at, b.at) if how == "intersect" else _around(a.at, b.at) if how == "add" else a.at
    mine, other = part_in(a, rect), part_in(b, rect)
    if how == "add":
        np.maximum(mine, other, out=mine)
    elif how == "subtract":
        np.minimum(mine, 255 - other, out=mine)
    else:
        np.minimum(mine, other, out=mine)
    return selection_of(mine, rect.x, rect.y)


def inverted(selection: Selection | None, inside: Rect) -> Selection:
    if selection is None:
        return NOTHING
    return selection_of(255 - part_in(selection, inside), inside.x, inside.y)


def shifted(selection: Selection, dx: int, dy: int, inside: Rect) -> Selection:
    """Moved by whole pixels; what leaves the rectangle is cut off."""
    at = selection.at._replace(x=selection.at.x + dx, y=selection.at.y + dy)
    common = common_part(at, inside)
    return selection_of(selection.mask[_moved(common, at)], common.x, common.y)


def grown(selection: Selection, radius: int, inside: Rect) -> Selection:
    """Wider by a disc of so many pixels."""
    rect = _widened(selection.at, radius, inside)
    return selection_of(_dilated(part_in(selection, rect), radius), rect.x, rect.y)


def shrunk(selection: Selection, radius: int, inside: Rect) -> Selection:
    """Narrower by a disc of so many pixels; the border of the document is no edge."""
    rect = _widened(selection.at, 1, inside)
    left = 255 - _dilated(255 - part_in(selection, rect), radius)
    return selection_of(left, rect.x, rect.y)


def feathered(selection: Selection, radius: float, inside: Rect) -> Selection:
    """Its edge made soft over so many pixels to either side."""
    rect = _widened(selection.at, math.ceil(1.5 * radius) + 1, inside)
    return selection_of(_blurred(part_in(selection, rect), radius / 2), rect.x, rect.y)


def border(selection: Selection, width: int, inside: Rect) -> Selection:
    """A band of so many pixels along its edge."""
    outer = grown(selection, (width + 1) // 2, inside)
    return combined(outer, shrunk(selection, width // 2, inside), "subtract")


# ---- what fills and wands look for


def similar(pixels: Rgba, x: int, y: int, tolerance: float) -> NDArray[np.bool_]:
    """(h, w): where every channel of eight bits is within `tolerance` of the pixel at (x, y)."""
    height, width = pixels.shape[:2]
    here = pixels[y, x].astype(np.int16)
    low, high = np.maximum(here - int(tolerance), 0), np.minimum(here + int(tolerance), 255)
    lows, spans = (np.tile(each.astype(np.uint8), width) for each in (low, high - low))
    rows = np.ascontiguousarray(pixels).reshape(height, 4 * width)
    out = np.empty((height, width), np.bool_)
    for top in range(0, height, BAND):  # a few rows at a time stay in the processor's cache
        alike = rows[top : top + BAND] - lows <= spans  # what is less than `lows` wraps to more than any span
        np.equal(alike.view(np.uint32), 0x01010101, out=out[top : top + BAND])
    return out


def connected(mask: NDArray[np.bool_], x: int, y: int) -> NDArray[np.bool_]:
    """The part of the mask that hangs together with (x, y) by edges: horizontal runs, joined where they
    touch.
    """
    height, width = mask.shape
    stride = width + 1  # a column of False ends every run at the end of its row
    flat = np.zeros(1 + height * stride, np.bool_)  # and one more before the first row
    flat[1:].reshape(height, stride)[:, :width] = mask
    turns = np.flatnonzero(flat[1:] != flat[:-1]).astype(np.int32)
    starts, ends = turns[::2], turns[1::2]
    # run i touches those runs j of the next row that begin before its end and end after its start
    first = np.searchsorted(ends, starts + stride, side="right")
    last = np.searchsorted(starts, ends + stride, side="left")
    counts = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(starts)), counts)
    lower = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
    labels = np.arange(len(starts), dtype=np.int32)
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
    turning = np.zeros(height * stride, np.uint8)
    turning[starts[chosen]] = turning[ends[chosen]] = 1
    shown = np.bitwise_xor.accumulate(turning)  # `np.repeat` would let no other thread run
    return shown.view(np.bool_).reshape(height, stride)[:, :width]


def _dilated(mask: Shape, radius: int) -> Shape:
    """The maximum over a disc, block by block: a block and what is near it stay in the processor's cache."""
    if radius < 1:
        return mask
    height, width = mask.shape
    out = np.empty_like(mask)
    padded = np.pad(mask, radius)
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            down, across = min(TILE, height - top), min(TILE, width - left)
            part = padded[top : top + down + 2 * radius, left : left + across + 2 * radius]
            low, high = part.min(), part.max()
            block = out[top : top + down, left : left + across]
            block[...] = high if low == high else _dilated_block(part, radius)
    return out


def _dilated_block(part: Shape, radius: int) -> Shape:
    """The maximum over a disc of all but the outer `radius` pixels of a block.

    The disc is taken row by row from its narrow ends to its middle, so that each row needs only a little more
    than the one before.
    """
    height, width = part.shape[0] - 2 * radius, part.shape[1] - 2 * radius
    out = np.zeros((height, width), np.uint8)
    wide = part[:, radius : radius + width].copy()  # the maximum over `reach` pixels to either side
    reach = 0
    for row in range(radius, -1, -1):
        half = min(int(math.sqrt((radius + 0.5) ** 2 - row**2)), radius)
        while reach < half:
            reach += 1
            np.maximum(wide, part[:, radius - reach : radius - reach + width], out=wide)
            np.maximum(wide, part[:, radius + reach : radius + reach + width], out=wide)
        np.maximum(out, wide[radius - row : radius - row + height], out=out)
        np.maximum(out, wide[radius + row : radius + row + height], out=out)
    return out


def _blurred(mask: Shape, sigma: float) -> Shape:
    """By a Gaussian, block by block: most of a mask is all there or not at all, and stays so."""
    reach = math.ceil(3.5 * sigma) + 1
    side = max(TILE, 2 * reach)
    out = np.empty_like(mask)
    for top in range(0, mask.shape[0], side):
        for left in range(0, mask.shape[1], side):
            above, beside = max(top - reach, 0), max(left - reach, 0)
            part = mask[above : top + side + reach, beside : left + side + reach]
            block = out[top : top + side, left : left + side]
            if part.min() == part.max():
                block[...] = part[0, 0]
            else:
                image = Image.fromarray(part).filter(ImageFilter.GaussianBlur(sigma))
                soft = np.asarray(image)[top - above :, left - beside :]
                block[...] = soft[: block.shape[0], : block.shape[1]]
    return out


def _meets(place: Place, rect: Rect) -> bool:
    x, y = place[0] * TILE, place[1] * TILE
    return x < rect.x + rect.width and rect.x < x + TILE and y < rect.y + rect.height and rect.y < y + TILE


def common_part(a: Rect, b: Rect) -> Rect:
    left, top = max(a.x, b.x), max(a.y, b.y)
    right, bottom = min(a.x + a.width, b.x + b.width), min(a.y + a.height, b.y + b.height)
    return Rect(left, top, max(right - left, 0), max(bottom - top, 0))


def _around(a: Rect, b: Rect) -> Rect:
    """The smallest rectangle that holds both; one that is empty does not count."""
    if not (a.width and b.width):
        return a if a.width else b
    left, top = min(a.x, b.x), min(a.y, b.y)
    right, bottom = max(a.x + a.width, b.x + b.width), max(a.y + a.height, b.y + b.height)
    return Rect(left, top, right - left, bottom - top)


def _widened(rect: Rect, by: int, inside: Rect) -> Rect:
    return common_part(Rect(rect.x - by, rect.y - by, rect.width + 2 * by, rect.height + 2 * by), inside)


def _moved(rect: Rect, origin: Rect) -> tuple[slice, slice]:
    """To cut a rectangle out of an array that holds `origin`."""
    return Rect(rect.x - origin.x, rect.y - origin.y, rect.width, rect.height).slices
