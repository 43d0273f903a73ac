"""Drags: what a handle carries goes from its source to its target, and the picture settles round it."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from engine.area import FEWER, FINER, blend, resized
from engine.cycle import Path, Places, follow, noised, places, staged
from engine.few_steps import solver_of
from engine.latents import At
from engine.levels import Level, time_of
from engine.matte import trimmed
from engine.models import Model
from engine.moves import moved_windows
from engine.sampling import SOLVERS, Denoise, Draw, Method, s_noise, sample, second_order, seeded
from engine.types import Drag, EditRequest, EditResult, Event, Frame, Mask, Preview, Rgb
from engine.warp import Warp, grown, rim, warped
from engine.weights import stamp

RIM = 6.0  # pixels at the working size over which a moved thing and its ground meet
STIRRED = 0.3  # share of new noise there
PATHS = 2  # that are kept for a model: 30 MB each at 256 x 256 and 20 steps


@torch.inference_mode()
def drag(operation: Drag, request: EditRequest, model: Model) -> Iterator[Event]:
    """See `engine.types.Drag`."""
    form = FORMS[operation.form]
    if operation.together or len(operation.handles) == 1:
        yield from form(operation, request, model)
        return
    count = len(operation.handles)
    for variant in range(request.variants):
        seed, image = request.seed + variant, request.image
        for i, handle in enumerate(operation.handles):
            alone = replace(request, image=image, guide=image, seed=seed, variants=1)
            done = (variant * count + i) / (request.variants * count)
            for event in form(replace(operation, handles=(handle,)), alone, model):
                if isinstance(event, Preview):
                    before = event.calls * (variant * count + i)
                    calls = event.calls * request.variants * count
                    share = done + event.done / (request.variants * count)
                    yield replace(event, call=before + event.call, calls=calls, done=share, variant=variant)
                elif isinstance(event, EditResult):
                    image = event.image
                    yield Frame(i + 1, count, variant, image)
        yield EditResult(variant, seed, image)


class Ground(NamedTuple):
    """What a drag changes, as masks of a picture's size."""

    uncovered: Mask
    rim: Mask  # round what was uncovered, and where what landed meets its ground
    landed: Mask

    @classmethod
    def of(cls, warp: Warp, edge: float, mask: Mask | None) -> Ground:
        """`edge` is the width of the rim in pixels; the mask is what may change at all."""
        uncovered = grown(warp.uncovered, round(edge / 3), edge / 3)
        border = np.maximum(rim(warp.landed, edge), rim(warp.uncovered, edge))
        masks = (uncovered, border, warp.landed)
        return cls(*(masks if mask is None else (each * mask for each in masks)))

    @property
    def free(self) -> Mask:
        """What the result takes the place of."""
        return np.maximum(np.maximum(self.uncovered, self.landed), np.minimum(2 * self.rim, 1))


class Walk(NamedTuple):
    """One way down the levels, at one size."""

    at: At
    steps: int
    far: float  # sigma / alpha up to which ground that was uncovered may change: where the walk begins
    near: float  # and what has moved, and its rim
    is_kept: bool  # whether its path is the same for each seed, and kept
    method: Method

    @property
    def area(self) -> int:
        return self.at.size[0] * self.at.size[1]

    @property
    def levels(self) -> list[Level]:
        schedule = self.at.schedule
        return self.method.spacing(schedule, time_of(schedule, self.far), self.steps, self.at.model.least)

    @property
    def stronger(self) -> float:
        extra = self.at.model.extra_noise_of_ground
        return s_noise(extra, self.steps) if self.method.step is second_order else 1.0

    def places(self, ground: Ground) -> Places:
        """Up to which level each place may change."""
        uncovered, border, landed = (self.at.free(each) for each in ground)
        moved = torch.where(torch.maximum(border, landed) > 0.02, self.near, 0.0)
        return places(torch.where(uncovered > 0.02, self.far, moved))


