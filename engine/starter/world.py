"""Draws scenes: which landscapes there are, and how often."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from engine.starter.climates import CLIMATES, Climate, Range
from engine.starter.noise import mix
from engine.starter.places import feet
from engine.starter.relief import terrain
from engine.starter.scene import (
    BALLOON,
    BIRDS,
    BOAT,
    DRY_LAND,
    FLYING,
    GROVE,
    KNOTS,
    OBJECTS,
    ROCKS,
    TREE,
    TREES,
    Scene,
)

DEEP_WATER = (
    (0.006, 0.02, 0.03),
    (0.008, 0.035, 0.04),
    (0.01, 0.03, 0.025),
    (0.004, 0.012, 0.022),
    (0.02, 0.05, 0.055),
)


class _Odds(NamedTuple):
    """How an object is drawn."""

    chance: float
    distance: Range  # metres from the camera
    height: Range  # metres


THINGS = (
    _Odds(0.30, (50, 420), (14, 22)),  # balloon
    _Odds(0.95, (22, 110), (6, 11)),  # boat
    _Odds(0.36, (9, 40), (5, 14)),  # tree
    _Odds(0.20, (4, 22), (0.7, 3.0)),  # boulder
    _Odds(0.22, (25, 130), (4.5, 7)),  # hut
    _Odds(0.06, (40, 160), (6, 14)),  # birds
    *[_Odds(0.0, (22, 90), (5, 15))] * GROVE,  # there with chances of their own
    *[_Odds(0.0, (7, 30), (0.5, 1.8))] * ROCKS,
)


def draw(
    batch: int, generator: torch.Generator, climates: Sequence[str] | None = None, aspect: float = 1.0
) -> Scene:
    """Draws `batch` scenes, of any climate or of the named ones in turn, each `aspect` times as wide as high.

    A seed stands for the numbers drawn here, in this order: another order is another world.
    """
    if not 1 / 3.01 < aspect < 3.01:
        raise ValueError(f"A view must be between 1/3 and 3 times as wide as high, not {aspect:g} times.")
    names = list(CLIMATES)
    weights = torch.tensor([climate.weight for climate in CLIMATES.values()])
    index = torch.multinomial(weights, batch, replacement=True, generator=generator)
    if climates:
        index = torch.tensor([names.index(climates[i % len(climates)]) for i in range(batch)])
    kinds = [CLIMATES[names[i]] for i in index.tolist()]
    dice = _Dice(batch, generator, kinds, aspect)
    u, chance, between, numbers = dice.uniform, dice.chance, dice.between, dice.numbers
    sun = _sun(dice)
    camera = _camera(dice, sun.golden)
    sun, in_view = _sun_in_view(dice, sun, camera)
    relief, look = _relief(dice), _looks(dice)
    cloud_size = torch.exp(u(math.log(1200), math.log(5200)))
    present, place, size = _things(dice, camera, relief.water)
    scene = Scene(
        climate=index,
        offset=u(0, 1, 2),
        sun_azimuth=sun.azimuth,
        sun_height=sun.height,
        night=sun.night,
        turbidity=torch.exp(mix(u(-4.2, -2.4), u(-6.0, -4.2), in_view * (1 - 0.6 * sun.golden))),
        overcast=sun.overcast,
        haze=torch.exp(u(-12.4, -10.4)) * (1 + 1.2 * sun.overcast),
        fog=chance(0.06) * torch.exp(u(-9.3, -7.4)),
        fog_top=u(5, 60),
        eye=camera.eye,
        aspect=torch.full((batch,), float(aspect)),
        horizon=camera.horizon,
        focal=camera.focal,
        profile=relief.profile,
        amplitude=relief.amplitude * (relief.wave[:, None] / 3600) ** 0.6,
        wave=relief.wave,
        gain=u(0.44, 0.5) - 0.03 * relief.ridge,
        ridge=relief.ridge,
        erode=between(kind.erode for kind in kinds),
        warp=u(0.05, 0.3),
        terrace=between(kind.terrace for kind in kinds),
        dune=chance(numbers(kind.dune for kind in kinds)) * u(0.5, 1.0),
        valley=chance(0.4) * u(0.0, 0.25) * (1 - numbers(kind.sea for kind in kinds)),
        tilt=u(-0.05, 0.05),
        water=relief.water,
        waves=torch.exp(u(-4.6, -2.0) + 0.4 * (numbers(kind.sea for kind in kinds) - 1)),
        palette=relief.palette,
        snow_line=between(kind.snow_line for kind in kinds),
        tree_line=between(kind.tree_line for kind in kinds),
        cover=between(kind.cover for kind in kinds),
        conifer=between(kind.conifer for kind in kinds),
        tree_size=u(7, 17),
        tree_near=torch.exp(u(3.7, 5.8)) * (1 + 0.02 * camera.eye),
        bush=numbers(kind.bush for kind in kinds) * u(0.0, 1.3),
        grass=numbers(kind.grass for kind in kinds) * u(0.1, 1.0),
        flowers=chance(0.3) * u(0.0, 0.12),
        cloud_cover=torch.where(u(0, 1) < 0.72 + 0.22 * in_view, u(-1.5, -0.6), u(-0.6, 0.1))
        + 0.6 * sun.overcast
        - 0.3 * in_view,
        cloud_base=u(700, 1800),
        cloud_depth=_depth(cloud_size, u(0, 1)),
        cloud_size=cloud_size,
        cirrus=chance(0.55) * u(0.2, 1.0),
        exposure=torch.exp(u(-0.25, 0.25)),
        contrast=u(0.9, 1.2),
        warmth=u(-0.05, 0.05),
        fields=chance(numbers(kind.fields for kind in kinds)) * 0.9,
        path=chance(0.3) * u(0.5, 1.6),
        stones=u(0, 1) ** 3 * (0.3 + 0.6 * relief.ridge),
        present=present,
        place=place,
        size=size,
        look=look,
    )
    return _settled(scene, generator)


@dataclass(frozen=True)
class _Dice:
    """Draws numbers, one for each picture; each picture has its climate, and all have one aspect."""

    batch: int
    generator: torch.Generator
    kinds: list[Climate]
    aspect: float

    @property
    def across(self) -> float:
        """The view's width, in roots of its area."""
        return math.sqrt(self.aspect)

    @property
    def upright(self) -> float:
        """The view's height, in roots of its area."""
        return 1 / math.sqrt(self.aspect)

    def uniform(self, low: float | Tensor, high: float | Tensor, *more: int) -> Tensor:
        """(batch, *more), low..high."""
        return torch.rand(self.batch, *more, generator=self.generator) * (high - low) + low

    def normal(self, *more: int) -> Tensor:
        return torch.randn(self.batch, *more, generator=self.generator)

    def chance(self, p: float | Tensor) -> Tensor:
        """1 with that probability, else 0."""
        return (self.uniform(0, 1) < p).float()

    def between(self, ranges: Iterable[Range]) -> Tensor:
        """Evenly within a range of each picture's own."""
        low, high = torch.tensor([*ranges]).float().unbind(1)
        return mix(low, high, self.uniform(0, 1))

    def numbers(self, values: Iterable[float]) -> Tensor:
        """The climates' own."""
        return torch.tensor([float(value) for value in values])


