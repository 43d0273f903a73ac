"""The document: a value. An edit is a function from document to document; pixels live in tiles that never
change.

Pixels are premultiplied, as Qt paints them fastest: BGRA of 8 bits, or RGBA of 16 in a document of that
depth. `layer_from` and `straight` convert from and to the straight RGBA that files and the engine speak. No
Qt here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count, product
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.area import Rect
from engine.types import Handle
from ui import blending
from ui.blending import Share, lay, mix

TILE = 256  # pixels
LARGEST = 8192  # pixels, of either side of a document
Pixels = blending.Pixels  # (h, w, 4), premultiplied, uint8 or uint16
Blend = blending.Blend
Rgba = NDArray[Any]  # (h, w, 4), straight alpha, uint8 or uint16
Place = tuple[int, int]  # column and row of a tile
Tiles = Mapping[Place, Pixels]  # (256, 256, 4) each, read-only; a missing tile is transparent
Shares = Mapping[Place, NDArray[np.uint8]]  # (256, 256) each, read-only, 0..255; a missing tile is 255
Kind = Literal["picture", "strokes", "result", "group", "editable", "protected", "strength"]
AREAS: tuple[Kind, ...] = ("editable", "protected", "strength")
Depth = Literal[8, 16]  # bits of a channel
Laid = Callable[[Pixels, Pixels, Blend, float, Share | None], None]  # as `lay`
WHOLE = slice(None), slice(None)  # of a tile
FIRST = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)  # the frame of a document that was never cut or scaled
_uids = count(1)


def _no_tiles() -> Tiles:
    return MappingProxyType({})


@dataclass(frozen=True, eq=False)
class Placed:
    """The pixels of a layer as they were pasted or first transformed, and where they are now: so every
    transformation starts from them, and nothing is resampled twice.
    """

    tiles: Tiles = field(repr=False)
    mask: Shares | None = field(repr=False)
    matrix: tuple[float, ...]  # 3 x 3, row by row: from those pixels to the document's
    shown: Tiles = field(repr=False)  # what it made of them; a layer that holds other tiles was painted on
    shown_mask: Shares | None = field(repr=False)


@dataclass(frozen=True, eq=False)
class Layer:
    """Pixels, or, of the kind "group", other layers. Of an area ("editable", "protected", "strength") the
    alpha alone counts.
    """

    name: str
    kind: Kind
    tiles: Tiles = field(default_factory=_no_tiles, repr=False)
    opacity: float = 1.0
    visible: bool = True
    blend: Blend = "normal"
    locked: bool = False  # nothing of it may be changed
    alpha_locked: bool = False  # what it covers stays as it is; only colours may change
    mask: Shares | None = field(default=None, repr=False)  # the share of it that is seen
    layers: tuple[Layer, ...] = ()  # of a group, the lowest first
    placed: Placed | None = field(default=None, repr=False)  # of one that was pasted or transformed
    made: bool = False  # a part of it is a model's, whatever its kind has become
    foreign: str = ""  # XML: what another program wrote of it in its file, kept as it is
    uid: int = field(default_factory=_uids.__next__)  # it stays when the layer is changed

    def walk(self) -> Iterator[Layer]:
        """The layer and all that is in it, the lowest first; a group before its layers."""
        yield self
        for layer in self.layers:
            yield from layer.walk()


@dataclass(frozen=True, eq=False)
class Selection:
    """Where tools work: a mask of a rectangle of the document; nothing is selected outside."""

    at: Rect
    mask: NDArray[np.uint8]  # (h, w), read-only, 0..255


@dataclass(frozen=True, eq=False)
class Result:
    """What a run made, kept beside the layers."""

    at: Rect  # in pixels of the document as it was then
    pixels: Rgba  # (h, w, 4), read-only, straight alpha: to be laid over the picture there
    recipe: str  # JSON: how it was made, to be replayed
    starred: bool = False
    applied: bool = False  # it has become a layer
    frame: tuple[float, ...] = FIRST  # of the document then


@dataclass(frozen=True, eq=False)
class Pull:
    """A handle of the document: what shall be pulled where."""

    name: str
    handle: Handle  # in pixels of the document
    enabled: bool = True


Pulls = tuple[Pull, ...]


@dataclass(frozen=True)
class Metadata:
    """What a file tells of a picture beside its pixels."""

    exif: bytes = b""  # as in a file, from the TIFF header on
    xmp: bytes = b""  # the packet


@dataclass(frozen=True, eq=False)
class Foreign:
    """What another program wrote in the file and Driftpaint does not know: kept as it is."""

    stack: str = ""  # XML: attributes and elements of the head of stack.xml
    entries: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}), repr=False)


@dataclass(frozen=True, eq=False)
class Document:
    width: int  # pixels
    height: int
    layers: tuple[Layer, ...] = ()  # the lowest first
    pulls: Pulls = ()
    selection: Selection | None = None  # None: everything
    areas: tuple[Layer, ...] = ()  # where edits may work and how strongly; one of a kind, always of 8 bits
    results: tuple[Result, ...] = ()  # the newest last
    depth: Depth = 8  # of the pixels of all layers
    profile: bytes | None = field(default=None, repr=False)  # ICC, of their colours; None: sRGB
    metadata: Metadata = Metadata()
    foreign: Foreign | None = None
    frame: tuple[float, ...] = FIRST  # 3 x 3, row by row: from the pixels that it began with to its own
    model: str = ""  # the file or folder of the one that edits were asked of last; nothing: the starter model

    @property
    def rect(self) -> Rect:
        return Rect(0, 0, self.width, self.height)

    def walk(self) -> Iterator[Layer]:
        """Every layer, the lowest first; a group before its layers."""
        for layer in self.layers:
            yield from layer.walk()

    def layer(self, uid: int) -> Layer | None:
        return next((layer for layer in self.walk() if layer.uid == uid), None)

    def path(self, uid: int) -> tuple[Layer, ...]:
        """The groups that a layer is in, the outermost first, and then the layer; empty if there is none."""
        return _path(self.layers, uid)

    @property
    def strokes(self) -> tuple[Layer, ...]:
        """The layers of strokes that can be seen, in groups too."""
        return tuple(layer for layer in seen_layers(self.layers) if layer.kind == "strokes")

    def area(self, kind: Kind) -> Layer | None:
        return next((area for area in self.areas if area.kind == kind), None)

    def arrays(self) -> Iterator[NDArray[Any]]:
        """All that takes memory; what is shared comes as often as it is held."""
        for layer in (*self.walk(), *self.areas):
            yield from layer.tiles.values()
            if layer.mask is not None:
                yield from layer.mask.values()
            if layer.placed is not None:
                yield from layer.placed.tiles.values()
        yield from (result.pixels for result in self.results)
        if self.selection is not None and any(self.selection.mask.strides):  # else it is one value
            yield self.selection.mask

    def with_layer(self, layer: Layer, above: Layer | None = None) -> Document:
        """The layer right above another one, in its group, or on top of everything."""
        if above is None:
            return replace(self, layers=(*self.layers, layer))
        return self.put(above, (above, layer))

    def placed(self, layer: Layer, at: int) -> Document:
        """A new layer where one expects it when the layer with the uid `at` is the active one: right above
        it, on top of its layers if it is a group, on top of everything if there is none.
        """
        active = self.layer(at)
        if active is not None and active.kind == "group":
            return self.exchange(active, replace(active, layers=(*active.layers, layer)))
        return self.with_layer(layer, active)

    def without(self, layer: Layer) -> Document:
        return self.put(layer, ())

    def put(self, old: Layer, new: tuple[Layer, ...]) -> Document:
        """Any number of layers in the place of one, in its group."""
        return replace(self, layers=_exchanged(self.layers, old, new))

    def exchange(self, old: Layer, new: Layer) -> Document:
        """`new` in the place of `old`, which may be an area."""
        areas = _exchanged(self.areas, old, (new,))
        return replace(self, layers=_exchanged(self.layers, old, (new,)), areas=areas)


def new_document(
    width: int, height: int, colour: tuple[int, int, int, int] | None = None, name: str = "Background"
) -> Document:
    """A picture of one colour (RGBA), or a transparent one without layers."""
    document = Document(width, height)
    if colour is None:
        return document
    tile = frozen(premultiplied(np.full((TILE, TILE, 4), colour, np.uint8)))
    tiles = dict.fromkeys(places(document.rect), tile)
    edges = {place: _cut(tile, place, document) for place in tiles if _sticks_out(place, document)}
    return document.with_layer(Layer(name, "picture", MappingProxyType({**tiles, **edges})))


def document_from(rgba: Rgba, name: str = "Picture") -> Document:
    """A document whose lowest layer is the picture."""
    height, width = rgba.shape[:2]
    depth: Depth = 8 if rgba.dtype == np.uint8 else 16
    return Document(width, height, depth=depth).with_layer(layer_from(rgba, name, "picture"))


def layer_from(rgba: Rgba, name: str, kind: Kind, x: int = 0, y: int = 0) -> Layer:
    """A layer that holds the pixels at (x, y)."""
    return Layer(name, kind, tiles_from(rgba, x, y))


def tiles_from(rgba: Rgba, x: int = 0, y: int = 0) -> Tiles:
    """The pixels at (x, y) in tiles; those that would be transparent are left out."""
    height, width = rgba.shape[:2]
    tiles: dict[Place, Pixels] = {}
    for place in places(Rect(x, y, width, height)):
        inside, outside = overlap(place, Rect(x, y, width, height))
        part = rgba[outside]
        if part[..., 3].any():
            tile = np.zeros((TILE, TILE, 4), rgba.dtype)
            tile[inside] = premultiplied(part)
            tiles[place] = frozen(tile)
    return MappingProxyType(tiles)


def blank(width: int, height: int, depth: Depth = 8) -> Pixels:
    """Transparent pixels."""
    return np.zeros((height, width, 4), np.uint8 if depth == 8 else np.uint16)


def blank_tile(depth: Depth = 8) -> Pixels:
    return blank(TILE, TILE, depth)


def copied(layer: Layer) -> Layer:
    """The same layer once more: with a uid of its own, and so what is in it."""
    return replace(layer, uid=next(_uids), layers=tuple(copied(each) for each in layer.layers))


def boxes_of(changed: Iterable[Place] | Mapping[Place, Rect]) -> Iterator[tuple[Place, Rect]]:
    """What of each tile has changed, as a rectangle of the document: of a mapping what it says, else all."""
    for place in changed:
        whole = Rect(place[0] * TILE, place[1] * TILE, TILE, TILE)
        yield place, changed[place] if isinstance(changed, Mapping) else whole


def places(rect: Rect) -> Iterator[Place]:
    """The tiles that a rectangle touches."""
    columns = range(rect.x // TILE, -(-(rect.x + rect.width) // TILE))
    rows = range(rect.y // TILE, -(-(rect.y + rect.height) // TILE))
    return product(columns, rows)


def overlap(place: Place, rect: Rect) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where a tile and a rectangle meet: slices of the tile, and of an array that holds the rectangle."""
    cuts = []
    for start, length, index in ((rect.y, rect.height, place[1]), (rect.x, rect.width, place[0])):
        first, last = max(start, index * TILE), min(start + length, (index + 1) * TILE)
        cuts.append((slice(first - index * TILE, last - index * TILE), slice(first - start, last - start)))
    return (cuts[0][0], cuts[1][0]), (cuts[0][1], cuts[1][1])


