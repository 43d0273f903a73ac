"""Inpainting and translation: a picture goes up to t0, and comes back with a hole to fill or with other words
("The Blessing of Randomness", Nie et al., ICLR 2024, section 3), at any size.

Where the way up is forgotten these are SDEdit, under a mask or with a prompt. An image variation is SDEdit of
the picture itself.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from engine.area import blend, resized, resized_mask
from engine.cycle import follow, inverted, noised
from engine.few_steps import solver_of
from engine.latents import At
from engine.levels import Level
from engine.models import Model
from engine.sampling import SOLVERS, Denoise, Draw, Estimate, Solver, s_noise, second_order, seeded
from engine.sdedit import plan, sdedit
from engine.types import (
    EditRequest,
    EditResult,
    EngineError,
    Event,
    Inpaint,
    Mask,
    Preview,
    Rgb,
    SDEdit,
    Translate,
)
from engine.warp import grown

LOOKS = 10  # noises on which two prompts are compared
LOOKED_AT = 0.5  # time: there a network still asks the words what things are, and sees where they are
OUTLIERS = 0.01  # share of the map of their differences that counts as 1
FINEST = 1 / 32  # of the longer side: smaller differences are no thing of their own
EDGE = 1 / 64  # of it: a mask that was found is grown by so much, and softened over so much


@torch.inference_mode()
def inpaint(operation: Inpaint, request: EditRequest, model: Model) -> Iterator[Event]:
    """See `engine.types.Inpaint`. The ODE starts from new noise, too: an inverted one would remember what was
    in the hole.
    """
    if request.mask is None or not request.mask.any():
        raise EngineError("Nothing is free to be invented; mark a part of the picture.")
    if operation.solver == "cycle":
        denoise = model.denoiser(request)
        yield from _there_and_back(operation, request, model, denoise, denoise)
    else:
        yield from sdedit(SDEdit(operation.strength, solver=operation.solver), request, model)


@torch.inference_mode()
def translate(operation: Translate, request: EditRequest, model: Model) -> Iterator[Event]:
    """See `engine.types.Translate`."""
    denoise, along = model.denoiser(request), model.denoiser(replace(request, prompt=operation.source))
    at = At(model, model.sizes(request.image.shape[1], request.image.shape[0])[0])
    passes = plan(SDEdit(operation.strength), request, model)
    ways = request.variants * (1 if operation.solver == "sde" else 2)
    calls, looked = ways * sum(each.steps for each in passes), 0.0
    if operation.find_mask:
        work, look = ways * sum(each.work for each in passes), 2 * LOOKS * at.size[0] * at.size[1]
        looked = look / (look + work)
        calls += 2 * LOOKS
        mask = yield from _differences(at, request, denoise, along, calls, looked)
        request = replace(request, mask=mask)
    if operation.solver == "sde":
        events = sdedit(SDEdit(operation.strength), request, model)
    else:
        events = _there_and_back(operation, request, model, denoise, along)
    for event in events:
        if isinstance(event, Preview):
            call, done = event.call + calls - event.calls, looked + (1 - looked) * event.done
            event = replace(event, call=call, calls=calls, done=done)
        yield event


def _there_and_back(
    operation: Inpaint | Translate, request: EditRequest, model: Model, denoise: Denoise, along: Denoise
) -> Iterator[Event]:
    """Along a path that is the picture's own. What has changed at one size is added to the picture at the
    next, which is the difference form again: where nothing changes, nothing is lost.
    """
    height, width = request.image.shape[:2]
    invents = isinstance(operation, Inpaint)
    passes = plan(SDEdit(operation.strength), request, model)
    method = SOLVERS[solver_of(request.loras, model.method)]
    call, done = 0, 0
    calls = request.variants * sum(2 * each.steps - invents for each in passes)
    work = request.variants * sum((2 * each.steps - invents) * each.area for each in passes)
    for variant in range(request.variants):
        draw = seeded(request.seed + variant)
        picture = request.guide
        for each in passes:
            at = At(model, each.size)
            levels = method.spacing(at.schedule, each.strength, each.steps, model.least)
            free = None if request.mask is None else at.free(request.mask)
            guess = at.latent(blend(request.image, picture, request.mask))
            known = guess if invents else at.latent(request.image)
            if operation.solver == "ode":
                trip = _inversion(denoise, along, known, guess, levels, free, method.step)
            else:
                fresh = free if invents else None
                stronger = s_noise(model.extra_noise, each.steps) if method.step is second_order else 1.0
                trip = _cycle(denoise, along, known, guess, levels, free, fresh, draw, method.step, stronger)
            for x0 in trip:
                call, done = call + 1, done + each.area
                shown = x0 if free is None else torch.lerp(known, x0, free)
                yield Preview(call, calls, done / work, variant, at.sketch(shown))
            picture = resized(at.picture(shown), width, height)
            if not invents:
                picture = with_change(request.image, resized(at.picture(known), width, height), picture)
        yield EditResult(variant, request.seed + variant, blend(request.image, picture, request.mask))


def _cycle(
    denoise: Denoise,
    along: Denoise,
    known: Tensor,
    guess: Tensor,
    levels: list[Level],
    free: Tensor | None,
    fresh: Tensor | None,
    draw: Draw,
    solver: Solver,
    stronger: float,
) -> Iterator[Tensor]:
    """Cycle-SDE from a guess, along the noising path of what is known."""
    path = noised(known, levels, draw)
    start = path.states[0] + levels[0].alpha * (guess - known)
    held = None if free is None else (free > 0).to(free)
    return follow(
        denoise,
        path,
        start,
        along=along,
        free=None if held is None else lambda level: held,
        fresh=fresh,
        draw=draw,
        solver=solver,
        stronger=stronger,
    )


def _inversion(
    denoise: Denoise,
    along: Denoise,
    known: Tensor,
    guess: Tensor,
    levels: list[Level],
    free: Tensor | None,
    solver: Solver,
) -> Iterator[Tensor]:
    """Up by the inverted ODE and back by the ODE. Yields after every network call."""
    for path in inverted(along, known, levels):  # noqa: B007  the last one is the whole
        yield guess
    x, before = path.states[0] + levels[0].alpha * (guess - known), None
    for k, (a, b) in enumerate(pairwise(levels)):
        now = Estimate(a, denoise(x, a))
        yield now.x0
        x = solver(x, now, b, 0.0, before).mean
        if free is not None:
            x = torch.lerp(path.states[k + 1], x, free)
        before = now


def with_change(image: Rgb, known: Rgb, edited: Rgb) -> Rgb:
    """The picture with what an edit has changed added to it."""
    return (image.astype(np.int16) + edited - known).clip(0, 255).astype(np.uint8)


def _differences(
    at: At, request: EditRequest, denoise: Denoise, along: Denoise, calls: int, share: float
) -> Generator[Event, None, Mask]:
    """DiffEdit's mask: where the estimates with the two prompts differ by more than half of the most."""
    level, known, draw = at.schedule(LOOKED_AT), at.latent(request.image), seeded(request.seed)
    seen, apart = resized(request.image, *at.size), torch.zeros_like(known[:, :1])
    for call in range(1, 2 * LOOKS, 2):
        x = level.alpha * known + level.sigma * draw(known)
        said = along(x, level)
        yield Preview(call, calls, share * call / (2 * LOOKS), 0, seen)
        apart += (denoise(x, level) - said).abs().mean(1, keepdim=True)
        yield Preview(call + 1, calls, share * (call + 1) / (2 * LOOKS), 0, seen)
    wide = 2 * round(FINEST * max(apart.shape) / 2) + 1
    smooth = functional.avg_pool2d(apart, wide, 1, wide // 2, count_include_pad=False)
    most = smooth.flatten().kthvalue(max(1, round((1 - OUTLIERS) * smooth.numel()))).values
    if not most > 0:
        raise EngineError("The two prompts make no difference to this picture; choose other words.")
    edge = EDGE * max(at.size)
    mask = grown(at.mask((smooth >= most / 2)[0, 0]), round(edge), edge)
    mask = resized_mask(mask, request.image.shape[1], request.image.shape[0])
    return mask if request.mask is None else mask * request.mask
