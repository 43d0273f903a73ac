"""The canvas: real widgets, real events, and pixels compared exactly."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QPainter,
    QRegion,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.area import Rect
from tests.hands import (
    button_event,
    fingers,
    mouse,
    pen,
    pixel,
    seen,
    small_canvas,
    stroke,
    wheel,
)
from ui.canvas import Canvas
from ui.document import document_from, layer_from, new_document, read, stroke_alpha
from ui.pixels import halvings, image_of, painting, rgba_of
from ui.session import Overlay, Session
from ui.tools import Brush, Pan
from ui.view import View


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    return small_canvas(qtbot)


def test_qt_calls_keep_their_hands_off_none(qapp: QApplication) -> None:
    """PySide6 6.12.0 on Python < 3.12 drops a reference to None in each call, and dies at zero."""
    widget, before = QWidget(), sys.getrefcount(None)
    for _ in range(500):
        widget.update()
    assert sys.getrefcount(None) > before - 100


def test_a_stroke_is_seen_and_is_one_undo_step(canvas: Canvas) -> None:
    blank = seen(canvas)
    stroke(canvas, (50, 50), (200, 50), (200, 200))
    assert seen(canvas)[50, 100].tolist() == [0, 0, 0]
    assert [label for label, _ in canvas.session.history.steps] == ["Open", "Brush"]
    canvas.session.undo()
    assert (seen(canvas) == blank).all()
    canvas.session.redo()
    assert seen(canvas)[50, 100].tolist() == [0, 0, 0]


def test_the_screen_shows_the_document(canvas: Canvas) -> None:
    stroke(canvas, (20, 20), (300, 250))
    document = read(canvas.session.document, canvas.session.document.rect)[..., :3]
    assert (seen(canvas)[:300, :400] == document).all()


@pytest.mark.skipif("QT_SCALE_FACTOR" in os.environ, reason="this is that run")
def test_all_this_holds_on_a_dense_screen() -> None:
    environment = {**os.environ, "QT_SCALE_FACTOR": "1.5"}
    others = (f"test_{name}.py" for name in ("tools", "steering", "comparing", "navigator"))
    files = [str(Path(__file__).with_name(name)) for name in others]
    command = [sys.executable, "-m", "pytest", "-q", __file__, *files]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_escape_leaves_no_trace(canvas: Canvas) -> None:
    blank, document = seen(canvas), canvas.session.document
    stroke(canvas, (50, 50), (200, 50), release=False)
    assert (seen(canvas) != blank).any()
    assert canvas.cancel_gesture()
    assert (seen(canvas) == blank).all()
    assert canvas.session.document is document
    assert not canvas.cancel_gesture()
    mouse(canvas, QEvent.Type.MouseButtonRelease, (200, 50))
    assert canvas.session.document is document


def test_mouse_events_beside_a_pens_are_ignored(canvas: Canvas) -> None:
    pen(canvas, QEvent.Type.TabletPress, (50, 150), 1.0)
    stroke(canvas, (50, 20), (350, 20))
    pen(canvas, QEvent.Type.TabletRelease, (60, 150), 0.0)
    assert not stroke_alpha(canvas.session.document)[20].any()
    assert len(canvas.session.history.steps) == 2


def test_a_pen_that_leaves_without_a_release_ends_its_stroke(canvas: Canvas) -> None:
    pen(canvas, QEvent.Type.TabletPress, (50, 150), 1.0)
    pen(canvas, QEvent.Type.TabletMove, (90, 150), 1.0)
    QApplication.sendEvent(canvas, QFocusEvent(QEvent.Type.FocusOut))
    assert [label for label, _ in canvas.session.history.steps] == ["Open", "Brush"]
    stroke(canvas, (50, 20), (350, 20))  # the mouse is heard again
    assert len(canvas.session.history.steps) == 3


def test_a_second_button_changes_nothing(canvas: Canvas) -> None:
    left, middle = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
    press, release = QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease
    before = canvas.view
    stroke(canvas, (50, 50), (100, 50), release=False)
    button_event(canvas, press, (100, 50), middle, left | middle)
    mouse(canvas, QEvent.Type.MouseMove, (200, 50))
    button_event(canvas, release, (200, 50), left, middle)
    assert not canvas.session.is_busy
    assert canvas.view == before
    assert stroke_alpha(canvas.session.document)[50, 50:200].all()
    button_event(canvas, release, (200, 50), middle, Qt.MouseButton.NoButton)
    assert len(canvas.session.history.steps) == 2


def test_a_release_that_went_elsewhere_ends_the_stroke_where_it_was(canvas: Canvas) -> None:
    stroke(canvas, (50, 50), (100, 50), release=False)
    button_event(canvas, QEvent.Type.MouseMove, (300, 250), Qt.MouseButton.NoButton, Qt.MouseButton.NoButton)
    assert not canvas.session.is_busy
    alpha = stroke_alpha(canvas.session.document)
    assert alpha[50, 100] == 255
    assert not alpha[100:].any()


def test_what_waits_for_a_stroke_never_reaches_another_document(canvas: Canvas) -> None:
    stroke(canvas, (50, 50), (200, 50), release=False)
    canvas.session.commit("Result", lambda document: document.with_layer(document.layers[0]))
    other = new_document(400, 300, (9, 9, 9, 255))
    canvas.session.open(other)
    assert canvas.session.document is other
    assert not canvas.session.is_busy
    stroke(canvas, (300, 200), keys=Qt.KeyboardModifier.ShiftModifier)
    assert not stroke_alpha(canvas.session.document)[50:100, 50:200].any()


def test_nothing_is_committed_while_a_stroke_is_under_way(canvas: Canvas) -> None:
    """A result that arrives meanwhile waits for the release, and undo does nothing."""
    session = canvas.session
    stroke(canvas, (50, 50), (200, 50), release=False)
    blue = layer_from(np.full((20, 20, 4), (0, 0, 255, 255), np.uint8), "Result", "result", 300, 200)
    session.commit("Result", lambda document: document.with_layer(blue))
    session.undo()
    assert len(session.history.steps) == 1
    mouse(canvas, QEvent.Type.MouseButtonRelease, (200, 50))
    assert [label for label, _ in session.history.steps] == ["Open", "Brush", "Result"]
    assert [layer.name for layer in session.document.layers] == ["Background", "Strokes", "Result"]
    assert pixel(session.document, 100, 50) == [0, 0, 0, 255]


def test_a_wheel_zooms_to_the_pointer(canvas: Canvas) -> None:
    at = QPointF(120, 90)
    before = canvas.view.to_canvas(at)
    wheel(canvas, at, QPoint(0, 240))
    assert canvas.view.zoom == pytest.approx(1.44)
    after = canvas.view.to_canvas(at)
    assert abs(after.x() - before.x()) < 1
    assert abs(after.y() - before.y()) < 1


def test_two_fingers_move_the_view_and_a_sideways_wheel_does_nothing(canvas: Canvas) -> None:
    before = canvas.view
    wheel(canvas, QPointF(120, 90), QPoint(120, 0))
    assert canvas.view == before
    wheel(canvas, QPointF(120, 90), QPoint(0, 80), QPoint(8, 12), Qt.ScrollPhase.ScrollUpdate)
    assert canvas.view == before.panned(QPointF(8, 12))


def test_a_pinch_zooms(canvas: Canvas) -> None:
    at = QPointF(120, 90)
    fingers(canvas, Qt.NativeGestureType.ZoomNativeGesture, at, 0.5)
    assert canvas.view.zoom == pytest.approx(1.5)


def test_the_view_stays_when_a_canvas_is_sized_before_it_is_shown(qtbot: QtBot) -> None:
    canvas = Canvas(Session(new_document(400, 300, (255, 255, 255, 255))))
    qtbot.addWidget(canvas)
    canvas.actual_size()
    before = canvas.view
    canvas.resize(1200, 900)
    canvas.show()
    assert canvas.view == before


def test_the_zoom_that_is_told_is_the_one_that_is_shown(qtbot: QtBot) -> None:
    canvas = Canvas(Session(new_document(400, 300, (255, 255, 255, 255))))
    qtbot.addWidget(canvas)
    told: list[float] = []
    canvas.zoom_changed.connect(told.append)
    canvas.resize(300, 200)
    canvas.show()
    canvas.grab()
    assert canvas.view.ratio == canvas.devicePixelRatioF()
    assert told[-1] == canvas.view.zoom


def test_zoom_stops_fit_and_actual_size(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.zoom_in()
    assert canvas.view.zoom == 1.5
    canvas.zoom_out()
    canvas.zoom_out()
    assert canvas.view.zoom == pytest.approx(2 / 3)
    with qtbot.waitSignal(canvas.zoom_changed) as zoomed:
        canvas.actual_size()
    assert zoomed.args == [1.0]
    canvas.fit()
    corner = canvas.view.transform.map(QPointF(400, 300))
    assert corner.x() < canvas.width()
    assert corner.y() < canvas.height()


def test_space_and_the_hand_move_the_view_and_paint_nothing(canvas: Canvas) -> None:
    x = canvas.view.x
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    stroke(canvas, (100, 100), (150, 100))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.view.x != x
    canvas.set_tool(Pan())
    stroke(canvas, (100, 100), (150, 100))
    assert len(canvas.session.history.steps) == 1


@pytest.mark.parametrize("zoom", [0.13, 0.4, 1.37, 2.5, 20.0])
def test_repainting_a_part_leaves_no_seam(canvas: Canvas, zoom: float) -> None:
    photo = np.random.default_rng(3).integers(0, 256, (300, 400, 4), dtype=np.uint8)
    photo[..., 3] = 255
    canvas.session.open(document_from(photo))
    canvas._zoom(zoom, QPointF(200, 150))
    canvas._move_hover(None)
    whole = canvas.grab().toImage()
    in_parts = QImage(whole.size(), whole.format())
    in_parts.setDevicePixelRatio(whole.devicePixelRatio())
    for x in range(0, canvas.width(), 38):
        for y in range(0, canvas.height(), 54):
            canvas.render(in_parts, QPoint(x, y), QRegion(x, y, 38, 54))
    rounding = 0 if zoom >= 1 else 1
    assert np.abs(rgba_of(in_parts).astype(int) - rgba_of(whole)).max() <= rounding


def test_an_overlay_is_shown_and_never_becomes_part_of_the_document(canvas: Canvas) -> None:
    blank, document = seen(canvas), canvas.session.document
    green = np.full((10, 10, 4), (0, 255, 0, 255), np.uint8)
    canvas.session.preview(Overlay(Rect(100, 100, 80, 40), green))
    assert seen(canvas)[120, 140].tolist() == [0, 255, 0]
    assert (seen(canvas)[50] == blank[50]).all()
    canvas.session.preview(None)
    assert (seen(canvas) == blank).all()
    assert canvas.session.document is document


def test_a_large_result_is_seen_small_without_noise(canvas: Canvas) -> None:
    noise = np.random.default_rng(1).integers(0, 2, (1200, 1600, 1), dtype=np.uint8) * np.uint8(255)
    pixels = np.concatenate([noise, noise, noise, np.full_like(noise, 255)], 2)
    canvas.session.open(new_document(1600, 1200, (0, 0, 0, 255)))
    canvas.session.preview(Overlay(Rect(0, 0, 1600, 1200), pixels, halvings=halvings(pixels)))
    canvas.set_zoom(1 / 8)
    screen = seen(canvas)
    middle = screen[screen.shape[0] // 2 - 50 :, screen.shape[1] // 2 - 60 :][:100, :120]
    assert abs(middle.mean() - 127.5) < 3
    assert middle.std() < 20  # of four pixels alone it would be 60


def test_comparing_shows_the_original_picture(canvas: Canvas) -> None:
    blank = seen(canvas)
    stroke(canvas, (50, 50), (200, 50))
    painted = seen(canvas)
    canvas.session.compare(True)
    assert (seen(canvas) == blank).all()
    canvas.session.compare(False)
    assert (seen(canvas) == painted).all()


class Flag:
    """Green on the picture and far beyond its edge, and a red dot at the canvas's corner."""

    def paint_picture(self, painter: QPainter, session: Session) -> None:
        painter.setOpacity(0.5)
        painter.fillRect(300, 100, 500, 20, QColor(0, 255, 0))

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        painter.fillRect(view.to_widget(QRectF(0, 0, 2, 2)), QColor(255, 0, 0))


