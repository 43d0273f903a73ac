"""A full-size Stable Diffusion 1 with random weights: what a LoRA costs in a network call, what learning a
picture costs, and drags of a made DragBench folder with its prompt and what was learned, ours and as
published: `python -m tests.benchmarks.loras FOLDER`, which needs room for 2.2 GB and deletes them afterwards.

Times are the process's own, on as many cores as OMP_NUM_THREADS says; every figure has a process to itself,
for its peak of memory.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import redirect_stdout
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter

from engine.allocation import keep_pages
from engine.headless import main as command_line
from engine.image_lora import learned
from engine.latent_diffusion import LatentDiffusion, load
from engine.types import EditRequest, Identity, Learning, Lora, Rgb
from tests.benchmarks.__main__ import machine
from tests.random_checkpoints import pipeline, save_folder

SMALL = 256  # pixels that the model of the drags is told to have been trained on: at 512 they take an hour
CALLS, LEARNING_STEPS = 5, 4
DRAGS = {"drag, ours": ["--steps", "10"], "drag, as published": ["--form", "published", "--steps", "12"]}


def picture(pixels: int) -> Rgb:
    """A ball on a meadow."""
    image = Image.effect_noise((pixels, pixels), 40).convert("RGB").filter(ImageFilter.GaussianBlur(2))
    image = Image.blend(image, Image.new("RGB", image.size, (90, 150, 80)), 0.6)
    ImageDraw.Draw(image).circle((pixels * 0.3, pixels * 0.5), pixels * 0.09, (200, 60, 40))
    return np.asarray(image)


def calls(model: LatentDiffusion, pixels: int) -> dict[str, object]:
    """Seconds of one network call, without and with LoRAs of rank 16 beside every attention."""
    asked = EditRequest(picture(pixels), picture(pixels), prompt="a ball", guidance=1.0)
    loras = [finished(learned(Identity(steps=1, rate=rate), asked, model)) for rate in (1e-4, 2e-4)]
    edits = [model.denoiser(replace(asked, loras=tuple(loras[:count]))) for count in range(3)]
    x, spent = torch.randn(1, 4, pixels // 8, pixels // 8), [[0.0] * CALLS for _ in edits]
    for i in range(CALLS):
        for denoise, seconds in zip(edits, spent, strict=True):  # in turn, for what else the machine does
            started = time.process_time()
            denoise(x, model.schedule(0.5))
            seconds[i] = time.process_time() - started
    best = [min(seconds) for seconds in spent]
    shares = {
        f"{name}_share": round(each / best[0], 3) for name, each in zip(("one", "two"), best[1:], strict=True)
    }
    return {"seconds": round(best[0], 3), **shares}


def finished(events: Generator[Learning, None, Lora]) -> Lora:
    while True:
        try:
            next(events)
        except StopIteration as end:
            lora: Lora = end.value
            return lora


def learning(model: LatentDiffusion, pixels: int) -> dict[str, object]:
    """Seconds of a step of training."""
    asked = EditRequest(picture(pixels), picture(pixels), prompt="a photo of a ball")
    ticks = [time.process_time() for _ in learned(Identity(steps=LEARNING_STEPS), asked, model)]
    return {"step_seconds": round(min(b - a for a, b in pairwise(ticks)), 2)}


def drag(name: str, checkpoint: Path, folder: Path, pixels: int) -> dict[str, object]:
    """One case in SDE-Drag's layout, of a drag over two moves as published."""
    case = folder / "bench" / "ball"
    case.mkdir(parents=True)
    Image.fromarray(picture(pixels)).save(case / "origin_image.png")
    Image.new("L", (pixels, pixels), 255).save(case / "mask.png")
    source = [round(pixels * 0.3), round(pixels * 0.5)]
    told = {"source": [source], "target": [[source[0] + 16, source[1]]], "prompt": "a red ball"}
    (case / "prompt.json").write_text(json.dumps(told))
    given = ["dragbench", str(case.parent), "-o", str(folder / "out"), "--model", str(checkpoint)]
    given += ["--learn", str(LEARNING_STEPS), "--radius", str(pixels * 0.1), "--json", *DRAGS[name]]
    with redirect_stdout(io.StringIO()) as said:
        if command_line(given):
            raise RuntimeError("the drag failed")
    figures = json.loads(said.getvalue())
    kept = ("seconds", "learning_seconds", "moves", "network_calls", "network_evaluations")
    return {key: figures[key] for key in kept}


def figure(name: str, checkpoint: Path, pixels: int) -> dict[str, object]:
    keep_pages()  # as the program does
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder  # nothing is learned yet
        if name in DRAGS:
            found = drag(name, checkpoint, Path(folder), pixels)
        else:
            model = load(checkpoint, "cpu")
            model.native = pixels  # as if it had been trained on pictures of that size
            found = FIGURES[name](model, pixels)
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return {"name": name, "pixels": pixels, **found, "peak_memory_mb": peak, "machine": machine()}


FIGURES = {"call": calls, "learning": learning}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pixels", type=int, nargs="+", default=[256, 512])
    parser.add_argument("--only", nargs="+", choices=[*FIGURES, *DRAGS], default=[*FIGURES, *DRAGS])
    parser.add_argument("--keep", action="store_true", help="the checkpoint")
    parser.add_argument("--here", action="store_true", help="in this process")
    ask = parser.parse_args()
    checkpoint = ask.folder / "full sd1"
    if ask.here:
        print(json.dumps(figure(ask.only[0], checkpoint, ask.pixels[0])))
        return
    if not checkpoint.exists():
        torch.set_default_dtype(torch.bfloat16)
        save_folder(pipeline("sd1", "full", sample_size=SMALL // 8), checkpoint)
    try:
        for pixels in ask.pixels:
            for name in [each for each in ask.only if pixels == SMALL or each not in DRAGS]:
                command = [sys.executable, "-m", "tests.benchmarks.loras", str(ask.folder), "--here"]
                subprocess.run([*command, "--pixels", str(pixels), "--only", name], check=True)
    finally:
        if not ask.keep:
            shutil.rmtree(checkpoint, ignore_errors=True)


if __name__ == "__main__":
    main()
