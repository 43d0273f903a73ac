"""One edit from press to undo step: what is asked, what comes back, and how a result becomes a layer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Literal, Protocol

import numpy as np

from engine.area import Rect, blend, part_of, resized, resized_mask, soft_mask, work_area
from engine.pictures import flat
from engine.types import (
    EditRequest,
    EditResult,
    EngineError,
    Event,
    Frame,
    Identity,
    Learning,
    Lora,
    Mask,
    Preview,
    Rgb,
    SDEdit,
)
from ui import areas
from ui.document import Document, Layer, Rgba, frozen, premultiplied, stroke_alpha
from ui.language import tr
from ui.pixels import halvings
from ui.session import Overlay
from ui.spaces import as_seen, own_layer

DOT = "\N{MIDDLE DOT}"
LONG = 120  # seconds: from here on minutes are told
Task = Literal["real", "fill", "translate"]


class Edits(Protocol):
    """The part of the engine that is needed here."""

    def edit(self, request: EditRequest) -> AsyncGenerator[Event]: ...


@dataclass(frozen=True, kw_only=True)
class Wording:
    """Which model makes an edit, and what it is told beside the picture."""

    model: str = EditRequest.model
    prompt: str = ""
    negative_prompt: str = ""
    guidance: float = EditRequest.guidance
    loras: tuple[Lora, ...] = ()
    embeddings: tuple[str, ...] = ()  # files of textual inversions, whose names are in the words
    identity: Identity | None = None  # what the picture shows is learned first
    tiny_decoder: str = ""  # a file by which it is shown while it forms

    def told(self) -> dict[str, Any]:
        """As the fields of a request."""
        return {each.name: getattr(self, each.name) for each in fields(Wording)}


@dataclass(frozen=True)
class EditOptions(Wording):
    """What the panel says of the next run."""

    task: Task = "real"
    source: str = ""  # what the picture shows, where it is to show something else
    find_mask: bool = False  # of that, only where the words differ

    strength: float = 0.5  # t0, 0 ... 1
    steps: int = 25
    seed: int = 0
    variants: int = 1
    area: str = "auto"  # "auto", "strokes" or "whole"
    grow: int = 8  # canvas pixels round the strokes
    feather: int = 16  # canvas pixels
    draft: bool = False  # fast and coarse, for live mode
    ladder: tuple[float, ...] = ()  # t0 of each variant, in place of `strength`


@dataclass(frozen=True, eq=False)
class Candidate:
    """A result that waits to be chosen."""

    image: Rgb  # of the ask's rectangle
    seed: int
    finished: bool  # or stopped on its way
    way: float = 1.0  # share of it that a drag's handles have gone
    variant: int = 0
    recipe: str = ""  # JSON, of one that is in the document's results
    pixels: Rgba | None = None  # what the ask makes of it, once that is known


@dataclass(frozen=True, eq=False)
class Ask:
    """An edit that can be run: where it happens, and the engine's request for that rectangle."""

    at: Rect
    request: EditRequest

    label: ClassVar[str] = "Make it real"  # of the undo step

    @property
    def where(self) -> Mask | None:
        """Where the picture may look different, as a mask of the rectangle; None: everywhere."""
        return self.request.mask

    def pixels(self, candidate: Candidate) -> Rgba:
        """What gives the candidate when it is laid over the picture, and is nothing where that is kept."""
        if candidate.pixels is not None:
            return candidate.pixels
        mask, free = self.request.mask, candidate.image
        if mask is not None:
            soft = (mask > 0) & (mask < 1)
            known = self.request.image[soft].astype(np.float32)
            share = np.maximum(mask[soft], 1 / 255)[:, None]
            free = free.copy()
            free[soft] = np.rint(known + (free[soft] - known) / share).clip(0, 255).astype(np.uint8)
        return veil(self, free)

    def accepted(self, document: Document, candidate: Candidate) -> Document:
        """The result as a layer on top, and the strokes that it came from out of sight."""
        for layer in document.strokes:
            document = document.exchange(layer, replace(layer, visible=False))
        return self.laid_over(document, candidate)

    def laid_over(self, document: Document, candidate: Candidate) -> Document:
        count = sum(layer.kind == "result" for layer in document.layers) + 1
        pixels, (x, y, *_) = self.pixels(candidate), self.at
        return document.with_layer(own_layer(document, pixels, f"Result {count}", "result", x, y))

    def stands(self, preview: Preview) -> str:
        """How far it is, in words."""
        variants, operation = self.request.variants, self.request.operation
        if isinstance(operation, SDEdit) and operation.ladder:
            percent = round(100 * operation.ladder[preview.variant])
            told = tr("strength {percent} %, step {number} of {count}")
            return told.format(percent=percent, number=preview.call, count=preview.calls)
        steps = preview.calls // variants
        told = tr("step {number} of {count}")
        words = told.format(number=(preview.call - 1) % steps + 1, count=steps)
        if variants == 1:
            return words
        told = tr("variant {number} of {count}")
        return f"{told.format(number=preview.variant + 1, count=variants)} {DOT} {words}"


