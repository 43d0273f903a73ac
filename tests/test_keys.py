"""Keys can be changed, are kept, and never belong to two actions."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.bench import Bench, scenario
from ui.actions import ACTIONS, MOVED, Action
from ui.keys import Keys, native
from ui.shortcuts import ShortcutsDialog
from ui.tools import Brush
from ui.tour import Tour

TABLE = (
    Action("undo", "&Edit", "&Undo", ("Ctrl+Z",)),
    Action("redo", "&Edit", "&Redo", ("Ctrl+Shift+Z", "Ctrl+Y")),
    Action("fit", "&View", "&Fit", ()),
)


@pytest.fixture
def actions(qapp: object) -> dict[str, QAction]:
    return {each.name: QAction(each.text) for each in TABLE}


def keys_on(action: QAction) -> list[str]:
    return [key.toString() for key in action.shortcuts()]


def test_a_key_that_is_given_is_kept(actions: dict[str, QAction], tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    Keys(TABLE, actions, file).give("fit", ["ctrl+9"])
    assert keys_on(actions["fit"]) == ["Ctrl+9"]
    again = Keys(TABLE, actions, file)
    assert again.of("fit") == ("Ctrl+9",)
    assert again.of("undo") == ("Ctrl+Z",)


def test_whoever_had_the_key_loses_it_and_keeps_the_others(
    actions: dict[str, QAction], tmp_path: Path
) -> None:
    keys = Keys(TABLE, actions, tmp_path / "keys.toml")
    owner = keys.owner("Ctrl+Y")
    assert owner is not None
    assert owner.name == "redo"
    keys.give("fit", ["Ctrl+Y"])
    assert keys_on(actions["redo"]) == ["Ctrl+Shift+Z"]
    assert keys.owner("Ctrl+Y", apart_from="fit") is None


@scenario
async def test_both_keys_called_enter_do_the_same_and_bear_that_name(bench: Bench) -> None:
    action, keys = bench.window.menus.actions["make_it_real"], bench.window.keys
    assert keys_on(action)[:2] == ["Ctrl+Enter", "Ctrl+Return"]
    assert action.shortcut().toString() == "Ctrl+Enter"  # as the menu shows it
    owner = keys.owner("Ctrl+Enter")
    assert owner is not None
    assert owner.name == "make_it_real"


@scenario
async def test_whatever_names_a_key_names_the_one_that_it_has_now(bench: Bench) -> None:
    window = bench.window
    await bench.start_engine()
    assert window.edit_panel.main.toolTip() == "Turn the strokes into a picture  (Ctrl+Enter)"
    keys = {
        "make_it_real": "F7",
        "tool Brush": "F8",
        "swap_colours": "F9",
        "layering.add": "F2",
        "comfort.search_commands": "F3",
    }
    for name, key in keys.items():
        window.keys.give(name, [key])
    assert window.edit_panel.main.toolTip() == "Turn the strokes into a picture  (F7)"
    assert window.tool_bar.buttons[0].toolTip().startswith("Brush  (F8)")
    assert "swaps them  (F9)" in window.tool_bar.swatches.toolTip()
    assert window.layers.buttons["add"].toolTip() == "New layer for strokes  (F2)"
    assert "F9: swap colours" in window.status.hint.text()
    window.comfort.show_tour()
    tour = window.findChild(Tour)
    assert tour is not None
    for _ in range(2):
        tour.go_on()
    assert "F3 finds the rest." in tour.text.text()
    tour.end()
    window.running.make_it_real()
    assert window.edit_panel.main.toolTip() == "Stop and keep what there is  (Esc)"
    window.keys.give("step_back", [])
    assert window.edit_panel.main.toolTip() == "Stop and keep what there is"
    await bench.finish()
    assert "F7" in window.job_bar.again_button.toolTip()


def test_one_or_all_get_their_own_keys_again(actions: dict[str, QAction], tmp_path: Path) -> None:
    keys = Keys(TABLE, actions, tmp_path / "keys.toml")
    keys.give("fit", ["Ctrl+Y"])
    keys.give("undo", ["U"])
    keys.reset("redo")
    assert keys.of("redo") == ("Ctrl+Shift+Z", "Ctrl+Y")
    assert keys.of("fit") == ()
    assert keys.is_own("undo")
    keys.reset_all()
    assert keys_on(actions["undo"]) == ["Ctrl+Z"]
    assert (tmp_path / "keys.toml").read_text(encoding="utf-8") == ""


def test_a_damaged_file_gives_the_keys_of_the_table(
    actions: dict[str, QAction], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "keys.toml").write_text("undo = = 1", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert Keys(TABLE, actions, tmp_path / "keys.toml").of("undo") == ("Ctrl+Z",)
    (tmp_path / "keys.toml").write_text("undo = 7\nfuture = ['F2']\n", encoding="utf-8")
    assert Keys(TABLE, actions, tmp_path / "keys.toml").of("undo") == ("Ctrl+Z",)


@scenario
async def test_no_two_actions_come_with_the_same_key(bench: Bench) -> None:
    counted = Counter(
        QKeySequence(key).toString() for action in bench.window.menus.table for key in action.keys
    )
    assert [key for key, count in counted.items() if count > 1] == []


def dialog_of(bench: Bench) -> ShortcutsDialog:
    bench.window.comfort.show_shortcuts()
    dialog = bench.window.findChild(ShortcutsDialog)
    assert isinstance(dialog, ShortcutsDialog)
    return dialog


@scenario
async def test_the_list_has_every_action_and_finds_words_and_keys(bench: Bench) -> None:
    dialog = dialog_of(bench)
    assert set(dialog.buttons) >= {action.name for action in ACTIONS if action.name}
    assert "tool Brush" in dialog.buttons
    for wanted in ("full screen", "F11"):
        dialog.search.setText(wanted)
        assert [what for what, widgets in dialog.rows if widgets[0].isVisibleTo(dialog)] == ["Full screen"]
    dialog.close()


@scenario
async def test_keys_with_long_names_are_seen_whole(bench: Bench) -> None:
    dialog = dialog_of(bench)
    button = next(iter(dialog.buttons.values()))
    dialog.hide()
    button.show_keys("Strg+Umschalt+Eingabe, Strg+Umschalt+Bild aufwärts, Strg+Alt+Eingabe")
    dialog.show()
    await bench.drawn()
    assert button.width() > button.fontMetrics().horizontalAdvance(button.text())
    shown = button.visibleRegion().boundingRect()
    assert shown.right() == button.rect().right()
    dialog.close()


@scenario
async def test_a_key_is_pressed_to_be_given_and_works_at_once(bench: Bench) -> None:
    window, dialog = bench.window, dialog_of(bench)
    button = dialog.buttons["zoom_in"]
    bench.click(button)
    QTest.keyClick(button, Qt.Key.Key_F7)
    assert button.text() == "F7"
    dialog.close()
    zoom = window.canvas.view.zoom
    bench.key(Qt.Key.Key_F7)
    assert window.canvas.view.zoom > zoom
    bench.window.comfort.show_shortcuts()
    bench.click(dialog_of(bench).resets["zoom_in"])
    assert window.menus.actions["zoom_in"].shortcut() == QKeySequence("Ctrl++")


@scenario
async def test_another_actions_key_is_taken_only_when_it_is_said_so(bench: Bench) -> None:
    keys, dialog = bench.window.keys, dialog_of(bench)
    button = dialog.buttons["fit"]
    for answer, owner in ((dialog.leave_button, "undo"), (dialog.take_button, "fit")):
        bench.click(button)
        QTest.keyClick(button, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert dialog.take_button.isVisibleTo(dialog)
        bench.click(answer)
        holder = keys.owner("Ctrl+Z")
        assert holder is not None
        assert holder.name == owner
    dialog.close()


@scenario
async def test_the_list_of_keys_keeps_its_width_whatever_keys_are_given(bench: Bench) -> None:
    dialog = dialog_of(bench)
    await bench.drawn()
    wide, button = dialog.width(), dialog.buttons["undo"]
    keys = [f"Ctrl+Alt+Shift+F{number}" for number in range(1, 6)]
    bench.window.keys.give("undo", keys)
    await bench.drawn()
    assert dialog.width() == wide
    assert button.text().endswith("\N{HORIZONTAL ELLIPSIS}")
    assert button.toolTip().startswith(native(keys))
    bench.click(button)
    assert button.text() == "Press the new keys"
    await bench.drawn()
    assert dialog.width() == wide
    dialog.close()


@scenario
async def test_escape_leaves_the_keys_and_backspace_takes_them_away(bench: Bench) -> None:
    dialog = dialog_of(bench)
    button = dialog.buttons["fit"]
    bench.click(button)
    QTest.keyClick(button, Qt.Key.Key_Escape)
    assert button.text() == native(["Ctrl+0"])
    bench.click(button)
    QTest.keyClick(button, Qt.Key.Key_Backspace)
    assert bench.window.keys.of("fit") == ()
    dialog.close()


def test_keys_are_shown_once_and_as_people_call_them(qtbot: QtBot) -> None:
    assert native(["Return", "Enter"]) == "Enter"


@scenario
async def test_a_users_key_still_counts_once_the_method_has_moved(bench: Bench) -> None:
    assert set(MOVED) <= set(bench.window.menus.actions)
    bench.window.keys.give("larger", ["F8"])
    brush = bench.window.holding.tool
    assert isinstance(brush, Brush)
    size = brush.size
    bench.key(Qt.Key.Key_BracketRight)
    assert brush.size == size
    bench.key(Qt.Key.Key_F8)
    assert brush.size > size
