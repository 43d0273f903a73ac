"""Features of pictures: what a tiny network, trained on the world's own labels, sees in them.

    python -m tests.quality.features

renders scenes, trains the network on what their numbers say, and writes `features.safetensors`. The file is a
fixed part of the tests: figures can be compared as long as it stays the same. They are not Inception's.
"""
# ruff: noqa: T201  a command speaks

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as functional
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.starter.pictures import SHARD
from engine.starter.scene import Scene
from engine.starter.words import words
from engine.types import Rgb
from tests.quality.scenes import drawn, scenes

SIZE = 128  # pixels: what it sees
FEATURES = 32
WIDTHS = (16, 32, 64)  # of the maps that are kept; labels are read from another, twice as wide
PATH = Path(__file__).with_name("features.safetensors")
FIRST = 800_000  # number of its own scenes; others train the model, and yet others judge it
SCENES = 2048
HELD_OUT = 256  # of them, to see how well it reads
STEPS = 400
MEASURED = ("horizon", "sun height", "cloud cover", "snow line")
BATCH = 64
RATE = 3e-3


class Labels(NamedTuple):
    """What a scene's numbers say of its picture."""

    words: Tensor  # (n, words), 0 or 1: climate, time of day, weather, water, things
    measured: Tensor  # (n, 4), about -1..1

    def rows(self, index: Tensor | slice) -> Labels:
        return Labels(self.words[index], self.measured[index])


