"""The training recipe: orthogonal updates, batches that follow from the step alone, and runs that resume
exactly.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.starter import train
from engine.starter.muon import Muon, is_matrix, orthogonal
from engine.starter.network import Patches, StarterNetwork

PICTURES = torch.randint(
    0, 256, (8, 3, 256, 256), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
)


@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 8, 40), (2, 40, 8)])
def test_updates_are_nearly_orthogonal(shape: tuple[int, int, int]) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    values = torch.linalg.svdvals(orthogonal(matrices))
    assert ((values > 0.7) & (values < 1.3)).all()


def test_first_and_last_layers_and_vectors_are_left_to_adamw() -> None:
    unet = StarterNetwork.fresh(Patches(torch.zeros(48), torch.eye(48), torch.ones(48))).unet
    taken = {name for name, weight in unet.named_parameters() if is_matrix(name, weight)}
    assert "mid_block.resnets.0.conv1.weight" in taken
    assert not any(name.startswith(("conv_in", "conv_out", "time_embedding")) for name in taken)
    assert not any(name.endswith("bias") for name in taken)
    assert len(Muon(unet).matrices) == len(taken)


def test_a_batch_follows_from_seed_and_step_alone() -> None:
    first, again, other = (train.draw_batch(PICTURES, 0, step) for step in (5, 5, 6))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[1], other[1])
    assert first[0].abs().max() <= 1


def test_the_rate_warms_up_and_ends_at_nothing() -> None:
    rates = [train.rate_factor(i / 100) for i in range(101)]
    assert rates[0] < 0.05
    assert rates[10] == rates[60] == 1
    assert rates[-1] == 0


def test_a_resumed_run_is_the_same_run(tmp_path: Path) -> None:
    straight = train.Training(tmp_path / "a", PICTURES, "cpu", 0)
    for _ in range(2):
        straight.advance(PICTURES, 10)
    halted = train.Training(tmp_path / "b", PICTURES, "cpu", 0)
    halted.advance(PICTURES, 10)
    (tmp_path / "b").mkdir()
    halted.keep()
    resumed = train.Training(tmp_path / "b", PICTURES, "cpu", 0)
    assert resumed.step == 1
    resumed.advance(PICTURES, 10)
    for one, other in zip(straight.average.unet.parameters(), resumed.average.unet.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
