"""Diffusion on pixels, without an autoencoder: the starter model. Its latent is the picture, in -1..1."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.levels import Level, vp_continuous
from engine.models import Clock, fast_dtype, interruptible
from engine.starter.network import MULTIPLE, StarterNetwork
from engine.types import Mask, ModelFacts, Rgb

NATIVE = 256  # pixels: the network was trained on 256 x 256, and works on any shape of about that area
LARGEST = 512  # up to here it works at the size of the picture: strokes keep their shape, detail is finer
MOST_RATIO = 1000.0  # the level at which the network is asked where nothing of the picture is left


class PixelDiffusion:
    """See `engine.models.Model`."""

    schedule = staticmethod(vp_continuous())
    least = 0.2  # below, the starter model leaves grain that it was given

    def __init__(self, network: StarterNetwork, name: str, device: str, load_started: float) -> None:
        dtype = fast_dtype(device)
        self.device = torch.device(device)
        network.patches = network.patches.to(self.device)
        network.to(self.device, dtype).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network = network.eval().requires_grad_(False)
        self.clock = Clock()
        blank = torch.zeros(1, 3, NATIVE, NATIVE, device=self.device)
        self.denoise(blank, self.schedule(0.5))  # the first call of all is slow: it belongs to loading
        self.clock = Clock()
        seconds = time.perf_counter() - load_started
        self.facts = ModelFacts(name, device, str(dtype).removeprefix("torch."), seconds)

    def size(self, width: int, height: int) -> tuple[int, int]:
        mean = math.sqrt(width * height)
        scale = min(max(mean, NATIVE), LARGEST) / mean
        across, down = (max(2, round(scale * side / MULTIPLE)) * MULTIPLE for side in (width, height))
        return across, down

    def encode(self, picture: Rgb) -> Tensor:
        with self.clock.autoencoder():
            pixels = torch.tensor(picture, device=self.device).permute(2, 0, 1)[None]
            return pixels.float().div_(127.5).sub_(1).contiguous()

    def decode(self, latent: Tensor) -> Rgb:
        with self.clock.autoencoder():
            pixels = latent[0].add(1).mul_(127.5).round_().clamp_(0, 255).byte()
            return np.ascontiguousarray(pixels.permute(1, 2, 0).cpu().numpy())

    sketch = decode

    def free(self, mask: Mask) -> Tensor:
        return torch.tensor(mask, device=self.device)[None, None]

    def denoise(self, x: Tensor, level: Level) -> Tensor:
        with torch.no_grad(), self.clock.network():
            ratio = min(level.ratio, MOST_RATIO)
            y = x / max(level.alpha, level.sigma / MOST_RATIO)
            sigma = torch.tensor([ratio], device=self.device)
            tokens = self.network(self.network.patches.encode(y), sigma.expand(len(y)))
            return self.network.patches.decode(tokens)

    def interrupted_by(self, stop: Callable[[], bool]) -> AbstractContextManager[None]:
        return interruptible(self.network.unet, stop)


def load(folder: Path, device: str) -> PixelDiffusion:
    started = time.perf_counter()
    return PixelDiffusion(StarterNetwork.load(folder), folder.name, device, started)
