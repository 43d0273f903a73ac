"""Settling: what was put into a picture becomes one with what is round it.

Cycle-SDE along the noising path of the guide (see `engine.cycle`): what nothing speaks against comes back as
it was, also in colours that the model does not know; SDEdit from the same t0 would make it anew.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from engine.area import blend, resized
from engine.cycle import follow, noised, places
from engine.few_steps import solver_of
from engine.latents import At
from engine.light import shades
from engine.models import Model
from engine.round_trip import with_change
from engine.sampling import SOLVERS, Denoise, Draw, Method, s_noise, second_order, seeded
from engine.sdedit import Pass, plan
from engine.types import EditRequest, EditResult, Event, Mask, Preview, Rgb, SDEdit, Settle
from engine.warp import grown

SAME = 2  # of 255: colours that are equal
OTHER, MOST = 0.5, 2.0  # shades by which things differ, and all that counts of it
GRAIN = 1.5  # pixels
NEAR = 12.0  # pixels over which that is looked at
MOVED = 0.02  # of a mask: what is less stays as it is


@torch.inference_mode()
def settle(operation: Settle, request: EditRequest, model: Model) -> Iterator[Event]:
    """See `engine.types.Settle`. What changes at one size is added to the guide at the next, so that all of
    its detail is there where nothing changes.
    """
    height, width = request.image.shape[:2]
    passes = plan(SDEdit(operation.strength), request, model)
    method = SOLVERS[solver_of(request.loras, model.method)]
    rim = np.ones((height, width), np.float32) if request.share is None else request.share
    free = rim if request.mask is None else (request.mask * rim).astype(np.float32)
    fresh = free * (operation.fresh + (1 - operation.fresh) * _alike(request.image, request.guide))
    denoise = model.denoiser(request)
    call, done = 0, 0
    calls = request.variants * sum(2 * each.steps - 1 for each in passes)
    work = request.variants * sum((2 * each.steps - 1) * each.area for each in passes)
    for variant in range(request.variants):
        draw, picture = seeded(request.seed + variant), request.guide
        for each in passes:
            at = At(model, each.size)
            known = at.latent(picture)
            for x0 in _walked(at, each, known, free, fresh, denoise, draw, method):
                call, done = call + 1, done + each.area
                yield Preview(call, calls, done / work, variant, at.sketch(x0))
            before, after = (resized(at.picture(latent), width, height) for latent in (known, x0))
            picture = with_change(picture, before, after)
        result = blend(request.guide, picture, rim)
        yield EditResult(variant, request.seed + variant, blend(request.image, result, request.mask))


def _walked(
    at: At,
    each: Pass,
    known: Tensor,
    free: Mask,
    fresh: Mask,
    denoise: Denoise,
    draw: Draw,
    method: Method,
) -> Iterator[Tensor]:
    """Along the guide's own path. Yields after every network call."""
    model, there = at.model, at.free(free)
    levels = method.spacing(at.schedule, each.strength, each.steps, model.least)
    extra = model.extra_noise_of_ground
    path = noised(known, levels, seeded(0))
    return follow(
        denoise,
        path,
        path.states[0],
        free=places(torch.where(there > MOVED, levels[0].ratio, 0.0)),
        fresh=at.free(fresh),
        draw=draw,
        solver=method.step,
        stronger=s_noise(extra, each.steps) if method.step is second_order else 1.0,
    )


def _alike(image: Rgb, guide: Rgb) -> Mask:
    """1 where what was put in has nearly the colour of what it covers, 0 where it is something else, and the
    same near it: sky meets sky softly, and a thing keeps its outline.
    """
    there = np.abs(np.subtract(guide, image, dtype=np.float32)).mean(2) > SAME
    apart = np.abs(np.subtract(*(shades(_soft(each)) for each in (guide, image)))).mean(2)
    near, covers = (grown(each, 0, NEAR) for each in (np.minimum(apart / MOST, 1) * there, there))
    alike: Mask = np.exp(-((MOST * near / np.maximum(covers, 1 / 255) / OTHER) ** 4)).astype(np.float32)
    return alike


def _soft(picture: Rgb) -> Rgb:
    """Without grain, which is no other colour."""
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(GRAIN)))
