"""The list of the user's models, and its dialog: real files, real folders that are watched."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from engine.area import Rect
from engine.recipe import recipe_of
from engine.types import EditRequest, ModelFacts
from tests.bench import Bench, scenario
from tests.random_checkpoints import pipeline, save_folder
from tests.test_access import nameless
from tests.test_checkpoints import LORA, SD1, SDXL, TINY, Shapes, checkpoint
from tests.test_tiny_decoder import tiny
from ui.model_words import place_words
from ui.models import Entry, Library, dropped_models, entries
from ui.models_dialog import ModelsDialog
from ui.results import again
from ui.settings import load_settings

VAE: Shapes = {"decoder.conv_in.weight": (8, 4, 3, 3)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a model, a fast one and a LoRA."""
    made = tmp_path / "models" / "mine"
    made.mkdir(parents=True)
    checkpoint(made / "dream.safetensors", SD1)
    checkpoint(made / "dream turbo.safetensors", SD1)
    checkpoint(made / "detail.safetensors", LORA)
    return tmp_path / "models"


def names(bench: Bench, kind: str = "model") -> list[str]:
    return [entry.name for entry in bench.window.library.of_kind(kind)]


def entry(bench: Bench, name: str) -> Entry:
    return next(each for each in bench.window.library.entries if each.name == name)


def dialog_of(bench: Bench) -> ModelsDialog:
    bench.window.comfort.show_models()
    dialog = bench.window.findChild(ModelsDialog)
    assert isinstance(dialog, ModelsDialog)
    return dialog


def choose(dialog: ModelsDialog, name: str) -> None:
    rows = range(dialog.list.count())
    dialog.list.setCurrentRow(next(row for row in rows if dialog.list.item(row).text() == name))


async def watch(bench: Bench, folder: Path) -> None:
    bench.window.library.add([folder])
    await bench.until(lambda: "dream" in names(bench))


# ---- the list


@scenario
async def test_a_folder_is_watched_with_the_folders_in_it(bench: Bench, folder: Path) -> None:
    await watch(bench, folder)
    assert names(bench) == ["Starter", "dream", "dream turbo"]
    assert names(bench, "lora") == ["detail"]
    checkpoint(folder / "mine" / "new.safetensors", SD1)
    await bench.until(lambda: "new" in names(bench))
    (folder / "mine" / "new.safetensors").unlink()
    await bench.until(lambda: "new" not in names(bench))


@scenario
async def test_a_crash_forgets_no_model(bench: Bench, folder: Path) -> None:
    await watch(bench, folder)
    assert load_settings(bench.settings_file).model_folders == (str(folder),)


