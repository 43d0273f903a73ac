"""Clouds: a high veil of cirrus, and a slab of cumulus.

A coarse march through the slab finds how thick the cloud is on each line of sight, and at which level it is
met; there alone fine billows are worked out.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.starter.ground import View
from engine.starter.noise import colour, fine, mix, noise, plane, ramp, sloped_noise, spread
from engine.starter.scene import Scene
from engine.starter.sky import Light

STEPS = 8  # of the march


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


def clouds(s: Scene, light: Light, view: View, image: Tensor, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Lays clouds over a sky (batch, 3, column, row) seen in directions x, y, z (batch, column, row)."""
    reach = 1 / (y.clamp(min=0.004) + 0.012)
    rays = _Rays(x, y, z, reach, reach * reach / view.fine / view.focal)
    sun = colour(light.sun / (1 - 0.93 * s.overcast[:, None]))
    if "cirrus" in s.some:
        image = _cirrus(s, light, image, rays, sun)
    return _cumulus(s, light, view, image, rays, sun)


def _cirrus(s: Scene, light: Light, image: Tensor, rays: _Rays, sun: Tensor) -> Tensor:
    """Streaks along a wind at 8,500 metres."""
    x, z = rays.x * rays.reach * 8500, rays.z * rays.reach * 8500
    bend = noise(s, x, z, 22000.0, 41)
    wind = 6.28 * spread(s.offset[:, 1], x)
    along = x * wind.cos() + z * wind.sin() + 7000 * bend
    across = z * wind.cos() - x * wind.sin() + 5000 * bend
    veil = ramp(noise(s, x, z, 15000.0, 42) + 0.5 * noise(s, x, z, 6000.0, 43), -0.5, 1.2)
    footprint = (rays.footprint * 8500 / 7000).clamp(2e-3, 0.2)
    streak = fine(along / 26000, across / 7000, footprint).value
    cover = (veil * (0.30 + 0.22 * streak)).clamp(0, 1) * spread(s.cirrus, x) * ramp(rays.y, 0.0, 0.12)
    dx, dy, dz = (spread(light.direction[:, axis], x) for axis in range(3))
    glow = 0.5 + 0.9 * ((rays.x * dx + rays.y * dy + rays.z * dz).clamp(0, 1) ** 6)
    lit = sun * 0.32 * glow[:, None] + 0.5 * colour(light.ambient) / math.pi
    return mix(image, lit, cover[:, None] * 0.9)


def _cumulus(s: Scene, light: Light, view: View, image: Tensor, rays: _Rays, sun: Tensor) -> Tensor:
    base, thick, long = (spread(v, rays.x) for v in (s.cloud_base, s.cloud_depth, s.cloud_size))
    dx, dy, dz = (spread(light.direction[:, axis], rays.x) for axis in range(3))
    dy = dy.clamp(min=0.12)
    slab = _Slab(base, thick, long, dx, dy, dz, 1 / (dx * dx + dy * dy + dz * dz).sqrt())
    foot = rays.footprint * base + 1.0
    thickest, level = _march(s, view, rays, slab, foot)
    high = base + level * thick - plane(view.camera)
    x, z = rays.x * rays.reach * high, rays.z * rays.reach * high
    detail, relief = _billows(s, slab, foot, x, z, level)
    edge = thickest + detail * 0.8
    solid = ramp(edge, -0.05, 0.3 + 0.35 * spread(s.overcast, x))

    def sunward(part: float, octaves: int) -> Tensor:
        """Density some way further towards the sun."""
        further_x, further_z = (ahead * part * thick * slab.lean for ahead in (dx, dz))
        return _density(s, slab, foot, x + further_x, z + further_z, level + part * dy * slab.lean, octaves)

    there = (sunward(0.22, 3) * 2.6 + 0.3 * detail).clamp(0, 2.2)
    above = (sunward(0.7, 2) * 2.2).clamp(0, 1.6)
    toward = rays.x * dx + rays.y * dy + rays.z * dz
    silver = 0.6 + 1.1 * toward.clamp(0, 1) ** 8 * (1.3 - solid) + 0.2 * toward
    raised, grey = ramp(level, 0.05, 0.5), spread(s.overcast, x)
    bumps = (1 + 0.42 * relief * (0.2 + 0.8 * raised) * (1 - 0.7 * grey)).clamp(0.4, 1.5)
    lit = torch.exp(-0.85 * there - 0.6 * above) * bumps * (0.8 + 0.3 * (1 - ramp(edge, 0.1, 0.9)))
    dark = (
        (0.75 + 0.5 * level) * (1 + 0.2 * detail * (0.25 + 0.75 * raised)) * (1 - 0.25 * ramp(edge, 0.2, 1.1))
    )
    shade = colour(light.ambient) * (0.36 + 0.2 * grey)[:, None] * dark[:, None]
    tint = sun * 0.66 * (silver * lit)[:, None] * (1 - 0.75 * colour(s.overcast[:, None])) + shade
    # distance washes clouds into the horizon's colour
    washed = torch.exp(-rays.reach * base / 38000)[:, None]
    through = mix(torch.ones_like(solid), 1 - solid, ramp(rays.y, 0.002, 0.05))
    return mix(image, mix(image, tint, washed * 0.85 + 0.15), (1 - through)[:, None])


