"""What strokes look like: their edges, their gaps, what flow, smoothing and the pen do to them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ui.curves import Response
from ui.document import TILE
from ui.strokes import At, Stroke
from ui.tips import TEXTURES, Tips, paper, round_stamp
from ui.tools import Brush

PLAIN = Brush(size=20, hardness=1, size_by=Response())


def drawn(brush: Brush, *points: At, width: int = 400, height: int = 300) -> NDArray[np.float32]:
    stroke = Stroke(brush, width, height)
    stroke.begin(points[0])
    for point in points[1:-1]:
        stroke.move(point)
    stroke.end(points[-1])
    return stroke.cover


def line(*, y: float = 150, pressure: float = 1.0, step: int = 10) -> list[At]:
    return [At(x, y, pressure) for x in range(40, 361, step)]


def test_a_hard_edge_is_one_soft_step() -> None:
    """Dabs that overlap do not sharpen it: a pixel at the edge has the share of it that is covered."""
    cover = drawn(PLAIN, *line(y=150.25))
    across = cover[:, 200]
    assert (across[141:159] == 1).all()
    assert across[140] == pytest.approx(0.75, abs=0.1)
    assert across[160] == pytest.approx(0.25, abs=0.1)
    assert across[139] == across[161] == 0


@pytest.mark.parametrize(("hardness", "size"), [(0.0, 200.0), (0.5, 60.0), (1.0, 200.0), (1.0, 7.0)])
def test_no_dab_can_be_told_from_the_next(hardness: float, size: float) -> None:
    """Along the middle, and along the edges, a straight stroke is even: 8 of 255 at most."""
    cover = drawn(replace(PLAIN, hardness=hardness, size=size), *line())[:, 150:250]
    assert np.ptp(cover, axis=1).max() <= 8 / 255


def test_a_soft_stroke_has_no_bands() -> None:
    """From the middle to the rim it falls in small steps, at the lowest flow too."""
    brush = replace(PLAIN, hardness=0, size=240, flow=0.1)
    across = drawn(brush, *line(step=2))[30:150, 200]
    assert (np.diff(across) >= 0).all()
    assert np.diff(across).max() < 0.03
    assert len(np.unique((255 * across).astype(np.uint8))) > 60


def test_tiles_leave_no_seams() -> None:
    across = replace(PLAIN, hardness=0.2, size=90)
    cover = drawn(across, *line(y=TILE), width=2 * TILE, height=2 * TILE)
    below, above = cover[TILE : TILE + 40, 200], cover[TILE - 40 : TILE, 200][::-1]
    assert below == pytest.approx(above, abs=1e-6)


def test_flow_builds_up_where_the_stroke_goes_on() -> None:
    brush = replace(PLAIN, flow=0.1)
    once = drawn(brush, *line())[150, 200]
    twice = drawn(brush, *line(), *line()[::-1], *line())[150, 200]
    assert 0.5 < once < twice < 1


def test_opacity_is_of_the_whole_stroke() -> None:
    stroke = Stroke(replace(PLAIN, opacity=0.5), 400, 300)
    for point in (*line(), *line()[::-1]):
        stroke.begin(point) if point == line()[0] else stroke.move(point)
    for box in stroke.taken().values():
        assert stroke.coat(box).max() == pytest.approx(0.5)


def test_smoothing_calms_a_trembling_line_and_still_ends_at_the_pen() -> None:
    tremble = [At(x, 150 + 8 * (-1) ** i) for i, x in enumerate(range(40, 361, 4))]
    rough, calm = (drawn(replace(PLAIN, size=4, smoothing=much), *tremble) for much in (0, 0.8))
    middle = slice(150, 250)
    assert np.nonzero(calm[:, middle])[0].std() < 0.4 * np.nonzero(rough[:, middle])[0].std()
    assert calm[round(tremble[-1].y), round(tremble[-1].x)] > 0.5


def test_smoothing_does_not_hang_on_how_often_the_pen_tells() -> None:
    """A pen that tells twice as often of the same way draws the same line."""
    arc = [At(200 + 120 * math.cos(t / 40), 150 + 120 * math.sin(t / 40)) for t in range(200)]
    brush = replace(PLAIN, size=6, smoothing=0.5)
    often, seldom = drawn(brush, *arc), drawn(brush, *arc[::2], arc[-1])
    assert np.abs(often - seldom).mean() < 0.002


@pytest.mark.parametrize("by", ["pressure", "tilt"])
def test_what_the_pen_does_follows_its_curve(by: str) -> None:
    """Half pressed, or half tilted, gives what the curve says of a half."""
    response = Response(by, ((0.0, 1.0), (0.5, 0.25), (1.0, 0.0)))  # type: ignore[arg-type]  # a parameter is a str
    points = [replace(point, pressure=0.5, tilt_x=30.0) for point in line()]
    thin = drawn(replace(PLAIN, size=40, size_by=response), *points)
    assert (thin[:, 200] > 0.5).sum() == 10
    faint = drawn(replace(PLAIN, opacity_by=response), *points)
    assert faint.max() == pytest.approx(0.25)
    slow = drawn(replace(PLAIN, flow_by=response, flow=0.2), *points)
    assert 0 < slow[150, 200] < drawn(replace(PLAIN, flow=0.2), *points)[150, 200]


def test_a_mirrored_stroke_is_the_same_on_both_sides() -> None:
    points = [At(60 + 3 * i, 60 + 2 * i) for i in range(40)]
    cover = drawn(replace(PLAIN, mirror=True), *points)
    assert cover.any()
    assert cover == pytest.approx(cover[:, ::-1], abs=0.15)  # up to a part of a pixel


@pytest.mark.parametrize("shape", TEXTURES)
def test_textured_tips_draw_the_same_stroke_every_time(shape: str) -> None:
    brush = replace(PLAIN, size=50, shape=shape, turning="random", jitter=0.3)
    first, second = drawn(brush, *line()), drawn(brush, *line())
    assert (first == second).all()
    assert 0.02 < first[130:170, 60:340].mean() < 0.98
    assert 0 <= first.min() <= first.max() <= 1


def test_a_bristle_leaves_streaks_along_its_way() -> None:
    brush = replace(PLAIN, size=60, shape="bristle", turning="way", spacing=0.01)
    cover = drawn(
        brush,
        *line(),
    )[125:175, 100:300]
    assert cover.std(axis=0).mean() > 4 * cover.std(axis=1).mean()


def test_grain_leaves_valleys_and_goes_on_from_stroke_to_stroke() -> None:
    brush = replace(PLAIN, size=60, grain=1, flow=0.1)
    stroke = Stroke(brush, 400, 300)
    stroke.begin(At(100, 150))
    for point in line():
        stroke.move(point)
    (box,) = (box for place, box in stroke.taken().items() if place == (0, 0))
    coat = stroke.coat(box)
    assert (coat[stroke.cover[box.slices] > 0.3] < 0.05).any()
    joint = np.abs(np.diff(np.concatenate([paper()[:, -1:], paper()[:, :1]], axis=1)))
    assert joint.mean() < 1.2 * np.abs(np.diff(paper(), axis=1)).mean()


def test_a_click_of_a_brush_that_turns_with_its_way_leaves_a_dab() -> None:
    assert drawn(replace(PLAIN, turning="way"), At(200, 150), At(200, 150))[150, 200] == 1


def test_stamps_lie_where_they_are_asked_for() -> None:
    """The middle of a stamp is the middle of the dab, up to a part of a pixel."""
    for name in ("round", *TEXTURES):
        for x, y, size in ((50.0, 50.0, 21.0), (50.3, 49.9, 64.0), (50.6, 50.6, 300.0)):
            stamp, left, top = Tips(name, 0.5).touch(x, y, size)
            assert stamp.min() >= 0
            assert stamp.max() <= 1
            if name == "round":
                rows, columns = np.indices(stamp.shape)
                assert left + 0.5 + (columns * stamp).sum() / stamp.sum() == pytest.approx(x, abs=0.3)
                assert top + 0.5 + (rows * stamp).sum() / stamp.sum() == pytest.approx(y, abs=0.3)


def test_the_smallest_brush_covers_one_pixel() -> None:
    assert round_stamp(1, 1, 0.0, 0.0).sum() == pytest.approx(1, abs=0.3)
