"""The Drag tool as a user meets it: handles are pulled, changed, and put right by undo."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from engine.matte import trimmed
from engine.types import Handle
from engine.warp import warped
from tests.bench import Bench, scenario
from tests.hands import mouse
from tests.pulls import (
    ALT,
    CONTROL,
    RELEASE,
    SHIFT,
    near,
    only,
    photo,
    press_key,
    pull,
    screen,
    steps,
    take_up,
    with_pulls,
)
from ui.document import new_document, read
from ui.handles import ARM, knob
from ui.selection import rectangle

pytestmark = pytest.mark.qt_log_ignore("plugin does not support")  # offscreen says so


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
