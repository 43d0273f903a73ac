"""Clouds: high ones, thin, and a slab of cumulus.

A march through the slab, for every second pixel each way, finds where the cloud is met on each line of sight,
how thick it is and how much sun it gets; there alone fine billows are worked out, for every pixel.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.starter.ground import View
from engine.starter.noise import colour, fine, mix, noise, plane, ramp, sloped_noise, spread
from engine.starter.scene import BIRDS, Scene
from engine.starter.sky import Light

STEPS = 18  # of the march
BILLOWS = ((0.1, 0.16), (0.045, 0.09), (0.02, 0.055), (0.009, 0.035))  # sizes and heights, in sizes of clouds


class _Rays(NamedTuple):
    """Lines of sight into the sky; all (batch, column, row)."""

    x: Tensor  # direction, of length 1
    y: Tensor
    z: Tensor
    reach: Tensor  # metres along the ground for each metre of height: the earth's curve keeps it finite
    footprint: Tensor  # metres that a pixel covers for each metre of height


class _Slab(NamedTuple):
    """The cumulus; all (batch, 1, 1)."""

    base: Tensor  # metres
    thick: Tensor  # metres
    long: Tensor  # metres: the size of a cloud
    sun_x: Tensor  # towards the sun, never too low
    sun_y: Tensor
    sun_z: Tensor
    lean: Tensor  # 1 / length of that


class _Body(NamedTuple):
    """The cloud that a line of sight meets; all (batch, column, row)."""

    thickest: Tensor  # the greatest density on the way: above 0 there is a cloud
    level: Tensor  # where it is met: 0 at the slab's base, 1 at its top
    near: Tensor  # how much cloud is between there and the sun, close by
    far: Tensor  # and further off


def clouds(
    s: Scene, light: Light, view: View, image: Tensor, x: Tensor, y: Tensor, z: Tensor
) -> tuple[Tensor, Tensor]:
    """Lays clouds over a sky (batch, 3, column, row) seen in directions x, y, z (batch, column, row); and the
    share of the sky that is still seen through them (batch, column, row).
    """
    reach = 1 / (y.clamp(min=0.004) + 0.012)
    rays = _Rays(x, y, z, reach, reach * reach / view.fine / view.focal)
    sun = colour(light.sun / (1 - 0.93 * s.overcast[:, None]))
    through = torch.ones_like(x)
    if "cirrus" in s.some:
        image, through = _high_clouds(s, light, image, rays, sun)
    image, solid = _cumulus(s, light, view, image, rays, sun)
    return image, through * (1 - solid)


def _high_clouds(s: Scene, light: Light, image: Tensor, rays: _Rays, sun: Tensor) -> tuple[Tensor, Tensor]:
    """Cirrus, in streaks along a wind at 8,500 metres, or, in some scenes, altocumulus: dapples at 4,500."""
    dappled = plane((s.look[:, BIRDS, 5] > 0.65).float())
    high = mix(8500.0, 4500.0, dappled)
    x, z = rays.x * rays.reach * high, rays.z * rays.reach * high
    bend = noise(s, x, z, 22000.0, 41)
    wind = 6.28 * spread(s.offset[:, 1], x)
    along = x * wind.cos() + z * wind.sin() + 7000 * bend
    across = z * wind.cos() - x * wind.sin() + 5000 * bend
    veil = ramp(noise(s, x, z, 15000.0, 42) + 0.5 * noise(s, x, z, 6000.0, 43), -0.5, 1.2)
    footprint = rays.footprint * high
    streak = fine(along / 26000, across / 7000, (footprint / 7000).clamp(2e-3, 0.2)).value
    dapples = noise(s, along, across * 1.5, 1100.0, 44) + 0.5 * noise(s, along, across, 420.0, 45)
    dapples = ramp(1.3 * veil + 0.6 * dapples * (500 / footprint - 0.5).clamp(0, 1), 0.55, 1.5)
    cover = mix(veil * (0.30 + 0.22 * streak), dapples, dappled).clamp(0, 1)
    cover = cover * spread(s.cirrus, x) * ramp(rays.y, 0.0, 0.12)
    dx, dy, dz = (spread(light.direction[:, axis], x) for axis in range(3))
    glow = 0.5 + 0.9 * ((rays.x * dx + rays.y * dy + rays.z * dz).clamp(0, 1) ** 6)
    lit = sun * 0.32 * glow[:, None] + 0.5 * colour(light.ambient) / math.pi
    return mix(image, lit, cover[:, None] * 0.9), 1 - cover * 0.6


def _cumulus(
    s: Scene, light: Light, view: View, image: Tensor, rays: _Rays, sun: Tensor
) -> tuple[Tensor, Tensor]:
    slab = _slab(s, light)
    coarse = _march(s, view, _Rays(*(_halved(v) for v in rays)), slab)
    body = _Body(*(_doubled(v, rays.x) for v in coarse))
    level, grey = body.level, plane(s.overcast)
    stretch = _doubled(_steps(coarse.level), level) * rays.reach * slab.thick
    high = slab.base + level * slab.thick - plane(view.camera)
    foot = torch.maximum(rays.footprint * slab.base, (2.5 * stretch).minimum(0.02 * slab.long)) + 1.0
    x, z = rays.x * rays.reach * high, rays.z * rays.reach * high
    detail, relief = _billows(s, slab, foot, foot + 4.5 * stretch, x, z, level)
    edge = body.thickest + detail
    raised = ramp(level, 0.0, 0.35)
    solid = ramp(edge, -0.06, 0.2 + 0.2 * (1 - raised) + 0.35 * grey)
    toward = rays.x * slab.sun_x + rays.y * slab.sun_y + rays.z * slab.sun_z
    silver = 0.75 + 1.1 * toward.clamp(0, 1) ** 8 * (1.2 - solid) + 0.1 * toward
    bumps = (1 + 0.45 * relief * (0.25 + 0.75 * raised) * (1 - 0.7 * grey)).clamp(0.45, 1.45)
    lit = torch.exp(-0.8 * (body.near + 0.2 * detail).clamp(0, 2.2) - 0.6 * body.far) * bumps
    dark = (0.7 + 0.6 * level.clamp(0, 1)) * (1 + 0.5 * detail * (0.3 + 0.7 * raised))
    dark = dark * (1 - 0.2 * ramp(edge, 0.2, 1.1))
    moonlit = 1 - 0.55 * colour(s.night[:, None])
    shade = colour(light.ambient) * moonlit * (0.36 + 0.2 * grey)[:, None] * dark[:, None]
    tint = (
        sun * 0.6 * moonlit**0.5 * (silver * lit)[:, None] * (1 - 0.75 * colour(s.overcast[:, None])) + shade
    )
    # distance washes clouds into the horizon's colour
    washed = torch.exp(-rays.reach * slab.base / 38000)[:, None]
    solid = solid * ramp(rays.y, 0.002, 0.05)
    return mix(image, mix(image, tint, washed * 0.85 + 0.15), solid[:, None]), solid


def _slab(s: Scene, light: Light) -> _Slab:
    dx, dy, dz = (plane(light.direction[:, axis]) for axis in range(3))
    dy = dy.clamp(min=0.06)
    lean = 1 / (dx * dx + dy * dy + dz * dz).sqrt()
    return _Slab(plane(s.cloud_base), plane(s.cloud_depth), plane(s.cloud_size), dx, dy, dz, lean)


def _march(s: Scene, view: View, rays: _Rays, slab: _Slab) -> _Body:
    """Upwards, from the slab's base to its top."""
    foot = rays.footprint * slab.base + 1.0
    ahead_x, ahead_z = rays.x * rays.reach, rays.z * rays.reach
    met = torch.full_like(rays.x, -1.0)
    before, sum_of_weights, sum_of_levels = met * 0, met * 0, met * 0
    dither = _dither(view)
    for k in range(STEPS):
        level = ((k + dither) / (STEPS - 1)).clamp(0, 1)
        high = slab.base + level * slab.thick - plane(view.camera)
        here = _density(s, slab, foot, ahead_x * high, ahead_z * high, level, 3)
        back = (here / (here - before).clamp(min=1e-3)).clamp(0, 1) / (STEPS - 1) if k else met * 0
        met = torch.where((met < 0) & (here > 0), level - back, met)
        weight = torch.exp(12 * here.clamp(-3, 3))
        sum_of_weights, sum_of_levels = sum_of_weights + weight, sum_of_levels + weight * level
        before = here
    thickest, densest = _smooth(sum_of_weights.log() / 12 - 0.1), sum_of_levels / sum_of_weights
    level = _smooth(mix(densest, torch.where(met < 0, densest, met), ramp(thickest, 0.0, 0.2)))
    high = slab.base + level * slab.thick - plane(view.camera)
    x, z = ahead_x * high, ahead_z * high

    def sunward(part: float, octaves: int) -> Tensor:
        """Density some way further towards the sun."""
        further_x, further_z = (ahead * part * slab.thick * slab.lean for ahead in (slab.sun_x, slab.sun_z))
        up = part * slab.sun_y * slab.lean
        return _density(s, slab, foot, x + further_x, z + further_z, level + up, octaves)

    near = (sunward(0.22, 3) * 3.5).clamp(0, 2.5)
    return _Body(thickest, level, near, (sunward(0.7, 2) * 2.0).clamp(0, 1.6))


