"""How one document follows another: where it looks different, which layer is the active one then, how a new
one is called, and what was there before all strokes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count

from ui.document import Document, Layer, Place


def difference(a: Document, b: Document) -> set[Place]:
    """The tiles at which two documents may look different."""
    before, after = a.layers + a.areas, b.layers + b.areas
    same = 0  # layers at the bottom and at the top that are the same need no look
    while same < min(len(before), len(after)) and before[same] is after[same]:
        same += 1
    before, after, same = before[same:], after[same:], 0
    while same < min(len(before), len(after)) and before[-1 - same] is after[-1 - same]:
        same += 1
    mine, other = _looks(before[: len(before) - same]), _looks(after[: len(after) - same])
    return {place for place in mine.keys() | other.keys() if mine.get(place) != other.get(place)}


def active_after(active: int, before: Document, after: Document) -> int:
    """The uid of the layer to go on with: a new one, else the same one, else the nearest to where it was."""
    old = [layer.uid for layer in topmost_first(before.layers)]
    new = [layer.uid for layer in topmost_first(after.layers)]
    fresh = [uid for uid in new if uid not in old]
    if fresh:
        return fresh[0]
    if active in new:
        return active
    place = old.index(active) if active in old else 0
    near = (uid for uid in (*old[place:], *reversed(old[:place])) if uid in new)
    return next(near, topmost(after))


def fresh_name(document: Document, name: str) -> str:
    """The name, with the next number if a layer has it."""
    taken = {layer.name for layer in document.walk()}
    bare = re.sub(r" \d+$", "", name)
    numbered = (f"{bare} {number}" for number in count(2))
    return name if name not in taken else next(each for each in numbered if each not in taken)


def original(document: Document) -> Document:
    """The document with its pictures alone, those in groups too: what was opened, without strokes and
    results.
    """
    return replace(document, layers=_pictures_of(document.layers))


def topmost_first(layers: tuple[Layer, ...]) -> Iterator[Layer]:
    """Every layer, the topmost first, a group before its layers."""
    for layer in reversed(layers):
        yield layer
        yield from topmost_first(layer.layers)


def topmost(document: Document) -> int:
    """The uid of the uppermost layer, or 0."""
    return document.layers[-1].uid if document.layers else 0


def _looks(layers: Iterable[Layer]) -> dict[Place, list[object]]:
    """For every tile what is laid over each other there."""
    looks: dict[Place, list[object]] = {}
    for layer in layers:
        if not layer.visible:
            continue
        inner = _looks(layer.layers) if layer.layers else {p: id(tile) for p, tile in layer.tiles.items()}
        for place, look in inner.items():
            share = None if layer.mask is None else layer.mask.get(place)
            looks.setdefault(place, []).append(
                (look, layer.opacity, layer.blend, share is not None and id(share))
            )
    return looks


def _pictures_of(layers: Iterable[Layer]) -> tuple[Layer, ...]:
    kept = (layer for layer in layers if layer.kind in ("picture", "group"))
    return tuple(
        replace(layer, layers=_pictures_of(layer.layers)) if layer.layers else layer for layer in kept
    )
