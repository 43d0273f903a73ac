"""How a model gets by with less memory: the same pictures, or nearly, for more time. Beside the processor's
a graphics processor has memory of its own, and little of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:  # whoever starts the engine knows of economies before torch is there
    import torch
    from torch import Tensor, nn

SHARED = ("cpu", "mps")  # devices that have no memory of their own beside the processor's
TILE = 1024  # pixels: what is larger is encoded and decoded in tiles
Weights = Literal["all", "the part's", "the layer's"]  # that are on the device


class Economy(NamedTuple):
    apart: bool = False  # what guidance compares is asked for in one call after another
    tile: int = TILE  # pixels, of the autoencoder's
    piece: float = 1.0  # side of the largest piece that a network sees at once, as a share of the usual one
    weights: Weights = "all"
    device: str = ""  # where the model is, if not where it usually is


USUAL = Economy()


def spare(network: nn.Module, autoencoder: nn.Module, device: torch.device, economy: Economy) -> None:
    """From now on the two get by so."""
    ask_apart(network, False)
    if device.type != "cpu":
        _place((network, autoencoder), device, "all" if device.type in SHARED else economy.weights)
    ask_apart(network, economy.apart)


def _place(parts: Sequence[nn.Module], device: torch.device, weights: Weights) -> None:
    """Whose weights are on a graphics processor; the others wait in the processor's memory."""
    from accelerate import cpu_offload, cpu_offload_with_hook
    from accelerate.hooks import remove_hook_from_submodules

    for part in parts:
        if hasattr(part, "_hf_hook") or weights != "all":
            remove_hook_from_submodules(part)
            part.to("cpu")  # what has come to the device in inference mode could not learn
    if weights == "all":
        for part in parts:
            part.to(device)
    elif weights == "the part's":
        hooks = [cpu_offload_with_hook(part, device)[1] for part in parts]
        for i, hook in enumerate(hooks):
            hook.hook.prev_module_hook = hooks[i - 1]  # of two parts each sends the other away
    else:
        for part in parts:
            cpu_offload(part, device)


def ask_apart(network: nn.Module, apart: bool) -> None:
    """From now on a batch goes through the network row by row, or again as one."""
    now = network.__dict__.get("forward")
    if isinstance(now, partial) and now.func is _row_by_row:
        network.forward = now.args[0]
    if apart:
        network.forward = partial(_row_by_row, network.forward)


def _row_by_row(forward: Callable[..., Any], x: Tensor, *others: Any, **named: Any) -> Any:
    """Of a batch of one or more: of whatever has as many rows each call gets one."""
    import torch

    rows = len(x)
    if rows == 1:
        return forward(x, *others, **named)
    said = [
        forward(*(_row(each, i, rows) for each in (x, *others)), **_row(named, i, rows)) for i in range(rows)
    ]
    return torch.cat(said) if torch.is_tensor(said[0]) else tuple(map(torch.cat, zip(*said, strict=True)))


def _row(told: Any, i: int, rows: int) -> Any:
    import torch

    if isinstance(told, dict):
        return {name: _row(each, i, rows) for name, each in told.items()}
    return told[i : i + 1] if torch.is_tensor(told) and told.ndim and len(told) == rows else told
