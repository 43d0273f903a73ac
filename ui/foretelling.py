"""What the next edit will take, told beside the button before it is begun."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.types import EditRequest, EngineError, Prediction
from ui.apply import DOT, LONG, Ask
from ui.document import Document
from ui.dragging import DragAsk
from ui.editing import Editing
from ui.language import tr
from ui.session import Session
from ui.work import Work

QUIET = 400  # milliseconds without a change, after which it is told anew


class Predicts(Protocol):
    """The part of the engine that is needed here."""

    def predict(self, request: EditRequest, path_is_known: bool = False) -> Prediction | None: ...


class Foretelling(QObject):
    told = Signal(str, bool)  # what it will take, or nothing; whether memory is short

    def __init__(
        self,
        session: Session,
        engine: Predicts,
        editing: Editing,
        work: Work,
        asked: Callable[[], Callable[[Document], Ask] | None],
    ) -> None:
        """`asked` tells what a run would ask of a document now; None: there is none to be told of."""
        super().__init__()
        self._session, self._engine, self._editing = session, engine, editing
        self._work, self._asked = work, asked
        self._job: asyncio.Task[None] | None = None
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(QUIET)
        self._clock.timeout.connect(self._begin)

    @Slot()
    def look(self) -> None:
        """Something may have changed."""
        if not self._editing.is_working:
            self._clock.start()

    async def ended(self) -> None:
        self._clock.stop()
        if self._job is not None:
            await asyncio.wait([self._job])

    @Slot()
    def _begin(self) -> None:
        if self._job is not None:
            self._clock.start()
        elif not self._editing.is_working and not self._session.is_busy:
            self._job = self._work.begin(self._tell())
            self._job.add_done_callback(self._told)

    async def _tell(self) -> None:
        asked = self._asked()
        if asked is None:
            return
        try:
            ask = await asyncio.to_thread(asked, self._session.document)
            is_known = isinstance(ask, DragAsk) and ask.path in self._editing.paths
            prediction = await asyncio.to_thread(self._engine.predict, ask.request, is_known)
        except EngineError:  # which is said when it is begun
            prediction = None
        self.told.emit(*("", False) if prediction is None else in_words(prediction))

    def _told(self, job: asyncio.Task[None]) -> None:
        self._job = None


def in_words(prediction: Prediction) -> tuple[str, bool]:
    """What it will take, and whether memory is short."""
    words = [tr("about {time}").format(time=_time(prediction.seconds))]
    if prediction.learning:
        words.append(tr("{time} of it to learn the picture").format(time=_time(prediction.learning)))
    if prediction.bytes is not None and prediction.free_bytes is not None:
        needed, free = (f"{max(count / 1e9, 0.1):.1f}" for count in (prediction.bytes, prediction.free_bytes))
        words.append(tr("{needed} of {free} GB of memory").format(needed=needed, free=free))
    if not prediction.fits:
        words.append(tr("made with less memory, which takes longer"))
    return f" {DOT} ".join(words), not prediction.fits


def _time(seconds: float) -> str:
    if seconds < LONG:
        return tr("{seconds} s").format(seconds=f"{seconds:.{1 if seconds < 10 else 0}f}")
    return tr("{minutes} min").format(minutes=round(seconds / 60))
