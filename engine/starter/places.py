"""Where things stand, and the same world with one change: a thing moved or gone, another light."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from engine.starter.noise import mix, ramp, spread
from engine.starter.plants import wooded
from engine.starter.relief import terrain
from engine.starter.scene import BOAT, GROUNDED, OBJECTS, Scene, sun_direction

STOPS = 32  # on a line of sight, where land may hide what is behind


def move(
    scene: Scene, name: str, row: int, x: float | None = None, y: float | None = None, z: float | None = None
) -> Scene:
    """The same scenes with one thing of picture `row` elsewhere.

    `name` is "balloon", "boat", "tree", "boulder", "hut" or "birds", and x, y, z are metres; or it is "sun"
    (the moon at night), and x is its azimuth, y its height above the horizon, in radians.
    """
    if name == "sun":
        return relit(scene, row, azimuth=x, height=y)
    place = scene.place.clone()
    for axis, value in enumerate((x, y, z)):
        if value is not None:
            place[row, OBJECTS.index(name), axis] = value
    return replace(scene, place=place)


def without(scene: Scene, name: str, row: int) -> Scene:
    """The same scenes, in picture `row` without the thing that `move` would move."""
    present = scene.present.clone()
    present[row, OBJECTS.index(name)] = 0
    return replace(scene, present=present)


def relit(
    scene: Scene,
    row: int,
    height: float | None = None,
    azimuth: float | None = None,
    night: bool | None = None,
    overcast: float | None = None,
) -> Scene:
    """The same scenes, picture `row` in another light: sun or moon elsewhere, in radians, night or day, the
    sky overcast (1) or not (0).
    """
    sun_height, sun_azimuth = scene.sun_height.clone(), scene.sun_azimuth.clone()
    dark, grey = scene.night.clone(), scene.overcast.clone()
    changes = ((sun_height, height), (sun_azimuth, azimuth), (dark, night), (grey, overcast))
    for field, value in changes:
        if value is not None:
            field[row] = float(value)
    return replace(scene, sun_height=sun_height, sun_azimuth=sun_azimuth, night=dark, overcast=grey)


def camera_height(s: Scene) -> Tensor:
    """(batch,), metres: above the ground, and above the water."""
    zero = torch.zeros_like(s.eye)[:, None]
    camera = terrain(s, zero, zero, zero + 1)[:, 0] + s.eye
    return torch.maximum(camera, s.water + s.eye * 0.8 + 0.3)


def feet(s: Scene) -> tuple[Tensor, Tensor]:
    """Heights in metres: of the foot of every object (batch, objects), which stands, floats or flies; of the
    camera (batch,), were there no water.
    """
    x, z = s.place[..., 0], s.place[..., 2]
    here = torch.zeros_like(x[:, :1])
    below = terrain(s, here, here, here + 1)
    camera = below + s.eye[:, None]
    standing = torch.tensor(GROUNDED, device=x.device)
    y = torch.where(standing, terrain(s, x, z, torch.full_like(x, 0.5)), camera + s.place[..., 1])
    y[:, BOAT] = torch.maximum(camera[:, 0] - s.eye - 1e3, s.water)
    return y, camera[:, 0]


def locate(s: Scene) -> tuple[Tensor, Tensor]:
    """Where things stand, in fractions of the view.

    (batch, objects, 4): column, row of the foot, height, and the share of the thing that is seen. (batch, 3),
    of the sun or the moon: column, row, and its share. Nothing is seen of what is not there or out of view,
    nor what land and woods hide; things and clouds are not held to hide anything.
    """
    x, z = s.place[..., 0], s.place[..., 2]
    k, across, upright = s.focal[:, None] / z, s.across[:, None], s.upright[:, None]
    over = feet(s)[0] - camera_height(s)[:, None]
    column, foot, high = 0.5 + x * k / across, s.horizon[:, None] - over * k / upright, s.size * k / upright
    skyline = s.horizon[:, None] - _highest(s, x, z) * s.focal[:, None] / upright  # a row
    lowest = torch.minimum(torch.minimum(foot, skyline), torch.ones_like(foot))
    seen = ((lowest - (foot - high).clamp(min=0)) / high).clamp(0, 1)
    seen = seen * _within(column, 0.3 * high * upright / across) * s.present
    return torch.stack([column, foot, high, seen], -1), _locate_sun(s)


def _locate_sun(s: Scene) -> Tensor:
    d = sun_direction(s)
    ahead = d[:, 2].clamp(min=1e-3)
    x, y = d[:, 0] / ahead, d[:, 1] / ahead
    radius = mix(0.014, 0.016, s.night)  # for a focal length of 1, as are x and y
    far = torch.full_like(x, 3e4)
    skyline = _highest(s, (x * far)[:, None], far[:, None])[:, 0]
    column, row = 0.5 + s.focal * x / s.across, s.horizon - s.focal * y / s.upright
    seen = ((y - skyline) / (2 * radius) + 0.5).clamp(0, 1) * (d[:, 2] > 0) * (1 - s.overcast)
    seen = seen * _within(column, s.focal * radius / s.across) * _within(row, s.focal * radius / s.upright)
    return torch.stack([column, row, seen], 1)


def _within(middle: Tensor, half: Tensor) -> Tensor:
    """Share of what reaches `half` to both sides of its middle that is within 0..1."""
    return ((torch.minimum(middle, 1 - middle) + half) / (2 * half)).clamp(0, 1)


def _highest(s: Scene, x: Tensor, z: Tensor) -> Tensor:
    """How steeply above the camera, in metres for each metre ahead, land, water and woods rise on the way to
    places (batch, n).
    """
    part = torch.linspace(math.log(0.01), math.log(0.97), STOPS, device=x.device).exp()
    x, z = ((end[..., None] * part).flatten(1) for end in (x, z))
    ground = terrain(s, x, z, (0.036 * z).clamp(min=0.5))
    woods = ramp(wooded(s, x, z, ground) * ramp(z / spread(s.tree_near, z), 0.7, 1.6), 0.1, 0.5)
    top = torch.maximum(ground + 0.7 * woods * spread(s.tree_size, z), spread(s.water, z))
    return ((top - spread(camera_height(s), z)) / z).reshape(len(z), -1, STOPS).amax(2)
