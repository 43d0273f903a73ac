"""DragBench folders: pictures with handles and a mask, in the two layouts that there are.

SDE-Drag's (Nie et al., 2024) has `origin_image.png`, `mask.png` and `prompt.json` with `prompt`, and `source`
and `target`, lists of points. DragDiffusion's (Shi et al., 2024) has `original_image.png` and `meta_data.pkl`
with `prompt`, `mask` and `points`, which are sources and targets in turn.

As their programs read them, points are x, y in pixels, and the mask is white, or not 0, where the picture may
change.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine import plain_pickle
from engine.pictures import PictureError, Rgba, open_mask, open_picture
from engine.types import EngineError, Mask, Point


class Case(NamedTuple):
    picture: Rgba
    mask: Mask  # 0 or 1
    prompt: str
    points: tuple[tuple[Point, Point], ...]  # sources and targets


class Layout(NamedTuple):
    name: str
    files: tuple[str, ...]  # the picture first
    read: Callable[[Path], Case]


class Found(NamedTuple):
    name: str  # its folder's, below the folder of all
    folder: Path
    layout: Layout


def found(folder: Path, leave_out: Path) -> Iterator[Found]:
    """The cases below a folder, but not in `leave_out`. A folder with one of a layout's files is one, so that
    a case whose other files are missing is not passed over.
    """
    for place, inside, files in os.walk(folder):
        here = Path(place)
        inside[:] = sorted(each for each in inside if (here / each).resolve() != leave_out.resolve())
        for layout in LAYOUTS:
            if any(file in files for file in layout.files if file != "mask.png"):
                name = here.relative_to(folder).as_posix()
                yield Found(folder.resolve().name if name == "." else name, here, layout)
                break


def digest(case: Found) -> str:
    """Of its files, to see whether they have changed. Raises EngineError where one is missing."""
    content = hashlib.sha256()
    for name in case.layout.files:
        content.update(_bytes(case.folder / name))
    return content.hexdigest()


def read(place: Found) -> Case:
    """Raises EngineError with one sentence on what is wrong."""
    try:
        case = place.layout.read(place.folder)
    except PictureError as error:
        raise EngineError(str(error).replace(f"{place.folder}{os.sep}", "")) from None
    height, width = case.picture.shape[:2]
    if case.mask.shape != (height, width):
        size = f"{case.mask.shape[1]} x {case.mask.shape[0]}"
        raise EngineError(f"Its mask has {size} pixels but its picture {width} x {height}.")
    if not case.mask.any():
        raise EngineError("Its mask frees nothing.")
    # a pair that stays where it is only says that nothing moves there, as nothing does
    moving = tuple(pair for pair in case.points if pair[0] != pair[1])
    if not moving:
        raise EngineError("None of its points moves.")
    return case._replace(points=moving)


def _sde_drag(folder: Path) -> Case:
    path = folder / "prompt.json"
    try:
        told = json.loads(_bytes(path))
    except (ValueError, RecursionError):
        raise EngineError(f"{path.name} is no JSON; get a fresh copy.") from None
    told = _entries(path, told, "prompt", "source", "target")
    sources, targets = _points(path, told["source"]), _points(path, told["target"])
    if len(sources) != len(targets):
        raise EngineError(
            f"{path.name} has {len(sources)} sources but {len(targets)} targets; they come in pairs."
        )
    mask = open_mask(folder / "mask.png") > 128 / 255
    picture = open_picture(folder / "origin_image.png").rgba
    return Case(picture, mask.astype(np.float32), told["prompt"], tuple(zip(sources, targets, strict=True)))


def _drag_diffusion(folder: Path) -> Case:
    path = folder / "meta_data.pkl"
    try:
        told = plain_pickle.read(_bytes(path))
    except plain_pickle.PickleError as error:
        raise EngineError(f"{path.name} {error}; it was not read.") from None
    told = _entries(path, told, "prompt", "points", "mask")
    points, mask = _points(path, told["points"]), told["mask"]
    if len(points) % 2:
        raise EngineError(f"{path.name} has {len(points)} points; sources and targets are an even number.")
    if not isinstance(mask, np.ndarray) or mask.ndim != 2:
        raise EngineError(f"{path.name} has no mask of rows and columns.")
    picture = open_picture(folder / "original_image.png").rgba
    pairs = tuple(zip(points[::2], points[1::2], strict=True))
    return Case(picture, (mask > 0).astype(np.float32), told["prompt"], pairs)


LAYOUTS = (
    Layout("SDE-Drag", ("origin_image.png", "mask.png", "prompt.json"), _sde_drag),
    Layout("DragDiffusion", ("original_image.png", "meta_data.pkl"), _drag_diffusion),
)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise EngineError(f"{path.name} is missing.") from None
    except OSError as error:
        raise EngineError(f"{path.name} cannot be read ({error.strerror}).") from None


def _entries(path: Path, told: object, *names: str) -> dict[str, Any]:
    if not isinstance(told, dict) or any(name not in told for name in names):
        raise EngineError(f"{path.name} does not hold {', '.join(names[:-1])} and {names[-1]}.")
    if not isinstance(told["prompt"], str):
        raise EngineError(f"{path.name} has a prompt that is no text.")
    return told


def _points(path: Path, told: object) -> list[Point]:
    points = told.tolist() if isinstance(told, np.ndarray) else told
    if not isinstance(points, list) or not points:
        raise EngineError(f"{path.name} has no points.")
    out = []
    for point in points:
        pair = point.tolist() if isinstance(point, np.ndarray) else point
        numbers = isinstance(pair, list) and all(type(number) in (int, float) for number in pair)
        if not numbers or len(pair) != 2:
            raise EngineError(f"{path.name} has a point that is no pair of numbers.")
        out.append((float(pair[0]), float(pair[1])))
    return out
