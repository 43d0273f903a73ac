"""What each pixel sees: the land on a polar grid, and where the lines of sight meet it.

The ground is met by the voxel-space method: columns of the picture x slices evenly spaced in log depth; the
running maximum of the rows at which slices appear gives silhouettes and what hides what.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.starter.noise import mix, pick, plane
from engine.starter.plants import BROADLEAF, CONIFER, NOTHING, Plants, Site, plants
from engine.starter.relief import OCTAVES, terrain
from engine.starter.scene import DRY_LAND, Scene

SLICES = 480
FARTHEST = 30000.0  # metres


class View(NamedTuple):
    """The camera and the pixels of the picture, which is square."""

    pixels: int  # columns, and rows
    camera: Tensor  # (batch,), metres: height of the camera
    focal: Tensor  # (batch, 1, 1), widths of the picture
    rise: Tensor  # (batch, column, row): how far above the horizon, in heights of the picture
    aside: Tensor  # (batch, column, row): x / z

    def width(self, z: Tensor) -> Tensor:
        """Metres that a pixel covers at the distance z."""
        return z / self.pixels / self.focal


class Land(NamedTuple):
    """The polar grid; all (batch, column, slice)."""

    z: Tensor  # metres
    ground: Tensor  # metres: height of the bare ground
    slope_x: Tensor  # the ground's rise for each metre to the right
    slope_z: Tensor  # and ahead
    plants: Plants
    over: Tensor  # metres: of ground or water, above the camera
    row: Tensor  # the rise at which ground or water, the plant's foot and its top appear
    row_foot: Tensor
    row_top: Tensor


class Hits(NamedTuple):
    """What each pixel sees; all (batch, column, row)."""

    land: Tensor  # bool: land or water within reach, not the sky
    below: Tensor  # bool: under the horizon
    wet: Tensor  # bool: water
    plant: Tensor  # bool
    x: Tensor  # metres, as are y, z and the height of the bare ground, which is under the water
    y: Tensor
    z: Tensor
    ground: Tensor
    slope_x: Tensor
    slope_z: Tensor
    kind: Tensor  # of the plant, as are its height, the place across it, its own number
    full: Tensor
    across: Tensor
    luck: Tensor
    up: Tensor  # metres above the plant's foot


def camera_view(s: Scene, pixels: int) -> View:
    """The view of a picture of so many columns and rows."""
    b, device = len(s.eye), s.eye.device
    zero = torch.zeros(b, 1, device=device)
    camera = terrain(s, zero, zero, zero + 1)[:, 0] + s.eye
    camera = torch.maximum(camera, s.water + s.eye * 0.8 + 0.3)
    fraction = (torch.arange(pixels, device=device) + 0.5) / pixels
    rise = (s.horizon[:, None] - fraction)[:, None, :].expand(b, pixels, pixels).contiguous()
    aside = ((fraction - 0.5) / s.focal[:, None])[:, :, None].expand(b, pixels, pixels)
    return View(pixels, camera, plane(s.focal), rise, aside)


def polar_land(s: Scene, view: View) -> Land:
    """The land and its plants, as far as a landscape reaches."""
    z = _depths(s, view)
    step = z - F.pad(z, (1, 0))[..., :-1]
    step[..., 0] = step[..., 1]
    cuts = [int((step[:, 0] * 2.4 < s.wave[:, None] * 2.0**-o).sum(1).max()) for o in range(OCTAVES)]
    x = view.aside[:, :, :1] * z
    ground = terrain(s, x, z, step * 2, cuts)
    slope_x, slope_z = _slopes(view, ground, z)
    surface = torch.maximum(ground, plane(s.water))
    rise = surface - F.pad(surface, (1, 0), mode="replicate")[..., :-1]
    slope = (slope_x * slope_x + slope_z * slope_z).sqrt()
    pitch = step * (plane(view.camera) - ground).clamp(min=0) / z
    grown = plants(s, Site(x, z, ground, rise, step, slope, pitch))
    over, k = surface - plane(view.camera), view.focal / z
    row = over * k
    row_top = torch.where(grown.kind > NOTHING, (over - grown.drop + grown.high) * k, row)
    return Land(z, ground, slope_x, slope_z, grown, over, row, (over - grown.drop) * k, row_top)


def first_hits(s: Scene, view: View, land: Land, size: int) -> Hits:
    """Where every line of sight ends; `size` are the columns of the finished picture."""
    q, grown = view.rise, land.plants
    index = torch.searchsorted(torch.maximum(land.row, land.row_top).cummax(2).values, q)
    gap = _between_trunks(view, land, index, size)
    index = torch.where(gap, torch.searchsorted(land.row.cummax(2).values, q), index)
    there = index < SLICES
    i1 = index.clamp(1, SLICES - 1)
    i0 = i1 - 1
    y0, y1, z1 = pick(land.row, i0), pick(land.row, i1), pick(land.z, i1)
    t = ((q - y0) / (y1 - y0).clamp(min=1e-7)).clamp(0, 1)
    t = torch.where(y1 > y0, t, torch.ones_like(t))

    def between(field: Tensor) -> Tensor:
        return mix(pick(field, i0), pick(field, i1), t)

    foot, kind = pick(land.row_foot, i1), pick(grown.kind, i1)
    plant = (
        (kind > NOTHING) & (q >= torch.minimum(foot, torch.maximum(y0, y1))) & (q <= pick(land.row_top, i1))
    )
    plant = plant & there & ~gap
    z = torch.where(plant, z1, 1 / mix(1 / pick(land.z, i0), 1 / z1, t))
    ground = between(land.ground)
    below = q < -1e-5
    wet = there & ~plant & (ground < plane(s.water)) | (~there & below & plane(s.water > DRY_LAND))
    sea = plane(s.water - view.camera) * view.focal / q.clamp(max=-1e-5)
    z = torch.where(wet, torch.where(below, sea, torch.full_like(q, 1e6)).clamp(max=2e5), z)
    return Hits(
        land=there,
        below=below,
        wet=wet,
        plant=plant,
        x=view.aside * z,
        y=plane(view.camera) + q * z / view.focal,
        z=z,
        ground=ground,
        slope_x=between(land.slope_x),
        slope_z=between(land.slope_z),
        kind=kind,
        full=pick(grown.full, i1),
        across=pick(grown.across, i1),
        luck=pick(grown.luck, i1),
        up=(q - foot) * z / view.focal,
    )


def _depths(s: Scene, view: View) -> Tensor:
    """Metres to each slice, evenly spaced in log depth from below the picture's lower edge."""
    nearest = (s.focal * s.eye / (1.02 - s.horizon) * 0.55).clamp(max=60)
    part = torch.linspace(0, 1, SLICES, device=nearest.device)
    z = nearest[:, None] * torch.exp(part * (FARTHEST / nearest)[:, None].log())
    return z[:, None, :].expand(len(nearest), view.pixels, SLICES)