def guided(operation: Drag, request: EditRequest, model: Model) -> Iterator[Event]:
    """Carry and settle: the pixels are warped, and the model puts right what the warp leaves: at its native
    size first, and then, with just enough noise for new detail, at twice and four times that.
    """
    height, width = request.image.shape[:2]
    handles = [trimmed(request.image, each) if each.trim else each for each in operation.handles]
    warp = warped(request.image, handles, keep=operation.beta == 1)
    coarse, *finer = (At(model, size) for size in model.sizes(width, height))
    ground = Ground.of(warp, RIM * width / coarse.size[0], request.mask)
    near = coarse.schedule(operation.settle).ratio
    few = max(2, math.ceil(FEWER * request.steps))
    method = SOLVERS[solver_of(request.loras, model.method)]
    far = max(coarse.schedule(operation.strength).ratio, near)
    walks = [Walk(coarse, request.steps, far, near, True, method)]
    walks += [Walk(at, few, FINER, min(near, FINER), False, method) for at in finer]
    # a model that was made for inpainting sees what is warped, with the uncovered ground as its hole
    denoise = model.denoiser(replace(request, image=warp.picture, mask=ground.uncovered))
    if operation.form == "settle":
        walked, costs = _settled, [[walk.steps for walk in walks]] * request.variants
    else:
        walked, costs = _carried, _costs(walks, warp.picture, request)
    call, done, calls = 0, 0, sum(map(sum, costs))
    work = sum(cost * walk.area for each in costs for cost, walk in zip(each, walks, strict=True))
    for variant in range(request.variants):
        draw, picture = seeded(request.seed + variant), warp.picture
        for walk in walks:
            guide = blend(warp.picture, picture, ground.uncovered)
            for x0 in walked(walk, guide, ground, request, denoise, draw):
                call, done = call + 1, done + walk.area
                yield Preview(call, calls, done / work, variant, walk.at.sketch(x0))
            picture = resized(walk.at.picture(x0), width, height)
        yield EditResult(variant, request.seed + variant, blend(request.image, picture, ground.free))


def _carried(
    walk: Walk, guide: Rgb, ground: Ground, request: EditRequest, denoise: Denoise, draw: Draw
) -> Iterator[Tensor]:
    """Cycle-SDE along the noising path of the guide: what moved keeps its identity where nothing speaks
    against it, and what was uncovered is a free sample of the SDE.
    """
    path = _path(walk, guide, request)
    uncovered, border = walk.at.free(ground.uncovered), walk.at.free(ground.rim)
    return follow(
        denoise,
        path,
        path.states[0],
        free=walk.places(ground),
        fresh=torch.maximum(uncovered, STIRRED * border),
        draw=draw,
        solver=walk.method.step,
        stronger=walk.stronger,
    )


def _costs(walks: list[Walk], guide: Rgb, request: EditRequest) -> list[list[int]]:
    """Network calls of each walk, for each variant: two a step, but one at the first and wherever the path is
    known.
    """
    known = min(len(_path(walks[0], guide, request).estimates), walks[0].steps)
    finer = [2 * walk.steps - 1 for walk in walks[1:]]
    first = 2 * walks[0].steps - max(known, 1)
    return [[first, *finer]] + [[walks[0].steps, *finer]] * (request.variants - 1)


def _settled(
    walk: Walk, guide: Rgb, ground: Ground, request: EditRequest, denoise: Denoise, draw: Draw
) -> Iterator[Tensor]:
    """SDEdit of the guide with a map of strengths."""
    known, levels = walk.at.latent(guide), walk.levels
    kept = staged(denoise, known, walk.places(ground))
    x = levels[0].alpha * known + levels[0].sigma * draw(known)
    yield from sample(kept, x, levels, draw, 1.0, walk.method.step, walk.stronger)


_kept: WeakKeyDictionary[Model, OrderedDict[tuple[object, ...], Path]] = WeakKeyDictionary()


def _path(walk: Walk, guide: Rgb, request: EditRequest) -> Path:
    """The guide's noising path. The coarsest is kept, with what the network said along it: another seed
    changes only what is invented, and costs half.
    """
    levels, size = walk.levels, walk.at.size
    if not walk.is_kept:
        return noised(walk.at.latent(guide), levels, seeded(0))
    paths = _kept.setdefault(walk.at.model, OrderedDict())
    words = request.prompt, request.negative_prompt, request.guidance
    files = tuple(stamp(path) for path in (*(each.path for each in request.loras), *request.embeddings))
    beside = request.loras, files, request.t0, None if request.mask is None else request.mask.tobytes()
    key = guide.tobytes(), guide.shape, tuple(levels), size, words, beside, request.window
    if key not in paths:
        paths[key] = noised(walk.at.latent(guide), levels, seeded(0))
    paths.move_to_end(key)
    while len(paths) > PATHS:
        paths.popitem(last=False)
    return paths[key]


def forget_paths() -> None:
    """None is kept any more: memory is short."""
    _kept.clear()


FORMS: dict[str, Callable[[Drag, EditRequest, Model], Iterator[Event]]] = {
    "auto": guided,
    "carry": guided,
    "settle": guided,
    "one pass": moved_windows,
    "published": moved_windows,
}
