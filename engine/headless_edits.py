"""Drags, inpainting and translation from the command line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.area import Rect, work_area
from engine.headless_run import answer, carry_out, figures, opened, opened_mask, request_of
from engine.pictures import Picture, Rgba, flat
from engine.types import (
    Drag,
    EditRequest,
    EngineError,
    Form,
    Handle,
    Inpaint,
    Mask,
    Operation,
    Point,
    Region,
    Rgb,
    Translate,
)
from engine.warp import lifted, shifted, warped

if TYPE_CHECKING:
    from engine.models import Model

T = TypeVar("T")
NUMBER = r"\s*(-?\d+(?:\.\d*)?|-?\.\d+)\s*"
ENDS = re.compile(f"{NUMBER},{NUMBER}:{NUMBER},{NUMBER}")
FORMS: dict[str, Form] = {
    "auto": "auto",
    "carry": "carry",
    "settle": "settle",
    "onepass": "one pass",
    "published": "published",
}


def drag(ask: argparse.Namespace) -> int:
    picture = opened(ask.input)
    known = flat(picture.rgba)
    regions = [_region(path, picture) for path in ask.region or ()]
    handles = _handles(ask, regions)
    request, area = drag_request(ask, known, handles, _free(ask, picture))
    report, model = carry_out(ask, request, partial(put_back, picture.rgba, area))
    if ask.json:
        answer({**figures(report, model), "moves": report.moves, **_evaluations(model)})
    return 0


def inpaint(ask: argparse.Namespace) -> int:
    picture = opened(ask.input)
    mask = opened_mask(ask.mask, picture)
    if mask is not None and mask.min() == 1:
        raise EngineError(
            f"The mask {ask.mask} frees the whole picture, so that nothing of it would count; paint white "
            "only what shall be invented."
        )
    return _edit(ask, picture, mask, Inpaint(ask.strength, ask.solver))


def translate(ask: argparse.Namespace) -> int:
    picture = opened(ask.input)
    operation = Translate(ask.source_prompt, ask.strength, ask.solver, ask.diffedit)
    return _edit(ask, picture, opened_mask(ask.mask, picture), operation)


def _edit(ask: argparse.Namespace, picture: Picture, mask: Mask | None, operation: Operation) -> int:
    known = flat(picture.rgba)
    area = Rect(0, 0, known.shape[1], known.shape[0]) if mask is None else work_area(mask)
    request = request_of(ask, known, area, mask, operation)
    report, model = carry_out(ask, request, partial(put_back, picture.rgba, area))
    if ask.json:
        answer({**figures(report, model), **_evaluations(model)})
    return 0


def drag_request(
    ask: argparse.Namespace, known: Rgb, handles: Sequence[Handle], free: Mask | None
) -> tuple[EditRequest, Rect]:
    """A drag of a picture, and the part of it where it takes place. Raises EngineError."""
    height, width = known.shape[:2]
    for i, handle in enumerate(handles):
        _check(handle, f"Handle {i + 1}" if len(handles) > 1 else "The handle", width, height)
    touched = np.maximum(lifted(handles, width, height), warped(known, handles).landed)
    if free is not None and not (touched * free).any():
        raise EngineError(
            "The masks keep everything that the handles would change; free the places of both of their ends."
        )
    area = work_area(touched)
    operation = Drag(
        tuple(shifted(handle, -area.x, -area.y) for handle in handles),
        FORMS[ask.form],
        ask.solver,
        ask.strength,
        ask.settle,
        ask.alpha,
        ask.beta,
        ask.stride,
    )
    return request_of(ask, known, area, free, operation), area


def put_back(rgba: Rgba, area: Rect, result: Rgb) -> NDArray[np.uint8]:
    """The picture with the result in its place. A pixel that the edit has not changed keeps every byte, of
    transparency too; one that it has is seen.
    """
    out = rgba.copy()
    place = out[area.slices]
    changed = (result != flat(place)).any(2)
    place[changed, :3] = result[changed]
    place[changed, 3] = 255
    return out if out[..., 3].min() < 255 else np.ascontiguousarray(out[..., :3])


def ends(text: str) -> tuple[Point, Point]:
    """What `--handle` is given: where it begins, and where it ends."""
    match = ENDS.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form X0,Y0:X1,Y1, such as 40,60:120,60.5")
    x0, y0, x1, y1 = map(float, match.groups())
    return (x0, y0), (x1, y1)


def _evaluations(model: Model) -> dict[str, object]:
    return {"network_evaluations": model.clock.network_evaluations}


def _handles(ask: argparse.Namespace, regions: Sequence[Region]) -> list[Handle]:
    count = len(ask.handle)
    radii = _each("--radius", ask.radius or [Handle.radius], count)
    turns = _each("--turn", ask.turn or [Handle.turn], count)
    scales = _each("--scale", ask.scale or [Handle.scale], count)
    carried = _each("--region", regions or [None], count)
    return [
        Handle(source, target, radius, turn, scale, region, trim=region is None and not ask.whole)
        for (source, target), radius, turn, scale, region in zip(
            ask.handle, radii, turns, scales, carried, strict=True
        )
    ]


def _each(option: str, values: Sequence[T], count: int) -> Sequence[T]:
    """One value for all handles, or one for each."""
    if len(values) == 1:
        return [*values] * count
    if len(values) != count:
        raise EngineError(
            f"{option} is given {len(values)} times for {count} handles; give it once, or once for each."
        )
    return values


def _check(handle: Handle, name: str, width: int, height: int) -> None:
    for verb, (x, y) in (("begins", handle.source), ("ends", handle.target)):
        if not (0 <= x <= width and 0 <= y <= height):
            raise EngineError(
                f"{name} {verb} at {x:g},{y:g}, outside the picture of {width} x {height} pixels; "
                "choose a place inside."
            )
    if handle.source == handle.target and not handle.turn and handle.scale == 1:
        x, y = handle.source
        raise EngineError(f"{name} begins and ends at {x:g},{y:g}; choose another target.")


def _free(ask: argparse.Namespace, picture: Picture) -> Mask | None:
    """What a drag may change at all."""
    mask, protect = opened_mask(ask.mask, picture), opened_mask(ask.protect, picture)
    if mask is not None and not mask.any():
        raise EngineError(f"The mask {ask.mask} is black all over; paint white what may change.")
    if protect is not None and protect.min() == 1:
        raise EngineError(f"The mask {ask.protect} protects the whole picture; leave black what may change.")
    if protect is None:
        return mask
    return 1 - protect if mask is None else mask * (1 - protect)


def _region(path: Path, picture: Picture) -> Region:
    """What is white in a picture, as what a handle carries."""
    mask = opened_mask(path, picture)
    assert mask is not None
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        raise EngineError(f"The region {path} is black all over; paint white what the handle carries.")
    here = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Region(int(columns[0]), int(rows[0]), np.rint(here * 255).astype(np.uint8))
