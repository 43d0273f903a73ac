"""How long an edit will take and how much memory, from what was measured before: arithmetic, no torch.

`Meter` measures, `predicted` tells, and both count the work by `walks`.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from engine.area import FEWER, FINER, working_sizes
from engine.free_memory import held_bytes
from engine.remembered import Figures
from engine.types import Drag, EditRequest, Event, Inpaint, Operation, Prediction, Preview, SDEdit, Translate

if TYPE_CHECKING:
    from engine.models import Model

NEW = 0.3  # how much the last run counts against those before
LOOKS = 20  # network calls by which a translation finds its mask
BY_MOVES = ("one pass", "published")
PAUSE = 0.02  # seconds between looks at the memory


class Walk(NamedTuple):
    """One way down the levels, at one size."""

    area: int  # pixels
    calls: int  # of the network


def walks(request: EditRequest, figures: Figures) -> list[Walk]:
    """All of an edit's, over its variants."""
    height, width = request.image.shape[:2]
    native, scale = figures.native, figures.largest / figures.native
    sizes = working_sizes(width, height, native, scale, 1)
    operation, steps, variants = request.operation, request.steps, request.variants
    few = max(2, math.ceil(FEWER * steps))
    areas = [across * down for across, down in sizes]
    if isinstance(operation, Drag):
        return _of_drag(operation, areas, steps, few) * variants
    if isinstance(operation, SDEdit):
        areas = areas[: 1 if operation.draft else None]
        strengths = operation.ladder or (operation.strength,) * variants
        times = operation.repeats
    else:
        strengths, times = (operation.strength,) * variants, 1
    found = []
    for strength in strengths:
        if not strength:
            continue
        begins = first_of(sizes[: len(areas)], _ratio(figures, strength))
        counts = [times * steps] + [few] * (len(areas) - begins - 1)
        found += [
            Walk(area, _both_ways(operation, calls))
            for area, calls in zip(areas[begins:], counts, strict=True)
        ]
    if isinstance(operation, Translate) and operation.find_mask:
        found.append(Walk(areas[0], LOOKS))
    return found


def first_of(sizes: list[tuple[int, int]], at_coarsest: float) -> int:
    """Which of its sizes an edit begins at, from the sigma / alpha that it has at the coarsest.

    Noise of one sigma hides at twice the size what half of it hides at the size: where little changes only
    the finer sizes have work.
    """
    ratios = [at_coarsest * size[0] / sizes[0][0] for size in sizes]
    return max([0, *(i for i, ratio in enumerate(ratios) if i and ratio <= FINER)])


def predicted(request: EditRequest, figures: Figures, free: int, is_loaded: bool) -> Prediction | None:
    """None as long as too little is known. `free` bytes are there beside the weights, if they are loaded."""
    if not figures.seconds:
        return None
    way = walks(request, figures)
    rows = rows_of(request, figures)
    seconds = sum(
        walk.calls * rows * _at(figures.seconds, walk.area) + walk.area * figures.autoencoder for walk in way
    )
    most = max((walk.area for walk in way), default=0)
    if not figures.bytes or figures.device != "cpu":
        return Prediction(seconds + figures.rest, None, None, True)
    needed = round(_at(figures.bytes, most)) + figures.weights
    there = free + (figures.weights if is_loaded else 0)
    return Prediction(seconds + request.variants * figures.rest, needed, there, needed <= there)


def rows_of(request: EditRequest, figures: Figures) -> int:
    """Evaluations of one network call: with words and guidance there are two."""
    led = request.negative_prompt != request.prompt and request.guidance != 1
    return 2 if led and figures.takes_negative_words else 1


