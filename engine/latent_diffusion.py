"""Diffusion in an autoencoder's latents (Rombach et al., 2022): the user's own Stable Diffusion models."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.area import STRETCHED, working_sizes
from engine.autoencoder import Autoencoded
from engine.checkpoints import told
from engine.conditioning import Conditioning
from engine.levels import Level, time_of, to_x0, vp_level
from engine.model_parts import Parts, load_parts
from engine.models import fast_dtype, interruptible
from engine.pieces import Piece, in_pieces
from engine.sampling import Denoise
from engine.types import EditRequest, EngineError, ModelFacts

LARGEST_SCALE = 4  # of its native size: what is larger is made at this one
OVERLAP = 0.25  # of its native size: of the pieces of what is larger than a network can see at once


class LatentDiffusion(Autoencoded):
    """See `engine.models.Model`."""

    least = 0.03
    extra_noise = extra_noise_of_ground = 0.0

    def __init__(self, parts: Parts, name: str, device: str, dtype: torch.dtype, load_started: float) -> None:
        super().__init__(parts.autoencoder, device, dtype)
        checkpoint = parts.checkpoint
        self.schedule, self.output, self.words, self.native = (
            parts.schedule,
            parts.output,
            parts.words,
            parts.native,
        )
        self.most = self.schedule(1.0).ratio
        self.network = parts.network.to(self.device).eval().requires_grad_(False)
        if device != "cpu":
            self.network.to(memory_format=torch.channels_last)
        self.inpaints = checkpoint.task == "inpainting"
        self.multiple = self.cell * 2 ** (len(self.network.config.block_out_channels) - 1)
        seconds = time.perf_counter() - load_started
        self.facts = ModelFacts(
            name,
            device,
            str(dtype).removeprefix("torch."),
            seconds,
            takes_words=True,
            takes_negative_words=not checkpoint.embeds_guidance,
            fast=checkpoint.fast,
            steps=checkpoint.steps,
            guidance=checkpoint.guidance,
            family=checkpoint.family,
        )

    def sizes(self, width: int, height: int) -> list[tuple[int, int]]:
        return working_sizes(width, height, self.native, LARGEST_SCALE, self.multiple)

    def denoiser(self, request: EditRequest) -> Denoise:
        beside = Conditioning(self, request)
        guided = beside.rows > 1
        block = self.multiple // self.cell
        most = int(STRETCHED * self.native / self.multiple) * block
        overlap = int(OVERLAP * self.native / self.cell)

        def denoise(x: Tensor, level: Level) -> Tensor:
            cells = x.shape[2], x.shape[3]
            channels = beside.channels(cells)
            with torch.no_grad(), self.clock.network(beside.rows):
                ratio = min(level.ratio, self.most)
                at = vp_level(ratio, self.schedule(time_of(self.schedule, ratio)).told)
                y = x * (at.alpha / max(level.alpha, level.sigma / self.most))
                step = torch.tensor(at.told, device=self.device, dtype=torch.float32)

                def estimate(part: Tensor, piece: Piece) -> Tensor:
                    noisy = part.to(self.dtype).expand(beside.rows, -1, -1, -1)
                    if channels is not None:
                        noisy = torch.cat([noisy, piece.of(channels)], 1)
                    told = beside.named(piece, cells)
                    said = self.network(noisy, step, **told, return_dict=False)[0].float()
                    said = said[:1].lerp(said[1:], request.guidance) if guided else said
                    return to_x0(self.output, said, part, at)

                return in_pieces(estimate, y, most, overlap, block)

        return denoise

    def interrupted_by(self, stop: Callable[[], bool]) -> AbstractContextManager[None]:
        return interruptible(nn.ModuleList([self.network, self.autoencoder, *self.words.models]), stop)


def load(path: Path, device: str) -> LatentDiffusion:
    started = time.perf_counter()
    dtype = fast_dtype(device)
    checkpoint = told(path)
    if checkpoint.refusal:
        raise EngineError(checkpoint.refusal)
    return LatentDiffusion(load_parts(checkpoint, dtype), path.name, device, dtype, started)
