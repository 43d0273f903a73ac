"""The editor's window: its parts, where they stand, and how it closes."""

from __future__ import annotations

from dataclasses import replace
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
from ui import files
from ui.ants import Ants
from ui.apply import Edits
from ui.area_panel import AreaMarks, AreasPanel
from ui.bars import JobBar, MessageBar, Welcome
from ui.canvas import Canvas
from ui.clipboard import Clipboard
from ui.colour import ColourPanel
from ui.column import Column
from ui.comfort import Comfort
from ui.comparing import Comparing
from ui.drag_panel import DragPanel
from ui.edit_panel import EditPanel
from ui.editing import Editing
from ui.engines import Changeable, Engines, dropped_pack
from ui.filing import Filing
from ui.foretelling import Foretelling
from ui.framing import Framing
from ui.history_panel import MEGABYTE, HistoryPanel
from ui.holding import Holding
from ui.icons import application_icon
from ui.journaling import Journaling
from ui.keys import Keys
from ui.language import marked
from ui.layering import Layering
from ui.layers import LayersPanel
from ui.listening import Listening
from ui.live import Live, LiveBar
from ui.materials import load_materials
from ui.menus import Menus
from ui.mirror import MirrorMarks
from ui.model_panel import ModelPanel
from ui.models import Library, dropped_models
from ui.navigator import Navigator
from ui.network import Network
from ui.own_brushes import OwnBrushes
from ui.recovery import Notice, OverCanvas, Recovery
from ui.remembering import Remembering
from ui.results_strip import Results
from ui.running import Running
from ui.selecting import Selecting
from ui.session import Session
from ui.settings import Settings
from ui.settle_panel import SettlePanel
from ui.showing import Showing, parts
from ui.start import StartPage
from ui.status import StatusLine
from ui.strip import OptionStrip
from ui.switching import Switching
from ui.timeline import Timeline
from ui.toolbar import ToolBar
from ui.tools import Move, Pick, Transform
from ui.transform_panel import TransformPanel
from ui.view_chips import TurnedChip
from ui.widgets import Section


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
        self._mark()
        self._make_menus()
        self.listening = Listening(self)
        self.engines.begin()
        QTimer.singleShot(0, self.library.look)  # once the event loop runs
        self.remembering.recall()
        self.showing.show_keys()
        self.holding.choose(0)

    # ---- files

    def open_file(self, path: str | Path) -> None:
        self.filing.open(path)

    def save(self) -> None:
        self.holding.finish()
        self.filing.save()

    def save_as(self) -> None:
        self.holding.finish()
        self.filing.ask_save()

    # ---- view and help

    def show_panels(self) -> None:
        shown = self.column.isHidden()
        for part in (self.column, self.tool_bar, self.options):
            part.setVisible(shown)
        self.menus.actions["show_panels"].setChecked(shown)
        self.settings = replace(self.settings, panels=shown)

    def show_navigator(self) -> None:
        self._turn(self.navigator_section)

    def show_history(self) -> None:
        self._turn(self.history_section)

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
        self.holding.finish()
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
        await self.foretelling_settle.ended()
        await self.filing.ended()
        await self.journaling.end()
        self.remembering.save()
        self.clipboard.hand_over()
        await self.engines.ended()
        await self.work.ended()
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
            files.take_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        if pack := dropped_pack(event.mimeData()):
            self.comfort.install_pack(pack)
            files.take_copy(event)
            return
        if models := dropped_models(event.mimeData()):
            self.library.add(models)
            files.take_copy(event)
            return
        at = self.canvas.mapFrom(self, event.position().toPoint()).toPointF()
        self.clipboard.drop(event.mimeData(), self.canvas.view.to_canvas(at))
        files.take_copy(event)

    # ---- making

    def _make_parts(self) -> None:
        settings = self.settings
        self.showing = Showing(self)
        self.comfort = Comfort(self)
        self.remembering = Remembering(self, self._settings_file)
        self.holding = Holding(self)
        self.running = Running(self)
        tools = self.holding.tools
        self.status = StatusLine(self.statusBar())
        self.column = Column(settings)
        self.canvas: Canvas = Canvas(self.session, tools[0])
        self.canvas.pick = next(tool for tool in tools if isinstance(tool, Pick))
        self.ants = Ants(self.canvas, self.session)
        transform = next(tool for tool in tools if isinstance(tool, Transform))
        self.transform_panel = TransformPanel(self.session, transform)
        self.settle_panel = SettlePanel(self.session, self.editing, self.running.options, settings)
        self.clipboard = Clipboard(self.canvas, self.session, self.filing, self.work)
        self.selecting = Selecting(self, self.session, settings)
        self.tool_bar: ToolBar = ToolBar(tools)
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
        self.results = Results(self.session, self.editing, self.library, self.work, settings)
        self.framing = Framing(self, self.session, self.holding.finish)
        self.layering = Layering(self.session, lambda: not self.editing.is_working)
        self.layers = LayersPanel(self.session, self.layering)
        self.session.history.limit(settings.history_budget * MEGABYTE)
        self.engine.idle_minutes = settings.idle_minutes
        self.history = HistoryPanel(self.session)
        self.live = Live(self.session, self.engine, self.work, self.running.options)
        self.foretelling, self.foretelling_settle = (
            Foretelling(self.session, self.engine, self.editing, self.work, asked)
            for asked in (self.running.asked, self.settle_panel.asked)
        )
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
        self.navigator_section = column.add(marked("Navigator"), self.navigator, opened=False)
        self.history_section = column.add(marked("History"), self.history, opened=False)
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
        self.menus = Menus(self, self.holding.tools)
        self.keys = Keys(self.menus.table, self.menus.actions, self._settings_file.with_name("keys.toml"))
        self.menus.file_chosen.connect(self.open_file)
        self.menus.sample_chosen.connect(self.filing.open_sample)
        self.menus.tool_chosen.connect(self.holding.choose_by_key)
        actions = self.menus.actions
        actions["show_panels"].setChecked(True)
        actions["show_panels"].setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.canvas.addAction(actions["show_panels"])  # elsewhere Tab moves the focus
        actions["areas.show_always"].setChecked(self.areas.eye.isChecked())
        self.layering.follow(actions)
        self.layers.follow(actions, self.menus.menus["&Layer"])
        self.comparing.show_in(actions)
        self.show_folds()
        self.showing.show_recent()

    def _mark(self) -> None:
        """What lies over the picture, the lowest first."""
        for tool in self.holding.tools:
            if isinstance(tool, Move | Transform):
                self.canvas.add_marks(tool.landing)
        for marks in (self.areas.marks, self.ants, MirrorMarks(self.canvas), self.comparing):
            self.canvas.add_marks(marks)

    # ---- the panels

    def show_panel(self, section: Section) -> None:
        if self.column.isHidden():
            self.show_panels()
        self.column.reveal(section)

    @Slot()
    def show_folds(self) -> None:
        """Which panels are open, in the menu."""
        actions = self.menus.actions
        actions["show_navigator"].setChecked(self.navigator_section.header.isChecked())
        actions["show_history"].setChecked(self.history_section.header.isChecked())

    def _turn(self, section: Section) -> None:
        """Fold a panel that is open, or show it."""
        if section.header.isChecked() and not self.column.isHidden():
            section.header.setChecked(False)
        else:
            self.show_panel(section)
        self.show_folds()


def _is_control(widget: QWidget) -> bool:
    reached = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return reached and widget.isEnabled() and widget.isVisible()
