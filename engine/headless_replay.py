"""`replay RECIPE INPUT -o OUT`: a saved edit once more, on a picture of any size or on a folder of them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine.headless_edits import put_back
from engine.headless_run import (
    MADE,
    Report,
    answer,
    figures,
    loaded,
    make_folder,
    opened,
    progress,
    run,
    say,
    variant_paths,
)
from engine.pictures import READS, WRITES, PictureError, flat, save_picture
from engine.recipe import Recipe, from_json, place_of, request_of
from engine.recipe_files import with_files
from engine.types import EngineError

if TYPE_CHECKING:
    from engine.models import Model


def replay(ask: argparse.Namespace) -> int:
    recipe, report, failed = _opened(ask), Report(), 0

    @cache  # after the first picture is known to be good
    def model() -> Model:
        there, report.load_seconds = loaded(recipe.model, ask.device)
        if recipe.weights not in ("", there.facts.weights):
            say(f"The recipe was made with other weights of {recipe.model}; the result will not be the same.")
        return there

    def make(source: Path, target: Path, previews: Path | None) -> None:
        outputs, picture = variant_paths(target, ask.variants), opened(source)
        known = flat(picture.rgba)
        height, width = known.shape[:2]
        request = replace(request_of(recipe, known), variants=ask.variants)
        if (width, height) != recipe.size:
            say(
                f"{source}: the recipe was made on {recipe.size.width} x {recipe.size.height} pixels; its "
                f"places are scaled to {width} x {height}."
            )
        if previews is not None:
            make_folder(previews)
        one = Report()
        results = run(request, model(), one, progress(), previews)
        for path, result in zip(outputs, results, strict=True):
            save_picture(path, put_back(picture.rgba, place_of(recipe, width, height), result), MADE)
            report.output.append(str(path))
            say(f"Saved {path}")
        report.seconds += one.seconds
        report.first_preview_seconds = report.first_preview_seconds or one.first_preview_seconds

    if not ask.input.is_dir():
        make(ask.input, ask.output, ask.previews)
    else:
        for source, target in _pictures(ask):
            try:
                make(source, target, ask.previews and ask.previews / source.stem)
            except (EngineError, PictureError) as error:
                say(str(error) if str(source) in str(error) else f"{source}: {error}")
                failed += 1
    if ask.json and report.output:
        answer(figures(report, model()))
    return 1 if failed else 0


def _opened(ask: argparse.Namespace) -> Recipe:
    """The recipe, with what the command line says otherwise."""
    try:
        text = ask.recipe.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise EngineError(f"There is no file {ask.recipe}; check the name.") from None
    except (OSError, UnicodeDecodeError):
        raise EngineError(f"{ask.recipe} cannot be read as a recipe; choose another file.") from None
    recipe, changed = with_files(from_json(text, str(ask.recipe)), ask.recipe.parent)
    for each in changed:
        if each.is_gone:
            raise EngineError(
                f"The recipe needs {each.name}, which is not at {each.path} any more; put it there, or "
                "beside the recipe."
            )
        say(f"The recipe was made with another {each.name}; the result will not be the same.")
    seed = recipe.seed if ask.seed is None else ask.seed
    return replace(recipe, seed=seed, model=ask.model or recipe.model)


def _pictures(ask: argparse.Namespace) -> Iterator[tuple[Path, Path]]:
    """Every picture of a folder, and where its result goes: under its own name."""
    sources = sorted(path for path in ask.input.iterdir() if path.suffix.lower() in READS)
    if not sources:
        raise EngineError(f"There is no picture in {ask.input}; choose another folder.")
    if ask.output.resolve() == ask.input.resolve():
        raise EngineError("The results would take the place of the pictures; choose another folder with -o.")
    make_folder(ask.output)
    for source in sources:
        suffix = source.suffix if source.suffix.lower() in WRITES else ".png"
        yield source, ask.output / f"{source.stem}{suffix}"
