"""Work that takes time: coroutines that are begun by an action, and the border at which their errors end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Generator
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from engine.pictures import PictureError
from engine.types import EngineError
from ui.language import tr

log = logging.getLogger(__name__)
T = TypeVar("T")
Told = float | str  # how far it is, 0 ... 1, or a hint for the user
Making = Generator[Told, None, T]  # what is told as it goes; at last what was made


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

    async def ended(self) -> None:
        """Give up what is still under way, whoever began it; not the one who asks."""
        left = self._tasks - {asyncio.current_task()}
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    async def _guarded(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except (EngineError, PictureError) as error:
            self.failed.emit(str(error))
        except Exception as error:
            log.exception("an action failed")
            told = tr("That did not work ({error}); nothing was lost. Please try again.")
            self.failed.emit(told.format(error=error))


def made(making: Making[T], told: Callable[[Told], None] = lambda told: None) -> T:
    """What comes of it, at once."""
    while True:
        word, ended = _step(making)
        if ended:
            return ended[0]
        told(word)


def in_one_step(change: Callable[[T], T], of: T) -> Making[T]:
    """A change as a step that is made beside the window if it is a long one."""
    yield 0.0
    return change(of)


async def made_aside(making: Making[T], told: Callable[[Told], None]) -> T:
    """The same step by step beside the event loop; between two steps it can be cancelled."""
    while True:
        word, ended = await asyncio.to_thread(_step, making)
        if ended:
            return ended[0]
        told(word)


def _step(making: Making[T]) -> tuple[Told, tuple[T, ...]]:
    """What is told, and what was made if that was the last step."""
    try:
        return next(making), ()
    except StopIteration as end:
        return 1.0, (end.value,)
