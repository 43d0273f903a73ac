"""Diffusion on pixels, without an autoencoder: the starter model. Its latent is the picture, in -1..1."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.area import working_sizes
from engine.economy import Economy, ask_apart
from engine.levels import Level, Schedule, vp_continuous
from engine.models import Clock, fast_dtype, interruptible
from engine.pieces import Piece, Wanted, in_pieces
from engine.sampling import Denoise
from engine.starter.network import LARGEST_SCALE, MULTIPLE, NATIVE, WORDS, StarterNetwork
from engine.starter.words import WORDS as VOCABULARY
from engine.types import WHOLE, EditRequest, EngineError, Mask, ModelFacts, Rgb, Window

MOST_RATIO = 1000.0  # the level at which the network is asked where nothing of the picture is left
PIECE, OVERLAP = 640, 96  # pixels: what is longer is estimated in pieces


class PixelDiffusion:
    """See `engine.models.Model`."""

    schedule = staticmethod(vp_continuous())
    method = "second order"
    least = 0.06
    extra_noise = 0.18
    extra_noise_of_ground = -0.15  # docs/evidence.md, section 3
    away_from_wiener = 1.05  # guidance; 1 is none
    multiple = MULTIPLE
    farthest = 3072.0  # docs/decisions/masks.md

    def __init__(self, network: StarterNetwork, name: str, device: str, load_started: float) -> None:
        dtype = fast_dtype(device)
        self.device = torch.device(device)
        network.patches = network.patches.to(self.device)
        network.to(self.device, dtype).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network = network.eval().requires_grad_(False)
        self.clock, self.piece = Clock(), PIECE
        blank = torch.zeros(1, 3, NATIVE, NATIVE, device=self.device)
        self._estimate(blank, 1.0, WHOLE, self._told(""))  # the first call is slow: it belongs to loading
        self.clock = Clock()
        seconds = time.perf_counter() - load_started
        precision = str(dtype).removeprefix("torch.")
        self.facts = ModelFacts(name, device, precision, seconds, VOCABULARY, takes_words=True)

    def sizes(self, width: int, height: int) -> list[tuple[int, int]]:
        """The picture's own size, or the largest it was trained on, and halves of that down to the native."""
        return working_sizes(width, height, NATIVE, LARGEST_SCALE, 2 * MULTIPLE)

    def schedule_at(self, size: tuple[int, int]) -> Schedule:
        return self.schedule

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

    def denoiser(self, request: EditRequest, wanted: Wanted | None = None) -> Denoise:
        words = self._told(request.prompt, request.negative_prompt)
        guided = len(words) > 1
        finest = self.sizes(request.image.shape[1], request.image.shape[0])[-1]

        def denoise(x: Tensor, level: Level) -> Tensor:
            with torch.no_grad(), self.clock.network(x[0, 0].numel(), len(words)):
                ratio = min(level.ratio, MOST_RATIO)
                y = x / max(level.alpha, level.sigma / MOST_RATIO)
                height, width = y.shape[2:]
                window = _widened(request.window, max(width, finest[0]), max(height, finest[1]))

                def estimate(part: Tensor, piece: Piece) -> Tensor:
                    place = _within(window, piece, width, height)
                    said = self._estimate(part, ratio, place, words)
                    return said[:1].lerp(said[1:], request.guidance) if guided else said

                return in_pieces(estimate, y, self.piece, OVERLAP, MULTIPLE, wanted)

        return denoise

    def save(self, economy: Economy) -> None:
        ask_apart(self.network, economy.apart)
        self.piece = int(economy.piece * PIECE)

    def interrupted_by(self, stop: Callable[[], bool]) -> AbstractContextManager[None]:
        return interruptible(self.network.unet, stop)

    def _told(self, prompt: str, negative: str = "") -> Tensor:
        """(1, 40) where both say the same; else (2, 40): what to lead away from, and what to lead to."""
        said = [
            [word for word in re.split(r"[\s,;]+", text.lower()) if word]
            for text in dict.fromkeys((negative, prompt))
        ]
        unknown = [word for word in chain(*said) if word not in VOCABULARY]
        if unknown:
            known = ", ".join(VOCABULARY)
            raise EngineError(f"The starter model does not know '{unknown[0]}'; its words are {known}.")
        words = torch.zeros(len(said), WORDS, device=self.device)
        for row, text in zip(words, said, strict=True):
            row[[VOCABULARY.index(word) for word in text]] = 1
        return words

    def _estimate(self, y: Tensor, ratio: float, window: Window, words: Tensor) -> Tensor:
        n = len(words)
        tokens = self.network.patches.encode(y).expand(n, -1, -1, -1)
        sigma = torch.full((n,), ratio, device=self.device)
        windows = torch.tensor(window, device=self.device).expand(n, 4)
        said = self.network(tokens, sigma, windows, words, self.away_from_wiener)
        return self.network.patches.decode(said)


def _widened(window: Window, width: int, height: int) -> Window:
    """The window of a picture of that size, or, where its pixels are finer than any the network has seen, one
    about it that is as wide as in the finest that it has.
    """
    left, top, right, bottom = window
    scale = math.sqrt(width / (right - left) * height / (bottom - top)) / NATIVE
    grow = max(1.0, scale / LARGEST_SCALE)
    across, down = (min(1.0, length * grow) for length in (right - left, bottom - top))
    left = min(max((left + right - across) / 2, 0.0), 1 - across)
    top = min(max((top + bottom - down) / 2, 0.0), 1 - down)
    return left, top, left + across, top + down


def _within(window: Window, piece: Piece, width: int, height: int) -> Window:
    """The window of a piece of a picture of that size, which itself shows `window`."""
    left, top, right, bottom = window
    across, down = (right - left) / width, (bottom - top) / height
    return (
        left + piece.left * across,
        top + piece.top * down,
        left + piece.right * across,
        top + piece.bottom * down,
    )


def load(folder: Path, device: str) -> PixelDiffusion:
    started = time.perf_counter()
    return PixelDiffusion(StarterNetwork.load(folder), folder.name, device, started)