def _density(
    s: Scene, slab: _Slab, foot: Tensor, x: Tensor, z: Tensor, level: Tensor, octaves: int
) -> Tensor:
    """Above 0 in a cloud; `level` is 0 at the slab's base, 1 at its top."""
    v = noise(s, x, z, slab.long, 31) * 1.05 + 0.35
    rise = level * slab.thick
    for o in range(1, octaves):
        wave = slab.long * (0.46, 0.2)[o - 1]
        aside, ahead = _climb(o)
        n = noise(s, x + rise * aside, z + rise * ahead, wave, 31 + o)
        if o > 1:
            n = (wave / foot * 0.6 - 0.6).clamp(0, 1) * (1.8 * (n * n + 0.05).sqrt() - 0.9)
        v = v + (0.42, 0.22)[o - 1] * n
    v = v + spread(s.cloud_cover, x)
    v = v + (1.4 * v).clamp(max=0.35)  # steep at the rim: small clouds, too, are solid
    return v - 1.2 * level.clamp(min=0) ** 1.5 - 0.35 * (1 - level) ** 6


def _climb(octave: int) -> tuple[float, float]:
    """Noise is flat: to vary with height, too, each octave drifts a way of its own for each metre up."""
    return math.cos(2.4 * octave), math.sin(2.4 * octave)


