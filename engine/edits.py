"""Edits: generators of events. One event follows every network call, so that previews, progress, time left
and stopping need nothing else; closing the generator ends the work at once.

A new edit is an operation in `engine.types` and one generator here, registered by the operation's type.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import singledispatch
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.area import blend, resized, resized_mask
from engine.levels import Level, exploding, time_of
from engine.models import Model
from engine.sampling import SOLVERS, Denoise, Solver, pinned, sample, seeded
from engine.types import EditRequest, EditResult, EngineError, Event, Preview, Rgb, SDEdit

FINER = 1.3  # sigma / alpha at which a result is made finer at twice its size: its masses stay, detail is new
FEWER = 0.4  # share of the steps that this takes


def edit(request: EditRequest, model: Model, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
    """Run an edit. Once `stop()` is true, `engine.models.Interrupted` is raised from inside the network."""
    with model.interrupted_by(stop):
        yield from perform(request.operation, request, model)


@singledispatch
def perform(operation: object, request: EditRequest, model: Model) -> Iterator[Event]:
    raise EngineError(f"There is no edit for {type(operation).__name__}; update Driftpaint.")


@perform.register
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
            x0, denoise = _work_at(each.size, picture, request, model, estimate)
            levels, solver = _walk(operation, model, each)
            eta = 1.0 if operation.solver == "sde" else 0.0
            for _ in range(each.repeats):
                x = levels[0].alpha * x0 + levels[0].sigma * draw(x0)
                for x0 in sample(denoise, x, levels, draw, eta, solver):
                    call, done = call + 1, done + each.area
                    sketch = _unpadded(model.sketch(x0), each.size, model.multiple)
                    yield Preview(call, calls, done / work, variant, sketch)
            picture = _unpadded(model.decode(x0), each.size, model.multiple)
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


def _work_at(
    size: tuple[int, int], guide: Rgb, request: EditRequest, model: Model, estimate: Denoise
) -> tuple[Tensor, Denoise]:
    """The guide as a latent at a size, and a denoiser that keeps what the mask does not free."""

    def latent(picture: Rgb) -> Tensor:
        return model.encode(_padded(resized(picture, *size), model.multiple))

    if request.mask is None:
        return latent(guide), estimate
    free = model.free(_padded(resized_mask(request.mask, *size), model.multiple))
    known = latent(request.image)
    return torch.lerp(known, latent(guide), free), pinned(estimate, known, free)


def _padded(picture: NDArray[Any], multiple: int) -> NDArray[Any]:
    """A picture or mask (h, w, ...) with its lower and right edge mirrored outwards to multiples."""
    ends = [(0, -length % multiple) for length in picture.shape[:2]] + [(0, 0)] * (picture.ndim - 2)
    return np.pad(picture, ends, mode="symmetric")


def _unpadded(picture: Rgb, size: tuple[int, int], multiple: int) -> Rgb:
    """The part of a decoded picture, or of its smaller sketch, that is no padding."""
    rows, columns = (
        round(there * length / (length + -length % multiple))
        for there, length in zip(picture.shape, size[::-1], strict=False)
    )
    return np.ascontiguousarray(picture[:rows, :columns])


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
