"""The frame of a document: cut or widened, scaled, turned by quarters and flipped, with all that is in it.

Layers keep what lies outside, so nothing is lost. Results stay as they were made: the frame of the document
says where they lie now.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.area import Rect
from engine.types import Handle, Region
from ui.document import (
    LARGEST,
    TILE,
    Document,
    Layer,
    Place,
    Pull,
    Selection,
    Shares,
    composite,
    eight_bits,
    overlap,
    places,
)
from ui.language import tr
from ui.selection import combined, covered, everything, grown, is_empty, selection_of, shifted
from ui.transform import (
    Matrix,
    Resampling,
    corners,
    covering,
    cut_out,
    mapped,
    part,
    shift,
    size_of,
    transforming,
    turn,
    warped,
)
from ui.work import Making

OVERLAP = 8  # pixels of the old picture that are selected with new room, so that Fill leaves no seam
MOST = 2 * LARGEST**2  # pixels of a layer that is made larger with what it has outside


def framed(document: Document, frame: Rect) -> Making[Document]:
    """The document with that rectangle of its pixels, which may reach beyond them, as all that is seen."""
    return _under(document, shift(-frame.x, -frame.y), frame.width, frame.height)


def widened(document: Document, frame: Rect) -> Making[Document]:
    """The same, and the room that is new is selected."""
    after = yield from framed(document, frame)
    before = everything(Rect(-frame.x, -frame.y, document.width, document.height))
    room = combined(everything(after.rect), before, "subtract")
    if is_empty(room):
        return after
    yield tr("The new room is selected: Fill goes on with the picture there.")
    return replace(after, selection=grown(room, OVERLAP, after.rect))


def cropped(document: Document) -> Making[Document]:
    """Cut to the rectangle round what is selected by then; the same document if that is all of it."""
    yield 0.0
    if document.selection is None or document.selection.at == document.rect:
        return document
    return (yield from framed(document, document.selection.at))


def trimmed(document: Document) -> Making[Document]:
    """Cut to what is not transparent; the same document if there is nothing to be cut."""
    yield 0.0
    alpha = np.ascontiguousarray(composite(document, document.rect)[..., 3])
    seen = selection_of(eight_bits(alpha)).at
    if seen == document.rect or not seen.width:
        yield tr("Nothing at the edges of the picture is transparent.")
        return document
    return (yield from framed(document, seen))


def scaled(document: Document, width: int, height: int, how: Resampling = "bicubic") -> Making[Document]:
    """All of it larger or smaller."""
    matrix: Matrix = np.diag([width / document.width, height / document.height, 1.0])
    layers, areas = (
        tuple(_manageable(layer, document, matrix) for layer in some)
        for some in (document.layers, document.areas)
    )
    kept = replace(document, layers=layers, areas=areas)
    if any(a.tiles is not b.tiles for a, b in zip(kept.walk(), document.walk(), strict=True)):
        yield tr("What layers had far outside of the canvas is cut off: it would be too large.")
    return (yield from _under(kept, matrix, width, height, how))


def turned(document: Document, quarters: int) -> Making[Document]:
    """Turned by so many right angles, clockwise as it is seen."""
    matrix: Matrix = np.eye(3)
    matrix[:2, :2] = turn(90 * quarters)
    x, y = (matrix[:2, :2] @ (document.width, document.height)).tolist()
    return _under(document, shift(max(-x, 0), max(-y, 0)) @ matrix, round(abs(x)), round(abs(y)))


def flipped(document: Document, across: bool) -> Making[Document]:
    """Left and right, or top and bottom, are exchanged."""
    matrix: Matrix = np.diag([-1.0, 1.0, 1.0] if across else [1.0, -1.0, 1.0])
    back = shift(document.width, 0) if across else shift(0, document.height)
    return _under(document, back @ matrix, document.width, document.height)


def _under(
    document: Document, matrix: Matrix, width: int, height: int, how: Resampling = "bicubic"
) -> Making[Document]:
    """Everything that lies somewhere in a document, under a map of its pixels."""
    layers, count = [], len(document.layers) + len(document.areas)
    for number, layer in enumerate((*document.layers, *document.areas)):
        moved = yield from part(transforming(layer, matrix, how), number, count)
        layers.append(_like(moved, layer))
    inside = Rect(0, 0, width, height)
    frame = matrix @ np.array(document.frame).reshape(3, 3)
    return replace(
        document,
        width=width,
        height=height,
        layers=tuple(layers[: len(document.layers)]),
        areas=tuple(layers[len(document.layers) :]),
        pulls=tuple(replace(pull, handle=_handle(pull, matrix)) for pull in document.pulls),
        selection=None if document.selection is None else _selection(document.selection, matrix, inside, how),
        frame=tuple(frame.ravel().tolist()),
    )


def _like(moved: Layer, layer: Layer) -> Layer:
    """One that was never transformed by itself does not count as such now."""
    inner = tuple(_like(*pair) for pair in zip(moved.layers, layer.layers, strict=True))
    return replace(moved, layers=inner, placed=moved.placed if layer.placed is not None else None)


def _selection(selection: Selection, matrix: Matrix, inside: Rect, how: Resampling) -> Selection | None:
    """None if that is nothing or everything."""
    if is_empty(selection):
        return selection
    grey, x, y = warped(np.dstack([selection.mask] * 4), matrix @ shift(*selection.at[:2]), how)
    there = shifted(selection_of(grey[..., 3], x, y), 0, 0, inside)
    return None if is_empty(there) or (there.at == inside and bool(there.mask.all())) else there


def _handle(pull: Pull, matrix: Matrix) -> Handle:
    handle = pull.handle
    source, target = mapped(matrix, np.array([handle.source, handle.target])).tolist()
    area = float(np.linalg.det(matrix[:2, :2]))
    region = handle.region
    if region is not None:
        grey, x, y = warped(np.dstack([region.mask] * 4), matrix @ shift(region.x, region.y), "bilinear")
        region = Region(x, y, np.ascontiguousarray(grey[..., 3])) if grey[..., 3].any() else None
    return replace(
        handle,
        source=tuple(source),
        target=tuple(target),
        radius=max(handle.radius * math.sqrt(abs(area)), 1.0),
        turn=math.copysign(1.0, area) * handle.turn,
        region=region,
    )


def _manageable(layer: Layer, document: Document, matrix: Matrix) -> Layer:
    """Without what it or its mask has outside of the canvas, if it would be huge with that."""
    layer = replace(layer, layers=tuple(_manageable(each, document, matrix) for each in layer.layers))
    if _is_huge(partial(size_of, replace(layer, layers=()), matrix)):
        layer = replace(layer, tiles=cut_out(layer, everything(document.rect)), placed=None)
    if layer.mask is not None and _is_huge(partial(_size_of_mask, layer.mask, matrix)):
        layer = replace(layer, mask=_mask_inside(layer.mask, document.rect))
    return layer


def _is_huge(size: Callable[[], int]) -> bool:
    try:
        return size() > MOST
    except ValueError:
        return True


def _size_of_mask(mask: Shares, matrix: Matrix) -> int:
    reach = covered(Layer("", "strokes", mask))
    box = covering(mapped(matrix, corners(reach)))
    return box.width * box.height


def _mask_inside(mask: Shares, rect: Rect) -> Shares:
    """A mask that hides nothing outside of a rectangle."""
    parts: dict[Place, NDArray[np.uint8]] = {}
    for place in set(places(rect)) & mask.keys():
        inside, _ = overlap(place, rect)
        parts[place] = np.full((TILE, TILE), 255, np.uint8)
        parts[place][inside] = mask[place][inside]
        parts[place].flags.writeable = False
    return MappingProxyType(parts)
