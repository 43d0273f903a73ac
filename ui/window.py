"""The editor's window: canvas in the middle, panels round it, and the methods that its actions name."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QByteArray, QMimeData, QPointF, Qt, Signal, SignalInstance, Slot
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPixmap,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.pictures import WRITES, PictureError, Rgba, open_picture, save_picture
from engine.types import EngineError, ModelFacts, Preview
from ui import actions, files, theme
from ui.actions import ACTIONS, BY_HAND, MENUS
from ui.apply import Ask, Candidate, Edits, Pace, accept, asked, layer_pixels, make_real, veil
from ui.canvas import Canvas
from ui.colour import Colour, ColourPanel
from ui.dialogs import AboutDialog, FileDialog, NewDialog, SaveFirstDialog, ShortcutsDialog
from ui.document import (
    Document,
    Layer,
    composite,
    document_from,
    layer_from,
    new_document,
    premultiplied,
    read,
)
from ui.icons import application_icon, icon
from ui.layers import LayersPanel, Row
from ui.panels import EditPanel, JobBar, MessageBar, VariantStrip, Welcome
from ui.pixels import image_of, rgba_of
from ui.session import Overlay, Session
from ui.settings import Settings, save_settings
from ui.thumbnails import layer_thumbnail, thumbnail
from ui.toolbar import OptionStrip, ToolBar
from ui.tools import TOOLS, Brush, Pan, Tool
from ui.widgets import Section

log = logging.getLogger(__name__)
VERSION = "0.1.0"
PAINTS = ("Brush", "Fill")  # steps that use the colour
NOTES = {"picture": "Picture", "strokes": "Guide", "result": "Result"}


class Engine(Edits, Protocol):
    """What the window needs of the engine."""

    @property
    def ready(self) -> SignalInstance: ...  # ModelFacts
    @property
    def failed(self) -> SignalInstance: ...  # a sentence

    async def close(self) -> None: ...


@dataclass(eq=False)
class Choice:
    """The results of one run, of which one is on the canvas."""

    ask: Ask
    candidates: list[Candidate]
    number: int = 0

    @property
    def candidate(self) -> Candidate:
        return self.candidates[self.number]


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
        self.path: Path | None = None  # of the picture
        self._settings_file, self._model = settings_file, model
        self._facts: ModelFacts | None = None
        self._job: asyncio.Task[None] | None = None
        self._choice: Choice | None = None
        self._pace = Pace()
        self._tasks: set[asyncio.Task[None]] = set()
        self._chosen_layer = 0
        self._pictures: dict[Layer, QPixmap] = {}
        self._is_closed = False
        self._make_parts()
        self._arrange()
        self._make_menus()
        self._make_status()
        self._listen()
        self._recall()
        self._refresh()
        self.choose_tool(0)

    # ---- files

    def new_picture(self) -> None:
        dialog = NewDialog(self, self.settings.new_width, self.settings.new_height)
        dialog.asked.connect(self._new)
        dialog.open()

    def open_picture(self) -> None:
        dialog = FileDialog(self, "Open a picture", self.settings.folder, files.open_filters())
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.open_file)
        dialog.open()

    @Slot(str)
    def open_file(self, path: str | Path) -> None:
        """Open a picture in place of this one, once that is saved or given up."""
        self._unless_unsaved("opening another picture", lambda: self._begin(self._open(Path(path))))

    def open_sample(self, path: Path) -> None:
        """A bundled painting, as strokes on a white sheet."""
        self._unless_unsaved("opening a sample", lambda: self._begin(self._open(path, as_strokes=True)))

    def save(self, then: Callable[[], object] | None = None) -> None:
        if self.path is None or self.path.suffix.lower() not in WRITES:
            self.save_as(then)
        else:
            self._begin(self._save(self.path, then))

    def save_as(self, then: Callable[[], object] | None = None) -> None:
        dialog = FileDialog(self, "Save the picture", self.settings.folder, files.save_filters())
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        if self.path is not None:
            dialog.selectFile(self.path.with_suffix(".png").name)
        dialog.fileSelected.connect(
            lambda path: self._begin(self._save(files.named(Path(path), dialog.selectedNameFilter()), then))
        )
        dialog.open()

    # ---- editing

    def undo(self) -> None:
        """Take the last step back; a result that waits to be chosen is the last step."""
        if self._choice is not None:
            self.discard()
        elif self._job is None:
            self.session.undo()

    def redo(self) -> None:
        if not self.is_working:
            self.session.redo()

    def copy(self) -> None:
        document = self.session.document
        QApplication.clipboard().setImage(image_of(composite(document, document.rect)).copy())
        self.messages.tell("The picture is on the clipboard.")

    def paste(self) -> None:
        """What is on the clipboard as a layer in the middle, to be made real like strokes."""
        rgba = self._pasted()
        if rgba is None or self.is_working:
            return
        document = self.session.document
        height, width = min(rgba.shape[0], document.height), min(rgba.shape[1], document.width)
        top, left = (rgba.shape[0] - height) // 2, (rgba.shape[1] - width) // 2
        piece = rgba[top : top + height, left : left + width]
        layer = layer_from(
            piece, "Pasted", "strokes", (document.width - width) // 2, (document.height - height) // 2
        )
        self.session.commit("Paste", lambda now: now.with_layer(layer))
        if piece.shape != rgba.shape:
            self.messages.tell("The pasted picture is larger than this one; only its middle was taken.")

    def paste_as_new(self) -> None:
        rgba = self._pasted()
        if rgba is not None:
            self._unless_unsaved("pasting a new one", lambda: self._show(document_from(rgba, "Pasted"), None))

    def make_it_real(self) -> None:
        """Start an edit of what is on the canvas; a result that was not applied gives way to it."""
        if self._job is not None or self.session.is_busy:
            return
        if self._facts is None:
            self.messages.tell("The model is still getting ready; one moment.")
            return
        if not self.edit_panel.lock.isChecked():
            self.edit_panel.roll()
        try:
            ask = asked(self.session.document, replace(self.edit_panel.options(), model=self._model))
        except EngineError as error:
            self.messages.complain(str(error))
            return
        self.messages.hide()
        self._choice = Choice(ask, [])
        self._pace = Pace()
        self._job = self._begin(self._edit(ask))
        self.job_bar.show_progress(0.0, "starting\N{HORIZONTAL ELLIPSIS}")
        self._refresh()

    def stop(self) -> None:
        """Stop within one network call; what was seen last can be applied."""
        if self._job is not None:
            self._job.cancel()

    def apply_result(self) -> None:
        if self._choice is None or self._job is not None:
            return
        choice, self._choice = self._choice, None
        ask, candidate = choice.ask, choice.candidate
        self.session.commit("Make it real", lambda document: accept(document, ask, candidate))
        self.session.preview(None)
        self._refresh()

    def discard(self) -> None:
        if self._choice is not None and self._job is None:
            self._choice = None
            self.session.preview(None)
            self._refresh()

    def step_back(self) -> None:
        """Escape: the stroke under way, else the edit, else the result, else the message."""
        if self.canvas.cancel_gesture():
            return
        if self._job is not None:
            self.stop()
        elif self._choice is not None:
            self.discard()
        else:
            self.messages.hide()

    def next_variant(self) -> None:
        self.turn_variants(1)

    def previous_variant(self) -> None:
        self.turn_variants(-1)

    @Slot(int)
    def turn_variants(self, by: int) -> None:
        if self._choice is not None and self._job is None:
            self.choose_variant((self._choice.number + by) % len(self._choice.candidates))

    @Slot(int)
    def choose_variant(self, number: int) -> None:
        if self._choice is None or self._job is not None:
            return
        self._choice.number = number
        candidate = self._choice.candidate
        pixels = premultiplied(layer_pixels(self._choice.ask, candidate))
        self.session.preview(Overlay(self._choice.ask.at, pixels))
        self.variants.choose(number)
        self.job_bar.show_choice(number, len(self._choice.candidates))

    @property
    def is_working(self) -> bool:
        """Whether an edit runs or its result waits to be chosen."""
        return self._job is not None or self._choice is not None

    # ---- colours and tools

    def swap_colours(self) -> None:
        self.session.swap_colours()

    def default_colours(self) -> None:
        self.session.other_colour = QColor("white")
        self.session.set_colour(QColor("black"))
        self._show_colours()

    def larger(self) -> None:
        self._resize_tool(1)

    def smaller(self) -> None:
        self._resize_tool(-1)

    @Slot(int)
    def choose_tool(self, number: int) -> None:
        self.tool_bar.choose(number)
        self.options.show_tool(self.tools[number])
        self._tool = self.tools[number]
        self.canvas.set_tool(self._hand if self.is_working else self._tool)

    # ---- layers

    def add_layer(self) -> None:
        if not self.is_working:
            count = sum(layer.kind == "strokes" for layer in self.session.document.layers) + 1
            self.session.commit(
                "New layer", lambda document: document.with_layer(Layer(f"Strokes {count}", "strokes"))
            )

    def delete_layer(self) -> None:
        self._delete_layer(self._chosen_layer)

    def layer_up(self) -> None:
        self._move_layer(self._chosen_layer, self._chosen_layer + 1)

    def layer_down(self) -> None:
        self._move_layer(self._chosen_layer, self._chosen_layer - 1)

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
        self._actions["show_panels"].setChecked(shown)
        self.settings = replace(self.settings, panels=shown)

    def show_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
        self._actions["show_full_screen"].setChecked(self.isFullScreen())

    def show_shortcuts(self) -> None:
        tools = [(tool.name, tool.shortcut) for tool in self.tools]
        groups = [
            (
                menu.replace("&", ""),
                [(action.plain, action.key) for action in actions.in_menu(menu) if action.keys],
            )
            for menu in MENUS
        ]
        ShortcutsDialog(self, [("Tools", tools), *groups, ("On the canvas", BY_HAND)]).open()

    def show_about(self) -> None:
        AboutDialog(self, VERSION, self._engine_state.text()).open()

    # ---- closing

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close only when nothing is lost and the engine has ended; until then stay."""
        if self._is_closed:
            event.accept()
            return
        event.ignore()
        self._unless_unsaved("closing", lambda: self._begin(self.shut_down()))

    async def shut_down(self) -> None:
        """Stop the edit, save the settings, end the engine, and close. Unsaved changes are given up."""
        if self._is_closed:
            return
        if self._job is not None:
            self._job.cancel()
            await asyncio.wait([self._job])
        try:
            save_settings(self._settings_file, self._settings_now())
        except OSError as error:
            log.warning("The settings could not be saved: %s", error)
        await self.engine.close()
        self._is_closed = True
        self.close()
        self.closed.emit()

    # ---- what Qt tells

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.canvas.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Backslash and not event.isAutoRepeat():
            self.session.compare(True)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Backslash and not event.isAutoRepeat():
            self.session.compare(False)
        else:
            super().keyReleaseEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if files.holds_picture(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = files.dropped_file(event.mimeData())
        if path is not None:
            self.open_file(path)
        else:
            rgba = self._picture_in(event.mimeData())
            if rgba is not None:
                self._unless_unsaved("opening another picture", lambda: self._show(document_from(rgba), None))
        event.acceptProposedAction()

    # ---- making

    def _make_parts(self) -> None:
        settings = self.settings
        self.tools: list[Tool] = [kind() for kind in TOOLS]
        for tool in self.tools:
            if isinstance(tool, Brush) and tool.name == "Brush":
                tool.size, tool.pressure_size = float(settings.brush_size), settings.pen_pressure
                tool.hardness, tool.opacity = settings.brush_hardness / 100, settings.brush_opacity / 100
            elif isinstance(tool, Brush):
                tool.size = float(settings.eraser_size)
        self._tool = self.tools[0]
        self._hand: Tool = Pan()
        self.canvas: Canvas = Canvas(self.session, self._tool)
        self.tool_bar: ToolBar = ToolBar(self.tools)
        self.options: OptionStrip = OptionStrip()
        recent = [QColor(text) for text in settings.recent_colours]
        self.colours = ColourPanel([_parts(colour) for colour in recent if colour.isValid()])
        self.edit_panel = EditPanel(settings)
        self.variants = VariantStrip()
        self.layers = LayersPanel()
        self.job_bar = JobBar(self.canvas)
        self.messages = MessageBar(self.canvas)
        self.welcome = Welcome(self.canvas, files.samples())

    def _arrange(self) -> None:
        self.setWindowIcon(application_icon())
        self.setAcceptDrops(True)
        self.variants_section = Section("Variants", self.variants)
        panels = QWidget()
        column = QVBoxLayout(panels)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Section("Make it real", self.edit_panel))
        column.addWidget(self.variants_section)
        column.addWidget(Section("Colour", self.colours))
        column.addWidget(Section("Layers", self.layers), 1)
        self.column = QScrollArea()
        self.column.setObjectName("column")
        self.column.setFrameShape(QFrame.Shape.NoFrame)
        self.column.setWidgetResizable(True)
        self.column.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.column.setFixedWidth(theme.PANEL_WIDTH)
        self.column.setWidget(panels)
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.options)
        middle.addWidget(self.canvas, 1)
        centre = QWidget()
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.tool_bar)
        row.addLayout(middle, 1)
        row.addWidget(self.column)
        self.setCentralWidget(centre)
        self.setMinimumSize(900, 600)

    def _make_menus(self) -> None:
        self._actions: dict[str, QAction] = {}
        menus = {title: self.menuBar().addMenu(title) for title in MENUS}
        for each in ACTIONS:
            menu = menus[each.menu]
            if each.text == "recent":
                self._recent_menu = menu.addMenu("Open &recent")
            elif each.text == "samples":
                self._fill_samples(menu.addMenu("S&troke paintings"))
            elif not each.name:
                menu.addSeparator()
            else:
                action = menu.addAction(each.text)
                if each.icon:
                    action.setIcon(icon(each.icon))
                action.setShortcuts([QKeySequence(key) for key in each.keys])
                action.setCheckable(each.checkable)
                method: Callable[[], object] = getattr(self, each.name)
                action.triggered.connect(lambda checked=False, method=method: method())
                self._actions[each.name] = action
        self._actions["show_panels"].setChecked(True)
        self._actions["show_panels"].setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.canvas.addAction(self._actions["show_panels"])  # elsewhere Tab moves the focus
        for number, tool in enumerate(self.tools):
            action = QAction(tool.name, self)
            action.setShortcut(QKeySequence(tool.shortcut))
            action.setData(number)
            action.triggered.connect(self._tool_key)
            self.addAction(action)
        self._fill_recent()

    def _make_status(self) -> None:
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        self._hint = QLabel()
        self._zoom, self._size, self._engine_state = QLabel(), QLabel(), QLabel()
        self._engine_state.setText("Getting the model ready\N{HORIZONTAL ELLIPSIS}")
        offline = QLabel("Offline")
        offline.setObjectName("badge")
        offline.setToolTip("Everything happens on this computer; Driftpaint does not use the network")
        bar.addWidget(self._hint, 1)
        for label in (self._size, self._zoom, self._engine_state, offline):
            bar.addPermanentWidget(label)

    def _listen(self) -> None:
        session, panel, bar = self.session, self.edit_panel, self.job_bar
        session.committed.connect(self._refresh)
        session.replaced.connect(self._refresh)
        session.colour_changed.connect(self._show_colours)
        session.said.connect(self.messages.tell)
        self.canvas.zoom_changed.connect(self._show_zoom)
        self.canvas.hovered.connect(self._show_place)
        self.tool_bar.chosen.connect(self.choose_tool)
        self.tool_bar.swatches.swap.connect(self.swap_colours)
        self.options.changed.connect(self.canvas.update)
        self.colours.picked.connect(self._colour_picked)
        panel.run.connect(self.make_it_real)
        panel.stop.connect(self.stop)
        bar.stop.connect(self.stop)
        bar.apply.connect(self.apply_result)
        bar.discard.connect(self.discard)
        bar.again.connect(self.make_it_real)
        bar.turn.connect(self.turn_variants)
        bar.original.connect(session.compare)
        self.variants.chosen.connect(self.choose_variant)
        self.layers.chosen.connect(self._choose_layer)
        self.layers.shown.connect(self._show_layer)
        self.layers.faded.connect(self._fade_layer)
        self.layers.renamed.connect(self._rename_layer)
        self.layers.moved.connect(self._move_layer)
        self.layers.added.connect(self.add_layer)
        self.layers.deleted.connect(self._delete_layer)
        self.welcome.open.connect(self.open_picture)
        self.welcome.sample.connect(self.open_sample)
        self.engine.ready.connect(self._engine_ready)
        self.engine.failed.connect(self._engine_failed)

    def _recall(self) -> None:
        """As it was last time."""
        settings = self.settings
        self.session.other_colour = QColor(settings.background)
        self.session.set_colour(QColor(settings.foreground))
        self._show_colours()
        if not self.restoreGeometry(QByteArray.fromBase64(settings.geometry.encode())):
            room = QGuiApplication.primaryScreen().availableSize()
            self.resize(min(1440, round(room.width() * 0.9)), min(900, round(room.height() * 0.9)))
        if not settings.panels:
            self.show_panels()

    def _settings_now(self) -> Settings:
        brush, eraser = self.tools[0], self.tools[1]
        options = self.edit_panel.options()
        settings = replace(
            self.settings,
            strength=round(options.strength * 100),
            steps=options.steps,
            variants=options.variants,
            seed=options.seed,
            seed_locked=self.edit_panel.lock.isChecked(),
            area=options.area,
            grow=options.grow,
            feather=options.feather,
            foreground=self.session.colour.name(),
            background=self.session.other_colour.name(),
            recent_colours=tuple(QColor(*colour).name() for colour in self.colours.recent()),
            geometry=bytes(self.saveGeometry().toBase64().data()).decode(),
        )
        if isinstance(brush, Brush) and isinstance(eraser, Brush):
            settings = replace(
                settings,
                brush_size=round(brush.size),
                brush_hardness=round(brush.hardness * 100),
                brush_opacity=round(brush.opacity * 100),
                pen_pressure=brush.pressure_size,
                eraser_size=round(eraser.size),
            )
        return settings

    # ---- work that takes time

    def _begin(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Run a coroutine to its end, and tell what goes wrong: the border of every action."""
        task = asyncio.ensure_future(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guarded(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except (EngineError, PictureError) as error:
            self.messages.complain(str(error))
        except Exception as error:
            log.exception("an action failed")
            self.messages.complain(f"That did not work ({error}); nothing was lost. Please try again.")

    async def _edit(self, ask: Ask) -> None:
        try:
            await make_real(self.engine, ask, self._seen, self._found)
        except asyncio.CancelledError:
            pass  # Stop: what was found until then can be chosen
        finally:
            self._job = None
            if self._choice is not None and self._choice.candidates:
                self.choose_variant(len(self._choice.candidates) - 1 if self._stopped() else 0)
            else:
                self._choice = None
                self.session.preview(None)
            self._refresh()

    def _stopped(self) -> bool:
        return self._choice is not None and not self._choice.candidates[-1].finished

    def _seen(self, preview: Preview) -> None:
        if self._choice is None:
            return
        ask = self._choice.ask
        self.session.preview(Overlay(ask.at, premultiplied(veil(ask, preview.image))))
        left = self._pace.left(preview, time.monotonic())
        self.job_bar.show_progress(preview.call / preview.calls, _progress(preview, ask, left))

    def _found(self, candidate: Candidate) -> None:
        if self._choice is not None:
            self._choice.candidates.append(candidate)
            self._show_variants()

    async def _open(self, path: Path, as_strokes: bool = False) -> None:
        picture = await asyncio.to_thread(open_picture, path)
        if as_strokes:
            height, width = picture.rgba.shape[:2]
            sheet = new_document(width, height, (255, 255, 255, 255))
            self._show(sheet.with_layer(layer_from(picture.rgba, "Strokes", "strokes")), None)
            return
        self._show(document_from(picture.rgba, path.stem), path)
        self._remember(path)
        if picture.notes:
            self.messages.tell(" ".join(picture.notes))

    async def _save(self, path: Path, then: Callable[[], object] | None = None) -> None:
        document = self.session.document
        await asyncio.to_thread(_write, path, document)  # the document is a value: painting may go on
        self.path = path
        self._remember(path)
        if self.session.document is document:
            self.session.mark_saved()
        self._refresh()
        self.messages.tell(f"Saved as {path.name}.")
        if then is not None:
            then()

    # ---- files, more

    def _new(self, width: int, height: int, white: bool) -> None:
        self.settings = replace(self.settings, new_width=width, new_height=height)
        document = new_document(width, height, (255, 255, 255, 255) if white else None)
        self._unless_unsaved("starting a new picture", lambda: self._show(document, None))

    def _show(self, document: Document, path: Path | None) -> None:
        """Another document, from the start."""
        if self._job is not None:
            self._choice = None
            self._job.cancel()
        self._choice = None
        self.path = path
        self.messages.hide()
        self.session.open(document)
        self.canvas.setFocus()

    def _unless_unsaved(self, action: str, then: Callable[[], object]) -> None:
        """Do it at once if nothing would be lost, else ask first."""
        if not self.session.is_modified:
            then()
            return
        dialog = SaveFirstDialog(self, files.title_of(self.path), action)
        dialog.save.connect(lambda: self.save(then))
        dialog.discard.connect(then)
        dialog.open()

    def _pasted(self) -> Rgba | None:
        return self._picture_in(QApplication.clipboard().mimeData())

    def _picture_in(self, mime: QMimeData) -> Rgba | None:
        """The picture of the clipboard or of a drop; None, and a message, if there is none."""
        path = files.dropped_file(mime)
        try:
            if path is not None:
                return open_picture(path).rgba
            if not mime.hasImage():
                raise PictureError("There is no picture on the clipboard; copy one first.")
            return rgba_of(mime.imageData())
        except PictureError as error:
            self.messages.complain(str(error))
            return None

    def _remember(self, path: Path) -> None:
        recent = files.remembered(self.settings.recent_files, path)
        self.settings = replace(self.settings, recent_files=recent, folder=str(path.absolute().parent))
        self._fill_recent()

    def _fill_recent(self) -> None:
        self._recent_menu.clear()
        self._recent_menu.setEnabled(bool(self.settings.recent_files))
        for name in self.settings.recent_files:
            action = self._recent_menu.addAction(Path(name).name)
            action.setToolTip(name)
            action.triggered.connect(lambda checked=False, name=name: self.open_file(name))

    def _fill_samples(self, menu: QMenu) -> None:
        for name, path in files.samples():
            menu.addAction(name).triggered.connect(lambda checked=False, path=path: self.open_sample(path))
        menu.setEnabled(bool(menu.actions()))

    # ---- showing what is

    @Slot()
    def _refresh(self) -> None:
        """Let every part show the state of document, history and edit."""
        history, document = self.session.history, self.session.document
        running, working = self._job is not None, self.is_working
        name = files.title_of(self.path)
        self.setWindowTitle(f"{name}[*] \N{EM DASH} Driftpaint")
        self.setWindowModified(self.session.is_modified)
        self._size.setText(f"{document.width} \N{MULTIPLICATION SIGN} {document.height}")
        for action, label in (("undo", history.undo_label), ("redo", history.redo_label)):
            text = actions.named(action).text
            self._actions[action].setText(f"{text} {label.lower()}" if label else text)
        self._actions["undo"].setEnabled(
            not running and (self._choice is not None or bool(history.undo_label))
        )
        self._actions["redo"].setEnabled(not working and bool(history.redo_label))
        choosing = working and not running
        several = choosing and self._choice is not None and len(self._choice.candidates) > 1
        self._actions["apply_result"].setEnabled(choosing)
        self._actions["next_variant"].setEnabled(several)
        self._actions["previous_variant"].setEnabled(several)
        self._actions["make_it_real"].setEnabled(not running and self._facts is not None)
        self.edit_panel.show_state(running, self._facts is not None)
        if not working:
            self.job_bar.hide()
        wanted = self._hand if working else self._tool
        if self.canvas.tool is not wanted:  # this may be called from inside a gesture, which goes on
            self.canvas.set_tool(wanted)
        if history.undo_label in PAINTS and not history.redo_label:
            self.colours.remember(_parts(self.session.colour))
        self.tool_bar.setEnabled(not working)
        self.options.setEnabled(not working)
        self.layers.setEnabled(not working)
        self.welcome.setVisible(not history.undo_label and self.path is None and _is_empty(document))
        self._show_variants()
        self._show_layers()
        self._show_zoom()

    def _show_variants(self) -> None:
        choice = self._choice
        count = len(choice.candidates) if choice else 0
        self.variants_section.setVisible(count > 1)
        if choice is not None and count:
            ratio = self.devicePixelRatioF()
            side = self.variants.SIDE
            pictures = [thumbnail(candidate.image, side, ratio) for candidate in choice.candidates]
            self.variants.show_variants(pictures, choice.number)

    def _show_layers(self) -> None:
        document, ratio = self.session.document, self.devicePixelRatioF()
        top = len(document.layers) - 1
        if len(document.layers) > len(self._pictures):  # a new layer is what one wants to go on with
            self._chosen_layer = top
        self._chosen_layer = max(min(self._chosen_layer, top), 0)
        self._pictures = {
            layer: self._pictures.get(layer) or layer_thumbnail(document, layer, 32, ratio)
            for layer in document.layers
        }
        rows = [
            Row(layer.name, layer.visible, layer.opacity, NOTES[layer.kind], self._pictures[layer])
            for layer in document.layers
        ]
        self.layers.show_layers(rows, self._chosen_layer)

    @Slot()
    def _show_zoom(self) -> None:
        self._zoom.setText(f"{self.canvas.view.zoom:.0%}".replace("%", " %"))

    @Slot(object)
    def _show_place(self, at: QPointF | None) -> None:
        self._hint.setText("" if at is None else f"{math.floor(at.x())}, {math.floor(at.y())}")

    @Slot()
    def _show_colours(self) -> None:
        colour, other = _parts(self.session.colour), _parts(self.session.other_colour)
        self.colours.set_colour(colour)
        self.tool_bar.swatches.set_colours(colour, other)

    @Slot(object)
    def _colour_picked(self, colour: Colour) -> None:
        self.session.set_colour(QColor(*colour))

    @Slot(object)
    def _engine_ready(self, facts: ModelFacts) -> None:
        self._facts = facts
        self._engine_state.setText(f"{facts.name.capitalize()} model on {facts.device.upper()}")
        self._engine_state.setToolTip(f"{facts.dtype}, loaded in {facts.load_seconds:.1f} s")
        self._refresh()

    @Slot(str)
    def _engine_failed(self, sentence: str) -> None:
        self._engine_state.setText("No model")
        self.messages.complain(sentence)

    @Slot()
    def _tool_key(self) -> None:
        action = self.sender()
        if isinstance(action, QAction) and not self.is_working:
            self.choose_tool(action.data())

    def _resize_tool(self, steps: int) -> None:
        slider = self.options.sliders["size"]
        if not slider.isHidden():
            slider.step(steps)

    # ---- layers, more

    @Slot(int)
    def _choose_layer(self, number: int) -> None:
        self._chosen_layer = number
        self._show_layers()

    @Slot(int, bool)
    def _show_layer(self, number: int, visible: bool) -> None:
        self._change_layer("Show layer" if visible else "Hide layer", number, visible=visible)

    @Slot(int, float)
    def _fade_layer(self, number: int, opacity: float) -> None:
        self._change_layer("Layer opacity", number, opacity=opacity)

    @Slot(int, str)
    def _rename_layer(self, number: int, name: str) -> None:
        self._change_layer("Rename layer", number, name=name or self.session.document.layers[number].name)

    def _change_layer(self, label: str, number: int, **change: str | float | bool) -> None:
        layer = self.session.document.layers[number]
        if any(getattr(layer, field) != value for field, value in change.items()):
            changed = replace(layer, **change)  # type: ignore[arg-type]  # each caller names a field and its type
            self.session.commit(label, lambda document: document.exchange(layer, changed))

    @Slot(int, int)
    def _move_layer(self, number: int, to: int) -> None:
        layers = self.session.document.layers
        if not self.is_working and 0 <= to < len(layers):
            layer = layers[number]
            self._chosen_layer = to
            self.session.commit("Move layer", lambda document: document.moved(layer, to))

    @Slot(int)
    def _delete_layer(self, number: int) -> None:
        layers = self.session.document.layers
        if not self.is_working and len(layers) > 1:
            layer = layers[number]
            self.session.commit("Delete layer", lambda document: document.without(layer))


def _parts(colour: QColor) -> Colour:
    return colour.red(), colour.green(), colour.blue()


def _progress(preview: Preview, ask: Ask, left: float | None) -> str:
    steps = preview.calls // ask.request.variants
    text = f"step {(preview.call - 1) % steps + 1} of {steps}"
    if ask.request.variants > 1:
        text = f"variant {preview.variant + 1} of {ask.request.variants} \N{MIDDLE DOT} {text}"
    return text if left is None else f"{text} \N{MIDDLE DOT} {max(1, round(left))} s left"


def _is_empty(document: Document) -> bool:
    return all(layer.kind == "picture" and layer.name == "Background" for layer in document.layers)


def _write(path: Path, document: Document) -> None:
    save_picture(path, read(document, document.rect))
