"""Paints the sample stroke paintings beside this file, with broad strokes, as a hurried hand would.

python resources/samples/paint.py
"""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageDraw

SIZE = 512  # pixels; painted at twice that
Colour = tuple[int, int, int]
Point = tuple[float, float]  # fractions of the picture


class Easel:
    """A picture and a hand that never draws the same line twice."""

    def __init__(self, ground: Colour, seed: int) -> None:
        self.image = Image.new("RGB", (2 * SIZE, 2 * SIZE), ground)
        self.draw = ImageDraw.Draw(self.image)
        self.random = random.Random(seed)

    def near(self, colour: Colour, by: int = 10) -> Colour:
        """The same paint, a little lighter or darker."""
        shift = self.random.randint(-by, by)
        r, g, b = (min(max(c + shift + self.random.randint(-by // 3, by // 3), 0), 255) for c in colour)
        return r, g, b

    def stroke(self, colour: Colour, points: list[Point], width: float) -> None:
        scaled = [(x * 2 * SIZE, y * 2 * SIZE) for x, y in points]
        thick = round(width * 2 * SIZE)
        self.draw.line(scaled, colour, thick, joint="curve")
        for x, y in scaled:
            self.draw.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), colour)

    def band(self, colour: Colour, top: float, bottom: float, width: float = 0.05, by: int = 8) -> None:
        """Horizontal strokes from `top` to `bottom`."""
        y = top
        while y < bottom:
            x = -0.1
            while x < 1.1:
                end = x + self.random.uniform(0.25, 0.6)
                points = [(x, y + self.random.uniform(-0.008, 0.008)), (end, y)]
                self.stroke(self.near(colour, by), points, width)
                x = end - 0.04
            y += width * 0.6

    def ridge(self, colour: Colour, crest: list[Point], foot: float, width: float = 0.035) -> None:
        """A mountain: strokes that run down from the crest."""
        outline = [*crest, (crest[-1][0], foot), (crest[0][0], foot)]
        self.draw.polygon([(x * 2 * SIZE, y * 2 * SIZE) for x, y in outline], colour)
        for (x0, y0), (x1, y1) in pairwise(crest):
            for i in range(6):
                t = i / 6
                x, y = x0 + t * (x1 - x0), y0 + t * (y1 - y0) + width / 2
                lean = self.random.uniform(-0.03, 0.05)
                self.stroke(self.near(colour, 12), [(x, y), (x + lean, y + 0.5 * (foot - y))], width)

    def disc(self, colour: Colour, x: float, y: float, radius: float) -> None:
        box = [
            (x - radius) * 2 * SIZE,
            (y - radius) * 2 * SIZE,
            (x + radius) * 2 * SIZE,
            (y + radius) * 2 * SIZE,
        ]
        self.draw.ellipse(box, colour)

    def save(self, path: Path) -> None:
        self.image.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(path, optimize=True)


def mountain_lake() -> Easel:
    e = Easel((104, 152, 206), 1)
    e.band((96, 146, 204), 0.0, 0.2)
    e.band((150, 186, 222), 0.2, 0.46)
    for x, y in ((0.2, 0.14), (0.3, 0.12), (0.26, 0.17), (0.72, 0.2), (0.8, 0.18)):
        e.stroke(e.near((240, 242, 246), 6), [(x - 0.05, y), (x + 0.06, y + 0.004)], 0.05)
    e.ridge((112, 118, 132), [(-0.05, 0.42), (0.14, 0.3), (0.3, 0.2), (0.42, 0.36), (0.55, 0.44)], 0.56)
    e.ridge((98, 104, 116), [(0.4, 0.46), (0.6, 0.3), (0.72, 0.24), (0.86, 0.34), (1.05, 0.3)], 0.56)
    e.band((44, 72, 34), 0.52, 0.6, 0.045)
    e.band((38, 84, 118), 0.63, 0.86, 0.04)
    e.band((92, 120, 48), 0.88, 1.02)
    return e


def sunset_sea() -> Easel:
    e = Easel((206, 136, 84), 2)
    e.band((86, 104, 152), 0.0, 0.16)
    e.band((176, 142, 146), 0.16, 0.3)
    e.band((234, 170, 100), 0.3, 0.47)
    e.disc((255, 240, 190), 0.62, 0.4, 0.045)
    e.ridge((70, 62, 74), [(-0.05, 0.4), (0.12, 0.37), (0.3, 0.44), (0.4, 0.48)], 0.51)
    e.band((94, 92, 116), 0.52, 0.8, 0.035)
    for y in (0.53, 0.57, 0.62, 0.68, 0.74):
        e.stroke(e.near((246, 200, 130), 6), [(0.6, y), (0.65, y)], 0.018)
    e.band((150, 120, 88), 0.84, 1.02, 0.05)
    return e


def summer_meadow() -> Easel:
    e = Easel((120, 166, 216), 3)
    e.band((98, 150, 212), 0.0, 0.22)
    e.band((168, 200, 230), 0.22, 0.42)
    e.disc((255, 250, 226), 0.2, 0.14, 0.035)
    for x, y in ((0.55, 0.16), (0.64, 0.14), (0.73, 0.17), (0.9, 0.26)):
        e.stroke(e.near((244, 246, 250), 5), [(x - 0.05, y), (x + 0.05, y)], 0.055)
    e.ridge((110, 128, 136), [(-0.05, 0.42), (0.2, 0.36), (0.5, 0.4), (0.8, 0.34), (1.05, 0.4)], 0.5)
    e.band((46, 74, 34), 0.47, 0.53, 0.045)
    e.band((106, 138, 50), 0.56, 0.78)
    e.band((86, 118, 40), 0.78, 1.02, 0.055)
    for x, y in ((0.16, 0.6), (0.8, 0.57), (0.88, 0.6)):
        e.stroke((36, 60, 26), [(x, y - 0.13), (x, y - 0.04)], 0.07)
        e.stroke((54, 42, 30), [(x, y - 0.02), (x, y + 0.02)], 0.014)
    return e


if __name__ == "__main__":
    here = Path(__file__).parent
    mountain_lake().save(here / "mountain lake strokes.png")
    sunset_sea().save(here / "sunset sea strokes.png")
    summer_meadow().save(here / "summer meadow strokes.png")
