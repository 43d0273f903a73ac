"""What the evidence benchmarks leave: plots of lines, drawn with Pillow, beside their figures in JSON."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from tests.benchmarks.__main__ import machine

COLOURS = ("#1f6fb2", "#d1582a", "#2f8f5b", "#8a4fb0", "#a8862a", "#555555")
INK, GREY, LIGHT = "#222222", "#666666", "#e4e4e4"
FINE = 2  # times larger while drawing, for smooth lines
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 58, 46  # pixels round the axes

OUTPUT = Path(__file__).parents[2] / "driftpaint-output" / "evidence"  # git does not see it

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class Line(NamedTuple):
    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    colour: str
    dashed: bool = False


class Axis(NamedTuple):
    """Numbers to pixels: even, or in powers of ten."""

    name: str
    first: float  # at the left, or at the bottom
    last: float
    ticks: Sequence[float] = ()
    powers: bool = False

    def share(self, value: float) -> float:
        """0 at `first`, 1 at `last`; what lies beyond is at the border."""
        a, b, x = self.first, self.last, value
        if self.powers:
            a, b, x = (math.log10(max(each, 1e-300)) for each in (a, b, x))
        return min(max((x - a) / (b - a), 0.0), 1.0)


def plot(title: str, across: Axis, up: Axis, lines: Sequence[Line], size: tuple[int, int]) -> Image.Image:
    """Lines over two axes, with dots where they were measured and their names at the right."""
    width, height = size
    image = Image.new("RGB", (FINE * width, FINE * height), "white")
    draw = ImageDraw.Draw(image)
    legend = max((int(_font(13).getlength(line.name)) for line in lines), default=0) // FINE + 46
    box = (LEFT, TOP, width - RIGHT - legend, height - BOTTOM)

    def at(x: float, y: float) -> tuple[float, float]:
        left, top, right, bottom = box
        return FINE * (left + across.share(x) * (right - left)), FINE * (
            bottom - up.share(y) * (bottom - top)
        )

    draw.text((FINE * 12, FINE * 8), title, INK, _font(15))
    for tick in across.ticks:
        x, y = at(tick, up.first)
        draw.line([(x, y), at(tick, up.last)], LIGHT, FINE)
        draw.text((x, y + FINE * 6), f"{tick:g}", GREY, _font(12), "ma")
    for tick in up.ticks:
        x, y = at(across.first, tick)
        draw.line([(x, y), at(across.last, tick)], LIGHT, FINE)
        draw.text((x - FINE * 6, y), f"{tick:g}".replace("e-0", "e-"), GREY, _font(12), "rm")
    draw.text((FINE * (box[0] + box[2]) / 2, FINE * (height - 18)), across.name, INK, _font(13), "mm")
    draw.text((FINE * 12, FINE * (TOP - 17)), up.name, GREY, _font(12), "lm")
    for i, line in enumerate(lines):
        points = [at(x, y) for x, y in zip(line.xs, line.ys, strict=True)]
        _stroke(draw, points, line)
        if len(points) <= 20:
            for x, y in points:
                draw.ellipse((x - 6, y - 6, x + 6, y + 6), line.colour)
        x, y = FINE * (width - RIGHT - legend + 12), FINE * (TOP + 14 + 20 * i)
        _stroke(draw, [(x, y), (x + FINE * 22, y)], line)
        draw.text((x + FINE * 28, y), line.name, INK, _font(13), "lm")
    return image.resize(size, Image.Resampling.LANCZOS)


def written(folder: Path, name: str, figures: dict[str, Any], picture: Image.Image) -> None:
    """NAME.json, with the machine's facts, and NAME.png, of 256 colours so that it is small."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**figures, "machine": machine()}, separators=(",", ":"), ensure_ascii=False)
    text = text.replace("},{", "},\n{")  # a row a line
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    picture.quantize(256).save(folder / f"{name}.png", optimize=True)


def digest(folder: Path) -> str:
    """Of a model's weights: what was made with others is not mixed with what these make."""
    known = hashlib.sha256()
    for path in sorted(folder.rglob("*.safetensors")):
        known.update(path.read_bytes())
    return known.hexdigest()[:12]


def stacked(*images: Image.Image) -> Image.Image:
    """One below the other."""
    whole = Image.new(
        "RGB", (max(each.width for each in images), sum(each.height for each in images)), "white"
    )
    y = 0
    for each in images:
        whole.paste(each, (0, y))
        y += each.height
    return whole


def _stroke(draw: ImageDraw.ImageDraw, points: Sequence[tuple[float, float]], line: Line) -> None:
    if not line.dashed:
        draw.line(points, line.colour, 2 * FINE, "curve")
        return
    dash, walked = 7.0 * FINE, 0.0
    for (x, y), (to_x, to_y) in pairwise(points):
        length, done = math.hypot(to_x - x, to_y - y), 0.0
        while done < length:
            part = min(dash - walked % dash, length - done)
            if int(walked / dash) % 2 == 0:
                ends = [done / length, (done + part) / length]
                draw.line([(x + s * (to_x - x), y + s * (to_y - y)) for s in ends], line.colour, 2 * FINE)
            done, walked = done + part, walked + part


def _font(size: int) -> Font:
    return ImageFont.load_default(size * FINE)
