"""What grows: in every slice of the land a row of upright plants, so that forests have silhouettes."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from engine.starter.noise import hashed, lookup, mix, noise, ramp, spread
from engine.starter.scene import Scene

NOTHING, BROADLEAF, CONIFER, BUSH, STONE, GRASS = range(6)  # kinds of plant; a stone stands among the bushes
CELLS, TEXELS = 32, 320  # of the tile of leaves, each way


class Plants(NamedTuple):
    """The tallest plant at each point; all (batch, column, slice)."""

    kind: Tensor  # NOTHING .. GRASS, as float
    drop: Tensor  # metres: how far its foot stands below the slice's ground
    high: Tensor  # metres: its outline at this column
    full: Tensor  # metres: its height
    across: Tensor  # -1 its left edge .. 1 its right edge
    luck: Tensor  # 0..1, the plant's own number


class Site(NamedTuple):
    """Where plants may grow; all (batch, column, slice)."""

    x: Tensor  # metres, as are z, the ground's height, its rise from the slice before and the slice's depth
    z: Tensor
    column: Tensor  # (batch, column, 1): its number
    ground: Tensor
    rise: Tensor
    step: Tensor
    slope: Tensor  # rise for each metre
    pitch: Tensor  # metres that the line of sight falls within the slice


class Leaves(NamedTuple):
    """The leaf that covers each point, or, of a whole tree, the ball of leaves."""

    u: Tensor  # from the point to the leaf's middle
    v: Tensor
    luck: Tensor  # the leaf's own number, 0..1
    between: Tensor  # 1 where no leaf covers the point


def plants(s: Scene, site: Site) -> Plants:
    """Two layers of trees, one of bushes and stones, and grass near the camera."""
    tallest = Plants(*(torch.zeros_like(site.x) for _ in Plants._fields))
    woods = _woods(s, site)
    for layer in (_trees(s, site, woods, 0), _trees(s, site, woods, 1), _bushes(s, site)):
        tallest = _taller(tallest, layer)
    if "grass" in s.some:
        near = int((site.z.amin((0, 1)) < 70).sum())
        grown = _taller(Plants(*(field[..., :near] for field in tallest)), _blades(s, site, near))
        for field, value in zip(tallest, grown, strict=True):
            field[..., :near] = value
    return tallest


def wooded(s: Scene, x: Tensor, z: Tensor, height: Tensor) -> Tensor:
    """Chance of a tree, before slope: patches, tree line, shore."""
    patch = 0.55 * noise(s, x, z, 420.0, 51) + 0.45 * noise(s, x, z, 95.0, 52)
    line = (spread(s.tree_line, x) - height + 90 * patch) / 60
    shore = ((height - spread(s.water, x)) / 2 - 0.3).clamp(0, 1)
    return (spread(s.cover, x) * 1.3 + patch).clamp(max=1) * line.clamp(0, 1) * shore


def track(s: Scene, x: Tensor, z: Tensor) -> Tensor:
    """How far, 0..1, a point belongs to the foot path that winds away from the camera."""
    bend = (2 + 0.12 * z) * noise(s, 0 * x, z, 60.0, 77).clamp(-1.2, 1.2) * ramp(z, 2, 60)
    start, aim = (spread(s.offset[:, 0], x) - 0.5) * 5, (spread(s.offset[:, 1], x) - 0.5) * 0.6
    middle = start + aim * z + bend + 0.5 * noise(s, 0 * x, z, 9.0, 78)
    wide = spread(s.path, x)
    trodden = ramp(wide * (1 + 0.3 * noise(s, x, z, 1.3, 79)) - (x - middle).abs(), -0.15, 0.35)
    return trodden * (wide > 0) * (1 - ramp(z, 150, 400))


def leaves(u: Tensor, v: Tensor, wide: float | Tensor, high: float | Tensor) -> Leaves:
    """Leaves about so large, each way, at the points u, v."""
    off_u, off_v, luck, between = lookup(_leaf_tile(u.device), u / (CELLS * wide), v / (CELLS * high), 4)
    return Leaves(off_u * wide, off_v * high, luck, between)


def _taller(a: Plants, b: Plants) -> Plants:
    """At each point the taller of two plants."""
    better = b.high > a.high
    return Plants(*(torch.where(better, new, old) for new, old in zip(b, a, strict=True)))


@cache
def _leaf_tile(device: torch.device) -> Tensor:
    """(1, 4, size, size), periodic: for each point what Leaves tells, lengths in cells. Every cell has a
    leaf, an oval that lies at any angle; of those that cover a point the uppermost counts.
    """
    g = torch.Generator().manual_seed(11)
    x, z, angle, luck = torch.rand(4, CELLS, CELLS, generator=g)
    at = torch.arange(TEXELS + 1) / TEXELS * CELLS
    cell, part = at.floor().long(), at - at.floor()
    best = torch.full((TEXELS + 1, TEXELS + 1), -1.0)
    field = torch.stack([0 * best, 0 * best, 0 * best + 0.3, 1 + 0 * best])
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            here = ((cell + i) % CELLS)[:, None], ((cell + j) % CELLS)[None]
            u, v = i + z[here] - part[:, None], j + x[here] - part[None]
            c, n = (angle[here] * 6.283).cos(), (angle[here] * 6.283).sin()
            covers = ((c * u + n * v) / 0.85) ** 2 + ((c * v - n * u) / 0.45) ** 2 < 1
            above = covers & (luck[here] > best)
            best = torch.where(above, luck[here], best)
            field = torch.where(above, torch.stack([v, u, luck[here], 0 * u]), field)
    return field[None].to(device)


class _Row(NamedTuple):
    """A layer's cells: each may hold one plant."""

    across: Tensor  # of the plant that the cell would hold
    a: Tensor
    b: Tensor
    c: Tensor  # three random numbers, 0..1, of the cell


