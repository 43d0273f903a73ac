"""Work that takes time: coroutines that are begun by an action, and the border at which their errors end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine

from PySide6.QtCore import QObject, Signal

from engine.pictures import PictureError
from engine.types import EngineError
from ui.language import tr

log = logging.getLogger(__name__)


class Work(QObject):
    failed = Signal(str)  # one sentence

    def __init__(self) -> None:
        super().__init__()
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Run a coroutine to its end; whatever goes wrong in it becomes a sentence."""
        task = asyncio.ensure_future(self._guarded(work))
        self._tasks.add(task)  # nobody else keeps it
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda task: work.close())  # it never ran if it was cancelled at once
        return task

    async def _guarded(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except (EngineError, PictureError) as error:
            self.failed.emit(str(error))
        except Exception as error:
            log.exception("an action failed")
            told = tr("That did not work ({error}); nothing was lost. Please try again.")
            self.failed.emit(told.format(error=error))
