"""A drag of a document: what the engine is asked for, what it will take, and what becomes of the handles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

import numpy as np

from engine.area import NATIVE, Rect, part_of, work_area
from engine.matte import trimmed
from engine.pictures import flat
from engine.types import Drag, EditRequest, EngineError, Form, Handle, Mask, Preview
from engine.warp import cut, grown, lifted, part_way, shifted
from ui.apply import DOT, Ask, Candidate
from ui.document import Document, Pull, Rgba, read
from ui.handles import gone, has_way, moving

FAR = 0.3  # of the longer side of the work area: by moves, what goes farther is carried less surely
EDGE = 8.0  # pixels at the model's size round what moves that may look different
ON_THE_WAY = (0.0, 0.25, 0.5, 0.75, 1.0)  # where a drag that goes by moves may change the picture
BY_MOVES: tuple[Form, ...] = ("one pass", "published")
STRETCHED, LARGEST, FEWER = 1.5, 4, 0.4  # how the engine works up a large picture: see `plan` in sdedit


@dataclass(frozen=True)
class DragOptions:
    """What the panel says of the next run."""

    form: Form = "auto"
    strength: float = 0.7
    steps: int = 25
    seed: int = 0
    variants: int = 1
    keep: bool = False  # the source, too: a copy
    model: str = "starter"


class Outlook(NamedTuple):
    """What a run will take."""

    calls: int  # of the network, at most
    work: float  # those calls times the megapixels of each
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class DragAsk(Ask):
    """A drag that can be run."""

    label: ClassVar[str] = "Drag"
    work: float  # as in `Outlook`
    places: Mask  # both ends of all handles, and where they pass if the form goes by moves

    @property
    def where(self) -> Mask:
        return self.places

    def pixels(self, candidate: Candidate) -> Rgba:
        """The candidate where it differs from the picture; a drag fades into it by itself."""
        changed = (candidate.image != self.request.image).any(2)
        return np.dstack([candidate.image, np.where(changed, np.uint8(255), np.uint8(0))])

    def accepted(self, document: Document, candidate: Candidate) -> Document:
        """The result as a layer on top. Handles that have arrived are done; those on their way go on."""
        document = self.laid_over(document, candidate)
        left = [self._left(pull, candidate.way, document) for pull in document.pulls]
        return replace(document, pulls=tuple(pull for pull in left if pull is not None))

    def stands(self, preview: Preview) -> str:
        """How far it is, in words: the distance left, too, if it goes by moves."""
        drag, variants = self.request.operation, self.request.variants
        assert isinstance(drag, Drag)
        words = [f"call {preview.call} of {preview.calls}"]
        if variants > 1:
            words.insert(0, f"variant {preview.variant + 1} of {variants}")
        if drag.form in BY_MOVES:
            longest = max(math.dist(handle.source, handle.target) for handle in drag.handles)
            left = 1 - preview.call * variants / preview.calls + preview.variant
            words.append(f"{round(longest * left)} px to go")
        return f" {DOT} ".join(words)

    def part_way(self, way: float, seed: int) -> DragAsk:
        """The same drag only so far, in the one variant of that seed."""
        drag = self.request.operation
        assert isinstance(drag, Drag)
        handles = tuple(part_way(handle, way) for handle in drag.handles)
        places = _places(handles, self.at.width, self.at.height, drag.form)
        mask = None if self.request.mask is None else places
        operation = replace(drag, handles=handles)
        request = replace(self.request, operation=operation, mask=mask, seed=seed, variants=1)
        return replace(self, request=request, places=places)

    def _left(self, pull: Pull, way: float, document: Document) -> Pull | None:
        """A handle once so much of its way is applied: on what it carried, cut free of its old ground."""
        if not pull.enabled or not has_way(pull.handle):
            return pull
        if way == 1:
            return None
        handle = pull.handle
        if handle.trim:
            alone = trimmed(self.request.image, shifted(handle, -self.at.x, -self.at.y))
            if alone.region is not None:
                handle = replace(shifted(alone, self.at.x, self.at.y), trim=False)
        return replace(pull, handle=gone(handle, way, document.width, document.height))


def dragged(document: Document, options: DragOptions) -> DragAsk:
    """What to ask the engine for: the picture as it is seen, round all handles that go somewhere. Raises
    EngineError.
    """
    handles = moving(document.pulls)
    if not handles:
        raise EngineError("No handle goes anywhere: press on a thing and pull it where it shall be.")
    at = _area(document, handles)
    there = tuple(shifted(handle, -at.x, -at.y) for handle in handles)
    places = _places(there, at.width, at.height, options.form)
    picture = flat(read(document, at))
    request = EditRequest(
        image=picture,
        guide=picture,
        mask=places if options.form in BY_MOVES else None,  # the other forms keep the rest by themselves
        operation=Drag(
            there, options.form, strength=options.strength, beta=1.0 if options.keep else Drag.beta
        ),
        steps=options.steps,
        seed=options.seed,
        variants=options.variants,
        model=options.model,
        window=part_of(at, document.width, document.height),
    )
    return DragAsk(at, request, sum(_costs(at, handles, options)), places)


def outlook(document: Document, options: DragOptions) -> Outlook:
    """What a run would take now, and what is to be said before it."""
    handles = moving(document.pulls)
    boxes = _boxes(handles, document.width, document.height)
    at = _area(document, handles) if any(box.width for box in boxes) else None
    warnings = [
        sentence
        for pull in document.pulls
        if pull.enabled
        for sentence in _warnings(pull, document, at, options.form)
    ]
    costs = [] if at is None else _costs(at, handles, options)
    return Outlook(len(costs), sum(costs), tuple(warnings))


def _area(document: Document, handles: Sequence[Handle]) -> Rect:
    """The part of the picture to work on. Raises EngineError if all handles are outside."""
    touched = np.zeros((document.height, document.width), np.float32)
    for rect in _boxes(handles, document.width, document.height):
        touched[rect.slices] = 1
    if not touched.any():
        raise EngineError("The handles are outside the picture: move them into it, or remove them.")
    return work_area(touched)


def _boxes(handles: Sequence[Handle], width: int, height: int) -> list[Rect]:
    """What each carries, where it is and where it goes."""
    picture = np.zeros((height, width, 3), np.uint8)  # of which only its size counts
    return [cut(picture, part_way(handle, way)).at for handle in handles for way in (0.0, 1.0)]


def _places(handles: Sequence[Handle], width: int, height: int, form: Form) -> Mask:
    """Softly, where the drag may change a picture of that size."""
    out, picture = lifted(handles, width, height), np.zeros((height, width, 3), np.uint8)
    for way in ON_THE_WAY if form in BY_MOVES else (1.0,):
        for handle in handles:
            landed = cut(picture, part_way(handle, way))
            place = out[landed.at.slices]
            np.maximum(place, landed.alpha, out=place)
    edge = EDGE * max(1.0, math.sqrt(width * height) / NATIVE)
    return grown(out, round(edge / 2), edge)


def _costs(at: Rect, handles: Sequence[Handle], options: DragOptions) -> list[float]:
    """The megapixels of every network call."""
    sizes, steps = _sizes(at), options.steps
    coarse, *finer = [size / 1e6 for size in sizes]
    if options.form in BY_MOVES:
        drag = Drag(tuple(handles))
        moves = max(math.dist(handle.source, handle.target) for handle in handles) / drag.stride
        each = 2 * (steps if options.form == "one pass" else math.ceil(moves) * (steps - 1))
        return [coarse] * each * options.variants
    few = max(2, math.ceil(FEWER * steps))
    if options.form == "settle":
        walks = [coarse] * steps + [size for size in finer for _ in range(few)]
        return walks * options.variants
    along = [size for size in finer for _ in range(2 * few - 1)]
    return [coarse] * (steps - 1) + ([coarse] * steps + along) * options.variants


def _sizes(at: Rect) -> list[float]:
    """Pixels of the sizes at which the engine works on an area, from coarse to fine."""
    side = min(max(math.sqrt(at.width * at.height), NATIVE), LARGEST * NATIVE)
    sizes = [side]
    while sizes[0] > STRETCHED * NATIVE:
        sizes.insert(0, sizes[0] / 2)
    return [each * each for each in sizes]


def _warnings(pull: Pull, document: Document, at: Rect | None, form: Form) -> list[str]:
    handle, sentences = pull.handle, []
    if not has_way(handle):
        return [f"{pull.name} goes nowhere: pull it to its place."]
    for verb, (x, y) in (("begins", handle.source), ("ends", handle.target)):
        if not (0 <= x <= document.width and 0 <= y <= document.height):
            sentences.append(f"{pull.name} {verb} outside the picture.")
    if form not in BY_MOVES:
        return sentences
    if handle.turn or handle.scale != 1:
        sentences.append(f"{pull.name} turns or grows, which this form cannot: choose Carry or Settle.")
    if at is not None and math.dist(handle.source, handle.target) > FAR * max(at.width, at.height):
        sentences.append(f"{pull.name} goes far: the model may lose what it carries on the way.")
    return sentences
