"""The header of a .safetensors file, read by hand: names, shapes and places of its tensors, in milliseconds
and without torch. What is wrong with the file is said in one sentence.
"""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.types import EngineError

LARGEST = 100_000_000  # bytes of a header; the format allows no more
BITS = {  # of one number
    **dict.fromkeys(("F64", "I64", "U64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F8_E8M0", "I8", "U8", "BOOL"), 8),
    **dict.fromkeys(("F4",), 4),
}
PICKLES = {".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle"}
OTHERS = (  # how a file begins that is something else, and what to do
    (b"version https://git-lfs", "{path} only names a file that git has not fetched yet; run git lfs pull."),
    (b"<", "{path} is a web page, not a model; download the model itself."),
    (b"GGUF", "{path} is a GGUF file, which is not supported; get the model as .safetensors."),
    (b"Rar!", "{path} is an archive; unpack it."),
    (b"7z\xbc\xaf", "{path} is an archive; unpack it."),
)


class Place(NamedTuple):
    """A tensor of a file."""

    dtype: str  # as the format names it: F32, BF16, ...
    shape: tuple[int, ...]
    start: int  # bytes, from the beginning of the file
    end: int

    @property
    def numbers(self) -> int:
        return math.prod(self.shape)


class Header(NamedTuple):
    tensors: dict[str, Place]
    metadata: dict[str, str]


def read_header(path: Path) -> Header:
    """Raises EngineError for whatever is no whole .safetensors file."""
    if path.suffix.lower() in PICKLES:
        raise EngineError(pickle_refusal(path))
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(32)
            length = struct.unpack("<Q", start[:8].ljust(8, b"\xff"))[0]
            if not 2 <= length <= LARGEST or start[8:9] not in (b"{", b""):
                raise EngineError(_foreign(path, start))
            if 8 + length > size:
                raise EngineError(_cut(path))
            file.seek(8)
            text = file.read(length)
    except OSError as error:
        raise EngineError(f"{path} cannot be read ({error.strerror}); check the name.") from None
    try:
        told = json.loads(text)
        metadata = told.pop("__metadata__", None) or {}
        tensors = {name: _place(each, 8 + length) for name, each in told.items()}
        if not all(isinstance(each, str) for each in metadata.values()):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise EngineError(f"The header of {path} is damaged; get a fresh copy.") from None
    _check(path, tensors, size, 8 + length)
    return Header(tensors, metadata)


def numbers(path: Path, place: Place) -> NDArray[np.float32]:
    """A small tensor's numbers, of 16 or 32 bits each."""
    with path.open("rb") as file:
        file.seek(place.start)
        content = file.read(place.end - place.start)
    if place.dtype == "BF16":  # the upper half of a float32
        padded = np.zeros((place.numbers, 2), "<u2")
        padded[:, 1] = np.frombuffer(content, "<u2")
        return padded.view(np.float32)[:, 0]
    return np.frombuffer(content, {"F16": "<f2", "F32": "<f4"}[place.dtype]).astype(np.float32)


def pickle_refusal(path: Path) -> str:
    return (
        f"{path} is a pickle, and opening one can run any program that is hidden in it; get it as "
        ".safetensors, or convert it: torch.load with weights_only=True, then safetensors.torch.save_file."
    )


def _place(told: Any, data: int) -> Place:
    start, end = told["data_offsets"]
    shape = tuple(told["shape"])
    place = Place(told["dtype"], shape, data + start, data + end)
    whole = all(type(each) is int and each >= 0 for each in (*shape, start, end))
    if not whole or (end - start) * 8 != BITS[place.dtype] * place.numbers:
        raise ValueError
    return place


def _check(path: Path, tensors: dict[str, Place], size: int, data: int) -> None:
    """The tensors fill the file without gaps, as the format demands."""
    at = data
    for place in sorted(tensors.values(), key=lambda place: (place.start, place.end)):
        if place.start != at:
            raise EngineError(f"The header of {path} is damaged; get a fresh copy.")
        at = place.end
    if at > size:
        raise EngineError(_cut(path))
    if at < size:
        raise EngineError(f"{path} is longer than its header says; get a fresh copy.")


def _cut(path: Path) -> str:
    return f"{path} is cut off; it was not copied or downloaded to its end. Get it once more."


def _foreign(path: Path, start: bytes) -> str:
    """What a file is that does not begin like a .safetensors file."""
    if not start:
        return f"{path} is empty; get a fresh copy."
    if start.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        return pickle_refusal(path)
    for beginning, sentence in OTHERS:
        if start.startswith(beginning):
            return sentence.format(path=path)
    return f"{path} is no .safetensors file, or its header is damaged; get a fresh copy."
