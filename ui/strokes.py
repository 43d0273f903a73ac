"""A stroke: where the pen went becomes dabs, and the dabs become cover, how much of the paint lies on each
pixel.

The cover of a stroke is gathered apart, in fine steps, and laid on the layer as a whole: so a stroke of 50 %
stays at 50 % where it crosses itself, and faint dabs add up without bands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.area import Rect
from ui.curves import Response
from ui.document import TILE, Place, places
from ui.tips import PAPER, paper, tips

FLAT = 4.0  # canvas pixels of a curve that are as good as straight
ANY = 24  # angles of a tip that turns by chance
LAG = 40.0  # points of the screen by which each of two steps of the strongest smoothing holds a line back


class Nib(Protocol):
    """What the engine needs to know of a brush."""

    size: float  # diameter, canvas pixels
    shape: str  # of the tip
    hardness: float  # 0..1: the part of the radius that is solid
    opacity: float  # 0..1, of the whole stroke
    flow: float  # 0..1, of a dab: dabs build up to the opacity
    spacing: float  # between dabs, share of the diameter
    smoothing: float  # 0..1
    angle: float  # degrees, of the tip
    turning: str  # "fixed", "way": the tip turns with the line, "lean": with the pen, or "random"
    jitter: float  # 0..1: how unsteady dabs are in size, place and strength
    grain: float  # 0..1: how much of the paper is left
    mirror: bool  # the same once more at the other side of the picture
    size_by: Response
    opacity_by: Response
    flow_by: Response


@dataclass(frozen=True)
class At:
    """Where a pen is."""

    x: float  # canvas pixels
    y: float
    pressure: float = 1.0  # 0..1
    tilt_x: float = 0.0  # degrees from upright, to the right
    tilt_y: float = 0.0  # and towards the user

    @property
    def tilt(self) -> float:
        """0 is upright, 1 as flat as pens can tell."""
        return min(math.hypot(self.tilt_x, self.tilt_y) / 60, 1.0)

    def far(self, other: At) -> float:
        return math.hypot(other.x - self.x, other.y - self.y)

    def towards(self, other: At, part: float) -> At:
        """A part of the way to another one, pressure and tilt included."""
        return At(
            self.x + part * (other.x - self.x),
            self.y + part * (other.y - self.y),
            self.pressure + part * (other.pressure - self.pressure),
            self.tilt_x + part * (other.tilt_x - self.tilt_x),
            self.tilt_y + part * (other.tilt_y - self.tilt_y),
        )


class Stroke:
    """The cover of one stroke as it grows: `begin`, `move` and `end` put dabs, `taken` tells where."""

    def __init__(self, nib: Nib, width: int, height: int, point: float = 1.0) -> None:
        """`point` is how many canvas pixels one point of the screen shows."""
        self.nib, self.width, self.height = nib, width, height
        self.cover = np.zeros((height, width), np.float32)  # memory that is not touched is not taken
        self._tips = tips(nib.shape, nib.hardness)
        self._lag = nib.smoothing * LAG * point
        self._fresh: dict[Place, Rect] = {}
        self._pen = self._led = self._drawn = self._at = At(0, 0)
        self._due = 0.0  # canvas pixels until the next dab
        self._way = 0.0  # radians, whereto the line goes
        self._random = Random(0)

    def begin(self, at: At) -> None:
        self._pen = self._led = self._drawn = self._at = at
        self._random = Random(f"{at.x:.2f} {at.y:.2f}")
        if self.nib.turning == "way":  # which way it goes is not known yet
            self._due = 0.0
        else:
            self._dab(at)

    def move(self, pen: At) -> None:
        """The line goes on to the middle between where it was held and where the pen is: no corners."""
        before, self._drawn = self._drawn, self._held(pen)
        self._curve(before, before.towards(self._drawn, 0.5))

    def end(self, pen: At) -> None:
        """The line ends where the pen was lifted, however much it was smoothed."""
        self.move(pen)
        self._curve(self._drawn, pen)
        if self._at.far(pen) == 0 and self._due == 0:
            self._dab(pen)

    def line(self, end: At) -> None:
        """Straight on."""
        self._line(end)
        self._pen = self._led = self._drawn = end

    def taken(self) -> dict[Place, Rect]:
        """Where the cover has changed since the last time, as boxes of the document in each tile."""
        fresh, self._fresh = self._fresh, {}
        return fresh

    def coat(self, box: Rect) -> NDArray[np.float32]:
        """How much the stroke lays there, opacity and grain of the paper included: (h, w), 0..1."""
        cover = self.cover[box.slices]
        if self.nib.grain:
            cover = grained(cover, box, self.nib.grain)
        coat: NDArray[np.float32] = cover * np.float32(self.nib.opacity)
        return coat

    def _held(self, pen: At) -> At:
        """Where the line is held back: it is led by a point that is led by the pen, and each goes a share of
        the way that the one before it went.
        """
        gone, self._pen = self._pen.far(pen), pen
        if not self._lag:
            return pen
        led = self._led.towards(pen, 1 - math.exp(-gone / self._lag))
        gone, self._led = self._led.far(led), led
        return self._drawn.towards(led, 1 - math.exp(-gone / self._lag))

    def _curve(self, control: At, end: At) -> None:
        """A quadratic curve that sets out towards `control` and arrives from there."""
        start = self._at
        pieces = min(max(math.ceil((start.far(control) + control.far(end)) / FLAT), 1), 64)
        for i in range(1, pieces + 1):
            t = i / pieces
            self._line(start.towards(control, t).towards(control.towards(end, t), t))

    def _line(self, end: At) -> None:
        """Dabs at even distances on the way; what is left over counts towards the next way."""
        start = self._at
        length, gone = start.far(end), 0.0
        if length:
            self._way = math.atan2(end.y - start.y, end.x - start.x)
            while gone + self._due <= length:
                gone += self._due
                self._dab(start.towards(end, gone / length))
            self._due -= length - gone
        self._at = end

    def _dab(self, at: At) -> None:
        nib, random = self.nib, self._random
        size = max(nib.size * max(nib.size_by.at(at.pressure, at.tilt), 0.02), 1.0)
        self._due = max(nib.spacing * size, 0.5)
        flow = nib.flow * nib.flow_by.at(at.pressure, at.tilt)
        x, y, angle = at.x, at.y, math.radians(nib.angle)
        if nib.turning == "way":
            angle += self._way
        elif nib.turning == "lean":
            angle += math.atan2(at.tilt_y, at.tilt_x)
        elif nib.turning == "random":
            angle += random.randrange(ANY) * 2 * math.pi / ANY
        if nib.jitter:
            far, way = nib.jitter * size * random.uniform(0, 0.5), random.uniform(0, 2 * math.pi)
            x, y = x + far * math.cos(way), y + far * math.sin(way)
            size = max(size * (1 - nib.jitter * random.uniform(0, 0.6)), 1.0)
            flow *= 1 - nib.jitter * random.uniform(0, 0.5)
        most = nib.opacity_by.at(at.pressure, at.tilt)
        self._stamp(x, y, size, angle, flow, most)
        if nib.mirror:
            self._stamp(self.width - x, y, size, math.pi - angle, flow, most)

    def _stamp(self, x: float, y: float, size: float, angle: float, flow: float, most: float) -> None:
        """Where the cover is less than the stamp at its `most`, a share of what lacks is added: so edges stay
        as smooth, and soft ones as soft, as they are in the stamp.
        """
        stamp, left, top = self._tips.touch(x, y, size, angle)
        box = Rect(left, top, stamp.shape[1], stamp.shape[0])
        inside = clipped(box, self.width, self.height)
        if inside is None or not flow or not most:
            return
        part = self.cover[inside.slices]
        most_here = stamp[inside.y - top :, inside.x - left :][: inside.height, : inside.width]
        if most < 1:
            most_here = most_here * np.float32(most)
        if flow < 1:
            room = most_here - part
            np.maximum(room, 0, out=room)
            room *= np.float32(flow)
            part += room
        else:
            np.maximum(part, most_here, out=part)
        for place in places(inside):
            here = _in_tile(inside, place)
            there = self._fresh.get(place)
            self._fresh[place] = here if there is None else here.around(there)


def grained(cover: NDArray[np.float32], box: Rect, grain: float) -> NDArray[np.float32]:
    """The cover as it catches on the heights of the paper; its valleys fill last."""
    rows = np.arange(box.y, box.y + box.height) % PAPER
    columns = np.arange(box.x, box.x + box.width) % PAPER
    low = paper()[rows[:, None], columns]
    caught = (cover * np.float32(1.15) - low * np.float32(0.95)) * np.float32(4)
    np.clip(caught, 0, 1, out=caught)
    caught *= np.sqrt(cover)
    mixed: NDArray[np.float32] = cover + np.float32(grain) * (caught - cover)
    return mixed


def clipped(box: Rect, width: int, height: int) -> Rect | None:
    left, top = max(box.x, 0), max(box.y, 0)
    right, bottom = min(box.x + box.width, width), min(box.y + box.height, height)
    return Rect(left, top, right - left, bottom - top) if left < right and top < bottom else None


def _in_tile(box: Rect, place: Place) -> Rect:
    """The part of a box in a tile that it touches."""
    left, top = max(box.x, place[0] * TILE), max(box.y, place[1] * TILE)
    right = min(box.x + box.width, (place[0] + 1) * TILE)
    bottom = min(box.y + box.height, (place[1] + 1) * TILE)
    return Rect(left, top, right - left, bottom - top)
