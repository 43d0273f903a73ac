"""Things in frames of their own: balloon, boat, conifer, broadleaf tree, boulder, hut, birds.

In a frame u goes right and v up, in heights of the thing; its foot stands at 0, 0. A shape is given by how
far a point lies inside it, in the same unit, so that its edge is as soft as a pixel is wide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from engine.starter.noise import Slopes, fine, lookup, mix, ramp, tiles


class Sprite(NamedTuple):
    """What a thing looks like before light falls on it."""

    albedo: Tensor  # (3, column, row), linear
    alpha: Tensor  # (column, row), 0..1
    normal: Tensor  # (3, column, row), of any length


@dataclass(frozen=True)
class Frame:
    """Where to draw a thing, and what is random about it."""

    u: Tensor  # (column, row)
    v: Tensor  # (column, row)
    soft: float  # width of a pixel
    look: list[float]  # six numbers, 0..1
    colours: Tensor  # (3, 3): leaf, other leaf and rock of the scene

    @cached_property
    def fuzz(self) -> Slopes:
        """Detail of a pixel's size."""
        a, b = self.look[0] * 5, self.look[1] * 5
        return fine(self.u * 9 + a, self.v * 9 + b, torch.full_like(self.u, self.soft * 9))

    @cached_property
    def lump(self) -> Tensor:
        """Unevenness of a third of the thing's size."""
        return self.noise(0.28) + 0.6 * self.noise(0.7, turned=True)

    def noise(self, frequency: float, turned: bool = False) -> Tensor:
        a, b = (self.look[3], self.look[2]) if turned else (self.look[2], self.look[3])
        return lookup(tiles(self.u.device).smooth, self.u * frequency + a, self.v * frequency + b)[0]

    def rgb(self, values: Tensor | Sequence[float]) -> Tensor:
        """One colour everywhere: (3, column, row)."""
        everywhere = torch.ones_like(self.u)
        return torch.as_tensor(values, device=self.u.device, dtype=self.u.dtype)[:, None, None] * everywhere

    def shape(self, inside: Tensor) -> Tensor:
        """Alpha of what is `inside`."""
        return _edge(inside, self.soft)


def sprite(name: str, frame: Frame) -> Sprite:
    """The thing of that name; a tree is a conifer or not by its first number."""
    if name == "tree":
        return _conifer(frame) if frame.look[0] < 0.55 else _broadleaf(frame)
    return {"balloon": _balloon, "boat": _boat, "boulder": _boulder, "hut": _hut, "birds": _birds}[name](
        frame
    )


def _edge(inside: Tensor, soft: float) -> Tensor:
    return (inside / soft + 0.5).clamp(0, 1)


def _least(first: Tensor, *others: Tensor) -> Tensor:
    for other in others:
        first = torch.minimum(first, other)
    return first


def _most(first: Tensor, *others: Tensor) -> Tensor:
    for other in others:
        first = torch.maximum(first, other)
    return first


def _numbers(seed: float) -> torch.Generator:
    """More random numbers than a look has."""
    return torch.Generator().manual_seed(int(seed * 1e6))


