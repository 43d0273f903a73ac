"""Noise levels: the one language in which VP, VE and rectified flow are spoken.

    x_t = alpha(t) x_0 + sigma(t) z,    z ~ N(0, 1),    t in 0..1

A `Level` is one point of such a family, a `Schedule` the family, and a run of a solver goes down a list of
levels from noisy to clean. Two levels with the same sigma / alpha hold the same picture up to its scale, so a
network made for one family can be driven along the levels of another; t0 means the same noise in all of them.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from typing import Literal, NamedTuple

from torch import Tensor

Output = Literal["eps", "v", "x0", "flow", "score"]
GONE = 160.0  # sigma / alpha from which on no eye sees a picture: where Karras et al. (2022) begin


class Level(NamedTuple):
    alpha: float  # share of the picture, 0..1
    sigma: float  # deviation of the noise, >= 0
    told: float = 0.0  # what the network is told: a time step, a sigma; each model knows

    @property
    def ratio(self) -> float:
        """sigma / alpha, infinite where nothing of the picture is left."""
        return self.sigma / self.alpha if self.alpha else math.inf

    @property
    def half_log_snr(self) -> float:
        """lambda of DPM-Solver (Lu et al., 2022): log(alpha / sigma)."""
        return -math.log(self.ratio) if self.ratio else math.inf


CLEAN = Level(1.0, 0.0)
Schedule = Callable[[float], Level]  # of the time t in 0..1, noisier as t grows
Spacing = Callable[
    [Schedule, float, int, float], list[Level]
]  # of a family, from t0, in so many calls, to least


def vp_discrete(alpha_bars: list[float]) -> Schedule:
    """VP from a table of alpha_bar (Ho et al., 2020): time t is entry t * n - 1, entries between are
    interpolated.

    The network is told the (fractional) entry. In between, log(sigma / alpha) is linear.
    """
    log_ratios = [0.5 * math.log((1 - bar) / bar) for bar in alpha_bars]
    last = len(log_ratios) - 1

    def level(t: float) -> Level:
        entry = min(max(t * len(log_ratios) - 1, 0.0), float(last))
        low = min(int(entry), last - 1)
        part = entry - low
        return vp_level(math.exp(log_ratios[low] * (1 - part) + log_ratios[low + 1] * part), entry)

    return level


def vp_linear(first: float = 1e-4, last: float = 0.02, steps: int = 1000) -> Schedule:
    """beta linear in the step: DDPM's, and SDEdit's VP models."""
    return vp_discrete(alpha_bars([first + (last - first) * i / (steps - 1) for i in range(steps)]))


def vp_scaled_linear(first: float = 0.00085, last: float = 0.012, steps: int = 1000) -> Schedule:
    """sqrt(beta) linear in the step: Stable Diffusion's."""
    return vp_discrete(alpha_bars(scaled_linear(first, last, steps)))


def scaled_linear(first: float = 0.00085, last: float = 0.012, steps: int = 1000) -> list[float]:
    """The betas of `vp_scaled_linear`."""
    a, b = math.sqrt(first), math.sqrt(last)
    return [(a + (b - a) * i / (steps - 1)) ** 2 for i in range(steps)]


def vp_continuous(b0: float = 0.1, b1: float = 20.0) -> Schedule:
    """alpha_bar(t) = exp(-(b0 t + (b1 - b0) t^2 / 2)) (Song et al., 2021); `told` is sigma / alpha."""

    def level(t: float) -> Level:
        ratio = math.sqrt(math.expm1(b0 * t + (b1 - b0) * t * t / 2))
        return vp_level(ratio, ratio)

    return level


def ve(least: float = 0.01, most: float = 50.0) -> Schedule:
    """sigma(t) = least (most / least)^t, alpha 1 (Song et al., 2021). The network is told sigma."""

    def level(t: float) -> Level:
        sigma = least * (most / least) ** t
        return Level(1.0, sigma, sigma)

    return level


def flow(shift: float = 1.0) -> Schedule:
    """Rectified flow: alpha 1 - t, sigma t; `shift` as in Stable Diffusion 3. The network is told 1000 t."""

    def level(t: float) -> Level:
        sigma = shift * t / (1 + (shift - 1) * t)
        return Level(1 - sigma, sigma, 1000 * sigma)

    return level


def vp_level(ratio: float, told: float) -> Level:
    """The variance-preserving level with sigma / alpha = ratio."""
    alpha = 1 / math.sqrt(1 + ratio * ratio)
    return Level(alpha, ratio * alpha, told)


def even(schedule: Schedule, t0: float, steps: int, least: float = 0.0) -> list[Level]:
    """`steps` levels evenly spaced in time from t0 downwards, then the clean one: the papers' spacing.

    It ends at t0 / steps, whatever `least` says.
    """
    return [*(schedule(t0 * (1 - i / steps)) for i in range(steps)), CLEAN]


def karras(schedule: Schedule, t0: float, steps: int, least: float = 0.03, rho: float = 7.0) -> list[Level]:
    """`steps` levels evenly spaced in (sigma / alpha)^(1/rho) from t0 down to `least`, then the clean one.

    Karras et al. (2022), equation 5; second-order solvers need it. `least` is sigma / alpha of the last
    network call, lowered where t0 itself is low.
    """
    most = min(schedule(t0).ratio, GONE)
    least = min(least, most / 2)
    roots = (most ** (1 / rho), least ** (1 / rho))
    ratios = [(roots[0] + (roots[1] - roots[0]) * i / max(steps - 1, 1)) ** rho for i in range(steps)]
    return [schedule(t0), *(schedule(time_of(schedule, ratio)) for ratio in ratios[1:]), CLEAN]


def distilled(schedule: Schedule, t0: float, steps: int, least: float = 0.0, grid: int = 50) -> list[Level]:
    """`steps` of the levels that a latent consistency model was taught on, `grid` in all (Luo et al., 2023),
    from t0 downwards, then the clean one; where there are too few of them, those between as well.
    """
    count = math.floor(t0 * grid + 1e-9)
    if count < steps:
        return even(schedule, t0, steps)
    return [*(schedule((count - i * count // steps) / grid) for i in range(steps)), CLEAN]


def time_of(schedule: Schedule, ratio: float) -> float:
    """The time at which sigma / alpha reaches `ratio`, within 2^-40."""
    ticks = 1 << 40
    return bisect_left(range(ticks), ratio, key=lambda tick: schedule(tick / ticks).ratio) / ticks


def exploding(levels: list[Level]) -> list[Level]:
    """Levels in VE's coordinates (alpha 1, sigma the old ratio): the same noise, another scale of x."""
    return [Level(1.0, min(level.ratio, GONE), level.told) for level in levels]


def to_x0(kind: Output, output: Tensor, x: Tensor, level: Level) -> Tensor:
    """What a network said about `x` at `level`, as an estimate of x_0. `v` holds for VP levels only."""
    alpha, sigma = level.alpha, level.sigma
    match kind:
        case "eps":
            return (x - sigma * output) / alpha
        case "v":
            return alpha * x - sigma * output
        case "flow":
            return x - sigma * output
        case "score":
            return (x + sigma**2 * output) / alpha
        case "x0":
            return output


def alpha_bars(betas: list[float]) -> list[float]:
    """The share of the picture's variance that is left after each step of DDPM."""
    bars, bar = [], 1.0
    for beta in betas:
        bar *= 1 - beta
        bars.append(bar)
    return bars
