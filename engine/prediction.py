"""How long an edit will take and how much memory, from what was measured before (`engine.meter`): arithmetic,
no torch.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from engine.area import FEWER, FINER, further_sizes, working_sizes
from engine.remembered import Figures
from engine.types import Drag, EditRequest, Inpaint, Mask, Operation, Prediction, SDEdit, Settle, Translate

NEAR = 128  # pixels: what a network sees round what may change
FINE = 8  # pixels: what share of a picture may change is looked at in such blocks
LOOKS = 20  # network calls by which a translation finds its mask
BACK = 2.3  # times what an evaluation takes: a step of learning, as long as none was measured here
BY_MOVES = ("one pass", "published")


class Walk(NamedTuple):
    """One way down the levels, at one size."""

    area: int  # pixels
    calls: int  # of the network
    seen: int  # pixels that it is asked for


def walks(request: EditRequest, figures: Figures, path_is_known: bool = False) -> list[Walk]:
    """All of an edit's, over its variants; fewer calls where the engine keeps a drag's path already."""
    height, width = request.image.shape[:2]
    native, scale = figures.native, figures.largest / figures.native
    sizes = working_sizes(width, height, native, scale, 1)
    if goes_further(request):
        sizes += further_sizes(width, height, sizes[-1], figures.farthest)
    operation, steps, variants = request.operation, request.steps, request.variants
    few = max(2, math.ceil(FEWER * steps))
    areas = [across * down for across, down in sizes]
    if isinstance(operation, Drag):
        return _of_drag(operation, areas, (steps, few), variants, path_is_known)
    if isinstance(operation, SDEdit):
        areas = areas[: 1 if operation.draft else None]
        strengths = operation.ladder or (operation.strength,) * variants
        times = operation.repeats
    else:
        strengths, times = (operation.strength,) * variants, 1
    shares = seen_shares(request, sizes)
    found = []
    for strength in strengths:
        if not strength:
            continue
        ratio = _ratio(figures, strength)
        begins = first_of(sizes[: len(areas)], ratio)
        is_noisy = ratio * sizes[begins][0] / sizes[0][0] > FINER
        counts = [times * steps] + [few] * (len(areas) - begins - 1)
        for i, (area, calls) in enumerate(zip(areas[begins:], counts, strict=True)):
            share = 1.0 if is_noisy and i == 0 else shares[begins + i]
            found.append(Walk(area, _both_ways(operation, calls), round(share * area)))
    if isinstance(operation, Translate) and operation.find_mask:
        found.append(Walk(areas[0], LOOKS, areas[0]))
    return found


def goes_further(request: EditRequest) -> bool:
    """Whether an edit is made beyond the sizes that its model was trained at: where its result lies beside a
    picture that is sharper.
    """
    return request.mask is not None and not _keeps_to_path(request.operation)


def seen_shares(request: EditRequest, sizes: list[tuple[int, int]]) -> list[float]:
    """The shares, 0..1, of pictures of those sizes (pixels: width and height) that a network sees where only
    what may change, and what is near, is asked for (`engine.pieces`), about.
    """
    free = changing(request)
    if free is None:
        return [1.0] * len(sizes)
    height, width = free.shape
    coarse = _blocks(free, (max(1, width // FINE), max(1, height // FINE)))  # there are as many looks at it
    return [_seen_share(coarse, size) for size in sizes]


def _seen_share(free: Mask, size: tuple[int, int]) -> float:
    coarse = _blocks(free, (max(1, round(size[0] / NEAR)), max(1, round(size[1] / NEAR)))) > 0
    near = np.asarray(Image.fromarray(coarse.astype(np.uint8)).filter(ImageFilter.MaxFilter(3)))
    return float(near.mean())


def _blocks(free: Mask, count: tuple[int, int]) -> Mask:
    """The largest value in each of so many blocks across and down."""
    for axis, blocks in ((0, count[1]), (1, count[0])):
        blocks = min(blocks, free.shape[axis])
        free = np.maximum.reduceat(free, np.arange(blocks) * free.shape[axis] // blocks, axis)
    return free


def changing(request: EditRequest) -> Mask | None:
    """Where an edit may change anything (above 0); None: everywhere, or along a whole path."""
    if _keeps_to_path(request.operation):
        return None
    if request.share is None:
        return request.mask
    moving: Mask = (request.share > 0).astype(np.float32)
    return moving if request.mask is None else moving * request.mask


def _keeps_to_path(operation: Operation) -> bool:
    """Whether all of the picture is asked for, along a path."""
    return isinstance(operation, Drag | Translate) or getattr(operation, "solver", "") == "cycle"


def first_of(sizes: list[tuple[int, int]], at_coarsest: float) -> int:
    """Which of its sizes an edit begins at, from the sigma / alpha that it has at the coarsest.

    Noise of one sigma hides at twice the size what half of it hides at the size: where little changes only
    the finer sizes have work.
    """
    ratios = [at_coarsest * size[0] / sizes[0][0] for size in sizes]
    return max([0, *(i for i, ratio in enumerate(ratios) if i and ratio <= FINER)])


def predicted(
    request: EditRequest,
    figures: Figures,
    free: int,
    is_loaded: bool,
    path_is_known: bool = False,
    is_learned: bool = False,
) -> Prediction | None:
    """None as long as too little is known. `free` bytes are there beside the weights, if they are loaded; on
    a graphics processor as many as there were last.
    """
    if not figures.seconds:
        return None
    way = walks(request, figures, path_is_known)
    rows = figures.rows if is_led(request) else 1.0
    seconds = sum(
        walk.calls * rows * _at(figures.seconds, walk.seen) + walk.area * figures.autoencoder for walk in way
    )
    most = max((walk.area for walk in way), default=0)
    learning = 0.0 if request.identity is None or is_learned else _learning(request, figures)
    seconds += request.variants * figures.rest + learning
    there = free + (figures.weights if is_loaded else 0) if figures.device == "cpu" else figures.room
    if not figures.bytes or not there:
        return Prediction(seconds, None, None, True, learning)
    needed = round(_at(figures.bytes, most)) + figures.weights
    return Prediction(seconds, needed, there, needed <= there, learning)


def is_led(request: EditRequest) -> bool:
    """Whether words lead it away from others, for which most networks are asked twice."""
    return request.negative_prompt != request.prompt and request.guidance != 1


def area_of_learning(request: EditRequest, figures: Figures) -> int:
    """A picture is learned at the size at which its edit begins."""
    height, width = request.image.shape[:2]
    wide, tall = working_sizes(width, height, figures.native, figures.largest / figures.native, 1)[0]
    return wide * tall


def _learning(request: EditRequest, figures: Figures) -> float:
    assert request.identity is not None
    area = area_of_learning(request, figures)
    step = _at(figures.learning, area) if figures.learning else BACK * _at(figures.seconds, area)
    return request.identity.steps * step


def _of_drag(
    drag: Drag, areas: list[int], steps: tuple[int, int], variants: int, is_known: bool
) -> list[Walk]:
    """With `steps` at the first and at all finer sizes. The variants share the first one's path."""
    if not drag.together and len(drag.handles) > 1:
        alone = [replace(drag, handles=(handle,)) for handle in drag.handles]
        return [walk for each in alone for walk in _of_drag(each, areas, steps, 1, is_known=False)] * variants
    area, (many, few) = areas[0], steps
    if drag.form in BY_MOVES:
        far = max(math.dist(handle.source, handle.target) for handle in drag.handles) / drag.stride
        calls = 2 * (many if drag.form == "one pass" else math.ceil(far) * (many - 1))
        return [Walk(area, calls, area)] * variants
    if drag.form == "settle":
        return [Walk(area, many, area), *(Walk(finer, few, finer) for finer in areas[1:])] * variants
    finer = [Walk(each, 2 * few - 1, each) for each in areas[1:]]
    again = [Walk(area, many, area), *finer]
    first = again if is_known else [Walk(area, 2 * many - 1, area), *finer]
    return first + again * (variants - 1)


def _both_ways(operation: Operation, steps: int) -> int:
    """Calls of so many steps: what goes along a path asks twice."""
    if isinstance(operation, Inpaint | Settle):
        return 2 * steps - 1 if operation.solver == "cycle" else steps
    if isinstance(operation, Translate):
        return steps if operation.solver == "sde" else 2 * steps
    return steps


def _ratio(figures: Figures, time: float) -> float:
    at = time * (len(figures.ratios) - 1)
    low = min(int(at), len(figures.ratios) - 2)
    return figures.ratios[low] + (at - low) * (figures.ratios[low + 1] - figures.ratios[low])


def _at(measured: dict[str, float] | dict[str, int], area: int) -> float:
    """Between two areas that were measured on the line between them, beyond them by the nearest's share."""
    known = sorted((int(each), float(value)) for each, value in measured.items())
    for (low, a), (high, b) in pairwise(known):
        if low <= area <= high:
            return a + (b - a) * (area - low) / (high - low)
    nearest, value = known[0] if area < known[0][0] else known[-1]
    return value * area / nearest
