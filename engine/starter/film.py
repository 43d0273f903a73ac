"""From radiance to a picture: exposure, a film's curve, grain; and contact sheets."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.starter.noise import colour
from engine.starter.scene import Scene


def develop(s: Scene, picture: Tensor, exposure: Tensor, size: int, grain: float) -> Tensor:
    """Radiance (batch, 3, column, row) as pictures (batch, 3, size, size) by row and column, sRGB, 0..1."""
    warmth = torch.stack([1 + s.warmth, torch.ones_like(s.warmth), 1 - s.warmth], 1)
    v = picture.clamp(0, 60) * colour(exposure[:, None] * warmth) * 0.72
    v = ((v * (2.51 * v + 0.03)) / (v * (2.43 * v + 0.59) + 0.14)).clamp(0, 1)
    if v.shape[-1] != size:
        v = F.interpolate(v, (size, size), mode="bilinear", antialias=True, align_corners=False)
    v = v.clamp(0, 1) ** (1 / 2.2)
    v = v + 0.3 * (v - F.avg_pool2d(F.pad(v, (1, 1, 1, 1), mode="replicate"), 3, 1))  # a camera sharpens
    v = (v - 0.5) * (0.92 + 0.12 * colour(s.contrast[:, None])) + 0.5
    a = (torch.arange(size, device=v.device) + 0.5) / size * 2 - 1
    v = v * (1 - 0.07 * (a[:, None] ** 2 + a[None] ** 2))  # darker corners
    v = v + grain * _speckle(s, size)
    return v.clamp(0, 1).transpose(2, 3).contiguous()


def sheet(pictures: Tensor, columns: int) -> Tensor:
    """Pictures (batch, 3, h, w) side by side: (rows * h, columns * w, 3), black where there are none."""
    count, _, h, w = pictures.shape
    rows = -(-count // columns)
    laid = torch.cat([pictures, pictures.new_zeros(rows * columns - count, 3, h, w)])
    return laid.reshape(rows, columns, 3, h, w).permute(0, 3, 1, 4, 2).reshape(rows * h, columns * w, 3)


def _speckle(s: Scene, size: int) -> Tensor:
    """(batch, 3, size, size): grain, mostly grey, the same whenever the same scene is drawn."""
    seeds = (s.offset[:, 0] * 1e6).long().tolist()
    speckle = torch.stack(
        [torch.randn(4, size, size, generator=torch.Generator().manual_seed(i)) for i in seeds]
    )
    return (speckle[:, :1] + 0.35 * speckle[:, 1:]).to(s.eye.device)
