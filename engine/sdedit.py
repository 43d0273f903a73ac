"""SDEdit (Meng et al., ICLR 2022): strokes to pictures, stroke edits and compositing, at any size."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from engine.area import blend, resized
from engine.latents import At
from engine.levels import Level, exploding, time_of
from engine.models import Model
from engine.sampling import SOLVERS, Denoise, Solver, pinned, s_noise, sample, second_order, seeded
from engine.types import EditRequest, EditResult, Event, Preview, Rgb, SDEdit

FINER = 1.3  # sigma / alpha at which a result is made finer at twice its size: its masses stay, detail is new
FEWER = 0.4  # share of the steps that this takes


@torch.inference_mode()
def sdedit(operation: SDEdit, request: EditRequest, model: Model) -> Iterator[Event]:
    """SDEdit (Meng et al., ICLR 2022), Algorithms 1 to 3: guide, noise to t0, reverse SDE; K times; under a
    mask. A large picture is made so at the model's native size, and then made finer.
    """
    height, width = request.image.shape[:2]
    passes = plan(operation, request, model)
    estimate = model.denoiser(request)
    call, done = 0, 0
    calls = request.variants * sum(each.repeats * each.steps for each in passes)
    work = request.variants * sum(each.work for each in passes)
    for variant in range(request.variants):
        draw = seeded(request.seed + variant)
        picture = request.guide
        for each in passes:
            at = At(model, each.size)
            x0, denoise = _work_at(at, picture, request, estimate)
            levels, solver = _walk(operation, model, each)
            eta = 1.0 if operation.solver == "sde" else 0.0
            stronger = s_noise(model.extra_noise, each.steps) if solver is second_order else 1.0
            for _ in range(each.repeats):
                x = levels[0].alpha * x0 + levels[0].sigma * draw(x0)
                for x0 in sample(denoise, x, levels, draw, eta, solver, stronger):
                    call, done = call + 1, done + each.area
                    yield Preview(call, calls, done / work, variant, at.sketch(x0))
            picture = at.picture(x0)
        result = resized(picture, width, height)
        yield EditResult(variant, request.seed + variant, blend(request.image, result, request.mask))


class Pass(NamedTuple):
    """One walk down the levels, at one size."""

    size: tuple[int, int]  # pixels: width and height
    strength: float  # t0
    repeats: int
    steps: int

    @property
    def area(self) -> int:
        return self.size[0] * self.size[1]

    @property
    def work(self) -> int:
        return self.repeats * self.steps * self.area


def plan(operation: SDEdit, request: EditRequest, model: Model) -> list[Pass]:
    """The passes of an edit, from coarse to fine.

    Noise of one sigma hides at twice the size what half of it hides at the size: so t0, which is meant at the
    coarsest size, is the same change at any size, and where little changes only the finer sizes have work.
    """
    if operation.strength == 0:
        return []  # t0 = 0 is the guide itself
    height, width = request.image.shape[:2]
    sizes = model.sizes(width, height)[: 1 if operation.draft else None]
    at_coarsest = model.schedule(operation.strength).ratio
    ratios = [at_coarsest * size[0] / sizes[0][0] for size in sizes]
    first = max([0, *(i for i, ratio in enumerate(ratios) if i and ratio <= FINER)])
    strength = time_of(model.schedule, ratios[first]) if first else operation.strength
    few = max(2, math.ceil(FEWER * request.steps))
    passes = [Pass(sizes[first], strength, operation.repeats, request.steps)]
    return passes + [Pass(size, time_of(model.schedule, FINER), 1, few) for size in sizes[first + 1 :]]


def _work_at(at: At, guide: Rgb, request: EditRequest, estimate: Denoise) -> tuple[Tensor, Denoise]:
    """The guide as a latent, and a denoiser that keeps what the mask does not free."""
    if request.mask is None:
        return at.latent(guide), estimate
    free = at.free(request.mask)
    known = at.latent(request.image)
    return torch.lerp(known, at.latent(guide), free), pinned(estimate, known, free)


def _walk(operation: SDEdit, model: Model, each: Pass) -> tuple[list[Level], Solver]:
    """The levels from t0 down, in VP's or VE's coordinates, and the solver that goes with them."""
    method = SOLVERS[operation.method or _usual(operation)]
    levels = method.spacing(model.schedule, each.strength, each.steps, model.least)
    return exploding(levels) if operation.sde == "ve" else levels, method.step


def _usual(operation: SDEdit) -> str:
    """The product's solver, or the papers': of first order, where the SDE on VE levels is Algorithm 1."""
    if operation.order == 2:
        return "second order"
    is_algorithm_1 = operation.sde == "ve" and operation.solver == "sde"
    return "euler-maruyama" if is_algorithm_1 else "first order"
