"""Light and sky: the sun's colour, clear and overcast air, clouds, sun, moon and stars."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.starter.noise import colour, constant, fine, hashed, mix, noise, pixel, ramp
from engine.starter.scene import Scene, sun_direction

RAYLEIGH = (0.046, 0.105, 0.255)  # vertical optical depth


def air_mass(mu: Tensor) -> Tensor:
    mu = mu.clamp(min=-0.02)
    return 1 / (mu + 0.025 * torch.exp(-11 * mu))


@dataclass
class Light:
    direction: torch.Tensor
    sun: torch.Tensor
    ambient: torch.Tensor
    exposure: torch.Tensor
    depth: torch.Tensor


def lighting(s: Scene) -> Light:
    """Sun colour, ambient light from the sky, exposure; all (batch, 3) or (batch,)."""
    d = sun_direction(s)
    depth = torch.tensor(RAYLEIGH, device=d.device) + s.turbidity[:, None] * torch.tensor(
        [0.9, 1.0, 1.08], device=d.device
    )
    sun = torch.exp(-depth * air_mass(d[:, 1:2]) * 0.8) * 3.2 * (1 - 0.93 * s.overcast[:, None])
    sun = mix(
        sun, sun.mean(1, keepdim=True) * torch.tensor([0.85, 0.95, 1.15], device=d.device), s.night[:, None]
    )
    light = Light(d, sun, sun, sun[:, 0], depth)
    look = torch.tensor(
        [[0, 1.0, 0], [0.9, 0.43, 0], [-0.9, 0.43, 0], [0, 0.43, 0.9], [0, 0.43, -0.9]], device=d.device
    )
    seen = sky(s, light, *look.t()[:, None, :, None].expand(3, d.shape[0], 5, 1))[..., 0]
    light.ambient = (
        (seen * torch.tensor([0.36, 0.16, 0.16, 0.16, 0.16], device=d.device)).sum(2) * math.pi * 0.72
    )
    light.ambient = mix(
        light.ambient, light.ambient.mean(1, keepdim=True), 0.3
    )  # as a camera's white balance does
    sunny = 1 - 0.75 * ramp(s.cloud_cover, -1.1, 0.1)[:, None]
    ground = (
        light.sun * sunny * d[:, 1:2].clamp(min=0.0) ** 0.7 * mix(0.35, 1.0, ramp(d[:, 1:2], 0.0, 0.3))
        + light.ambient
        + 0.25
        * sky(
            s,
            light,
            *torch.tensor([0.5, 0.15, 0.85], device=d.device)[:, None, None, None].expand(
                3, d.shape[0], 1, 1
            ),
        )[..., 0, 0]
        * math.pi
    )
    ahead = sky(
        s,
        light,
        *torch.tensor([0.0, 0.1, 0.995], device=d.device)[:, None, None, None].expand(3, d.shape[0], 1, 1),
    )[..., 0, 0].mean(1)
    light.exposure = (
        s.exposure
        * mix(0.8, 1.0, ramp(s.snow_line, -100, 300))
        / (ground.mean(1) / 3.5 + 0.45 * torch.minimum(ahead, 0.45 * ground.mean(1)))
        * mix(torch.ones_like(s.night), 0.22, s.night)
    )
    return light


def sky(s: Scene, light: Light, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Clear (or overcast) sky radiance in a direction; returns (batch, 3, ...)."""
    d, tau = light.direction, light.depth
    toward = (x * pixel(d[:, 0], x) + y * pixel(d[:, 1], x) + z * pixel(d[:, 2], x)).clamp(-1, 1)
    ray = 0.75 * (1 + toward**2)
    mie = 0.36 / (1.64 - 1.6 * toward.clamp(max=0.995)) ** 1.5 * 0.6 + 0.3
    mass, sun_mass = air_mass(y).clamp(max=14), air_mass(pixel(d[:, 1], x))
    tau_r = constant(RAYLEIGH, x)
    tau = tau[:, :, None, None]
    x, y, ray, mie, mass, toward = (v[:, None] for v in (x, y, ray, mie, mass, toward))
    low = torch.exp(-5 * y)
    scatter = (tau_r * ray + (tau - tau_r) * mie) / tau
    sun_mass = sun_mass.clamp(max=26)
    ozone = torch.exp(
        -sun_mass[:, None] * constant((0.004, 0.0105, 0.001), x[:, 0])
    )  # keeps dusk from turning green
    through = torch.exp(-tau * sun_mass[:, None] * mix(0.12, 0.55, low)) * ozone
    out = (
        3.2
        / (4 * math.pi)
        * (scatter * through + 0.42 * ozone * torch.exp(-tau * sun_mass[:, None] * mix(0.07, 0.17, low)))
        * (1 - torch.exp(-tau * mass))
        * 1.5
    )
    deck = (
        torch.exp(-tau * sun_mass[:, None] * 0.3).mean(1, keepdim=True)
        * 0.42
        * (0.45 + 0.55 * y.clamp(0, 1))
        * constant((0.96, 1.0, 1.06), x[:, 0])
    )
    out = mix(out, deck, colour(s.overcast[:, None]) * 0.92)
    return mix(
        out,
        out.mean(1, keepdim=True) * constant((0.5, 0.75, 1.4), x[:, 0]) * (0.35 + 0.65 * low),
        colour(s.night[:, None]) * 0.9,
    )


