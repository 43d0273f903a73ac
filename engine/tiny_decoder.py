"""Previews by a tiny decoder of the user's, as TAESD is one (Bohan, 2023), while a run has time for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from accelerate import init_empty_weights
from diffusers import AutoencoderTiny
from safetensors.torch import load_file
from torch import Tensor, nn

from engine import layouts
from engine.checkpoint_keys import channels_of
from engine.checkpoints import told, weights
from engine.free_memory import ran_short
from engine.models import DAMAGES
from engine.safetensors_header import read_header
from engine.types import EngineError, Rgb

SHARE = 0.03  # of a run's time, that they take at most
ALIKE = 6.0  # of 255: up to so far from what there is now, on the mean, the last one is shown again


def read(path: Path, channels: int, cell: int, dtype: torch.dtype) -> AutoencoderTiny:
    """The decoder in a file or folder, for latents of so many channels whose cells are so many pixels wide.
    Raises EngineError with one sentence on what is wrong.
    """
    if told(path).kind != "small autoencoder":
        raise EngineError(f"{path} holds no decoder for previews; choose another file.")
    file = file_of(path)
    found = channels_of(read_header(file))
    if found != channels:
        raise EngineError(
            f"{path} shows latents of {found} channels, but those of the model have {channels}; choose a "
            "decoder that was made for it."
        )
    try:
        with torch.inference_mode(False), torch.no_grad():
            part = layouts.tiny_decoder(load_file(file))
            with init_empty_weights():
                network: AutoencoderTiny = AutoencoderTiny.from_config(part.settings)
            network.encoder = nn.Identity()
            network.spatial_scale_factor = 2 ** (len(network.config.num_decoder_blocks) - 1)
            if network.spatial_scale_factor > cell:  # its pictures would be larger than the model's
                raise ValueError(network.spatial_scale_factor)
            # a copy, for what is read is the file itself, which may change while it is used
            numbers = {key: x.to(dtype, copy=True) for key, x in part.tensors.items()}
            network.load_state_dict(numbers, assign=True)
    except DAMAGES as error:
        if ran_short(error):
            raise
        raise EngineError(
            f"{path} is damaged, or no decoder of a kind known here; get a fresh copy."
        ) from error
    if not all(x.isfinite().all() for x in numbers.values()):
        raise EngineError(f"The numbers of {path} are damaged; get a fresh copy.")
    return network.eval().requires_grad_(False)


def file_of(path: Path) -> Path:
    """Where its numbers are."""
    return weights(path)[0][0] if path.is_dir() else path


class Previews:
    """What a decoder shows of the estimates of one run after another."""

    def __init__(
        self, decode: Callable[[Tensor], Rgb], trial: Tensor, now: Callable[[], float] = time.perf_counter
    ) -> None:
        """A latent for a `trial` tells how long it takes."""
        self._decode, self._now = decode, now
        self.begin()
        for _ in range(2):  # the first one is slow
            self._taken(trial)
        self.begin()

    def begin(self) -> None:
        """A run."""
        self._began, self._spent = self._now(), 0.0
        self._last: tuple[Rgb, Rgb] | None = None

    def shown(self, latent: Tensor, rough: Rgb) -> Rgb:
        """A latent by the decoder, if the run has time for it; else the last picture, while it is like what
        there is now; else the rough one.
        """
        foreseen = self._pace * _cells(latent)
        if self._spent + foreseen <= SHARE * (self._now() - self._began):
            self._last = rough, self._taken(latent)
            return self._last[1]
        if self._last is not None and _alike(self._last[0], rough):
            return self._last[1]
        return rough

    def _taken(self, latent: Tensor) -> Rgb:
        """A picture; what it took is known afterwards."""
        started = self._now()
        picture = self._decode(latent)
        seconds = self._now() - started
        self._spent += seconds
        self._pace = seconds / _cells(latent)
        return picture


def _cells(latent: Tensor) -> int:
    return latent.shape[-2] * latent.shape[-1]


def _alike(a: Rgb, b: Rgb) -> bool:
    return a.shape == b.shape and float(np.abs(np.subtract(a, b, dtype=np.float32)).mean()) <= ALIKE
