"""The panels of an edit: the main button with its options, the variants, the bars over the canvas.

They know neither session nor engine: the window tells them what to show and listens to their signals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QEnterEvent, QIcon
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QMenu,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.types import ModelFacts
from ui import theme
from ui.actions import named
from ui.apply import EditOptions, Task
from ui.icons import icon
from ui.key_tips import command_button, explain
from ui.language import marked, told, tr
from ui.prompts import Words
from ui.settings import Settings
from ui.slider import Slider
from ui.widgets import Fold, Foretold, Line, Seed, Segments, caption, icon_button, push_button, restyle

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
        self.variants = Slider(
            tr("Variants"), 1, 8, settings.variants, help_text=tr("How many results to choose from")
        )
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
        self._running = self._ready = False
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
        self.main.setProperty("primary", not running)
        self.main.setProperty("danger", running)
        self.main.setIcon(
            icon("stop-fill", theme.ON_DANGER)
            if running
            else icon("magic-wand", theme.ON_ACCENT if ready else theme.ON_ACCENT_OFF)
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


class Floating(QFrame):
    """A bar that lies over the canvas and keeps its place when that is resized."""

    def __init__(self, canvas: QWidget, at_top: bool) -> None:
        super().__init__(canvas)
        self._canvas, self._at_top = canvas, at_top
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)  # a press here paints nothing below
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.hide()
        canvas.installEventFilter(self)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.place()
        return False

    def enterEvent(self, event: QEnterEvent) -> None:
        """Qt does not tell a parent that the pointer has gone to a child."""
        QCoreApplication.sendEvent(self._canvas, QEvent(QEvent.Type.Leave))

    def place(self) -> None:
        """In the middle, 16 points from the top or the bottom, never wider than the canvas."""
        canvas = self._canvas
        size = self.sizeHint().boundedTo(QSize(canvas.width() - 2 * GAP, canvas.height()))
        left = (canvas.width() - size.width()) // 2
        top = 2 * GAP if self._at_top else canvas.height() - size.height() - 2 * GAP
        self.setGeometry(QRect(QPoint(left, top), size))


class JobBar(Floating):
    """Over the canvas: how far the edit is and Stop; then the choice of what becomes of it."""

    stop = Signal()
    apply = Signal()
    discard = Signal()
    again = Signal()
    turn = Signal(int)  # to the next (1) or previous (-1) variant
    original = Signal(bool)  # while it is held

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas, at_top=False)
        self.setObjectName("floating")
        self.line = Line()
        self.line.setMinimumWidth(168)
        self.text = QLabel()
        self.stop_button = push_button(tr("Stop"), "danger")
        self.stop_button.setIcon(icon("stop-fill", theme.ON_DANGER))
        self.stop_button.clicked.connect(self.stop)
        self.previous = command_button("caret-left", "previous_variant")
        self.following = command_button("caret-right", "next_variant")
        self.count = QLabel()
        self.count.setMinimumWidth(
            self.count.fontMetrics().horizontalAdvance(tr("{number} of {count}").format(number=88, count=88))
        )
        self.count.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.previous.clicked.connect(self._back)
        self.following.clicked.connect(self._forth)
        self.compare = push_button(tr("Original"))
        self.compare.setIcon(icon("eye"))
        explain(self.compare, tr("Hold to see the picture as it was"), "comparing.hold")
        self.compare.pressed.connect(self._held)
        self.compare.released.connect(self._let_go)
        self.again_button = push_button(tr("Again"))
        self.again_button.setIcon(icon("arrows-clockwise"))
        explain(self.again_button, tr("Once more, with another seed unless that is locked"), "make_it_real")
        self.again_button.clicked.connect(self.again)
        self.discard_button = push_button(tr("Discard"))
        explain(self.discard_button, tr("Back to the strokes; it stays among the results"), "step_back")
        self.discard_button.clicked.connect(self.discard)
        self.apply_button = push_button(tr("Apply"), "primary")
        self.apply_button.setIcon(icon("check", theme.ON_ACCENT))
        explain(self.apply_button, tr("Keep it as a new layer"), "apply_result")
        self.apply_button.clicked.connect(self.apply)
        self._running = self._row(self.line, self.text, self.stop_button)
        self._turning = self._row(self.previous, self.count, self.following)
        self._choosing = self._row(
            self._turning, self.compare, self.again_button, self.discard_button, self.apply_button
        )
        self._outer = QHBoxLayout(self)
        self._outer.setContentsMargins(12, GAP, GAP, GAP)
        self._outer.addWidget(self._running)
        self._outer.addWidget(self._choosing)

    def show_progress(self, share: float, text: str, keeps: bool = True) -> None:
        """`keeps` is whether Stop keeps what there is."""
        keep, give_up = tr("Stop and keep what there is"), tr("Stop, and leave it as it was")
        explain(self.stop_button, keep if keeps else give_up, "step_back")
        self.line.set_share(share)
        self.text.setText(text)
        self._switch(running=True)

    def show_choice(self, number: int, count: int) -> None:
        self._turning.setVisible(count > 1)
        told = tr("{number} of {count}").format(number=number + 1, count=count)
        self.count.setText(told if number >= 0 else tr("unfinished"))
        self._switch(running=False)

    def _switch(self, running: bool) -> None:
        self._running.setVisible(running)
        self._choosing.setVisible(not running)
        self._outer.activate()
        self.place()
        self.show()
        self.raise_()

    def _back(self) -> None:
        self.turn.emit(-1)

    def _forth(self) -> None:
        self.turn.emit(1)

    def _held(self) -> None:
        self.original.emit(True)

    def _let_go(self) -> None:
        self.original.emit(False)

    @staticmethod
    def _row(*widgets: QWidget) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        for widget in widgets:
            row.addWidget(widget)
        return holder


class Welcome(Floating):
    """On the empty sheet: how to begin."""

    open = Signal()
    sample = Signal(object)  # Path

    def __init__(self, canvas: QWidget, samples: Sequence[tuple[str, Path]]) -> None:
        super().__init__(canvas, at_top=False)
        self.setObjectName("floating")
        self.text = QLabel(tr("Paint a landscape in rough strokes, then make it real."))
        self.open_button = push_button(tr("Open a picture"))
        self.open_button.setIcon(icon("folder-open"))
        explain(self.open_button, tr("Paint over a photo"), "open_picture")
        self.open_button.clicked.connect(self.open)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GAP, GAP, GAP, GAP)
        row.setSpacing(GAP)
        row.addWidget(self.text)
        row.addSpacing(GAP)
        row.addWidget(self.open_button)
        self.samples = dict(samples)
        if samples:
            self.menu = QMenu(self)
            for name, _ in samples:
                self.menu.addAction(name).triggered.connect(self._sample_chosen)
            self.sample_button = push_button(tr("Try a stroke painting"))
            self.sample_button.setIcon(icon("paint-brush"))
            self.sample_button.setMenu(self.menu)
            row.addWidget(self.sample_button)

    def setVisible(self, visible: bool) -> None:
        if visible:
            self.place()
        super().setVisible(visible)

    def place(self) -> None:
        """Where it would be cut off, the sentence gives way to the buttons."""
        self.text.show()
        self.text.setVisible(self.sizeHint().width() <= self._canvas.width() - 2 * GAP)
        super().place()

    def _sample_chosen(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.sample.emit(self.samples[action.text()])


class MessageBar(Floating):
    """A sentence over the canvas: errors stay until they are closed, news goes by itself."""

    NEWS = 6000  # milliseconds

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas, at_top=True)
        self.setObjectName("message")
        self._sign = QLabel()
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.close_button = icon_button("x", tr("Close this message"), 14)
        self.close_button.clicked.connect(self.hide)
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.timeout.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, GAP, GAP, GAP)
        row.setSpacing(GAP)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.text, 1)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)

    def tell(self, sentence: str) -> None:
        self._show(sentence, "news", icon("info", theme.QUIET))
        self._clock.start(self.NEWS)

    def complain(self, sentence: str) -> None:
        self._clock.stop()
        self._show(sentence, "error", icon("warning-circle", theme.ERROR))

    def _show(self, sentence: str, kind: str, sign: QIcon) -> None:
        self._sign.setPixmap(sign.pixmap(QSize(18, 18), self.devicePixelRatioF()))
        self.text.setText(told(sentence))
        self.setProperty("kind", kind)
        restyle(self)
        self.place()
        self.show()
        self.raise_()

    def sizeHint(self) -> QSize:
        """As wide as the sentence, up to 560 points; then it breaks into lines."""
        frame = 12 + 18 + self.close_button.sizeHint().width() + 3 * GAP + 4
        room = min(560, self._canvas.width() - 4 * GAP) - frame
        wide = min(room, self.text.fontMetrics().horizontalAdvance(self.text.text()) + GAP)
        tall = max(self.text.heightForWidth(wide), self.close_button.sizeHint().height())
        return QSize(wide + frame, tall + 2 * GAP + 2)


def _column(holder: QWidget, *parts: QWidget | QLayout) -> None:
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GAP)
    for part in parts:
        if isinstance(part, QWidget):
            column.addWidget(part)
        else:
            column.addLayout(part)
