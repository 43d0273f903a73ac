"""Stable Diffusion with random weights, tiny or full size, as a folder in diffusers' layout or as one file in
the original layout: `python -m tests.random_checkpoints sdxl FILE FOLDER` writes a full-size one as both.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, Literal

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
)

from engine.clip import END, tokenizer

Size = Literal["tiny", "full"]
Tensors = dict[str, Tensor]
ACTS = {"sd1": ("quick_gelu",), "sd2": ("gelu",), "sdxl": ("quick_gelu", "gelu")}  # of the text models
RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
OUTSIDE = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "time_embedding.cond_proj": "time_embed.cond_proj",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
LAYER = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def pipeline(family: str, size: Size = "tiny", output: str = "epsilon", seed: int = 0, **network: Any) -> Any:
    """diffusers' own; `network` changes settings of its UNet."""
    torch.manual_seed(seed)
    full, xl = size == "full", family == "sdxl"
    vae = AutoencoderKL(
        block_out_channels=(128, 256, 512, 512) if full else (32, 32, 32, 64),
        layers_per_block=2 if full else 1,
        down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
        latent_channels=4,
        sample_size=(1024 if xl else 512) if full else 64,
        scaling_factor=0.13025 if xl else 0.18215,
    )
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        steps_offset=1,
        prediction_type=output,
        timestep_spacing="trailing",
    )
    unet = UNet2DConditionModel(**_unet_settings(family, full) | network)
    texts = [
        (CLIPTextModelWithProjection if i else CLIPTextModel)(each).eval()
        for i, each in enumerate(text_settings(family, full))
    ]
    tokens = [tokenizer(END if act == "quick_gelu" else "!") for act in ACTS[family]]
    if xl:
        made = StableDiffusionXLPipeline(vae, *texts, *tokens, unet, scheduler)
    else:
        made = StableDiffusionPipeline(
            vae, *texts, *tokens, unet, scheduler, None, None, requires_safety_checker=False
        )
    made.set_progress_bar_config(disable=True)
    return made


def _unet_settings(family: str, full: bool) -> dict[str, Any]:
    if family == "sdxl":
        added = (1280 if full else 64) + 6 * (256 if full else 8)
        return {
            "sample_size": 128 if full else 8,
            "block_out_channels": (320, 640, 1280) if full else (32, 64, 64),
            "layers_per_block": 2 if full else 1,
            "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
            "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
            "transformer_layers_per_block": (1, 2, 10) if full else (1, 1, 2),
            "attention_head_dim": (5, 10, 20) if full else (1, 1, 1),
            "cross_attention_dim": 2048 if full else 128,
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256 if full else 8,
            "projection_class_embeddings_input_dim": added,
        }
    second, levels = family == "sd2", 4 if full else 3
    return {
        "sample_size": 64 if full else 8,
        "block_out_channels": (320, 640, 1280, 1280) if full else (32, 64, 64),
        "layers_per_block": 2 if full else 1,
        "down_block_types": ["CrossAttnDownBlock2D"] * (levels - 1) + ["DownBlock2D"],
        "up_block_types": ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * (levels - 1),
        "cross_attention_dim": (1024 if second else 768) if full else 64,
        "attention_head_dim": ((5, 10, 20, 20) if full else (1, 1, 1)) if second else 8,
        "use_linear_projection": second,
    }


def text_settings(family: str, full: bool) -> list[CLIPTextConfig]:
    sizes = {"sd1": [(768, 12)], "sd2": [(1024, 23)], "sdxl": [(768, 12), (1280, 32)]}[family]
    return [
        CLIPTextConfig(
            vocab_size=49408,
            hidden_size=wide,
            intermediate_size=4 * wide,
            num_hidden_layers=layers,
            num_attention_heads=wide // 64,
            hidden_act=act,
            projection_dim=wide,
        )
        for (wide, layers), act in zip(sizes if full else [(64, 2)] * len(sizes), ACTS[family], strict=True)
    ]


def save_folder(made: Any, folder: Path, variant: str | None = None) -> Path:
    made.save_pretrained(folder, variant=variant)
    return folder


def save_single(made: Any, path: Path, dtype: torch.dtype, metadata: dict[str, str] | None = None) -> Path:
    tensors = single(made)
    save_file({key: x.to(dtype).contiguous() for key, x in tensors.items()}, path, metadata)
    return path


def single(made: Any) -> Tensors:
    """In the original layout: the names are made here, by hand, and not by what reads them."""
    layers, unet = made.unet.config.layers_per_block, made.unet.state_dict()
    if hasattr(made, "text_encoder_2"):
        first = _of_clip(made.text_encoder, "conditioner.embedders.0.transformer.text_model.")
        texts = first | _of_open_clip(made.text_encoder_2, "conditioner.embedders.1.model.")
    elif made.unet.config.use_linear_projection:
        texts = _of_open_clip(made.text_encoder, "cond_stage_model.model.")
    else:
        texts = _of_clip(made.text_encoder, "cond_stage_model.transformer.text_model.")
    return {
        **{f"model.diffusion_model.{_of_unet(key, layers, unet)}": x for key, x in unet.items()},
        **dict(_of_vae(key, x) for key, x in made.vae.state_dict().items()),
        **texts,
        "alphas_cumprod": torch.ones(1000),
    }


