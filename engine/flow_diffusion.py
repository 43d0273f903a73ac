"""Rectified flow in an autoencoder's latents (Esser et al., 2024): the user's own Stable Diffusion 3 and
FLUX.1 models.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from engine.area import STRETCHED, working_sizes
from engine.autoencoder import Autoencoded
from engine.checkpoints import told
from engine.clip import Said
from engine.conditioning import Cells, around
from engine.flow_parts import PATCH, FlowParts, load_flow_parts, shift_of
from engine.latent_diffusion import LARGEST_SCALE, OVERLAP
from engine.levels import Level, Schedule, flow, time_of, to_x0
from engine.lora import Wardrobe
from engine.models import fast_dtype, interruptible
from engine.pieces import Piece, Wanted, in_pieces
from engine.sampling import Denoise
from engine.types import EditRequest, EngineError

AWAY = 2.0  # how much a negative prompt counts where guidance itself is a number that the network is told


class FlowDiffusion(Autoencoded):
    """See `engine.models.Model`."""

    least = 0.03
    farthest = 0.0
    extra_noise = extra_noise_of_ground = 0.0

    def __init__(
        self, parts: FlowParts, name: str, device: str, dtype: torch.dtype, load_started: float
    ) -> None:
        super().__init__(parts.autoencoder, device, dtype)
        self.network = parts.network.eval().requires_grad_(False)
        self.words, self.native, self.scheduler = parts.words, parts.native, parts.scheduler
        self.multiple = PATCH * self.cell
        self.schedule = self.schedule_at((self.native, self.native))
        self.is_told_guidance = bool(self.network.config.get("guidance_embeds"))
        clips = [each.model for each in parts.words.clips]
        self.wardrobe = Wardrobe(parts.checkpoint.family, self.network, clips)
        checkpoint = parts.checkpoint
        self.inpaints = checkpoint.task == "inpainting"
        self.method = checkpoint.method or self.method
        self._velocity = VELOCITIES[checkpoint.family]
        self.facts = self.facts_of(checkpoint, name, time.perf_counter() - load_started)

    def sizes(self, width: int, height: int) -> list[tuple[int, int]]:
        return working_sizes(width, height, self.native, LARGEST_SCALE, self.multiple)

    def schedule_at(self, size: tuple[int, int]) -> Schedule:
        """As its scheduler has it for so many tokens; at most for those of a piece, which is all it sees."""
        across, down = (-(-length // self.multiple) for length in size)
        most = (STRETCHED * self.native / self.multiple) ** 2
        return flow(shift_of(self.scheduler, min(across * down, most)))

    def denoiser(self, request: EditRequest, wanted: Wanted | None = None) -> Denoise:
        prompts, scale = self._prompts(request)
        worn = self.wardrobe.chosen(request.loras, request.t0)
        self.wardrobe.wear(worn)
        sources = tuple(each.source for each in worn)
        words = self.words.together(prompts, sources).to(self.device, self.dtype)
        most = PATCH * min(
            int(self.piece * STRETCHED * self.native / self.multiple),
            self.network.config.get("pos_embed_max_size") or self.native,
        )
        overlap = int(OVERLAP * self.native / self.cell)
        beside: dict[Cells, Tensor] = {}

        def denoise(x: Tensor, level: Level) -> Tensor:
            cells = x.shape[2], x.shape[3]
            schedule = self.schedule_at((self.cell * cells[1], self.cell * cells[0]))
            if self.inpaints and cells not in beside:
                beside[cells] = self._hole(request, cells)
            with torch.no_grad(), self.clock.network(x[0, 0].numel() * self.cell**2, len(prompts)):
                whole = level.alpha + level.sigma
                self.wardrobe.wear(worn, time_of(schedule, level.ratio))
                at = Level(level.alpha / whole, level.sigma / whole)

                def estimate(part: Tensor, piece: Piece) -> Tensor:
                    seen = torch.cat([part, piece.of(beside[cells])], 1) if self.inpaints else part
                    noisy = seen.to(self.dtype).expand(len(prompts), -1, -1, -1)
                    sigma = torch.full((len(prompts),), at.sigma, device=self.device)
                    said = self._velocity(self.network, noisy, sigma, words, request.guidance).float()
                    said = said[:1].lerp(said[1:], scale) if len(prompts) > 1 else said
                    return to_x0("flow", said, part, at)

                return in_pieces(estimate, x / whole, most, overlap, PATCH, wanted)

        return denoise

    def interrupted_by(self, stop: Callable[[], bool]) -> AbstractContextManager[None]:
        return interruptible(nn.ModuleList([self.network, self.autoencoder, self.words.models]), stop)

    def _hole(self, request: EditRequest, cells: Cells) -> Tensor:
        """(1, 80, h, w): the latent of what is round a hole, and which of a cell's pixels are the hole's."""
        hole, known = around(self, request, cells)
        pixels = torch.tensor(hole, device=self.device)[None, None].float()
        return torch.cat([known, functional.pixel_unshuffle(pixels, self.cell)], 1)

    def _prompts(self, request: EditRequest) -> tuple[list[str], float]:
        """What the network is asked with, what it shall not show first, and how far it is led away from that.

        A network that is told the guidance is asked once, but for a negative prompt.
        """
        scale = AWAY if self.is_told_guidance else request.guidance
        is_led = bool(request.negative_prompt) if self.is_told_guidance else scale != 1
        if not is_led or request.negative_prompt == request.prompt:
            return [request.prompt], 1.0
        return [request.negative_prompt, request.prompt], scale


def load(path: Path, device: str) -> FlowDiffusion:
    started = time.perf_counter()
    dtype = fast_dtype(device)
    checkpoint = told(path)
    if checkpoint.refusal:
        raise EngineError(checkpoint.refusal)
    return FlowDiffusion(load_flow_parts(checkpoint, dtype), path.name, device, dtype, started)


def _of_sd3(network: Any, noisy: Tensor, sigma: Tensor, words: Said, guidance: float) -> Tensor:
    said: Tensor = network(
        noisy,
        timestep=1000 * sigma,
        encoder_hidden_states=words.tokens,
        pooled_projections=words.whole,
        return_dict=False,
    )[0]
    return said


def _of_flux(network: Any, noisy: Tensor, sigma: Tensor, words: Said, guidance: float) -> Tensor:
    """It sees a row of patches, and is told where each of them lies."""
    patches = functional.pixel_unshuffle(noisy, PATCH)
    height, width = patches.shape[2:]
    rows, columns = (torch.arange(length, device=noisy.device) for length in (height, width))
    said: Tensor = network(
        patches.flatten(2).mT,
        timestep=sigma,
        guidance=torch.full_like(sigma, guidance) if network.config.guidance_embeds else None,
        encoder_hidden_states=words.tokens,
        pooled_projections=words.whole,
        img_ids=torch.cartesian_prod(torch.zeros_like(rows[:1]), rows, columns),
        txt_ids=torch.zeros(words.tokens.shape[1], 3, device=noisy.device),
        return_dict=False,
    )[0]
    return functional.pixel_shuffle(said.mT.reshape(len(said), -1, height, width), PATCH)


VELOCITIES = {"sd3": _of_sd3, "flux": _of_flux}
