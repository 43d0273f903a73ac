"""What every thing is drawn in: a frame of its own, and the small shapes that things are made of.

In a frame u goes right and v up, in heights of the thing; its foot stands at 0, 0. A shape is given by how
far a point lies inside it, in the same unit, so that its edge is as soft as a pixel is wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from engine.starter.noise import Slopes, fine, lookup, tiles


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
    snow: float  # 1 where snow lies

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

    def numbers(self, which: int, *shape: int) -> Tensor:
        """More random numbers than a look has, 0..1; of another `which`, others."""
        generator = torch.Generator().manual_seed(int(self.look[which] * 1e6))
        return torch.rand(*shape, generator=generator).to(self.u.device)

    def rgb(self, values: Tensor | Sequence[float]) -> Tensor:
        """One colour everywhere: (3, column, row)."""
        everywhere = torch.ones_like(self.u)
        return torch.as_tensor(values, device=self.u.device, dtype=self.u.dtype)[:, None, None] * everywhere

    def shape(self, inside: Tensor) -> Tensor:
        """Alpha of what is `inside`."""
        return edge(inside, self.soft)


def edge(inside: Tensor, soft: float) -> Tensor:
    return (inside / soft + 0.5).clamp(0, 1)


def least(first: Tensor, *others: Tensor) -> Tensor:
    for other in others:
        first = torch.minimum(first, other)
    return first


def most(first: Tensor, *others: Tensor) -> Tensor:
    for other in others:
        first = torch.maximum(first, other)
    return first
