"""Moving and transforming by hand, by keys and by numbers, in the real window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog

from engine.area import Rect
from tests.bench import WHITE, Bench, scenario
from tests.hands import mouse, seen, stroke
from ui.document import Layer, layer_from, new_document
from ui.floating import above
from ui.journal import recover
from ui.selection import rectangle
from ui.tools import Transform
from ui.transform import bounds, gathered, pasted

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


def thing() -> Layer:
    rgba = np.random.default_rng(2).integers(0, 256, (40, 60, 4), np.uint8)
    rgba[..., 3] = 255
    return pasted(layer_from(rgba, "Thing", "strokes", 100, 80))


def put_thing(bench: Bench) -> None:
    """A thing of 60 x 40 at (100, 80) on a white sheet at 100 %."""
    bench.session.open(new_document(400, 300, WHITE).with_layer(thing()))
    bench.window.canvas.actual_size()


def box(bench: Bench) -> Rect:
    return bounds(bench.session.document.layers[-1])


def take(bench: Bench, name: str) -> None:
    bench.window.holding.choose([tool.name for tool in bench.window.holding.tools].index(name))


def transform(bench: Bench) -> Transform:
    bench.key(Qt.Key.Key_T, CTRL)
    assert isinstance(bench.window.holding.tool, Transform)
    return bench.window.holding.tool


def hold(bench: Bench, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Press and drag, and do not let go."""
    canvas = bench.window.canvas
    mouse(canvas, QEvent.Type.MouseButtonPress, start)
    mouse(canvas, QEvent.Type.MouseMove, end)


# ---- move


@scenario
async def test_the_active_layer_goes_with_the_pointer(bench: Bench) -> None:
    put_thing(bench)
    before = gathered(bench.session.document.layers[-1].tiles, box(bench))
    bench.key(Qt.Key.Key_V)
    stroke(bench.window.canvas, (300, 200), (320, 190))
    assert box(bench) == Rect(120, 70, 60, 40)
    assert (gathered(bench.session.document.layers[-1].tiles, box(bench)) == before).all()
    assert bench.session.history.undo_label == "Move"
    bench.key(Qt.Key.Key_Z, CTRL)
    assert box(bench) == Rect(100, 80, 60, 40)


def assert_it_lands_as_it_was_seen(bench: Bench) -> None:
    hold(bench, (120, 100), (150, 130))
    moving = seen(bench.window.canvas)
    mouse(bench.window.canvas, QEvent.Type.MouseButtonRelease, (150, 130))
    assert (seen(bench.window.canvas) == moving).all()


@scenario
async def test_while_it_is_moved_the_screen_shows_what_will_be(bench: Bench) -> None:
    put_thing(bench)
    bench.key(Qt.Key.Key_V)
    assert_it_lands_as_it_was_seen(bench)


@scenario
async def test_escape_puts_it_back(bench: Bench) -> None:
    put_thing(bench)
    before, looks = bench.session.document, seen(bench.window.canvas)
    bench.key(Qt.Key.Key_V)
    hold(bench, (120, 100), (150, 130))
    bench.key(Qt.Key.Key_Escape)
    assert bench.session.document is before
    assert (seen(bench.window.canvas) == looks).all()


@scenario
async def test_alt_moves_a_copy_and_shift_keeps_to_one_direction(bench: Bench) -> None:
    put_thing(bench)
    bench.key(Qt.Key.Key_V)
    stroke(bench.window.canvas, (120, 100), (150, 104), keys=ALT | SHIFT)
    names = [layer.name for layer in bench.session.document.layers]
    assert names == ["Background", "Thing", "Thing 2"]
    assert [bounds(layer) for layer in bench.session.document.layers[1:]] == [
        Rect(100, 80, 60, 40),
        Rect(130, 80, 60, 40),
    ]


