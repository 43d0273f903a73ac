"""The models that are loaded: got ready when they are asked for, put away when memory is short or nobody has
asked for a while.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from engine import allocation, remembered
from engine.economy import USUAL, Economy
from engine.imports import uncollected
from engine.remembered import Figures

if TYPE_CHECKING:
    from torch import Tensor, nn

    from engine.models import Model

TIMES = 20  # of the schedule, that are remembered
ROOM = 1.2  # times its weights: what a model needs to be loaded, beside those that are


class Shelf:
    """It belongs to one thread."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._models: dict[str, Model] = {}  # the one that was asked for last is the last
        self._figures: dict[str, Figures] = {}  # of all that were ever here
        self._keys: dict[str, str] = {}  # by which those are remembered
        self._places: dict[str, str] = {}  # of a model that is not where models usually are: its device
        self._asked = time.monotonic()

    def __contains__(self, name: str) -> bool:
        return name in self._models

    @cached_property
    def device(self) -> str:
        """Where models usually are."""
        with uncollected():
            from engine.models import pick_device  # torch and diffusers take 4 s: after the window is up
        return pick_device(self._device)

    def take(self, name: str, economy: Economy = USUAL) -> Model:
        """The model, loaded to get by like that if it is not. Raises EngineError."""
        if name not in self._models:
            self._make_room(name)
            with uncollected():
                import torch

                from engine.device_memory import bound
                from engine.models import load

                bound(self.device)
                torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))  # one core is the window's
                model = load(name, economy.device or self._device, economy)
            self._places[name] = economy.device
            self.put(name, model)
        self._models[name] = self._models.pop(name)
        self._asked = time.monotonic()
        return self._models[name]

    def placed(self, name: str, economy: Economy) -> Model:
        """The model, which gets by like that from now on; if it must go to another device, loaded anew."""
        from engine.device_memory import bound

        bound(self.device)
        if name in self._models and self._places.get(name, "") != economy.device:
            self._put_away(name)
        model = self.take(name, economy)
        model.save(economy)
        return model

    def put(self, name: str, model: Model) -> None:
        """One that was loaded just now."""
        allocation.give_back()  # what loading took beside the model
        self._models[name] = model
        if name not in self._figures or not self._places.get(name):
            self._figures[name] = self._first_figures(name)
            facts = model.facts
            self._keys[name] = f"{facts.weights or facts.name} {facts.device} {facts.dtype}"

    def figures(self, name: str) -> Figures:
        """What is known of a model that was taken."""
        return self._figures[name]

    def remember(self, name: str, figures: Figures) -> None:
        self._figures[name] = figures
        remembered.remember(name, self._keys[name], figures)

    def room(self, name: str) -> int:
        """Bytes that a model would have for itself on the usual device, its weights included."""
        from engine.device_memory import free_bytes

        model, device = self._models.get(name), self.device
        there = [] if model is None else _tensors(_networks(model))
        return free_bytes(device) + sum(each.nbytes for each in there if each.device.type == device)

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
            from engine.device_memory import free_bytes

            loaded = (self._figures[each].weights for each in self._models)
            needed = sum(loaded) if known is None else known.weights
            if ROOM * needed <= free_bytes(self.device):
                return
            self._put_away(next(iter(self._models)))

    def _put_away(self, name: str) -> None:
        """Its weights go at once, whatever still points at it."""
        from accelerate.hooks import remove_hook_from_submodules

        from engine.device_memory import release

        networks = _networks(self._models.pop(name))
        remove_hook_from_submodules(networks)  # which hold weights, too
        networks.to("meta")
        del networks
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
        if figures is None or (figures.weights, figures.device) != (first.weights, first.device):
            return first
        return replace(
            first,
            seconds=figures.seconds,
            autoencoder=figures.autoencoder,
            rest=figures.rest,
            learning=figures.learning,
            bytes=figures.bytes,
            rows=figures.rows,
            room=figures.room,
            shortages=figures.shortages,
        )


def _weights(model: Model) -> int:
    """Bytes of what it has on its device. Those who read words are always the processor's, and some have
    theirs on the disk.
    """
    there = [each for part in _parts(model) for each in _tensors(part)]
    if model.facts.device == "cpu":
        there += [each for reader in _readers(model) for each in _tensors(reader) if not each.is_meta]
    return sum(each.nbytes for each in there)


def _tensors(network: nn.Module) -> list[Tensor]:
    return [*network.parameters(), *network.buffers()]


def _networks(model: Model) -> nn.ModuleList:
    from torch import nn

    return nn.ModuleList([*_parts(model), *_readers(model)])


def _parts(model: Model) -> list[nn.Module]:
    from torch import nn

    return [each for each in vars(model).values() if isinstance(each, nn.Module)]


def _readers(model: Model) -> Sequence[nn.Module]:
    models: Sequence[nn.Module] = getattr(getattr(model, "words", None), "models", ())
    return models
