"""Every language that is shipped says everything, and the window speaks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.pictures import PictureError, open_picture
from engine.types import EngineError, SDEdit
from tests.bench import Bench, scenario
from tests.strings import lacking, names_in, texts
from ui.actions import ACTIONS, MENUS
from ui.language import LANGUAGES, NAMES, Catalogue, catalogue, chosen_language, speak, told, tr

SHIPPED = [language for language in LANGUAGES if language not in ("system", "en")]


@pytest.mark.parametrize("language", SHIPPED)
def test_no_text_is_lacking(language: str) -> None:
    assert lacking(language) == [], f"python -m tests.strings {language}"


@pytest.mark.parametrize("language", SHIPPED)
def test_names_that_are_put_in_later_are_kept(language: str) -> None:
    changed = [text for text, other in catalogue(language).items() if names_in(text) != names_in(other)]
    assert changed == []


@pytest.mark.parametrize("language", SHIPPED)
def test_every_text_is_used_and_says_something(language: str) -> None:
    assert set(catalogue(language)) <= texts()
    assert all(other.strip() for other in catalogue(language).values())


@pytest.mark.parametrize("language", ["en", *SHIPPED])
def test_a_letter_of_a_menu_means_one_command(language: str) -> None:
    said = catalogue(language) if language in SHIPPED else {}
    for menu in MENUS:
        shown = [said.get(action.text, action.text) for action in ACTIONS if action.menu == menu]
        letters = [text[text.index("&") + 1].lower() for text in shown if "&" in text]
        assert len(letters) == len(set(letters)), f"{menu}: {shown}"


def test_every_language_has_a_name_of_its_own() -> None:
    assert set(NAMES) == set(LANGUAGES) - {"system"}


def test_the_system_speaks_a_language_that_is_there() -> None:
    assert chosen_language("system") in NAMES
    assert chosen_language("de") == "de"


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    known = set(qapp.findChildren(QTranslator))
    speak(qapp, "de")
    yield
    for translator in set(qapp.findChildren(QTranslator)) - known:
        qapp.removeTranslator(translator)
        translator.deleteLater()


@pytest.mark.usefixtures("german")
def test_tr_speaks_german_and_qt_too(qapp: QApplication) -> None:
    assert tr("Saved as {name}.").format(name="See.ora") == "Gespeichert als See.ora."
    assert tr("no such text") == "no such text"
    assert qapp.translate("QPlatformTheme", "Cancel") == "Abbrechen"


@pytest.mark.parametrize("language", SHIPPED)
def test_a_sentence_with_its_values_finds_its_own_text(language: str) -> None:
    texts = Catalogue(catalogue(language))
    for text, other in catalogue(language).items():
        values = {name: f"<{name}>" for name in names_in(text)}
        if values and text[-1:] == ".":
            assert texts.translate("driftpaint told", text.format(**values)) == other.format(**values)


@pytest.mark.usefixtures("german")
def test_what_the_engine_says_is_german_and_its_values_stay() -> None:
    with pytest.raises(PictureError) as raised:
        open_picture("See.png")
    assert str(raised.value) == "There is no file See.png; check the name."
    assert told(str(raised.value)) == "Es gibt keine Datei See.png; bitte den Namen prüfen."
    assert told("Nobody says this of a lake; it stays.") == "Nobody says this of a lake; it stays."


@pytest.mark.usefixtures("german")
def test_words_in_what_the_engine_says_are_german_too() -> None:
    with pytest.raises(EngineError) as raised:
        SDEdit(strength=3)
    assert told(str(raised.value)) == "Stärke: 3; bitte eine Zahl von 0 bis 1 wählen."


@pytest.mark.usefixtures("german")
@scenario
async def test_the_window_tells_what_is_wrong_with_a_model_in_german(bench: Bench, tmp_path: Path) -> None:
    page = tmp_path / "model.safetensors"
    page.write_text("<!doctype html>", encoding="utf-8")
    await bench.start_engine()
    bench.window.switching.choose(str(page))
    messages = bench.window.messages
    await bench.until(messages.isVisible)
    assert (
        messages.text.text()
        == f"{page} ist eine Webseite, kein Modell; bitte das Modell selbst herunterladen."
    )


@pytest.mark.usefixtures("german")
@scenario
async def test_the_window_is_german(bench: Bench) -> None:
    window = bench.window
    assert [menu.title() for menu in window.menus.menus.values()][:2] == ["&Datei", "&Bearbeiten"]
    assert window.edit_panel.main.text() == "Wirklich machen"
    assert window.edit_section.header.text() == "Wirklich machen"


@pytest.mark.usefixtures("german")
@scenario
async def test_a_new_picture_and_what_is_painted_on_it_have_german_names(bench: Bench) -> None:
    bench.window.filing.new(64, 64, True)
    assert bench.window.welcome.isVisible()
    bench.stroke()
    assert [layer.name for layer in bench.session.document.layers] == ["Hintergrund", "Striche"]
    assert not bench.window.welcome.isVisible()


def test_other_programs_texts_are_left_alone(qtbot: QtBot) -> None:
    assert Catalogue({"Open": "Offen"}).translate("QFileDialog", "Open") is None
