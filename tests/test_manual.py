"""The manual is inside, its pictures are there; its keys are those that work, and so are the README's."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from tests.bench import Bench, scenario
from ui.actions import ACTIONS, BY_HAND
from ui.keys import native
from ui.language import LANGUAGES
from ui.manual import FOLDER, Manual, chapters
from ui.tools import TOOLS

ROOT = FOLDER.parents[1]


def manual_of(bench: Bench) -> Manual:
    bench.key(Qt.Key.Key_F1)
    manual = bench.window.findChild(Manual)
    assert isinstance(manual, Manual)
    return manual


@scenario
async def test_every_chapter_is_shown_with_its_title(bench: Bench) -> None:
    manual = manual_of(bench)
    assert manual.list.count() == len(chapters("en")) + 1
    for number in range(manual.list.count()):
        manual.list.setCurrentRow(number)
        assert manual.page.toPlainText().startswith(manual.list.item(number).text())
    manual.close()


@scenario
async def test_what_is_typed_after_f1_is_searched_for(bench: Bench) -> None:
    manual = manual_of(bench)
    assert manual.focusWidget() is manual.search
    manual.close()


@scenario
async def test_search_leaves_the_chapters_that_say_it(bench: Bench) -> None:
    manual = manual_of(bench)
    manual.search.setText("remembers how")
    shown = [
        manual.list.item(n).text() for n in range(manual.list.count()) if not manual.list.item(n).isHidden()
    ]
    assert shown == ["Results"]
    assert manual.list.currentItem().text() == "Results"
    manual.search.setText("no such words")
    manual.search.setText("")
    assert not manual.list.item(0).isHidden()
    assert manual.list.currentItem().text() == "Results"
    manual.close()


@scenario
async def test_the_keys_are_those_that_were_given(bench: Bench) -> None:
    bench.window.keys.give("fit", ["F7"])
    manual = manual_of(bench)
    manual.list.setCurrentRow(manual.list.count() - 1)
    assert "Fit the window: F7" in manual.page.toPlainText()
    assert "Undo: Ctrl+Z" in manual.page.toPlainText()
    manual.close()


@scenario
async def test_chapters_name_the_keys_that_were_given(bench: Bench) -> None:
    bench.window.keys.give("make_it_real", ["F7"])
    bench.window.keys.give("undo", [])
    manual = manual_of(bench)
    told = manual.page.toPlainText()
    assert "Its key is F7." in told
    assert "can be undone with Undo." in told
    manual.close()


def test_no_chapter_names_a_key_that_can_be_changed() -> None:
    names = {action.name for action in ACTIONS}
    shown = {key for action in ACTIONS for key in (native([key]) for key in action.keys) if "+" in key}
    for path in FOLDER.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"\{([^{}]+)\}", text)) <= names, path
        bold = {word.replace("Strg", "Ctrl") for word in re.findall(r"\*\*([^*\n]+)\*\*", text)}
        assert not bold & shown, path


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "system"])
def test_every_language_has_every_chapter_with_its_title(language: str) -> None:
    found = chapters(language)
    assert len(found) == len(chapters("en"))
    for path in found:
        assert path.read_text(encoding="utf-8").startswith(f"# {path.stem.partition(' ')[2]}\n")


def test_every_picture_of_the_manual_is_there() -> None:
    named = 0
    for path in FOLDER.rglob("*.md"):
        for place in re.findall(r"!\[[^]]*\]\(([^)]*)\)", path.read_text(encoding="utf-8")):
            named += 1
            assert not QImage(str(Path(FOLDER) / unquote(place))).isNull(), place
    assert named


def test_the_readme_names_keys_that_work() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("| key | does |\n|---|---|\n")[2]
    named = re.findall(r"^\| (.*?) \|", table.partition("\n\n")[0], re.MULTILINE)
    keys = {key.removeprefix("hold ").strip("`") for cell in named for key in re.split(", | and ", cell)}
    known = {key for action in ACTIONS for key in action.keys} | {key for _, key in BY_HAND}
    known |= {tool().shortcut for tool in TOOLS}
    assert {key.replace("Enter", "Return") for key in keys} - {"mouse wheel"} <= known
    assert len(keys) > 20


@pytest.mark.parametrize(
    "page",
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_what_documents_link_to_is_there(page: Path) -> None:
    for place in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert "://" in place or (page.parent / unquote(place)).exists(), place
