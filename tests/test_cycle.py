"""Round trips: what is not edited comes back exactly, and what is edited goes where theory says."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from engine.cycle import Path, follow, inverted, noised, places
from engine.levels import Level, Schedule, even, flow, karras, ve, vp_continuous
from engine.sampling import Denoise, Estimate, Solver, first_order, second_order, seeded

FAMILIES = {"vp": vp_continuous(), "ve": ve(), "flow": flow()}
families = pytest.mark.parametrize("schedule", FAMILIES.values(), ids=FAMILIES.keys())
DTYPES = [torch.float64, torch.float32, torch.bfloat16]
MEAN, STD = 0.3, 0.5
MANY = 20_000


class Network(nn.Module):
    """A small network of random weights: no estimate of x_0, but neither linear nor symmetric."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        torch.manual_seed(0)
        layers = (nn.Conv2d(3, 16, 3, padding=1), nn.SiLU(), nn.Conv2d(16, 3, 3, padding=1))
        self.layers = nn.Sequential(*layers).to(dtype).requires_grad_(False)
        self.calls = 0

    def denoise(self, x: Tensor, level: Level) -> Tensor:
        self.calls += 1
        out: Tensor = self.layers(x / (1 + level.ratio))
        return out


def gaussian(x: Tensor, level: Level) -> Tensor:
    """E[x_0 | x_t] for data N(MEAN, STD^2)."""
    gain = level.alpha * STD**2 / (level.alpha**2 * STD**2 + level.sigma**2)
    return MEAN + gain * (x - level.alpha * MEAN)


def picture(dtype: torch.dtype = torch.float64) -> Tensor:
    return (torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1).to(dtype)


def last(denoise: Denoise, path: Path, start: Tensor, **choices: object) -> Tensor:
    *_, x0 = follow(denoise, path, start, **choices)  # type: ignore[arg-type]
    return x0


@families
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(("solver", "spacing"), [(first_order, even), (second_order, karras)])
def test_an_unedited_picture_comes_back_exactly(
    schedule: Schedule, dtype: torch.dtype, solver: Solver, spacing: object
) -> None:
    levels = spacing(schedule, 0.9, 12)  # type: ignore[operator]
    clean = picture(dtype)
    path = noised(clean, levels, seeded(2))
    assert torch.equal(last(Network(dtype).denoise, path, path.states[0], solver=solver), clean)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_what_was_inverted_comes_back_exactly(dtype: torch.dtype) -> None:
    """As a difference from its own path; walked back alone, DDIM inversion is off."""
    network, clean = Network(dtype), picture(dtype)
    *_, path = inverted(network.denoise, clean, even(vp_continuous(), 0.5, 10))
    assert torch.equal(last(network.denoise, path, path.states[0], eta=0.0), clean)
    x = path.states[0]
    for a, b in pairwise(path.levels):
        x = first_order(x, Estimate(a, network.denoise(x, a)), b, 0.0).mean
    assert (x - clean).abs().max() > 0.01


@families
def test_an_edit_is_what_it_is_with_recovered_noise(schedule: Schedule) -> None:
    """The published form: w = (p_b - mean(p_a)) / std is drawn again. It has no last step, where std is 0."""
    network, levels = Network(torch.float64), even(schedule, 0.7, 10)
    path = noised(picture(), levels, seeded(3))
    x = path.states[0] + 0.2 * seeded(4)(path.states[0])
    for k in range(len(levels) - 1):
        path.estimate(k, network.denoise)
    seen = follow(network.denoise, path, x)
    for k, (a, b) in enumerate(pairwise(levels)):
        p = path.states[k]
        x0 = network.denoise(x, a)
        assert torch.allclose(next(seen), path.clean + x0 - network.denoise(p, a), atol=1e-9)
        step = first_order(x, Estimate(a, x0), b, 1.0)
        along = first_order(p, Estimate(a, network.denoise(p, a)), b, 1.0)
        if step.std:
            x = step.at((path.states[k + 1] - along.mean) / along.std)


@families
@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_an_edited_start_of_gaussian_data_ends_where_theory_says(schedule: Schedule, eta: float) -> None:
    """By Cycle-SDE a difference shrinks as the posterior mean does, by the ODE as the deviation does."""
    levels = even(schedule, 0.6, 1000)
    a = levels[0]
    variance = (a.alpha * STD) ** 2 + a.sigma**2
    path = noised(picture(), levels, seeded(5))
    moved = last(gaussian, path, path.states[0] + 0.7, eta=eta) - path.clean
    shrunk = 0.7 * (a.alpha * STD**2 / variance if eta else STD / math.sqrt(variance))
    assert moved.mean() == pytest.approx(shrunk, rel=0.02)
    assert moved.std() < 1e-9


