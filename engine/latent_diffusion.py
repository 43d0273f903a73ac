"""Diffusion in an autoencoder's latents (Rombach et al., 2022): the user's own Stable Diffusion models."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from engine.area import STRETCHED, working_sizes
from engine.checkpoints import told
from engine.levels import Level, time_of, to_x0, vp_level
from engine.model_parts import Parts, load_parts
from engine.models import Clock, fast_dtype, interruptible
from engine.pieces import Piece, in_pieces
from engine.sampling import Denoise
from engine.types import EditRequest, EngineError, Mask, ModelFacts, Rgb

LARGEST_SCALE = 4  # of its native size: what is larger is made at this one
OVERLAP = 0.25  # of its native size: of the pieces of what is larger than a network can see at once
TILE = 1024  # pixels: what is larger is encoded and decoded in tiles, for the memory's sake


class LatentDiffusion:
    """See `engine.models.Model`."""

    least = 0.03
    extra_noise = extra_noise_of_ground = 0.0

    def __init__(self, parts: Parts, name: str, device: str, dtype: torch.dtype, load_started: float) -> None:
        self.device, self.dtype = torch.device(device), dtype
        self.schedule, self.output, self.words, self.native = (
            parts.schedule,
            parts.output,
            parts.words,
            parts.native,
        )
        self.most = self.schedule(1.0).ratio
        self.network = parts.network.to(self.device).eval().requires_grad_(False)
        self.autoencoder = parts.autoencoder.to(self.device).eval().requires_grad_(False)
        self.autoencoder.to(memory_format=torch.channels_last)  # halves its time; the network's stays
        if device != "cpu":
            self.network.to(memory_format=torch.channels_last)
        self.scaling: float = self.autoencoder.config.scaling_factor
        self.cell = 2 ** (len(self.autoencoder.config.block_out_channels) - 1)  # pixels, of a latent's cell
        self.multiple = self.cell * 2 ** (len(self.network.config.block_out_channels) - 1)
        self.autoencoder.enable_tiling()
        self.autoencoder.tile_sample_min_size = TILE
        self.autoencoder.tile_latent_min_size = TILE // self.cell
        self.clock = Clock()
        self._to_colour = self._colours()
        self.clock = Clock()
        seconds = time.perf_counter() - load_started
        self.facts = ModelFacts(name, device, str(dtype).removeprefix("torch."), seconds)

    def sizes(self, width: int, height: int) -> list[tuple[int, int]]:
        return working_sizes(width, height, self.native, LARGEST_SCALE, self.multiple)

    def encode(self, picture: Rgb) -> Tensor:
        """The mean of what the encoder says: the same picture always has the same latent."""
        pixels = torch.tensor(picture).permute(2, 0, 1)[None].float().div(127.5).sub(1)
        with self.clock.autoencoder():
            return self._encoded(pixels)

    def decode(self, latent: Tensor) -> Rgb:
        with torch.no_grad(), self.clock.autoencoder():
            pixels = self.autoencoder.decode(latent.div(self.scaling).to(self.dtype)).sample[0]
            return _bytes(pixels.float())

    def sketch(self, latent: Tensor) -> Rgb:
        """One pixel a cell, by a linear map."""
        cells = latent[0].movedim(0, -1)
        return _bytes((cells @ self._to_colour[:-1] + self._to_colour[-1]).movedim(-1, 0))

    def free(self, mask: Mask) -> Tensor:
        """A cell is free as far as its freest pixel is."""
        return functional.max_pool2d(torch.tensor(mask, device=self.device)[None, None], self.cell)

    def denoiser(self, request: EditRequest) -> Denoise:
        prompts = list(dict.fromkeys((request.negative_prompt, request.prompt)))
        if request.guidance == 1:
            prompts = [request.prompt]
        words = self.words.together(prompts).to(self.device, self.dtype)
        guided = len(words) > 1
        block = self.multiple // self.cell
        most = int(STRETCHED * self.native / self.multiple) * block
        overlap = int(OVERLAP * self.native / self.cell)

        def denoise(x: Tensor, level: Level) -> Tensor:
            with torch.no_grad(), self.clock.network(len(words)):
                ratio = min(level.ratio, self.most)
                at = vp_level(ratio, self.schedule(time_of(self.schedule, ratio)).told)
                y = x * (at.alpha / max(level.alpha, level.sigma / self.most))

                def estimate(part: Tensor, piece: Piece) -> Tensor:
                    said = self._said(part, at, words)
                    said = said[:1].lerp(said[1:], request.guidance) if guided else said
                    return to_x0(self.output, said, part, at)

                return in_pieces(estimate, y, most, overlap, block)

        return denoise

    def interrupted_by(self, stop: Callable[[], bool]) -> AbstractContextManager[None]:
        return interruptible(nn.ModuleList([self.network, self.autoencoder, self.words.model]), stop)

    def _said(self, y: Tensor, level: Level, words: Tensor) -> Tensor:
        noisy = y.to(self.dtype).expand(len(words), -1, -1, -1)
        step = torch.tensor(level.told, device=self.device, dtype=torch.float32)
        said: Tensor = self.network(noisy, step, encoder_hidden_states=words, return_dict=False)[0]
        return said.float()

    def _encoded(self, pixels: Tensor) -> Tensor:
        """Of pictures (n, 3, h, w) in -1..1."""
        with torch.no_grad():
            latent: Tensor = self.autoencoder.encode(pixels.to(self.device, self.dtype)).latent_dist.mean
            return latent.float() * self.scaling

    def _colours(self) -> Tensor:
        """(channels + 1, 3): the linear map from a cell and 1 to its colour that fits this autoencoder best,
        on smooth pictures of random colours.
        """
        draw = torch.Generator().manual_seed(0)
        coarse = torch.rand(4, 3, 4, 4, generator=draw) * 2 - 1
        pixels = functional.interpolate(coarse, scale_factor=4 * self.cell, mode="bilinear")
        cells = self._encoded(pixels).movedim(1, -1).flatten(0, 2).cpu()
        if not cells.isfinite().all():
            raise EngineError("The autoencoder of this model gives no numbers; its file is damaged.")
        colours = functional.avg_pool2d(pixels, self.cell).movedim(1, -1).flatten(0, 2)
        known = torch.cat([cells, torch.ones(len(cells), 1)], 1)
        fitted: Tensor = torch.linalg.lstsq(known.double(), colours.double()).solution
        return fitted.float().to(self.device)


def _bytes(pixels: Tensor) -> Rgb:
    """A picture (3, h, w) in -1..1."""
    found = pixels.add(1).mul(127.5).round_().clamp_(0, 255).byte()
    return np.ascontiguousarray(found.permute(1, 2, 0).cpu().numpy())


def load(path: Path, device: str) -> LatentDiffusion:
    started = time.perf_counter()
    dtype = fast_dtype(device)
    checkpoint = told(path)
    if checkpoint.refusal:
        raise EngineError(checkpoint.refusal)
    return LatentDiffusion(load_parts(checkpoint, dtype), path.name, device, dtype, started)
