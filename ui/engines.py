"""Which engine makes the edits: that which came with the program, in its process or in one of its own, or an
engine pack for the graphics processor; and how a pack gets here.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QMimeData, QObject, Signal, Slot

from engine.types import EngineError, Equipment, ModelFacts, Pack
from ui.language import told, tr
from ui.model_words import size
from ui.models import STARTER
from ui.network import Fetch, Network
from ui.settings import Settings
from ui.switching import Switching
from ui.work import Work

ENDING = ".engine"  # of packs
MAKERS = {"cuda": "NVIDIA", "rocm": "AMD", "xpu": "Intel"}


class Changeable(Protocol):
    """The part of the engine that is needed here."""

    apart: bool
    pack: str

    def isolate(self, apart: bool, pack: str = "") -> None: ...
    async def equipment(self) -> Equipment: ...
    async def read_pack(self, path: Path) -> Pack: ...
    def install_pack(self, path: Path) -> AsyncGenerator[float, None]: ...
    async def remove_pack(self, kind: str) -> None: ...


class Engines(QObject):
    changed = Signal()  # what there is, what is used, what is being done
    progressed = Signal(float)  # of what is being done, 0 ... 1
    offered = Signal(object)  # Equipment: a graphics processor that nothing uses
    failed = Signal(str)  # a sentence

    def __init__(
        self, engine: Changeable, switching: Switching, network: Network, work: Work, settings: Settings
    ) -> None:
        super().__init__()
        self.equipment: Equipment | None = None  # once it is known
        self.doing = ""  # in words; "" is nothing
        self.wrong = ""  # why the last thing was not done
        self._engine, self._switching, self._network, self._work = engine, switching, network, work
        self._apart, self._pack = settings.isolate_engine, settings.engine_pack
        self._was_offered = settings.pack_was_offered
        self._can_stop = False
        self._waiting: deque[Callable[[], Coroutine[object, object, None]]] = deque()
        self._job: asyncio.Task[None] | None = None
        self._fetch: Fetch | None = None

    @property
    def is_apart(self) -> bool:
        """Wanted in a process of its own, also without a pack."""
        return self._apart

    @property
    def pack(self) -> str:
        """The kind of the pack that is in use, or ""."""
        return self._engine.pack

    @property
    def facts(self) -> ModelFacts | None:
        return self._switching.facts

    @property
    def runs_apart(self) -> bool:
        return self._engine.apart or bool(self._engine.pack)

    @property
    def can_stop(self) -> bool:
        """What is being done now."""
        return self._fetch is not None or self._can_stop

    @property
    def is_busy(self) -> bool:
        return self._job is not None or self._fetch is not None

    def begin(self) -> None:
        """As it was remembered; before the engine starts, or it would do so twice."""
        try:
            self._engine.isolate(self._apart, self._pack)
        except EngineError as error:
            self._engine.isolate(self._apart)
            self._pack = ""
            self.failed.emit(f"{told(str(error))} {tr('The built-in engine is used.')}")

    def adopt(self, settings: Settings) -> None:
        """What the preferences say."""
        self.set_apart(settings.isolate_engine)

    def remembered_in(self, settings: Settings) -> Settings:
        return replace(
            settings,
            isolate_engine=self._apart,
            engine_pack=self._pack,
            pack_was_offered=self._was_offered,
        )

    def set_apart(self, apart: bool) -> None:
        if apart != self._apart:
            self._apart = apart
            self.changed.emit()
            self._do(self._set_apart)

    def use(self, pack: str) -> None:
        """A pack of that kind, or "" for the engine that came with the program."""
        self._do(partial(self._turn_to, pack))

    def install(self, path: Path) -> None:
        """Unpack a file, try it, and use it."""
        self._do(partial(self._install, path))

    def remove(self, pack: str) -> None:
        self._do(partial(self._remove, pack))

    def look(self) -> None:
        """What this computer has."""
        self._do(self._look)

    def fetch(self) -> None:
        """Download the pack that fits, and install it; what came before is gone on with."""
        release = self.equipment.release if self.equipment else None
        if release is None or self.is_busy:
            return
        self.wrong, self.doing = "", tr("Asking\N{HORIZONTAL ELLIPSIS}")
        self._fetch = self._network.fetch(release.url, tr("an engine pack"), "--yes")
        self._fetch.came.connect(self._came)
        self._fetch.fetched.connect(self._fetched)
        self._fetch.ended.connect(self._fetch_ended)
        self.changed.emit()

    @Slot()
    def stop(self) -> None:
        """All is as it was then; what was downloaded is kept."""
        if self._fetch is not None:
            fetch, self._fetch, self.doing = self._fetch, None, ""
            fetch.stop()
            self.wrong = tr("Stopped; the same goes on from there.")
            self.changed.emit()
        self._waiting.clear()
        if self._job is not None:
            self._job.cancel()

    async def ended(self) -> None:
        """Stop, and wait until it has."""
        job = self._job
        self.stop()
        if job is not None:
            await asyncio.wait([job])

    def answered(self) -> None:
        """The user was told of the graphics processor, and need not be again."""
        self._was_offered = True

    @Slot(object)
    def engine_is_ready(self, facts: ModelFacts) -> None:
        """Where the processor does the work, a graphics processor might do it faster."""
        if facts.device == "cpu" and not self._was_offered and not self.pack:
            self._do(self._offer)

    @Slot(str)
    def engine_broke(self, sentence: str) -> None:
        """Its process does not come up: it goes without the pack, or with the smallest model, or in ours."""
        if self.pack:
            self._engine.isolate(apart=True)  # memory may have been what was short
            sentence = f"{told(sentence)} {tr('Until then the built-in engine is used.')}"
            self._switching.begin_again()
        elif self._switching.model != STARTER:
            self._switching.engine_has_failed(sentence)
        else:
            self._engine.isolate(apart=False)
            self._switching.begin_again()
        self.failed.emit(sentence)
        self.changed.emit()

    async def _offer(self) -> None:
        await self._look()
        has = self.equipment
        if has is not None and has.kind and all(pack.kind != has.kind for pack in has.packs):
            self.offered.emit(has)

    async def _look(self) -> None:
        self.equipment = await self._engine.equipment()

    async def _set_apart(self) -> None:
        """A pack always runs in a process of its own."""
        if not self.pack and self._engine.apart != self._apart:
            await self._turn_to("")

    async def _turn_to(self, pack: str) -> None:
        self.doing = tr("The engine is getting ready\N{HORIZONTAL ELLIPSIS}")
        self.changed.emit()
        before = self._engine.apart, self._engine.pack
        try:
            self._engine.isolate(self._apart, pack)
            await self._switching.renew()
        except (EngineError, asyncio.CancelledError):
            self._engine.isolate(*before)
            raise
        self._pack = pack

    async def _install(self, path: Path) -> None:
        pack = await self._engine.read_pack(path)
        self.doing = tr("Installing the engine pack for {maker}").format(maker=maker_of(pack.kind))
        self._can_stop = True
        self.changed.emit()
        async with aclosing(self._engine.install_pack(path)) as shares:
            async for share in shares:
                self.progressed.emit(share)
        self._can_stop = False
        await self._look()
        await self._turn_to(pack.kind)

    async def _install_fetched(self, path: Path) -> None:
        await self._install(path)
        await asyncio.to_thread(shutil.rmtree, path.parent, ignore_errors=True)

    async def _remove(self, pack: str) -> None:
        was_used = pack in (self.pack, self._pack)
        await self._engine.remove_pack(pack)
        await self._look()
        if was_used:
            await self._turn_to("")

    def _do(self, what: Callable[[], Coroutine[object, object, None]]) -> None:
        """One after another; what goes wrong is kept as a sentence."""
        self._waiting.append(what)
        if self._job is None:
            self._job = self._work.begin(self._one_after_another())
            self._job.add_done_callback(self._done)

    async def _one_after_another(self) -> None:
        while self._waiting:
            self.wrong = ""
            try:
                await self._waiting.popleft()()
            except EngineError as error:
                self.wrong = told(str(error))
                self.failed.emit(self.wrong)
            self.doing, self._can_stop = "", False

    def _done(self, job: asyncio.Task[None]) -> None:
        self._job, self.doing, self._can_stop = None, "", False
        self.changed.emit()

    @Slot(object, object)
    def _came(self, done: int, every: int) -> None:
        self.doing = tr("{done} of {all}").format(done=size(done) or "0", all=size(every))
        self.changed.emit()
        self.progressed.emit(done / max(every, 1))

    @Slot(str)
    def _fetched(self, path: str) -> None:
        self._fetch = None
        self._do(partial(self._install_fetched, Path(path)))

    @Slot(str)
    def _fetch_ended(self, wrong: str) -> None:
        if wrong:
            self._fetch, self.doing, self.wrong = None, "", told(wrong)
            self.changed.emit()


def maker_of(kind: str) -> str:
    """Whose processors a kind of pack is for; there are packs for no graphics processor at all."""
    return MAKERS.get(kind, "CPU")


def dropped_pack(mime: QMimeData) -> Path | None:
    """What is dropped, if it is one engine pack."""
    paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    return paths[0] if len(paths) == 1 and paths[0].suffix.lower() == ENDING else None
