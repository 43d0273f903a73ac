"""Edits one after another: starts one, shows it as it forms, and puts what it made among the results of the
document. One of them, or an older one, is on the canvas until it is applied or discarded; it stays a result.

Of a drag there are also pictures of its way: those that came by themselves, and others made when they are
asked for. They, and what was stopped on its way, can be applied, too, but are no results.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from engine.types import Learning, Preview
from ui.apply import Ask, Candidate, Edits, Pace, laid, make_real, progress
from ui.document import Document, Result
from ui.dragging import DragAsk, PathKey
from ui.language import tr
from ui.results import Kept, Run, added, exchanged, through_mask, told
from ui.session import AT_ONCE, CUT, Overlay, Session
from ui.work import Making, Work

KEYS = (0.25, 0.5, 0.75, 1.0)  # shares of a drag's way of which pictures are made


class Editing(QObject):
    changed = Signal()  # it runs, waits for a choice, or neither; or there is another result
    progressed = Signal(float, str)  # 0 ... 1, and in words
    chosen = Signal(int, int)  # this result of so many is on the canvas; -1: it is none of them
    went = Signal()  # the picture on the canvas is of another share of a drag's way

    def __init__(self, session: Session, engine: Edits, work: Work, model: str) -> None:
        super().__init__()
        self.model = model
        self.weights = ""  # SHA-256 of the model's
        self.candidates: list[Candidate] = []  # of the run whose pictures are on the canvas
        self.number = 0  # of the candidate there
        self.way = 1.0  # share of a drag's way that is on the canvas
        self.paths: deque[PathKey] = deque(maxlen=2)  # of the drags whose paths the engine keeps
        self._on_the_way: dict[tuple[int, float], Candidate] = {}  # by seed and share
        self._laid: tuple[Candidate, Overlay] | None = None  # what is on the canvas, or will be next
        self._laying: asyncio.Task[None] | None = None
        self._landing: Run | None = None
        self._asks: deque[tuple[Ask, set[str]]] = deque(maxlen=4)  # of the last runs, and their recipes
        self._session, self._engine, self._work = session, engine, work
        self._job: asyncio.Task[None] | None = None
        self._ask: Ask | None = None  # until its result is applied or discarded
        self._part: DragAsk | None = None  # while a picture of its way is made
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

    @property
    def is_drag(self) -> bool:
        return isinstance(self._ask, DragAsk)

    @property
    def keys(self) -> list[tuple[float, bool]]:
        """The shares of its way at which the drag on the canvas can be seen, and whether that one is made."""
        if self._ask is None or not self.candidates:
            return []
        seed = self.candidates[self.number].seed
        made = {way for of, way in self._on_the_way if of == seed}
        last = self.candidates[self.number].way
        if isinstance(self._ask, DragAsk) and self._ask.is_one_by_one:
            return [(way, True) for way in sorted({*made, last})]
        came = {way for way in made if way not in KEYS}
        return [(way, way in made or way == last) for way in sorted({*(came or KEYS), *made, last})]

    def start(self, asked: Callable[[Document], Ask]) -> None:
        """Edit what is on the canvas; results that were not applied give way once it is clear what to do."""
        session = self._session
        if self._job is not None or (session.is_busy and not session.is_making):
            return
        self._job = self._work.begin(self._run(asked))
        self._job.add_done_callback(self._ended)
        self.progressed.emit(0.0, tr("starting\N{HORIZONTAL ELLIPSIS}"))
        self.changed.emit()

    @Slot()
    def stop(self) -> None:
        """Stop within one network call; what was seen last can be applied."""
        if self._job is not None and not self._job.cancelling():  # twice would lose what is kept of it
            self._job.cancel()

    @Slot()
    def apply(self) -> None:
        """The result on the canvas becomes a layer: one undo step."""
        self._apply(lambda document: document, lambda: None)

    @Slot()
    def apply_through_mask(self) -> None:
        """The same with a mask on that layer: the selection, or a white one to be painted on."""
        self._apply(through_mask, self._choose_mask)

    @Slot()
    def discard(self) -> None:
        """Take it off the canvas; among the results it stays."""
        if self.is_choosing:
            self._forget()

    @property
    def result(self) -> Result | None:
        """The one of the document's results that is on the canvas."""
        if not self.is_choosing or not self.candidates:
            return None
        recipe = self.candidates[self.number].recipe
        return next(
            (each for each in self._session.document.results if recipe and each.recipe == recipe), None
        )

    @Slot(int)
    def turn(self, by: int) -> None:
        """To the next (1) or the previous (-1) of the document's results."""
        results, now = self._session.document.results, self.result
        if self.is_choosing and results:
            here = -1 if now is None else results.index(now)
            self.look(
                results[max(here + by, -1) % len(results) if now is None else (here + by) % len(results)]
            )

    @Slot(object)
    def look(self, result: Result) -> None:
        """Put one of the document's results on the canvas."""
        if self._job is not None or self._session.is_busy:
            return
        mine = [number for number, each in enumerate(self.candidates) if each.recipe == result.recipe]
        if not mine:
            self._forget()
            self._ask, mine = Kept.of(result, self._session.document), [0]
            self.candidates = [Candidate(self._ask.request.image, 0, finished=True, recipe=result.recipe)]
        self.choose(mine[0])
        self.changed.emit()

    def ask_of(self, result: Result) -> Ask | None:
        """What was asked for one of the last runs' results, if the picture lies as it lay then."""
        if result.frame != self._session.document.frame:
            return None
        return next((ask for ask, recipes in self._asks if result.recipe in recipes), None)

    def choose(self, number: int) -> None:
        """Put another picture of the same run on the canvas."""
        if self._ask is None or not self.is_choosing:
            return
        self.number, self.way = number, self.candidates[number].way
        self._show()
        self._tell_choice()

    def peek(self, way: float) -> None:
        """While the timeline is scrubbed: what is made of that share of the way, or else its ghost."""
        if self.is_choosing:
            self.way = way
            if self._is_made(way):
                self._show()
            else:
                self._session.preview(None)
                self._session.pose(way)

    def go(self, way: float) -> None:
        """Show the drag at the share of its way that is nearest of those that can be; make it if need be."""
        if not self.is_choosing or not isinstance(self._ask, DragAsk):
            return
        self.way = min((key for key, _ in self.keys), key=lambda key: abs(key - way))
        if self._is_made(self.way):
            self._show()
        else:
            self._session.preview(None)
            self._session.pose(self.way)
            part = self._ask.part_way(self.way, self.candidates[self.number].seed)
            self._job = self._work.begin(self._make_part(part, self.way))
            self._job.add_done_callback(self._part_ended)
            self.changed.emit()

    def abandon(self) -> None:
        """Stop, and keep nothing: another picture is to be opened."""
        self.stop()
        self._asks.clear()
        self._forget()

    async def ended(self) -> None:
        """Stop, and wait until it has."""
        if self._job is not None:
            job = self._job
            job.cancel()
            await asyncio.wait([job])

    async def _run(self, asked: Callable[[Document], Ask]) -> None:
        await self._session.at_rest()
        document = self._session.document
        ask = await asyncio.to_thread(asked, document)  # 0.3 s at 4096 x 4096
        size = document.width, document.height
        weights = self.weights if ask.request.model == self.model else None
        self._landing = await asyncio.to_thread(Run, ask, size, weights)
        self._asks.append((ask, set()))
        self._ask, self.candidates, self.number, self._pace = ask, [], 0, Pace()
        self._on_the_way, self.way = {}, 1.0
        await make_real(self._engine, ask, self._seen, self._found, self._moved, self._learned)
        if self.candidates:  # the first is shown first
            self._laid = await asyncio.to_thread(_laid, ask, self.candidates[0])

    def _ended(self, job: asyncio.Task[None]) -> None:
        """What was found, be it until Stop, can be chosen."""
        self._job = self._landing = None
        if self.candidates:
            unfinished = not self.candidates[-1].finished
            self.choose(len(self.candidates) - 1 if unfinished else self.number)
            self.changed.emit()
        else:
            self._forget()

    async def _make_part(self, part: DragAsk, way: float) -> None:
        """A picture of a drag's way."""
        self._part, self._pace = part, Pace()
        self.paths.append((part,))  # it takes the place of another one
        keep = partial(self._keep, way=way)
        await make_real(self._engine, part, self._seen, keep, learned=self._learned)

    def _part_ended(self, job: asyncio.Task[None]) -> None:
        """It is shown, or after Stop what there was before."""
        self._job = self._part = None
        if self._ask is None:
            return
        if not self._is_made(self.way):
            self.way = self.candidates[self.number].way
        self._show()
        self._tell_choice()
        self.changed.emit()

    def _apply(self, further: Callable[[Document], Document], then: Callable[[], None]) -> None:
        if self._ask is None or not self.is_choosing or not self._is_made(self.way):
            return
        ask, candidate, result = self._ask, self._candidate(), self.result

        def applied(document: Document) -> Making[Document]:
            yield 0.0
            document = further(ask.accepted(document, candidate))
            return document if result is None else exchanged(document, result, replace(result, applied=True))

        overlay, session = self._session.overlay, self._session
        session.make(ask.label, applied, ask.at.width * ask.at.height // CUT)
        self._forget()
        if session.is_making:
            session.preview(overlay)
            self._work.begin(self._land(overlay, then))
        else:
            then()

    async def _land(self, overlay: Overlay | None, then: Callable[[], None]) -> None:
        """What was applied stands over the canvas until its layer is there."""
        await self._session.at_rest()
        if self._session.overlay is overlay:
            self._session.preview(None)
        then()

    def _choose_mask(self) -> None:
        layer = self._session.active_layer
        if layer is not None and layer.mask is not None and not layer.mask:
            self._session.activate(layer.uid, on_mask=True)

    def _candidate(self) -> Candidate:
        """What is on the canvas."""
        finished = self.candidates[self.number]
        return self._on_the_way.get((finished.seed, self.way), finished)

    def _is_made(self, way: float) -> bool:
        finished = self.candidates[self.number]
        return way == finished.way or (finished.seed, way) in self._on_the_way

    def _show(self) -> None:
        """The candidate on the canvas; a large one a moment later."""
        if self._ask is None:
            return
        candidate = self._candidate()
        if self._laid is None or self._laid[0] is not candidate:
            if self._ask.at.width * self._ask.at.height > AT_ONCE:
                if self._laying is None:
                    self._laying = self._work.begin(self._lay(self._ask, candidate))
                return
            self._laid = _laid(self._ask, candidate)
        self._session.pose(1.0)
        self._session.preview(self._laid[1])
        self.went.emit()

    async def _lay(self, ask: Ask, candidate: Candidate) -> None:
        """Then it is shown, or what was chosen meanwhile."""
        try:
            made = await asyncio.to_thread(_laid, ask, candidate)
        finally:
            self._laying = None
        if self.is_choosing:
            self._laid = made
            if self._is_made(self.way):  # else a ghost is there
                self._show()

    def _tell_choice(self) -> None:
        results, now = self._session.document.results, self.result
        self.chosen.emit(-1 if now is None else results.index(now), len(results))

    def _seen(self, preview: Preview, overlay: Overlay) -> None:
        ask = self._part or self._ask
        if ask is not None:
            self._session.preview(overlay)
            left = self._pace.left(preview, time.monotonic())
            self.progressed.emit(preview.done, progress(ask, preview, left))

    def _learned(self, step: Learning) -> None:
        """What the picture shows is learned before anything can be seen."""
        ask = self._part or self._ask
        if ask is not None:
            left = self._pace.left(step, time.monotonic())
            self.progressed.emit(step.done, progress(ask, step, left))
            if step.step == step.steps:
                self._pace = Pace()  # that of the edit

    async def _found(self, candidate: Candidate) -> None:
        """A picture of the run is there; if it is finished it is a result of the document from now on."""
        ask, run = self._ask, self._landing
        if ask is None or run is None:
            return
        if candidate.finished:
            result = await asyncio.to_thread(_result, run, candidate, self._session.document)
            if self._ask is not ask:  # it was given up meanwhile
                return
            self._asks[-1][1].add(result.recipe)
            candidate = replace(candidate, recipe=result.recipe)
            if isinstance(ask, DragAsk) and ask.path not in self.paths:
                self.paths.append(ask.path)
            self._session.amend(partial(added, result=result))
        self.candidates.append(candidate)
        self.changed.emit()

    def _moved(self, candidate: Candidate) -> None:
        """A drag that goes by moves has made one."""
        if self._ask is not None and candidate.way < 1:
            self._on_the_way[candidate.seed, candidate.way] = candidate

    async def _keep(self, candidate: Candidate, way: float) -> None:
        if candidate.finished:
            self._on_the_way[candidate.seed, way] = replace(candidate, way=way)

    def _forget(self) -> None:
        self._ask, self.candidates, self._on_the_way, self.way = None, [], {}, 1.0
        self._laid = None
        self._session.pose(1.0)
        self._session.preview(None)
        self.changed.emit()


def _result(run: Run, candidate: Candidate, document: Document) -> Result:
    """As the document keeps it; what is told of it is read here, where nobody waits."""
    result = replace(run.result(candidate), frame=document.frame)
    told(result)
    return result


def _laid(ask: Ask, candidate: Candidate) -> tuple[Candidate, Overlay]:
    """A candidate, and how it is laid over the picture."""
    return candidate, laid(ask, ask.pixels(candidate))
