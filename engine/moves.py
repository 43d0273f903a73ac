"""SDE-Drag by moves of windows of the latent: as published (Nie et al., "The Blessing of Randomness", ICLR
2024, section 4 and their code), kept as the reference for benchmarks, and with the moves inside one pass.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor

from engine.area import blend, resized
from engine.cycle import inverted, noised
from engine.latents import At
from engine.levels import Level, even
from engine.models import Model
from engine.sampling import Denoise, Draw, Estimate, first_order, seeded
from engine.types import Drag, EditRequest, EditResult, EngineError, Event, Frame, Handle, Preview
from engine.warp import filled, lifted, part_way

LAST_MOVE = 0.15  # time: in one pass the moves are done by then, while noise still hides their edges


def moved_windows(operation: Drag, request: EditRequest, model: Model) -> Iterator[Event]:
    """First-order steps on evenly spaced levels, two network calls each: of the edit and of its path.

    As published: a round trip to t0 for every move; places are truncated to cells, handles copy one after
    another, windows at borders are cut to what both ends have, the least noisy level stands for the clean
    one, guidance falls with the level, and what is outside the mask follows the path. The source is filled
    with noise as if latents had deviation 1.

    In one pass: one round trip, and a move at every level on the way down. The source is filled from the
    path of a smooth guess of what was behind, so its noise is the level's own.
    """
    if any(handle.turn or handle.scale != 1 for handle in operation.handles):
        raise EngineError("This form of drag cannot turn or scale; choose the form carry or settle.")
    height, width = request.image.shape[:2]
    size = model.sizes(width, height)[0]
    at, cell = At(model, size), width / size[0]
    levels = even(at.schedule, operation.strength, request.steps)
    if operation.form == "published":
        levels = levels[:-1]
        count = math.ceil(
            max(math.dist(each.source, each.target) for each in operation.handles) / operation.stride
        )
        trips = [{0: (i / count, (i + 1) / count)} for i in range(count)]
    else:
        least = at.schedule(LAST_MOVE).ratio
        count = max(1, sum(level.ratio >= least for level in levels))
        trips = [{k: (k / count, (k + 1) / count) for k in range(count)}]
    clean = at.latent(request.image)
    cell *= size[0] / clean.shape[3]
    behind = at.latent(filled(request.image, lifted(operation.handles, width, height)))
    free = None if request.mask is None else at.free(request.mask)
    denoise = (
        _less_guided(request, model, levels) if operation.form == "published" else model.denoiser(request)
    )
    calls = request.variants * len(trips) * (len(levels) - 1) * (1 if operation.solver == "sde" else 2)
    call = 0
    for variant in range(request.variants):
        draw, z = seeded(request.seed + variant), clean
        for i, trip in enumerate(trips):
            if operation.solver == "ode":
                for path in inverted(denoise, z, levels):  # noqa: B007  the last one is the whole
                    call += 1
                    yield Preview(call, calls, call / calls, variant, at.sketch(z))
            else:
                path = noised(z, levels, draw)
            x = path.states[0].clone()
            for k, (a, b) in enumerate(pairwise(levels)):
                p = path.states[k]
                if k in trip:
                    for handle in operation.handles:
                        source, target = (_window(part_way(handle, share), cell) for share in trip[k])
                        guess = None if operation.form == "published" else p + a.alpha * (behind - clean)
                        _copy(x, source, target, operation, guess, draw)
                said = denoise(x, a)
                step = first_order(x, Estimate(a, said), b, float(operation.solver != "ode"))
                if operation.solver == "cycle":
                    same = first_order(p, Estimate(a, path.estimate(k, denoise)), b, 1.0)
                    x = step.mean + (path.states[k + 1] - same.mean)
                    call += 1
                    yield Preview(call, calls, call / calls, variant, at.sketch(said))
                else:
                    x = step.at(draw(x)) if step.std else step.mean
                if free is not None:
                    x = torch.lerp(path.states[k + 1], x, free)
                call += 1
                yield Preview(call, calls, call / calls, variant, at.sketch(said))
            z = x
            picture = blend(request.image, resized(at.picture(z), width, height), request.mask)
            if len(trips) > 1:
                yield Frame(i + 1, len(trips), variant, picture)
        yield EditResult(variant, request.seed + variant, picture)


def _less_guided(request: EditRequest, model: Model, levels: list[Level]) -> Denoise:
    """As published, guidance falls with the level: from the request's at t0 to none where the picture is
    clean.
    """
    last = max(1, len(levels) - 1)
    guidance = {level: 1 + (request.guidance - 1) * (last - k) / last for k, level in enumerate(levels)}
    known = {level: model.denoiser(replace(request, guidance=each)) for level, each in guidance.items()}
    return lambda x, level: known[level](x, level)


def _window(handle: Handle, cell: float) -> tuple[int, int, int]:
    """The middle of what a handle carries, where it is now, and its radius: cells."""
    x, y = handle.target
    return int(x / cell), int(y / cell), max(1, round(handle.radius / cell))


def _copy(
    x: Tensor,
    source: tuple[int, int, int],
    target: tuple[int, int, int],
    operation: Drag,
    guess: Tensor | None,
    draw: Draw,
) -> None:
    """Copy a window of `x`, in place: what is left at the source is noise, or the guess."""
    height, width = x.shape[2:]
    (sx, sy, radius), (tx, ty, _) = source, target
    left, up = min(radius, sx, tx), min(radius, sy, ty)
    right, down = min(radius + 1, width - sx, width - tx), min(radius + 1, height - sy, height - ty)
    if left + right <= 0 or up + down <= 0:
        return
    here = ..., slice(sy - up, sy + down), slice(sx - left, sx + right)
    there = ..., slice(ty - up, ty + down), slice(tx - left, tx + right)
    held = x[here].clone()
    rest = (
        draw(held) * math.sqrt(1 - operation.beta**2) if guess is None else guess[here] * (1 - operation.beta)
    )
    x[here] = operation.beta * held + rest
    x[there] = operation.alpha * held if guess is None else held
