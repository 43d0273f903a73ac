"""The height of the ground."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.starter.noise import mix, noise, pixel, ramp
from engine.starter.scene import KNOTS, Scene

SLICES = 480


FARTHEST = 30000.0  # metres


OCTAVES = 11


def terrain(s: Scene, x: Tensor, z: Tensor, resolved: Tensor, cuts: list[int] | None = None) -> Tensor:
    """Height of the ground. `resolved`: the shortest wavelength to keep at each point. `cuts`: for every
    octave how many entries of the last axis need it (near ones first), or 0 to stop."""
    r = (x * x + z * z + 16).sqrt()
    k = ((r / 4).log() / math.log(6)).clamp(0, KNOTS - 1.001)
    i = k.long()
    t = k - i
    t = t * t * (3 - 2 * t)

    def at(knots: Tensor) -> Tensor:
        low, high = knots.gather(1, i.flatten(1)), knots.gather(1, i.flatten(1) + 1)
        return mix(low, high, t.flatten(1)).reshape(x.shape)

    base, swing = at(s.profile), at(s.amplitude)
    aside = (x.abs() - 0.1 * r).clamp(min=0)
    base = (
        base
        + 700 * torch.tanh(pixel(s.valley, x) * aside * aside / (aside + 0.2 * r) * ramp(r, 30, 3000) / 700)
        + 400 * torch.tanh(pixel(s.tilt, x) * x / 400)
    )
    wave, ridge, erode, gain = (pixel(v, x) for v in (s.wave, s.ridge, s.erode, s.gain))
    _, bx, bz = noise(s, x, z, wave * 0.8, 11, 3)
    x = x + pixel(s.warp, x) * wave * 0.3 * bx
    z = z + pixel(s.warp, z) * wave * 0.3 * bz
    total, sx, sz = torch.zeros_like(x), torch.zeros_like(x), torch.zeros_like(x)
    for o in range(OCTAVES):
        n = cuts[o] if cuts is not None else x.shape[-1]
        if n == 0:
            break
        long = wave * 2.0**-o
        keep = (long / resolved[..., :n] * 0.5 - 0.6).clamp(0, 1)
        v, dx, dz = noise(s, x[..., :n], z[..., :n], long, o, 3)
        rid = ridge * (1.0, 1.0, 0.85, 0.6, 0.45, 0.35)[min(o, 5)]
        sharp = (
            v * v + (0.03 + 0.3 * resolved[..., :n] / long) ** 2
        ).sqrt()  # crests no sharper than the grid
        v = mix(v, 0.75 - 1.8 * sharp, rid)
        sx[..., :n] += keep * dx * 0.5  # of the plain noise: steady across crests
        sz[..., :n] += keep * dz * 0.5
        damp = 1 / (1 + erode * (sx[..., :n] ** 2 + sz[..., :n] ** 2))
        total[..., :n] += keep * damp * v * gain**o
    h = base + swing * (total + 0.15) * (1 - 0.75 * (pixel(s.dune, x) > 0) * (1 - ramp(r, 2000, 6000)))
    if bool((s.terrace > 0).any()):
        step = 26 + 18 * total
        level = h / step
        part = level - level.floor()
        rough = (resolved / 30).clamp(0, 1) + 0 * part
        stairs = (
            level.floor() + ramp((part - 0.55 * (1 - rough)) / (1 - 0.55 * (1 - rough)), 0.0, 1.0)
        ) * step
        h = mix(h, stairs, pixel(s.terrace, h) * ramp(r, 20, 300))
    if bool((s.dune > 0).any()):
        for length, high, salt in ((95.0, 14.0, 21), (420.0, 85.0, 22)):
            a = 6.28 * pixel(s.offset[:, 0], x) + 0.3 * salt
            phase = (
                (x * a.cos() + z * a.sin()) / length
                + 0.8 * noise(s, x, z, length * 2.5, salt)
                + 1.7 * pixel(s.offset[:, 1], x)
            )
            part = phase - phase.floor()
            crest = torch.where(
                part < 0.7, ramp(part, -0.25, 0.95) / 0.865 - 0.114, ((1 - part) / 0.3) ** 1.2 * 0.98
            )
            h = h + pixel(s.dune, h) * high * (crest - 0.5) * (length / resolved * 0.4 - 0.8).clamp(
                0, 1
            ) * ramp(r, 0.1 * length, 1.6 * length) * (0.8 + 0.7 * noise(s, x, z, length * 1.7, salt + 3))
    return h
