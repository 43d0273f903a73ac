"""LoRA files (Hu et al., 2022): low-rank changes beside a model's layers, several at once and changed between
edits. Nothing is added into the weights themselves, so a model without its LoRAs is bit for bit what it was.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, cast

import torch
import torch.nn.functional as functional
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from engine.checkpoint_keys import family_of, kind_of
from engine.checkpoints import NAMES
from engine.free_memory import ran_short
from engine.lora_keys import METADATA, OTHER_KINDS, Place, alpha_of, apart, names_of, place_of, settings_of
from engine.models import DAMAGES
from engine.safetensors_header import Header, read_header
from engine.types import EngineError, Lora
from engine.weights import Stamp, stamp


class Change(NamedTuple):
    """What is added to what a layer says: up(down(x))."""

    down: Tensor  # (rank, in), or (rank, in, h, w) of a convolution
    up: Tensor  # (out, rank), or (out, rank, 1, 1); times alpha / rank

    def __call__(self, layer: nn.Module, x: Tensor) -> Tensor:
        down, up = self.down.to(x), self.up.to(x)
        if isinstance(layer, nn.Conv2d):
            said = functional.conv2d(x, down, None, layer.stride, layer.padding, layer.dilation)
            return functional.conv2d(said, up)
        return functional.linear(functional.linear(x, down), up)


Changes = Mapping[nn.Module, Change]


@dataclass(eq=False)
class Worn:
    """Changes of a model's layers, and how much of them counts at a time t of the noise."""

    changes: Changes
    weight_at: Callable[[float], float]
    source: Hashable = None  # the same for the same changes with the same weights
    weight: float = 0.0  # now


class Wardrobe:
    """The LoRAs of a model, of which now these and now those are worn."""

    def __init__(self, family: str, network: nn.Module, words: Sequence[nn.Module] = ()) -> None:
        """`words` are the models that read them, in the order in which files number them."""
        self._family = family
        self._parts = {"network": network}
        self._parts |= {f"words {i + 1}" if i else "words": model for i, model in enumerate(words)}
        self._read: dict[Stamp, Changes] = {}
        self._worn: tuple[Worn, ...] = ()
        self._hooks: list[RemovableHandle] = []

    def chosen(self, loras: Sequence[Lora], t0: float = 1.0) -> tuple[Worn, ...]:
        """What an edit from t0 wears. Files are read once; those that no edit asks for any more are let go.

        Raises EngineError with one sentence for a file that does not fit the model.
        """
        asked = [(stamp(each.path), each) for each in loras if each.weight or each.noisy]
        self._read = {
            key: self._read.get(key) or read(Path(key.path), self._family, self._parts) for key, _ in asked
        }
        return tuple(Worn(self._read[key], _falling(each, t0), (key, each)) for key, each in asked)

    def wear(self, worn: tuple[Worn, ...], t: float = 0.0) -> None:
        """These, and no others, from now on, each as much as it counts at t."""
        for each in worn:
            each.weight = each.weight_at(t)
        if worn is self._worn:
            return
        for hook in self._hooks:
            hook.remove()
        layers = {layer for each in worn for layer in each.changes}
        self._hooks = [layer.register_forward_hook(_beside(layer, worn)) for layer in layers]
        self._worn = worn

    def empty(self) -> None:
        """Let go of all that was read."""
        self.wear(())
        self._read = {}


def read(path: Path, family: str, parts: Mapping[str, nn.Module]) -> Changes:
    """The changes of a file to the layers of a model's parts. Raises EngineError."""
    header = read_header(path)
    _check(path, header, family)
    layers = {(part, name): layer for part in parts for name, layer in _layers(parts[part])}
    found: dict[Place, dict[str, Tensor]] = {}
    try:
        for key, tensor in load_file(path).items():
            place, role = place_of(key) or _unknown(path, key)
            found.setdefault(place, {})[role] = tensor
    except DAMAGES as error:
        if ran_short(error):
            raise
        raise EngineError(f"{path} is damaged ({error}); get a fresh copy.") from error
    alphas, changes = _alphas(path, header), {}
    # what is read in an edit may be in use when something is learned later
    with torch.inference_mode(False), torch.no_grad():
        for place, tensors in found.items():
            own = [layers.get(place._replace(layer=name)) for name in apart(place.layer)]
            there = [layer for layer in own if layer is not None]
            if len(there) < len(own):
                raise EngineError(_no_fit(path, f"the model has no layer {place.layer}"))
            settings = alphas.get(place.part, {})
            for layer, part in zip(there, _shared(tensors, there), strict=True):
                changes[layer] = _change(path, place, layer, part, settings)
    return changes


