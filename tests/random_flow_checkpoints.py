"""Stable Diffusion 3.5 medium and FLUX.1 with random weights, tiny or full size:
`python -m tests.random_flow_checkpoints sd3 OUT` writes a full-size folder in bfloat16, without T5.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
)
from transformers import (
    CLIPTextModel,
    CLIPTextModelWithProjection,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

from engine.clip import END, tokenizer
from tests.random_checkpoints import Size, text_settings

NETWORKS: dict[tuple[str, Size], dict[str, Any]] = {
    ("sd3", "tiny"): {
        "sample_size": 8,
        "num_layers": 3,
        "attention_head_dim": 8,
        "num_attention_heads": 4,
        "joint_attention_dim": 128,
        "caption_projection_dim": 32,
        "pooled_projection_dim": 128,
        "pos_embed_max_size": 12,
        "dual_attention_layers": (0,),
        "qk_norm": "rms_norm",
    },
    ("sd3", "full"): {
        "sample_size": 128,
        "num_layers": 24,
        "attention_head_dim": 64,
        "num_attention_heads": 24,
        "joint_attention_dim": 4096,
        "caption_projection_dim": 1536,
        "pooled_projection_dim": 2048,
        "pos_embed_max_size": 384,
        "dual_attention_layers": tuple(range(13)),
        "qk_norm": "rms_norm",
    },
    ("flux", "tiny"): {
        "num_layers": 2,
        "num_single_layers": 2,
        "attention_head_dim": 16,
        "num_attention_heads": 2,
        "joint_attention_dim": 128,
        "pooled_projection_dim": 64,
        "axes_dims_rope": (4, 6, 6),
        "guidance_embeds": True,
    },
    ("flux", "full"): {"guidance_embeds": True},
}
T5S: dict[Size, dict[str, int]] = {
    "tiny": {"d_model": 128, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2, "vocab_size": 64},
    "full": {
        "d_model": 4096,
        "d_kv": 64,
        "d_ff": 10240,
        "num_layers": 24,
        "num_heads": 64,
        "vocab_size": 32128,
    },
}


def flow_pipeline(
    family: str, size: Size = "tiny", *, t5_layers: int | None = None, seed: int = 0, **network: Any
) -> Any:
    """diffusers' own; no layer of T5 leaves it out, `network` changes settings of the transformer."""
    torch.manual_seed(seed)
    full = size == "full"
    vae = AutoencoderKL(
        block_out_channels=(128, 256, 512, 512) if full else (32, 32, 32, 32),
        layers_per_block=2 if full else 1,
        down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
        latent_channels=16,
        scaling_factor=1.5305,
        shift_factor=0.0609,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    t5, t5_tokens = None, None
    if t5_layers != 0:
        layers = {"num_layers": t5_layers or T5S[size]["num_layers"]}
        t5 = T5EncoderModel(T5Config(**T5S[size] | layers, feed_forward_proj="gated-gelu")).eval()
        letters = [(letter, -3.0) for letter in "abcdefghijklmnopqrstuvwxyz,"]
        t5_tokens = T5Tokenizer(
            vocab=[("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *letters], extra_ids=2
        )
    settings = NETWORKS[family, size] | network
    clips = text_settings("sdxl", full)
    if family == "sd3":
        first, second = (CLIPTextModelWithProjection(each).eval() for each in clips)
        return StableDiffusion3Pipeline(
            SD3Transformer2DModel(**settings),
            FlowMatchEulerDiscreteScheduler(shift=3.0),
            vae,
            first,
            tokenizer(END),
            second,
            tokenizer("!"),
            t5,
            t5_tokens,
        )
    moves = bool(settings["guidance_embeds"])
    return FluxPipeline(
        FlowMatchEulerDiscreteScheduler(shift=3.0 if moves else 1.0, use_dynamic_shifting=moves),
        vae,
        CLIPTextModel(clips[0]).eval(),
        tokenizer(END),
        t5,
        t5_tokens,
        FluxTransformer2DModel(**settings),
    )


if __name__ == "__main__":
    torch.set_default_dtype(torch.bfloat16)
    flow_pipeline(sys.argv[1], "full", t5_layers=0).save_pretrained(Path(sys.argv[2]))
