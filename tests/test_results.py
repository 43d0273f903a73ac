"""Results as a user meets them: every run lands in the strip, from where it is compared, applied and made
again.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMenu

from engine.area import Rect
from engine.headless import main
from engine.pictures import open_picture, save_picture
from engine.recipe import from_json, recipe_of, to_json
from engine.types import EditRequest, SDEdit
from tests.bench import Bench, scenario
from tests.test_filing import full_disk
from ui.apply import ladder
from ui.document import Result, Rgba, frozen
from ui.results import told, weight
from ui.selection import rectangle

pytestmark = pytest.mark.qt_log_ignore("plugin does not support")  # offscreen says so
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture in which no two neighbours are alike."""
    colours = np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8)
    save_picture(tmp_path / "photo.png", colours)
    return tmp_path / "photo.png"


def results(bench: Bench) -> tuple[Result, ...]:
    return bench.session.document.results


async def make(bench: Bench, variants: int = 1) -> None:
    """Paint a stroke and make it real."""
    if not bench.window.edit_panel.main.isEnabled():
        await bench.start_engine()
    bench.stroke()
    bench.window.edit_panel.variants.set_value(variants)
    bench.click(bench.window.edit_panel.main)
    await bench.finish()


def click(bench: Bench, number: int) -> None:
    cards = bench.window.results.list
    place = cards.visualItemRect(cards.item(number)).center()
    QTest.mouseClick(cards.viewport(), Qt.MouseButton.LeftButton, pos=place)


# ---- how they get there


@scenario
async def test_the_strip_takes_no_room_until_there_is_a_result(bench: Bench) -> None:
    assert not bench.window.results.isVisible()
    await make(bench)
    assert bench.window.results.isVisible()
    assert bench.window.results.list.count() == 1


@scenario
async def test_every_variant_lands_with_its_strength_seed_and_time(bench: Bench) -> None:
    bench.window.edit_panel.strength.set_value(40)
    await make(bench, variants=3)
    recipes = [from_json(each.recipe) for each in results(bench)]
    first = bench.window.edit_panel.seed.value()
    assert [recipe.seed for recipe in recipes] == [first, first + 1, first + 2]
    assert {recipe.operation for recipe in recipes} == {SDEdit(0.4)}
    assert all(recipe.made for recipe in recipes)
    words = [told(each) for each in results(bench)]
    assert [each.badge for each in words] == ["40 %"] * 3
    assert words[1].line.endswith(f" {first + 1}")
    assert "seed" in bench.window.results.list.item(1).toolTip()


@scenario
async def test_arrow_keys_and_clicks_choose_between_results(bench: Bench) -> None:
    await make(bench, variants=3)
    strip, bar = bench.window.results, bench.window.job_bar
    first = bench.session.overlay
    bench.key(Qt.Key.Key_Right)
    second = bench.session.overlay
    assert first is not None
    assert second is not None
    assert (first.pixels != second.pixels).any()
    bench.key(Qt.Key.Key_Left)
    bench.key(Qt.Key.Key_Left)
    assert strip.list.currentRow() == 2
    assert bar.count.text() == "3 of 3"
    click(bench, 1)
    assert bar.count.text() == "2 of 3"
    bench.key(Qt.Key.Key_Return)
    assert (bench.picture()[..., :3] == second.pixels[..., (2, 1, 0)]).all()


@scenario
async def test_discarded_results_stay_and_come_back_to_the_canvas(bench: Bench) -> None:
    await make(bench)
    shown = bench.session.overlay
    bench.click(bench.window.job_bar.discard_button)
    assert bench.session.overlay is None
    assert len(results(bench)) == 1
    click(bench, 0)
    assert shown is not None
    assert bench.session.overlay is not None
    assert (bench.session.overlay.pixels == shown.pixels).all()
    click(bench, 0)
    assert bench.session.overlay is None


@scenario
async def test_undo_takes_strokes_back_and_leaves_what_was_made_of_them(bench: Bench) -> None:
    await make(bench)
    bench.click(bench.window.job_bar.discard_button)
    bench.window.running.undo()
    assert bench.kinds == ["picture"]
    assert len(results(bench)) == 1
    await make(bench)
    assert len(results(bench)) == 2


