"""The journal: what is on the canvas, written to the disk all the time, so that a crash or a power cut loses
some seconds at most.

A journal is a folder: packs of tiles to which new ones are only ever added, and a JSON file with the
document, which is exchanged at one stroke once all that it names is on the disk. So whatever happens in
between, the last whole state is there. A lock beside it, which ends with the program, tells a journal in use
from one that a crash has left.
"""

from __future__ import annotations

import json
import shutil
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, replace
from os import fsync
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, NamedTuple
from uuid import uuid4
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_state_path
from PySide6.QtCore import QLockFile

from engine.area import Rect, resized
from engine.pictures import PictureError, saving
from ui.document import (
    TILE,
    Document,
    Foreign,
    Layer,
    Pixels,
    Result,
    Rgba,
    blank,
    frozen,
    lay_layers,
    overlap,
    places,
    straight,
)
from ui.language import told, tr
from ui.png import png
from ui.record import Json, TileMap, document_of, number_of, record
from ui.spaces import on_screen

VERSION = 1
STATE, THUMBNAIL = "state.json", "thumbnail.png"
LIMIT = 64 << 20  # bytes: a smaller pack is not worth tidying
WASTE = 2.5  # times what is needed: a pack that is larger gives way to a new one
OLD = 30 * 24 * 3600  # seconds after which nobody wants it back
SIDE = 192  # pixels, at most, of the thumbnail


@dataclass(frozen=True, eq=False)
class Preview:
    """What an edit under way was showing."""

    at: Rect
    pixels: Pixels  # premultiplied BGRA, of any size: scaled to the rectangle
    recipe: str  # JSON


@dataclass(frozen=True, eq=False)
class Entry:
    """What is written: all that shall be there again."""

    document: Document
    active: int  # uid of the layer that was worked on
    name: str
    path: str  # of its file; empty if it has none
    preview: Preview | None = None


