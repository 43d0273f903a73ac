"""Pieces cover everything, and what is blended of them has no seams."""

from __future__ import annotations

from itertools import pairwise

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.pieces import Piece, in_pieces, stretches


@given(st.integers(1, 40), st.integers(4, 12), st.integers(0, 96))
def test_stretches_cover_the_length_and_overlap(length: int, most: int, overlap: int) -> None:
    length, most = length * 32, most * 32
    found = stretches(length, most, overlap, 32)
    assert found[0][0] == 0
    assert found[-1][1] == length
    assert all(end - start <= most and (end - start) % 32 == 0 for start, end in found)
    for (_, end), (start, _) in pairwise(found):
        assert end - start >= overlap
    assert len({end - start for start, end in found}) == 1


def test_a_pointwise_estimate_is_the_same_in_pieces() -> None:
    x = torch.randn(1, 3, 160, 416, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(in_pieces(lambda part, _: part.tanh(), x, 128, 32, 32), x.tanh(), atol=1e-6)


def test_pieces_that_disagree_meet_without_a_step() -> None:
    """Two pieces that say 0 and 1 are blended linearly over what they share."""

    def says(part: Tensor, piece: Piece) -> Tensor:
        return torch.full_like(part, float(piece.left > 0))

    row = in_pieces(says, torch.zeros(1, 1, 32, 224), 128, 32, 32)[0, 0, 0]
    assert row[0] == 0
    assert row[-1] == 1
    assert row.diff().max() <= 1 / 32 + 1e-6
    assert (row.diff() >= 0).all()


def test_what_fits_is_one_piece() -> None:
    calls: list[Piece] = []

    def count(part: Tensor, piece: Piece) -> Tensor:
        calls.append(piece)
        return part

    in_pieces(count, torch.zeros(1, 3, 128, 96), 128, 32, 32)
    assert calls == [Piece(0, 128, 0, 96)]
