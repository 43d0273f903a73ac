"""Pointing at a model is all it takes: real tiny checkpoints, the real engine, and what the window offers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from safetensors.torch import save_file

from engine.types import Drag, Inpaint, ModelFacts, Translate
from engine.worker import Engine
from tests import random_loras
from tests.bench import WHITE, Bench, scenario
from tests.random_checkpoints import pipeline, save_single
from tests.test_checkpoints import SD1, checkpoint
from ui.document import new_document
from ui.files import open_document
from ui.loras import LoraRow
from ui.model_panel import ModelPanel
from ui.models_dialog import ModelsDialog
from ui.session import Session
from ui.settings import Settings, load_settings
from ui.slider import Slider
from ui.window import Window

SMALL = 32, 32  # pixels: the tiny models take half a second for them


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Stable Diffusion 1, the same as a fast one, and a LoRA that fits it."""
    folder, made = tmp_path_factory.mktemp("models"), pipeline("sd1")
    save_single(made, folder / "tiny.safetensors", torch.float16)
    save_single(made, folder / "tiny lightning.safetensors", torch.float16)
    random_loras.save(folder / "detail.safetensors", made, "kohya")
    return folder


async def point_at(bench: Bench, path: Path) -> None:
    bench.window.library.add([path])
    switching = bench.window.switching
    await bench.until(lambda: switching.model == str(path) and switching.facts is not None)


async def run(bench: Bench) -> None:
    bench.click(bench.window.edit_panel.main)
    await bench.until(lambda: bench.window.editing.is_running)
    await bench.finish()


@scenario
async def test_a_model_that_is_pointed_at_makes_the_next_edit(bench: Bench, models: Path) -> None:
    bench.engine.start("toy")
    bench.session.open(new_document(*SMALL, WHITE))
    await point_at(bench, models / "tiny.safetensors")
    window = bench.window
    assert window.model_panel.model.currentText() == "tiny"
    assert window.status.engine.text() == "tiny model on CPU"
    window.model_panel.words.say("a lighthouse")
    window.edit_panel.area.set_value("whole")
    window.edit_panel.steps.set_value(2)
    await run(bench)
    (result,) = bench.session.document.results
    assert str(models / "tiny.safetensors") in result.recipe
    assert "a lighthouse" in result.recipe
    assert len(window.editing.weights) == 64


@scenario
async def test_a_model_that_cannot_be_loaded_leaves_the_one_before(bench: Bench, tmp_path: Path) -> None:
    await bench.start_engine()
    bad = checkpoint(tmp_path / "bad.safetensors", SD1)  # whose weights are missing
    bench.window.library.add([bad])
    await bench.until(bench.window.messages.isVisible)
    assert "bad.safetensors" in bench.window.messages.text.text()
    assert bench.window.model_panel.model.currentText() == "Toy"
    assert bench.window.status.engine.text() == "Toy model on CPU"
    bench.window.comfort.show_models()
    dialog = bench.window.findChild(ModelsDialog)
    assert isinstance(dialog, ModelsDialog)
    (item,) = dialog.list.findItems("bad", Qt.MatchFlag.MatchExactly)
    dialog.list.setCurrentItem(item)
    assert dialog.sentence.text() == bench.window.messages.text.text()
    dialog.accept()
    bench.stroke()
    await run(bench)
    assert len(bench.session.document.results) == 1


@scenario
async def test_the_choice_is_kept_in_settings_and_picture(bench: Bench, models: Path, tmp_path: Path) -> None:
    await bench.start_engine()
    await point_at(bench, models / "tiny.safetensors")
    assert not bench.session.is_modified  # nobody is asked to save an empty sheet
    bench.stroke()
    await bench.window.filing.write(tmp_path / "picture.ora")
    assert open_document(tmp_path / "picture.ora").document.model == "tiny.safetensors"
    bench.window.switching.choose("starter")
    assert bench.session.document.model == ""
    await bench.until(lambda: bench.window.switching.facts is not None)
    await bench.open(tmp_path / "picture.ora")
    switching = bench.window.switching
    await bench.until(lambda: switching.facts is not None and switching.facts.family == "sd1")
    await bench.window.shut_down()
    assert load_settings(bench.settings_file).model == str(models / "tiny.safetensors")


@scenario
async def test_a_picture_of_a_model_that_is_not_there_says_so(bench: Bench, tmp_path: Path) -> None:
    bench.session.amend(lambda document: replace(document, model="gone.safetensors"))
    await bench.window.filing.write(tmp_path / "picture.ora")
    await bench.open(tmp_path / "picture.ora")
    await bench.until(lambda: "gone.safetensors" in bench.window.messages.text.text())
    assert bench.window.switching.model == "toy"


