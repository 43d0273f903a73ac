"""Noise, and the small arithmetic that the whole renderer speaks.

Tensors of a picture are laid out (batch, column, row), colours (batch, 3, column, row); a number for each
picture is (batch,). All noise is read from two periodic tiles, so that the same scene looks the same in every
batch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from engine.starter.scene import Scene

Mix = Any  # tensors and numbers, which mix freely

_tiles: dict[str, tuple[Tensor, Tensor, Tensor]] = {}  # of each device


def _gradient_noise(cells: int, size: int, generator: torch.Generator) -> Tensor:
    angle = torch.rand(cells, cells, generator=generator) * 2 * math.pi
    at = torch.arange(size) / size * cells
    i, t = at.floor().long() % cells, at - at.floor()
    fade = t**3 * (t * (t * 6 - 15) + 10)
    out: Any = 0.0
    for a in (0, 1):
        for b in (0, 1):
            w = angle[((i + a) % cells)[:, None], ((i + b) % cells)[None]]
            dot = w.sin() * (t - a)[:, None] + w.cos() * (t - b)[None]
            out = out + dot * (fade if a else 1 - fade)[:, None] * (fade if b else 1 - fade)[None]
    scaled: Tensor = out / 0.35  # about -1.6 .. 1.6, deviation about .7
    return scaled


def tiles(device: torch.device | str) -> tuple[Tensor, Tensor, Tensor]:
    """Periodic textures: 'one' octave (value, d/dx, d/dz by cell, 32 cells) and 'fine' (4 octaves
    to the pixel scale: value and slopes of deviation 1), and a table of random numbers."""
    key = str(device)
    if key not in _tiles:
        g = torch.Generator().manual_seed(7)

        def with_slopes(v: Tensor, cells: int) -> Tensor:
            k = v.shape[0] / cells / 2
            return torch.stack([v, (v.roll(-1, 1) - v.roll(1, 1)) * k, (v.roll(-1, 0) - v.roll(1, 0)) * k])

        one = with_slopes(_gradient_noise(32, 256, g), 32)
        v: Any = sum(_gradient_noise(16 * 2**o, 512, g) * 0.85**o for o in range(4))
        fine = with_slopes(v, 16)
        fine = fine / fine.std((1, 2), keepdim=True)

        def wrap(t: Tensor) -> Tensor:
            return F.pad(t[None], (0, 1, 0, 1), mode="circular").to(device)

        _tiles[key] = wrap(one), wrap(fine), torch.rand(65536, generator=g).to(device)
    return _tiles[key]


def lookup(tile: Tensor, x: Tensor, z: Tensor, channels: int = 3) -> tuple[Tensor, ...]:
    """Read a periodic tile at x, z (in periods); returns `channels` tensors shaped like x."""
    grid = torch.view_as_real(torch.complex(x, z))
    grid = torch.addcmul(
        torch.full((), -1.0, device=x.device), grid - grid.floor(), torch.full((), 2.0, device=x.device)
    )
    out = F.grid_sample(tile[:, :channels], grid.reshape(1, 1, -1, 2), align_corners=True)
    return out.reshape(channels, *x.shape).unbind(0)


def noise(s: Scene, x: Tensor, z: Tensor, wavelength: Tensor | float, salt: float, channels: int = 1) -> Any:
    """One octave of gradient noise; slopes, if wanted, are d/dx, d/dz by wavelength."""
    a = 1.7 * salt + 0.4
    c, n = math.cos(a), math.sin(a)
    k = 1 / (32 * wavelength)
    ox, oz = pixel(s.offset[:, 0], x) + 0.371 * salt, pixel(s.offset[:, 1], x) + 0.793 * salt
    got = lookup(tiles(x.device)[0], (c * x - n * z) * k + ox, (n * x + c * z) * k + oz, channels)
    if channels == 1:
        return got[0]
    v, dx, dz = got
    return v, c * dx + n * dz, c * dz - n * dx


def fine(x: Tensor, z: Tensor, footprint: Tensor, salt: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    """Detail at the scale of the pixel: value and slopes (deviation about 1) from the multi-octave
    tile, read at the two levels next to the footprint and blended."""
    level = torch.log2(footprint * 2.2 * 128)
    low = level.floor()
    t = level - low
    k = torch.exp2(-low)
    angle = 2.4 * torch.remainder(low, 8.0) + salt
    c, n = angle.cos(), angle.sin()
    a = lookup(tiles(x.device)[1], (c * x - n * z) * k, (n * x + c * z) * k)
    angle = angle + 2.4
    c2, n2 = angle.cos(), angle.sin()
    b = lookup(tiles(x.device)[1], (c2 * x - n2 * z) * k * 0.5, (n2 * x + c2 * z) * k * 0.5)
    fix = torch.rsqrt((1 - t) ** 2 + t**2)
    wa, wb = (1 - t) * fix, t * fix
    return (
        wa * a[0] + wb * b[0],
        wa * (c * a[1] + n * a[2]) + wb * (c2 * b[1] + n2 * b[2]),
        wa * (c * a[2] - n * a[1]) + wb * (c2 * b[2] - n2 * b[1]),
    )


def hashed(device: torch.device | str, *whole: Tensor | int) -> Tensor:
    """Random numbers 0..1 for tuples of whole numbers (long tensors)."""
    primes = (7919, 104729, 1299709, 15485863)
    key: Any = sum(w * p for w, p in zip(whole, primes, strict=False))
    return tiles(device)[2][torch.bitwise_and(key ^ (key >> 7), 65535)]


def mix(a: Mix, b: Mix, t: Mix) -> Tensor:
    mixed: Tensor = a + (b - a) * t
    return mixed


def ramp(v: Tensor, lo: Tensor | float, hi: Tensor | float) -> Tensor:
    t = ((v - lo) / (hi - lo)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def pixel(v: Tensor, like: Tensor) -> Tensor:
    """A number a picture, shaped to broadcast against `like` (batch, ...)."""
    return v.reshape(-1, *[1] * (like.dim() - 1))


def colour(v: Tensor) -> Tensor:
    return v[:, :, None, None]


def constant(values: tuple[float, ...], like: Tensor) -> Tensor:
    return torch.tensor(values, device=like.device)[None, :, None, None]


def pick(field: Tensor, index: Tensor) -> Tensor:
    """Values of a (batch, column, slice) field at slice `index` (batch, column, row)."""
    return field.gather(2, index)
