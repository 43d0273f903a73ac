"""Where things stand, and the same world with one thing moved."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from engine.starter.relief import terrain
from engine.starter.scene import BOAT, GROUNDED, OBJECTS, Scene, sun_direction


def move(
    scene: Scene, name: str, row: int, x: float | None = None, y: float | None = None, z: float | None = None
) -> Scene:
    """The same scenes with one thing of picture `row` elsewhere.

    `name` is "balloon", "boat", "tree", "boulder", "hut" or "birds", and x, y, z are metres; or it is "sun"
    (the moon at night), and x is its azimuth, y its height above the horizon, in radians.
    """
    if name == "sun":
        azimuth, height = scene.sun_azimuth.clone(), scene.sun_height.clone()
        for angle, value in ((azimuth, x), (height, y)):
            if value is not None:
                angle[row] = value
        return replace(scene, sun_azimuth=azimuth, sun_height=height)
    place = scene.place.clone()
    for axis, value in enumerate((x, y, z)):
        if value is not None:
            place[row, OBJECTS.index(name), axis] = value
    return replace(scene, place=place)


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
    """Where things stand, in fractions of the picture; whether something hides them is not judged.

    (batch, objects, 4): column, row of the foot, height, and 1 if it is drawn. (batch, 3), of the sun or the
    moon: column, row, and 1 if it is in front.
    """
    y, camera = feet(s)
    k = s.focal[:, None] / s.place[..., 2]
    column, row = 0.5 + s.place[..., 0] * k, s.horizon[:, None] - (y - camera[:, None]) * k
    d = sun_direction(s)
    ahead = d[:, 2].clamp(min=1e-3)
    sun = (0.5 + s.focal * d[:, 0] / ahead, s.horizon - s.focal * d[:, 1] / ahead, (d[:, 2] > 0).float())
    return torch.stack([column, row, s.size * k, s.present], -1), torch.stack(sun, 1)
