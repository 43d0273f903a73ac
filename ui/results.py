"""Results in the document: how a run's pictures get there, what is told of them, how they are made again."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from engine.area import Rect
from engine.pictures import flat
from engine.recipe import Recipe, from_json, place_of, recipe_of, request_of, to_json, variant_of
from engine.recipe_files import weights_of
from engine.types import Drag, EditRequest, EngineError, Inpaint, SDEdit, Settle, Translate
from ui import areas
from ui.apply import DOT, Ask, Candidate, permitted
from ui.document import Document, Layer, Result, Rgba, Shares, frozen, places, premultiplied, straight
from ui.dragging import DragAsk, ask_of
from ui.language import tr
from ui.selection import share
from ui.spaces import as_seen
from ui.transform import (
    Matrix,
    between_frames,
    corners,
    covering,
    is_exact,
    mapped,
    rearranged,
    shift,
    warped,
)

BESIDE = 4  # pixels


class Run:
    """Makes results of the candidates of one ask, each with its recipe and the time that it took."""

    def __init__(self, ask: Ask, size: tuple[int, int], weights: str | None = "") -> None:
        """It takes a while for large pictures, so make it beside the event loop. Of a model that is not ready
        yet the weights are None.
        """
        self._ask = ask
        weights = weights_of(ask.request.model) if weights is None else weights
        self._recipe = replace(recipe_of(ask.request, ask.at, size), weights=weights, name=ask.label)
        self._since = time.monotonic()

    def result(self, candidate: Candidate, seconds: float | None = None) -> Result:
        """`seconds` since it was begun, or since the last one was there."""
        now = time.monotonic()
        seconds, self._since = round(now - self._since if seconds is None else seconds, 2), now
        recipe = variant_of(self._recipe, self._ask.request, candidate.variant)
        made = datetime.now().astimezone().isoformat(timespec="seconds")
        told = to_json(replace(recipe, seconds=seconds, made=made))
        return Result(self._ask.at, frozen(self._ask.pixels(candidate)), told)


@dataclass(frozen=True, eq=False)
class Kept(Ask):
    """A result of the document, to be applied once more: as it lies over the picture."""

    drawn: Rgba  # straight alpha
    placed: Matrix  # from those pixels to the document's

    label: ClassVar[str] = "Apply result"

    @classmethod
    def of(cls, result: Result, document: Document) -> Kept:
        matrix, part = between_frames(result.frame, document.frame), result.at
        if not is_exact(matrix):  # it was scaled since: what is seen of it will do
            back = between_frames(document.frame, result.frame)
            part = _nearest(part, covering(mapped(back, corners(document.rect))))
        pixels = result.pixels[part._replace(x=part.x - result.at.x, y=part.y - result.at.y).slices]
        picture = np.ascontiguousarray(pixels[..., :3])
        at = covering(mapped(matrix, corners(part)))
        return cls(at, EditRequest(picture, picture), pixels, matrix @ shift(part.x, part.y))

    def pixels(self, candidate: Candidate) -> Rgba:
        return self._pixels

    @cached_property
    def _pixels(self) -> Rgba:
        """It takes a while where the picture was scaled since."""
        exact = rearranged(self.drawn, self.placed)
        if exact is not None:
            return exact
        return straight(warped(premultiplied(self.drawn), self.placed, "bicubic")[0])

    def accepted(self, document: Document, candidate: Candidate) -> Document:
        return self.laid_over(document, candidate)


@dataclass(frozen=True, eq=False)
class Again(Ask):
    """An edit from a recipe. Whatever strokes there are stay as they are."""

    label: ClassVar[str] = "Run recipe"

    def accepted(self, document: Document, candidate: Candidate) -> Document:
        return self.laid_over(document, candidate)


@dataclass(frozen=True, eq=False)
class DragAgain(DragAsk):
    """A drag from a recipe. Whatever handles there are stay as they are."""

    def accepted(self, document: Document, candidate: Candidate) -> Document:
        return self.laid_over(document, candidate)


def again(document: Document, recipe: Recipe, tiny_decoder: str = "") -> Ask:
    """A recipe on the document as it is now, whose selection and areas count; shown by such a decoder, if
    there is one, while it forms. Raises EngineError.
    """
    paints = isinstance(recipe.operation, SDEdit | Inpaint | Settle)  # its strokes are in the recipe
    shown = as_seen(document, document.rect, lambda layer: not paints or layer.kind != "strokes")
    request = replace(request_of(recipe, flat(shown)), tiny_decoder=tiny_decoder)
    at = place_of(recipe, document.width, document.height)
    allowed = areas.allowed(document, at)
    if allowed is not None:
        request = replace(request, mask=permitted(request.mask, allowed))
        if not np.any(request.mask):
            raise EngineError("The selection and the areas keep everything that the recipe would change.")
    if isinstance(recipe.operation, Drag):
        drag = ask_of(at, request)
        return DragAgain(at, request, drag.places)
    return Again(at, request)


class Told(NamedTuple):
    """What is told of a result."""

    badge: str  # what it was made with, in a word or two
    line: str  # seed and time
    all: str  # for the tooltip


KINDS = {SDEdit: "Make it real", Drag: "Drag", Inpaint: "Fill", Translate: "Translate", Settle: "Settle"}
_told: WeakKeyDictionary[Result, Told] = WeakKeyDictionary()


def told(result: Result) -> Told:
    if result not in _told:
        _told[result] = _read_of(result)
    return _told[result]


def _read_of(result: Result) -> Told:
    try:
        recipe = from_json(result.recipe)
    except EngineError:
        strange = tr("A result of another version")
        return Told("", strange, strange)
    name = tr(recipe.name or KINDS.get(type(recipe.operation), "Recipe"))
    percent = f"{recipe.operation.strength:.0%}".replace("%", " %")
    few = recipe.seconds < 10
    seconds = tr("{seconds} s").format(seconds=f"{recipe.seconds:.1f}" if few else round(recipe.seconds))
    lines = [
        f"{name}: " + tr("strength {percent}").format(percent=percent),
        tr("seed {seed}").format(seed=recipe.seed) + f", {recipe.steps} " + tr("steps"),
        recipe.prompt,
        f"{seconds}, {_when(recipe.made)}".removesuffix(", "),
    ]
    badge = percent if recipe.name in ("", Ask.label, Again.label) else f"{name} {percent}"
    return Told(badge, f"{seconds} {DOT} {recipe.seed}", "\n".join(line for line in lines if line))


def _when(made: str) -> str:
    try:
        return f"{datetime.fromisoformat(made):%d %b %Y %H:%M}"
    except ValueError:
        return ""


def weight(results: Iterable[Result]) -> str:
    """How much memory results take, in plain words."""
    size = sum(result.pixels.nbytes + len(result.recipe) for result in results) / 1e6
    if size < 1:
        return tr("under 1 MB")
    return tr("{size} MB").format(size=round(size)) if size < 1000 else f"{size / 1000:.1f} GB"


def through_mask(document: Document) -> Document:
    """The document with a mask on its top layer: the selection, or, without one, a mask that shows all."""
    layer = document.layers[-1]
    return document.exchange(layer, replace(layer, mask=_mask(document, layer)))


def _mask(document: Document, layer: Layer) -> Shares:
    selection = document.selection
    if selection is None:
        return MappingProxyType({})
    there = {place: share(selection, place).copy() for place in places(document.rect) if place in layer.tiles}
    for tile in there.values():
        tile.flags.writeable = False
    return MappingProxyType(there)


def _nearest(part: Rect, seen: Rect) -> Rect:
    """What of a rectangle can be seen, and some more; a pixel of it if that is nothing."""
    ends = []
    for first, length, start, size in zip(part[:2], part[2:], seen[:2], seen[2:], strict=True):
        low, high = np.clip((start - BESIDE, start + size + BESIDE), first, first + length - 1).tolist()
        ends.append((low, high + 1 - low))
    (x, width), (y, height) = ends
    return Rect(x, y, width, height)


def added(document: Document, result: Result) -> Document:
    return replace(document, results=(*document.results, result))


def exchanged(document: Document, old: Result, new: Result | None) -> Document:
    """`new` in the place of `old`, made of the same recipe, or nothing."""
    if new is not None:
        _told[new] = told(old)  # to read a large recipe takes a while
    results = [new if each is old else each for each in document.results]
    return replace(document, results=tuple(each for each in results if each is not None))


def swept(document: Document) -> Document:
    """Without the results that have no star."""
    return replace(document, results=tuple(each for each in document.results if each.starred))
