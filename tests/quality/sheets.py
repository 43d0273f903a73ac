"""Contact sheets of strokes and what the model makes of them.

    python -m tests.quality.sheets FOLDER [--paintings FOLDER] [--size 1024]

uses paintings of your own, or those that `paintings.py` makes.
"""
# ruff: noqa: T201  a command speaks

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from engine import models
from engine.area import resized
from engine.edits import edit
from engine.models import Model
from engine.types import EditRequest, EditResult, Rgb, SDEdit
from tests.quality.paintings import rough, simulated
from tests.quality.scenes import HELD_OUT, scenes

STRENGTHS = (0.4, 0.55, 0.7)
GAP, TITLE = 6, 22  # pixels
ENDINGS = (".png", ".jpg", ".jpeg", ".webp")


def result(model: Model, guide: Rgb, strength: float, seed: int, steps: int = 25) -> Rgb:
    """What an edit of the whole picture makes of strokes."""
    request = EditRequest(guide, guide, operation=SDEdit(strength), steps=steps, seed=seed)
    return next(event.image for event in edit(request, model) if isinstance(event, EditResult))


def rows(model: Model, paintings: Iterable[Rgb], steps: int = 25) -> Iterable[list[Rgb]]:
    """Each painting and its results at three strengths."""
    for seed, painting in enumerate(paintings):
        yield [painting, *(result(model, painting, strength, seed, steps) for strength in STRENGTHS)]


TITLES = ("strokes", *(f"Strength {strength:.0%}" for strength in STRENGTHS))


def made_paintings(count: int, size: int, landscapes: Sequence[Rgb] = ()) -> list[Rgb]:
    """Half of them rough shapes, half simulated strokes from landscapes, or from held-out scenes."""
    half = count - count // 2
    of = landscapes or scenes(HELD_OUT + 1000, count // 2)
    return [rough(number, size) for number in range(half)] + [
        simulated(each, size) for each in of[: count // 2]
    ]


def sheet(pictures: Sequence[Sequence[Rgb]], titles: Sequence[str], width: int = 256) -> Image.Image:
    """Rows of pictures on dark grey, with a title over each column."""
    heights = [round(width * row[0].shape[0] / row[0].shape[1]) for row in pictures]
    across, down = len(titles) * (width + GAP) + GAP, TITLE + sum(height + GAP for height in heights)
    image = Image.new("RGB", (across, down), (30, 30, 30))
    draw = ImageDraw.Draw(image)
    y = TITLE
    for row, height in zip(pictures, heights, strict=True):
        for column, picture in enumerate(row):
            image.paste(Image.fromarray(resized(picture, width, height)), (GAP + column * (width + GAP), y))
        y += height + GAP
    for column, title in enumerate(titles):
        draw.text((GAP + column * (width + GAP), 4), title, (220, 220, 220))
    return image


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the sheets go")
    parser.add_argument("--paintings", type=Path, help="a folder of pictures; without it 16 are made")
    parser.add_argument("--size", type=int, default=256, help="pixels: the longer side of what is worked on")
    parser.add_argument("--model", default="starter", help="a name, or a model's folder")
    ask = parser.parse_args()
    if ask.paintings and not ask.paintings.is_dir():
        parser.error(f"There is no folder {ask.paintings}; name one that holds paintings.")
    paintings = opened(ask.paintings, ask.size) if ask.paintings else made_paintings(16, ask.size)
    if not paintings:
        parser.error(f"{ask.paintings} holds no pictures; put PNG, JPEG or WebP files into it.")
    ask.folder.mkdir(parents=True, exist_ok=True)
    done = []
    for number, row in enumerate(rows(models.load(ask.model), paintings), 1):
        done.append(row)
        path = ask.folder / f"{ask.size}-{number:02}.png"
        sheet([row], TITLES, ask.size).save(path)
        print(f"{number} of {len(paintings)}: {path}", flush=True)
    sheet(done, TITLES).save(ask.folder / f"{ask.size}.png")


def opened(folder: Path, size: int) -> list[Rgb]:
    """The pictures of a folder, their longer side made `size`."""
    found = []
    for path in sorted(each for each in folder.iterdir() if each.suffix.lower() in ENDINGS):
        with Image.open(path) as image:
            scale = size / max(image.size)
            width, height = (round(scale * side) for side in image.size)
            found.append(resized(np.asarray(image.convert("RGB")), width, height))
    return found


if __name__ == "__main__":
    main()
