"""Steps that take time, on pictures that are large enough for that: made beside the window, in order, and
without a trace where they are given up.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt

from engine.area import Rect
from tests.bench import WHITE, Bench, scenario
from tests.hands import mouse, seen, stroke
from tests.pulls import photo, pull, take_up
from ui.document import Document, Layer, copied, layer_from, new_document, premultiplied
from ui.files import open_document
from ui.selecting import _Adjust
from ui.selection import rectangle
from ui.session import AT_ONCE
from ui.slider import Slider
from ui.tools import Fill, Transform, Wand
from ui.transform import bounds, pasted, transformed

CTRL = Qt.KeyboardModifier.ControlModifier
SIDE = 600  # pixels


def large() -> Document:
    """A layer of many colours on a sheet with a grey half."""
    assert SIDE * SIDE > AT_ONCE
    colours = np.random.default_rng(5).integers(0, 256, (12, 12, 4), np.uint8)
    quilt = np.kron(colours, np.ones((SIDE // 12, SIDE // 12, 1), np.uint8))
    quilt[..., 3] = 255
    half = np.full((SIDE, SIDE // 2, 4), (120, 120, 120, 255), np.uint8)
    sheet = new_document(SIDE, SIDE, WHITE).with_layer(layer_from(half, "Half", "strokes"))
    return sheet.with_layer(pasted(layer_from(quilt, "Quilt", "strokes")))


def halves(bench: Bench) -> None:
    """That sheet without the quilt, as large as it fits."""
    document = large()
    bench.session.open(document.without(document.layers[-1]))


def take(bench: Bench, kind: type) -> None:
    bench.window.holding.choose([type(tool) for tool in bench.window.holding.tools].index(kind))


def turned(bench: Bench) -> Transform:
    """The quilt a little turned in its frame, not applied yet."""
    bench.session.open(large())
    bench.key(Qt.Key.Key_T, CTRL)
    bench.window.transform_panel.fields["angle"].setValue(10)
    assert isinstance(bench.window.holding.tool, Transform)
    return bench.window.holding.tool


async def rest(bench: Bench) -> None:
    await bench.until(lambda: not bench.session.is_busy)


@scenario
async def test_a_large_layer_lands_as_a_small_one_does(bench: Bench) -> None:
    tool = turned(bench)
    layer, matrix = bench.session.document.layers[-1], tool.matrix
    bench.key(Qt.Key.Key_Return)
    assert bench.session.is_making
    await rest(bench)
    after, wanted = bench.session.document.layers[-1], transformed(layer, matrix)
    assert after.tiles.keys() == wanted.tiles.keys()
    assert all((after.tiles[place] == wanted.tiles[place]).all() for place in wanted.tiles)
    assert bench.session.history.undo_label == "Transform"


@scenario
async def test_until_it_has_landed_the_screen_shows_it_where_it_will_be(bench: Bench) -> None:
    turned(bench)
    canvas = bench.window.canvas
    bench.key(Qt.Key.Key_Return)
    bench.key(Qt.Key.Key_B)  # whichever tool is there by then
    flying, nothing = seen(canvas), Document(SIDE, SIDE, bench.session.document.layers[:2])
    assert bench.session.is_making
    await rest(bench)
    landed = seen(canvas)
    assert np.abs(flying.astype(int) - landed).mean() < 6
    bench.session.open(nothing)
    assert np.abs(flying.astype(int) - seen(canvas)).mean() > 20


@scenario
async def test_escape_and_undo_give_it_up(bench: Bench) -> None:
    for give_up in (bench.window.running.step_back, bench.window.running.undo):
        turned(bench)
        before = bench.session.document
        bench.key(Qt.Key.Key_Return)
        assert bench.session.is_making
        give_up()
        assert bench.session.document is before
        assert bench.session.shown is before
        assert not bench.session.is_busy


@scenario
async def test_what_is_saved_meanwhile_holds_it(bench: Bench) -> None:
    turned(bench)
    bench.key(Qt.Key.Key_Return)
    path = bench.folder / "turned.ora"
    await bench.window.filing.write(path)
    assert not bench.session.is_modified
    saved, there = (
        bounds(each.layers[-1]) for each in (open_document(path).document, bench.session.document)
    )
    assert saved == there != Rect(0, 0, SIDE, SIDE)


@scenario
async def test_another_picture_does_not_get_it(bench: Bench) -> None:
    turned(bench)
    bench.key(Qt.Key.Key_Return)
    other = new_document(96, 64, WHITE)
    bench.session.open(other)
    await rest(bench)
    assert bench.session.document is other


@scenario
async def test_changes_wait_their_turn(bench: Bench) -> None:
    halves(bench)
    take(bench, Wand)
    stroke(bench.window.canvas, (100, 100))
    assert bench.session.is_making
    bench.window.selecting.invert()
    bench.session.commit("Rename", lambda document: replace(document, layers=document.layers[:1]))
    await bench.until(lambda: bench.session.history.undo_label == "Rename")
    labels = [label for label, _ in bench.session.history.steps]
    assert labels == ["Open", "Wand", "Invert selection", "Rename"]
    selection = bench.session.document.selection
    assert selection is not None
    assert abs(selection.at.x - SIDE // 2) <= 2


@scenario
async def test_a_press_meanwhile_does_nothing(bench: Bench) -> None:
    halves(bench)
    take(bench, Wand)
    stroke(bench.window.canvas, (100, 100))
    stroke(bench.window.canvas, (500, 100))
    await rest(bench)
    assert [label for label, _ in bench.session.history.steps] == ["Open", "Wand"]


@scenario
async def test_a_large_fill_is_one_step_and_keeps_to_the_selection(bench: Bench) -> None:
    halves(bench)
    at = rectangle(QPointF(50, 50), QPointF(SIDE, SIDE), bench.session.document.rect)
    bench.session.commit("Select", lambda document: replace(document, selection=at))
    take(bench, Fill)
    stroke(bench.window.canvas, (100, 100))
    await rest(bench)
    assert bench.session.history.undo_label == "Fill"
    colour = bench.session.colour
    assert bench.picture()[300, 100].tolist() == [colour.red(), colour.green(), colour.blue(), 255]
    assert bench.picture()[300, 20].tolist() == [120, 120, 120, 255]
    assert bench.picture()[300, 500].tolist() == list(WHITE)


@scenario
async def test_of_numbers_that_follow_each_other_the_newest_is_kept(bench: Bench) -> None:
    halves(bench)
    take(bench, Wand)
    bench.window.holding.tool.smooth = False  # type: ignore[attr-defined]
    stroke(bench.window.canvas, (100, 100))
    await rest(bench)
    bench.window.selecting.grow()
    dialog = bench.window.findChildren(_Adjust)[-1]
    slider = dialog.findChild(Slider)
    assert slider is not None
    for number in (3, 9, 20):
        slider.set_value(number)
    bench.click(dialog.ok_button)
    await rest(bench)
    selection = bench.session.document.selection
    assert selection is not None
    assert selection.at == Rect(0, 0, SIDE // 2 + 20, SIDE)


@scenario
async def test_a_large_result_stands_over_the_canvas_until_its_layer_is_there(bench: Bench) -> None:
    await bench.start_engine()
    bench.session.open(new_document(1500, 1500, WHITE))
    bench.window.running.make_it_real()
    await bench.finish()
    canvas = bench.window.canvas

    def upper() -> np.ndarray:
        """Without the bars that float over its lower edge."""
        return seen(canvas)[: canvas.height() // 2].astype(int)

    waiting = upper()
    bench.window.editing.apply_through_mask()
    assert bench.session.is_making
    assert (upper() == waiting).all()
    await bench.until(lambda: bench.session.overlay is None)
    assert bench.kinds == ["picture", "result"]
    assert bench.session.is_on_mask
    assert np.abs(upper() - waiting).max() <= 4  # both are seen small, and each halving rounds in its own way


@pytest.mark.parametrize("command", ["merge", "flatten", "duplicate", "add_mask"])
@scenario
async def test_commands_on_large_layers_are_steps_that_can_be_given_up(bench: Bench, command: str) -> None:
    bench.session.open(large())
    if command in ("duplicate", "add_mask"):
        upper = rectangle(QPointF(0, 0), QPointF(SIDE, SIDE // 2), bench.session.document.rect)
        bench.session.commit("Select", lambda document: replace(document, selection=upper))
    before, picture = bench.session.document, bench.picture()
    do = getattr(bench.window.layering, command)
    for give_up in (bench.window.running.step_back, bench.window.running.undo):
        do()
        assert bench.session.is_making
        give_up()
        assert not bench.session.is_busy
        assert bench.session.document is bench.session.shown is before
    do()
    assert bench.session.shown is before  # until it is made
    await rest(bench)
    assert bench.session.document is not before
    assert (bench.picture()[: SIDE // 2] == picture[: SIDE // 2]).all()
    bench.window.running.undo()
    assert bench.session.document is before


@scenario
async def test_what_takes_several_frames_to_draw_is_moved_as_it_lands(bench: Bench) -> None:
    quilt = replace(large().layers[-1], blend="multiply", opacity=0.2)
    heap = Layer("Heap", "group", layers=tuple(copied(quilt) for _ in range(8)))
    bench.session.open(new_document(SIDE, SIDE, WHITE).with_layer(heap))
    canvas = bench.window.canvas
    canvas.actual_size()
    bench.key(Qt.Key.Key_V)
    stroke(canvas, (300, 300), (317, 291), release=False)
    frames = [seen(canvas) for _ in range(9)]  # as many as there are tiles
    assert (frames[0] != frames[-1]).any()
    mouse(canvas, QEvent.Type.MouseButtonRelease, (317, 291))
    assert bench.session.is_making
    assert (seen(canvas) == frames[-1]).all()
    await rest(bench)
    landed = [seen(canvas) for _ in range(9)]
    assert (landed[-1] == frames[-1]).all()


@scenario
async def test_a_large_result_does_not_come_over_the_ghost_of_a_drag(bench: Bench) -> None:
    await bench.start_engine()
    take_up(bench, photo(700, 700))
    bench.window.drag_panel.variants.set_value(2)
    pull(bench, (60, 80), (640, 600))
    bench.window.running.make_it_real()
    await bench.finish()
    assert bench.session.overlay is not None
    assert bench.session.overlay.pixels[..., 3].size > AT_ONCE
    bench.window.editing.turn(1)
    bench.window.timeline.track.scrubbed.emit(0.45)
    assert bench.session.overlay is None
    await bench.until(lambda: bench.window.editing._laying is None)
    assert bench.session.overlay is None


@scenario
async def test_of_the_variants_of_a_large_result_the_newest_choice_is_shown(bench: Bench) -> None:
    await bench.start_engine()
    bench.session.open(new_document(SIDE, SIDE, WHITE))
    bench.window.edit_panel.variants.set_value(3)
    bench.window.running.make_it_real()
    await bench.finish()
    editing, session = bench.window.editing, bench.session
    first, shown = session.overlay, []
    session.overlaid.connect(lambda: shown.append(session.overlay))
    editing.turn(1)
    editing.turn(1)
    assert session.overlay is first  # the window does not wait for the other one
    await bench.until(lambda: session.overlay is not first)
    third = session.document.results[2]
    assert editing.result is third
    assert session.overlay is not None
    assert (session.overlay.pixels == premultiplied(third.pixels)).all()
    assert shown == [session.overlay]
