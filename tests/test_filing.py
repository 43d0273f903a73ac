"""Projects and pictures from and to files as a user meets them: the real window, real files, real dialogs."""

from __future__ import annotations

import asyncio
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QDialog, QFileDialog

from engine.area import Rect
from engine.pictures import open_picture, save_picture
from engine.types import Handle
from tests.bench import Bench, scenario
from tests.fingerprint import fingerprint
from ui import locks
from ui.app import Application
from ui.bars import MessageBar
from ui.dialogs import NewDialog, SaveFirstDialog
from ui.document import Document, Pull, Result, frozen, layer_from
from ui.file_dialogs import AlreadyOpenDialog, ExportDialog
from ui.files import is_flat, open_document, save_document
from ui.settings import load_settings

pytestmark = pytest.mark.qt_log_ignore("plugin does not support")  # offscreen says so

D = TypeVar("D", bound=QDialog)
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@contextmanager
def full_disk(most: int) -> Iterator[None]:
    """No file can become larger than that, which fails as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def dialog_of(bench: Bench, kind: type[D]) -> D:
    dialog = bench.window.findChild(kind)
    assert dialog is not None
    return dialog


@scenario
async def test_a_project_is_saved_without_a_question_and_opened_with_everything(bench: Bench) -> None:
    path = bench.folder / "a.ora"
    bench.stroke()
    await bench.window.filing.write(path)
    bench.stroke((10, 10), (60, 50))
    document = bench.session.document
    bench.key(Qt.Key.Key_S, CONTROL)
    await bench.until(lambda: not bench.window.isWindowModified())
    assert bench.window.findChild(QFileDialog) is None
    assert fingerprint(open_document(path).document) == fingerprint(document)
    assert bench.window.windowTitle().startswith("a.ora")


@scenario
async def test_the_layer_that_was_worked_on_is_again_the_active_one(bench: Bench) -> None:
    bench.stroke()
    bench.session.activate(bench.session.document.layers[0].uid)
    await bench.window.filing.write(bench.folder / "a.ora")
    bench.session.activate(bench.session.document.layers[1].uid)
    await bench.window.filing.write(bench.folder / "b.ora")
    for name, number in (("a", 0), ("b", 1)):
        await bench.open(bench.folder / f"{name}.ora")
        assert bench.session.active == bench.session.document.layers[number].uid


@scenario
async def test_a_flat_picture_is_saved_as_what_it_is(bench: Bench, photo: Path) -> None:
    await bench.open(photo)
    whole = bench.session.document.layers[0]
    darker = layer_from(np.full((80, 120, 4), (1, 2, 3, 255), np.uint8), "Darker", "picture")
    bench.session.commit("Darken", lambda document: document.exchange(whole, darker))
    bench.key(Qt.Key.Key_S, CONTROL)
    await bench.until(lambda: not bench.window.isWindowModified())
    assert open_document(photo).document.layers[0].tiles[0, 0][0, 0].tolist() == [3, 2, 1, 255]


def test_flat_is_what_a_flat_picture_holds() -> None:
    layer = layer_from(np.full((8, 8, 4), 9, np.uint8), "A", "picture")
    flat = Document(8, 8, (layer,))
    assert is_flat(flat)
    assert is_flat(Document(8, 8))
    for more in (
        flat.with_layer(layer),
        flat.exchange(layer, replace(layer, opacity=0.5)),
        flat.exchange(layer, replace(layer, visible=False)),
        replace(flat, pulls=(Pull("A", Handle((1, 1), (2, 2))),)),
        replace(flat, results=(Result(Rect(0, 0, 1, 1), frozen(np.zeros((1, 1, 4), np.uint8)), "{}"),)),
    ):
        assert not is_flat(more)


@scenario
async def test_a_picture_of_layers_written_flat_is_not_saved_yet(bench: Bench) -> None:
    bench.stroke()
    await bench.window.filing.write(bench.folder / "a.png")
    assert bench.window.isWindowModified()
    assert bench.window.filing.path is None
    assert "Only a project (.ora) keeps layers" in bench.window.messages.text.text()


@scenario
async def test_export_asks_how_and_where_and_leaves_the_project_as_it_is(bench: Bench) -> None:
    bench.stroke()
    await bench.window.filing.write(bench.folder / "a.ora")
    bench.stroke((10, 10), (60, 50))
    bench.key(Qt.Key.Key_E, CONTROL | SHIFT)
    dialog = dialog_of(bench, ExportDialog)
    assert not dialog.quality.isVisible()
    dialog.kind._group.button(1).click()
    assert dialog.quality.isVisible()
    dialog.quality.set_value(30)
    bench.click(dialog.export_button)
    chooser = dialog_of(bench, QFileDialog)
    assert Path(chooser.selectedFiles()[0]).name == "a.jpg"
    chooser.done(0)
    chooser.fileSelected.emit(str(bench.folder / "small"))
    await bench.until((bench.folder / "small.jpg").exists)
    await bench.until(lambda: "Exported as small.jpg" in bench.window.messages.text.text())
    assert bench.window.filing.path == bench.folder / "a.ora"
    assert bench.window.isWindowModified()
    with Image.open(bench.folder / "small.jpg") as image:
        assert image.size == (96, 64)
    await bench.window.shut_down()
    assert 'export_kind = ".jpg"' in bench.settings_file.read_text()


@scenario
async def test_a_photoshop_file_is_exported_with_its_layers(bench: Bench) -> None:
    bench.stroke()
    bench.key(Qt.Key.Key_E, CONTROL | SHIFT)
    dialog = dialog_of(bench, ExportDialog)
    dialog.kind._group.button(4).click()
    bench.click(dialog.export_button)
    chooser = dialog_of(bench, QFileDialog)
    assert Path(chooser.selectedFiles()[0]).suffix == ".psd"
    chooser.done(0)
    chooser.fileSelected.emit(str(bench.folder / "layers.psd"))
    await bench.until(lambda: bench.window.messages.text.text() == "Exported as layers.psd.")
    opened = open_document(bench.folder / "layers.psd").document
    assert [layer.name for layer in opened.layers] == ["Background", "Strokes"]


@scenario
async def test_a_file_that_is_open_elsewhere_is_opened_as_a_copy(bench: Bench) -> None:
    path = bench.folder / "a.ora"
    save_document(path, bench.session.document)
    other = locks.lock(path)  # another program's
    assert other is not None
    bench.window.open_file(path)
    await bench.until(lambda: bench.window.findChild(AlreadyOpenDialog) is not None)
    dialog = dialog_of(bench, AlreadyOpenDialog)
    bench.click(dialog.copy_button)
    await bench.until(lambda: bench.window.filing.name == "a copy")
    bench.key(Qt.Key.Key_S, CONTROL)
    chooser = dialog_of(bench, QFileDialog)
    assert Path(chooser.selectedFiles()[0]).name == "a copy.ora"
    chooser.done(0)
    chooser.fileSelected.emit(str(path))
    await bench.until(lambda: "choose another name" in bench.window.messages.text.text())
    other.unlock()
    await bench.window.filing.write(path)
    assert bench.window.filing.path == path
    assert locks.lock(path) is None  # it is ours now


@scenario
async def test_cancel_opens_nothing(bench: Bench) -> None:
    path = bench.folder / "a.ora"
    save_document(path, bench.session.document)
    before, other = bench.session.document, locks.lock(path)
    bench.window.open_file(path)
    await bench.until(lambda: bench.window.findChild(AlreadyOpenDialog) is not None)
    bench.click(dialog_of(bench, AlreadyOpenDialog).cancel_button)
    assert bench.session.document is before
    assert other is not None


@scenario
async def test_the_same_file_can_be_opened_again(bench: Bench, photo: Path) -> None:
    await bench.open(photo)
    first = bench.session.document
    bench.window.open_file(photo)
    await bench.until(lambda: bench.session.document is not first)
    assert bench.window.findChild(AlreadyOpenDialog) is None


@scenario
async def test_another_picture_gives_the_first_one_free(bench: Bench, photo: Path) -> None:
    await bench.open(photo)
    assert locks.lock(photo) is None
    save_picture(bench.folder / "b.png", np.zeros((8, 8, 3), np.uint8))
    await bench.open(bench.folder / "b.png")
    assert locks.lock(photo) is not None


@scenario
async def test_a_full_disk_gives_a_sentence_and_keeps_file_and_document(bench: Bench) -> None:
    path = bench.folder / "a.ora"
    await bench.window.filing.write(path)
    before = path.read_bytes()
    bench.stroke()
    document = bench.session.document
    with full_disk(2000):
        bench.window.save()
        await bench.until(lambda: "free some space" in bench.window.messages.text.text())
    assert path.read_bytes() == before
    assert bench.session.document is document
    assert bench.window.isWindowModified()
    assert {each.name for each in bench.folder.iterdir() if each.is_file()} == {"a.ora", "settings.toml"}
    bench.window.save()
    await bench.until(lambda: not bench.window.isWindowModified())
    assert fingerprint(open_document(path).document) == fingerprint(document)


@scenario
async def test_what_is_painted_while_it_is_saved_stays_unsaved(bench: Bench) -> None:
    path = bench.folder / "a.ora"
    bench.stroke()
    first = bench.session.document
    bench.window.work.begin(bench.window.filing.write(path))
    await asyncio.sleep(0)  # it has begun
    bench.stroke((10, 10), (60, 50))
    await bench.until(lambda: bench.window.filing.path == path)
    assert bench.window.isWindowModified()
    assert fingerprint(open_document(path).document) == fingerprint(first)


@scenario
async def test_two_saves_end_with_the_later_one(bench: Bench) -> None:
    path = bench.folder / "a.ora"
    bench.stroke()
    first = bench.window.work.begin(bench.window.filing.write(path))
    await asyncio.sleep(0)  # it has begun
    bench.stroke((10, 10), (60, 50))
    second = bench.window.work.begin(bench.window.filing.write(path))
    await first
    await second
    assert fingerprint(open_document(path).document) == fingerprint(bench.session.document)
    assert not bench.window.isWindowModified()


@pytest.mark.parametrize("content", [b"PK\3\4 and then nothing", b"8BPS and then nothing"])
@scenario
async def test_a_damaged_project_gives_a_sentence_and_loses_nothing(bench: Bench, content: bytes) -> None:
    bad = bench.folder / "bad.ora"
    bad.write_bytes(content)
    before = bench.session.document
    bench.window.open_file(bad)
    await bench.until(lambda: "bad.ora" in bench.window.messages.text.text())
    assert bench.session.document is before


@scenario
async def test_a_link_stays_a_link(bench: Bench) -> None:
    real, link = bench.folder / "real.ora", bench.folder / "link.ora"
    save_document(real, bench.session.document)
    link.symlink_to(real)
    bench.stroke()
    await bench.window.filing.write(link)
    assert link.is_symlink()
    assert fingerprint(open_document(real).document) == fingerprint(bench.session.document)


@scenario
async def test_the_kind_that_is_chosen_changes_the_ending(bench: Bench) -> None:
    bench.stroke()
    bench.window.save_as()
    chooser = dialog_of(bench, QFileDialog)
    assert Path(chooser.selectedFiles()[0]).name == "Untitled.ora"
    chooser.filterSelected.emit(chooser.nameFilters()[2])
    assert Path(chooser.selectedFiles()[0]).name == "Untitled.png"
    chooser.reject()


@scenario
async def test_a_file_that_was_used_is_remembered_at_once(bench: Bench) -> None:
    path = bench.folder / "a.ora"
    await bench.window.filing.write(path)
    assert load_settings(bench.settings_file).recent_files == (str(path),)  # a crash may come any time


@scenario
async def test_what_the_system_asks_the_application_to_open_is_opened(bench: Bench, photo: Path) -> None:
    """As Finder does when a picture is double-clicked."""
    application = QCoreApplication.instance()
    assert isinstance(application, Application)
    application.file_wanted.connect(bench.window.open_file)
    QCoreApplication.postEvent(application, QFileOpenEvent(str(photo)))
    await bench.until(lambda: bench.window.filing.path == photo)
    application.file_wanted.disconnect(bench.window.open_file)


@scenario
async def test_a_picture_is_opened_painted_on_and_saved(bench: Bench, photo: Path) -> None:
    await bench.open(photo)
    assert (bench.picture()[..., :3] == open_picture(photo).rgba[..., :3]).all()
    bench.stroke()
    assert bench.window.isWindowModified()
    bench.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    dialog = bench.window.findChild(QFileDialog)
    assert dialog is not None
    (chosen,) = dialog.selectedFiles()
    assert Path(chosen).name == "photo.ora"
    dialog.done(0)
    dialog.fileSelected.emit(str(photo.with_suffix(".ora")))
    await bench.until(lambda: not bench.window.isWindowModified())
    seen = bench.picture()
    await bench.open(photo)
    await bench.open(photo.with_suffix(".ora"))
    assert bench.kinds == ["picture", "strokes"]
    assert (bench.picture() == seen).all()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".bmp"])
@scenario
async def test_every_kind_is_saved_as_its_name_says(bench: Bench, suffix: str) -> None:
    path = bench.folder / f"out{suffix}"
    await bench.window.filing.write(path)
    assert open_picture(path).rgba.shape == (64, 96, 4)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n and then nothing"])
@scenario
async def test_a_damaged_file_gives_a_sentence_and_loses_nothing(bench: Bench, content: bytes) -> None:
    bench.stroke()
    bench.session.mark_saved()
    before = bench.session.document
    bad = bench.folder / "bad.png"
    bad.write_bytes(content)
    bench.window.open_file(bad)
    await bench.until(lambda: "bad.png" in bench.window.messages.text.text())
    assert bench.session.document is before
    assert bench.window.filing.path is None


@scenario
async def test_an_error_stays_until_something_else_was_done(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MessageBar, "NEWS", 0)
    bench.window.open_file(bench.folder / "nothing.png")
    await bench.until(bench.window.messages.isVisible)
    bench.key(Qt.Key.Key_B)
    assert bench.window.messages.isVisible()
    bench.stroke()
    await bench.until(lambda: not bench.window.messages.isVisible())


@scenario
async def test_a_folder_that_cannot_be_written_gives_a_sentence_and_keeps_the_changes(bench: Bench) -> None:
    bench.stroke()
    bench.window.filing.path = bench.folder / "no such folder" / "out.ora"
    bench.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    await bench.until(lambda: "cannot be saved" in bench.window.messages.text.text())
    assert bench.window.isWindowModified()


@scenario
async def test_closing_with_changes_asks_and_cancel_stays(bench: Bench) -> None:
    bench.stroke()
    bench.window.close()
    dialog = bench.window.findChild(SaveFirstDialog)
    assert dialog is not None
    bench.click(dialog.cancel_button)
    assert bench.window.isVisible()
    assert bench.window.isWindowModified()


@scenario
async def test_closing_with_changes_saves_them_first_if_asked_to(bench: Bench, photo: Path) -> None:
    project = photo.with_suffix(".ora")
    await bench.window.filing.write(project)
    bench.stroke()
    document = bench.session.document
    bench.window.close()
    dialog = bench.window.findChild(SaveFirstDialog)
    assert dialog is not None
    bench.click(dialog.save_button)
    await bench.until(lambda: not bench.window.isVisible())
    assert fingerprint(open_document(project).document) == fingerprint(document)


@scenario
async def test_a_dropped_file_is_opened(bench: Bench, photo: Path) -> None:
    bench.drop(photo)
    await bench.until(lambda: bench.window.filing.path == photo)


@scenario
async def test_a_new_picture_has_the_size_and_ground_that_were_chosen(bench: Bench) -> None:
    bench.window.filing.ask_new()
    dialog = bench.window.findChild(NewDialog)
    assert dialog is not None
    bench.click(dialog.presets[2])
    dialog.ground.set_value("clear")
    bench.click(dialog.create_button)
    assert bench.picture().shape == (512, 768, 4)
    assert not bench.picture().any()


@scenario
async def test_a_sample_opens_as_strokes_on_a_white_sheet(bench: Bench) -> None:
    name, path = next(iter(bench.window.welcome.samples.items()))
    assert name
    bench.window.filing.open_sample(path)
    await bench.until(lambda: len(bench.kinds) == 2)
    assert bench.kinds == ["picture", "strokes"]
    assert not bench.window.welcome.isVisible()


@scenario
async def test_files_that_were_used_are_offered_again(bench: Bench, photo: Path) -> None:
    await bench.open(photo)
    entries = [action.text() for action in bench.window.menus.recent.actions()]
    assert entries == ["photo.png"]


@scenario
async def test_save_as_offers_a_dialog_that_does_not_block(bench: Bench) -> None:
    bench.window.save()
    dialog = bench.window.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(bench.folder / "named"))
    dialog.close()
    await bench.until(lambda: bench.window.filing.path is not None)
    assert bench.window.filing.path == bench.folder / "named.ora"