@pytest.mark.parametrize("share", [0.3, 1.0])
@pytest.mark.parametrize(("solver", "spacing"), [(first_order, even), (second_order, karras)])
def test_fresh_noise_keeps_the_data_s_spread(share: float, solver: Solver, spacing: object) -> None:
    data = MEAN + STD * seeded(6)(torch.empty(MANY, dtype=torch.float64))
    levels = spacing(vp_continuous(), 0.8, 100)  # type: ignore[operator]
    path = noised(data, levels, seeded(7))
    fresh = torch.full_like(data, share)
    x0 = last(gaussian, path, path.states[0], fresh=fresh, draw=seeded(8), solver=solver)
    assert x0.mean() == pytest.approx(MEAN, abs=0.03)
    assert x0.std() == pytest.approx(STD, rel=0.07)
    alike = torch.corrcoef(torch.stack([x0, data]))[0, 1]
    assert (alike < 0.2) if share == 1 else (0.7 < alike < 0.999)


def test_without_fresh_noise_nothing_is_drawn() -> None:
    path = noised(picture(), even(vp_continuous(), 0.6, 8), seeded(9))
    none = torch.zeros_like(path.clean)
    x0 = last(gaussian, path, path.states[0] + 1, fresh=none, draw=seeded(10))
    assert torch.allclose(x0, last(gaussian, path, path.states[0] + 1), atol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_outside_what_is_free_the_picture_is_kept_exactly(dtype: torch.dtype) -> None:
    levels = karras(vp_continuous(), 0.7, 10)
    path = noised(picture(dtype), levels, seeded(11))
    ratios = torch.zeros(1, 1, 16, 16)
    ratios[..., 8:] = levels[0].ratio
    start = path.states[0] + torch.ones_like(path.clean)
    free, fresh = places(ratios.to(dtype)), (ratios > 0).to(dtype)
    x0 = last(gaussian, path, start, free=free, fresh=fresh, draw=seeded(12), solver=second_order)
    assert torch.equal(x0[..., :8], path.clean[..., :8])
    assert (x0[..., 8:] != path.clean[..., 8:]).float().mean() > 0.9


def test_each_place_changes_from_its_own_level_on() -> None:
    levels = even(vp_continuous(), 0.6, 6)
    ratios = torch.tensor([levels[0].ratio, levels[3].ratio, 0.0])
    free = places(ratios)
    assert [free(level).tolist() for level in (levels[0], levels[2], levels[3], levels[5])] == [
        [1, 0, 0],
        [1, 0, 0],
        [1, 1, 0],
        [1, 1, 0],
    ]


def test_what_the_network_says_along_the_path_is_asked_once() -> None:
    network, levels = Network(torch.float32), even(vp_continuous(), 0.6, 8)
    path = noised(picture(torch.float32), levels, seeded(13))
    last(network.denoise, path, path.states[0] + 0.1)
    assert network.calls == 16
    last(network.denoise, path, path.states[0] - 0.1)
    assert network.calls == 24
    last(network.denoise, path, path.states[0])
    assert network.calls == 24


def test_the_picture_is_seen_after_every_network_call() -> None:
    network, levels = Network(torch.float32), even(vp_continuous(), 0.6, 8)
    path = noised(picture(torch.float32), levels, seeded(14))
    start = path.states[0] + 0.1

    def along(x: Tensor, level: Level) -> Tensor:
        return network.denoise(x, level)

    assert [network.calls for _ in follow(network.denoise, path, start, along=along)] == [*range(1, 17)]
    assert [network.calls for _ in follow(network.denoise, path, start, along=along)] == [*range(17, 25)]


def test_another_prompt_changes_the_picture_by_the_difference_of_what_the_two_say() -> None:
    """The path's denoiser says 0.25 more than the edit's, everywhere and always: so does the result, less."""
    path = noised(picture(), even(vp_continuous(), 0.9, 20), seeded(15))
    x0 = last(
        lambda x, level: torch.zeros_like(x),
        path,
        path.states[0],
        along=lambda x, level: torch.full_like(x, 0.25),
    )
    assert torch.allclose(x0, path.clean - 0.25)