def _balloon(frame: Frame) -> Sprite:
    u, v, look, rgb = frame.u, frame.v, frame.look, frame.rgb
    w, h = u / 0.36, (v - 0.64) / 0.36  # of the envelope: a ball above, drawn in below
    neck = torch.where(h < 0, 1 + 0.48 * h.clamp(min=-1.35), torch.ones_like(u))
    a = w / neck.clamp(min=0.2)
    radius = torch.where(h < 0, (a * a + (h / 1.3) ** 2).sqrt(), (w * w + h * h).sqrt())
    envelope = frame.shape((1 - radius) * 0.36)
    gore = torch.asin(a.clamp(-0.999, 0.999)) / math.pi * 8 + look[0]
    first, second, third = (
        rgb(torch.rand(3, generator=_numbers(look[k])).pow(1.6) * 0.6 + 0.03) for k in (1, 2, 3)
    )
    stripe = ((gore.floor() % 2) == 0).float()
    band = ((h - (look[4] - 0.5)).abs() < 0.16).float() * (look[5] > 0.5)
    seam = ((gore - gore.floor() - 0.5).abs() > 0.44).float()
    albedo = mix(mix(first, second, stripe), third, band) * (1 - 0.25 * seam)
    basket = frame.shape(_least(0.045 - u.abs(), v, 0.075 - v))
    ropes = frame.shape(0.006 - (u.abs() - 0.03 - 0.12 * (v - 0.08)).abs()) * ((v > 0.07) & (v < 0.2))
    albedo = torch.where((ropes > envelope)[None], rgb((0.05, 0.05, 0.05)), albedo)
    albedo = torch.where((basket > envelope)[None], rgb((0.16, 0.09, 0.04)), albedo)
    normal = torch.stack([a, h + 0.1, -(1 - a * a).clamp(min=0.02).sqrt()])
    return Sprite(albedo, _most(envelope, basket, ropes * 0.8), normal)


def _boat(frame: Frame) -> Sprite:
    u, v, look, rgb = frame.u, frame.v, frame.look, frame.rgb
    deck = 0.13 + 0.12 * (u / 0.36) ** 2
    hull = frame.shape(_least(v, deck - v, 0.36 - u.abs() - 0.25 * (deck - v)))
    mast = frame.shape(_least(0.007 - (u - 0.02).abs(), v - 0.1, 1 - v))
    belly = 0.35 * ((v - 0.2) * (0.97 - v)).clamp(min=0) * -0.6
    main = frame.shape(_least(u - 0.04, v - 0.21, 0.97 - v - 2.35 * (u - 0.04) - belly) * 0.5)
    jib = frame.shape(_least(0.01 - u, v - 0.2, 0.86 - v + 2.25 * (u - 0.01)) * 0.5)
    paint = torch.tensor(look[:3]).pow(2) * 0.5 + 0.02 if look[3] >= 0.6 else torch.tensor([0.7, 0.7, 0.68])
    cloth = rgb((0.82, 0.8, 0.75)) if look[4] < 0.8 else rgb((0.55, 0.12, 0.06))
    seams = 1 - 0.12 * (torch.remainder(v * 9, 1.0) < 0.1).float()
    sails = _most(main, jib)
    albedo = torch.where((hull > sails)[None], rgb(paint) * (1 - 0.6 * (v < 0.03).float()), cloth * seams)
    albedo = torch.where((mast > _most(hull, sails))[None], rgb((0.12, 0.09, 0.06)), albedo)
    one = torch.ones_like(u)
    return Sprite(albedo, _most(hull, mast, sails), torch.stack([0.55 * one + u, 0.2 * one, -one]))


def _conifer(frame: Frame) -> Sprite:
    u, v, fuzz, lump = frame.u, frame.v, frame.fuzz, frame.lump
    radius = 0.2 * (1 - v).clamp(min=0) ** 0.85 + 0.006
    tiers = 9 + 6 * frame.look[1]
    saw = torch.remainder(v * tiers + 0.35 * u.abs() / 0.2 + 0.5 * lump, 1.0)
    needles = radius * (1.05 - 0.62 * saw) * (1 + 0.35 * lump) - u.abs() - 0.012 * fuzz.value
    alpha = frame.shape(torch.where(v < 0.03, 0.012 - u.abs(), needles)) * (v < 1) * (v > 0)
    gaps = (saw > 0.8) & (u.abs() > radius * 0.35) & (fuzz.value > -0.3)
    light = ((1.15 - 0.75 * saw) * (1 + 0.4 * fuzz.value)).clamp(0.15, 2.2)
    leaf = frame.colours[0]
    albedo = frame.rgb(mix(leaf, leaf.new_tensor((0.033, 0.052, 0.022)), 0.6)) * light
    up = 0.5 - saw * 0.5 + 0.5 * fuzz.z
    normal = torch.stack([u / radius.clamp(min=0.02) + 0.5 * fuzz.x, up, torch.full_like(u, -0.7)])
    return Sprite(albedo, alpha * (1 - 0.75 * gaps.float()), normal)