class _Sun(NamedTuple):
    azimuth: Tensor
    height: Tensor
    night: Tensor
    golden: Tensor  # 1 when the sun is low
    overcast: Tensor


class _Camera(NamedTuple):
    focal: Tensor
    eye: Tensor
    horizon: Tensor


class _Relief(NamedTuple):
    profile: Tensor
    amplitude: Tensor
    water: Tensor
    palette: Tensor
    ridge: Tensor
    wave: Tensor


def _sun(dice: _Dice) -> _Sun:
    u = dice.uniform
    night = dice.chance(0.06)
    golden = dice.chance(0.18) * (1 - night)
    overcast = dice.chance(0.10) * u(0.5, 1) * (1 - golden) * (1 - night)
    height = mix(mix(u(0.25, 1.05), u(-0.02, 0.13), golden), u(0.15, 0.5), night)
    ahead = u(0, 1) < 0.2 + 0.35 * golden + 0.5 * night
    return _Sun(torch.where(ahead, u(-0.4, 0.4), u(-math.pi, math.pi)), height, night, golden, overcast)


def _camera(dice: _Dice, golden: Tensor) -> _Camera:
    """From the ground, or, in half of the pictures, from up to 140 metres above it; much sky at sunset."""
    u = dice.uniform
    focal = torch.exp(u(math.log(0.85), math.log(2.1)))
    focal = focal.clamp(min=0.6 * max(dice.across, dice.upright))  # no wider than 80 degrees
    high = dice.chance(0.55)
    eye = mix(torch.exp(u(math.log(1.5), math.log(8))), torch.exp(u(math.log(15), math.log(140))), high)
    horizon = mix(u(0.38, 0.68), u(0.2, 0.5), high) + 0.07 * dice.normal()
    return _Camera(focal, eye, torch.maximum(horizon, 0.45 * golden).clamp(0.15, 0.75))


