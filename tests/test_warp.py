"""Where a drag's pixels go, with no model: exactly, to parts of a pixel, at borders, turned and grown."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.types import EngineError, Handle, Region, Rgb
from engine.warp import cut, filled, grown, lifted, part_way, region_of, rim, warped

RANDOM = np.random.default_rng(0)
PHOTO = RANDOM.integers(0, 256, (80, 120, 3), dtype=np.uint8)


def square(x: int, y: int, side: int) -> Region:
    return Region(x, y, np.full((side, side), 255, np.uint8))


def flat(level: int, height: int = 80, width: int = 120) -> Rgb:
    return np.full((height, width, 3), level, np.uint8)


def test_whole_pixels_are_moved_bit_for_bit() -> None:
    handle = Handle((30, 40), (67, 29), region=square(20, 30, 20))
    warp = warped(PHOTO, [handle])
    assert (warp.picture[19:39, 57:77] == PHOTO[30:50, 20:40]).all()
    assert (warp.landed[19:39, 57:77] == 1).all()
    assert warp.landed.sum() == 400
    assert (warp.uncovered[30:50, 20:40] == 1).all()
    assert warp.uncovered.sum() == 400
    elsewhere = (warp.landed == 0) & (warp.uncovered == 0)
    assert (warp.picture[elsewhere] == PHOTO[elsewhere]).all()


def test_a_disc_has_soft_edges_and_the_right_size() -> None:
    warp = warped(PHOTO, [Handle((40, 40), (80, 40), radius=15)])
    assert warp.landed.sum() == pytest.approx(math.pi * 15**2, rel=0.01)
    assert warp.landed[40, 80] == 1
    assert warp.landed[40, 80 + 16] == 0
    assert ((warp.landed > 0) & (warp.landed < 1)).any()


@pytest.mark.parametrize("part", [0.25, 0.5, 0.8])
def test_parts_of_a_pixel_are_kept(part: float) -> None:
    """A ramp of 2 levels a pixel is moved, not stepped: to a tenth of a pixel, before rounding."""
    ramp = np.repeat(np.arange(0, 240, 2, dtype=np.uint8)[None, :, None], 80, 0).repeat(3, 2)
    warp = warped(ramp, [Handle((40, 40), (60 + part, 40), region=square(30, 30, 20))])
    inner = warp.picture[35:45, 54:66].astype(float)
    expected = ramp[35:45, 34:46].astype(float) - 2 * part
    assert np.abs(inner - expected).max() <= 2 * 0.1 + 0.5


def test_what_overlaps_its_old_place_leaves_only_the_rest_uncovered() -> None:
    warp = warped(PHOTO, [Handle((30, 40), (35, 40), region=square(20, 30, 20))])
    assert warp.uncovered.sum() == 5 * 20
    assert (warp.uncovered[30:50, 20:25] == 1).all()


def test_a_copy_leaves_its_source_where_it_is() -> None:
    warp = warped(PHOTO, [Handle((30, 40), (80, 40), region=square(20, 30, 20))], keep=True)
    assert not warp.uncovered.any()
    assert (warp.picture[30:50, 20:40] == PHOTO[30:50, 20:40]).all()
    assert (warp.picture[30:50, 70:90] == PHOTO[30:50, 20:40]).all()


def test_handles_are_all_copied_from_one_snapshot() -> None:
    """Two squares change places; one after another the second would move what the first has put there."""
    a = Handle((20, 40), (90, 40), region=square(10, 30, 20))
    b = Handle((90, 40), (20, 40), region=square(80, 30, 20))
    warp = warped(PHOTO, [a, b])
    assert (warp.picture[30:50, 80:100] == PHOTO[30:50, 10:30]).all()
    assert (warp.picture[30:50, 10:30] == PHOTO[30:50, 80:100]).all()
    assert not warp.uncovered.any()


def test_a_quarter_turn_is_exact() -> None:
    warp = warped(PHOTO, [Handle((30, 40), (80, 40), turn=90, region=square(20, 30, 20))])
    assert (warp.picture[30:50, 70:90] == np.rot90(PHOTO[30:50, 20:40], -1)).all()  # clockwise
    assert warp.landed[30:50, 70:90].min() > 0.999


def test_a_turn_there_and_back_is_where_it_was() -> None:
    smooth = np.asarray(grown((RANDOM.random((80, 120)) > 0.5).astype(np.float32), 0, 12) * 255, np.uint8)
    picture = np.dstack([smooth] * 3)
    there = warped(picture, [Handle((40, 40), (80, 40), radius=24, turn=37)], keep=True).picture
    back = warped(there, [Handle((80, 40), (40, 40), radius=22, turn=-37)], keep=True).picture
    middle = np.s_[30:50, 30:50]
    assert np.abs(back[middle].astype(int) - picture[middle]).max() <= 3


@pytest.mark.parametrize("scale", [0.5, 1.5, 2.0])
def test_scale_counts_in_both_directions_round_the_source(scale: float) -> None:
    warp = warped(PHOTO, [Handle((60, 40), (60, 40), radius=10, scale=scale)])
    assert warp.landed.sum() == pytest.approx(math.pi * (10 * scale) ** 2, rel=0.03)
    rows, columns = np.indices(warp.landed.shape) + 0.5
    assert (warp.landed * columns).sum() / warp.landed.sum() == pytest.approx(60, abs=0.05)
    assert (warp.landed * rows).sum() / warp.landed.sum() == pytest.approx(40, abs=0.05)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ((2, 3), (60, 40)),
        ((60, 40), (119, 79)),
        ((60, 40), (0, 0)),
        ((118, 1), (1, 78)),
        ((0, 40), (60, 40)),
    ],
)
def test_at_borders_what_both_ends_have_is_moved(
    source: tuple[float, float], target: tuple[float, float]
) -> None:
    warp = warped(PHOTO, [Handle(source, target, radius=12)])
    dx, dy = int(target[0] - source[0]), int(target[1] - source[1])
    rows, columns = np.nonzero(warp.landed == 1)
    assert len(rows)
    assert (warp.picture[rows, columns] == PHOTO[rows - dy, columns - dx]).all()


def test_what_is_pulled_out_of_the_picture_is_gone() -> None:
    warp = warped(flat(90), [Handle((60, 40), (400, -300), radius=12)])
    assert not warp.landed.any()
    assert warp.uncovered.sum() == pytest.approx(math.pi * 12**2, rel=0.02)
    assert (warp.picture == 90).all()


def test_a_handle_outside_the_picture_carries_nothing() -> None:
    warp = warped(PHOTO, [Handle((-50, 40), (60, 40), radius=12)])
    assert (warp.picture == PHOTO).all()
    assert not warp.landed.any()


def test_a_region_may_reach_over_the_border() -> None:
    region = region_of(Handle((0, 0), (9, 9), region=square(-5, -8, 20)), 120, 80)
    assert (region.x, region.y, region.mask.shape) == (0, 0, (12, 15))


def test_part_of_the_way() -> None:
    half = part_way(Handle((10, 20), (30, 60), turn=40, scale=4), 0.5)
    assert (half.target, half.turn, half.scale) == ((20, 40), 20, 2)
    warp = warped(PHOTO, [Handle((30, 40), (70, 40), region=square(20, 30, 20))], way=0.5)
    assert (warp.picture[30:50, 40:60] == PHOTO[30:50, 20:40]).all()


def test_ground_is_filled_from_what_is_round_it() -> None:
    picture, hole = flat(90), np.zeros((80, 120), np.float32)
    picture[30:50, 40:60] = 255
    hole[30:50, 40:60] = 1
    assert (filled(picture, hole) == 90).all()
    ramp = np.repeat(np.arange(120, dtype=np.uint8)[None, :, None], 80, 0).repeat(3, 2)
    out = filled(ramp, hole)
    assert (out[hole == 0] == ramp[hole == 0]).all()
    assert np.abs(out[hole == 1].astype(int) - ramp[hole == 1]).max() <= 8


def test_no_ground_is_left_to_fill_from() -> None:
    whole = np.ones((80, 120), np.float32)
    assert filled(PHOTO, whole).shape == PHOTO.shape


def test_nothing_to_fill_is_the_picture_itself() -> None:
    assert (filled(PHOTO, np.zeros((80, 120), np.float32)) == PHOTO).all()


def test_what_several_handles_lift_is_counted_once() -> None:
    handles = [Handle((40, 40), (80, 40), region=square(30, 30, 20)) for _ in range(3)]
    assert lifted(handles, 120, 80).sum() == 400


def test_the_rim_is_on_the_border() -> None:
    mask = np.zeros((80, 120), np.float32)
    mask[20:60, 30:90] = 1
    line = rim(mask, 6)[40]
    assert line[30] > 0.9
    assert line[60] == line[5] == 0


def test_a_cut_of_one_colour_has_no_other_colour_at_its_edge() -> None:
    handle = Handle((40, 40), (70.3, 41.7), radius=15, turn=21, scale=1.3)
    piece = cut(flat(200), handle)
    seen = piece.alpha > 0.05
    assert np.abs(piece.colour[seen] / piece.alpha[seen][:, None] - 200).max() < 0.1
    assert (warped(flat(200), [handle]).picture == 200).all()


@pytest.mark.parametrize(
    ("handle", "said"),
    [
        ({"target": (math.nan, 3)}, "has no place in the picture; set its two ends again"),
        ({"source": (math.inf, 3)}, "has no place in the picture; set its two ends again"),
        ({"radius": 0.5}, "radius is 0.5 pixels; choose 1 or more"),
        ({"scale": 0}, "scale is 0; choose a number from 0.05 to 20"),
        ({"scale": 21}, "scale is 21; choose a number from 0.05 to 20"),
        ({"region": Region(3, 4, np.zeros((5, 5), np.uint8))}, "carries an empty region; draw it again"),
    ],
)
def test_a_handle_says_what_is_wrong_with_it(handle: dict[str, object], said: str) -> None:
    with pytest.raises(EngineError, match=said):
        Handle(**{"source": (1, 2), "target": (3, 4), **handle})  # type: ignore[arg-type]
