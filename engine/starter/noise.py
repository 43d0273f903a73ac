"""Noise, and the small arithmetic that the whole renderer speaks.

Tensors of a picture are (batch, column, row), colours (batch, 3, column, row); a number for each picture is
(batch,). All noise is read from two periodic tiles, and random numbers from a table, so that a scene looks
the same in every batch.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.starter.scene import Scene

CELLS = 32  # of the smooth tile


class Slopes(NamedTuple):
    """Noise with its slopes; all three of one shape."""

    value: Tensor
    x: Tensor
    z: Tensor


class Tiles(NamedTuple):
    """What all noise is read from. A tile is (1, 3, size + 1, size + 1): value, d/dx and d/dz by cell."""

    smooth: Tensor  # one octave of CELLS cells, deviation about 0.7
    fine: Tensor  # four octaves down to the texel, each channel of deviation 1
    numbers: Tensor  # (65536,), 0..1


@cache
def tiles(device: torch.device) -> Tiles:
    g = torch.Generator().manual_seed(7)
    smooth = _with_slopes(_gradient_noise(CELLS, 256, g), CELLS)
    octaves = torch.zeros(512, 512)
    for o in range(4):
        octaves = octaves + _gradient_noise(16 * 2**o, 512, g) * 0.85**o
    fine = _with_slopes(octaves, 16)
    fine = fine / fine.std((1, 2), keepdim=True)
    numbers = torch.rand(65536, generator=g)
    return Tiles(_wrapped(smooth).to(device), _wrapped(fine).to(device), numbers.to(device))


def noise(s: Scene, x: Tensor, z: Tensor, wavelength: Tensor | float, salt: float) -> Tensor:
    """One octave of gradient noise, about -1.6..1.6; another `salt` is another noise."""
    return _octave(s, x, z, wavelength, salt, channels=1)[0]


def sloped_noise(s: Scene, x: Tensor, z: Tensor, wavelength: Tensor | float, salt: float) -> Slopes:
    """`noise`, and its slopes for each wavelength."""
    value, dx, dz = _octave(s, x, z, wavelength, salt, channels=3)
    c, n = _turn(salt)
    return Slopes(value, c * dx + n * dz, c * dz - n * dx)


def fine(x: Tensor, z: Tensor, footprint: Tensor, salt: float = 0.0) -> Slopes:
    """Detail at the size of a pixel, `footprint` metres: read at the two levels next to it, and blended."""
    level = torch.log2(footprint * 2.2 * 128)
    low = level.floor()
    t = level - low
    k = torch.exp2(-low)
    angle = 2.4 * torch.remainder(low, 8.0) + salt
    c, n = angle.cos(), angle.sin()
    a = lookup(tiles(x.device).fine, (c * x - n * z) * k, (n * x + c * z) * k)
    angle = angle + 2.4
    c2, n2 = angle.cos(), angle.sin()
    b = lookup(tiles(x.device).fine, (c2 * x - n2 * z) * k * 0.5, (n2 * x + c2 * z) * k * 0.5)
    keep = torch.rsqrt((1 - t) ** 2 + t**2)  # the deviation, which blending would lower
    wa, wb = (1 - t) * keep, t * keep
    return Slopes(
        wa * a[0] + wb * b[0],
        wa * (c * a[1] + n * a[2]) + wb * (c2 * b[1] + n2 * b[2]),
        wa * (c * a[2] - n * a[1]) + wb * (c2 * b[2] - n2 * b[1]),
    )


def lookup(tile: Tensor, x: Tensor, z: Tensor, channels: int = 3) -> tuple[Tensor, ...]:
    """Reads a periodic tile at x, z, in periods; gives `channels` tensors shaped like x."""
    grid = torch.view_as_real(torch.complex(x, z))
    grid.sub_(grid.floor()).mul_(2).sub_(1)  # in place: most of a picture's time is spent here
    read = F.grid_sample(tile[:, :channels], grid.reshape(1, 1, -1, 2), align_corners=True)
    return read.reshape(channels, *x.shape).unbind(0)


def hashed(*whole: Tensor) -> Tensor:
    """A random number, 0..1, for every tuple of whole numbers."""
    primes = (7919, 104729, 1299709, 15485863)
    key = torch.zeros((), dtype=torch.long, device=whole[0].device)
    for number, prime in sorted(zip(whole, primes, strict=False), key=lambda pair: pair[0].numel()):
        key = key + number * prime  # the large tensors last
    index = (key >> 7).bitwise_xor_(key).bitwise_and_(65535)
    return tiles(key.device).numbers.index_select(0, index.flatten()).view(index.shape)


def mix(a: Tensor | float, b: Tensor | float, t: Tensor | float) -> Tensor:
    """`a` where t is 0, `b` where it is 1; one of the three is a tensor."""
    mixed: Tensor = a + (b - a) * t  # type: ignore[assignment]  # three floats are never given
    return mixed


def ramp(v: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
    """From 0 at `low` to 1 at `high`, smoothly."""
    t = ((v - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def spread(v: Tensor, like: Tensor) -> Tensor:
    """A number for each picture (batch,), shaped to meet `like` (batch, ...)."""
    return v.reshape(-1, *[1] * (like.dim() - 1))


def plane(v: Tensor) -> Tensor:
    """A number for each picture (batch,), shaped to meet (batch, column, row)."""
    return v[:, None, None]


def colour(v: Tensor) -> Tensor:
    """A colour for each picture (batch, 3), shaped to meet (batch, 3, column, row)."""
    return v[:, :, None, None]


def constant(values: tuple[float, float, float], like: Tensor) -> Tensor:
    """One colour for all pictures: (1, 3, 1, 1), where `like` is."""
    return torch.tensor(values, device=like.device)[None, :, None, None]


def pick(field: Tensor, index: Tensor) -> Tensor:
    """Values of a (batch, column, slice) field at slice `index` (batch, column, row)."""
    return field.gather(2, index)


def _turn(salt: float) -> tuple[float, float]:
    """Every salt reads the tile at an angle of its own."""
    angle = 1.7 * salt + 0.4
    return math.cos(angle), math.sin(angle)


def _octave(
    s: Scene, x: Tensor, z: Tensor, wavelength: Tensor | float, salt: float, channels: int
) -> tuple[Tensor, ...]:
    c, n = _turn(salt)
    k = 1 / (CELLS * wavelength)
    aside, ahead = spread(s.offset[:, 0], x) + 0.371 * salt, spread(s.offset[:, 1], x) + 0.793 * salt
    u = x * (c * k) + aside - z * (n * k)  # not by addcmul, which rounds the ends of a row in its own way
    v = x * (n * k) + ahead + z * (c * k)
    return lookup(tiles(x.device).smooth, u, v, channels)


def _gradient_noise(cells: int, size: int, generator: torch.Generator) -> Tensor:
    """(size, size), periodic; about -1.6..1.6."""
    angle = torch.rand(cells, cells, generator=generator) * 2 * math.pi
    at = torch.arange(size) / size * cells
    i, t = at.floor().long() % cells, at - at.floor()
    fade = t**3 * (t * (t * 6 - 15) + 10)
    total = torch.zeros(size, size)
    for a in (0, 1):
        for b in (0, 1):
            w = angle[((i + a) % cells)[:, None], ((i + b) % cells)[None]]
            dot = w.sin() * (t - a)[:, None] + w.cos() * (t - b)[None]
            total = total + dot * (fade if a else 1 - fade)[:, None] * (fade if b else 1 - fade)[None]
    return total / 0.35


def _with_slopes(v: Tensor, cells: int) -> Tensor:
    k = v.shape[0] / cells / 2
    return torch.stack([v, (v.roll(-1, 1) - v.roll(1, 1)) * k, (v.roll(-1, 0) - v.roll(1, 0)) * k])


def _wrapped(tile: Tensor) -> Tensor:
    """With its first row and column once more at the end, so that reading between texels needs no edge."""
    return F.pad(tile[None], (0, 1, 0, 1), mode="circular")
