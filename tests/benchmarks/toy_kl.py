"""The toy of "The Blessing of Randomness" (Nie et al., ICLR 2024): how far an edited latent's distribution is
from the right one, on its way down by the SDE and by the ODE.

    python -m tests.benchmarks.toy_kl [-o FOLDER]

The data are half N(-2, 0.3^2), half N(2, 0.3^2), so scores are known, and the steps are the product's own.
Densities are carried, not samples: for the SDE as masses of bins, and for the ODE as where every bin has
gone. So there is no sampling error, and nothing is smoothed but within a bin of the SDE.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from engine.levels import Level, vp_continuous
from engine.sampling import Estimate, first_order
from tests.benchmarks.plots import COLOURS, OUTPUT, Axis, Line, plot, stacked, written

CENTRES, WIDTH = (-2.0, 2.0), 0.3
LAST = 0.001  # time at which the walk ends
EDGE, BIN = 8.0, 0.01  # the line that is carried, and the bins of the SDE
FINE = 0.001  # between places that the ODE carries
TIMES = (1.0, 0.8, 0.6, 0.4, 0.2, 0.02)
STEPS = (400, 100, 25)
SIZE = (860, 370)  # pixels, of a plot

Density = Callable[[Tensor], Tensor]


def normal(mean: float, std: float) -> Density:
    return lambda x: torch.exp(-0.5 * ((x - mean) / std) ** 2) / (std * math.sqrt(2 * math.pi))


def uniform(x: Tensor) -> Tensor:
    return (x.abs() < 1).to(x) / 2


class Start(NamedTuple):
    density: Density  # of the edited latent at time 1
    least: float  # nothing lies beyond these
    most: float


STARTS = {
    "N(1.5, 1)": Start(normal(1.5, 1), -EDGE, EDGE),
    "N(0, 0.5^2)": Start(normal(0, 0.5), -EDGE, EDGE),
    "U(-1, 1)": Start(uniform, -1, 1),
    "matched": Start(lambda x: marginal(x, vp_continuous()(1.0)), -EDGE, EDGE),
}


class Walk(NamedTuple):
    start: str
    solver: str
    steps: int
    times: list[float]
    divergence: list[float]  # KL of the edited marginal from the right one, at each time
    distance: float  # Wasserstein's, at the end

    def at(self, time: float) -> float:
        return self.divergence[min(range(len(self.times)), key=lambda i: abs(self.times[i] - time))]


def marginal(x: Tensor, level: Level) -> Tensor:
    """q_t: the right density at a level."""
    std = math.sqrt((level.alpha * WIDTH) ** 2 + level.sigma**2)
    out: Tensor = sum((normal(level.alpha * c, std)(x) / 2 for c in CENTRES), torch.zeros_like(x))
    return out


def posterior(x: Tensor, level: Level) -> Tensor:
    """E[x_0 | x_t]."""
    centres, variance = torch.tensor(CENTRES, dtype=x.dtype), WIDTH**2
    spread = level.alpha**2 * variance + level.sigma**2
    off = x[:, None] - level.alpha * centres
    weights = torch.softmax(-(off**2) / (2 * spread), -1)
    out: Tensor = (weights * (centres + level.alpha * variance / spread * off)).sum(-1)
    return out


def down(steps: int) -> tuple[list[float], list[Level]]:
    times = [1 - (1 - LAST) * i / steps for i in range(steps + 1)]
    return times, [vp_continuous()(time) for time in times]


def by_ode(name: str, steps: int) -> Walk:
    """A step of the ODE is a map of the line onto itself: places move and keep their mass."""
    start, (times, levels) = STARTS[name], down(steps)
    count = round((start.most - start.least) / FINE)
    x = start.least + FINE * (torch.arange(count, dtype=torch.float64) + 0.5)
    density = start.density(x)
    mass = density / density.sum()
    divergence = [_divergence(mass, density, marginal(x, levels[0]))]
    for a, b in pairwise(levels):
        near = torch.stack([x, x + 1e-6])
        moved = first_order(near.flatten(), Estimate(a, posterior(near.flatten(), a)), b, 0.0).mean
        x, beside = moved.reshape(near.shape)
        density = density / ((beside - x) / 1e-6)
        divergence.append(_divergence(mass, density, marginal(x, b)))
    return Walk(name, "ODE", steps, times, divergence, _distance(x, mass, levels[-1]))


def by_sde(steps: int) -> list[Walk]:
    """A step of the SDE spreads each bin's mass by a Gaussian; one matrix a step serves all starts."""
    times, levels = down(steps)
    edges = torch.arange(-EDGE, EDGE + BIN / 2, BIN, dtype=torch.float64)
    x = (edges[1:] + edges[:-1]) / 2
    masses = torch.stack([start.density(x) for start in STARTS.values()])
    masses = masses / masses.sum(1, keepdim=True)
    divergences = [[_divergence(each, each / BIN, marginal(x, levels[0])) for each in masses]]
    for a, b in pairwise(levels):
        step = first_order(x, Estimate(a, posterior(x, a)), b, 1.0)
        below = torch.special.ndtr((edges - step.mean[:, None]) / step.std)
        masses = masses @ below.diff(dim=1)
        divergences.append([_divergence(each, each / BIN, marginal(x, b)) for each in masses])
    columns = zip(STARTS, zip(*divergences, strict=True), masses, strict=True)
    return [
        Walk(name, "SDE", steps, times, list(column), _distance(x, mass, levels[-1]))
        for name, column, mass in columns
    ]


