"""Models: what an edit needs of one, where they are registered, and what they have in common.

A new kind of model is one module with `load(path, device) -> Model` and one line in KINDS. A model on disk is
a folder in diffusers' layout or a checkpoint in one file.
"""

from __future__ import annotations

import importlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from torch import Tensor, nn

from engine import weights
from engine.checkpoints import settings, told
from engine.device_check import checked, is_fast
from engine.economy import USUAL, Economy
from engine.free_memory import ran_short
from engine.levels import Schedule
from engine.pieces import Wanted
from engine.sampling import Denoise
from engine.types import EditRequest, EngineError, Mask, ModelFacts, Rgb

log = logging.getLogger(__name__)

NAMED = weights.NAMED
KINDS = {  # _class_name of model_index.json, or a family of `engine.checkpoints`: module
    "StarterPipeline": "engine.pixel_diffusion",
    "sd1": "engine.latent_diffusion",
    "sd2": "engine.latent_diffusion",
    "sdxl": "engine.latent_diffusion",
    "sd3": "engine.flow_diffusion",
    "flux": "engine.flow_diffusion",
}
DAMAGES = (  # what a file can do to the libraries that read it
    *(OSError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RuntimeError),
    *(MemoryError, SafetensorError, StrictDataclassError),
)


class TooLarge(EngineError, MemoryError):
    """There is not enough memory for a model."""


class Interrupted(Exception):
    """Raised inside the network when the user has stopped the edit."""


@dataclass
class Clock:
    """Where the time of edits went; for the command line's report and the benchmarks."""

    network_calls: int = 0
    network_evaluations: int = 0  # with words a call may be two: with them and without
    network_area: int = 0  # pixels of the picture that it was called for last
    network_seconds: float = 0.0
    autoencoder_seconds: float = 0.0

    @contextmanager
    def network(self, area: int, batch: int = 1) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.network_area = area
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
    schedule: Schedule  # its own noise levels, at its native size
    method: str  # a name in `engine.sampling.SOLVERS`: what it was made for
    least: float  # sigma / alpha of the last network call: where its estimate looks best as the result
    extra_noise: float  # over one run of the second-order SDE, see `engine.sampling.s_noise`
    extra_noise_of_ground: float  # the same where a drag invents ground beside what is known
    clock: Clock

    multiple: int  # pixels: width and height of a picture that it encodes are multiples of it
    farthest: float  # pixels, mean of both sides: up to there a part of a picture is made as fine as it is

    def sizes(self, width: int, height: int) -> list[tuple[int, int]]:
        """The sizes in pixels at which it works on a picture of this size, from coarse to fine."""

    def schedule_at(self, size: tuple[int, int]) -> Schedule:
        """Its noise levels for pictures of a size in pixels: some models want more noise in larger ones."""

    def encode(self, picture: Rgb) -> Tensor:
        """A picture, whose sides are multiples of `multiple`, to its latent."""

    def decode(self, latent: Tensor) -> Rgb:
        """A latent to the picture."""

    def sketch(self, latent: Tensor) -> Rgb:
        """A latent to a preview, cheaply; it may be smaller than the picture."""

    def free(self, mask: Mask) -> Tensor:
        """A mask of such a size to what multiplies a latent."""

    def denoiser(self, request: EditRequest, wanted: Wanted | None = None) -> Denoise:
        """The estimate of x_0 as the request wants it: its prompt, its place in the whole picture; where it
        is not wanted it may be anything.

        One call of it is one step's work. A level may have any alpha: sigma / alpha is what counts.
        Raises EngineError for a prompt that the model cannot read.
        """

    def save(self, economy: Economy) -> None:
        """From now on it gets by with less memory, or again as usual. It is asked nothing before that."""

    def interrupted_by(self, stop: Callable[[], bool]) -> AbstractContextManager[None]:
        """Inside, a call of the network raises Interrupted soon after `stop()` turns true."""


def load(name: str = "starter", device: str = "auto", economy: Economy = USUAL) -> Model:
    """The model of that name, or at that path. Raises EngineError with one sentence on what is wrong,
    TooLarge where it does not fit.
    """
    if name == "toy":
        kind, path = "engine.toy", Path()
    else:
        path = NAMED.get(name) or Path(name)
        kind = _kind(path)
    try:
        model: Model = importlib.import_module(kind).load(path, pick_device(device))
        model.save(economy)
    except EngineError:
        raise
    except DAMAGES as error:
        if ran_short(error):
            raise TooLarge(
                f"There is not enough memory for the model in {path}; choose a smaller one."
            ) from error
        log.info("the model could not be loaded", exc_info=error)
        raise EngineError(f"The model in {path} is damaged; get a fresh copy.") from error
    model.facts = replace(model.facts, weights=weights.digest_of(path) if path.name else "")
    return model


def pick_device(asked: str = "auto") -> str:
    """ "cuda", "mps", "xpu" or "cpu"; `auto` takes the first that is there and computes right."""
    found = torch.accelerator.current_accelerator(check_available=True)
    there = ["cpu"] if found is None else [found.type, "cpu"]
    if asked == "auto":
        return checked(there[0], native_dtype(there[0])).device
    if asked not in there:
        choices = ", ".join(there)
        raise EngineError(f"The device '{asked}' is not there; choose {choices} or auto.")
    return asked


def fast_dtype(device: str) -> torch.dtype:
    """What the network computes in: bfloat16 where the device multiplies it natively and gives what is right,
    else float32. Never float16: in it the autoencoder of Stable Diffusion XL overflows.
    """
    return checked(device, native_dtype(device)).dtype


def native_dtype(device: str) -> torch.dtype:
    """Without native support bfloat16 is up to 80 times slower on a CPU."""
    if device in ("cuda", "xpu"):
        is_native = torch.get_device_module(device).is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if is_native else torch.float32
    native = device == "cpu" and (
        torch.cpu._is_amx_tile_supported()  # noqa: SLF001  no public way
        or torch.cpu._is_avx512_bf16_supported()  # noqa: SLF001
    )
    return torch.bfloat16 if native and is_fast(torch.bfloat16) else torch.float32


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


def _kind(path: Path) -> str:
    """The module for what is at a path. Raises EngineError for what cannot be used."""
    index = path / "model_index.json"
    if index.is_file() and (name := str(settings(index).get("_class_name"))) in KINDS:
        return KINDS[name]
    checkpoint = told(path)
    if checkpoint.refusal:
        raise EngineError(checkpoint.refusal)
    return KINDS[checkpoint.family]
