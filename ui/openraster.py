"""OpenRaster files, Driftpaint's own kind of project: a zip of pictures and an XML file, which Krita, MyPaint
and GIMP open too. This reads them; `ui/openraster_writing.py` writes them.

`stack.xml` and `data/` say what OpenRaster can say, and show the same picture everywhere: what other
programs have no word for is baked into their pixels, a masked layer as what is seen of it, a masked group as
one layer.
`driftpaint/document.json`, with pictures beside it, says all of it exactly. It counts as long as nobody has
changed the rest, which its seal tells; else the layers are those of `stack.xml`. What is not understood in a
file is kept with the document, and written again.
"""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import IO, Any, NamedTuple, get_args
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from engine.area import Rect
from ui.document import (
    LARGEST,
    TILE,
    Blend,
    Document,
    Foreign,
    Kind,
    Layer,
    Place,
    Shares,
    frozen,
    overlap,
    places,
    sixteen_bits,
    tiles_from,
)
from ui.language import tr
from ui.png import Samples, as_rgba, profile_of, samples_of
from ui.record import Json, TileMap, document_of

MIMETYPE = "image/openraster"
OURS = "driftpaint/"  # the folder of entries that only Driftpaint reads
DATA = "data/"  # of the pictures that all programs read
DOCUMENT = OURS + "document.json"
MERGED, THUMBNAIL = "mergedimage.png", "Thumbnails/thumbnail.png"
VERSION = 1  # of the JSON
SIDE = 256  # pixels, at most, of the thumbnail
MOST = 1 << 30  # bytes, at most, of one entry
KEPT = 256 << 20  # bytes, at most, of the entries that are not understood
SPACE = "urn:driftpaint:openraster"  # of attributes that only Driftpaint reads
MYPAINT = "http://mypaint.org/ns/openraster"  # of MyPaint's
FRAME = f"{{{MYPAINT}}}frame-active"  # it takes all that is painted for the picture where this is not true
OPERATORS: dict[Blend, str] = {
    blend: "svg:src-over" if blend in ("normal", "pass-through") else f"svg:{blend}"
    for blend in get_args(Blend)
}
_BLENDS: dict[str, Blend] = {operator: blend for blend, operator in reversed(OPERATORS.items())} | {
    "krita:linear_dodge": "plus",  # Krita has Photoshop's beside those of OpenRaster
    "krita:soft_light": "soft-light",
}
_HEAD = ("version", "w", "h", FRAME)
_ATTRIBUTES = (
    *(
        "name",
        "src",
        "x",
        "y",
        "opacity",
        "visibility",
        "composite-op",
        "isolation",
        "edit-locked",
        "selected",
    ),
    *(f"{{{SPACE}}}{name}" for name in ("kind", "alpha-locked")),
)

ET.register_namespace("driftpaint", SPACE)
ET.register_namespace("mypaint", MYPAINT)


class Opened(NamedTuple):
    document: Document
    active: int  # uid of the layer to work on; 0: it is not said
    notes: tuple[str, ...]  # what could not be read as it was meant, one sentence each


def read(file: IO[bytes]) -> Opened:
    """Read a project, ours or another program's. Raises ValueError, which says in a few words why not."""
    try:
        with zipfile.ZipFile(file) as archive:
            return _Reader(archive).opened()
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError) as error:
        raise ValueError(f"it is cut short or no OpenRaster file: {error}") from None
    except (KeyError, NotImplementedError, RuntimeError, ET.ParseError) as error:
        raise ValueError(str(error).strip("\"'")) from None


def seal(archive: zipfile.ZipFile, names: Iterable[str]) -> dict[str, int]:
    """The checksums of entries: what other programs may have changed."""
    return {info.filename: info.CRC for name in names if (info := archive.NameToInfo.get(name)) is not None}


