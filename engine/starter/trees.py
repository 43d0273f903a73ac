"""Trees that stand alone: crowns of lit clumps on a forking trunk, and firs of drooping boughs."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from engine.starter.frames import Frame, Sprite, least, most
from engine.starter.noise import mix, ramp
from engine.starter.plants import Leaves, leaves

FIRS = 0.55  # a tree whose first number is less is a conifer
BARK = (0.1, 0.078, 0.058)


def conifer(frame: Frame) -> Sprite:
    """Boughs droop from a straight trunk, tier above tier; no two have one length."""
    u, v, look = frame.u, frame.v, frame.look
    leaf = _leaves(frame, 0.0055, upright=0.55)
    x, y = u + leaf.u, v + leaf.v
    side = torch.where(x > 0, 1.0, -1.0)
    tiers = 10 + 7 * look[1]
    droop = 0.5 + 0.5 * look[4]
    bare = 0.03 + 0.1 * look[5] ** 2  # trunk below the lowest bough
    wide = 0.15 + 0.1 * look[2]
    radius = wide * (1 - y).clamp(0, 1) ** 0.8 * (1 - 0.35 * ramp(y, bare + 0.16, bare)) + 0.004
    share = x.abs() / radius
    lengths = 0.52 + 0.65 * frame.numbers(3, 4, 64)
    boughs = []  # of the sides, and of those that point to the viewer, which hide the trunk
    for row, (shift, reach) in enumerate(((0.0, 1.0), (0.5, 0.62))):
        at = (y + droop * radius * share * (1.25 - 0.45 * share)) * tiers + shift + 0.12 * frame.lump
        at = at + (0.6 * side * (look[3] - 0.5) if row == 0 else 0.5 * (x * 40 * reach).sin() * 0.3)
        tier = at.floor()
        low = at - tier  # 0 at a bough's underside .. 1 where the next one lies on it
        number = (tier.long() + 8).clamp(0, 63)
        length = torch.where(side > 0, lengths[2 * row][number], lengths[2 * row + 1][number]) * reach
        inside = (length * (1 - 0.75 * (low - 0.28).abs() ** 1.3) - share) * radius
        boughs.append((inside - 0.008 * leaf.between - 0.012 * (leaf.luck - 0.4), low))
    (aside, low_aside), (ahead, low_ahead) = boughs
    front = ahead > 0.004
    inside = most(aside, ahead)
    inside = torch.where((y > bare) & (y < 0.995), inside, -torch.ones_like(u))
    tip = 0.006 * (1 - v) + 0.002 - u.abs()
    trunk = least(0.006 + 0.013 * (1 - v) - u.abs(), v + 0.01, 1 - v)
    needles = frame.shape(inside)
    low = torch.where(front, low_ahead, low_aside)
    lit = 0.35 + 0.75 * ramp(low, 0.05, 0.85)
    lit = lit * (0.72 + 0.28 * ramp(share, 0.1, 0.8)) * torch.where(front, 1.12, 0.8)
    lit = lit * (0.78 + 0.44 * leaf.luck) * (1 - 0.3 * leaf.between)
    green = frame.rgb(mix(frame.colours[0], frame.colours.new_tensor((0.036, 0.06, 0.028)), 0.6))
    albedo = green * 2.3 * lit
    laden = frame.snow * ramp(low + 0.35 * (leaf.luck - 0.5) + 0.12 * frame.lump, 0.42, 0.62)
    albedo = mix(albedo, frame.rgb((0.78, 0.81, 0.86)), laden)
    albedo = torch.where((needles > 0.3)[None], albedo, frame.rgb(BARK) * 0.7)
    up = 0.75 * low + 0.35 * (leaf.luck - 0.5)
    right = 0.9 * x / radius.clamp(min=0.02) + 0.5 * (leaf.luck * 7.0 % 1.0 - 0.5)
    normal = torch.stack([right, up + 0.1, -(1.1 - share.clamp(max=1)).clamp(min=0.1)])
    return Sprite(albedo, most(needles, frame.shape(trunk), frame.shape(least(tip, v - 0.5, 1 - v))), normal)


def broadleaf(frame: Frame) -> Sprite:
    """A crown of balls of leaves, the nearest of which is seen, with holes between, on limbs."""
    u, v, look = frame.u, frame.v, frame.look
    leaf = _leaves(frame, 0.0085)
    ragged = 0.6 * frame.noise(0.9) + 0.4 * frame.noise(1.9, turned=True)
    x, y = u + leaf.u + 0.016 * ragged, v + leaf.v + 0.016 * frame.noise(1.3, turned=True)
    fork, lean = 0.13 + 0.14 * look[1], 0.1 * (look[3] - 0.5)
    clumps = _clumps(frame, fork, lean)
    seen, room = clumps.nearest(x, y)
    inside = room + 0.012 * ragged - 0.016 * leaf.between - 0.035 * (leaf.luck - 0.4)
    crown = frame.shape(inside)
    right, above = (x - seen.across) / seen.size, (y - seen.up) / seen.size
    toward = (1 - right * right - above * above).clamp(min=0).sqrt()
    middle_x, middle_y = (x - lean) / 0.34, (y - 0.6) / 0.36
    lit = 0.35 + 0.65 * ramp(above + 0.5 * ragged, -1.0, 0.4)  # a clump is dark below, as is the crown
    lit = lit * (0.55 + 0.45 * ramp(seen.ahead + 0.05 * ragged, -0.2, 0.1))
    lit = lit * (0.55 + 0.45 * ramp(middle_y + 0.4 * middle_x.abs(), -1.0, 0.2)) * (1 - 0.45 * leaf.between)
    tint = frame.rgb(mix(frame.colours[0], frame.colours[1], look[4]))
    tint = mix(tint, frame.rgb(frame.colours[1]), 0.35 * leaf.luck) * (0.8 + 0.4 * seen.luck)
    wood = _limbs(frame, fork, lean, clumps)
    leafy = (crown > 0.4)[None]
    bark = frame.rgb(BARK) * (0.8 + 0.25 * frame.fuzz.value)
    albedo = torch.where(leafy, tint * (3.0 * lit * (0.65 + 0.7 * leaf.luck)), bark)
    turn = leaf.luck * 50
    round_trunk = torch.stack([u * 30, 0 * u, -torch.ones_like(u)])
    to_right = 0.8 * right + 0.6 * middle_x + 0.5 * turn.cos()
    to_top = 0.8 * above + 0.6 * middle_y + 0.3 + 0.5 * turn.sin()
    normal = torch.where(leafy, torch.stack([to_right, to_top, -toward - 0.25]), round_trunk)
    return Sprite(albedo, most(crown, frame.shape(wood)), normal)


class _Clumps(NamedTuple):
    """Balls of leaves, or the one that is seen at each point."""

    across: Tensor
    up: Tensor
    ahead: Tensor  # towards the viewer
    size: Tensor  # radius
    luck: Tensor

    def nearest(self, x: Tensor, y: Tensor) -> tuple[_Clumps, Tensor]:
        """The ball that is seen at each point, and how far the point lies inside any."""
        across, up, ahead, size, _ = (field[:, None, None] for field in self)
        off = (x - across) ** 2 + (y - up) ** 2
        room = size - off.sqrt()
        surface = ahead + (size * size - off).clamp(min=0).sqrt()
        which = torch.where(room > 0, surface, room - 9.0).argmax(0)
        return _Clumps(*(field[which] for field in self)), room.amax(0)


def _clumps(frame: Frame, fork: float, lean: float) -> _Clumps:
    count = 24 + int(14 * frame.look[2])
    a, b, c, d, luck = frame.numbers(5, 5, count)
    step = torch.arange(count, device=a.device) + 0.5
    angle, far = 2.4 * step + 1.2 * a, (step / count).sqrt() * (0.78 + 0.34 * b)
    size = 0.06 + 0.065 * d * d
    low = fork + 0.03
    tall = (0.985 - low) / 2
    up = low + tall + (tall - size) * (far * angle.sin()).clamp(-1, 1)
    wide = (0.22 + 0.17 * frame.look[5]) * (1.15 - 0.5 * ramp(up, 0.55, 1.0))
    return _Clumps(lean + wide * far * angle.cos(), up, 0.24 * (c * 2 - 1) * (1.1 - far), size, luck)


def _limbs(frame: Frame, fork: float, lean: float, clumps: _Clumps) -> Tensor:
    """How far a point lies inside the trunk and the limbs that carry some of the clumps."""
    u, v = frame.u + 0.007 * frame.lump, frame.v
    flare = 0.03 * torch.exp(-26 * v.clamp(min=0))
    trunk = least(0.025 - 0.017 * v + flare - (u - lean * v / fork).abs(), v + 0.02, fork + 0.02 - v)
    end_x, end_y = clumps.across[:9, None, None] - lean, clumps.up[:9, None, None] - fork
    part = ((u - lean) * end_x + (v - fork) * end_y) / (end_x**2 + end_y**2)
    part = part.clamp(0, 1)
    off = ((u - lean - part * end_x) ** 2 + (v - fork - part * end_y) ** 2).sqrt()
    return most(trunk, (0.017 - 0.0135 * part - off).amax(0))


def _leaves(frame: Frame, size: float, upright: float = 1.0) -> Leaves:
    """Leaves `size` heights long, longer where pixels are coarse."""
    size = max(size, 1.5 * frame.soft)
    a, b = 224 * frame.look[2] * size, 224 * frame.look[3] * size
    return leaves(frame.u + a, frame.v + b, size, size / upright)