@scenario
async def test_arrow_keys_nudge_it(bench: Bench) -> None:
    put_thing(bench)
    bench.key(Qt.Key.Key_V)
    QTest.keyClick(bench.window.canvas, Qt.Key.Key_Left)
    QTest.keyClick(bench.window.canvas, Qt.Key.Key_Down, SHIFT)
    assert box(bench) == Rect(99, 90, 60, 40)


@scenario
async def test_what_is_selected_is_moved_alone_and_goes_on_as_a_layer_of_its_own(bench: Bench) -> None:
    put_thing(bench)
    chosen = rectangle(QPointF(100, 80), QPointF(120, 120), Rect(0, 0, 400, 300))
    bench.session.commit("Select", lambda document: replace(document, selection=chosen))
    bench.key(Qt.Key.Key_V)
    hold(bench, (110, 100), (150, 100))
    shown = bench.session.shown.selection
    assert shown is not None
    assert shown.at == Rect(140, 80, 20, 40)
    bench.key(Qt.Key.Key_Escape)
    stroke(bench.window.canvas, (110, 100), (210, 100))
    assert [bounds(layer) for layer in bench.session.document.layers[1:]] == [
        Rect(120, 80, 40, 40),
        Rect(200, 80, 20, 40),
    ]
    assert bench.session.document.selection is not None
    assert bench.session.document.selection.at == Rect(200, 80, 20, 40)
    stroke(bench.window.canvas, (210, 100), (220, 100))  # the same piece, not a piece of it
    assert len(bench.session.document.layers) == 3
    assert box(bench) == Rect(210, 80, 20, 40)


@scenario
async def test_a_locked_layer_stays_and_says_so(bench: Bench) -> None:
    put_thing(bench)
    layer = bench.session.document.layers[-1]
    locked = replace(layer, locked=True)
    bench.session.commit("Lock", lambda document: document.exchange(layer, locked))
    bench.key(Qt.Key.Key_V)
    stroke(bench.window.canvas, (120, 100), (150, 130))
    assert box(bench) == Rect(100, 80, 60, 40)
    assert "locked" in bench.window.messages.text.text()


@scenario
async def test_the_layer_under_the_pointer_may_be_picked(bench: Bench) -> None:
    put_thing(bench)
    bench.session.activate(bench.session.document.layers[0].uid)
    take(bench, "Move")
    bench.window.holding.tool.picks = True  # type: ignore[attr-defined]
    stroke(bench.window.canvas, (120, 100), (125, 100))
    assert box(bench) == Rect(105, 80, 60, 40)


def test_what_lies_over_a_layer_in_a_group() -> None:
    low, layer, high, top = (Layer(name, "strokes") for name in ("low", "layer", "high", "top"))
    group = Layer("Group", "group", layers=(low, layer, high))
    found = above((group, top), layer.uid)
    assert [[each.name for each in one.walk()] for one in found] == [["Group", "high"], ["top"]]
    assert above((low, layer), layer.uid) == ()


# ---- transform


@scenario
async def test_a_corner_scales_and_enter_applies_it_as_one_step(bench: Bench) -> None:
    put_thing(bench)
    transform(bench)
    stroke(bench.window.canvas, (160, 120), (220, 160))
    assert box(bench) == Rect(100, 80, 60, 40)  # not yet
    stroke(bench.window.canvas, (160, 120), (170, 130))
    bench.key(Qt.Key.Key_Return)
    assert bench.session.history.undo_label == "Transform"
    assert abs(box(bench).x - 110) <= 1
    assert abs(box(bench).width - 120) <= 2
    bench.key(Qt.Key.Key_Z, CTRL)
    assert box(bench) == Rect(100, 80, 60, 40)


@scenario
async def test_escape_leaves_no_trace_of_a_transform(bench: Bench) -> None:
    put_thing(bench)
    before = bench.session.document
    tool = transform(bench)
    looks = seen(bench.window.canvas)
    stroke(bench.window.canvas, (160, 120), (220, 160))
    assert (seen(bench.window.canvas) != looks).any()
    bench.key(Qt.Key.Key_Escape)
    assert bench.session.document is before
    assert not tool.is_under_way
    assert not bench.session.is_busy
    transform(bench)
    assert (seen(bench.window.canvas) == looks).all()


