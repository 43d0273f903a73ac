"""How a model gets by with less memory: the same pictures, or nearly, for more time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # whoever starts the engine knows of economies before torch is there
    from torch import Tensor, nn

TILE = 1024  # pixels: what is larger is encoded and decoded in tiles


class Economy(NamedTuple):
    apart: bool = False  # what guidance compares is asked for in one call after another
    tile: int = TILE  # pixels, of the autoencoder's
    piece: float = 1.0  # side of the largest piece that a network sees at once, as a share of the usual one


def ask_apart(network: nn.Module, apart: bool) -> None:
    """From now on a batch goes through the network row by row, or again as one."""
    network.__dict__.pop("forward", None)
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