def _slopes(view: View, ground: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """To the right and ahead; to the right as coarse as slices are deep, or cliffs get stripes."""
    a = max(view.pixels // 100, 1)
    wide = 2 * a * view.width(z)[:, a:-a]
    slope_x = F.pad((ground[:, 2 * a :] - ground[:, : -2 * a]) / wide, (0, 0, a, a), mode="replicate")
    along = (ground[..., 2:] - ground[..., :-2]) / (z[..., 2:] - z[..., :-2])
    return slope_x, F.pad(along, (1, 1), mode="replicate") - slope_x * view.aside[:, :, :1]


def _between_trunks(view: View, land: Land, index: Tensor, size: int) -> Tensor:
    """True where one sees the ground behind a tree, under its crown."""
    i, grown = index.clamp(max=SLICES - 1), land.plants
    kind = pick(grown.kind, i)
    u, tall = pick(grown.across, i).abs(), pick(grown.full, i) * (view.focal / pick(land.z, i))
    v = (view.rise - pick(land.row_foot, i)) / tall.clamp(min=1e-6)
    broad = kind <= BROADLEAF
    crown = torch.where(broad, 0.15 + 0.16 * u, 0.035 + 0.04 * u)
    tree = (kind > NOTHING) & (kind <= CONIFER) & (index < SLICES)
    return tree & (u > 0.05 + 0.02 * broad) & (v < crown) & (tall * size > 9)
