"""Pictures side by side on dark grey, each with a line under it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from engine.types import Rgb

GAP = 8  # pixels
LINE = 18  # pixels, of a caption
BACKGROUND, INK = (30, 30, 30), (210, 210, 210)


def contact_sheet(
    pictures: Sequence[Rgb], captions: Sequence[str] = (), width: int = 256, columns: int = 4
) -> NDArray[np.uint8]:
    """Each as wide as `width`, in rows as high as the highest."""
    heights = [round(width * picture.shape[0] / picture.shape[1]) for picture in pictures]
    line = LINE if captions else 0
    cell = max(heights) + line + GAP
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (width + GAP) + GAP, rows * cell + GAP), BACKGROUND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for i, (picture, height) in enumerate(zip(pictures, heights, strict=True)):
        x, y = GAP + i % columns * (width + GAP), GAP + i // columns * cell
        sheet.paste(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS), (x, y))
        if captions:
            pen.text((x, y + height + 2), _fitting(captions[i], width, font), INK, font)
    return np.asarray(sheet)


def _fitting(text: str, width: int, font: ImageFont.ImageFont | ImageFont.FreeTypeFont) -> str:
    """The text, without its beginning where it is wider."""
    while len(text) > 1 and font.getlength(text) > width:
        text = "…" + text[2:]
    return text
