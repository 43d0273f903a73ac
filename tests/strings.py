"""Everything that the user reads, and what a language lacks of it.

    python -m tests.strings            how many texts there are, and how many each language lacks
    python -m tests.strings de         the texts that German lacks, as lines of its catalogue

A text is found where it is written, in `tr("...")` or `marked("...")`, or as the name of a step; or it
is in one of the tables that are translated where they are shown. The engine marks nothing: what it says is
each sentence in it, with {names} for the values of an f-string.
"""

from __future__ import annotations

import ast
import json
import re
import string
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_args

from engine import checkpoint_keys, checkpoints, lora_keys
from ui import actions, dialogs, hints, settings
from ui.language import FOLDER, LANGUAGES, NAMES, catalogue
from ui.materials import load_materials
from ui.options import Choice, options_of
from ui.presets import PRESETS
from ui.tasks import TASKS
from ui.tools import TOOLS

UI = Path(__file__).parents[1] / "ui"
ENGINE = UI.parent / "engine"
COMMANDS = ("headless", "dragbench", "doctor")  # modules of the command line, which speaks English
PRINTED = {"say", "info", "debug", "warning", "error", "exception", "format_help", "add_argument"}
PHRASES = {
    *("EngineError", "PictureError", "Notice"),
    *("ValueError", "_within", "_no_fit"),
}  # they are told a sentence, or a part of one
PHRASE_NAMES = {"what", "why"}  # variables that hold one
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
    for path in ENGINE.glob("*.py"):
        if not path.name.startswith(COMMANDS):
            found |= set(_said(ast.parse(path.read_text(encoding="utf-8"))))
    return {text for text in (*found, *_tables()) if any(letter.isalpha() for letter in text)}


def _written(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
            if name in MARKS | STEPS | PHRASES:
                yield from _phrases(node.args[0])
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


def _said(node: ast.AST) -> Iterator[str]:
    """The sentences of a module of the engine, and the parts of sentences that are put in them."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Assert():
            return
        case ast.Constant(value=str(text)) if _is_sentence(text):
            yield text
        case ast.JoinedStr():
            yield from filter(_is_sentence, [_template(node)])
            return
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=told):
            if name in PRINTED:
                return
            if name in PHRASES:
                yield from (text for each in told for text in _phrases(each))
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in PHRASE_NAMES:
            yield from _phrases(value)
    for each in ast.iter_child_nodes(node):
        yield from _said(each)


def _is_sentence(text: str) -> bool:
    return " " in text and text[-1:] == "."


def _phrases(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        yield _template(node)
    elif isinstance(node, ast.IfExp):
        yield from _phrases(node.body)
        yield from _phrases(node.orelse)
    else:
        yield from _constants(node)


def _template(sentence: ast.JoinedStr) -> str:
    """An f-string with the last name of each value in its place: `f"{path.name} is {size:g}"` is
    `{name} is {size}`.
    """
    text, holes = "", dict[str, str]()
    for part in sentence.values:
        if isinstance(part, ast.FormattedValue):
            value = ast.unparse(part)
            name = re.findall(r"[A-Za-z]\w*", ast.unparse(part.value))[-1].strip("_").lower()
            same = [each for each in holes.values() if each.rstrip(string.digits) == name]
            text += f"{{{holes.setdefault(value, f'{name}{len(same) + 1}' if same else name)}}}"
        else:
            text += ast.literal_eval(part).replace("{", "{{").replace("}", "}}")
    return text


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
    for pairs in (*(tool().hints for tool in TOOLS), hints.ALWAYS, hints.RUNNING, hints.CHOOSING):
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
    yield from checkpoints.NEEDED.values()
    yield from lora_keys.OTHER_KINDS.values()
    yield from (kind for kinds in get_args(checkpoint_keys.Kind) for kind in get_args(kinds))
    yield from (checkpoints.NAMES["sdxl refiner"], "of a kind that is not known")
    yield from (
        "The rank",
        "Steps of learning",
        "mask",
        "map of strengths",
        "Steps",
        "Variants",
        "The picture",
        "The recipe",
    )
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
