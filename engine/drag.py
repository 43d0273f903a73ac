"""Drags: what a handle carries goes from its source to its target, and the picture settles round it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from engine.area import blend, resized
from engine.cycle import follow, noised, places
from engine.latents import At
from engine.levels import Level, karras
from engine.models import Model
from engine.moves import moved_windows
from engine.sampling import pinned, sample, second_order, seeded
from engine.types import Drag, EditRequest, EditResult, Event, Mask, Preview
from engine.warp import Warp, grown, rim, warped

RIM = 6.0  # pixels at the working size over which a moved thing and its ground meet
STIRRED = 0.3  # share of new noise there


@torch.inference_mode()
def drag(operation: Drag, request: EditRequest, model: Model) -> Iterator[Event]:
    """See `engine.types.Drag`."""
    yield from FORMS[operation.form](operation, request, model)


class Ground(NamedTuple):
    """What a drag changes, at a working size, as what multiplies a latent (0..1)."""

    uncovered: Tensor
    rim: Tensor
    landed: Tensor

    def ratios(self, model: Model, operation: Drag) -> Tensor:
        """sigma / alpha up to which each place may change; 0 where it may not."""
        far, near = model.schedule(operation.strength).ratio, model.schedule(operation.settle).ratio
        inner = torch.maximum(self.rim, self.landed) > 0.02
        return torch.where(self.uncovered > 0.02, far, torch.where(inner, near, 0.0))

    def fresh(self) -> Tensor:
        return torch.maximum(self.uncovered, STIRRED * self.rim)


def _ground(at: At, warp: Warp, mask: Mask | None) -> Ground:
    scale = max(warp.landed.shape) / max(at.size)
    edge = RIM * scale
    shown = np.ones_like(warp.landed) if mask is None else mask
    uncovered = grown(warp.uncovered, round(edge / 3), edge / 3)
    borders = np.maximum(rim(warp.landed, edge), rim(warp.uncovered, edge))
    return Ground(*(at.free(each * shown) for each in (uncovered, borders, warp.landed)))


def changed(warp: Warp, scale: float, mask: Mask | None) -> Mask:
    """What the result of a drag may change, at the picture's size."""
    edge = RIM * scale
    moved = np.maximum(warp.landed, warp.uncovered)
    free = np.maximum(moved, grown(moved, round(edge), edge))
    return free if mask is None else free * mask


def carry(operation: Drag, request: EditRequest, model: Model) -> Iterator[Event]:
    """Cycle-SDE along the noising path of the warped picture."""
    height, width = request.image.shape[:2]
    size = model.sizes(width, height)[0]
    at = At(model, size)
    warp = warped(request.image, operation.handles, keep=operation.beta == 1)
    free = changed(warp, width / size[0], request.mask)
    ground = _ground(at, warp, request.mask)
    ratios, fresh = ground.ratios(model, operation), ground.fresh()
    levels = karras(model.schedule, operation.strength, request.steps, model.least)
    denoise = model.denoiser(request)
    path = noised(at.latent(warp.picture), levels, seeded(request.seed))
    calls = request.variants * request.steps
    for variant in range(request.variants):
        draw = seeded(request.seed + variant + 1_000_003)
        steps = follow(
            denoise, path, path.states[0], free=places(ratios), fresh=fresh, draw=draw, solver=second_order
        )
        for k, x0 in enumerate(steps):
            call = variant * request.steps + k + 1
            yield Preview(call, calls, call / calls, variant, at.sketch(x0))
        result = blend(request.image, resized(at.picture(x0), width, height), free)
        yield EditResult(variant, request.seed + variant, result)


def settle(operation: Drag, request: EditRequest, model: Model) -> Iterator[Event]:
    """SDEdit of the warped picture with a map of strengths."""
    height, width = request.image.shape[:2]
    size = model.sizes(width, height)[0]
    at = At(model, size)
    warp = warped(request.image, operation.handles, keep=operation.beta == 1)
    free = changed(warp, width / size[0], request.mask)
    ground = _ground(at, warp, request.mask)
    where = places(ground.ratios(model, operation))
    levels = karras(model.schedule, operation.strength, request.steps, model.least)
    denoise = model.denoiser(request)
    known = at.latent(warp.picture)
    calls = request.variants * request.steps

    def staged(x: Tensor, level: Level) -> Tensor:
        return pinned(denoise, known, where(level))(x, level)

    for variant in range(request.variants):
        draw = seeded(request.seed + variant)
        x = levels[0].alpha * known + levels[0].sigma * draw(known)
        for k, x0 in enumerate(sample(staged, x, levels, draw, 1.0, second_order)):
            call = variant * request.steps + k + 1
            yield Preview(call, calls, call / calls, variant, at.sketch(x0))
        result = blend(request.image, resized(at.picture(x0), width, height), free)
        yield EditResult(variant, request.seed + variant, result)


FORMS: dict[str, Callable[[Drag, EditRequest, Model], Iterator[Event]]] = {
    "auto": carry,
    "carry": carry,
    "settle": settle,
    "one pass": moved_windows,
    "published": moved_windows,
}
