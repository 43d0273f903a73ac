"""Tips of brushes: what one dab leaves. A round one follows from its hardness; the others are made from
seeded noise when they are first used.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Stamp = NDArray[np.float32]  # (d, d), 0..1: how much of the paint one dab leaves
SIDE = 256  # pixels of a textured tip as it is made
KEPT = 24 * 2**20  # bytes of stamps at hand, of one tip
ROUND = "round"
PAPER = 512  # pixels after which the grain of the paper repeats
TURNS = 240  # angles in which a textured tip is at hand


class Touch(NamedTuple):
    """A stamp and where its first pixel falls."""

    stamp: Stamp
    x: int
    y: int


class Tips:
    """The stamps of one tip, each made once for its size, angle and place between the pixels."""

    def __init__(self, name: str, hardness: float) -> None:
        self.name, self.hardness = name, hardness
        self._stamps: OrderedDict[tuple[float, ...], Stamp] = OrderedDict()
        self._bytes = 0

    def touch(self, x: float, y: float, diameter: float, angle: float = 0.0) -> Touch:
        """A dab with its middle at (x, y), in canvas pixels; the angle in radians."""
        diameter = _stepped(diameter)
        parts = 4 if diameter <= 64 else 2  # of a pixel: an edge must not jump by a whole one
        half = diameter / 2 + 1
        left, top = round((x - half) * parts), round((y - half) * parts)
        turn = 0 if self.name == ROUND else round(angle / (2 * math.pi) * TURNS) % TURNS
        key = (diameter, left % parts / parts, top % parts / parts, turn)
        stamp = self._stamps.get(key)
        if stamp is None:
            stamp = self._stamps[key] = self._made(*key)
            self._bytes += stamp.nbytes
            while self._bytes > KEPT and len(self._stamps) > 1:
                self._bytes -= self._stamps.popitem(last=False)[1].nbytes
        else:
            self._stamps.move_to_end(key)
        return Touch(stamp, left // parts, top // parts)

    def _made(self, diameter: float, x: float, y: float, turn: float) -> Stamp:
        if self.name == ROUND:
            return round_stamp(diameter, self.hardness, x, y)
        return _textured(TEXTURES[self.name](), diameter, 2 * math.pi * turn / TURNS, x, y)


@lru_cache(maxsize=4)
def tips(name: str, hardness: float) -> Tips:
    """The same stamps for every stroke of the brush; a few brushes are changed between."""
    return Tips(name, hardness)


def round_stamp(diameter: float, hardness: float, x: float = 0.0, y: float = 0.0) -> Stamp:
    """Solid up to `hardness` of the radius, then fading by a smooth curve; over at least one pixel, and the
    narrower the straighter, for then it is the share of the pixel that is covered.
    """
    radius = diameter / 2
    side = math.ceil(diameter + 2 + max(x, y))
    across = np.arange(side, dtype=np.float32) + np.float32(0.5 - 1 - radius)
    far = np.sqrt((across - np.float32(y))[:, None] ** 2 + (across - np.float32(x)) ** 2)
    inner = min(hardness * radius, radius - 0.5)
    outer = max(radius, inner + 1)
    left: Stamp = np.clip((np.float32(outer) - far) * np.float32(1 / (outer - inner)), 0, 1)
    curved = min((outer - inner - 1) / 3, 1.0)
    if curved > 0:
        left += np.float32(curved) * (0.5 - 0.5 * np.cos(np.float32(math.pi) * left) - left)
    return left


@cache
def paper() -> Stamp:
    """(512, 512): how low the paper is, for brushes that catch on its grain; it repeats without a joint."""
    random = np.random.default_rng(7)
    rough = _noise(random, PAPER, 1.2) + 0.7 * _noise(random, PAPER, 2.4) + 0.3 * _noise(random, PAPER, 6)
    return _ranked(rough)


def _flat() -> Stamp:
    """A broad edge, five times as long as it is wide, with round corners."""
    across = np.abs((np.arange(SIDE, dtype=np.float32) + 0.5) / (SIDE / 2) - 1)
    x, y = np.maximum(across - 0.84, 0), np.maximum(across - 0.04, 0)
    return _fade(np.hypot(x, y[:, None]), 0.14, 0.16)


def _chalk() -> Stamp:
    """A blunt end with an uneven rim, of coarse grain."""
    random = np.random.default_rng(1)
    far = _far() + 0.09 * _noise(random, SIDE, 16) + 0.05 * _noise(random, SIDE, 5)
    grain = _ranked(_noise(random, SIDE, 5) + 0.7 * _noise(random, SIDE, 2.2))
    return _fade(far, 0.78, 0.94) * _fade(grain, 0.95, 0.35)


def _bristle() -> Stamp:
    """Hairs, each a point of its own thickness, in clumps."""
    random = np.random.default_rng(2)
    out = np.zeros((SIDE, SIDE), np.float32)
    across = (np.arange(SIDE, dtype=np.float32) + 0.5) / (SIDE / 2) - 1
    for _ in range(180):
        far, way = 0.9 * math.sqrt(random.random()), 2 * math.pi * random.random()
        thick, strong = random.uniform(0.022, 0.06), random.uniform(0.35, 1.0)
        x, y = far * math.cos(way), far * math.sin(way)
        hair = np.exp(-((across - y)[:, None] ** 2 + (across - x) ** 2) / thick**2)
        out = np.maximum(out, np.float32(strong) * hair)
    return out


def _sponge() -> Stamp:
    """Pores of all sizes in a ragged round."""
    random = np.random.default_rng(3)
    holes = _noise(random, SIDE, 22) + 0.8 * _noise(random, SIDE, 9) + 0.5 * _noise(random, SIDE, 3.5)
    far = _far() + 0.12 * _noise(random, SIDE, 26)
    return _fade(_ranked(holes), 0.55, 0.35) * _fade(far, 0.62, 0.95)


def _splatter() -> Stamp:
    """Drops: many small ones far out, a few large ones near the middle."""
    random = np.random.default_rng(4)
    out = np.zeros((SIDE, SIDE), np.float32)
    across = (np.arange(SIDE, dtype=np.float32) + 0.5) / (SIDE / 2) - 1
    for _ in range(46):
        size = 0.014 + 0.10 * random.random() ** 4
        far, way = (0.94 - size) * random.random() ** 0.7, 2 * math.pi * random.random()
        x, y = far * math.cos(way), far * math.sin(way)
        drop = np.sqrt((across - y)[:, None] ** 2 + (across - x) ** 2)
        out = np.maximum(out, _fade(drop, size, size + 0.02))
    return out


def _cloud() -> Stamp:
    """Soft billows that thin out to the rim."""
    random = np.random.default_rng(5)
    billows = sum(_noise(random, SIDE, scale) * scale for scale in (6.0, 12.0, 24.0, 44.0))
    return (0.25 + 0.75 * _ranked(np.asarray(billows, np.float32))) * _fade(_far(), 0.05, 0.98)


def _made_once(make: Callable[[], Stamp]) -> Callable[[], Stamp]:
    return cache(make)


TEXTURES: dict[str, Callable[[], Stamp]] = {
    "flat": _made_once(_flat),
    "chalk": _made_once(_chalk),
    "bristle": _made_once(_bristle),
    "sponge": _made_once(_sponge),
    "splatter": _made_once(_splatter),
    "cloud": _made_once(_cloud),
}


def _textured(tip: Stamp, diameter: float, angle: float, x: float, y: float) -> Stamp:
    """The tip turned and scaled, with a rim of a transparent pixel, shifted by a part of a pixel."""
    picture = Image.fromarray(tip)
    if angle:
        picture = picture.rotate(math.degrees(-angle), Image.Resampling.BILINEAR)
    side = math.ceil(diameter + 2 + max(x, y))
    scale = SIDE / diameter
    pad = math.ceil(2 * scale) + 1
    room = Image.new("F", (SIDE + 2 * pad, SIDE + 2 * pad))
    room.paste(picture, (pad, pad))
    left, top = pad - (1 + x) * scale, pad - (1 + y) * scale
    box = (left, top, min(left + side * scale, room.width), min(top + side * scale, room.height))
    stamp = np.asarray(room.resize((side, side), Image.Resampling.BILINEAR, box), np.float32)
    return stamp.clip(0, 1)


def _stepped(diameter: float) -> float:
    """A diameter near by, so that few stamps serve a stroke of changing size."""
    step = 0.25 if diameter < 16 else 0.5 if diameter < 64 else 1.0 if diameter < 200 else 2.0
    return max(round(diameter / step) * step, 1.0)


def _far() -> Stamp:
    """The distance from the middle, 1 at the rim."""
    across = (np.arange(SIDE, dtype=np.float32) + 0.5) / (SIDE / 2) - 1
    far: Stamp = np.hypot(across[:, None], across)
    return far


def _fade(value: Stamp, solid: float, gone: float) -> Stamp:
    """1 up to `solid`, 0 from `gone`, smooth between them."""
    t = np.clip((value - solid) / (gone - solid), 0, 1)
    faded: Stamp = (1 - t * t * (3 - 2 * t)).astype(np.float32)
    return faded


def _noise(random: np.random.Generator, side: int, scale: float) -> Stamp:
    """Smooth noise of mean 0 and spread 1 that repeats without a joint; `scale` is the size of its spots."""
    white = np.fft.rfft2(random.standard_normal((side, side)))
    far = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    smooth = np.fft.irfft2(white * np.exp(-2 * (math.pi * far * scale / 2) ** 2), s=(side, side))
    noise: Stamp = (smooth / smooth.std()).astype(np.float32)
    return noise


def _ranked(values: Stamp) -> Stamp:
    """The same order of values, spread evenly over 0..1."""
    ranks = np.empty(values.size, np.float32)
    ranks[np.argsort(values, axis=None)] = np.linspace(0, 1, values.size, dtype=np.float32)
    return ranks.reshape(values.shape)
