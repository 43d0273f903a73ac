"""The names in LoRA files: of kohya's trainers, of diffusers and of peft, and which layer each one is of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Role = Literal["down", "up", "alpha"]
PARTS = {  # as files begin the names of a part's layers: which part that is
    "unet": "network",
    "diffusion_model": "network",
    "transformer": "network",
    "te": "words",
    "te1": "words",
    "text_encoder": "words",
    "te2": "words 2",
    "text_encoder_2": "words 2",
}
MATRIX = re.compile(r"(.+)[._]lora(?:_linear_layer)?[._](down|up|A|B)(?:\.\w+)?\.weight")
BEGINNING = re.compile(
    r"(?:base_model_model_)?(?:lora_)?"
    r"(?:(unet|diffusion_model|transformer(?!_blocks)|te[12]?|text_encoder(?:_2)?)_)?(?:text_model_)?"
)
ROLES: dict[str, Role] = {"down": "down", "A": "down", "up": "up", "B": "up", "alpha": "alpha"}
METADATA = "lora_adapter_metadata"  # where diffusers keeps peft's settings
OTHER_KINDS = {  # what only they have in their names
    "dora_scale": "a DoRA",
    "lora_magnitude_vector": "a DoRA",
    "hada_": "a LoHa",
    "lokr_": "a LoKr",
    "oft_": "an OFT",
    "lora_mid": "a LoCon in three parts",
}
INNER = {  # layers of a block, as the original releases name them
    "conv1": "in_layers_2",
    "time_emb_proj": "emb_layers_1",
    "conv2": "out_layers_3",
    "conv_shortcut": "skip_connection",
}
OUTSIDE = {
    "conv_in": "input_blocks_0_0",
    "conv_out": "out_2",
    "time_embedding.linear_1": "time_embed_0",
    "time_embedding.linear_2": "time_embed_2",
    "add_embedding.linear_1": "label_emb_0_0",
    "add_embedding.linear_2": "label_emb_0_2",
}

OF_FLUX = {  # inside a block of FLUX.1, as the original release names it, and what diffusers made of it
    "img_attn_qkv": ("attn_to_q", "attn_to_k", "attn_to_v"),
    "txt_attn_qkv": ("attn_add_q_proj", "attn_add_k_proj", "attn_add_v_proj"),
    "img_attn_proj": ("attn_to_out_0",),
    "txt_attn_proj": ("attn_to_add_out",),
    "img_mlp_0": ("ff_net_0_proj",),
    "img_mlp_2": ("ff_net_2",),
    "txt_mlp_0": ("ff_context_net_0_proj",),
    "txt_mlp_2": ("ff_context_net_2",),
    "img_mod_lin": ("norm1_linear",),
    "txt_mod_lin": ("norm1_context_linear",),
    "linear1": ("attn_to_q", "attn_to_k", "attn_to_v", "proj_mlp"),
    "linear2": ("proj_out",),
    "modulation_lin": ("norm_linear",),
}


class Place(NamedTuple):
    part: str  # one of those in PARTS
    layer: str  # its name with _ for every dot


def place_of(key: str) -> tuple[Place, Role] | None:
    """What a tensor is for; None where its name says nothing that is known here."""
    if key.endswith(".alpha"):
        name, role = key.removesuffix(".alpha"), "alpha"
    elif found := MATRIX.fullmatch(key):
        name, role = found[1], found[2]
    else:
        return None
    name = name.replace(".processor.", ".").replace(".", "_")
    beginning = BEGINNING.match(name)
    assert beginning
    place = Place(PARTS[beginning[1] or "unet"], name[beginning.end() :])
    return place, ROLES[role]


def settings_of(metadata: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """peft's settings by part, as diffusers writes them: all in one, `unet.r` and `text_encoder.r`."""
    settings: dict[str, dict[str, Any]] = {}
    for key, value in metadata.items():
        beginning, dot, name = key.partition(".")
        part = PARTS.get(beginning) if dot else "network"
        if part:
            settings.setdefault(part, {})[name if dot else key] = value
    return settings


def alpha_of(place: Place, settings: Mapping[str, Any], rank: int) -> float:
    """What peft's settings say of a layer; where they say nothing, alpha is the rank."""
    for name, alpha in (settings.get("alpha_pattern") or {}).items():
        if f"_{place.layer}".endswith("_" + name.replace(".", "_")):
            return float(alpha)
    return float(settings.get("lora_alpha") or rank)


def apart(layer: str) -> list[str]:
    """The layers that one of a file is, in the order of its rows: FLUX.1's are more in diffusers."""
    found = re.fullmatch(r"(double|single)_blocks_(\d+)_(\w+)", layer)
    if not found or found[3] not in OF_FLUX:
        return [layer]
    beginning = "transformer_blocks" if found[1] == "double" else "single_transformer_blocks"
    return [f"{beginning}_{found[2]}_{name}" for name in OF_FLUX[found[3]]]


def names_of(layer: str, layers_per_block: int) -> list[str]:
    """What files call a layer of a network or a text model, with _ for every dot."""
    plain = layer.removeprefix("text_model.").replace(".", "_")
    names = [plain]
    if plain.endswith("_to_out_0"):
        names.append(plain.removesuffix("_0"))  # as diffusers' first files do
    return names + _original(layer, layers_per_block)


def _original(layer: str, count: int) -> list[str]:
    """Its name in the original releases, which kohya's trainers use for Stable Diffusion XL."""
    if layer in OUTSIDE:
        return [OUTSIDE[layer]]
    found = re.fullmatch(r"(down|mid|up)_blocks?(?:\.(\d))?\.(\w+)\.(\d)\.(.+)", layer)
    if not found:
        return []
    way, block, kind, i = found[1], int(found[2] or 0), found[3], int(found[4])
    rest = INNER.get(found[5]) or found[5].replace(".", "_")
    at, which = block * (count + 1) + i, int(kind == "attentions")
    if way == "mid":
        return [f"middle_block_{1 if which else 2 * i}_{rest}"]
    if kind == "downsamplers":
        return [f"input_blocks_{(block + 1) * (count + 1)}_0_op"]
    if kind == "upsamplers":  # after the attention, where there is one
        return [f"output_blocks_{at + count}_{place}_conv" for place in (1, 2)]
    return [
        f"input_blocks_{at + 1}_{which}_{rest}" if way == "down" else f"output_blocks_{at}_{which}_{rest}"
    ]
