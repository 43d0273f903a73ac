"""Round trips: a picture goes up to t0, is changed there, and comes back: by ODE inversion, by the SDE, or by
Cycle-SDE ("The Blessing of Randomness", Nie et al., ICLR 2024, section 3).

Cycle-SDE remembers the noises that lead from the noisy picture back to the clean one. Here it is written as a
difference from the recorded path: the noise w = p_b - mean(p_a) that the path took from level a to b is used
again, so with d = x - p, and a mean that is linear in x and in the estimates of x_0,

    d_b = mean(d_a; x0(p_a + d_a) - x0(p_a))

which is the same process, but nothing is divided by a standard deviation, an unedited picture comes back
exactly in every precision, and the estimates x0(p_a) do not depend on the edit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from torch import Tensor

from engine.levels import Level
from engine.sampling import Denoise, Draw, Estimate, Solver, first_order, noising, pinned

Places = Callable[[Level], Tensor]  # where a latent may change at a level: 0..1, shaped to multiply it


@dataclass(eq=False)
class Path:
    """A picture on its way through the levels, the noisiest first and the clean one last, and what the
    network says of x_0 along it, which is asked once.
    """

    levels: list[Level]
    states: list[Tensor]
    estimates: list[Tensor] = field(default_factory=list)

    @property
    def clean(self) -> Tensor:
        return self.states[-1]

    def estimate(self, step: int, denoise: Denoise) -> Tensor:
        """x0(p_k). Steps are asked for in order."""
        if step == len(self.estimates):
            self.estimates.append(denoise(self.states[step], self.levels[step]))
        return self.estimates[step]


def noised(x0: Tensor, levels: list[Level], draw: Draw) -> Path:
    """The noising path of a picture, level by level from the clean one up. No network is asked."""
    states = [x0]
    for b, a in pairwise(reversed(levels)):
        states.append(noising(states[-1], b, a).at(draw(x0)))
    return Path(levels, states[::-1])


def inverted(denoise: Denoise, x0: Tensor, levels: list[Level]) -> Iterator[Path]:
    """DDIM inversion (Song et al., 2021): the ODE from the picture up to the noisiest level, one network call
    a level. Yields the part of the path that is there, after every call.

    As is usual the noise of a step is asked for where the step begins; where the picture is clean, at the
    level that the step reaches.
    """
    states = [x0]
    for b, a in pairwise(reversed(levels)):
        x = states[-1]
        at = b if b.sigma else a
        x_there = x * (at.alpha / b.alpha)
        estimate = denoise(x_there, at)
        eps = (x_there - at.alpha * estimate) / at.sigma
        states.append(a.alpha * estimate + a.sigma * eps)
        yield Path(levels[-len(states) :], states[::-1])


def follow(
    denoise: Denoise,
    path: Path,
    start: Tensor,
    *,
    along: Denoise | None = None,
    free: Places | None = None,
    fresh: Tensor | None = None,
    draw: Draw | None = None,
    solver: Solver = first_order,
    eta: float = 1.0,
    stronger: float = 1.0,
) -> Iterator[Tensor]:
    """Come back along `path` from `start`, a latent at its noisiest level: the difference form above.

    Yields what the picture looks like after every network call; the last one is the result. A step is two
    calls, but one where the path's estimate is known, and one at first, while path and edit have not parted.
    `along` is the denoiser of the path, where its prompt is another one. Outside `free` the path is kept
    exactly. Where `fresh` (0..1) is above 0, that share of the path's noise gives way to new noise from
    `draw`, of the same variance: 0 is Cycle-SDE, 1 the SDE; the new noise is `stronger` times as strong, as
    in `engine.sampling.sample`.
    """
    along = along or denoise
    kept = None if fresh is None else (1 - fresh.square()).clamp(min=0).sqrt() - 1  # minus what is lost
    d = start - path.states[0]
    seen = path.clean + d / path.levels[0].alpha if d.any() else path.clean  # in pure noise alpha is 0, and d
    before, before_along = None, None
    for k, (a, b) in enumerate(pairwise(path.levels)):
        p = path.states[k]
        if free is not None:
            d = d * free(a)
        is_asked = k == len(path.estimates)
        base = path.estimate(k, along)
        if is_asked and (k or denoise is not along):
            yield seen
        same = denoise is along and not d.any()
        said = base if same else denoise(p + d, a)
        now, now_along = Estimate(a, said - base), Estimate(a, base)
        seen = path.clean + now.x0
        if kept is not None:
            seen = seen + kept * (path.clean - base)
        yield seen
        step = solver(d, now, b, eta, before)
        d = step.mean
        if kept is not None:
            noise = path.states[k + 1] - solver(p, now_along, b, eta, before_along).mean
            d = d + kept * noise
            if step.std and draw is not None and fresh is not None:
                d = d + fresh * step.std * stronger * draw(d)
        before, before_along = now, now_along


def staged(denoise: Denoise, known: Tensor, free: Places) -> Denoise:
    """SDEdit with a map of strengths: a denoiser that knows `known` wherever its level is not free yet."""
    return lambda x, level: pinned(denoise, known, free(level))(x, level)


def places(ratios: Tensor) -> Places:
    """A map of strengths as where a latent may change: at levels up to each place's own sigma / alpha."""
    return lambda level: (ratios >= level.ratio * (1 - 1e-6)).to(ratios)
