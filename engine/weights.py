"""Which weights a model has: a digest of their files, the same wherever they lie; and when a file that goes
with one is the same. No torch.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from engine.types import EngineError

RESOURCES = Path(__file__).parents[1] / "resources"
NAMED = {"starter": RESOURCES / "starter"}
WHOLE = 2**28  # bytes: of a larger file of weights only samples are hashed
SAMPLE, SAMPLES = 2**16, 256


class Stamp(NamedTuple):
    """Of a file: when it is the same, so is what the file says."""

    path: str
    changed: int
    size: int


def digest_of(path: Path) -> str:
    """SHA-256 of the files of weights, in the order of their names; of samples of those that are large."""
    files = sorted(path.rglob("*.safetensors")) if path.is_dir() else [path]
    told = ((file, file.stat()) for file in files)
    return _digest_of(tuple((file, stat.st_mtime_ns, stat.st_size) for file, stat in told))


@lru_cache(16)
def _digest_of(files: tuple[tuple[Path, int, int], ...]) -> str:
    """Once for each time that they have changed."""
    digest = hashlib.sha256()
    for file, _, size in files:
        with file.open("rb") as content:
            if size <= WHOLE:
                digest.update(hashlib.file_digest(content, "sha256").digest())
                continue
            digest.update(size.to_bytes(8, "little"))
            for i in range(SAMPLES):
                content.seek(i * (size - SAMPLE) // (SAMPLES - 1))
                digest.update(content.read(SAMPLE))
    return digest.hexdigest()


def file_digest(path: str) -> str:
    """SHA-256 of a file's content; empty where there is none."""
    try:
        told = Path(path).stat()
        return _file_digest(path, told.st_mtime_ns, told.st_size)
    except OSError:
        return ""


@lru_cache(64)
def _file_digest(path: str, *changed: int) -> str:
    """Reading a large file takes half a second: once for each time that it has changed."""
    with Path(path).open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def stamp(path: str) -> Stamp:
    """Raises EngineError where there is no such file."""
    try:
        found = Path(path).stat()
    except OSError:
        raise EngineError(f"There is no file {path}; check the name.") from None
    return Stamp(path, found.st_mtime_ns, found.st_size)
