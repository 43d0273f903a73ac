"""Photoshop files: layers, groups, masks, opacity, blend modes, locks and names, by psd-tools.

What Photoshop has and Driftpaint has not, effects and adjustments for instance, is told in one sentence; so
is what such a file cannot hold of a document.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from psd_tools import PSDImage
from psd_tools.api.layers import Group, PixelLayer
from psd_tools.api.layers import Layer as PsdLayer
from psd_tools.constants import BlendMode, ColorMode, Compression, ProtectedFlags, Resource
from psd_tools.psd.image_resources import ImageResource

from engine.area import Rect
from engine.pictures import PictureError, saving
from ui.document import (
    LARGEST,
    Blend,
    Document,
    Layer,
    Metadata,
    Shares,
    eight_bits,
    read,
    tiles_from,
)
from ui.language import marked, tr
from ui.openraster import Opened, shares_from
from ui.openraster_writing import around, covered, rows_of, rows_of_shares
from ui.pictures import is_usable, read_picture, written_profile

log = logging.getLogger(__name__)
BLENDS: dict[Blend, BlendMode] = {
    "normal": BlendMode.NORMAL,
    "multiply": BlendMode.MULTIPLY,
    "screen": BlendMode.SCREEN,
    "overlay": BlendMode.OVERLAY,
    "darken": BlendMode.DARKEN,
    "lighten": BlendMode.LIGHTEN,
    "color-dodge": BlendMode.COLOR_DODGE,
    "color-burn": BlendMode.COLOR_BURN,
    "hard-light": BlendMode.HARD_LIGHT,
    "soft-light": BlendMode.SOFT_LIGHT,
    "difference": BlendMode.DIFFERENCE,
    "plus": BlendMode.LINEAR_DODGE,
    "hue": BlendMode.HUE,
    "saturation": BlendMode.SATURATION,
    "color": BlendMode.COLOR,
    "luminosity": BlendMode.LUMINOSITY,
    "pass-through": BlendMode.PASS_THROUGH,
}
_OURS = {theirs: ours for ours, theirs in BLENDS.items()}
FLAT = marked("The picture was opened flat, for its layers are in {mode} colours.")
LOST = marked("Some things were left out, for Driftpaint does not have them: {things}.")


# ---- reading


def read_file(path: Path, content: bytes) -> Opened:
    """Raises PictureError."""
    try:
        file = PSDImage.open(io.BytesIO(content))
        return _Reader(file).opened(path, content)
    except (OSError, ValueError, KeyError, AssertionError, EOFError, IndexError, TypeError) as error:
        log.info("a Photoshop file could not be read", exc_info=error)
        sentence = tr("{path} is damaged or cut short; get a fresh copy.")
        raise PictureError(sentence.format(path=path)) from None


class _Reader:
    def __init__(self, file: PSDImage) -> None:
        self._file = file
        self._lost: set[str] = set()  # kinds of things that we do not have

    def opened(self, path: Path, content: bytes) -> Opened:
        file = self._file
        if max(file.width, file.height) > LARGEST:
            raise PictureError(
                f"{path} has {file.width} x {file.height} pixels; at most 8192 x 8192 can be opened."
                " Make it smaller."
            )
        plain = file.color_mode in (ColorMode.RGB, ColorMode.GRAYSCALE) and file.depth in (8, 16)
        if not plain or not len(file):
            opened = read_picture(path, content)
            note = () if plain else (tr(FLAT).format(mode=f"{file.depth}-bit {file.color_mode.name}"),)
            return opened._replace(notes=(*note, *opened.notes))
        layers = self._layers(file)
        if layers[0].kind == "strokes":
            layers = (replace(layers[0], kind="picture"), *layers[1:])
        resources = file.image_resources
        profile, exif, xmp = (
            bytes(resources.get_data(key) or b"")
            for key in (Resource.ICC_PROFILE, Resource.EXIF_DATA_1, Resource.XMP_METADATA)
        )
        document = Document(
            file.width,
            file.height,
            layers,
            depth=16 if file.depth == 16 else 8,
            profile=profile if profile and is_usable(profile) else None,
            metadata=Metadata(exif, xmp),
        )
        things = ", ".join(sorted(tr(thing) for thing in self._lost))
        return Opened(document, 0, (tr(LOST).format(things=things),) if things else ())

    def _layers(self, group: Iterable[PsdLayer]) -> tuple[Layer, ...]:
        return tuple(layer for each in group if (layer := self._layer(each)) is not None)

    def _layer(self, theirs: PsdLayer) -> Layer | None:
        blend = _OURS.get(theirs.blend_mode)
        if blend is None:
            told = tr("the blend mode {mode}")
            self._lost.add(told.format(mode=theirs.blend_mode.name.replace("_", " ").lower()))
        if theirs.has_effects():
            self._lost.add(marked("layer effects"))
        if theirs.clipping:
            self._lost.add(marked("clipping masks"))
        if theirs.has_vector_mask():
            self._lost.add(marked("vector masks"))
        locks = theirs.locks
        layer = Layer(
            theirs.name.rstrip("\0 ") or tr("Layer"),
            "group" if isinstance(theirs, Group) else "strokes",
            opacity=theirs.opacity / 255,
            visible=theirs.visible,
            blend=blend or "normal",
            locked=locks is not None and (locks.complete or locks.composite),
            alpha_locked=locks is not None and locks.transparency,
            mask=self._mask(theirs),
        )
        if isinstance(theirs, Group):
            return replace(layer, layers=self._layers(theirs))
        if theirs.kind in ("type", "shape", "smartobject"):
            kinds = {"type": marked("text"), "shape": marked("shapes")}
            self._lost.add(kinds.get(theirs.kind, marked("smart objects")))
        elif theirs.kind != "pixel":
            self._lost.add(marked("adjustment and fill layers"))
            return None
        return replace(layer, tiles=self._tiles(theirs))

    def _tiles(self, theirs: PsdLayer) -> Any:
        colour, shape = theirs.numpy("color"), theirs.numpy("shape")
        if colour is None or not colour.size:
            return MappingProxyType({})
        deep = self._file.depth == 16
        rgba = np.empty((*colour.shape[:2], 4), np.uint16 if deep else np.uint8)
        rgba[..., :3] = _whole(colour, deep)  # grey goes into all three
        rgba[..., 3] = 65535 if deep else 255
        if shape is not None:
            rgba[..., 3] = _whole(shape, deep)[..., 0]
        return tiles_from(rgba, theirs.left, theirs.top)

    def _mask(self, theirs: PsdLayer) -> Shares | None:
        mask = theirs.mask
        if mask is None or mask.disabled:
            return None
        values = theirs.numpy("mask")
        outside = mask.background_color
        at = Rect(0, 0, self._file.width, self._file.height)
        for each in (theirs, mask):
            at = _around(at, Rect(each.left, each.top, each.width, each.height))
        whole = np.full((at.height, at.width), outside, np.uint8)
        if values is not None and values.size:
            part = Rect(mask.left - at.x, mask.top - at.y, mask.width, mask.height)
            whole[part.slices] = eight_bits(_whole(values[..., 0], self._file.depth == 16))
        return shares_from(whole, at.x, at.y)


def _around(a: Rect, b: Rect) -> Rect:
    """The smallest rectangle that holds both."""
    left, top = min(a.x, b.x), min(a.y, b.y)
    right, bottom = max(a.x + a.width, b.x + b.width), max(a.y + a.height, b.y + b.height)
    return Rect(left, top, right - left, bottom - top)


def _whole(values: NDArray[Any], deep: bool) -> NDArray[Any]:
    """0..1 as whole numbers, exactly those that were in the file."""
    whole: NDArray[Any] = np.rint(values * (65535 if deep else 255)).astype(np.uint16 if deep else np.uint8)
    return whole


# ---- writing


def write_file(path: Path, document: Document) -> str:
    """Raises PictureError. A sentence on what the file cannot hold, or nothing."""
    size = document.width, document.height
    file = PSDImage.new("RGBA", size, depth=document.depth)
    for layer in document.layers:
        _add(file, layer, document)
    for key, content in (
        (Resource.ICC_PROFILE, written_profile(document)),
        (Resource.EXIF_DATA_1, document.metadata.exif),
        (Resource.XMP_METADATA, document.metadata.xmp),
    ):
        if content:
            file.image_resources[key] = ImageResource(key=key.value, data=content)
    record = file._record  # noqa: SLF001  # `save` would flatten the layers by its own means
    merged = read(document, document.rect).astype(np.dtype(np.uint8 if document.depth == 8 else ">u2"))
    record.image_data.compression = Compression.RLE if document.depth == 8 else Compression.RAW
    record.image_data.set_data([merged[..., channel].tobytes() for channel in range(4)], record.header)
    with saving(path) as target:
        record.write(target)
    lost = [
        name
        for name, there in (
            (tr("handles"), document.pulls),
            (tr("results"), document.results),
            (tr("areas"), document.areas),
            (tr("the selection"), document.selection),
        )
        if there
    ]
    return tr("A Photoshop file has no place for: {things}.").format(things=", ".join(lost)) if lost else ""


def _add(parent: Any, layer: Layer, document: Document) -> None:
    theirs: Any
    if layer.kind == "group":
        theirs = Group.new(parent, "group")
        shared = theirs._channels  # noqa: SLF001  # with its end, so that a mask would be written twice
        theirs._channels = type(shared)(list(shared))  # noqa: SLF001
        for inner in layer.layers:
            _add(theirs, inner, document)
    else:
        at = covered(layer.tiles)
        dtype = np.uint8 if document.depth == 8 else np.uint16
        rgba = np.concatenate(list(rows_of(layer.tiles, at, dtype)))
        theirs = PixelLayer.fromarray(rgba, parent, "layer", at.y, at.x)
    theirs.name = layer.name  # set afterwards, or a name that is not in MacRoman fails
    theirs.opacity = round(layer.opacity * 255)
    theirs.visible = layer.visible
    theirs.blend_mode = BLENDS[layer.blend]
    if layer.locked or layer.alpha_locked:
        theirs.lock(0)  # the first time it only makes room for them
        flags = ProtectedFlags.COMPOSITE if layer.locked else 0
        theirs.lock(flags | (ProtectedFlags.TRANSPARENCY if layer.alpha_locked else 0))
    if layer.mask is not None:
        at = _around(document.rect, around(layer.mask) if layer.mask else document.rect)
        whole = np.concatenate(list(rows_of_shares(layer.mask, at)))
        theirs.create_mask(Image.fromarray(whole), top=at.y, left=at.x)
        theirs._record.mask_data.background_color = 255  # noqa: SLF001  # beyond it all is seen
