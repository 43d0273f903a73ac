"""Edits: generators of events. One event follows every network call, so that previews, progress, time left
and stopping need nothing else; closing the generator ends the work at once.

A new edit is an operation in `engine.types` and one generator here, registered by the operation's type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import singledispatch

import torch
from torch import Tensor

from engine.area import blend, resized, resized_mask
from engine.levels import Level, exploding
from engine.models import Model
from engine.sampling import SOLVERS, Denoise, Solver, pinned, sample, seeded
from engine.types import EditRequest, EditResult, EngineError, Event, Preview, Rgb, SDEdit


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
    mask.
    """
    height, width = request.image.shape[:2]
    size = model.size(width, height)
    guide, denoise = _work_at(size, request, model)
    levels, solver = _walk(operation, model, request.steps)
    eta = 1.0 if operation.solver == "sde" else 0.0
    repeats = operation.repeats if operation.strength > 0 else 0  # t0 = 0 is the guide itself
    call, calls = 0, request.variants * repeats * request.steps
    for variant in range(request.variants):
        draw = seeded(request.seed + variant)
        x0 = guide
        for _ in range(repeats):
            x = levels[0].alpha * x0 + levels[0].sigma * draw(x0)
            for x0 in sample(denoise, x, levels, draw, eta, solver):
                call += 1
                yield Preview(call, calls, variant, model.sketch(x0))
        result = resized(model.decode(x0), width, height) if repeats else request.guide
        yield EditResult(variant, request.seed + variant, blend(request.image, result, request.mask))


def _work_at(size: tuple[int, int], request: EditRequest, model: Model) -> tuple[Tensor, Denoise]:
    """The guide as a latent at the model's working size, and a denoiser that keeps what the mask does not
    free.
    """

    def latent(picture: Rgb) -> Tensor:
        return model.encode(resized(picture, *size))

    if request.mask is None:
        return latent(request.guide), model.denoise
    free = model.free(resized_mask(request.mask, *size))
    known = latent(request.image)
    return torch.lerp(known, latent(request.guide), free), pinned(model.denoise, known, free)


def _walk(operation: SDEdit, model: Model, steps: int) -> tuple[list[Level], Solver]:
    """The levels from t0 down, in VP's or VE's coordinates, and the solver that goes with them."""
    method = SOLVERS[operation.method or _usual(operation)]
    levels = method.spacing(model.schedule, operation.strength, steps, model.least)
    return exploding(levels) if operation.sde == "ve" else levels, method.step


def _usual(operation: SDEdit) -> str:
    """The product's solver, or the papers': of first order, where the SDE on VE levels is Algorithm 1."""
    if operation.order == 2:
        return "second order"
    is_algorithm_1 = operation.sde == "ve" and operation.solver == "sde"
    return "euler-maruyama" if is_algorithm_1 else "first order"
