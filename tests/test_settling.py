"""Settling what was pasted: what the engine is asked for, and the whole way in the real window."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from engine.area import Rect, blend
from engine.edits import edit
from engine.light import in_light_of
from engine.pictures import Rgba, open_picture
from engine.toy import Toy
from engine.types import EditResult, EngineError, Rgb, Settle
from engine.warp import rim
from tests.bench import Bench, scenario
from ui.apply import Candidate
from ui.document import Document, document_from, layer_from, read
from ui.selection import rectangle
from ui.settling import SettleOptions, can_settle, matched, settled
from ui.tasks import TASKS_FOLDER
from ui.transform import pasted

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def photo() -> Document:
    """A pasted disc of 40 pixels over a slope of greens."""
    y, x = np.mgrid[:300, :400]
    ground = np.dstack([x / 4, 120 + y / 4, y / 4, np.full(x.shape, 255)]).astype(np.uint8)
    disc = np.full((40, 40, 4), (220, 40, 200, 255), np.uint8)
    disc[..., 3] = 255 * (np.hypot(*np.mgrid[-20:20, -20:20]) < 18)
    return document_from(ground, "Ground").with_layer(pasted(layer_from(disc, "Disc", "strokes", 180, 130)))


def uid(document: Document) -> int:
    return document.layers[-1].uid


def test_the_known_picture_is_without_the_layer_and_the_guide_with_it() -> None:
    document = photo()
    ask = settled(document, uid(document), SettleOptions(match=0, seed=7, variants=2))
    request = ask.request
    seen, ground = (
        read(each, ask.at)[..., :3] for each in (document, Document(400, 300, document.layers[:1]))
    )
    assert (request.image == ground).all()
    assert (request.guide == seen).all()
    assert request.operation == Settle(strength=0.35)
    assert (request.seed, request.variants) == (7, 2)


def test_the_layer_and_a_rim_round_it_are_free_and_nothing_else() -> None:
    document = photo()
    ask = settled(document, uid(document), SettleOptions(grow=8, feather=16))
    assert ask.request.mask is not None
    mask = np.zeros((300, 400), np.float32)
    mask[ask.at.slices] = ask.request.mask
    assert mask[150, 200] == 1
    assert mask[150, 200 + 18 + 6] > 0.9
    assert 0 < mask[150, 200 + 18 + 16] < 0.6
    assert not mask[150, 200 + 18 + 40 :].any()


def test_the_inside_is_kept_and_the_rim_made_anew() -> None:
    document = photo()
    ask = settled(document, uid(document), SettleOptions(keep=0.8, grow=8, feather=8))
    share = ask.request.share
    assert share is not None
    y, x = 150 - ask.at.y, 200 - ask.at.x
    assert abs(share[y, x] - 0.2) < 0.01
    assert share[y, x + 18] > 0.9
    assert share[y, x + 30] == 1
    assert settled(document, uid(document), SettleOptions(keep=0)).request.share is None


def test_what_is_not_selected_stays() -> None:
    document = photo()
    half = rectangle(QPointF(0, 0), QPointF(200, 300), document.rect)
    ask = settled(replace(document, selection=half), uid(document), SettleOptions())
    assert ask.request.mask is not None
    assert not ask.request.mask[:, 200 - ask.at.x :].any()
    elsewhere = rectangle(QPointF(0, 0), QPointF(20, 20), document.rect)
    with pytest.raises(EngineError, match="nothing of the layer"):
        settled(replace(document, selection=elsewhere), uid(document), SettleOptions())


def test_colours_come_as_far_as_they_are_asked_to() -> None:
    document = photo()
    whole = settled(document, uid(document), SettleOptions(match=1)).request
    some = settled(document, uid(document), SettleOptions(match=0.3)).request
    none = settled(document, uid(document), SettleOptions(match=0)).request
    at = (
        150 - settled(document, uid(document), SettleOptions()).at.y,
        200 - settled(document, uid(document), SettleOptions()).at.x,
    )
    greens = [int(each.guide[at][1]) for each in (none, some, whole)]
    assert greens[0] < greens[1] < greens[2]
    assert abs(greens[2] - int(whole.image[..., 1].mean())) < 25
    assert (whole.image == none.image).all()


def test_matching_moves_mean_and_spread_and_keeps_the_alpha() -> None:
    random = np.random.default_rng(5)
    mine = random.normal((180, 60, 60), 8, (50, 50, 3)).clip(0, 255).astype(np.uint8)
    other = random.normal((60, 90, 160), 14, (80, 80, 3)).clip(0, 255).astype(np.uint8)
    rgba = np.dstack([mine, random.integers(1, 256, (50, 50), np.uint8)])
    out = matched(rgba, other, 1.0)
    assert (out[..., 3] == rgba[..., 3]).all()
    assert np.abs(out[..., :3].mean((0, 1)) - other.mean((0, 1))).max() < 8
    assert out[..., 2].std() > mine[..., 2].std()
    assert np.abs(matched(rgba, other, 0.0).astype(int) - rgba).max() <= 1
    assert (matched(rgba, mine, 1.0)[..., :3].astype(int) - mine).std() < 4


def joint(picture: Rgb, alpha: NDArray[np.uint8]) -> float:
    """How far a picture differs across the border of what is opaque: medians of some pixels to either side of
    each twelfth of it, and of these the median.
    """
    mask = (alpha > 127).astype(np.float32)
    inner, outer = (each * rim(mask, 3) > 0.3 for each in (mask, 1 - mask))
    y, x = np.nonzero(mask)
    down, across = np.mgrid[: mask.shape[0], : mask.shape[1]]
    part = np.floor(6 + 6 * np.arctan2(down - y.mean(), across - x.mean()) / np.pi)
    apart = [
        np.median(picture[inner & (part == i)], 0) - np.median(picture[outer & (part == i)], 0)
        for i in range(12)
    ]
    return float(np.median(np.abs(apart).max(1)))


def ellipse(picture: Rgb, x: int, y: int, width: int, height: int) -> Rgba:
    down, across = np.mgrid[:height, :width] + 0.5
    inside = np.hypot(across * 2 / width - 1, down * 2 / height - 1) < 1
    return np.dstack([picture[y : y + height, x : x + width], 255 * inside.astype(np.uint8)])


def test_clouds_with_their_sky_take_on_the_light_of_another_sky() -> None:
    bay, lake = (open_picture(TASKS_FOLDER / name).rgba for name in ("bay.webp", "lake.webp"))
    piece = ellipse(bay[..., :3], 238, 74, 112, 56)
    document = document_from(lake).with_layer(pasted(layer_from(piece, "Clouds", "strokes", 238, 74)))
    ask = settled(document, uid(document), SettleOptions())
    alpha = np.zeros((512, 512), np.uint8)
    alpha[74:130, 238:350] = piece[..., 3]
    alpha = alpha[ask.at.slices]
    assert joint(read(document, ask.at)[..., :3], alpha) > 6
    assert joint(ask.request.guide, alpha) < 2
    clouds = (alpha > 0) & (read(document, ask.at)[..., :3].min(2) > 230)
    assert ask.request.guide[clouds].min() > 210  # they stay white
    assert (ask.request.guide[alpha == 0] == ask.request.image[alpha == 0]).all()


def test_a_thing_that_was_cut_out_keeps_its_colours() -> None:
    lake, balloon = (open_picture(TASKS_FOLDER / name).rgba for name in ("lake.webp", "balloon.png"))
    height, width = balloon.shape[:2]
    known, alpha = lake[20 : 20 + height, 330 : 330 + width, :3], balloon[..., 3]
    guide = blend(known, np.ascontiguousarray(balloon[..., :3]), (alpha / 255).astype(np.float32))
    assert in_light_of(known, guide, alpha, 0.9) is guide


@pytest.mark.parametrize(("reach", "left"), [(0.0, 60), (0.2, 60), (3.0, 2)])
def test_how_far_light_may_be_off_is_as_the_colours_are_matched(reach: float, left: int) -> None:
    """Grass of grain, 60 levels too bright."""
    grain = np.random.default_rng(2).normal(0, 6, (120, 160, 1))
    known = (np.array([70, 90, 50]) + grain).clip(0, 255).astype(np.uint8)
    alpha = np.zeros((120, 160), np.uint8)
    alpha[30:90, 40:120] = 255
    guide = np.where(alpha[..., None] > 0, known + np.uint8(60), known)
    out = in_light_of(known, guide, alpha, reach)
    apart = np.abs(out[alpha > 0].mean(0) - known[alpha > 0].mean(0)).max()
    assert apart < left + 1
    assert apart > left - 2
    assert (out[alpha == 0] == known[alpha == 0]).all()


def test_a_piece_that_is_all_of_the_picture_or_a_pixel_is_settled_all_the_same() -> None:
    known, guide = np.full((9, 12, 3), 100, np.uint8), np.full((9, 12, 3), 110, np.uint8)
    dot = np.zeros((9, 12), np.uint8)
    dot[4, 5] = 255
    for alpha in (np.full((9, 12), 255, np.uint8), dot, 0 * dot, dot // 255):
        assert in_light_of(known, guide, alpha, 0.9).shape == (9, 12, 3)


def test_a_layer_that_cannot_be_seen_or_lies_outside_is_not_settled() -> None:
    document = photo()
    layer = document.layers[-1]
    hidden = document.exchange(layer, replace(layer, visible=False))
    with pytest.raises(EngineError, match="show it first"):
        settled(hidden, layer.uid, SettleOptions())
    outside = replace(layer, tiles=MappingProxyType({(9, 9): next(iter(layer.tiles.values()))}))
    with pytest.raises(EngineError, match="inside the picture"):
        settled(document.exchange(layer, outside), layer.uid, SettleOptions())


def test_only_what_came_from_elsewhere_is_settled() -> None:
    document = photo()
    assert can_settle(document.layers[-1])
    assert not can_settle(document.layers[0])
    assert not can_settle(None)


class Coarse(Toy):
    """Works at a third of the size, as a model does of which a place is too large."""

    def sizes(self, width: int, height: int) -> list[tuple[int, int]]:
        return [(width // 3, height // 3)]


def test_in_a_large_place_the_piece_stays_as_sharp_as_it_is() -> None:
    dice = np.random.default_rng(1)
    ground = np.full((700, 900, 4), (90, 140, 70, 255), np.uint8)
    disc = dice.integers(60, 200, (400, 400, 4), np.uint8)
    disc[..., 3] = 255 * (np.hypot(*np.mgrid[-200:200, -200:200]) < 190)
    document = document_from(ground).with_layer(pasted(layer_from(disc, "Disc", "strokes", 250, 150)))
    ask = settled(document, uid(document), SettleOptions())
    *_, last = edit(ask.request, Coarse())
    assert isinstance(last, EditResult)
    after = read(ask.accepted(document, Candidate(last.image, 0, finished=True)), ask.at)[..., :3]
    distance = np.hypot(*np.mgrid[-350:350, -450:450])[ask.at.slices]
    inside, rim, outside = distance < 160, abs(distance - 190) < 4, distance > 230
    assert (after[inside] == ask.request.guide[inside]).all()
    assert (after[rim] != ask.request.guide[rim]).mean() > 0.8
    assert (after[outside] == ground[ask.at.slices][outside, :3]).all()


@scenario
async def test_one_key_settles_what_was_pasted_and_nothing_changes_outside(bench: Bench) -> None:
    await bench.start_engine()
    window = bench.window
    bench.session.open(photo())
    before, ground = bench.picture(), bench.session.document.layers[0]
    assert window.settle_section.isVisible()
    window.settle_panel.variants.set_value(2)
    bench.key(Qt.Key.Key_Return, CTRL | SHIFT)
    await bench.finish()
    assert len(window.editing.candidates) == 2
    ask = window.editing.ask
    assert ask is not None
    bench.key(Qt.Key.Key_Return)
    layers = bench.session.document.layers
    assert [layer.kind for layer in layers] == ["picture", "strokes", "result"]
    assert [layer.visible for layer in layers] == [True, False, True]
    assert layers[0] is ground
    assert bench.session.history.undo_label == "Settle"
    free = np.zeros((300, 400), bool)
    assert ask.request.mask is not None
    free[ask.at.slices] = ask.request.mask > 0
    assert (bench.picture()[~free] == before[~free]).all()
    assert (bench.picture()[free] != before[free]).any()
    bench.key(Qt.Key.Key_Z, CTRL)
    assert (bench.picture() == before).all()


@scenario
async def test_the_panel_is_there_only_for_what_was_pasted(bench: Bench) -> None:
    bench.session.open(photo())
    bench.window.holding.choose(0)
    assert bench.window.settle_section.isVisible()
    assert not bench.window.settle_panel.main.isEnabled()  # no model yet
    bench.session.activate(bench.session.document.layers[0].uid)
    assert not bench.window.settle_section.isVisible()
    assert bench.session.document.rect == Rect(0, 0, 400, 300)


@scenario
async def test_again_settles_again(bench: Bench) -> None:
    await bench.start_engine()
    bench.session.open(photo())
    bench.window.settle_panel.variants.set_value(1)
    bench.key(Qt.Key.Key_Return, CTRL | SHIFT)
    await bench.finish()
    first = bench.window.editing.candidates[0].seed
    bench.click(bench.window.job_bar.again_button)
    await bench.finish()
    assert bench.window.editing.candidates[-1].seed != first
    assert bench.window.editing.ask is not None
    assert bench.window.editing.ask.label == "Settle"


@scenario
async def test_after_a_click_on_settle_the_keys_choose_among_the_results(bench: Bench) -> None:
    await bench.start_engine()
    window = bench.window
    bench.session.open(photo())
    window.settle_panel.variants.set_value(2)
    strength = window.settle_panel.strength.value()
    window.settle_panel.main.setFocus()
    bench.click(window.settle_panel.main)
    await bench.finish()
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Right)
    assert window.editing.number == 1
    assert window.settle_panel.strength.value() == strength
    window.job_bar.apply_button.setFocus()
    bench.click(window.job_bar.apply_button)
    assert window.focusWidget() is window.canvas