def clouds(
    s: Scene, light: Light, image: Tensor, x: Tensor, y: Tensor, z: Tensor, camera: Tensor, steps: int = 8
) -> Tensor:
    """Lay cirrus and a short march through a slab of cumulus over the sky (batch, 3, column, row)."""
    up = y.clamp(min=0.004)
    span = 1 / s.focal / x.shape[-1]  # radians a pixel, roughly
    sun = colour(light.sun / (1 - 0.93 * s.overcast[:, None]))
    # all rays share x / y, z / y; a curved earth keeps the deck from reaching the horizon
    reach = 1 / (up + 0.012)
    ax, az = x * reach, z * reach
    if bool((s.cirrus > 0).any()):
        px, pz = ax * 8500, az * 8500
        bend = noise(s, px, pz, 22000.0, 41)
        a = 6.28 * pixel(s.offset[:, 1], px)
        along, across = px * a.cos() + pz * a.sin() + 7000 * bend, pz * a.cos() - px * a.sin() + 5000 * bend
        veil = ramp(noise(s, px, pz, 15000.0, 42) + 0.5 * noise(s, px, pz, 6000.0, 43), -0.5, 1.2)
        streak = fine(
            along / 26000, across / 7000, (reach * reach * 8500 * pixel(span, px) / 7000).clamp(2e-3, 0.2)
        )[0]
        cover = (veil * (0.30 + 0.22 * streak)).clamp(0, 1) * pixel(s.cirrus, px) * ramp(y, 0.0, 0.12)
        glow = 0.5 + 0.9 * (
            (
                x * pixel(light.direction[:, 0], x)
                + y * pixel(light.direction[:, 1], x)
                + z * pixel(light.direction[:, 2], x)
            ).clamp(0, 1)
            ** 6
        )
        image = mix(
            image, sun * 0.32 * glow[:, None] + 0.5 * colour(light.ambient) / math.pi, cover[:, None] * 0.9
        )
    base, thick, long = (pixel(v, x) for v in (s.cloud_base, s.cloud_depth, s.cloud_size))
    foot = reach * reach * base * pixel(span, x) + 1.0
    lx, ly, lz = (pixel(light.direction[:, i], x) for i in range(3))
    ly = ly.clamp(min=0.12)
    lean = 1 / (lx * lx + ly * ly + lz * lz).sqrt()

    def density(px: Tensor, pz: Tensor, level: Tensor, octaves: int) -> Tensor:
        v: Tensor = noise(s, px, pz, long, 31) * 1.05 + 0.35
        for o in range(1, octaves):
            wl = long * (0.46, 0.2)[o - 1]
            rise = level * thick * (0.9 if o % 2 else -1.1)
            n = noise(s, px + rise, pz - 0.7 * rise, wl, 31 + o)
            v = v + (0.42, 0.22)[o - 1] * (
                n if o < 2 else ((wl / foot * 0.6 - 0.6).clamp(0, 1) * (1.8 * n.abs() - 0.8))
            )
        return v + pixel(s.cloud_cover, px) - 1.05 * level**1.5 - 0.35 * (1 - level) ** 6

    through = torch.ones_like(x)
    thickest, mean_level = torch.full_like(x, -9.0), torch.zeros_like(x)
    weave = (
        0.06711056 * torch.arange(x.shape[1], device=x.device)[:, None]
        + 0.00583715 * torch.arange(x.shape[2], device=x.device)[None]
    )
    dither = (torch.remainder(52.9829189 * torch.remainder(weave, 1.0), 1.0) - 0.5)[None]
    # a coarse march (interleaved from pixel to pixel, then smoothed) finds how thick the cloud is and at
    # which level the ray meets it
    for k in range(steps):
        level = (k + 0.5 + dither) / steps
        high = base + level * thick - camera[:, None, None]
        here = density(ax * high, az * high, level, 3)
        alpha = 1 - torch.exp(-(here + 0.12).clamp(min=0) * 22.0 / steps)
        mean_level = mean_level + through * alpha * level
        through = through * (1 - alpha)
        thickest = torch.maximum(thickest, here)
    taps = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], device=x.device)
    taps = (taps[:, None] * taps[None] / 256)[None, None]

    def smooth(v: Tensor) -> Tensor:
        return F.conv2d(F.pad(v[:, None], (2, 2, 2, 2), mode="replicate"), taps)[:, 0]

    thickest, mean_level, through = smooth(thickest), smooth(mean_level), smooth(through)
    level = mean_level / (1 - through).clamp(min=1e-3)
    high = base + level * thick - camera[:, None, None]
    px, pz = ax * high, az * high
    # there, fine billows erode the edge and give relief
    detail: Any = 0.0
    relief: Any = 0.0
    for o, (part, weight) in enumerate(((0.1, 0.22), (0.045, 0.17), (0.02, 0.13), (0.009, 0.1))):
        wl = long * part
        keep = (wl / foot * 0.8 - 0.6).clamp(0, 1) * weight
        rise = 0.4 * level * thick * (0.8 if o % 2 else -0.9)
        n, dx, dz = noise(s, px + rise, pz - 0.7 * rise, wl, 34 + o, 3)
        side = torch.sign(n)
        detail = detail + keep * (1.8 * n.abs() - 0.75)
        relief = relief - keep * 1.3 * side * (
            dx * lx + dz * lz + (0.8 if o % 2 else -0.9) * (dx - 0.7 * dz) * ly
        )
    edge = thickest + detail * 0.8
    solid = ramp(edge, -0.05, 0.3 + 0.35 * pixel(s.overcast, x))
    there = (
        density(px + lx * 0.22 * thick * lean, pz + lz * 0.22 * thick * lean, level + 0.22 * ly * lean, 3)
        * 2.6
        + 0.3 * detail
    ).clamp(0, 2.2)
    above = (
        density(px + lx * 0.7 * thick * lean, pz + lz * 0.7 * thick * lean, level + 0.7 * ly * lean, 2) * 2.2
    ).clamp(0, 1.6)
    toward = x * lx + y * ly + z * lz
    silver = 0.6 + 1.1 * toward.clamp(0, 1) ** 8 * (1.3 - solid) + 0.2 * toward
    lit_sum = (
        torch.exp(-0.85 * there - 0.6 * above)
        * (1 + 0.42 * relief * (0.2 + 0.8 * ramp(level, 0.05, 0.5)) * (1 - 0.7 * pixel(s.overcast, x))).clamp(
            0.4, 1.5
        )
        * (0.8 + 0.3 * (1 - ramp(edge, 0.1, 0.9)))
    )
    dark_sum = (
        (0.75 + 0.5 * level)
        * (1 + 0.2 * detail * (0.25 + 0.75 * ramp(level, 0.05, 0.5)))
        * (1 - 0.25 * ramp(edge, 0.2, 1.1))
    )
    through = 1 - solid
    thick_enough = ramp(y, 0.002, 0.05)
    through = mix(torch.ones_like(through), through, thick_enough)
    tint = (
        sun * 0.66 * (silver * lit_sum)[:, None] * (1 - 0.75 * colour(s.overcast[:, None]))
        + colour(light.ambient) * (0.36 + 0.2 * pixel(s.overcast, x))[:, None] * dark_sum[:, None]
    )
    veil = torch.exp(-reach * base / 38000)[:, None]  # distance washes clouds into the horizon's colour
    solid = (1 - through)[:, None]
    body = mix(image, tint, veil * 0.85 + 0.15)
    return mix(image, body, solid)


