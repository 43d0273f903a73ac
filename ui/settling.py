"""Settle: what was pasted is blended into the picture. Its colours come nearer to those round it, and the
model makes its rim anew, as one picture with its surroundings; inside it is kept (`engine.types.Settle`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.area import Rect, part_of, soft_mask, work_area
from engine.light import in_light_of
from engine.pictures import flat
from engine.types import Drag, EditRequest, EngineError, Mask, Rgb, Settle
from ui import areas
from ui.apply import Ask, Candidate, Wording, permitted
from ui.document import Document, Layer, Rgba, eight_bits
from ui.language import tr
from ui.selection import alone, feathered, part_in, selection_of, shrunk
from ui.spaces import as_seen, own_layer

# Reinhard et al., "Color Transfer between Images", 2001: RGB to cones, and their logarithms to l, alpha, beta
CONES = np.array([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]], np.float32)
AXES = np.array([[1, 1, 1], [1, 1, -2], [1, -1, 0]], np.float32) / np.sqrt(
    np.array([[3], [6], [2]], np.float32)
)
DARKEST = 1 / 255  # below that a logarithm says nothing
SAMPLE = 1 << 18  # pixels that tell of the colours of more
SPREADS = 0.5, 2.0  # how much the contrast may change
REACH = 4.5  # shades by which the light of a piece of ground may change where colours are matched wholly


@dataclass(frozen=True)
class SettleOptions(Wording):
    """What the panel says of the next run."""

    strength: float = 0.35  # t0 of the rim, 0 ... 1
    keep: float = 1.0  # how much weaker it is inside: the share of the layer that stays as it is, 0 ... 1
    match: float = 0.2  # how far the colours come to those round it, 0 ... 1
    grow: int = 8  # canvas pixels round the layer that may change too
    feather: int = 16  # canvas pixels over which that fades out
    steps: int = Drag.STEPS  # as all that keeps to a path
    seed: int = 0
    variants: int = 3


@dataclass(frozen=True, eq=False)
class SettleAsk(Ask):
    """Settling that can be run."""

    label: ClassVar[str] = "Settle"
    uid: int  # of the layer that is settled

    def accepted(self, document: Document, candidate: Candidate) -> Document:
        """The result as a layer on top, and the layer that it came from out of sight."""
        layer = document.layer(self.uid)
        if layer is not None:
            document = document.exchange(layer, replace(layer, visible=False))
        return self.laid_over(document, candidate)


def can_settle(layer: Layer | None) -> bool:
    """Whether a layer is one that came from elsewhere."""
    return layer is not None and any(each.placed is not None and each.tiles for each in layer.walk())


def settled(document: Document, uid: int, options: SettleOptions) -> SettleAsk:
    """What to ask the engine for: the known picture is what is seen without the layer, the guide what is seen
    with it. Raises EngineError.
    """
    layer = document.layer(uid)
    if layer is None or not all(each.visible for each in document.path(uid)):
        raise EngineError(tr("The layer cannot be seen: show it first, then settle it."))
    alpha = eight_bits(alone(document, layer, document.rect)[..., 3])
    if not alpha.any():
        raise EngineError(tr("There is nothing of the layer inside the picture: move it there first."))
    free, allowed = soft_mask(alpha, options.grow, options.feather), areas.allowed(document)
    if allowed is not None:
        free = permitted(free, allowed)
        if not free.any():
            raise EngineError(tr("The selection and the areas leave nothing of the layer free to change."))
    at = work_area(free)
    without = document.exchange(layer, replace(layer, visible=False))
    known = flat(as_seen(without, at))
    guided = document
    if options.match and layer.kind != "group":
        only = replace(document, layers=(replace(layer, opacity=1.0, blend="normal", mask=None),))
        rgba = matched(as_seen(only, at), known, options.match)
        tiles = own_layer(document, rgba, layer.name, layer.kind, at.x, at.y).tiles
        guided = document.exchange(layer, replace(layer, tiles=tiles))
    guide = in_light_of(known, flat(as_seen(guided, at)), alpha[at.slices], REACH * options.match)
    request = EditRequest(
        image=known,
        guide=guide,
        mask=free[at.slices],
        operation=Settle(options.strength),
        steps=options.steps,
        seed=options.seed,
        variants=options.variants,
        **options.told(),
        window=part_of(at, document.width, document.height),
        share=_strengths(document, alpha, at, options),
    )
    return SettleAsk(at, request, uid)


def matched(rgba: Rgba, around: Rgb, amount: float) -> Rgba:
    """A picture with the mean and the spread of its colours so far on their way to those of another one, in
    the axes of Reinhard et al.; its alpha says how much a pixel counts, and stays.
    """
    there = rgba[..., 3] > 0
    mine, weight = _to_axes(rgba[there, :3]), rgba[there, 3]
    few, step = -(-len(mine) // SAMPLE), math.ceil(math.sqrt(around[..., 0].size / SAMPLE))
    other = _to_axes(around[::step, ::step].reshape(-1, 3))
    mean, spread = _moments(mine[::few], weight[::few])
    wanted, wide = _moments(other, np.ones(len(other)))
    ratio = (wide / np.maximum(spread, 1e-3)).clip(*SPREADS) ** amount
    out = rgba.copy()
    out[there, :3] = _from_axes((mine - mean) * ratio + mean + amount * (wanted - mean))
    return out


def _strengths(document: Document, alpha: NDArray[np.uint8], at: Rect, options: SettleOptions) -> Mask | None:
    """How much of the strength counts in each place: all of it at the rim, less inside the layer."""
    painted = areas.shares(document, at)
    if not options.keep:
        return None if painted is None else painted.astype(np.float32) / np.float32(255)
    inner = shrunk(selection_of(alpha), options.grow // 2, document.rect)
    inside = part_in(feathered(inner, options.feather / 2, document.rect), at)
    left = np.rint(255 - options.keep * inside)
    share: Mask = (left if painted is None else np.rint(left * painted / 255)).astype(np.float32)
    return share / np.float32(255)


def _to_axes(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, 3)."""
    levels = np.maximum(np.arange(256) / 255, DARKEST).astype(np.float32)
    axes: NDArray[np.float32] = np.log10(levels[rgb] @ CONES.T) @ AXES.T
    return axes


def _from_axes(axes: NDArray[np.float32]) -> NDArray[np.uint8]:
    rgb = np.exp(np.log(10) * (axes @ np.linalg.inv(AXES).T), dtype=np.float32) @ np.linalg.inv(CONES).T
    bytes_: NDArray[np.uint8] = np.rint(255 * rgb).clip(0, 255).astype(np.uint8)
    return bytes_


def _moments(axes: NDArray[np.float32], weight: NDArray[Any]) -> tuple[NDArray[np.float32], ...]:
    """Mean and standard deviation of each axis."""
    mean = np.average(axes, 0, weight)
    spread = np.sqrt(np.average((axes - mean) ** 2, 0, weight))
    return mean.astype(np.float32), spread.astype(np.float32)
