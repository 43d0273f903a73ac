"""Large latents in overlapping pieces: each as large as a network was trained on, blended without seams.

The pieces of one noisy latent are estimated one after another and their estimates blended at every step of a
solver, as in MultiDiffusion (Bar-Tal et al., 2023): the noise is that of the whole, so it agrees where pieces
meet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

LEAST = 1e-6  # a weight that is never reached by what counts

# where an estimate is wanted (rows, columns), for latents of that shape; of others all of it is
Wanted = Mapping[tuple[int, int], Tensor]


class Piece(NamedTuple):
    """Rows and columns of a latent, ends not included."""

    top: int
    bottom: int
    left: int
    right: int

    def of(self, x: Tensor) -> Tensor:
        return x[..., self.top : self.bottom, self.left : self.right]

    @property
    def area(self) -> int:
        return (self.bottom - self.top) * (self.right - self.left)


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
    estimate: Callable[[Tensor, Piece], Tensor],
    x: Tensor,
    most: int,
    overlap: int,
    multiple: int,
    wanted: Wanted | None = None,
) -> Tensor:
    """`estimate` of each piece of `x` (n, c, h, w), blended over the overlaps; 0 where no piece is that has
    anything of what is wanted.
    """
    height, width = x.shape[2:]
    here = (wanted or {}).get((height, width))
    whole = Piece(0, height, 0, width)
    if here is None:
        pieces = covering(whole, most, overlap, multiple)
    else:
        pieces, overlap = wanted_pieces(here, most, overlap, multiple)
    if pieces == [whole]:
        return estimate(x, whole)
    total, weights = torch.zeros_like(x), x.new_zeros(height, width)
    for piece in pieces:
        down = _ramp(piece.top, piece.bottom, height, overlap, x)
        across = _ramp(piece.left, piece.right, width, overlap, x)
        weight = down[:, None] * across
        piece.of(total).add_(weight * estimate(piece.of(x), piece))
        piece.of(weights).add_(weight)
    return total / (weights if here is None else weights.clamp(min=LEAST))


def covering(whole: Piece, most: int, overlap: int, multiple: int) -> list[Piece]:
    """Pieces that cover a part of a latent."""
    return [
        Piece(whole.top + top, whole.top + bottom, whole.left + left, whole.left + right)
        for top, bottom in stretches(whole.bottom - whole.top, most, overlap, multiple)
        for left, right in stretches(whole.right - whole.left, most, overlap, multiple)
    ]


def wanted_pieces(wanted: Tensor, most: int, overlap: int, multiple: int) -> tuple[list[Piece], int]:
    """Pieces that hold everything that is wanted (h, w), with what is round it, and what they share: as large
    as may be, or half of that in all where fewer pixels do.
    """
    choices, half = [(most, overlap)], most // 2 // multiple * multiple
    if half > overlap:
        choices.append((half, overlap // 2))
    found = []
    for size, shared in choices:
        pieces = covering(_box(wanted, shared, multiple), size, shared, multiple)
        found.append(([piece for piece in pieces if piece.of(wanted).any()], shared))
    return min(found, key=lambda choice: sum(piece.area for piece in choice[0]))


def _box(wanted: Tensor, margin: int, multiple: int) -> Piece:
    """What holds all that is wanted, with a margin, between multiples."""
    ends = []
    for axis in (1, 0):
        there, length = wanted.any(axis).nonzero(), wanted.shape[1 - axis]
        first, last = (int(there[0]), int(there[-1]) + 1) if len(there) else (0, 1)
        ends += [max(first - margin, 0) // multiple * multiple]
        ends += [min(-(-(last + margin) // multiple) * multiple, length)]
    return Piece(*ends)


def _ramp(start: int, end: int, length: int, overlap: int, like: Tensor) -> Tensor:
    """1 in the middle of a stretch, falling to 0 over `overlap` towards ends that are not the border's."""
    at = torch.arange(end - start, device=like.device, dtype=like.dtype) + 0.5
    rise = at / overlap if start else torch.ones_like(at)
    fall = (end - start - at) / overlap if end < length else torch.ones_like(at)
    return torch.minimum(rise, fall).clamp(max=1)
