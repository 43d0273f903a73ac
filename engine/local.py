"""The engine's work, on whatever thread or in whatever process it is done: it owns the models."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from engine.free_memory import ran_short
from engine.ladder import fitting, taken
from engine.shelf import Shelf
from engine.types import EditRequest, EngineError, Event, ModelFacts

log = logging.getLogger(__name__)


class Local:
    """What is asked of it, it does; it raises EngineError and nothing else. torch is imported when first
    needed.
    """

    def __init__(self, device: str) -> None:
        self._shelf = Shelf(device)

    def facts(self, name: str) -> ModelFacts:
        """A model is got ready."""
        started = time.perf_counter()
        with _in_a_sentence("The engine could not start ({error}); reinstall Driftpaint."):
            facts = taken(name, self._shelf).facts
        return replace(facts, load_seconds=time.perf_counter() - started)

    def run(self, request: EditRequest, stop: Callable[[], bool]) -> Iterator[Event]:
        """The events of an edit, until it is done or `stop()` is true."""
        with _in_a_sentence("The edit failed ({error}); nothing was changed. Please try again."):
            taken(request.model, self._shelf)
            from engine.models import Interrupted  # torch is imported on this thread only

            with suppress(Interrupted):
                for event in fitting(request, self._shelf, stop):
                    if stop():
                        break
                    yield event

    def tidy(self, minutes: float) -> bool:
        """Put the models away if nobody has asked for so long; whether they were."""
        return self._shelf.idle(minutes)

    def close(self) -> None:
        self._shelf = Shelf("")


@contextmanager
def _in_a_sentence(sentence: str) -> Iterator[None]:
    """The border: whatever happens inside becomes an EngineError."""
    try:
        yield
    except EngineError:
        raise
    except Exception as error:
        if ran_short(error):
            raise EngineError("There is not enough memory for this edit; choose a smaller area.") from error
        log.exception("the engine failed")
        raise EngineError(sentence.format(error=error)) from error