def asked(document: Document, options: EditOptions) -> Ask:
    """What to ask the engine for: the known picture is what is seen without strokes, the guide what is seen.

    "auto" frees what was selected or painted as an area; else the strokes alone where they lie on a picture,
    and everything where they lie on an empty sheet. Raises EngineError.
    """
    strokes, allowed = stroke_alpha(document), areas.allowed(document)
    known = as_seen(document, document.rect, _is_known)
    of_strokes = strokes.any() and not areas.is_marked(document) and not _is_blank(known)
    free: Mask | None = None
    if options.area == "strokes" or (options.area == "auto" and of_strokes):
        free = soft_mask(strokes, options.grow, options.feather)
        if not free.any():
            raise EngineError(
                "There are no strokes yet: paint over the picture first, or choose Whole picture."
            )
    if allowed is not None:
        free = permitted(free, allowed)
        if not free.any():
            raise EngineError(
                "The selection and the areas leave nothing free to change; clear them, or paint Editable "
                "where the picture may change."
            )
    at = document.rect if free is None else work_area(free)
    share = areas.shares(document, at)
    request = EditRequest(
        image=flat(known[at.slices]),
        guide=flat(as_seen(document, at)),
        mask=None if free is None else free[at.slices],
        operation=SDEdit(strength=options.strength, draft=options.draft, ladder=options.ladder),
        steps=options.steps,
        seed=options.seed,
        variants=len(options.ladder) or options.variants,
        **options.told(),
        window=part_of(at, document.width, document.height),
        share=None if share is None else share.astype(np.float32) / np.float32(255),
    )
    return Ask(at, request)


def ladder(strength: float) -> tuple[float, ...]:
    """The rungs to be compared: the usual strengths, or, where that is none of them, round one."""
    if 0.3 <= strength <= 0.7:
        return (0.3, 0.4, 0.5, 0.6, 0.7)
    lowest = min(max(strength - 0.2, 0.05), 0.6)
    return tuple(round(lowest + 0.1 * rung, 2) for rung in range(5))


def permitted(free: Mask | None, allowed: areas.Share) -> Mask:
    """A mask where areas allow it, in steps of 1 / 255, so that a recipe keeps it exactly."""
    share = allowed.astype(np.float32)
    return (share if free is None else np.rint(free * share)) / np.float32(255)


