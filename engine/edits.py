"""Edits: generators of events. One event follows every network call, so that previews, progress, time left
and stopping need nothing else; closing the generator ends the work at once.

A new edit is an operation in `engine.types`, a generator in a module of its own, and one line in EDITS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from engine.drag import drag
from engine.models import Model
from engine.round_trip import inpaint, translate
from engine.sdedit import sdedit
from engine.types import Drag, EditRequest, Event, Inpaint, SDEdit, Translate

EDITS: dict[type, Callable[[Any, EditRequest, Model], Iterator[Event]]] = {
    SDEdit: sdedit,
    Drag: drag,
    Inpaint: inpaint,
    Translate: translate,
}


def edit(request: EditRequest, model: Model, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
    """Run an edit. Once `stop()` is true, `engine.models.Interrupted` is raised from inside the network."""
    with model.interrupted_by(stop):
        yield from EDITS[type(request.operation)](request.operation, request, model)
