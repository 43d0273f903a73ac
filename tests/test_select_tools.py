"""The tools that select, by real events on a real canvas."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.area import Rect
from tests.hands import mouse, pixel, seen, small_canvas, stroke
from ui.ants import Ants
from ui.canvas import Canvas
from ui.document import Selection
from ui.selection import holds
from ui.tools import Brush, Eraser, Fill, Lasso, Select, SelectEllipse, SelectPolygon, Wand

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    canvas = small_canvas(qtbot)
    canvas.tool = Select()
    return canvas


def selection(canvas: Canvas) -> Selection:
    found = canvas.session.document.selection
    assert found is not None
    return found


def click(canvas: Canvas, x: float, y: float) -> None:
    stroke(canvas, (x, y))


def test_a_rectangle_is_selected_as_one_undo_step(canvas: Canvas) -> None:
    stroke(canvas, (50, 40), (150, 100))
    assert selection(canvas).at == Rect(50, 40, 100, 60)
    assert canvas.session.history.undo_label == "Rectangle"
    canvas.session.undo()
    assert canvas.session.document.selection is None


def test_while_it_is_drawn_nothing_is_selected_and_escape_leaves_no_trace(canvas: Canvas) -> None:
    before = canvas.session.document
    stroke(canvas, (50, 40), (150, 100), release=False)
    assert canvas.session.document is before
    assert canvas.cancel_gesture()
    assert canvas.session.document is before
    assert isinstance(canvas.tool, Select)
    assert canvas.tool.corners is None


def test_shift_adds_alt_takes_away_and_both_keep_what_is_common(canvas: Canvas) -> None:
    stroke(canvas, (50, 50), (150, 150))
    stroke(canvas, (200, 50), (250, 150), keys=SHIFT)
    assert selection(canvas).at == Rect(50, 50, 200, 100)
    stroke(canvas, (70, 40), (90, 160), keys=ALT)
    assert not holds(selection(canvas), 80, 100)
    stroke(canvas, (40, 100), (180, 200), keys=SHIFT | ALT)
    assert selection(canvas).at == Rect(50, 100, 100, 50)
    assert not holds(selection(canvas), 80, 120)


def test_the_mode_of_the_strip_counts_where_no_key_is_held(canvas: Canvas) -> None:
    canvas.tool = Select(how="add")
    stroke(canvas, (50, 50), (100, 100))
    stroke(canvas, (70, 70), (150, 150))
    assert selection(canvas).at == Rect(50, 50, 100, 100)


def test_shift_draws_a_square_and_alt_from_the_middle(canvas: Canvas) -> None:
    stroke(canvas, (50, 40), (150, 80), keys=SHIFT)
    assert selection(canvas).at == Rect(50, 40, 100, 100)
    canvas.session.undo()
    stroke(canvas, (100, 100), (150, 120), keys=ALT)
    assert selection(canvas).at == Rect(50, 80, 100, 40)


def test_keys_of_the_press_mean_a_square_once_they_were_let_go_of(canvas: Canvas) -> None:
    stroke(canvas, (10, 10), (30, 30))
    mouse(canvas, QEvent.Type.MouseButtonPress, (100, 100), SHIFT)
    mouse(canvas, QEvent.Type.MouseMove, (150, 120), SHIFT)
    mouse(canvas, QEvent.Type.MouseMove, (160, 120))
    mouse(canvas, QEvent.Type.MouseMove, (160, 120), SHIFT)
    mouse(canvas, QEvent.Type.MouseButtonRelease, (160, 120), SHIFT)
    assert selection(canvas).at == Rect(10, 10, 150, 150)


def test_a_drag_inside_moves_the_selection_and_not_the_picture(canvas: Canvas) -> None:
    stroke(canvas, (50, 50), (150, 100))
    layers = canvas.session.document.layers
    stroke(canvas, (100, 80), (130, 70))
    assert selection(canvas).at == Rect(80, 40, 100, 50)
    assert canvas.session.document.layers is layers
    assert canvas.session.history.undo_label == "Move selection"
    stroke(canvas, (100, 80), (160, 70), release=False)
    canvas.cancel_gesture()
    assert selection(canvas).at == Rect(80, 40, 100, 50)


def test_a_click_selects_nothing(canvas: Canvas) -> None:
    stroke(canvas, (50, 50), (150, 100))
    click(canvas, 300, 200)
    assert canvas.session.document.selection is None
    stroke(canvas, (50, 50), (150, 100))
    click(canvas, 80, 80)  # inside, too
    assert canvas.session.document.selection is None


def test_arrow_keys_move_the_selection(canvas: Canvas) -> None:
    stroke(canvas, (50, 50), (150, 100))
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Up, SHIFT)
    assert selection(canvas).at == Rect(51, 40, 100, 50)


def test_an_ellipse_may_be_soft_by_its_feather(canvas: Canvas) -> None:
    canvas.tool = SelectEllipse(feather=20)
    stroke(canvas, (100, 100), (200, 200))
    assert selection(canvas).at.width > 110
    assert 100 < selection(canvas).mask[selection(canvas).at.height // 2, 100 - selection(canvas).at.x] < 155


def test_a_lasso_selects_what_its_line_goes_round(canvas: Canvas) -> None:
    canvas.tool = Lasso()
    stroke(canvas, (50, 50), (150, 50), (150, 150))
    assert holds(selection(canvas), 130, 70)
    assert not holds(selection(canvas), 70, 130)


def test_a_polygon_goes_from_click_to_click_and_enter_closes_it(canvas: Canvas) -> None:
    canvas.tool = SelectPolygon()
    for corner in ((50, 50), (150, 50), (150, 150)):
        click(canvas, *corner)
    assert canvas.session.document.selection is None
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert holds(selection(canvas), 130, 70)
    assert not holds(selection(canvas), 70, 130)
    assert canvas.session.history.undo_label == "Polygon"


def test_a_polygon_is_closed_on_its_first_corner_or_by_a_double_click(canvas: Canvas) -> None:
    canvas.tool = SelectPolygon()
    for last in ((52, 51), (149, 149)):
        for corner in ((50, 50), (150, 50), (150, 150), last):
            click(canvas, *corner)
        assert selection(canvas).at == Rect(50, 50, 100, 100)
        canvas.session.undo()


def test_backspace_takes_a_corner_back_and_giving_up_leaves_no_trace(canvas: Canvas) -> None:
    canvas.tool = tool = SelectPolygon()
    before = canvas.session.document
    for corner in ((50, 50), (150, 50), (350, 250)):
        click(canvas, *corner)
    QTest.keyClick(canvas, Qt.Key.Key_Backspace)
    assert len(tool.line) == 2
    assert tool.give_up(canvas.session)
    assert not tool.give_up(canvas.session)
    assert canvas.session.document is before


def test_the_wand_takes_what_looks_alike(canvas: Canvas) -> None:
    canvas.tool = Brush(size=20, hardness=1)
    stroke(canvas, (100, 50), (100, 250))
    canvas.tool = Wand(smooth=False)
    click(canvas, 100, 100)
    assert selection(canvas).at.x == 90
    assert abs(selection(canvas).at.width - 20) <= 1
    click(canvas, 50, 100)
    assert holds(selection(canvas), 2, 2)
    assert not holds(selection(canvas), 100, 100)


def test_the_wand_may_look_at_the_active_layer_alone(canvas: Canvas) -> None:
    canvas.tool = Brush(size=20, hardness=1)
    stroke(canvas, (100, 50), (100, 250))
    canvas.tool = Wand(merged=False, touching=False)
    canvas.session.activate(canvas.session.document.layers[0].uid)
    click(canvas, 100, 100)
    assert selection(canvas).at == Rect(0, 0, 400, 300)


@pytest.mark.parametrize("tool", [Brush(size=60, hardness=1), Fill(tolerance=255)])
def test_what_paints_stays_inside_the_selection(canvas: Canvas, tool: Brush | Fill) -> None:
    canvas.session.set_colour(QColor("red"))
    stroke(canvas, (100, 100), (150, 150))
    canvas.tool = tool
    stroke(canvas, (90, 120), (160, 120))
    assert pixel(canvas.session.document, 120, 120) == [255, 0, 0, 255]
    assert pixel(canvas.session.document, 98, 120) == [255, 255, 255, 255]
    assert pixel(canvas.session.document, 152, 120) == [255, 255, 255, 255]


def test_the_eraser_stays_inside_the_selection(canvas: Canvas) -> None:
    canvas.tool = Brush(size=40, hardness=1)
    stroke(canvas, (50, 120), (300, 120))
    canvas.tool = Select()
    stroke(canvas, (100, 100), (150, 150))
    canvas.tool = Eraser(size=40, hardness=1)
    stroke(canvas, (50, 120), (300, 120))
    assert pixel(canvas.session.document, 120, 120) == [255, 255, 255, 255]
    assert pixel(canvas.session.document, 200, 120) == [0, 0, 0, 255]


def test_ants_go_round_the_selection_and_march(canvas: Canvas) -> None:
    ants = Ants(canvas, canvas.session)
    canvas.add_marks(ants)
    blank = seen(canvas)
    stroke(canvas, (50, 40), (150, 100))
    first = seen(canvas)
    different = (first != blank).any(2)
    assert 100 < different.sum() < 2 * 320
    assert not different[45:95, 55:145].any()
    assert not different[:38].any()
    ants._walk()
    assert (seen(canvas) != first).any()
    canvas.session.undo()
    assert (seen(canvas) == blank).all()
    assert not ants._clock.isActive()


def test_ants_stand_still_where_motion_is_not_wanted(canvas: Canvas) -> None:
    ants = Ants(canvas, canvas.session)
    stroke(canvas, (50, 40), (150, 100))
    assert ants._clock.isActive()
    ants.march(False)
    assert not ants._clock.isActive()


def test_no_line_is_drawn_where_the_selection_only_leaves_the_screen(canvas: Canvas) -> None:
    canvas.add_marks(Ants(canvas, canvas.session))
    canvas.zoom_in()
    canvas.zoom_in()
    blank = seen(canvas)
    canvas.tool = Select()
    stroke(canvas, (-10, -10), (500, 400))
    assert selection(canvas).at == Rect(0, 0, 400, 300)
    assert np.array_equal(seen(canvas), blank)
