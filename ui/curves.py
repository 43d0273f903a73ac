"""How a brush answers to the pen: a curve that the user bends, and what it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

Curve = tuple[tuple[float, float], ...]  # points from left to right, each 0..1
STRAIGHT: Curve = ((0.0, 0.0), (1.0, 1.0))
STEPS = 256  # of the table that is looked up
By = Literal["nothing", "pressure", "tilt"]


@dataclass(frozen=True)
class Response:
    """What the pen does to one property of the brush: 0 makes it vanish, 1 leaves it whole."""

    by: By = "nothing"
    curve: Curve = STRAIGHT

    @property
    def text(self) -> str:
        """As the settings keep it."""
        return " ".join([self.by, *(f"{x:.3f},{y:.3f}" for x, y in self.curve)])

    @staticmethod
    def read(text: str) -> Response:
        """Raises ValueError if it makes no sense."""
        by, *points = text.split()
        curve = tuple((float(x), float(y)) for x, y in (point.split(",") for point in points))
        if by not in get_args(By) or not is_curve(curve):
            raise ValueError(f"no response of a pen: {text!r}")
        return Response(cast("By", by), curve)

    def at(self, pressure: float, tilt: float) -> float:
        """Both 0..1; a tilt of 0 is an upright pen."""
        if self.by == "nothing":
            return 1.0
        return value_at(self.curve, pressure if self.by == "pressure" else tilt)


def is_curve(curve: Curve) -> bool:
    """Points in the unit square, each to the right of the last."""
    inside = all(0 <= part <= 1 for point in curve for part in point)
    return bool(curve) and inside and all(a[0] < b[0] for a, b in pairwise(curve))


def value_at(curve: Curve, x: float) -> float:
    place = min(max(x, 0.0), 1.0) * STEPS
    left = min(int(place), STEPS - 1)
    table = table_of(curve)
    return float(table[left] + (place - left) * (table[left + 1] - table[left]))


@lru_cache(maxsize=64)
def table_of(curve: Curve) -> NDArray[np.float64]:
    """The curve at 0, 1/256, ..., 1: smooth through its points and never beyond them (Fritsch and Carlson,
    "Monotone piecewise cubic interpolation", 1980), level before the first and after the last.
    """
    x, y = (np.array(part, np.float64) for part in zip(*curve, strict=True))
    at = np.linspace(0, 1, STEPS + 1)
    if len(curve) == 1:
        return np.full(STEPS + 1, y[0])
    wide = np.diff(x)
    rise = np.diff(y) / wide
    slope = np.concatenate(
        ([rise[0]], np.where(rise[1:] * rise[:-1] > 0, (rise[1:] + rise[:-1]) / 2, 0), [rise[-1]])
    )
    steepest = np.minimum(np.abs(np.append(rise, rise[-1])), np.abs(np.insert(rise, 0, rise[0]))) * 3
    slope = np.clip(slope, -steepest, steepest)
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(wide) - 1)
    t = np.clip((at - x[i]) / wide[i], 0, 1)
    table: NDArray[np.float64] = (
        y[i] * (1 + 2 * t) * (1 - t) ** 2
        + y[i + 1] * t**2 * (3 - 2 * t)
        + wide[i] * t * (1 - t) * (slope[i] * (1 - t) - slope[i + 1] * t)
    )
    return table.clip(0, 1)
