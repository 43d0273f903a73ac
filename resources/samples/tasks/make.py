"""Makes the samples of the start page beside this file from the starter model's renderer: pictures to edit,
strokes over one of them, a thing to paste, and what the starter model makes of the strokes of a lake.

python resources/samples/tasks/make.py; the last one takes the model itself
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from engine.starter.render import render  # noqa: E402  it is found only now
from engine.starter.world import draw  # noqa: E402

HERE = Path(__file__).parent
SIZE = 512
SEED = 9001
VALLEY, LAKE, DESERT, BAY = 37, 42, 21, 29  # scenes of that seed
BALLOON = (120, 92, 254, 268)  # where it is in the desert's sky
ROPES = ((57, 133, 62, 159), (77, 133, 71, 159))  # too thin to be found by colour
POND = (  # strokes: y, from x, to x, colour
    (306, 92, 164, (112, 148, 186)),
    (318, 66, 196, (88, 124, 168)),
    (330, 54, 206, (104, 142, 184)),
    (342, 60, 200, (74, 110, 156)),
    (354, 88, 168, (92, 130, 174)),
)
FLOWERS = (
    (452, 8, 112, (206, 178, 62)),
    (470, 30, 152, (192, 150, 48)),
    (488, 4, 128, (214, 190, 84)),
    (500, 60, 176, (186, 142, 50)),
)


def scene(number: int) -> Image.Image:
    scenes = draw(64, torch.Generator().manual_seed(SEED))
    picture = render(scenes.rows(slice(number, number + 1)), SIZE, SIZE, supersample=2)[0]
    rgb = (255 * picture.clamp(0, 1)).round().byte().permute(1, 2, 0)
    return Image.fromarray(rgb.numpy())


def strokes() -> Image.Image:
    """A pond and flowers in the meadow, with a hurried brush."""
    sheet = Image.new("RGBA", (2 * SIZE, 2 * SIZE), (0, 0, 0, 0))
    pen = ImageDraw.Draw(sheet)
    for number, (y, left, right, colour) in enumerate((*POND, *FLOWERS)):
        width = 16 if number < len(POND) else 13
        for x in range(2 * left, 2 * right, 4):
            middle = 2 * y + 5 * math.sin(x / 55 + number)
            pen.ellipse((x - width, middle - width, x + width, middle + width), (*colour, 255))
    return sheet.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def balloon() -> Image.Image:
    """Cut out by its strong colours, for the sky behind it is pale."""
    cut = scene(DESERT).crop(BALLOON)
    saturation = np.asarray(cut.convert("HSV"))[..., 1]
    mask = Image.fromarray(np.where(saturation > 110, 255, 0).astype(np.uint8))
    mask = mask.filter(ImageFilter.MaxFilter(3)).filter(ImageFilter.MinFilter(3))
    ropes = ImageDraw.Draw(mask)
    for line in ROPES:
        ropes.line(line, 160, 1)
        ImageDraw.Draw(cut).line(line, (74, 58, 46), 2)
    cut.putalpha(mask.filter(ImageFilter.GaussianBlur(0.6)))
    return cut


def main() -> None:
    for name, number in (("valley", VALLEY), ("lake", LAKE), ("bay", BAY)):
        scene(number).save(HERE / f"{name}.webp", quality=90, method=6)
    strokes().save(HERE / "valley strokes.png", optimize=True)
    balloon().save(HERE / "balloon.png", optimize=True)


if __name__ == "__main__":
    main()
