"""Handles in the picture: where their parts are, what each part does when it is moved, and what becomes of
them on their way. Plain values, in canvas pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from engine.area import Rect
from engine.types import Handle, Point, Region
from engine.warp import cut, part_way, region_of
from ui.document import Pull, Pulls
from ui.session import Chosen

Part = Literal["source", "target", "knob", "rim"]
REACH = 9.0  # points of the widget round a part in which it is grabbed
ARM = 22.0  # points between what lands and the knob that turns it
STILL = 3.0  # points: a shorter way is a click
FREE = 4.0  # degrees and per cent round "not turned" and "not scaled" that count as that
SCALES = (0.1, 8.0)


class Spot(NamedTuple):
    """A part of a handle."""

    number: int
    part: Part


def has_way(handle: Handle) -> bool:
    """Whether it changes anything."""
    return math.dist(handle.source, handle.target) >= 0.05 or handle.turn != 0 or handle.scale != 1


def moving(pulls: Sequence[Pull]) -> list[Handle]:
    """What those that are switched on and go somewhere do."""
    return [pull.handle for pull in pulls if pull.enabled and has_way(pull.handle)]


def extent(handle: Handle) -> float:
    """Half of the size of what it carries."""
    if handle.region is None:
        return handle.radius
    height, width = handle.region.mask.shape
    return float(max(width, height)) / 2


def knob(handle: Handle, point: float) -> Point:
    """Where its turn and scale are grabbed; `point` is in canvas pixels."""
    arm, angle = extent(handle) * handle.scale + ARM * point, math.radians(handle.turn)
    return handle.target[0] + arm * math.sin(angle), handle.target[1] - arm * math.cos(angle)


def spot_at(pulls: Sequence[Pull], chosen: Chosen | None, at: Point, point: float) -> Spot | None:
    """The part at a place: first of the chosen handle, which alone shows a knob and a rim, then of the
    others, the last one first.
    """
    numbers = list(reversed(range(len(pulls))))
    if chosen is not None:
        numbers.remove(chosen.number)
        numbers.insert(0, chosen.number)
    for number in numbers:
        handle = pulls[number].handle
        is_chosen = chosen is not None and number == chosen.number
        parts: list[tuple[Part, float]] = [
            ("target", math.dist(at, handle.target)),
            ("source", math.dist(at, handle.source)),
        ]
        if is_chosen:
            parts.insert(0, ("knob", math.dist(at, knob(handle, point))))
            if handle.region is None:
                parts.append(("rim", abs(math.dist(at, handle.source) - handle.radius) * 1.5))
        for part, distance in parts:
            if distance <= REACH * point:
                return Spot(number, part)
    for number in numbers:
        if not has_way(pulls[number].handle) and carries(pulls[number].handle, at):
            return Spot(number, "target")
    return None


def carries(handle: Handle, at: Point) -> bool:
    """Whether what is at that place goes with it."""
    if handle.region is None:
        return math.dist(handle.source, at) <= handle.radius
    x, y = math.floor(at[0]) - handle.region.x, math.floor(at[1]) - handle.region.y
    height, width = handle.region.mask.shape
    return 0 <= x < width and 0 <= y < height and bool(handle.region.mask[y, x] > 127)


def with_end(handle: Handle, end: Literal["source", "target"], to: Point) -> Handle:
    """One end elsewhere; a region goes with its source, by whole pixels."""
    to = round(to[0], 1), round(to[1], 1)
    if end == "target":
        return replace(handle, target=to)
    region = handle.region
    if region is not None:
        by = [round(b - a) for a, b in zip(handle.source, to, strict=True)]
        to = handle.source[0] + by[0], handle.source[1] + by[1]
        region = replace(region, x=region.x + by[0], y=region.y + by[1])
    return replace(handle, source=to, region=region)


def turned(handle: Handle, to: Point, point: float, steps: bool) -> Handle:
    """As its knob at that place says; in `steps` by 15 degrees and not scaled."""
    x, y = to[0] - handle.target[0], to[1] - handle.target[1]
    turn = math.degrees(math.atan2(x, -y))
    scale = (math.hypot(x, y) - ARM * point) / extent(handle)
    if steps:
        return replace(handle, turn=float(round(turn / 15) * 15), scale=1.0)
    turn = 0.0 if abs(turn) < FREE else round(turn, 1)
    scale = 1.0 if abs(scale - 1) < FREE / 100 else round(min(max(scale, SCALES[0]), SCALES[1]), 3)
    return replace(handle, turn=turn, scale=scale)


def lassoed(points: Sequence[Point], bounds: Rect) -> Region | None:
    """What a line encloses, inside the bounds; None if that is nothing."""
    xs = [min(max(x, bounds.x), bounds.x + bounds.width) for x, _ in points]
    ys = [min(max(y, bounds.y), bounds.y + bounds.height) for _, y in points]
    left, top = math.floor(min(xs)), math.floor(min(ys))
    width, height = math.ceil(max(xs)) - left, math.ceil(max(ys)) - top
    if len(points) < 3 or width < 2 or height < 2:
        return None
    image = Image.new("L", (4 * width, 4 * height))  # drawn larger, for a smooth edge
    outline = [(4 * (x - left), 4 * (y - top)) for x, y in zip(xs, ys, strict=True)]
    ImageDraw.Draw(image).polygon(outline, fill=255)
    mask = np.asarray(image.resize((width, height), Image.Resampling.BOX))
    return Region(left, top, mask) if mask.any() else None


def middle(region: Region) -> Point:
    """Of what a region holds."""
    weights = region.mask.astype(np.float64)
    whole = weights.sum()
    x = (weights.sum(0) * (np.arange(weights.shape[1]) + 0.5)).sum() / whole
    y = (weights.sum(1) * (np.arange(weights.shape[0]) + 0.5)).sum() / whole
    return round(region.x + float(x), 1), round(region.y + float(y), 1)


def gone(handle: Handle, share: float, width: int, height: int) -> Handle:
    """What is left to do once it has gone that far, in a picture of that size: it starts from there."""
    there = part_way(handle, share)
    rest = replace(
        handle,
        source=there.target,
        turn=handle.turn - there.turn if share < 1 else 0.0,
        scale=handle.scale / there.scale if share < 1 else 1.0,
    )
    if handle.region is None:
        return replace(rest, radius=max(handle.radius * there.scale, 1.0))
    landed = cut(np.zeros((height, width, 3), np.uint8), there)
    mask = np.rint(landed.alpha * 255).astype(np.uint8)
    if not mask.any():
        return rest
    return replace(rest, region=Region(landed.at.x, landed.at.y, mask))


def box(handle: Handle, width: int, height: int) -> Rect:
    """The part of a picture of that size that it carries."""
    region = region_of(handle, width, height)
    return Rect(region.x, region.y, region.mask.shape[1], region.mask.shape[0])


def named(pulls: Pulls) -> str:
    """A name that none of them has."""
    taken = {pull.name for pull in pulls}
    return next(name for name in map("Handle {}".format, count(1)) if name not in taken)


def exchanged(pulls: Pulls, number: int, pull: Pull) -> Pulls:
    return (*pulls[:number], pull, *pulls[number + 1 :])
