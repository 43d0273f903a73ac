"""The palette of commands finds what is meant, and runs it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.bench import Bench, scenario
from ui.actions import ACTIONS
from ui.commands import ALSO, Command, CommandsDialog, fit, found

TEXTS = ("Zoom in", "Zoom out", "New layer for strokes", "Delete layer", "Fit the window", "Fill")


def commands() -> list[Command]:
    return [Command(text, text, "View", QAction(text)) for text in TEXTS]


def named(commands: list[Command]) -> list[str]:
    return [command.name for command in commands]


def test_letters_that_begin_words_count_most(qtbot: QtBot) -> None:
    assert named(found(commands(), "zo", ()))[:2] == ["Zoom in", "Zoom out"]
    assert named(found(commands(), "nl", ()))[0] == "New layer for strokes"
    assert named(found(commands(), "layer del", ())) == ["Delete layer"]
    assert named(found(commands(), "fi", ()))[0] == "Fill"


def test_what_has_not_all_letters_is_left_out(qtbot: QtBot) -> None:
    assert found(commands(), "zebra", ()) == []
    assert fit("abc", "acb") is None


def test_without_words_the_last_used_come_first(qtbot: QtBot) -> None:
    assert named(found(commands(), " ", ("Fill", "Delete layer")))[:3] == ["Fill", "Delete layer", "Zoom in"]


def dialog_of(bench: Bench) -> CommandsDialog:
    bench.key(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    dialog = bench.window.findChild(CommandsDialog)
    assert isinstance(dialog, CommandsDialog)
    return dialog


@scenario
async def test_every_action_and_tool_is_in_the_palette(bench: Bench) -> None:
    names = {command.name for command in bench.window.menus.commands()}
    assert names >= {action.name for action in ACTIONS if action.name}
    assert names >= {f"tool {tool.name}" for tool in bench.window.holding.tools}


@scenario
async def test_a_few_letters_and_enter_run_a_command(bench: Bench) -> None:
    dialog = dialog_of(bench)
    QTest.keyClicks(dialog.search, "erase")
    QTest.keyClick(dialog.search, Qt.Key.Key_Return)
    assert bench.window.holding.tool.name == "Eraser"
    assert bench.window.settings.recent_commands == ("tool Eraser",)
    again = dialog_of(bench)
    assert again.list.item(0).text() == "Eraser"
    again.close()


@scenario
async def test_the_arrows_choose_and_what_is_impossible_does_not_run(bench: Bench) -> None:
    dialog = dialog_of(bench)
    QTest.keyClicks(dialog.search, "undo")
    QTest.keyClick(dialog.search, Qt.Key.Key_Return)
    assert dialog.isVisible()
    dialog.search.clear()
    QTest.keyClicks(dialog.search, "zoom")
    QTest.keyClick(dialog.search, Qt.Key.Key_Down)
    assert dialog.list.currentItem().text() == "Zoom out"
    QTest.keyClick(dialog.search, Qt.Key.Key_Up)
    QTest.keyClick(dialog.search, Qt.Key.Key_Up)
    assert dialog.list.currentRow() == dialog.list.count() - 1
    dialog.close()


@scenario
async def test_a_command_is_found_by_what_other_programs_call_it(bench: Bench) -> None:
    known = bench.window.menus.commands()
    assert set(ALSO) <= {command.name for command in known}
    for word, name in (("deselect", "selecting.none"), ("theme", "remembering.show_preferences")):
        assert found(known, word, ())[0].name == name
    assert found(known, "zoom in", ())[0].name == "zoom_in"
