"""The engine's work, on whatever thread or in whatever process it is done: it owns the models."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.imports import uncollected
from engine.types import NO_MEMORY, EditRequest, EngineError, Event, ModelFacts

if TYPE_CHECKING:
    from engine.models import Model

log = logging.getLogger(__name__)


class Local:
    """What is asked of it, it does; it raises EngineError and nothing else. torch is imported when first
    needed.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._models: dict[str, Model] = {}

    def facts(self, name: str) -> ModelFacts:
        """A model is got ready."""
        started = time.perf_counter()
        with _in_a_sentence("The engine could not start ({}); reinstall Driftpaint."):
            facts = self._model(name).facts
        return replace(facts, load_seconds=time.perf_counter() - started)

    def run(self, request: EditRequest, stop: Callable[[], bool]) -> Iterator[Event]:
        """The events of an edit, until it is done or `stop()` is true."""
        with _in_a_sentence("The edit failed ({}); nothing was changed. Please try again."):
            model = self._model(request.model)
            from engine.edits import edit  # torch is imported on this thread only
            from engine.models import Interrupted

            with suppress(Interrupted):
                for event in edit(request, model, stop):
                    if stop():
                        break
                    yield event

    def close(self) -> None:
        self._models.clear()

    def _model(self, name: str) -> Model:
        if name not in self._models:
            for other in [each for each in self._models if Path(each).exists()]:
                del self._models[other]  # of the user's own one at a time, for the memory's sake
            with uncollected():
                import torch  # torch and diffusers take 4 s: here, after the window is up

                from engine.models import load

                torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))  # one core is the window's
                self._models[name] = load(name, self._device)
        return self._models[name]


@contextmanager
def _in_a_sentence(sentence: str) -> Iterator[None]:
    """The border: whatever happens inside becomes an EngineError."""
    try:
        yield
    except EngineError:
        raise
    except Exception as error:
        if any(words in str(error).lower() for words in NO_MEMORY):
            raise EngineError("There is not enough memory for this edit; choose a smaller area.") from error
        log.exception("the engine failed")
        raise EngineError(sentence.format(error)) from error
