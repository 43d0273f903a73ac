"""A drag of a document: what the engine is asked for, what is said before, what becomes of the handles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

import numpy as np

from engine.area import NATIVE, Rect, area_round, part_of
from engine.matte import trimmed
from engine.pictures import flat
from engine.types import Drag, EditRequest, EngineError, Form, Handle, Mask, Preview
from engine.warp import cut, grown, lifted, part_way, shifted
from ui import areas
from ui.apply import DOT, Ask, Candidate, Wording, permitted
from ui.areas import Share
from ui.document import Document, Pull, Pulls, Rgba
from ui.handles import gone, has_way, moving
from ui.language import marked, tr
from ui.spaces import as_seen

FAR = 0.3  # of the longer side of the work area: by moves, what goes farther is carried less surely
EDGE = 8.0  # pixels at the model's size round what moves that may look different
ON_THE_WAY = (0.0, 0.25, 0.5, 0.75, 1.0)  # where a drag that goes by moves may change the picture
PathKey = tuple[object, ...]
BY_MOVES: tuple[Form, ...] = ("one pass", "published")


@dataclass(frozen=True)
class DragOptions(Wording):
    """What the panel says of the next run."""

    form: Form = "auto"
    strength: float = Drag.strength
    steps: int = Drag.STEPS
    seed: int = 0
    variants: int = 1
    keep: bool = False  # the source, too: a copy
    together: bool = True  # or one handle after another


class Outlook(NamedTuple):
    """What a run would do."""

    handles: int  # that go somewhere; 0: nothing is in the picture, and it cannot run
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class DragAsk(Ask):
    """A drag that can be run."""

    label: ClassVar[str] = "Drag"
    places: Mask  # both ends of all handles, and where they pass if the form goes by moves
    pulls: Pulls = ()  # of the document, which this drag brings on
    allowed: Share | None = None  # where areas let it change anything

    path: PathKey = ()  # what its noising path depends on

    @property
    def is_one_by_one(self) -> bool:
        """Whether its handles go one after another: on part of the way some have gone all of theirs."""
        drag = self.request.operation
        return isinstance(drag, Drag) and not drag.together and len(drag.handles) > 1

    @property
    def where(self) -> Mask:
        return self.places

    def pixels(self, candidate: Candidate) -> Rgba:
        """The candidate where it differs from the picture; a drag fades into it by itself."""
        if candidate.pixels is not None:
            return candidate.pixels
        changed = (candidate.image != self.request.image).any(2)
        return np.dstack([candidate.image, np.where(changed, np.uint8(255), np.uint8(0))])

    def accepted(self, document: Document, candidate: Candidate) -> Document:
        """The result as a layer on top. Handles that have arrived are done; those on their way go on."""
        document, way = self.laid_over(document, candidate), candidate.way
        mine = [pull for pull in self.pulls if pull.enabled and has_way(pull.handle)]
        ways = dict.fromkeys(mine, way)
        if self.is_one_by_one:
            done = round(way * len(mine))
            ways = {pull: float(number < done) for number, pull in enumerate(mine)}
        left = [self._left(pull, ways[pull], document) if pull in ways else pull for pull in document.pulls]
        return replace(document, pulls=tuple(pull for pull in left if pull is not None))

    def stands(self, preview: Preview) -> str:
        """How far it is, in words: the distance left, too, if it goes by moves."""
        drag, variants = self.request.operation, self.request.variants
        assert isinstance(drag, Drag)
        words = [tr("call {number} of {count}").format(number=preview.call, count=preview.calls)]
        if variants > 1:
            told = tr("variant {number} of {count}")
            words.insert(0, told.format(number=preview.variant + 1, count=variants))
        if drag.form in BY_MOVES:
            longest = max(math.dist(handle.source, handle.target) for handle in drag.handles)
            left = 1 - preview.call * variants / preview.calls + preview.variant
            words.append(tr("{count} px to go").format(count=round(longest * left)))
        return f" {DOT} ".join(words)

    def part_way(self, way: float, seed: int) -> DragAsk:
        """The same drag only so far, in the one variant of that seed."""
        drag = self.request.operation
        assert isinstance(drag, Drag)
        handles = tuple(part_way(handle, way) for handle in drag.handles)
        places = _places(handles, self.at.width, self.at.height, drag.form)
        mask = _mask(drag.form, places, self.allowed)
        operation = replace(drag, handles=handles)
        request = replace(self.request, operation=operation, mask=mask, seed=seed, variants=1)
        return replace(self, request=request, places=places)

    def _left(self, pull: Pull, way: float, document: Document) -> Pull | None:
        """A handle once so much of its way is applied: on what it carried, cut free of its old ground."""
        if way == 1:
            return None
        if way == 0:
            return pull
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
    drag = Drag(there, options.form, strength=options.strength, together=options.together)
    if options.keep:
        drag = replace(drag, beta=1.0)
    picture, allowed = flat(as_seen(document, at)), areas.allowed(document, at)
    request = EditRequest(
        image=picture,
        guide=picture,
        operation=drag,
        steps=options.steps,
        seed=options.seed,
        variants=options.variants,
        **options.told(),
        window=part_of(at, document.width, document.height),
    )
    ask = ask_of(at, request)
    if allowed is not None and not (ask.places * allowed).any():
        raise EngineError(
            "The selection and the areas keep everything that the handles would change; clear them, or paint "
            "Editable over both ends."
        )
    request = replace(request, mask=_mask(options.form, ask.places, allowed))
    path = path_of(document, options)
    return replace(ask, request=request, pulls=document.pulls, allowed=allowed, path=path)


def path_of(document: Document, options: DragOptions) -> PathKey:
    """What the noising path of a drag depends on. The engine keeps the last ones, and another seed shares
    them.
    """
    how = (options.form, options.strength, options.steps, options.keep, options.together)
    told = replace(options, tiny_decoder="").told()  # which only shows it
    return (document.layers, tuple(moving(document.pulls)), *how, *told.values())


def ask_of(at: Rect, request: EditRequest) -> DragAsk:
    """A drag of a part of a picture, and where it may be seen."""
    drag = request.operation
    assert isinstance(drag, Drag)
    places = _places(drag.handles, at.width, at.height, drag.form)
    request = replace(request, mask=_mask(drag.form, places, None) if request.mask is None else request.mask)
    return DragAsk(at, request, places)


def outlook(document: Document, options: DragOptions) -> Outlook:
    """What a run would do now, and what is to be said before it."""
    handles = moving(document.pulls)
    boxes = _boxes(handles, document.width, document.height)
    at = _area(document, handles) if any(box.width and box.height for box in boxes) else None
    warnings = [
        sentence
        for pull in document.pulls
        if pull.enabled
        for sentence in _warnings(pull, document, at, options.form)
    ]
    return Outlook(0 if at is None else len(handles), tuple(warnings))


def _area(document: Document, handles: Sequence[Handle]) -> Rect:
    """The part of the picture to work on. Raises EngineError if all handles are outside."""
    boxes = [box for box in _boxes(handles, document.width, document.height) if box.width and box.height]
    if not boxes:
        raise EngineError("The handles are outside the picture: move them into it, or remove them.")
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return area_round(Rect(left, top, right - left, bottom - top), document.width, document.height)


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


def _mask(form: Form, places: Mask, allowed: Share | None) -> Mask | None:
    """Where the engine may change anything; carry and settle keep what is not theirs by themselves."""
    mask = places if form in BY_MOVES else None
    return mask if allowed is None else permitted(mask, allowed)


def _warnings(pull: Pull, document: Document, at: Rect | None, form: Form) -> list[str]:
    handle, sentences = pull.handle, []
    if not has_way(handle):
        return [tr("{handle} goes nowhere: pull it to its place.").format(handle=pull.name)]
    for verb, (x, y) in ((marked("begins"), handle.source), (marked("ends"), handle.target)):
        if not (0 <= x <= document.width and 0 <= y <= document.height):
            told = tr("{name} {verb} outside the picture.")
            sentences.append(told.format(name=pull.name, verb=tr(verb)))
        else:
            sentences += _kept(pull, verb, document, Rect(math.floor(x), math.floor(y), 1, 1))
    if form not in BY_MOVES:
        return sentences
    if handle.turn or handle.scale != 1:
        told = tr("{handle} turns or grows, which this form cannot: choose Carry or Settle.")
        sentences.append(told.format(handle=pull.name))
    if at is not None and math.dist(handle.source, handle.target) > FAR * max(at.width, at.height):
        told = tr("{handle} goes far: the model may lose what it carries on the way.")
        sentences.append(told.format(handle=pull.name))
    return sentences


def _kept(pull: Pull, verb: str, document: Document, pixel: Rect) -> list[str]:
    """A warning if areas keep the pixel at which a handle begins or ends."""
    allowed = areas.allowed(document, pixel)
    if allowed is None or allowed.max(initial=0) > 127:
        return []
    if areas.alpha_of(document, "protected", pixel).max(initial=0) > 127:
        return [tr("{name} {verb} where the picture is protected.").format(name=pull.name, verb=tr(verb))]
    return [tr("{name} {verb} outside the editable area.").format(name=pull.name, verb=tr(verb))]
