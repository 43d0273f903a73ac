"""The start page: each card sets up its task, and what was worked on is offered again."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from tests.bench import Bench, scenario
from ui.dialogs import SaveFirstDialog
from ui.settling import can_settle
from ui.start import StartPage, thumbnail_of
from ui.tasks import TASKS, Task
from ui.tools import TOOLS
from ui.transform import bounds


def start_of(bench: Bench) -> StartPage:
    bench.window.comfort.show_start()
    assert bench.window.start.isVisible()
    return bench.window.start


@pytest.mark.parametrize("number", range(len(TASKS)))
@scenario
async def test_each_card_opens_its_sample_with_its_tool(bench: Bench, number: int) -> None:
    task: Task = TASKS[number]
    start = start_of(bench)
    before = bench.session.document
    bench.click(start.cards[number])
    await bench.until(lambda: bench.session.document is not before)
    assert not start.isVisible()
    assert not bench.session.is_modified
    if task.tool in [kind().name for kind in TOOLS]:
        assert bench.window.holding.tool.name == task.tool
    assert bench.window.messages.text.text() == task.first_step


@scenario
async def test_the_first_hint_does_not_cover_what_it_is_about(bench: Bench) -> None:
    bench.window.resize(1024, 700)
    start = start_of(bench)
    task = next(task for task in TASKS if task.title == "Compose and settle")
    bench.click(start.cards[TASKS.index(task)])
    await bench.until(lambda: bench.window.messages.text.text() == task.first_step)
    await bench.drawn()
    place = QRectF(*bounds(bench.session.document.layers[-1]))
    seen = bench.window.canvas.view.transform.mapRect(place).toAlignedRect()
    assert not bench.window.messages.geometry().intersects(seen)


def test_the_samples_are_what_their_tasks_need() -> None:
    strokes, photo, composition, drag = (task.document() for task in TASKS)
    for document in (strokes, photo, composition):
        assert [layer.kind for layer in document.layers] == ["picture", "strokes"]
        assert document.layers[1].tiles
    assert can_settle(composition.layers[1])
    assert len(drag.pulls) == 1


@scenario
async def test_a_card_is_pressed_by_the_keyboard_and_escape_leads_back(bench: Bench) -> None:
    start, before = start_of(bench), bench.session.document
    assert bench.window.status.hint.text() == ""
    bench.key(Qt.Key.Key_Escape)
    assert bench.window.canvas.isVisible()
    assert "Shift" in bench.window.status.hint.text()
    start_of(bench)
    start.cards[0].setFocus()
    QTest.keyClick(start.cards[0], Qt.Key.Key_Return)
    await bench.until(lambda: bench.session.document is not before)


@scenario
async def test_a_new_picture_has_the_size_of_the_button(bench: Bench) -> None:
    start = start_of(bench)
    bench.click(start.sizes[2])
    assert (bench.session.document.width, bench.session.document.height) == (768, 512)
    assert bench.window.canvas.isVisible()


@scenario
async def test_recent_files_are_shown_as_they_look_and_opened(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    image = QImage(30, 20, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    image.save(str(path))
    bench.window.filing.recent = (str(path), str(tmp_path / "gone.png"))
    start = start_of(bench)
    assert [button.text() for button in start.files] == ["red"]
    await bench.until(lambda: not start.files[0].picture.isNull())
    assert start.files[0].picture.pixelColor(3, 3) == QColor("red")
    bench.click(start.files[0])
    await bench.until(lambda: bench.window.filing.path == path)


def test_a_project_shows_the_picture_that_it_carries(tmp_path: Path) -> None:
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(QColor("blue"))
    image.save(str(tmp_path / "thumbnail.png"))
    with zipfile.ZipFile(tmp_path / "lake.ora", "w") as project:
        project.write(tmp_path / "thumbnail.png", "Thumbnails/thumbnail.png")
    assert thumbnail_of(tmp_path / "lake.ora", QSize(90, 60)).pixelColor(1, 1) == QColor("blue")
    (tmp_path / "broken.ora").write_bytes(b"no project")
    assert thumbnail_of(tmp_path / "broken.ora", QSize(90, 60)).isNull()


@scenario
async def test_a_picture_is_closed_to_the_start_page(bench: Bench) -> None:
    window = bench.window
    path = bench.folder / "lake.ora"
    await window.filing.write(path)
    bench.stroke()
    bench.key(Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    dialog = window.findChild(SaveFirstDialog)
    assert dialog is not None
    assert window.filing.path == path  # nothing is lost before it is answered
    dialog.discard_button.click()
    assert window.start.isVisible()
    bench.key(Qt.Key.Key_Escape)
    assert window.filing.is_untouched
    assert window.filing.name == "Untitled"
    assert window.welcome.isVisible()


@scenario
async def test_nothing_is_told_of_a_picture_while_none_is_seen(bench: Bench) -> None:
    status = bench.window.status
    bench.window.comfort.show_start()
    assert status.size.isHidden()
    assert status.zoom.isHidden()
    bench.window.comfort.leave_start()
    assert status.size.isVisible()
    assert status.zoom.isVisible()
