"""The parts of a Stable Diffusion model, from a folder in diffusers' layout or from one .safetensors file.

Each part is loaded by a class that is chosen here, from .safetensors and from the disk alone: what a folder
says of classes and of code to run is not followed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from accelerate import init_empty_weights
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file
from torch import nn
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from engine import layouts
from engine.checkpoints import Checkpoint, settings, weights
from engine.clip import END, Words, tokenizer
from engine.levels import Output, Schedule, alpha_bars, scaled_linear, vp_discrete
from engine.models import fast_dtype
from engine.types import EngineError

PADS = {"sd1": (END,), "sd2": ("!",), "sdxl": (END, "!")}  # what fills a short prompt up
TEXT_MODELS = (CLIPTextModel, ""), (CLIPTextModelWithProjection, "_2")  # and how their folders' names end


class Parts(NamedTuple):
    checkpoint: Checkpoint
    network: UNet2DConditionModel
    autoencoder: AutoencoderKL
    words: Words
    output: Output  # what the network says
    schedule: Schedule
    native: int  # pixels: what it was trained on


def load_parts(checkpoint: Checkpoint, dtype: torch.dtype) -> Parts:
    """The network and the autoencoder in `dtype`. Raises EngineError for parts that do not fit."""
    parts = (_from_folder if checkpoint.path.is_dir() else _from_file)(checkpoint, dtype)
    network, texts = parts.network.config, [model.config for model in parts.words.models]
    wanted = [network.cross_attention_dim, network.out_channels]
    given = [sum(each.hidden_size for each in texts), parts.autoencoder.config.latent_channels]
    if checkpoint.family == "sdxl":
        wanted.append(network.projection_class_embeddings_input_dim - 6 * network.addition_time_embed_dim)
        given.append(texts[-1].projection_dim)
    if wanted != given:
        raise EngineError(f"The parts of {checkpoint.path} do not belong together; get a fresh copy.")
    return parts


def _from_folder(checkpoint: Checkpoint, dtype: torch.dtype) -> Parts:
    folder = checkpoint.path
    transformers_logging.disable_progress_bar()
    network = part_from(UNet2DConditionModel, folder / "unet", dtype)
    autoencoder = part_from(AutoencoderKL, folder / "vae", dtype)
    schedule = _schedule(settings(folder / "scheduler" / "scheduler_config.json"))
    factor = 2 ** (len(autoencoder.config.block_out_channels) - 1)
    native = int(network.config.sample_size or 64) * factor
    models, tokens = [], []
    for pad, (kind, end) in zip(PADS[checkpoint.family], TEXT_MODELS, strict=False):
        models.append(_text_model(kind, folder / f"text_encoder{end}", dtype))
        own = folder / f"tokenizer{end}"
        given = own.is_dir()
        tokens.append(CLIPTokenizer.from_pretrained(own, local_files_only=True) if given else tokenizer(pad))
    silence = settings(folder / "model_index.json").get("force_zeros_for_empty_prompt", len(models) > 1)
    words = Words(models, tokens, bool(silence))
    return Parts(checkpoint, network, autoencoder, words, _output(checkpoint), schedule, native)


def _text_model(kind: Any, folder: Path, dtype: torch.dtype) -> nn.Module:
    told = settings(folder / "config.json").get("model_type")
    if told not in ("clip", "clip_text_model"):
        raise EngineError(f"{folder} reads words by a {told}, which is not supported; choose another model.")
    model: nn.Module = part_from(kind, folder, of_words(dtype))
    return model


def part_from(kind: Any, folder: Path, dtype: torch.dtype) -> Any:
    """One of a folder's parts; no weight may be missing, for it would be a random one."""
    _, variant = weights(folder)
    settings(folder / "config.json")
    usual = torch.get_default_dtype()
    try:
        part, told = kind.from_pretrained(
            folder,
            dtype=dtype,
            variant=variant,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
    finally:
        torch.set_default_dtype(usual)  # diffusers leaves its own behind where a part cannot be made
    if told["missing_keys"] or told["mismatched_keys"] or told.get("error_msgs"):
        raise EngineError(f"Weights in {folder} are missing or do not fit; get a fresh copy of the model.")
    return part


def _from_file(checkpoint: Checkpoint, dtype: torch.dtype) -> Parts:
    tensors = load_file(checkpoint.path)
    family = checkpoint.family
    network = _built(UNet2DConditionModel, layouts.network(tensors, family), dtype)
    autoencoder = _built(AutoencoderKL, layouts.autoencoder(tensors, family), dtype)
    models = [each.to(of_words(dtype)) for each in layouts.text_models(tensors, init_empty_weights)]
    words = Words(models, [tokenizer(pad) for pad in PADS[family]], family == "sdxl")
    bars = alpha_bars(scaled_linear())
    schedule = vp_discrete(_ending_in_noise(bars) if "ztsnr" in tensors else bars)
    return Parts(checkpoint, network, autoencoder, words, _output(checkpoint), schedule, checkpoint.native)


def of_words(dtype: torch.dtype) -> torch.dtype:
    """What text models work in, always on the CPU: in the network's precision where that is as fast there,
    for half the memory.
    """
    return dtype if dtype == fast_dtype("cpu") else torch.float32


def _built(kind: Any, part: layouts.Part, dtype: torch.dtype) -> Any:
    with init_empty_weights():
        built = kind.from_config(part.settings)
    built.load_state_dict({key: tensor.to(dtype) for key, tensor in part.tensors.items()}, assign=True)
    return built


def _output(checkpoint: Checkpoint) -> Output:
    if not checkpoint.prediction:
        raise EngineError(checkpoint.refusal)
    return checkpoint.prediction


def _schedule(told: dict[str, Any]) -> Schedule:
    """The noise levels that a folder's scheduler names."""
    first, last = float(told.get("beta_start", 0.00085)), float(told.get("beta_end", 0.012))
    steps = int(told.get("num_train_timesteps", 1000))
    match told.get("trained_betas"), told.get("beta_schedule", "scaled_linear"):
        case list(betas), _:
            bars = alpha_bars([float(beta) for beta in betas])
        case _, "scaled_linear":
            bars = alpha_bars(scaled_linear(first, last, steps))
        case _, "linear":
            bars = alpha_bars([first + (last - first) * i / (steps - 1) for i in range(steps)])
        case _, other:
            raise EngineError(f"Noise levels of the kind {other} are not supported; choose another model.")
    if told.get("rescale_betas_zero_snr"):
        bars = _ending_in_noise(bars)
    return vp_discrete(bars)


def _ending_in_noise(bars: list[float]) -> list[float]:
    """Shifted so that nothing of the picture is left at the end (Lin et al., 2023), or next to nothing."""
    roots = [bar**0.5 for bar in bars]
    scale = roots[0] / (roots[0] - roots[-1])
    return [max(((root - roots[-1]) * scale) ** 2, 1e-7) for root in roots]
