"""Attention by rows, and what of a network's attention it leaves to torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as functional
from torch import Tensor

from engine import attention
from engine.attention import attending, by_rows
from engine.types import ModelFacts

Shape = tuple[int, ...]


@pytest.mark.parametrize("shape", [(2, 3, 600, 40), (1, 8, 77, 64), (1, 1, 1, 8)])
@pytest.mark.parametrize(("dtype", "error"), [(torch.float32, 1e-5), (torch.bfloat16, 1e-2)])
def test_rows_give_what_the_whole_gives(shape: Shape, dtype: torch.dtype, error: float) -> None:
    whole = torch.randn(3, *shape, generator=torch.Generator().manual_seed(0))
    right = functional.scaled_dot_product_attention(*whole)
    found = by_rows(*whole.to(dtype)).float()
    assert (found - right).norm() / right.norm() < error


def test_more_queries_than_keys_and_the_other_way_round() -> None:
    draw = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(1, 2, n, 16, generator=draw) for n in (300, 700, 700))
    for q, k, v in ((query, key, value), (key, query, query)):
        assert torch.allclose(by_rows(q, k, v), functional.scaled_dot_product_attention(q, k, v), atol=1e-5)


def test_a_step_attends_by_rows_where_that_is_faster_and_nothing_does_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Shape] = []

    def watched(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        seen.append(tuple(key.shape))
        return by_rows(query, key, value)

    def attend(tokens: int, dtype: torch.dtype = torch.bfloat16, is_causal: bool = False) -> None:
        x = torch.ones(1, 1, tokens, 8, dtype=dtype)
        functional.scaled_dot_product_attention(x, x, x, is_causal=is_causal)

    def steps() -> Iterator[str]:
        with torch.no_grad():
            attend(512)
            attend(77)
            attend(512, is_causal=True)
            attend(512, torch.float32)
        attend(512)  # here a network may learn
        yield "done"

    monkeypatch.setattr(attention, "by_rows", watched)
    monkeypatch.setattr(attention, "is_faster", lambda dtype: True)
    large = ModelFacts("mine", "cpu", "bfloat16", 0.0, family="sd1")
    for _ in attending(steps(), large):
        attend(512)
    assert seen == [(1, 1, 512, 8)]
    assert list(attending(iter(["a", "b"]), replace(large, family=""))) == ["a", "b"]
