"""Pickles of numbers, words, lists and arrays, read without running anything that they name.

A pickle may call any function by its name. Here the few names that numpy's arrays and numbers need lead to
functions of our own, which make plain values, and every other name is refused; not even numpy's own functions
are called with what a stranger wrote.
"""

from __future__ import annotations

import io
import math
import pickle
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_BYTES = 1 << 28
PLAIN_KINDS = re.compile(r"[<>|=]?[biuf][1248]")  # whole numbers, truth values, fractions
DAMAGED = (
    *(ArithmeticError, AttributeError, EOFError, ImportError, LookupError, MemoryError, RecursionError),
    *(TypeError, ValueError, pickle.UnpicklingError),
)


class PickleError(Exception):
    """One plain phrase on what is wrong with a pickle."""


def read(content: bytes) -> object:
    """The value, whose arrays are numpy's. Raises PickleError."""
    if len(content) > MOST_BYTES:
        raise PickleError("is larger than 256 MB")
    try:
        return _arrays(_Reader(io.BytesIO(content)).load(), {})
    except DAMAGED as error:
        raise PickleError(f"is damaged ({type(error).__name__})") from None


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        found = self._known(f"{module.replace('_core', 'core')}.{name}")
        if found is None:
            raise PickleError(f"asks for {module}.{name}, which could run a stranger's program")
        return found

    def _known(self, name: str) -> object:
        known: dict[str, object] = {
            "numpy.dtype": _Named(self._kind),
            "numpy.ndarray": "ndarray",
            "numpy.core.multiarray._reconstruct": _Named(self._empty),
            "numpy.core.multiarray.scalar": _Named(self._number),
            "numpy.core.numeric._frombuffer": _Named(self._from_buffer),
            "_codecs.encode": _Named(self._bytes),
        }
        return known.get(name)

    def _kind(self, name: object, *_: object) -> _Kind:
        if not isinstance(name, str) or not PLAIN_KINDS.fullmatch(name):
            raise PickleError("holds an array of something else than numbers")
        return _Kind(np.dtype(name))

    def _empty(self, *_: object) -> _Array:
        return _Array()

    def _number(self, kind: _Kind, content: bytes) -> object:
        return np.frombuffer(content, kind.dtype, 1)[0].item()

    def _from_buffer(self, content: bytes, kind: _Kind, shape: Any, order: str, *_: object) -> _Array:
        array = _Array()
        array.__setstate__((1, shape, kind, order == "F", bytes(content)))
        return array

    def _bytes(self, text: str, encoding: str) -> bytes:
        if encoding != "latin1":
            raise PickleError("is damaged")
        return text.encode("latin1")


@dataclass(frozen=True, slots=True)
class _Named:
    """What a name leads to: it can be called, and nothing of it can be set."""

    call: Callable[..., object]

    def __call__(self, *arguments: object) -> object:
        return self.call(*arguments)

    def __setstate__(self, state: object) -> None:
        raise PickleError("is damaged")


@dataclass(eq=False)
class _Kind:
    """What stands for numpy's dtype."""

    dtype: np.dtype[Any]

    def __setstate__(self, state: Any) -> None:
        if state[1] not in ("<", ">", "|"):
            raise PickleError("is damaged")
        self.dtype = np.dtype(state[1] + self.dtype.str[1:])


@dataclass(eq=False)
class _Array:
    """What stands for numpy's array until all is read."""

    value: NDArray[Any] | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, by_columns, content = state
        shape = tuple(shape)
        if not isinstance(kind, _Kind) or not isinstance(content, bytes):
            raise PickleError("holds an array of something else than numbers")
        if not all(type(n) is int and n >= 0 for n in shape) or len(shape) > 4:
            raise PickleError("holds an array of a strange shape")
        if math.prod(shape) * kind.dtype.itemsize != len(content):
            raise PickleError("holds an array that is cut short")
        flat = np.frombuffer(content, kind.dtype)
        self.value = flat.reshape(shape, order="F" if by_columns else "C")


def _arrays(value: object, seen: dict[int, object]) -> object:
    """With the arrays themselves in the place of what stood for them. What is there twice is seen once."""
    if id(value) in seen:
        return seen[id(value)]
    if isinstance(value, _Array):
        return value.value
    if isinstance(value, list | tuple):
        items: list[object] = []
        seen[id(value)] = items
        items.extend(_arrays(each, seen) for each in value)
        return items
    if isinstance(value, dict):
        entries: dict[object, object] = {}
        seen[id(value)] = entries
        entries.update((key, _arrays(each, seen)) for key, each in value.items())
        return entries
    return value