def composite(
    document: Document,
    rect: Rect,
    shown: Callable[[Layer], bool] = lambda layer: True,
    laid: Laid = lay,
) -> Pixels:
    """The visible layers over each other, (h, w, 4) premultiplied; of those that hold pixels the ones of
    which `shown` says yes. `laid` is `lay`, or what does the same faster.
    """
    out = blank(rect.width, rect.height, document.depth)
    for place in places(rect):
        inside, outside = overlap(place, rect)
        tile = np.zeros_like(out[outside])
        lay_layers(tile, document.layers, place, inside, shown, laid)
        out[outside] = tile
    return out


def lay_layers(
    out: Pixels,
    layers: Iterable[Layer],
    place: Place,
    inside: tuple[slice, slice] = WHOLE,
    shown: Callable[[Layer], bool] = lambda layer: True,
    laid: Laid = lay,
) -> None:
    """Lay what layers hold at a part of a tile on `out`. What is in a group is laid together first, unless it
    is "pass-through".
    """
    for layer in layers:
        if not layer.visible or layer.opacity <= 0:
            continue
        mask = None if layer.mask is None else layer.mask.get(place)
        share = None if mask is None else mask[inside]
        if layer.kind != "group":
            tile = layer.tiles.get(place)
            if tile is not None and shown(layer):
                laid(out, tile[inside], layer.blend, layer.opacity, share)
        elif layer.blend != "pass-through":
            above = np.zeros_like(out)
            lay_layers(above, layer.layers, place, inside, shown, laid)
            laid(out, above, layer.blend, layer.opacity, share)
        elif layer.opacity == 1 and share is None:
            lay_layers(out, layer.layers, place, inside, shown, laid)
        else:
            above = out.copy()
            lay_layers(above, layer.layers, place, inside, shown, laid)
            mix(out, above, layer.opacity, share)


