"""What is done when memory runs short, as a model is loaded or in the middle of an edit: it goes on from its
start, or from the first variant that is not finished, with the same seed and with less memory, rung by rung.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from engine import allocation, remembered
from engine.economy import SHARED, USUAL, Economy
from engine.free_memory import ran_short
from engine.prediction import predicted, walks
from engine.remembered import Figures, Shortage
from engine.shelf import Shelf
from engine.types import (
    EditRequest,
    EditResult,
    EngineError,
    Event,
    Frame,
    Notice,
    Preview,
    SDEdit,
)

if TYPE_CHECKING:
    from engine.models import Model

EASED = 1.25  # so many times what there was when it ran short is enough to try the usual way again

log = logging.getLogger(__name__)


class Rung(NamedTuple):
    economy: Economy
    told: str

    def helps(self, device: str, can_part: bool, learns: bool) -> bool:
        """Whether it is of any use where models are usually on that device. `can_part`: weights can wait in
        the processor's memory; not those of a layer that learns.
        """
        economy = self.economy
        if economy.device:
            return economy.device != device
        if not can_part:
            return economy.weights == "all" or economy.piece < 1
        return economy.weights != "the layer's" or not learns


IN_TWO_CALLS = "Memory ran short: the edit goes on with guidance in two calls and smaller tiles."
IN_PIECES = "Memory ran short: the edit goes on in small pieces, which takes longer."
RUNGS = (
    Rung(USUAL, ""),
    Rung(Economy(apart=True, tile=512), IN_TWO_CALLS),
    Rung(
        Economy(apart=True, tile=512, weights="the part's"),
        "Memory ran short: the edit goes on with one part of the model at a time on the graphics processor.",
    ),
    Rung(
        Economy(apart=True, tile=512, weights="the layer's"),
        "Memory ran short: the edit goes on with one layer of the model at a time on the graphics processor, "
        "which takes longer.",
    ),
    Rung(Economy(apart=True, tile=256, piece=0.5, weights="the layer's"), IN_PIECES),
    Rung(
        Economy(device="cpu"),
        "The graphics processor has too little memory: the edit goes on without it, which takes much longer.",
    ),
    Rung(Economy(apart=True, tile=512, device="cpu"), IN_TWO_CALLS),
    Rung(Economy(apart=True, tile=256, piece=0.5, device="cpu"), IN_PIECES),
)
LOADING = (0, 2, 3, 5)  # those that make a difference to a model that is being loaded
NO_RUNG = "There is not enough memory for this edit, even in small pieces; choose a smaller area."


def taken(name: str, shelf: Shelf) -> Model:
    """The model, loaded with less memory if there is too little for it. Raises EngineError."""
    if name in shelf:
        return shelf.take(name)
    device, known = shelf.device, remembered.figures(name)
    first = max(_rungs_before(known, 0, device, shelf.room(name))) if known else 0
    helping = [rung for rung in LOADING if RUNGS[rung].helps(device, device not in SHARED, learns=False)]
    sentence = ""
    for rung in [rung for rung in helping if rung >= first] or helping[-1:]:
        try:
            model = shelf.take(name, RUNGS[rung].economy)
        except EngineError as error:
            if not ran_short(error):
                raise
            sentence = str(error)
        else:
            if rung:
                shelf.remember(name, _short(shelf.figures(name), 0, rung, device, shelf.room(name)))
            return model
        _release()  # out of the except block, whose traceback holds on to tensors
    raise EngineError(sentence)


def fitting(request: EditRequest, shelf: Shelf, stop: Callable[[], bool]) -> Iterator[Event]:
    """The events of an edit, in as much memory as there is. Raises EngineError if that is too little."""
    from engine.edits import edit  # torch is imported on this thread only
    from engine.meter import Meter

    name, finished = request.model, 0
    family, device = taken(name, shelf).facts.family, shelf.device
    can_part, learns = device not in SHARED and bool(family), request.identity is not None
    figures = shelf.figures(name)
    area = _area(request, figures)
    rung = _next(_first_rung(request, figures, device, shelf.room(name)), device, can_part, learns)
    while rung is not None:
        economy, told = RUNGS[rung]
        if economy == USUAL:
            allocation.keep_pages()
        else:
            allocation.spare_pages()
        if told:
            yield Notice(told)
        begun, rest = finished, _left(request, finished)
        meter, is_short = Meter(), False
        try:
            model = shelf.placed(name, economy)
            with shelf.in_use():
                for event in meter.watched(edit(rest, model, stop), model):
                    yield _counted(event, begun, request.variants)
                    finished += isinstance(event, EditResult)
        except Exception as error:
            if not ran_short(error):
                raise
            is_short = True
        if not is_short:
            if learns:
                shelf.remember(name, meter.taught(rest, shelf.figures(name)))
            else:
                found = meter.learned(rest, shelf.figures(name))
                if (economy.weights, economy.device) != ("all", ""):
                    found = replace(found, bytes=shelf.figures(name).bytes)
                shelf.remember(name, replace(found, room=0 if device == "cpu" else shelf.room(name)))
            return
        # out of the except block, whose traceback holds on to tensors
        del meter
        _release()
        rung = _next(rung + 1, device, can_part, learns)
        if rung is not None:
            log.info("memory ran short; from now on: %s", RUNGS[rung].told)
            if not learns:  # which takes more, and leaves out a rung, than the same edit without
                shelf.remember(name, _short(shelf.figures(name), area, rung, device, shelf.room(name)))
    raise EngineError(NO_RUNG)


def _release() -> None:
    """All that can be made again goes."""
    from engine.device_memory import release  # torch is imported on this thread only
    from engine.drag import forget_paths

    forget_paths()
    release()


def _first_rung(request: EditRequest, figures: Figures, device: str, room: int) -> int:
    """Where an edit of this size begins: where it got through before, and not as usual if that is known to
    be too much.
    """
    told = predicted(request, replace(figures, room=room), room - figures.weights, is_loaded=True)
    least = 0 if told is None or told.fits else 1
    return max(least, *_rungs_before(figures, _area(request, figures), device, room))


def _rungs_before(figures: Figures, area: int, device: str, room: int) -> list[int]:
    """Those on which edits of up to that size got through, with no less memory than there is now."""
    short = [each for each in figures.shortages if each.device == device and area >= each.area]
    return [0, *(each.rung for each in short if room < EASED * each.free)]


def _next(rung: int, device: str, can_part: bool, learns: bool) -> int | None:
    """The first from this rung on that helps."""
    helping = (i for i in range(rung, len(RUNGS)) if RUNGS[i].helps(device, can_part, learns))
    return next(helping, None)


def _short(figures: Figures, area: int, rung: int, device: str, room: int) -> Figures:
    """The figures with what was learned of edits of that size, which will take another time now."""
    others = tuple(each for each in figures.shortages if (each.area, each.device) != (area, device))
    seconds = {size: each for size, each in figures.seconds.items() if int(size) < area or not area}
    return replace(figures, seconds=seconds, shortages=(*others, Shortage(area, rung, room, device)))


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
