"""Live mode as a user meets it: each stroke is made real at once, and nothing is changed until it is kept."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from engine.types import SDEdit
from tests.bench import Bench, scenario
from ui.document import Document, document_from
from ui.live import STEPS
from ui.session import Overlay

pytestmark = pytest.mark.qt_log_ignore("plugin does not support")  # offscreen says so
CONTROL = Qt.KeyboardModifier.ControlModifier


async def go_live(bench: Bench) -> None:
    await bench.start_engine()
    bench.click(bench.window.edit_panel.live)
    assert bench.window.live.is_on


async def picture(bench: Bench) -> Overlay:
    """The live picture of what is on the canvas, once it is finished."""
    await bench.until(lambda: bench.window.live.can_keep)
    assert bench.session.overlay is not None
    assert bench.session.overlay.of is bench.session.document
    return bench.session.overlay


async def rest(bench: Bench) -> None:
    live = bench.window.live
    await bench.until(lambda: not live._clock.isActive() and not live.is_running)


def press(bench: Bench) -> None:
    """The beginning of a stroke along row 45."""
    point = where(bench, 20, 45)
    QTest.mousePress(bench.window.canvas, Qt.MouseButton.LeftButton, pos=point)
    QTest.mouseMove(bench.window.canvas, point + QPoint(9, 0))
    assert bench.session.is_busy


def release(bench: Bench) -> None:
    QTest.mouseRelease(bench.window.canvas, Qt.MouseButton.LeftButton, pos=where(bench, 60, 45))


def where(bench: Bench, x: int, y: int) -> QPoint:
    return bench.window.canvas.view.transform.map(QPointF(x, y)).toPoint()


def screen(bench: Bench) -> QImage:
    """The picture as it is seen, but for the rows where bars float and for the outline of the brush."""
    canvas = bench.window.canvas
    canvas._move_hover(None)
    return canvas.grab(canvas.view.to_widget(QRectF(0, 8, 96, 44)).toRect()).toImage()


def photo() -> Document:
    colours = np.random.default_rng(3).integers(0, 256, (80, 120, 4), np.uint8)
    colours[..., 3] = 255
    return document_from(colours)


@scenario
async def test_a_finished_stroke_is_made_real_and_the_document_stays(bench: Bench) -> None:
    await go_live(bench)
    bench.stroke()
    strokes, plain = bench.session.document, screen(bench)
    await picture(bench)
    assert bench.session.document is strokes
    assert screen(bench) != plain
    assert bench.window.live_bar.isVisible()
    assert bench.window.canvas.tool.name == "Brush"


@scenario
async def test_a_picture_that_was_turned_is_not_covered_by_what_was_made_before(bench: Bench) -> None:
    await go_live(bench)
    bench.stroke()
    await picture(bench)
    bench.window.framing.turn_right()
    await bench.session.at_rest()
    assert bench.session.overlay is None
    await picture(bench)
    assert bench.session.overlay is not None
    assert bench.session.overlay.of is bench.session.document


@scenario
async def test_the_key_and_the_button_agree(bench: Bench) -> None:
    bench.key(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert bench.window.edit_panel.live.isChecked()
    assert bench.window.live_bar.isVisible()
    assert not bench.window.welcome.isVisible()
    bench.click(bench.window.edit_panel.live)
    assert not bench.window.menus.actions["toggle_live"].isChecked()
    assert not bench.window.live_bar.isVisible()


@scenario
async def test_a_stroke_painted_before_the_model_is_ready_is_made_real_once_it_is(bench: Bench) -> None:
    bench.key(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    bench.stroke()
    bench.window.live._begin()
    assert bench.window.live.is_running
    await bench.start_engine()
    await picture(bench)


@scenario
async def test_what_is_asked_is_quick_and_of_one_seed(bench: Bench) -> None:
    await go_live(bench)
    panel = bench.window.edit_panel
    panel.strength.set_value(37)
    panel.variants.set_value(4)
    panel.steps.set_value(25)
    panel.seed.set_value(11)
    bench.speak_to().say("lake")
    for _ in range(2):
        bench.stroke()
        await picture(bench)
        made = bench.window.live._made
        assert made is not None
        request = made[0].request
        assert request.operation == SDEdit(0.37, draft=True)
        assert (request.steps, request.variants, request.seed, request.prompt) == (STEPS, 1, 11, "lake")


@scenario
async def test_nothing_starts_while_a_stroke_is_under_way(bench: Bench) -> None:
    await go_live(bench)
    press(bench)
    bench.window.live._begin()  # as if the moment of quiet were over
    assert not bench.window.live.is_running
    release(bench)
    await picture(bench)


@scenario
async def test_a_new_stroke_cancels_the_work_on_the_last_one(bench: Bench) -> None:
    await go_live(bench)
    bench.stroke()
    bench.window.live._begin()
    job = bench.window.live._job
    assert job is not None
    press(bench)
    assert not bench.window.live.is_running
    await bench.until(job.done)
    assert job.cancelled()
    assert bench.session.overlay is None
    release(bench)
    await picture(bench)


@scenario
async def test_the_last_picture_is_held_and_the_new_stroke_is_seen_on_it(bench: Bench) -> None:
    await go_live(bench)
    bench.session.set_colour(QColor("#c02020"))
    bench.stroke()
    before = await picture(bench)
    bench.session.set_colour(QColor("#1030c0"))
    press(bench)
    release(bench)
    assert bench.session.overlay is before
    assert not bench.window.live.can_keep
    row = where(bench, 0, 45).y() - where(bench, 0, 8).y()
    column = where(bench, 30, 0).x() - where(bench, 0, 0).x()
    assert screen(bench).pixelColor(column, row) == QColor("#1030c0")
    above = where(bench, 0, 12).y() - where(bench, 0, 8).y() + 1
    blue, green, red, _ = before.pixels[12, 30].tolist()
    assert screen(bench).pixelColor(column + 1, above) == QColor(red, green, blue)
    after = await picture(bench)
    assert after.pixels[45, 30].tolist() != before.pixels[45, 30].tolist()


@scenario
async def test_a_stroke_that_escape_undoes_leaves_the_picture_as_it_was(bench: Bench) -> None:
    await go_live(bench)
    bench.stroke()
    before = await picture(bench)
    seen = screen(bench)
    press(bench)
    bench.key(Qt.Key.Key_Escape)
    assert bench.window.live.is_on
    after = await picture(bench)
    assert (after.pixels == before.pixels).all()
    assert screen(bench) == seen


@scenario
async def test_keep_makes_it_a_layer_in_one_undo_step_and_waits_for_the_next_stroke(bench: Bench) -> None:
    await go_live(bench)
    bench.stroke()
    shown = await picture(bench)
    strokes, seen = bench.session.document.layers, screen(bench)
    bench.click(bench.window.live_bar.keep_button)
    assert bench.kinds == ["picture", "strokes", "result"]
    assert (bench.picture()[..., :3] == shown.pixels[..., (2, 1, 0)]).all()
    assert screen(bench) == seen
    await rest(bench)
    assert bench.session.overlay is None
    assert bench.window.live.is_on
    bench.key(Qt.Key.Key_Z, CONTROL)
    assert bench.session.document.layers is strokes
    await picture(bench)
    bench.key(Qt.Key.Key_Return)
    assert bench.kinds == ["picture", "strokes", "result"]


@scenario
async def test_undo_and_redo_are_followed(bench: Bench) -> None:
    await go_live(bench)
    bench.stroke()
    first = await picture(bench)
    bench.stroke((20, 45), (70, 45))
    second = await picture(bench)
    assert (first.pixels != second.pixels).any()
    bench.key(Qt.Key.Key_Z, CONTROL)
    assert ((await picture(bench)).pixels == first.pixels).all()
    bench.key(Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert ((await picture(bench)).pixels == second.pixels).all()


@scenario
async def test_without_strokes_there_is_nothing_to_make_real(bench: Bench) -> None:
    await go_live(bench)
    bench.session.open(photo())
    await rest(bench)
    assert bench.session.overlay is None
    bench.stroke()
    await picture(bench)
    bench.window.layering.toggle_visible()
    await bench.until(lambda: bench.session.overlay is None)
    await rest(bench)
    assert not bench.window.live.can_keep


@scenario
async def test_strength_and_words_are_followed(bench: Bench) -> None:
    await go_live(bench)
    bench.stroke()
    first = await picture(bench)
    panel = bench.window.edit_panel
    panel.strength.step(30)
    assert not bench.window.live.can_keep
    second = await picture(bench)
    assert (first.pixels != second.pixels).any()
    words = bench.speak_to()
    words.say("lake")
    QTest.keyClick(words.field, Qt.Key.Key_Return)
    assert not bench.window.live.can_keep
    await picture(bench)
    QTest.keyClick(words.field, Qt.Key.Key_Return)  # nothing is new
    assert bench.window.live.can_keep


@scenario
async def test_escape_turns_it_off_and_the_strokes_are_seen_again(bench: Bench) -> None:
    await go_live(bench)
    bench.stroke()
    strokes, plain = bench.session.document, screen(bench)
    await picture(bench)
    bench.key(Qt.Key.Key_Escape)
    assert not bench.window.live.is_on
    assert not bench.window.edit_panel.live.isChecked()
    assert bench.session.overlay is None
    assert bench.session.document is strokes
    assert screen(bench) == plain


@scenario
async def test_make_it_real_takes_the_canvas_and_gives_it_back(bench: Bench) -> None:
    await go_live(bench)
    bench.stroke()
    before = await picture(bench)
    seed = bench.window.edit_panel.options().seed
    bench.click(bench.window.edit_panel.main)
    assert not bench.window.live_bar.isVisible()
    await bench.finish()
    assert bench.window.edit_panel.options().seed == seed  # what was seen live, made finely
    assert bench.session.overlay is not before
    bench.click(bench.window.job_bar.discard_button)
    assert bench.session.overlay is before
    assert bench.window.live_bar.isVisible()
    bench.click(bench.window.edit_panel.main)
    await bench.finish()
    bench.click(bench.window.job_bar.apply_button)
    assert bench.kinds == ["picture", "strokes", "result"]
    assert bench.session.overlay is None
    await rest(bench)
    assert bench.session.overlay is None


@scenario
async def test_turned_off_while_a_result_waits_it_leaves_that_alone(bench: Bench) -> None:
    await go_live(bench)
    bench.stroke()
    await picture(bench)
    bench.click(bench.window.edit_panel.main)
    await bench.finish()
    result = bench.session.overlay
    bench.key(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert not bench.window.live.is_on
    assert bench.session.overlay is result
    bench.click(bench.window.job_bar.discard_button)
    assert bench.session.overlay is None


@scenario
async def test_an_error_is_told_and_the_next_stroke_is_tried_again(bench: Bench) -> None:
    await go_live(bench)
    bench.window.editing.model = "a model that is not there"
    bench.stroke()
    await bench.until(bench.window.messages.isVisible)
    await rest(bench)
    assert bench.session.overlay is None
    bench.window.editing.model = "toy"
    bench.stroke((20, 45), (70, 45))
    await picture(bench)
    await rest(bench)
    assert not bench.window.messages.isVisible()


@scenario
async def test_another_picture_takes_the_live_one_away(bench: Bench) -> None:
    await go_live(bench)
    bench.stroke()
    await picture(bench)
    bench.session.open(photo())
    assert bench.session.overlay is None
    assert not bench.window.live.can_keep
    assert bench.window.live.is_on


@scenario
async def test_closing_while_it_works_is_safe(bench: Bench) -> None:
    await go_live(bench)
    bench.stroke()
    bench.session.mark_saved()
    bench.window.live._begin()
    bench.window.close()
    await bench.until(lambda: not bench.window.isVisible())


@scenario
async def test_live_is_of_strokes_alone(bench: Bench) -> None:
    """Another task turns it off, and it turns back to strokes."""
    await go_live(bench)
    bench.window.edit_panel.set_task("fill")
    assert not bench.window.live.is_on
    bench.window.running.toggle_live()
    assert bench.window.live.is_on
    assert bench.window.edit_panel.options().task == "real"
