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
from engine.starter.places import camera_height
from engine.starter.plants import BROADLEAF, CONIFER, NOTHING, Plants, Site, plants
from engine.starter.relief import OCTAVES, terrain
from engine.starter.scene import DRY_LAND, Scene

SLICES = 480
FARTHEST = 30000.0  # metres
BLOCK = 32  # rows: in whole blocks a processor's rounding does not hang on where a block begins
TRUNK = 14  # pixels: under smaller trees one does not see the ground


class View(NamedTuple):
    """The camera, and the pixels of a window of the scene's view. The unit of length is the root of the
    view's area.
    """

    camera: Tensor  # (batch,), metres: height of the camera
    focal: Tensor  # (batch, 1, 1): length
    fine: Tensor  # (batch, 1, 1): pixels to the unit
    left: Tensor  # (batch, 1, 1), pixels: from the horizon's middle to the window's left edge, negative
    top: Tensor  # (batch, 1, 1), pixels: from the horizon down to its upper edge
    column: Tensor  # (batch, column, 1): the pixels' numbers, counted from the whole view's corner
    row: Tensor  # (batch, 1, row)
    rise: Tensor  # (batch, column, row): how far above the horizon
    aside: Tensor  # (batch, column, 1): x / z

    def width(self, z: Tensor) -> Tensor:
        """Metres that a pixel covers at the distance z."""
        return z / self.fine / self.focal

    def below(self, rows: int) -> View:
        """Without so many of its first rows."""
        row, rise = self.row[..., rows:], self.rise[..., rows:].contiguous()
        return self._replace(top=self.top + rows, row=row, rise=rise)

    def above(self, rows: int) -> View:
        """Only so many of its first rows."""
        return self._replace(row=self.row[..., :rows], rise=self.rise[..., :rows].contiguous())


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


def camera_view(s: Scene, window: Tensor, columns: int, rows: int) -> View:
    """A window of the view in so many pixels; its edges (batch, 4) are left, top, right and bottom, in
    fractions of the view.
    """
    left, top, right, bottom = (plane(edge) for edge in window.unbind(1))
    focal, across, upright, horizon = (plane(v) for v in (s.focal, s.across, s.upright, s.horizon))
    column = torch.arange(columns, device=window.device)[None, :, None]
    row = torch.arange(rows, device=window.device)[None, None, :]
    fraction = left + (right - left) * ((column + 0.5) / columns)
    rise = (horizon - (top + (bottom - top) * ((row + 0.5) / rows))) * upright
    fine = columns / ((right - left) * across)
    return View(
        camera=camera_height(s),
        focal=focal,
        fine=fine,
        left=(left - 0.5) * across * fine,
        top=(top - horizon) * upright * fine,
        column=(left * across * fine).round().long() + column,
        row=(top * upright * fine).round().long() + row,
        rise=rise.expand(-1, columns, -1).contiguous(),
        aside=(fraction - 0.5) * across / focal,
    )


def polar_land(s: Scene, view: View) -> Land:
    """The land and its plants, as far as a landscape reaches."""
    z = _depths(s, view)
    step = z - F.pad(z, (1, 0))[..., :-1]
    step[..., 0] = step[..., 1]
    ground, slope_x, slope_z = _slopes(s, view, z, step)
    x = view.aside * z
    surface = torch.maximum(ground, plane(s.water))
    rise = surface - F.pad(surface, (1, 0), mode="replicate")[..., :-1]
    slope = (slope_x * slope_x + slope_z * slope_z).sqrt()
    pitch = step * (plane(view.camera) - ground).clamp(min=0) / z
    grown = plants(s, Site(x, z, view.column, ground, rise, step, slope, pitch))
    over, k = surface - plane(view.camera), view.focal / z
    row = over * k
    row_top = torch.where(grown.kind > NOTHING, (over - grown.drop + grown.high) * k, row)
    return Land(z, ground, slope_x, slope_z, grown, over, row, (over - grown.drop) * k, row_top)


def rows_of_sky(view: View, land: Land) -> int:
    """How many of the first rows show nothing but sky in all pictures, in steps of BLOCK; never all rows."""
    highest = torch.maximum(land.row, land.row_top).amax((1, 2)).clamp(min=0)
    rows = int((view.rise[:, 0] > highest[:, None]).all(0).sum())
    return min(rows, view.rise.shape[2] - 1) // BLOCK * BLOCK


def first_hits(s: Scene, view: View, land: Land) -> Hits:
    """Where every line of sight ends."""
    q, grown = view.rise, land.plants
    index = torch.searchsorted(torch.maximum(land.row, land.row_top).cummax(2).values, q)
    gap = _between_trunks(view, land, index)
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
    """Metres to each slice, evenly spaced in log depth from below the view's lower edge."""
    nearest = (s.focal * s.eye / ((1.02 - s.horizon) * s.upright) * 0.55).clamp(max=60)
    part = torch.linspace(0, 1, SLICES, device=nearest.device)
    z = nearest[:, None] * torch.exp(part * (FARTHEST / nearest)[:, None].log())
    return z[:, None, :].expand(len(nearest), view.aside.shape[1], SLICES)


def _slopes(s: Scene, view: View, z: Tensor, step: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The ground, its slope to the right and its slope ahead; the first is as coarse as slices are deep, or
    cliffs get stripes.
    """
    reach = (view.fine / 100).floor().clamp(min=1)  # pixels
    shrink = 2.0 ** -torch.arange(OCTAVES, device=z.device)
    longer = step[:, 0, None] * 2.4 < s.wave[:, None, None] * shrink[:, None]
    margin, *cuts = torch.cat([reach.amax().long()[None], longer.sum(2).amax(0)]).tolist()
    column = torch.arange(-margin, z.shape[1] + margin, device=z.device)[None, :, None]
    aside = (view.left + column + 0.5) / view.fine / view.focal
    wider = z[:, :1].expand(-1, column.shape[1], -1)
    ground = terrain(s, aside * wider, wider, step[:, :1].expand_as(wider) * 2, cuts)
    here = column[:, margin:-margin] + margin
    right, left = (ground.gather(1, (here + side).long().expand_as(z)) for side in (reach, -reach))
    slope_x = (right - left) / (2 * reach * view.width(z))
    ground = ground[:, margin:-margin]
    along = (ground[..., 2:] - ground[..., :-2]) / (z[..., 2:] - z[..., :-2])
    return ground, slope_x, F.pad(along, (1, 1), mode="replicate") - slope_x * view.aside


def _between_trunks(view: View, land: Land, index: Tensor) -> Tensor:
    """True where one sees the ground behind a tree, under its crown."""
    i, grown = index.clamp(max=SLICES - 1), land.plants
    kind = pick(grown.kind, i)
    u, tall = pick(grown.across, i).abs(), pick(grown.full, i) * (view.focal / pick(land.z, i))
    v = (view.rise - pick(land.row_foot, i)) / tall.clamp(min=1e-6)
    broad = kind <= BROADLEAF
    ragged = 0.025 * (19 * u + 40 * pick(grown.luck, i)).sin() + 0.012 * (47 * pick(grown.across, i)).sin()
    crown = torch.where(broad, 0.16 + 0.3 * u**3 + ragged, 0.035 + 0.04 * u)
    tree = (kind > NOTHING) & (kind <= CONIFER) & (index < SLICES)
    return tree & (u > 0.05 + 0.02 * broad) & (v < crown) & (tall * view.fine > TRUNK)
