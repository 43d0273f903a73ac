"""One edit without a window, from the request to the files: progress on stderr, previews, figures."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine import ladder
from engine.area import Rect, part_of
from engine.few_steps import as_worn, leading
from engine.imports import uncollected
from engine.metadata import ai_edited
from engine.pictures import Extras, Picture, format_of, open_mask, open_picture, save_picture
from engine.shelf import Shelf
from engine.types import (
    EditRequest,
    EditResult,
    EngineError,
    Frame,
    Identity,
    Learning,
    Mask,
    ModelFacts,
    Notice,
    Operation,
    Preview,
    Rgb,
)

if TYPE_CHECKING:
    from engine.models import Model

MADE = Extras(xmp=ai_edited(b""))  # what a result says of itself


@dataclass
class Report:
    """What `--json` prints; seconds leave imports and loading out."""

    output: list[str] = field(default_factory=list)
    seconds: float = 0.0
    load_seconds: float = 0.0
    first_preview_seconds: float | None = None
    learning_seconds: float = 0.0  # of them
    moves: int = 1


def request_of(
    ask: argparse.Namespace,
    known: Rgb,
    area: Rect,
    mask: Mask | None,
    operation: Operation,
    guide: Rgb | None = None,
) -> EditRequest:
    """What is asked for one area of a picture; without a guide the picture is its own."""
    return EditRequest(
        image=known[area.slices],
        guide=(known if guide is None else guide)[area.slices],
        mask=None if mask is None else mask[area.slices],
        operation=operation,
        steps=EditRequest.steps if ask.steps is None else ask.steps,
        seed=ask.seed,
        variants=ask.variants,
        model=ask.model,
        prompt=ask.prompt,
        negative_prompt=ask.negative_prompt,
        guidance=EditRequest.guidance if ask.guidance is None else ask.guidance,
        window=part_of(area, known.shape[1], known.shape[0]),
        loras=tuple(ask.lora),
        embeddings=tuple(str(path) for path in ask.embedding),
        identity=None if ask.learn is None else Identity(steps=ask.learn),
    )


def carry_out(
    ask: argparse.Namespace, request: EditRequest, put_back: Callable[[Rgb], NDArray[np.uint8]]
) -> tuple[Report, Model]:
    """Run the request and save its variants, each as `put_back` makes a picture of it."""
    outputs = variant_paths(ask.output, ask.variants)
    if ask.previews:
        make_folder(ask.previews)
    model, load_seconds = loaded(ask.model, ask.device)
    request = as_wanted(request, ask, model.facts)
    if lora := leading(request.loras):
        say(f"{lora.name} is for few steps: {request.steps} steps, guidance {request.guidance:g}.")
    report = Report(load_seconds=load_seconds)
    results = run(request, model, report, progress(), ask.previews)
    for path, result in zip(outputs, results, strict=True):
        save_picture(path, put_back(result), MADE)
        report.output.append(str(path))
        say(f"Saved {path}")
    return report, model


def as_wanted(request: EditRequest, ask: argparse.Namespace, facts: ModelFacts) -> EditRequest:
    """The request with the steps and the guidance that the model wants as it is worn, where none are told."""
    facts = as_worn(facts, leading(request.loras))
    steps = facts.steps_for(type(request.operation)) if ask.steps is None else ask.steps
    guidance = facts.guidance if ask.guidance is None else ask.guidance
    return replace(request, steps=steps, guidance=guidance)


def loaded(name: str, device: str) -> tuple[Model, float]:
    """A model, and the seconds that it took to import and load."""
    started = time.perf_counter()
    with uncollected():
        from engine.device_memory import bound  # takes seconds: not before the input is known to be good
        from engine.models import TooLarge, load, pick_device

        bound(pick_device(device))
        try:
            model = load(name, device)
        except TooLarge:
            model = None
    if model is None:  # out of the except block, whose traceback holds on to tensors
        model = ladder.taken(name, Shelf(device))
    return model, time.perf_counter() - started


def run(
    request: EditRequest,
    model: Model,
    report: Report,
    tell: Callable[[Learning | Preview, float], None],
    previews: Path | None = None,
) -> list[Rgb]:
    """The variants' pictures; `tell` hears of every network call, and of the seconds that learning, or then
    the edit itself, has taken.
    """
    shelf = Shelf(model.facts.device)
    shelf.put(request.model, model)
    results, writes, started = [], [], time.perf_counter()
    with ThreadPoolExecutor(1) as writer:  # the disk does not hold up the edit
        for event in ladder.fitting(request, shelf, bool):
            spent = time.perf_counter() - started
            match event:
                case EditResult():
                    results.append(event.image)
                    continue
                case Learning():
                    report.learning_seconds = spent
                    tell(event, spent)
                    continue
                case Notice():
                    say(event.text)
                    continue
                case Frame():
                    report.moves = event.moves
                    name = f"variant {event.variant + 1} move {event.move:04d}.png"
                case Preview():
                    if report.first_preview_seconds is None:
                        report.first_preview_seconds = spent
                    tell(event, spent - report.learning_seconds)
                    name = f"variant {event.variant + 1} call {event.call:04d}.png"
            if previews:
                writes.append(writer.submit(save_picture, previews / name, event.image))
        report.seconds = time.perf_counter() - started
    for write in writes:
        write.result()  # an error while saving is raised here
    return results


def progress() -> Callable[[Learning | Preview, float], None]:
    """Says on stderr how far the edit is: in one line that renews itself, or, to a file, ten times in all."""
    live = sys.stderr.isatty()

    def tell(event: Learning | Preview, spent: float) -> None:
        left = spent / event.done * (1 - event.done)
        step, steps = step_of(event)
        line = f"{'learning, ' * isinstance(event, Learning)}step {step} of {steps}, {left:.1f} s left"
        if live:
            say(f"\r{line}   ", end="\n" if step == steps else "")
        elif step * 10 // steps > (step - 1) * 10 // steps:
            say(line)

    return tell


def step_of(event: Learning | Preview) -> tuple[int, int]:
    """Which one it is, and of how many."""
    return (event.step, event.steps) if isinstance(event, Learning) else (event.call, event.calls)


def say(line: str, end: str = "\n") -> None:
    """To whoever watches; stdout is for figures."""
    sys.stderr.write(line + end)
    sys.stderr.flush()


def answer(figures: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")


def opened(path: Path) -> Picture:
    picture = open_picture(path)
    for note in picture.notes:
        say(f"{path}: {note}")
    return picture


def opened_mask(path: Path | None, picture: Picture) -> Mask | None:
    return None if path is None else fitting(open_mask(path), picture, path)


def fitting(mask: Mask, picture: Picture, path: Path) -> Mask:
    if mask.shape != picture.rgba.shape[:2]:
        raise EngineError(
            f"The mask {path} has {mask.shape[1]} x {mask.shape[0]} pixels but the picture "
            f"{picture.rgba.shape[1]} x {picture.rgba.shape[0]}; make them equal."
        )
    return mask


def variant_paths(path: Path, variants: int) -> list[Path]:
    """One path, or one for each variant: name-1.png, name-2.png. Fails before the work if nothing can be
    written.
    """
    format_of(path)
    if not path.parent.is_dir():
        raise EngineError(f"There is no folder {path.parent} to save in; make it first.")
    if not os.access(path.parent, os.W_OK):
        raise EngineError(f"The folder {path.parent} cannot be written to; choose another one.")
    if variants == 1:
        return [path]
    return [path.with_stem(f"{path.stem}-{i + 1}") for i in range(variants)]


def make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(
            f"The folder {path} cannot be made ({error.strerror}); choose another one."
        ) from None


def figures(report: Report, model: Model) -> dict[str, object]:
    first = report.first_preview_seconds
    return {
        "output": report.output[0] if len(report.output) == 1 else report.output,
        "seconds": round(report.seconds, 4),
        "load_seconds": round(report.load_seconds, 4),
        "first_preview_seconds": None if first is None else round(first, 4),
        "network_calls": model.clock.network_calls,
        "network_seconds": round(model.clock.network_seconds, 4),
        "autoencoder_seconds": round(model.clock.autoencoder_seconds, 4),
        "learning_seconds": round(report.learning_seconds, 4),
        "device": model.facts.device,
        "dtype": model.facts.dtype,
        "peak_memory_mb": _peak_memory(),
    }


def _peak_memory() -> float | None:
    """Of this process, in MiB; None where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 if sys.platform != "darwin" else 1024 * 1024), 1)