def _row(s: Scene, site: Site, wide: Tensor, layer: int) -> _Row:
    """Cells `wide` metres wide, shifted in every slice."""
    slice_no = torch.arange(site.x.shape[2], device=site.x.device)[None, None, :]
    seed = _seed(s)
    shift = hashed(slice_no, seed, torch.tensor(layer * 31 + 7, device=seed.device)) * 40
    at = site.x / wide + shift
    cell = at.floor()
    whole = cell.long() + 4096
    a, b, c = (hashed(whole, slice_no + salt, seed + layer) for salt in (0, 517, 1931))
    half = 0.25 + 0.12 * b
    return _Row((at - cell - 0.5 - (c - 0.5) * 0.25) / half, a, b, c)


def _seed(s: Scene) -> Tensor:
    return (s.offset[:, 0] * 65536).long()[:, None, None]


def _woods(s: Scene, site: Site) -> tuple[Tensor, Tensor]:
    """The chance of a tree, and how ragged outlines are: the same in both layers."""
    x, z, tall = site.x, site.z, spread(s.tree_size, site.x)
    wood = wooded(s, x, z, site.ground) * (1 - ramp(site.slope, 0.7, 1.2))
    ragged = noise(s, x, z * 7.3, 0.13 * tall, 55) * 0.6 + noise(s, x, z * 3.3, 0.04 * tall, 56) * 0.4
    return wood * ramp(z / spread(s.tree_near, z), 0.7, 1.6), ragged


def _trees(s: Scene, site: Site, woods: tuple[Tensor, Tensor], layer: int) -> Plants:
    x, tall, (chance, ragged) = site.x, spread(s.tree_size, site.x), woods
    wide = tall * mix(0.62, 0.38, spread(s.conifer, x)) * (1.15 if layer else 1.0)
    row = _row(s, site, wide, layer)
    conifer = (row.b * 0.999 < spread(s.conifer, x)).float()
    outline = mix(_dome(row.across, 1.1 * ragged), _cone(row, ragged), conifer)
    size = tall * (0.55 + 0.6 * row.c) * mix(0.8, 1.15, conifer)
    return _grown(site, row, wide, chance, outline, size, BROADLEAF + (CONIFER - BROADLEAF) * conifer)


