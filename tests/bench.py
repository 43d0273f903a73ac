"""The whole window with its engine, for tests that use the program as a person does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from qasync import QEventLoop

from engine.types import ModelFacts
from engine.worker import Engine
from main import VERSION
from ui.document import new_document, read
from ui.prompts import Words
from ui.session import Session
from ui.settings import Settings
from ui.window import Window

WHITE = (255, 255, 255, 255)


def scenario(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that runs inside the event loop from its first line to its last, as a user's session does. Only
    so it has a window.
    """

    @wraps(test)
    def run(bench: Bench, **fixtures: Any) -> None:
        bench.run(test(bench, **fixtures))

    return run


class Bench:
    """A window with its engine, from its first moment to its last in one run of the event loop: what the
    window begins by itself cannot go on where no loop runs.
    """

    def __init__(self, loop: QEventLoop, folder: Path, settings: Settings) -> None:
        self.loop, self.folder, self._settings = loop, folder, settings
        self.settings_file = folder / "settings.toml"

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(self._with_window(work))

    async def _with_window(self, work: Coroutine[Any, Any, None]) -> None:
        self.engine = Engine("cpu", VERSION)
        self.session = Session(new_document(96, 64, WHITE))
        self.window = Window(self.session, self.engine, self._settings, self.settings_file, model="toy")
        self.window.resize(1280, 800)
        self.window.show()
        try:
            await self.until(self.window.windowHandle().isExposed)
            await asyncio.wait_for(work, 60)
        finally:
            await asyncio.wait_for(self.window.shut_down(), 60)
            self.window.deleteLater()

    async def drawn(self) -> None:
        """Until Qt has laid out and painted what has changed."""
        await asyncio.sleep(0)

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():  # noqa: ASYNC110  # any widget's state, which has no event to wait for
            await asyncio.sleep(0.005)

    async def start_engine(self) -> None:
        self.engine.start("toy")
        await self.until(self.window.edit_panel.main.isEnabled)

    def speak_to(self, *vocabulary: str) -> Words:
        """As if the model took words, of a vocabulary or any."""
        told = ModelFacts("toy", "cpu", "float32", 0.0, vocabulary, takes_words=True)
        self.engine.ready.emit(told)
        return self.window.model_panel.words

    async def begin_long_edit(self) -> None:
        """Make a stroke real; it is under way, and its first preview is seen."""
        await self.start_engine()
        self.stroke()
        self.window.edit_panel.steps.set_value(200)
        self.window.edit_panel.variants.set_value(8)
        self.click(self.window.edit_panel.main)
        await self.until(lambda: self.session.overlay is not None)

    async def finish(self) -> None:
        await self.until(lambda: not self.window.editing.is_running)

    async def open(self, path: Path) -> None:
        self.window.open_file(path)
        await self.until(lambda: self.window.filing.path == path)

    def stroke(self, start: tuple[int, int] = (20, 30), end: tuple[int, int] = (70, 30)) -> None:
        """Drag the left button over the canvas, from canvas pixel to canvas pixel."""
        canvas = self.window.canvas
        a, b = (canvas.view.transform.map(QPointF(*at)).toPoint() for at in (start, end))
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=a)
        QTest.mouseMove(canvas, (a + b) / 2)
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=b)

    def drop(self, path: Path) -> None:
        """As from a file manager."""
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
        rest = (actions, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        enter = QDragEnterEvent(QPoint(300, 300), *rest)
        enter.setDropAction(Qt.DropAction.MoveAction)
        self.window.dragEnterEvent(enter)
        assert enter.isAccepted()
        event = QDropEvent(QPointF(300, 300), *rest)
        event.setDropAction(Qt.DropAction.MoveAction)
        self.window.dropEvent(event)
        assert event.dropAction() == Qt.DropAction.CopyAction, "the other program may delete what was moved"

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.window, key, modifier)

    def click(self, widget: QWidget) -> None:
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    def picture(self) -> NDArray[np.uint8]:
        document = self.session.document
        return read(document, document.rect)

    @property
    def kinds(self) -> list[str]:
        return [layer.kind for layer in self.session.document.layers]
