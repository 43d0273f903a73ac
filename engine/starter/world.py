"""Draws scenes, and changes them: the same world with one thing moved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from engine.starter.noise import mix
from engine.starter.relief import terrain
from engine.starter.scene import GROUNDED, KNOTS, OBJECTS, Scene, sun_direction

CLIMATES: dict[str, dict[str, Any]] = {
    "alpine": {
        "p": 3.4,
        "profile": [(0, 0), (-1, 1), (-30, 2), (-180, 0), (0, 350), (200, 900)],
        "amp": [0.6, 3, 26, 220, 1250, 2100],
        "wave": (2500, 5200),
        "ridge": (0.55, 1),
        "erode": (0.08, 0.3),
        "cover": (-0.2, 0.5),
        "conifer": (0.8, 1),
        "trees": (150, 700),
        "snow": (250, 1300),
        "lake": 0.35,
        "level": (-140, -4),
        "grass": 0.25,
        "bush": 0.2,
        "tint": [
            (0.085, 0.12, 0.03),
            (0.17, 0.15, 0.07),
            (0.2, 0.19, 0.18),
            (0.2, 0.16, 0.11),
            (0.03, 0.052, 0.022),
            (0.045, 0.06, 0.02),
        ],
    },
    "meadow": {
        "p": 1.6,
        "profile": [(0, 0), (-1, 0.5), (-8, 4), (-40, 20), (-20, 120), (50, 350)],
        "amp": [0.3, 1.5, 12, 70, 220, 400],
        "wave": (1500, 3500),
        "ridge": (0, 0.25),
        "erode": (0.1, 0.4),
        "cover": (-0.3, 0.3),
        "conifer": (0, 0.6),
        "trees": (500, 900),
        "snow": (3000, 4000),
        "lake": 0.25,
        "level": (-30, -3),
        "fields": 0.4,
        "grass": 0.5,
        "bush": 0.3,
        "tint": [
            (0.09, 0.135, 0.03),
            (0.2, 0.19, 0.07),
            (0.22, 0.2, 0.18),
            (0.19, 0.15, 0.1),
            (0.045, 0.075, 0.02),
            (0.07, 0.09, 0.025),
        ],
    },
    "forest": {
        "p": 1.5,
        "profile": [(0, 0), (-2, 1), (-35, 4), (-120, 40), (0, 250), (150, 600)],
        "amp": [0.5, 2, 16, 120, 400, 650],
        "wave": (1800, 4000),
        "ridge": (0.1, 0.6),
        "erode": (0.1, 0.4),
        "cover": (0.25, 1.0),
        "conifer": (0, 1),
        "trees": (500, 1500),
        "snow": (1500, 3000),
        "lake": 0.4,
        "level": (-70, -4),
        "grass": 0.35,
        "bush": 0.5,
        "tint": [
            (0.07, 0.11, 0.028),
            (0.15, 0.14, 0.06),
            (0.2, 0.19, 0.17),
            (0.16, 0.12, 0.08),
            (0.03, 0.055, 0.018),
            (0.055, 0.075, 0.02),
        ],
    },
    "autumn": {
        "p": 0.9,
        "profile": [(0, 0), (-2, 1), (-30, 4), (-90, 40), (0, 250), (150, 600)],
        "amp": [0.4, 2, 16, 110, 400, 650],
        "wave": (1800, 4000),
        "ridge": (0.1, 0.6),
        "erode": (0.1, 0.4),
        "cover": (0.0, 0.9),
        "conifer": (0, 0.5),
        "trees": (500, 1500),
        "snow": (900, 3000),
        "lake": 0.5,
        "level": (-60, -4),
        "grass": 0.4,
        "bush": 0.5,
        "tint": [
            (0.13, 0.125, 0.04),
            (0.22, 0.17, 0.08),
            (0.2, 0.19, 0.17),
            (0.17, 0.13, 0.09),
            (0.14, 0.06, 0.02),
            (0.14, 0.1, 0.028),
        ],
    },
    "desert": {
        "p": 0.8,
        "profile": [(0, 0), (-1, 1), (-6, 5), (-20, 20), (0, 60), (0, 300)],
        "amp": [0.1, 0.6, 7, 35, 180, 600],
        "wave": (900, 3000),
        "ridge": (0, 0.8),
        "erode": (0, 0.4),
        "cover": (-2, -1),
        "conifer": (0, 0),
        "trees": (0, 1),
        "snow": (5000, 6000),
        "dune": 0.85,
        "lake": 0,
        "level": (-9, -8),
        "grass": 0,
        "bush": 0.12,
        "tint": [
            (0.5, 0.33, 0.18),
            (0.56, 0.4, 0.24),
            (0.32, 0.21, 0.14),
            (0.5, 0.34, 0.2),
            (0.1, 0.1, 0.05),
            (0.13, 0.12, 0.06),
        ],
    },
    "canyon": {
        "p": 0.7,
        "profile": [(0, 0), (-8, 0), (-110, -20), (-260, -80), (-120, 80), (0, 250)],
        "amp": [0.4, 3, 30, 210, 420, 480],
        "wave": (1200, 2600),
        "ridge": (0.1, 0.6),
        "erode": (0.0, 0.3),
        "terrace": (0.5, 0.9),
        "cover": (-1.0, -0.2),
        "conifer": (0.3, 0.8),
        "trees": (0, 100),
        "snow": (5000, 6000),
        "lake": 0.3,
        "level": (-260, -120),
        "grass": 0.1,
        "bush": 0.35,
        "tint": [
            (0.2, 0.16, 0.08),
            (0.26, 0.19, 0.1),
            (0.34, 0.17, 0.09),
            (0.33, 0.2, 0.12),
            (0.05, 0.06, 0.03),
            (0.08, 0.08, 0.04),
        ],
    },
    "coast": {
        "p": 1.7,
        "profile": [(-0.6, 0.2), (-4, -1.2), (-12, -4), (-35, -6), (-70, -5), (-90, -10)],
        "amp": [0.3, 0.9, 6, 45, 140, 260],
        "wave": (900, 3000),
        "ridge": (0.1, 0.8),
        "erode": (0.0, 0.4),
        "cover": (-0.6, 0.4),
        "conifer": (0, 0.8),
        "trees": (150, 500),
        "snow": (3000, 4000),
        "sea": 1,
        "lake": 1,
        "level": (-2.6, -0.9),
        "grass": 0.35,
        "bush": 0.3,
        "tint": [
            (0.1, 0.125, 0.04),
            (0.21, 0.18, 0.08),
            (0.2, 0.18, 0.16),
            (0.42, 0.35, 0.24),
            (0.04, 0.06, 0.022),
            (0.06, 0.075, 0.03),
        ],
    },
    "lake": {
        "p": 2.0,
        "profile": [(-0.5, 0.2), (-3, -1), (-9, -3.5), (-20, -6), (-10, 120), (150, 700)],
        "amp": [0.3, 0.8, 4, 50, 650, 1400],
        "wave": (2000, 4500),
        "ridge": (0.2, 0.95),
        "erode": (0.1, 0.5),
        "cover": (0.0, 0.8),
        "conifer": (0.3, 1),
        "trees": (200, 700),
        "snow": (350, 2000),
        "lake": 1,
        "level": (-2.4, -0.9),
        "grass": 0.3,
        "bush": 0.35,
        "tint": [
            (0.085, 0.12, 0.032),
            (0.17, 0.15, 0.07),
            (0.2, 0.19, 0.18),
            (0.24, 0.2, 0.15),
            (0.03, 0.052, 0.02),
            (0.06, 0.075, 0.022),
        ],
    },
    "winter": {
        "p": 1.2,
        "profile": [(0, 0), (-1, 1), (-20, 3), (-80, 20), (0, 250), (150, 700)],
        "amp": [0.3, 1.5, 12, 110, 700, 1300],
        "wave": (1800, 4200),
        "ridge": (0.2, 0.9),
        "erode": (0.1, 0.5),
        "cover": (-0.2, 0.7),
        "conifer": (0.7, 1),
        "trees": (250, 900),
        "snow": (-400, -200),
        "lake": 0.3,
        "level": (-50, -4),
        "grass": 0,
        "bush": 0.15,
        "tint": [
            (0.11, 0.1, 0.06),
            (0.2, 0.17, 0.1),
            (0.16, 0.16, 0.16),
            (0.2, 0.17, 0.13),
            (0.022, 0.035, 0.02),
            (0.05, 0.045, 0.03),
        ],
    },
    "savanna": {
        "p": 0.8,
        "profile": [(0, 0), (-0.6, 0.6), (-4, 2), (-20, 5), (-10, 60), (0, 300)],
        "amp": [0.2, 0.8, 4, 16, 80, 300],
        "wave": (1500, 3500),
        "ridge": (0, 0.4),
        "erode": (0.1, 0.4),
        "cover": (-0.5, -0.15),
        "conifer": (0, 0),
        "trees": (500, 900),
        "snow": (5000, 6000),
        "lake": 0.15,
        "level": (-9, -3),
        "grass": 0.6,
        "bush": 0.45,
        "tint": [
            (0.2, 0.17, 0.06),
            (0.3, 0.23, 0.1),
            (0.25, 0.18, 0.12),
            (0.28, 0.18, 0.1),
            (0.06, 0.075, 0.025),
            (0.09, 0.09, 0.03),
        ],
    },
}


def draw(batch: int, generator: torch.Generator, climates: Sequence[str] | None = None) -> Scene:
    """Draw `batch` scenes, of any climate or of the named ones in turn."""
    g = generator

    def u(lo: float | Tensor, hi: float | Tensor, *more: int) -> Tensor:
        return torch.rand(batch, *more, generator=g) * (hi - lo) + lo

    names = list(CLIMATES)
    weights = torch.tensor([CLIMATES[n]["p"] for n in names])
    climate = torch.multinomial(weights, batch, replacement=True, generator=g)
    if climates:
        climate = torch.tensor([names.index(climates[i % len(climates)]) for i in range(batch)])
    rows = [CLIMATES[names[i]] for i in climate.tolist()]

    def between(key: str, default: tuple[float, float] = (0.0, 0.0)) -> Tensor:
        r = torch.tensor([row.get(key, default) for row in rows]).float()
        return mix(r[:, 0], r[:, 1], u(0, 1))

    def number(key: str, d: float = 0.0) -> Tensor:
        return torch.tensor([float(row.get(key, d)) for row in rows])

    def chance(p: float | Tensor) -> Tensor:
        return (u(0, 1) < p).float()

    # light
    night = chance(0.05)
    golden = chance(0.27) * (1 - night)
    overcast = chance(0.10) * u(0.5, 1) * (1 - golden) * (1 - night)
    sun_height = mix(mix(u(0.25, 1.05), u(-0.02, 0.24), golden), u(0.15, 0.5), night)
    sun_azimuth = torch.where(u(0, 1) < 0.2 + 0.35 * golden + 0.5 * night, u(-0.4, 0.4), u(-math.pi, math.pi))
    # camera
    focal = torch.exp(u(math.log(0.85), math.log(2.1)))
    aerial = chance(0.55)
    eye = mix(torch.exp(u(math.log(1.5), math.log(8))), torch.exp(u(math.log(15), math.log(140))), aerial)
    horizon = (mix(u(0.38, 0.68), u(0.2, 0.5), aerial) + 0.07 * torch.randn(batch, generator=g)).clamp(
        0.15, 0.75
    )
    # the sun or moon in view, high or low, in a third of the pictures: people paint it first
    in_view = chance(0.33) * (1 - overcast.ceil())
    sun_azimuth = mix(sun_azimuth, u(-0.38, 0.38) / focal, in_view)
    sun_height = mix(sun_height, torch.atan(horizon * u(0.12, 0.9) / focal), in_view * (1 - golden))
    # relief
    spread = torch.tensor([row["profile"] for row in rows]).float()
    profile = mix(spread[..., 0], spread[..., 1], u(0, 1, KNOTS))
    amplitude = (
        torch.tensor([row["amp"] for row in rows]).float()
        * torch.exp(u(-0.5, 0.35, 1))
        * torch.exp(u(-0.3, 0.3, KNOTS))
    )
    water = torch.where(u(0, 1) < number("lake"), between("level"), torch.full((batch,), -1e5))
    tint = torch.tensor([row["tint"] for row in rows]).float() * torch.exp(
        0.13 * torch.randn(batch, 6, 1, generator=g) + 0.07 * torch.randn(batch, 6, 3, generator=g)
    )
    deep = torch.tensor(
        [
            [0.006, 0.02, 0.03],
            [0.008, 0.035, 0.04],
            [0.01, 0.03, 0.025],
            [0.004, 0.012, 0.022],
            [0.02, 0.05, 0.055],
        ]
    )
    palette = torch.cat([tint, deep[torch.randint(0, 5, (batch,), generator=g)][:, None]], 1)
    least, most = torch.tensor([row["wave"] for row in rows]).float().unbind(1)
    ridge, wave = (
        between("ridge"),
        torch.exp(mix(least.log(), most.log(), u(0, 1))),
    )
    k = len(OBJECTS)
    look = u(0, 1, k, 6)
    look[:, 2, 0] = torch.where(
        u(0, 1) < 0.2, look[:, 2, 0], 1.1 * (u(0, 1) - between("conifer")) + 0.55
    ).clamp(0, 1)
    look[:, 6:11, 0] = (look[:, 2:3, 0] + 0.25 * (look[:, 6:11, 0] - 0.5)).clamp(0, 1)
    look[:, 6:11, 4] = (look[:, 2:3, 4] + 0.3 * (look[:, 6:11, 4] - 0.5)).clamp(0, 1)
    look[:, (2, 6, 7, 8, 9, 10), 0] *= mix(1.0, 0.5, (between("snow") < 0).float())[
        :, None
    ]  # no leaves in snow
    cloud_size = torch.exp(u(math.log(1200), math.log(5200)))
    # things with places: chosen by picture column and depth, stored in world metres (y of balloon, birds
    # only)
    present = (u(0, 1, k) < torch.tensor([0.16, 0.40, 0.24, 0.16, 0.14, 0.06] + [0.0] * 7)).float()
    groves = (u(0, 1, 5) < (chance(0.4) * u(0.1, 1.0) * (1 - (number("dune") > 0).float()))[:, None]).float()
    rocks = (u(0, 1, 2) < 0.12).float()
    present[:, 6:] = torch.cat([groves, rocks], 1)
    present[:, 1] *= (water > -1e4).float()
    depth = torch.stack(
        [u(60, 900), u(25, 160), u(9, 45), u(4, 22), u(25, 130), u(40, 160)]
        + [u(22, 90) for _ in range(5)]
        + [u(7, 30) for _ in range(2)],
        1,
    )
    depth = depth * (1 + 0.15 * eye[:, None].clamp(max=60)) * torch.tensor(
        [0.0, 1, 1, 1, 1, 0] + [1] * 7
    ) + depth * torch.tensor([1.0, 0, 0, 0, 0, 1] + [0] * 7)
    column = u(0.1, 0.9, k)
    place = torch.stack([(column - 0.5) * depth / focal[:, None], torch.zeros(batch, k), depth], -1)
    up = (horizon[:, None] * u(0.15, 0.85, k)).clamp(min=0.05)
    place[:, (0, 5), 1] = (up * depth / focal[:, None])[:, (0, 5)]
    size = torch.stack(
        [u(14, 22) * (depth[:, 0] / 250).clamp(min=0.7), u(6, 11), u(5, 14), u(0.7, 3.0), u(4.5, 7), u(6, 14)]
        + [u(5, 15) for _ in range(5)]
        + [u(0.5, 1.8) for _ in range(2)],
        1,
    )
    scene = Scene(
        climate=climate,
        offset=u(0, 1, 2),
        sun_azimuth=sun_azimuth,
        sun_height=sun_height,
        night=night,
        turbidity=torch.exp(mix(u(-4.2, -2.4), u(-6.0, -4.2), in_view * (1 - 0.6 * golden))),
        overcast=overcast,
        haze=torch.exp(u(-12.4, -10.4)) * (1 + 1.2 * overcast),
        fog=chance(0.06) * torch.exp(u(-9.3, -7.4)),
        fog_top=u(5, 60),
        eye=eye,
        horizon=horizon,
        focal=focal,
        profile=profile,
        amplitude=amplitude * (wave[:, None] / 3600) ** 0.6,
        wave=wave,
        gain=u(0.44, 0.5) - 0.03 * ridge,
        ridge=ridge,
        erode=between("erode"),
        warp=u(0.05, 0.3),
        terrace=between("terrace"),
        dune=chance(number("dune")) * u(0.5, 1.0),
        valley=chance(0.4) * u(0.0, 0.25) * (1 - number("sea")),
        tilt=u(-0.05, 0.05),
        water=water,
        waves=torch.exp(u(-4.6, -2.0)),
        palette=palette,
        snow_line=between("snow"),
        tree_line=between("trees"),
        cover=between("cover"),
        conifer=between("conifer"),
        tree_size=u(7, 17),
        tree_near=torch.exp(u(3.7, 5.8)) * (1 + 0.02 * eye),
        bush=number("bush") * u(0.0, 1.3),
        grass=number("grass") * u(0.1, 1.0),
        flowers=chance(0.3) * u(0.0, 0.12),
        cloud_cover=torch.where(u(0, 1) < 0.72, u(-1.5, -0.6), u(-0.6, 0.1)) + 0.6 * overcast,
        cloud_base=u(700, 1800),
        cloud_depth=cloud_size * u(0.16, 0.45),
        cloud_size=cloud_size,
        cirrus=chance(0.55) * u(0.2, 1.0),
        exposure=torch.exp(u(-0.25, 0.25)),
        contrast=u(0.9, 1.2),
        warmth=u(-0.05, 0.05),
        fields=(u(0, 1) < number("fields")).float() * 0.9,
        path=chance(0.3) * u(0.5, 1.6),
        stones=u(0, 1) ** 3 * (0.3 + 0.6 * ridge),
        present=present,
        place=place,
        size=size,
        look=look,
    )
    return settle(scene, g)


def settle(scene: Scene, g: torch.Generator, tries: int = 10) -> Scene:
    """Put boats on water and trees, boulders and huts on land, in view; absent where no try succeeds."""
    batch = len(scene.eye)
    found = torch.zeros_like(scene.present)
    found[:, (0, 5)] = 1
    for _ in range(tries):
        y, camera = feet(scene)
        ground = terrain(scene, scene.place[..., 0], scene.place[..., 2], torch.full_like(y, 0.5))
        dry = ground - scene.water[:, None]
        row = scene.horizon[:, None] - (y - camera[:, None]) * scene.focal[:, None] / scene.place[..., 2]
        good = (row < 1.02) & (row > 0.1) & (dry > 0.4)
        for part in torch.linspace(0.04, 0.95, 14).tolist():  # nothing in the way of its upper half
            on_way = terrain(
                scene, scene.place[..., 0] * part, scene.place[..., 2] * part, torch.full_like(y, 1.0)
            )
            good &= on_way < camera[:, None] + (y + 0.6 * scene.size - camera[:, None]) * part
        good[:, 1] = good[:, 1] | (dry[:, 1] < -0.8)
        good[:, 1] &= (row[:, 1] < 1.0) & (dry[:, 1] < -0.8)
        found = torch.maximum(found, good.float())
        far = scene.place[..., 2] * torch.exp(torch.rand(batch, len(OBJECTS), generator=g) * 0.9 - 0.4).clamp(
            0.6, 1.6
        )
        x = (torch.rand(batch, len(OBJECTS), generator=g) * 0.8 - 0.4) * far / scene.focal[:, None]
        again = found < 1
        scene.place[..., 0] = torch.where(again, x, scene.place[..., 0])
        scene.place[..., 2] = torch.where(again, far, scene.place[..., 2])
    scene.present *= found
    return scene


def move(
    scene: Scene, name: str, row: int, x: float | None = None, y: float | None = None, z: float | None = None
) -> Scene:
    """The same scenes with one thing of picture `row` elsewhere. For objects x, y, z are metres; for
    'sun' (the moon at night) x is the azimuth and y the height above the horizon, in radians."""
    if name == "sun":
        out = replace(scene, sun_azimuth=scene.sun_azimuth.clone(), sun_height=scene.sun_height.clone())
        if x is not None:
            out.sun_azimuth[row] = x
        if y is not None:
            out.sun_height[row] = y
        return out
    out = replace(scene, place=scene.place.clone())
    for axis, value in enumerate((x, y, z)):
        if value is not None:
            out.place[row, OBJECTS.index(name), axis] = value
    return out


def feet(s: Scene) -> tuple[Tensor, Tensor]:
    """Height of the foot of every object (batch, objects): ground, water, or the stored one."""
    x, z = s.place[..., 0], s.place[..., 2]
    camera = (
        terrain(s, torch.zeros_like(x[:, :1]), torch.zeros_like(x[:, :1]), torch.ones_like(x[:, :1]))
        + s.eye[:, None]
    )
    ground = terrain(s, x, z, torch.full_like(x, 0.5))
    wet = torch.maximum(camera - s.eye[:, None] - 1e3, s.water[:, None]).expand_as(ground)
    y = torch.where(torch.tensor(GROUNDED, device=x.device), ground, camera + s.place[..., 1])
    y[:, 1] = wet[:, 1]
    return y, camera[:, 0]


def locate(s: Scene) -> tuple[Tensor, Tensor]:
    """Where things stand in the picture: (batch, objects, 4) column, row of the foot, height and 1 if drawn;
    and the sun or moon (batch, 3) column, row, 1 if in front. Fractions of the picture; occlusion is not
    judged.
    """
    y, camera = feet(s)
    k = s.focal[:, None] / s.place[..., 2]
    things = torch.stack(
        [0.5 + s.place[..., 0] * k, s.horizon[:, None] - (y - camera[:, None]) * k, s.size * k, s.present], -1
    )
    d = sun_direction(s)
    ahead = d[:, 2].clamp(min=1e-3)
    sun = torch.stack(
        [0.5 + s.focal * d[:, 0] / ahead, s.horizon - s.focal * d[:, 1] / ahead, (d[:, 2] > 0).float()], 1
    )
    return things, sun
