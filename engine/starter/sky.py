"""Light and air: the sun's colour, the sky's, the sun's disc, stars, and what distance does to colours.

Radiances are linear and relative; directions are (batch, ...) in x, y and z, of length 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.starter.ground import View
from engine.starter.noise import colour, constant, hashed, mix, noise, plane, ramp, spread
from engine.starter.scene import BIRDS, DRY_LAND, Scene, sun_direction

RAYLEIGH = (0.046, 0.105, 0.255)  # optical depth of clean air straight up: red, green, blue
OZONE = (0.006, 0.0155, 0.001)  # keeps dusk from turning green
CLEAR_AIR = (0.8e-5, 1.35e-5, 2.6e-5)  # its extinction, per metre, at the ground
SUN = 3.2  # radiance above the air


@dataclass(frozen=True)
class Light:
    """What falls on the land."""

    direction: Tensor  # (batch, 3), towards the sun or the moon
    sun: Tensor  # (batch, 3)
    ambient: Tensor  # (batch, 3), of the whole sky
    exposure: Tensor  # (batch,), by which radiance is multiplied

    def rows(self, index: slice | Tensor) -> Light:
        return Light(self.direction[index], self.sun[index], self.ambient[index], self.exposure[index])


def lighting(s: Scene) -> Light:
    """The light of a scene, and an exposure that suits land in it."""
    d = sun_direction(s)
    depth = _optical_depth(s) * mix(0.95, 0.6, ramp(d[:, 1:2], 0.06, 0.3)) + d.new_tensor(OZONE)
    sun = torch.exp(-depth * _air_mass(d[:, 1:2])) * SUN * (1 - 0.93 * s.overcast[:, None])
    moon = sun.mean(1, keepdim=True) * d.new_tensor((0.66, 0.9, 1.3))
    sun = mix(sun, moon, s.night[:, None])
    dark = d.new_tensor((1.1, 1.6, 2.2))  # the eye sees more in shadow than a film would
    ambient = _ambient(s) * mix(torch.ones_like(dark), dark, s.night[:, None])
    sunny = 1 - 0.75 * ramp(s.cloud_cover, -1.1, 0.1)[:, None]
    height = d[:, 1:2]
    direct = sun * sunny * height.clamp(min=0.0) ** 0.7 * mix(0.35, 1.0, ramp(height, 0.0, 0.3))
    ground = (direct + ambient + 0.25 * _sky_at(s, 0.5, 0.15, 0.85) * math.pi).mean(1)
    ahead = _sky_at(s, 0.0, 0.1, 0.995).mean(1)
    snow, night = mix(0.8, 1.0, ramp(s.snow_line, -100, 300)), mix(torch.ones_like(s.night), 0.28, s.night)
    bright = torch.maximum(0.45 * torch.minimum(ahead, 0.45 * ground), 0.75 * ahead * dusk(s))
    exposure = s.exposure * snow / (ground / 3.5 + bright) * night
    return Light(d, sun, ambient, exposure)


def dusk(s: Scene) -> Tensor:
    """(batch,): 1 when the sun is low by day, and a photographer exposes for the sky."""
    return ramp(-s.sun_height, -0.17, -0.06) * (1 - s.night) * (1 - s.overcast)


def sky(s: Scene, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Radiance of the sky without clouds in directions (batch, ., .): (batch, 3, ., .)."""
    d, depth = sun_direction(s), colour(_optical_depth(s))
    toward = (x * spread(d[:, 0], x) + y * spread(d[:, 1], x) + z * spread(d[:, 2], x)).clamp(-1, 1)
    ray = 0.75 * (1 + toward**2)[:, None]
    mie = (0.36 / (1.64 - 1.6 * toward.clamp(max=0.98)) ** 1.5 * 0.35 + 0.25)[:, None]
    clean = constant(RAYLEIGH, x)
    scatter = (clean * ray + (depth - clean) * mie) / depth
    low = torch.exp(-5 * y[:, None])
    path = _air_mass(spread(d[:, 1], x)).clamp(max=26)[:, None]  # of the sun's light, in depths of the air
    ozone = torch.exp(-path * constant(OZONE, x))
    sunward = low * (0.5 + 0.5 * toward[:, None]) ** 2
    through = torch.exp(-depth * path * mix(0.12, 0.75, low)) * ozone
    again = 0.42 * ozone * torch.exp(-depth * path * (0.06 + 0.06 * low + 0.2 * sunward))  # more than once
    seen = 1 - torch.exp(-depth * _air_mass(y).clamp(max=14)[:, None])
    radiance = SUN / (4 * math.pi) * (scatter * through + again) * seen * 1.5
    deck = torch.exp(-depth * path * 0.3).mean(1, keepdim=True) * 0.42
    deck = deck * (0.45 + 0.55 * y[:, None].clamp(0, 1)) * constant((0.96, 1.0, 1.06), x)
    radiance = mix(radiance, deck, colour(s.overcast[:, None]) * 0.92)
    night = radiance.mean(1, keepdim=True) * constant((0.3, 0.58, 1.3), x) * (0.35 + 0.65 * low)
    return mix(radiance, night, colour(s.night[:, None]) * 0.9)


