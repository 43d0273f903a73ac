"""What can be done to the stack of layers: functions from document to document, without Qt.

Layers are told by their uids, which stay theirs whatever is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Literal

import numpy as np

from ui.blending import lay
from ui.document import (
    TILE,
    Depth,
    Document,
    Kind,
    Layer,
    Pixels,
    Place,
    Selection,
    Shares,
    Tiles,
    blank_tile,
    copied,
    frozen,
    lay_layers,
    places,
)
from ui.selection import share
from ui.transform import cut_out

Where = Literal["above", "below", "inside"]


def topmost(document: Document, uids: Collection[int]) -> list[Layer]:
    """Those layers, the lowest first, without the ones that are in a group among them."""

    def among(layers: Iterable[Layer]) -> list[Layer]:
        found: list[Layer] = []
        for layer in layers:
            found += [layer] if layer.uid in uids else among(layer.layers)
        return found

    return among(document.layers)


def changed(document: Document, uids: Collection[int], change: Callable[[Layer], Layer]) -> Document:
    """Each of those layers, changed."""
    for uid in uids:
        layer = document.layer(uid)
        if layer is not None:
            new = change(layer)
            if new is not layer:
                document = document.exchange(layer, new)
    return document


def without(document: Document, uids: Collection[int]) -> Document:
    for layer in topmost(document, uids):
        document = document.without(layer)
    return document


def duplicated(document: Document, uids: Collection[int], name: Callable[[str], str]) -> Document:
    """Each of those layers once more, right above itself."""
    for layer in topmost(document, uids):
        document = document.with_layer(replace(copied(layer), name=name(layer.name)), layer)
    return document


def lifted(document: Document, layer: Layer, selection: Selection, name: str) -> Document:
    """What is selected of a layer as a layer of its own above it."""
    piece = replace(copied(layer), name=name, tiles=cut_out(layer, selection), placed=None)
    return document.with_layer(piece, layer)


def moved(document: Document, uids: Collection[int], beside: int, where: Where) -> Document:
    """Those layers, in their order, above or below another one, or on top of what is in a group."""
    layers, target = topmost(document, uids), document.layer(beside)
    inside = {each.uid for layer in layers for each in layer.walk()}
    if target is None or beside in inside or (where == "inside" and target.kind != "group"):
        return document
    rest = without(document, uids)
    target = next(layer for layer in rest.walk() if layer.uid == beside)
    if where == "inside":
        moved_ = rest.exchange(target, replace(target, layers=(*target.layers, *layers)))
    else:
        moved_ = rest.put(target, (target, *layers) if where == "above" else (*layers, target))
    return document if _order(moved_) == _order(document) else moved_


def step_from(document: Document, uid: int, up: bool) -> tuple[int, Where] | None:
    """Where one step up or down the stack leads: past a neighbour, into a group, or out of one."""
    path = document.path(uid)
    if not path:
        return None
    siblings = path[-2].layers if len(path) > 1 else document.layers
    at = siblings.index(path[-1]) + (1 if up else -1)
    if 0 <= at < len(siblings):
        beside = siblings[at]
        if beside.kind != "group":
            return beside.uid, "above" if up else "below"
        return (beside.layers[0].uid, "below") if up and beside.layers else (beside.uid, "inside")
    return (path[-2].uid, "above" if up else "below") if len(path) > 1 else None


def grouped(document: Document, uids: Collection[int], name: str) -> Document:
    """Those layers in a group where the topmost of them was; it looks as before."""
    layers = topmost(document, uids)
    group = Layer(name, "group", blend="pass-through", layers=tuple(layers))
    for layer in layers[:-1]:
        document = document.without(layer)
    return document.exchange(layers[-1], group)


def ungrouped(document: Document, uids: Collection[int]) -> Document:
    """What is in those groups in their place."""
    for group in topmost(document, uids):
        if group.kind == "group":
            document = document.put(group, group.layers)
    return document


def below(document: Document, uid: int) -> Layer | None:
    """The next lower layer in the same group."""
    path = document.path(uid)
    if not path:
        return None
    siblings = path[-2].layers if len(path) > 1 else document.layers
    at = siblings.index(path[-1])
    return siblings[at - 1] if at else None


def merged(document: Document, uids: Collection[int]) -> Document:
    """One layer instead of those, in the place of the lowest, that looks as they did together."""
    lowest, *others = topmost(document, uids)
    one = replace(rendered((lowest, *others), lowest.name, document.depth), uid=lowest.uid)
    for layer in others:
        document = document.without(layer)
    return document.exchange(lowest, one)


def flattened(document: Document, name: str) -> Document:
    """One picture of all that is seen; what is hidden is gone."""
    picture = replace(rendered(document.layers, name, document.depth), kind="picture")
    return replace(document, layers=(picture,))


def rendered(layers: tuple[Layer, ...], name: str, depth: Depth) -> Layer:
    """Layers as the pixels of a single one. A picture or a result among them makes it one; the blend mode is
    that of the lowest, which is not blended with anything in here.
    """
    lowest = layers[0]
    blend = "normal" if lowest.blend == "pass-through" else lowest.blend
    stack = (replace(lowest, blend=lowest.blend if lowest.kind == "group" else "normal"), *layers[1:])
    tiles: dict[Place, Pixels] = {}
    for place in {place for layer in stack for each in layer.walk() for place in each.tiles}:
        tile = blank_tile(depth)
        lay_layers(tile, stack, place)
        if tile[..., 3].any():
            tiles[place] = frozen(tile)
    kinds: list[Kind] = [each.kind for layer in layers for each in layer.walk() if each.kind != "group"]
    kind: Kind = next((kind for kind in kinds if kind != "strokes"), "strokes")
    made = any(each.made or each.kind == "result" for layer in layers for each in layer.walk())
    return Layer(name, kind, MappingProxyType(tiles), blend=blend, made=made)


def extent(layers: Iterable[Layer]) -> int:
    """How many pixels they hold."""
    return sum(len(each.tiles) for layer in layers for each in layer.walk()) * TILE * TILE


def with_mask(layer: Layer, document: Document, selection: Selection | None) -> Layer:
    """A mask that shows what is selected, or all."""
    return replace(layer, mask=MappingProxyType({}) if selection is None else _shares(document, selection))


def inverted_mask(layer: Layer, document: Document) -> Layer:
    mask = layer.mask or {}
    full = np.full((TILE, TILE), 255, np.uint8)
    shares = {place: frozen(255 - mask.get(place, full)) for place in places(document.rect)}
    return replace(layer, mask=_kept(shares))


def mask_applied(layer: Layer) -> Layer:
    """The mask made part of the pixels; of a group the mask of each of its layers."""
    if layer.mask is None:
        return layer
    if layer.kind == "group":
        masked = tuple(
            mask_applied(replace(each, mask=_product(layer.mask, each.mask))) for each in layer.layers
        )
        return replace(layer, layers=masked, mask=None)
    return replace(layer, tiles=_faded_tiles(layer.tiles, layer.mask), mask=None)


def converted(layer: Layer, kind: Kind) -> Layer:
    """Strokes become picture, or the other way round; of a group all that is in it."""
    if layer.kind == "group":
        return replace(layer, layers=tuple(converted(each, kind) for each in layer.layers))
    return (
        layer if layer.kind == kind else replace(layer, kind=kind, made=layer.made or layer.kind == "result")
    )


def alone(document: Document, uid: int) -> Document:
    """That layer without the others: those that are neither in it nor round it are hidden."""
    kept = {layer.uid for layer in document.path(uid)}
    layer = document.layer(uid)
    kept |= {each.uid for each in layer.walk()} if layer is not None else set()
    others = {each.uid for each in document.walk() if each.visible and each.uid not in kept}
    return hidden(shown(document, [each.uid for each in document.path(uid)]), others)


def shown(document: Document, uids: Collection[int]) -> Document:
    return changed(document, uids, partial(_visible, visible=True))


def hidden(document: Document, uids: Collection[int]) -> Document:
    return changed(document, uids, partial(_visible, visible=False))


def _visible(layer: Layer, visible: bool) -> Layer:
    return layer if layer.visible == visible else replace(layer, visible=visible)


def _order(document: Document) -> list[tuple[int, int]]:
    return [(layer.uid, len(document.path(layer.uid))) for layer in document.walk()]


def _faded_tiles(tiles: Tiles, mask: Shares) -> Tiles:
    masked: dict[Place, Pixels] = {}
    for place, tile in tiles.items():
        seen = np.zeros_like(tile)
        lay(seen, tile, share=mask.get(place))
        if seen[..., 3].any():
            masked[place] = frozen(seen) if place in mask else tile
    return MappingProxyType(masked)


def _shares(document: Document, selection: Selection) -> Shares:
    return _kept({place: frozen(share(selection, place).copy()) for place in places(document.rect)})


def _kept(shares: Shares) -> Shares:
    """Without the tiles that hide nothing."""
    return MappingProxyType({place: part for place, part in shares.items() if (part < 255).any()})


def _product(a: Shares, b: Shares | None) -> Shares:
    if b is None:
        return a
    out = {**a, **b}
    for place in a.keys() & b.keys():
        out[place] = frozen((a[place].astype(np.uint16) * b[place] // 255).astype(np.uint8))
    return MappingProxyType(out)
