"""From radiance to a picture: exposure, a film's curve, grain; and contact sheets."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.starter.noise import colour, constant, hashed, mix, plane
from engine.starter.scene import Scene
from engine.starter.sky import dusk


def develop(
    s: Scene, picture: Tensor, exposure: Tensor, window: Tensor, width: int, height: int, grain: float
) -> Tensor:
    """Radiance (batch, 3, column, row) as pictures (batch, 3, height, width), sRGB, 0..1; `window` says which
    part of the view they show.
    """
    grey = picture.mean(1, keepdim=True)
    picture = mix(grey, picture, 1 + 0.15 * colour(dusk(s)[:, None])).clamp(min=0)  # a film for sunsets
    blue = grey * constant((0.62, 0.95, 1.6), picture)
    picture = mix(picture, blue, 0.4 * colour(s.night[:, None]))  # by moonlight one hardly sees hues
    warmth = torch.stack([1 + s.warmth, torch.ones_like(s.warmth), 1 - s.warmth], 1)
    v = picture.clamp(0, 60) * colour(exposure[:, None] * warmth) * 0.72
    v = ((v * (2.51 * v + 0.03)) / (v * (2.43 * v + 0.59) + 0.14)).clamp(0, 1)
    if v.shape[2:] != (width, height):
        v = F.interpolate(v, (width, height), mode="bilinear", antialias=True, align_corners=False)
    v = v.clamp(0, 1) ** (1 / 2.2)
    v = v + 0.3 * (v - F.avg_pool2d(F.pad(v, (1, 1, 1, 1), mode="replicate"), 3, 1))  # a camera sharpens
    v = (v - 0.5) * (0.92 + 0.12 * colour(s.contrast[:, None])) + 0.5
    v = v * (1 - 0.14 * _off_centre(s, window, width, height)[:, None])  # darker corners
    v = v + grain * _speckle(s, window, width, height)
    return v.clamp(0, 1).transpose(2, 3).contiguous()


def sheet(pictures: Tensor, columns: int) -> Tensor:
    """Pictures (batch, 3, h, w) side by side: (rows * h, columns * w, 3), black where there are none."""
    count, _, h, w = pictures.shape
    rows = -(-count // columns)
    laid = torch.cat([pictures, pictures.new_zeros(rows * columns - count, 3, h, w)])
    return laid.reshape(rows, columns, 3, h, w).permute(0, 3, 1, 4, 2).reshape(rows * h, columns * w, 3)


def _off_centre(s: Scene, window: Tensor, width: int, height: int) -> Tensor:
    """(batch, column, row): the square of the distance from the view's middle, 1 in its corners."""
    left, top, right, bottom = (plane(edge) for edge in window.unbind(1))
    column = (torch.arange(width, device=window.device)[None, :, None] + 0.5) / width
    row = (torch.arange(height, device=window.device)[None, None, :] + 0.5) / height
    x, y = left + (right - left) * column - 0.5, top + (bottom - top) * row - 0.5
    across, upright = plane(s.across), plane(s.upright)
    return 4 * ((x * across) ** 2 + (y * upright) ** 2) / (across**2 + upright**2)


def _speckle(s: Scene, window: Tensor, width: int, height: int) -> Tensor:
    """(batch, 3, width, height), of deviation about 1: grain, mostly grey. It hangs on the scene and on where
    a pixel is in the view, so that the same scene always has the same.
    """
    left, top, right, bottom = (edge[:, None, None, None] for edge in window.unbind(1))
    column, row = (torch.arange(side, device=window.device) for side in (width, height))
    column = (left * width / (right - left)).round().long() + column[None, None, :, None]
    row = (top * height / (bottom - top)).round().long() + row[None, None, None, :]
    layer = torch.arange(4, device=window.device)[None, :, None, None]
    seed = (s.offset[:, 0] * 1e6).long()[:, None, None, None]
    speckle = torch.erfinv(hashed(column, row, seed, layer) * 1.9998 - 0.9999) * math.sqrt(2)
    return speckle[:, :1] + 0.35 * speckle[:, 1:]