def sun_and_stars(s: Scene, light: Light, view: View, through: Tensor) -> Tensor:
    """What to add to a sky (batch, 3, column, row): sun or moon, its glow, stars, of which clouds let a share
    `through`. Below the horizon it is a mirror image.
    """
    x, y, mirrored = view.aside * view.focal, view.rise, view.rise.abs().clamp(min=0.002)
    d = light.direction
    ahead = d[:, 2].clamp(min=1e-3)
    radius = plane(s.focal * mix(0.014, 0.016, s.night) * (1 + 1.2 * s.look[:, BIRDS, 4] ** 2))
    off_x, off_y = x - plane(s.focal * d[:, 0] / ahead), mirrored - plane(s.focal * d[:, 1] / ahead)
    far = (off_x**2 + off_y**2).sqrt()
    disc = ((radius - far) * view.fine * 0.8 + 0.5).clamp(0, 1)
    spots = 0.55 + 0.25 * noise(s, off_x / radius, off_y / radius, 0.5, 61)
    glow = 0.7 * torch.exp(-far / 0.016) + 0.14 * torch.exp(-far / 0.06) + 0.03 * torch.exp(-far / 0.25)
    day = disc * 9 * through + glow * (0.25 + 0.75 * through)
    night = disc * spots * 1.6 * through + glow * 0.16
    front = plane((d[:, 2] > 0).float() * (1 - s.overcast))
    tint = light.sun / light.sun.amax(1, keepdim=True).clamp(min=1e-4)
    bright = 1 / light.exposure  # keeps the disc equally bright in every picture
    added = colour(bright[:, None] * tint) * (front * mix(day, night, plane(s.night)))[:, None]
    if "night" in s.some:
        stars = (_starlight(s, view) - 0.997).clamp(min=0) * 220
        stars = plane(bright) * plane(s.night) * stars * through * ramp(y, 0.02, 0.2)
        added = added + stars[:, None]
    return added


def aerial(
    s: Scene, light: Light, picture: Tensor, z: Tensor, y: Tensor, camera: Tensor, far: Tensor
) -> Tensor:
    """The picture (batch, 3, column, row) seen through air and fog; its pixels show what is at y and z.
    `far` is the sky's colour at the horizon, into which all fades.
    """
    air = constant(CLEAR_AIR, z) * 0.8 + s.haze[:, None, None, None]
    thin = torch.exp(-0.5 * (y + plane(camera)).clamp(min=-200) * 0.5 / 1400)[:, None].clamp(max=1.2)
    picture = mix(far, picture, torch.exp(-air * (z.clamp(max=9e4))[:, None] * thin))
    if "fog" not in s.some:
        return picture
    top = plane(s.fog_top)
    floor = plane(torch.where(s.water > DRY_LAND, s.water, s.profile.amin(1)))  # the water, or the valley
    there, here = (torch.exp(-(at - floor).clamp(-3 * top, None) / top) for at in (y, plane(camera)))
    amount = 1 - torch.exp(-plane(s.fog) * z.clamp(max=3e4) * 0.5 * (there + here))
    lit = colour(light.ambient + 0.5 * light.sun * light.direction[:, 1:2].clamp(min=0.05)) / math.pi
    return mix(picture, (far * 0.55 + 0.45 * lit).expand_as(picture), amount[:, None])


def _optical_depth(s: Scene) -> Tensor:
    """(batch, 3), straight up: clean air and haze."""
    device = s.turbidity.device
    haze = s.turbidity[:, None] * torch.tensor((0.9, 1.0, 1.08), device=device)
    return torch.tensor(RAYLEIGH, device=device) + haze


def _air_mass(mu: Tensor) -> Tensor:
    """How much longer the way through the air is than straight up; `mu` is the sine of the height."""
    mu = mu.clamp(min=-0.02)
    return 1 / (mu + 0.025 * torch.exp(-11 * mu))


def _ambient(s: Scene) -> Tensor:
    """(batch, 3): of the sky overhead and on four sides, greyed as a camera's white balance does."""
    sides = ((0, 1.0, 0), (0.9, 0.43, 0), (-0.9, 0.43, 0), (0, 0.43, 0.9), (0, 0.43, -0.9))
    weights = torch.tensor((0.36, 0.16, 0.16, 0.16, 0.16), device=s.eye.device)
    x, y, z = torch.tensor(sides, device=s.eye.device).t()[:, None, :, None].expand(3, len(s.eye), 5, 1)
    mean = (sky(s, x, y, z)[..., 0] * weights).sum(2) * math.pi * 0.72
    return mix(mean, mean.mean(1, keepdim=True), 0.3)


def _sky_at(s: Scene, *direction: float) -> Tensor:
    """(batch, 3): the clear sky in one direction."""
    x, y, z = torch.tensor(direction, device=s.eye.device)[:, None, None, None].expand(3, len(s.eye), 1, 1)
    return sky(s, x, y, z)[..., 0, 0]


def _starlight(s: Scene, view: View) -> Tensor:
    """(batch, column, row): a random number, 0..1, for each pixel."""
    seed = (s.offset[:, 0] * 65536).long()[:, None, None]
    return hashed(view.column * 613, view.row, seed)