def sun_and_stars(
    s: Scene, light: Light, sx: Tensor, up: Tensor, dome: Tensor, heaven: Tensor, clear: Tensor
) -> Tensor:
    """Disc of the sun or moon with its glow, and stars; added where clouds are thin. Mirrored below the
    horizon.
    """
    d, _b = light.direction, len(s.eye)
    ahead = d[:, 2].clamp(min=1e-3)
    cx, cy = s.focal * d[:, 0] / ahead, s.focal * d[:, 1] / ahead
    r = s.focal * mix(0.011, 0.014, s.night) * (1 + 1.6 * s.look[:, 5, 4] ** 2)
    off_x, off_y = sx - cx[:, None, None], dome - cy[:, None, None]
    far = (off_x**2 + off_y**2).sqrt()
    clearness = ramp(clear.mean(1) * 1.25 / heaven.mean(1).clamp(min=1e-4), 0.55, 1.1)
    disc = ((r[:, None, None] - far) * 300 + 0.5).clamp(0, 1)
    moon = disc * (0.55 + 0.25 * noise(s, off_x / r[:, None, None], off_y / r[:, None, None], 0.5, 61))
    front = ((d[:, 2] > 0).float() * (1 - s.overcast))[:, None, None]
    # dividing by exposure keeps the disc equally bright in the picture
    e = 1 / light.exposure
    tint = light.sun / light.sun.amax(1, keepdim=True).clamp(min=1e-4)
    glow = 0.8 * torch.exp(-far / 0.022) + 0.2 * torch.exp(-far / 0.08) + 0.05 * torch.exp(-far / 0.3)
    day = disc * 9 * clearness + glow * (0.35 + 0.65 * clearness)
    night = moon * 1.6 * clearness + glow * 0.16
    glow = glow * 0.75
    out = colour(e[:, None] * tint) * (front * mix(day, night, s.night[:, None, None]))[:, None]
    if bool((s.night > 0).any()):
        m = sx.shape[1]
        star = hashed(
            sx.device,
            torch.arange(m, device=sx.device)[None, :, None] * 613,
            torch.arange(m, device=sx.device)[None, None, :],
            (s.offset[:, 0] * 65536).long()[:, None, None],
        )
        out = (
            out
            + (
                e[:, None, None]
                * s.night[:, None, None]
                * ((star - 0.997).clamp(min=0) * 220)
                * clearness
                * ramp(up, 0.02, 0.2)
            )[:, None]
        )
    return out


