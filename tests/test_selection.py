"""Selections as values: shapes, sums, edges, and what looks alike."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from PySide6.QtCore import QPointF

from engine.area import Rect
from ui.document import TILE, Layer, Selection, document_from, layer_from, new_document
from ui.selection import (
    NOTHING,
    How,
    border,
    colour_range,
    combined,
    ellipse,
    everything,
    feathered,
    from_alpha,
    grown,
    holds,
    inverted,
    is_empty,
    part_in,
    polygon,
    rectangle,
    selection_of,
    share,
    shifted,
    shrunk,
    wand,
)

SHEET = Rect(0, 0, 60, 40)
WHITE = (255, 255, 255, 255)


def box(x: int, y: int, width: int, height: int) -> Selection:
    return rectangle(QPointF(x, y), QPointF(x + width, y + height), SHEET)


def test_a_selection_is_cut_down_to_what_it_selects() -> None:
    mask = np.zeros((10, 20), np.uint8)
    mask[3:5, 7:12] = 200
    selection = selection_of(mask, 100, 50)
    assert selection.at == Rect(107, 53, 5, 2)
    assert (selection.mask == 200).all()
    assert not selection.mask.flags.writeable


def test_nothing_is_empty_and_holds_nothing() -> None:
    assert is_empty(selection_of(np.zeros((4, 4), np.uint8)))
    assert not holds(NOTHING, 0, 0)
    assert not share(NOTHING, (0, 0)).any()


def test_everything_takes_no_memory() -> None:
    whole = everything(Rect(0, 0, 8192, 8192))
    assert whole.mask.base is not None
    assert whole.mask.strides == (0, 0)
    assert holds(whole, 8191.5, 0)
    assert not holds(whole, 8192, 0)


def test_a_tile_gets_its_part_of_a_selection() -> None:
    selection = rectangle(QPointF(250, 10), QPointF(700, 20), Rect(0, 0, 800, 300))
    assert share(selection, (0, 0)).sum() == 255 * 6 * 10
    assert (share(selection, (1, 0))[10:20] == 255).all()
    assert not share(selection, (1, 0))[20:].any()
    assert share(selection, (3, 0)).shape == (TILE, TILE)
    assert not share(selection, (3, 0)).any()


def test_a_rectangle_takes_whole_pixels_from_either_corner_inside_the_picture() -> None:
    assert rectangle(QPointF(20.4, 30.6), QPointF(-5, 10.2), SHEET).at == Rect(0, 10, 20, 21)
    assert is_empty(rectangle(QPointF(70, 0), QPointF(90, 20), SHEET))


def test_an_ellipse_covers_its_pixels_by_parts() -> None:
    disc = ellipse(QPointF(10, 5), QPointF(40, 35), SHEET)
    assert abs(disc.mask.sum() / 255 - math.pi * 15**2) < 5
    assert ((disc.mask > 0) & (disc.mask < 255)).any()
    hard = ellipse(QPointF(10, 5), QPointF(40, 35), SHEET, smooth=False)
    assert set(np.unique(hard.mask)) == {0, 255}


def test_a_lasso_that_leaves_the_picture_is_cut_at_its_border() -> None:
    triangle = polygon([(-20, 0), (20, 0), (-20, 40)], SHEET)
    assert triangle.at == Rect(0, 0, 20, 20)
    assert holds(triangle, 5, 5)
    assert not holds(triangle, 15, 15)


def test_a_lasso_that_crosses_itself_holds_its_middle_too() -> None:
    points = [(30 + 18 * math.sin(math.tau * turn / 5), 20 - 18 * math.cos(math.tau * turn / 5))
              for turn in (0, 2, 4, 1, 3)]  # fmt: skip
    assert holds(polygon(points, SHEET), 30, 20)


@pytest.mark.parametrize(
    ("how", "left", "middle", "right"),
    [("replace", 0, 1, 1), ("add", 1, 1, 1), ("subtract", 1, 0, 0), ("intersect", 0, 1, 0)],
)
def test_selections_are_combined(how: How, left: int, middle: int, right: int) -> None:
    both = combined(box(0, 0, 20, 10), box(10, 0, 20, 10), how)
    assert [holds(both, x, 5) for x in (5, 15, 25)] == [left, middle, right]


def test_without_a_selection_the_new_one_is_all_there_is() -> None:
    for how in get_args(How):
        assert combined(None, box(1, 2, 3, 4), how).at == Rect(1, 2, 3, 4)


def test_to_take_everything_away_leaves_nothing() -> None:
    assert is_empty(combined(box(5, 5, 5, 5), box(0, 0, 20, 20), "subtract"))
    assert is_empty(combined(box(0, 0, 5, 5), box(20, 0, 5, 5), "intersect"))


def test_inverted_twice_is_the_same() -> None:
    disc = ellipse(QPointF(10, 5), QPointF(40, 35), SHEET)
    again = inverted(inverted(disc, SHEET), SHEET)
    assert again.at == disc.at
    assert (again.mask == disc.mask).all()
    assert is_empty(inverted(None, SHEET))
    assert inverted(NOTHING, SHEET).at == SHEET


def test_a_pixel_grows_to_a_disc_and_shrinks_back() -> None:
    whole = Rect(0, 0, 700, 600)
    dot = rectangle(QPointF(300, 250), QPointF(301, 251), whole)
    for radius in (1, 7, 40):
        disc = grown(dot, radius, whole)
        rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
        assert disc.at == Rect(300 - radius, 250 - radius, 2 * radius + 1, 2 * radius + 1)
        assert ((disc.mask > 0) == (np.hypot(rows, columns) <= radius + 0.5)).all()
        assert shrunk(disc, radius, whole).at == dot.at


def test_growing_keeps_a_soft_edge_soft_and_stays_inside_the_picture() -> None:
    soft = grown(selection_of(np.array([[128, 255]], np.uint8)), 3, SHEET)
    assert soft.at == Rect(0, 0, 5, 4)
    assert soft.mask[0, 0] == 255
    assert soft.mask[0, -1] == 255
    assert grown(selection_of(np.array([[128]], np.uint8), 20, 20), 3, SHEET).mask.max() == 128


def test_the_border_of_the_picture_is_no_edge_to_shrink_from() -> None:
    assert shrunk(everything(SHEET), 5, SHEET).at == SHEET
    assert shrunk(box(0, 0, 20, 40), 5, SHEET).at == Rect(0, 0, 15, 40)
    assert is_empty(shrunk(box(10, 10, 8, 8), 5, SHEET))


def test_feather_makes_the_edge_soft_to_either_side() -> None:
    soft = feathered(box(20, 0, 40, 40), 6, SHEET)
    row = part_in(soft, SHEET)[20].astype(int)
    assert abs(row[19] + row[20] - 255) <= 6
    assert row[12] <= 2
    assert row[28] >= 253
    assert (np.diff(row) >= 0).all()  # it does not fade at the border of the picture
    assert row[-1] == 255


def test_a_large_feather_has_no_seams() -> None:
    whole = Rect(0, 0, 900, 800)
    disc = ellipse(QPointF(100, 100), QPointF(700, 650), whole)
    soft = part_in(feathered(disc, 40, whole), whole)
    blur = ImageFilter.GaussianBlur(20)
    expected = np.asarray(Image.fromarray(part_in(disc, whole)).filter(blur)).astype(int)
    assert np.abs(soft - expected).max() <= 1


def test_a_border_lies_on_both_sides_of_the_edge() -> None:
    band = part_in(border(box(20, 10, 20, 20), 4, SHEET), SHEET)
    assert [bool(value) for value in band[20, 16:24]] == [False, False, True, True, True, True, False, False]


def test_a_selection_moves_and_loses_what_leaves_the_picture() -> None:
    assert shifted(box(10, 10, 20, 20), -15, 5, SHEET).at == Rect(0, 15, 15, 20)
    assert is_empty(shifted(box(10, 10, 20, 20), 100, 0, SHEET))


def test_a_layers_alpha_becomes_a_selection_whatever_its_opacity() -> None:
    rgba = np.full((10, 20, 4), 255, np.uint8)
    rgba[:, :10, 3] = 100
    layer = replace(layer_from(rgba, "Cloud", "strokes", 30, 35), opacity=0.3, visible=False)
    document = new_document(60, 40, WHITE).with_layer(layer)
    selection = from_alpha(document, layer)
    assert selection.at == Rect(30, 35, 20, 5)
    assert selection.mask[0, 0] == 100
    assert selection.mask[0, -1] == 255
    assert is_empty(from_alpha(document, Layer("Empty", "strokes")))


def test_a_colour_range_fades_with_the_distance() -> None:
    rgba = np.full((1, 5, 4), 255, np.uint8)
    rgba[0, :, 0] = (100, 110, 120, 130, 200)
    rgba[0, :, 1:3] = 50
    selection = colour_range(rgba, (100, 50, 50), 40)
    assert part_in(selection, Rect(0, 0, 5, 1))[0].tolist() == [255, 255, 255, 128, 0]
    assert colour_range(rgba, (100, 50, 50), 0).at == Rect(0, 0, 1, 1)


def test_the_wand_takes_what_hangs_together_or_all_of_it() -> None:
    picture = np.zeros((10, 30, 4), np.uint8)
    picture[..., 3] = 255
    picture[2:8, 2:8] = picture[2:8, 20:28] = 200
    assert wand(picture, 3, 3, 20).at == Rect(2, 2, 6, 6)
    assert wand(picture, 3, 3, 20, contiguous=False).at == Rect(2, 2, 26, 6)
    assert wand(picture, 3, 3, 255).at == Rect(0, 0, 30, 10)


@given(st.integers(0, 59), st.integers(0, 39), st.integers(1, 30), st.integers(1, 30), st.integers(0, 12))
def test_shares_of_the_tiles_make_up_the_selection(x: int, y: int, width: int, height: int, by: int) -> None:
    document = document_from(np.full((40, 60, 4), 255, np.uint8))
    selection = grown(box(x, y, width, height), by, document.rect)
    assert (share(selection, (0, 0))[:40, :60] == part_in(selection, document.rect)).all()
