"""Drags whose answer is known pixel by pixel: the renderer draws a scene, and the same scene with one thing
elsewhere.

Things take turns, so that no kind dominates. Cases are kept on disk, under the renderer's own digest, since
drawing one takes half a second.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageFilter

import engine.starter
from engine.starter.places import locate, move, without
from engine.starter.render import render
from engine.starter.scene import OBJECTS, Scene
from engine.starter.world import draw
from engine.types import Handle, Mask, Region, Rgb
from engine.warp import filled, grown
from tests.benchmarks.drag_measures import WINDOW, found

SIZE = 256  # pixels
FIRST = 950_000  # the first seed: training has 0 to some 1000, the quality figures 900,000 on
CACHE = Path(__file__).parents[2] / "training" / "known-drags"  # git does not see it
THINGS = {"balloon": 1.0, "boat": 1.3, "tree": 1.0, "boulder": 1.5}  # width in heights, with some ground
LIGHTS = ("sun", "moon")
KINDS = (*THINGS, *LIGHTS)
SMALLEST, LARGEST = 14, 96  # pixels: heights of things
NEAREST, FARTHEST = 24, 96  # pixels: ways
SCENES, TRIES = 64, 4  # of a seed, and so many seeds for
EACH = 2  # cases
SEEN, HIDDEN = (
    0.75,
    0.4,
)  # share of the thing that must be seen in both pictures; of one that is partly hidden
DISC, GLOW = 2.2, 2.0  # a handle's radius on sun and moon: in radii of the disc, and pixels more
ON_THE_WAY = 12  # places on a thing's way that its mask holds
DIFFERENT = 10  # of 255, where a picture with the thing is not the picture without it
LEAST = 30  # pixels of the thing that must be seen
ALIKE = 0.75  # correlation with bare ground above which a thing cannot be told from it
TEXTURED = 3.0  # levels of 255 a pixel: ground with steeper slopes is textured


class Case(NamedTuple):
    name: str
    kind: str
    hidden: bool  # partly, by land or woods, in one of the two places
    before: Rgb
    after: Rgb  # the answer
    bare: Rgb  # without the thing
    handle: Handle
    old: Mask  # where the handle's region was
    new: Mask  # where it comes to lie
    old_thing: Mask  # the thing's own pixels, 0 or 1
    new_thing: Mask
    free: Mask  # both places and the way between, softly: what one would allow to change
    texture: float  # mean slope of the ground that is uncovered, of 255 a pixel
    chance: float  # best correlation of the thing with what is round its new place without it

    @property
    def textured(self) -> bool:
        return self.texture > TEXTURED

    @property
    def way(self) -> float:
        return float(np.hypot(*np.subtract(self.handle.target, self.handle.source)))


class Drawn(NamedTuple):
    """What is kept of a case."""

    kind: str
    hidden: bool
    places: list[float]  # pixels: column, row and height of the thing, in one picture and in the other
    pictures: np.ndarray  # (3, h, w, 3), uint8: before, after, bare


def cases(count: int, folder: Path = CACHE) -> Iterator[Case]:
    """Cases of all kinds in turn, as long as the seeds give them."""
    folder = folder / _digest()
    folder.mkdir(parents=True, exist_ok=True)
    there, number = 0, 0
    while there < count:
        for i, each in enumerate(_kept(number, folder)):
            if there == count:
                return
            case = _case(f"{number:03}-{i}", each)
            if case.chance <= ALIKE:
                yield case
                there += 1
        number += 1


def _digest() -> str:
    """Of the renderer: other code may draw other pictures."""
    sources = sorted(Path(engine.starter.__path__[0]).glob("*.py"))
    text = b"".join(each.read_bytes() for each in sources if each.stem not in ("train", "network", "muon"))
    return hashlib.sha256(text).hexdigest()[:12]


def _kept(number: int, folder: Path) -> list[Drawn]:
    path = folder / f"{number:03}.npz"
    if not path.exists():
        drawn = _draw(number)
        partial = path.with_suffix(".part.npz")
        np.savez_compressed(
            partial,
            kinds=np.array([each.kind for each in drawn], dtype=str),
            hidden=np.array([each.hidden for each in drawn], dtype=bool),
            places=np.array([each.places for each in drawn]).reshape(-1, 6),
            pictures=np.array([each.pictures for each in drawn], dtype=np.uint8),
        )
        partial.replace(path)
    with np.load(path) as kept:
        columns = kept["kinds"].tolist(), kept["hidden"].tolist(), kept["places"].tolist(), kept["pictures"]
        return [Drawn(*each) for each in zip(*columns, strict=True)]


def _draw(number: int) -> list[Drawn]:
    """Up to two cases of the kind whose turn it is; of them the second partly hidden, where there is one."""
    torch.set_num_threads(1)
    kind = KINDS[number % len(KINDS)]
    dice = random.Random(number)
    chosen: list[Drawn] = []
    for part in range(TRIES):
        scene = draw(SCENES, torch.Generator().manual_seed(FIRST + TRIES * number + part))
        there = _places(scene, kind)
        rows = [row for row in range(SCENES) if _fits(there[row], kind)]
        dice.shuffle(rows)
        rows.sort(key=lambda row: (float(there[row, 3]) < SEEN) != bool(chosen))
        for row in rows:
            moved = _moved(scene, kind, row, dice)
            new = _places(moved, kind)[row]
            if _fits(new, kind) and NEAREST <= _way(there[row], new) <= FARTHEST:
                chosen.append(_drawn(kind, scene, moved, row, there[row], new))
                break
        if len(chosen) == EACH:
            break
    return chosen


def _drawn(kind: str, scene: Scene, moved: Scene, row: int, there: torch.Tensor, new: torch.Tensor) -> Drawn:
    ends = [*there[:3].tolist(), *new[:3].tolist()]
    pictures = [_picture(each, row) for each in (scene, moved)]
    if kind in LIGHTS:
        pictures.append(filled(pictures[0], _whole(_region(kind, *ends[:3]))))
    else:
        pictures.append(_picture(without(scene, kind, row), row))
    return Drawn(kind, bool(min(there[3], new[3]) < SEEN), ends, np.stack(pictures))


def _case(name: str, drawn: Drawn) -> Case:
    kind, places = drawn.kind, drawn.places
    before, after, bare = drawn.pictures
    there, new = _region(kind, *places[:3]), _region(kind, *places[3:])
    high, wide = places[2], places[2] * THINGS.get(kind, 1.0)
    radius = DISC * high / 2 + GLOW if kind in LIGHTS else 1.15 * max(high, wide) / 2
    handle = Handle((places[0], places[1]), (places[3], places[4]), radius, region=there)
    old, landed = _whole(there), _whole(new)
    if kind in LIGHTS:  # what shines has no picture without it: its sky is made of what is round it
        without_old, without_new = filled(before, old), filled(after, landed)
    else:
        without_old = without_new = bare
    old_thing, new_thing = _different(before, without_old, old), _different(after, without_new, landed)
    uncovered = old * (1 - landed) > 0.5
    slope = np.hypot(*np.gradient(after.astype(np.float32).mean(-1)))
    texture = float(slope[uncovered].mean()) if uncovered.any() else 0.0
    way = [_whole(_region(kind, *ends)) for ends in np.linspace(places[:3], places[3:], ON_THE_WAY)]
    free = grown(np.maximum.reduce(way), 6, 6)
    pictures, things = (before, after, bare), (old_thing, new_thing)
    seen = min(each.sum() for each in things) >= LEAST
    chance = found(after, new_thing, without_new, WINDOW).correlation if seen else 1.0
    return Case(name, kind, drawn.hidden, *pictures, handle, old, landed, *things, free, texture, chance)


def _region(kind: str, x: float, y: float, high: float) -> Region:
    """What a hand would draw round the thing: an ellipse, with some ground."""
    if kind in LIGHTS:
        return _ellipse(x, y, DISC * high / 2 + GLOW, DISC * high / 2 + GLOW)
    return _ellipse(x, y, 1.15 * THINGS[kind] * high / 2 + 1, 1.15 * high / 2 + 1)


def _places(scene: Scene, kind: str) -> torch.Tensor:
    """(n, 4): column and row of the thing's middle and its height in pixels, and the share that is seen."""
    things, sun = locate(scene)
    if kind in LIGHTS:
        night = scene.night > 0
        disc = 2 * scene.focal * torch.where(night, 0.016, 0.014)  # as the renderer draws it
        seen = sun[:, 2] * (night == (kind == "moon"))
        return torch.stack([SIZE * sun[:, 0], SIZE * sun[:, 1], SIZE * disc, seen], 1)
    column, foot, high, seen = things[:, OBJECTS.index(kind)].unbind(1)
    return torch.stack([SIZE * column, SIZE * (foot - high / 2), SIZE * high, seen], 1)


