"""Trains the starter model from scratch, on nothing but pictures from our own renderer.

    python -m engine.starter.train --scenes 12000 --pictures 60000

One command: it renders what is missing, trains, and saves; stopped at any time, the same command goes on. All
that it keeps is in `training/` until the finished model is written to `resources/starter`. Picture and noise
of step n follow from the seed and n alone, so a resumed run is the same run.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import FrameType

import numpy as np
import torch
from torch import Tensor

from engine.starter.muon import Muon
from engine.starter.network import Patches, Preconditioning, StarterNetwork

ROOT = Path(__file__).parents[2]
SIZE = 256  # pixels, of every training picture
SHARD = 64  # pictures in a file
BATCH = 16
LEVELS = {
    "0.2": 0.72,
    "0.35": 1.6,
    "0.5": 3.4,
    "0.65": 8.4,
    "0.8": 25.0,
}  # VP time: sigma, where it is judged


def render_shard(path: Path, seed: int) -> None:
    """64 scenes of one seed, as uint8 (64, 3, 256, 256)."""
    from engine.starter.render import render  # only the processes that render need the renderer
    from engine.starter.world import draw

    torch.set_num_threads(1)
    pictures = render(draw(SHARD, torch.Generator().manual_seed(seed)), SIZE, supersample=1.5)
    partial = path.with_suffix(".partial.npy")
    np.save(partial, (pictures * 255).round().byte().cpu().numpy())
    partial.replace(path)


def render_all(folder: Path, scenes: int, processes: int) -> list[Path]:
    """The shards for `scenes` training pictures and, first, one held out; those that are missing are
    rendered.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{i:05d}.npy" for i in range(1 + math.ceil(scenes / SHARD))]
    missing = [(path, i) for i, path in enumerate(paths) if not path.exists()]
    if missing:
        print(f"rendering {len(missing) * SHARD} pictures in {processes} processes", flush=True)
        with ProcessPoolExecutor(processes) as pool:
            list(pool.map(render_shard, *zip(*missing, strict=True)))
    return paths


def load(path: Path) -> Tensor:
    return torch.from_numpy(np.load(path))


def rate_factor(part: float) -> float:
    """Of the learning rate, at `part` (0..1) of the run: warm-up over 3 %, linear decay over 35 %."""
    return min(1.0, (part + 1e-3) / 0.03, (1 - part) / 0.35)


def draw_batch(pictures: Tensor, seed: int, step: int) -> tuple[Tensor, Tensor, torch.Generator]:
    """Pictures (16, 3, 256, 256) in -1..1, half of them mirrored, and noise levels (16,): ln sigma ~ N(0.2,
    1.4).
    """
    g = torch.Generator().manual_seed(seed * 1_000_003 + step)
    x = pictures[torch.randint(len(pictures), (BATCH,), generator=g)].float() / 127.5 - 1
    mirrored = torch.rand(BATCH, generator=g) < 0.5
    x[mirrored] = x[mirrored].flip(3)
    even = (
        torch.randperm(BATCH, generator=g) + torch.rand(BATCH, generator=g)
    ) / BATCH  # stratified in the batch
    sigma = torch.exp(0.2 + 1.4 * math.sqrt(2) * torch.erfinv((2 * even - 1).clamp(-0.999, 0.999)))
    return x, sigma, g


def loss_at(network: StarterNetwork, x: Tensor, sigma: Tensor, noise: Tensor) -> Tensor:
    z = network.patches.encode(x)
    with torch.autocast(x.device.type, torch.bfloat16):
        estimate = network(z + sigma[:, None, None, None] * noise, sigma)
    weight = 1 / Preconditioning.at(network.patches.variance, sigma).out.square().mean(1, keepdim=True)
    loss: Tensor = (weight * (estimate - z).square()).mean()
    return loss