def _check(path: Path, header: Header, family: str) -> None:
    """That it is a plain LoRA, and of the model's family as far as its header tells."""
    for key in header.tensors:
        for mark, kind in OTHER_KINDS.items():
            if mark in key:
                raise EngineError(f"{path} is {kind}, which is not supported; choose a plain LoRA.")
    kind = kind_of(header)
    if kind != "lora":
        what = f"of the kind {kind}" if kind else "nothing that is known here"
        raise EngineError(f"{path} is {what}, not a LoRA; choose another file.")
    of = family_of(header, kind)
    if of and family and of != family:
        raise EngineError(
            f"{path} is a LoRA for {NAMES[of]}, but the model is {NAMES[family]}; choose one that was made "
            "for it."
        )


def _unknown(path: Path, key: str) -> NoReturn:
    raise EngineError(f"{path} holds {key}, which is no part of a plain LoRA; choose another file.")


def _layers(part: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Each layer that a file can change, under each name that files have for it."""
    blocks = getattr(getattr(part, "config", None), "layers_per_block", 0)
    for name, layer in part.named_modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            yield from ((each, layer) for each in names_of(name, blocks))


def _shared(tensors: dict[str, Tensor], layers: Sequence[nn.Module]) -> list[dict[str, Tensor]]:
    """What each of the layers gets that are one in a file: its rows."""
    rows = [len(cast("Tensor", layer.weight)) for layer in layers]
    if len(layers) == 1 or "up" not in tensors or len(tensors["up"]) != sum(rows):
        return [tensors] * len(layers)  # of which those that do not fit are refused
    return [{**tensors, "up": up} for up in torch.split(tensors["up"], rows)]


def _change(
    path: Path, place: Place, layer: nn.Module, tensors: Mapping[str, Tensor], settings: Mapping[str, Any]
) -> Change:
    weight = layer.weight
    assert isinstance(weight, Tensor)
    down, up = tensors.get("down"), tensors.get("up")
    if down is None or up is None:
        raise EngineError(f"{path} has only one half of its change to {place.layer}; get a fresh copy.")
    rank, out = len(down), len(weight)
    if not rank or down.numel() != rank * weight[0].numel() or up.numel() != out * rank:
        left, right, own = (tuple(each.shape) for each in (down, up, weight))
        why = f"its change to {place.layer} has the shapes {left} and {right} beside {own}"
        raise EngineError(_no_fit(path, why))
    alpha = float(tensors["alpha"]) if "alpha" in tensors else alpha_of(place, settings, rank)
    scale = alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank)
    if not (math.isfinite(scale) and down.isfinite().all() and up.isfinite().all()):
        raise EngineError(f"The numbers of {path} are damaged; get a fresh copy.")
    scaled = (up.float() * scale).reshape(out, rank, *[1] * (weight.ndim - 2))
    device = "cpu" if weight.is_meta else weight.device  # where it waits until it is needed, see `Economy`
    down = down.reshape(rank, *weight.shape[1:])
    # a copy, for what is read is the file itself, which may change while it is worn
    return Change(down.to(device, weight.dtype, copy=True), scaled.to(device, weight.dtype))


def _no_fit(path: Path, why: str) -> str:
    return f"{path} does not fit this model: {why}; choose a LoRA that was made for the model's family."


def _alphas(path: Path, header: Header) -> dict[str, dict[str, Any]]:
    """The settings that stand beside the tensors, by part: in diffusers' metadata, or in peft's own file."""
    try:
        beside = path.with_name("adapter_config.json")
        if path.name == "adapter_model.safetensors" and beside.is_file():
            return {"network": dict(json.loads(beside.read_text(encoding="utf-8")))}
        return settings_of(json.loads(header.metadata.get(METADATA, "{}")))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        raise EngineError(f"The settings of {path} are damaged; get a fresh copy.") from None


def _falling(lora: Lora, t0: float) -> Callable[[float], float]:
    """A weight by time: from `weight` at 0 as a cosine to `noisy` at t0, as SDE-Drag's code has it."""
    noisy = lora.noisy
    if noisy is None:
        return lambda t: lora.weight
    return lambda t: noisy + (lora.weight - noisy) * (1 + math.cos(math.pi * min(t / max(t0, 1e-6), 1.0))) / 2


def _beside(layer: nn.Module, worn: Sequence[Worn]) -> Callable[[nn.Module, Any, Tensor], Tensor]:
    """A hook that adds to what the layer says."""
    here = [(each, each.changes[layer]) for each in worn if layer in each.changes]

    def add(layer: nn.Module, told: Any, said: Tensor) -> Tensor:
        for each, change in here:
            if each.weight:
                said = torch.add(said, change(layer, told[0]), alpha=each.weight)
        return said

    return add