@scenario
async def test_undo_gives_up_what_is_under_way(bench: Bench) -> None:
    put_thing(bench)
    before = bench.session.document
    transform(bench)
    stroke(bench.window.canvas, (120, 100), (150, 130))
    bench.window.running.undo()
    assert bench.session.document is before
    assert not bench.session.is_busy


@scenario
async def test_another_tool_applies_it_and_so_does_another_change(bench: Bench) -> None:
    put_thing(bench)
    transform(bench)
    stroke(bench.window.canvas, (120, 100), (130, 100))
    bench.key(Qt.Key.Key_B)
    assert box(bench) == Rect(110, 80, 60, 40)
    transform(bench)
    stroke(bench.window.canvas, (120, 100), (130, 100))
    bench.session.commit("Other", lambda document: replace(document, selection=None))
    await bench.until(lambda: bench.session.history.undo_label == "Other")
    assert box(bench) == Rect(120, 80, 60, 40)


@scenario
async def test_numbers_and_buttons_change_the_frame(bench: Bench) -> None:
    put_thing(bench)
    tool, panel = transform(bench), bench.window.transform_panel
    assert panel.isVisible()
    assert panel.fields["width"].value() == 60
    panel.fields["width"].setValue(120)
    assert panel.fields["height"].value() == 80
    panel.link.setChecked(False)
    panel.fields["height"].setValue(40)
    panel.fields["x"].setValue(10)
    panel.fields["y"].setValue(20)
    bench.click(panel.apply_button)
    assert box(bench) in (Rect(10, 20, 120, 40), Rect(9, 20, 121, 40), Rect(9, 20, 122, 40))
    assert not tool.is_under_way


@scenario
async def test_flips_and_quarter_turns_of_the_panel_keep_every_pixel(bench: Bench) -> None:
    put_thing(bench)
    before = gathered(bench.session.document.layers[-1].tiles, box(bench))
    transform(bench)
    bench.click(bench.window.transform_panel.flip_across)
    bench.click(bench.window.transform_panel.turn_right)
    bench.click(bench.window.transform_panel.apply_button)
    assert box(bench) == Rect(110, 70, 40, 60)
    after = gathered(bench.session.document.layers[-1].tiles, box(bench))
    assert (after == np.rot90(before[:, ::-1], -1)).all()


@scenario
async def test_the_frame_of_a_turned_layer_knows_its_angle(bench: Bench) -> None:
    put_thing(bench)
    before = bench.picture()
    transform(bench)
    fields = bench.window.transform_panel.fields
    fields["angle"].setValue(30)
    bench.key(Qt.Key.Key_Return)
    assert (bench.picture() != before).any()
    transform(bench)
    assert round(fields["angle"].value()) == 30
    assert round(fields["width"].value()) == 60
    fields["angle"].setValue(0)
    bench.key(Qt.Key.Key_Return)
    assert (bench.picture() == before).all()


@scenario
async def test_arrow_keys_move_the_frame(bench: Bench) -> None:
    put_thing(bench)
    transform(bench)
    QTest.keyClick(bench.window.canvas, Qt.Key.Key_Right, SHIFT)
    QTest.keyClick(bench.window.canvas, Qt.Key.Key_Up)
    bench.key(Qt.Key.Key_Return)
    assert box(bench) == Rect(110, 79, 60, 40)


@scenario
async def test_the_frame_is_there_again_after_something_else_was_given_up(bench: Bench) -> None:
    put_thing(bench)
    tool = transform(bench)
    bench.window.selecting.all()
    bench.window.selecting.shrink()
    assert bench.session.is_busy
    seen(bench.window.canvas)
    dialog = bench.window.findChild(QDialog)
    assert dialog is not None
    dialog.reject()
    assert tool.look(bench.session)


