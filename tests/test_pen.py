"""The pen: pressure, tilt and its other end, as tablet events on a real canvas."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.hands import RUBBER, mouse, pen, seen, small_canvas, stroke
from ui.canvas import Canvas
from ui.curves import Response
from ui.document import stroke_alpha
from ui.tools import Brush
from ui.tools.pick import RADIUS

PRESS, MOVE, RELEASE = QEvent.Type.TabletPress, QEvent.Type.TabletMove, QEvent.Type.TabletRelease


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    return small_canvas(qtbot)


def pen_stroke(canvas: Canvas, pressure: float, tilt: tuple[int, int] = (0, 0), y: float = 150) -> None:
    pen(canvas, PRESS, (50, y), pressure, tilt=tilt)
    for x in range(60, 350, 10):
        pen(canvas, MOVE, (x, y), pressure, tilt=tilt)
    pen(canvas, RELEASE, (350, y), 0.0, tilt=tilt)


def thickness(canvas: Canvas) -> int:
    return int((stroke_alpha(canvas.session.document)[:, 200] > 128).sum())


@pytest.mark.parametrize("pressure", [0.25, 0.5, 1.0])
def test_pressure_is_the_share_of_the_size(canvas: Canvas, pressure: float) -> None:
    canvas.tool = Brush(size=80, hardness=1)
    pen_stroke(canvas, pressure)
    assert thickness(canvas) == pytest.approx(80 * pressure, abs=1)


@pytest.mark.parametrize(("tilt", "wide"), [((0, 0), 0), ((30, 0), 40), ((0, -30), 40), ((45, 45), 80)])
def test_tilt_is_how_far_the_pen_leans_whereto_ever(canvas: Canvas, tilt: tuple[int, int], wide: int) -> None:
    canvas.tool = Brush(size=80, hardness=1, size_by=Response("tilt"))
    pen_stroke(canvas, 0.5, tilt)
    assert thickness(canvas) == pytest.approx(max(wide, 2), abs=2)


@pytest.mark.parametrize("angle", [0.0, 90.0])
def test_a_flat_tip_turns_as_the_pen_leans_also_in_a_turned_view(canvas: Canvas, angle: float) -> None:
    canvas.tool = Brush(size=80, shape="flat", turning="lean", size_by=Response())
    canvas.turn(angle)
    middle = canvas.view.to_canvas(QPointF(200, 150))
    pen(canvas, PRESS, (middle.x(), middle.y()), 1.0, tilt=(0, 50))
    pen(canvas, RELEASE, (middle.x(), middle.y()), 0.0, tilt=(0, 50))
    there = stroke_alpha(canvas.session.document) > 128
    wide, high = np.ptp(np.nonzero(there)[1]), np.ptp(np.nonzero(there)[0])
    assert (high > 3 * wide) == (angle == 0)
    assert (wide > 3 * high) == (angle == 90)


def test_pressure_can_make_it_fainter_instead(canvas: Canvas) -> None:
    canvas.tool = Brush(size=40, hardness=1, size_by=Response(), opacity_by=Response("pressure"))
    pen_stroke(canvas, 0.4)
    alpha = stroke_alpha(canvas.session.document)
    assert alpha[150, 200] == pytest.approx(0.4 * 255, abs=1)
    assert (alpha[:, 200] > 0).sum() == 40


def test_a_mouse_presses_fully_and_stands_upright(canvas: Canvas) -> None:
    canvas.tool = Brush(size=40, hardness=1)
    stroke(canvas, (50, 150), (350, 150))
    assert thickness(canvas) == 40


def test_the_line_goes_from_thin_to_thick_without_steps(canvas: Canvas) -> None:
    canvas.tool = Brush(size=60, hardness=1)
    pen(canvas, PRESS, (30, 150), 0.1)
    for i in range(1, 34):
        pen(canvas, MOVE, (30 + 10 * i, 150), 0.1 + 0.027 * i)
    pen(canvas, RELEASE, (370, 150), 0.0)
    across = stroke_alpha(canvas.session.document)[:, 40:330].astype(float).sum(0) / 255
    assert across[-1] > 3 * across[0]
    assert np.abs(np.diff(across)).max() < 1


def test_the_other_end_erases_what_the_brush_would_paint(canvas: Canvas) -> None:
    pen_stroke(canvas, 1.0)
    canvas.tool = Brush(size=60, hardness=1)
    pen(canvas, PRESS, (150, 150), 0.5, RUBBER)
    pen(canvas, MOVE, (250, 150), 0.5, RUBBER)
    pen(canvas, RELEASE, (250, 150), 0.0, RUBBER)
    alpha = stroke_alpha(canvas.session.document)
    assert not alpha[150, 140:260].any()
    assert alpha[150, 100] == alpha[150, 300] == 255
    assert [label for label, _ in canvas.session.history.steps] == ["Open", "Brush", "Eraser"]


@pytest.mark.parametrize("zoom", [1 / 3, 1.0, 4.0])
def test_all_that_a_stroke_changes_is_repainted(canvas: Canvas, qtbot: QtBot, zoom: float) -> None:
    """What is seen after it is what a canvas shows that has never seen anything else."""
    canvas.set_zoom(zoom)
    canvas.tool = Brush(size=70, hardness=0.3)
    canvas.session.set_colour(QColor(200, 40, 10))
    canvas.grab()
    pen(canvas, PRESS, (20, 20), 0.3)
    for i in range(1, 30):
        pen(canvas, MOVE, (20 + 12 * i, 20 + 9 * i), 0.3 + 0.02 * i)
        canvas.grab(canvas.rect().adjusted(0, 0, -i, -i))
    pen(canvas, RELEASE, (380, 290), 0.0)
    other = Canvas(canvas.session)
    qtbot.addWidget(other)
    other.resize(canvas.size())
    other.show()
    other.set_zoom(zoom)
    other.view = canvas.view
    assert (seen(canvas) == seen(other)).all()


def test_ctrl_shows_the_ring_of_the_eyedropper_with_the_brush(canvas: Canvas) -> None:
    canvas.session.set_colour(QColor(0, 0, 255))
    before = seen(canvas)
    mouse(canvas, QEvent.Type.MouseButtonPress, (200, 150), Qt.KeyboardModifier.ControlModifier)
    radius = round(RADIUS * canvas.devicePixelRatioF())
    assert seen(canvas)[150 + radius, 200].tolist() == [0, 0, 255]
    mouse(canvas, QEvent.Type.MouseButtonRelease, (200, 150))
    assert (seen(canvas) == before).all()
