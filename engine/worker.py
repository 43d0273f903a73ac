"""The one bridge between the editor and the engine: a QThread that owns the models, and frozen messages both
ways.

Everything of torch happens on the thread, its import too, so that the window is up before it. Each edit has a
job of its own with its own stop flag: a flag shared by two edits would revive the one that was stopped.
"""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal, Slot

from engine import packs, remembered
from engine.child import Child, own_command
from engine.free_memory import free_bytes
from engine.identities import is_there, place_of
from engine.local import Local
from engine.prediction import predicted
from engine.recipe_files import weights_of
from engine.types import (
    EditRequest,
    EngineError,
    EngineStopped,
    Equipment,
    Event,
    ModelFacts,
    Notice,
    Pack,
    Prediction,
    Preview,
)

TIDY = 30_000  # milliseconds between looks at whether anybody has asked for a model
IDLE = 20  # minutes


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


@dataclass(eq=False)
class _Asked:
    """Whether the engine's thread has come so far."""

    loop: asyncio.AbstractEventLoop
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    def answer(self) -> None:
        """From the engine's thread, as in a job."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.answered.set)


class _Worker(QObject):
    """Lives in the engine's thread; all its slots run there, one after another."""

    ready = Signal(object)  # ModelFacts
    failed = Signal(str)
    broke = Signal(str)
    emptied = Signal()

    def __init__(self, device: str) -> None:
        super().__init__()
        self._device = device
        self._engine: Local | Child = Local(device)
        self._command: list[str] | None = None  # of the process that does the work

    @Slot(object)
    def isolate(self, command: list[str] | None) -> None:
        if command != self._command:
            self._engine.close()
            self._engine = Child(self._device, command) if command else Local(self._device)
            self._command = command

    @Slot(str)
    def start(self, name: str) -> None:
        try:
            self.ready.emit(self._engine.facts(name))
        except EngineStopped as error:
            self.broke.emit(str(error))
        except EngineError as error:
            self.failed.emit(str(error))

    @Slot(object)
    def load(self, wish: _Wish) -> None:
        if wish.facts.cancelled():
            return
        try:
            wish.answer(self._engine.facts(wish.model))
        except EngineError as error:
            wish.answer(error)

    @Slot(object)
    def run(self, job: _Job) -> None:
        if job.stop.is_set():
            return
        try:
            for event in self._engine.run(job.request, job.stop.is_set):
                job.tell(event)
        except EngineError as error:
            job.tell(error)
        job.tell(None)

    @Slot(object)
    def answer(self, asked: _Asked) -> None:
        asked.answer()

    @Slot(float)
    def tidy(self, minutes: float) -> None:
        if self._engine.tidy(minutes):
            self.emptied.emit()

    @Slot()
    def close(self) -> None:
        self._engine.close()


