"""A model without weights, for tests: every pixel is N(0, 0.5^2) on its own, and its denoiser is known."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engine.economy import Economy
from engine.levels import Level, Schedule, vp_continuous
from engine.models import Clock, interruptible
from engine.pieces import Wanted
from engine.sampling import Denoise
from engine.types import EditRequest, Mask, ModelFacts, Rgb

VARIANCE = 0.25


class Posterior(nn.Module):
    """E[x_0 | x_t] as a network: one 1 x 1 convolution, so that stopping works as in real ones."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Conv2d(3, 3, 1, groups=3, bias=False)

    def forward(self, y: Tensor, variance: float) -> Tensor:
        self.gain.weight.fill_(VARIANCE / (VARIANCE + variance))
        out: Tensor = self.gain(y)
        return out


class Toy:
    """See `engine.models.Model`."""

    schedule = staticmethod(vp_continuous())
    method = "second order"
    least = 0.03
    extra_noise = extra_noise_of_ground = 0.0
    multiple = 1
    farthest = 0.0

    def __init__(self) -> None:
        self.network = Posterior().requires_grad_(False)
        self.facts = ModelFacts("toy", "cpu", "float32", 0.0, takes_words=False)
        self.clock = Clock()

    def sizes(self, width: int, height: int) -> list[tuple[int, int]]:
        return [(width, height)]

    def schedule_at(self, size: tuple[int, int]) -> Schedule:
        return self.schedule

    def encode(self, picture: Rgb) -> Tensor:
        return torch.tensor(picture).permute(2, 0, 1)[None].float() / 127.5 - 1

    def decode(self, latent: Tensor) -> Rgb:
        pixels = ((latent[0] + 1) * 127.5).round().clamp(0, 255).byte()
        return np.ascontiguousarray(pixels.permute(1, 2, 0).numpy())

    sketch = decode

    def free(self, mask: Mask) -> Tensor:
        return torch.tensor(mask)[None, None]

    def denoiser(self, request: EditRequest, wanted: Wanted | None = None) -> Denoise:
        def denoise(x: Tensor, level: Level) -> Tensor:
            with self.clock.network(x[0, 0].numel()):
                out: Tensor = self.network(x / level.alpha, level.ratio**2)
                return out

        return denoise

    def save(self, economy: Economy) -> None:
        """It needs next to none."""

    def interrupted_by(self, stop: Callable[[], bool]) -> AbstractContextManager[None]:
        return interruptible(self.network, stop)


def load(folder: Path, device: str) -> Toy:
    return Toy()
