"""The document as JSON, by the types of its fields, so that a new field is written without a word here.

Pixels go to a store, of a project file or of the journal, which gives references for them.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Literal, Protocol, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from ui.document import Document

Json = Any  # what `json` reads and writes
TileMap = Mapping[tuple[int, int], NDArray[Any]]  # Tiles or Shares
NEW = frozenset({"uid"})  # fields that a document gets anew


class Store(Protocol):
    """Takes pixels and gives a reference, which a source understands."""

    def put_tiles(self, tiles: TileMap) -> Json: ...
    def put_array(self, array: NDArray[Any]) -> Json: ...


class Source(Protocol):
    """Has the pixels that were put into a store."""

    def get_tiles(self, reference: Json) -> TileMap: ...
    def get_array(self, reference: Json) -> NDArray[Any]: ...


def record(document: Document, store: Store) -> Json:
    return _written(Document, document, store)


def document_of(written: Json, source: Source) -> Document:
    """Raises ValueError if it is not a document."""
    try:
        document = _read(Document, written, source)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it does not fit ({error})") from None
    assert isinstance(document, Document)
    return document


def number_of(document: Document, uid: int) -> int:
    """Of a layer, in the order of `walk`; -1 if it is not there."""
    return next((number for number, layer in enumerate(document.walk()) if layer.uid == uid), -1)


def _written(kind: Any, value: Any, store: Store) -> Json:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, np.ndarray):
        return store.put_array(value)
    if isinstance(value, Mapping):
        if _has_tiles(kind):
            return store.put_tiles(value)
        return {name: _written(type(item), item, store) for name, item in value.items()}
    if dataclasses.is_dataclass(value):
        hints, fields = get_type_hints(type(value)), dataclasses.fields(value)
        names = [field.name for field in fields if field.name not in NEW]
        return {name: _written(hints[name], getattr(value, name), store) for name in names}
    if isinstance(value, tuple):
        return [_written(type(item), item, store) for item in value]
    raise TypeError(f"{type(value)} cannot be written")


def _read(kind: Any, value: Json, source: Source) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if value is None and NoneType in inner:
            return None
        return _read(next(each for each in inner if each is not NoneType), value, source)
    if origin is Literal:
        return _checked(value, value in inner)
    if origin is np.ndarray:
        return source.get_array(value)
    if origin is tuple:
        kinds = [inner[0]] * len(value) if Ellipsis in inner else inner
        return tuple(_read(each, item, source) for each, item in zip(kinds, value, strict=True))
    if origin is Mapping:
        if _has_tiles(kind):
            return source.get_tiles(value)
        return MappingProxyType({name: _read(inner[1], item, source) for name, item in value.items()})
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        known = {name: value[name] for name in hints if name in value and name not in NEW}
        return kind(**{name: _read(hints[name], item, source) for name, item in known.items()})
    if issubclass(kind, tuple):  # a NamedTuple
        hints = get_type_hints(kind)
        return kind(*(_read(each, item, source) for each, item in zip(hints.values(), value, strict=True)))
    if kind is bytes:
        return base64.b64decode(value)
    if kind is float:
        return float(_checked(value, isinstance(value, int | float)))
    return _checked(value, isinstance(value, kind))


def _has_tiles(kind: Any) -> bool:
    """Whether a type, of a field, is a mapping from places."""
    if get_origin(kind) in (Union, UnionType):
        return any(map(_has_tiles, get_args(kind)))
    return get_origin(kind) is Mapping and get_origin(get_args(kind)[0]) is tuple


def _checked(value: Any, fits: bool) -> Any:
    if not fits:
        raise ValueError(f"{value!r} does not belong there")
    return value