class Engine(QObject):
    """The editor's view of the engine; lives in the GUI's thread."""

    ready = Signal(object)  # ModelFacts, once the model is loaded
    failed = Signal(str)  # one sentence, if it cannot be
    broke = Signal(str)  # one sentence, if the process that shall do the work does not come up
    noticed = Signal(str)  # what an edit had to do to get through, in one sentence
    emptied = Signal()  # no model is loaded any more: nobody had asked
    _isolate = Signal(object)
    _start = Signal(str)
    _load = Signal(object)
    _run = Signal(object)
    _ask = Signal(object)
    _tidy = Signal(float)

    def __init__(self, device: str = "auto", version: str = "") -> None:
        """The version of the program is that which engine packs must have."""
        super().__init__()
        self.apart, self.pack = False, ""  # as it was isolated last
        self._version = version
        self._thread = QThread()
        self._thread.setObjectName("engine")
        self._worker = _Worker(device)
        self._worker.moveToThread(self._thread)
        self._isolate.connect(self._worker.isolate)
        self._start.connect(self._worker.start)
        self._load.connect(self._worker.load)
        self._run.connect(self._worker.run)
        self._ask.connect(self._worker.answer)
        self._tidy.connect(self._worker.tidy)
        self._worker.emptied.connect(self._emptied)
        self._thread.finished.connect(self._worker.close, Qt.ConnectionType.DirectConnection)
        self._worker.ready.connect(self.ready)
        self._worker.failed.connect(self.failed)
        self._worker.broke.connect(self.broke)
        self._jobs: set[_Job] = set()
        self._loaded: set[str] = set()
        self.idle_minutes: float = IDLE  # after which models are put away; the next edit loads its own again
        self._clock = QTimer(self, interval=TIDY)
        self._clock.timeout.connect(self._look)

    def start(self, model: str = "starter") -> None:
        """Begin to import torch and to load a model; `ready` or `failed` follows."""
        self._thread.start(QThread.Priority.LowPriority)
        self._loaded.add(model)
        self._clock.start()
        self._start.emit(model)

    def isolate(self, apart: bool, pack: str = "") -> None:
        """From the next question on the work is done in a process of its own, by an engine pack of that kind
        if one is named; or on the thread again. Raises EngineError for a pack that is not there.
        """
        self._isolate.emit(packs.command(pack, self._version) if pack else own_command() if apart else None)
        if (apart, pack) != (self.apart, self.pack):
            self._loaded.clear()
        self.apart, self.pack = apart, pack

    async def equipment(self) -> Equipment:
        """The graphics processors that this computer has, and the engine packs for them."""
        return await asyncio.to_thread(packs.equipment, self._version)

    async def read_pack(self, path: Path) -> Pack:
        """What a file is. Raises EngineError if it is no engine pack for this computer."""
        return await asyncio.to_thread(packs.read, path, self._version)

    async def install_pack(self, path: Path) -> AsyncGenerator[float, None]:
        """Shares of the work. Raises EngineError, or is left: what was there before is then as it was."""
        apart, used = self.apart, self.pack
        if used == (await self.read_pack(path)).kind:
            await self._let_go()
        steps = packs.install(path, self._version)
        step: asyncio.Future[float | None] | None = None
        try:
            while True:
                step = asyncio.ensure_future(asyncio.to_thread(next, steps, None))
                share = await asyncio.shield(step)
                if share is None:
                    break
                yield share
        finally:
            if step is not None:
                await asyncio.gather(step, return_exceptions=True)
            steps.close()
            if used != self.pack:
                self.isolate(apart, used)

    async def remove_pack(self, kind: str) -> None:
        """If it is in use, the engine that came with the program goes on."""
        if kind == self.pack:
            await self._let_go()
        await asyncio.to_thread(packs.remove, kind)

    async def _let_go(self) -> None:
        """Of the pack that is in use: its process has ended afterwards."""
        self.isolate(self.apart)
        asked = _Asked(asyncio.get_running_loop())
        self._ask.emit(asked)
        await asked.answered.wait()

    async def load(self, model: str) -> ModelFacts:
        """Get another model ready; one of the user's own gives way to it. Raises EngineError."""
        loop = asyncio.get_running_loop()
        wish = _Wish(model, loop, loop.create_future())
        self._load.emit(wish)
        facts = await wish.facts
        self._loaded.add(model)
        return facts

    def predict(self, request: EditRequest, path_is_known: bool = False) -> Prediction | None:
        """What an edit will take, from what was measured before; None as long as too little was. Files are
        read for it, but no model is asked. `path_is_known`: a drag that differs from one before in its seed
        alone. Raises EngineError for files that are not there.
        """
        figures = remembered.figures(request.model)
        if figures is None:
            return None
        identity = request.identity
        is_learned = identity is not None and is_there(place_of(identity, request, weights_of(request.model)))
        is_loaded = request.model in self._loaded
        return predicted(request, figures, free_bytes(), is_loaded, path_is_known, is_learned)

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
                if isinstance(event, Notice):
                    self.noticed.emit(event.text)
                    continue
                self._loaded.add(request.model)
                yield event
        finally:
            job.stop.set()
            self._jobs.discard(job)

    def fetching(self) -> list[str]:
        """The command of the process that fetches a model or an engine pack, and alone may speak to the
        network.
        """
        return own_command("fetch")

    async def diagnosis(self) -> str:
        """What `main.py doctor` says, and the same of an engine pack that is in use; in a process of its own,
        for a device may be what is wrong.
        """
        where = "a process of its own" if self.apart else "the process of the window"
        told = [f"Engine\n  runs in {f'the engine pack {self.pack}' if self.pack else where}"]
        told.append(await _said(own_command("doctor")))
        if self.pack:
            program, *_ = packs.command(self.pack)
            told += ["The same of the engine pack", await _said([program, "doctor"])]
        return "\n\n".join(told)

    async def close(self) -> None:
        """Stop whatever runs and wait for the thread to end."""
        for job in self._jobs:
            job.stop.set()
        self._clock.stop()
        self._thread.quit()
        await asyncio.to_thread(self._thread.wait)

    @Slot()
    def _look(self) -> None:
        self._tidy.emit(self.idle_minutes)

    @Slot()
    def _emptied(self) -> None:
        self._loaded.clear()
        self.emptied.emit()


async def _newest(events: asyncio.Queue[Event | EngineError | None]) -> Event | EngineError | None:
    event = await events.get()
    while isinstance(event, Preview) and not events.empty():
        event = events.get_nowait()
    return event


async def _said(command: list[str]) -> str:
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False)
    return (done.stdout or done.stderr).decode(errors="replace").rstrip()