@scenario
async def test_a_file_that_is_still_being_copied_is_listed_once_it_is_whole(
    bench: Bench, folder: Path
) -> None:
    await watch(bench, folder)
    whole = (folder / "mine" / "dream.safetensors").read_bytes()
    with (folder / "mine" / "copy.safetensors").open("wb") as file:
        file.write(whole[: len(whole) // 2])
        file.flush()
        await bench.until(lambda: "copy" in names(bench, ""))
        assert "cut off" in entry(bench, "copy").refusal
        file.write(whole[len(whole) // 2 :])
    await bench.until(lambda: "copy" in names(bench))


@scenario
async def test_a_folder_that_is_still_being_copied_is_a_model_once_it_is_whole(
    bench: Bench, folder: Path, tmp_path: Path
) -> None:
    whole = save_folder(pipeline("sd1"), tmp_path / "whole")
    await watch(bench, folder)
    copy = folder / "mine" / "copy"
    copy.mkdir()
    (copy / "model_index.json").write_bytes((whole / "model_index.json").read_bytes())
    await bench.until(lambda: "copy" in names(bench, ""))
    parts = ("scheduler", "text_encoder", "tokenizer", "unet")
    for part in parts:
        shutil.copytree(whole / part, copy / part)
    await bench.until(lambda: "lacks its autoencoder" in entry(bench, "copy").refusal)
    (copy / "vae").mkdir()
    await bench.until(lambda: "holds no weights" in entry(bench, "copy").refusal)
    shutil.copytree(whole / "vae", copy / "vae", dirs_exist_ok=True)
    await bench.until(lambda: "copy" in names(bench))


@scenario
async def test_what_is_removed_stays_on_the_disk_and_off_the_list(bench: Bench, folder: Path) -> None:
    await watch(bench, folder)
    library = bench.window.library
    library.remove(entry(bench, "dream"))
    checkpoint(folder / "later.safetensors", SD1)
    await bench.until(lambda: "later" in names(bench))
    assert "dream" not in names(bench)
    assert (folder / "mine" / "dream.safetensors").exists()
    library.add([folder / "mine" / "dream.safetensors"])  # who points at it wants it back
    await bench.until(lambda: "dream" in names(bench))


@scenario
async def test_a_file_that_is_gone_stays_listed_and_comes_back(bench: Bench, tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "dream.safetensors", SD1)
    aside = tmp_path / "aside"
    bench.window.library.files = (str(path),)
    bench.window.library.look()
    await bench.until(lambda: len(bench.window.library.entries) == 2)
    path.rename(aside)
    await bench.until(lambda: "not there any more" in entry(bench, "dream").refusal)
    aside.rename(path)
    await bench.until(lambda: "not there any more" not in entry(bench, "dream").refusal)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("old.ckpt", "is a pickle"), ("vae.safetensors", "is not a whole model (autoencoder")],
)
@scenario
async def test_what_is_no_model_is_refused_in_one_sentence(
    bench: Bench, tmp_path: Path, name: str, sentence: str
) -> None:
    if name.endswith(".ckpt"):
        (tmp_path / name).write_bytes(b"PK\x03\x04")
    else:
        checkpoint(tmp_path / name, VAE)
    bench.window.library.add([tmp_path / name])
    await bench.until(bench.window.messages.isVisible)
    assert sentence in bench.window.messages.text.text()
    assert names(bench, "") == []


@scenario
async def test_a_folder_without_models_is_not_watched(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    bench.window.library.add([tmp_path / "photos"])
    await bench.until(bench.window.messages.isVisible)
    assert "holds no models" in bench.window.messages.text.text()
    assert bench.window.library.folders == ()


@scenario
async def test_a_lora_goes_to_its_own_place(bench: Bench, tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "detail.safetensors", LORA)
    bench.window.library.add([path])
    await bench.until(bench.window.messages.isVisible)
    assert "detail is a LoRA" in bench.window.messages.text.text()
    assert names(bench) == ["Starter"]
    assert names(bench, "lora") == ["detail"]


@scenario
async def test_models_are_dropped_on_the_window(bench: Bench, folder: Path) -> None:
    bench.drop(folder)
    await bench.until(lambda: "dream" in names(bench))


def test_pictures_among_what_is_dropped_are_no_models(tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("a.safetensors", "b.png")])
    assert dropped_models(mime) == []


@scenario
async def test_the_list_is_there_next_time(bench: Bench, folder: Path) -> None:
    await watch(bench, folder)
    bench.window.library.remove(entry(bench, "dream turbo"))
    await bench.window.shut_down()
    settings = load_settings(bench.settings_file)
    seen = entries(settings.models, settings.model_folders, settings.hidden_models, {})
    assert [each.name for each in seen if each.kind == "model"] == ["Starter", "dream"]


# ---- the dialog


@scenario
async def test_the_dialog_tells_what_each_one_is(bench: Bench, folder: Path) -> None:
    (folder / "old.ckpt").write_bytes(b"PK\x03\x04")
    await watch(bench, folder)
    dialog = dialog_of(bench)
    choose(dialog, "dream turbo")
    told = {key: value.text() for key, value in dialog.facts.items()}
    assert told["Kind"] == "Stable Diffusion 1"
    assert told["Made for"] == "few steps, without guidance"
    assert told["Precision"] == "float16"
    assert "noise" in told["Predicts"]
    assert told["Place"].replace("\N{ZERO WIDTH SPACE}", "") == str(
        folder / "mine" / "dream turbo.safetensors"
    )
    choose(dialog, "old")
    assert dialog.sentence.text().startswith("old.ckpt is a pickle")
    assert "weights_only" in dialog.sentence.text()
    assert not dialog.use_button.isVisible()


@scenario
async def test_the_dialog_tells_what_came_of_what_was_added(
    bench: Bench, folder: Path, tmp_path: Path
) -> None:
    await watch(bench, folder)
    dialog, library = dialog_of(bench), bench.window.library
    pickle = tmp_path / "old.ckpt"
    pickle.write_bytes(b"PK\x03\x04")
    library.add([pickle])
    await bench.until(dialog.refused.isVisible)
    assert dialog.refused.text() == bench.window.messages.text.text()
    library.add([checkpoint(tmp_path / "ink.safetensors", LORA)])
    await bench.until(lambda: dialog.name.text() == "ink")
    assert not dialog.refused.isVisible()
    dialog.accept()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no ~")
def test_a_place_at_home_is_written_from_there() -> None:
    assert place_words(Path.home() / "Models" / "dream.safetensors") == "~/Models/dream.safetensors"
    assert place_words(Path("/srv/models")) == "/srv/models"


@scenario
async def test_the_dialog_takes_models_off_the_list_by_key(bench: Bench, folder: Path) -> None:
    await watch(bench, folder)
    dialog = dialog_of(bench)
    choose(dialog, "dream")
    QTest.keyClick(dialog.list, Qt.Key.Key_Delete)
    assert names(bench) == ["Starter", "dream turbo"]
    choose(dialog, "models")
    bench.click(dialog.remove_button)
    await bench.until(lambda: names(bench) == ["Starter"])
    assert (folder / "mine" / "dream.safetensors").exists()
    choose(dialog, "Starter")
    assert not dialog.remove_button.isVisible()


@scenario
async def test_a_file_is_added_by_the_dialog(bench: Bench, folder: Path) -> None:
    dialog = dialog_of(bench)
    bench.click(dialog.file_button)
    files = dialog.findChild(QFileDialog)
    assert isinstance(files, QFileDialog)
    files.filesSelected.emit([str(folder / "mine" / "detail.safetensors")])
    files.reject()
    await bench.until(lambda: names(bench, "lora") == ["detail"])


@scenario
async def test_the_dialog_is_there_once_and_every_control_has_a_name(bench: Bench) -> None:
    dialog = dialog_of(bench)
    assert dialog_of(bench) is dialog
    assert nameless(dialog) == []


@scenario
async def test_the_last_line_of_the_chooser_leads_to_the_dialog(bench: Bench, folder: Path) -> None:
    await watch(bench, folder)
    chooser, before = bench.window.model_panel.model, bench.window.switching.model
    chooser.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_End):
        QTest.keyClick(chooser.view() if chooser.view().isVisible() else chooser, key)
    assert bench.window.switching.model == before  # nothing is loaded in passing
    QTest.keyClick(chooser.view(), Qt.Key.Key_Return)
    await bench.until(lambda: bench.window.findChild(ModelsDialog) is not None)
    assert chooser.currentData() == before


# ---- preview decoders


@pytest.fixture
def decoders(tmp_path: Path) -> Path:
    """Told by its name to be for XL; known to its user alone; a folder; and a half that shows nothing."""
    made = tmp_path / "previews"
    (made / "taesdxl").mkdir(parents=True)
    checkpoint(made / "taesdxl" / "diffusion_pytorch_model.safetensors", TINY)
    checkpoint(made / "mine.safetensors", TINY)
    checkpoint(
        made / "taesd3_encoder.safetensors", {"0.weight": (8, 3, 3, 3), "1.conv.0.weight": (8, 8, 3, 3)}
    )
    tiny(16).save_pretrained(made / "taef1")
    return made


@scenario
async def test_preview_decoders_are_found_by_what_they_show(bench: Bench, decoders: Path) -> None:
    library = bench.window.library
    library.add([decoders])
    await bench.until(lambda: len(library.entries) == 5)
    assert names(bench, "small autoencoder") == ["mine", "taef1", "taesdxl"]
    assert names(bench, "") == ["taesd3_encoder"]
    assert library.decoder_for("sdxl") == str(decoders / "taesdxl" / "diffusion_pytorch_model.safetensors")
    assert library.decoder_for("flux") == str(decoders / "taef1")
    assert [library.decoder_for(family) for family in ("sd1", "sd2", "sd3", "")] == [""] * 4


@scenario
async def test_the_user_says_what_a_preview_decoder_shows(bench: Bench, decoders: Path) -> None:
    library, mine = bench.window.library, str(decoders / "mine.safetensors")
    library.add([decoders])
    await bench.until(lambda: len(library.entries) == 5)
    dialog = dialog_of(bench)
    assert not dialog.shown.isVisible()
    choose(dialog, "mine")
    choices = [dialog.shown.itemText(row) for row in range(dialog.shown.count())]
    assert choices == ["Stable Diffusion 1 and 2", "Stable Diffusion XL", "Nothing"]
    assert dialog.shown.currentText() == ""
    assert "say what it shows" in line(dialog, "mine")
    take(dialog, "Stable Diffusion 1 and 2")
    assert [library.decoder_for(family) for family in ("sd1", "sd2")] == [mine] * 2
    assert "Stable Diffusion 1 and 2" in line(dialog, "mine")
    choose(dialog, "taesdxl")
    assert dialog.shown.currentText() == "Stable Diffusion XL"
    take(dialog, "Nothing")
    assert "not used" in line(dialog, "taesdxl")
    assert library.decoder_for("sdxl") == ""
    assert nameless(dialog) == []
    await bench.window.shut_down()
    anew = Library(load_settings(bench.settings_file), bench.window.work)
    anew.look()
    await bench.until(lambda: len(anew.entries) == 5)
    assert (anew.decoder_for("sd1"), anew.decoder_for("sdxl")) == (mine, "")
    await anew.ended()


@scenario
async def test_a_decoder_goes_with_every_edit_of_a_model_that_it_shows(bench: Bench, decoders: Path) -> None:
    library, running = bench.window.library, bench.window.running
    library.add([decoders])
    await bench.until(lambda: len(library.entries) == 5)
    bench.speak_to()
    assert running.options().tiny_decoder == ""
    told = ModelFacts("large", "cpu", "float32", 0.0, takes_words=True, family="sdxl")
    bench.engine.ready.emit(told)
    assert running.options().tiny_decoder == library.decoder_for("sdxl") != ""
    bench.stroke()
    request = running.asked()(bench.session.document).request
    assert request.tiny_decoder == library.decoder_for("sdxl")


@scenario
async def test_a_decoder_goes_with_a_recipe_that_is_run_again(bench: Bench, decoders: Path) -> None:
    library, model = bench.window.library, checkpoint(decoders / "dream.safetensors", SDXL)
    library.add([decoders])
    await bench.until(lambda: len(library.entries) == 6)
    decoder = library.decoder_of(str(model))
    assert decoder == library.decoder_for("sdxl") != ""
    assert [library.decoder_of(name) for name in ("starter", "gone.safetensors")] == ["", ""]
    blank = np.zeros((64, 96, 3), np.uint8)
    recipe = recipe_of(EditRequest(blank, blank, model=str(model)), Rect(0, 0, 96, 64), (96, 64))
    assert again(bench.session.document, recipe, decoder).request.tiny_decoder == decoder


@scenario
async def test_pointing_at_a_preview_decoder_says_what_comes_of_it(bench: Bench, decoders: Path) -> None:
    bench.window.library.add([decoders / "taef1"])
    await bench.until(bench.window.messages.isVisible)
    assert "taef1 is a preview decoder" in bench.window.messages.text.text()
    assert names(bench) == ["Starter"]
    assert names(bench, "small autoencoder") == ["taef1"]


def line(dialog: ModelsDialog, name: str) -> str:
    """What stands below a name."""
    (item,) = dialog.list.findItems(name, Qt.MatchFlag.MatchExactly)
    return str(item.data(Qt.ItemDataRole.AccessibleTextRole))


def take(dialog: ModelsDialog, choice: str) -> None:
    dialog.shown.setCurrentText(choice)
    dialog.shown.activated.emit(dialog.shown.currentIndex())