def test_marks_of_other_parts_lie_over_the_picture_whichever_tool_is_chosen(canvas: Canvas) -> None:
    canvas.resize(600, 300)
    canvas.view = replace(canvas.view, x=100.0, y=0.0)
    canvas.add_marks(Flag())
    for tool in (Pan(), Brush()):
        canvas.set_tool(tool)
        screen = seen(canvas)
        assert screen[110, 450].tolist() == pytest.approx([127, 255, 127], abs=1)
        assert screen[110, 550].tolist() == [30, 30, 30]  # inside of the picture alone
        assert screen[0, 100].tolist() == [255, 0, 0]


def test_a_frozen_array_cannot_be_painted_on() -> None:
    tile = new_document(10, 10, (1, 2, 3, 255)).layers[0].tiles[0, 0]
    with pytest.raises(ValueError, match="frozen"), painting(tile):
        pass
    assert image_of(tile).pixelColor(0, 0) == QColor(1, 2, 3)


def test_another_document_fits_the_canvas(canvas: Canvas) -> None:
    canvas.session.open(new_document(2000, 1000, (200, 100, 50, 255)))
    assert canvas.view.zoom < 0.3
    assert (seen(canvas)[150, 200] == (200, 100, 50)).all()


def test_a_slow_picture_comes_piece_by_piece_and_comes_whole(qtbot: QtBot) -> None:
    """Blend modes on a hundred tiles would make the window stand still."""
    rgba = np.full((2560, 2560, 4), (90, 120, 200, 255), np.uint8)
    shade = replace(layer_from(rgba, "shade", "strokes"), blend="multiply")
    session = Session(document_from(rgba).with_layer(shade))
    canvas = Canvas(session)
    canvas.resize(400, 400)
    qtbot.addWidget(canvas)
    canvas.show()
    canvas.grab()
    assert canvas.picture.is_behind
    qtbot.waitUntil(lambda: not canvas.picture.is_behind)
    shown = canvas.grab().toImage()
    for x, y in ((0.5, 0.45), (0.2, 0.2), (0.8, 0.7)):
        colour = shown.pixelColor(round(x * shown.width()), round(y * shown.height()))
        assert (colour.red(), colour.green(), colour.blue()) == (32, 56, 157)
