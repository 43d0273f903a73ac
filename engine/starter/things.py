"""Draws what has a place of its own, far to near, hidden by nearer ground, with its image in the water."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.starter.frames import Frame, Sprite
from engine.starter.ground import Hits, View
from engine.starter.noise import lookup, mix, tiles
from engine.starter.places import feet
from engine.starter.scene import FLYING, LEAF, OBJECTS, OTHER_LEAF, ROCK, SOIL, Scene
from engine.starter.sky import CLEAR_AIR, Light
from engine.starter.sprites import sprite

MIRRORED = ("balloon", "boat", "tree", "boulder", "hut")
FLOATING = ("balloon", "birds")  # in full sun always
HALF_WIDTH = {
    "balloon": 0.4,
    "boat": 0.6,
    "tree": 0.55,
    "boulder": 1.0,
    "hut": 1.0,
    "birds": 1.1,
}  # in heights
CLOTH = ("balloon", "boat")  # lets light through


class _Thing(NamedTuple):
    """One thing of one picture, or its image in the water; in pixels."""

    picture: int
    number: int  # among OBJECTS
    name: str
    mirrored: bool
    z: float  # metres
    column: float
    row: float  # of its foot
    high: float
    metre: float  # there
    waves: float  # slope
    snow: float  # 1 where snow lies
    look: list[float]

    @property
    def down(self) -> int:
        """-1 for what stands on its head."""
        return -1 if self.mirrored else 1


class _Zone(NamedTuple):
    """The pixels that a thing may touch."""

    columns: slice
    rows: slice


def draw_things(
    s: Scene, light: Light, view: View, hits: Hits, picture: Tensor, sun_at_feet: Tensor, far: Tensor
) -> Tensor:
    """The picture (batch, 3, column, row) with all things; `hits` may leave out its first rows, all of sky.
    `sun_at_feet` (batch, objects) is the share of the sun that falls where they stand, `far` as in `water`.
    """
    above = picture.shape[3] - hits.z.shape[2]
    # metres, to what hides things
    hides = F.pad(torch.where(hits.land | hits.wet, hits.z, 1e9), (above, 0), value=1e9)
    wet = F.pad(hits.wet, (above, 0))
    suns = sun_at_feet.sqrt().tolist()
    for thing in _things(s, view):
        zone = _zone(thing, *picture.shape[2:])
        if zone is None:
            continue
        r, z = thing.picture, thing.z
        here, here_in_colour = (r, *zone), (r, slice(None), *zone)
        colours = s.palette[r, (LEAF, OTHER_LEAF, ROCK)]
        drawn = sprite(thing.name, _frame(thing, zone, colours))
        solid = thing.name in ("tree", "boulder", "hut")
        clear = (
            wet[here] & (hides[here] < z) if thing.mirrored else hides[here] > z * (0.97 if solid else 1.0)
        )
        alpha = drawn.alpha * clear.float() * (0.6 if thing.mirrored else 1.0)
        sun = 1.0 if thing.name in FLOATING else suns[r][thing.number]
        shade = _shaded(s, light, thing, drawn, sun)
        air = torch.tensor(CLEAR_AIR, device=alpha.device) * 0.8 + s.haze[r]
        shade = mix(far[r, :, zone.columns], shade, torch.exp(-air * z)[:, None, None])
        picture[here_in_colour] = mix(picture[here_in_colour], shade, alpha)
        if solid:
            hides[here] = torch.where(alpha > 0.5, torch.full_like(alpha, z), hides[here])
    return picture


def _things(s: Scene, view: View) -> list[_Thing]:
    """Far to near; each thing before its image."""
    feet_y, places, sizes, looks = feet(s)[0].tolist(), s.place.tolist(), s.size.tolist(), s.look.tolist()
    camera, pixels = view.camera.tolist(), (view.fine * view.focal).flatten().tolist()  # to a metre, 1 ahead
    left, top = view.left.flatten().tolist(), view.top.flatten().tolist()
    water, waves, snow_line = s.water.tolist(), s.waves.tolist(), s.snow_line.tolist()
    found = []
    for r, j in sorted(s.present.nonzero().tolist(), key=lambda at: -places[at[0]][at[1]][2]):
        name, (x, _, z) = OBJECTS[j], places[r][j]
        k = pixels[r] / z
        snow = min(max((feet_y[r][j] - snow_line[r]) / 60 + 0.5, 0.0), 1.0)
        near_water = feet_y[r][j] - water[r] < (sizes[r][j] if j not in FLYING else 1e4)
        for mirrored in (False, True) if near_water and name in MIRRORED else (False,):
            foot = (2 * water[r] - feet_y[r][j] if mirrored else feet_y[r][j]) - camera[r]
            place = (x * k - left[r], -foot * k - top[r], sizes[r][j] * k)
            found.append(_Thing(r, j, name, mirrored, z, *place, k, waves[r], snow, looks[r][j]))
    return found


def _zone(thing: _Thing, columns: int, rows: int) -> _Zone | None:
    """None if the thing is out of the picture, or smaller than two pixels."""
    wide = thing.high * HALF_WIDTH[thing.name]
    left, right = int(thing.column - wide), int(thing.column + wide) + 1
    top, bottom = thing.row - thing.down * thing.high * 1.15, thing.row + thing.down * thing.high * 0.1
    first, last = sorted((int(top), int(bottom)))
    left, right, first, last = max(left, 0), min(right, columns), max(first, 0), min(last + 1, rows)
    if left >= right or first >= last or thing.high < 2:
        return None
    return _Zone(slice(left, right), slice(first, last))


def _frame(thing: _Thing, zone: _Zone, colours: Tensor) -> Frame:
    shape = (zone.columns.stop - zone.columns.start, zone.rows.stop - zone.rows.start)
    columns, rows = (torch.arange(part.start, part.stop, device=colours.device) + 0.5 for part in zone)
    u = (columns - thing.column)[:, None].expand(shape) / thing.high
    v = thing.down * (thing.row - rows)[None].expand(shape) / thing.high
    if thing.mirrored:
        wave = lookup(tiles(u.device).smooth, u * 0.2, v * thing.high / thing.metre / thing.z * 40)[0]
        u = u + wave * (0.02 + 2 * thing.waves) * 0.3
    return Frame(u, v, 1.0 / thing.high, thing.look, colours, thing.snow)


def _shaded(s: Scene, light: Light, thing: _Thing, drawn: Sprite, sun: float) -> Tensor:
    """Radiance of a thing, (3, column, row)."""
    r, d = thing.picture, light.direction[thing.picture]
    normal = F.normalize(drawn.normal, dim=0)
    soft = 0.6 if thing.name == "tree" else 0.25  # how far light goes round it
    lambert = ((normal * d[:, None, None]).sum(0) + soft).clamp(0, 1 + soft) / (1 + soft)
    if thing.name in CLOTH:
        lambert = lambert + 0.15 * d[2].clamp(0, 1)
    bounce = light.sun[r] * s.palette[r, SOIL] * d[1].clamp(min=0)
    falling = (
        light.sun[r][:, None, None] * lambert * sun
        + light.ambient[r][:, None, None] * (0.6 + 0.4 * normal[1])
        + bounce[:, None, None] * (0.3 - 0.2 * normal[1])
    )
    return drawn.albedo * falling / math.pi * 1.15