class _Reader:
    """Reads an archive; the source for the JSON."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = set(archive.namelist())
        self._notes: list[str] = []
        self._active = 0
        self._maps: dict[str, TileMap] = {}  # what was one mapping is one again
        self._samples: dict[str, Samples] = {}  # of another program's layers
        self._used = {"mimetype", "stack.xml", MERGED, THUMBNAIL}

    def opened(self) -> Opened:
        if "stack.xml" not in self._names:
            raise ValueError("it is no OpenRaster file: it has no stack of layers")
        head = ET.fromstring(self._entry("stack.xml"))
        stack = head.find("stack")
        if head.tag != "image" or stack is None:
            raise ValueError("it has no stack of layers")
        written = self._json()
        if written is not None and written["seal"] == seal(self._archive, written["seal"]):
            document = self._own(written)
        else:
            document = self._others(head, stack)
            if written is not None:
                told = tr("Another program has changed this file: its layers are as that left them.")
                self._notes.append(told)
        for name in _HEAD:
            head.attrib.pop(name, None)
        for element in _layers_in(stack):
            stack.remove(element)
        entries = self._unknown_entries()
        if head.attrib or len(head) > 1 or stack.attrib or len(stack) or entries:
            document = replace(document, foreign=Foreign(_text(head), entries))
        return Opened(document, self._active, tuple(self._notes))

    def get_tiles(self, reference: Json) -> TileMap:
        if reference is None:
            return MappingProxyType({})
        name = reference["png"]
        if name not in self._maps:
            x, y = int(reference["x"]), int(reference["y"])
            samples = samples_of(self._entry(name))
            coloured = samples.ndim == 3
            self._maps[name] = tiles_from(samples, x, y) if coloured else shares_from(samples, x, y)
        return self._maps[name]

    def get_array(self, reference: Json) -> NDArray[Any]:
        return frozen(samples_of(self._entry(reference["png"])))

    def _json(self) -> Json:
        """What only Driftpaint knows of the file; None if that is nothing."""
        if DOCUMENT not in self._names:
            return None
        written = json.loads(self._entry(DOCUMENT))
        if not isinstance(written, dict) or written.get("version") != VERSION:
            self._notes.append(tr("A newer Driftpaint has made this file: only its layers were read."))
            return None
        return written

    def _own(self, written: Json) -> Document:
        """The document as we wrote it."""
        document = document_of(written["document"], self)
        layers, number = list(document.walk()), written["active"]
        self._active = layers[number].uid if 0 <= number < len(layers) else 0
        self._used |= set(written["seal"])
        return document

    def _others(self, head: ET.Element, stack: ET.Element) -> Document:
        """The document as another program wrote it."""
        width, height = int(head.get("w", "0")), int(head.get("h", "0"))
        if not (0 < width <= LARGEST and 0 < height <= LARGEST):
            raise ValueError(
                f"it is {width} x {height} pixels, and at most {LARGEST} x {LARGEST} can be opened"
            )
        for element in stack.iter("layer"):
            self._load(element)
        deep = any(samples.dtype == np.uint16 for samples in self._samples.values())
        layers = self._group(stack, deep)
        if layers and layers[0].kind == "strokes":  # what lies below everything is a picture
            layers = (replace(layers[0], kind="picture"), *layers[1:])
        sources = (element.get("src", "") for element in stack.iter("layer"))
        first = next((source for source in sources if source in self._samples), None)
        profile = profile_of(self._entry(first)) if first is not None else None
        return Document(width, height, layers, depth=16 if deep else 8, profile=profile)

    def _group(self, stack: ET.Element, deep: bool) -> tuple[Layer, ...]:
        return tuple(self._layer(element, deep) for element in reversed(_layers_in(stack)))

    def _layer(self, element: ET.Element, deep: bool) -> Layer:
        is_group = element.tag == "stack"
        operator = element.get("composite-op", OPERATORS["normal"])
        blend = _BLENDS.get(operator, "normal")
        name = element.get("name") or ("Group" if is_group else "Layer")
        if operator not in _BLENDS:
            told = tr("The blend mode {mode} of {name} is shown as Normal.")
            self._notes.append(told.format(mode=operator.removeprefix("svg:"), name=name))
        opacity = _opacity(element.get("opacity"))
        if is_group and element.get("isolation") == "auto" and blend == "normal" and opacity == 1:
            blend = "pass-through"
        kinds: dict[str | None, Kind] = {"picture": "picture", "result": "result"}
        kind = kinds.get(element.get(f"{{{SPACE}}}kind"), "strokes")
        layer = Layer(
            name,
            "group" if is_group else kind,
            opacity=opacity,
            visible=element.get("visibility", "visible") == "visible",
            blend=blend,
            locked=element.get("edit-locked") == "true",
            alpha_locked=element.get(f"{{{SPACE}}}alpha-locked") == "true",
            layers=self._group(element, deep) if is_group else (),
        )
        if element.get("selected") == "true":
            self._active = layer.uid
        samples = self._samples.get(element.get("src", ""))
        if samples is not None:
            x, y = (round(_number(element.get(axis), 0.0)) for axis in "xy")
            layer = replace(
                layer, tiles=tiles_from(sixteen_bits(as_rgba(samples)) if deep else as_rgba(samples), x, y)
            )
        kept = {"composite-op"} if operator not in _BLENDS else set()
        if samples is None and not is_group:
            kept.add("src")
        return replace(layer, foreign=_unknown(element, kept))

    def _load(self, element: ET.Element) -> None:
        """A layer's picture; where that cannot be had the layer is empty, and there is a note."""
        source = element.get("src", "")
        try:
            self._samples[source] = samples_of(self._entry(source))
            self._used.add(source)
        except (KeyError, ValueError):
            name = element.get("name") or "Layer"
            told = tr("The picture of the layer {name} could not be read; the layer is empty.")
            self._notes.append(told.format(name=name))

    def _entry(self, name: str) -> bytes:
        if self._archive.getinfo(name).file_size > MOST:
            raise ValueError(f"{name} in it is too large")
        return self._archive.read(name)

    def _unknown_entries(self) -> MappingProxyType[str, bytes]:
        """What is neither ours nor OpenRaster's own."""
        infos = [
            info
            for info in self._archive.infolist()
            if info.filename not in self._used and not info.filename.startswith(OURS) and not info.is_dir()
        ]
        if sum(info.file_size for info in infos) > KEPT:
            self._notes.append(tr("What other programs have put into this file is too large to be kept."))
            return MappingProxyType({})
        return MappingProxyType({info.filename: self._archive.read(info) for info in infos})