def _broadleaf(frame: Frame) -> Sprite:
    u, v, look, lump, rgb = frame.u, frame.v, frame.look, frame.lump, frame.rgb
    fuzz, twig = frame.fuzz, frame.noise(1.9)
    round_ = ((u / (0.34 + 0.1 * look[5])) ** 2 + ((v - 0.62) / 0.37) ** 2).sqrt()
    crown = 1 - round_ + 0.17 * lump + 0.1 * twig + 0.055 * fuzz.value
    holes = (0.6 * lump + 0.7 * twig + 0.4 * fuzz.value < -1.1) & (crown < 0.6)
    leaf = frame.shape(crown * 0.35 - 0.004) * (1 - 0.9 * holes.float())
    wide = 0.022 + 0.022 * torch.exp(-30 * v.clamp(min=0)) + 0.012 * (0.3 - v).clamp(min=0)
    trunk = frame.shape(_least(wide - (u + 0.02 * lump - 0.01).abs(), _least(v + 0.01, 0.6 - v)))
    fork = 0.012 - (u.abs() * 0.8 - (v - 0.3)).abs() * 0.7
    branch = frame.shape(_least(fork, v - 0.28, 0.6 - v))
    light = (1.15 + 0.35 * fuzz.value + 0.3 * twig + 0.25 * lump).clamp(0.3, 2.2)
    bark = rgb((0.07, 0.05, 0.035)) * (1 + 0.3 * fuzz.value)
    tint = mix(frame.colours[0], frame.colours[1], look[4]) * 1.1
    albedo = torch.where((leaf > 0.4)[None], rgb(tint) * light, bark)
    right = u / 0.4 + 0.4 * fuzz.x + 0.4 * lump + 0.4 * twig
    up = (v - 0.5) / 0.35 + 0.4 * fuzz.z + 0.4 * lump
    return Sprite(albedo, _most(leaf, trunk, branch), torch.stack([right, up, torch.full_like(u, -0.6)]))


def _boulder(frame: Frame) -> Sprite:
    """A convex block, cut by 16 planes: the nearest of them is the face that is seen."""
    u, v, look, rgb, fuzz = frame.u, frame.v, frame.look, frame.rgb, frame.fuzz
    uneven = frame.noise(0.07)
    a = u / (0.75 + 0.35 * look[1]) + 0.05 * uneven + 0.006 * fuzz.value
    h = (v - 0.16) * 0.68 + 0.05 * uneven + 0.006 * fuzz.value
    depth, inside, normal = torch.full_like(u, 9.0), torch.full_like(u, 9.0), rgb((0.0, 0.0, -1.0))
    numbers = _numbers(look[0])
    for _ in range(16):
        turn, lean, far = (torch.rand(3, generator=numbers) * torch.tensor([6.283, 1.45, 0.16])).tolist()
        right, up = math.cos(turn) * math.sin(lean + 0.1), math.sin(turn) * math.sin(lean + 0.1)
        back = math.cos(lean + 0.1) + 0.02
        room = 0.42 + far - right * a - up * h
        inside = torch.minimum(inside, room)
        closer = room / back < depth
        depth = torch.where(closer, room / back, depth)
        normal = torch.where(closer[None], rgb((right, up, -back)), normal)
    alpha = frame.shape(inside * 0.8) * _edge(v + 0.03 - 0.03 * fuzz.value, 0.03)
    grey = frame.colours.new_tensor((0.27, 0.25, 0.225))
    stone = rgb(mix(grey, frame.colours[2], 0.5) * (0.75 + 0.5 * look[4]))
    stone = stone * (1 + 0.16 * fuzz.value + 0.12 * uneven).clamp(0.3, 2)
    moss = ramp(uneven + 0.35 * fuzz.value + 1.2 * normal[1], 0.9, 1.7) * look[5]
    albedo = mix(stone, rgb((0.1, 0.11, 0.045)), moss) * (0.4 + 0.6 * ramp(v, -0.05, 0.25))
    return Sprite(albedo, alpha, normal + 0.22 * torch.stack([fuzz.x, fuzz.z, torch.zeros_like(u)]))


