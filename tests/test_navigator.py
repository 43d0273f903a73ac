"""The navigator: the picture small, and the frame that moves the view; and the view in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QEnterEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.area import Rect
from tests.hands import mouse, small_canvas, stroke
from ui.canvas import Canvas
from ui.document import Selection, document_from, frozen, new_document
from ui.navigator import Navigator
from ui.pixels import rgba_of
from ui.view import View
from ui.view_chips import TurnedChip, ZoomField, percent, worded, zoom_in


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    return small_canvas(qtbot)


@pytest.fixture
def navigator(canvas: Canvas, qtbot: QtBot) -> Navigator:
    navigator = Navigator(canvas, canvas.session)
    qtbot.addWidget(navigator)
    navigator.resize(300, 200)
    navigator.show()
    return navigator


def middle(canvas: Canvas) -> QPointF:
    return canvas.view.to_canvas(QPointF(canvas.width() / 2, canvas.height() / 2))


def test_all_of_the_picture_is_seen_even_what_the_canvas_never_showed(
    navigator: Navigator, canvas: Canvas, qtbot: QtBot
) -> None:
    rgba = np.full((2000, 3000, 4), (200, 60, 20, 255), np.uint8)
    rgba[:, 1500:] = (20, 60, 200, 255)
    canvas.session.open(document_from(rgba))
    canvas.show_part(QRectF(0, 0, 20, 20))
    assert canvas.picture.prepare(0.0)
    qtbot.waitUntil(lambda: not canvas.picture.prepare(0.0))
    small = navigator.small
    qtbot.waitUntil(lambda: small.grab().toImage().pixelColor(small.grab().rect().center()).alpha() == 255)
    picture = rgba_of(small.grab().toImage())
    right = picture[picture.shape[0] // 2, int(picture.shape[1] * 0.6), :3]
    assert right[2] > 2 * right[0]


def test_a_press_shows_that_part_and_the_frame_is_dragged(navigator: Navigator, canvas: Canvas) -> None:
    canvas.set_zoom(8.0)
    canvas.centre_on(QPointF(100, 100))
    small = navigator.small
    there = small.transform.map(QPointF(320, 240)).toPoint()
    QTest.mousePress(small, Qt.MouseButton.LeftButton, pos=there)
    assert abs(middle(canvas).x() - 320) < 4
    assert abs(middle(canvas).y() - 240) < 4
    to = small.transform.map(QPointF(120, 140)).toPoint()
    none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
    keys = Qt.KeyboardModifier.NoModifier
    at = QPointF(to)
    move = QMouseEvent(QEvent.Type.MouseMove, at, QPointF(small.mapToGlobal(at)), none, left, keys)
    QApplication.sendEvent(small, move)
    QTest.mouseRelease(small, left, pos=to)
    assert abs(middle(canvas).x() - 120) < 4
    assert abs(middle(canvas).y() - 140) < 4


def test_keys_slider_and_buttons_move_the_view(navigator: Navigator, canvas: Canvas) -> None:
    canvas.set_zoom(2.0)
    assert navigator.slider.value() == 200
    navigator.slider.moved.emit(300.0)
    assert canvas.view.zoom == 3
    before = canvas.view
    QTest.keyClick(navigator.small, Qt.Key.Key_Right)
    assert canvas.view == before.panned(QPointF(-40, 0))
    QTest.keyClick(navigator.small, Qt.Key.Key_Plus)
    assert canvas.view.zoom == 4


def test_nothing_is_composed_ahead_while_a_stroke_is_painted(navigator: Navigator, canvas: Canvas) -> None:
    canvas.session.open(new_document(4000, 4000, (255, 255, 255, 255)))
    canvas.show_part(QRectF(0, 0, 400, 300))
    canvas.grab()
    stroke(canvas, (50, 50), (200, 200), release=False)
    navigator.small._follow()
    stale = canvas.picture.prepare(0.0)
    assert stale
    assert navigator.small._clock.isActive()
    canvas.cancel_gesture()


def test_the_chip_is_there_while_the_view_is_turned(canvas: Canvas) -> None:
    chip = TurnedChip(canvas)
    canvas.turn(30)
    assert chip.isVisible()
    assert chip.text.text() == "30\N{DEGREE SIGN}"
    canvas.flip()
    assert "mirrored" in chip.text.text()
    QTest.mouseClick(chip.reset, Qt.MouseButton.LeftButton)
    assert canvas.view.is_plain
    assert not chip.isVisible()


def test_what_floats_over_the_canvas_is_not_painted_through(canvas: Canvas) -> None:
    chip = TurnedChip(canvas)
    canvas.turn(30)
    mouse(canvas, QEvent.Type.MouseMove, (200, 150))
    assert canvas._outline() is not None
    QApplication.sendEvent(chip, QEnterEvent(QPointF(5, 5), QPointF(5, 5), QPointF(5, 5)))
    assert canvas._outline() is None
    for part in (chip, chip.text):
        QTest.mouseClick(part, Qt.MouseButton.LeftButton)
    assert len(canvas.session.history.steps) == 1


def test_the_view_is_worded() -> None:
    assert worded(View(mirrored=True)) == "Mirrored"
    assert worded(View(angle=345.0)) == "\N{MINUS SIGN}15\N{DEGREE SIGN}"
    assert worded(View(angle=12.34, mirrored=True)) == "12.3\N{DEGREE SIGN}, mirrored"


@pytest.mark.parametrize(
    ("text", "zoom"), [("150", 1.5), ("37,5 %", 0.375), ("1:2", 0.5), ("0", None), ("x", None), ("1:0", None)]
)
def test_a_zoom_can_be_typed(text: str, zoom: float | None) -> None:
    assert zoom_in(text) == zoom


def test_the_field_shows_the_zoom_that_is_and_asks_for_another(canvas: Canvas, qtbot: QtBot) -> None:
    field = ZoomField()
    qtbot.addWidget(field)
    field.show()
    canvas.zoom_changed.connect(field.show_zoom)
    field.asked.connect(canvas.set_zoom)
    field.show_zoom(canvas.view.zoom)
    for typed, shown in (("250", "250 %"), ("99999", "6400 %"), ("rubbish", "6400 %"), ("3.3", "3.3 %")):
        field.setText(typed)
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert field.text() == shown
    QTest.keyClick(field, Qt.Key.Key_Up)
    assert canvas.view.zoom == 1 / 16
    assert percent(canvas.view.zoom) == "6.2 %"


def test_what_is_selected_is_shown_as_large_as_it_fits(canvas: Canvas) -> None:
    said: list[str] = []
    canvas.session.said.connect(said.append)
    canvas.show_selection()
    assert said
    at = Rect(300, 200, 20, 10)
    chosen = Selection(at, frozen(np.full((10, 20), 255, np.uint8)))
    canvas.session.commit("Select", lambda document: replace(document, selection=chosen))
    canvas.show_selection()
    assert abs(middle(canvas).x() - 310) < 1
    assert canvas.view.zoom > 8


def test_a_wheel_over_the_small_picture_zooms(navigator: Navigator, canvas: Canvas) -> None:
    before, at = canvas.view.zoom, QPointF(50, 50)
    none, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(at, at, QPoint(), QPoint(0, 120), none, keys, phase, False)
    QApplication.sendEvent(navigator.small, event)
    assert canvas.view.zoom == pytest.approx(1.2 * before)
