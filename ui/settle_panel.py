"""The panel that settles a layer which came from elsewhere, there while such a layer is the active one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.apply import Ask, EditOptions
from ui.document import Document
from ui.editing import Editing
from ui.icons import icon
from ui.key_tips import explain
from ui.language import tr
from ui.session import Session
from ui.settings import Settings
from ui.settling import SettleOptions, can_settle, settled
from ui.slider import Slider, variants_slider
from ui.widgets import Fold, Foretold, caption, push_button


class SettlePanel(QWidget):
    run = Signal()
    changed = Signal()  # whether there is something to settle, or how

    def __init__(
        self, session: Session, editing: Editing, options: Callable[[], EditOptions], settings: Settings
    ) -> None:
        """`options` tells seed, steps, words and model."""
        super().__init__()
        self._session, self._editing, self._options = session, editing, options
        self.main = push_button(tr("Settle"), "primary")
        self.main.setProperty("large", True)
        self.main.setIcon(icon("sparkle", "#ffffff"))
        self.main.setIconSize(QSize(26, 18))
        explain(self.main, tr("Blend the layer into the picture"), "settle")
        self.main.clicked.connect(self.run)
        self.outlook = Foretold()
        self.strength = Slider(
            tr("Strength"), 1, 100, settings.settle_strength, " %",
            help_text=tr("How freely the layer is made again: little keeps it as it is, much makes it fit"),
        )  # fmt: skip
        self.keep = Slider(
            tr("Keep the inside"),
            0,
            100,
            settings.settle_keep,
            " %",
            help_text=tr("How much of the layer stays as it is; only its rim is made anew at full strength"),
        )
        self.match = Slider(
            tr("Match colours"), 0, 100, settings.settle_match, " %",
            help_text=tr("How far its colours come to those of the place where it lies"),
        )  # fmt: skip
        self.variants = variants_slider(settings.settle_variants)
        self.grow = Slider(
            tr("Grow"),
            0,
            128,
            settings.settle_grow,
            " px",
            2,
            tr("Pixels round it that may change too"),
        )
        self.feather = Slider(
            tr("Feather"), 0, 128, settings.settle_feather, " px", 2, tr("Pixels over which that fades out")
        )
        details = QWidget()
        edges = QHBoxLayout()
        edges.setSpacing(theme.GRID)
        edges.addWidget(self.grow)
        edges.addWidget(self.feather)
        rim = _column(details)
        rim.addWidget(self.variants)
        rim.addWidget(caption(tr("Rim")))
        rim.addLayout(edges)
        column = _column(self)
        for part in (self.main, self.outlook, self.strength, self.keep, self.match, Fold(details), details):
            column.addWidget(part)
        for slider in (self.strength, self.variants, self.grow, self.feather):  # on which its time depends
            slider.moved.connect(self.changed)
        session.committed.connect(self.changed)
        session.activated.connect(self.changed)

    def show_state(self, running: bool, ready: bool) -> None:
        self.main.setEnabled(ready and not running)

    @property
    def is_wanted(self) -> bool:
        """Whether the active layer came from elsewhere."""
        return can_settle(self._session.active_layer)

    @Slot()
    def settle(self) -> None:
        """Blend the active layer into the picture; the results wait to be chosen."""
        if not self.is_wanted:
            self._session.said.emit(tr("Settle blends in what was pasted: choose such a layer first."))
        elif not self._editing.is_running:
            self._editing.start(self._asked(self._wishes()))

    def asked(self) -> Callable[[Document], Ask] | None:
        """What settling would ask of a document now, but for the colours, which take no time of the model."""
        return self._asked(replace(self._wishes(), match=0.0)) if self.is_wanted else None

    def remembered_in(self, settings: Settings) -> Settings:
        return replace(
            settings,
            settle_strength=round(self.strength.value()),
            settle_keep=round(self.keep.value()),
            settle_match=round(self.match.value()),
            settle_variants=round(self.variants.value()),
            settle_grow=round(self.grow.value()),
            settle_feather=round(self.feather.value()),
        )

    def _asked(self, wishes: SettleOptions) -> Callable[[Document], Ask]:
        return partial(settled, uid=self._session.active, options=wishes)

    def _wishes(self) -> SettleOptions:
        edit = self._options()
        return SettleOptions(
            strength=self.strength.value() / 100,
            keep=self.keep.value() / 100,
            match=self.match.value() / 100,
            grow=round(self.grow.value()),
            feather=round(self.feather.value()),
            steps=min(edit.steps, SettleOptions.steps),
            seed=edit.seed,
            variants=round(self.variants.value()),
            **edit.told(),
        )


def _column(holder: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(theme.GRID)
    return column
