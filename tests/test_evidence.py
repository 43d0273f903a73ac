"""The measures behind docs/evidence.md: they say of known pictures what is known of them."""

from __future__ import annotations

import numpy as np
import pytest

from engine.types import Handle, Mask, Region, Rgb
from engine.warp import filled, warped
from tests.benchmarks.drag_measures import found, measured, psnr
from tests.benchmarks.drag_tables import tables
from tests.benchmarks.known_drags import Case
from tests.benchmarks.toy_kl import by_ode, by_sde

SIZE = 96
RANDOM = np.random.default_rng(0)
GROUND = RANDOM.integers(60, 110, (SIZE, SIZE, 3), dtype=np.uint8)
THING = RANDOM.integers(120, 256, (14, 14, 3), dtype=np.uint8)


def box(x: int, y: int) -> Mask:
    mask = np.zeros((SIZE, SIZE), np.float32)
    mask[y : y + 14, x : x + 14] = 1
    return mask


def with_thing(x: int, y: int) -> Rgb:
    picture = GROUND.copy()
    picture[y : y + 14, x : x + 14] = THING
    return picture


def case() -> Case:
    """A thing of 14 x 14 that goes 36 pixels to the right."""
    region = Region(20, 40, np.full((14, 14), 255, np.uint8))
    handle = Handle((27, 47), (63, 47), region=region)
    before, after = with_thing(20, 40), with_thing(56, 40)
    old, new = box(20, 40), box(56, 40)
    chance = found(after, new, GROUND, 20).correlation
    return Case("0", "box", False, before, after, GROUND, handle, old, new, old, new, old, 9.0, chance)


def test_the_answer_is_right_in_every_measure() -> None:
    said = measured(case(), case().after)
    assert (said.distance, said.arrived, said.lost, said.inside) == (0, True, False, 99)
    assert said.match == pytest.approx(1, abs=1e-5)
    assert said.left == 0
    assert said.detail == 1


def test_the_untouched_picture_has_its_thing_where_it_was() -> None:
    said = measured(case(), case().before)
    assert said.lost
    assert said.ghost == pytest.approx(1, abs=1e-5)
    assert said.left == pytest.approx(1)
    assert said.kept == 1


@pytest.mark.parametrize(("x", "y"), [(0, 0), (3, 2), (-12, 5), (0, -17)])
def test_a_thing_beside_its_target_is_found_there(x: int, y: int) -> None:
    said = measured(case(), with_thing(56 + x, 40 + y))
    assert said.distance == pytest.approx(np.hypot(x, y))
    assert said.arrived == (np.hypot(x, y) <= 4)
    assert not said.lost


def test_a_thing_that_is_dissolved_is_lost() -> None:
    noise = RANDOM.integers(40, 150, THING.shape, dtype=np.uint8)
    picture = GROUND.copy()
    picture[40:54, 56:70] = noise
    assert measured(case(), picture).lost


def test_ground_that_is_filled_smoothly_has_the_tone_and_no_detail() -> None:
    said = measured(case(), warped(case().before, [case().handle]).picture)
    assert said.arrived
    assert said.tone > said.uncovered + 10
    assert said.detail < 0.3
    assert abs(said.left) < 0.1


def test_half_a_thing_that_is_left_is_told() -> None:
    half = (case().before.astype(int) + case().after) // 2
    assert measured(case(), half.astype(np.uint8)).left == pytest.approx(0.5, abs=0.01)


def test_psnr() -> None:
    everywhere = np.ones((SIZE, SIZE), bool)
    assert psnr(GROUND, GROUND, everywhere) == 99
    assert psnr(GROUND, GROUND + np.uint8(5), everywhere) == pytest.approx(34.15, abs=0.01)
    assert psnr(GROUND, filled(GROUND, box(20, 20)), ~(box(20, 20) > 0)) == 99


def test_tables_compare_case_by_case() -> None:
    row = {"case": "0", "kind": "box", "hidden": False, "textured": True, "calls": 0, "seconds": 2.0}
    said = measured(case(), case().after)._asdict()
    worse = {**said, "inside": said["inside"] - 3}
    rows = [{**row, **worse, "method": "copy"}, {**row, **said, "method": "carry", "seconds": 1.0}]
    text = "\n".join(tables(rows))
    assert "| carry | 1 | +3.0" in text
    assert "| 0.500 |" in text


def test_the_toy_agrees_with_its_expected_figures() -> None:
    """Of "The Blessing of Randomness": the divergence of the SDE falls, that of the ODE stays."""
    sde = {walk.start: walk for walk in by_sde(100)}["N(1.5, 1)"]
    ode = by_ode("N(1.5, 1)", 100)
    assert [round(walk.at(1.0), 3) for walk in (sde, ode)] == [1.125, 1.125]
    assert sde.at(0.8) == pytest.approx(0.031, abs=0.0005)
    assert sde.at(0.6) == pytest.approx(0.002, abs=0.0005)
    assert ode.at(0.6) == pytest.approx(1.12, abs=0.01)
    assert ode.distance > 2
    assert sde.distance < 0.1