@torch.no_grad()
def judge(network: StarterNetwork, held_out: Tensor) -> dict[str, float]:
    """PSNR in dB of the estimate of x0, over the held-out pictures, at five noise levels."""
    out = {}
    for k, (name, sigma) in enumerate(LEVELS.items()):
        g = torch.Generator().manual_seed(k)
        errors = []
        for batch in torch.split(held_out, BATCH):
            x = batch.to(network.patches.mean.device).float() / 127.5 - 1
            z = network.patches.encode(x)
            noise = torch.randn(z.shape, generator=g).to(z.device)
            level = torch.full((len(x),), sigma, device=z.device)
            with torch.autocast(x.device.type, torch.bfloat16):
                estimate = network(z + sigma * noise, level)
            errors.append((network.patches.decode(estimate) - x).square().mean((1, 2, 3)))
        out[name] = round(10 * math.log10(4 / torch.cat(errors).mean().item()), 2)
    return out


class Training:
    """The run: network, its moving average, optimizer and place in the run; all of it goes to one file."""

    def __init__(self, folder: Path, pictures: Tensor, device: str, seed: int) -> None:
        self.path, self.seed, self.device = folder / "state.pt", seed, device
        torch.manual_seed(seed)
        patches = Patches.fit(pictures[:: max(1, len(pictures) // 512)].float() / 127.5 - 1)
        self.step, self.seconds = 0, 0.0
        saved = torch.load(self.path, map_location="cpu", weights_only=True) if self.path.exists() else None
        if saved:
            patches = Patches(*saved["patches"])
        self.network = StarterNetwork.fresh(patches.to(device)).to(device)
        self.average = StarterNetwork.fresh(patches.to(device)).to(device).requires_grad_(False)
        self.network.unet.to(memory_format=torch.channels_last)
        self.optimizer = Muon(self.network.unet)
        if saved:
            self.step, self.seconds = saved["step"], saved["seconds"]
            self.network.unet.load_state_dict(saved["unet"])
            self.average.unet.load_state_dict(saved["average"])
            self.optimizer.restore(saved["optimizer"])

    def advance(self, pictures: Tensor, steps: int) -> float:
        """One step of a run of `steps`; returns the loss."""
        started = time.monotonic()
        x, sigma, g = draw_batch(pictures, self.seed, self.step)
        noise = torch.randn(BATCH, self.network.patches.mean.numel(), SIZE // 4, SIZE // 4, generator=g)
        loss = loss_at(self.network, x.to(self.device), sigma.to(self.device), noise.to(self.device))
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step(rate_factor(self.step / steps))
        self.step += 1
        share = 1 - (1 - 1 / max(self.step, 2)) ** 17  # a window of about 6 % of the run so far
        torch._foreach_lerp_(
            list(self.average.unet.parameters()), list(self.network.unet.parameters()), share
        )
        self.seconds += min(time.monotonic() - started, 60.0)  # a pause is not work
        return loss.item()

    def keep(self) -> None:
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
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="that render")
    parser.add_argument("--folder", type=Path, default=ROOT / "training", help="where its state is kept")
    parser.add_argument("--output", type=Path, default=ROOT / "resources" / "starter")
    ask = parser.parse_args()

    shards = render_all(ask.folder / "pictures", ask.scenes, ask.processes)
    held_out, pictures = load(shards[0]), torch.cat([load(path) for path in shards[1:]])
    run = Training(ask.folder, pictures, ask.device, ask.seed)
    steps = ask.pictures // BATCH
    weights = sum(weight.numel() for weight in run.network.unet.parameters()) / 1e6
    print(f"{weights:.1f} million weights, {len(pictures)} pictures, step {run.step} of {steps}", flush=True)

    stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    kept, losses = time.monotonic(), []
    while run.step < steps and not stopped:
        losses.append(run.advance(pictures, steps))
        if run.step % 100 == 0:
            speed = run.step * BATCH / run.seconds
            print(f"step {run.step} loss {sum(losses) / len(losses):.4f} {speed:.1f} pictures/s", flush=True)
            losses = []
        if time.monotonic() - kept > 300:
            run.keep()
            kept = time.monotonic()
    run.keep()
    run.average.save(ask.folder / "model")
    figures = {
        "pictures_seen": run.step * BATCH,
        "minutes": round(run.seconds / 60, 1),
        "psnr": judge(run.average, held_out),
    }
    print(json.dumps(figures), flush=True)
    if run.step >= steps:
        run.average.save(ask.output)
        print(f"saved {ask.output}")


if __name__ == "__main__":
    main()
