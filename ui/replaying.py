"""Recipes that are run again: with all that they were made with, or, where that is not as it was, with what
there is, if the user wants that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QDialog, QLabel, QWidget

from engine.recipe import Recipe
from engine.recipe_files import Changed, with_files, with_model
from ui import theme
from ui.dialogs import answers, sheet
from ui.language import tr
from ui.models import Entry
from ui.widgets import push_button


def as_it_is_now(
    recipe: Recipe, entries: Sequence[Entry], folders: Sequence[Path], model: str, name: str
) -> tuple[Recipe, list[str]]:
    """The recipe with what there is of all that it needs, and a sentence for each that is not as it was. Its
    files are looked for where they were, in those folders, and among what is listed; where its model is gone
    another one takes its place, of that name. It reads files, so it takes a while.
    """
    models = {
        each.path.name: each.model for each in entries if each.kind == "model" and each.path is not None
    }
    beside = [each.path.parent for each in entries if each.kind != "model" and each.path is not None]
    recipe, changed = with_model(recipe, models)
    if changed and changed[0].is_gone:
        recipe = replace(recipe, model=model)
    told = [_of_model(each, name) for each in changed]
    recipe, changed = with_files(recipe, *folders, *dict.fromkeys(beside))
    return recipe, told + [_of_file(each) for each in changed]


class ChangedDialog(QDialog):
    """Says what is not as it was when a recipe was made, and asks whether it is run all the same."""

    def __init__(self, parent: QWidget, sentences: Sequence[str]) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Run recipe"))
        self.words = QLabel("\n\n".join(sentences))
        self.words.setWordWrap(True)
        self.run_button = push_button(tr("Run all the same"), "primary")
        self.cancel_button = push_button(tr("Cancel"))
        self.run_button.setDefault(True)
        self.run_button.clicked.connect(self.accept)
        self.cancel_button.clicked.connect(self.reject)
        column = sheet(self)
        column.addWidget(self.words)
        column.addSpacing(theme.GRID)
        column.addLayout(answers(self.cancel_button, self.run_button))
        self.setFixedWidth(440)


def _of_model(changed: Changed, other: str) -> str:
    if not changed.is_gone:
        return _another(changed.name)
    told = tr("It was made with the model {name}, which is gone: put it back, or run it with {other}.")
    return told.format(name=changed.name, other=other)


def _of_file(changed: Changed) -> str:
    if not changed.is_gone:
        return _another(changed.name)
    told = tr("It was made with {name}, which is gone: put it back, or run it without.")
    return told.format(name=changed.name)


def _another(name: str) -> str:
    told = tr("It was made with another {name}: put that back, or the result will not be the same.")
    return told.format(name=name)
