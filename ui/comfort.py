"""What helps a user along and is no picture: start page, palette of commands, keys, manual, tour, about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_log_path
from PySide6.QtCore import QCoreApplication, QObject, Slot

from engine.types import Equipment
from ui.commands import RECENT, CommandsDialog
from ui.diagnostics import Diagnostics
from ui.dialogs import AboutDialog
from ui.engine_dialog import EngineDialog
from ui.engine_notice import PackNotice
from ui.language import tr
from ui.manual import Manual
from ui.models_dialog import ModelsDialog
from ui.shortcuts import ShortcutsDialog
from ui.tasks import Task
from ui.tour import Step, Tour

if TYPE_CHECKING:
    from ui.window import Window


class Comfort(QObject):
    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window

    def search_commands(self) -> None:
        window = self._window
        dialog = CommandsDialog(window, window.menus.commands(), window.settings.recent_commands)
        dialog.ran.connect(self._remember)
        dialog.open()

    def show_start(self) -> None:
        """Instead of the picture, which stays as it is; Escape leads back to it."""
        window = self._window
        window.start.show_recent(window.filing.recent)
        window.pages.setCurrentWidget(window.start)
        window.showing.show_hint()
        window.start.setFocus()

    def close_picture(self) -> None:
        """Back to the start page, with nothing behind it but an empty sheet."""
        self._window.holding.finish()
        self._window.filing.close(self.show_start)

    @Slot()
    def leave_start(self) -> None:
        window = self._window
        window.pages.setCurrentIndex(0)
        window.showing.show_hint()
        window.canvas.setFocus()

    @property
    def is_starting(self) -> bool:
        return self._window.pages.currentWidget() is self._window.start

    @Slot(object)
    def begin(self, task: Task) -> None:
        """Its sample, its tool, and what comes first."""
        window = self._window

        def begun() -> None:
            names = [tool.name for tool in window.holding.tools]
            window.holding.choose(names.index(task.tool) if task.tool in names else 0)
            window.messages.tell(tr(task.first_step))

        window.filing.begin(task.document, begun)

    def show_manual(self) -> None:
        window = self._window
        Manual(window, window.settings.language, window.menus.table, window.keys).show()

    @Slot()
    def show_models(self) -> None:
        """It stays open beside the work, and is there once."""
        window = self._window
        dialog = window.findChild(ModelsDialog) or ModelsDialog(
            window, window.library, window.switching, window.network
        )
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    @Slot()
    def show_engine(self) -> None:
        """Beside the work, too."""
        window = self._window
        dialog = window.findChild(EngineDialog) or EngineDialog(window, window.engines)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def install_pack(self, path: Path) -> None:
        self.show_engine()
        self._window.engines.install(path)

    @Slot(object)
    def offer_pack(self, has: Equipment) -> None:
        """Once; what a crash has left comes first."""
        window = self._window
        if window.recovery.card is None:
            notice = PackNotice(has)
            notice.asked.connect(self.show_engine)
            notice.answered.connect(window.engines.answered)
            notice.answered.connect(window.remembering.save)
            window.offer(notice)

    @Slot(str)
    def complain_of_engine(self, sentence: str) -> None:
        """Where it is seen."""
        if self._window.findChild(EngineDialog) is None:
            self._window.messages.complain(sentence)

    def show_shortcuts(self) -> None:
        ShortcutsDialog(self._window, self._window.menus.table, self._window.keys).open()

    def show_diagnostics(self) -> None:
        window = self._window
        dialog = Diagnostics(window, user_log_path("driftpaint", appauthor=False))
        window.work.begin(dialog.show_report(window.engine.diagnosis()))

    def show_about(self) -> None:
        version = QCoreApplication.applicationVersion()
        AboutDialog(self._window, version, self._window.status.engine.text()).open()

    @Slot()
    def offer_tour(self) -> None:
        """For whoever sees the picture and its tools for the first time."""
        if not (self.is_starting or self._window.settings.tour_seen or self._window.findChild(Tour)):
            self.show_tour()

    def show_tour(self) -> None:
        window = self._window
        window.pages.setCurrentIndex(0)
        if window.column.isHidden():
            window.show_panels()
        main = window.drag_panel.main if window.holding.drags else window.edit_panel.main
        steps = (
            Step(
                window.tool_bar,
                tr("Say what you want"),
                tr("Paint in rough strokes, paste a piece, or pull a thing to another place."),
            ),
            Step(
                main,
                tr("Make it real"),
                tr(
                    "This starts the model on your computer. {key} stops it; your strokes are never lost."
                ).format(key=window.keys.shown("step_back") or tr("Stop")),
            ),
            Step(
                window.layers,
                tr("Keep what you like"),
                tr(
                    "A result becomes a layer of its own, and all can be undone. {key} finds the rest."
                ).format(key=window.keys.shown("comfort.search_commands") or tr("Search commands")),
            ),
        )
        Tour(window, steps).ended.connect(self._tour_seen)

    @Slot()
    def _tour_seen(self) -> None:
        self._window.settings = replace(self._window.settings, tour_seen=True)
        self._window.canvas.setFocus()

    @Slot(str)
    def _remember(self, name: str) -> None:
        """The commands that were searched for last, the newest first."""
        settings = self._window.settings
        last = [name, *(other for other in settings.recent_commands if other != name)]
        self._window.settings = replace(settings, recent_commands=tuple(last[:RECENT]))
