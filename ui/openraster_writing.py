"""Writes OpenRaster files; `ui/openraster.py` says what is in them."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import IO, Any
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.area import Rect
from ui.document import TILE, Document, Foreign, Layer, composite, eight_bits, overlap, places, straight
from ui.encoded import Encoded
from ui.openraster import (
    DATA,
    DOCUMENT,
    FRAME,
    MERGED,
    MIMETYPE,
    OPERATORS,
    OURS,
    SIDE,
    SPACE,
    THUMBNAIL,
    VERSION,
    seal,
)
from ui.pictures import written_profile
from ui.png import Samples, png
from ui.record import Json, TileMap, number_of, record
from ui.transform import held

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML has no place for


def write(file: IO[bytes], document: Document, active: int = 0, encoded: Encoded | None = None) -> None:
    """Write a project; of what `encoded` has of the last one nothing is encoded again."""
    encoded = Encoded() if encoded is None else encoded
    encoded.begin()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", MIMETYPE)
        writer = _Writer(archive, document, active, encoded)
        head = ET.fromstring(document.foreign.stack) if document.foreign else ET.Element("image")
        size = {"w": str(document.width), "h": str(document.height)}
        head.attrib |= {"version": "0.0.6", **size, FRAME: "true"}
        stack = head.find("stack")
        if stack is None:
            stack = ET.SubElement(head, "stack")
        writer.fill(stack, document.layers)
        archive.writestr("stack.xml", ET.tostring(head, "UTF-8", xml_declaration=True))
        writer.finish()
    encoded.end()


class _Writer:
    """Puts pictures into the archive, each once; the store for the JSON."""

    def __init__(self, archive: zipfile.ZipFile, document: Document, active: int, encoded: Encoded) -> None:
        self._archive, self._document, self._active = archive, document, active
        self._encoded = encoded
        self._profile = written_profile(document)
        self._foreign = document.foreign or Foreign()
        self._tiles: dict[int, Json] = {}  # by the id of the mapping
        self._shown: list[str] = []  # the pictures of `stack.xml`
        self._count = 0

    def fill(self, stack: ET.Element, layers: tuple[Layer, ...]) -> None:
        """OpenRaster names the topmost first."""
        for layer in reversed(layers):
            element = ET.fromstring(layer.foreign or "<layer />")
            element.tag = "layer"
            operator = OPERATORS.get(layer.blend, OPERATORS["normal"])
            if layer.blend == "normal":
                operator = element.get("composite-op", operator)  # one that is not known counts as normal
            attributes = {
                "name": NOT_XML.sub("", layer.name),
                "opacity": repr(float(layer.opacity)),
                "visibility": "visible" if layer.visible else "hidden",
                "composite-op": operator,
            }
            attributes |= {"edit-locked": "true"} if layer.locked else {}
            attributes |= {"selected": "true"} if layer.uid == self._active else {}
            attributes |= {f"{{{SPACE}}}kind": layer.kind}
            attributes |= {f"{{{SPACE}}}alpha-locked": "true"} if layer.alpha_locked else {}
            if layer.kind == "group" and layer.mask is None:
                element.tag = "stack"
                attributes["isolation"] = "auto" if layer.blend == "pass-through" else "isolate"
                self.fill(element, layer.layers)
            else:
                attributes |= self._pixels(layer, element)
            element.attrib |= attributes
            stack.append(element)

    def finish(self) -> None:
        """What follows the stack: the picture as it is seen, what was not understood, and the JSON."""
        seen = self._document
        thumbnail: list[NDArray[np.uint8]] = []
        self._write_png(MERGED, _merged(seen, thumbnail), seen.width, seen.height)
        small = np.concatenate(thumbnail)
        self._write_png(THUMBNAIL, iter([small]), small.shape[1], small.shape[0])
        for name, content in self._foreign.entries.items():
            self._archive.writestr(name, content, zipfile.ZIP_DEFLATED)
        bare = replace(seen, foreign=None)
        written = {
            "version": VERSION,
            "document": record(bare, self),
            "active": number_of(seen, self._active),
        }
        written["seal"] = seal(self._archive, ["stack.xml", *self._shown])
        self._archive.writestr(DOCUMENT, json.dumps(written, indent=1), zipfile.ZIP_DEFLATED)

    def put_tiles(self, tiles: TileMap) -> Json:
        if id(tiles) not in self._tiles:
            sample = next(iter(tiles.values()), None)
            if sample is None:
                return None
            if sample.ndim == 3:
                self._tiles[id(tiles)] = self._put_layer(OURS, tiles)
            else:
                at = around(tiles)
                self._tiles[id(tiles)] = self._put(OURS, at, rows_of_shares(tiles, at))
        return self._tiles[id(tiles)]

    def put_array(self, array: NDArray[Any]) -> Json:
        height, width = array.shape[:2]
        return self._put(OURS, Rect(0, 0, width, height), iter([array]))

    def _pixels(self, layer: Layer, element: ET.Element) -> dict[str, str]:
        """The attributes that say where a layer's picture is; it is written if it is not there yet."""
        if not layer.tiles and "src" in element.attrib:
            return {}  # a kind of picture that could not be read
        if layer.kind == "group" or layer.mask is not None:
            plain = replace(layer, opacity=1.0, visible=True, blend="normal")
            alone = replace(self._document, layers=(plain,))
            baked = self._put(DATA, alone.rect, _bands(alone))
        else:
            baked = self._tiles.get(id(layer.tiles))
            if baked is None:
                baked = self._put_layer(DATA, layer.tiles)
                self._tiles[id(layer.tiles)] = baked
        return {"src": baked["png"], "x": str(baked["x"]), "y": str(baked["y"])}

    def _put_layer(self, folder: str, tiles: TileMap) -> Json:
        at, name = covered(tiles), self._fresh_name(folder)
        deep = any(tile.dtype != np.uint8 for tile in tiles.values())
        bands = rows_of(tiles, at, np.uint16 if deep else np.uint8)
        profile = self._profile_in(name)
        content = self._encoded.file(tiles, profile, png(bands, at.width, at.height, profile))
        self._write(name, content, at.width, at.height)
        return {"png": name, "x": at.x, "y": at.y}

    def _put(self, folder: str, at: Rect, bands: Iterator[Samples]) -> Json:
        name = self._fresh_name(folder)
        self._write_png(name, bands, at.width, at.height)
        return {"png": name, "x": at.x, "y": at.y}

    def _fresh_name(self, folder: str) -> str:
        name = ""
        while not name or name in self._foreign.entries:
            self._count += 1
            name = f"{folder}{self._count:03}.png"
        self._shown += [name] if folder == DATA else []
        return name

    def _profile_in(self, name: str) -> bytes:
        """What only we read needs none."""
        return b"" if name.startswith(OURS) else self._profile

    def _write_png(self, name: str, bands: Iterator[Samples], width: int, height: int) -> None:
        self._write(name, png(bands, width, height, self._profile_in(name)), width, height)

    def _write(self, name: str, content: Iterable[bytes], width: int, height: int) -> None:
        with self._archive.open(name, "w", force_zip64=width * height > 1 << 28) as entry:
            for part in content:
                entry.write(part)


