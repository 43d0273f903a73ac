"""The mask that follows from strokes, the work area round it, and putting the result back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.area import Rect, blend, resized, resized_mask, soft_mask, work_area
from engine.types import EngineError


def painted(height: int, width: int, rows: slice, columns: slice) -> np.ndarray:
    alpha = np.zeros((height, width), np.uint8)
    alpha[rows, columns] = 255
    return alpha


def test_the_mask_is_whole_on_the_strokes_and_nothing_far_away() -> None:
    alpha = painted(200, 200, slice(90, 110), slice(90, 110))
    mask = soft_mask(alpha, grow=8, feather=12)
    assert mask.dtype == np.float32
    assert (mask[alpha > 0] == 1).all()
    assert mask[100, 110 + 6] > 0.99  # grown
    assert 0 < mask[100, 110 + 14] < 1  # feathered
    assert mask[100, 110 + 24] == 0
    assert mask.max() == 1


def test_without_grow_and_feather_the_mask_is_the_strokes() -> None:
    alpha = painted(40, 40, slice(10, 20), slice(5, 25))
    assert ((soft_mask(alpha, 0, 0) > 0) == (alpha > 0)).all()


def test_a_faint_trace_is_not_a_stroke() -> None:
    assert not soft_mask(np.full((30, 30), 2, np.uint8)).any()


def test_the_mask_follows_a_thin_line_too() -> None:
    alpha = painted(100, 100, slice(50, 51), slice(10, 90))
    mask = soft_mask(alpha, grow=6, feather=8)
    assert (mask[50, 10:90] == 1).all()
    assert (mask[46, 30:70] > 0.98).all()


@given(
    st.integers(1, 900), st.integers(1, 900), st.data(), st.floats(0, 1)
)  # any picture, any painted rectangle
def test_the_work_area_holds_the_mask_and_stays_inside(
    width: int, height: int, data: st.DataObject, context: float
) -> None:
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    w, h = data.draw(st.integers(1, width - x)), data.draw(st.integers(1, height - y))
    mask = np.zeros((height, width), np.float32)
    mask[y : y + h, x : x + w] = 0.5
    area = work_area(mask, context)
    assert 0 <= area.x <= x
    assert 0 <= area.y <= y
    assert x + w <= area.x + area.width <= width
    assert y + h <= area.y + area.height <= height


def test_a_small_stroke_is_given_context() -> None:
    mask = np.zeros((1000, 1000), np.float32)
    mask[500:520, 500:520] = 1
    assert work_area(mask) == Rect(382, 382, 256, 256)


def test_a_long_stroke_is_given_a_sensible_shape() -> None:
    mask = np.zeros((1000, 3000), np.float32)
    mask[500:520, 100:2900] = 1
    area = work_area(mask)
    assert area.width <= 3 * area.height + 3


def test_an_empty_mask_says_what_to_do() -> None:
    with pytest.raises(EngineError, match="paint a stroke"):
        work_area(np.zeros((10, 10), np.float32))


def test_blend_keeps_every_byte_outside_and_takes_every_byte_inside() -> None:
    rng = np.random.default_rng(0)
    known, result = rng.integers(0, 256, (2, 40, 50, 3), dtype=np.uint8)
    mask = np.zeros((40, 50), np.float32)
    mask[10:20] = 1
    mask[20:25] = 0.25
    out = blend(known, result, mask)
    assert (out[mask == 0] == known[mask == 0]).all()
    assert (out[mask == 1] == result[mask == 1]).all()
    between = known[22].astype(float) * 0.75 + result[22] * 0.25
    assert np.abs(out[22] - between).max() <= 1.5


def test_a_mask_shrinks_without_losing_a_line() -> None:
    mask = np.zeros((512, 512), np.float32)
    mask[100] = 1
    assert resized_mask(mask, 64, 64).max() > 0


def test_resizing_to_the_same_size_changes_nothing() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (30, 20, 3), dtype=np.uint8)
    assert resized(picture, 20, 30) is picture