@scenario
async def test_what_was_stopped_is_no_result_but_can_be_applied(bench: Bench) -> None:
    await bench.begin_long_edit()
    bench.key(Qt.Key.Key_Escape)
    await bench.finish()
    count = len(results(bench))
    assert count < 8
    assert bench.window.editing.result is None
    assert bench.window.results.result is None
    bench.key(Qt.Key.Key_Return)
    assert bench.kinds == ["picture", "strokes", "result"]
    assert len(results(bench)) == count


@scenario
async def test_stop_twice_loses_nothing_of_what_it_keeps(bench: Bench) -> None:
    await bench.begin_long_edit()
    while bench.window.editing.is_running:
        bench.window.editing.stop()
        await asyncio.sleep(0)
    assert bench.window.editing.is_choosing


@scenario
async def test_what_was_kept_of_live_mode_is_a_result_and_nothing_begins_anew(bench: Bench) -> None:
    await bench.start_engine()
    bench.window.running.toggle_live()
    bench.stroke()
    await bench.until(lambda: bench.window.live.can_keep)
    bench.window.live.keep()
    await bench.until(lambda: len(results(bench)) == 1)
    assert not bench.window.live.is_running
    assert from_json(results(bench)[0].recipe).operation == SDEdit(0.5, draft=True)


# ---- the ladder


def test_a_ladder_has_the_usual_strengths_or_those_round_the_current_one() -> None:
    assert ladder(0.5) == (0.3, 0.4, 0.5, 0.6, 0.7)
    assert ladder(0.8) == (0.6, 0.7, 0.8, 0.9, 1.0)
    assert ladder(1.0) == (0.6, 0.7, 0.8, 0.9, 1.0)
    assert ladder(0.1) == (0.05, 0.15, 0.25, 0.35, 0.45)


@scenario
async def test_one_click_makes_a_ladder_of_one_noise(bench: Bench) -> None:
    await bench.start_engine()
    bench.stroke()
    bench.window.edit_panel.steps.set_value(60)
    words: list[str] = []
    bench.window.editing.progressed.connect(lambda share, text: words.append(text))
    bench.click(bench.window.edit_panel.ladder)
    await bench.finish()
    assert any(text.startswith("strength 30 %, step ") for text in words)
    assert [told(each).badge for each in results(bench)] == ["30 %", "40 %", "50 %", "60 %", "70 %"]
    assert len({from_json(each.recipe).seed for each in results(bench)}) == 1


@scenario
async def test_a_ladder_that_was_stopped_keeps_the_rungs_that_are_done(bench: Bench) -> None:
    await bench.start_engine()
    bench.stroke()
    bench.window.edit_panel.steps.set_value(60)
    bench.click(bench.window.edit_panel.ladder)
    await bench.until(lambda: len(results(bench)) == 2)
    bench.key(Qt.Key.Key_Escape)
    await bench.finish()
    assert 2 <= len(results(bench)) < 5
    assert told(results(bench)[0]).badge == "30 %"


# ---- what is done with them


@scenario
async def test_a_star_outlasts_a_sweep_and_both_can_be_undone(bench: Bench) -> None:
    await make(bench, variants=3)
    strip = bench.window.results
    click(bench, 1)
    bench.click(strip.star_button)
    assert [each.starred for each in results(bench)] == [False, True, False]
    strip.delete_unstarred()
    assert [each.starred for each in results(bench)] == [True]
    bench.window.editing.discard()
    bench.window.running.undo()
    assert len(results(bench)) == 3
    bench.window.running.undo()
    assert not any(each.starred for each in results(bench))


@scenario
async def test_deleting_the_one_on_the_canvas_takes_it_from_there(bench: Bench) -> None:
    await make(bench, variants=2)
    gone = results(bench)[0]
    QTest.keyClick(bench.window.results.list, Qt.Key.Key_Delete)
    assert gone not in results(bench)
    assert bench.session.overlay is None
    assert len(results(bench)) == 1


@scenario
async def test_a_result_is_applied_again_and_again(bench: Bench) -> None:
    await make(bench)
    bench.key(Qt.Key.Key_Return)
    once = bench.picture()
    bench.window.results.apply()
    assert bench.kinds == ["picture", "strokes", "result", "result"]
    assert (bench.picture() == once).all()