def aerial(
    s: Scene, light: Light, picture: Tensor, depth: Tensor, y: Tensor, camera: Tensor, fog_sky: Tensor
) -> Tensor:
    """Air between the camera and the hits: extinction and in-scattering towards the sky's colour, and low
    fog.
    """
    air = constant((0.8e-5, 1.35e-5, 2.6e-5), depth) * 0.8 + s.haze[:, None, None, None]
    thin = torch.exp(-0.5 * (y + camera[:, None, None]).clamp(min=-200) * 0.5 / 1400)[:, None].clamp(max=1.2)
    through = torch.exp(-air * (depth.clamp(max=9e4))[:, None] * thin)
    picture = mix(fog_sky, picture, through)
    if bool((s.fog > 0).any()):
        top = s.fog_top[:, None, None]
        floor = torch.where(s.water > -1e4, s.water, s.profile.amin(1))[
            :, None, None
        ]  # the water, or the valley
        a, c = (
            torch.exp(-(y - floor).clamp(-3 * top, None) / top),
            torch.exp(-(camera[:, None, None] - floor).clamp(-3 * top, None) / top),
        )
        amount = 1 - torch.exp(-s.fog[:, None, None] * depth.clamp(max=3e4) * 0.5 * (a + c))
        glow = fog_sky * 0.55 + 0.45 * (
            colour(light.ambient + 0.5 * light.sun * light.direction[:, 1:2].clamp(min=0.05)) / math.pi
        )
        picture = mix(picture, glow.expand_as(picture), amount[:, None])
    return picture
