"""What grows: woods, and in every slice of the land a row of upright plants, so that forests have
silhouettes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.starter.noise import hashed, mix, noise, pixel, ramp
from engine.starter.scene import Scene


def track(s: Scene, x: Tensor, z: Tensor) -> Tensor:
    """How far a point belongs to the foot path that winds away from the camera."""
    middle = (
        (pixel(s.offset[:, 0], x) - 0.5) * 5
        + (pixel(s.offset[:, 1], x) - 0.5) * 0.6 * z
        + (2 + 0.12 * z) * noise(s, 0 * x, z, 60.0, 77).clamp(-1.2, 1.2) * ramp(z, 2, 60)
        + 0.5 * noise(s, 0 * x, z, 9.0, 78)
    )
    wide = pixel(s.path, x)
    return (
        ramp(wide * (1 + 0.3 * noise(s, x, z, 1.3, 79)) - (x - middle).abs(), -0.15, 0.35)
        * (wide > 0)
        * (1 - ramp(z, 150, 400))
    )


def wooded(s: Scene, x: Tensor, z: Tensor, h: Tensor) -> Tensor:
    """Chance of a tree, before slope: patches, tree line, shore."""
    patch: Tensor = 0.55 * noise(s, x, z, 420.0, 51) + 0.45 * noise(s, x, z, 95.0, 52)
    line = (pixel(s.tree_line, x) - h + 90 * patch) / 60
    return (
        (pixel(s.cover, x) * 1.3 + patch).clamp(max=1)
        * line.clamp(0, 1)
        * ((h - pixel(s.water, x)) / 2 - 0.3).clamp(0, 1)
    )


def plants(
    s: Scene, x: Tensor, z: Tensor, h: Tensor, rise: Tensor, step: Tensor, slope: Tensor, pitch: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """One row of upright plants in every slice. Returns the foot's drop below the slice's ground, the height
    at this column, full height, the place across (-1..1), a random number, and the kind (0 none, 1 tree, 2
    bush, 3 grass).
    """
    device, (_, c, d) = x.device, x.shape
    slice_no = torch.arange(d, device=device)[None, None, :]
    seed = (s.offset[:, 0] * 65536).long()[:, None, None]
    wood = wooded(s, x, z, h) * (1 - ramp(slope, 0.7, 1.2))
    near = ramp(z / pixel(s.tree_near, z), 0.7, 1.6)
    bushy = (
        (
            (pixel(s.bush, x) + 0.5 * pixel(s.stones, x)) * 1.2
            + 0.5 * noise(s, x, z, 37.0, 53)
            + 0.4 * noise(s, x, z, 9.0, 54)
            - 0.35
        ).clamp(0, 1)
        * (1 - ramp(slope, 0.9, 1.4))
        * ((h - pixel(s.water, x)) - 0.2).clamp(0, 1)
        * ramp(z, 8, 40)
        * (1 - ramp(h, pixel(s.snow_line, h) - 50, pixel(s.snow_line, h) + 80))
    )
    best = torch.zeros_like(x)
    full, across, luck, kind, drop = (torch.zeros_like(x) for _ in range(5))
    ragged = (
        noise(s, x * 1.0, z * 7.3, 0.09 * pixel(s.tree_size, x), 55) * 0.5
        + noise(s, x, z * 3.3, 0.035 * pixel(s.tree_size, x), 56) * 0.5
    )
    for layer in range(3):
        tree = layer < 2
        tall = pixel(s.tree_size, x) if tree else torch.full_like(x[:, :1, :1], 1.15)
        wide = tall * mix(0.62, 0.38, pixel(s.conifer, x)) * (1.15 if layer else 1.0) if tree else tall * 2.0
        shift = hashed(device, slice_no, seed, torch.tensor(layer * 31 + 7, device=device)) * 40
        at = x / wide + shift
        cell = at.floor()
        part = at - cell
        whole = cell.long() + 4096
        draw1 = hashed(device, whole, slice_no, seed + layer)
        draw2 = hashed(device, whole, slice_no + 517, seed + layer)
        draw3 = hashed(device, whole, slice_no + 1931, seed + layer)
        half = 0.25 + 0.12 * draw2
        u = (part - 0.5 - (draw3 - 0.5) * 0.25) / half
        pointed = (draw2 * 0.999 < pixel(s.conifer, x)).float() if tree else 0.0
        a = u.abs().clamp(max=1)
        if not tree:
            tall = tall * (1 - 0.45 * (draw1 * 7919.0 % 1.0 < pixel(s.stones, x)))
            ragged = (noise(s, x, z * 9.1, 0.7, 59) + 0.7 * noise(s, x, z * 5.3, 0.25, 60)) * 2.2
        shape = mix(
            (1 - a**2.4).clamp(min=0) ** 0.55 * (0.9 + 0.16 * ragged),
            (1 - a) ** 1.15 * (1 + 0.4 * ragged),
            pointed,
        )
        size = (
            tall * (0.55 + 0.6 * draw3) * mix(0.8, 1.15, pointed) if tree else tall * (0.18 + 0.95 * draw3**3)
        )
        high = size * shape * (a < 1)
        p = (wood * near if tree else bushy) * (step / wide * 1.1).clamp(max=1.0)
        high = high * (draw1 < p)
        better = high > best
        best = torch.where(better, high, best)
        full = torch.where(better, size, full)
        across = torch.where(better, u, across)
        luck = torch.where(better, draw3, luck)
        kind = torch.where(
            better,
            1.0 + pointed * 0.5 if tree else 2.0 + 0.5 * (draw1 * 7919.0 % 1.0 < pixel(s.stones, x)),
            kind,
        )
        drop = torch.where(better, draw2 * rise, drop)
    if bool((s.grass > 0).any()):
        n = int((z.amin((0, 1)) < 70).sum())
        zz, col = z[..., :n], torch.arange(c, device=device)[None, :, None]
        blade = hashed(device, col, slice_no[..., :n], seed + 5)
        clump = 0.5 + 0.5 * noise(s, x[..., :n], zz, 1.1, 57) + 0.4 * noise(s, x[..., :n], zz, 0.23, 58)
        high = (
            pixel(s.grass, x) * 0.5 * clump.clamp(0, 1.4) * (0.25 + 0.75 * blade**2) * (1 - ramp(zz, 40, 70))
        )
        high = (
            high
            * (1 - track(s, x[..., :n], zz))
            * (h[..., :n] > pixel(s.water, x) + 0.15)
            * (1 - ramp(slope[..., :n], 0.6, 1.0))
        )
        better = high > best[..., :n]
        for target, value in (
            (best, high),
            (full, high),
            (across, torch.zeros_like(high)),
            (luck, blade.expand_as(high)),
            (kind, torch.full_like(high, 3.0)),
            (drop, hashed(device, col, slice_no[..., :n] + 3271, seed + 6) * pitch[..., :n]),
        ):
            target[..., :n] = torch.where(better, value, target[..., :n])
    return drop, best, full, across, luck, kind
