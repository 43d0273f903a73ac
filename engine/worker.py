"""The one bridge between the editor and the engine: a QThread that owns the models, and frozen messages both
ways.

Everything of torch happens on the thread, its import too, so that the window is up before it. Each edit has a
job of its own with its own stop flag: a flag shared by two edits would revive the one that was stopped.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread, Signal, Slot

from engine.imports import uncollected
from engine.types import NO_MEMORY, EditRequest, EngineError, Event, ModelFacts, Preview

if TYPE_CHECKING:
    from engine.models import Model

log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Job:
    """One edit on its way: what is asked, and what comes back; None says that it is over."""

    request: EditRequest
    loop: asyncio.AbstractEventLoop
    stop: threading.Event = field(default_factory=threading.Event)
    events: asyncio.Queue[Event | EngineError | None] = field(default_factory=asyncio.Queue)

    def tell(self, event: Event | EngineError | None) -> None:
        """From the engine's thread; nobody hears it once the event loop is closed."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.events.put_nowait, event)


@dataclass(eq=False)
class _Wish:
    """A model that shall be ready, and its facts once it is."""

    model: str
    loop: asyncio.AbstractEventLoop
    facts: asyncio.Future[ModelFacts]

    def answer(self, answer: ModelFacts | EngineError) -> None:
        """From the engine's thread, as in a job."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._settle, answer)

    def _settle(self, answer: ModelFacts | EngineError) -> None:
        if self.facts.done():
            return
        if isinstance(answer, EngineError):
            self.facts.set_exception(answer)
        else:
            self.facts.set_result(answer)


class _Worker(QObject):
    """Lives in the engine's thread; all its slots run there, one after another."""

    ready = Signal(object)  # ModelFacts
    failed = Signal(str)

    def __init__(self, device: str) -> None:
        super().__init__()
        self._device = device
        self._models: dict[str, Model] = {}

    @Slot(str)
    def start(self, name: str) -> None:
        answer = self._loaded(name)
        if isinstance(answer, EngineError):
            self.failed.emit(str(answer))
        else:
            self.ready.emit(answer)

    @Slot(object)
    def load(self, wish: _Wish) -> None:
        if not wish.facts.cancelled():
            wish.answer(self._loaded(wish.model))

    def _loaded(self, name: str) -> ModelFacts | EngineError:
        """The border, as in `run`."""
        started = time.perf_counter()
        try:
            facts = self._model(name).facts
        except EngineError as error:
            return error
        except Exception as error:
            log.exception("a model could not be loaded")
            return EngineError(f"The engine could not start ({error}); reinstall Driftpaint.")
        return replace(facts, load_seconds=time.perf_counter() - started)

    @Slot(object)
    def run(self, job: _Job) -> None:
        """The border: whatever happens inside becomes a message, and the thread lives on."""
        if job.stop.is_set():
            return
        try:
            self._run(job)
        except EngineError as error:
            job.tell(error)
        except Exception as error:
            if any(words in str(error).lower() for words in NO_MEMORY):
                job.tell(EngineError("There is not enough memory for this edit; choose a smaller area."))
            else:
                log.exception("an edit failed")
                job.tell(EngineError(f"The edit failed ({error}); nothing was changed. Please try again."))
        job.tell(None)

    def _run(self, job: _Job) -> None:
        model = self._model(job.request.model)
        from engine.edits import edit  # torch is imported on this thread only
        from engine.models import Interrupted

        events = edit(job.request, model, job.stop.is_set)
        with suppress(Interrupted):
            for event in events:
                if job.stop.is_set():
                    break
                job.tell(event)

    def _model(self, name: str) -> Model:
        if name not in self._models:
            for other in [each for each in self._models if Path(each).exists()]:
                del self._models[other]  # of the user's own one at a time, for the memory's sake
            with uncollected():
                import torch  # torch and diffusers take 4 s: here, after the window is up

                from engine.models import load

                torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))  # one core is the window's
                self._models[name] = load(name, self._device)
        return self._models[name]


class Engine(QObject):
    """The editor's view of the engine; lives in the GUI's thread."""

    ready = Signal(object)  # ModelFacts, once the model is loaded
    failed = Signal(str)  # one sentence, if it cannot be
    _start = Signal(str)
    _load = Signal(object)
    _run = Signal(object)

    def __init__(self, device: str = "auto") -> None:
        super().__init__()
        self._thread = QThread()
        self._thread.setObjectName("engine")
        self._worker = _Worker(device)
        self._worker.moveToThread(self._thread)
        self._start.connect(self._worker.start)
        self._load.connect(self._worker.load)
        self._run.connect(self._worker.run)
        self._worker.ready.connect(self.ready)
        self._worker.failed.connect(self.failed)
        self._jobs: set[_Job] = set()

    def start(self, model: str = "starter") -> None:
        """Begin to import torch and to load a model; `ready` or `failed` follows."""
        self._thread.start(QThread.Priority.LowPriority)
        self._start.emit(model)

    async def load(self, model: str) -> ModelFacts:
        """Get another model ready; one of the user's own gives way to it. Raises EngineError."""
        loop = asyncio.get_running_loop()
        wish = _Wish(model, loop, loop.create_future())
        self._load.emit(wish)
        return await wish.facts

    async def edit(self, request: EditRequest) -> AsyncGenerator[Event, None]:
        """The events of an edit as they come; previews that nobody had time to see are skipped.

        Closing the generator stops the engine within one network call. Raises EngineError.
        """
        job = _Job(request, asyncio.get_running_loop())
        self._jobs.add(job)
        self._run.emit(job)
        try:
            while (event := await _newest(job.events)) is not None:
                if isinstance(event, EngineError):
                    raise event
                yield event
        finally:
            job.stop.set()
            self._jobs.discard(job)

    async def close(self) -> None:
        """Stop whatever runs and wait for the thread to end."""
        for job in self._jobs:
            job.stop.set()
        self._thread.quit()
        await asyncio.to_thread(self._thread.wait)


async def _newest(events: asyncio.Queue[Event | EngineError | None]) -> Event | EngineError | None:
    event = await events.get()
    while isinstance(event, Preview) and not events.empty():
        event = events.get_nowait()
    return event
