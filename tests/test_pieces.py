"""Pieces cover everything, and what is blended of them has no seams."""

from __future__ import annotations

from itertools import pairwise

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.pieces import Piece, in_pieces, stretches, wanted_pieces


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


def test_pieces_of_which_nothing_is_wanted_are_not_asked_for() -> None:
    """A rim is covered by pieces along it; what is inside and far outside costs nothing."""
    rim = torch.zeros(1024, 1024, dtype=torch.bool)
    rim[200:800, 200:800] = True
    rim[220:780, 220:780] = False
    pieces, _ = wanted_pieces(rim, 640, 64, 32)
    held = torch.zeros_like(rim)
    for piece in pieces:
        assert piece.of(rim).any()
        piece.of(held).fill_(True)
    assert held[rim].all()
    assert sum(piece.area for piece in pieces) < 0.7 * rim.numel()


def test_what_is_wanted_is_the_same_as_if_all_were() -> None:
    x = torch.randn(1, 3, 256, 416, generator=torch.Generator().manual_seed(0))
    wanted = torch.zeros(256, 416, dtype=torch.bool)
    wanted[30:60, 300:310] = wanted[170:180, 40:50] = True
    some = in_pieces(lambda part, _: part.tanh(), x, 128, 32, 32, {(256, 416): wanted})
    assert torch.allclose(some[..., wanted], x.tanh()[..., wanted], atol=1e-6)
    assert (some == 0).any()


def test_where_nothing_is_wanted_nothing_is_asked_for() -> None:
    nothing, asked = torch.zeros(128, 96, dtype=torch.bool), []

    def says(part: Tensor, piece: Piece) -> Tensor:
        asked.append(piece)
        return part

    said = in_pieces(says, torch.ones(1, 3, 128, 96), 128, 32, 32, {(128, 96): nothing})
    assert not asked
    assert (said == 0).all()