async def make_real(
    engine: Edits,
    ask: Ask,
    seen: Callable[[Preview, Overlay], None],
    found: Callable[[Candidate], Awaitable[None]],
    moved: Callable[[Candidate], None] = lambda candidate: None,
    learned: Callable[[Learning], None] = lambda step: None,
) -> None:
    """Run an edit to its end; cancelled on its way, hand over what was seen last. Raises EngineError.

    What takes time with large pictures is done beside the event loop: `seen` also gets a preview as it is
    laid over the picture, and the pixels of the candidates that are `found` are known.
    """
    last: Preview | None = None
    came: Candidate | None = None  # how far a drag has come by whole moves
    try:
        async with aclosing(engine.edit(ask.request)) as events:
            async for event in events:
                if isinstance(event, Preview):
                    last = event
                    seen(event, await asyncio.to_thread(overlaid, ask, event.image))
                elif isinstance(event, Frame):
                    seed, way = ask.request.seed + event.variant, event.move / event.moves
                    came = Candidate(event.image, seed, finished=False, way=way, variant=event.variant)
                    came = await asyncio.to_thread(prepared, ask, came)
                    moved(came)
                elif isinstance(event, Learning):
                    learned(event)
                elif isinstance(event, EditResult):
                    came = Candidate(event.image, event.seed, finished=True, variant=event.variant)
                    await found(await asyncio.to_thread(prepared, ask, came))
                    last = came = None
    finally:
        if came is not None:
            await found(await asyncio.to_thread(prepared, ask, came))
        elif last is not None:
            await found(await asyncio.to_thread(_unfinished, ask, last))


def whole(ask: Ask, preview: Preview) -> Rgb:
    """A preview at the size of the ask's rectangle; what the mask keeps is the known picture."""
    image = resized(preview.image, ask.at.width, ask.at.height)
    return blend(ask.request.image, image, ask.where)


def prepared(ask: Ask, candidate: Candidate) -> Candidate:
    """The candidate with its pixels, which takes a second at 4096 x 4096."""
    return replace(candidate, pixels=frozen(ask.pixels(candidate)))


def overlaid(ask: Ask, image: Rgb) -> Overlay:
    """An image of any size as it is laid over the picture."""
    return laid(ask, veil(ask, image))


def laid(ask: Ask, rgba: Rgba) -> Overlay:
    """The same of an image that is transparent where the picture stays."""
    pixels = premultiplied(rgba)
    return Overlay(ask.at, pixels, halvings=halvings(pixels))


def _unfinished(ask: Ask, last: Preview) -> Candidate:
    seed = ask.request.seed + last.variant
    return prepared(ask, Candidate(whole(ask, last), seed, finished=False, variant=last.variant))


def veil(ask: Ask, image: Rgb) -> Rgba:
    """An image of any size, with the mask as its alpha: to be laid over the picture."""
    height, width = image.shape[:2]
    out = np.empty((height, width, 4), np.uint8)
    out[..., :3] = image
    out[..., 3] = 255
    if ask.where is not None:
        out[..., 3] = np.rint(resized_mask(ask.where, width, height) * 255)
    return out


class Pace:
    """How long an edit takes, from how long its part took that is done."""

    def __init__(self) -> None:
        self._first: tuple[float, float] | None = None
        self.whole: float | None = None  # seconds that all of it takes; None as long as nothing is known

    def left(self, preview: Preview | Learning, now: float) -> float | None:
        """Seconds, or None as long as nothing is known."""
        if self._first is None:
            self._first = (preview.done, now)
        done, then = self._first
        if preview.done == done:
            return None
        self.whole = (now - then) / (preview.done - done)
        return self.whole * (1 - preview.done)


def _is_known(layer: Layer) -> bool:
    return layer.kind != "strokes"


def _is_blank(picture: Rgba) -> bool:
    """Whether it is one colour all over, or nothing."""
    pixels = picture.view(np.uint32)  # a pixel as one number: four times as fast
    return bool((pixels == pixels[0, 0]).all())


def progress(ask: Ask, preview: Preview | Learning, left: float | None) -> str:
    """Where an edit stands, in words; `left` in seconds."""
    if isinstance(preview, Learning):
        told = tr("learning the picture, step {number} of {count}")
        words = told.format(number=preview.step, count=preview.steps)
    else:
        words = ask.stands(preview)
    if left is None:
        return words
    if left < LONG:
        return f"{words} {DOT} {tr('{seconds} s left').format(seconds=max(1, round(left)))}"
    return f"{words} {DOT} {tr('{minutes} min left').format(minutes=round(left / 60))}"
