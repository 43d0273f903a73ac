"""What the window remembers from one day to the next, and what the preferences change of it."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QObject, Slot
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QApplication

from ui import theme
from ui.history_panel import MEGABYTE
from ui.language import tr
from ui.preferences import PreferencesDialog
from ui.settings import Settings, save_settings
from ui.toolbar import remembered_in
from ui.tools import Drag

if TYPE_CHECKING:
    from ui.window import Window

log = logging.getLogger(__name__)
LOOKS = ("theme", "text_size")
LARGEST = 1440, 900  # points, of the window at its first start
ROOM = 0.9  # of the screen, at most


class Remembering(QObject):
    """Each part says what of it is remembered, by `remembered_in`."""

    def __init__(self, window: Window, file: Path) -> None:
        super().__init__(window)
        self._window, self._file = window, file

    def recall(self) -> None:
        """As it was last time."""
        window, settings = self._window, self._window.settings
        window.session.other_colour = QColor(settings.background)
        window.session.set_colour(QColor(settings.foreground))
        window.showing.show_colours()
        if not window.restoreGeometry(QByteArray.fromBase64(settings.geometry.encode())):
            screen = QGuiApplication.primaryScreen().availableSize()
            width, height = round(ROOM * screen.width()), round(ROOM * screen.height())
            window.resize(min(LARGEST[0], width), min(LARGEST[1], height))
        if not settings.panels:
            window.show_panels()
        self._move()

    def now(self) -> Settings:
        """What is to be remembered."""
        window, settings = self._window, self._window.settings
        for part in (
            window.filing,
            window.edit_panel,
            window.drag_panel,
            window.settle_panel,
            window.column,
            window.results,
            window.areas,
            window.selecting,
            window.model_panel,
            window.library,
            window.switching,
            window.engines,
        ):
            settings = part.remembered_in(settings)
        return replace(
            remembered_in(settings, window.holding.tools),
            foreground=window.session.colour.name(),
            background=window.session.other_colour.name(),
            recent_colours=tuple(QColor(*colour).name() for colour in window.colours.recent()),
            geometry=bytes(window.saveGeometry().toBase64().data()).decode(),
        )

    @Slot()
    def save(self) -> None:
        try:
            save_settings(self._file, self.now())
        except OSError as error:
            log.info("the settings could not be saved", exc_info=error)
            reason = error.strerror or str(error)
            sentence = tr("The settings cannot be saved ({reason}); free some space.")
            self._window.messages.complain(sentence.format(reason=reason))

    def show_preferences(self) -> None:
        dialog = PreferencesDialog(self._window, self.now())
        dialog.changed.connect(self.set)
        dialog.finished.connect(self.save)
        dialog.open()

    @Slot(str, object)
    def set(self, name: str, value: Any) -> None:
        """The preferences say what counts from now on."""
        window, before = self._window, self._window.settings
        settings = window.settings = replace(self.now(), **{name: value})
        if name in LOOKS and before != settings:
            self._dress()
        for part in (window.edit_panel, window.drag_panel, window.filing, window.engines):
            part.adopt(settings)
        for tool in window.holding.tools:
            if isinstance(tool, Drag):
                tool.radius = float(settings.handle_radius)
        window.session.history.limit(settings.history_budget * MEGABYTE)
        window.history.refresh()
        window.engine.idle_minutes = settings.idle_minutes
        self._move()
        window.live.look()

    def _move(self) -> None:
        """Or stand still: all that moves by itself."""
        window = self._window
        window.ants.march(not window.settings.reduced_motion)
        theme.still(window.settings.reduced_motion)

    def _dress(self) -> None:
        window, application = self._window, QApplication.instance()
        if isinstance(application, QApplication):
            theme.dress(application, window.settings.theme, window.settings.text_size)
            window.options.show_tool(window.holding.tool)  # its sign is a picture
