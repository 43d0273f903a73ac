"""The document: a value. An edit is a function from document to document; pixels live in tiles that never
change.

Pixels are premultiplied BGRA bytes, as Qt paints them fastest; `layer_from` and `straight` convert from and
to the straight RGBA that files and the engine speak. No Qt here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count, product
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.area import Rect
from engine.types import Handle

TILE = 256  # pixels
LARGEST = 8192  # pixels, of either side of a document
Pixels = NDArray[np.uint8]  # (h, w, 4), premultiplied BGRA
Rgba = NDArray[np.uint8]  # (h, w, 4), straight alpha, sRGB
Place = tuple[int, int]  # column and row of a tile
Tiles = Mapping[Place, Pixels]  # (256, 256, 4) each, read-only; a missing tile is transparent
Shares = Mapping[Place, NDArray[np.uint8]]  # (256, 256) each, read-only, 0..255; a missing tile is 255
Kind = Literal["picture", "strokes", "result", "group", "editable", "protected", "strength"]
Blend = Literal[
    "normal",
    "multiply",
    "screen",
    "overlay",
    "darken",
    "lighten",
    "color-dodge",
    "color-burn",
    "hard-light",
    "soft-light",
    "difference",
    "plus",
    "hue",
    "saturation",
    "color",
    "luminosity",
    "pass-through",  # of groups alone: their layers are laid straight on what lies below the group
]
Depth = Literal[8, 16]  # bits of a channel
_uids = count(1)


def _no_tiles() -> Tiles:
    return MappingProxyType({})


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

    at: Rect
    pixels: Rgba  # (h, w, 4), read-only, straight alpha: to be laid over the picture there
    recipe: str  # JSON: how it was made, to be replayed
    starred: bool = False


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
    areas: tuple[Layer, ...] = ()  # where edits may work and how strongly; at most one of each kind
    results: tuple[Result, ...] = ()  # the newest last
    depth: Depth = 8  # of the pixels of all layers
    profile: bytes | None = field(default=None, repr=False)  # ICC, of their colours; None: sRGB
    metadata: Metadata = Metadata()
    foreign: Foreign | None = None

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

    def tiles(self) -> Iterator[Pixels]:
        """Every tile of every layer; one that layers share comes as often as they hold it."""
        for layer in (*self.walk(), *self.areas):
            yield from layer.tiles.values()

    def with_layer(self, layer: Layer, above: Layer | None = None) -> Document:
        """The layer right above another one, in its group, or on top of everything."""
        if above is None:
            return replace(self, layers=(*self.layers, layer))
        return replace(self, layers=_exchanged(self.layers, above, (above, layer)))

    def placed(self, layer: Layer, at: int) -> Document:
        """A new layer where one expects it when the layer with the uid `at` is the active one: right above
        it, on top of its layers if it is a group, on top of everything if there is none.
        """
        active = self.layer(at)
        if active is not None and active.kind == "group":
            return self.exchange(active, replace(active, layers=(*active.layers, layer)))
        return self.with_layer(layer, active)

    def without(self, layer: Layer) -> Document:
        return replace(self, layers=_exchanged(self.layers, layer, ()))

    def exchange(self, old: Layer, new: Layer) -> Document:
        """`new` in the place of `old`, which may be an area."""
        areas = _exchanged(self.areas, old, (new,))
        return replace(self, layers=_exchanged(self.layers, old, (new,)), areas=areas)

    def moved(self, layer: Layer, index: int) -> Document:
        """The layer at another place of the stack, 0 the lowest."""
        rest = [each for each in self.layers if each is not layer]
        rest.insert(min(max(index, 0), len(rest)), layer)
        return replace(self, layers=tuple(rest))


def new_document(width: int, height: int, colour: tuple[int, int, int, int] | None = None) -> Document:
    """A picture of one colour (RGBA), or a transparent one without layers."""
    document = Document(width, height)
    if colour is None:
        return document
    tile = frozen(premultiplied(np.full((TILE, TILE, 4), colour, np.uint8)))
    tiles = dict.fromkeys(places(document.rect), tile)
    edges = {place: _cut(tile, place, document) for place in tiles if _sticks_out(place, document)}
    return document.with_layer(Layer("Background", "picture", MappingProxyType({**tiles, **edges})))


def document_from(rgba: Rgba, name: str = "Picture") -> Document:
    """A document whose lowest layer is the picture."""
    height, width = rgba.shape[:2]
    return Document(width, height).with_layer(layer_from(rgba, name, "picture"))


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


def composite(document: Document, rect: Rect, shown: Callable[[Layer], bool] = lambda layer: True) -> Pixels:
    """The visible layers over each other, (h, w, 4) premultiplied BGRA; of those that hold pixels the ones of
    which `shown` says yes.
    """
    out = np.zeros((rect.height, rect.width, 4), np.uint8)
    for layer in seen_layers(document.layers):
        if layer.opacity > 0 and shown(layer):
            _lay(out, layer, rect)
    return out


def read(document: Document, rect: Rect, shown: Callable[[Layer], bool] = lambda layer: True) -> Rgba:
    """As `composite`, in straight RGBA."""
    return straight(composite(document, rect, shown))


def stroke_alpha(document: Document, rect: Rect | None = None) -> NDArray[np.uint8]:
    """What visible strokes cover, (h, w) in 0..255."""
    rect = rect or document.rect
    out = np.zeros((rect.height, rect.width, 4), np.uint8)
    for layer in document.strokes:
        _lay(out, replace(layer, opacity=1.0), rect)
    return np.ascontiguousarray(out[..., 3])


def premultiplied(rgba: Rgba) -> Pixels:
    """Straight RGBA to premultiplied BGRA, rounded; opaque pixels keep every byte."""
    bgra = _swapped(rgba)
    alpha = bgra[..., 3:]
    if (alpha != 255).any():
        bgra[..., :3] = (bgra[..., :3].astype(np.uint16) * alpha + 127) // 255
    return bgra


def straight(bgra: Pixels) -> Rgba:
    """Premultiplied BGRA to straight RGBA."""
    rgba = _swapped(bgra)
    alpha = rgba[..., 3:].astype(np.uint16)
    if (alpha != 255).any():
        colour = (rgba[..., :3].astype(np.uint16) * 255 + alpha // 2) // np.maximum(alpha, 1)
        rgba[..., :3] = colour.clip(0, 255)
    return rgba


def frozen(pixels: Pixels) -> Pixels:
    """The same array, read-only from now on."""
    pixels.flags.writeable = False
    return pixels


def _lay(out: Pixels, layer: Layer, rect: Rect) -> None:
    """Source-over of a layer on `out`, which holds `rect`; rounded as Qt's painter does, so that the screen
    and what is saved agree.
    """
    opacity = int(layer.opacity * 256) * 255 >> 8
    for place in places(rect):
        tile = layer.tiles.get(place)
        if tile is None:
            continue
        inside, outside = overlap(place, rect)
        above, below = tile[inside], out[outside]
        if opacity < 255:
            above = _faded(above, np.uint16(opacity))
        if (above[..., 3] == 255).all():
            below[...] = above
        else:
            below[...] = above + _faded(below, 255 - above[..., 3:].astype(np.uint16))


def _faded(pixels: Pixels, alpha: np.uint16 | NDArray[np.uint16]) -> Pixels:
    """Every channel times alpha / 255."""
    product = pixels.astype(np.uint16) * alpha
    faded: Pixels = (product + (product >> 8) + 128 >> 8).astype(np.uint8)
    return faded


def _swapped(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A copy with the first and the third channel exchanged."""
    out = np.empty(pixels.shape, np.uint8)
    for channel, other in enumerate((2, 1, 0, 3)):
        out[..., channel] = pixels[..., other]
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
