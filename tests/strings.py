"""Everything that the user reads, and what a language lacks of it.

    python -m tests.strings            how many texts there are, and how many each language lacks
    python -m tests.strings de         the texts that German lacks, as lines of its catalogue

A text is found where it is written, in `tr("...")` or `marked("...")`, or as the name of a step; or it
is in one of the tables that are translated where they are shown.
"""

from __future__ import annotations

import ast
import json
import string
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from ui import actions, dialogs, hints, settings
from ui.language import FOLDER, LANGUAGES, NAMES, catalogue
from ui.materials import load_materials
from ui.options import Choice, options_of
from ui.presets import PRESETS
from ui.tasks import TASKS
from ui.tools import TOOLS

UI = Path(__file__).parents[1] / "ui"
MARKS = {"tr", "marked"}
STEPS = {
    "commit",
    "paint",
    "pull",
    "trial",
    "unless_unsaved",
    "_do",
    "_change",
    "_insert",
}  # they are told what to show
TABLES = {  # constants of modules that are translated where they are shown
    "area_panel.py": {"NAMES"},
    "curve_editor.py": {"SHAPES"},
    "file_dialogs.py": {"KINDS", "NOTES"},
    "files.py": {"PROJECTS", "KINDS"},
    "layer_tree.py": {"TIPS"},
    "layers.py": {"KINDS", "BLENDS"},
}


def texts() -> set[str]:
    found = {text for path in UI.rglob("*.py") for text in _written(path)}
    return {text for text in (*found, *_tables()) if any(letter.isalpha() for letter in text)}


def _written(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
            if name in MARKS | STEPS:
                yield from _constants(node.args[0])
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            name = getattr(target, "id", "")
            if name in TABLES.get(path.name, ()):
                for each in ast.walk(node.value):
                    if (
                        isinstance(each, ast.Constant)
                        and isinstance(each.value, str)
                        and each.value[:1].isupper()
                    ):
                        yield each.value
            elif name == "label":
                yield from _constants(node.value)


def _constants(node: ast.expr) -> Iterator[str]:
    """The text itself, or both of `a if b else c`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)


def _tables() -> Iterator[str]:
    for action in actions.ACTIONS:
        if action.name:
            yield action.text
    yield from actions.MENUS
    yield from (text for pair in actions.BY_HAND for text in pair)
    yield from settings.PAGES
    for each in fields(settings.Settings):
        if each.metadata["page"]:
            yield each.metadata["label"]
            yield each.metadata["help"]
            choices = (choice for choice in each.metadata["choices"] if choice not in NAMES)
            yield from (choice.replace("_", " ").capitalize() for choice in choices)
    for pairs in (*hints.HINTS.values(), hints.ALWAYS, hints.RUNNING, hints.CHOOSING):
        for key, what in pairs:
            yield what
            if isinstance(key, str):
                yield key
    yield from (note for _, _, note in dialogs.SIZES)
    yield from (material.name for material in load_materials())
    for task in TASKS:
        yield from (task.title, task.text, task.first_step)
    yield from PRESETS
    yield from ("Star", "Unstar")  # in a line of results_strip with other things
    for tool in (kind() for kind in TOOLS):
        yield from (tool.name, tool.tip)
        for option in options_of(tool).values():
            yield from (option.name, getattr(option, "help_text", ""))
            if isinstance(option, Choice):
                yield from (text for _, *both in option.choices for text in both)


def lacking(language: str) -> list[str]:
    return sorted(texts() - set(catalogue(language)))


def names_in(text: str) -> set[str]:
    """The {names} that are put in later."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def main() -> None:
    if len(sys.argv) > 1:
        for text in lacking(sys.argv[1]):
            print(f"{json.dumps(text, ensure_ascii=False)} = {json.dumps('', ensure_ascii=False)}")
        return
    print(f"{len(texts())} texts")
    for language in (name for name in LANGUAGES if (FOLDER / f"{name}.toml").exists()):
        stale = len(set(catalogue(language)) - texts())
        print(f"{language}: {len(lacking(language))} lacking, {stale} no longer used")


if __name__ == "__main__":
    main()