def _dither(view: View) -> Tensor:
    """-0.5..0.5, so that neighbours look at different levels; they are smoothed afterwards."""
    weave = 0.06711056 * (view.column[:, ::2] // 2) + 0.00583715 * (view.row[..., ::2] // 2)
    return torch.remainder(52.9829189 * torch.remainder(weave, 1.0), 1.0) - 0.5


def _smooth(v: Tensor) -> Tensor:
    v = F.pad(v, (1, 1, 1, 1), mode="replicate")
    v = v[:, :-2] + 2 * v[:, 1:-1] + v[:, 2:]
    return (v[..., :-2] + 2 * v[..., 1:-1] + v[..., 2:]) / 16


def _steps(v: Tensor) -> Tensor:
    """How far a value differs from one of its pixels to the next."""
    across, down = v[:, 1:] - v[:, :-1], v[..., 1:] - v[..., :-1]
    return torch.maximum(F.pad(across.abs(), (0, 0, 0, 1)), F.pad(down.abs(), (0, 1))) / 2


def _halved(v: Tensor) -> Tensor:
    """Of every two by two pixels, their mean."""
    _, columns, rows = v.shape
    v = F.pad(v, (0, rows % 2, 0, columns % 2), mode="replicate")
    v = v[:, ::2] + v[:, 1::2]
    return (v[..., ::2] + v[..., 1::2]) / 4


def _doubled(v: Tensor, like: Tensor) -> Tensor:
    """The inverse of `_halved`, smooth: sums of slices round alike in every batch."""
    _, columns, rows = like.shape
    v = F.pad(v, (1, 1, 1, 1), mode="replicate")
    left, right = v[:, :-2] + 3 * v[:, 1:-1], 3 * v[:, 1:-1] + v[:, 2:]
    v = torch.stack([left, right], 2).flatten(1, 2)
    upper, lower = v[..., :-2] + 3 * v[..., 1:-1], 3 * v[..., 1:-1] + v[..., 2:]
    return torch.stack([upper, lower], 3).flatten(2, 3)[:, :columns, :rows] / 16


def _billows(
    s: Scene, slab: _Slab, foot: Tensor, slant: Tensor, x: Tensor, z: Tensor, level: Tensor
) -> tuple[Tensor, Tensor]:
    """What fine billows add to the density, and how far they face the sun; `slant` is a pixel's footprint on
    the cloud's side: what is seen aslant would only be streaks.
    """
    detail, relief, rise = torch.zeros_like(x), torch.zeros_like(x), level * slab.thick
    for o, (part, weight) in enumerate(BILLOWS):
        wave, (aside, ahead) = slab.long * part, _climb(3 + o)
        keep = (wave / foot * 0.8 - 0.6).clamp(0, 1)
        n, dx, dz = sloped_noise(s, x + rise * aside, z + rise * ahead, wave, 34 + o)
        bulge = (n * n + 0.05).sqrt()  # round, with creases between
        detail = detail + keep * weight * (1.8 * bulge - 0.85)
        facing = dx * slab.sun_x + dz * slab.sun_z + (dx * aside + dz * ahead) * slab.sun_y
        keep = (wave / slant * 0.8 - 0.6).clamp(0, 1)
        relief = relief - keep * (0.07 + 1.5 * weight) * n / bulge * facing
    return detail, relief