class Journal:
    """Used by one thread at a time."""

    def __init__(self, root: Path | None = None) -> None:
        root = root or journals()
        root.mkdir(parents=True, exist_ok=True)
        self.folder = root / uuid4().hex
        self._lock = lock_of(self.folder)
        self._lock.tryLock(0)  # before the folder is there, or another program would take it for left over
        self.folder.mkdir()
        self._pack: IO[bytes] | None = None
        self._number = 0  # of the pack
        self._whole = 0  # bytes of the pack that the last state counts on
        self._known: dict[int, tuple[ReferenceType[Any], Json]] = {}  # where an array is, by its id
        self._foreign: tuple[Foreign, Json] | None = None
        self._used = 0  # bytes that the state needs

    @property
    def holds(self) -> bool:
        """Whether there is something to be recovered."""
        return (self.folder / STATE).exists()

    def write(self, entry: Entry) -> None:
        """The state from now on. Raises PictureError, and then the one before is still there."""
        try:
            self._write(entry)
        except OSError as error:
            self._fall_back()
            reason = error.strerror or str(error)
            sentence = tr("The journal cannot be written ({reason}); free some space.")
            raise PictureError(sentence.format(reason=reason)) from None
        except PictureError:
            self._fall_back()
            raise

    def forget(self) -> None:
        """Nothing can be lost any more."""
        (self.folder / STATE).unlink(missing_ok=True)
        self._start_pack()

    def end(self) -> None:
        """Leave nothing behind."""
        self._close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.unlock()

    def put_tiles(self, tiles: TileMap) -> Json:
        return [[*place, self.put_array(tile)] for place, tile in tiles.items()]

    def put_array(self, array: NDArray[Any]) -> Json:
        """Written if it is not there yet: arrays never change."""
        known = self._known.get(id(array))
        if known is None or known[0]() is not array:
            known = ref(array), self._append(array)
            self._known[id(array)] = known
        self._used += known[1][2]
        return known[1]

    def _write(self, entry: Entry) -> None:
        if self._pack is None or self._whole > max(LIMIT, WASTE * self._used):
            self._start_pack()
        pack = self._pack
        assert pack is not None
        self._used = 0
        document = entry.document
        written = {
            "version": VERSION,
            "name": entry.name,
            "path": entry.path,
            "when": time.time(),
            "active": number_of(document, entry.active),
            "document": record(replace(document, foreign=None), self),
            "foreign": self._put_foreign(document.foreign),
            "preview": self._put_preview(entry.preview),
        }
        pack.flush()
        fsync(pack.fileno())
        with saving(self.folder / THUMBNAIL) as file:
            small = thumbnail(document)
            file.writelines(png(iter([small]), small.shape[1], small.shape[0]))
        with saving(self.folder / STATE) as file:
            file.write(json.dumps(written).encode())
        self._whole = pack.tell()
        self._known = {key: known for key, known in self._known.items() if known[0]() is not None}
        for other in self.folder.glob("tiles-*"):
            if other.name != f"tiles-{self._number}":
                other.unlink(missing_ok=True)

    def _append(self, array: NDArray[Any]) -> Json:
        """Opaque pixels are written once and hardly shrink; strokes come often, and are mostly nothing."""
        pack = self._pack
        assert pack is not None
        content = np.ascontiguousarray(array).tobytes()
        thin = array.ndim < 3 or array.shape[2] < 4 or not bool(array[..., 3].all())
        packed = zlib.compress(content, 1) if thin else content
        at = pack.tell()
        pack.write(packed)
        kind = array.dtype.newbyteorder("<").str
        return [self._number, at, len(packed), zlib.crc32(packed), thin, kind, list(array.shape)]

    def _put_preview(self, preview: Preview | None) -> Json:
        if preview is None:
            return None
        return {"at": list(preview.at), "pixels": self.put_array(preview.pixels), "recipe": preview.recipe}

    def _put_foreign(self, foreign: Foreign | None) -> Json:
        if foreign is None:
            return None
        if self._foreign is None or self._foreign[0] is not foreign:
            entries = {
                name: self._append(np.frombuffer(it, np.uint8)) for name, it in foreign.entries.items()
            }
            self._foreign = foreign, {"stack": foreign.stack, "entries": entries}
        self._used += sum(reference[2] for reference in self._foreign[1]["entries"].values())
        return self._foreign[1]

    def _start_pack(self) -> None:
        self._close()
        self._number += 1
        self._pack = (self.folder / f"tiles-{self._number}").open("wb")

    def _close(self) -> None:
        if self._pack is not None:
            with suppress(OSError):  # what could not be written is not counted on
                self._pack.close()
        self._pack, self._known, self._foreign, self._whole = None, {}, None, 0

    def _fall_back(self) -> None:
        """As after the last whole state."""
        whole, number = self._whole, self._number
        self._close()
        path = self.folder / f"tiles-{number}"
        with suppress(OSError):
            if whole:
                with path.open("r+b") as file:
                    file.truncate(whole)
            else:
                path.unlink(missing_ok=True)


# ---- what a crash has left


