"""Strokes as people paint them: simulated from scenes, as SDEdit's paper does, and rough shapes by a clumsy
hand.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from engine.types import Rgb

Colour = tuple[int, int, int]
Point = tuple[float, float]  # column and row, 0..1

MEDIAN = 23  # pixels, of a picture of 256
COLOURS = 6
PALETTE = Path(__file__).parents[2] / "resources" / "palette.json"


def simulated(scene: Rgb, size: int = 256) -> Rgb:
    """A scene (256, 256, 3) as strokes: a median filter, then few colours (Meng et al., 2022, appendix C).

    At another size the strokes are the same, with borders as smooth as there.
    """
    blurred = Image.fromarray(scene).filter(ImageFilter.MedianFilter(MEDIAN))
    few = blurred.quantize(COLOURS)
    index = np.asarray(few)
    if size == len(scene):
        return np.asarray(few.convert("RGB"))
    shares = [
        np.asarray(Image.fromarray((index == i).astype(np.float32)).resize((size, size), _SMOOTH))
        for i in range(COLOURS)
    ]
    enlarged = Image.fromarray(np.argmax(shares, axis=0).astype(np.uint8), "P")
    enlarged.putpalette(few.getpalette() or [])
    return np.asarray(enlarged.convert("RGB"))


def rough(number: int, size: int = 256) -> Rgb:
    """Painting `number`: a landscape of few shapes in the world's colours, with borders as they come.

    Each number is another one, of five kinds in turn.
    """
    hand = _Hand(number, size)
    kinds = (_mountain_lake, _meadow, _sunset_sea, _dunes, _winter)
    kinds[number % len(kinds)](hand)
    return hand.picture()


_SMOOTH = Image.Resampling.BICUBIC


class _Hand:
    """Paints flat shapes with unsteady borders, at twice the size."""

    def __init__(self, number: int, size: int) -> None:
        self.random = random.Random(number)
        self.size = size
        self.image = Image.new("RGB", (2 * size, 2 * size))
        self.draw = ImageDraw.Draw(self.image)
        table = json.loads(PALETTE.read_text(encoding="utf-8"))
        self.shades: dict[str, list[str]] = {each["name"]: each["shades"] for each in table}

    def picture(self) -> Rgb:
        image = self.image.resize((self.size, self.size), Image.Resampling.BOX)
        return np.asarray(ImageOps.mirror(image) if self.random.random() < 0.5 else image)

    def colour(self, material: str, shade: int) -> Colour:
        """A shade of a material, 0 light to 2 dark, mixed a little wrong."""
        digits, lighter = self.shades[material][shade], self.random.gauss(0, 8)
        r, g, b = (
            min(max(round(int(digits[i : i + 2], 16) + lighter + self.random.gauss(0, 3)), 0), 255)
            for i in (1, 3, 5)
        )
        return r, g, b

    def shape(self, colour: Colour, outline: Sequence[Point]) -> None:
        self.draw.polygon([(x * 2 * self.size, y * 2 * self.size) for x, y in outline], colour)

    def below(self, colour: Colour, crest: Sequence[Point], shake: float = 0.012) -> None:
        """All that lies under a line, which is drawn by an unsteady hand."""
        self.shape(colour, [*self.shaky(crest, shake), (1.1, 1.1), (-0.1, 1.1)])

    def shaky(self, line: Sequence[Point], shake: float, depth: int = 4) -> list[Point]:
        """Each stretch is broken in its middle, again and again."""
        for _ in range(depth):
            broken = [line[0]]
            for (x0, y0), (x1, y1) in pairwise(line):
                middle = (x0 + x1) / 2, (y0 + y1) / 2 + self.random.gauss(0, shake)
                broken += [middle, (x1, y1)]
            line, shake = broken, shake / 2
        return [*line]

    def blob(self, colour: Colour, x: float, y: float, width: float, height: float) -> None:
        turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        wobble = [self.random.uniform(0.8, 1.15) for _ in turns]
        self.shape(
            colour,
            [
                (x + width / 2 * float(np.cos(t)) * w, y + height / 2 * float(np.sin(t)) * w)
                for t, w in zip(turns, wobble, strict=True)
            ],
        )

    def level(self, y: float, tilt: float = 0.02) -> list[Point]:
        return [(-0.1, y + self.random.uniform(-tilt, tilt)), (1.1, y + self.random.uniform(-tilt, tilt))]

    def peaks(self, base: float, height: float, count: int) -> list[Point]:
        """A zigzag of summits and saddles from side to side."""
        line = []
        for i in range(2 * count + 1):
            x = -0.1 + 1.2 * i / (2 * count) + self.random.uniform(-0.09, 0.09)
            line.append((x, base - height * self.random.uniform(0.4, 1.0) * (i % 2)))
        return line

    def sky(self, clouds: int, light: int = 1) -> None:
        self.below(self.colour("sky", 2), self.level(-0.1))
        self.below(self.colour("sky", light), self.level(self.random.uniform(0.15, 0.25)))
        for _ in range(clouds):
            x, y = self.random.uniform(0.1, 0.9), self.random.uniform(0.06, 0.26)
            for _ in range(3):
                self.blob(
                    self.colour("cloud", 0),
                    x + self.random.uniform(-0.07, 0.07),
                    y + self.random.uniform(-0.02, 0.02),
                    self.random.uniform(0.1, 0.2),
                    self.random.uniform(0.04, 0.08),
                )

    def sun(self, y: float) -> None:
        x, wide = self.random.uniform(0.2, 0.8), self.random.uniform(0.06, 0.1)
        self.blob(self.colour("sun", 0), x, y, wide, wide)

    def tree(self, x: float, foot: float, height: float) -> None:
        self.blob(self.colour("forest", 1), x, foot - height * 0.55, height * 0.6, height)


def _mountain_lake(hand: _Hand) -> None:
    hand.sky(hand.random.randint(0, 3))
    crest = hand.peaks(0.5, 0.32, hand.random.randint(2, 3))
    hand.below(hand.colour("snow", 0), crest)
    hand.below(hand.colour("rock", 1), [(x, y + 0.07 + 0.05 * (y < 0.4)) for x, y in crest], 0.03)
    hand.below(hand.colour("forest", 1), hand.level(0.5))
    hand.below(hand.colour("water", 1), hand.level(0.6, 0.005), 0.002)
    hand.below(hand.colour("grass", 1), hand.level(hand.random.uniform(0.84, 0.92), 0.05))


def _meadow(hand: _Hand) -> None:
    hand.sky(hand.random.randint(1, 4))
    if hand.random.random() < 0.6:
        hand.sun(0.14)
    hand.below(hand.colour("forest", 0), hand.peaks(0.48, 0.1, 2))
    hand.below(hand.colour("grass", 0), hand.level(0.52))
    hand.below(hand.colour("grass", 1), hand.level(0.68, 0.06))
    hand.below(hand.colour("grass", 2), hand.level(0.88, 0.06))
    for _ in range(hand.random.randint(2, 5)):
        hand.tree(
            hand.random.uniform(0.1, 0.9), hand.random.uniform(0.56, 0.7), hand.random.uniform(0.1, 0.2)
        )


def _sunset_sea(hand: _Hand) -> None:
    hand.below((70, 88, 136), hand.level(-0.1))
    hand.below((168, 140, 150), hand.level(0.18))
    hand.below((236, 170, 104), hand.level(0.34))
    hand.sun(0.42)
    hand.below((66, 60, 72), [(-0.1, 0.4), (0.15, 0.44), (0.35, 0.52), (1.1, 0.53)])
    hand.below((96, 96, 122), hand.level(0.52, 0.003), 0.001)
    hand.below((206, 156, 116), hand.level(0.62, 0.005))
    hand.below((84, 82, 104), hand.level(0.68, 0.005))
    hand.below((112, 88, 70), hand.level(0.88, 0.06))


def _dunes(hand: _Hand) -> None:
    hand.sky(hand.random.randint(0, 1), 0)
    hand.below(hand.colour("rock", 1), hand.peaks(0.46, 0.08, 3))
    for shade, base in ((0, 0.5), (1, 0.62), (0, 0.74), (1, 0.9)):
        hand.below(hand.colour("sand", shade), hand.peaks(base, 0.1, hand.random.randint(1, 2)))


def _winter(hand: _Hand) -> None:
    hand.sky(hand.random.randint(0, 2))
    hand.below(hand.colour("snow", 1), hand.peaks(0.48, 0.26, 2))
    hand.below(hand.colour("forest", 1), hand.peaks(0.56, 0.06, 6))
    hand.below(hand.colour("snow", 0), hand.level(0.6))
    hand.below(hand.colour("snow", 1), hand.level(0.8, 0.06))
    for _ in range(hand.random.randint(1, 4)):
        hand.tree(
            hand.random.uniform(0.1, 0.9), hand.random.uniform(0.64, 0.8), hand.random.uniform(0.12, 0.25)
        )
