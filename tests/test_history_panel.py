"""The history panel: steps, travel, and memory in plain words."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.bench import Bench, scenario
from ui.document import new_document
from ui.history_panel import MEGABYTE, HistoryPanel, size, used
from ui.session import Session


def labels(panel: HistoryPanel) -> list[str]:
    return [panel.list.item(row).text() for row in range(panel.list.count())]


def test_a_click_travels_to_a_step_and_what_was_undone_is_faint(qtbot: QtBot) -> None:
    session = Session(new_document(10, 10, (0, 0, 0, 255)))
    panel = HistoryPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    for name in ("Brush", "Fill", "Eraser"):
        session.commit(name, lambda document: new_document(10, 10, (1, 1, 1, 255)))
    assert labels(panel) == ["Open", "Brush", "Fill", "Eraser"]
    assert panel.list.currentRow() == 3
    row = panel.list.visualItemRect(panel.list.item(1)).center()
    QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=row)
    assert session.history.undo_label == "Brush"
    assert panel.list.item(2).foreground() != panel.list.item(1).foreground()
    session.redo()
    assert panel.list.currentRow() == 2
    assert panel.memory.text().startswith("Undo keeps 768 kB of at most ")
    session.open(new_document(10, 10))
    assert labels(panel) == ["Open"]


def test_the_step_that_was_clicked_is_the_one_that_is_marked(qtbot: QtBot) -> None:
    session = Session(new_document(10, 10, (0, 0, 0, 255)))
    panel = HistoryPanel(session)
    qtbot.addWidget(panel)
    panel.resize(200, panel.minimumSizeHint().height())
    panel.show()
    for number in range(12):
        session.commit(f"Step {number}", lambda document: new_document(10, 10, (1, 1, 1, 255)))
    row = panel.list.visualItemRect(panel.list.item(10)).center()
    QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=row)
    assert session.history.undo_label == "Step 9"
    assert [item.text() for item in panel.list.selectedItems()] == ["Step 9"]


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 kB"), (1, "1 kB"), (5 * MEGABYTE, "5 MB"), (1 << 30, "1 GB"), (3 << 29, "1.5 GB")],
)
def test_memory_is_told_as_people_read_it(count: int, text: str) -> None:
    assert size(count) == text


def test_what_is_used_stands_beside_what_may_be() -> None:
    assert used(120 * MEGABYTE, 1 << 30) == "Undo keeps 120 MB of at most 1 GB"


@scenario
async def test_the_preferences_set_how_much_undo_may_keep(bench: Bench) -> None:
    assert bench.session.history.budget == 1024 * MEGABYTE
    bench.window.remembering.set("history_budget", 64)
    assert bench.session.history.budget == 64 * MEGABYTE
    bench.session.open(new_document(8, 8))
    assert bench.session.history.budget == 64 * MEGABYTE, "of every document"