def read(document: Document, rect: Rect, shown: Callable[[Layer], bool] = lambda layer: True) -> Rgba:
    """As `composite`, in straight RGBA."""
    return straight(composite(document, rect, shown))


def stroke_alpha(document: Document, rect: Rect | None = None) -> NDArray[np.uint8]:
    """What visible strokes cover, (h, w) in 0..255; masks count, opacity does not."""
    opaque = replace(document, layers=tuple(_opaque(layer) for layer in document.layers))
    alpha = composite(opaque, rect or document.rect, lambda layer: layer.kind == "strokes")[..., 3]
    return np.ascontiguousarray(eight_bits(alpha))


def eight_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Values of either depth as bytes, rounded."""
    if values.dtype == np.uint8:
        return values.astype(np.uint8, copy=False)
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def sixteen_bits(values: NDArray[Any]) -> NDArray[np.uint16]:
    """Values of either depth as 16 bits; bytes come back from them exactly."""
    return (
        values.astype(np.uint16) * 257 if values.dtype == np.uint8 else values.astype(np.uint16, copy=False)
    )


def premultiplied(rgba: Rgba) -> Pixels:
    """Straight RGBA to premultiplied pixels of the same depth, rounded; opaque pixels keep every bit."""
    pixels = _swapped(rgba)
    full, wide = _range_of(rgba)
    for top in range(0, pixels.shape[0], TILE):  # in blocks, for most are all clear or all opaque
        for left in range(0, pixels.shape[1], TILE):
            block = pixels[top : top + TILE, left : left + TILE]
            alpha = block[..., 3:]
            if not alpha.any():
                block[...] = 0
            elif (alpha != full).any():
                block[..., :3] = (block[..., :3].astype(wide) * alpha + full // 2) // full
    return pixels


def straight(pixels: Pixels) -> Rgba:
    """Premultiplied pixels to straight RGBA."""
    rgba = _swapped(pixels)
    full, wide = _range_of(pixels)
    for top in range(0, rgba.shape[0], TILE):
        for left in range(0, rgba.shape[1], TILE):
            block = rgba[top : top + TILE, left : left + TILE]
            alpha = block[..., 3:].astype(wide)
            if (alpha != full).any():
                colour = (block[..., :3].astype(wide) * full + alpha // 2) // np.maximum(alpha, 1)
                block[..., :3] = colour.clip(0, full)
    return rgba


def frozen(pixels: Pixels) -> Pixels:
    """The same array, read-only from now on."""
    pixels.flags.writeable = False
    return pixels


def _opaque(layer: Layer) -> Layer:
    """The layer as if it and what is in it were plain and opaque."""
    return replace(layer, opacity=1.0, blend="normal", layers=tuple(_opaque(each) for each in layer.layers))


def _range_of(values: Rgba) -> tuple[int, DTypeLike]:
    """The largest value, and what holds the product of two."""
    return (255, np.uint16) if values.dtype == np.uint8 else (65535, np.uint32)


def _swapped(pixels: Rgba) -> Rgba:
    """A copy; of bytes with the first and the third channel exchanged."""
    out = pixels.copy()
    if pixels.dtype == np.uint8:
        out[..., 0], out[..., 2] = pixels[..., 2], pixels[..., 0]
    return out


def _exchanged(layers: tuple[Layer, ...], old: Layer, new: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """The layers with `new` in the place of `old`, in groups too; the same ones if it is not there."""
    out: list[Layer] = []
    for layer in layers:
        if layer is old:
            out.extend(new)
        elif layer.layers:
            inner = _exchanged(layer.layers, old, new)
            out.append(layer if inner is layer.layers else replace(layer, layers=inner))
        else:
            out.append(layer)
    return layers if out == list(layers) else tuple(out)


def _path(layers: tuple[Layer, ...], uid: int) -> tuple[Layer, ...]:
    for layer in layers:
        if layer.uid == uid:
            return (layer,)
        inner = _path(layer.layers, uid)
        if inner:
            return (layer, *inner)
    return ()


def seen_layers(layers: tuple[Layer, ...]) -> Iterator[Layer]:
    """The layers that are not groups and not hidden, nor in a hidden group; the lowest first."""
    for layer in layers:
        if layer.visible and layer.kind == "group":
            yield from seen_layers(layer.layers)
        elif layer.visible:
            yield layer


def _sticks_out(place: Place, document: Document) -> bool:
    return (place[0] + 1) * TILE > document.width or (place[1] + 1) * TILE > document.height


def _cut(tile: Pixels, place: Place, document: Document) -> Pixels:
    """The part of a tile inside the document; the rest transparent."""
    inside, _ = overlap(place, document.rect)
    part = np.zeros_like(tile)
    part[inside] = tile[inside]
    return frozen(part)
