"""LoRA files and textual inversions beside tiny checkpoints: what diffusers and peft make of them is right."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine import models
from engine.checkpoints import told
from engine.edits import edit
from engine.latent_diffusion import LatentDiffusion
from engine.levels import Level
from engine.model_parts import load_parts
from engine.types import EditRequest, EditResult, EngineError, Lora, Rgb, SDEdit
from tests import random_loras
from tests.random_checkpoints import pipeline, save_folder
from tests.random_loras import LAYOUTS, Layout

PICTURE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
ASKED = EditRequest(PICTURE, PICTURE, prompt="a lake", negative_prompt="people", guidance=4.0, steps=2)
LATENT = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))


def made(family: str) -> Any:
    """diffusers' own, whose weights are large enough that words and LoRAs count."""
    return pipeline(family)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {family: save_folder(made(family), root / family) for family in ("sd1", "sdxl")}


def loaded(folder: Path) -> LatentDiffusion:
    model = LatentDiffusion(load_parts(told(folder), torch.float32), folder.name, "cpu", torch.float32, 0.0)
    model.native = 64
    return model


def said(model: LatentDiffusion, *loras: Lora, **asked: Any) -> Tensor:
    """The estimate of x_0 at a level in the middle."""
    request = replace(ASKED, loras=loras, **asked)
    return model.denoiser(request)(LATENT, model.schedule(0.5))


def reference(pipe: Any, level: Level, asked: EditRequest = ASKED) -> Tensor:
    """The same by diffusers' own parts."""
    prompt = pipe.encode_prompt(
        asked.prompt,
        device="cpu",
        num_images_per_prompt=1,
        do_classifier_free_guidance=True,
        negative_prompt=asked.negative_prompt,
    )
    added: list[Any] = [None, None]
    if len(prompt) == 4:
        ids = torch.tensor([[64.0, 64.0, 0.0, 0.0, 64.0, 64.0]])
        added = [{"text_embeds": each, "time_ids": ids} for each in (prompt[3], prompt[2])]
    with torch.no_grad():
        away, to = (
            pipe.unet(LATENT, level.told, words, added_cond_kwargs=beside).sample
            for words, beside in zip((prompt[1], prompt[0]), added, strict=True)
        )
    eps = away.lerp(to, asked.guidance)
    return (LATENT - level.sigma * eps) / level.alpha


def far(a: Tensor, b: Tensor) -> float:
    return float((a - b).norm() / b.norm())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_lora_does_what_diffusers_and_peft_make_of_it(
    layout: Layout, folders: dict[str, Path], tmp_path: Path
) -> None:
    model, pipe = loaded(folders["sd1"]), made("sd1")
    file = random_loras.save(tmp_path / "adapter_model.safetensors", pipe, layout)
    level = model.schedule(0.5)
    plain = said(model)
    assert far(plain, reference(pipe, level)) < 1e-5
    if layout == "peft":
        pipe.unet = PeftModel.from_pretrained(pipe.unet, tmp_path)
    else:
        pipe.load_lora_weights(tmp_path, weight_name=file.name)
    wears = said(model, Lora(str(file)))
    assert far(wears, reference(pipe, level)) < 1e-5
    assert far(wears, plain) > 1e-2
