"""Water: ripples, a true mirror of the relief, Fresnel's law, glitter, foam and surf."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.starter.climates import CLIMATES
from engine.starter.ground import SLICES, Hits, Land, View
from engine.starter.noise import colour, constant, mix, noise, pick, plane, ramp, sloped_noise
from engine.starter.scene import SOIL, WATER, Scene
from engine.starter.sky import Light, aerial

RIPPLES = ((23.0, 0.35), (7.5, 0.45), (2.6, 0.55), (0.9, 0.65), (0.35, 0.65), (0.13, 0.5))  # metres, strength


class _Ripples(NamedTuple):
    """The water's slopes; all (batch, column, row)."""

    x: Tensor  # rise for each metre, of the waves that a pixel can show
    z: Tensor
    rough: Tensor  # variance of the slopes that it cannot show
    spread: Tensor  # how far those blur the mirror
    jitter: Tensor  # noise from pixel to pixel, in their place


def water(
    s: Scene,
    light: Light,
    view: View,
    land: Land,
    hits: Hits,
    picture: Tensor,
    whole: Tensor,
    heaven: Tensor,
    lit: Tensor,
    far: Tensor,
) -> Tensor:
    """The picture (batch, 3, column, row) with its water.

    `whole` is the whole view without water, in which it mirrors the land, and `heaven` the whole view's sky
    with what is below the horizon mirrored; `lit` is the share of the sun at each hit, `far` the sky's colour
    at the horizon.
    """
    ripples = _ripples(s, view, hits)
    mirror = _mirror(s, view, land, hits, ripples, whole, heaven)
    slant = -view.rise / (view.rise * view.rise + view.focal * view.focal * (1 + view.aside**2)).sqrt()
    slant = slant.clamp(0, 1)  # sine of the angle at which the water is seen
    facing = (slant + 0.45 * ripples.spread + ripples.z.abs() * 0.25).clamp(0, 1)
    fresnel = (0.02 + 0.98 * (1 - facing) ** 5)[:, None]
    result = mix(_body(s, light, hits, lit), mirror, fresnel)
    glitter = _glitter(s, light, view, hits, ripples, slant) * fresnel[:, 0]
    sparkle = (1 + 1.1 * ripples.jitter).clamp(min=0) ** 2
    result = result + colour(light.sun) * (glitter * sparkle * lit * 0.06).clamp(max=6.0)[:, None]
    white = (colour(light.ambient) + colour(light.sun) * lit[:, None] * 0.6) / math.pi * 0.75
    foam, shaded = _foam(s, view, hits)
    result = mix(result * (1 - 0.45 * shaded)[:, None], white, foam[:, None])
    level = hits.x * 0 + plane(s.water)
    result = aerial(s, light, result, hits.z, level, view.camera, far)
    return torch.where(hits.wet[:, None], result, mix(picture, mirror, _sheen(s, hits, fresnel)))


def _ripples(s: Scene, view: View, hits: Hits) -> _Ripples:
    x, z = hits.x, hits.z
    wide = view.width(z)
    long = wide * z / plane(view.camera - s.water).clamp(min=0.3)  # metres that a pixel covers along the view
    strong = plane(s.waves)
    sx, sz, rough = torch.zeros_like(x), torch.zeros_like(x), strong**2 * 0.2
    for o, (wave, part) in enumerate(RIPPLES):
        keep = (wave / (wide * long).sqrt() * 0.5 - 0.5).clamp(0, 1) * (wave / long * 1.6).clamp(0, 1)
        high = strong * part
        slopes = sloped_noise(s, x * 0.8, z * 1.25, wave, 81 + o)
        sx, sz = sx + keep * high * slopes.x * 0.6, sz + keep * high * slopes.z
        rough = rough + ((1 - keep * keep) * high * 0.55) ** 2
    wind = ramp(noise(s, x, z * 0.5, 140.0, 87) + 0.5 * noise(s, x, z * 0.5, 40.0, 88), -0.5, 0.9)
    rough = rough * (0.4 + 0.6 * wind)
    column, row = view.column + x * 0, view.row + x * 0
    jitter = noise(s, column, row * 4.3, 9.7, 89) + 0.6 * noise(s, column, row * 2.2, 2.9, 94)
    gusts = 0.35 + 0.65 * wind
    return _Ripples(sx * gusts, sz * gusts, rough, 0.75 * rough.sqrt(), jitter)


