"""A full-size Stable Diffusion with random weights, by Driftpaint and by diffusers' own pipeline, with the
same noise and the same steps: `python -m tests.benchmarks.checkpoints FOLDER [--family sdxl] [--keep]`.

The numbers are stored in bfloat16, as they are on the disk, and every layer computes in float32, so what is
compared is the arithmetic. FOLDER needs room for twice the model, which is deleted afterwards: 4.5 GB, with
Stable Diffusion XL 14 GB; memory holds the model up to twice: 7 and 18 GB.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionXLImg2ImgPipeline
from diffusers.hooks import apply_layerwise_casting
from torch import Tensor, nn

from engine.checkpoints import told
from engine.latent_diffusion import LatentDiffusion
from engine.levels import CLEAN
from engine.model_parts import load_parts
from engine.sampling import Denoise, first_order, sample, seeded
from engine.types import EditRequest
from tests.benchmarks.__main__ import machine

STRENGTH = 0.5
STORED = torch.bfloat16
CAST = nn.Linear | nn.Conv2d  # layers that hold nearly all numbers
PIPELINES = {
    "sd1": StableDiffusionImg2ImgPipeline,
    "sd2": StableDiffusionImg2ImgPipeline,
    "sdxl": StableDiffusionXLImg2ImgPipeline,
}


def compared(place: Path, folder: Path, asked: EditRequest) -> dict[str, object]:
    """Our latent and our words against diffusers', and the seconds of both."""
    started = time.perf_counter()
    checkpoint = told(place)
    looked = time.perf_counter() - started
    parts = load_parts(checkpoint, STORED)
    loaded = time.perf_counter() - started
    for part in (parts.autoencoder, *parts.words.models):
        part.float()
    _computing_in_float32(parts.network)
    model = LatentDiffusion(parts, place.name, "cpu", torch.float32, started)
    x0, denoise = model.encode(asked.image), model.denoiser(asked)
    said = model.words.together([asked.negative_prompt, asked.prompt])
    for each in model.words.models:
        each.to("meta")  # what they said is remembered
    started = time.perf_counter()
    ours = _ours(model, denoise, x0, asked)
    seconds = time.perf_counter() - started
    del model, parts, denoise
    gc.collect()  # what watches its layers holds them, too
    told_theirs, theirs, reference_seconds = _theirs(checkpoint.family, folder, x0, asked)
    errors = {"words_error": _apart(said.tokens[1:], told_theirs[0])}
    if said.whole is not None:
        errors["whole_error"] = _apart(said.whole[1:], told_theirs[2])
    return {
        "name": place.name,
        "family": checkpoint.family,
        "parameters": checkpoint.parameters,
        "look_seconds": round(looked, 4),
        "load_seconds": round(loaded, 2),
        "relative_error": _apart(ours, theirs),
        **errors,
        "changed": _apart(ours, x0),
        "seconds": round(seconds, 2),
        "reference_seconds": round(reference_seconds, 2),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "machine": machine(),
    }


def _apart(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).norm() / theirs.norm())


def _computing_in_float32(network: nn.Module) -> None:
    """Layers that hold many numbers keep them as they are, and widen them while they compute."""
    for module in network.modules():
        if not isinstance(module, CAST) and not list(module.children()):
            module.float()
    apply_layerwise_casting(network, STORED, torch.float32, skip_modules_pattern=None)


def _ours(model: LatentDiffusion, denoise: Denoise, x0: Tensor, asked: EditRequest) -> Tensor:
    times = [STRENGTH * (1 - i / asked.steps) for i in range(asked.steps)]
    levels, draw = [*map(model.schedule, times), CLEAN], seeded(asked.seed)
    x = levels[0].alpha * x0 + levels[0].sigma * draw(x0)
    *_, last = sample(denoise, x, levels, draw, 0.0, first_order)
    return last


def _theirs(
    family: str, folder: Path, x0: Tensor, asked: EditRequest
) -> tuple[tuple[Tensor, ...], Tensor, float]:
    """What they are told, what they make of it, and how long it took."""
    made: Any = PIPELINES[family].from_pretrained(
        folder, dtype=STORED, local_files_only=True, use_safetensors=True
    )
    made.set_progress_bar_config(disable=True)
    texts = [name for name in ("text_encoder", "text_encoder_2") if hasattr(made, name)]
    for name in ("vae", *texts):
        getattr(made, name).float()
    words = {"negative_prompt": asked.negative_prompt, "num_images_per_prompt": 1}
    with torch.no_grad():
        said = made.encode_prompt(asked.prompt, device="cpu", do_classifier_free_guidance=True, **words)
    for name in texts:
        setattr(made, name, None)
    names = ["prompt_embeds", "negative_prompt_embeds"]
    settings: dict[str, Any] = {}
    if family == "sdxl":
        names += ["pooled_prompt_embeds", "negative_pooled_prompt_embeds"]
        native = made.unet.config.sample_size * made.vae_scale_factor
        settings["original_size"] = (native, native)  # a small picture is not told to be blurred
    _computing_in_float32(made.unet)
    started = time.perf_counter()
    found = made(
        image=x0,
        strength=STRENGTH,
        num_inference_steps=round(asked.steps / STRENGTH),
        guidance_scale=asked.guidance,
        generator=torch.Generator().manual_seed(asked.seed),
        output_type="latent",
        **dict(zip(names, said, strict=True)),
        **settings,
    ).images
    return said, found, time.perf_counter() - started


def asked_of(ask: argparse.Namespace) -> EditRequest:
    picture = np.random.default_rng(0).integers(0, 256, (ask.pixels, ask.pixels, 3), np.uint8)
    return EditRequest(
        picture, picture, prompt="a lake, mist", negative_prompt="people", guidance=6.0, steps=ask.steps
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--family", choices=list(PIPELINES), default="sd1")
    parser.add_argument("--pixels", type=int, default=512)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--here", type=Path, help="compare this file or folder alone, in this process")
    ask = parser.parse_args()
    folder, single = ask.folder / f"full {ask.family}", ask.folder / f"full {ask.family}.safetensors"
    if ask.here:
        print(json.dumps(compared(ask.here, folder, asked_of(ask))), flush=True)
        return
    if not single.exists():
        make = [sys.executable, "-m", "tests.random_checkpoints", ask.family, str(single), str(folder)]
        subprocess.run(make, check=True)  # its memory is given back
    try:
        for place in (single, folder):  # each in a process of its own, whose memory is measured
            command = [sys.executable, "-m", "tests.benchmarks.checkpoints", *sys.argv[1:]]
            subprocess.run([*command, "--here", str(place)], check=True)
    finally:
        if not ask.keep:
            single.unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
