"""SDEdit on a Stable Diffusion model against diffusers' own image-to-image pipeline: the same model, steps,
size and precision, turn by turn: `python -m tests.benchmarks.img2img FOLDER`.

Each has a process of its own, and the peak memory is that of its edit. Beside all of it stands what is the
process's own: the weights are mapped from their file, of which the kernel takes pages back as it likes, so
the whole differs by some percent from run to run. diffusers' is as `from_pretrained` gives it, in our
precision and with its own scheduler; both have made a short edit before.
Our process begins as the program does. `tests.random_checkpoints` makes models to try this on.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil
from torch import Tensor

from engine import allocation
from engine.ladder import fitting
from engine.shelf import Shelf
from engine.types import EditRequest, Rgb, SDEdit
from tests.benchmarks.__main__ import machine

STRENGTH = 0.5
LOOK = 0.02  # seconds between two looks at the memory
Run = Callable[[int, EditRequest], float]  # so many steps; the seconds that previews took


def ours(folder: Path, plain: bool) -> tuple[Run, str]:
    if not plain:
        allocation.keep_pages()
    shelf = Shelf("cpu")
    model = shelf.take(str(folder))
    sketch = model.sketch
    seconds = 0.0

    def timed(latent: Tensor) -> Rgb:
        nonlocal seconds
        started = time.perf_counter()
        picture = sketch(latent)
        seconds += time.perf_counter() - started
        return picture

    model.sketch = timed  # type: ignore[method-assign]

    def run(steps: int, request: EditRequest) -> float:
        before, spent = model.clock.network_calls, seconds
        for _ in fitting(replace(request, model=str(folder)), shelf, bool):
            pass
        assert model.clock.network_calls - before == steps
        return seconds - spent

    return run, model.facts.dtype


def theirs(folder: Path, plain: bool) -> tuple[Run, str]:
    import torch
    from diffusers import StableDiffusionImg2ImgPipeline
    from PIL import Image

    from engine.models import fast_dtype

    dtype = fast_dtype("cpu")
    made: Any = StableDiffusionImg2ImgPipeline.from_pretrained(
        folder, dtype=dtype, local_files_only=True, use_safetensors=True
    )
    made.set_progress_bar_config(disable=True)

    def run(steps: int, request: EditRequest) -> float:
        calls = 0

        def count(*_: Any) -> dict[str, Any]:
            nonlocal calls
            calls += 1
            return {}

        made(
            request.prompt,
            image=Image.fromarray(request.guide),
            strength=STRENGTH,
            num_inference_steps=round(steps / STRENGTH),
            guidance_scale=request.guidance,
            negative_prompt=request.negative_prompt,
            generator=torch.Generator().manual_seed(request.seed),
            callback_on_step_end=count,
        )
        assert calls == steps
        return 0.0

    return run, str(dtype).removeprefix("torch.")


def child(ask: argparse.Namespace) -> None:
    """Answers every line with an edit's figures."""
    import torch

    run, dtype = {"ours": ours, "theirs": theirs}[ask.child](ask.folder, ask.plain)
    torch.set_num_threads(ask.threads)
    run(1, request(ask, 1, 0))
    process = psutil.Process()
    for seed in (int(line) for line in sys.stdin):
        before, started = process.cpu_times(), time.perf_counter()
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        with _watched() as own:
            previews = run(ask.steps, request(ask, ask.steps, seed))
        seconds, after = time.perf_counter() - started, process.cpu_times()
        told = {
            "seconds": seconds,
            "cpu_seconds": after.user + after.system - before.user - before.system,
            "peak_memory_mb": _told("VmHWM"),
            "peak_own_memory_mb": max(own),
            "previews": previews,
            "dtype": dtype,
        }
        print(json.dumps(told), flush=True)


def request(ask: argparse.Namespace, steps: int, seed: int) -> EditRequest:
    picture = np.random.default_rng(seed).integers(0, 256, (ask.pixels, ask.pixels, 3), np.uint8)
    return EditRequest(
        picture,
        picture,
        operation=SDEdit(STRENGTH),
        steps=steps,
        seed=seed,
        prompt="a lake, mist",
        negative_prompt="people",
        guidance=ask.guidance,
    )


@contextmanager
def _watched() -> Iterator[list[float]]:
    """How much memory is this process's own, in MB, looked at again and again while the block lasts."""
    seen, ended = [_told("RssAnon")], threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK):
            seen.append(_told("RssAnon"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def _told(name: str) -> float:
    """MB, as the kernel tells of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(name))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pixels", type=int, default=512)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="leave malloc's settings alone")
    parser.add_argument("--child", choices=["ours", "theirs"], help=argparse.SUPPRESS)
    ask = parser.parse_args()
    if ask.child:
        child(ask)
        return
    command = [sys.executable, "-m", "tests.benchmarks.img2img", *sys.argv[1:], "--child"]
    settings = os.environ | {"OMP_NUM_THREADS": str(ask.threads), "HF_HUB_OFFLINE": "1"}
    pipes: dict[str, Any] = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "text": True,
        "env": settings,
    }
    sides = {side: subprocess.Popen([*command, side], **pipes) for side in ("ours", "theirs")}
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    for turn in range(1, ask.rounds + 1):
        for side, process in sides.items():
            assert process.stdin
            assert process.stdout
            process.stdin.write(f"{turn}\n")
            process.stdin.flush()
            found[side].append(json.loads(process.stdout.readline()))
            print(side, found[side][-1], file=sys.stderr, flush=True)
    for process in sides.values():
        process.communicate()
    for name in ("seconds", "cpu_seconds", "peak_memory_mb", "peak_own_memory_mb"):
        mine, other = (median(each[name] for each in found[side]) for side in sides)
        what = f"{name} of an edit, {ask.pixels} px, {ask.steps} calls, guidance {ask.guidance:g}"
        told = {
            "name": what,
            "value": round(mine, 2),
            "reference": "diffusers' StableDiffusionImg2ImgPipeline",
        }
        told |= {"seconds_of_previews": median(each["previews"] for each in found["ours"])}
        told |= {"ratio": round(mine / other, 4), "dtype": found["ours"][0]["dtype"], "threads": ask.threads}
        print(json.dumps({**told, "machine": machine()}), flush=True)


if __name__ == "__main__":
    main()
