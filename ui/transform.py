"""Transformed layers: moved, scaled, turned, flipped, skewed, in perspective, by matrices of canvas pixels.

A layer keeps the pixels that it began with (`Placed`), and each transformation is composed with those before:
so nothing is resampled twice. Moves by whole pixels, flips and quarter turns keep every pixel as it is.
"""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Literal, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.area import Rect
from ui.document import (
    TILE,
    Document,
    Layer,
    Pixels,
    Place,
    Placed,
    Selection,
    Shares,
    Tiles,
    frozen,
    overlap,
    places,
)
from ui.selection import share
from ui.work import Making, made

Resampling = Literal["nearest", "bilinear", "bicubic"]
T = TypeVar("T")
Matrix = NDArray[np.float64]  # (3, 3): a column (x, y, 1) to another, up to a factor
NONE: Matrix = np.eye(3)
LARGEST = 3 * 8192  # pixels, of either side of what comes out
STRIP = 1 << 22  # samples that are worked on at once
FILTERS: dict[Resampling, Image.Resampling] = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}
FINEST = 8  # times that what shrinks is looked at more finely in each direction


# ---- matrices


def shift(dx: float, dy: float) -> Matrix:
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]], np.float64)


def about(point: tuple[float, float], linear: NDArray[np.float64]) -> Matrix:
    """A linear map (2, 2) that leaves a point where it is."""
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    return shift(*point) @ matrix @ shift(-point[0], -point[1])


def turn(degrees: float) -> NDArray[np.float64]:
    """Clockwise as it is seen; exact for quarter turns."""
    quarters = degrees / 90
    if quarters == round(quarters):
        cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[round(quarters) % 4]
    else:
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))  # type: ignore[assignment]
    return np.array([[cos, -sin], [sin, cos]], np.float64)