def _density(
    s: Scene, slab: _Slab, foot: Tensor, x: Tensor, z: Tensor, level: Tensor, octaves: int
) -> Tensor:
    """Above 0 in a cloud; `level` is 0 at the slab's base, 1 at its top."""
    v = noise(s, x, z, slab.long, 31) * 1.05 + 0.35
    for o in range(1, octaves):
        wave = slab.long * (0.46, 0.2)[o - 1]
        rise = level * slab.thick * (0.9 if o % 2 else -1.1)
        n = noise(s, x + rise, z - 0.7 * rise, wave, 31 + o)
        if o > 1:
            n = (wave / foot * 0.6 - 0.6).clamp(0, 1) * (1.8 * n.abs() - 0.8)
        v = v + (0.42, 0.22)[o - 1] * n
    return v + spread(s.cloud_cover, x) - 1.05 * level**1.5 - 0.35 * (1 - level) ** 6


def _march(s: Scene, view: View, rays: _Rays, slab: _Slab, foot: Tensor) -> tuple[Tensor, Tensor]:
    """The greatest density on each ray, and the level at which the ray meets the cloud."""
    through = torch.ones_like(rays.x)
    thickest, sum_of_levels = torch.full_like(rays.x, -9.0), torch.zeros_like(rays.x)
    dither = _dither(view)
    ahead_x, ahead_z = rays.x * rays.reach, rays.z * rays.reach
    for k in range(STEPS):
        level = (k + 0.5 + dither) / STEPS
        high = slab.base + level * slab.thick - plane(view.camera)
        here = _density(s, slab, foot, ahead_x * high, ahead_z * high, level, 3)
        alpha = 1 - torch.exp(-(here + 0.12).clamp(min=0) * 22.0 / STEPS)
        sum_of_levels = sum_of_levels + through * alpha * level
        through = through * (1 - alpha)
        thickest = torch.maximum(thickest, here)
    thickest, sum_of_levels, through = _smooth(thickest), _smooth(sum_of_levels), _smooth(through)
    return thickest, sum_of_levels / (1 - through).clamp(min=1e-3)


def _dither(view: View) -> Tensor:
    """-0.5..0.5, so that neighbours look at different levels; they are smoothed afterwards."""
    weave = 0.06711056 * view.column + 0.00583715 * view.row
    return torch.remainder(52.9829189 * torch.remainder(weave, 1.0), 1.0) - 0.5


def _smooth(v: Tensor) -> Tensor:
    taps = torch.tensor((1.0, 4.0, 6.0, 4.0, 1.0), device=v.device)
    taps = (taps[:, None] * taps[None] / 256)[None, None]
    return F.conv2d(F.pad(v[:, None], (2, 2, 2, 2), mode="replicate"), taps)[:, 0]


def _billows(
    s: Scene, slab: _Slab, foot: Tensor, x: Tensor, z: Tensor, level: Tensor
) -> tuple[Tensor, Tensor]:
    """What fine billows add to the density, and how far they face the sun."""
    detail, relief = torch.zeros_like(x), torch.zeros_like(x)
    for o, (part, weight) in enumerate(((0.1, 0.22), (0.045, 0.17), (0.02, 0.13), (0.009, 0.1))):
        wave, lift = slab.long * part, 0.8 if o % 2 else -0.9
        keep = (wave / foot * 0.8 - 0.6).clamp(0, 1) * weight
        rise = 0.4 * level * slab.thick * lift
        n, dx, dz = sloped_noise(s, x + rise, z - 0.7 * rise, wave, 34 + o)
        detail = detail + keep * (1.8 * n.abs() - 0.75)
        facing = dx * slab.sun_x + dz * slab.sun_z + lift * (dx - 0.7 * dz) * slab.sun_y
        relief = relief - keep * 1.3 * torch.sign(n) * facing
    return detail, relief
