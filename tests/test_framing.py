"""The picture is cropped, and its canvas gets another size; nothing that lay outside is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from engine.area import Rect
from engine.types import Handle
from tests.bench import Bench, scenario
from tests.hands import stroke
from ui.apply import Candidate
from ui.document import Document, Layer, Pull, Result, document_from, frozen, layer_from, read
from ui.frame import OVERLAP, flipped, framed, scaled, trimmed, turned
from ui.framing import CanvasDialog
from ui.image_size import ImageDialog
from ui.results import Kept
from ui.selection import ellipse, part_in, rectangle
from ui.stack import with_mask
from ui.transform import bounds, pasted, transformed
from ui.work import Making, made


def noise(height: int, width: int, depth: type[np.integer] = np.uint8) -> np.ndarray:
    most = np.iinfo(depth).max
    pixels = np.random.default_rng(1).integers(0, most, (height, width, 4), depth, endpoint=True)
    pixels[..., 3] = most
    return pixels


def crowded(depth: type[np.integer] = np.uint8) -> Document:
    """Of every kind of thing that lies somewhere in a document."""
    document = document_from(noise(300, 400, depth))
    piece = layer_from(noise(40, 60, depth), "Piece", "strokes", 90, 80)
    stack = with_mask(
        Layer("Group", "group", layers=(piece,)),
        document,
        rectangle(QPointF(95, 83), QPointF(120, 99), document.rect),
    )
    return replace(
        document.with_layer(stack),
        areas=(layer_from(noise(50, 50), "Editable", "editable", 100, 100),),
        pulls=(Pull("Balloon", Handle((120.0, 90.0), (160.0, 100.0))),),
        selection=ellipse(QPointF(100, 90), QPointF(180, 150), document.rect),
    )


def alpha_of(document: Document) -> np.ndarray:
    """Of its areas."""
    return read(replace(document, layers=document.areas, depth=8), document.rect)[..., 3]


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


TURNS: dict[
    str, tuple[Callable[[Document], Making[Document]], Callable[[np.ndarray], np.ndarray]]
] = {  # what is done to the document, and what it does to its pixels
    "left": (partial(turned, quarters=-1), np.rot90),
    "right": (partial(turned, quarters=1), lambda pixels: np.rot90(pixels, -1)),
    "round": (partial(turned, quarters=2), lambda pixels: np.rot90(pixels, 2)),
    "across": (partial(flipped, across=True), lambda pixels: pixels[:, ::-1]),
    "down": (partial(flipped, across=False), lambda pixels: pixels[::-1]),
}


@pytest.mark.parametrize("name", TURNS)
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_turns_and_flips_keep_every_pixel_of_all_that_there_is(name: str, depth: type[np.integer]) -> None:
    turn, expected = TURNS[name]
    before = crowded(depth)
    after = made(turn(before))
    assert (read(after, after.rect) == expected(read(before, before.rect))).all()
    assert (alpha_of(after) == expected(alpha_of(before))).all()
    assert before.selection is not None
    assert after.selection is not None
    chosen = part_in(before.selection, before.rect)
    assert (part_in(after.selection, after.rect) == expected(chosen)).all()
    spot = np.zeros((300, 400), bool)
    spot[90, 120] = True
    ((row, column),) = np.argwhere(expected(spot))
    source = after.pulls[0].handle.source
    assert abs(source[0] - column - 0.5) == abs(source[1] - row - 0.5) == 0.5


def test_four_quarter_turns_are_none() -> None:
    before = after = crowded()
    for _ in range(4):
        after = made(turned(after, 1))
    assert (read(after, after.rect) == read(before, before.rect)).all()
    assert after.pulls[0].handle.target == before.pulls[0].handle.target
    assert after.frame == before.frame


def test_a_flip_turns_a_handle_the_other_way() -> None:
    before = crowded()
    pull = replace(before.pulls[0], handle=replace(before.pulls[0].handle, turn=30.0))
    after = made(flipped(replace(before, pulls=(pull,)), across=True))
    assert after.pulls[0].handle.turn == -30
    assert made(turned(replace(before, pulls=(pull,)), 1)).pulls[0].handle.turn == 30


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(800, 600), (333, 250), (100, 300)])
def test_a_scaled_picture_is_opaque_to_its_edges(size: tuple[int, int], depth: type[np.integer]) -> None:
    after = made(scaled(crowded(depth), *size))
    pixels = read(after, after.rect)
    assert pixels.shape == (size[1], size[0], 4)
    assert pixels.dtype == depth
    assert (pixels[..., 3] == np.iinfo(depth).max).all()


def test_what_is_in_a_picture_is_scaled_with_it() -> None:
    after = made(scaled(crowded(), 800, 600))
    handle = after.pulls[0].handle
    assert (handle.source, handle.target, handle.radius) == ((240.0, 180.0), (320.0, 200.0), 48.0)
    assert after.selection is not None
    assert after.selection.at == Rect(200, 180, 160, 120)
    assert (alpha_of(after)[200:300, 200:300] == 255).all()
    assert alpha_of(after).sum() == 255 * 100 * 100


def test_nearest_repeats_pixels() -> None:
    before = crowded()
    after = made(scaled(before, 1200, 900, "nearest"))
    assert (read(after, after.rect) == read(before, before.rect).repeat(3, 0).repeat(3, 1)).all()


def test_what_was_transformed_before_is_not_resampled_twice() -> None:
    piece = pasted(layer_from(noise(64, 64), "Piece", "strokes", 8, 8))
    small = transformed(piece, np.diag([0.25, 0.25, 1.0]))
    document = Document(400, 300).with_layer(small)
    after = made(scaled(document, 1600, 1200))
    assert (read(after, Rect(8, 8, 64, 64)) == noise(64, 64)).all()


def test_what_lies_far_outside_is_cut_off_where_it_would_be_huge() -> None:
    after = made(scaled(cut(crowded(), Rect(90, 80, 10, 8)), 4000, 3200))
    assert bounds(after.layers[0]) == after.rect
    assert (read(after, after.rect)[..., 3] == 255).all()


def test_a_result_is_applied_where_the_picture_lies_now() -> None:
    """Whatever was done to the picture since it was made, and in whatever order."""
    before = document_from(noise(60, 80))
    result = Result(Rect(0, 0, 80, 60), frozen(read(before, before.rect)), "{}")
    turns: tuple[Callable[[Document], Making[Document]], ...] = (
        partial(framed, frame=Rect(10, 5, 50, 40)),
        partial(turned, quarters=1),
        partial(flipped, across=True),
        partial(turned, quarters=-2),
    )
    for change in turns:
        after = before = made(change(before))
        kept = Kept.of(result, after)
        applied = kept.accepted(replace(after, layers=()), Candidate(noise(1, 1)[..., :3], 0, True))
        assert (read(applied, applied.rect) == read(after, after.rect)).all()


@pytest.mark.parametrize("size", [(100, 80), (25, 20), (4000, 3200)])
def test_a_result_is_scaled_as_the_picture_was(size: tuple[int, int]) -> None:
    before = document_from(noise(60, 80))
    result = Result(Rect(0, 0, 80, 60), frozen(read(before, before.rect)), "{}")
    after = made(scaled(made(framed(before, Rect(10, 5, 50, 40))), *size))
    applied = Kept.of(result, after).accepted(
        replace(after, layers=()), Candidate(noise(1, 1)[..., :3], 0, True)
    )
    difference = read(applied, applied.rect).astype(int) - read(after, after.rect)
    assert np.abs(difference).max() <= 1


def test_trim_cuts_to_what_is_not_transparent() -> None:
    document = Document(400, 300).with_layer(layer_from(noise(40, 60), "Piece", "strokes", 90, 80))
    after = made(trimmed(document))
    assert (after.width, after.height) == (60, 40)
    assert (read(after, after.rect) == noise(40, 60)).all()
    assert made(trimmed(after)) is after


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
async def test_a_large_picture_is_cropped_once_however_often_it_is_asked_for(bench: Bench) -> None:
    whole = document_from(noise(700, 800))
    chosen = rectangle(QPointF(100, 150), QPointF(700, 650), whole.rect)
    bench.session.open(replace(whole, selection=chosen))
    bench.window.framing.crop()
    assert bench.session.is_making
    bench.window.framing.crop()
    await bench.until(lambda: not bench.session.is_busy)
    assert (bench.picture() == read(whole, Rect(100, 150, 600, 500))).all()
    assert [label for label, _ in bench.session.history.steps] == ["Open", "Crop"]


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
    assert document.selection is not None  # the new room, for Fill
    chosen = part_in(document.selection, document.rect)
    assert not chosen[18 + OVERLAP : 82 - OVERLAP, : 96 - OVERLAP].any()
    assert chosen.sum() == 255 * (196 * 100 - (64 - 2 * OVERLAP) * (96 - OVERLAP))
    assert "Fill goes on" in bench.window.messages.text.text()


@scenario
async def test_the_new_room_is_left_alone_if_one_says_so(bench: Bench) -> None:
    bench.window.framing.ask_size()
    dialog = bench.window.findChild(CanvasDialog)
    assert isinstance(dialog, CanvasDialog)
    dialog.selects.click()
    dialog.wide.set_value(196)
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    await bench.session.at_rest()
    assert bench.session.document.rect == Rect(0, 0, 196, 64)
    assert bench.session.document.selection is None


def asked_size(bench: Bench) -> ImageDialog:
    bench.key(Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    dialog = bench.window.findChild(ImageDialog)
    assert isinstance(dialog, ImageDialog)
    return dialog


@scenario
async def test_a_width_is_typed_and_the_height_follows(bench: Bench) -> None:
    dialog = asked_size(bench)
    QTest.keyClicks(dialog.wide.lineEdit(), "240")
    assert dialog.tall.value() == 160
    assert dialog.note.text() == "96 × 64 pixels become 240 × 160."
    QTest.keyClick(dialog.wide, Qt.Key.Key_Return)
    await bench.session.at_rest()
    assert bench.session.document.rect == Rect(0, 0, 240, 160)
    assert (bench.picture() == 255).all()
    assert bench.session.history.undo_label == "Image size"
    bench.window.running.undo()
    assert bench.session.document.rect == Rect(0, 0, 96, 64)


@scenario
async def test_a_size_in_per_cent_with_sides_of_their_own(bench: Bench) -> None:
    dialog = asked_size(bench)
    dialog.link.click()
    dialog.unit.findChildren(QPushButton)[1].click()
    assert dialog.tall.text() == "100 %"
    QTest.keyClicks(dialog.wide.lineEdit(), "50")
    dialog.accept()
    await bench.session.at_rest()
    assert bench.session.document.rect == Rect(0, 0, 48, 64)


@scenario
async def test_a_size_beyond_what_a_picture_may_have_is_told_of(bench: Bench) -> None:
    dialog = asked_size(bench)
    dialog.wide.setValue(9000)
    assert dialog.note.text() == "9000 pixels are too many: a picture has at most 8192 on a side."
    assert not dialog.change.isEnabled()
    dialog.wide.setValue(8192)
    assert dialog.change.isEnabled()
    dialog.reject()


@scenario
async def test_a_result_that_was_made_before_a_turn_is_applied_in_its_place(bench: Bench) -> None:
    window, session = bench.window, bench.session
    await bench.start_engine()
    bench.stroke()
    window.edit_panel.variants.set_value(1)
    bench.click(window.edit_panel.main)
    await bench.finish()
    window.editing.apply()
    await session.at_rest()
    made_before = bench.picture()
    window.running.undo()
    window.framing.turn_right()
    assert session.document.rect == Rect(0, 0, 64, 96)
    window.results.apply()
    await session.at_rest()
    assert session.history.undo_label == "Apply result"
    assert (bench.picture() == np.rot90(made_before, -1)).all()
