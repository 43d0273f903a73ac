"""A LoRA of one picture ("The Blessing of Randomness", Nie et al., ICLR 2024, and their code): the attention
of the network is trained on it for some steps, so that what it shows stays what it is when it is edited. What
was learned is kept on the disk, as a LoRA file that other programs read.
"""

from __future__ import annotations

import errno
import math
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.nn.functional as functional
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn

from engine.identities import folder, is_there, place_of, prompt_of
from engine.latents import At
from engine.levels import Level, Output
from engine.lora import Change, Wardrobe, Worn
from engine.models import Model
from engine.sampling import Draw, seeded
from engine.types import EditRequest, EngineError, Identity, Learning, Lora

ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
LARGE = 64 * 64  # cells: for a larger latent the network is asked again on the way back
KEPT = 32  # pictures, of 3 to 13 MB each; those that were longest unused are forgotten
BASES = {"sd1": "sd_v1", "sd2": "sd_v2", "sdxl": "sdxl_base_v1-0"}  # as kohya's trainers name them
Said = Callable[[Tensor, Level], Tensor]


class Learner(Model, Protocol):
    """A model whose attention can learn."""

    network: Any  # of diffusers
    output: Output
    wardrobe: Wardrobe
    is_short: bool  # of memory

    def predictor(self, request: EditRequest) -> Said:
        """What the network itself says with the request's prompt, without guidance and with its gradient."""


def learned(identity: Identity, request: EditRequest, model: Learner) -> Generator[Learning, None, Lora]:
    """The LoRA of the request's picture: from the disk, or trained now; a stop leaves no trace."""
    path = place_of(identity, request, model.facts.weights or model.facts.name)
    prompt = prompt_of(identity, request)
    request = replace(request, prompt=prompt, loras=())
    _make_folder()
    if is_there(path):
        with suppress(OSError):  # the disk may be one to read only
            os.utime(path)
    else:
        size = model.sizes(request.image.shape[1], request.image.shape[0])[0]
        x0 = At(model, size).latent(request.image)
        changes = _blank(model.network, identity.rank, x0.device)
        needed = sum(each.nbytes for change in changes.values() for each in change)
        if shutil.disk_usage(path.parent).free < needed:  # else it would be said after minutes
            raise _not_kept(path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        yield from _trained(identity, x0, changes, model.predictor(request), model)
        _save(path, changes, model, identity, prompt)
        _forget()
    return Lora(str(path), identity.clean, identity.noisy)


def _trained(
    identity: Identity, x0: Tensor, changes: dict[str, Change], said: Said, model: Learner
) -> Iterator[Learning]:
    """As published: AdamW, one noise and one time a step, the network's own loss."""
    layers = dict(model.network.named_modules())
    worn = (Worn({layers[name]: change for name, change in changes.items()}, lambda t: 1.0),)
    numbers = [each for change in changes.values() for each in change]
    optimiser = torch.optim.AdamW(numbers, lr=identity.rate, weight_decay=0.01)
    if model.is_short or x0[0, 0].numel() > LARGE:
        model.network.enable_gradient_checkpointing()
    times, draw = torch.Generator().manual_seed(0), seeded(0)
    try:
        for step in range(identity.steps):
            level = model.schedule(float(torch.rand((), generator=times)))
            with torch.enable_grad():
                model.wardrobe.wear(worn)
                loss = _loss(x0, level, draw, said, model.output)
                loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            optimiser.zero_grad()
            if not math.isfinite(float(loss.detach())):
                raise EngineError("Learning this picture went astray; choose a smaller rate.")
            yield Learning(step + 1, identity.steps)
    finally:
        model.wardrobe.wear(())
        model.network.disable_gradient_checkpointing()


def _loss(x0: Tensor, level: Level, draw: Draw, said: Said, output: Output) -> Tensor:
    noise = draw(x0)
    targets: dict[Output, Tensor] = {
        "eps": noise,
        "v": level.alpha * noise - level.sigma * x0,
        "flow": noise - x0,
        "x0": x0,
    }
    x = level.alpha * x0 + level.sigma * noise
    return functional.mse_loss(said(x, level), targets[output])


def _blank(network: nn.Module, rank: int, to: torch.device) -> dict[str, Change]:
    """Changes of the attention's layers, by their names, that change nothing yet; in float32, and there even
    while the layers wait elsewhere.
    """
    draw = torch.Generator().manual_seed(0)
    changes = {}
    for name, layer in network.named_modules():
        if name.endswith(ATTENTION) and isinstance(layer, nn.Linear):
            down = torch.randn(rank, layer.in_features, generator=draw) / rank
            up = torch.zeros(layer.out_features, rank)
            changes[name] = Change(down.to(to).requires_grad_(), up.to(to).requires_grad_())
    return changes


def _make_folder() -> None:
    try:
        folder().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(
            f"The folder {folder()} cannot be made ({error.strerror}); free some space."
        ) from None


def _save(path: Path, changes: dict[str, Change], model: Learner, identity: Identity, prompt: str) -> None:
    """In the layout of kohya's trainers, which every other program reads; alpha is the rank."""
    tensors = {}
    for name, change in changes.items():
        key = f"lora_unet_{name.replace('.', '_')}"
        tensors[f"{key}.lora_down.weight"] = change.down.detach().cpu().contiguous()
        tensors[f"{key}.lora_up.weight"] = change.up.detach().cpu().contiguous()
        tensors[f"{key}.alpha"] = torch.tensor(float(identity.rank))
    metadata = {
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(identity.rank),
        "ss_network_alpha": str(float(identity.rank)),
        "ss_learning_rate": str(identity.rate),
        "ss_steps": str(identity.steps),
        "ss_base_model_version": BASES.get(model.facts.family, model.facts.family),
        "ss_sd_model_name": model.facts.name,
        "modelspec.title": prompt,
    }
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        save_file(tensors, partial, metadata)
        partial.replace(path)
    except (OSError, SafetensorError) as error:
        raise _not_kept(path, error) from None
    finally:
        partial.unlink(missing_ok=True)


def _not_kept(path: Path, error: object) -> EngineError:
    return EngineError(f"What was learned cannot be kept in {path.parent} ({error}); free some space.")


def _forget() -> None:
    with suppress(OSError):  # another Driftpaint may be reading one, or forget it first
        files = sorted(folder().glob("*.safetensors"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in files[KEPT:]:
            path.unlink(missing_ok=True)
