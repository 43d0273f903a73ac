"""Scenes that the model has never seen, and pictures that it has."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.starter.pictures import SHARD, Shard, path_of, render_shard, shape_of
from engine.starter.render import render
from engine.starter.scene import Scene
from engine.starter.world import draw
from engine.types import WHOLE, Rgb

HELD_OUT = 900_000  # the first number of scenes of ours; training has 0, which it holds out too, to some 1000
TASK = 16  # scenes that a process renders at a time


def drawn(number: int, part: slice = slice(SHARD)) -> Scene:
    """The scenes of a shard, or some of them."""
    return draw(SHARD, torch.Generator().manual_seed(number)).rows(part)


def scenes(number: int, count: int, size: int = 256) -> list[Rgb]:
    """Pictures of the first scenes of shards `number` and on: whole views, rendered as for training."""
    starts = range(0, count, TASK)
    numbers = [number + start // SHARD for start in starts]
    parts = [slice(start % SHARD, start % SHARD + min(TASK, count - start)) for start in starts]
    with _pool() as pool:
        return [each for part in pool.map(_rendered, numbers, parts, [size] * len(parts)) for each in part]


def square_shards(folder: Path, count: int) -> list[Path]:
    """The first training shards of square pictures, rendered again."""
    numbers = [number for number in range(1, 10 * count + 10) if len({*shape_of(number)}) == 1][:count]
    with _pool() as pool:
        list(pool.map(render_shard, [folder] * count, numbers))
    return [path_of(folder, number) for number in numbers]


def whole_views(shards: Iterable[Path]) -> Iterator[Rgb]:
    """The square pictures of whole views in training shards, and their mirror images, which training shows
    as well; at half their size, for they may be many.
    """
    for path in shards:
        shard = Shard.load(path)
        if shard.pictures.shape[2] != shard.pictures.shape[3]:
            continue
        whole = (shard.windows == torch.tensor(WHOLE)).all(1)
        halved = torch.nn.functional.avg_pool2d(shard.pictures[whole].float(), 2).round().byte()
        yield from _arrays(torch.cat([halved, halved.flip(3)]))


def held_out_shard(pictures: list[Rgb]) -> Shard:
    """Pictures of whole views as training judges them, without words."""
    n = len(pictures)
    windows, words = torch.tensor(WHOLE).repeat(n, 1), torch.zeros(n, 40, dtype=torch.uint8)
    return Shard(torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2), windows, words)


def _arrays(pictures: Tensor) -> list[Rgb]:
    """(n, 3, h, w), uint8."""
    return [np.ascontiguousarray(each) for each in pictures.permute(0, 2, 3, 1).numpy()]


def _rendered(number: int, part: slice, size: int) -> list[Rgb]:
    torch.set_num_threads(1)
    pictures = render(drawn(number, part), size, supersample=1.5)
    return _arrays((pictures * 255).round().byte())


def _pool() -> ProcessPoolExecutor:
    """Fresh processes: a copy of one in which torch has already run threads may stand still."""
    return ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"))