class LeftOver(NamedTuple):
    """A journal whose program has ended without a word."""

    folder: Path
    lock: QLockFile  # ours, so that no other program offers it too
    name: str
    path: str
    when: float  # seconds, as `time.time` has them
    thumbnail: bytes  # PNG; empty if there is none

    def discard(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.unlock()


class Recovered(NamedTuple):
    document: Document
    active: int  # uid


def journals() -> Path:
    return user_state_path("driftpaint", appauthor=False) / "journals"


def lock_of(folder: Path) -> QLockFile:
    lock = QLockFile(str(folder.with_suffix(".lock")))
    lock.setStaleLockTime(0)  # it is stale when its program has ended, however long that runs
    return lock


def left_over(root: Path | None = None) -> list[LeftOver]:
    """The journals that wait to be recovered, the newest first; what is empty or old is taken away."""
    found = []
    root = root or journals()
    for folder in root.iterdir() if root.is_dir() else ():
        if not folder.is_dir():
            continue
        lock = lock_of(folder)
        if not lock.tryLock(0):
            continue  # in use
        state = _state(folder)
        if state is None or time.time() - state["when"] > OLD:
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlock()
            continue
        picture = folder / THUMBNAIL
        small = picture.read_bytes() if picture.exists() else b""
        found.append(LeftOver(folder, lock, state["name"], state["path"], state["when"], small))
    return sorted(found, key=lambda each: -each.when)


def recover(folder: Path) -> Recovered:
    """What a journal holds. Raises PictureError."""
    state = _state(folder)
    try:
        if state is None:
            raise ValueError("it holds nothing")
        source = _Source(folder)
        document = document_of(state["document"], source)
        foreign, preview = state["foreign"], state["preview"]
        if foreign is not None:
            entries = {name: source.get_array(it).tobytes() for name, it in foreign["entries"].items()}
            document = replace(document, foreign=Foreign(foreign["stack"], MappingProxyType(entries)))
        if preview is not None:
            at = Rect(*preview["at"])
            pixels = straight(source.get_array(preview["pixels"]))
            result = Result(at, frozen(_scaled(pixels, at)), preview["recipe"])
            document = replace(document, results=(*document.results, result))
        layers = list(document.walk())
        active = layers[state["active"]].uid if 0 <= state["active"] < len(layers) else 0
    except (OSError, ValueError, KeyError, TypeError, IndexError, zlib.error) as error:
        sentence = tr("What was kept cannot be read ({reason}); discard it.")
        raise PictureError(sentence.format(reason=told(str(error)))) from None
    return Recovered(document, active)


class _Source:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._arrays: dict[tuple[int, int], NDArray[Any]] = {}  # what was one array is one again

    def get_tiles(self, reference: Json) -> TileMap:
        return MappingProxyType({(column, row): self.get_array(it) for column, row, it in reference})

    def get_array(self, reference: Json) -> NDArray[Any]:
        number, at, length, checksum, thin, kind, shape = reference
        if (number, at) not in self._arrays:
            with (self._folder / f"tiles-{number}").open("rb") as file:
                file.seek(at)
                content = file.read(length)
            if len(content) != length or zlib.crc32(content) != checksum:
                raise ValueError("a part of it is damaged")
            content = zlib.decompress(content) if thin else content
            self._arrays[number, at] = frozen(np.frombuffer(content, kind).reshape(shape).copy())
        return self._arrays[number, at]


def _state(folder: Path) -> Json:
    try:
        state = json.loads((folder / STATE).read_bytes())
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) and state.get("version") == VERSION else None


def _scaled(pixels: Rgba, at: Rect) -> Rgba:
    """Pixels at the size of a rectangle."""
    return resized(pixels, at.width, at.height).copy()


# ---- what is written of what is under way


def still(document: Document) -> Document:
    """The document with copies of what is being painted on, which no stroke changes any more."""
    layers, areas = tuple(map(_still, document.layers)), tuple(map(_still, document.areas))
    if layers == document.layers and areas == document.areas:
        return document
    return replace(document, layers=layers, areas=areas)


def _still(layer: Layer) -> Layer:
    tiles, mask, layers = _copied(layer.tiles), layer.mask, tuple(map(_still, layer.layers))
    mask = None if mask is None else _copied(mask)
    if tiles is layer.tiles and mask is layer.mask and layers == layer.layers:
        return layer
    return replace(layer, tiles=tiles, mask=mask, layers=layers)


def _copied(tiles: TileMap) -> TileMap:
    if isinstance(tiles, MappingProxyType):  # only what is under way is another mapping
        return tiles
    copies = {place: tile.copy() if tile.flags.writeable else tile for place, tile in list(tiles.items())}
    return MappingProxyType(copies)


def thumbnail(document: Document) -> NDArray[np.uint8]:
    """A small picture, straight RGBA: every so many pixels one, for it is made often."""
    step = 1
    while max(document.width, document.height) > SIDE * step and step < TILE:
        step *= 2
    out = blank(-(-document.width // step), -(-document.height // step), document.depth)
    for place in places(document.rect):
        inside, outside = overlap(place, document.rect)
        part = tuple(slice(cut.start // step, -(-cut.stop // step)) for cut in outside)
        cut = tuple(slice(each.start, each.stop, step) for each in inside)
        lay_layers(out[part[0], part[1]], document.layers, place, (cut[0], cut[1]))
    return straight(on_screen(np.ascontiguousarray(out), document.profile))
