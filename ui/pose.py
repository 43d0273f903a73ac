"""How a rectangle lies when it is transformed: its four corners, and what dragging and numbers do to them.

A pose is (4, 2) canvas pixels, clockwise from what was the upper left corner. Plain functions of numpy.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ui.transform import about, mapped, turn

Pose = NDArray[np.float64]
Spot = NDArray[np.float64]  # (2,): x and y
Mode = Literal["scale", "skew", "distort", "perspective"]
Part = Literal["corner", "side", "inside", "turn"]
LEAST = 1.0  # canvas pixels, of a side
STEP = 15.0  # degrees, with Shift
KNOB, REACH = 28.0, 9.0  # points: from the upper side to the knob that turns; how near a press counts


class Grip(NamedTuple):
    """What a press takes hold of."""

    part: Part
    number: int = 0  # of the corner, or of the side that begins there


class Numbers(NamedTuple):
    """A pose in numbers; x and y of the upper left corner of the box round it."""

    x: float
    y: float
    width: float  # along the upper side
    height: float  # along the left side
    angle: float  # degrees, clockwise, of the upper side
    skew: float  # degrees by which the left side leans


def middle(pose: Pose) -> Spot:
    spot: Spot = pose.mean(0)
    return spot


def numbers(pose: Pose) -> Numbers:
    across, down = pose[1] - pose[0], pose[3] - pose[0]
    angle = math.degrees(math.atan2(across[1], across[0]))
    lean = math.degrees(math.atan2(down[1], down[0])) - angle - 90
    x, y = pose.min(0).tolist()
    return Numbers(x, y, float(np.hypot(*across)), float(np.hypot(*down)), angle, -((lean + 180) % 360 - 180))


def moved(pose: Pose, dx: float, dy: float) -> Pose:
    there: Pose = pose + np.array([dx, dy])
    return there


def turned(pose: Pose, degrees: float) -> Pose:
    return mapped(about(_point(middle(pose)), turn(degrees)), pose)


def scaled(pose: Pose, across: float, down: float, fixed: Spot | None = None) -> Pose:
    """Times so much along its own two directions, a spot staying where it is, or else its middle."""
    axes = _axes(pose)
    fixed = middle(pose) if fixed is None else fixed
    return mapped(about(_point(fixed), axes @ np.diag([across, down]) @ np.linalg.inv(axes)), pose)


def skewed(pose: Pose, degrees: float) -> Pose:
    """Its left and right sides leaning by so much from upright, its middle staying where it is."""
    now = numbers(pose)
    across = (pose[1] - pose[0]) / max(now.width, LEAST)
    upright = np.array([-across[1], across[0]])
    tall = now.height * math.cos(math.radians(now.skew))
    by = tall * (math.tan(math.radians(degrees)) - math.tan(math.radians(now.skew)))
    # a spot goes sideways by its share of the height
    shear = np.eye(2) + np.outer(across, upright) * (by / tall if tall else 0.0)
    return mapped(about(_point(middle(pose)), shear), pose)


def with_numbers(pose: Pose, wish: Numbers) -> Pose:
    """The pose that has these numbers; where it is in perspective, it stays so."""
    now = numbers(pose)
    if wish.skew != now.skew:
        pose = skewed(pose, min(max(wish.skew, -80.0), 80.0))
    if (wish.width, wish.height) != (now.width, now.height):
        wide, tall = wish.width / max(now.width, LEAST), wish.height / max(now.height, LEAST)
        pose = scaled(pose, wide, tall, fixed=pose[0])
    if wish.angle != now.angle:
        pose = turned(pose, wish.angle - now.angle)
    if (wish.x, wish.y) != (now.x, now.y):
        corner = pose.min(0)
        pose = moved(pose, wish.x - corner[0], wish.y - corner[1])
    return pose


def flipped(pose: Pose, across: bool) -> Pose:
    """Left and right, or top and bottom, as they are seen, round its middle."""
    return mapped(about(_point(middle(pose)), np.diag([-1.0, 1.0] if across else [1.0, -1.0])), pose)


def is_sound(pose: Pose) -> bool:
    """Whether it can be drawn: convex, and nowhere thinner than nothing."""
    sides = np.roll(pose, -1, 0) - pose
    following = np.roll(sides, -1, 0)
    crosses = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
    return bool((crosses > 0.25).all() or (crosses < -0.25).all())


# ---- by hand


def knob(pose: Pose, point: float) -> Spot:
    """Where the knob that turns is; `point` is canvas pixels to a point of the widget."""
    top = (pose[0] + pose[1]) / 2
    way = top - middle(pose)
    spot: Spot = top + way / max(float(np.hypot(*way)), 1e-6) * KNOB * point
    return spot


def grip_at(pose: Pose, spot: Spot, point: float) -> Grip:
    """What a press there takes hold of; far outside it turns."""
    for number in range(4):
        if np.hypot(*(pose[number] - spot)) <= REACH * point:
            return Grip("corner", number)
    if np.hypot(*(knob(pose, point) - spot)) <= REACH * point:
        return Grip("turn")
    for number in range(4):
        a, b = pose[number], pose[(number + 1) % 4]
        if _distance(spot, a, b) <= REACH * point:
            return Grip("side", number)
    return Grip("inside") if _holds(pose, spot) else Grip("turn")


def pulled(pose: Pose, grip: Grip, start: Spot, now: Spot, mode: Mode, free: bool, from_middle: bool) -> Pose:
    """The pose when what was gripped at `start` is at `now`. `free` is Shift: sides change each for itself,
    moves keep to an axis, angles go in steps.
    """
    by = now - start
    if grip.part == "inside":
        if free:
            by = by * (np.abs(by) >= np.abs(by).max())
        return moved(pose, *by.tolist())
    if grip.part == "turn":
        a, b = (math.degrees(math.atan2(*(each - middle(pose))[::-1])) for each in (start, now))
        angle = b - a
        if free:
            first = numbers(pose).angle
            angle = round((first + angle) / STEP) * STEP - first
        return turned(pose, angle)
    if mode == "distort" or (mode == "perspective" and grip.part == "corner"):
        return _bent(pose, grip, by, mode)
    if mode != "scale" and grip.part == "side":
        return _sheared(pose, grip.number, by)
    return _stretched(pose, grip, by, free, from_middle)


def _stretched(pose: Pose, grip: Grip, by: Spot, free: bool, from_middle: bool) -> Pose:
    """A corner keeps the proportions, unless it is free; a side goes where it goes."""
    following = (grip.number + 1) % 4
    held = pose[grip.number] if grip.part == "corner" else (pose[grip.number] + pose[following]) / 2
    across = (grip.number + 2) % 4
    opposite = pose[across] if grip.part == "corner" else (pose[across] + pose[(across + 1) % 4]) / 2
    fixed = middle(pose) if from_middle else opposite
    if grip.part == "corner" and not free:
        way = held - fixed
        grown = _share(held + by - fixed, way)
        return scaled(pose, _enough(grown, pose, 0), _enough(grown, pose, 0), fixed)
    back = np.linalg.inv(_axes(pose))
    was, now = back @ (held - fixed), back @ (held + by - fixed)
    times = [float(now[i] / was[i]) if abs(was[i]) > 1e-9 else 1.0 for i in (0, 1)]
    if grip.part == "side":  # only its own direction
        times[grip.number % 2] = 1.0
    return scaled(pose, _enough(times[0], pose, 0), _enough(times[1], pose, 1), fixed)


def _sheared(pose: Pose, number: int, by: Spot) -> Pose:
    """A side slides along itself."""
    ends = [number, (number + 1) % 4]
    along = pose[ends[1]] - pose[ends[0]]
    out = pose.copy()
    out[ends] += along * _share(by, along)
    return out


def _bent(pose: Pose, grip: Grip, by: Spot, mode: Mode) -> Pose:
    """A corner or a side goes where it goes alone; in perspective its neighbour goes the other way."""
    out = pose.copy()
    if grip.part == "side":
        out[[grip.number, (grip.number + 1) % 4]] += by
        return out
    if mode == "distort":
        out[grip.number] += by
        return out
    beside, below = (1, 3) if grip.number % 2 == 0 else (3, 1)  # along its upper or lower side, and the other
    neighbours = [(grip.number + beside) % 4, (grip.number + below) % 4]
    ways = [pose[each] - pose[grip.number] for each in neighbours]
    shares = [_share(by, way) for way in ways]
    which = 0 if abs(shares[0]) * np.hypot(*ways[0]) >= abs(shares[1]) * np.hypot(*ways[1]) else 1
    out[grip.number] += ways[which] * shares[which]
    out[neighbours[which]] -= ways[which] * shares[which]
    return out


def _axes(pose: Pose) -> NDArray[np.float64]:
    """Its two directions as columns, (2, 2)."""
    return np.column_stack([pose[1] - pose[0], pose[3] - pose[0]])


def _enough(times: float, pose: Pose, side: int) -> float:
    """Never nothing: a side keeps a pixel."""
    now = numbers(pose)
    least = LEAST / max(now.width if side == 0 else now.height, LEAST)
    return math.copysign(max(abs(times), least), times)


def _holds(pose: Pose, spot: Spot) -> bool:
    sides = np.roll(pose, -1, 0) - pose
    ways = spot - pose
    crosses = sides[:, 0] * ways[:, 1] - sides[:, 1] * ways[:, 0]
    return bool((crosses >= 0).all() or (crosses <= 0).all())


def _distance(spot: Spot, a: Spot, b: Spot) -> float:
    """To a line between two spots."""
    way = b - a
    share = min(max(_share(spot - a, way), 0.0), 1.0)
    return float(np.hypot(*(a + share * way - spot)))


def _share(way: Spot, of: Spot) -> float:
    """How much of one way lies along another, as a share of that."""
    return float(way @ of) / max(float(of @ of), 1e-9)


def _point(spot: Spot) -> tuple[float, float]:
    x, y = spot.tolist()
    return x, y