@scenario
async def test_a_group_is_transformed_as_one(bench: Bench) -> None:
    put_thing(bench)
    group = Layer("Group", "group", layers=(thing(), thing()))
    bench.session.commit("Group", lambda document: document.with_layer(group))
    bench.session.activate(group.uid)
    transform(bench)
    before = seen(bench.window.canvas)
    stroke(bench.window.canvas, (120, 100), (150, 100))
    assert (seen(bench.window.canvas) != before).any()
    bench.key(Qt.Key.Key_Return)
    layer = bench.session.document.layer(group.uid)
    assert layer is not None
    assert [bounds(each) for each in layer.layers] == 2 * [Rect(130, 80, 60, 40)]


@scenario
async def test_ctrl_pulls_one_corner_alone(bench: Bench) -> None:
    put_thing(bench)
    tool = transform(bench)
    stroke(bench.window.canvas, (160, 120), (175, 130), keys=CTRL)
    assert np.allclose(tool.pose, [[100, 80], [160, 80], [175, 130], [100, 120]], atol=0.6)
    bench.key(Qt.Key.Key_Escape)


@scenario
async def test_what_lies_over_the_layer_stays_over_it_while_it_is_moved(bench: Bench) -> None:
    put_thing(bench)
    red = np.full((40, 60, 4), (255, 0, 0, 255), np.uint8)
    over = layer_from(red, "Over", "strokes", 130, 80)
    document = bench.session.document
    bench.session.commit("Over", lambda document: document.with_layer(over))
    bench.session.activate(document.layers[-1].uid)
    transform(bench)
    hold(bench, (110, 90), (112, 92))
    at = bench.window.canvas.view.transform.map(QPointF(150, 100)).toPoint()
    assert seen(bench.window.canvas)[at.y(), at.x()].tolist() == [255, 0, 0]
    mouse(bench.window.canvas, QEvent.Type.MouseButtonRelease, (112, 92))
    bench.key(Qt.Key.Key_Escape)


@scenario
async def test_what_shines_through_over_it_does_so_once_while_it_is_moved(bench: Bench) -> None:
    put_thing(bench)
    black = np.full((200, 300, 4), (0, 0, 0, 255), np.uint8)
    veil = replace(layer_from(black, "Veil", "strokes", 50, 50), opacity=0.5)
    moved = bench.session.active
    bench.session.commit("Veil", lambda document: document.with_layer(veil))
    bench.session.activate(moved)
    bench.key(Qt.Key.Key_V)
    assert_it_lands_as_it_was_seen(bench)


@scenario
async def test_a_crash_leaves_what_is_being_moved_where_it_was(bench: Bench) -> None:
    put_thing(bench)
    over = layer_from(np.full((40, 60, 4), 255, np.uint8), "Over", "strokes", 130, 80)
    moved = bench.session.active
    bench.session.commit("Over", lambda document: document.with_layer(over))
    bench.session.activate(moved)
    transform(bench)
    stroke(bench.window.canvas, (110, 90), (112, 92))
    await bench.window.journaling.write_now()
    assert bench.window.journaling._journal is not None
    left = recover(bench.window.journaling._journal.folder).document
    assert [(layer.name, layer.visible) for layer in left.layers] == [
        ("Background", True),
        ("Thing", True),
        ("Over", True),
    ]
    bench.key(Qt.Key.Key_Escape)


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
@pytest.mark.parametrize("moves", [True, False])
@scenario
async def test_after_it_the_tool_that_was_held_is_there_again(bench: Bench, key: Qt.Key, moves: bool) -> None:
    put_thing(bench)
    take(bench, "Eraser")
    tool = transform(bench)
    if moves:
        stroke(bench.window.canvas, (130, 100), (140, 110))
        assert tool.is_under_way
    bench.key(key)
    assert bench.window.holding.tool.name == "Eraser"
    assert bench.window.tool_bar.buttons[1].isChecked()
    transform(bench)
