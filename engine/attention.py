"""Attention on a processor, by rows: where it multiplies bfloat16 but has no tiles (AMX), torch's own kernel
takes twice as long for large pictures, and is half of the work of a network.

Which of the two is faster here is measured once, in some 50 ms.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, TypeVar

import torch
import torch.nn.functional as functional
from torch import Tensor
from torch.overrides import TorchFunctionMode

from engine.types import ModelFacts

ROWS = 256  # of queries at once, for a thread: their products with a picture's keys still fit its cache
KEYS = 256  # with fewer, as words have, torch's own is as fast
Step = TypeVar("Step")


def attending(steps: Iterator[Step], facts: ModelFacts) -> Iterator[Step]:
    """Each step of a generator with networks that attend in the way that is faster here. While it waits
    others, which train, are left alone.
    """
    while True:
        with _quick(facts):
            step = next(steps, None)
        if step is None:
            return
        yield step


def by_rows(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """softmax(q k^T / sqrt(d)) v, of (n, heads, tokens, d), in two products for some rows of one head."""
    out = query.new_empty(*query.shape[:-1], value.shape[-1])
    keys = key.mT * query.shape[-1] ** -0.5
    many = ROWS * torch.get_num_threads()
    for i in range(query.shape[0]):
        for head in range(query.shape[1]):
            for row in range(0, query.shape[2], many):
                rows = i, head, slice(row, row + many)
                out[rows] = (query[rows] @ keys[i, head]).softmax(-1) @ value[i, head]
    return out


@cache
def is_faster(dtype: torch.dtype) -> bool:
    """Whether rows are faster than torch's own kernel, on this machine and with its threads as they are."""
    draw = torch.Generator().manual_seed(0)
    whole = torch.randn(3, 1, 2, 1024, 40, generator=draw).to(dtype)
    with torch.no_grad():
        return _seconds(by_rows, whole) < _seconds(functional.scaled_dot_product_attention, whole)


def _seconds(attend: Callable[..., Tensor], whole: Tensor) -> float:
    """The shortest of some, in time that others do not take; the first call makes the kernels ready."""
    times = []
    for _ in range(4):
        started = time.thread_time()
        attend(*whole)
        times.append(time.thread_time() - started)
    return min(times[1:])


def _quick(facts: ModelFacts) -> AbstractContextManager[object]:
    """For the user's own checkpoints: looking at each call of torch costs the small starter model 4 %."""
    may_gain = facts.family and facts.device == "cpu" and facts.dtype == "bfloat16"
    return _ByRows() if may_gain and is_faster(torch.bfloat16) else nullcontext()


class _ByRows(TorchFunctionMode):
    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is functional.scaled_dot_product_attention:
            return _attention(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, **ways: Any
) -> Tensor:
    """As torch's own, which it leaves whatever is not a network's plain attention to a whole picture."""
    is_large = query.ndim == 4 and key.shape[2] >= KEYS and query.dtype == torch.bfloat16
    if is_large and attn_mask is None and not any(ways.values()) and not torch.is_grad_enabled():
        return by_rows(query, key, value)
    return functional.scaled_dot_product_attention(query, key, value, attn_mask, **ways)
