"""Trains the starter model from scratch, on nothing but pictures from our own renderer.

    python -m engine.starter.train --scenes 12000 --pictures 60000
    accelerate launch -m engine.starter.train ...        (on several GPUs)

One command: it renders what is missing, trains, and saves; stopped at any time, the same command goes on. All
that it keeps is in `training/` until the finished model is written to `resources/starter`. Pictures and noise
of step n follow from the seed and n alone, so a resumed run is the same run.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import torch
from accelerate import Accelerator
from torch import Tensor

from engine.starter.muon import Muon
from engine.starter.network import Patches, Preconditioning, StarterNetwork, StarterUNet
from engine.starter.pictures import ROOT, SHARD, Shard, render_all

BATCH = 16  # pictures of a step, on each device; a GPU wants ten times as many
UNTOLD = 0.5  # share of the pictures that are shown without words
LEVELS = {
    "0.2": 0.72,
    "0.35": 1.6,
    "0.5": 3.4,
    "0.65": 8.4,
    "0.8": 25.0,
}  # VP time: sigma, where it is judged


class Batch(NamedTuple):
    x: Tensor  # (n, 3, h, w), -1..1
    noise: Tensor  # (n, 48, h / 4, w / 4), of tokens
    sigma: Tensor  # (n,): ln sigma ~ N(0.2, 1.4)
    windows: Tensor  # (n, 4)
    words: Tensor  # (n, 40)


def rate_factor(part: float) -> float:
    """Of the learning rate, at `part` (0..1) of the run: warm-up over 3 %, linear decay over 35 %."""
    return min(1.0, (part + 1e-3) / 0.03, (1 - part) / 0.35)


def draw_batch(
    shards: Sequence[Shard], seed: int, step: int, n: int = BATCH, device: torch.device | str = "cpu"
) -> Batch:
    """n pictures of one shape from all shards, half of them mirrored, half of them without words."""
    g = torch.Generator().manual_seed(seed * 1_000_003 + step)

    def integers(limit: int) -> list[int]:
        numbers: list[int] = torch.randint(limit, (n,), generator=g).tolist()
        return numbers

    alike = defaultdict(list)
    for shard in shards:
        alike[shard.pictures.shape[2:]].append(shard)
    shape = shards[integers(len(shards))[0]].pictures.shape[2:]
    chosen = [alike[shape][i] for i in integers(len(alike[shape]))]
    rows = [row % len(shard.words) for shard, row in zip(chosen, integers(SHARD), strict=True)]
    picked = [[each[row] for each in shard] for shard, row in zip(chosen, rows, strict=True)]
    x, windows, words = (torch.stack(each).to(device).float() for each in zip(*picked, strict=True))
    mirrored = (torch.rand(n, generator=g) < 0.5).to(device)
    x[mirrored] = x[mirrored].flip(3)
    left, top, right, bottom = windows[mirrored].unbind(1)
    windows[mirrored] = torch.stack([1 - right, top, 1 - left, bottom], 1)
    words *= (torch.rand(n, 1, generator=g) >= UNTOLD).to(device)
    even = (torch.randperm(n, generator=g) + torch.rand(n, generator=g)) / n  # stratified in the batch
    sigma = torch.exp(0.2 + 1.4 * math.sqrt(2) * torch.erfinv((2 * even - 1).clamp(-0.999, 0.999)))
    there = torch.Generator(device).manual_seed(g.initial_seed())
    noise = torch.randn(n, 48, x.shape[2] // 4, x.shape[3] // 4, generator=there, device=device)
    return Batch(x / 127.5 - 1, noise, sigma.to(device), windows, words)


def loss_at(network: torch.nn.Module, patches: Patches, batch: Batch) -> Tensor:
    """EDM's loss, on tokens: the error's square, against what an untrained network leaves."""
    z = patches.encode(batch.x)
    y = z + batch.sigma[:, None, None, None] * batch.noise
    estimate = network(y, batch.sigma, batch.windows, batch.words)
    left = Preconditioning.at(patches.variance, batch.sigma).out.square().mean(1, keepdim=True)
    loss: Tensor = ((estimate - z).square() / left).mean()
    return loss


@torch.no_grad()
def judge(network: StarterNetwork, held_out: Shard) -> dict[str, float]:
    """PSNR in dB of the estimate of x0, over held-out pictures and without words, at five noise levels."""
    device, out = network.patches.mean.device, {}
    for k, (name, sigma) in enumerate(LEVELS.items()):
        g = torch.Generator().manual_seed(k)
        errors = []
        for pictures, windows, words in zip(*(torch.split(each, BATCH) for each in held_out), strict=True):
            x = pictures.to(device).float() / 127.5 - 1
            z = network.patches.encode(x)
            y = z + sigma * torch.randn(z.shape, generator=g).to(device)
            level = torch.full((len(x),), sigma, device=device)
            with torch.autocast(device.type, torch.bfloat16):
                estimate = network(y, level, windows.to(device), torch.zeros_like(words.float()).to(device))
            errors.append((network.patches.decode(estimate) - x).square().mean((1, 2, 3)))
        out[name] = round(10 * math.log10(4 / torch.cat(errors).mean().item()), 2)
    return out


class Training:
    """The run: network, its moving average, optimizer and place in the run; all of it goes to one file."""

    def __init__(
        self,
        folder: Path,
        shards: Sequence[Shard],
        accelerator: Accelerator,
        seed: int = 0,
        batch: int = BATCH,
    ) -> None:
        self.path, self.accelerator = folder / "state.pt", accelerator
        self.seed, self.batch = seed, batch
        self.step, self.seconds = 0, 0.0
        torch.manual_seed(seed)
        saved = torch.load(self.path, map_location="cpu", weights_only=True) if self.path.exists() else None
        few = [shard.pictures[::8].float() / 127.5 - 1 for shard in shards[:64]]
        patches = Patches(*saved["patches"]) if saved else Patches.fit(few)
        self.network = StarterNetwork(StarterUNet(), patches.to(accelerator.device)).to(accelerator.device)
        self.average = StarterNetwork(StarterUNet(), self.network.patches).to(accelerator.device)
        self.average.requires_grad_(False)
        self.average.unet.load_state_dict(self.network.unet.state_dict())
        self.network.unet.to(memory_format=torch.channels_last)
        self.optimizer = Muon(self.network.unet)
        if saved:
            self.step, self.seconds = saved["step"], saved["seconds"]
            self.network.unet.load_state_dict(saved["unet"])
            self.average.unet.load_state_dict(saved["average"])
            self.optimizer.restore(saved["optimizer"])
        self.prepared = accelerator.prepare(self.network)

    def advance(self, shards: Sequence[Shard], steps: int) -> float:
        """One step of a run of `steps`; returns the loss."""
        started = time.monotonic()
        here = self.step * self.accelerator.num_processes + self.accelerator.process_index
        batch = draw_batch(shards, self.seed, here, self.batch, self.accelerator.device)
        loss = loss_at(self.prepared, self.network.patches, batch)
        self.accelerator.backward(loss)
        self.optimizer.step(rate_factor(self.step / steps))
        self.step += 1
        share = 1 - (1 - 1 / max(self.step, 2)) ** 17  # a window of about 6 % of the run so far
        torch._foreach_lerp_(
            list(self.average.unet.parameters()), list(self.network.unet.parameters()), share
        )
        self.seconds += min(time.monotonic() - started, 60.0)  # a pause is not work
        return loss.item()

    def keep(self) -> None:
        if not self.accelerator.is_main_process:
            return
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "patches": list(self.network.patches),
            "unet": self.network.unet.state_dict(),
            "average": self.average.unet.state_dict(),
            "optimizer": self.optimizer.state(),
        }
        partial = self.path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.path)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenes", type=int, default=12000, help="pictures to render and train on")
    parser.add_argument("--pictures", type=int, default=60000, help="pictures to be seen in all")
    parser.add_argument("--batch", type=int, default=BATCH, help="of a step, on each device; fixed in a run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cpu", action="store_true", help="even where there is a GPU")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="that render")
    parser.add_argument("--folder", type=Path, default=ROOT / "training", help="where its state is kept")
    parser.add_argument("--output", type=Path, default=ROOT / "resources" / "starter")
    ask = parser.parse_args()

    accelerator = Accelerator(cpu=ask.cpu or not torch.cuda.is_available(), mixed_precision="bf16")
    with accelerator.main_process_first():
        paths = render_all(ask.folder / "pictures", ask.scenes, ask.processes)
    held_out, *shards = [Shard.load(path) for path in paths]
    run = Training(ask.folder, shards, accelerator, ask.seed, ask.batch)
    together = ask.batch * accelerator.num_processes
    steps = ask.pictures // together
    weights = sum(weight.numel() for weight in run.network.unet.parameters()) / 1e6
    accelerator.print(
        f"{weights:.1f} million weights, {len(shards) * SHARD} pictures, step {run.step} of {steps}",
        flush=True,
    )

    stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    kept, losses = time.monotonic(), []
    while run.step < steps and not stopped:
        losses.append(run.advance(shards, steps))
        if run.step % 100 == 0:
            speed, loss = run.step * together / run.seconds, sum(losses) / len(losses)
            accelerator.print(f"step {run.step} loss {loss:.4f} {speed:.1f} pictures/s", flush=True)
            losses = []
        if time.monotonic() - kept > 300:
            run.keep()
            kept = time.monotonic()
    run.keep()
    if accelerator.is_main_process:
        run.average.save(ask.folder / "model")
        figures = {
            "pictures_seen": run.step * together,
            "minutes": round(run.seconds / 60, 1),
            "psnr": judge(run.average, held_out),
        }
        print(json.dumps(figures), flush=True)
        if run.step >= steps:
            run.average.save(ask.output)
            print(f"saved {ask.output}")


if __name__ == "__main__":
    main()
