"""The height of the ground: waves over a profile that changes with distance, terraces, dunes."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.starter.noise import mix, noise, ramp, sloped_noise, spread
from engine.starter.scene import KNOTS, Scene

OCTAVES = 11


def terrain(s: Scene, x: Tensor, z: Tensor, resolved: Tensor, cuts: list[int] | None = None) -> Tensor:
    """Metres, shaped like x and z (batch, ...). `resolved`: metres, the shortest wave to keep at each point.
    `cuts`: for every octave how many entries of the last axis need it (near ones first), or 0 to stop.
    """
    far = (x * x + z * z + 16).sqrt()
    base, swing = _profile(s, x, far)
    wave = spread(s.wave, x)
    bent = sloped_noise(s, x, z, wave * 0.8, 11)
    x = x + spread(s.warp, x) * wave * 0.3 * bent.x
    z = z + spread(s.warp, z) * wave * 0.3 * bent.z
    hills = _hills(s, x, z, resolved, cuts or [x.shape[-1]] * OCTAVES)
    # among dunes nothing else is high
    level = 1 - 0.75 * (spread(s.dune, x) > 0) * (1 - ramp(far, 2000, 6000))
    height = base + swing * (hills + 0.15) * level
    if "terrace" in s.some:
        height = _terraced(s, height, hills, resolved, far)
    if "dune" in s.some:
        height = _with_dunes(s, height, x, z, resolved, far)
    return height


def _profile(s: Scene, x: Tensor, far: Tensor) -> tuple[Tensor, Tensor]:
    """The mean height and the swing of the hills, in metres, `far` metres from the camera."""
    k = ((far / 4).log() / math.log(6)).clamp(0, KNOTS - 1.001)
    i = k.long()
    t = k - i
    t = t * t * (3 - 2 * t)

    def at(knots: Tensor) -> Tensor:
        low, high = knots.gather(1, i.flatten(1)), knots.gather(1, i.flatten(1) + 1)
        return mix(low, high, t.flatten(1)).reshape(x.shape)

    base, swing = at(s.profile), at(s.amplitude)
    aside = (x.abs() - 0.1 * far).clamp(min=0)
    sides = spread(s.valley, x) * aside * aside / (aside + 0.2 * far) * ramp(far, 30, 3000)
    base = base + 700 * torch.tanh(sides / 700) + 400 * torch.tanh(spread(s.tilt, x) * x / 400)
    return base, swing


def _hills(s: Scene, x: Tensor, z: Tensor, resolved: Tensor, cuts: list[int]) -> Tensor:
    """Octaves of noise, about -1..1: ridged, and flatter where the octaves before were steep."""
    wave, ridge, erode, gain = (spread(v, x) for v in (s.wave, s.ridge, s.erode, s.gain))
    gain = gain * (1 - 0.16 * (1 - ridge) ** 2) + 0.08 * ridge  # rolling hills are smooth, crests jagged
    erode = erode * (1 - 0.5 * ridge)
    bend = -0.15 * ridge  # of each octave by the slopes of those before: ribs and gullies run down them
    total, steep_x, steep_z = torch.zeros_like(x), torch.zeros_like(x), torch.zeros_like(x)
    for o, n in enumerate(cuts):
        if n == 0:
            break
        near = (..., slice(n))
        long = wave * 2.0**-o
        keep = (long / resolved[near] * 0.5 - 0.6).clamp(0, 1)
        bent = bend * long
        value, dx, dz = sloped_noise(
            s, x[near] + bent * steep_x[near], z[near] + bent * steep_z[near], long, o
        )
        sharp = (value * value + (0.03 + 0.3 * resolved[near] / long) ** 2).sqrt()  # no sharper than the grid
        value = mix(value, 0.75 - 1.8 * sharp, ridge * (1.0, 1.0, 0.85, 0.6, 0.45, 0.35)[min(o, 5)])
        steep_x[near] += keep * dx * 0.5  # of the plain noise: steady across crests, which else become combs
        steep_z[near] += keep * dz * 0.5
        damp = (1 if o else 1 - 0.3 * ridge) / (1 + erode * (steep_x[near] ** 2 + steep_z[near] ** 2))
        total[near] += keep * damp * value * gain**o
    return total


def _terraced(s: Scene, height: Tensor, hills: Tensor, resolved: Tensor, far: Tensor) -> Tensor:
    """Steps of 60 metres or so, and of 15: flat treads, steep risers."""
    for high, needs in ((60.0, 110.0), (15.0, 30.0)):
        step = high * (1 + 0.4 * hills)
        level = height / step
        part = level - level.floor()
        tread = 0.62 * (1 - (resolved / needs).clamp(0, 1))
        stairs = (level.floor() + ramp((part - tread) / (1 - tread), 0.0, 1.0)) * step
        height = mix(height, stairs, spread(s.terrace, height) * ramp(far, 0.4 * high, 6 * high))
    return height


def _with_dunes(s: Scene, height: Tensor, x: Tensor, z: Tensor, resolved: Tensor, far: Tensor) -> Tensor:
    """Dunes of three sizes, their crests sharp and winding, gentle to windward, steep in the lee."""
    for length, high, salt in ((640.0, 120.0, 22), (190.0, 33.0, 21), (58.0, 4.5, 23)):
        wind = 6.28 * spread(s.offset[:, 0], x) + 0.3 * (salt - 20)
        bend = 0.5 * noise(s, x, z, length * 2.2, salt) + 0.13 * noise(s, x, z, length * 0.6, salt + 7)
        phase = (x * wind.cos() + z * wind.sin()) / length + bend + 1.7 * spread(s.offset[:, 1], x)
        part = phase - phase.floor()
        windward, lee = part / 0.7, (1 - part) / 0.3
        blunt = 0.03 + 3 * resolved / length  # no sharper than the grid
        shape = 0.5 * (windward + lee - ((windward - lee) ** 2 + blunt * blunt).sqrt())
        crest = spread(s.dune, height) * high * (shape.clamp(min=0) ** 1.15 - 0.4)
        keep = (length / resolved * 0.3 - 0.8).clamp(0, 1) * ramp(far, 0.15 * length, 1.3 * length)
        uneven = (0.65 + 0.75 * noise(s, x, z, length * 1.4, salt + 3)).clamp(0, 1.15)
        height = height + crest * keep * uneven
    return height
