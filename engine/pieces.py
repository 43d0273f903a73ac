"""Large latents in overlapping pieces: each as large as a network was trained on, blended without seams.

The pieces of one noisy latent are estimated one after another and their estimates blended at every step of a
solver, as in MultiDiffusion (Bar-Tal et al., 2023): the noise is that of the whole, so it agrees where pieces
meet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Piece(NamedTuple):
    """Rows and columns of a latent, ends not included."""

    top: int
    bottom: int
    left: int
    right: int

    def of(self, x: Tensor) -> Tensor:
        return x[..., self.top : self.bottom, self.left : self.right]


def stretches(length: int, most: int, overlap: int, multiple: int) -> list[tuple[int, int]]:
    """Covers 0..length with as few equal stretches as fit: multiples of `multiple`, at most `most` long, each
    sharing at least `overlap` with the next. `length` and `most` are multiples too.
    """
    count = 1 if length <= most else -(-(length - overlap) // (most - overlap))
    each = -(-(length + (count - 1) * overlap) // (count * multiple)) * multiple
    last = length - each
    starts = [round(i * last / max(count - 1, 1)) for i in range(count)]
    return [(start, start + each) for start in starts]


def in_pieces(
    estimate: Callable[[Tensor, Piece], Tensor], x: Tensor, most: int, overlap: int, multiple: int
) -> Tensor:
    """`estimate` of each piece of `x` (n, c, h, w), blended over the overlaps."""
    height, width = x.shape[2:]
    pieces = [
        Piece(top, bottom, left, right)
        for top, bottom in stretches(height, most, overlap, multiple)
        for left, right in stretches(width, most, overlap, multiple)
    ]
    if len(pieces) == 1:
        return estimate(x, pieces[0])
    total, weights = torch.zeros_like(x), x.new_zeros(height, width)
    for piece in pieces:
        down = _ramp(piece.top, piece.bottom, height, overlap, x)
        across = _ramp(piece.left, piece.right, width, overlap, x)
        weight = down[:, None] * across
        piece.of(total).add_(weight * estimate(piece.of(x), piece))
        piece.of(weights).add_(weight)
    return total / weights


def _ramp(start: int, end: int, length: int, overlap: int, like: Tensor) -> Tensor:
    """1 in the middle of a stretch, falling to 0 over `overlap` towards ends that are not the border's."""
    at = torch.arange(end - start, device=like.device, dtype=like.dtype) + 0.5
    rise = at / overlap if start else torch.ones_like(at)
    fall = (end - start - at) / overlap if end < length else torch.ones_like(at)
    return torch.minimum(rise, fall).clamp(max=1)
