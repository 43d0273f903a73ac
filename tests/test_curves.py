"""Curves of the pen: smooth through their points, never beyond them, and the same after a night on disk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.curves import STRAIGHT, Curve, Response, table_of, value_at

shares = st.floats(0, 1).map(lambda value: round(value, 3))
points = st.dictionaries(shares, shares, min_size=2, max_size=6)
curves = points.map(lambda heights: tuple(sorted(heights.items())))


def test_a_straight_curve_changes_nothing() -> None:
    for x in (0.0, 0.1, 0.5, 0.77, 1.0):
        assert value_at(STRAIGHT, x) == pytest.approx(x)


@given(curves)
def test_a_curve_goes_through_its_points_and_never_beyond(curve: Curve) -> None:
    table = table_of(curve)
    heights = [y for _, y in curve]
    assert min(heights) - 1e-9 <= table.min()
    assert table.max() <= max(heights) + 1e-9
    for x, y in curve:
        if (x * 256).is_integer():
            assert value_at(curve, x) == pytest.approx(y, abs=1e-6)


@given(curves)
def test_what_rises_from_point_to_point_rises_between_them(curve: Curve) -> None:
    rising = tuple(zip((x for x, _ in curve), sorted(y for _, y in curve), strict=True))
    assert (np.diff(table_of(rising)) >= -1e-9).all()


@given(curves)
def test_a_response_is_read_as_it_was_written(curve: Curve) -> None:
    assert Response.read(Response("tilt", curve).text) == Response("tilt", curve)


@pytest.mark.parametrize("text", ["", "pressure", "anger 0,0 1,1", "tilt 0,0 0,1", "tilt 1,2", "tilt 0;1"])
def test_nonsense_is_no_response(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  whatever it says, it is caught where settings are read
        Response.read(text)
