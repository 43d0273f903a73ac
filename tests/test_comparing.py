"""Before and after: held, side by side with a line between them, and what differs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.area import Rect
from engine.types import EditRequest, SDEdit
from tests.bench import Bench, scenario
from tests.hands import seen, small_canvas, stroke
from ui.apply import Ask
from ui.canvas import Canvas
from ui.comparing import SplitLine, differs, made_different, worded
from ui.difference import Count, coloured, counted
from ui.document import Layer, Selection, document_from, frozen, layer_from, new_document, premultiplied
from ui.pixels import rgba_of
from ui.session import Overlay
from ui.succession import original

BLACK, WHITE = [0, 0, 0], [255, 255, 255]


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    canvas = small_canvas(qtbot)
    stroke(canvas, (20, 50), (380, 50))
    return canvas


def split_at(canvas: Canvas, x: float) -> None:
    """The line at that pixel of the screen."""
    canvas.picture.split = x / (canvas.width() * canvas.view.ratio)
    canvas.picture.compare("split")


def test_left_of_the_line_is_the_original(canvas: Canvas) -> None:
    split_at(canvas, 200)
    row = seen(canvas)[50]
    assert (row[30:199] == 255).all()
    assert (row[201:360] == 0).all()
    canvas.cancel_gesture()
    canvas.picture.compare("none")
    assert (seen(canvas)[50, 30:370] == 0).all()


def test_the_line_stays_upright_when_the_picture_is_turned(canvas: Canvas) -> None:
    canvas.turn(90)
    canvas.centre_on(QPointF(200, 50))
    middle = canvas.width() * canvas.view.ratio / 2
    at = canvas.view.transform.map(QPointF(200, 50)) * canvas.view.ratio
    for split, colour in ((middle - 8, BLACK), (middle + 8, WHITE)):
        split_at(canvas, split)
        assert seen(canvas)[round(at.y()), round(at.x())].tolist() == colour


def test_what_the_engine_makes_is_right_of_the_line_alone(canvas: Canvas) -> None:
    green = np.full((10, 10, 4), (0, 255, 0, 255), np.uint8)
    canvas.session.preview(Overlay(Rect(100, 100, 200, 40), green))
    split_at(canvas, 200)
    screen = seen(canvas)
    assert screen[120, 150].tolist() == WHITE
    assert screen[120, 250].tolist() == [0, 255, 0]


def test_what_is_clear_in_the_original_is_clear_left_of_the_line(canvas: Canvas) -> None:
    clear = np.zeros((300, 400, 4), np.uint8)
    clear[200:, :, :] = (9, 9, 9, 255)
    canvas.session.open(document_from(clear))
    canvas.actual_size()
    canvas.view = replace(canvas.view, x=0.0, y=0.0)
    blank = seen(canvas)
    stroke(canvas, (20, 50), (380, 50))
    split_at(canvas, 200)
    assert (seen(canvas)[:, :200] == blank[:, :200]).all()
    assert seen(canvas)[50, 300].tolist() == BLACK


def test_strokes_are_seen_while_they_are_painted_beside_the_line(canvas: Canvas) -> None:
    split_at(canvas, 200)
    stroke(canvas, (20, 150), (380, 150), release=False)
    row = seen(canvas)[150]
    assert (row[30:199] == 255).all()
    assert (row[201:360] == 0).all()
    canvas.cancel_gesture()


def test_the_line_is_dragged_and_moved_by_keys(canvas: Canvas) -> None:
    canvas.picture.compare("split")
    line = SplitLine(canvas)
    line.place()
    line.show()
    middle = QPointF(line.width() / 2, line.height() / 2)
    to = middle + QPointF(80, 0)
    button, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    for kind, at, which in (
        (QEvent.Type.MouseButtonPress, middle, button),
        (QEvent.Type.MouseMove, to, none),
    ):
        keys = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(kind, at, QPointF(line.mapToGlobal(at)), which, button, keys)
        QApplication.sendEvent(line, event)
    assert canvas.picture.split == pytest.approx(0.5 + 80 / canvas.width(), abs=0.01)
    line.move_to(0.5)
    QTest.keyClick(line, Qt.Key.Key_Right)
    QTest.keyClick(line, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.picture.split == pytest.approx(0.61)
    QTest.keyClick(line, Qt.Key.Key_Home)
    assert canvas.picture.split == 0
    assert abs(line.geometry().center().x()) <= 1


def test_what_differs_is_coloured_and_what_does_not_stays_dark(canvas: Canvas) -> None:
    canvas.picture.compare("difference")
    screen = seen(canvas)[:300, :400]
    assert (screen[100:] == 255 // 5).all()
    assert (screen[50, 30:370].max(1) > 200).all()
    canvas.session.undo()
    assert (seen(canvas)[:300, :400] == 255 // 5).all()
    green = np.full((1, 1, 4), (255, 254, 255, 255), np.uint8)  # a step of one is seen
    canvas.session.preview(Overlay(Rect(100, 100, 1, 1), green))
    assert seen(canvas)[100, 100].max() > 100
    canvas.session.preview(None)
    assert (seen(canvas)[:300, :400] == 255 // 5).all()


def test_the_difference_of_a_large_picture_comes_piece_by_piece(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.session.open(new_document(2048, 2048, (255, 255, 255, 255)))
    canvas.picture.compare("difference")
    canvas.repaint()
    assert canvas.picture.is_behind
    qtbot.waitUntil(lambda: not canvas.picture.is_behind)
    at = canvas.view.to_widget(QRectF(0, 0, 2048, 2048)).adjusted(2, 2, -2, -2).toRect()
    assert (rgba_of(canvas.grab(at).toImage())[..., :3] == 255 // 5).all()


def test_pixels_are_counted_exactly() -> None:
    a = np.zeros((4, 4, 4), np.uint8)
    b = a.copy()
    b[0, 0, 2] = b[1, 1, 0] = b[3, 3, 3] = 1
    free = np.zeros((4, 4), np.uint8)
    free[:2] = 1
    assert counted(a, b, None) == (3, None)
    assert counted(a, b, free) == (3, 1)
    assert (coloured(a, b)[..., :3].max(2) > 0).sum() == 3


def test_a_result_proves_that_it_kept_the_rest(canvas: Canvas) -> None:
    random = np.random.default_rng(1)
    image = random.integers(0, 256, (40, 60, 3), dtype=np.uint8)
    mask = np.zeros((40, 60), np.float32)
    mask[10:20, 10:30] = 0.5
    ask = Ask(Rect(0, 0, 60, 40), EditRequest(image, image, mask, SDEdit(0.5), steps=4))
    made = np.zeros((40, 60, 4), np.uint8)
    made[..., :3], made[..., 3] = 255 - image, mask * 255
    honest = Overlay(ask.at, premultiplied(made))
    count = made_different(ask, honest)
    assert count.outside == 0
    assert 150 < count.changed <= 200
    made[0, 0, 3] = 255
    assert made_different(ask, Overlay(ask.at, premultiplied(made))).outside == 1


def test_a_document_is_compared_with_its_original_in_its_own_depth() -> None:
    photo = np.full((700, 300, 4), 65535, np.uint16)
    document = document_from(photo)
    nearly = np.full((2, 5, 4), 65535, np.uint16)
    nearly[..., 0] -= 1
    document = document.with_layer(layer_from(nearly, "Result", "result", 10, 600))
    assert differs(document) == (10, None)
    inside = Selection(Rect(10, 600, 3, 2), frozen(np.full((2, 3), 255, np.uint8)))
    assert differs(replace(document, selection=inside)) == (10, 4)
    assert differs(original(document)) == (0, None)


def test_the_original_holds_the_pictures_of_groups_alone() -> None:
    rgba = np.full((10, 10, 4), 255, np.uint8)
    inner = (layer_from(rgba, "photo", "picture"), layer_from(rgba, "stroke", "strokes"))
    document = document_from(rgba).with_layer(Layer("group", "group", layers=inner))
    assert [layer.name for layer in original(document).walk()] == ["Picture", "group", "photo"]


def test_the_count_is_told_in_words() -> None:
    assert worded(Count(0, 0), True) == "No pixel differs"
    said = worded(Count(12345, 0), True)
    assert said == "This result changes 12,345 pixels, none of them outside what may change"
    assert worded(Count(7, None), False) == "7 pixels differ from the original"
    assert worded(Count(7, 2), False).endswith("2 of them outside what may change")


@scenario
async def test_the_actions_of_the_menu_compare(bench: Bench) -> None:
    window = bench.window
    bench.stroke()
    actions = window.menus.actions
    actions["comparing.split"].trigger()
    assert actions["comparing.split"].isChecked()
    assert window.comparing.line.isVisible()
    actions["comparing.difference"].trigger()
    assert not actions["comparing.split"].isChecked()
    assert not window.comparing.line.isVisible()
    await bench.until(lambda: "differ" in window.comparing.told.text.text())
    changed = int(window.comparing.told.text.text().split()[0].replace(",", ""))
    document = window.session.document
    assert changed == differs(document).changed > 0
    window.comparing.told.close_button.click()
    assert not actions["comparing.difference"].isChecked()
    assert not window.comparing.told.isVisible()


@scenario
async def test_the_original_is_seen_while_the_key_is_held_even_in_a_list(bench: Bench) -> None:
    window = bench.window
    bench.stroke()
    painted = window.canvas.grab().toImage()
    for part in (window.canvas, window.layers.tree):
        part.setFocus()
        QTest.keyPress(part, Qt.Key.Key_Backslash)
        assert window.session.comparing
        assert window.canvas.grab().toImage() != painted
        QTest.keyRelease(part, Qt.Key.Key_Backslash)
        assert not window.session.comparing
        assert window.canvas.grab().toImage() == painted
