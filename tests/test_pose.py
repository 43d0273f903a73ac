"""Frames in the hand and in numbers."""

from __future__ import annotations

import numpy as np
import pytest

from engine.area import Rect
from ui.pose import (
    Grip,
    Pose,
    flipped,
    grip_at,
    is_sound,
    knob,
    middle,
    moved,
    numbers,
    pulled,
    scaled,
    skewed,
    turned,
    with_numbers,
)
from ui.transform import corners

FRAME: Pose = corners(Rect(100, 50, 80, 40))


def at(x: float, y: float) -> np.ndarray:
    return np.array([x, y], np.float64)


def pull(grip: Grip, by: tuple[float, float], mode="scale", free=False, from_middle=False) -> Pose:  # type: ignore[no-untyped-def]
    start = FRAME[grip.number]
    return pulled(FRAME, grip, start, start + np.array(by), mode, free, from_middle)


def test_a_frame_in_numbers() -> None:
    assert numbers(FRAME) == (100, 50, 80, 40, 0, 0)
    assert numbers(turned(FRAME, 30)).angle == pytest.approx(30)
    assert numbers(skewed(FRAME, 20)).skew == pytest.approx(20)
    assert numbers(skewed(FRAME, 20)).height == pytest.approx(40 / np.cos(np.radians(20)))


@pytest.mark.parametrize(
    "wish",
    [{"x": 10}, {"y": -20}, {"width": 160}, {"height": 10}, {"angle": 77}, {"angle": -120}, {"skew": 15}],
)
def test_a_number_that_is_typed_is_the_number_that_comes_out(wish: dict[str, float]) -> None:
    for frame in (FRAME, turned(FRAME, 20), skewed(turned(FRAME, -40), 10)):
        pose = with_numbers(frame, numbers(frame)._replace(**wish))
        for name, value in wish.items():
            assert getattr(numbers(pose), name) == pytest.approx(value, abs=1e-6)


def test_a_corner_keeps_the_proportions_and_the_opposite_corner() -> None:
    pose = pull(Grip("corner", 2), (80, 40))
    assert np.allclose(pose, corners(Rect(100, 50, 160, 80)))
    beside = pull(Grip("corner", 2), (40, -80))  # straight across: neither larger nor smaller
    assert np.allclose(beside, FRAME)


def test_with_shift_a_corner_goes_where_it_goes_and_alt_keeps_the_middle() -> None:
    assert np.allclose(pull(Grip("corner", 2), (80, 0), free=True), corners(Rect(100, 50, 160, 40)))
    assert np.allclose(
        pull(Grip("corner", 2), (10, 10), free=True, from_middle=True), corners(Rect(90, 40, 100, 60))
    )


@pytest.mark.parametrize(
    ("number", "rect"),
    [
        (0, Rect(100, 56, 80, 34)),
        (1, Rect(100, 50, 85, 40)),
        (2, Rect(100, 50, 80, 46)),
        (3, Rect(105, 50, 75, 40)),
    ],
)
def test_a_side_goes_its_own_way_alone(number: int, rect: Rect) -> None:
    assert np.allclose(pull(Grip("side", number), (5, 6)), corners(rect))


def test_a_side_pulled_through_the_other_turns_it_round() -> None:
    pose = pull(Grip("side", 1), (-160, 0))
    assert np.allclose(pose[[0, 1]], [[100, 50], [20, 50]])
    assert is_sound(pose)
    assert numbers(pull(Grip("side", 1), (-80, 0))).width == pytest.approx(1)  # never nothing


def test_turning_goes_round_the_middle_and_with_shift_in_steps() -> None:
    centre = middle(FRAME)
    start = centre + at(100, 0)
    end = centre + 100 * at(np.cos(np.radians(50)), np.sin(np.radians(50)))
    assert numbers(pulled(FRAME, Grip("turn"), start, end, "scale", False, False)).angle == pytest.approx(50)
    assert numbers(pulled(FRAME, Grip("turn"), start, end, "scale", True, False)).angle == pytest.approx(45)
    assert np.allclose(middle(turned(FRAME, 33)), centre)


def test_a_move_with_shift_keeps_to_an_axis() -> None:
    assert np.allclose(pull(Grip("inside"), (30, 8), free=True), moved(FRAME, 30, 0))
    assert np.allclose(pull(Grip("inside"), (30, 8)), moved(FRAME, 30, 8))


def test_skew_distort_and_perspective() -> None:
    assert np.allclose(pull(Grip("side", 0), (12, 9), "skew")[:2], moved(FRAME[:2], 12, 0))
    assert np.allclose(pull(Grip("corner", 1), (12, 9), "distort")[1], FRAME[1] + at(12, 9))
    bent = pull(Grip("corner", 1), (-12, 3), "perspective")
    assert np.allclose(bent - FRAME, [[12, 0], [-12, 0], [0, 0], [0, 0]])


def test_flips_are_as_they_are_seen() -> None:
    turned_frame = turned(FRAME, 30)
    assert np.allclose(flipped(flipped(turned_frame, True), True), turned_frame)
    assert numbers(flipped(turned_frame, False)).angle == pytest.approx(-30)
    assert np.allclose(flipped(FRAME, True)[0], FRAME[1])


def test_a_frame_that_crosses_itself_is_not_sound() -> None:
    assert is_sound(FRAME)
    assert is_sound(flipped(FRAME, True))
    assert not is_sound(FRAME[[0, 2, 1, 3]])
    assert not is_sound(scaled(FRAME, 1, 0))


def test_what_a_press_takes_hold_of() -> None:
    assert grip_at(FRAME, at(101, 51), 1) == Grip("corner", 0)
    assert grip_at(FRAME, at(140, 50), 1) == Grip("side", 0)
    assert grip_at(FRAME, at(180, 70), 1) == Grip("side", 1)
    assert grip_at(FRAME, at(140, 70), 1) == Grip("inside")
    assert grip_at(FRAME, knob(FRAME, 1), 1) == Grip("turn")
    assert grip_at(FRAME, at(400, 400), 1) == Grip("turn")
    assert grip_at(FRAME, at(140, 70), 4).part == "side"  # small on the screen