@scenario
async def test_without_the_model_of_last_time_the_starter_is_there(bench: Bench, tmp_path: Path) -> None:
    engine = Engine("cpu")
    settings = load_settings(tmp_path / "none.toml")
    gone = str(tmp_path / "gone.safetensors")
    window = Window(Session(new_document(8, 8)), engine, settings, tmp_path / "none.toml", gone)
    engine.start(gone)
    await bench.until(lambda: window.switching.facts is not None)
    assert window.switching.model == "starter"
    assert "There is no model" in window.messages.text.text()
    await window.shut_down()
    window.deleteLater()


@scenario
async def test_the_models_of_last_time_are_listed_at_the_start(bench: Bench, tmp_path: Path) -> None:
    listed = checkpoint(tmp_path / "dream.safetensors", SD1)
    settings = Settings(models=(str(listed),))
    window = Window(Session(new_document(8, 8)), Engine("cpu"), settings, tmp_path / "none.toml")
    chooser = window.model_panel.model
    await bench.until(lambda: chooser.findText("dream") >= 0)
    assert chooser.currentText() == "Starter"
    await window.shut_down()
    window.deleteLater()


# ---- what the panel offers


@scenario
async def test_what_a_model_does_not_take_is_not_shown(bench: Bench, models: Path) -> None:
    await bench.start_engine()
    panel, edit = bench.window.model_panel, bench.window.edit_panel
    assert not panel.words.isVisible()
    assert not panel.more.isVisible()
    await point_at(bench, models / "tiny.safetensors")
    panel.words.say("a house")
    panel.negative.free.setPlainText("rain")
    assert panel.words.isVisible()
    assert not panel.negative.isVisible()  # until it is asked for
    bench.click(panel.more)
    assert panel.negative.isVisible()
    assert panel.guidance.text() == "7.5"
    edit.steps.set_value(31)
    await point_at(bench, models / "tiny lightning.safetensors")
    assert not panel.guidance.isVisible()
    assert edit.options().steps == 4
    told = panel.wording("some model")
    assert (told.prompt, told.guidance) == ("a house", 1.0)
    assert bench.window.drag_panel.options().steps == 4
    await point_at(bench, models / "tiny.safetensors")
    assert edit.options().steps == 31
    assert bench.window.drag_panel.options().steps == Drag.STEPS
    assert panel.wording("some model").negative_prompt == "rain"


@scenario
async def test_steps_that_were_set_for_a_model_are_those_of_its_next_drag(bench: Bench, models: Path) -> None:
    await bench.start_engine()
    await point_at(bench, models / "tiny.safetensors")
    bench.window.drag_panel.steps.set_value(17)
    await point_at(bench, models / "tiny lightning.safetensors")
    bench.window.drag_panel.steps.set_value(6)
    await point_at(bench, models / "tiny.safetensors")
    assert bench.window.drag_panel.options().steps == 17
    panel = ModelPanel(bench.window.remembering.now(), Slider("", 1, 200, 1), steps := Slider("", 2, 200, 2))
    panel.take(ModelFacts("", "cpu", "float32", 0.0, fast=True, family="sd1"))
    assert steps.value() == 6


@scenario
async def test_a_drag_has_words_that_are_free_and_bears_less_guidance(bench: Bench) -> None:
    bench.speak_to("lake").say("lake")
    names = [tool.name for tool in bench.window.holding.tools]
    bench.window.holding.choose(names.index("Drag"))
    assert bench.window.model_panel.wording("toy").prompt == ""
    bench.engine.ready.emit(ModelFacts("mine", "cpu", "float32", 0.0, takes_words=True, guidance=7.5))
    bench.window.model_panel.words.say("a balloon")
    told = bench.window.model_panel.wording("toy")
    assert (told.prompt, told.guidance) == ("a balloon", 3.0)


@scenario
async def test_words_that_were_said_are_said_again_by_the_up_key(bench: Bench) -> None:
    await bench.start_engine()
    words = bench.speak_to()
    for said in ("a lake", "a forest"):
        bench.stroke()
        words.say(said)
        await run(bench)
        bench.window.editing.discard()
    words.say("a dra")
    words.field.setFocus()
    seen = []
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Down):
        QTest.keyClick(words.field, key)
        seen.append(words.words())
    assert seen == ["a forest", "a lake", "a forest", "a dra"]
    await bench.window.shut_down()
    assert load_settings(bench.settings_file).prompts == ("a forest", "a lake")


@scenario
async def test_a_lora_has_a_weight_and_goes_with_the_edit(bench: Bench, models: Path) -> None:
    await bench.start_engine()
    bench.session.open(new_document(*SMALL, WHITE))
    window = bench.window
    window.library.add([models / "detail.safetensors"])
    await bench.until(lambda: bool(window.library.of_kind("lora")))
    assert not window.model_panel.loras.fold.isVisible()  # the toy takes none
    await point_at(bench, models / "tiny.safetensors")
    bench.click(window.model_panel.loras.fold)
    (row,) = window.model_panel.loras.findChildren(LoraRow)
    assert row.isVisible()
    assert window.model_panel.wording("").loras == ()
    row.used.setChecked(True)
    QTest.keyClick(row.weight, Qt.Key.Key_Home)
    for _ in range(30):
        QTest.keyClick(row.weight, Qt.Key.Key_Right)
    (lora,) = window.model_panel.wording("").loras
    assert (lora.path, lora.weight) == (str(models / "detail.safetensors"), -1.7)
    window.edit_panel.area.set_value("whole")
    window.edit_panel.steps.set_value(2)
    await run(bench)
    assert "detail.safetensors" in bench.session.document.results[0].recipe


