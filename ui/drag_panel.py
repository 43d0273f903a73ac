"""The panel of a drag: its button, what will happen, the handles, and how it is made."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.types import Form
from ui import theme
from ui.dragging import DragOptions, Outlook
from ui.handle_list import HandleList
from ui.icons import icon
from ui.key_tips import explain
from ui.language import marked, tr
from ui.session import Session
from ui.settings import Settings
from ui.slider import Slider, variants_slider
from ui.widgets import Choices, Fold, Foretold, Seed, caption, push_button, restyle

FORMS: dict[Form, tuple[str, str]] = {
    "auto": (marked("Automatic"), marked("The form that did best where the right answer is known")),
    "carry": (
        marked("Carry"),
        marked("Things keep their look on the way (Cycle-SDE); only uncovered ground is invented"),
    ),
    "settle": (
        marked("Settle"),
        marked("Moved pixels are noised a little and settle into the picture (SDEdit)"),
    ),
    "one pass": (marked("One pass"), marked("Things travel while the noise is taken away, once")),
    "published": (
        marked("As published"),
        marked("SDE-Drag by small moves, each with a round trip: slow, the reference"),
    ),
}


class DragPanel(QWidget):
    """It takes the place of the strokes' panel while the Drag tool is in the hand."""

    run = Signal()
    stop = Signal()
    changed = Signal()
    kept = Signal(bool)  # whether the source stays, too

    def __init__(self, session: Session, settings: Settings) -> None:
        super().__init__()
        self.main = push_button(tr("Drag"), "primary")
        self.main.setProperty("large", True)
        self.main.setIconSize(QSize(26, 18))
        self.main.clicked.connect(self._main_clicked)
        self.outlook = Foretold()
        self.warnings = QLabel()
        self.warnings.setProperty("warns", True)
        self.warnings.setWordWrap(True)
        self.handles = HandleList(session)
        self.form = Choices()
        self.form.setAccessibleName(tr("Form"))
        for value, (text, help_text) in FORMS.items():
            self.form.addItem(tr(text), value)
            self.form.setItemData(self.form.count() - 1, tr(help_text), Qt.ItemDataRole.ToolTipRole)
        self.form.setCurrentIndex(self.form.findData(settings.drag_form))
        self.form.setToolTip(tr("How the model makes the drag"))
        self.strength = Slider(
            tr("Strength"), 1, 100, settings.drag_strength, " %",
            help_text=tr("How much noise is added where ground must be invented (t0):\n"
            "low stays close to the warped picture, high is freer"),
        )  # fmt: skip
        self.variants = variants_slider(settings.variants)
        self.steps = Slider(
            tr("Steps"),
            2,
            200,
            settings.drag_steps,
            curve=2,
            help_text=tr("More steps: slower and a little finer"),
        )
        self.keep = QCheckBox(tr("Keep the source"))
        self.keep.setToolTip(tr("A copy goes to the target, and what was there stays where it was"))
        self.in_turn = QCheckBox(tr("One handle after another"))
        self.in_turn.setToolTip(tr("Each starts from what the one before it has made, for things that meet"))
        self.seed = Seed(
            settings.seed,
            settings.seed_locked,
            tr("The same seed with the same handles gives the same result"),
        )
        self.details = QWidget()
        self.more = Fold(self.details)
        self._running = False
        self._arrange()
        self.form.currentIndexChanged.connect(self.changed)
        for slider in (self.strength, self.variants, self.steps):
            slider.moved.connect(self.changed)
        self.seed.changed.connect(self.changed)
        self.keep.toggled.connect(self.kept)
        self.keep.toggled.connect(self.changed)
        self.in_turn.toggled.connect(self.changed)

    def options(self) -> DragOptions:
        """What the next run is asked for."""
        return DragOptions(
            form=cast("Form", self.form.currentData()),
            strength=self.strength.value() / 100,
            steps=round(self.steps.value()),
            seed=self.seed.value(),
            variants=round(self.variants.value()),
            keep=self.keep.isChecked(),
            together=not self.in_turn.isChecked(),
        )

    def adopt(self, settings: Settings) -> None:
        """What the preferences say from now on."""
        self.form.setCurrentIndex(self.form.findData(settings.drag_form))
        self.strength.set_value(settings.drag_strength)
        self.steps.set_value(settings.drag_steps)
        self.variants.set_value(settings.variants)

    def remembered_in(self, settings: Settings) -> Settings:
        options = self.options()
        return replace(
            settings,
            drag_form=options.form,
            drag_strength=round(options.strength * 100),
            drag_steps=options.steps,
        )

    def show_state(self, running: bool, ready: bool, outlook: Outlook) -> None:
        """What the button does, and what will happen."""
        self._running = running
        possible = ready and outlook.handles > 0
        self.main.setText(tr("Stop") if running else tr("Drag"))
        self.main.setProperty("primary", not running)
        self.main.setProperty("danger", running)
        white = theme.ON_ACCENT if possible else theme.ON_ACCENT_OFF
        self.main.setIcon(
            icon("stop-fill", theme.ON_DANGER) if running else icon("arrows-out-cardinal", white)
        )
        self.main.setEnabled(running or possible)
        if running:
            explain(self.main, tr("Stop and keep what is done"), "step_back")
        elif possible:
            explain(self.main, tr("Move what the handles carry"), "make_it_real")
        else:
            explain(self.main, tr("Place a handle first") if ready else tr("The model is getting ready"))
        restyle(self.main)
        self.in_turn.setVisible(outlook.handles > 1)
        self.warnings.setText("\n".join(outlook.warnings))
        self.warnings.setVisible(bool(outlook.warnings))

    def _main_clicked(self) -> None:
        (self.stop if self._running else self.run).emit()

    def _arrange(self) -> None:
        form = QHBoxLayout()
        form.setSpacing(theme.GRID)
        form.addWidget(caption(tr("Form")))
        form.addWidget(self.form, 1)
        inner = QVBoxLayout(self.details)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(theme.GRID)
        inner.addLayout(form)
        inner.addWidget(self.steps)
        inner.addWidget(self.seed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        for part in (
            self.main,
            self.outlook,
            self.warnings,
            self.handles,
            self.strength,
            self.variants,
            self.keep,
            self.in_turn,
            self.more,
            self.details,
        ):
            column.addWidget(part)