@scenario
async def test_an_opened_project_marks_the_result_that_was_applied(bench: Bench) -> None:
    await make(bench, variants=3)
    click(bench, 1)
    bench.key(Qt.Key.Key_Return)
    assert [each.applied for each in results(bench)] == [False, True, False]
    await bench.window.filing.write(bench.folder / "lake.ora")
    bench.key(Qt.Key.Key_Z, CONTROL)
    assert not any(each.applied for each in results(bench))
    bench.session.mark_saved()
    bench.window.filing.new(32, 32, True)
    await bench.open(bench.folder / "lake.ora")
    strip = bench.window.results
    assert strip.list.currentRow() == 1
    assert "applied" in strip.list.item(1).toolTip()
    assert strip.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole).count("applied") == 0


@scenario
async def test_a_double_click_applies(bench: Bench) -> None:
    await make(bench, variants=2)
    cards = bench.window.results.list
    place = cards.visualItemRect(cards.item(1)).center()
    QTest.mouseClick(cards.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(cards.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert bench.kinds == ["picture", "strokes", "result"]
    assert bench.session.overlay is None
    click(bench, 0)
    assert bench.session.overlay is not None


@scenario
async def test_what_is_seen_is_what_an_old_result_becomes(bench: Bench, photo: Path) -> None:
    await bench.open(photo)
    await make(bench)
    bench.window.editing.discard()
    bench.stroke((200, 150), (280, 190))  # strokes that came later stay as they are
    click(bench, 0)
    assert bench.session.overlay is not None
    before, at = bench.picture(), bench.session.overlay.rect
    bench.key(Qt.Key.Key_Return)
    after = bench.picture()
    assert bench.kinds == ["picture", "strokes", "result"]
    assert bench.session.document.strokes
    outside = np.ones(after.shape[:2], bool)
    outside[at.slices] = False
    assert (after[outside] == before[outside]).all()
    assert (after != before).any()


@scenario
async def test_a_result_is_applied_through_the_selection(bench: Bench) -> None:
    await make(bench)
    bench.window.editing.discard()
    before = bench.picture()
    left = rectangle(QPointF(0, 0), QPointF(40, 64), bench.session.document.rect)
    bench.session.commit("Select", lambda document: replace(document, selection=left))
    bench.window.results.apply_through_mask()
    after = bench.picture()
    assert (after[:, 40:] == before[:, 40:]).all()
    assert (after[:, :40] != before[:, :40]).any()
    bench.window.running.undo()
    assert (bench.picture() == before).all()


@scenario
async def test_without_a_selection_the_mask_is_white_and_painted_on_next(bench: Bench) -> None:
    await make(bench)
    bench.window.results.apply_through_mask()
    shown, layer = bench.picture(), bench.session.active_layer
    assert layer is not None
    assert layer.kind == "result"
    assert layer.mask is not None
    assert bench.session.is_on_mask
    assert "Paint black" in bench.window.messages.text.text()
    bench.window.holding.default_colours()
    bench.stroke()
    assert (bench.picture() != shown).any()


@scenario
async def test_run_again_gives_the_same_bytes_and_another_seed_others(bench: Bench) -> None:
    await make(bench)
    bench.window.results.again()
    await bench.finish()
    bench.window.results.again_with_new_seed()
    await bench.finish()
    first, same, other = results(bench)
    assert (first.pixels == same.pixels).all()
    assert (first.pixels != other.pixels).any()
    assert from_json(other.recipe).seed == from_json(first.recipe).seed + 1


@scenario
async def test_a_result_of_another_day_is_made_again_by_its_recipe(bench: Bench, photo: Path) -> None:
    await bench.open(photo)
    await make(bench)
    (made,) = results(bench)
    bench.session.open(replace(bench.session.document, results=(made,)))
    bench.window.editing.abandon()  # nothing is known but the document
    bench.window.results.again()
    await bench.until(lambda: len(results(bench)) == 2)
    _, again = results(bench)
    known = open_picture(photo).rgba
    assert abs(laid(known, again) - laid(known, made)).max() <= 2  # one goes through 8 bits of alpha


def laid(known: Rgba, result: Result) -> Rgba:
    """The part of a picture with a result over it."""
    below, alpha = known[result.at.slices][..., :3], result.pixels[..., 3:] / 255
    return np.rint(below * (1 - alpha) + result.pixels[..., :3] * alpha)


@scenario
async def test_a_saved_recipe_replays_from_the_command_line(bench: Bench, photo: Path) -> None:
    await bench.open(photo)
    await make(bench)
    path = bench.folder / "stroke"
    bench.window.results.write_recipe(results(bench)[0], path)
    saved = bench.folder / "stroke.recipe.json"
    out = bench.folder / "out.png"
    candidate = bench.window.editing.candidates[0]
    at = results(bench)[0].at
    assert main(["replay", str(saved), str(photo), "-o", str(out)]) == 0
    assert (open_picture(out).rgba[at.slices][..., :3] == candidate.image).all()


@scenario
async def test_a_full_disk_leaves_the_old_recipe(bench: Bench, photo: Path) -> None:
    await bench.open(photo)
    await make(bench)
    path = bench.folder / "old.recipe.json"
    path.write_text("{}")
    with full_disk(10):
        bench.window.results.write_recipe(results(bench)[0], path)
    assert "free some space" in bench.window.messages.text.text()
    assert path.read_text() == "{}"


@scenario
async def test_a_recipe_of_another_picture_is_run_on_this_one(bench: Bench, photo: Path) -> None:
    await make(bench)
    path = bench.folder / "a.recipe.json"
    bench.window.results.write_recipe(results(bench)[0], path)
    bench.window.editing.discard()
    bench.session.mark_saved()
    await bench.open(photo)
    bench.window.results.run_recipe_of(path)
    assert "made on 96 x 64 pixels" in bench.window.messages.text.text()
    await bench.until(lambda: bool(results(bench)))
    assert results(bench)[0].at == Rect(0, 0, 300, 200)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\xff\xfe", b'{"format": "driftpaint recipe", "version": 1}']
)
@scenario
async def test_a_bad_recipe_gives_a_sentence(bench: Bench, content: bytes) -> None:
    path = bench.folder / "bad.recipe.json"
    path.write_bytes(content)
    bench.window.results.run_recipe_of(path)
    assert bench.window.messages.isVisible()
    assert "bad.recipe.json" in bench.window.messages.text.text()
    assert not bench.window.editing.is_running


@scenario
async def test_files_are_asked_for_without_blocking(bench: Bench) -> None:
    await make(bench)
    bench.window.results.save_recipe()
    bench.window.results.run_recipe()
    assert len(bench.window.findChildren(QFileDialog)) == 2
    for dialog in bench.window.findChildren(QFileDialog):
        dialog.reject()


# ---- the strip


@scenario
async def test_the_strip_is_folded_to_one_line_and_remembered(bench: Bench) -> None:
    await make(bench)
    strip = bench.window.results
    tall = strip.height()
    bench.click(strip.header)
    await bench.until(lambda: strip.height() < tall / 2)
    assert not strip.list.isVisible()
    assert not bench.window.remembering.now().results


@scenario
async def test_all_that_can_be_done_is_in_the_menu_of_a_result(bench: Bench) -> None:
    await make(bench)
    bench.click(bench.window.results.more_button)
    (menu,) = [each for each in bench.window.results.findChildren(QMenu) if each.isVisible()]
    words = [action.text() for action in menu.actions() if action.text()]
    assert len(words) == 8
    assert any("recipe" in each for each in words)
    menu.close()


def test_the_meter_speaks_plainly() -> None:
    small = Result(Rect(0, 0, 10, 10), frozen(np.zeros((10, 10, 4), np.uint8)), "{}")
    large = Result(Rect(0, 0, 1000, 1000), frozen(np.zeros((1000, 1000, 4), np.uint8)), "{}")
    assert weight([small]) == "under 1 MB"
    assert weight([large, large, small]) == "8 MB"
    assert weight([large] * 300) == "1.2 GB"


def test_a_badge_names_what_was_done_unless_it_is_the_usual() -> None:
    dot = np.zeros((1, 1, 3), np.uint8)
    recipe = recipe_of(EditRequest(dot, dot, operation=SDEdit(0.35)), Rect(0, 0, 1, 1), (1, 1))
    for name, badge in (("", "35 %"), ("Make it real", "35 %"), ("Settle", "Settle 35 %")):
        text = to_json(replace(recipe, name=name))
        assert told(Result(Rect(0, 0, 1, 1), np.zeros((1, 1, 4), np.uint8), text)).badge == badge


def test_a_result_with_a_strange_recipe_is_shown_all_the_same() -> None:
    assert (
        told(Result(Rect(0, 0, 1, 1), np.zeros((1, 1, 4), np.uint8), "{}")).line
        == "A result of another version"
    )
