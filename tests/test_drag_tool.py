"""The Drag tool as a user meets it: handles are pulled, changed, run, and put right by undo."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListWidgetItem

from engine.matte import trimmed
from engine.types import EditResult, EngineError, Form, Frame, Handle
from engine.warp import warped
from tests.bench import Bench, scenario
from tests.hands import Point, mouse
from ui.apply import Candidate
from ui.document import Document, Kind, Pull, document_from, layer_from, new_document, read
from ui.dragging import DragAsk, DragOptions, dragged, outlook
from ui.handles import ARM, knob
from ui.pixels import rgba_of
from ui.selection import rectangle
from ui.tools import Drag, Watch

pytestmark = pytest.mark.qt_log_ignore("plugin does not support")  # offscreen says so
SHIFT, CONTROL, ALT, NONE = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.NoModifier,
)
PRESS, MOVE, RELEASE = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.MouseButtonRelease,
)


def photo(width: int = 240, height: int = 160) -> Document:
    """A red ball of radius 12 at 60, 80 on grounds of soft blue, no two rows alike."""
    rows, columns = np.mgrid[:height, :width]
    rgba = np.full((height, width, 4), 255, np.uint8)
    rgba[..., 0] = 60 + rows // 4
    rgba[..., 1] = 110 + columns // 8
    rgba[..., 2] = 190
    rgba[np.hypot(columns + 0.5 - 60, rows + 0.5 - 80) < 12] = (210, 40, 30, 255)
    return document_from(rgba)


def take_up(bench: Bench, document: Document | None = None) -> Drag:
    """Open a picture, at 100 %, and take the tool."""
    bench.session.open(document or photo())
    bench.key(Qt.Key.Key_W)
    bench.window.canvas.actual_size()
    tool = bench.window.canvas.tool
    assert isinstance(tool, Drag)
    tool.radius = 20.0
    return tool


def pull(bench: Bench, *points: Point, keys: Qt.KeyboardModifier = NONE, release: bool = True) -> None:
    canvas = bench.window.canvas
    mouse(canvas, PRESS, points[0], keys)
    for point in points[1:]:
        mouse(canvas, MOVE, point, keys)
    if release:
        mouse(canvas, RELEASE, points[-1], keys)


def press_key(bench: Bench, key: Qt.Key, keys: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(bench.window.canvas, key, keys)


def only(bench: Bench) -> Handle:
    (pulled,) = bench.session.document.pulls
    return pulled.handle


def steps(bench: Bench) -> int:
    return len(bench.session.history.steps)


def near(a: Point, b: Point) -> bool:
    return math.dist(a, b) <= 0.15


def screen(bench: Bench, x: int, y: int, width: int, height: int) -> np.ndarray:
    """A part of the picture as it is seen at 100 %, without marks."""
    canvas = bench.window.canvas
    tool, canvas.tool = canvas.tool, Watch(drag=bench.window.holding.drag, marks=False)
    corner = canvas.view.transform.map(QPointF(x, y)).toPoint()
    assert canvas.view.zoom == 1
    seen = rgba_of(canvas.grab().toImage())[..., :3]
    canvas.tool = tool
    return seen[corner.y() : corner.y() + height, corner.x() : corner.x() + width]


def with_pulls(document: Document, *handles: Handle) -> Document:
    pulls = tuple(Pull(f"Handle {i + 1}", handle) for i, handle in enumerate(handles))
    return replace(document, pulls=pulls)


# ---- placing and changing


@scenario
async def test_one_pull_places_both_ends_and_is_one_undo_step(bench: Bench) -> None:
    take_up(bench)
    pull(bench, (60, 80), (100, 90), (140, 60))
    assert near(only(bench).source, (60, 80))
    assert near(only(bench).target, (140, 60))
    assert only(bench).radius == 20
    assert steps(bench) == 2
    bench.window.running.undo()
    assert not bench.session.document.pulls
    bench.window.running.redo()
    assert near(only(bench).target, (140, 60))


@scenario
async def test_pressed_inside_a_selection_a_handle_carries_what_is_selected(bench: Bench) -> None:
    take_up(bench)
    session = bench.session
    with session.select("Select") as show:
        show(rectangle(QPointF(40, 60), QPointF(80, 100), session.document.rect))
    pull(bench, (60, 80), (140, 60))
    region = only(bench).region
    assert region is not None
    assert (region.x, region.y, region.mask.shape) == (40, 60, (40, 40))
    assert not only(bench).trim  # it was chosen with care
    assert session.document.selection is None  # or nothing could change where it goes
    bench.window.running.undo()
    assert session.document.selection is not None
    assert not session.document.pulls
    pull(bench, (20, 20), (140, 60))
    assert only(bench).region is None


@scenario
async def test_a_click_and_a_press_outside_place_nothing(bench: Bench) -> None:
    take_up(bench)
    pull(bench, (60, 80), (61, 80))
    pull(bench, (-10, 80), (61, 80))
    assert not bench.session.document.pulls
    assert steps(bench) == 1


@scenario
async def test_escape_in_a_pull_leaves_no_trace(bench: Bench) -> None:
    take_up(bench)
    pull(bench, (60, 80), (140, 60), release=False)
    assert bench.session.shown.pulls
    bench.key(Qt.Key.Key_Escape)
    assert not bench.session.shown.pulls
    assert bench.session.chosen is None
    assert steps(bench) == 1


@scenario
async def test_both_ends_can_be_grabbed_at_any_zoom(bench: Bench) -> None:
    take_up(bench, with_pulls(photo(), Handle((60, 80), (140, 60), 20)))
    for zoom in (0.5, 1.0, 3.0):
        canvas = bench.window.canvas
        canvas.fit()
        canvas._zoom(zoom, canvas._middle())
        aside = 6 / zoom  # points beside the dot
        x, y = only(bench).target
        pull(bench, (x + aside, y), (x + aside, y + 9))
        assert near(only(bench).target, (x, y + 9))
        x, y = only(bench).source
        pull(bench, (x, y + aside), (x + 5, y + aside))
        assert near(only(bench).source, (x + 5, y))
    assert steps(bench) == 7


@scenario
async def test_arrow_keys_nudge_the_end_that_was_grabbed_last(bench: Bench) -> None:
    take_up(bench)
    pull(bench, (60, 80), (140, 60))
    press_key(bench, Qt.Key.Key_Right)
    press_key(bench, Qt.Key.Key_Up, SHIFT)
    assert near(only(bench).target, (141, 50))
    pull(bench, (60, 80))
    press_key(bench, Qt.Key.Key_Left)
    assert near(only(bench).source, (59, 80))
    assert steps(bench) == 5


@scenario
async def test_a_handle_can_be_copied_and_deleted(bench: Bench) -> None:
    take_up(bench)
    pull(bench, (60, 80), (140, 60))
    press_key(bench, Qt.Key.Key_J, CONTROL)
    assert [each.name for each in bench.session.document.pulls] == ["Handle 1", "Handle 2"]
    assert bench.session.chosen is not None
    assert bench.session.chosen.number == 1
    press_key(bench, Qt.Key.Key_Delete)
    assert near(only(bench).target, (140, 60))
    assert steps(bench) == 4


@scenario
async def test_the_disc_is_pulled_by_its_rim_and_changed_by_the_brackets(bench: Bench) -> None:
    tool = take_up(bench)
    pull(bench, (60, 80), (140, 60))
    pull(bench, (60, 100), (60, 110))
    assert only(bench).radius == pytest.approx(30, abs=0.2)
    bench.key(Qt.Key.Key_BracketRight)
    assert only(bench).radius == 33
    bench.key(Qt.Key.Key_BracketLeft)
    assert only(bench).radius == 30
    assert tool.radius == 30  # of the next handle


@scenario
async def test_the_knob_turns_and_scales(bench: Bench) -> None:
    take_up(bench)
    pull(bench, (60, 80), (140, 80))
    grip = knob(only(bench), 1.0)
    pull(bench, grip, (140 + 2 * 20 + ARM, 80))
    assert only(bench).turn == pytest.approx(90, abs=1)
    assert only(bench).scale == pytest.approx(2, abs=0.02)
    pull(bench, knob(only(bench), 1.0), (140 + 50, 80 + 60), keys=SHIFT)
    assert (only(bench).turn, only(bench).scale) == (135, 1)


@scenario
async def test_shift_pulls_straight(bench: Bench) -> None:
    take_up(bench)
    pull(bench, (60, 80), (140, 88), keys=SHIFT)
    assert near(only(bench).target, (140, 80))


@scenario
async def test_what_alt_draws_round_is_carried_from_inside(bench: Bench) -> None:
    take_up(bench)
    pull(bench, (40, 60), (80, 60), (80, 100), (40, 100), keys=ALT)
    region = only(bench).region
    assert region is not None
    assert abs(int(np.count_nonzero(region.mask > 127)) - 1600) < 120
    assert near(only(bench).source, only(bench).target)
    pull(bench, (70, 90), (130, 90))
    assert near(only(bench).source, (60, 80))
    assert near(only(bench).target, (120, 80))
    assert steps(bench) == 3


@scenario
async def test_another_picture_has_no_handles_and_undo_keeps_them_with_their_picture(bench: Bench) -> None:
    take_up(bench)
    pull(bench, (60, 80), (140, 60))
    bench.window.layering.add()
    bench.window.running.undo()
    assert near(only(bench).target, (140, 60))
    bench.session.open(new_document(90, 90))
    assert not bench.session.document.pulls
    assert bench.session.chosen is None


# ---- the ghost


@scenario
async def test_the_ghost_shows_where_pixels_go(bench: Bench) -> None:
    document = photo()
    take_up(bench, document)
    pull(bench, (60, 80), (140, 60), release=False)
    picture = bench.picture()[..., :3]
    handle = bench.session.shown.pulls[0].handle
    warp = warped(picture, [trimmed(picture, handle)]).picture
    ball = screen(bench, 134, 54, 12, 12)
    assert np.abs(ball.astype(int) - warp[54:66, 134:146]).max() <= 2
    assert (ball[..., 0] > 180).all()
    ground = screen(bench, 54, 74, 12, 12)
    assert np.abs(ground.astype(int) - warp[74:86, 54:66]).max() <= 12
    assert (ground[..., 2] > 180).all()
    assert bench.session.document is document


@scenario
async def test_while_a_source_is_pulled_what_it_takes_is_seen_itself(bench: Bench) -> None:
    take_up(bench)
    plain = screen(bench, 54, 74, 12, 12)
    pull(bench, (66, 80), (140, 60))
    assert (screen(bench, 54, 74, 12, 12) != plain).any()
    pull(bench, (66, 80), (60, 80), release=False)
    assert (screen(bench, 54, 74, 12, 12) == plain).all()
    mouse(bench.window.canvas, RELEASE, (60, 80))
    assert (screen(bench, 54, 74, 12, 12) != plain).any()


def test_a_large_handle_is_cut_free_of_its_ground_too() -> None:
    rgb = read(photo(), photo().rect)[..., :3]
    region = trimmed(rgb, Handle((60, 80), (90, 80), 55)).region
    assert region is not None
    assert (
        region.mask[72 - region.y : 88 - region.y, 52 - region.x : 68 - region.x] == 255
    ).all()  # the ball
    assert np.count_nonzero(region.mask > 127) < 0.1 * math.pi * 55**2


@scenario
async def test_a_handle_that_is_switched_off_has_no_ghost(bench: Bench) -> None:
    take_up(bench)
    plain = screen(bench, 50, 70, 8, 8)
    pull(bench, (60, 80), (140, 60))
    assert (screen(bench, 50, 70, 8, 8) != plain).any()
    bench.window.drag_panel.handles.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert (screen(bench, 50, 70, 8, 8) == plain).all()
    assert not bench.window.drag_panel.main.isEnabled()


# ---- the panel


@scenario
async def test_the_panel_takes_the_place_of_that_of_strokes(bench: Bench) -> None:
    take_up(bench)
    assert bench.window.drag_panel.isVisible()
    assert not bench.window.edit_panel.isVisible()
    bench.key(Qt.Key.Key_B)
    assert not bench.window.drag_panel.isVisible()
    assert bench.window.edit_panel.isVisible()


@scenario
async def test_the_tool_ends_live_mode_and_live_mode_the_tool(bench: Bench) -> None:
    bench.key(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    take_up(bench)
    assert not bench.window.live.is_on
    bench.key(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert bench.window.live.is_on
    assert bench.window.canvas.tool.name == "Brush"


@scenario
async def test_numbers_names_and_check_marks_change_the_handle(bench: Bench) -> None:
    take_up(bench)
    pull(bench, (60, 80), (140, 60))
    handles = bench.window.drag_panel.handles
    assert handles.numbers["target x"].value() == pytest.approx(140, abs=0.1)
    for name, value in {
        "target x": 150.5,
        "source y": 81.0,
        "radius": 24.0,
        "turn": -30.0,
        "scale": 50.0,
    }.items():
        handles.numbers[name].setValue(value)
    handle = only(bench)
    assert (handle.target[0], handle.source[1]) == (150.5, 81)
    assert (handle.radius, handle.turn, handle.scale) == (24, -30, 0.5)
    item: QListWidgetItem = handles.list.item(0)
    item.setText("Ball")
    item.setCheckState(Qt.CheckState.Unchecked)
    (pulled,) = bench.session.document.pulls
    assert (pulled.name, pulled.enabled) == ("Ball", False)
    assert steps(bench) == 9
    bench.click(handles.remove_button)
    assert not bench.session.document.pulls
    assert handles.hint.isVisibleTo(handles)


@scenario
async def test_a_row_of_the_list_chooses_its_handle(bench: Bench) -> None:
    take_up(bench, with_pulls(photo(), Handle((60, 80), (140, 60)), Handle((20, 20), (30, 30))))
    bench.window.drag_panel.handles.list.setCurrentRow(1)
    assert bench.session.chosen is not None
    assert bench.session.chosen.number == 1
    bench.key(Qt.Key.Key_Escape)
    assert bench.session.chosen is None


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
