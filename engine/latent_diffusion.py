"""Diffusion in an autoencoder's latents (Rombach et al., 2022): the user's own Stable Diffusion models."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.area import STRETCHED, working_sizes
from engine.autoencoder import Autoencoded
from engine.checkpoints import told
from engine.conditioning import Cells, Conditioning
from engine.levels import Level, Schedule, time_of, to_x0, vp_level
from engine.lora import Wardrobe
from engine.model_parts import Parts, load_parts
from engine.models import fast_dtype, interruptible
from engine.pieces import Piece, Wanted, in_pieces
from engine.sampling import Denoise
from engine.types import EditRequest, EngineError

LARGEST_SCALE = 4  # of its native size: what is larger is made at this one
OVERLAP = 0.25  # of its native size: of the pieces of what is larger than a network can see at once


class LatentDiffusion(Autoencoded):
    """See `engine.models.Model`."""

    least = 0.03
    farthest = 0.0
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
        self.network = parts.network.eval().requires_grad_(False)
        if device != "cpu":
            self.network.to(memory_format=torch.channels_last)
        self.wardrobe = Wardrobe(checkpoint.family, self.network, self.words.models)
        self.method = checkpoint.method or self.method
        self.inpaints = checkpoint.task == "inpainting"
        self.multiple = self.cell * 2 ** (len(self.network.config.block_out_channels) - 1)
        self.facts = self.facts_of(checkpoint, name, time.perf_counter() - load_started)

    def sizes(self, width: int, height: int) -> list[tuple[int, int]]:
        return working_sizes(width, height, self.native, LARGEST_SCALE, self.multiple)

    def schedule_at(self, size: tuple[int, int]) -> Schedule:
        return self.schedule

    def denoiser(self, request: EditRequest, wanted: Wanted | None = None) -> Denoise:
        worn = self.wardrobe.chosen(request.loras, request.t0)
        beside = Conditioning(self, request, worn)
        guided = beside.rows > 1
        block = self.multiple // self.cell
        most = int(self.piece * STRETCHED * self.native / self.multiple) * block
        overlap = int(OVERLAP * self.native / self.cell)

        def denoise(x: Tensor, level: Level) -> Tensor:
            cells = x.shape[2], x.shape[3]
            beside.channels(cells)  # made before the network's clock runs
            with torch.no_grad(), self.clock.network(x[0, 0].numel() * self.cell**2, beside.rows):
                ratio = min(level.ratio, self.most)
                t = time_of(self.schedule, ratio)
                at = vp_level(ratio, self.schedule(t).told)
                self.wardrobe.wear(worn, t)
                y = x * (at.alpha / max(level.alpha, level.sigma / self.most))

                def estimate(part: Tensor, piece: Piece) -> Tensor:
                    said = self._said(part, at, beside, piece, cells)
                    said = said[:1].lerp(said[1:], request.guidance) if guided else said
                    return to_x0(self.output, said, part, at)

                return in_pieces(estimate, y, most, overlap, block, wanted)

        return denoise

    def predictor(self, request: EditRequest) -> Callable[[Tensor, Level], Tensor]:
        """See `engine.image_lora.Learner`."""
        beside = Conditioning(self, replace(request, guidance=1.0, mask=None))

        def predict(x: Tensor, level: Level) -> Tensor:
            height, width = x.shape[2:]
            return self._said(x, level, beside, Piece(0, height, 0, width), (height, width))

        return predict

    def interrupted_by(self, stop: Callable[[], bool]) -> AbstractContextManager[None]:
        return interruptible(nn.ModuleList([self.network, self.autoencoder, *self.words.models]), stop)

    def _said(self, part: Tensor, at: Level, beside: Conditioning, piece: Piece, cells: Cells) -> Tensor:
        """What the network says of a piece of a latent, for each row of what it is told beside."""
        noisy = part.to(self.dtype).expand(beside.rows, -1, -1, -1)
        channels = beside.channels(cells)
        if channels is not None:
            noisy = torch.cat([noisy, piece.of(channels)], 1)
        step = torch.tensor(at.told, device=self.device, dtype=torch.float32)
        said: Tensor = self.network(noisy, step, **beside.named(piece, cells), return_dict=False)[0]
        return said.float()


def load(path: Path, device: str) -> LatentDiffusion:
    started = time.perf_counter()
    dtype = fast_dtype(device)
    checkpoint = told(path)
    if checkpoint.refusal:
        raise EngineError(checkpoint.refusal)
    return LatentDiffusion(load_parts(checkpoint, dtype), path.name, device, dtype, started)