@scenario
async def test_a_picture_is_learned_first_if_that_is_asked_and_stop_ends_it(
    bench: Bench, models: Path
) -> None:
    await bench.start_engine()
    bench.session.open(new_document(*SMALL, WHITE))
    window = bench.window
    assert not window.model_panel.learn.isVisible()
    await point_at(bench, models / "tiny.safetensors")
    assert window.model_panel.wording("").identity is None  # unless it is asked for
    bench.click(window.model_panel.learn)
    window.edit_panel.area.set_value("whole")
    bench.click(window.edit_panel.main)
    await bench.until(lambda: "learning the picture" in window.job_bar.text.text())
    bench.key(Qt.Key.Key_Escape)
    await bench.finish()
    assert bench.session.document.results == ()


# ---- filling and translating


@scenario
async def test_what_is_selected_is_filled_and_the_rest_stays(bench: Bench) -> None:
    await bench.start_engine()
    before = bench.picture()
    panel = bench.window.edit_panel
    for slider in (panel.grow, panel.feather):
        slider.set_value(0)
    panel.set_task("fill")
    assert panel.main.text() == "Fill"
    await run_and_fail(bench, "Nothing is free to be filled")
    bench.stroke()
    await run(bench)
    ask = bench.window.editing.ask
    assert ask is not None
    assert ask.request.operation == Inpaint(1.0)
    bench.click(bench.window.job_bar.apply_button)
    assert bench.kinds == ["picture", "strokes", "result"]
    assert [layer.visible for layer in bench.session.document.layers] == [True, False, True]
    assert (bench.picture()[-8:] == before[-8:]).all()


@scenario
async def test_a_picture_is_translated_from_what_it_shows(bench: Bench) -> None:
    await bench.start_engine()
    panel = bench.window.edit_panel
    bench.speak_to().say("a lake")
    panel.task.set_value("translate")
    panel.task.chosen.emit("translate")
    panel.source.say("a desert")
    bench.stroke()
    await run(bench)
    ask = bench.window.editing.ask
    assert ask is not None
    assert ask.request.operation == Translate("a desert", 0.7)
    assert ask.request.prompt == "a lake"
    np.testing.assert_array_equal(ask.request.image, ask.request.guide)  # strokes are of the picture
    bench.click(bench.window.job_bar.apply_button)
    assert [layer.visible for layer in bench.session.document.layers] == [True, True, True]


@scenario
async def test_each_task_has_its_strength_and_a_ladder_is_of_the_first(bench: Bench) -> None:
    await bench.start_engine()
    panel = bench.window.edit_panel
    bench.speak_to().say("a lake")
    panel.strength.set_value(40)
    panel.set_task("fill")
    assert panel.options().strength == 1.0
    panel.set_task("real")
    assert panel.options().strength == 0.4
    panel.set_task("translate")
    bench.engine.ready.emit(ModelFacts("toy", "cpu", "float32", 0.0))
    assert panel.options().task == "real"  # without words nothing can be translated
    panel.set_task("fill")
    bench.stroke()
    bench.window.running.climb()
    await bench.until(lambda: bench.window.editing.is_running)
    await bench.finish()
    assert len(bench.session.document.results) == 5


async def run_and_fail(bench: Bench, sentence: str) -> None:
    bench.click(bench.window.edit_panel.main)
    await bench.until(bench.window.messages.isVisible)
    await bench.finish()
    assert sentence in bench.window.messages.text.text()
    bench.window.messages.hide()


@scenario
async def test_the_name_of_a_textual_inversion_is_a_word_for_models_that_it_fits(
    bench: Bench, tmp_path: Path
) -> None:
    save_file({"emb_params": torch.zeros(2, 768)}, tmp_path / "mystyle.safetensors")
    bench.window.library.add([tmp_path / "mystyle.safetensors"])
    await bench.until(lambda: bool(bench.window.library.of_kind("textual inversion")))
    panel = bench.window.model_panel
    facts = ModelFacts("mine", "cpu", "float32", 0.0, takes_words=True, family="sd1")
    bench.engine.ready.emit(facts)
    assert panel.loras.words.text() == "Words of your own: mystyle"
    panel.words.say("a house")
    assert panel.wording("").embeddings == ()
    panel.words.say("a house, MyStyle")
    assert panel.wording("").embeddings == (str(tmp_path / "mystyle.safetensors"),)
    bench.engine.ready.emit(replace(facts, family="sd2"))
    assert panel.wording("").embeddings == ()
    assert not panel.loras.isVisible()
