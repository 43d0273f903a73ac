"""Noise levels: the families agree on what noise is, and every network's output becomes the same x_0."""

from __future__ import annotations

import math

import pytest
import torch

from engine.levels import (
    CLEAN,
    GONE,
    Output,
    Schedule,
    distilled,
    even,
    exploding,
    flow,
    karras,
    time_of,
    to_x0,
    ve,
    vp_continuous,
    vp_linear,
    vp_scaled_linear,
)

FAMILIES = {
    "linear": vp_linear(),
    "scaled linear": vp_scaled_linear(),
    "continuous": vp_continuous(),
    "ve": ve(),
    "flow": flow(),
    "flow shifted": flow(3.0),
}
families = pytest.mark.parametrize("schedule", FAMILIES.values(), ids=FAMILIES.keys())


@families
def test_noise_grows_with_time(schedule: Schedule) -> None:
    ratios = [schedule(i / 50).ratio for i in range(51)]
    assert ratios == sorted(ratios)
    assert ratios[0] < 0.05


@families
@pytest.mark.parametrize("spacing", [even, karras])
def test_a_walk_starts_at_t0_and_ends_clean(schedule: Schedule, spacing: object) -> None:
    levels = spacing(schedule, 0.5, 25)  # type: ignore[operator]
    assert levels[0] == schedule(0.5)
    assert levels[-1] == CLEAN
    assert len(levels) == 26
    ratios = [level.ratio for level in levels]
    assert ratios == sorted(ratios, reverse=True)


@pytest.mark.parametrize(("t0", "steps"), [(1.0, 4), (1.0, 1), (0.5, 4), (0.8, 6), (0.3, 15)])
def test_a_distilled_model_is_asked_where_it_was_taught(t0: float, steps: int) -> None:
    from diffusers import LCMScheduler

    theirs = LCMScheduler(beta_schedule="scaled_linear")
    theirs.set_timesteps(steps, strength=t0)
    levels = distilled(FAMILIES["scaled linear"], t0, steps)
    assert [level.told for level in levels[:-1]] == pytest.approx(theirs.timesteps.tolist())
    assert levels[-1] == CLEAN


def test_a_distilled_model_is_asked_between_for_more_steps_than_it_was_taught() -> None:
    assert distilled(FAMILIES["continuous"], 0.05, 4) == even(FAMILIES["continuous"], 0.05, 4)


def test_variance_preserving_levels_preserve_variance() -> None:
    for name in ("linear", "scaled linear", "continuous"):
        for i in range(1, 11):
            level = FAMILIES[name](i / 10)
            assert level.alpha**2 + level.sigma**2 == pytest.approx(1)


def test_tables_are_those_of_the_published_models() -> None:
    """DDPM's alpha_bar at the last step is 4.04e-5; Stable Diffusion's 4.66e-3."""
    assert FAMILIES["linear"](1.0).alpha ** 2 == pytest.approx(4.036e-5, rel=1e-3)
    assert FAMILIES["scaled linear"](1.0).alpha ** 2 == pytest.approx(4.660e-3, rel=1e-3)
    assert FAMILIES["linear"](1.0).told == 999
    assert FAMILIES["linear"](0.5).told == 499


def test_exploding_levels_hold_the_same_noise() -> None:
    levels = karras(vp_continuous(), 0.7, 10)
    for old, new in zip(levels, exploding(levels), strict=True):
        assert new.alpha == 1
        assert new.sigma == old.ratio
        assert new.told == old.told


def test_pure_noise_explodes_to_no_more_than_can_be_computed_with() -> None:
    levels = exploding(karras(flow(), 1.0, 10))
    assert levels[0] == (1.0, GONE, 1000.0)
    assert levels[0].sigma >= levels[1].sigma


@families
def test_time_of_inverts_the_schedule(schedule: Schedule) -> None:
    assert time_of(schedule, schedule(0.42).ratio) == pytest.approx(0.42, abs=1e-3)


@pytest.mark.parametrize(
    ("kind", "schedule"),
    [("eps", vp_linear()), ("v", vp_continuous()), ("x0", ve()), ("flow", flow()), ("score", ve())],
)
def test_every_kind_of_output_gives_the_same_x0(kind: Output, schedule: Schedule) -> None:
    x0, z = torch.randn(2, 4, 8, 8, dtype=torch.float64)
    level = schedule(0.6)
    a, s = level.alpha, level.sigma
    said = {"eps": z, "v": a * z - s * x0, "x0": x0, "flow": z - x0, "score": -z / s}[kind]
    assert torch.allclose(to_x0(kind, said, a * x0 + s * z, level), x0)


def test_pure_noise_has_an_infinite_ratio() -> None:
    assert FAMILIES["flow"](1.0).ratio == math.inf
