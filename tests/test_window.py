"""The window as a user meets it: real widgets, the real engine with its analytic model, real files."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton

from engine.worker import Engine
from tests.bench import Bench, scenario
from tests.hands import stroke
from ui.actions import ACTIONS
from ui.dialogs import AboutDialog
from ui.document import new_document
from ui.session import Session
from ui.settings import load_settings
from ui.tasks import TASKS
from ui.window import Window

pytestmark = pytest.mark.qt_log_ignore("plugin does not support")  # offscreen says so


# ---- the edit


@scenario
async def test_before_the_model_is_ready_the_button_waits(bench: Bench) -> None:
    assert not bench.window.edit_panel.main.isEnabled()
    assert "Getting the model ready" in bench.window.status.engine.text()
    await bench.start_engine()
    assert bench.window.status.engine.text() == "Toy model on CPU"


@scenario
async def test_of_two_buttons_that_begin_an_edit_one_stands_out(bench: Bench) -> None:
    window = bench.window
    composition = next(task for task in TASKS if task.tool == "Transform")
    window.filing.begin_with(composition.document())
    assert window.settle_panel.main.isVisible()
    assert not window.edit_panel.main.property("primary")
    window.layering.below()
    assert not window.settle_panel.main.isVisible()
    assert window.edit_panel.main.property("primary")


@scenario
async def test_strokes_are_made_real_and_applied_as_one_undo_step(bench: Bench) -> None:
    await bench.start_engine()
    bench.stroke()
    painted, strokes = bench.picture(), bench.session.document.layers
    bench.click(bench.window.edit_panel.main)
    await bench.finish()
    assert bench.session.document.layers is strokes
    assert bench.window.job_bar.isVisible()
    bench.click(bench.window.job_bar.apply_button)
    assert bench.kinds == ["picture", "strokes", "result"]
    assert [layer.visible for layer in bench.session.document.layers] == [True, False, True]
    assert (bench.picture() != painted).any()
    bench.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert bench.session.document.layers is strokes
    assert not bench.window.job_bar.isVisible()


@scenario
async def test_the_picture_forms_on_the_canvas_while_the_document_stays(bench: Bench) -> None:
    await bench.start_engine()
    bench.stroke()
    before = bench.session.document.layers
    seen = []
    bench.session.overlaid.connect(lambda: seen.append(bench.session.overlay))
    bench.click(bench.window.edit_panel.main)
    await bench.finish()
    assert seen[0] is not None
    assert bench.session.overlay is not None
    assert bench.session.document.layers is before


@scenario
async def test_while_it_runs_the_button_says_stop_and_stops(bench: Bench) -> None:
    await bench.start_engine()
    bench.stroke()
    bench.window.edit_panel.steps.set_value(200)
    bench.window.edit_panel.variants.set_value(8)
    bench.click(bench.window.edit_panel.main)
    assert bench.window.edit_panel.main.text() == "Stop"
    await bench.until(lambda: "step" in bench.window.job_bar.text.text())
    bench.click(bench.window.edit_panel.main)
    await bench.finish()
    assert bench.window.edit_panel.main.text() == "Make it real"
    assert bench.window.job_bar.apply_button.isVisible()
    bench.key(Qt.Key.Key_Return)
    assert bench.kinds == ["picture", "strokes", "result"]


@scenario
async def test_the_bar_is_as_wide_as_what_it_tells(bench: Bench) -> None:
    bar = bench.window.job_bar
    bar.show_progress(0.1, "step 1")
    bar.grab()  # it is laid out
    bar.show_progress(0.2, "step 12 of 25, and 20 s left")
    bar.grab()
    assert bar.text.width() >= bar.text.sizeHint().width()


@scenario
async def test_escape_stops_then_discards_and_leaves_the_strokes(bench: Bench) -> None:
    await bench.begin_long_edit()
    before = bench.session.document
    bench.key(Qt.Key.Key_Escape)
    await bench.finish()
    bench.key(Qt.Key.Key_Escape)
    assert bench.session.overlay is None
    assert bench.session.document is before
    assert not bench.window.editing.is_working


@scenario
async def test_what_was_seen_is_what_is_applied(bench: Bench, photo: Path) -> None:
    await bench.start_engine()
    await bench.open(photo)
    bench.stroke()
    bench.click(bench.window.edit_panel.main)
    await bench.finish()
    bench.window.canvas.actual_size()
    names = [tool.name for tool in bench.window.holding.tools]
    bench.window.holding.choose(names.index("Hand"))  # which draws no outline
    before = bench.window.canvas.grab().toImage()
    bench.click(bench.window.job_bar.apply_button)
    after = bench.window.canvas.grab().toImage()
    box = bench.window.job_bar.geometry().top() - 4
    assert before.copy(0, 0, before.width(), box) == after.copy(0, 0, after.width(), box)


@scenario
async def test_enter_in_a_field_is_not_apply(bench: Bench) -> None:
    await bench.start_engine()
    bench.stroke()
    bench.click(bench.window.edit_panel.main)
    await bench.finish()
    QTest.keyClick(bench.window.colours.number, Qt.Key.Key_Return)
    assert bench.window.editing.is_choosing
    QTest.keyClick(bench.window.canvas, Qt.Key.Key_Return)
    assert not bench.window.editing.is_working


@scenario
async def test_ctrl_enter_makes_it_real_from_a_slider_and_from_the_words(bench: Bench) -> None:
    await bench.start_engine()
    bench.stroke()
    for part in (bench.window.edit_panel.strength, bench.speak_to("lake").field, bench.speak_to().field):
        part.setFocus()
        QTest.keyClick(part, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        assert bench.window.editing.is_running
        await bench.finish()


@scenario
async def test_again_takes_another_seed_unless_it_is_locked(bench: Bench) -> None:
    await bench.start_engine()
    bench.stroke()
    seeds: list[int] = []
    panel = bench.window.edit_panel
    for locked in (False, False, True):
        panel.seed.lock.setChecked(locked)
        bench.click(panel.main if not seeds else bench.window.job_bar.again_button)
        await bench.finish()
        seeds.append(panel.options().seed)
    assert seeds[0] != seeds[1]
    assert seeds[1] == seeds[2]


@scenario
async def test_a_refused_edit_says_why_and_changes_nothing(bench: Bench) -> None:
    await bench.start_engine()
    bench.window.edit_panel.area.set_value("strokes")
    before = bench.session.document
    bench.click(bench.window.edit_panel.main)
    await bench.finish()
    assert "paint over the picture" in bench.window.messages.text.text()
    assert bench.window.messages.isVisible()
    assert not bench.window.editing.is_working
    assert bench.session.document is before


@scenario
async def test_an_error_of_the_engine_is_shown_and_strokes_stay(bench: Bench) -> None:
    await bench.start_engine()
    bench.stroke()
    before = bench.session.document
    bench.window.editing.model = "a model that is not there"
    bench.click(bench.window.edit_panel.main)
    await bench.finish()
    assert bench.window.messages.isVisible()
    assert bench.session.overlay is None
    assert bench.session.document is before
    assert not bench.window.editing.is_working


@scenario
async def test_closing_while_it_works_is_safe(bench: Bench) -> None:
    await bench.start_engine()
    bench.stroke()
    bench.session.mark_saved()
    bench.window.edit_panel.steps.set_value(200)
    bench.window.edit_panel.variants.set_value(8)
    bench.click(bench.window.edit_panel.main)
    bench.window.close()
    await bench.until(lambda: not bench.window.isVisible())
    assert bench.settings_file.exists()


@scenario
async def test_holding_backslash_shows_the_original(bench: Bench) -> None:
    bench.stroke()
    painted = bench.window.canvas.grab().toImage()
    QTest.keyPress(bench.window.canvas, Qt.Key.Key_Backslash)
    held = bench.window.canvas.grab().toImage()
    QTest.keyRelease(bench.window.canvas, Qt.Key.Key_Backslash)
    middle = bench.window.canvas.view.transform.map(QPointF(45, 30)).toPoint()
    assert held.pixelColor(middle * held.devicePixelRatio()) == QColor("white")
    assert bench.window.canvas.grab().toImage() == painted


# ---- the rest


@scenario
async def test_tool_keys_choose_tools_and_brackets_change_their_size(bench: Bench) -> None:
    window = bench.window
    bench.key(Qt.Key.Key_E)
    assert window.canvas.tool.name == "Eraser"
    assert window.tool_bar.buttons[1].isChecked()
    bench.key(Qt.Key.Key_B)
    before = window.options.sliders["size"].value()
    bench.key(Qt.Key.Key_BracketRight)
    assert window.options.sliders["size"].value() > before
    assert window.canvas.tool.outline == window.options.sliders["size"].value()
    bench.key(Qt.Key.Key_BracketLeft)
    bench.key(Qt.Key.Key_BracketLeft)
    assert window.options.sliders["size"].value() < before


@scenario
async def test_enter_ends_the_typing_of_a_number_and_keys_are_keys_again(bench: Bench) -> None:
    slider = bench.window.options.sliders["size"]
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Return)
    QTest.keyClicks(slider._field, "77")
    QTest.keyClick(slider._field, Qt.Key.Key_Return)
    assert slider.value() == 77
    assert not slider._field.isVisible()
    assert slider.hasFocus()


@scenario
async def test_x_swaps_the_colours_and_d_makes_them_black_and_white(bench: Bench) -> None:
    bench.key(Qt.Key.Key_X)
    assert bench.session.colour == QColor("white")
    bench.key(Qt.Key.Key_D)
    assert bench.session.colour == QColor("black")
    assert bench.session.other_colour == QColor("white")
    assert bench.window.colours.number.text() == "#000000"


@scenario
async def test_the_palette_and_the_number_set_the_colour(bench: Bench) -> None:
    palette = bench.window.colours.materials
    names = [row[0].accessibleName().partition(",")[0] for row in palette.chips]
    assert names == ["Sky", "Cloud", "Snow", "Rock", "Grass", "Forest", "Water", "Sand", "Sun"]
    grass = palette.chips[4][1]
    bench.click(grass)
    assert grass.colour is not None
    assert bench.session.colour == QColor(*grass.colour)
    assert [chip for row in palette.chips for chip in row if chip.is_chosen] == [grass]
    number = bench.window.colours.number
    number.setText("#123456")
    number.editingFinished.emit()
    assert bench.session.colour == QColor("#123456")
    assert not grass.is_chosen
    number.setText("no colour")
    number.editingFinished.emit()
    assert number.text() == "#123456"


@scenario
async def test_a_colour_that_was_painted_with_is_remembered(bench: Bench) -> None:
    bench.session.set_colour(QColor("#abcdef"))
    bench.stroke()
    assert bench.window.colours.recent()[0] == (0xAB, 0xCD, 0xEF)


@scenario
async def test_tab_hides_the_panels_and_brings_them_back(bench: Bench) -> None:
    window = bench.window
    QTest.keyClick(window.canvas, Qt.Key.Key_Tab)
    assert not window.column.isVisible()
    QTest.keyClick(window.canvas, Qt.Key.Key_Tab)
    assert window.column.isVisible()


@scenario
async def test_zoom_keys_change_the_view_and_the_status_bar(bench: Bench) -> None:
    window, control = bench.window, Qt.KeyboardModifier.ControlModifier
    bench.key(Qt.Key.Key_1, control)
    assert window.canvas.view.zoom == 1
    assert window.status.zoom.text() == "100 %"
    bench.key(Qt.Key.Key_Plus, control)
    assert window.canvas.view.zoom > 1
    bench.key(Qt.Key.Key_0, control)
    assert window.canvas.view.zoom == 4


@scenario
async def test_about_names_the_model(bench: Bench) -> None:
    await bench.start_engine()
    bench.window.comfort.show_about()
    dialog = bench.window.findChild(AboutDialog)
    assert dialog is not None
    assert any("Toy model on CPU" in label.text() for label in dialog.findChildren(QLabel))
    dialog.close()


@scenario
async def test_no_two_actions_share_a_key(bench: Bench) -> None:
    keys = [key for action in ACTIONS for key in action.keys]
    keys += [tool.shortcut for tool in bench.window.holding.tools]
    assert len(keys) == len(set(keys))


@scenario
async def test_every_button_has_a_name_for_those_who_cannot_see_it(bench: Bench) -> None:
    for button in bench.window.findChildren(QToolButton):
        if button.objectName() != "qt_menubar_ext_button":
            assert button.accessibleName() or button.text(), button.parent()


@scenario
async def test_the_key_of_the_chosen_tool_goes_on_in_its_group(bench: Bench) -> None:
    seen = []
    for letter in "SSBBGGS":
        bench.key(Qt.Key(ord(letter)))
        seen.append(bench.window.holding.tool.name)
    assert seen == ["Clone stamp", "Smudge", "Brush", "Brush", "Fill", "Gradient", "Clone stamp"]


@scenario
async def test_the_name_of_a_material_takes_its_brush(bench: Bench) -> None:
    window = bench.window
    bench.key(Qt.Key.Key_E)
    name = next(each for each in window.colours.materials.names if each.material.name == "Cloud")
    bench.click(name)
    assert window.holding.tool.name == "Brush"
    assert window.options.brushes.accessibleDescription() == "Cloud"
    assert bench.session.colour == QColor(*name.material.shades[1])


@scenario
async def test_what_was_set_is_there_next_time(bench: Bench) -> None:
    window = bench.window
    window.edit_panel.strength.set_value(63)
    window.edit_panel.area.set_value("whole")
    bench.speak_to("lake", "sunset").say("lake,sunset ,")
    window.options.sliders["size"].step(3)
    size = round(window.options.sliders["size"].value())
    bench.session.set_colour(QColor("#224466"))
    await window.shut_down()
    settings = load_settings(bench.settings_file)
    assert (settings.strength, settings.area) == (63, "whole")
    assert settings.foreground == "#224466"
    again = Window(Session(new_document(8, 8)), Engine("cpu"), settings, bench.settings_file)
    assert again.edit_panel.options().strength == 0.63
    assert again.model_panel.words.known.words() == "lake, sunset"
    assert again.session.colour == QColor("#224466")
    assert again.canvas.tool.outline == size
    again.deleteLater()


@scenario
async def test_the_key_says_that_the_model_is_not_ready_yet(bench: Bench) -> None:
    bench.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert "getting ready" in bench.window.messages.text.text()


@scenario
async def test_closing_ends_a_stroke_that_is_under_way(bench: Bench) -> None:
    stroke(bench.window.canvas, (40, 40), (80, 80), release=False)
    assert bench.session.is_busy
    await bench.window.shut_down()
    assert not bench.session.is_busy


@scenario
async def test_closing_gives_up_whatever_is_under_way(bench: Bench) -> None:
    task = bench.window.work.begin(asyncio.sleep(3600))
    await bench.window.shut_down()
    assert task.cancelled()


@scenario
async def test_the_request_carries_what_the_panel_says(bench: Bench) -> None:
    await bench.start_engine()
    bench.stroke()
    panel = bench.window.edit_panel
    for slider, value in ((panel.strength, 35), (panel.steps, 7), (panel.variants, 2)):
        slider.set_value(value)
    panel.seed.set_value(11)
    panel.seed.lock.setChecked(True)
    bench.click(panel.main)
    await bench.finish()
    ask = bench.window.editing.ask
    assert ask is not None
    request = ask.request
    assert (request.operation.strength, request.steps, request.variants, request.seed) == (0.35, 7, 2, 11)


@pytest.mark.parametrize("before", ["lake, ", "lake "])
@scenario
async def test_words_that_the_model_knows_are_completed(bench: Bench, before: str) -> None:
    prompt = bench.speak_to("lake", "sunset", "sun", "day").known
    prompt.setFocus()
    QTest.keyClicks(prompt, f"{before}su")
    offered = prompt.completer_of_last.completionModel()
    assert [offered.data(offered.index(row, 0)) for row in range(offered.rowCount())] == ["sun", "sunset"]
    popup = prompt.completer_of_last.popup()
    assert popup is not None
    told = []
    bench.window.model_panel.changed.connect(lambda: told.append(prompt.words()))
    QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Return)
    assert prompt.text() == f"{before}sunset"
    assert told == [bench.window.model_panel.wording("toy").prompt] == [f"{before}sunset"]


@scenario
async def test_the_vocabulary_comes_with_the_model(bench: Bench) -> None:
    prompt = bench.speak_to("lake", "day").known
    QTest.keyClicks(prompt, "l")
    assert prompt.completer_of_last.currentCompletion() == "lake"


@scenario
@pytest.mark.parametrize("size", [(1024, 700), (1280, 800)])
async def test_everything_fits_a_small_screen(bench: Bench, size: tuple[int, int]) -> None:
    bench.window.resize(*size)
    bench.window.edit_panel.more.setChecked(True)
    await bench.drawn()
    for part in (bench.window.edit_panel.main, bench.window.layers):
        corner = part.mapTo(bench.window, QPoint(part.width(), part.height()))
        assert bench.window.rect().contains(corner)
        assert part.visibleRegion().boundingRect() == part.rect()
    assert bench.window.canvas.width() > size[0] - 480
    assert bench.window.column.scrolled.horizontalScrollBar().maximum() == 0
