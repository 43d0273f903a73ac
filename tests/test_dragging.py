"""Drags of a picture: what the engine is asked, what is said before, and what comes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from engine.types import EditResult, EngineError, Form, Frame, Handle
from tests.bench import Bench, scenario
from tests.pulls import (
    near,
    only,
    photo,
    press_key,
    pull,
    screen,
    take_up,
    with_pulls,
)
from ui.apply import Candidate
from ui.document import Document, Kind, layer_from
from ui.dragging import DragAsk, DragOptions, dragged, outlook
from ui.selection import rectangle

pytestmark = pytest.mark.qt_log_ignore("plugin does not support")  # offscreen says so


def test_what_may_go_wrong_is_said_before() -> None:
    document = with_pulls(
        photo(2000, 400),
        Handle((60, 80), (60, 80)),
        Handle((-40, 80), (60, 80)),
        Handle((60, 80), (1800, 80)),
        Handle((60, 80), (80, 80), turn=20),
        Handle((60, 80), (80, 80)),
    )
    assert outlook(document, DragOptions(form="one pass")).warnings == (
        "Handle 1 goes nowhere: pull it to its place.",
        "Handle 2 begins outside the picture.",
        "Handle 3 goes far: the model may lose what it carries on the way.",
        "Handle 4 turns or grows, which this form cannot: choose Carry or Settle.",
    )
    assert outlook(photo(), DragOptions()) == (0, ())
    with pytest.raises(EngineError, match="pull it where it shall be"):
        dragged(photo(), DragOptions())
    with pytest.raises(EngineError, match="outside the picture"):
        dragged(with_pulls(photo(), Handle((-90, 80), (-50, 80), 20)), DragOptions())


@pytest.mark.parametrize("form", ["auto", "settle"])
@scenario
async def test_one_after_another_leaves_a_picture_of_each_handle(bench: Bench, form: Form) -> None:
    document = with_pulls(photo(), Handle((60, 80), (90, 70), 20), Handle((150, 80), (150, 110), 16))
    options = DragOptions(form, steps=3, together=False, model="toy")
    await bench.start_engine()
    events = [event async for event in bench.engine.edit(dragged(document, options).request)]
    assert [event.move for event in events if isinstance(event, Frame)] == [1, 2]


def test_of_handles_one_after_another_the_first_has_arrived_half_way() -> None:
    document = with_pulls(photo(), Handle((60, 80), (90, 70), 20), Handle((150, 80), (150, 110), 16))
    ask = dragged(document, DragOptions(together=False))
    after = ask.accepted(document, Candidate(ask.request.image, 0, finished=False, way=0.5))
    assert after.pulls == document.pulls[1:]


def test_only_another_seed_shares_the_path_that_the_engine_keeps() -> None:
    document = with_pulls(photo(), Handle((60, 80), (90, 70), 20))
    options = DragOptions(steps=10)
    path = dragged(document, options).path
    assert dragged(document, replace(options, seed=5)).path == path
    assert dragged(document, replace(options, strength=0.3)).path != path
    assert dragged(with_pulls(photo(), Handle((60, 80), (91, 70), 20)), options).path != path


def test_areas_and_selections_limit_a_drag() -> None:
    document = with_pulls(photo(), Handle((60, 80), (120, 80), 20))
    selected = replace(document, selection=rectangle(QPointF(0, 0), QPointF(100, 160), document.rect))
    ask = dragged(selected, DragOptions())
    assert ask.request.mask is not None
    mask = np.zeros((160, 240), np.float32)
    mask[ask.at.slices] = ask.request.mask
    assert (mask[:, :100][60:100] == 1).all()
    assert not mask[:, 100:].any()
    (warning,) = outlook(selected, DragOptions()).warnings
    assert "ends outside the editable area" in warning
    protected = painted_area(document, "protected", 40, 60, 40, 40)
    assert "begins where the picture is protected" in outlook(protected, DragOptions()).warnings[0]
    everything = painted_area(document, "protected", 0, 0, 240, 160)
    with pytest.raises(EngineError, match="keep everything that the handles would change"):
        dragged(everything, DragOptions())


def painted_area(document: Document, kind: Kind, x: int, y: int, width: int, height: int) -> Document:
    pixels = np.full((height, width, 4), 255, np.uint8)
    return replace(document, areas=(*document.areas, layer_from(pixels, kind, kind, x, y)))


@pytest.mark.parametrize("form", ["auto", "settle", "one pass", "published"])
@scenario
async def test_outside_what_is_selected_a_drag_changes_nothing(bench: Bench, form: Form) -> None:
    document = with_pulls(photo(), Handle((60, 80), (120, 80), 20))
    document = replace(document, selection=rectangle(QPointF(0, 0), QPointF(100, 160), document.rect))
    ask = dragged(document, DragOptions(form, steps=3, model="toy"))
    await bench.start_engine()
    *_, last = [event async for event in bench.engine.edit(ask.request)]
    assert isinstance(last, EditResult)
    changed = (last.image != ask.request.image).any(2)
    columns = np.arange(ask.at.x, ask.at.x + ask.at.width)
    assert changed.any()
    assert not changed[:, columns >= 100].any()


# ---- runs


async def run(bench: Bench, steps: int = 3, variants: int = 1, form: Form = "auto") -> DragAsk:
    """A handle on the ball, pulled and dragged by the toy model."""
    await bench.start_engine()
    take_up(bench)
    pull(bench, (60, 80), (120, 70))
    panel = bench.window.drag_panel
    panel.steps.set_value(steps)
    panel.variants.set_value(variants)
    panel.form.setCurrentIndex(panel.form.findData(form))
    bench.click(panel.main)
    await bench.until(lambda: bench.window.editing.ask is not None)
    ask = bench.window.editing.ask
    assert isinstance(ask, DragAsk)
    return ask


@scenario
async def test_a_result_is_a_layer_of_changed_pixels_and_one_undo_step(bench: Bench) -> None:
    ask = await run(bench)
    before, layers = bench.picture(), bench.session.document.layers
    await bench.finish()
    assert bench.session.document.layers is layers
    assert bench.window.timeline.isVisible()
    bench.key(Qt.Key.Key_Return)
    after = bench.picture()
    assert bench.kinds == ["picture", "result"]
    kept = np.ones(after.shape[:2], bool)
    kept[ask.at.slices] = ask.places == 0
    assert kept.any()
    assert (after[kept] == before[kept]).all()
    assert (after[74, 120, :3] != before[74, 120, :3]).any()
    layer = bench.session.document.layers[-1]
    shown = np.concatenate([tile[..., 3].ravel() for tile in layer.tiles.values()])
    assert set(shown.tolist()) == {0, 255}
    assert np.count_nonzero(shown) == np.count_nonzero((after != before).any(2))
    assert not bench.session.document.pulls  # it has arrived
    bench.window.running.undo()
    assert (bench.picture() == before).all()
    assert near(only(bench).target, (120, 70))


@scenario
async def test_variants_wait_to_be_chosen_and_discard_leaves_the_handles(bench: Bench) -> None:
    await run(bench, variants=3)
    await bench.finish()
    assert len(bench.session.document.results) == 3
    assert [each.seed for each in bench.window.editing.candidates] == [
        bench.window.drag_panel.seed.value() + i for i in range(3)
    ]
    bench.click(bench.window.job_bar.discard_button)
    assert not bench.window.timeline.isVisible()
    assert near(only(bench).target, (120, 70))
    assert bench.window.canvas.tool.name == "Drag"


@scenario
async def test_stop_keeps_what_is_done(bench: Bench) -> None:
    ask = await run(bench, steps=200)
    await bench.until(lambda: bench.window.editing._pace.whole is not None)
    bench.key(Qt.Key.Key_Escape)
    await bench.finish()
    assert not bench.window.editing.candidates[0].finished
    before = bench.picture()
    bench.click(bench.window.job_bar.apply_button)
    kept = np.ones(before.shape[:2], bool)
    kept[ask.at.slices] = ask.places == 0
    assert (bench.picture()[kept] == before[kept]).all()


@scenario
async def test_while_a_drag_works_its_handles_cannot_be_changed(bench: Bench) -> None:
    await run(bench)
    await bench.finish()
    pull(bench, (60, 80), (30, 30))
    press_key(bench, Qt.Key.Key_Delete)
    assert near(only(bench).source, (60, 80))


@scenario
async def test_half_the_way_is_made_when_it_is_asked_for_and_goes_on_from_there(bench: Bench) -> None:
    await run(bench)
    await bench.finish()
    window, editing = bench.window, bench.window.editing
    assert editing.keys == [(0.25, False), (0.5, False), (0.75, False), (1.0, True)]
    window.timeline.track.scrubbed.emit(0.45)
    assert bench.session.overlay is None
    assert bench.session.way == 0.45  # the ghost is seen
    window.timeline.track.released.emit(0.45)
    assert editing.is_running
    await bench.finish()
    assert editing.keys[1] == (0.5, True)
    assert window.timeline.text.text() == "50 %"
    assert bench.session.overlay is not None
    assert bench.session.way == 1
    assert window.job_bar.apply_button.isVisible()
    bench.click(window.job_bar.apply_button)
    assert near(only(bench).source, (90, 75))
    assert near(only(bench).target, (120, 70))
    region = only(bench).region  # the ball alone, for what is round it now is not its old ground
    assert region is not None
    assert not only(bench).trim
    assert abs(int(np.count_nonzero(region.mask > 127)) - 452) < 100
    assert (bench.picture()[75, 90, :3] != photo_pixel(90, 75)).any()


@scenario
async def test_a_stopped_picture_of_the_way_goes_back_to_the_result(bench: Bench) -> None:
    await run(bench, steps=60)
    await bench.finish()
    result = bench.session.overlay
    assert result is not None
    bench.window.editing.go(0.25)
    bench.key(Qt.Key.Key_Escape)
    await bench.finish()
    assert bench.window.editing.way == 1
    assert bench.session.overlay is not None
    assert (bench.session.overlay.pixels == result.pixels).all()
    assert bench.window.editing.keys[0] == (0.25, False)


@scenario
async def test_the_published_form_leaves_a_picture_of_every_move(bench: Bench) -> None:
    await run(bench, form="published")
    await bench.finish()
    ways = [way for way, made in bench.window.editing.keys if made]
    assert ways == pytest.approx([i / 8 for i in range(1, 9)])
    bench.window.editing.go(0.4)
    assert not bench.window.editing.is_running
    assert bench.window.editing.way == 0.375


@scenario
async def test_a_copy_leaves_the_source(bench: Bench) -> None:
    await bench.start_engine()
    take_up(bench)
    pull(bench, (60, 80), (140, 70))
    ball = screen(bench, 52, 72, 5, 5)
    assert (ball[..., 0] < 180).all()
    bench.window.drag_panel.keep.setChecked(True)
    assert (screen(bench, 52, 72, 5, 5)[..., 0] > 180).all()
    ask = dragged(bench.session.document, bench.window.drag_panel.options())
    assert getattr(ask.request.operation, "beta") == 1  # noqa: B009  one of a union


def photo_pixel(x: int, y: int) -> np.ndarray:
    return np.array([60 + y // 4, 110 + x // 8, 190])