def _sun_in_view(dice: _Dice, sun: _Sun, camera: _Camera) -> tuple[_Sun, Tensor]:
    """The sun or moon in view, high or low, in nearly half of the pictures: people paint it first."""
    in_view = dice.chance(0.46) * (1 - sun.overcast.ceil())
    azimuth = mix(sun.azimuth, dice.uniform(-0.38, 0.38) * dice.across / camera.focal, in_view)
    high = torch.atan(camera.horizon * dice.upright * dice.uniform(0.22, 0.92) / camera.focal)
    return sun._replace(azimuth=azimuth, height=mix(sun.height, high, in_view * (1 - sun.golden))), in_view


def _depth(size: Tensor, part: Tensor) -> Tensor:
    """Of clouds of that size, in metres; one in seven towers."""
    return size * (0.17 + 0.3 * part + 0.45 * part**8)


def _relief(dice: _Dice) -> _Relief:
    u, kinds = dice.uniform, dice.kinds
    low, high = torch.tensor([kind.profile for kind in kinds]).float().unbind(-1)
    profile = mix(low, high, u(0, 1, KNOTS))
    amplitude = torch.tensor([kind.amplitude for kind in kinds]).float()
    amplitude = amplitude * torch.exp(u(-0.5, 0.35, 1)) * torch.exp(u(-0.3, 0.3, KNOTS))
    flooded = u(0, 1) < dice.numbers(kind.water for kind in kinds)
    level = dice.between(kind.level for kind in kinds)
    water = torch.where(flooded, level, torch.full_like(level, DRY_LAND))
    colours = torch.tensor([kind.colours for kind in kinds]).float()
    colours = colours * torch.exp(0.13 * dice.normal(6, 1) + 0.07 * dice.normal(6, 3))
    deep = torch.tensor(DEEP_WATER)[torch.randint(0, 5, (dice.batch,), generator=dice.generator)]
    ridge = dice.between(kind.ridge for kind in kinds)
    short, long = torch.tensor([kind.wave for kind in kinds]).float().log().unbind(1)
    return _Relief(
        profile,
        amplitude,
        water,
        torch.cat([colours, deep[:, None]], 1),
        ridge,
        torch.exp(mix(short, long, u(0, 1))),
    )


def _looks(dice: _Dice) -> Tensor:
    """(batch, objects, 6). The first number of a tree makes it a conifer (low) or not, the fifth is its hue;
    those of a grove are like the movable tree's.
    """
    u, grove = dice.uniform, TREES[1:]
    look = u(0, 1, len(OBJECTS), 6)
    any_kind = u(0, 1) < 0.2
    as_the_woods = 1.1 * (u(0, 1) - dice.between(kind.conifer for kind in dice.kinds)) + 0.55
    look[:, TREE, 0] = torch.where(any_kind, look[:, TREE, 0], as_the_woods).clamp(0, 1)
    first = look[:, TREE, None]
    look[:, grove, 0] = (first[..., 0] + 0.25 * (look[:, grove, 0] - 0.5)).clamp(0, 1)
    look[:, grove, 4] = (first[..., 4] + 0.3 * (look[:, grove, 4] - 0.5)).clamp(0, 1)
    snowy = (dice.between(kind.snow_line for kind in dice.kinds) < 0).float()
    look[:, TREES, 0] *= mix(1.0, 0.5, snowy)[:, None]  # no leaves in snow
    return look