class Meter:
    """Measures one run."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._evaluations: dict[int, list[float]] = {}
        self._most = 0
        self._pixels = 0
        self._began = held_bytes()
        self._peak = self._began

    def watched(self, events: Iterator[Event]) -> Iterator[Event]:
        """The same events; what they took is known afterwards, for all that came."""
        clock, cell, done = self._model.clock, getattr(self._model, "cell", 1), threading.Event()
        looking = threading.Thread(target=self._look, args=(done,), daemon=True)
        looking.start()
        started = time.perf_counter()
        before = replace(clock)
        evaluations, seconds = before.network_evaluations, before.network_seconds
        try:
            for event in events:
                if isinstance(event, Preview) and clock.network_evaluations > evaluations:
                    area = event.image.shape[0] * event.image.shape[1] * cell**2
                    each = (clock.network_seconds - seconds) / (clock.network_evaluations - evaluations)
                    self._evaluations.setdefault(area, []).append(each)
                evaluations, seconds = clock.network_evaluations, clock.network_seconds
                yield event
        finally:
            done.set()
            looking.join()
            self._seconds = time.perf_counter() - started
            self._network = clock.network_seconds - before.network_seconds
            self._autoencoder = clock.autoencoder_seconds - before.autoencoder_seconds

    def learned(self, request: EditRequest, figures: Figures) -> Figures:
        """The figures, improved by a run that came to its end."""
        seconds = {**figures.seconds}
        for area, times in self._evaluations.items():
            seconds[str(area)] = _mixed(seconds.get(str(area)), median(times))
        way = walks(request, figures)
        pixels, most = sum(walk.area for walk in way), max((walk.area for walk in way), default=0)
        peak = max(0, self._peak - self._began)
        found = {**figures.bytes}
        if peak and most:
            found[str(most)] = max(peak, found.get(str(most), 0))
        spare = max(0.0, self._seconds - self._network - self._autoencoder) / request.variants
        return replace(
            figures,
            seconds=seconds,
            autoencoder=_mixed(figures.autoencoder, self._autoencoder / pixels) if pixels else 0.0,
            rest=_mixed(figures.rest, spare),
            bytes=found,
        )

    def _look(self, done: threading.Event) -> None:
        while not done.wait(PAUSE):
            self._peak = max(self._peak, held_bytes())


def _of_drag(drag: Drag, areas: list[int], steps: int, few: int) -> list[Walk]:
    """One variant's, with a path that is not known yet."""
    if not drag.together and len(drag.handles) > 1:
        return [
            walk
            for handle in drag.handles
            for walk in _of_drag(replace(drag, handles=(handle,)), areas, steps, few)
        ]
    if drag.form in BY_MOVES:
        far = max(math.dist(handle.source, handle.target) for handle in drag.handles) / drag.stride
        return [Walk(areas[0], 2 * (steps if drag.form == "one pass" else math.ceil(far) * (steps - 1)))]
    both = drag.form != "settle"
    counts = [steps] + [few] * (len(areas) - 1)
    return [Walk(area, 2 * calls - 1 if both else calls) for area, calls in zip(areas, counts, strict=True)]


def _both_ways(operation: Operation, steps: int) -> int:
    """Calls of so many steps: what goes along a path asks twice."""
    if isinstance(operation, Inpaint):
        return 2 * steps - 1 if operation.solver == "cycle" else steps
    if isinstance(operation, Translate):
        return steps if operation.solver == "sde" else 2 * steps
    return steps


def _ratio(figures: Figures, time: float) -> float:
    at = time * (len(figures.ratios) - 1)
    low = min(int(at), len(figures.ratios) - 2)
    return figures.ratios[low] + (at - low) * (figures.ratios[low + 1] - figures.ratios[low])


def _at(measured: dict[str, float] | dict[str, int], area: int) -> float:
    """Between two areas that were measured on the line between them, beyond them by the nearest's share."""
    known = sorted((int(each), float(value)) for each, value in measured.items())
    for (low, a), (high, b) in pairwise(known):
        if low <= area <= high:
            return a + (b - a) * (area - low) / (high - low)
    nearest, value = known[0] if area < known[0][0] else known[-1]
    return value * area / nearest


def _mixed(before: float | None, now: float) -> float:
    return now if not before else before + NEW * (now - before)