def _mirror(
    s: Scene, view: View, land: Land, hits: Hits, ripples: _Ripples, whole: Tensor, heaven: Tensor
) -> Tensor:
    """What the water mirrors: the ray leaves as steeply as it came, bent by the ripple; the jitter stands for
    ripples smaller than a pixel.
    """
    down, focal, top = -view.rise, view.focal, plane(s.horizon * s.upright)
    bend = 2 * (ripples.z + 1.1 * ripples.spread * ripples.jitter)
    seen = (down - focal * bend * (0.35 + 0.65 * down.clamp(0, 1))).clamp(min=0.0015)
    seen = seen + focal * ripples.spread * 0.25
    row, hit = _mirrored_row(s, view, land, hits, seen)

    def to_grid(rise: Tensor) -> Tensor:
        return (top - rise) / plane(s.upright) * 2 - 1

    column = (view.aside + 2 * ripples.x * 0.6) * focal / plane(s.across) * 2
    grid = torch.stack([torch.where(hit, to_grid(row), to_grid(seen)), column], -1)
    shore = F.grid_sample(whole, grid, align_corners=False, padding_mode="border")
    # above the view's upper edge there is no sky, but the rows below the horizon hold it mirrored
    above = torch.where(seen < top - 0.01, to_grid(seen), to_grid(-seen))
    sky = F.grid_sample(heaven, torch.stack([above, column], -1), align_corners=False, padding_mode="border")
    return torch.where(hit[:, None], shore, sky)


def _mirrored_row(s: Scene, view: View, land: Land, hits: Hits, seen: Tensor) -> tuple[Tensor, Tensor]:
    """The rise, in the picture, of the relief that the mirrored ray `seen` meets, and whether it meets any:
    a second search, from a camera as far below the water as ours is above.
    """
    dry = land.ground > plane(s.water)
    beyond = _since(~dry)  # only what stands behind some water is mirrored
    under = (land.over + (2 * plane(view.camera - s.water))) * view.focal / land.z
    nothing = torch.full_like(under, -1.0)
    under = torch.where(dry & beyond, under, nothing)
    seen = seen.contiguous()
    index = torch.searchsorted(under.cummax(2).values, seen)
    hit = (index < SLICES) & (pick(land.z, index.clamp(max=SLICES - 1)) > hits.z)
    behind = _since(~dry & _since(under > -0.9))
    if bool(behind.any()):  # water behind the first far shore, mirroring the next one
        second = torch.searchsorted(torch.where(behind, under, nothing).cummax(2).values, seen)
        index = torch.where(hit, index, second)  # the first shore was a spit on this side of the water
        hit |= (second < SLICES) & (pick(land.z, second.clamp(max=SLICES - 1)) > hits.z)
    blocked = ~hit & (index < SLICES)  # rare: take the picture's own mirror row
    last = index.clamp(1, SLICES - 1)
    u0, u1 = pick(under, last - 1), pick(under, last)
    part = ((seen - u0) / (u1 - u0).clamp(min=1e-6)).clamp(0, 1)
    rows = land.over * view.focal / land.z
    part = torch.where(u0 > -0.9, part, torch.ones_like(part))
    row = mix(pick(rows, last - 1), pick(rows, last), part)
    return torch.where(blocked, seen, row), hit | blocked


def _since(mark: Tensor) -> Tensor:
    """True from the first marked slice on."""
    return mark.to(torch.int8).cummax(2).values > 0


def _body(s: Scene, light: Light, hits: Hits, lit: Tensor) -> Tensor:
    """The water's own colour: the ground shines through where it is shallow."""
    shallow = torch.exp(-(plane(s.water) - hits.ground).clamp(min=0) * 0.45)[:, None]
    bottom = colour(s.palette[:, SOIL]) * constant((0.55, 0.75, 0.7), hits.x)
    height = light.direction[:, 1, None, None, None].clamp(min=0)
    falling = colour(light.ambient) + colour(light.sun) * height * lit[:, None]
    return mix(colour(s.palette[:, WATER]) * 1.15, bottom, shallow * 0.8) * falling / math.pi * 1.2


