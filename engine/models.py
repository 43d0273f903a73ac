"""Models: what an edit needs of one, where they are registered, and what they have in common.

A new kind of model is one module with `load(folder, device) -> Model` and one line in KINDS. A model on disk
is a folder in diffusers' layout; its `model_index.json` says by `_class_name` of which kind it is.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from engine.levels import Schedule
from engine.sampling import Denoise
from engine.types import EditRequest, EngineError, Mask, ModelFacts, Rgb

RESOURCES = Path(__file__).parents[1] / "resources"
NAMED = {"starter": RESOURCES / "starter"}
KINDS = {  # _class_name of model_index.json: module
    "StarterPipeline": "engine.pixel_diffusion",
}


class Interrupted(Exception):
    """Raised inside the network when the user has stopped the edit."""


@dataclass
class Clock:
    """Where the time of edits went; for the command line's report and the benchmarks."""

    network_calls: int = 0
    network_evaluations: int = 0  # with words a call may be two: with them and without
    network_seconds: float = 0.0
    autoencoder_seconds: float = 0.0

    @contextmanager
    def network(self, batch: int = 1) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.network_calls += 1
        self.network_evaluations += batch
        self.network_seconds += time.perf_counter() - started

    @contextmanager
    def autoencoder(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.autoencoder_seconds += time.perf_counter() - started


class Model(Protocol):
    """A loaded model. Latents are float32 tensors (1, c, h, w) on its device, whatever the network computes
    in.
    """

    facts: ModelFacts
    schedule: Schedule  # its own noise levels
    least: float  # sigma / alpha of the last network call: where its estimate looks best as the result
    extra_noise: float  # over one run of the second-order SDE, see `engine.sampling.s_noise`
    clock: Clock

    multiple: int  # pixels: width and height of a picture that it encodes are multiples of it

    def sizes(self, width: int, height: int) -> list[tuple[int, int]]:
        """The sizes in pixels at which it works on a picture of this size, from coarse to fine."""

    def encode(self, picture: Rgb) -> Tensor:
        """A picture, whose sides are multiples of `multiple`, to its latent."""

    def decode(self, latent: Tensor) -> Rgb:
        """A latent to the picture."""

    def sketch(self, latent: Tensor) -> Rgb:
        """A latent to a preview, cheaply; it may be smaller than the picture."""

    def free(self, mask: Mask) -> Tensor:
        """A mask of such a size to what multiplies a latent."""

    def denoiser(self, request: EditRequest) -> Denoise:
        """The estimate of x_0 as the request wants it: its prompt, its place in the whole picture.

        One call of it is one step's work. A level may have any alpha: sigma / alpha is what counts.
        Raises EngineError for a prompt that the model cannot read.
        """

    def interrupted_by(self, stop: Callable[[], bool]) -> AbstractContextManager[None]:
        """Inside, a call of the network raises Interrupted soon after `stop()` turns true."""


def load(name: str = "starter", device: str = "auto") -> Model:
    """The model of that name, or in that folder. Raises EngineError with one sentence on what is wrong."""
    if name == "toy":
        kind, folder = "engine.toy", Path()
    else:
        folder = NAMED.get(name) or Path(name)
        kind = _kind(folder)
    try:
        model: Model = importlib.import_module(kind).load(folder, pick_device(device))
    except EngineError:
        raise
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EngineError(f"The model in {folder} is damaged ({reason}); get a fresh copy.") from error
    model.facts = replace(model.facts, weights=_digest(folder) if folder.name else "")
    return model


def pick_device(asked: str = "auto") -> str:
    """ "cuda", "mps" or "cpu"; `auto` takes the first that is there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if asked == "auto":
        return next(name for name, present in there.items() if present)
    if not there.get(asked, False):
        choices = ", ".join(name for name, present in there.items() if present)
        raise EngineError(f"The device '{asked}' is not there; choose {choices} or auto.")
    return asked


def fast_dtype(device: str) -> torch.dtype:
    """What the network computes in: bfloat16 where the device multiplies it natively, else float32.

    Without native support bfloat16 is up to 80 times slower on a CPU.
    """
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    native = device == "cpu" and (
        torch.cpu._is_amx_tile_supported()  # noqa: SLF001  no public way
        or torch.cpu._is_avx512_bf16_supported()  # noqa: SLF001
    )
    return torch.bfloat16 if native else torch.float32


@contextmanager
def interruptible(network: nn.Module, stop: Callable[[], bool]) -> Iterator[None]:
    """Ask `stop()` before every convolution and matrix of the network; a hook costs about a microsecond."""

    def ask(*_: object) -> None:
        if stop():
            raise Interrupted

    asked = [each for each in network.modules() if isinstance(each, (nn.Conv2d, nn.Linear))]
    hooks = [each.register_forward_pre_hook(ask) for each in asked]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _digest(folder: Path) -> str:
    """SHA-256 of the files of weights, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.safetensors")):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _kind(folder: Path) -> str:
    """The module for a model's folder, by its model_index.json."""
    if not folder.is_dir():
        raise EngineError(f"There is no model folder {folder}; check the name, or use the starter model.")
    try:
        index = json.loads((folder / "model_index.json").read_text())
        name = index["_class_name"]
    except FileNotFoundError:
        raise EngineError(
            f"{folder} holds no model_index.json; choose a model in diffusers' folder layout."
        ) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise EngineError(
            f"{folder / 'model_index.json'} is damaged; get a fresh copy of the model."
        ) from None
    if name not in KINDS:
        raise EngineError(
            f"The model in {folder} is a {name}, which is not supported yet; use the starter model."
        )
    return KINDS[name]