def _bushes(s: Scene, site: Site) -> Plants:
    x, z = site.x, site.z
    tall = torch.full_like(x[:, :1, :1], 1.15)
    row = _row(s, site, tall * 2.0, layer=2)
    stone = row.a * 7919.0 % 1.0 < spread(s.stones, x)
    ragged = (noise(s, x, z * 9.1, 0.7, 59) + 0.5 * noise(s, x, z * 5.3, 0.25, 60)) * 1.5
    size = tall * (1 - 0.45 * stone) * (0.18 + 0.95 * row.c**3)
    snow = spread(s.snow_line, x)
    much = (spread(s.bush, x) + 0.5 * spread(s.stones, x)) * 1.2
    chance = (
        (much + 0.5 * noise(s, x, z, 37.0, 53) + 0.4 * noise(s, x, z, 9.0, 54) - 0.35).clamp(0, 1)
        * (1 - ramp(site.slope, 0.9, 1.4))
        * (site.ground - spread(s.water, x) - 0.2).clamp(0, 1)
        * ramp(z, 8, 40)
        * (1 - ramp(site.ground, snow - 50, snow + 80))
    )
    return _grown(
        site, row, tall * 2.0, chance, _dome(row.across, ragged), size, BUSH + (STONE - BUSH) * stone
    )


def _dome(across: Tensor, ragged: Tensor) -> Tensor:
    """The outline of a round crown, 0..1."""
    return (1 - across.abs().clamp(max=1) ** 2.2).clamp(min=0) ** 0.65 * (0.9 + 0.16 * ragged)


def _cone(row: _Row, ragged: Tensor) -> Tensor:
    """The outline of a conifer, 0..1: boughs end in steps, their tips hang."""
    aside = row.across.abs().clamp(max=1)
    cone = 1 - aside ** (0.9 + 0.4 * row.c)
    tiers = cone * (6 + 4 * row.a) + torch.where(row.across > 0, row.c, row.b)
    step = tiers - tiers.floor() - 0.5
    return (cone + aside * (1 - aside) * (0.3 * step + 0.3 * ragged)).clamp(0, 1)


def _grown(
    site: Site, row: _Row, wide: Tensor, chance: Tensor, outline: Tensor, size: Tensor, kind: Tensor
) -> Plants:
    """The plants of the cells that hold one; a deeper slice holds more of them."""
    there = row.a < chance * (site.step / wide * 1.1).clamp(max=1.0)
    high = size * outline * (row.across.abs() < 1) * there
    return Plants(kind.float(), row.b * site.rise, high, size, row.across, row.c)


def _blades(s: Scene, site: Site, near: int) -> Plants:
    """Grass in the first `near` slices: every column of every slice is a blade."""
    x, z, ground = site.x[..., :near], site.z[..., :near], site.ground[..., :near]
    slice_no = torch.arange(near, device=x.device)[None, None, :]
    luck = hashed(site.column, slice_no, _seed(s) + 5)
    clump = 0.5 + 0.5 * noise(s, x, z, 1.1, 57) + 0.4 * noise(s, x, z, 0.23, 58)
    high = spread(s.grass, x) * 0.5 * clump.clamp(0, 1.4) * (0.25 + 0.75 * luck**2) * (1 - ramp(z, 40, 70))
    high = high * (1 - track(s, x, z)) * (ground > spread(s.water, x) + 0.15)
    high = high * (1 - ramp(site.slope[..., :near], 0.6, 1.0))
    drop = hashed(site.column, slice_no + 3271, _seed(s) + 6) * site.pitch[..., :near]
    return Plants(torch.full_like(high, GRASS), drop, high, high, torch.zeros_like(high), luck)