def _glitter(s: Scene, light: Light, view: View, hits: Hits, ripples: _Ripples, slant: Tensor) -> Tensor:
    """The chance that a facet of the water sends the sun here."""
    high = plane(view.camera - s.water)
    length = (hits.x * hits.x + hits.z * hits.z + high * high).sqrt()
    back = (-hits.x / length, high / length, -hits.z / length)
    hx, hy, hz = (plane(light.direction[:, axis]) + part for axis, part in enumerate(back))
    variance = ripples.rough * 1.2 + 4e-4
    off = (hx / hy + ripples.x) ** 2 * 1.6 + (hz / hy + ripples.z) ** 2
    chance = torch.exp(-off / (2 * variance)) / (2 * math.pi * variance)
    return chance / (4 * slant.clamp(min=0.05)) * 0.9


def _foam(s: Scene, view: View, hits: Hits) -> tuple[Tensor, Tensor]:
    """Share of white, 0..0.95: along the shore, in surf, and on crests in a strong wind; and where the steep
    side of a breaker is, 0..1.
    """
    x, z, strong = hits.x, hits.z, plane(s.waves) * 9
    depth = plane(s.water) - hits.ground
    lace = 0.9 * noise(s, x, z, 5.0, 90) + 0.8 * noise(s, x, z, 1.3, 91)
    edge = ramp(lace + 0.05 - depth * 2.2, 0.0, 0.7) * strong.clamp(0, 1) * ramp(depth, -0.1, 0.1)
    broken = 0.8 * noise(s, x * 0.5, z * 1.4, 9.0, 92) + 0.5 * noise(s, x, z * 1.6, 1.7, 93)
    broken = broken + 0.45 * noise(s, x, z * 1.3, 0.35, 95)
    caps = ramp(broken, 1.15, 1.6) * (strong - 0.55).clamp(0, 1) * (view.width(z) < 1.5)
    surf, face = _surf(s, view, hits, depth, lace)
    return (edge + caps + surf).clamp(0, 0.95), face


def _surf(s: Scene, view: View, hits: Hits, depth: Tensor, lace: Tensor) -> tuple[Tensor, Tensor]:
    """Breakers on a sea's shore: white lines, sharp towards the land, that dissolve behind; their faces."""
    x, z = hits.x, hits.z
    high = _sea(s) * (0.45 + 5 * plane(s.waves)).clamp(0, 1)
    off_shore = depth * 16 + 5 * noise(s, x, z, 60.0, 96) + 1.5 * noise(s, x, z, 14.0, 97)  # metres, about
    spacing = 7 + 9 * high
    front = off_shore / spacing
    behind = front - front.floor()  # 0 at a breaker, 1 at the next one out
    along = noise(s, x, z, 45.0, 98) + 0.8 * torch.cos(2.4 * front.floor())  # where it breaks
    breaks = ramp(along, -0.6, 0.3) * ramp(off_shore, 45 * high, 22 * high) * ramp(depth, -0.05, 0.1)
    line = ramp(behind, 0.0, 0.04) * ramp(behind, 0.26, 0.1)
    trail = ramp(lace + 0.7 - 2.6 * behind, 0.0, 0.5) * ramp(behind, 0.0, 0.04)
    long = view.width(z) * z / plane(view.camera - s.water).clamp(min=0.3)  # metres to a pixel
    swash = ramp(off_shore + 1.2 * lace, 1.5 * long.clamp(2, 12), 0.0) * ramp(depth, -0.05, 0.1)
    clear = (spacing / long * 0.5 - 0.5).clamp(0, 1)  # too far off, breakers run together
    white = torch.maximum(breaks * mix(0.3, torch.maximum(line, 0.6 * trail), clear), 0.8 * swash)
    return white * high.clamp(0, 1) ** 0.5, breaks * clear * ramp(behind, 0.8, 0.97) * (behind < 0.999) * high


def _sheen(s: Scene, hits: Hits, fresnel: Tensor) -> Tensor:
    """How far the sand by the sea, (batch, 1, column, row), is wet enough to mirror."""
    dry_by = hits.ground - plane(s.water)
    bare = hits.land & ~hits.plant & hits.wet.flatten(1).any(1)[:, None, None]
    return (_sea(s) * bare * ramp(dry_by, 0.25, 0.03))[:, None] * (0.05 + 0.6 * fresnel)


def _sea(s: Scene) -> Tensor:
    """(batch, 1, 1): 1 where the water is a sea."""
    return plane(
        torch.tensor([float(climate.sea) for climate in CLIMATES.values()], device=s.eye.device)[s.climate]
    )
