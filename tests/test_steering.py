"""The view moved by hand: keys, drags, wheel and touch pad on a real canvas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPolygonF,
    QRegion,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.hands import fingers, mouse, pixel, seen, small_canvas, stroke
from ui import theme
from ui.canvas import Canvas
from ui.document import document_from, stroke_alpha
from ui.pixels import rgba_of
from ui.session import Session
from ui.tools import Brush

LEFT, MIDDLE, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.NoButton
PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    return small_canvas(qtbot)


@pytest.fixture
def photo(qtbot: QtBot) -> Canvas:
    """Every pixel of another colour, at 100 %."""
    rgba = np.random.default_rng(3).integers(0, 256, (80, 100, 4), dtype=np.uint8)
    rgba[..., 3] = 255
    canvas = Canvas(Session(document_from(rgba)), Brush(size=20, hardness=1))
    qtbot.addWidget(canvas)
    canvas.resize(240, 240)
    canvas.show()
    canvas.actual_size()
    return canvas


def drag(
    canvas: Canvas,
    start: tuple[float, float],
    end: tuple[float, float],
    keys: Qt.KeyboardModifier = PLAIN,
    button: Qt.MouseButton = LEFT,
) -> None:
    """In points of the widget, for the view moves below."""
    for kind, point, which, down in (
        (QEvent.Type.MouseButtonPress, start, button, button),
        (QEvent.Type.MouseMove, end, NONE, button),
        (QEvent.Type.MouseButtonRelease, end, button, NONE),
    ):
        at = QPointF(*point)
        event = QMouseEvent(kind, at, QPointF(canvas.mapToGlobal(at)), which, down, keys)
        QApplication.sendEvent(canvas, event)


def middle_of(canvas: Canvas) -> QPointF:
    return QPointF(canvas.width() / 2, canvas.height() / 2)


def around(canvas: Canvas) -> np.ndarray:
    """The screen where the document lies."""
    document = canvas.session.document
    box = canvas.view.to_widget(QRectF(0, 0, document.width, document.height))
    ratio = canvas.view.ratio
    left, top = round(box.left() * ratio), round(box.top() * ratio)
    right, bottom = round(box.right() * ratio), round(box.bottom() * ratio)
    return seen(canvas)[top:bottom, left:right]


def test_a_turned_and_mirrored_picture_is_exact_at_right_angles(photo: Canvas) -> None:
    original = around(photo).copy()
    assert original.shape[:2] == (80, 100)
    for angle in (90, 180, 270):
        photo.turn(angle)
        expected = np.rot90(original, -angle // 90)
        assert (around(photo) == expected).all()
    photo.straighten()
    photo.flip()
    assert (around(photo) == original[:, ::-1]).all()
    photo.turn(90)
    assert (around(photo) == np.rot90(original[:, ::-1], -1)).all()
    photo.straighten()
    assert photo.view.is_plain
    assert (around(photo) == original).all()


@pytest.mark.parametrize("angle", [30.0, 137.0])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_stroke_lands_where_the_pointer_is(canvas: Canvas, angle: float, mirrored: bool) -> None:
    canvas.turn(angle)
    if mirrored:
        canvas.flip()
    stroke(canvas, (150, 100), (250, 200))
    alpha = stroke_alpha(canvas.session.document)
    assert alpha[100, 150] == alpha[200, 250] == alpha[150, 200] == 255
    assert not alpha[110:140, 240:].any()
    at = canvas.view.transform.map(QPointF(200.5, 150.5)) * canvas.view.ratio
    assert seen(canvas)[int(at.y()), int(at.x())].tolist() == [0, 0, 0]
    assert pixel(canvas.session.document, 200, 150) == [0, 0, 0, 255]


@pytest.mark.parametrize("zoom", [0.4, 1.0, 1.37, 20.0])
@pytest.mark.parametrize("angle", [30.0, 90.0])
def test_repainting_a_part_of_a_turned_picture_leaves_no_seam(
    photo: Canvas, zoom: float, angle: float
) -> None:
    photo.turn(angle)
    photo.set_zoom(zoom)
    photo._move_hover(None)
    whole = photo.grab().toImage()
    in_parts = QImage(whole.size(), whole.format())
    in_parts.setDevicePixelRatio(whole.devicePixelRatio())
    for x in range(0, photo.width(), 38):
        for y in range(0, photo.height(), 54):
            photo.render(in_parts, QPoint(x, y), QRegion(x, y, 38, 54))
    apart = np.abs(rgba_of(in_parts).astype(int) - rgba_of(whole))
    assert apart.max() <= (16 if photo.view.blends else 1)  # Qt blends with sixteen shares


@pytest.mark.parametrize("theme_of", ["dark", "light"])
def test_the_edges_of_a_tilted_picture_are_smooth(canvas: Canvas, theme_of: str, qapp: QApplication) -> None:
    """Each pixel is as white as the sheet covers it, and never darker than what is round it."""
    theme.dress(qapp, theme_of)
    canvas.set_zoom(0.5)
    canvas.turn(20)
    shown = seen(canvas).astype(float).mean(2)
    sheet = QPainterPath()
    sheet.addPolygon(canvas.view.transform.map(QPolygonF(QRectF(0, 0, 400, 300))))
    wanted = QImage(shown.shape[1], shown.shape[0], QImage.Format.Format_Grayscale8)
    wanted.setDevicePixelRatio(shown.shape[1] / canvas.width())
    wanted.fill(0)
    with QPainter(wanted) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(sheet, QColor("white"))
    covered = rgba_of(wanted)[..., 0] / 255
    around = shown[0, 0]
    assert np.abs(shown - (around + covered * (255 - around))).max() < 12
    assert ((covered > 0.2) & (covered < 0.8)).sum() > 200
    theme.dress(qapp)


def test_r_held_turns_the_view_and_paints_nothing(canvas: Canvas) -> None:
    before, middle = canvas.view, middle_of(canvas)
    pixel_there = before.to_canvas(middle)
    QTest.keyPress(canvas, Qt.Key.Key_R)
    drag(canvas, (middle.x() + 100, middle.y()), (middle.x(), middle.y() + 100))
    QTest.keyRelease(canvas, Qt.Key.Key_R)
    assert canvas.view.angle == pytest.approx(90)
    after = canvas.view.to_canvas(middle)
    assert math.hypot(after.x() - pixel_there.x(), after.y() - pixel_there.y()) <= 1
    assert len(canvas.session.history.steps) == 1


def test_shift_and_space_turn_and_control_makes_the_steps_even(canvas: Canvas) -> None:
    middle = middle_of(canvas)
    end = middle + QPointF(math.cos(math.radians(38)), math.sin(math.radians(38))) * 100
    for keys, angle in ((SHIFT, 38.0), (SHIFT | CONTROL, 75.0)):
        QTest.keyPress(canvas, Qt.Key.Key_Shift)
        QTest.keyPress(canvas, Qt.Key.Key_Space)
        drag(canvas, (middle.x() + 100, middle.y()), (end.x(), end.y()), keys)
        QTest.keyRelease(canvas, Qt.Key.Key_Space)
        QTest.keyRelease(canvas, Qt.Key.Key_Shift)
        assert canvas.view.angle == pytest.approx(angle, abs=0.1)


def test_control_and_space_zoom_round_the_press(canvas: Canvas) -> None:
    at = QPointF(120, 90)
    before = canvas.view.to_canvas(at)
    QTest.keyPress(canvas, Qt.Key.Key_Control)
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    drag(canvas, (120, 90), (195, 15), CONTROL)
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    QTest.keyRelease(canvas, Qt.Key.Key_Control)
    assert canvas.view.zoom == pytest.approx(2)
    after = canvas.view.to_canvas(at)
    assert math.hypot(after.x() - before.x(), after.y() - before.y()) <= 1


def test_the_middle_button_pans_turns_and_zooms(canvas: Canvas) -> None:
    before = canvas.view
    drag(canvas, (100, 100), (130, 90), button=MIDDLE)
    assert canvas.view == before.panned(QPointF(30, -10))
    drag(canvas, (100, 100), (175, 25), CONTROL, MIDDLE)
    assert canvas.view.zoom == pytest.approx(2)
    drag(canvas, (300, 150), (200, 250), SHIFT, MIDDLE)
    assert canvas.view.angle != 0


def test_a_wheel_with_shift_turns_and_so_do_two_fingers(canvas: Canvas) -> None:
    at = QPointF(120, 90)
    before = canvas.view.to_canvas(at)
    event = QWheelEvent(
        at,
        QPointF(canvas.mapToGlobal(at)),
        QPoint(),
        QPoint(0, 120),
        NONE,
        SHIFT,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)
    assert canvas.view.angle == 5
    fingers(canvas, Qt.NativeGestureType.RotateNativeGesture, at, 10.0)
    assert canvas.view.angle == 15
    after = canvas.view.to_canvas(at)
    assert math.hypot(after.x() - before.x(), after.y() - before.y()) <= 2


def test_turning_goes_by_even_steps_and_a_fitted_picture_stays_fitted(canvas: Canvas) -> None:
    canvas.fit()
    fitted = canvas.view
    canvas.turn_right()
    assert canvas.view.angle == 15
    assert canvas.view.zoom < fitted.zoom
    canvas.turn(10)
    canvas.turn_right()
    assert canvas.view.angle == 15
    canvas.turn_left()
    canvas.turn_left()
    assert canvas.view.angle == 345
    canvas.straighten()
    assert canvas.view == fitted


def test_panning_ends_where_the_picture_would_be_lost(canvas: Canvas) -> None:
    for _ in range(20):
        drag(canvas, (10, 10), (390, 290), button=MIDDLE)
    corner = canvas.view.transform.map(QPointF())
    assert 0 < corner.x() < canvas.width()
    assert 0 < corner.y() < canvas.height()


def test_a_key_that_is_let_go_elsewhere_is_let_go(canvas: Canvas) -> None:
    QTest.keyPress(canvas, Qt.Key.Key_R)
    canvas.clearFocus()
    canvas.focusOutEvent(None)
    stroke(canvas, (50, 50), (200, 50))
    assert canvas.view.angle == 0
    assert len(canvas.session.history.steps) == 2


def test_the_cursor_tells_what_a_drag_would_do(canvas: Canvas) -> None:
    mouse(canvas, QEvent.Type.MouseMove, (100, 100))
    own = canvas.cursor().shape()
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    assert canvas.cursor().shape() == Qt.CursorShape.OpenHandCursor
    QTest.keyPress(canvas, Qt.Key.Key_Shift)
    assert canvas.cursor().shape() == Qt.CursorShape.BitmapCursor
    QTest.keyRelease(canvas, Qt.Key.Key_Shift)
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.cursor().shape() == own


def test_the_picture_stays_in_the_middle_when_the_window_grows(canvas: Canvas) -> None:
    canvas.turn(30)
    canvas.set_zoom(2.0)
    before = canvas.view.to_canvas(middle_of(canvas))
    canvas.resize(600, 500)
    after = canvas.view.to_canvas(middle_of(canvas))
    assert math.hypot(after.x() - before.x(), after.y() - before.y()) <= 1