def between(a: NDArray[np.float64], b: NDArray[np.float64]) -> Matrix:
    """The projective map that takes four points to four others, (4, 2) each."""
    rows, right = [], []
    for (x, y), (u, v) in zip(a.tolist(), b.tolist(), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    matrix: Matrix = np.append(np.linalg.solve(np.array(rows), np.array(right)), 1.0).reshape(3, 3)
    return matrix


def between_frames(a: tuple[float, ...], b: tuple[float, ...]) -> Matrix:
    """From the pixels of a document whose frame is `a` to those that it has with the frame `b`."""
    first, then = (np.array(frame).reshape(3, 3) for frame in (a, b))
    matrix: Matrix = then @ np.linalg.inv(first)
    return matrix


def mapped(matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (n, 2)."""
    columns = matrix @ np.column_stack([points, np.ones(len(points))]).T
    there: NDArray[np.float64] = (columns[:2] / columns[2]).T
    return there


def corners(rect: Rect) -> NDArray[np.float64]:
    """Of a rectangle, clockwise from its upper left one, (4, 2)."""
    x, y, right, bottom = rect.x, rect.y, rect.x + rect.width, rect.y + rect.height
    return np.array([[x, y], [right, y], [right, bottom], [x, bottom]], np.float64)


# ---- layers


def transformed(layer: Layer, matrix: Matrix, how: Resampling = "bicubic") -> Layer:
    """A layer, or a group with all that is in it, under a map of the document's pixels."""
    return made(transforming(layer, matrix, how))


def transforming(layer: Layer, matrix: Matrix, how: Resampling = "bicubic") -> Making[Layer]:
    """The same step by step."""
    if np.allclose(matrix, NONE, rtol=0, atol=1e-9):
        return layer
    layers, parts = [], len(layer.layers) + 1
    for number, each in enumerate(layer.layers):
        layers.append((yield from part(transforming(each, matrix, how), number, parts)))
    placed = placed_of(layer)
    whole = _whole(placed, matrix)
    first = placed.tiles, placed.mask, whole
    if is_exact(matrix):  # what there is, is what would come out once more
        first = layer.tiles, layer.mask, matrix
    tiles = yield from part(_moving(first[0], first[2], how), parts - 1, parts)
    mask = None if first[1] is None else (yield from _moving_mask(first[1], first[2], how))
    kept = replace(placed, matrix=tuple(whole.ravel().tolist()), shown=tiles, shown_mask=mask)
    is_group = layer.kind == "group"
    return replace(layer, tiles=tiles, mask=mask, layers=tuple(layers), placed=None if is_group else kept)


def is_exact(matrix: Matrix) -> bool:
    """Whether it moves by whole pixels, flips or turns by quarters, and does nothing else."""
    whole = np.rint(matrix)
    sides = np.abs(whole[:2, :2]).tolist()
    return bool(
        np.abs(matrix - whole).max() < 1e-6
        and whole[2].tolist() == [0, 0, 1]
        and sides in ([[1, 0], [0, 1]], [[0, 1], [1, 0]])
    )


def size_of(layer: Layer, matrix: Matrix) -> int:
    """How many pixels come out of transforming a layer. Raises ValueError if they would be too many."""
    sizes = [size_of(each, matrix) for each in layer.layers]
    placed = placed_of(layer)
    box = held(placed.tiles)
    if box.width:
        box = covering(mapped(_whole(placed, matrix), corners(box)))
    return sum(sizes) + box.width * box.height


def _whole(placed: Placed, matrix: Matrix) -> Matrix:
    """From the pixels that a layer began with to where a further map takes them."""
    whole = matrix @ np.array(placed.matrix).reshape(3, 3)
    there: Matrix = whole / whole[2, 2]
    return there


def part(making: Making[T], number: int, count: int) -> Making[T]:
    """One of so many equal parts of some work."""
    while True:
        try:
            told = next(making)
        except StopIteration as end:
            return cast("T", end.value)
        yield (number + told) / count if isinstance(told, float) else told


def placed_of(layer: Layer) -> Placed:
    """What its pixels come from: themselves, if it was never transformed or was painted on since."""
    placed = layer.placed
    if placed is not None and _same(placed.shown, layer.tiles) and _same(placed.shown_mask, layer.mask):
        return placed
    return fresh(layer)


def fresh(layer: Layer) -> Placed:
    """Its pixels as they are, to be transformed."""
    identity = tuple(NONE.ravel().tolist())
    return Placed(layer.tiles, layer.mask, identity, layer.tiles, layer.mask)


def pasted(layer: Layer) -> Layer:
    """A layer that remembers that it came from elsewhere."""
    return replace(layer, placed=fresh(layer))


def bounds(layer: Layer) -> Rect:
    """The smallest rectangle that holds all that a layer or a group covers, beyond the document too."""
    box: Rect | None = None
    for each in layer.walk():
        inner = held(each.tiles)
        if inner.width:
            box = inner if box is None else _around(box, inner)
    return box or Rect(0, 0, 0, 0)


def held(tiles: Tiles) -> Rect:
    """The smallest rectangle round all pixels that are not transparent."""
    (left, right), (top, bottom) = _span(tiles, 0), _span(tiles, 1)
    return Rect(left, top, right - left, bottom - top)


def _span(tiles: Tiles, axis: int) -> tuple[int, int]:
    """From which column (axis 0) or row (1) of pixels on they lie, and where they end; only the outer tiles
    are looked at.
    """
    lines: dict[int, list[Pixels]] = {}
    for place, tile in tiles.items():
        lines.setdefault(place[axis], []).append(tile)

    def covered(index: int) -> list[int]:
        there = np.any([tile[..., 3].any(axis) for tile in lines[index]], 0)
        return [index * TILE + int(offset) for offset in np.flatnonzero(there)]

    ordered = sorted(lines)
    first = next(filter(None, map(covered, ordered)), [0])
    last = next(filter(None, map(covered, reversed(ordered))), [-1])
    return first[0], last[-1] + 1


def gathered(tiles: Tiles, rect: Rect) -> Pixels:
    """The pixels of a rectangle in one array, premultiplied."""
    depth = next((tile.dtype for tile in tiles.values()), np.dtype(np.uint8))
    out = np.zeros((rect.height, rect.width, 4), depth)
    for place in places(rect):
        tile = tiles.get(place)
        if tile is not None:
            inside, outside = overlap(place, rect)
            out[outside] = tile[inside]
    return out


def tiles_of(pixels: Pixels, x: int, y: int) -> Tiles:
    """Premultiplied pixels at (x, y) in tiles; those that would be transparent are left out."""
    rect, tiles = Rect(x, y, pixels.shape[1], pixels.shape[0]), {}
    for place in places(rect):
        inside, outside = overlap(place, rect)
        part = pixels[outside]
        if part[..., 3].any():
            tile = np.zeros((TILE, TILE, 4), pixels.dtype)
            tile[inside] = part
            tiles[place] = frozen(tile)
    return MappingProxyType(tiles)


# ---- what is selected of a layer


def cut_out(layer: Layer, selection: Selection) -> Tiles:
    """The part of its pixels that is selected."""
    return _shared(layer.tiles, selection, kept=False)


def without(layer: Layer, selection: Selection) -> Tiles:
    """The part of its pixels that is not selected."""
    return _shared(layer.tiles, selection, kept=True)


def lifted(document: Document, layer: Layer, name: str, copies: bool = False) -> tuple[Document, Layer]:
    """What is selected of a layer as a layer of its own right above it; the layer itself, if that is all it
    holds. A layer that is lifted from the picture holds strokes: the picture itself is to be made of them.
    """
    selection = document.selection
    if selection is None or layer.kind == "group":
        return document, layer
    rest = without(layer, selection)
    if not rest and not copies:
        return document, layer
    tiles = cut_out(layer, selection)
    piece = pasted(Layer(name, "strokes", tiles, layer.opacity, blend=layer.blend))
    if not copies:
        left = replace(layer, tiles=rest, placed=None)
        document, layer = document.exchange(layer, left), left
    return document.with_layer(piece, layer), piece


def _shared(tiles: Tiles, selection: Selection, kept: bool) -> Tiles:
    """Tiles times the selection, or times what is not selected."""
    out: dict[Place, Pixels] = {}
    for place, tile in tiles.items():
        part = share(selection, place)
        if kept:
            part = 255 - part
        if (part == 255).all():
            out[place] = tile
        elif part.any():
            faded = ((tile.astype(np.uint32) * part[..., None] + 127) // 255).astype(tile.dtype)
            if faded[..., 3].any():
                out[place] = frozen(faded)
    return MappingProxyType(out)


# ---- pixels


def warped(pixels: Pixels, matrix: Matrix, how: Resampling) -> tuple[Pixels, int, int]:
    """Pixels under a map, and where the upper left corner of what comes out lies.

    Each pixel that comes out is the mean of what it covers: where the map shrinks, it is looked at more
    finely, and then the mean is taken.
    """
    return made(_warping(pixels, matrix, how))


def _warping(pixels: Pixels, matrix: Matrix, how: Resampling) -> Making[tuple[Pixels, int, int]]:
    height, width = pixels.shape[:2]
    box = covering(mapped(matrix, corners(Rect(0, 0, width, height))))
    exact = rearranged(pixels, matrix)
    if exact is not None:
        return exact, box.x, box.y
    first = _upright(matrix)
    if first is not None:
        pixels, x, y = yield from _warping(pixels, first, how)
        return (yield from _scaling(pixels, matrix @ np.linalg.inv(first) @ shift(x, y), how))
    pixels = np.pad(pixels, ((2, 2), (2, 2), (0, 0)))  # its edge fades into the nothing round it
    box = Rect(box.x - 1, box.y - 1, box.width + 2, box.height + 2)
    back: Matrix = np.linalg.inv(shift(-box.x, -box.y) @ matrix @ shift(-2, -2)).astype(np.float64)
    finer = 1 if how == "nearest" else _finer(back, box)
    planes = _planes(pixels)
    if how == "bicubic" and finer == 1:  # Pillow's own bicubic look-up sharpens: its enlargement does not
        yield 0.0
        planes = [_doubled(plane) for plane in planes]
        back = shift(-0.5, -0.5) @ np.diag([2.0, 2.0, 1.0]) @ back
    out = np.empty((box.height, box.width, 4), pixels.dtype)
    rows = max(1, STRIP // (finer * finer * box.width))
    for top in range(0, box.height, rows):
        yield top / box.height
        strip = out[top : top + rows]
        fine = back @ shift(0, top) @ np.diag([1 / finer, 1 / finer, 1])
        size = strip.shape[1] * finer, strip.shape[0] * finer
        found = [_looked_up(plane, fine, size, how) for plane in planes]
        strip[...] = _mean(found[0] if len(found) == 1 else np.stack(found, 2), finer).clip(0, _most(out))
        np.minimum(strip, strip[..., 3:], out=strip)  # a bicubic curve may overshoot
    return out, box.x, box.y


def _moving(tiles: Tiles, matrix: Matrix, how: Resampling) -> Making[Tiles]:
    box = held(tiles)
    if not box.width:
        return tiles
    yield 0.0
    pixels = gathered(tiles, box)
    pixels, x, y = yield from _warping(pixels, matrix @ shift(box.x, box.y), how)
    return tiles_of(pixels, x, y)


def _moving_mask(mask: Shares, matrix: Matrix, how: Resampling) -> Making[Shares]:
    """A mask hides what it hides; whatever it does not reach is seen."""
    hiding = {place: np.dstack([255 - part] * 4) for place, part in mask.items()}
    moved = yield from _moving(MappingProxyType(hiding), matrix, how)
    parts = {place: 255 - tile[..., 3] for place, tile in moved.items()}
    for part in parts.values():
        part.flags.writeable = False
    return MappingProxyType(parts)


def covering(points: NDArray[np.float64]) -> Rect:
    """The whole pixels round some points."""
    low, high = np.floor(points.min(0) + 1e-6), np.ceil(points.max(0) - 1e-6)
    if not np.isfinite(points).all() or (high - low).max() > LARGEST:
        raise ValueError("the transformed layer would be too large")
    return Rect(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


def rearranged(pixels: Pixels, matrix: Matrix) -> Pixels | None:
    """The pixels in another order, if that is all that a map does to them."""
    if not is_exact(matrix):
        return None
    (a, b), (c, d) = np.rint(matrix[:2, :2]).tolist()
    if not a:  # x comes from y
        pixels, a, d = pixels.swapaxes(0, 1), b, c
    return np.ascontiguousarray(pixels[:: int(d), :: int(a)])


def _upright(matrix: Matrix) -> Matrix | None:
    """Of a map that does no more than scale, flip and turn by quarters, what it does but for scaling."""
    sides = np.abs(matrix[:2, :2])
    slight = 1e-9 * sides.max()
    if np.abs(matrix[2] - (0, 0, 1)).max() > 1e-9:
        return None
    if min(sides[0, 0], sides[1, 1]) <= slight:
        sides = sides[::-1]
    if max(sides[0, 1], sides[1, 0]) > slight:
        return None
    first = np.eye(3)
    first[:2, :2] = np.sign(matrix[:2, :2]) * (np.abs(matrix[:2, :2]) > slight)
    return first


def _scaling(pixels: Pixels, matrix: Matrix, how: Resampling) -> Making[tuple[Pixels, int, int]]:
    """Pixels under a map that makes them larger or smaller: an edge of them ends as sharply as it began, so
    that a picture stays opaque to its edges.
    """
    (across, _, x), (_, down, y), _ = matrix.tolist()
    height, width = pixels.shape[:2]
    box = covering(mapped(matrix, corners(Rect(0, 0, width, height))))
    back: Matrix = np.linalg.inv(matrix).astype(np.float64)
    (left, top), _, (right, bottom), _ = mapped(back, corners(box)).tolist()
    room = [min(max(math.ceil(each), 0), FINEST) for each in (-top, bottom - height, -left, right - width)]
    pixels = np.pad(pixels, (room[:2], room[2:], (0, 0)), "edge")
    left, right = max(left + room[2], 0), min(right + room[2], pixels.shape[1])
    planes, out = _planes(pixels), np.empty((box.height, box.width, 4), pixels.dtype)
    columns = _covered(box.x, box.width, x, x + width * across, how)
    lines = _covered(box.y, box.height, y, y + height * down, how)
    rows = max(1, STRIP // box.width)
    for first in range(0, box.height, rows):
        yield first / box.height
        strip, share = out[first : first + rows], lines[first : first + rows, None] * columns
        upper = max(top + room[0] + first / down, 0)
        lower = min(top + room[0] + (first + len(strip)) / down, pixels.shape[0])
        size, place = (box.width, len(strip)), (left, upper, right, lower)
        found = [np.asarray(plane.resize(size, FILTERS[how], place)) for plane in planes]
        samples = found[0] if len(found) == 1 else np.stack(found, 2)
        if (share != 1).any():
            samples = samples * share[..., None]
        strip[...] = samples if samples.dtype == out.dtype else np.rint(samples).clip(0, _most(out))
        np.minimum(strip, strip[..., 3:], out=strip)  # a bicubic curve may overshoot
    return out, box.x, box.y


def _covered(first: int, count: int, start: float, end: float, how: Resampling) -> NDArray[np.float32]:
    """How much of each of so many pixels lies between two edges."""
    pixels = np.arange(first, first + count, dtype=np.float64)
    share = (np.minimum(pixels + 1, end) - np.maximum(pixels, start)).clip(0, 1)
    share[share > 1 - 1e-6] = 1
    return (np.rint(share) if how == "nearest" else share).astype(np.float32)


def _finer(back: Matrix, box: Rect) -> int:
    """How many pixels lie behind one of what comes out, in a direction, where that is most."""
    most = 1.0
    points = [*corners(Rect(0, 0, box.width, box.height)).tolist(), [box.width / 2, box.height / 2]]
    for x, y in points:
        here = mapped(back, np.array([[x, y], [x + 1, y], [x, y + 1]]))
        most = max(most, float(np.hypot(*(here[1:] - here[0]).T).max()))
    return min(math.ceil(most - 0.25), FINEST)


def _planes(pixels: Pixels) -> list[Image.Image]:
    """As Pillow takes them: four bytes together, more than that channel by channel."""
    if pixels.dtype == np.uint8:
        size = pixels.shape[1], pixels.shape[0]
        return [Image.frombuffer("RGBX", size, pixels, "raw", "RGBX", 0, 1)]  # RGBA would be straight
    return [Image.fromarray(np.ascontiguousarray(pixels[..., channel], np.float32)) for channel in range(4)]


def _doubled(plane: Image.Image) -> Image.Image:
    """Twice as large, less one: each of its pixels stays, and new ones lie half way between."""
    size, box = (
        (2 * plane.width - 1, 2 * plane.height - 1),
        (0.25, 0.25, plane.width - 0.25, plane.height - 0.25),
    )
    return plane.resize(size, Image.Resampling.BICUBIC, box)


def _looked_up(plane: Image.Image, back: Matrix, size: tuple[int, int], how: Resampling) -> NDArray[Any]:
    """Pixels through a map from what comes out."""
    back = back / back[2, 2]
    method = Image.Resampling.NEAREST if how == "nearest" else Image.Resampling.BILINEAR
    if np.abs(back[2, :2]).any():
        found = plane.transform(size, Image.Transform.PERSPECTIVE, back.ravel()[:8].tolist(), method)
    else:  # half the time
        found = plane.transform(size, Image.Transform.AFFINE, back.ravel()[:6].tolist(), method)
    return np.asarray(found)


def _most(pixels: Pixels) -> int:
    return int(np.iinfo(pixels.dtype).max)


def _mean(samples: NDArray[Any], finer: int) -> NDArray[Any]:
    """Of squares of so many samples a side, rounded."""
    if finer == 1:
        return np.asarray(np.rint(samples)) if samples.dtype == np.float32 else samples
    height, width = samples.shape[0] // finer, samples.shape[1] // finer
    squares = samples.reshape(height, finer, width, finer, 4)
    if samples.dtype == np.float32:
        return np.asarray(np.rint(squares.mean((1, 3))))
    total = squares.sum((1, 3), dtype=np.uint32)
    mean: NDArray[Any] = (total + finer * finer // 2) // (finer * finer)
    return mean


def _same(a: Tiles | Shares | None, b: Tiles | Shares | None) -> bool:
    """Whether two mappings hold the same; of a file that was read, they are not the same objects."""
    if a is b or a is None or b is None:
        return a is b
    return a.keys() == b.keys() and all(a[p] is b[p] or np.array_equal(a[p], b[p]) for p in a)


def _around(a: Rect, b: Rect) -> Rect:
    x, y = min(a.x, b.x), min(a.y, b.y)
    right, bottom = max(a.x + a.width, b.x + b.width), max(a.y + a.height, b.y + b.height)
    return Rect(x, y, right - x, bottom - y)
