"""SDEdit (Meng et al., ICLR 2022): strokes to pictures, stroke edits and compositing, at any size."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from engine.area import FEWER, FINER, blend, further_sizes, resized
from engine.cycle import places, staged
from engine.few_steps import solver_of
from engine.latents import At
from engine.levels import Level, Schedule, exploding, time_of
from engine.models import Model
from engine.pieces import Wanted
from engine.prediction import changing, first_of, goes_further, seen_shares
from engine.sampling import SOLVERS, Denoise, Method, pinned, s_noise, sample, second_order, seeded
from engine.types import EditRequest, EditResult, Event, Mask, Preview, Rgb, SDEdit

STIRRED = 2.0  # eta under a mask: the more noise is drawn anew, the better what is made fits what is known
LOST = 1.5  # times as much detail is lost by that; see docs/decisions/masks.md


@torch.inference_mode()
def sdedit(operation: SDEdit, request: EditRequest, model: Model) -> Iterator[Event]:
    """SDEdit (Meng et al., ICLR 2022), Algorithms 1 to 3: guide, noise to t0, reverse SDE; K times; under a
    mask, and with a t0 for each place where the request has a map of them. A large picture is made so at the
    model's native size, and then made finer.
    """
    strengths = operation.ladder or (operation.strength,) * request.variants
    planned = {each: plan(replace(operation, strength=each), request, model) for each in set(strengths)}
    plans = [planned[strength] for strength in strengths]
    estimate = model.denoiser(request, _wanted(plans, request, model))
    method = SOLVERS[operation.method or _usual(operation, request, model)]
    call, done = 0, 0
    calls = sum(each.repeats * each.steps for passes in plans for each in passes)
    work = sum(each.work for passes in plans for each in passes)
    for variant, (strength, passes) in enumerate(zip(strengths, plans, strict=True)):
        seed = request.seed + (0 if operation.ladder else variant)
        draw, picture = seeded(seed), request.guide
        for each in passes:
            at = At(model, each.size)
            ratios = _ratios(at, strength, request)
            x0 = _latent(at, picture, request, ratios)
            levels = _levels(operation, model, each, method)
            eta, stronger = _noise(operation, request, model, each, method)
            for _ in range(each.repeats):
                denoise = _kept(at, x0, request, ratios, estimate)
                x = levels[0].alpha * x0 + levels[0].sigma * draw(x0)
                for x0 in sample(denoise, x, levels, draw, eta, method.step, stronger):
                    call, done = call + 1, done + each.area
                    yield Preview(call, calls, done / work, variant, at.sketch(x0))
            picture = at.picture(x0)
        result = blend(request.guide, _finest(picture, request), _stirred(strength, request, model))
        yield EditResult(variant, seed, blend(request.image, result, request.mask))


class Pass(NamedTuple):
    """One walk down the levels, at one size."""

    size: tuple[int, int]  # pixels: width and height
    strength: float  # t0
    repeats: int
    steps: int
    is_noisy: bool  # so that what is far is heeded, too
    seen: float  # share of it that the network is asked for

    @property
    def area(self) -> int:
        """In pixels, of what the network is asked for."""
        return round(self.seen * self.size[0] * self.size[1])

    @property
    def work(self) -> int:
        return self.repeats * self.steps * self.area


def plan(operation: SDEdit, request: EditRequest, model: Model) -> list[Pass]:
    """The passes of an edit, from coarse to fine: t0, which is meant at the coarsest size, is the same change
    at any size.
    """
    if operation.strength == 0:
        return []  # t0 = 0 is the guide itself
    height, width = request.image.shape[:2]
    sizes = model.sizes(width, height)
    sizes = sizes[:1] if operation.draft else [*sizes, *_further(request, model)]
    schedules = [model.schedule_at(size) for size in sizes]
    at_coarsest = schedules[0](operation.strength).ratio
    first = first_of(sizes, at_coarsest)
    ratio = at_coarsest * sizes[first][0] / sizes[0][0]
    strength = time_of(schedules[first], ratio) if first else operation.strength
    few = max(2, math.ceil(FEWER * request.steps))
    is_noisy = ratio > FINER
    seen = seen_shares(request, sizes)
    if is_noisy:
        seen[first] = 1.0
    return [Pass(sizes[first], strength, operation.repeats, request.steps, is_noisy, seen[first])] + [
        Pass(sizes[i], time_of(schedules[i], FINER), 1, few, False, seen[i])
        for i in range(first + 1, len(sizes))
    ]


def _further(request: EditRequest, model: Model) -> list[tuple[int, int]]:
    """Beyond what the model was trained at, where the result lies beside a picture that is sharper."""
    if not goes_further(request):
        return []
    height, width = request.image.shape[:2]
    return further_sizes(width, height, model.sizes(width, height)[-1], model.farthest)


def _wanted(plans: list[list[Pass]], request: EditRequest, model: Model) -> Wanted:
    """Where anything may change, at sizes where what is far is no longer heeded."""
    free = changing(request)
    if free is None:
        return {}
    passes = [each for passes in plans for each in passes]
    sizes = {each.size for each in passes} - {each.size for each in passes if each.is_noisy}
    maps = [At(model, size).free(free)[0, 0] > 0 for size in sizes]
    return {(each.shape[0], each.shape[1]): each for each in maps}


def _latent(at: At, picture: Rgb, request: EditRequest, ratios: Tensor | None) -> Tensor:
    """Where a walk begins: the picture so far, and the known one where the mask does not free."""
    x0 = at.latent(picture)
    if ratios is not None and picture is not request.guide:  # what begins here has all of its detail still
        x0 = torch.where(ratios > FINER, x0, at.latent(request.guide))
    if request.mask is None:
        return x0
    return torch.lerp(at.latent(request.image), x0, at.free(request.mask))


def _kept(at: At, x0: Tensor, request: EditRequest, ratios: Tensor | None, estimate: Denoise) -> Denoise:
    """A denoiser that keeps what the mask does not free, and each place above its own strength."""
    if ratios is not None:
        estimate = staged(estimate, x0, places(ratios))
    if request.mask is None:
        return estimate
    return pinned(estimate, at.latent(request.image), at.free(request.mask))


def _ratios(at: At, strength: float, request: EditRequest) -> Tensor | None:
    """sigma / alpha up to which each place may change at that size, if that is not the same all over."""
    if request.share is None:
        return None
    height, width = request.image.shape[:2]
    share = at.free(request.share)
    coarsest = at.model.sizes(width, height)[0]
    table = torch.tensor(_ratio_of_share(strength, at.model.schedule_at(coarsest)), device=share.device)
    finer = at.size[0] / coarsest[0]  # as in `plan`
    return table[share.mul(255).round().long()] * finer


def _ratio_of_share(strength: float, coarsest: Schedule) -> list[float]:
    """sigma / alpha at the coarsest size that belongs to 0 ... 255 of 255 of a strength."""
    return [0.0, *(coarsest(strength * share / 255).ratio for share in range(1, 256))]


def _stirred(strength: float, request: EditRequest, model: Model) -> Mask | None:
    """Where the network is asked at all; elsewhere the guide stays bit for bit."""
    if request.share is None:
        return None
    height, width = request.image.shape[:2]
    sizes = [*model.sizes(width, height), *_further(request, model)]
    least = model.least * sizes[0][0] / sizes[-1][0]
    ratios = _ratio_of_share(strength, model.schedule_at(sizes[0]))
    asked = np.array([ratio >= least for ratio in ratios], np.float32)
    stirred: Mask = asked[np.rint(request.share * 255).astype(np.uint8)]
    return stirred


def _finest(picture: Rgb, request: EditRequest) -> Rgb:
    """A result at the request's size. What is finer than the model works at is the guide's, as far as a place
    keeps it.
    """
    height, width = request.image.shape[:2]
    large = resized(picture, width, height)
    if request.share is None or large is picture:
        return large
    coarse = resized(resized(request.guide, picture.shape[1], picture.shape[0]), width, height)
    fine = (1 - request.share)[..., None] * np.subtract(request.guide, coarse, dtype=np.float32)
    finest: Rgb = np.rint(large + fine).clip(0, 255).astype(np.uint8)
    return finest


def _levels(operation: SDEdit, model: Model, each: Pass, method: Method) -> list[Level]:
    """From t0 down, in VP's or VE's coordinates."""
    levels = method.spacing(model.schedule_at(each.size), each.strength, each.steps, model.least)
    return exploding(levels) if operation.sde == "ve" else levels


def _noise(
    operation: SDEdit, request: EditRequest, model: Model, each: Pass, method: Method
) -> tuple[float, float]:
    """eta, and how much stronger new noise is made."""
    if operation.solver == "ode":
        return 0.0, 1.0
    if method.step is not second_order:
        return method.eta, 1.0
    stirs = request.mask is not None
    extra = model.extra_noise * (LOST if stirs else 1.0)
    return STIRRED if stirs else 1.0, s_noise(extra, each.steps)


def _usual(operation: SDEdit, request: EditRequest, model: Model) -> str:
    """The model's own solver, or that of a LoRA which it wears; or the papers': of first order, where the SDE
    on VE levels is Algorithm 1.
    """
    if operation.order == 2:
        return solver_of(request.loras, model.method)
    is_algorithm_1 = operation.sde == "ve" and operation.solver == "sde"
    return "euler-maruyama" if is_algorithm_1 else "first order"
