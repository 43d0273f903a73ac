"""Checkpoints in one file, in the layout of the original releases: the settings of their parts, read off the
shapes of the tensors, and the tensors under the names that diffusers and transformers give them.

So nothing has to be known of a checkpoint beforehand, and pruned or widened ones load like the originals.
"""

from __future__ import annotations

import re
from itertools import count
from typing import Any, NamedTuple

from diffusers.loaders.single_file_utils import (
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
    convert_open_clip_checkpoint,
)
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel

from engine.checkpoint_keys import Family, U

Tensors = dict[str, Tensor]
HEAD = 64  # channels of a head of attention, from Stable Diffusion 2 on, and in CLIP
SCALING = {"sd1": 0.18215, "sd2": 0.18215, "sdxl": 0.13025}  # of latents: about one over their deviation
VAE, CLIP, OPEN_CLIP = "first_stage_model.", "cond_stage_model.transformer.", "cond_stage_model.model."


class Part(NamedTuple):
    settings: dict[str, Any]
    tensors: Tensors


def network(tensors: Tensors, family: Family) -> Part:
    """A UNet2DConditionModel."""
    levels: list[list[int]] = [[]]
    for i in count(1):
        if f"{U}input_blocks.{i}.0.op.weight" in tensors:
            levels.append([])
        elif f"{U}input_blocks.{i}.0.out_layers.3.weight" in tensors:
            levels[-1].append(i)
        else:
            break
    widths = [len(tensors[f"{U}input_blocks.{level[-1]}.0.out_layers.3.weight"]) for level in levels]
    depths = [_depth(tensors, f"{U}input_blocks.{level[0]}.1.") for level in levels]
    middle = _depth(tensors, f"{U}middle_block.1.")
    attends = [f"{U}input_blocks.{level[0]}.1.proj_in.weight" in tensors for level in levels]
    told = next(tensor for key, tensor in tensors.items() if key.endswith("attn2.to_k.weight"))
    settings = {
        "in_channels": tensors[f"{U}input_blocks.0.0.weight"].shape[1],
        "out_channels": len(tensors[f"{U}out.2.weight"]),
        "layers_per_block": len(levels[0]),
        "block_out_channels": widths,
        "down_block_types": ["CrossAttnDownBlock2D" if each else "DownBlock2D" for each in attends],
        "up_block_types": ["CrossAttnUpBlock2D" if each else "UpBlock2D" for each in attends[::-1]],
        "transformer_layers_per_block": [depth or middle for depth in depths],
        "cross_attention_dim": told.shape[1],
        "use_linear_projection": family != "sd1",
        # diffusers' name for the number of heads
        "attention_head_dim": 8 if family == "sd1" else [max(1, width // HEAD) for width in widths],
    }
    return Part(settings, convert_ldm_unet_checkpoint(tensors, settings))


def autoencoder(tensors: Tensors, family: Family) -> Part:
    """An AutoencoderKL."""
    levels = [i for i in range(16) if f"{VAE}encoder.down.{i}.block.0.conv1.weight" in tensors]
    blocks = [i for i in range(16) if f"{VAE}encoder.down.0.block.{i}.conv1.weight" in tensors]
    settings = {
        "block_out_channels": [len(tensors[f"{VAE}encoder.down.{i}.block.0.conv1.weight"]) for i in levels],
        "layers_per_block": len(blocks),
        "down_block_types": ["DownEncoderBlock2D"] * len(levels),
        "up_block_types": ["UpDecoderBlock2D"] * len(levels),
        "latent_channels": tensors[f"{VAE}decoder.conv_in.weight"].shape[1],
        "scaling_factor": SCALING[family],
    }
    ours = {key: tensor for key, tensor in tensors.items() if key.startswith(VAE)}
    return Part(settings, convert_ldm_vae_checkpoint(ours, settings))


def text_model(tensors: Tensors, empty: Any) -> CLIPTextModel:
    """OpenAI's as Stable Diffusion 1 has it, or OpenCLIP's without its last layer, as 2 has it."""
    if OPEN_CLIP + "token_embedding.weight" in tensors:
        return _open_clip(tensors, empty)
    found = {
        key.removeprefix(CLIP).removeprefix("text_model."): tensor
        for key, tensor in tensors.items()
        if key.startswith(CLIP) and not key.endswith("position_ids")
    }
    with empty():
        model = CLIPTextModel(
            _text_settings(
                found["embeddings.token_embedding.weight"],
                found["embeddings.position_embedding.weight"],
                found["encoder.layers.0.mlp.fc1.weight"],
                _numbered(found, "encoder.layers."),
                "quick_gelu",
            )
        )
    model.load_state_dict(found, assign=True)
    return model


def _open_clip(tensors: Tensors, empty: Any) -> CLIPTextModel:
    blocks = OPEN_CLIP + "transformer.resblocks."
    last = _numbered(tensors, blocks) - 1
    unused = (f"{blocks}{last}.", OPEN_CLIP + "text_projection")
    found = {
        key: tensor
        for key, tensor in tensors.items()
        if key.startswith(OPEN_CLIP) and not key.startswith(unused)
    }
    with empty():
        model = CLIPTextModel(
            _text_settings(
                found[OPEN_CLIP + "token_embedding.weight"],
                found[OPEN_CLIP + "positional_embedding"],
                found[blocks + "0.mlp.c_fc.weight"],
                last,
                "gelu",
            )
        )
    named = convert_open_clip_checkpoint(model, found, prefix=OPEN_CLIP)
    model.load_state_dict(
        {key.removeprefix("text_model."): tensor for key, tensor in named.items()}, assign=True
    )
    return model


def _text_settings(tokens: Tensor, places: Tensor, inner: Tensor, layers: int, act: str) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=tokens.shape[0],
        hidden_size=tokens.shape[1],
        intermediate_size=inner.shape[0],
        num_hidden_layers=layers,
        num_attention_heads=max(1, tokens.shape[1] // HEAD),
        max_position_embeddings=places.shape[0],
        hidden_act=act,
        projection_dim=tokens.shape[1],
    )


def _depth(tensors: Tensors, block: str) -> int:
    return _numbered(tensors, block + "transformer_blocks.")


def _numbered(tensors: Tensors, beginning: str) -> int:
    """How many things there are that are numbered after this beginning of their names."""
    pattern = re.compile(re.escape(beginning) + r"(\d+)\.")
    return len({found[1] for key in tensors if (found := pattern.match(key))})
