"""The panel that all edits share: which model makes them, and what it is told beside the picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from engine.checkpoints import Checkpoint
from engine.few_steps import as_worn
from engine.types import Drag, Identity, ModelFacts
from ui import theme
from ui.apply import Wording
from ui.language import tr
from ui.loras import Loras, read_json
from ui.models import Entry
from ui.prompts import History, Words, beside, remembered
from ui.settings import Settings
from ui.slider import Slider
from ui.widgets import Choices, icon_button

OF_DRAGS = 3.0  # guidance that a drag bears: SDE-Drag goes up to it
WALKS = (
    *(Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown),
    *(Qt.Key.Key_Home, Qt.Key.Key_End),
)
LEARNS = ("sd1", "sd2", "sdxl")  # families that can learn one picture


class ModelPanel(QWidget):
    """What the model does not take is not shown."""

    chosen = Signal(str)  # a model, as the engine knows it
    models_wanted = Signal()  # the dialog of models
    changed = Signal()  # what it is told

    def __init__(self, settings: Settings, steps: Slider, drag_steps: Slider) -> None:
        """`steps` and `drag_steps` are set as the model wants them."""
        super().__init__()
        self.facts: ModelFacts | None = None
        self.model = ModelChoices()
        self.model.setAccessibleName(tr("Model"))
        self.model.setToolTip(tr("The model that makes the next edit; the last line leads to all of them"))
        self.words = Words(
            tr("Words"),
            settings.free_prompt,
            settings.prompt,
            tr("What the picture shall show"),
            tr("What the picture shall show, beside what you painted; nothing leaves that to the model"),
        )
        self.negative = Words(
            tr("Negative prompt"),
            settings.negative_prompt,
            settings.negative_words,
            tr("What it shall not show"),
            tr("What the picture shall not show: the words lead away from it"),
        )
        self.earlier = settings.prompts
        self.history = History(self, self.words.earlier)
        self.more = icon_button("sliders-horizontal", tr("Negative prompt and guidance"), checkable=True)
        self.more.setChecked(bool(settings.negative_prompt or settings.negative_words))
        self.guidance = Slider(
            tr("Guidance"), 10, 200, 10 * Wording.guidance, curve=2, parts=10,
            help_text=tr(
                "How much the words count (CFG): 1 is the model's own balance; a drag takes at most 3"
            ),
        )  # fmt: skip
        self.learn = QCheckBox(tr("Learn this picture first"))
        self.learn.setToolTip(
            tr(
                "Trains a small LoRA on the picture before the edit, so that what it shows stays itself.\n"
                "It takes minutes, once for a picture. Use it where the subject becomes another one;\n"
                "leave it off where the result only copies the original."
            )
        )
        self._steps, self._drag_steps = steps, drag_steps
        self._manners = {  # steps, tenths of guidance and steps of drags, by kinds of models
            kind: values
            for kind, values in read_json(settings.model_options).items()
            if isinstance(values, list)
            and len(values) in (2, 3)  # older settings know nothing of drags
            and all(isinstance(each, int | float) for each in values)
        }
        self.loras = Loras(settings)
        self._kind = ""  # of model that the sliders are set for
        self._additions: Sequence[Entry] = ()
        self._wanted = ""  # the model that is chosen
        self._drags = False
        self._arrange()
        self._show()
        self.model.activated.connect(self._activated)
        self.more.toggled.connect(self._show)
        self.history.chosen.connect(self._said_again)
        for words in (self.words, self.negative):
            words.changed.connect(self.changed)
        self.guidance.moved.connect(self.changed)
        self.learn.toggled.connect(self.changed)
        self.loras.changed.connect(self._worn)
        self.loras.wanted.connect(self._set_few)
        for slider in (steps, self.guidance):
            slider.changed.connect(self._show_few)

    def wording(self, model: str) -> Wording:
        """What the next edit is asked with; of a drag, if such a tool is in the hand."""
        facts = self.facts
        if facts is None or not facts.takes_words or (self._drags and facts.vocabulary):
            return Wording(model=model)
        prompt, negative = self.words.words(), self.negative.words()
        guidance = self.guidance.value() / 10 if self._is_guided(facts) else facts.guidance
        return Wording(
            model=model,
            prompt=prompt,
            negative_prompt=negative if facts.takes_negative_words else "",
            guidance=min(guidance, OF_DRAGS) if self._drags else guidance,
            loras=self.loras.used(),
            embeddings=self.loras.said_in(f"{prompt} {negative}"),
            identity=Identity() if self.learn.isChecked() and facts.family in LEARNS else None,
        )

    def remember_words(self) -> None:
        """They are used now."""
        self.earlier = remembered(self.earlier, self.words.words())
        self._show_earlier()

    def show_models(self, models: Sequence[Entry], additions: Sequence[Entry], wanted: str) -> None:
        """What can be chosen, and which one is."""
        self._additions, self._wanted = additions, wanted
        with QSignalBlocker(self.model):
            self.model.clear()
            for entry in models:
                self.model.addItem(entry.name, entry.model)
                tip = str(entry.path) if entry.path else tr("Landscapes; it comes with Driftpaint")
                self.model.setItemData(self.model.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
            if self.model.findData(wanted) < 0:  # it was given by its name, or is not listed any more
                name = Path(wanted).stem
                self.model.addItem(name if name != wanted else name.capitalize(), wanted)
            self.model.addItem(tr("Models..."), None)
            self.model.setCurrentIndex(self.model.findData(wanted))
        self._show()

    def take(self, facts: ModelFacts) -> None:
        """What the model that is ready takes, with the steps and the guidance that it had last time, or that
        it was made for.
        """
        self._keep_manners()
        is_first, self.facts = self.facts is None, facts
        self.loras.show_fitting(self._additions, facts.family)
        self._set_manners(is_first)
        for words in (self.words, self.negative):
            words.set_vocabulary(facts.vocabulary)
        self._show()

    def show_task(self, drags: bool) -> None:
        """Whether handles are pulled; a model of few words does that without them."""
        self._drags = drags
        self._show()

    def remembered_in(self, settings: Settings) -> Settings:
        self._keep_manners()
        return replace(
            self.loras.remembered_in(settings),
            free_prompt=self.words.free.words(),
            prompt=self.words.known.words(),
            negative_prompt=self.negative.free.words(),
            negative_words=self.negative.known.words(),
            prompts=self.earlier,
            model_options=json.dumps(self._manners),
        )

    @property
    def _sliders(self) -> tuple[Slider, ...]:
        return self._steps, self.guidance, self._drag_steps

    def _keep_manners(self) -> None:
        if self.facts is not None:
            self._manners[self._kind] = [slider.value() for slider in self._sliders]

    def _set_manners(self, is_first: bool = False) -> None:
        """What the model had last time as it is worn now, or what it was made for."""
        if self.facts is None:
            return
        lora = self.loras.leading()
        self._kind = _kind(self.facts, lora)
        self._set_sliders(self._kind, as_worn(self.facts, lora), is_first)
        self._show_few()

    def _set_sliders(self, kind: str, facts: ModelFacts, is_first: bool = False) -> None:
        wanted = [
            self._steps.value() if is_first and not kind else facts.steps,
            10 * facts.guidance,
            self._drag_steps.value() if is_first and not facts.fast else facts.steps_for(Drag),
        ]
        known = self._manners.get(kind, [])
        for slider, value in zip(self._sliders, [*known, *wanted[len(known) :]], strict=True):
            slider.set_value(value)

    @Slot()
    def _worn(self) -> None:
        """A LoRA for few steps makes another kind of the model, with steps and guidance of its own."""
        self._look_what_is_worn()
        self.changed.emit()

    def _look_what_is_worn(self) -> None:
        if self.facts is not None and _kind(self.facts, self.loras.leading()) != self._kind:
            self._keep_manners()
            self._set_manners()

    @Slot(bool)
    def _set_few(self, as_made_for: bool) -> None:
        """As the LoRA wants it, or as it was without it."""
        if self.facts is None:
            return
        if as_made_for:
            self._manners.pop(self._kind, None)
            self._set_manners()
        else:
            self._set_sliders(_kind(self.facts), self.facts)
        self.changed.emit()

    @Slot()
    def _show_few(self) -> None:
        """What the LoRA wants that leads, and whether it has it."""
        lora = self.loras.leading()
        if self.facts is None or lora is None:
            self.loras.tell("", is_set=False)
            return
        wants = as_worn(self.facts, lora)
        is_set = (self._steps.value(), self.guidance.value()) == (wants.steps, round(10 * wants.guidance))
        told = tr("Set to {steps} steps, guidance {guidance}")
        told = told if is_set else tr("Made for {steps} steps, guidance {guidance}")
        self.loras.tell(told.format(steps=wants.steps, guidance=f"{wants.guidance:g}"), is_set)

    @staticmethod
    def _is_guided(facts: ModelFacts) -> bool:
        return facts.takes_words and facts.guidance != 1

    @Slot()
    def _show(self) -> None:
        facts = self.facts
        takes = facts is not None and facts.takes_words and not (self._drags and bool(facts.vocabulary))
        guided = takes and facts is not None and self._is_guided(facts)
        self.said.setVisible(takes)
        self.more.setVisible(guided)
        leads = guided and facts is not None and facts.takes_negative_words
        self.negative.setVisible(leads and self.more.isChecked())
        self.guidance.setVisible(guided and self.more.isChecked())
        self.learn.setVisible(takes and facts is not None and facts.family in LEARNS)
        self._show_earlier()
        self.loras.show_fitting(self._additions, facts.family if facts is not None else "")
        self._look_what_is_worn()
        self._show_few()

    def _show_earlier(self) -> None:
        for words in (self.words, self.negative):
            words.remember(self.earlier)

    @Slot(int)
    def _activated(self, row: int) -> None:
        model = self.model.itemData(row)
        if model is None:
            self.model.setCurrentIndex(self.model.findData(self._wanted))
            self.models_wanted.emit()
        else:
            self.chosen.emit(model)

    @Slot(str)
    def _said_again(self, words: str) -> None:
        self.words.say(words)
        self.changed.emit()

    def _arrange(self) -> None:
        self.said = beside(self.words, self.history.button, self.more)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        for part in (
            self.model,
            self.said,
            self.negative,
            self.guidance,
            self.loras,
            self.learn,
        ):
            column.addWidget(part)


class ModelChoices(Choices):
    """Nothing is loaded in passing: neither by the wheel nor by keys, which open the list."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text() or event.key() in WALKS:
            self.showPopup()
        else:
            super().keyPressEvent(event)


def _kind(facts: ModelFacts, lora: Checkpoint | None = None) -> str:
    """Of models that want the same steps and guidance."""
    kind = f"{facts.family} fast" if facts.fast else facts.family
    return f"{kind} {lora.name}" if lora is not None else kind