def rows_of(tiles: TileMap, at: Rect, dtype: type) -> Iterator[Samples]:
    """A layer's pixels in a rectangle, straight RGBA, a row of tiles at a time."""
    for here in _rows(at):
        band: Samples = np.zeros((here.height, here.width, 4), dtype)
        for place in places(here):
            tile = tiles.get(place)
            if tile is not None:
                inside, outside = overlap(place, here)
                band[outside] = straight(tile[inside])
        yield band


def rows_of_shares(tiles: TileMap, at: Rect) -> Iterator[Samples]:
    for here in _rows(at):
        band = np.full((here.height, here.width), 255, np.uint8)
        for place in places(here):
            if place in tiles:
                inside, outside = overlap(place, here)
                band[outside] = tiles[place][inside]
        yield band


def _rows(at: Rect) -> Iterator[Rect]:
    """The part of a rectangle in every row of tiles."""
    for row in range(at.y // TILE, -(-(at.y + at.height) // TILE)):
        top, bottom = max(at.y, row * TILE), min(at.y + at.height, (row + 1) * TILE)
        yield Rect(at.x, top, at.width, bottom - top)


def _bands(document: Document, rows: int = TILE) -> Iterator[Samples]:
    """What is seen, straight RGBA."""
    for top in range(0, document.height, rows):
        height = min(rows, document.height - top)
        yield straight(composite(document, Rect(0, top, document.width, height)))


def _merged(document: Document, thumbnail: list[NDArray[np.uint8]]) -> Iterator[Samples]:
    """What is seen; on the way a small picture of it is gathered."""
    shrink = max(1, -(-max(document.width, document.height) // SIDE))
    for band in _bands(document, shrink * max(1, TILE // shrink)):
        thumbnail.append(np.asarray(Image.fromarray(eight_bits(band)).reduce(shrink)))
        yield band


def covered(tiles: TileMap) -> Rect:
    """The smallest rectangle that holds all that can be seen of a layer; one pixel if that is nothing."""
    at = held(tiles)
    return at if at.width else Rect(at.x, at.y, 1, 1)


def around(tiles: TileMap) -> Rect:
    """All the tiles."""
    columns, rows = [place[0] for place in tiles], [place[1] for place in tiles]
    left, top = min(columns) * TILE, min(rows) * TILE
    return Rect(left, top, (max(columns) + 1) * TILE - left, (max(rows) + 1) * TILE - top)
