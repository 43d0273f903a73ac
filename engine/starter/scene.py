"""A scene: plain numbers, one row for each picture, from which everything is drawn.

World: metres, x right, y up, z away from the camera, which stands at x = z = 0. In the view columns and rows
are fractions; the horizon's row is `horizon` (a shifted lens, so that columns stay upright). Lengths in the
view are in roots of its area: it is `across` wide and `upright` high, and a square one is 1 by 1.
In formulas `s` is the scene; x, y, z are places in its world.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import torch
from torch import Tensor

KNOTS = 6  # of what changes with the distance from the camera: at 4 m * 6^k
DRY_LAND = -1e5  # the height of water, in metres, where there is none

BALLOON, BOAT, TREE, BOULDER, HUT, BIRDS = range(6)  # what may be moved; the columns after them only furnish
GROVE, ROCKS = 5, 2  # how many trees and boulders only furnish
OBJECTS = ("balloon", "boat", "tree", "boulder", "hut", "birds") + ("tree",) * GROVE + ("boulder",) * ROCKS
FLYING = (BALLOON, BIRDS)
TREES = tuple(column for column, name in enumerate(OBJECTS) if name == "tree")
GROUNDED = tuple(name in ("tree", "boulder", "hut") for name in OBJECTS)

GREEN, DRY, ROCK, SOIL, LEAF, OTHER_LEAF, WATER = range(7)  # of a palette


@dataclass(frozen=True)
class Scene:
    """Each field is (batch,) unless said; shares and chances are 0..1, colours linear, angles in radians."""

    climate: Tensor  # index into CLIMATES
    offset: Tensor  # (batch, 2), 0..1: the place in the noise; all that is random in a picture hangs on it

    sun_azimuth: Tensor  # 0 straight ahead, to the right positive; of the moon at night
    sun_height: Tensor  # above the horizon
    night: Tensor  # 0 or 1
    turbidity: Tensor  # optical depth of haze straight up
    overcast: Tensor
    haze: Tensor  # extinction, per metre
    fog: Tensor  # extinction, per metre, at the ground
    fog_top: Tensor  # metres in which the fog thins by e

    eye: Tensor  # metres above the ground or the water
    aspect: Tensor  # width / height of the whole view, 1/3..3
    horizon: Tensor  # its row
    focal: Tensor  # length, in roots of the view's area

    profile: Tensor  # (batch, KNOTS), metres: the mean height of the ground at each distance
    amplitude: Tensor  # (batch, KNOTS), metres: of the hills at each distance
    wave: Tensor  # metres: the longest wave of the hills
    gain: Tensor  # how much lower each octave is than the one before
    ridge: Tensor  # how sharp crests are
    erode: Tensor  # how much smoother steep places are
    warp: Tensor  # how much the hills are bent
    terrace: Tensor
    dune: Tensor
    valley: Tensor  # how steeply the land rises on both sides
    tilt: Tensor  # the land's slope from left to right

    water: Tensor  # metres: its level, or DRY_LAND
    waves: Tensor  # slope of its waves
    palette: Tensor  # (batch, 7, 3): grass, dry grass, rock, soil, leaf, other leaf, water

    snow_line: Tensor  # metres
    tree_line: Tensor  # metres
    cover: Tensor  # of trees: below 0 few, above 0 many
    conifer: Tensor  # share of the trees
    tree_size: Tensor  # metres
    tree_near: Tensor  # metres: woods begin there
    bush: Tensor
    grass: Tensor
    flowers: Tensor

    cloud_cover: Tensor  # -1.5 clear .. 0.1 closed
    cloud_base: Tensor  # metres
    cloud_depth: Tensor  # metres
    cloud_size: Tensor  # metres
    cirrus: Tensor

    path: Tensor  # metres: half the width of a foot path, or 0
    fields: Tensor  # share of tilled ground
    stones: Tensor  # share of stones among the bushes

    exposure: Tensor  # about 1
    contrast: Tensor  # about 1
    warmth: Tensor  # about 0: red up, blue down

    present: Tensor  # (batch, objects), 0 or 1
    place: Tensor  # (batch, objects, 3), metres; y, above the eye, is used of what flies
    size: Tensor  # (batch, objects), metres: height
    look: Tensor  # (batch, objects, 6), 0..1: what else is random about them

    @property
    def across(self) -> Tensor:
        """The view's width, in roots of its area."""
        return self.aspect.sqrt()

    @property
    def upright(self) -> Tensor:
        """The view's height, in roots of its area."""
        return self.aspect.rsqrt()

    @cached_property
    def some(self) -> frozenset[str]:
        """Names of what any of the pictures has at all, so that work for the others can be left out; asked
        once, since an answer makes a GPU wait.
        """
        names = ("terrace", "dune", "grass", "fields", "fog", "cirrus", "night")
        has = (torch.stack([getattr(self, name) for name in names]) > 0).any(1).tolist()
        return frozenset(name for name, any_has in zip(names, has, strict=True) if any_has)

    def rows(self, index: slice | Tensor) -> Scene:
        return Scene(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    def to(self, device: torch.device | str) -> Scene:
        return Scene(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})


def sun_direction(s: Scene) -> Tensor:
    """Towards the sun or the moon: (batch, 3), of length 1."""
    flat = s.sun_height.cos()
    return torch.stack([s.sun_azimuth.sin() * flat, s.sun_height.sin(), s.sun_azimuth.cos() * flat], 1)
