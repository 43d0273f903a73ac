"""Solvers: steps as pure functions, each a Gaussian over the next state, and the loop that walks down the
levels.

`a` is the level a step leaves and `b` the cleaner one that it reaches. eta 1 is the SDE, eta 0 the ODE, and
whatever lies between is a solver too.

A new solver is one function of the type `Solver` and one line in SOLVERS.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from engine.levels import Level, Spacing, distilled, even, karras

Denoise = Callable[[Tensor, Level], Tensor]  # x at a level to the estimate of x_0: one network call
Draw = Callable[[Tensor], Tensor]  # white noise shaped, and placed, like a tensor


class Gaussian(NamedTuple):
    mean: Tensor
    std: float

    def at(self, noise: Tensor) -> Tensor:
        return self.mean + self.std * noise


class Estimate(NamedTuple):
    """What the network said of x_0 at a level."""

    level: Level
    x0: Tensor


class Solver(Protocol):
    def __call__(self, x: Tensor, now: Estimate, b: Level, eta: float, before: Estimate | None) -> Gaussian:
        """p(x_b | x_a): `now` is the estimate at a = now.level, `before` the one of the step before."""


def noising(x: Tensor, a: Level, b: Level) -> Gaussian:
    """q(x_b | x_a) for a noisier b."""
    scale = b.alpha / a.alpha
    return Gaussian(scale * x, math.sqrt(max(b.sigma**2 - (scale * a.sigma) ** 2, 0.0)))


def first_order(x: Tensor, now: Estimate, b: Level, eta: float, before: Estimate | None = None) -> Gaussian:
    """The DDIM family (Song et al., 2021, equation 12; Nie et al., 2024, equation 6), for any alpha and
    sigma.
    """
    a, x0 = now
    left = a.alpha * b.sigma / b.alpha  # sigma that b would have in a's scale
    std = eta * b.sigma / a.sigma * math.sqrt(max(a.sigma**2 - left**2, 0.0))
    eps = (x - a.alpha * x0) / a.sigma
    return Gaussian(b.alpha * x0 + math.sqrt(max(b.sigma**2 - std**2, 0.0)) * eps, std)


def second_order(x: Tensor, now: Estimate, b: Level, eta: float, before: Estimate | None = None) -> Gaussian:
    """SDE-DPM-Solver++ (2M) (Lu et al., 2022, algorithm 2 and appendix); with eta 0, DPM-Solver++ (2M). Above
    1 more noise is taken away and drawn anew at each step than the reverse SDE asks for.
    """
    a, x0 = now
    if before is None or not a.alpha or not before.level.alpha or not b.sigma:
        return first_order(x, now, b, min(eta, 1.0))
    h = b.half_log_snr - a.half_log_snr
    slope = (x0 - before.x0) / (a.half_log_snr - before.level.half_log_snr)
    ahead = x0 + 0.5 * h * slope
    keep = b.sigma / a.sigma * math.exp(-(eta**2) * h)
    std = b.sigma * math.sqrt(-math.expm1(-2 * eta**2 * h))
    return Gaussian(keep * x - b.alpha * math.expm1(-(1 + eta**2) * h) * ahead, std)


def euler_maruyama(
    x: Tensor, now: Estimate, b: Level, eta: float, before: Estimate | None = None
) -> Gaussian:
    """SDEdit's Algorithm 1 on VE levels: x + e^2 score + e z, e^2 = sigma_a^2 - sigma_b^2; the last step has
    no noise.

    It is the reverse SDE alone, so eta counts only as 0 or more. On levels that are not VE's x is brought to
    their scale and back.
    """
    a, x0 = now
    if not b.sigma or not a.alpha:
        return first_order(x, now, b, eta)
    far = a.ratio**2 - b.ratio**2  # e^2
    score = (x0 - x / a.alpha) / a.ratio**2
    return Gaussian(b.alpha * (x / a.alpha + far * score), eta * b.alpha * math.sqrt(far))


def consistency(x: Tensor, now: Estimate, b: Level, eta: float, before: Estimate | None = None) -> Gaussian:
    """Multistep consistency sampling (Song et al., 2023, algorithm 1): each step begins with new noise. With
    eta 0 the noise that is there stays, as in the ODE.
    """
    a, x0 = now
    eps = (x - a.alpha * x0) / a.sigma
    return Gaussian(b.alpha * x0 + math.sqrt(1 - eta**2) * b.sigma * eps, eta * b.sigma)


class Method(NamedTuple):
    """A solver, the spacing of levels that it wants, and the eta of a walk that keeps to nothing."""

    step: Solver
    spacing: Spacing
    eta: float = 1.0


SOLVERS: dict[str, Method] = {
    "first order": Method(first_order, even),
    "second order": Method(second_order, karras),
    "euler-maruyama": Method(euler_maruyama, even),
    "euler": Method(first_order, even, 0.0),  # which is what DDIM's ODE is, by its other name
    "consistency": Method(consistency, distilled),
}


def sample(
    denoise: Denoise,
    x: Tensor,
    levels: list[Level],
    draw: Draw,
    eta: float = 1.0,
    solver: Solver = second_order,
    stronger: float = 1.0,
) -> Iterator[Tensor]:
    """Walk `x` down `levels`; yields the estimate of x_0 after every network call. The last one is the
    result.

    Noise that is added on the way is `stronger` times as strong.
    """
    before: Estimate | None = None
    for a, b in pairwise(levels):
        now = Estimate(a, denoise(x, a))
        yield now.x0
        step = solver(x, now, b, eta, before)
        x = step.at(stronger * draw(x)) if step.std else step.mean
        before = now


def s_noise(extra: float, steps: int) -> float:
    """How much stronger a run's noise is made, in so many steps, to keep detail: a network trained for the
    least square error takes away a little more noise than there is (Karras et al., 2022, section 4, S_noise).
    That the fewer steps need the more of it, as their root, was measured on the starter model.
    """
    return 1 + extra / math.sqrt(steps)


def pinned(denoise: Denoise, known: Tensor, free: Tensor) -> Denoise:
    """A denoiser that knows part of the answer: `known` where `free` (0..1) is 0.

    Steps are linear in x and x_0, so wherever the estimate is the known picture x stays a noising path of
    that picture, at each level with that level's own noise: the masked form of SDEdit (its Algorithm 2), with
    the noise of the known region drawn along the solver's own path (one fixed noise, as in the official code,
    when eta is 0).
    """

    def pin(x: Tensor, level: Level) -> Tensor:
        return torch.where(free > 0, torch.lerp(known, denoise(x, level), free), known)

    return pin


def seeded(seed: int) -> Draw:
    """Noise drawn on the CPU in float32: a seed gives the same noise for every device and precision."""
    generator = torch.Generator().manual_seed(seed)
    return lambda like: torch.randn(like.shape, generator=generator).to(like)
