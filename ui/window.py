"""The editor's window: canvas in the middle, panels round it, and the methods that its actions name."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import Qt, QTimer, Signal, SignalInstance, Slot
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.types import EditRequest, ModelFacts, Prediction
from ui import files, presets
from ui.ants import Ants
from ui.apply import Ask, EditOptions, Edits, ladder
from ui.area_panel import AreaMarks, AreasPanel
from ui.canvas import Canvas
from ui.chip import Colour
from ui.clipboard import Clipboard
from ui.colour import ColourPanel
from ui.column import Column
from ui.comfort import Comfort
from ui.comparing import Comparing
from ui.document import Document
from ui.drag_panel import DragPanel
from ui.dragging import dragged
from ui.editing import Editing
from ui.engines import Changeable, Engines, dropped_pack
from ui.filing import Filing
from ui.foretelling import Foretelling
from ui.history_panel import MEGABYTE, HistoryPanel
from ui.icons import application_icon
from ui.inventing import ASKS
from ui.journaling import Journaling
from ui.keys import Keys
from ui.language import marked, tr
from ui.layering import Layering
from ui.layers import LayersPanel
from ui.live import Live, LiveBar
from ui.materials import load_materials
from ui.menus import Menus
from ui.mirror import MirrorMarks
from ui.model_panel import ModelPanel
from ui.models import Library, dropped_models
from ui.navigator import Navigator
from ui.network import Network
from ui.own_brushes import OwnBrushes
from ui.panels import EditPanel, JobBar, MessageBar, Welcome
from ui.recovery import Notice, OverCanvas, Recovery
from ui.remembering import Remembering
from ui.results_strip import Results
from ui.selecting import Selecting
from ui.session import Session
from ui.settings import Settings
from ui.settle_panel import SettlePanel
from ui.settling import SettleAsk
from ui.showing import Showing, parts
from ui.start import StartPage
from ui.status import StatusLine
from ui.strip import OptionStrip
from ui.switching import Switching
from ui.timeline import Timeline
from ui.toolbar import ToolBar, tools_as
from ui.tools import Brush, Drag, Lasting, Move, Pan, Pick, Tool, Transform, Watch
from ui.tools.drag import duplicated
from ui.transform_panel import TransformPanel
from ui.view_chips import TurnedChip

log = logging.getLogger(__name__)


class Engine(Edits, Changeable, Protocol):
    """What the window needs of the engine."""

    @property
    def ready(self) -> SignalInstance: ...  # ModelFacts
    @property
    def failed(self) -> SignalInstance: ...  # a sentence

    @property
    def broke(self) -> SignalInstance: ...  # a sentence

    @property
    def noticed(self) -> SignalInstance: ...  # a sentence

    idle_minutes: float  # after which models are put away

    async def load(self, model: str) -> ModelFacts: ...
    def predict(self, request: EditRequest, path_is_known: bool = False) -> Prediction | None: ...
    def fetching(self) -> list[str]: ...
    async def diagnosis(self) -> str: ...
    async def close(self) -> None: ...


class Window(QMainWindow):
    closed = Signal()  # once the engine has ended and the settings are saved
    tool: Tool  # the chosen one; while an edit runs the canvas has another

    def __init__(
        self,
        session: Session,
        engine: Engine,
        settings: Settings,
        settings_file: Path,
        model: str = "starter",
    ) -> None:
        super().__init__()
        self.session, self.engine, self.settings = session, engine, settings
        self.work = session.work
        self.editing = Editing(session, engine, self.work, model)
        self.library = Library(settings, self.work)
        self.switching = Switching(session, engine, self.editing, self.library, self.work)
        self.network = Network(engine.fetching())
        self.engines = Engines(engine, self.switching, self.network, self.work, settings)
        self.filing = Filing(self, session, self.work, settings)
        self.journaling = Journaling(session, self.editing, self.filing, self.work)
        self.recovery = Recovery(self.filing, self.journaling, self.work)
        self._settings_file = settings_file
        self._is_closed = False
        self._make_parts()
        self._arrange()
        self._make_menus()
        self._listen()
        self.remembering.recall()
        self.showing.show_keys()
        self.choose_tool(0)

    # ---- files

    def new_picture(self) -> None:
        self.filing.ask_new()

    def open_picture(self) -> None:
        self.filing.ask_open()

    def open_file(self, path: str | Path) -> None:
        self.filing.open(path)

    def save(self) -> None:
        self.finish_tool()
        self.filing.save()

    def save_as(self) -> None:
        self.finish_tool()
        self.filing.ask_save()

    # ---- editing

    def undo(self) -> None:
        """Take the last step back; a result that waits to be chosen is the last step."""
        tool = self.canvas.tool
        if self.session.give_up() or (isinstance(tool, Lasting) and tool.give_up(self.session)):
            return
        if self.editing.is_choosing:
            self.editing.discard()
        elif not self.editing.is_running:
            self.session.undo()

    def redo(self) -> None:
        if not self.editing.is_working:
            self.session.redo()

    @Slot()
    def make_it_real(self) -> None:
        """Start an edit of what is on the canvas; what is seen live keeps its seed."""
        self._start_edit(rolls=not self.live.is_on)

    @Slot()
    def settle(self) -> None:
        """Blend what was pasted into the picture."""
        if self.facts is None:
            self.messages.tell(tr("The model is still getting ready; one moment."))
            return
        self.finish_tool()
        if not self.edit_panel.seed.is_locked:
            self.edit_panel.seed.roll()
        self.messages.hide()
        self.settle_panel.settle()

    @Slot()
    def make_another(self) -> None:
        if isinstance(self.editing.ask, SettleAsk):
            self.settle()
        else:
            self._start_edit(rolls=True)

    @Slot()
    def climb(self) -> None:
        """The same noise at several strengths, side by side."""
        if self.drags:
            self.choose_tool(0)
        self.edit_panel.set_task("real")
        self._start_edit(rolls=False, ladder=ladder(self.edit_panel.options().strength))

    def toggle_live(self) -> None:
        """On or off: what is painted is made real at once."""
        self.edit_panel.set_task("real")
        self.live.turn(not self.live.is_on)
        if self.live.is_on and self.drags:
            self.choose_tool(0)

    def apply_result(self) -> None:
        """Keep what is shown over the canvas: of a tool, of an edit or of live mode."""
        if isinstance(self.canvas.tool, Lasting) and self.canvas.tool.is_under_way:
            self.finish_tool()
            self._give_back_tool()
        elif self.editing.is_choosing:
            self.editing.apply()
        elif self.live.can_keep:
            self.live.keep()
        else:
            self._give_back_tool()

    def step_back(self) -> None:
        """Escape: the start page, the stroke under way, else the edit, the result, live mode, the message."""
        if self.comfort.is_starting:
            self.comfort.leave_start()
            return
        tool = self.canvas.tool
        if self.canvas.cancel_gesture() or self.session.give_up():
            return
        if isinstance(tool, Lasting) and tool.give_up(self.session):
            self._give_back_tool()
        elif self.editing.is_running:
            self.editing.stop()
        elif self.editing.is_choosing:
            self.editing.discard()
        elif isinstance(tool, Transform):
            self._give_back_tool()
        elif self.live.is_on:
            self.live.turn_off()
        elif self.session.chosen is not None and self.drags:
            self.session.choose(None)
        else:
            self.messages.hide()

    def next_variant(self) -> None:
        self.editing.turn(1)

    def previous_variant(self) -> None:
        self.editing.turn(-1)

    # ---- colours and tools

    def swap_colours(self) -> None:
        self.session.swap_colours()

    def default_colours(self) -> None:
        self.session.other_colour = QColor("white")
        self.session.set_colour(QColor("black"))
        self.showing.show_colours()

    def larger(self) -> None:
        self._resize_tool(1)

    def smaller(self) -> None:
        self._resize_tool(-1)

    def finish_tool(self) -> None:
        """Bring to its end what lasts over several gestures, before anything else is done to the document."""
        if isinstance(self.canvas.tool, Lasting):
            self.canvas.tool.finish(self.session)

    @Slot(str)
    def take_brush(self, name: str) -> None:
        """One of the brushes that are ready."""
        number = next(number for number, tool in enumerate(self.tools) if type(tool) is Brush)
        brush = self.tools[number]
        if isinstance(brush, Brush) and not self.editing.is_working:
            presets.take(brush, name)
            self.choose_tool(number)

    def save_brush(self) -> None:
        """Ask what the brush as it is now shall be called."""
        if self.editing.is_working:
            return
        if not isinstance(self.tool, Brush):
            self.choose_tool(next(number for number, tool in enumerate(self.tools) if type(tool) is Brush))
        self.options.brushes.ask_name()

    @Slot(int)
    def choose_tool(self, number: int) -> None:
        self.finish_tool()
        if isinstance(self.tools[number], Transform) and self.tool is not self.tools[number]:
            self._held = self.tools.index(self.tool)
        self.tool_bar.choose(number)
        self.options.show_tool(self.tools[number])
        self.tool = self.tools[number]
        self.menus.choose_tool(self.tool)
        self.model_panel.show_task(self.drags)
        if self.drags:
            self.live.turn_off()
        self.edit_section.setVisible(not self.drags)
        self.colour_section.setVisible(not self.drags and not isinstance(self.tool, Transform))
        self.drag_section.setVisible(self.drags)
        self.transform_section.setVisible(isinstance(self.tool, Transform))
        self.showing.refresh()
        self.foretelling.look()

    def _give_back_tool(self) -> None:
        """After a transform, the tool that was held before it."""
        if isinstance(self.tool, Transform) and not self.tool.is_under_way:
            self.choose_tool(self._held)

    def duplicate(self) -> None:
        """The chosen handle once more, or the chosen layers."""
        if self.drags and self.session.chosen is not None:
            duplicated(self.session)
        else:
            self.layering.duplicate()

    # ---- view and help

    def zoom_in(self) -> None:
        self.canvas.zoom_in()

    def zoom_out(self) -> None:
        self.canvas.zoom_out()

    def fit(self) -> None:
        self.canvas.fit()

    def actual_size(self) -> None:
        self.canvas.actual_size()

    def show_panels(self) -> None:
        shown = self.column.isHidden()
        for part in (self.column, self.tool_bar, self.options):
            part.setVisible(shown)
        self.menus.actions["show_panels"].setChecked(shown)
        self.settings = replace(self.settings, panels=shown)

    def next_part(self) -> None:
        """The keyboard goes on from canvas to tools, to their options, to the panels, and back."""
        if self.comfort.is_starting:
            self.start.focusNextChild()
            return
        parts = (self.tool_bar, self.options, self.column)
        focus = self.focusWidget()
        now = next((number for number, part in enumerate(parts) if part.isAncestorOf(focus)), -1)
        for part in parts[now + 1 :]:
            control = next(filter(_is_control, part.findChildren(QWidget)), None)
            if control is not None:
                control.setFocus(Qt.FocusReason.TabFocusReason)
                return
        self.canvas.setFocus(Qt.FocusReason.TabFocusReason)

    def show_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
        self.menus.actions["show_full_screen"].setChecked(self.isFullScreen())

    @Slot(object)
    def offer(self, card: Notice) -> None:
        """Where it is seen at once."""
        if self.comfort.is_starting:
            self.start.notices.setContentsMargins(0, 0, 0, 28)
            self.start.notices.addWidget(card, 0, Qt.AlignmentFlag.AlignLeft)
        else:
            OverCanvas(self.canvas, card)

    # ---- closing

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close only when nothing is lost and the engine has ended; until then stay."""
        if self._is_closed:
            event.accept()
            return
        event.ignore()
        self.finish_tool()
        self.filing.unless_unsaved("closing", lambda: self.work.begin(self.shut_down()))

    async def shut_down(self) -> None:
        """Stop the edit, save the settings, end the engine, and close. Unsaved changes are given up."""
        if self._is_closed:
            return
        self.canvas.cancel_gesture()  # it would end by itself when the session is gone already
        self.session.give_up()
        await self.editing.ended()
        await self.live.ended()
        await self.switching.ended()
        await self.library.ended()
        await self.foretelling.ended()
        await self.filing.ended()
        await self.journaling.end()
        self.remembering.save()
        await self.engines.ended()
        self.network.stop()
        await self.engine.close()
        self._is_closed = True
        self.close()
        self.closed.emit()

    # ---- what Qt tells

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous():  # only now has everything its size
            wide = self.settings.column_width
            self.halves.setSizes([self.halves.width() - wide, wide])
        self.canvas.setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if files.holds_picture(event.mimeData()) or dropped_pack(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if pack := dropped_pack(event.mimeData()):
            self.comfort.install_pack(pack)
            event.acceptProposedAction()
            return
        if models := dropped_models(event.mimeData()):
            self.library.add(models)
            event.acceptProposedAction()
            return
        at = self.canvas.mapFrom(self, event.position().toPoint()).toPointF()
        self.clipboard.drop(event.mimeData(), self.canvas.view.to_canvas(at))
        event.acceptProposedAction()

    # ---- making

    def _make_parts(self) -> None:
        settings = self.settings
        self.showing = Showing(self)
        self.comfort = Comfort(self)
        self.remembering = Remembering(self, self._settings_file)
        self.status = StatusLine(self.statusBar())
        self.column = Column(settings)
        self.tools: list[Tool] = tools_as(settings)
        self.tool = self.tools[0]
        self._held = 0  # the tool before Transform, by its number
        self.hand: Tool = Pan()
        self._drag = next(tool for tool in self.tools if isinstance(tool, Drag))
        self.watch = Watch(drag=self._drag)
        self.canvas: Canvas = Canvas(self.session, self.tool)
        self.canvas.pick = next(tool for tool in self.tools if isinstance(tool, Pick))
        self.ants = Ants(self.canvas, self.session)
        transform = next(tool for tool in self.tools if isinstance(tool, Transform))
        self.transform_panel = TransformPanel(self.session, transform)
        for tool in self.tools:
            if isinstance(tool, Move | Transform):
                self.canvas.add_marks(tool.landing)
        self.settle_panel = SettlePanel(self.session, self.editing, self._live_options, settings)
        self.clipboard = Clipboard(self.canvas, self.session, self.filing, self.work)
        self.selecting = Selecting(self, self.session, settings)
        self.tool_bar: ToolBar = ToolBar(self.tools)
        self.brushes = OwnBrushes(self._settings_file.with_name("brushes.toml"))
        self.options: OptionStrip = OptionStrip(self.brushes)
        recent = [QColor(text) for text in settings.recent_colours]
        used = [parts(colour) for colour in recent if colour.isValid()]
        self.colours = ColourPanel(used, load_materials())
        self.start = StartPage(self.work)
        self.edit_panel = EditPanel(settings)
        self.drag_panel = DragPanel(self.session, settings)
        self.model_panel = ModelPanel(settings, self.edit_panel.steps, self.drag_panel.steps)
        self.areas = AreasPanel(self.session, AreaMarks(self.canvas, self.session, settings.show_areas))
        self.results = Results(self.session, self.editing, self.work, settings)
        self.layering = Layering(self.session, lambda: not self.editing.is_working)
        self.layers = LayersPanel(self.session, self.layering)
        self.session.history.limit(settings.history_budget * MEGABYTE)
        self.engine.idle_minutes = settings.idle_minutes
        self.history = HistoryPanel(self.session)
        self.live = Live(self.session, self.engine, self.work, self._live_options)
        self.foretelling = Foretelling(self.session, self.engine, self.editing, self.work, self._asked)
        self.live_bar = LiveBar(self.canvas, self.live)
        self.job_bar = JobBar(self.canvas)
        self.timeline = Timeline(self.canvas, self.job_bar)
        self.messages = MessageBar(self.canvas)
        self.welcome = Welcome(self.canvas, files.samples())
        self.navigator = Navigator(self.canvas, self.session)
        self.comparing = Comparing(self.canvas, self.session, self.work, self.editing)
        self.turned = TurnedChip(self.canvas)

    def _arrange(self) -> None:
        self.setWindowIcon(application_icon())
        self.setAcceptDrops(True)
        column = self.column
        self.transform_section = column.add(marked("Transform"), self.transform_panel)
        self.settle_section = column.add(marked("Settle what was pasted"), self.settle_panel)
        self.edit_section = column.add(marked("Make it real"), self.edit_panel)
        self.drag_section = column.add(marked("Drag"), self.drag_panel)
        column.add(marked("Model and words"), self.model_panel)
        column.add(marked("Areas"), self.areas)
        self.areas.refresh()
        self.colour_section = column.add(marked("Colour"), self.colours)
        column.add(marked("Navigator"), self.navigator, opened=False)
        column.add(marked("History"), self.history, opened=False)
        column.add(marked("Layers"), self.layers, stays=True)
        middle, centre = QWidget(), QWidget()
        rows = QVBoxLayout(middle)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.options)
        rows.addWidget(self.canvas, 1)
        rows.addWidget(self.results)
        self.halves = QSplitter()
        self.halves.setChildrenCollapsible(False)
        self.halves.addWidget(middle)
        self.halves.addWidget(column)
        self.halves.setStretchFactor(0, 1)
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.tool_bar)
        row.addWidget(self.halves, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(centre)
        self.pages.addWidget(self.start)
        self.setCentralWidget(self.pages)
        self.setMinimumSize(900, 600)

    def _make_menus(self) -> None:
        self.menus = Menus(self, self.tools)
        self.keys = Keys(self.menus.table, self.menus.actions, self._settings_file.with_name("keys.toml"))
        self.menus.file_chosen.connect(self.open_file)
        self.menus.sample_chosen.connect(self.filing.open_sample)
        self.menus.tool_chosen.connect(self._tool_key)
        self.menus.actions["show_panels"].setChecked(True)
        self.menus.actions["show_panels"].setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.canvas.addAction(self.menus.actions["show_panels"])  # elsewhere Tab moves the focus
        self.showing.show_recent()

    def _listen(self) -> None:
        session, panel, bar = self.session, self.edit_panel, self.job_bar
        session.committed.connect(self.showing.refresh)
        session.pulled.connect(self.showing.show_apply)
        self.settle_panel.run.connect(self.settle)
        self.transform_panel.apply.connect(self.apply_result)
        self.transform_panel.discard.connect(self.step_back)
        self.settle_panel.changed.connect(self.showing.show_settle)
        session.committed.connect(self.showing.remember_colour)
        session.progressed.connect(self.showing.show_making)
        session.replaced.connect(self.showing.refresh)
        session.colour_changed.connect(self.showing.show_colours)
        self.layering.follow(self.menus.actions)
        self.layers.follow(self.menus.actions, self.menus.menus["&Layer"])
        self.layers.covered_wanted.connect(self.selecting.from_alpha)
        self.canvas.add_marks(self.areas.marks)
        self.canvas.add_marks(self.ants)
        self.canvas.add_marks(MirrorMarks(self.canvas))
        self.canvas.add_marks(self.comparing)
        self.comparing.show_in(self.menus.actions)
        self.canvas.zoom_changed.connect(self.showing.show_zoom)
        self.status.zoom.asked.connect(self.canvas.set_zoom)
        self.canvas.hovered.connect(self.status.show_place)
        self.tool_bar.chosen.connect(self.choose_tool)
        self.tool_bar.swatches.swap.connect(self.swap_colours)
        self.tool_bar.swatches.chosen.connect(self._show_colour_panel)
        self.options.changed.connect(self.canvas.update)
        self.colours.picked.connect(self._colour_picked)
        self.colours.materials.brush_wanted.connect(self.take_brush)
        for run in (panel.run, self.drag_panel.run):
            run.connect(self.make_it_real)
        panel.live.clicked.connect(self.toggle_live)
        panel.changed.connect(self._look_live)
        self.live.changed.connect(self.showing.refresh)
        self.live.recovered.connect(self.messages.hide)
        bar.again.connect(self.make_another)
        for stop in (panel.stop, self.drag_panel.stop, bar.stop):
            stop.connect(self.editing.stop)
        bar.stop.connect(session.give_up)
        bar.apply.connect(self.editing.apply)
        bar.discard.connect(self.editing.discard)
        bar.turn.connect(self.editing.turn)
        bar.original.connect(session.compare)
        panel.climb.connect(self.climb)
        self.drag_panel.changed.connect(self.showing.show_outlook)
        self.drag_panel.kept.connect(self._keep_source)
        self.timeline.track.scrubbed.connect(self.editing.peek)
        self.timeline.track.released.connect(self.editing.go)
        self.editing.went.connect(self.showing.show_way)
        self.editing.progressed.connect(bar.show_progress)
        self.editing.chosen.connect(self.showing.show_choice)
        self.editing.changed.connect(self.showing.refresh)
        self.filing.opened.connect(self._opening)
        self.filing.changed.connect(self.showing.show_recent)
        self.filing.changed.connect(self.showing.refresh)
        self.filing.changed.connect(self.remembering.save)  # a crash forgets no file that was used
        for told in (self.filing.told, self.results.told, self.clipboard.told, session.said):
            told.connect(self.messages.tell)
        self.recovery.found.connect(self.offer)
        parts_that_fail = (self.filing, self.journaling, self.clipboard, self.work, self.brushes)
        for failed in (part.failed for part in parts_that_fail):
            failed.connect(self.messages.complain)
        self.welcome.open.connect(self.filing.ask_open)
        self.welcome.sample.connect(self.filing.open_sample)
        start = self.start
        start.chosen.connect(self.comfort.begin)
        start.file_chosen.connect(self.open_file)
        start.new.connect(self.filing.new)
        start.ask_new.connect(self.filing.ask_new)
        start.ask_open.connect(self.filing.ask_open)
        self.keys.changed.connect(self.showing.show_keys)
        switching = self.switching
        self.engine.ready.connect(switching.engine_is_ready)
        self.engine.failed.connect(self._engine_failed)
        self.engine.failed.connect(switching.engine_has_failed)
        self.engine.ready.connect(self.engines.engine_is_ready)
        self.engine.broke.connect(self.engines.engine_broke)
        self.engines.failed.connect(self.comfort.complain_of_engine)
        self.engines.offered.connect(self.comfort.offer_pack)
        self.network.changed.connect(self.status.show_network)
        self.engines.begin()
        switching.ready.connect(self._engine_ready)
        switching.loading.connect(self.status.show_loading)
        for changed in (switching.changed, self.library.changed):
            changed.connect(self._show_models)
        for told in (switching.told, self.library.told):
            told.connect(self.messages.tell)
        self.model_panel.chosen.connect(switching.choose)
        self.model_panel.models_wanted.connect(self.comfort.show_models)
        self.model_panel.changed.connect(self.live.look)
        self.engine.noticed.connect(self.messages.tell)
        self.foretelling.told.connect(self.showing.show_foretold)
        for changed in (
            *(panel.changed, self.drag_panel.changed, self.model_panel.changed, switching.ready),
            *(session.committed, session.replaced, self.editing.changed),
        ):
            changed.connect(self.foretelling.look)
        self._show_models()
        QTimer.singleShot(0, self.library.look)  # once the event loop runs

    @Slot()
    def _look_live(self) -> None:
        if self.edit_panel.task.value() == "real":
            self.live.look()
        else:
            self.live.turn_off()

    def _live_options(self) -> EditOptions:
        return replace(self.edit_panel.options(), **self.model_panel.wording(self.editing.model).told())

    def _start_edit(self, rolls: bool, ladder: tuple[float, ...] = ()) -> None:
        """A result that was not applied gives way."""
        if self.facts is None:
            self.messages.tell(tr("The model is still getting ready; one moment."))
            return
        if self.editing.is_running:
            return
        self.finish_tool()
        panel: EditPanel | DragPanel = self.drag_panel if self.drags else self.edit_panel
        if rolls and not panel.seed.is_locked:
            panel.seed.roll()
        self.messages.hide()
        self.model_panel.remember_words()
        self.editing.start(self._asked(ladder))

    def _asked(self, ladder: tuple[float, ...] = ()) -> Callable[[Document], Ask]:
        """What a run that is begun now would ask of a document."""
        if self.drags:
            wording = self.model_panel.wording(self.editing.model)
            return partial(dragged, options=replace(self.drag_panel.options(), **wording.told()))
        options = replace(self._live_options(), ladder=ladder)
        return lambda document: ASKS[options.task](document, options)

    @property
    def facts(self) -> ModelFacts | None:
        """Of the model that makes the next edit, once it is ready."""
        return self.switching.facts

    @property
    def drags(self) -> bool:
        return isinstance(self.tool, Drag)

    # ---- what the parts tell

    @Slot(bool)
    def _keep_source(self, keep: bool) -> None:
        self._drag.keep = keep
        self.canvas.update()

    @Slot()
    def _opening(self) -> None:
        self.comfort.leave_start()
        if isinstance(self.canvas.tool, Lasting):
            self.canvas.tool.give_up(self.session)
        self.editing.abandon()
        self.messages.hide()
        self.canvas.setFocus()

    @Slot()
    def _show_colour_panel(self) -> None:
        if self.column.isHidden():
            self.show_panels()
        self.column.reveal(self.colour_section)

    @Slot(object)
    def _colour_picked(self, colour: Colour) -> None:
        self.session.set_colour(QColor(*colour))

    @Slot(object)
    def _engine_ready(self, facts: ModelFacts) -> None:
        """Of the model that makes the next edit."""
        self.editing.weights = self.live.weights = facts.weights
        self.edit_panel.take(facts)
        self.model_panel.take(facts)
        self.status.show_model(facts)
        self.showing.refresh()

    @Slot()
    def _show_models(self) -> None:
        additions = [*self.library.of_kind("lora"), *self.library.of_kind("textual inversion")]
        self.model_panel.show_models(self.library.of_kind("model"), additions, self.switching.model)
        self.showing.refresh()

    @Slot(str)
    def _engine_failed(self, sentence: str) -> None:
        self.status.show_failure()
        self.messages.complain(sentence)

    @Slot(int)
    def _tool_key(self, number: int) -> None:
        """The key of the tool that is chosen already goes on to the next of its group."""
        if not self.editing.is_working:
            self.choose_tool(self.tool_bar.after(number) if self.tools[number] is self.tool else number)

    def _resize_tool(self, steps: int) -> None:
        if self.canvas.tool is self._drag:
            self._drag.resize(self.session, steps)
            return
        self.options.step("size", steps)


def _is_control(widget: QWidget) -> bool:
    reached = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return reached and widget.isEnabled() and widget.isVisible()
