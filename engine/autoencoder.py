"""Pictures to an autoencoder's latents and back, as every model of latents has it (Rombach et al., 2022)."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as functional
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor, nn

from engine import allocation
from engine.checkpoints import Checkpoint
from engine.economy import TILE, Economy, Weights, spare
from engine.lora import Wardrobe
from engine.models import Clock
from engine.tiny_decoder import Previews, file_of, read
from engine.types import EngineError, Mask, ModelFacts, Rgb
from engine.weights import Stamp, stamp

TRIAL = 32  # cells a side, of the latent that tells how fast a tiny decoder is
EXAMPLES, EXAMPLE = 4, 32  # pictures by whose colours previews go, and cells a side of each
GRAIN = 0.3  # share of it in half of the pictures that show any colours
REMEMBERED = 8  # latents: 64 KB each at 512 x 512, and seconds of a processor


class Autoencoded:
    """The half of `engine.models.Model` that does not depend on the network."""

    network: Any  # a network of diffusers
    wardrobe: Wardrobe
    method = "second order"
    piece = 1.0  # see `Economy`
    is_short = False  # of memory, so that whatever can hold less does
    _weights: Weights = "all"

    def __init__(self, autoencoder: AutoencoderKL, device: str, dtype: torch.dtype) -> None:
        self.device, self.dtype = torch.device(device), dtype
        self.autoencoder = autoencoder.to(self.device).eval().requires_grad_(False)
        self.autoencoder.to(memory_format=torch.channels_last)  # halves its time
        for part in self.autoencoder.modules():
            if isinstance(part, nn.SiLU):  # what comes into one is a norm's, which nobody else has
                part.inplace = True
        self.scaling: float = autoencoder.config.scaling_factor
        self.shift: float = autoencoder.config.shift_factor or 0.0
        self.cell = 2 ** (len(autoencoder.config.block_out_channels) - 1)  # pixels, of a latent's cell
        self.autoencoder.enable_tiling()
        self._tile(Economy().tile)
        self.clock = Clock()
        self._latents: dict[Hashable, Tensor] = {}  # by their pictures
        self._usual, self._examples = self._any_colours(), deque[Tensor](maxlen=EXAMPLES)
        self._to_colour = self._colours()
        self._tiny: tuple[Stamp, Previews | None] | None = None  # the decoder that was asked for last
        self._previews: Previews | None = None  # by it, in the run that is on its way

    def facts_of(self, checkpoint: Checkpoint, name: str, load_seconds: float) -> ModelFacts:
        return ModelFacts(
            name,
            self.device.type,
            str(self.dtype).removeprefix("torch."),
            load_seconds,
            takes_words=True,
            takes_negative_words=not checkpoint.embeds_guidance,
            fast=checkpoint.fast,
            steps=checkpoint.steps,
            guidance=checkpoint.guidance,
            family=checkpoint.family,
        )

    def save(self, economy: Economy) -> None:
        """See `engine.models.Model`."""
        if economy.weights != self._weights:
            self.wardrobe.empty()  # LoRAs are read to where the weights wait
            self._weights = economy.weights
        spare(self.network, self.autoencoder, self.device, economy)
        self._tile(economy.tile)
        self.piece = economy.piece
        self.is_short = economy != Economy()

    def encode(self, picture: Rgb, hole: NDArray[np.bool_] | None = None) -> Tensor:
        """The mean of what the encoder says: the same picture always has the same latent. A hole is grey. The
        last ones are remembered.
        """
        key = picture.shape, sha256(picture.tobytes()).digest(), None if hole is None else hole.tobytes()
        if key in self._latents:
            return self._latents[key]
        pixels = torch.tensor(picture).permute(2, 0, 1)[None].float().div(127.5).sub(1)
        if hole is not None:
            pixels = pixels.masked_fill(torch.tensor(hole), 0)
        with torch.inference_mode(False), self.clock.autoencoder():  # another edit may learn from it
            self._latents[key] = self._encoded(pixels)
            if hole is None and self._latents[key].isfinite().all():
                self._examples.append(_pairs(self._latents[key], pixels))
                self._to_colour = self._colours()
        if len(self._latents) > REMEMBERED:
            del self._latents[next(iter(self._latents))]
        return self._latents[key]

    def decode(self, latent: Tensor) -> Rgb:
        allocation.trim()  # the network's gaps would lie beside what decoding takes, which is more
        with torch.no_grad(), self.clock.autoencoder():
            pixels = self.autoencoder.decode((latent / self.scaling + self.shift).to(self.dtype)).sample[0]
            return _bytes(pixels.float())

    def sketch(self, latent: Tensor) -> Rgb:
        """One pixel a cell, by a linear map; or all of them, by a tiny decoder."""
        cells = latent[0].movedim(0, -1)
        rough = _bytes((cells @ self._to_colour[:-1] + self._to_colour[-1]).movedim(-1, 0))
        if self._previews is None:
            return rough
        try:
            return self._previews.shown(latent, rough)
        except (MemoryError, RuntimeError):  # no preview is worth a run
            self._previews = None
        return rough

    def show_by(self, decoder: str) -> str:
        """The run that begins now is shown by this tiny decoder, or by none. Why not is said once."""
        self._previews = None
        if not decoder or self.is_short:
            return ""
        try:
            asked = stamp(str(file_of(Path(decoder))))
            if self._tiny is None or asked != self._tiny[0]:
                self._tiny = asked, None
                self._tiny = asked, self._read(Path(decoder))
        except EngineError as error:
            return str(error)
        except (MemoryError, OSError, RuntimeError):  # too little memory: perhaps not for the next run
            self._tiny = None
            return ""
        self._previews = self._tiny[1]
        if self._previews is not None:
            self._previews.begin()
        return ""

    def free(self, mask: Mask) -> Tensor:
        """A cell is free as far as its freest pixel is."""
        return functional.max_pool2d(torch.tensor(mask, device=self.device)[None, None], self.cell)

    def _read(self, path: Path) -> Previews:
        channels = self.autoencoder.config.latent_channels
        tiny = read(path, channels, self.cell, self.dtype).to(self.device)
        tiny.to(memory_format=torch.channels_last)
        tiny.tile_latent_min_size = TILE // self.cell

        def decode(latent: Tensor) -> Rgb:
            tiny.use_tiling = max(latent.shape[2:]) > tiny.tile_latent_min_size
            with torch.no_grad():
                return _bytes(tiny.decode(latent.to(self.dtype)).sample[0].float())

        return Previews(decode, torch.zeros(1, channels, TRIAL, TRIAL, device=self.device))

    def _tile(self, pixels: int) -> None:
        self.autoencoder.tile_sample_min_size = pixels
        self.autoencoder.tile_latent_min_size = pixels // self.cell

    def _encoded(self, pixels: Tensor) -> Tensor:
        """Of pictures (n, 3, h, w) in -1..1."""
        with torch.no_grad():
            latent: Tensor = self.autoencoder.encode(pixels.to(self.device, self.dtype)).latent_dist.mean
            return (latent.float() - self.shift) * self.scaling

    def _colours(self) -> Tensor:
        """(channels + 1, 3): the linear map from a cell and 1 to its colour that fits this autoencoder best,
        on what was encoded last and on pictures of any colours.
        """
        rows = torch.cat([self._usual, *self._examples])
        fitted: Tensor = torch.linalg.lstsq(rows[:, :-3], rows[:, -3:]).solution
        return fitted.float().to(self.device)

    def _any_colours(self) -> Tensor:
        """Of smooth pictures and of some with grain."""
        draw = torch.Generator().manual_seed(0)
        coarse, fine = (torch.rand(4, 3, count, count, generator=draw) * 2 - 1 for count in (4, 32))
        side = 16 * self.cell
        pixels, grain = (
            functional.interpolate(each, (side, side), mode="bilinear") for each in (coarse, fine)
        )
        pixels[2:].lerp_(grain[2:], GRAIN)
        latents = torch.cat([self._encoded(each[None]) for each in pixels])  # one at a time takes less memory
        if not latents.isfinite().all():
            raise EngineError("The autoencoder of this model gives no numbers; its file is damaged.")
        return _pairs(latents, pixels)


def _pairs(latents: Tensor, pixels: Tensor) -> Tensor:
    """(cells, channels + 1 + 3): each cell with a 1, and its colour."""
    rows, columns = latents.shape[2:]
    size = min(EXAMPLE, rows), min(EXAMPLE, columns)
    cells, colours = (
        functional.adaptive_avg_pool2d(each.cpu(), size).movedim(1, -1).flatten(0, 2)
        for each in (latents, pixels)
    )
    return torch.cat([cells, torch.ones(len(cells), 1), colours], 1).double()


def _bytes(pixels: Tensor) -> Rgb:
    """A picture (3, h, w) in -1..1."""
    found = pixels.add(1).mul(127.5).round_().clamp_(0, 255).byte()
    return np.ascontiguousarray(found.permute(1, 2, 0).cpu().numpy())