def _divergence(mass: Tensor, density: Tensor, right: Tensor) -> float:
    there = mass > 1e-18
    return float((mass[there] * (density[there] / right[there]).log()).sum())


def _distance(x: Tensor, mass: Tensor, level: Level) -> float:
    """Wasserstein's distance of order 1 from q: the area between the two distribution functions."""
    std = math.sqrt((level.alpha * WIDTH) ** 2 + level.sigma**2)
    line = torch.arange(-EDGE, EDGE, FINE, dtype=torch.float64)
    known = (mass.cumsum(0) - mass / 2)[torch.searchsorted(x, line).clamp(max=len(x) - 1)]
    known = torch.where(line < x[0], 0.0, torch.where(line > x[-1], 1.0, known))
    right = sum((torch.special.ndtr((line - level.alpha * c) / std) / 2 for c in CENTRES), line * 0)
    return float((known - right).abs().sum() * FINE)


def table(walks: list[Walk]) -> list[str]:
    head = f"{'start at t = 1':14}{'steps':>6}{'':5}" + "".join(f"{f't = {t:g}':>10}" for t in TIMES)
    rows = [
        f"{each.start:14}{each.steps:6} {each.solver:4}"
        + "".join(f"{each.at(time):10.4f}" for time in TIMES)
        + f"{each.distance:10.3f}"
        for each in walks
    ]
    return [head + f"{'W1, end':>10}", *rows]


def figure(walks: list[Walk]) -> list[Line]:
    """SDE as whole lines, ODE as dashed ones."""
    names = list(STARTS)
    return [
        Line(
            f"{each.start}, {each.solver}",
            each.times,
            [max(value, 1e-12) for value in each.divergence],
            COLOURS[names.index(each.start)],
            each.solver == "ODE",
        )
        for each in walks
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT, help="the folder to write to")
    ask = parser.parse_args()
    torch.set_num_threads(1)
    walks: list[Walk] = []
    for steps in STEPS:
        walks += [*by_sde(steps), *(by_ode(name, steps) for name in STARTS)]
    walks.sort(key=lambda each: (list(STARTS).index(each.start), -each.steps, each.solver == "ODE"))
    print(*table(walks), sep="\n")
    rows = [
        {
            "start": each.start,
            "solver": each.solver,
            "steps": each.steps,
            "kl": {f"{time:g}": round(each.at(time), 6) for time in TIMES},
            "w1": round(each.distance, 4),
        }
        for each in walks
    ]
    across = Axis("t, from the edit down to the picture", 1.0, 0.0, (1, 0.8, 0.6, 0.4, 0.2, 0))
    ticks = (1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10)
    up = Axis("KL divergence from the right distribution", ticks[0], ticks[-1], ticks, True)
    edited = [each for each in walks if each.steps == STEPS[0] and each.start != "matched"]
    few = [each for each in walks if each.steps == STEPS[2]]
    image = stacked(
        plot(f"An edited start, {STEPS[0]} steps", across, up, figure(edited), SIZE),
        plot(
            f"The same, {STEPS[2]} steps: what remains is the solver's own error",
            across,
            up,
            figure(few),
            SIZE,
        ),
    )
    written(ask.output, "toy_kl", {"rows": rows}, image)


if __name__ == "__main__":
    main()
