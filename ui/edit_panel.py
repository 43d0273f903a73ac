"""The panel of an edit: the main button and what it works with.

It knows neither session nor engine: the window tells it what to show and listens to its signals.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from engine.types import ModelFacts
from ui import theme
from ui.actions import named
from ui.apply import EditOptions, Task
from ui.icons import icon
from ui.key_tips import explain
from ui.language import marked, tr
from ui.prompts import Words
from ui.settings import Settings
from ui.slider import Slider, variants_slider
from ui.widgets import Fold, Foretold, Seed, Segments, caption, push_button, restyle

GAP = theme.GRID
NAMES_OF_TASKS: dict[Task, tuple[str, str]] = {  # what the button says, and what it does
    "real": (marked("Make it real"), marked("Turn the strokes into a picture")),
    "fill": (marked("Fill"), marked("Make what is selected or painted over anew")),
    "translate": (marked("Translate"), marked("Let the picture show what the words say")),
}


class EditPanel(QWidget):
    """Make it real: the one main button and what it works with."""

    run = Signal()
    climb = Signal()  # a ladder of strengths
    stop = Signal()
    changed = Signal()

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.task: Segments[Task] = Segments(
            tr("What the model does"),
            (
                ("real", tr("Make real"), tr("Strokes and pasted pieces become a picture (SDEdit)")),
                ("fill", tr("Fill"), tr("What is selected or painted over is made anew, to fit round it")),
                ("translate", tr("Translate"), tr("What the picture shows becomes what the words say")),
            ),
            "real",
        )
        self.source = Words(
            tr("What it shows now"),
            "",
            "",
            tr("What it shows now"),
            tr("The nearer this is to the picture, the more of it stays (Cycle-SDE)"),
        )
        self.find_mask = QCheckBox(tr("Only where the words differ"))
        self.find_mask.setToolTip(tr("The model finds by itself what has to change (DiffEdit)"))
        self._strengths: dict[Task, float] = {
            "real": settings.strength,
            "fill": settings.fill_strength,
            "translate": settings.translate_strength,
        }
        self.main = push_button(tr("Make it real"), "primary")
        self.main.setProperty("large", True)
        self.main.setIconSize(QSize(26, 18))  # wider than the glyph, for air before the text
        self.main.clicked.connect(self._main_clicked)
        self.outlook = Foretold()
        self.live = push_button(tr("Live"))
        self.live.setProperty("large", True)
        self.live.setProperty("live", True)
        self.live.setCheckable(True)
        explain(self.live, tr("Make each stroke real as soon as it is painted"), "toggle_live")
        self.live.setIconSize(QSize(22, 18))
        self.live.setIcon(icon("lightning", theme.TEXT, theme.LIVE))
        self.strength = Slider(
            tr("Strength"), 1, 100, settings.strength, " %",
            help_text=tr("How much noise is added before the picture is made again (t0):\n"
            "low stays faithful to your strokes, high becomes more realistic and freer"),
        )  # fmt: skip
        self.variants = variants_slider(settings.variants)
        self.ladder = push_button(tr("Ladder"))
        self.ladder.setIcon(icon("chart-bar"))
        sentence = tr("The same noise at five strengths, side by side")
        explain(self.ladder, named("climb").plain, "climb", more=sentence)
        self.ladder.clicked.connect(self.climb)
        self.area = Segments(
            tr("Area that may change"),
            (
                (
                    "auto",
                    tr("Automatic"),
                    tr("The painted strokes if there is a picture below them, else the whole picture"),
                ),
                (
                    "strokes",
                    tr("Strokes"),
                    tr("Only where strokes were painted; every other pixel stays as it is"),
                ),
                ("whole", tr("Whole picture"), tr("Everything may change")),
            ),
            settings.area,
        )
        self.steps = Slider(
            tr("Steps"),
            1,
            200,
            settings.steps,
            curve=2,
            help_text=tr("More steps: slower and a little finer"),
        )
        self.grow = Slider(
            tr("Grow"), 0, 128, settings.grow, " px", 2, tr("Pixels round the strokes that may change too")
        )
        self.feather = Slider(
            tr("Feather"), 0, 128, settings.feather, " px", 2, tr("Pixels over which the change fades out")
        )
        self.seed = Seed(
            settings.seed,
            settings.seed_locked,
            tr("The same seed with the same strokes gives the same result"),
        )
        self.details = self._details()
        self.more = Fold(self.details)
        self._running = self._ready = self._gives_way = False
        self._arrange()
        self._show_task()
        self.task.chosen.connect(self._task_chosen)
        self.find_mask.toggled.connect(self.changed)
        self.source.changed.connect(self.changed)
        for slider in (self.strength, self.variants, self.steps, self.grow, self.feather):
            slider.moved.connect(self.changed)
        self.area.chosen.connect(self.changed)
        self.seed.changed.connect(self.changed)

    def options(self) -> EditOptions:
        """What the next run is asked for."""
        return EditOptions(
            strength=self.strength.value() / 100,
            steps=round(self.steps.value()),
            seed=self.seed.value(),
            variants=round(self.variants.value()),
            area=self.area.value(),
            task=self.task.value(),
            source=self.source.words(),
            find_mask=self.find_mask.isChecked(),
            grow=round(self.grow.value()),
            feather=round(self.feather.value()),
        )

    def adopt(self, settings: Settings) -> None:
        """What the preferences say from now on."""
        self._strengths["real"] = settings.strength
        if self.task.value() == "real":
            self.strength.set_value(settings.strength)
        self.steps.set_value(settings.steps)
        self.variants.set_value(settings.variants)
        self.grow.set_value(settings.grow)
        self.feather.set_value(settings.feather)

    def remembered_in(self, settings: Settings) -> Settings:
        options = self.options()
        strengths = self._strengths | {options.task: self.strength.value()}
        return replace(
            settings,
            strength=round(strengths["real"]),
            fill_strength=round(strengths["fill"]),
            translate_strength=round(strengths["translate"]),
            steps=options.steps,
            variants=options.variants,
            seed=options.seed,
            seed_locked=self.seed.is_locked,
            area=options.area,
            grow=options.grow,
            feather=options.feather,
        )

    def show_state(self, running: bool, ready: bool) -> None:
        """The button's word follows what it will do."""
        self._running, self._ready = running, ready
        word, told = NAMES_OF_TASKS[self.task.value()]
        self.main.setText(tr("Stop") if running else tr(word))
        self.main.setProperty("primary", not running and not self._gives_way)
        self.main.setProperty("danger", running)
        self.main.setIcon(
            icon("stop-fill", theme.ON_DANGER) if running else icon("magic-wand", self._sign_colour())
        )
        self.main.setEnabled(running or ready)
        self.ladder.setEnabled(ready and not running)
        if running:
            explain(self.main, tr("Stop and keep what there is"), "step_back")
        elif ready:
            explain(self.main, tr(told), "make_it_real")
        else:
            explain(self.main, tr("The model is getting ready"))
        restyle(self.main)

    def give_way(self, on: bool) -> None:
        """Whether another button is the one to be pressed first: only one stands out."""
        if on != self._gives_way:
            self._gives_way = on
            self.show_state(self._running, self._ready)

    def _sign_colour(self) -> str:
        if self._gives_way:
            return theme.TEXT if self._ready else theme.FAINT
        return theme.ON_ACCENT if self._ready else theme.ON_ACCENT_OFF

    def take(self, facts: ModelFacts) -> None:
        """What the model takes: without words nothing can be translated."""
        self.source.set_vocabulary(facts.vocabulary)
        self.task.set_shown("translate", facts.takes_words)
        if not facts.takes_words and self.task.value() == "translate":
            self.set_task("real")

    def set_task(self, task: Task) -> None:
        if task != self.task.value():
            self.task.set_value(task)
            self._task_chosen()

    def _task_chosen(self) -> None:
        self._strengths[self._task] = self.strength.value()
        self.strength.set_value(self._strengths[self.task.value()])
        self._show_task()
        self.changed.emit()

    def _show_task(self) -> None:
        self._task = self.task.value()
        of_words: tuple[QWidget, ...] = (self.source, self.find_mask)
        of_strokes: tuple[QWidget, ...] = (self.area, self.ladder, self.live)
        for part in of_words:
            part.setVisible(self._task == "translate")
        for part in of_strokes:
            part.setVisible(self._task == "real")
        self.show_state(self._running, self._ready)

    def _main_clicked(self) -> None:
        (self.stop if self._running else self.run).emit()

    def _details(self) -> QWidget:
        details = QWidget()
        edges = QHBoxLayout()
        edges.setSpacing(GAP)
        edges.addWidget(self.grow)
        edges.addWidget(self.feather)
        _column(details, self.steps, self.seed, caption(tr("Edge of the strokes")), edges)
        return details

    def _arrange(self) -> None:
        ends = QHBoxLayout()
        ends.addWidget(caption(tr("faithful")))
        ends.addStretch(1)
        ends.addWidget(caption(tr("realistic")))
        strength = QVBoxLayout()
        strength.setSpacing(2)
        strength.addWidget(self.strength)
        strength.addLayout(ends)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self.main, 1)
        buttons.addWidget(self.live)
        many = QHBoxLayout()
        many.setSpacing(GAP // 2)
        many.addWidget(self.variants, 1)
        many.addWidget(self.ladder)
        _column(
            self,
            buttons,
            self.outlook,
            self.task,
            self.source,
            self.find_mask,
            strength,
            many,
            self.area,
            self.more,
            self.details,
        )


def _column(holder: QWidget, *parts: QWidget | QLayout) -> None:
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GAP)
    for part in parts:
        if isinstance(part, QWidget):
            column.addWidget(part)
        else:
            column.addLayout(part)
