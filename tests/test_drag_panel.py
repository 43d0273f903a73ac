"""The panel of the Drag tool: what is set there, and the list of handles."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidgetItem

from engine.types import Handle
from tests.bench import Bench, scenario
from tests.pulls import (
    only,
    photo,
    pull,
    steps,
    take_up,
    with_pulls,
)

pytestmark = pytest.mark.qt_log_ignore("plugin does not support")  # offscreen says so


@scenario
async def test_the_panel_takes_the_place_of_that_of_strokes(bench: Bench) -> None:
    take_up(bench)
    assert bench.window.drag_panel.isVisible()
    assert not bench.window.edit_panel.isVisible()
    bench.key(Qt.Key.Key_B)
    assert not bench.window.drag_panel.isVisible()
    assert bench.window.edit_panel.isVisible()


@scenario
async def test_the_tool_ends_live_mode_and_live_mode_the_tool(bench: Bench) -> None:
    bench.key(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    take_up(bench)
    assert not bench.window.live.is_on
    bench.key(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert bench.window.live.is_on
    assert bench.window.canvas.tool.name == "Brush"


@scenario
async def test_numbers_names_and_check_marks_change_the_handle(bench: Bench) -> None:
    take_up(bench)
    pull(bench, (60, 80), (140, 60))
    handles = bench.window.drag_panel.handles
    assert handles.numbers["target x"].value() == pytest.approx(140, abs=0.1)
    for name, value in {
        "target x": 150.5,
        "source y": 81.0,
        "radius": 24.0,
        "turn": -30.0,
        "scale": 50.0,
    }.items():
        handles.numbers[name].setValue(value)
    handle = only(bench)
    assert (handle.target[0], handle.source[1]) == (150.5, 81)
    assert (handle.radius, handle.turn, handle.scale) == (24, -30, 0.5)
    item: QListWidgetItem = handles.list.item(0)
    item.setText("Ball")
    item.setCheckState(Qt.CheckState.Unchecked)
    (pulled,) = bench.session.document.pulls
    assert (pulled.name, pulled.enabled) == ("Ball", False)
    assert steps(bench) == 9
    bench.click(handles.remove_button)
    assert not bench.session.document.pulls
    assert handles.hint.isVisibleTo(handles)


@scenario
async def test_a_row_of_the_list_chooses_its_handle(bench: Bench) -> None:
    take_up(bench, with_pulls(photo(), Handle((60, 80), (140, 60)), Handle((20, 20), (30, 30))))
    bench.window.drag_panel.handles.list.setCurrentRow(1)
    assert bench.session.chosen is not None
    assert bench.session.chosen.number == 1
    bench.key(Qt.Key.Key_Escape)
    assert bench.session.chosen is None