def _of_unet(key: str, layers: int, unet: Tensors) -> str:
    for name, other in OUTSIDE.items():
        if key.startswith(name + "."):
            return key.replace(name, other, 1)
    if found := re.match(r"mid_block\.(resnets|attentions)\.(\d)\.(.*)", key):
        kind, i, rest = found[1], int(found[2]), found[3]
        return f"middle_block.{2 * i}.{_inner(rest)}" if kind == "resnets" else f"middle_block.1.{rest}"
    found = re.match(r"(down|up)_blocks\.(\d)\.(\w+)\.(\d)\.(.*)", key)
    assert found
    down, block, kind, i, rest = found[1] == "down", int(found[2]), found[3], int(found[4]), found[5]
    at = block * (layers + 1) + i
    there = f"input_blocks.{at + 1}" if down else f"output_blocks.{at}"
    match kind:
        case "resnets":
            return f"{there}.0.{_inner(rest)}"
        case "attentions":
            return f"{there}.1.{rest}"
        case "downsamplers":
            return f"input_blocks.{(block + 1) * (layers + 1)}.0.{rest.replace('conv', 'op')}"
        case _:  # after the attention, where there is one
            attends = f"up_blocks.{block}.attentions.0.norm.weight" in unet
            return f"output_blocks.{block * (layers + 1) + layers}.{2 if attends else 1}.{rest}"


def _inner(key: str) -> str:
    name, _, rest = key.rpartition(".")
    return f"{RESNET[name]}.{rest}"


def _of_vae(key: str, x: Tensor) -> tuple[str, Tensor]:
    key = re.sub(r"down_blocks\.(\d)\.resnets\.(\d)", r"down.\1.block.\2", key)
    key = re.sub(r"up_blocks\.(\d)\.resnets\.(\d)", lambda m: f"up.{3 - int(m[1])}.block.{m[2]}", key)
    key = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", key)
    key = re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{3 - int(m[1])}.upsample", key)
    key = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", key)
    key = key.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
    if "mid_block.attentions.0." in key:
        head, _, rest = key.partition("mid_block.attentions.0.")
        name, _, end = rest.rpartition(".")
        key = f"{head}mid.attn_1.{ATTENTION[name]}.{end}"
        x = x[:, :, None, None] if x.ndim == 2 else x
    return "first_stage_model." + key, x


def _of_clip(model: nn.Module, beginning: str) -> Tensors:
    places = {beginning + "embeddings.position_ids": torch.arange(77)[None]}
    return places | {beginning + key: x for key, x in model.state_dict().items()}


def _of_open_clip(model: nn.Module, beginning: str) -> Tensors:
    """With the last layer and the projection, which Stable Diffusion 2 leaves out."""
    told = {key.removeprefix("text_model."): x for key, x in model.state_dict().items()}
    layers = 1 + max(int(key.split(".")[2]) for key in told if key.startswith("encoder.layers."))
    projection = told.get("text_projection.weight")
    out = {
        "token_embedding.weight": told["embeddings.token_embedding.weight"],
        "positional_embedding": told["embeddings.position_embedding.weight"],
        "ln_final.weight": told["final_layer_norm.weight"],
        "ln_final.bias": told["final_layer_norm.bias"],
        "text_projection": torch.randn(8, 8) if projection is None else projection.T,
        "logit_scale": torch.ones(()),
    }
    for i in range(layers + (projection is None)):
        here, there = f"encoder.layers.{min(i, layers - 1)}.", f"transformer.resblocks.{i}."
        for end in ("weight", "bias"):
            for name, other in LAYER.items():
                out[f"{there}{other}.{end}"] = told[f"{here}{name}.{end}"].clone()
            parts = [told[f"{here}self_attn.{name}_proj.{end}"] for name in "qkv"]
            out[f"{there}attn.in_proj_{end}"] = torch.cat(parts)
    return {beginning + key: x for key, x in out.items()}


def main(family: str, *places: str) -> None:
    """At full size, where it is made in bfloat16: in float32 Stable Diffusion XL takes 14 GB."""
    torch.set_default_dtype(torch.bfloat16)
    made = pipeline(family, "full", "v_prediction" if family == "sd2" else "epsilon")
    tells = {"modelspec.prediction_type": "v"} if family == "sd2" else None
    for place in map(Path, places):
        if place.suffix == ".safetensors":
            save_single(made, place, torch.bfloat16, tells)
        else:
            save_folder(made, place)


if __name__ == "__main__":
    main(*sys.argv[1:])
