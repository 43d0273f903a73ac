"""What goes with a model: LoRAs, each with a weight, and textual inversions, each a word."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from engine.checkpoints import Checkpoint
from engine.few_steps import leading
from engine.types import Lora
from ui import theme
from ui.language import tr
from ui.models import Entry
from ui.settings import Settings
from ui.slider import Slider
from ui.widgets import Fold, caption

MOST = 200  # per cent: of a LoRA's weight


class Loras(QWidget):
    """Those that fit the model; nothing is seen where there are none."""

    changed = Signal()
    wanted = Signal(bool)  # the steps and the guidance of the one that leads, or again those of before

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._weights = {  # per cent, by the paths of LoRAs that are used
            path: float(weight)
            for path, weight in read_json(settings.loras).items()
            if isinstance(weight, int | float) and abs(weight) <= MOST
        }
        self._fitting: Sequence[Entry] = ()
        self.rows = QWidget()
        self._column = QVBoxLayout(self.rows)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.GRID // 2)
        self.fold = Fold(self.rows, tr("LoRAs"))
        self.fold.setChecked(bool(self._weights))
        self.words = caption("")
        self.words.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID // 2)
        for part in (self.words, self.fold, self.rows):
            column.addWidget(part)

    def used(self) -> tuple[Lora, ...]:
        there = [entry.model for entry in self._fitting if entry.kind == "lora"]
        return tuple(Lora(path, self._weights[path] / 100) for path in there if path in self._weights)

    def leading(self) -> Checkpoint | None:
        """The one for few steps that the model wears, if it does."""
        known = {entry.model: entry.checkpoint for entry in self._fitting if entry.checkpoint is not None}
        return leading(self.used(), known)

    def tell(self, told: str, is_set: bool) -> None:
        """What the one that leads wants, and whether it has that."""
        lora = self.leading()
        for row in self.rows.findChildren(LoraRow):
            leads = lora is not None and row.lora == str(lora.path)
            row.wants.tell(told if leads else "", is_set)

    def said_in(self, words: str) -> tuple[str, ...]:
        """The files of the textual inversions whose names are among the words."""
        inversions = (entry for entry in self._fitting if entry.kind == "textual inversion")
        return tuple(entry.model for entry in inversions if entry.name.lower() in words.lower())

    def show_fitting(self, additions: Sequence[Entry], family: str) -> None:
        """Those for a family of models; of some LoRAs the file does not tell."""
        fitting = [
            entry
            for entry in additions
            if family
            and entry.checkpoint is not None
            and (entry.checkpoint.family == family or (entry.kind == "lora" and not entry.checkpoint.family))
        ]
        if fitting != self._fitting:
            self._fitting = fitting
            self._show()

    def remembered_in(self, settings: Settings) -> Settings:
        return replace(settings, loras=json.dumps(self._weights))

    def _show(self) -> None:
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        loras = [entry for entry in self._fitting if entry.kind == "lora"]
        for entry in loras:
            row = LoraRow(entry, self._weights.get(entry.model))
            row.set.connect(self._set)
            row.wants.wanted.connect(self.wanted)
            self._column.addWidget(row)
        self.fold.setVisible(bool(loras))
        self.rows.setVisible(bool(loras) and self.fold.isChecked())
        names = ", ".join(entry.name for entry in self._fitting if entry.kind == "textual inversion")
        self.words.setText(tr("Words of your own: {words}").format(words=names))
        self.words.setVisible(bool(names))
        self.setVisible(bool(self._fitting))

    @Slot(str, object)
    def _set(self, lora: str, weight: float | None) -> None:
        if weight is None:
            self._weights.pop(lora, None)
        else:
            self._weights[lora] = weight
        self.changed.emit()


class LoraRow(QWidget):
    """A LoRA: whether it counts, and how much."""

    set = Signal(str, object)  # which one; per cent, or None

    def __init__(self, entry: Entry, weight: float | None) -> None:
        super().__init__()
        self.lora, self.name = entry.model, entry.name
        self.used = QCheckBox()
        self.used.setAccessibleName(tr("Use {name}").format(name=entry.name))
        self.used.setToolTip(self.used.accessibleName())
        self.used.setChecked(weight is not None)
        usual = 100 * (entry.checkpoint.weight if entry.checkpoint else Lora.weight)
        self.weight = Slider(
            entry.name, -MOST, MOST, usual if weight is None else weight, " %", help_text=str(entry.path)
        )
        self.weight.setEnabled(weight is not None)
        self.wants = Wants()
        self.used.toggled.connect(self._changed)
        self.weight.settled.connect(self._changed)
        table = QGridLayout(self)
        table.setContentsMargins(0, 0, 0, 0)
        table.setSpacing(theme.GRID // 2)
        table.addWidget(self.used, 0, 0)
        table.addWidget(self.weight, 0, 1)
        table.addWidget(self.wants, 1, 1)
        table.setColumnStretch(1, 1)

    @Slot()
    def _changed(self) -> None:
        self.weight.setEnabled(self.used.isChecked())
        self.set.emit(self.lora, self.weight.value() if self.used.isChecked() else None)


class Wants(QWidget):
    """A line with what a LoRA for few steps was made for, and a button that sets it, or takes it back."""

    wanted = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.words = caption("")
        self.words.setWordWrap(True)
        self.button = QToolButton()
        self.button.setProperty("small", True)
        self.button.clicked.connect(self._clicked)
        self._is_set = False
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.GRID, 0, 0, 0)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        self.hide()

    def tell(self, told: str, is_set: bool) -> None:
        """Nothing hides it."""
        self._is_set = is_set
        self.words.setText(told)
        self.button.setText(tr("Undo") if is_set else tr("Set"))
        before, made_for = tr("Steps and guidance as they were before"), tr("As this LoRA was made for")
        self.button.setToolTip(before if is_set else made_for)
        self.setVisible(bool(told))

    @Slot()
    def _clicked(self) -> None:
        self.wanted.emit(not self._is_set)


def read_json(text: str) -> dict[str, Any]:
    """What a setting holds; nothing if it makes no sense."""
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
