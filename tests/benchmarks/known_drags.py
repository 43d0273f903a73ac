"""Drags whose answer is known pixel by pixel: the renderer draws a scene, and the same scene with one thing
elsewhere.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch

from engine.starter.places import locate, move
from engine.starter.render import render
from engine.starter.scene import OBJECTS, Scene
from engine.starter.world import draw
from engine.types import Handle, Mask, Region, Rgb

SIZE = 256  # pixels
FIRST = 950_000  # the first seed: training has 0 to some 1000, the quality figures 900,000 on
THINGS = {"balloon": 0.8, "boat": 1.3, "tree": 0.7, "boulder": 1.5}  # width in heights
SMALLEST, LARGEST = 14, 96  # pixels: heights of things
NEAREST, FARTHEST = 24, 96  # pixels: ways
SCENES = 16  # of a seed
SEEN = 0.75  # share of the thing that must be seen in both pictures


class Case(NamedTuple):
    name: str
    thing: str
    before: Rgb
    after: Rgb  # the answer
    handle: Handle
    new: Mask  # where the thing is in the answer
    old: Mask  # where it was
    texture: float  # of the ground that is uncovered: mean slope, of 255 a pixel


def cases(count: int, first: int = FIRST) -> Iterator[Case]:
    """Cases of all things in turn, as long as the seeds give them."""
    found, seed = 0, first
    while found < count:
        for case in _of_seed(seed):
            yield case
            found += 1
            if found == count:
                return
        seed += 1


def _of_seed(seed: int) -> list[Case]:
    torch.set_num_threads(1)
    scene = draw(SCENES, torch.Generator().manual_seed(seed))
    dice = random.Random(seed)
    there = locate(scene)[0]
    after, moves = scene, dict[int, str]()
    for row in range(SCENES):
        names = list(THINGS)
        dice.shuffle(names)
        for name in names:
            column = OBJECTS.index(name)
            if not _fits(there[row, column]):
                continue
            moved = _moved(after, name, row, dice)
            new = locate(moved)[0][row, column]
            way = _way(there[row, column], new)
            if _fits(new) and NEAREST <= way <= FARTHEST:
                after, moves[row] = moved, name
                break
    if not moves:
        return []
    rows = torch.tensor(list(moves))
    there, new = there[rows], locate(after)[0][rows]
    pictures = [_pictures(each.rows(rows)) for each in (scene, after)]
    made = []
    for k, row in enumerate(moves):
        column = OBJECTS.index(moves[row])
        made.append(
            _case(
                f"{seed}-{row}", moves[row], pictures[0][k], pictures[1][k], there[k, column], new[k, column]
            )
        )
    return made


def _case(name: str, thing: str, before: Rgb, after: Rgb, there: torch.Tensor, new: torch.Tensor) -> Case:
    (x, y, high), (to_x, to_y, to_high) = _centre(there), _centre(new)
    wide = max(1.0, THINGS[thing]) if thing != "boat" else THINGS[thing]
    region = _ellipse(x, y, 1.15 * wide * high / 2 + 1, 1.15 * high / 2 + 1)
    handle = Handle((x, y), (to_x, to_y), scale=to_high / high, region=region)
    old = _whole(region)
    landed = _whole(_ellipse(to_x, to_y, 1.15 * wide * to_high / 2 + 1, 1.15 * to_high / 2 + 1))
    bare = old * (1 - landed) > 0.5
    slope = np.hypot(*np.gradient(after.astype(np.float32).mean(-1)))
    texture = float(slope[bare].mean()) if bare.any() else 0.0
    return Case(name, thing, before, after, handle, landed, old, texture)


def _moved(scene: Scene, name: str, row: int, dice: random.Random) -> Scene:
    """The thing some way to the side, and, where it flies, up or down as well."""
    x, y, z = scene.place[row, OBJECTS.index(name)].tolist()
    metres = z / scene.focal[row].item()  # of a height of the view
    aside = dice.choice((-1, 1)) * dice.uniform(0.1, 0.36) * metres
    up = dice.uniform(-0.2, 0.2) * metres if name == "balloon" else 0.0
    return move(scene, name, row, x + aside, y + up)


def _fits(place: torch.Tensor) -> bool:
    x, y, high = _centre(place)
    inside = high / 2 < x < SIZE - high / 2 and high / 3 < y < SIZE - high / 3
    return bool(place[3] > SEEN) and SMALLEST <= high <= LARGEST and inside


def _centre(place: torch.Tensor) -> tuple[float, float, float]:
    column, foot, high = (value * SIZE for value in place[:3].tolist())
    return column, foot - high / 2, high


def _way(a: torch.Tensor, b: torch.Tensor) -> float:
    (x, y, _), (to_x, to_y, _) = _centre(a), _centre(b)
    return float(np.hypot(to_x - x, to_y - y))


def _pictures(scene: Scene) -> list[Rgb]:
    pictures = (render(scene, SIZE, supersample=1.5) * 255).round().byte()
    return [np.ascontiguousarray(each) for each in pictures.permute(0, 2, 3, 1).cpu().numpy()]


def _ellipse(x: float, y: float, half_width: float, half_height: float) -> Region:
    left, top = int(x - half_width) - 1, int(y - half_height) - 1
    rows, columns = np.mgrid[top : int(y + half_height) + 2, left : int(x + half_width) + 2] + 0.5
    depth = 1 - np.hypot((columns - x) / half_width, (rows - y) / half_height)
    covered = (depth * min(half_width, half_height) + 0.5).clip(0, 1)
    return Region(left, top, np.rint(covered * 255).astype(np.uint8))


def _whole(region: Region) -> Mask:
    out = np.zeros((SIZE, SIZE), np.float32)
    height, width = region.mask.shape
    top, left = max(region.y, 0), max(region.x, 0)
    bottom, right = min(region.y + height, SIZE), min(region.x + width, SIZE)
    part = region.mask[top - region.y : bottom - region.y, left - region.x : right - region.x]
    out[top:bottom, left:right] = part / np.float32(255)
    return out
