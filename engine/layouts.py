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
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from engine.checkpoint_keys import Family, U
from engine.checkpoints import MOST_LAYERS

Tensors = dict[str, Tensor]
HEAD = 64  # channels of a head of attention, from Stable Diffusion 2 on, and in CLIP
SCALING = {"sd1": 0.18215, "sd2": 0.18215, "sdxl": 0.13025}  # of latents: about one over their deviation
VAE, CLIP, OPEN_CLIP = "first_stage_model.", "cond_stage_model.transformer.", "cond_stage_model.model."
CLIP_L, BIG_G = "conditioner.embedders.0.transformer.", "conditioner.embedders.1.model."  # of XL
BLOCKS = "transformer.resblocks."  # of OpenCLIP's
TINY = re.compile(r"(decoder\.layers\.|decoder\.|taesd_decoder\.|)(\d+)\.(.+)")  # a layer of a tiny decoder


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
    settings: dict[str, Any] = {
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
    ours = {key: tensor for key, tensor in tensors.items() if key.startswith(U)}
    scale = tensors.get(f"{U}time_embed.cond_proj.weight")  # of guidance (Luo et al., 2023)
    if scale is not None:
        settings["time_cond_proj_dim"] = scale.shape[1]
    if family == "sdxl":  # is told of a prompt as a whole, and six numbers
        added = tensors[f"{U}label_emb.0.0.weight"].shape[1]
        settings |= {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": (added - tensors[BIG_G + "text_projection"].shape[1]) // 6,
            "projection_class_embeddings_input_dim": added,
        }
    named = convert_ldm_unet_checkpoint(ours, settings)
    if scale is not None:
        named["time_embedding.cond_proj.weight"] = scale
    return Part(settings, named)


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


def tiny_decoder(tensors: Tensors) -> Part:
    """The decoder of an AutoencoderTiny, from diffusers' layout or from TAESD's own, which counts what has no
    numbers and comes first as a layer, too.
    """
    layers: dict[int, Tensors] = {}
    for key, tensor in tensors.items():
        if found := TINY.fullmatch(key):
            layer = int(found[2]) - (found[1] != "decoder.layers.")
            layers.setdefault(layer, {})[found[3]] = tensor
    if len(layers) > MOST_LAYERS:
        raise ValueError(len(layers))
    widths, depths, depth = [], [], 0
    for layer in sorted(layers)[1:]:
        if "weight" in layers[layer]:  # a convolution after blocks
            widths.append(layers[layer]["weight"].shape[1])
            depths.append(depth)
            depth = 0
        else:
            depth += 1
    settings = {
        "latent_channels": layers[0]["weight"].shape[1],
        "decoder_block_out_channels": widths,
        "num_decoder_blocks": depths,
    }
    named = {f"decoder.layers.{i}.{key}": x for i, layer in layers.items() for key, x in layer.items()}
    return Part(settings, named)


def text_models(tensors: Tensors, empty: Any) -> list[nn.Module]:
    """OpenAI's as Stable Diffusion 1 has it, or OpenCLIP's without its last layer, as 2 has it; XL has the
    one and the other, whole.
    """
    if BIG_G + "token_embedding.weight" in tensors:
        return [_clip(tensors, CLIP_L, empty), _open_clip(tensors, BIG_G, CLIPTextModelWithProjection, empty)]
    if OPEN_CLIP + "token_embedding.weight" in tensors:
        last = _numbered(tensors, OPEN_CLIP + BLOCKS) - 1
        unused = (f"{OPEN_CLIP}{BLOCKS}{last}.", OPEN_CLIP + "text_projection")
        kept = {key: tensor for key, tensor in tensors.items() if not key.startswith(unused)}
        return [_open_clip(kept, OPEN_CLIP, CLIPTextModel, empty)]
    return [_clip(tensors, CLIP, empty)]


def _clip(tensors: Tensors, beginning: str, empty: Any) -> nn.Module:
    found = {
        key.removeprefix(beginning).removeprefix("text_model."): tensor
        for key, tensor in tensors.items()
        if key.startswith(beginning) and not key.endswith("position_ids")
    }
    with empty():
        model: nn.Module = CLIPTextModel(
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


def _open_clip(tensors: Tensors, beginning: str, kind: Any, empty: Any) -> nn.Module:
    found = {key: tensor for key, tensor in tensors.items() if key.startswith(beginning)}
    with empty():
        model: nn.Module = kind(
            _text_settings(
                found[beginning + "token_embedding.weight"],
                found[beginning + "positional_embedding"],
                found[f"{beginning}{BLOCKS}0.mlp.c_fc.weight"],
                _numbered(found, beginning + BLOCKS),
                "gelu",
            )
        )
    named = convert_open_clip_checkpoint(model, found, prefix=beginning)
    if kind is CLIPTextModel:
        named = {key.removeprefix("text_model."): tensor for key, tensor in named.items()}
    model.load_state_dict(named, assign=True)
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
