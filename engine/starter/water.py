"""Water: ripples, a true mirror of the relief, Fresnel's law, glitter and foam."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.starter.noise import colour, constant, mix, noise, pick, ramp
from engine.starter.relief import SLICES
from engine.starter.scene import SOIL, Scene
from engine.starter.sky import Light, aerial


def water(
    s: Scene,
    light: Light,
    picture: Tensor,
    heaven: Tensor,
    wet: Tensor,
    x: Tensor,
    z: Tensor,
    q: Tensor,
    lateral: Tensor,
    raw: Tensor,
    camera: Tensor,
    wall: Tensor,
    over: Tensor,
    ground: Tensor,
    zs: Tensor,
    fog_sky: Tensor,
    lit: Tensor,
    n: int,
) -> Tensor:
    """Ripples, Fresnel, true mirror of the relief (a second search, from under the water), sun glitter,
    shore.
    """
    high = (camera - s.water)[:, None, None]
    wide = z / n / s.focal[:, None, None]
    long = wide * z / high.clamp(min=0.3)  # how far a pixel reaches along the view
    strong = s.waves[:, None, None]
    sx, sz, rough = torch.zeros_like(x), torch.zeros_like(x), strong**2 * 0.2
    for o, wl in enumerate((23.0, 7.5, 2.6, 0.9, 0.35, 0.13)):
        keep = (wl / (wide * long).sqrt() * 0.5 - 0.5).clamp(0, 1) * (wl / long * 1.6).clamp(0, 1)
        amp = strong * (0.35, 0.45, 0.55, 0.65, 0.65, 0.5)[o]
        _, dx, dz = noise(s, x * 0.8, z * 1.25, wl, 81 + o, 3)
        sx, sz = sx + keep * amp * dx * 0.6, sz + keep * amp * dz
        rough = rough + ((1 - keep * keep) * amp * 0.55) ** 2
    calm = ramp(noise(s, x, z * 0.5, 140.0, 87) + 0.5 * noise(s, x, z * 0.5, 40.0, 88), -0.5, 0.9)
    sx, sz = sx * (0.35 + 0.65 * calm), sz * (0.35 + 0.65 * calm)
    rough = rough * (0.4 + 0.6 * calm)
    # mirror: the ray leaves with the row -q, bent by the ripple; unresolved ripples jitter it
    col, line = (
        torch.arange(n, device=x.device)[None, :, None] + x * 0,
        torch.arange(n, device=x.device)[None, None, :] + x * 0,
    )
    jitter = noise(s, col, line * 4.3, 9.7, 89) + 0.6 * noise(s, col, line * 2.2, 2.9, 94)
    spread = 0.75 * rough.sqrt()
    bend = 2 * (sz + 1.1 * spread * jitter)
    seen = (-q - s.focal[:, None, None] * bend * (0.35 + 0.65 * (-q).clamp(0, 1))).clamp(
        min=0.0015
    ) + s.focal[:, None, None] * spread * 0.25
    side = (lateral + 2 * sx * 0.6) * s.focal[:, None, None] + 0.5
    focal = s.focal[:, None, None]
    under = (over + (2 * high)) * focal / zs  # rows of the relief, seen from the mirrored camera
    dry = ground > s.water[:, None, None]
    beyond = (~dry).to(torch.int8).cummax(2).values > 0  # only what stands behind some water is mirrored
    under = torch.where(dry & beyond, under, torch.full_like(under, -1.0))
    index = torch.searchsorted(under.cummax(2).values, seen.contiguous())
    hit = (index < SLICES) & (pick(zs, index.clamp(max=SLICES - 1)) > z)
    behind = (~dry & ((under > -0.9).to(torch.int8).cummax(2).values > 0)).to(torch.int8).cummax(2).values > 0
    if bool(behind.any()):  # water behind the first far shore, mirroring the next one
        second = torch.searchsorted(
            torch.where(behind, under, torch.full_like(under, -1.0)).cummax(2).values, seen.contiguous()
        )
        also = (second < SLICES) & (pick(zs, second.clamp(max=SLICES - 1)) > z) & ~hit
        index, hit = torch.where(also, second, index), hit | also
    blocked = ~hit & (index < SLICES)  # rare: take the picture's own mirror row
    last = index.clamp(1, SLICES - 1)
    u0, u1, rows = pick(under, last - 1), pick(under, last), over * focal / zs
    part = ((seen - u0) / (u1 - u0).clamp(min=1e-6)).clamp(0, 1)
    row = mix(pick(rows, last - 1), pick(rows, last), torch.where(u0 > -0.9, part, torch.ones_like(part)))
    row, hit = torch.where(blocked, seen, row), hit | blocked

    def to_row(v: Tensor) -> Tensor:
        return (s.horizon[:, None, None] - v) * 2 - 1

    grid = torch.stack([torch.where(hit, to_row(row), to_row(seen)), side * 2 - 1], -1)
    land = F.grid_sample(picture, grid, align_corners=False, padding_mode="border")
    low = torch.stack([to_row(-seen), side * 2 - 1], -1)  # sky rows below the horizon hold the mirrored sky
    low[..., 0] = torch.where(seen < s.horizon[:, None, None] - 0.01, to_row(seen), to_row(-seen))
    above = F.grid_sample(heaven, low, align_corners=False, padding_mode="border")
    mirror = torch.where(hit[:, None], land, above)
    slant = (-q / (q * q + focal * focal * (1 + lateral**2)).sqrt()).clamp(0, 1)
    facing = (slant + 0.45 * spread + sz.abs() * 0.25).clamp(0, 1)
    fresnel = (0.02 + 0.98 * (1 - facing) ** 5)[:, None]
    d = light.direction
    deep = colour(s.palette[:, 6])
    shallow = torch.exp(-(s.water[:, None, None] - raw).clamp(min=0) * 0.45)[:, None]
    body = (
        (mix(deep * 1.15, colour(s.palette[:, SOIL]) * constant((0.55, 0.75, 0.7), x), shallow * 0.8))
        * (colour(light.ambient) + colour(light.sun) * d[:, 1, None, None, None].clamp(min=0) * lit[:, None])
        / math.pi
        * 1.2
    )
    result = mix(body, mirror, fresnel)
    # glitter: chance that a facet sends the sun here
    length = (x * x + z * z + high * high).sqrt()
    vx, vy, vz = -x / length, high / length, -z / length
    hx, hy, hz = (d[:, i, None, None] + v for i, v in enumerate((vx, vy, vz)))
    sig = rough * 1.2 + 4e-4
    facet = (
        torch.exp(-((hx / hy + sx) ** 2 * 1.6 + (hz / hy + sz) ** 2) / (2 * sig))
        / (2 * math.pi * sig)
        / (4 * slant.clamp(min=0.05))
        * 0.9
    )
    sparkle = (1 + 1.1 * jitter).clamp(min=0) ** 2
    result = (
        result + colour(light.sun) * (facet * fresnel[:, 0] * sparkle * lit * 0.06).clamp(max=6.0)[:, None]
    )
    depth = s.water[:, None, None] - raw
    foam = (
        ramp(0.9 * noise(s, x, z, 5.0, 90) + 0.8 * noise(s, x, z, 1.3, 91) + 0.05 - depth * 2.2, 0.0, 0.7)
        * (strong * 9).clamp(0, 1)
        * ramp(depth, -0.1, 0.1)
    )
    caps = (
        ramp(
            0.8 * noise(s, x * 0.5, z * 1.4, 9.0, 92)
            + 0.5 * noise(s, x, z * 1.6, 1.7, 93)
            + 0.45 * noise(s, x, z * 1.3, 0.35, 95),
            1.15,
            1.6,
        )
        * (strong * 9 - 0.55).clamp(0, 1)
        * (wide < 1.5)
    )
    white = (colour(light.ambient) + colour(light.sun) * lit[:, None] * 0.6) / math.pi * 0.75
    result = mix(result, white, (foam + caps).clamp(0, 0.9)[:, None])
    result = aerial(s, light, result, z, x * 0 + s.water[:, None, None], camera, fog_sky)
    return torch.where(wet[:, None], result, picture)
