"""The picture is cropped, and its canvas gets another size; nothing that lay outside is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from engine.area import Rect
from engine.types import Handle
from tests.bench import Bench, scenario
from tests.hands import stroke
from ui.document import Document, Layer, Pull, Result, document_from, frozen, layer_from, read
from ui.frame import framed
from ui.framing import CanvasDialog
from ui.results import Kept
from ui.selection import ellipse, rectangle
from ui.work import made


def noise(height: int, width: int) -> np.ndarray:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 4), np.uint8)
    pixels[..., 3] = 255
    return pixels


def crowded() -> Document:
    """Of every kind of thing that lies somewhere in a document."""
    document = document_from(noise(300, 400))
    stack = Layer("Group", "group", layers=(layer_from(noise(40, 60), "Piece", "strokes", 90, 80),))
    return replace(
        document.with_layer(stack),
        areas=(layer_from(noise(50, 50), "Editable", "editable", 100, 100),),
        pulls=(Pull("Balloon", Handle((120.0, 90.0), (160.0, 100.0))),),
        selection=ellipse(QPointF(100, 90), QPointF(180, 150), document.rect),
    )


def cut(document: Document, frame: Rect) -> Document:
    return made(framed(document, frame))


def test_what_is_seen_is_that_part_of_the_picture() -> None:
    before, frame = crowded(), Rect(70, 60, 200, 150)
    after = cut(before, frame)
    assert (read(after, after.rect) == read(before, frame)).all()
    assert after.pulls[0].handle.source == (50.0, 30.0)
    assert after.selection is not None
    assert after.selection.at == Rect(30, 30, 80, 60)
    assert (read(replace(after, layers=after.areas), Rect(30, 40, 50, 50))[..., 3] == 255).all()


def test_nothing_that_lies_outside_is_lost() -> None:
    before, frame = crowded(), Rect(70, 60, 200, 150)
    after = cut(cut(before, frame), Rect(-70, -60, 400, 300))
    assert (read(after, after.rect) == read(before, before.rect)).all()
    assert after.frame == before.frame


def test_a_layer_that_was_never_moved_is_not_taken_for_one_that_was_pasted() -> None:
    assert all(layer.placed is None for layer in cut(crowded(), Rect(10, 20, 100, 100)).walk())


def test_a_result_stays_where_it_was_made_whatever_the_frame_is() -> None:
    before = crowded()
    result = Result(Rect(90, 80, 20, 10), frozen(noise(10, 20)), "{}")
    after = cut(before, Rect(70, 60, 200, 150))
    assert Kept.of(result, after).at == Rect(20, 20, 20, 10)
    late = replace(result, at=Rect(20, 20, 20, 10), frame=after.frame)
    assert Kept.of(late, before).at == result.at


@scenario
async def test_cropping_is_one_step_and_undo_brings_the_whole_picture_back(bench: Bench) -> None:
    window, session = bench.window, bench.session
    whole = session.document
    chosen = rectangle(QPointF(16, 8), QPointF(56, 40), whole.rect)
    session.commit("Select", lambda document: replace(document, selection=chosen))
    window.framing.crop()
    await session.at_rest()
    assert (session.document.width, session.document.height) == (40, 32)
    assert session.document.selection is None
    stroke(window.canvas, (4, 4), (30, 4))
    assert session.history.undo_label == "Brush"
    window.running.undo()
    window.running.undo()
    assert session.document.rect == whole.rect
    stroke(window.canvas, (60, 50), (90, 50))
    assert session.history.undo_label == "Brush"


@scenario
async def test_without_a_selection_cropping_says_what_to_do(bench: Bench) -> None:
    bench.window.framing.crop()
    assert "select what shall stay" in bench.window.messages.text.text()


@scenario
async def test_the_canvas_grows_round_the_picture(bench: Bench) -> None:
    bench.window.framing.ask_size()
    dialog = bench.window.findChild(CanvasDialog)
    assert isinstance(dialog, CanvasDialog)
    dialog.wide.set_value(196)
    dialog.tall.set_value(100)
    dialog.sides.button(3).click()  # at the left
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    await bench.session.at_rest()
    document = bench.session.document
    assert (document.width, document.height) == (196, 100)
    seen = read(document, document.rect)[..., 3] == 255
    assert seen[18:82, :96].all()
    assert seen.sum() == 96 * 64