def _layers_in(stack: ET.Element) -> list[ET.Element]:
    return [element for element in stack if element.tag in ("layer", "stack")]


def _unknown(element: ET.Element, kept: set[str]) -> str:
    """What is not understood of a layer's element; empty if all of it is."""
    unknown = {name: text for name, text in element.items() if name not in _ATTRIBUTES or name in kept}
    rest = ET.Element("layer", unknown)
    rest.extend(child for child in element if child.tag not in ("layer", "stack"))
    return _text(rest) if rest.attrib or len(rest) else ""


def _text(element: ET.Element) -> str:
    return ET.tostring(element, "unicode")


def _opacity(text: str | None) -> float:
    """Krita's has 255 steps, of which it writes six digits: rounded down, each round trip would lose one."""
    opacity = min(max(_number(text, 1.0), 0.0), 1.0)
    step = round(255 * opacity) / 255
    return step if abs(opacity - step) < 1e-6 else opacity


def _number(text: str | None, otherwise: float) -> float:
    try:
        return float(text) if text is not None else otherwise
    except ValueError:
        return otherwise


def shares_from(samples: Samples, x: int, y: int) -> Shares:
    """A mask at (x, y) in tiles; outside it is 255."""
    height, width = samples.shape
    tiles: dict[Place, NDArray[np.uint8]] = {}
    for place in places(Rect(x, y, width, height)):
        inside, outside = overlap(place, Rect(x, y, width, height))
        part = samples[outside]
        if (part != 255).any():
            tile = np.full((TILE, TILE), 255, np.uint8)
            tile[inside] = part
            tiles[place] = frozen(tile)
    return MappingProxyType(tiles)
