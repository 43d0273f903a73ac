"""The Select menu in the real window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor

from engine.area import Rect
from tests.bench import WHITE, Bench, scenario
from tests.hands import stroke
from ui.document import Selection, document_from, layer_from, new_document
from ui.selecting import _Adjust
from ui.selection import holds, rectangle
from ui.settings import Settings
from ui.slider import Slider

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def select(bench: Bench, x: int, y: int, width: int, height: int) -> None:
    rect = bench.session.document.rect
    chosen = rectangle(QPointF(x, y), QPointF(x + width, y + height), rect)
    bench.session.commit("Select", lambda document: replace(document, selection=chosen))


def selection(bench: Bench) -> Selection:
    found = bench.session.document.selection
    assert found is not None
    return found


def dialog(bench: Bench) -> _Adjust:
    found = bench.window.findChildren(_Adjust)[-1]
    assert found.isVisible()
    return found


def slider(bench: Bench):  # type: ignore[no-untyped-def]
    return dialog(bench).findChild(Slider)


@scenario
async def test_all_none_reselect_and_invert_by_their_keys(bench: Bench) -> None:
    bench.key(Qt.Key.Key_A, CTRL)
    assert selection(bench).at == Rect(0, 0, 96, 64)
    bench.key(Qt.Key.Key_A, CTRL | SHIFT)
    assert bench.session.document.selection is None
    select(bench, 0, 0, 40, 64)
    bench.key(Qt.Key.Key_D, CTRL)
    assert bench.session.document.selection is None
    bench.key(Qt.Key.Key_D, CTRL | SHIFT)
    assert selection(bench).at == Rect(0, 0, 40, 64)
    bench.key(Qt.Key.Key_I, CTRL | SHIFT)
    assert selection(bench).at == Rect(40, 0, 56, 64)
    bench.key(Qt.Key.Key_Z, CTRL)
    assert selection(bench).at == Rect(0, 0, 40, 64)


@scenario
async def test_to_invert_everything_selects_nothing_and_says_so(bench: Bench) -> None:
    bench.window.selecting.all()
    bench.window.selecting.invert()
    assert bench.session.document.selection is None
    assert "Nothing is selected" in bench.window.messages.text.text()


@scenario
async def test_to_grow_asks_how_far_and_shows_it_while_it_asks(bench: Bench) -> None:
    select(bench, 30, 20, 20, 20)
    before = bench.session.document
    bench.window.selecting.grow()
    slider(bench).set_value(5)

    def shown() -> Rect | None:
        selection = bench.session.shown.selection
        return None if selection is None else selection.at

    await bench.until(lambda: shown() == Rect(25, 15, 30, 30))
    assert bench.session.document is before
    bench.click(dialog(bench).ok_button)
    assert selection(bench).at == Rect(25, 15, 30, 30)
    assert bench.session.history.undo_label == "Grow selection"


@scenario
async def test_cancel_leaves_no_trace(bench: Bench) -> None:
    select(bench, 30, 20, 20, 20)
    before = bench.session.document
    for asks in (
        bench.window.selecting.shrink,
        bench.window.selecting.feather,
        bench.window.selecting.border,
    ):
        asks()
        bench.click(dialog(bench).cancel_button)
        await bench.until(lambda: not bench.session.is_busy)
    assert bench.session.document is before
    assert bench.session.shown is before


@scenario
async def test_what_was_asked_for_is_remembered(bench: Bench) -> None:
    select(bench, 30, 20, 20, 20)
    bench.window.selecting.feather()
    slider(bench).set_value(7)
    bench.click(dialog(bench).ok_button)
    assert selection(bench).mask.min() < 100
    assert bench.window.selecting.remembered_in(Settings()).selection_feather == 7


@scenario
async def test_without_a_selection_there_is_nothing_to_grow(bench: Bench) -> None:
    bench.window.selecting.grow()
    assert not bench.window.findChildren(_Adjust)
    assert "select something first" in bench.window.messages.text.text()


@scenario
async def test_a_colour_range_takes_the_current_colour(bench: Bench) -> None:
    rgba = np.full((64, 96, 4), WHITE, np.uint8)
    rgba[:, 48:] = (10, 120, 200, 255)
    bench.session.open(document_from(rgba))
    bench.session.set_colour(QColor(10, 120, 200))
    bench.window.selecting.colour_range()
    bench.click(dialog(bench).ok_button)
    assert selection(bench).at == Rect(48, 0, 48, 64)


@scenario
async def test_a_layer_becomes_a_selection(bench: Bench) -> None:
    rgba = np.full((10, 20, 4), (200, 10, 10, 128), np.uint8)
    layer = layer_from(rgba, "Thing", "strokes", 30, 20)
    bench.session.open(new_document(96, 64, WHITE).with_layer(layer))
    bench.window.selecting.from_layer()
    assert selection(bench).at == Rect(30, 20, 20, 10)
    assert selection(bench).mask[5, 5] == 128
    select(bench, 0, 0, 10, 10)
    bench.window.selecting.from_alpha(layer, "add")
    assert selection(bench).at == Rect(0, 0, 50, 30)


@scenario
async def test_a_selection_becomes_an_area_and_comes_back(bench: Bench) -> None:
    bench.window.selecting.to_editable()
    assert "select something first" in bench.window.messages.text.text()
    select(bench, 10, 10, 20, 20)
    bench.window.selecting.to_editable()
    select(bench, 25, 10, 20, 20)
    bench.window.selecting.to_editable()
    area = bench.session.document.area("editable")
    assert area is not None
    bench.window.selecting.none()
    bench.window.selecting.from_editable()
    assert selection(bench).at == Rect(10, 10, 35, 20)
    bench.window.selecting.to_protected()
    assert bench.session.document.area("protected") is not None


@scenario
async def test_escape_gives_up_a_polygon_and_enter_closes_it(bench: Bench) -> None:
    window = bench.window
    window.holding.choose([tool.name for tool in window.holding.tools].index("Polygon"))
    for corner in ((10, 10), (60, 10), (60, 50)):
        stroke(window.canvas, corner)
    bench.key(Qt.Key.Key_Escape)
    assert bench.session.document.selection is None
    for corner in ((10, 10), (60, 10), (60, 50)):
        stroke(window.canvas, corner)
    bench.key(Qt.Key.Key_Return)
    assert holds(selection(bench), 50, 15)


@scenario
async def test_an_edit_works_inside_the_selection(bench: Bench) -> None:
    await bench.start_engine()
    before = bench.picture()
    select(bench, 20, 10, 40, 30)
    bench.click(bench.window.edit_panel.main)
    await bench.finish()
    bench.key(Qt.Key.Key_Return)
    after = bench.picture()
    inside = np.zeros((64, 96), bool)
    inside[10:40, 20:60] = True
    assert (after[~inside] == before[~inside]).all()
    assert (after[inside] != before[inside]).any()
