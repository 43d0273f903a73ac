"""Which model makes the next edit: chosen by the user, remembered by settings and pictures, and got ready."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal, Slot

from engine.types import EngineError, ModelFacts
from ui.editing import Editing
from ui.language import told, tr
from ui.models import STARTER, Entry, Library
from ui.session import Session
from ui.settings import Settings
from ui.work import Work


class Loads(Protocol):
    """The part of the engine that is needed here."""

    async def load(self, model: str) -> ModelFacts: ...


class Switching(QObject):
    changed = Signal()  # which one is wanted
    loading = Signal(str)  # the name of a model that is being got ready
    ready = Signal(object)  # ModelFacts: of the one that makes the next edit
    told = Signal(str)  # a sentence

    def __init__(
        self, session: Session, engine: Loads, editing: Editing, library: Library, work: Work
    ) -> None:
        super().__init__()
        self.facts: ModelFacts | None = None  # of the model that edits ask for, once it is ready
        self.refusals: dict[str, str] = {}  # by model: why it could not be got ready
        self._last: tuple[str, ModelFacts] | None = None  # the model that was ready last
        self._session, self._engine, self._editing = session, engine, editing
        self._library, self._work = library, work
        self._job: asyncio.Task[None] | None = None
        library.added.connect(self._added)
        session.replaced.connect(self._opened)

    @property
    def model(self) -> str:
        """The one that is wanted; edits are asked of it."""
        return self._editing.model

    @Slot(str)
    def choose(self, model: str) -> None:
        """Make the next edits with it, and remember so in the picture."""
        name = "" if model == STARTER else Path(model).name
        session = self._session
        if session.document.model != name:
            was_saved = not session.is_modified
            session.amend(lambda document: replace(document, model=name))
            if was_saved:
                session.mark_saved()  # nobody is asked to save a picture for this alone
        self._want(model)

    @Slot(object)
    def engine_is_ready(self, facts: ModelFacts) -> None:
        """The model that the program began with."""
        if self._job is None:
            self._take(facts)

    @Slot(str)
    def engine_has_failed(self, sentence: str) -> None:
        """Without the model that the program began with, the starter model is there."""
        if self.model != STARTER and self.facts is None and self._job is None:
            self._want(STARTER)

    def begin_again(self) -> None:
        """Another engine takes over from one that never came up."""
        self._want(self.model)

    async def renew(self) -> None:
        """Another engine makes the edits: the model gets ready there. Raises EngineError."""
        model, facts = self.model, self.facts
        if facts is None:
            return  # whichever engine comes first gets it ready
        self._tell_loading(model)
        try:
            facts = await self._engine.load(model)
        finally:
            if model == self.model and self._job is None:
                self._take(facts)

    async def ended(self) -> None:
        if self._job is not None:
            job = self._job
            job.cancel()
            await asyncio.wait([job])

    def remembered_in(self, settings: Settings) -> Settings:
        return replace(settings, model=self.model)

    def _want(self, model: str) -> None:
        if model == self.model and (self.facts is not None or self._job is not None):
            return
        if self._job is not None:
            self._job.cancel()
        self._editing.model, self.facts = model, None
        self._job = self._work.begin(self._load(model))
        self._tell_loading(model)
        self.changed.emit()

    def _tell_loading(self, model: str) -> None:
        entry = self._library.named(model)
        self.loading.emit(entry.name if entry is not None else Path(model).name)

    async def _load(self, model: str) -> None:
        """Raises EngineError, and goes back to the model before."""
        try:
            facts = await self._engine.load(model)
        except EngineError as error:
            self._job, self.refusals[model] = None, told(str(error))
            if self._last is not None:
                self._editing.model, facts = self._last
                self._take(facts)
            elif model != STARTER:
                self._want(STARTER)
            raise
        self._job = None
        self._take(facts)

    def _take(self, facts: ModelFacts) -> None:
        self.facts, self._last = facts, (self.model, facts)
        self.refusals.pop(self.model, None)
        self.changed.emit()
        self.ready.emit(facts)

    @Slot(object)
    def _added(self, entry: Entry) -> None:
        """Pointing at a model is all it takes."""
        if entry.kind == "model":
            self.choose(entry.model)

    @Slot()
    def _opened(self) -> None:
        """A picture has the model that it was worked on with, where that is there."""
        name = self._session.document.model
        if not name or Path(self.model).name == name:
            return
        entry = self._library.named(name)
        if entry is not None:
            self._want(entry.model)
        else:
            sentence = tr("This picture was worked on with {name}, which is not in your list of models.")
            self.told.emit(sentence.format(name=name))
