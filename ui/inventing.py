"""What else the model can be asked for: to fill a part anew from what is round it, and to let a picture show
something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.area import Rect, part_of, soft_mask, work_area
from engine.pictures import flat
from engine.types import EditRequest, EngineError, Inpaint, Mask, Operation, Rgb, Translate
from ui import areas
from ui.apply import Ask, Candidate, EditOptions, Task, asked, permitted
from ui.document import Document, stroke_alpha
from ui.language import tr
from ui.spaces import as_seen


@dataclass(frozen=True, eq=False)
class Fill(Ask):
    """A part that is invented; where strokes marked it, they go out of sight with it."""

    label: ClassVar[str] = "Fill"
    of_strokes: bool = False

    def accepted(self, document: Document, candidate: Candidate) -> Document:
        return (super().accepted if self.of_strokes else self.laid_over)(document, candidate)


@dataclass(frozen=True, eq=False)
class Translation(Ask):
    """The picture as it is seen, made to show something else; strokes are part of it."""

    label: ClassVar[str] = "Translate"

    def accepted(self, document: Document, candidate: Candidate) -> Document:
        return self.laid_over(document, candidate)


def filled(document: Document, options: EditOptions) -> Ask:
    """What to ask for to fill what is selected or painted Editable; if nothing is, what strokes cover.
    Raises EngineError.
    """
    strokes, allowed = stroke_alpha(document), areas.allowed(document)
    of_strokes = not areas.is_marked(document)
    free = soft_mask(strokes, options.grow, options.feather) if of_strokes else None
    if allowed is not None:
        free = permitted(free, allowed)
    if free is None or not free.any():
        raise EngineError(tr("Nothing is free to be filled: select it, paint it Editable, or paint over it."))
    at = work_area(free)
    seen = flat(as_seen(document, at))
    known = flat(as_seen(document, at, lambda layer: layer.kind != "strokes")) if of_strokes else seen
    operation = Inpaint(options.strength)
    return Fill(at, _request(document, at, known, seen, free[at.slices], operation, options), of_strokes)


def translated(document: Document, options: EditOptions) -> Ask:
    """What to ask for to let what is seen show something else. Raises EngineError."""
    if not options.prompt:
        raise EngineError(tr("Say in words what the picture shall show."))
    allowed = areas.allowed(document)
    free = None if allowed is None else permitted(None, allowed)
    if free is not None and not free.any():
        raise EngineError(tr("The selection and the areas leave nothing free to change; clear them."))
    at = document.rect if free is None else work_area(free)
    seen = flat(as_seen(document, at))
    mask = None if free is None else free[at.slices]
    operation = Translate(options.source, options.strength, find_mask=options.find_mask)
    return Translation(at, _request(document, at, seen, seen, mask, operation, options))


ASKS: Mapping[Task, Callable[[Document, EditOptions], Ask]] = {
    "real": asked,
    "fill": filled,
    "translate": translated,
}


def _request(
    document: Document,
    at: Rect,
    known: Rgb,
    guide: Rgb,
    mask: Mask | None,
    operation: Operation,
    options: EditOptions,
) -> EditRequest:
    share = areas.shares(document, at)
    return EditRequest(
        image=known,
        guide=guide,
        mask=mask,
        operation=operation,
        steps=options.steps,
        seed=options.seed,
        variants=options.variants,
        window=part_of(at, document.width, document.height),
        share=None if share is None else share.astype(np.float32) / np.float32(255),
        **options.told(),
    )
