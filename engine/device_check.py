"""Whether a device computes right, and in which precision it is fast: tried at its first use with a small
block, as networks are made of them, against the processor in float32, and remembered.

Some drivers and cards give black, no numbers or noise in half precision, without an error.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from engine import remembered

WIDTH, HEADS, SIDE = 64, 4, 16
WRONG = 0.1  # relative error from which on it is none of rounding; bfloat16 has 0.01
Compute = Callable[[str, torch.dtype], Tensor]


class Verdict(NamedTuple):
    device: str
    dtype: torch.dtype
    why: str = ""  # what was wrong with what was wanted


@cache
def checked(device: str, wanted: torch.dtype) -> Verdict:
    """What to compute on, and in."""
    key = f"{device}, {name_of(device)}, {wanted}, torch {torch.__version__}"
    known = remembered.device(key)
    if known == {"right": True}:
        return Verdict(device, wanted)
    verdict = judged(device, wanted, computed)
    if not verdict.why:  # what is wrong may be mended tomorrow
        remembered.remember_device(key, {"right": True})
    return verdict


def judged(device: str, wanted: torch.dtype, compute: Compute) -> Verdict:
    """The first of these that is right: as wanted, in float32, on the processor."""
    reference, why = computed("cpu", torch.float32), ""
    for dtype in dict.fromkeys((wanted, torch.float32)):
        try:
            wrong = _wrong(compute(device, dtype), reference)
        except (RuntimeError, TypeError) as error:  # it cannot compute that at all
            wrong = str(error).splitlines()[0]
        if not wrong:
            return Verdict(device, dtype, why)
        why = why or f"{device} gives {wrong} in {str(dtype).removeprefix('torch.')}"
    return Verdict("cpu", torch.float32, why)


@torch.no_grad()
def computed(device: str, dtype: torch.dtype) -> Tensor:
    """What a block gives for the same numbers everywhere."""
    block, x = _block()
    x = block.to(device, dtype)(x.to(device, dtype))
    found: Tensor = x.float().cpu()
    return found


def name_of(device: str) -> str:
    """Its own, or what can be told of the processor's."""
    if device in ("cpu", "mps"):
        return f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}"
    name: str = torch.get_device_module(device).get_device_name()
    return name


@cache
def is_fast(dtype: torch.dtype) -> bool:
    """Whether the processor is faster in it than in float32: some 50 ms, in time that others do not take."""
    draw = torch.Generator().manual_seed(0)
    x, weight = torch.randn(1, 64, 48, 48, generator=draw), torch.randn(64, 64, 3, 3, generator=draw)

    def seconds(kind: torch.dtype) -> float:
        picture, kernel, times = x.to(kind), weight.to(kind), []
        for _ in range(6):
            started = time.thread_time()
            functional.conv2d(picture, kernel, padding=1)
            times.append(time.thread_time() - started)
        return min(times[1:])

    with torch.no_grad():
        return seconds(dtype) < seconds(torch.float32)


class _Block(nn.Module):
    """A convolution, a norm, an attention: what all networks have, one after another."""

    def __init__(self) -> None:
        super().__init__()
        self.into = nn.Conv2d(4, WIDTH, 3, padding=1)
        self.norm = nn.GroupNorm(8, WIDTH)
        self.heads = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Conv2d(WIDTH, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.silu(self.norm(self.into(x)))
        tokens = x.flatten(2).mT
        query, key, value = self.heads(tokens).view(1, -1, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        found: Tensor = self.out(x + seen.mT.reshape(1, WIDTH, SIDE, SIDE))
        return found


def _block() -> tuple[_Block, Tensor]:
    draw = torch.Generator().manual_seed(0)
    block = _Block().requires_grad_(False)
    for weight in block.parameters():
        weight.copy_(torch.randn(weight.shape, generator=draw) / max(1, weight[0].numel()) ** 0.5)
    return block.eval(), torch.randn(1, 4, SIDE, SIDE, generator=draw)


def _wrong(found: Tensor, reference: Tensor) -> str:
    if not found.isfinite().all():
        return "no numbers"
    if not found.any():
        return "black"
    error = float((found - reference).norm() / reference.norm())
    return "noise" if error > WRONG else ""
