"""Starts the editor: application, settings, session and window on one event loop, and the engine after the
window.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from ui import theme
from ui.document import new_document
from ui.icons import application_icon
from ui.language import speak, tr
from ui.session import Session
from ui.settings import load_settings, settings_file
from ui.window import Engine, Window

os.environ.setdefault("QT_API", "pyside6")  # qasync asks for it

log = logging.getLogger(__name__)

COLLECTION = 5000  # milliseconds
FIRST_PAINT = 150  # milliseconds: torch's import makes the window stutter, so it is painted before


class Application(QApplication):
    file_wanted = Signal(str)  # macOS tells of a file that was double-clicked, or dropped on the icon

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent):
            self.file_wanted.emit(event.file())
            return True
        return super().event(event)


class StartableEngine(Engine, Protocol):
    def start(self, model: str = "starter") -> None: ...


def run(
    make_engine: Callable[[], StartableEngine], paths: Sequence[str], version: str, crash: Path | None
) -> int:
    """Open the editor, with the first of `paths` in it; returns when its window is closed. `crash` is the
    report of what ended the one before.
    """
    import qasync  # here and in one fixture of the tests only, so that it can be replaced

    file = settings_file()
    settings = load_settings(file)
    if settings.interface_scale != 100:
        os.environ.setdefault("QT_SCALE_FACTOR", str(settings.interface_scale / 100))
    application = Application(sys.argv[:1])
    application.setApplicationName("Driftpaint")
    application.setApplicationVersion(version)
    application.setDesktopFileName("driftpaint")
    application.setQuitOnLastWindowClosed(False)  # the engine ends first
    speak(application, settings.language)
    theme.dress(application, settings.theme, settings.text_size)

    loop = qasync.QEventLoop(application)
    asyncio.set_event_loop(loop)
    size = settings.new_width, settings.new_height
    session = Session(new_document(*size, (255, 255, 255, 255), tr("Background")))
    engine = make_engine()
    window = Window(session, engine, settings, file, settings.model)
    window.closed.connect(loop.stop)
    application.file_wanted.connect(window.open_file)
    window.show()
    application.setWindowIcon(application_icon())
    QTimer.singleShot(FIRST_PAINT, lambda: engine.start(settings.model))
    gc.disable()  # it would run on any thread, and Qt's objects must be deleted on this one
    collector = QTimer(interval=COLLECTION)
    collector.timeout.connect(gc.collect)
    collector.start()
    if settings.start_page and not paths:
        window.comfort.show_start()
        window.pages.currentChanged.connect(window.comfort.offer_tour)
    else:
        window.comfort.offer_tour()
    window.recovery.offer()
    if crash:
        log.error("the program before crashed: %s", crash)
        window.messages.tell(tr("Driftpaint crashed last time; Help > Diagnostics has a report."))
    if paths:
        window.open_file(paths[0])
    with loop:
        loop.run_forever()
    return 0
