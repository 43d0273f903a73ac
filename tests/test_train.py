"""The training recipe: orthogonal updates, batches that follow from the step alone, and runs that resume
exactly.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from accelerate import Accelerator

from engine.starter import train
from engine.starter.muon import Muon, is_matrix, orthogonal
from engine.starter.network import WORDS, StarterUNet
from engine.starter.pictures import Shard, crops, shape_of, whole


def shard(width: int, height: int, seed: int) -> Shard:
    """Eight pictures of noise, each with a window and words of its own."""
    g = torch.Generator().manual_seed(seed)
    pictures = torch.randint(0, 256, (8, 3, height, width), dtype=torch.uint8, generator=g)
    words = torch.randint(0, 2, (8, WORDS), dtype=torch.uint8, generator=g)
    return Shard(pictures, whole(8), words)


SHARDS = [shard(96, 64, 0), shard(64, 96, 1), shard(96, 64, 2)]
CPU = Accelerator(cpu=True, mixed_precision="bf16")


@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 8, 40), (2, 40, 8)])
def test_updates_are_nearly_orthogonal(shape: tuple[int, int, int]) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    values = torch.linalg.svdvals(orthogonal(matrices))
    assert ((values > 0.7) & (values < 1.3)).all()


def test_first_and_last_layers_and_vectors_are_left_to_adamw() -> None:
    unet = StarterUNet()
    taken = {name for name, weight in unet.named_parameters() if is_matrix(name, weight)}
    assert "down.2.1.conv1.weight" in taken
    assert not any(name.startswith(("first", "last", "level", "words")) for name in taken)
    assert not any(name.endswith("bias") or "told" in name for name in taken)
    assert len(Muon(unet).matrices) == len(taken)


def test_a_batch_follows_from_seed_and_step_alone() -> None:
    first, again, other = (train.draw_batch(SHARDS, 0, step) for step in (5, 5, 6))
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert not torch.equal(first.sigma, other.sigma)
    assert first.x.abs().max() <= 1


def test_a_batch_has_one_shape_and_all_shapes_come() -> None:
    shapes = {tuple(train.draw_batch(SHARDS, 0, step).x.shape) for step in range(20)}
    assert shapes == {(16, 3, 64, 96), (16, 3, 96, 64)}


def test_half_of_a_batch_is_untold() -> None:
    told = [train.draw_batch(SHARDS, 0, step).words.any(1).float().mean().item() for step in range(20)]
    assert sum(told) / 20 == pytest.approx(1 - train.UNTOLD, abs=0.1)


def test_a_mirrored_picture_is_told_its_mirrored_place() -> None:
    """Each picture here is as bright as its columns stand far to the right, and so is told right."""
    row = torch.linspace(0, 127, 32).byte().expand(8, 3, 32, 32)
    left = Shard(row, torch.tensor([[0.0, 0.25, 0.5, 0.75]]).repeat(8, 1), torch.zeros(8, WORDS).byte())
    batch = train.draw_batch([left], 0, 0)
    mirrored = batch.x[:, 0, 0, 0] > batch.x[:, 0, 0, -1]
    assert mirrored.any()
    assert not mirrored.all()
    assert (batch.windows[~mirrored] == torch.tensor([0.0, 0.25, 0.5, 0.75])).all()
    assert (batch.windows[mirrored] == torch.tensor([0.5, 0.25, 1.0, 0.75])).all()


def test_crops_stay_inside_and_follow_what_is_there() -> None:
    subjects = torch.tensor([[[0.8, 0.3, 1.0], [0.1, 0.1, 0.0]]]).repeat(400, 1, 1)
    windows = crops(subjects, torch.Generator().manual_seed(0))
    left, top, right, bottom = windows.unbind(1)
    assert windows.min() >= 0
    assert windows.max() <= 1 + 1e-6
    assert torch.allclose(right - left, bottom - top, atol=1e-6)
    part = (right - left) < 1
    assert part.float().mean() == pytest.approx(0.5, abs=0.1)
    assert (right - left).min() >= 1 / 4
    holds = (left <= 0.8) & (right >= 0.8) & (top <= 0.3) & (bottom >= 0.3)
    assert holds[part].float().mean() > 0.6


def test_shapes_have_one_area_and_suit_the_network() -> None:
    shapes = {shape_of(number) for number in range(200)}
    assert len(shapes) > 5
    for width, height in shapes:
        assert width % 32 == height % 32 == 0
        assert 0.85 < width * height / 256**2 < 1.2


def test_the_rate_warms_up_and_ends_at_nothing() -> None:
    rates = [train.rate_factor(i / 100) for i in range(101)]
    assert rates[0] < 0.05
    assert rates[10] == rates[60] == 1
    assert rates[-1] == 0


def test_a_resumed_run_is_the_same_run(tmp_path: Path) -> None:
    straight = train.Training(tmp_path / "a", SHARDS, CPU, batch=2)
    for _ in range(2):
        straight.advance(SHARDS, 10)
    halted = train.Training(tmp_path / "b", SHARDS, CPU, batch=2)
    halted.advance(SHARDS, 10)
    (tmp_path / "b").mkdir()
    halted.keep()
    resumed = train.Training(tmp_path / "b", SHARDS, CPU, batch=2)
    assert resumed.step == 1
    resumed.advance(SHARDS, 10)
    for one, other in zip(straight.average.unet.parameters(), resumed.average.unet.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
