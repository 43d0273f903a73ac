"""DragDiffusion (Shi et al., CVPR 2024, section 3) on the starter model, written from the paper: what
our drags are compared with.

The picture is inverted by DDIM to a level. There the latent is optimised: features that a decoder block of
the network has round each handle point shall be found a step nearer to its target, and outside the mask the
next latent shall stay (motion supervision, equation 3). After every step the points are found again by their
features (point tracking, equation 4). Then DDIM brings the latent back.

Left out: fine-tuning on the picture by LoRA, and attention to the original while denoising, for which the
network has too little attention. As in the other forms, what is outside the mask is put back in the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from engine.area import blend
from engine.cycle import inverted
from engine.latents import At
from engine.levels import Level, even
from engine.pixel_diffusion import PixelDiffusion
from engine.sampling import Estimate, first_order, sample, seeded
from engine.types import WHOLE, EditRequest, Mask, Point, Rgb

ITERATIONS = 80
RATE = 0.01  # of Adam
KEEP = 0.1  # weight of what is outside the mask
SUPERVISED, TRACKED = 1, 3  # radii round a point, in cells of the features
FINER = 2  # features are enlarged to half the picture's size
BLOCK = 1  # of the decoder: the second of two finest


class Pull(NamedTuple):
    """A point of the picture, and where it shall be: pixels."""

    source: Point
    target: Point


def dragged(
    model: PixelDiffusion,
    picture: Rgb,
    pulls: Sequence[Pull],
    mask: Mask,
    strength: float,
    steps: int,
    iterations: int = ITERATIONS,
) -> Rgb:
    """The picture with its points pulled; `steps` are those of the inversion, and of the way back."""
    at = At(model, (picture.shape[1], picture.shape[0]))
    denoise = model.denoiser(EditRequest(picture, picture))
    levels = even(model.schedule, strength, steps)
    with torch.inference_mode():
        *_, path = inverted(denoise, at.latent(picture), levels)
    a, b = levels[0], levels[1]
    start, free = path.states[0].clone(), at.free(mask)
    x = optimised(model, start.clone(), a, b, pulls, free, iterations)
    with torch.inference_mode():
        *_, x0 = sample(denoise, x.clone(), levels, seeded(0), 0.0, first_order)
        return blend(picture, at.picture(x0), mask)


def optimised(
    model: PixelDiffusion,
    x: Tensor,
    a: Level,
    b: Level,
    pulls: Sequence[Pull],
    free: Tensor,
    iterations: int,
) -> Tensor:
    x = x.requires_grad_()
    optimizer = torch.optim.Adam([x], RATE)
    first = kept = None
    points: list[Point] = []
    for _ in range(iterations):
        features, x0 = _seen(model, x, a)
        after = first_order(x, Estimate(a, x0), b, 0.0).mean
        if first is None or kept is None:
            first, kept = features.detach(), after.detach()
            cell = free.shape[3] / features.shape[3]
            ends = [[(px / cell - 0.5, py / cell - 0.5) for px, py in pull] for pull in pulls]
            points = [source for source, _ in ends]
            wanted = [_patch(first, source, 0) for source, _ in ends]
        else:
            points = [_tracked(features.detach(), *each) for each in zip(points, wanted, strict=True)]
        loss = KEEP * ((after - kept) * (1 - free)).abs().sum()
        moving = False
        for point, (_, target) in zip(points, ends, strict=True):
            far = math.dist(point, target)
            if far < 1:
                continue
            moving = True
            step = min(1.0, 1 / far)
            ahead = (
                point[0] + step * (target[0] - point[0]),
                point[1] + step * (target[1] - point[1]),
            )
            here = _patch(features, point, SUPERVISED).detach()
            loss = loss + (_patch(features, ahead, SUPERVISED) - here).abs().sum()
        if not moving:
            break
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return x.detach()


def _seen(model: PixelDiffusion, x: Tensor, level: Level) -> tuple[Tensor, Tensor]:
    """A decoder block's features, enlarged, and the estimate of x_0; with gradients."""
    network, found = model.network, list[Tensor]()
    block = network.unet.up[BLOCK]
    assert isinstance(block, nn.ModuleList)
    hook = block[-1].register_forward_hook(lambda _module, _inputs, output: found.append(output))
    with model.clock.network(x[0, 0].numel()):
        tokens = network.patches.encode(x / level.alpha)
        windows, words = torch.tensor([WHOLE]), torch.zeros(1, 40)
        x0 = network.patches.decode(network(tokens, torch.tensor([level.ratio]), windows, words))
    hook.remove()
    size = [length // FINER for length in x.shape[2:]]
    return functional.interpolate(found[0].float(), size, mode="bilinear"), x0


def _patch(features: Tensor, point: Point, radius: int) -> Tensor:
    """(c, n, n) round a point between cells."""
    reach = torch.arange(-radius, radius + 1, dtype=torch.float32)
    height, width = features.shape[2:]
    x, y = 2 * (point[0] + reach + 0.5) / width - 1, 2 * (point[1] + reach + 0.5) / height - 1
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)[None]
    out: Tensor = functional.grid_sample(features, grid, align_corners=False, padding_mode="border")[0]
    return out


def _tracked(features: Tensor, point: Point, wanted: Tensor) -> Point:
    """The place near `point` whose features are nearest to those that the point had at first."""
    near = _patch(features, point, TRACKED)
    row, column = divmod(int((near - wanted).abs().sum(0).argmin()), 2 * TRACKED + 1)
    return point[0] + column - TRACKED, point[1] + row - TRACKED