class FeatureNetwork(nn.Module):
    """Convolutions to 16 x 16 maps; the means of their channels over the picture, turned into principal
    components of deviation 1, so that each counts as much as any other.
    """

    mean: Tensor  # (64,)
    components: Tensor  # (64, 32)

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Sequential(*(_halving(a, b) for a, b in pairwise((3, *WIDTHS))))
        self.register_buffer("mean", torch.zeros(WIDTHS[-1]))
        self.register_buffer("components", torch.zeros(WIDTHS[-1], FEATURES))

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, 128, 128), 0..1, to (n, 32)."""
        out: Tensor = (self.maps(x).mean((2, 3)) - self.mean) @ self.components
        return out

    def fit(self, pictures: Tensor) -> None:
        """Finds the components over pictures (n, 3, 128, 128), uint8."""
        with torch.inference_mode():
            parts = torch.split(pictures, BATCH)
            means = torch.cat([self.maps(part.float() / 255).mean((2, 3)) for part in parts]).double()
        values, vectors = torch.linalg.eigh(torch.cov(means.T))
        self.mean.copy_(means.mean(0))
        self.components.copy_((vectors / values.sqrt()).flip(1)[:, :FEATURES])


def features_of(network: FeatureNetwork, pictures: Sequence[Rgb]) -> Tensor:
    """(n, 32), float64, of pictures of any size."""
    network.eval()
    with torch.inference_mode():
        return torch.cat([network(small(part)) for part in _parts(pictures)]).double()


def small(pictures: Sequence[Rgb]) -> Tensor:
    """(n, 3, 128, 128), 0..1."""
    x = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
    return functional.interpolate(x, (SIZE, SIZE), mode="area")


def labels(scene: Scene) -> Labels:
    measured = [
        4 * (scene.horizon - 0.45),
        2 * (scene.sun_height - 0.5),
        1.5 * (scene.cloud_cover + 0.8),
        (scene.snow_line.clamp(-500, 3500) - 1500) / 1500,
    ]
    return Labels(words(scene).float(), torch.stack(measured, 1))


def train(pictures: Tensor, known: Labels, steps: int = STEPS) -> tuple[FeatureNetwork, nn.Module]:
    """The network, and what reads the labels from its maps.

    On pictures (n, 3, 128, 128), uint8: half of them mirrored, all a little lighter or darker and with a
    little noise; nothing is blurred, for blur shall be seen.
    """
    torch.manual_seed(0)
    g = torch.Generator().manual_seed(0)
    network, asked = FeatureNetwork(), known.words.shape[1] + known.measured.shape[1]
    top = nn.Sequential(
        _halving(WIDTHS[-1], 2 * WIDTHS[-1]),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(2 * WIDTHS[-1], asked),
    )
    whole = nn.Sequential(network.maps, top).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(whole.parameters(), RATE, weight_decay=0.05)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for step in range(steps):
        rows = torch.randint(len(pictures), (BATCH,), generator=g)
        x = pictures[rows].float() / 255
        x = torch.where(torch.rand(BATCH, 1, 1, 1, generator=g) < 0.5, x.flip(3), x)
        x = x * (1 + 0.1 * torch.randn(BATCH, 1, 1, 1, generator=g))
        x = x + 0.01 * torch.randn(x.shape, generator=g)
        loss = loss_of(whole(x.contiguous(memory_format=torch.channels_last)), known.rows(rows))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        rates.step()
        if step % 100 == 99:
            print(f"step {step + 1} of {steps}, loss {loss.item():.3f}", flush=True)
    whole.eval()
    network.fit(pictures)
    return network, top


def loss_of(said: Tensor, known: Labels) -> Tensor:
    words, measured = torch.split(said, [known.words.shape[1], known.measured.shape[1]], 1)
    of_words = functional.binary_cross_entropy_with_logits(words, known.words)
    return 5 * of_words + functional.mse_loss(measured, known.measured)


def judged(network: FeatureNetwork, top: nn.Module, pictures: Tensor, known: Labels) -> str:
    """One line on how well pictures are read that were not trained on."""
    with torch.inference_mode():
        said = torch.cat([top(network.maps(part.float() / 255)) for part in torch.split(pictures, BATCH)])
    words, measured = torch.split(said, [known.words.shape[1], known.measured.shape[1]], 1)
    right = ((words > 0) == (known.words > 0)).float().mean()
    off = (measured - known.measured).square().mean(0).sqrt().tolist()
    told = ", ".join(f"{name} {each:.2f}" for name, each in zip(MEASURED, off, strict=True))
    return f"words right {right:.1%}; off by: {told}"


def save(network: FeatureNetwork, path: Path = PATH) -> None:
    save_file({name: each.contiguous().half() for name, each in network.state_dict().items()}, path)


def load(path: Path = PATH) -> FeatureNetwork:
    network = FeatureNetwork()
    network.load_state_dict({name: each.float() for name, each in load_file(path).items()})
    return network.eval()


def _halving(a: int, b: int) -> nn.Module:
    """Two convolutions, from `a` to `b` channels, to half the width and height."""
    first, second = nn.Conv2d(a, b, 3, 2, 1, bias=False), nn.Conv2d(b, b, 3, 1, 1, bias=False)
    return nn.Sequential(first, nn.BatchNorm2d(b), nn.SiLU(), second, nn.BatchNorm2d(b), nn.SiLU())


def _parts(pictures: Sequence[Rgb]) -> list[Sequence[Rgb]]:
    return [pictures[i : i + 32] for i in range(0, len(pictures), 32)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenes", type=int, default=SCENES, help="to render; a multiple of 64")
    ask = parser.parse_args()
    started = time.monotonic()
    parts = [labels(drawn(FIRST + i)) for i in range(ask.scenes // SHARD)]
    pictures = small(scenes(FIRST, len(parts) * SHARD, SIZE)).mul(255).round().byte()
    known = Labels(*(torch.cat(each) for each in zip(*parts, strict=True)))
    print(f"{len(pictures)} scenes rendered after {time.monotonic() - started:.0f} s", flush=True)
    seen, others = slice(HELD_OUT, None), slice(HELD_OUT)
    network, top = train(pictures[seen], known.rows(seen))
    print(judged(network, top, pictures[others], known.rows(others)))
    save(network)
    print(f"saved {PATH} after {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
