"""Edits: generators of events. One event follows every network call, so that previews, progress, time left
and stopping need nothing else; closing the generator ends the work at once.

A new edit is an operation in `engine.types`, a generator in a module of its own, and one line in EDITS.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from engine.attention import attending
from engine.drag import drag
from engine.models import Model
from engine.round_trip import inpaint, translate
from engine.sdedit import sdedit
from engine.types import Drag, EditRequest, EngineError, Event, Inpaint, Learning, SDEdit, Translate

if TYPE_CHECKING:
    from engine.image_lora import Learner

EDITS: dict[type, Callable[[Any, EditRequest, Model], Iterator[Event]]] = {
    SDEdit: sdedit,
    Drag: drag,
    Inpaint: inpaint,
    Translate: translate,
}


TAKES = {"sd1", "sd2", "sdxl"}  # families of models that LoRA files and textual inversions are made for


def edit(request: EditRequest, model: Model, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
    """Run an edit. Once `stop()` is true, `engine.models.Interrupted` is raised from inside the network."""
    with model.interrupted_by(stop):
        request = yield from _equipped(request, model)
        events = EDITS[type(request.operation)](request.operation, request, model)
        yield from attending(events, model.facts.device, model.facts.dtype)


def _equipped(request: EditRequest, model: Model) -> Generator[Learning, None, EditRequest]:
    """The request with what it learns first as one of its LoRAs."""
    if (request.loras or request.embeddings or request.identity) and model.facts.family not in TAKES:
        raise EngineError(
            f"The model {model.facts.name} takes no LoRA, no textual inversion, and cannot learn a picture; "
            "choose a Stable Diffusion checkpoint."
        )
    if request.identity is None:
        return request
    from engine.image_lora import learned  # few edits need it

    lora = yield from learned(request.identity, request, cast("Learner", model))
    return replace(request, identity=None, loras=(*request.loras, lora))
