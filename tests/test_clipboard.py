"""Cut, copy and paste as a user does, through the clipboard that other programs see."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QByteArray, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent, QImage
from PySide6.QtWidgets import QApplication

from engine.area import Rect
from engine.pictures import save_picture
from tests.bench import WHITE, Bench, scenario
from ui.clipboard import PNG
from ui.copied import OURS
from ui.document import Document, Layer, layer_from, new_document, premultiplied, tiles_from
from ui.pixels import rgba_of
from ui.selection import ellipse, rectangle
from ui.transform import bounds, gathered

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def noise(width: int, height: int) -> np.ndarray:
    rgba = np.random.default_rng(4).integers(0, 256, (height, width, 4), np.uint8)
    rgba[..., 3] |= 128
    return rgba


def with_thing(bench: Bench) -> Layer:
    """A layer of noise at (20, 10), on the sheet of 96 x 64."""
    thing = layer_from(noise(30, 20), "Thing", "strokes", 20, 10)
    bench.session.open(new_document(96, 64, WHITE).with_layer(thing))
    return thing


def select(bench: Bench, x: int, y: int, width: int, height: int) -> None:
    rect = bench.session.document.rect
    chosen = rectangle(QPointF(x, y), QPointF(x + width, y + height), rect)
    bench.session.commit("Select", lambda document: replace(document, selection=chosen))


def on_clipboard() -> np.ndarray:
    return rgba_of(QApplication.clipboard().image())


def top(document: Document) -> Layer:
    return document.layers[-1]


@scenario
async def test_what_is_selected_of_the_active_layer_is_copied_with_its_transparency(bench: Bench) -> None:
    with_thing(bench)
    select(bench, 0, 0, 30, 20)
    bench.key(Qt.Key.Key_C, CTRL)
    assert on_clipboard().shape == (10, 10, 4)
    assert (on_clipboard()[..., 3] == noise(30, 20)[:10, :10, 3]).all()


@scenario
async def test_where_the_active_layer_is_empty_what_helps_is_said_with_its_key(bench: Bench) -> None:
    with_thing(bench)
    told = bench.window.messages.text
    select(bench, 60, 40, 20, 20)
    bench.key(Qt.Key.Key_C, CTRL)
    assert told.text() == "Thing has nothing here; Ctrl+Shift+C copies what is seen of all layers."
    bench.window.keys.give("clipboard.copy_merged", ["F7"])
    bench.key(Qt.Key.Key_C, CTRL)
    assert "F7 copies what is seen" in told.text()
    bench.session.commit("Delete", lambda document: document.without(document.layers[0]))
    bench.key(Qt.Key.Key_C, CTRL)
    assert told.text() == "There is nothing to copy here: choose another layer or place."


@scenario
async def test_without_a_selection_the_whole_layer_is_copied_and_merged_the_whole_picture(
    bench: Bench,
) -> None:
    with_thing(bench)
    bench.key(Qt.Key.Key_C, CTRL)
    assert on_clipboard().shape == (20, 30, 4)
    bench.key(Qt.Key.Key_C, CTRL | SHIFT)
    assert (on_clipboard() == bench.picture()).all()


@scenario
async def test_what_was_copied_here_is_pasted_in_its_place_to_the_bit(bench: Bench) -> None:
    thing = with_thing(bench)
    select(bench, 25, 0, 10, 64)
    bench.key(Qt.Key.Key_C, CTRL)
    bench.key(Qt.Key.Key_V, CTRL)
    pasted = top(bench.session.document)
    assert [layer.name for layer in bench.session.document.layers] == ["Background", "Thing", "Pasted"]
    assert bounds(pasted) == Rect(25, 10, 10, 20)
    assert (gathered(pasted.tiles, bounds(pasted)) == gathered(thing.tiles, bounds(pasted))).all()
    assert pasted.placed is not None
    assert bench.session.active == pasted.uid
    assert bench.session.document.selection is None
    bench.key(Qt.Key.Key_Z, CTRL)
    assert bench.session.document.selection is not None


@scenario
async def test_cut_and_paste_are_the_picture_again(bench: Bench) -> None:
    with_thing(bench)
    before = bench.picture()
    select(bench, 25, 12, 10, 10)
    bench.key(Qt.Key.Key_X, CTRL)
    assert bench.picture()[15, 30].tolist() == [255, 255, 255, 255]
    assert bench.session.history.undo_label == "Cut"
    bench.key(Qt.Key.Key_V, CTRL)
    assert (bench.picture() == before).all()


@scenario
async def test_what_is_painted_later_does_not_change_a_copy(bench: Bench) -> None:
    with_thing(bench)
    bench.key(Qt.Key.Key_C, CTRL)
    bench.key(Qt.Key.Key_E)
    bench.stroke((20, 20), (50, 20))
    assert bench.picture()[20, 30].tolist() == list(WHITE)
    assert (on_clipboard()[..., 3] == noise(30, 20)[..., 3]).all()
    bench.key(Qt.Key.Key_V, CTRL)
    pasted = top(bench.session.document)
    assert (gathered(pasted.tiles, bounds(pasted)) == premultiplied(noise(30, 20))).all()


@scenario
async def test_after_cropping_a_copy_is_pasted_in_its_place_still(bench: Bench) -> None:
    with_thing(bench)
    bench.key(Qt.Key.Key_C, CTRL)
    select(bench, 10, 5, 60, 50)
    bench.window.framing.crop()
    await bench.session.at_rest()
    bench.key(Qt.Key.Key_V, CTRL)
    assert bounds(top(bench.session.document)) == Rect(10, 5, 30, 20)
    bench.session.open(new_document(96, 64, WHITE))
    bench.key(Qt.Key.Key_V, CTRL)
    assert bounds(top(bench.session.document)) == Rect(20, 10, 30, 20)


@scenario
async def test_what_was_copied_outlasts_the_program(bench: Bench) -> None:
    with_thing(bench)
    bench.key(Qt.Key.Key_C, CTRL)
    await bench.window.shut_down()
    assert not QApplication.clipboard().mimeData().hasFormat(OURS)  # nothing of Python's is left in it
    assert (on_clipboard()[..., 3] == noise(30, 20)[..., 3]).all()


@scenario
async def test_clear_takes_what_is_selected_by_its_share(bench: Bench) -> None:
    with_thing(bench)
    disc = ellipse(QPointF(20, 10), QPointF(50, 30), bench.session.document.rect)
    bench.session.commit("Select", lambda document: replace(document, selection=disc))
    bench.key(Qt.Key.Key_Delete)
    left = gathered(top(bench.session.document).tiles, Rect(20, 10, 30, 20))[..., 3]
    assert left[10, 15] == 0
    assert left[0, 0] == noise(30, 20)[0, 0, 3]
    assert ((left > 0) & (left < 120)).any()


@scenario
async def test_a_locked_layer_is_not_cut_and_says_so(bench: Bench) -> None:
    thing = with_thing(bench)
    locked = replace(thing, locked=True)
    bench.session.commit("Lock", lambda document: document.exchange(thing, locked))
    bench.key(Qt.Key.Key_X, CTRL)
    assert top(bench.session.document) is locked
    assert "locked" in bench.window.messages.text.text()


@scenario
async def test_a_picture_of_another_program_lands_in_the_middle_of_the_view_and_is_kept_whole(
    bench: Bench,
) -> None:
    bench.session.open(new_document(96, 64, WHITE))
    image = QImage(200, 30, QImage.Format.Format_RGBA8888)
    image.fill(QColor(10, 200, 30, 128))
    QApplication.clipboard().setImage(image)
    bench.key(Qt.Key.Key_V, CTRL)
    view, canvas = bench.window.canvas.view, bench.window.canvas
    middle = view.to_canvas(QPointF(canvas.width() / 2, canvas.height() / 2))
    box = bounds(top(bench.session.document))
    assert (box.width, box.height) == (200, 30)
    assert abs(box.x + 100 - middle.x()) <= 1
    assert abs(box.y + 15 - middle.y()) <= 1
    assert "larger than the picture" in bench.window.messages.text.text()


@scenario
async def test_png_on_the_clipboard_counts_before_what_has_lost_its_transparency(bench: Bench) -> None:
    image = QImage(8, 8, QImage.Format.Format_RGBA8888)
    image.fill(QColor(200, 10, 30, 64))
    data = io.BytesIO()
    Image.fromarray(rgba_of(image)).save(data, "PNG")
    mime = QMimeData()
    mime.setImageData(image.convertToFormat(QImage.Format.Format_RGB32))
    mime.setData(PNG, QByteArray(data.getvalue()))
    QApplication.clipboard().setMimeData(mime)
    bench.key(Qt.Key.Key_V, CTRL)
    pasted = top(bench.session.document)
    assert gathered(pasted.tiles, bounds(pasted))[0, 0, 3] == 64


@scenario
async def test_where_something_is_selected_a_strange_picture_lands_on_that(bench: Bench) -> None:
    image = QImage(10, 10, QImage.Format.Format_RGBA8888)
    image.fill(QColor("red"))
    QApplication.clipboard().setImage(image)
    select(bench, 60, 40, 20, 20)
    bench.key(Qt.Key.Key_V, CTRL)
    assert bounds(top(bench.session.document)) == Rect(65, 45, 10, 10)


@scenario
async def test_sixteen_bits_are_copied_and_pasted_as_they_are(bench: Bench) -> None:
    deep = np.random.default_rng(1).integers(0, 65536, (64, 96, 4), np.uint16)
    deep[..., 3] = 65535
    document = replace(Document(96, 64, depth=16), layers=(Layer("Picture", "picture", tiles_from(deep)),))
    bench.session.open(document)
    bench.key(Qt.Key.Key_C, CTRL)
    bench.key(Qt.Key.Key_V, CTRL)
    layers = bench.session.document.layers
    assert (layers[1].tiles[0, 0] == layers[0].tiles[0, 0]).all()
    assert on_clipboard().shape == (64, 96, 4)


@scenario
async def test_an_empty_place_is_not_copied(bench: Bench) -> None:
    with_thing(bench)
    QApplication.clipboard().setText("before")
    select(bench, 70, 40, 10, 10)
    bench.key(Qt.Key.Key_C, CTRL)
    assert QApplication.clipboard().text() == "before"
    assert "nothing here" in bench.window.messages.text.text()


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    for name, level in (("first", 60), ("second", 180)):
        save_picture(tmp_path / f"{name}.png", np.full((20, 30, 3), level, np.uint8))
    return [tmp_path / "first.png", tmp_path / "second.png"]


@scenario
async def test_dropped_files_become_layers_where_they_are_dropped(bench: Bench, photos: list[Path]) -> None:
    with_thing(bench)
    bench.session.commit("Rename", lambda document: replace(document, pulls=()))
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in photos])
    window = bench.window
    at = window.canvas.view.transform.map(QPointF(50, 30)).toPoint()
    place = QPointF(window.canvas.mapTo(window, at))
    window.dropEvent(
        QDropEvent(
            place, Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
    )
    await bench.until(lambda: len(bench.session.document.layers) == 4)
    layers = bench.session.document.layers
    assert [layer.name for layer in layers[2:]] == ["first", "second"]
    assert bounds(layers[2]) == bounds(layers[3])
    assert abs(bounds(layers[2]).x - 35) <= 1
    assert bench.session.history.undo_label == "Drop"


@scenario
async def test_what_is_copied_can_be_pasted_as_a_layer_and_as_a_picture(bench: Bench) -> None:
    image = QImage(30, 20, QImage.Format.Format_RGBA8888)
    image.fill(QColor(10, 200, 30))
    QApplication.clipboard().setImage(image)
    bench.key(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert bench.kinds == ["picture", "strokes"]
    assert bench.picture()[32, 48].tolist() == [10, 200, 30, 255]
    assert bench.picture()[2, 2].tolist() == [255, 255, 255, 255]
    bench.session.mark_saved()
    bench.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    whole = bench.picture()
    bench.key(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert bench.kinds == ["picture"]
    assert (bench.picture() == whole).all()


@scenario
async def test_pasting_without_a_picture_says_so(bench: Bench) -> None:
    QApplication.clipboard().setText("no picture")
    bench.key(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert "no picture on the clipboard" in bench.window.messages.text.text()
