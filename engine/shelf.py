"""The models that are loaded: got ready when they are asked for, put away when memory is short or nobody has
asked for a while.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from engine import allocation, remembered
from engine.free_memory import free_bytes
from engine.imports import uncollected
from engine.remembered import Figures

if TYPE_CHECKING:
    from torch import nn

    from engine.models import Model

TIMES = 20  # of the schedule, that are remembered
ROOM = 1.2  # times its weights: what a model needs to be loaded, beside those that are


class Shelf:
    """It belongs to one thread."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._models: dict[str, Model] = {}  # the one that was asked for last is the last
        self._figures: dict[str, Figures] = {}
        self._asked = time.monotonic()

    def __contains__(self, name: str) -> bool:
        return name in self._models

    def take(self, name: str) -> Model:
        """The model, loaded if it is not. Raises EngineError."""
        if name not in self._models:
            self._make_room(name)
            with uncollected():
                import torch  # torch and diffusers take 4 s: here, after the window is up

                from engine.models import load

                torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))  # one core is the window's
                model = load(name, self._device)
            self.put(name, model)
        self._models[name] = self._models.pop(name)
        self._asked = time.monotonic()
        return self._models[name]

    def put(self, name: str, model: Model) -> None:
        """One that was loaded just now."""
        allocation.give_back()  # what loading took beside the model
        self._models[name] = model
        self._figures[name] = self._first_figures(name)

    def figures(self, name: str) -> Figures:
        """What is known of a model that was taken."""
        return self._figures[name]

    def remember(self, name: str, figures: Figures) -> None:
        self._figures[name] = figures
        facts = self._models[name].facts
        remembered.remember(name, f"{facts.weights or facts.name} {facts.device} {facts.dtype}", figures)

    def idle(self, minutes: float) -> bool:
        """Put everything away if nobody has asked for so long; whether it was."""
        if not self._models or time.monotonic() - self._asked < 60 * minutes:
            return False
        self.clear()
        return True

    def clear(self) -> None:
        """Put all of them away."""
        for name in list(self._models):
            self._put_away(name)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Inside, time does not count as idle."""
        try:
            yield
        finally:
            self._asked = time.monotonic()

    def _make_room(self, name: str) -> None:
        """Those that were longest unused go, while what is known of the new one does not fit beside them; of
        one that is not known, as if it were as large as all of them together.
        """
        known = remembered.figures(name)
        while self._models:
            needed = sum(each.weights for each in self._figures.values()) if known is None else known.weights
            if ROOM * needed <= free_bytes():
                return
            self._put_away(next(iter(self._models)))

    def _put_away(self, name: str) -> None:
        """Its weights go at once, whatever still points at it."""
        model = self._models.pop(name)
        del self._figures[name]
        _networks(model).to("meta")
        del model
        release()

    def _first_figures(self, name: str) -> Figures:
        """What was learned of it before, or what it says of itself."""
        model = self._models[name]
        native, largest = model.sizes(16, 16)[-1][0], model.sizes(2**14, 2**14)[-1][0]
        ratios = tuple(min(model.schedule(i / TIMES).ratio, 1e6) for i in range(TIMES + 1))
        figures = remembered.figures(name)
        facts = model.facts
        first = Figures(
            weights=_weights(model),
            native=native,
            largest=max(native, largest),
            ratios=ratios,
            device=facts.device,
            farthest=model.farthest,
            rows=2.0 if facts.takes_negative_words and facts.takes_words else 1.0,
        )
        if figures is None or figures.weights != first.weights:
            return first
        return replace(
            first,
            seconds=figures.seconds,
            autoencoder=figures.autoencoder,
            rest=figures.rest,
            bytes=figures.bytes,
            rows=figures.rows,
            shortages=figures.shortages,
        )


def release() -> None:
    """Give back what nobody uses: of this process, and of its device."""
    allocation.give_back()
    import torch

    if torch.accelerator.is_available():
        torch.accelerator.empty_cache()


def _weights(model: Model) -> int:
    """Bytes of all that its networks have."""
    whole = _networks(model)
    return sum(each.nbytes for each in [*whole.parameters(), *whole.buffers()])


def _networks(model: Model) -> nn.ModuleList:
    from torch import nn

    words = getattr(model, "words", None)
    parts = [*vars(model).values(), *getattr(words, "models", ())]
    return nn.ModuleList([each for each in parts if isinstance(each, nn.Module)])
