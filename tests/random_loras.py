"""LoRA files with random numbers for the models of `random_checkpoints`, in the layouts of the programs that
write them: the names are made here, by hand, and not by what reads them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from tests.random_checkpoints import _of_unet

Layout = Literal["kohya", "kohya xl", "diffusers", "diffusers' first", "peft"]
LAYOUTS: tuple[Layout, ...] = ("kohya", "diffusers", "diffusers' first", "peft")
RANK, ALPHA = 4, 2.0
ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
NETWORK = (*ATTENTION, "proj_in", "ff.net.0.proj", "conv1", "conv_shortcut", "time_emb_proj", "0.conv")
WORDS = ("q_proj", "v_proj", "out_proj", "fc1")
Matrices = dict[str, tuple[Tensor, Tensor]]  # by the layer's name: down and up


def matrices(part: nn.Module, ends: tuple[str, ...], seed: int = 0) -> Matrices:
    """Beside the layers of a part whose names end so."""
    draw = torch.Generator().manual_seed(seed)
    out = {}
    for name, layer in part.named_modules():
        if name.endswith(ends) and isinstance(layer, (nn.Linear, nn.Conv2d)):
            count, *into = layer.weight.shape
            down = torch.randn(RANK, *into, generator=draw) / 4
            up = torch.randn(count, RANK, *[1] * (len(into) - 1), generator=draw) / 4
            out[name] = down, up
    return out


def save(path: Path, made: Any, layout: Layout, seed: int = 0) -> Path:
    """For a pipeline of diffusers'."""
    alone = layout in ("diffusers' first", "peft")  # these change the network's attention alone
    network = matrices(made.unet, ATTENTION if alone else NETWORK, seed)
    texts = [made.text_encoder, *([made.text_encoder_2] if hasattr(made, "text_encoder_2") else [])]
    words = [] if alone else [matrices(text, WORDS, seed + 1 + i) for i, text in enumerate(texts)]
    tensors: dict[str, Tensor] = {}
    metadata: dict[str, str] = {}
    match layout:
        case "kohya" | "kohya xl":
            for name, pair in network.items():
                if layout == "kohya xl":
                    name = _of_unet(
                        f"{name}.weight", made.unet.config.layers_per_block, made.unet.state_dict()
                    )
                    name = name.removesuffix(".weight")
                tensors |= _kohya(f"lora_unet_{name}", *pair)
            for i, each in enumerate(words):
                beginning = "lora_te" + ("" if len(words) == 1 else str(i + 1))
                for name, pair in each.items():
                    plain = name.removeprefix("text_model.")
                    tensors |= _kohya(f"{beginning}_text_model_{plain}", *pair)
        case "diffusers":
            settings: dict[str, object] = {}
            for part, each in zip(
                ("unet", "text_encoder", "text_encoder_2"), [network, *words], strict=False
            ):
                for name, (down, up) in each.items():
                    tensors |= {f"{part}.{name}.lora_A.weight": down, f"{part}.{name}.lora_B.weight": up}
                settings |= {f"{part}.r": RANK, f"{part}.lora_alpha": ALPHA}
                settings[f"{part}.target_modules"] = [*each]
            metadata["lora_adapter_metadata"] = json.dumps(settings)
        case "diffusers' first":
            for name, (down, up) in network.items():
                block, _, layer = name.removesuffix(".0").rpartition(".")
                key = f"unet.{block}.processor.{layer}_lora"
                tensors |= {f"{key}.down.weight": down, f"{key}.up.weight": up}
        case "peft":
            for name, (down, up) in network.items():
                key = f"base_model.model.{name}"
                tensors |= {f"{key}.lora_A.weight": down, f"{key}.lora_B.weight": up}
            settings = {"peft_type": "LORA", "r": RANK, "lora_alpha": ALPHA, "target_modules": [*network]}
            path.with_name("adapter_config.json").write_text(json.dumps(settings))
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, path, metadata)
    return path


def _kohya(name: str, down: Tensor, up: Tensor) -> dict[str, Tensor]:
    key = name.replace(".", "_")
    alpha = torch.tensor(ALPHA)
    return {f"{key}.lora_down.weight": down, f"{key}.lora_up.weight": up, f"{key}.alpha": alpha}