def _things(dice: _Dice, camera: _Camera, water: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Which objects there are, where, and how high; drawn by column of the picture and distance."""
    u, count = dice.uniform, len(OBJECTS)
    present = (u(0, 1, count) < torch.tensor([thing.chance for thing in THINGS])).float()
    thick = u(0, 1, GROVE)
    dunes = dice.numbers(kind.dune > 0 for kind in dice.kinds)
    grove = (thick < (dice.chance(0.4) * u(0.1, 1.0) * (1 - dunes))[:, None]).float()
    present[:, BIRDS + 1 :] = torch.cat([grove, (u(0, 1, ROCKS) < 0.12).float()], 1)
    present[:, BOAT] *= (water > DRY_LAND).float()
    far = torch.stack([u(*thing.distance) for thing in THINGS], 1)
    standing = torch.tensor([column not in FLYING for column in range(count)])
    far = torch.where(standing, far * (1 + 0.08 * camera.eye[:, None].clamp(max=60)), far)
    x = (u(0.1, 0.9, count) - 0.5) * dice.across * far / camera.focal[:, None]
    high = (camera.horizon[:, None] * u(0.15, 0.85, count)).clamp(min=0.05) * dice.upright
    high = high * far / camera.focal[:, None]
    place = torch.stack([x, torch.where(standing, 0.0, high), far], -1)
    size = torch.stack([u(*thing.height) for thing in THINGS], 1)
    size[:, BALLOON] *= (far[:, BALLOON] / 250).clamp(min=0.7)  # a distant balloon is a large one
    return present, place, size


def _settled(scene: Scene, generator: torch.Generator, tries: int = 10) -> Scene:
    """With boats on water and trees, boulders and huts on land, in view; absent where no try succeeds."""
    scene = replace(scene, place=scene.place.clone())
    shape = scene.present.shape
    found = torch.zeros(shape)
    found[:, FLYING] = 1
    for _ in range(tries):
        found = torch.maximum(found, _well_placed(scene).float())
        change = torch.exp(torch.rand(shape, generator=generator) * 0.9 - 0.4).clamp(0.6, 1.6)
        far = scene.place[..., 2] * change
        part = torch.rand(shape, generator=generator) * 0.8 - 0.4  # of the view's width
        x = part * scene.across[:, None] * far / scene.focal[:, None]
        again = found < 1
        scene.place[..., 0] = torch.where(again, x, scene.place[..., 0])
        scene.place[..., 2] = torch.where(again, far, scene.place[..., 2])
    least = 0.065 * scene.place[..., 2] / scene.focal[:, None]  # smaller things cannot be told
    size = torch.minimum(torch.maximum(scene.size, least), 2.2 * scene.size)
    return replace(scene, present=scene.present * found * (size > 0.6 * least), size=size)


def _well_placed(s: Scene) -> Tensor:
    """(batch, objects), bool: in the picture, on land or water as is right, its upper half behind no hill."""
    y, camera = feet(s)
    x, z = s.place[..., 0], s.place[..., 2]
    dry = terrain(s, x, z, torch.full_like(y, 0.5)) - s.water[:, None]
    row = s.horizon[:, None] - (y - camera[:, None]) * s.focal[:, None] / z / s.upright[:, None]
    good = (row < 1.02) & (row > 0.1) & (dry > 0.4)
    for part in torch.linspace(0.04, 0.95, 14).tolist():
        on_way = terrain(s, x * part, z * part, torch.full_like(y, 1.0))
        good &= on_way < camera[:, None] + (y + 0.6 * s.size - camera[:, None]) * part
    good[:, BOAT] = (row[:, BOAT] < 1.0) & (dry[:, BOAT] < -0.8)
    return good