WALLS = ((0.4, 0.36, 0.3), (0.17, 0.105, 0.065), (0.48, 0.47, 0.44), (0.2, 0.06, 0.04))
ROOFS = ((0.22, 0.08, 0.05), (0.08, 0.08, 0.09), (0.15, 0.1, 0.06))


def _hut(frame: Frame) -> Sprite:
    """Its long side to the left of a corner, its gable to the right."""
    u, v, look, rgb, fuzz = frame.u, frame.v, frame.look, frame.rgb, frame.fuzz
    corner, eave, ridge = 0.16 + 0.1 * look[0], 0.52, 1.0
    middle = corner + 0.24  # of the gable
    front = frame.shape(_least(_least(u + 0.62, corner - u), _least(v + 0.04, eave - v)))
    top = eave + (ridge - eave) * (1 - (u - middle).abs() / 0.24)
    gable = frame.shape(_least(_least(u - corner, corner + 0.48 - u), _least(v + 0.04, top - v)))
    lean = (v - eave) / (ridge - eave)
    width = _least(u + 0.68 - 0.22 * lean, corner + 0.03 + 0.24 * lean - u)
    roof = frame.shape(_least(_least(lean + 0.06, 1 - lean) * 0.4, width))
    boards = 1 - 0.18 * (torch.remainder(v * 16, 1.0) < 0.16).float()
    albedo = rgb(WALLS[int(look[1] * 3.999)]) * boards * (1 + 0.08 * fuzz.value)
    panes = (((u + 0.42).abs() < 0.055) | ((u + 0.08).abs() < 0.055)) & ((v - 0.3).abs() < 0.08)
    panes = panes | ((u - middle).abs() < 0.05) & ((v - 0.34).abs() < 0.08)
    door = ((u + 0.25).abs() < 0.05) & (v < 0.32)
    albedo = torch.where(panes[None], rgb((0.02, 0.025, 0.03)), albedo)
    albedo = torch.where(door[None], rgb((0.08, 0.05, 0.03)), albedo)
    rows = 1 - 0.2 * (torch.remainder(v * 26, 1.0) < 0.2).float()
    tiled = rgb(ROOFS[int(look[2] * 2.999)]) * (1 + 0.15 * fuzz.value) * rows
    is_roof = (roof > 0.5)[None]
    walls = torch.where((u > corner)[None], rgb((1.0, 0.0, -0.35)), rgb((-0.35, 0.0, -1.0)))
    normal = torch.where(is_roof, rgb((-0.2, 1.0, -0.8)), walls)
    return Sprite(torch.where(is_roof, tiled, albedo), _most(front, gable, roof), normal)


def _birds(frame: Frame) -> Sprite:
    """A flock of three to eight, each two bent wings."""
    alpha, numbers = torch.zeros_like(frame.u), _numbers(frame.look[0])
    for _ in range(3 + int(frame.look[1] * 6)):
        x, y, flap, big = (
            (torch.rand(4, generator=numbers) - 0.5) * torch.tensor([1.8, 0.9, 1.6, 0.08])
        ).tolist()
        a, h = (frame.u - x).abs() / (0.16 + big), (frame.v - 0.5 - y) / (0.16 + big)
        off_wing = (h - a * (0.9 + flap) * (1 - 0.75 * a)).abs()
        inside = _least(0.10 * (1.1 - a) - off_wing, 1 - a) * (0.16 + big)
        alpha = _most(alpha, frame.shape(inside))
    return Sprite(frame.rgb((0.02, 0.02, 0.022)), alpha, frame.rgb((0.0, 1.0, -1.0)))
