"""The training pictures: shards of rendered scenes, whole views and close crops, of several shapes.

    python -m engine.starter.pictures 12000

renders what is missing of so many pictures into `training/pictures`. A shard is 64 pictures of one seed,
which is its number; shard 0 is held out.
"""

from __future__ import annotations

import argparse
import math
import os
import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.starter.network import LARGEST_SCALE, NATIVE, WORDS

ROOT = Path(__file__).parents[2]
SHARD = 64  # pictures
OBLONG = (320, 224), (352, 192), (416, 160), (480, 160), (224, 320), (192, 352), (160, 416)  # pixels
SHAPES = ((NATIVE, NATIVE),) * 8 + OBLONG
CROPS = 0.5  # share of pictures that show a part of a view


class Shard(NamedTuple):
    """Pictures of one shape, and what the network is told of each."""

    pictures: Tensor  # (64, 3, h, w), uint8
    windows: Tensor  # (64, 4), float32: left, top, right, bottom of the whole view
    words: Tensor  # (64, 40), uint8, 0 or 1

    @classmethod
    def load(cls, path: Path) -> Shard:
        return cls(**load_file(path))

    def save(self, path: Path) -> None:
        partial = path.with_suffix(".partial")
        save_file({name: each.contiguous() for name, each in self._asdict().items()}, partial)
        partial.replace(path)


def path_of(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}.safetensors"


def shape_of(number: int) -> tuple[int, int]:
    """Width and height of a shard's pictures: the one held out is square, and so is half of the others."""
    return SHAPES[random.Random(number).randrange(len(SHAPES))] if number else (NATIVE, NATIVE)


def render_shard(folder: Path, number: int) -> None:
    from engine.starter.places import locate  # only the processes that render need the renderer
    from engine.starter.render import render
    from engine.starter.words import words
    from engine.starter.world import draw

    torch.set_num_threads(1)
    width, height = shape_of(number)
    generator = torch.Generator().manual_seed(number)
    scene = draw(SHARD, generator, aspect=width / height)
    things, sun = locate(scene)
    column, foot, high, seen = things.unbind(-1)
    subjects = torch.cat([torch.stack([column, foot - high / 2, seen], -1), sun[:, None]], 1)
    windows = crops(subjects, generator) if number else whole(SHARD)
    pictures = render(scene, width, height, windows, supersample=1.5)
    told = torch.zeros(SHARD, WORDS, dtype=torch.uint8)
    known = words(scene).byte()
    told[:, : known.shape[1]] = known
    Shard((pictures * 255).round().byte().cpu(), windows, told).save(path_of(folder, number))


def whole(count: int) -> Tensor:
    """The windows of so many whole views."""
    return torch.tensor([[0.0, 0.0, 1.0, 1.0]]).repeat(count, 1)


def crops(subjects: Tensor, generator: torch.Generator) -> Tensor:
    """Windows (n, 4): half of them whole views, half crops down to a quarter of the width, and of those half
    round something that is there; `subjects` (n, things, 3) are columns, rows, and whether they are seen.
    """
    n = len(subjects)

    def uniform() -> Tensor:
        return torch.rand(n, generator=generator)

    side = LARGEST_SCALE ** -(uniform() * (uniform() < CROPS))
    centre = torch.stack([uniform(), uniform()], 1)
    seen = subjects[..., 2].clamp(0, 1) + 1e-6
    thing = subjects[torch.arange(n), torch.multinomial(seen, 1, generator=generator)[:, 0]]
    about = (uniform() < 0.5) & (thing[:, 2] > 0)
    jitter = (torch.stack([uniform(), uniform()], 1) - 0.5) * 0.6 * side[:, None]
    centre = torch.where(about[:, None], thing[:, :2] + jitter, centre)
    start = torch.minimum((centre - side[:, None] / 2).clamp(min=0), 1 - side[:, None])
    return torch.cat([start, start + side[:, None]], 1)


def render_all(folder: Path, scenes: int, processes: int) -> list[Path]:
    """The shards for `scenes` training pictures and, first, one held out; those that are missing are
    rendered.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(1 + math.ceil(scenes / SHARD))
    missing = [number for number in numbers if not path_of(folder, number).exists()]
    if missing:
        print(f"rendering {len(missing) * SHARD} pictures in {processes} processes", flush=True)
        with ProcessPoolExecutor(processes) as pool:
            list(pool.map(render_shard, [folder] * len(missing), missing))
    return [path_of(folder, number) for number in numbers]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenes", type=int, help="pictures to train on")
    parser.add_argument("--folder", type=Path, default=ROOT / "training" / "pictures")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    ask = parser.parse_args()
    render_all(ask.folder, ask.scenes, ask.processes)


if __name__ == "__main__":
    main()
