"""What the tools paint, by real events on a real canvas, with pixels compared exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import (
    QColor,
)
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.area import Rect
from tests.hands import (
    RUBBER,
    mouse,
    pen,
    pixel,
    small_canvas,
    stroke,
)
from ui.canvas import Canvas
from ui.document import composite, layer_from, stroke_alpha
from ui.selection import connected
from ui.tools import Brush, Eraser, Fill, Pick


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    return small_canvas(qtbot)


def test_strokes_lie_on_a_layer_of_their_own(canvas: Canvas) -> None:
    stroke(canvas, (50, 50), (90, 50))
    stroke(canvas, (50, 90), (90, 90))
    assert [layer.name for layer in canvas.session.document.layers] == ["Background", "Strokes"]
    assert stroke_alpha(canvas.session.document)[50, 70] == 255
    assert stroke_alpha(canvas.session.document)[150, 70] == 0


def test_a_stroke_of_half_opacity_stays_at_half_where_it_crosses_itself(canvas: Canvas) -> None:
    canvas.tool = Brush(size=20, hardness=1, opacity=0.5)
    stroke(canvas, (50, 100), (200, 100), (200, 150), (120, 150), (120, 50))
    alpha = stroke_alpha(canvas.session.document)
    assert abs(int(alpha[100, 120]) - 128) <= 1
    assert alpha.max() <= 129


def test_a_soft_brush_fades_to_its_rim(canvas: Canvas) -> None:
    canvas.tool = Brush(size=60, hardness=0.2)
    stroke(canvas, (100, 100))
    alpha = stroke_alpha(canvas.session.document)[100, 100:131].astype(int)
    assert alpha[0] > 250
    assert (np.diff(alpha) <= 2).all()
    assert alpha[-1] < 20


def test_a_fast_circle_is_round(canvas: Canvas) -> None:
    """Eight events make a circle and not an octagon, whose corners would lie 7.6 pixels outside its sides."""
    canvas.tool = Brush(size=3, hardness=1)
    angles = [2 * math.pi * i / 8 for i in range(9)]
    mouse(canvas, QEvent.Type.MouseButtonPress, (300, 150))
    for angle in angles:
        mouse(canvas, QEvent.Type.MouseMove, (200 + 100 * math.cos(angle), 150 + 100 * math.sin(angle)))
    mouse(canvas, QEvent.Type.MouseButtonRelease, (300, 150))
    y, x = np.nonzero(stroke_alpha(canvas.session.document) > 128)
    left = x < 200  # away from where it began
    radii = np.hypot(x[left] + 0.5 - 200, y[left] + 0.5 - 150)
    assert radii.max() - radii.min() < 6


def test_a_fast_stroke_has_no_gaps(canvas: Canvas) -> None:
    mouse(canvas, QEvent.Type.MouseButtonPress, (20, 150))
    mouse(canvas, QEvent.Type.MouseMove, (380, 150))
    mouse(canvas, QEvent.Type.MouseButtonRelease, (380, 150))
    assert (stroke_alpha(canvas.session.document)[150, 20:380] == 255).all()


def test_the_eraser_takes_strokes_and_never_the_picture(canvas: Canvas) -> None:
    stroke(canvas, (50, 50), (200, 50))
    canvas.set_tool(Eraser(size=30, hardness=1))
    stroke(canvas, (120, 50), (160, 50))
    assert pixel(canvas.session.document, 140, 50) == [255, 255, 255, 255]
    assert pixel(canvas.session.document, 80, 50) == [0, 0, 0, 255]


def test_erasing_beside_the_strokes_is_no_step(canvas: Canvas) -> None:
    stroke(canvas, (50, 50), (200, 50))
    document = canvas.session.document
    canvas.set_tool(Eraser(size=30))
    stroke(canvas, (50, 200), (200, 200))
    assert canvas.session.document is document


def test_painting_beside_the_picture_is_no_step(canvas: Canvas) -> None:
    document = canvas.session.document
    stroke(canvas, (-90, 50), (-60, 200))
    assert canvas.session.document is document


def test_erasing_where_there_are_no_strokes_says_so(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.set_tool(Eraser())
    with qtbot.waitSignal(canvas.session.said) as said:
        stroke(canvas, (50, 50), (90, 50))
    assert "no strokes to erase" in said.args[0]
    assert len(canvas.session.history.steps) == 1


def test_erasing_on_another_layer_says_where_the_strokes_are(canvas: Canvas, qtbot: QtBot) -> None:
    stroke(canvas, (50, 50), (90, 50))
    canvas.session.activate(canvas.session.document.layers[0].uid)
    canvas.set_tool(Eraser())
    with qtbot.waitSignal(canvas.session.said) as said:
        stroke(canvas, (50, 50), (90, 50))
    assert said.args is not None
    assert "Choose the layer of strokes" in said.args[0]


def test_shift_draws_a_straight_line_from_the_last_stroke(canvas: Canvas) -> None:
    stroke(canvas, (50, 50))
    stroke(canvas, (250, 200), keys=Qt.KeyboardModifier.ShiftModifier)
    assert stroke_alpha(canvas.session.document)[125, 150] == 255


def test_ctrl_picks_a_colour_with_the_brush(canvas: Canvas) -> None:
    canvas.session.set_colour(QColor(10, 200, 30))
    stroke(canvas, (50, 50), (90, 50))
    canvas.session.set_colour(QColor("black"))
    stroke(canvas, (70, 50), keys=Qt.KeyboardModifier.ControlModifier)
    assert canvas.session.colour == QColor(10, 200, 30)
    assert len(canvas.session.history.steps) == 2


def test_the_cursor_tells_that_ctrl_picks(canvas: Canvas) -> None:
    QTest.keyPress(canvas, Qt.Key.Key_Control)
    assert canvas.cursor().shape() == Pick.cursor
    QTest.keyRelease(canvas, Qt.Key.Key_Control)
    assert canvas.cursor().shape() == Brush.cursor


def test_the_eyedropper_takes_what_is_seen(canvas: Canvas) -> None:
    canvas.set_tool(Pick())
    stroke(canvas, (5, 5))
    assert canvas.session.colour == QColor("white")


def test_pressure_makes_the_line_thick_and_thin(canvas: Canvas) -> None:
    canvas.tool = Brush(size=40, hardness=1)
    pen(canvas, QEvent.Type.TabletPress, (50, 150), 0.2)
    for i in range(1, 21):
        pen(canvas, QEvent.Type.TabletMove, (50 + 15 * i, 150), 0.2 + 0.04 * i)
    pen(canvas, QEvent.Type.TabletRelease, (350, 150), 0.0)
    thickness = (stroke_alpha(canvas.session.document) > 128).sum(0)
    assert thickness[60] < 14
    assert thickness[330] > 34


def test_the_other_end_of_the_pen_erases(canvas: Canvas) -> None:
    stroke(canvas, (50, 150), (350, 150))
    pen(canvas, QEvent.Type.TabletPress, (200, 150), 1.0, RUBBER)
    pen(canvas, QEvent.Type.TabletRelease, (200, 150), 0.0, RUBBER)
    assert stroke_alpha(canvas.session.document)[150, 200] == 0
    assert canvas.session.history.steps[-1][0] == "Eraser"


def test_strokes_over_a_result_start_a_new_layer(canvas: Canvas) -> None:
    stroke(canvas, (50, 50), (90, 50))
    canvas.session.commit(
        "Result",
        lambda document: document.with_layer(layer_from(np.zeros((9, 9, 4), np.uint8), "R", "result")),
    )
    stroke(canvas, (50, 90), (90, 90))
    assert [layer.kind for layer in canvas.session.document.layers] == [
        "picture",
        "strokes",
        "result",
        "strokes",
    ]


def test_painting_stops_at_the_edge(canvas: Canvas) -> None:
    stroke(canvas, (-30, 150), (430, 150))
    beyond = composite(canvas.session.document, Rect(400, 0, 112, 512))
    assert not beyond.any()


def test_fill_colours_what_hangs_together(canvas: Canvas) -> None:
    stroke(canvas, (200, -20), (200, 320))
    canvas.session.set_colour(QColor(255, 0, 0))
    canvas.set_tool(Fill())
    stroke(canvas, (50, 50))
    assert pixel(canvas.session.document, 10, 290) == [255, 0, 0, 255]
    assert pixel(canvas.session.document, 390, 10) == [255, 255, 255, 255]
    canvas.session.undo()
    assert pixel(canvas.session.document, 10, 290) == [255, 255, 255, 255]


def test_connected_follows_every_winding() -> None:
    comb = np.zeros((60, 80), bool)
    comb[1:59, 1::4] = True
    comb[58, 1:78] = True  # joined at the foot only
    apart = np.zeros_like(comb)
    apart[10:20, 3] = True  # between two teeth, touching none
    assert (connected(comb | apart, 1, 1) == comb).all()
    assert (connected(comb | apart, 3, 12) == apart).all()
    spiral = np.ones((41, 41), bool)
    for i in range(0, 20, 4):
        spiral[i + 2, i + 2 : 41 - i] = False
    assert connected(spiral, 0, 0)[40, 40]
