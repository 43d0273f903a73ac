"""Keeps the journal of what is on the canvas, every few seconds and beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.pictures import PictureError
from engine.recipe import recipe_of, to_json
from ui.apply import Ask
from ui.document import Document
from ui.editing import Editing
from ui.filing import Filing
from ui.journal import Entry, Journal, Preview, still
from ui.language import tr
from ui.session import Overlay, Session
from ui.work import Work

INTERVAL = 2000  # milliseconds


class Journaling(QObject):
    failed = Signal(str)  # said once, until it works again
    recovered = Signal()

    def __init__(self, session: Session, editing: Editing, filing: Filing, work: Work) -> None:
        super().__init__()
        self._session, self._editing, self._filing, self._work = session, editing, filing, work
        self._journal: Journal | None = None  # made when there is something to write
        self._written: tuple[Document, Overlay | None, str] | None = None  # last
        self._job: asyncio.Task[None] | None = None
        self._recipe: tuple[Ask | None, str] = None, ""  # of the edit that is under way
        self._failing = False
        self._clock = QTimer(self, interval=INTERVAL)
        self._clock.timeout.connect(self.look)
        self._clock.start()

    @Slot()
    def look(self) -> None:
        """Write what has changed, if nothing is being written."""
        session = self._session
        if self._job is not None:
            return
        overlay = session.overlay if self._editing.is_running else None
        if not session.is_modified and not session.is_busy and overlay is None:
            if self._journal is not None and self._journal.holds:
                self._written = None
                self._begin(self._forget(self._journal))
            return
        now = (session.under_way, overlay, self._filing.name)
        if now != self._written or session.is_busy:
            ask = self._editing.ask if overlay is not None else None
            path = str(self._filing.path or "")
            entry = Entry(still(session.under_way), session.active, self._filing.name, path)
            self._begin(self._write(entry, overlay, ask))
            self._written = None if session.is_busy else now

    async def write_now(self) -> bool:
        """The journal as up to date as it can be; whether it holds what is on the canvas."""
        await self._settled()
        self._written = None
        self.look()
        await self._settled()
        return self._written is not None

    async def end(self) -> None:
        """Leave nothing behind: what there was is saved, or given up."""
        self._clock.stop()
        await self._settled()
        if self._journal is not None:
            await asyncio.to_thread(self._journal.end)
            self._journal = None

    def _begin(self, work: Coroutine[object, object, None]) -> None:
        self._job = self._work.begin(work)
        self._job.add_done_callback(self._done)

    def _done(self, job: asyncio.Task[None]) -> None:
        self._job = None

    async def _settled(self) -> None:
        if self._job is not None:
            await asyncio.wait([self._job])

    async def _forget(self, journal: Journal) -> None:
        await asyncio.to_thread(journal.forget)

    async def _write(self, entry: Entry, overlay: Overlay | None, ask: Ask | None) -> None:
        try:
            await asyncio.to_thread(self._write_aside, entry, overlay, ask)
            if self._failing:
                self._failing = False
                self.recovered.emit()
        except PictureError as error:
            self._written = None
            if not self._failing:
                self._failing = True
                self.failed.emit(str(error))

    def _write_aside(self, entry: Entry, overlay: Overlay | None, ask: Ask | None) -> None:
        """On a thread of its own: it may take a while. Raises PictureError."""
        if self._journal is None:
            try:
                self._journal = Journal()
            except OSError as error:
                reason = error.strerror or str(error)
                sentence = tr("There is no place for a journal ({reason}); save often.")
                raise PictureError(sentence.format(reason=reason)) from None
        if overlay is not None:
            size = entry.document.width, entry.document.height
            if ask is not None and self._recipe[0] is not ask:
                self._recipe = ask, to_json(recipe_of(ask.request, ask.at, size))
            recipe = self._recipe[1] if ask is not None else ""
            entry = replace(entry, preview=Preview(overlay.rect, overlay.pixels, recipe))
        self._journal.write(entry)
