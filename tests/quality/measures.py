"""How far two sets of pictures are apart, in features of a network; pure functions.

A set is a tensor (n, d), float64: n pictures, d features.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

Distance = Callable[[Tensor, Tensor], float]


def kernel_distance(a: Tensor, b: Tensor) -> float:
    """The squared maximum mean discrepancy of two sets, for the kernel (x.y / d + 1)^3, unbiased.

    Over a whole set the unbiased estimate is the mean over all of its subsets, which the usual kernel
    distance draws at random. Sets of one origin give 0 on average, so it may be negative.
    """
    within = [(_kernel(x, x).sum() - _kernel(x, x).trace()) / (len(x) * (len(x) - 1)) for x in (a, b)]
    return float(within[0] + within[1] - 2 * _kernel(a, b).mean())


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Between the Gaussians with the sets' means and covariances: |m - n|^2 + tr(S + T - 2 (S T)^(1/2))."""
    s, t = torch.cov(a.T).reshape(a.shape[1], -1), torch.cov(b.T).reshape(b.shape[1], -1)
    values, vectors = torch.linalg.eigh(s)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ t @ root).clamp(min=0).sqrt().sum()
    return float((a.mean(0) - b.mean(0)).square().sum() + s.trace() + t.trace() - 2 * cross)


class Floor(NamedTuple):
    """What a distance is between two sets of one origin, by the luck of the draw alone."""

    mean: float
    rms: float  # of an unbiased distance, the deviation


def sampling_floor(pool: Tensor, n: int, m: int, distance: Distance, splits: int = 100) -> Floor:
    """Over random splits of `pool` into two disjoint sets of n and m."""
    g = torch.Generator().manual_seed(0)
    values = []
    for _ in range(splits):
        order = torch.randperm(len(pool), generator=g)
        values.append(distance(pool[order[:n]], pool[order[n : n + m]]))
    return Floor(sum(values) / splits, math.sqrt(sum(value**2 for value in values) / splits))


class Nearest(NamedTuple):
    which: Tensor  # (n,), of the second set
    distance: Tensor  # (n,), root of the mean square over features
    lead: Tensor  # (n,): of the second nearest it is this part; 0 for a copy, about 1 where none stands out


def nearest(a: Tensor, b: Tensor) -> Nearest:
    """For each picture of `a` the one of `b` that is most like it."""
    distances = torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist") / math.sqrt(a.shape[1])
    two = distances.topk(2, largest=False)
    first, second = two.values.unbind(1)
    return Nearest(two.indices[:, 0], first, first / second)


def finest_detail(pictures: Tensor) -> float:
    """Mean square of what is lost when pictures (n, 3, h, w) are halved and enlarged again."""
    blocks = torch.nn.functional.avg_pool2d(pictures, 2)
    return float((pictures - blocks.repeat_interleave(2, 2).repeat_interleave(2, 3)).square().mean())


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    return (a @ b.T / a.shape[1] + 1) ** 3
