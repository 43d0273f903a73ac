"""How far a drag's picture is from the known answer: pure functions.

A thing is found by its own patch, cut from the answer with its true outline and a little ground, by
normalised cross-correlation; so ground that was invented otherwise does not count as a miss.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from torch import Tensor

from engine.types import Mask, Rgb
from engine.warp import grown

if TYPE_CHECKING:
    from tests.benchmarks.known_drags import Case

WINDOW = 20  # pixels: so far from where it should be, on both axes, a thing is looked for
ARRIVED = 4.0  # pixels
GROUND = 1  # pixels of ground round a thing, which belong to its patch: its outline tells where it is
TEXTURE = 4.0  # pixels, deviation of the blur that takes texture away: no one can invent the very same
# Lost is what matches no better than a third of the way from chance to the thing itself. Of pictures that
# show another scene, 95 of 100 stay below 0.27 of that way.
FOUND = 1 / 3
FLAT = 3.0  # levels of 255: a patch of less deviation has nothing to be matched by


class Match(NamedTuple):
    correlation: float  # -1..1
    distance: float  # pixels


class Measures(NamedTuple):
    distance: float  # pixels from the thing's place to the target
    match: float  # correlation with it there
    chance: float  # best correlation in the same window, were the thing not there
    arrived: bool  # not lost, and within ARRIVED
    lost: bool  # what is found there is hardly more than chance
    ghost: float  # correlation at the old place with what stood there
    left: float  # share of it that is still seen there: 0 for the answer, 1 for the picture before
    inside: float  # dB, PSNR in the two places
    uncovered: float  # dB, where ground must be invented
    tone: float  # dB, there, of both pictures without their texture
    outside: float  # dB, everywhere but in the two places
    kept: float  # share of the pixels outside that are as they were, bit for bit
    detail: float  # slopes of the uncovered ground, as a part of the answer's


def measured(case: Case, picture: Rgb) -> Measures:
    there = found(case.after, case.new_thing, picture, WINDOW)
    lost = there.correlation < case.chance + FOUND * (1 - case.chance)
    places = np.maximum(case.old, case.new) > 0
    uncovered = case.old * (1 - case.new) > 0.5
    return Measures(
        distance=there.distance,
        match=there.correlation,
        chance=case.chance,
        arrived=not lost and there.distance <= ARRIVED,
        lost=lost,
        ghost=found(case.before, case.old_thing, picture, 0).correlation,
        left=_left(case, picture),
        inside=psnr(picture, case.after, places),
        uncovered=psnr(picture, case.after, uncovered),
        tone=psnr(_smooth(picture), _smooth(case.after), uncovered),
        outside=psnr(picture, case.after, ~places),
        kept=float((picture == case.before).all(-1)[~places].mean()),
        detail=_slope(picture, uncovered) / _slope(case.after, uncovered),
    )


def found(known: Rgb, thing: Mask, picture: Rgb, reach: int) -> Match:
    """The thing of one picture in another, at most `reach` pixels from its place on both axes."""
    weight = grown(thing, GROUND, 0)
    rows, columns = np.flatnonzero(weight.any(1)), np.flatnonzero(weight.any(0))
    here = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    patch, weights = _planes(known[here]), torch.from_numpy(weight[here])
    mean = (patch * weights).sum((1, 2), keepdim=True) / weights.sum()
    patch = (patch - mean) * weights
    wide = np.pad(picture, ((reach, reach), (reach, reach), (0, 0)), "edge")
    around = _planes(wide[rows[0] : rows[-1] + 1 + 2 * reach, columns[0] : columns[-1] + 1 + 2 * reach])
    product = functional.conv2d(around[None], patch[None])[0, 0]
    each, total = weights[None, None], weights.sum()
    sums, squares = (functional.conv2d(part[:, None], each)[:, 0] for part in (around, around.square()))
    energy = (squares - sums.square() / total).sum(0)
    least = total * len(patch) * (FLAT / 255) ** 2
    own = ((patch / weights.clamp(min=1e-6)).square() * weights).sum()
    correlation = product / (energy.clamp(min=float(least)) * own.clamp(min=float(least))).sqrt()
    row, column = divmod(int(correlation.argmax()), correlation.shape[1])
    return Match(float(correlation.max()), math.hypot(row - reach, column - reach))


def psnr(a: Rgb, b: Rgb, where: NDArray[np.bool_]) -> float:
    """dB over some pixels; 99 where they are the same."""
    error = float(np.square(a[where].astype(np.float64) - b[where]).mean()) if where.any() else 0.0
    return 10 * math.log10(255**2 / error) if error else 99.0


def _left(case: Case, picture: Rgb) -> float:
    """The share, by least squares, of the picture before in what is seen where the thing stood."""
    where = (case.old_thing > 0) & (case.new_thing == 0)
    answer = case.after[where].astype(np.float64)
    thing, seen = case.before[where] - answer, picture[where] - answer
    return float((thing * seen).sum() / max(float((thing * thing).sum()), 1.0))


def _smooth(picture: Rgb) -> Rgb:
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(TEXTURE)))


def _slope(picture: Rgb, where: NDArray[np.bool_]) -> float:
    slope = np.hypot(*np.gradient(picture.astype(np.float32).mean(-1)))
    return float(slope[where].mean()) if where.any() else 1.0


def _planes(picture: Rgb) -> Tensor:
    """(3, h, w), 0..1."""
    return torch.from_numpy(picture.astype(np.float32) / np.float32(255)).permute(2, 0, 1)
