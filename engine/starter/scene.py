"""A scene: plain numbers, one row for each picture, from which everything is drawn.

World: metres, x right, y up, z away from the camera, which stands at x = z = 0. In the picture columns and
rows are fractions; the horizon's row is `horizon` (a shifted lens, so that columns stay upright).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

KNOTS = 6  # of the depth profile, at 4 m * 6^k


OBJECTS = (
    ("balloon", "boat", "tree", "boulder", "hut", "birds") + ("tree",) * 5 + ("boulder",) * 2
)  # the last seven only furnish


GROUNDED = [name in ("tree", "boulder", "hut") for name in OBJECTS]

GREEN, DRY, ROCK, SOIL, LEAF, LEAF2 = range(6)  # of a palette; 6 is the water


@dataclass
class Scene:
    """One row a picture. Colours are linear. See draw() for ranges."""

    climate: torch.Tensor
    offset: torch.Tensor
    sun_azimuth: torch.Tensor
    sun_height: torch.Tensor
    night: torch.Tensor
    turbidity: torch.Tensor
    overcast: torch.Tensor
    haze: torch.Tensor
    fog: torch.Tensor
    fog_top: torch.Tensor
    eye: torch.Tensor
    horizon: torch.Tensor
    focal: torch.Tensor
    profile: torch.Tensor
    amplitude: torch.Tensor
    wave: torch.Tensor
    gain: torch.Tensor
    ridge: torch.Tensor
    erode: torch.Tensor
    warp: torch.Tensor
    terrace: torch.Tensor
    dune: torch.Tensor
    valley: torch.Tensor
    tilt: torch.Tensor
    water: torch.Tensor
    waves: torch.Tensor
    palette: torch.Tensor  # grass, dry grass, rock, soil, leaf, other leaf, water
    snow_line: torch.Tensor
    tree_line: torch.Tensor
    cover: torch.Tensor
    conifer: torch.Tensor
    tree_size: torch.Tensor
    tree_near: torch.Tensor
    bush: torch.Tensor
    grass: torch.Tensor
    flowers: torch.Tensor
    cloud_cover: torch.Tensor
    cloud_base: torch.Tensor
    cloud_depth: torch.Tensor
    cloud_size: torch.Tensor
    cirrus: torch.Tensor
    path: torch.Tensor
    fields: torch.Tensor
    stones: torch.Tensor
    exposure: torch.Tensor
    contrast: torch.Tensor
    warmth: torch.Tensor
    present: torch.Tensor
    place: torch.Tensor
    size: torch.Tensor
    look: torch.Tensor

    def rows(self, index: slice | Tensor) -> Scene:
        return Scene(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def to(self, device: torch.device | str) -> Scene:
        return Scene(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})


def sun_direction(s: Scene) -> Tensor:
    c = s.sun_height.cos()
    return torch.stack([s.sun_azimuth.sin() * c, s.sun_height.sin(), s.sun_azimuth.cos() * c], 1)
