"""A full-size Stable Diffusion with random weights, by Driftpaint and by diffusers' own pipeline, with the
same noise and the same steps:
`python -m tests.benchmarks.checkpoints FOLDER [--family sdxl] [--places folder] [--keep]`.

The numbers are stored in bfloat16, as they are on the disk, and every layer computes in float32, so what is
compared is the arithmetic. Each side runs in a process of its own. FOLDER needs room for the model in each
of its places, which are deleted afterwards: 2.3 GB each, with Stable Diffusion XL 7 GB.
"""

from __future__ import annotations

import argparse
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
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.checkpoints import told
from engine.latent_diffusion import LatentDiffusion
from engine.levels import CLEAN
from engine.model_parts import load_parts
from engine.sampling import first_order, sample, seeded
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
OURS, THEIRS = "ours.safetensors", "theirs.safetensors"


def ours(place: Path, said_in: Path, asked: EditRequest) -> dict[str, object]:
    """Our words, where the walk begins and where it ends, into a file."""
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
    times = [STRENGTH * (1 - i / asked.steps) for i in range(asked.steps)]
    levels, draw = [*map(model.schedule, times), CLEAN], seeded(asked.seed)
    x = levels[0].alpha * x0 + levels[0].sigma * draw(x0)
    *_, last = sample(denoise, x, levels, draw, 0.0, first_order)
    seconds = time.perf_counter() - started
    tensors = {"x0": x0, "latent": last, "words": said.tokens[1:]}
    if said.whole is not None:
        tensors["whole"] = said.whole[1:]
    save_file({name: x.contiguous() for name, x in tensors.items()}, said_in)
    return {
        "name": place.name,
        "family": checkpoint.family,
        "parameters": checkpoint.parameters,
        "look_seconds": round(looked, 4),
        "load_seconds": round(loaded, 2),
        "seconds": round(seconds, 2),
        "peak_memory_mb": _peak(),
    }


def theirs(family: str, folder: Path, said_in: Path, asked: EditRequest) -> dict[str, object]:
    """The same of diffusers' pipeline, from where our walk begins."""
    x0 = load_file(said_in.with_name(OURS))["x0"]
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
    seconds = time.perf_counter() - started
    tensors = {"latent": found, "words": said[0]}
    if family == "sdxl":
        tensors["whole"] = said[2]
    save_file({name: x.contiguous() for name, x in tensors.items()}, said_in)
    return {"reference_seconds": round(seconds, 2), "reference_peak_memory_mb": _peak()}


def compared(folder: Path) -> dict[str, float]:
    """What both have said."""
    our, their = load_file(folder / OURS), load_file(folder / THEIRS)
    apart = {name: _apart(our[name], their[name]) for name in their}
    return {"relative_error": apart.pop("latent"), "changed": _apart(our["latent"], our["x0"])} | {
        f"{name}_error": error for name, error in apart.items()
    }


def _apart(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).norm() / theirs.norm())


def _peak() -> int:
    """Megabytes that this process has had at the most."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _computing_in_float32(network: nn.Module) -> None:
    """Layers that hold many numbers keep them as they are, and widen them while they compute."""
    for module in network.modules():
        if not isinstance(module, CAST) and not list(module.children()):
            module.float()
    apply_layerwise_casting(network, STORED, torch.float32, skip_modules_pattern=None)


def asked_of(ask: argparse.Namespace) -> EditRequest:
    picture = np.random.default_rng(0).integers(0, 256, (ask.pixels, ask.pixels, 3), np.uint8)
    return EditRequest(
        picture, picture, prompt="a lake, mist", negative_prompt="people", guidance=6.0, steps=ask.steps
    )


def _in_its_own_process(*more: str) -> dict[str, Any]:
    """One side of the comparison, whose memory is given back, and measured."""
    command = [sys.executable, "-m", "tests.benchmarks.checkpoints", *sys.argv[1:], *more]
    told: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return told


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--family", choices=list(PIPELINES), default="sd1")
    parser.add_argument("--places", nargs="+", choices=["single", "folder"], default=["single", "folder"])
    parser.add_argument("--pixels", type=int, default=512)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--ours", type=Path, help="only our side of this file or folder")
    parser.add_argument("--theirs", action="store_true", help="only diffusers' side")
    ask = parser.parse_args()
    folder = ask.folder / f"full {ask.family}"
    if ask.ours:
        print(json.dumps(ours(ask.ours, ask.folder / OURS, asked_of(ask))))
        return
    if ask.theirs:
        print(json.dumps(theirs(ask.family, folder, ask.folder / THEIRS, asked_of(ask))))
        return
    single = folder.with_suffix(".safetensors")
    places = [single if place == "single" else folder for place in ask.places]
    missing = [str(place) for place in dict.fromkeys((*places, folder)) if not place.exists()]
    try:
        if missing:
            make = [sys.executable, "-m", "tests.random_checkpoints", ask.family, *missing]
            subprocess.run(make, check=True)
        for place in places:
            told = _in_its_own_process("--ours", str(place)) | _in_its_own_process("--theirs")
            print(json.dumps(told | compared(ask.folder) | {"machine": machine()}), flush=True)
    finally:
        if not ask.keep:
            for file in (single, ask.folder / OURS, ask.folder / THEIRS):
                file.unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
