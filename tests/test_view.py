"""The view as a value: where a canvas pixel lies on the screen, however it is zoomed, turned and mirrored."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QPolygonF

from ui.view import LEAST, MOST, View

DOCUMENT, WIDGET = QSizeF(400, 300), QSizeF(800, 600)
views = st.builds(
    View,
    zoom=st.floats(LEAST, MOST),
    x=st.integers(-3000, 3000).map(float),
    y=st.integers(-3000, 3000).map(float),
    ratio=st.sampled_from([1.0, 1.25, 1.5, 2.0]),
    angle=st.sampled_from([0.0, 90.0, 180.0, 270.0, 30.0, 123.4]),
    mirrored=st.booleans(),
)
points = st.builds(QPointF, st.floats(-500, 500), st.floats(-500, 500))


def apart(a: QPointF, b: QPointF) -> float:
    return math.hypot(a.x() - b.x(), a.y() - b.y())


@given(views, points)
def test_a_point_finds_its_way_back(view: View, point: QPointF) -> None:
    assert apart(view.transform.map(view.to_canvas(point)), point) < 1e-6


@given(views, points, st.floats(0, 720), st.floats(LEAST, MOST))
def test_what_is_under_the_pointer_stays_there(view: View, at: QPointF, angle: float, zoom: float) -> None:
    pixel = view.to_canvas(at)
    for moved in (view.turned(angle, at), view.flipped(at), view.zoomed(zoom, at)):
        assert apart(moved.transform.map(pixel), at) <= 1 / view.ratio  # whole device pixels


@given(views, points)
def test_mirrored_twice_is_as_before(view: View, at: QPointF) -> None:
    again = view.flipped(at).flipped(at)
    assert (again.mirrored, again.angle) == (view.mirrored, view.angle)
    assert apart(again.transform.map(QPointF()), view.transform.map(QPointF())) <= 2 / view.ratio


def test_mirroring_exchanges_left_and_right_of_the_screen_however_it_is_turned() -> None:
    at = QPointF(400, 300)
    view = View(angle=30.0).with_pixel(QPointF(200, 150), at)
    right = view.to_canvas(QPointF(450, 320))
    assert apart(view.flipped(at).transform.map(right), QPointF(350, 320)) <= 1


def test_right_angles_are_exact() -> None:
    quarter = View(angle=90.0).transform
    assert (quarter.m11(), quarter.m12(), quarter.m21(), quarter.m22()) == (0, 1, -1, 0)
    assert View(angle=270.0, mirrored=True).to_canvas(QPointF(3, 5)) == QPointF(5, 3)


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0, 200.0])
@pytest.mark.parametrize("mirrored", [False, True])
def test_all_of_a_turned_document_fits(angle: float, mirrored: bool) -> None:
    fitted = View(angle=angle, mirrored=mirrored).fitted(DOCUMENT, WIDGET)
    on_screen = fitted.to_widget(QRectF(QPointF(), DOCUMENT))
    assert QRectF(QPointF(), WIDGET).contains(on_screen)
    assert min(WIDGET.width() - on_screen.width(), WIDGET.height() - on_screen.height()) == pytest.approx(48)
    assert apart(on_screen.center(), QPointF(400, 300)) <= 1


def test_the_width_fits_and_so_does_a_part() -> None:
    wide = View().fitted(QSizeF(1000, 9000), WIDGET, tall=False)
    assert wide.zoom == pytest.approx(752 / 1000)
    part = View(angle=30.0).showing(QRectF(100, 100, 20, 10), WIDGET)
    assert apart(part.to_canvas(QPointF(400, 300)), QPointF(110, 105)) < 0.1
    assert part.zoom > 20


@given(views)
def test_the_document_cannot_be_lost(view: View) -> None:
    held = view.held(DOCUMENT, WIDGET)
    kept = QPolygonF(QRectF(0, 0, 800, 600).adjusted(64, 64, -64, -64))
    assert held.transform.map(QPolygonF(QRectF(QPointF(), DOCUMENT))).intersects(kept)
    assert held.held(DOCUMENT, WIDGET) == held
