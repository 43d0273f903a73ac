"""Measures a run: seconds by size, and memory at the most. `engine.prediction` tells the next one from it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from statistics import median

from engine.device_memory import forget_peak, held_bytes, peak_bytes
from engine.models import Model
from engine.prediction import area_of_learning, is_led, walks
from engine.remembered import Figures
from engine.types import EditRequest, Event, Learning, Preview

NEW = 0.3  # how much the last run counts against those before
PAUSE = 0.02  # seconds between looks at the memory


class Meter:
    """Measures one run."""

    def __init__(self) -> None:
        self._evaluations: dict[int, list[float]] = {}
        self._learning: list[float] = []  # seconds of its steps, but for the first, which gets things ready

    def watched(self, events: Iterator[Event], model: Model) -> Iterator[Event]:
        """The same events; what they took is known afterwards, for all that came."""
        clock, device, done = model.clock, model.facts.device, threading.Event()
        forget_peak(device)
        self._began = self._peak = held_bytes(device)
        looking = threading.Thread(target=self._look, args=(device, done), daemon=True)
        looking.start()
        started = time.perf_counter()
        before = replace(clock)
        evaluations, seconds = before.network_evaluations, before.network_seconds
        try:
            learned = 0.0
            for event in events:
                now = time.perf_counter()
                if isinstance(event, Learning):
                    if event.step > 1:
                        self._learning.append(now - learned)
                    learned = now
                if isinstance(event, Preview) and clock.network_evaluations > evaluations:
                    each = (clock.network_seconds - seconds) / (clock.network_evaluations - evaluations)
                    self._evaluations.setdefault(clock.network_area, []).append(each)
                evaluations, seconds = clock.network_evaluations, clock.network_seconds
                yield event
        finally:
            done.set()
            looking.join()
            self._peak = max(self._peak, peak_bytes(device))
            self._seconds = time.perf_counter() - started
            self._network = clock.network_seconds - before.network_seconds
            calls = clock.network_calls - before.network_calls
            self._rows = (clock.network_evaluations - before.network_evaluations) / max(1, calls)
            self._autoencoder = clock.autoencoder_seconds - before.autoencoder_seconds

    def learned(self, request: EditRequest, figures: Figures) -> Figures:
        """The figures, improved by a run that came to its end."""
        seconds = {**figures.seconds}
        way = walks(request, figures)
        for area, times in self._evaluations.items():
            seen = min(way, key=lambda walk: abs(walk.area - area)).seen
            seconds[str(seen)] = _mixed(seconds.get(str(seen)), median(times))
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
            rows=self._rows if self._rows and is_led(request) else figures.rows,
        )

    def taught(self, request: EditRequest, figures: Figures) -> Figures:
        """The figures, improved by what learning took; what else such a run took says nothing of others."""
        if not self._learning:
            return figures
        area = str(area_of_learning(request, figures))
        step = _mixed(figures.learning.get(area), median(self._learning))
        return replace(figures, learning={**figures.learning, area: step})

    def _look(self, device: str, done: threading.Event) -> None:
        while not done.wait(PAUSE):
            self._peak = max(self._peak, peak_bytes(device))


def _mixed(before: float | None, now: float) -> float:
    return now if not before else before + NEW * (now - before)