def _moved(scene: Scene, kind: str, row: int, dice: random.Random) -> Scene:
    """The thing some way to the side, and, where it is in the sky, up or down as well."""
    aside = dice.choice((-1, 1)) * dice.uniform(0.1, 0.36)  # of a height of the view
    if kind in LIGHTS:
        focal = scene.focal[row].item()
        azimuth = scene.sun_azimuth[row].item() + aside / focal
        height = scene.sun_height[row].item() + dice.uniform(-0.06, 0.06) / focal
        return move(scene, "sun", row, azimuth, height)
    x, y, z = scene.place[row, OBJECTS.index(kind)].tolist()
    metres = z / scene.focal[row].item()  # of a height of the view
    up = dice.uniform(-0.2, 0.2) * metres if kind == "balloon" else 0.0
    return move(scene, kind, row, x + aside * metres, y + up)


def _fits(place: torch.Tensor, kind: str) -> bool:
    x, y, high, seen = place.tolist()
    inside = high / 2 < x < SIZE - high / 2 and high / 3 < y < SIZE - high / 3
    if kind in LIGHTS:
        return bool(seen > 0.95) and inside
    return bool(seen > HIDDEN) and SMALLEST <= high <= LARGEST and inside


def _way(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a[:2] - b[:2]).norm())


def _picture(scene: Scene, row: int) -> Rgb:
    picture = (render(scene.rows(slice(row, row + 1)), SIZE, supersample=1.5)[0] * 255).round().byte()
    return np.ascontiguousarray(picture.permute(1, 2, 0).numpy())


def _different(a: Rgb, b: Rgb, inside: Mask) -> Mask:
    """Where two pictures differ inside a mask, without specks and small gaps: 0 or 1."""
    apart = (np.abs(a.astype(np.int16) - b).max(-1) > DIFFERENT) & (inside > 0.5)
    mask = Image.fromarray(apart.astype(np.uint8) * 255).filter(ImageFilter.MedianFilter(3))
    return (np.asarray(mask) > 0).astype(np.float32)


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
