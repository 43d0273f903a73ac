"""What a network of Stable Diffusion is told beside the noisy latent, prepared once for an edit: the words,
how much they count where the network wants to know, its place in the whole picture, and what is known round
a hole.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np
import torch
from diffusers.models.embeddings import get_timestep_embedding
from numpy.typing import NDArray
from torch import Tensor

from engine.area import resized, resized_mask
from engine.clip import Words
from engine.latents import At
from engine.lora import Wardrobe, Worn
from engine.models import Model
from engine.pieces import Piece
from engine.types import EditRequest, Rgb, Window

Cells = tuple[int, int]  # of a latent: rows and columns
LARGEST = 4  # times what it was trained on: pictures of more pixels Stable Diffusion XL has hardly seen
HOLE = 0.5  # of a mask: what is freer is a hole for a network that was trained on holes


class Inpainting(Model, Protocol):
    """A model of latents, which can be shown a picture with a hole."""

    cell: int  # pixels, of a latent's cell

    def encode(self, picture: Rgb, hole: NDArray[np.bool_] | None = None) -> Tensor:
        """A picture to its latent, with the hole in grey."""


class Conditioned(Inpainting, Protocol):
    """A Stable Diffusion."""

    network: Any  # of diffusers
    words: Words
    wardrobe: Wardrobe
    device: torch.device
    dtype: torch.dtype
    native: int  # pixels: what the network was trained on
    inpaints: bool  # that is what it was made for


class Conditioning:
    """Of one edit, on the network's device. What depends on a latent's size is made when it is asked for."""

    def __init__(self, model: Conditioned, request: EditRequest, worn: tuple[Worn, ...] = ()) -> None:
        width = model.network.config.time_cond_proj_dim
        prompts = [request.prompt]
        if request.guidance != 1 and not width:
            prompts = list(dict.fromkeys((request.negative_prompt, request.prompt)))
        self._model, self._request = model, request
        model.wardrobe.wear(worn)
        taught = model.words.taught(request.embeddings, model.facts.family)
        sources = tuple(each.source for each in worn)
        self._words = model.words.together(prompts, taught, sources).to(model.device, model.dtype)
        self.rows = len(self._words.tokens)  # of a batch: without the words, or away from some, and with them
        self._always: dict[str, Any] = {"encoder_hidden_states": self._words.tokens}
        if width:
            scale = embedded(request.guidance, width).to(model.device, model.dtype)
            self._always["timestep_cond"] = scale.expand(self.rows, -1)
        self._channels: dict[Cells, Tensor] = {}
        self._added: dict[tuple[Piece, Cells], dict[str, Any]] = {}

    def channels(self, cells: Cells) -> Tensor | None:
        """(rows, 5, h, w) that go in after the latent's own, where the network was made for inpainting."""
        if not self._model.inpaints:
            return None
        if cells not in self._channels:
            known = surroundings(self._model, self._request, cells)
            self._channels[cells] = known.to(self._model.dtype).expand(self.rows, -1, -1, -1)
        return self._channels[cells]

    def named(self, piece: Piece, cells: Cells) -> dict[str, Any]:
        """What else the network is called with, for a piece of a latent of that size."""
        if self._words.whole is None:
            return self._always
        if (piece, cells) not in self._added:
            model = self._model
            numbers = place(self._request.window, piece, cells, model.cell, model.native)
            ids = torch.tensor(numbers, device=model.device, dtype=torch.float32).expand(self.rows, -1)
            added = {"text_embeds": self._words.whole, "time_ids": ids}
            self._added[piece, cells] = {**self._always, "added_cond_kwargs": added}
        return self._added[piece, cells]


def embedded(guidance: float, width: int) -> Tensor:
    """(1, width): the guidance as a latent consistency model is told it (Luo et al., 2023)."""
    told: Tensor = get_timestep_embedding(1000 * torch.tensor([guidance - 1]), width, downscale_freq_shift=1)
    return told


def place(window: Window, piece: Piece, cells: Cells, cell: int, native: int) -> list[float]:
    """Stable Diffusion XL's six numbers (Podell et al., 2023, section 2.2), each height first: the size of
    the picture that this is a part of, in its pixels; where it was cropped from it; its own size.

    The whole is never told to be smaller than what the network was trained on, for that means blurred; and
    nothing is told to be larger than it has seen.
    """
    left, top, right, bottom = window
    whole = cells[0] * cell / (bottom - top), cells[1] * cell / (right - left)
    as_told = max(1.0, native / math.sqrt(whole[0] * whole[1])) * min(1.0, LARGEST * native / max(whole))
    crop = top * whole[0] + piece.top * cell, left * whole[1] + piece.left * cell
    return [
        *(float(round(as_told * side)) for side in whole),
        *(float(min(round(begin), native)) for begin in crop),
        *(float(length * cell) for length in (piece.bottom - piece.top, piece.right - piece.left)),
    ]


def surroundings(model: Inpainting, request: EditRequest, cells: Cells) -> Tensor:
    """(1, 5, h, w): where the hole is, and the latent of what is round it."""
    hole, known = around(model, request, cells)
    return torch.cat([model.free(hole.astype(np.float32)), known], 1)


def around(model: Inpainting, request: EditRequest, cells: Cells) -> tuple[NDArray[np.bool_], Tensor]:
    """A hole, in pixels, and the latent of the picture with the hole in grey. Where nothing is kept all of it
    is a hole.
    """
    height, width = request.image.shape[:2]
    pixels = cells[1] * model.cell, cells[0] * model.cell
    sizes = (At(model, size) for size in model.sizes(width, height))
    at = next((each for each in sizes if each.padded_shape == pixels[::-1]), At(model, pixels))
    mask = np.ones((height, width), np.float32) if request.mask is None else request.mask
    hole = at.padded(resized_mask(mask, *at.size)) >= HOLE
    return hole, model.encode(at.padded(resized(request.image, *at.size)), hole)
