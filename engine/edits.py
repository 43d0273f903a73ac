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
from engine.settle import settle
from engine.types import (
    Drag,
    EditRequest,
    EngineError,
    Event,
    Inpaint,
    Learning,
    Notice,
    SDEdit,
    Settle,
    Translate,
)

if TYPE_CHECKING:
    from engine.autoencoder import Autoencoded
    from engine.image_lora import Learner

EDITS: dict[type, Callable[[Any, EditRequest, Model], Iterator[Event]]] = {
    SDEdit: sdedit,
    Drag: drag,
    Inpaint: inpaint,
    Translate: translate,
    Settle: settle,
}


LEARN = {"sd1", "sd2", "sdxl"}  # families whose models can learn a picture, and words
WEAR = {*LEARN, "sd3", "flux"}  # and those that take LoRA files, and show their latents by tiny decoders


def edit(request: EditRequest, model: Model, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
    """Run an edit. Once `stop()` is true, `engine.models.Interrupted` is raised from inside the network."""
    with model.interrupted_by(stop):
        request = yield from _equipped(request, model)
        if model.facts.family in WEAR and (
            why_not := cast("Autoencoded", model).show_by(request.tiny_decoder)
        ):
            yield Notice(why_not)
        events = EDITS[type(request.operation)](request.operation, request, model)
        yield from attending(events, model.facts)


def _equipped(request: EditRequest, model: Model) -> Generator[Learning, None, EditRequest]:
    """The request with what it learns first as one of its LoRAs."""
    name, family = model.facts.name, model.facts.family
    if request.loras and family not in WEAR:
        raise EngineError(f"The model {name} takes no LoRA; choose a Stable Diffusion checkpoint.")
    if (request.embeddings or request.identity) and family not in LEARN:
        what = "take textual inversions" if request.embeddings else "learn a picture"
        raise EngineError(f"The model {name} cannot {what}; choose a Stable Diffusion 1, 2 or XL.")
    if request.identity is None:
        return request
    from engine.image_lora import learned  # few edits need it

    lora = yield from learned(request.identity, request, cast("Learner", model))
    return replace(request, identity=None, loras=(*request.loras, lora))
