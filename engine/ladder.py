"""What is done when memory runs short in the middle of an edit: it goes on from its start, or from the first
variant that is not finished, with the same seed and with less memory, rung by rung.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from engine import allocation
from engine.economy import Economy
from engine.free_memory import free_bytes
from engine.prediction import predicted, walks
from engine.remembered import Figures, Shortage
from engine.shelf import Shelf, release
from engine.types import (
    NO_MEMORY,
    EditRequest,
    EditResult,
    EngineError,
    Event,
    Frame,
    Notice,
    Preview,
    SDEdit,
)

EASED = 1.25  # so many times what was free when it ran short is enough to try the usual way again

log = logging.getLogger(__name__)


class Rung(NamedTuple):
    economy: Economy
    told: str


RUNGS = (
    Rung(Economy(), ""),
    Rung(
        Economy(apart=True, tile=512),
        "Memory ran short: the edit goes on with guidance in two calls and smaller tiles.",
    ),
    Rung(
        Economy(apart=True, tile=256, piece=0.5),
        "Memory ran short: the edit goes on in small pieces, which takes longer.",
    ),
)
NO_RUNG = "There is not enough memory for this edit, even in small pieces; choose a smaller area."


def fitting(request: EditRequest, shelf: Shelf, stop: Callable[[], bool]) -> Iterator[Event]:
    """The events of an edit, in as much memory as there is. Raises EngineError if that is too little."""
    from engine.edits import edit  # torch is imported on this thread only
    from engine.meter import Meter

    finished = 0
    model = shelf.take(request.model)
    figures = shelf.figures(request.model)
    rung = _first_rung(request, figures)
    while True:
        economy, told = RUNGS[rung]
        model.save(economy)
        if economy == Economy():
            allocation.keep_pages()
        else:
            allocation.spare_pages()
        if told:
            yield Notice(told)
        begun, rest = finished, _left(request, finished)
        meter, is_short = Meter(model), False
        try:
            with shelf.in_use():
                for event in meter.watched(edit(rest, model, stop)):
                    yield _counted(event, begun, request.variants)
                    finished += isinstance(event, EditResult)
        except Exception as error:
            if not ran_short(error):
                raise
            is_short = True
        if not is_short:
            if request.identity is None:  # what learning took says nothing of other edits
                shelf.remember(request.model, meter.learned(rest, shelf.figures(request.model)))
            return
        # out of the except block, whose traceback holds on to tensors
        del meter
        release()
        if rung + 1 == len(RUNGS):
            raise EngineError(NO_RUNG)
        rung += 1
        log.info("memory ran short; from now on: %s", RUNGS[rung].told)
        shelf.remember(request.model, _short(request, shelf.figures(request.model), rung))


def ran_short(error: BaseException) -> bool:
    """Whether an error says that memory has run out."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in NO_MEMORY)


def _first_rung(request: EditRequest, figures: Figures) -> int:
    """Where an edit of this size begins: where it got through before, and not as usual if that is known to
    be too much.
    """
    free, area = free_bytes(), _area(request, figures)
    rungs = [each.rung for each in figures.shortages if area >= each.area and free < EASED * each.free]
    told = predicted(request, figures, free, is_loaded=True)
    return max([0 if told is None or told.fits else 1, *rungs])


def _short(request: EditRequest, figures: Figures, rung: int) -> Figures:
    """The figures with what was learned of an edit of this size."""
    area = _area(request, figures)
    others = tuple(each for each in figures.shortages if each.area != area)
    return replace(figures, shortages=(*others, Shortage(area, rung, free_bytes())))


def _area(request: EditRequest, figures: Figures) -> int:
    return max((walk.area for walk in walks(request, figures)), default=0)


def _left(request: EditRequest, finished: int) -> EditRequest:
    """What of it is not finished."""
    variants = request.variants - finished
    operation = request.operation
    if isinstance(operation, SDEdit) and operation.ladder:
        return replace(
            request, variants=variants, operation=replace(operation, ladder=operation.ladder[finished:])
        )
    return replace(request, variants=variants, seed=request.seed + finished)


def _counted(event: Event, finished: int, variants: int) -> Event:
    """An event of the rest, as one of the whole."""
    if isinstance(event, Preview):
        left = variants - finished
        calls = round(event.calls * variants / left)
        return replace(
            event,
            call=event.call + calls - event.calls,
            calls=calls,
            done=(finished + event.done * left) / variants,
            variant=event.variant + finished,
        )
    if isinstance(event, Frame | EditResult):
        return replace(event, variant=event.variant + finished)
    return event
