"""Edits one after another: starts one, shows it as it forms, and keeps its results until one is chosen."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from engine.types import Preview
from ui.apply import (
    Ask,
    Candidate,
    EditOptions,
    Edits,
    Pace,
    accept,
    asked,
    layer_pixels,
    make_real,
    progress,
    veil,
)
from ui.document import Document, premultiplied
from ui.session import Overlay, Session
from ui.work import Work


class Editing(QObject):
    changed = Signal()  # it runs, waits for a choice, or neither; or there is another result
    progressed = Signal(float, str)  # 0 ... 1, and in words
    chosen = Signal(int, int)  # this result of so many is on the canvas

    def __init__(self, session: Session, engine: Edits, work: Work, model: str) -> None:
        super().__init__()
        self.model = model
        self.candidates: list[Candidate] = []
        self.number = 0  # of the candidate on the canvas
        self._session, self._engine, self._work = session, engine, work
        self._job: asyncio.Task[None] | None = None
        self._ask: Ask | None = None  # until its result is applied or discarded
        self._pace = Pace()

    @property
    def is_running(self) -> bool:
        return self._job is not None

    @property
    def is_choosing(self) -> bool:
        """Whether results wait to be applied or discarded."""
        return self._job is None and self._ask is not None

    @property
    def is_working(self) -> bool:
        return self.is_running or self.is_choosing

    @property
    def ask(self) -> Ask | None:
        return self._ask

    def start(self, options: EditOptions) -> None:
        """Edit what is on the canvas; results that were not applied give way once it is clear what to do."""
        if self._job is not None or self._session.is_busy:
            return
        self._job = self._work.begin(self._run(self._session.document, replace(options, model=self.model)))
        self.progressed.emit(0.0, "starting\N{HORIZONTAL ELLIPSIS}")
        self.changed.emit()

    @Slot()
    def stop(self) -> None:
        """Stop within one network call; what was seen last can be applied."""
        if self._job is not None:
            self._job.cancel()

    @Slot()
    def apply(self) -> None:
        """The result on the canvas becomes a layer: one undo step."""
        if self._ask is None or not self.is_choosing:
            return
        ask, candidate = self._ask, self.candidates[self.number]
        self._session.commit("Make it real", lambda document: accept(document, ask, candidate))
        self._forget()

    @Slot()
    def discard(self) -> None:
        if self.is_choosing:
            self._forget()

    @Slot(int)
    def turn(self, by: int) -> None:
        """To the next (1) or the previous (-1) result."""
        if self.is_choosing:
            self.choose((self.number + by) % len(self.candidates))

    @Slot(int)
    def choose(self, number: int) -> None:
        if self._ask is None or not self.is_choosing:
            return
        self.number = number
        pixels = premultiplied(layer_pixels(self._ask, self.candidates[number]))
        self._session.preview(Overlay(self._ask.at, pixels))
        self.chosen.emit(number, len(self.candidates))

    def abandon(self) -> None:
        """Stop, and keep nothing: another picture is to be opened."""
        self.stop()
        self._forget()

    async def ended(self) -> None:
        """Stop, and wait until it has."""
        if self._job is not None:
            job = self._job
            job.cancel()
            await asyncio.wait([job])

    async def _run(self, document: Document, options: EditOptions) -> None:
        try:
            ask = await asyncio.to_thread(asked, document, options)  # 0.3 s at 4096 x 4096
            self._ask, self.candidates, self.number, self._pace = ask, [], 0, Pace()
            await make_real(self._engine, ask, self._seen, self._found)
        except asyncio.CancelledError:
            pass  # Stop: what was found until then can be chosen
        finally:
            self._job = None
            if self.candidates:
                unfinished = not self.candidates[-1].finished
                self.choose(len(self.candidates) - 1 if unfinished else self.number)
                self.changed.emit()
            else:
                self._forget()

    def _seen(self, preview: Preview) -> None:
        if self._ask is not None:
            pixels = premultiplied(veil(self._ask, preview.image))
            self._session.preview(Overlay(self._ask.at, pixels))
            left = self._pace.left(preview, time.monotonic())
            self.progressed.emit(preview.done, progress(self._ask, preview, left))

    def _found(self, candidate: Candidate) -> None:
        if self._ask is not None:
            self.candidates.append(candidate)
            self.changed.emit()

    def _forget(self) -> None:
        self._ask, self.candidates = None, []
        self._session.preview(None)
        self.changed.emit()
