"""A full-size Stable Diffusion with random weights, by Driftpaint and by diffusers' own pipeline, with the
same noise and the same steps: `python -m tests.benchmarks.checkpoints FOLDER [--family sd2] [--keep]`.

FOLDER needs room for 4.5 GB, which are deleted afterwards; float32 takes 10 GB of memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionImg2ImgPipeline
from torch import Tensor

from engine.checkpoints import told
from engine.latent_diffusion import LatentDiffusion
from engine.levels import CLEAN
from engine.model_parts import load_parts
from engine.sampling import first_order, sample, seeded
from engine.types import EditRequest
from tests.benchmarks.__main__ import machine
from tests.random_checkpoints import pipeline, save_folder, save_single

STRENGTH = 0.5


def compared(place: Path, folder: Path, asked: EditRequest) -> dict[str, object]:
    """Our latent against diffusers', and the seconds of both."""
    started = time.perf_counter()
    checkpoint = told(place)
    looked = time.perf_counter() - started
    parts = load_parts(checkpoint, torch.float32)
    model = LatentDiffusion(parts, place.name, "cpu", torch.float32, started)
    x0 = model.encode(asked.image)
    started = time.perf_counter()
    ours = _ours(model, x0, asked)
    seconds = time.perf_counter() - started
    facts = model.facts
    del model, parts
    theirs, reference_seconds = _theirs(folder, x0, asked)
    return {
        "name": place.name,
        "parameters": checkpoint.parameters,
        "look_seconds": round(looked, 4),
        "load_seconds": round(facts.load_seconds, 2),
        "relative_error": float((ours - theirs).norm() / theirs.norm()),
        "seconds": round(seconds, 2),
        "reference_seconds": round(reference_seconds, 2),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "machine": machine(),
    }


def _ours(model: LatentDiffusion, x0: Tensor, asked: EditRequest) -> Tensor:
    times = [STRENGTH * (1 - i / asked.steps) for i in range(asked.steps)]
    levels, draw = [*map(model.schedule, times), CLEAN], seeded(asked.seed)
    x = levels[0].alpha * x0 + levels[0].sigma * draw(x0)
    *_, last = sample(model.denoiser(asked), x, levels, draw, 0.0, first_order)
    return last


def _theirs(folder: Path, x0: Tensor, asked: EditRequest) -> tuple[Tensor, float]:
    made: Any = StableDiffusionImg2ImgPipeline.from_pretrained(
        folder, dtype=torch.float32, local_files_only=True, use_safetensors=True
    )
    made.set_progress_bar_config(disable=True)
    started = time.perf_counter()
    found = made(
        asked.prompt,
        image=x0,
        strength=STRENGTH,
        num_inference_steps=round(asked.steps / STRENGTH),
        guidance_scale=asked.guidance,
        negative_prompt=asked.negative_prompt,
        generator=torch.Generator().manual_seed(asked.seed),
        output_type="latent",
    ).images
    return found, time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--family", choices=["sd1", "sd2"], default="sd1")
    parser.add_argument("--pixels", type=int, default=512)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--keep", action="store_true")
    ask = parser.parse_args()
    folder, single = ask.folder / f"full {ask.family}", ask.folder / f"full {ask.family}.safetensors"
    if not single.exists():
        made = pipeline(ask.family, "full", "v_prediction" if ask.family == "sd2" else "epsilon").to(
            torch.float16
        )
        tells = {"modelspec.prediction_type": "v"} if ask.family == "sd2" else None
        save_single(made, single, torch.float16, tells)
        save_folder(made, folder)
        del made
    picture = np.random.default_rng(0).integers(0, 256, (ask.pixels, ask.pixels, 3), np.uint8)
    asked = EditRequest(
        picture, picture, prompt="a lake, mist", negative_prompt="people", guidance=6.0, steps=ask.steps
    )
    try:
        for place in (single, folder):
            print(json.dumps(compared(place, folder, asked)), flush=True)
    finally:
        if not ask.keep:
            single.unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
