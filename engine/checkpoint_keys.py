"""What a single file holds, told from the names and shapes of its tensors: the layouts of the original
releases, of diffusers and of the trainers of LoRA.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

from engine.safetensors_header import Header, numbers

Family = Literal["sd1", "sd2", "sdxl", "sdxl refiner", "sd3", "flux", ""]
Part = Literal["network", "autoencoder", "small autoencoder", "text encoder"]
Kind = Part | Literal["model", "lora", "textual inversion", "controlnet", ""]
Prediction = Literal["eps", "v", "x0", "flow", ""]
WIDTHS: dict[int, Family] = {768: "sd1", 1024: "sd2", 2048: "sdxl", 1280: "sdxl refiner"}  # of words, as told
SHOWS: dict[int, tuple[Family, ...]] = {4: ("sd1", "sdxl"), 16: ("sd3", "flux")}  # by channels of latents
TINY = re.compile(r"(?:^|\.)\d+\.conv\.0\.weight$")  # in each block of a small autoencoder
DECODES = ("decoder.layers.0.weight", "1.weight", "decoder.1.weight", "taesd_decoder.1.weight")  # its latents
SHOWN: tuple[tuple[Family, str], ...] = (  # what names of small autoencoders say of the models they are for
    ("sdxl", r"(?<![a-z])(?:tae)?(?:sd)?[ _-]?xl"),
    ("sd3", r"sd[ _-]?3"),
    ("flux", "flux|taef1"),
    ("sd1", r"taesd|(?<![a-z])sd[ _-]?v?[12]"),
)
TASKS = {4: "", 9: "inpainting", 8: "instructions", 5: "depth", 7: "upscaling"}  # by channels that go in
CONSISTENT = re.compile(r"(?<![A-Za-z])(?i:lcm)|LCM|(?i:dmd2)")  # names of consistency models
FAST = re.compile(
    CONSISTENT.pattern + r"|(?i:turbo|lightning|schnell)|(?<![A-Za-z])(?i:tcd)"
    r"|(?i:hyper[ _-]?sd)|(?i:hyper)(?![a-z]|[ _-]?(?i:real))"  # but nothing hyperrealistic
)
STRAIGHT = re.compile(r"(?i:lightning|hyper)")  # of those that were taught on the path of the ODE
STEPS = r"(?<!\d)(\d\d?)[ _-]?steps?(?![a-z])"  # 4step, 8-steps
DISTILLED = re.compile(  # LoRAs are named after what they show, too, be it a storm or a car
    CONSISTENT.pattern + r"|(?<![A-Za-z])(?i:tcd|pcm)(?![A-Za-z])|(?i:hyper[ _-]?(?:sd|flux))"
    rf"|(?i:(?:turbo|lightning|hyper).*{STEPS})"
    r"|(?i:(?:sd|xl|sd[ _-]?v?[\d.-]+|flux[\d.]*)[ _-]?(?:turbo|lightning))"
)
LED = re.compile(  # names of those of them that leave the guidance as it is
    r"(?<![A-Za-z])CFG(?![A-Za-z])|(?i:normalcfg)"
)
NAMELESS = {"pytorch_lora_weights", "adapter_model", "diffusion_pytorch_model"}  # their folders have names
FEW = 4  # steps of what is fast and does not say how many
FEW_OF_FLUX = 8  # of a LoRA for it
LONGEST = 200  # letters of a title that are read: looking through one without end would take as long
TITLES = ("modelspec.title", "modelspec.architecture", "ss_output_name")
PRECISIONS = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}
SCALED = "scaled"  # float8 times a factor that stands beside it
QUANTISED = {"int8", "uint8", "f4", "float8_e8m0", SCALED}
TEXT = ("cond_stage_model.", "conditioner.embedders.", "text_encoders.")
U = "model.diffusion_model."  # where the network stands in the original layout
SPREAD_OF_V = 0.09  # of one layer's biases in Stable Diffusion 2: with more it says v (found by ComfyUI)


def kind_of(header: Header) -> Kind:
    return next((kind for kind, holds in KINDS if holds(header)), "")


def family_of(header: Header, kind: Kind) -> Family:
    keys = header.tensors.keys()
    if any("joint_blocks.0." in key for key in keys):
        return "sd3"
    if any("double_blocks" in key or "single_transformer_blocks" in key for key in keys):
        return "flux"
    if kind == "textual inversion":
        if "clip_g" in keys:
            return "sdxl"
        return WIDTHS.get(next(iter(header.tensors.values())).shape[-1], "")
    if "lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight" in keys:
        return "sdxl"
    words = [  # what makes keys of the words: as wide as the words are
        place.shape[1]
        for key, place in header.tensors.items()
        if re.search(r"attn2[._](processor\.)?to_k[._](weight|lora_down\.weight|lora_A\.|lora\.down\.)", key)
        and len(place.shape) > 1
    ]
    if kind in ("model", "network") and U + "input_blocks.0.0.weight" in keys:
        if U + "label_emb.0.0.weight" in keys:
            return "sdxl refiner" if words and words[0] == 1280 else "sdxl"
        projections = [place for key, place in header.tensors.items() if key.endswith(".proj_in.weight")]
        if not projections:
            return ""
        return "sd1" if len(projections[0].shape) == 4 else "sd2"  # convolutions; since 2.0 matrices
    return WIDTHS.get(words[0], "") if words else ""


def channels_of(header: Header) -> int:
    """Of the latents that a small autoencoder decodes; 0 where it only encodes."""
    firsts = (header.tensors[key].shape for key in DECODES if key in header.tensors)
    return next((shape[1] for shape in firsts if len(shape) == 4), 0)


def shown_by(path: Path, channels: int) -> Family:
    """The family whose pictures a small autoencoder shows, as its name or that of a folder round it says."""
    for name in (path.name, *(folder.name for folder in list(path.parents)[:3])):
        for family, pattern in SHOWN:
            if family in SHOWS.get(channels, ()) and re.search(pattern, name, re.IGNORECASE):
                return family
    return ""


def task_of(header: Header) -> str:
    first = header.tensors.get(U + "input_blocks.0.0.weight") or header.tensors.get("conv_in.weight")
    return TASKS.get(first.shape[1], "something else") if first and len(first.shape) == 4 else ""


def prediction_of(path: Path, header: Header, family: Family) -> tuple[Prediction, bool]:
    """What the network says, and whether that is sure: a file need not tell, and most do not.

    A .yaml of the same name beside the file, as the original releases have it, is believed first.
    """
    if family in ("sd3", "flux"):
        return "flow", True
    beside = path.with_suffix(".yaml")
    if beside.is_file() and beside.stat().st_size < 100_000:
        is_v = re.search(
            r"parameterization:\s*[\"']?v\b", beside.read_text(encoding="utf-8", errors="replace")
        )
        return ("v" if is_v else "eps"), True
    said = header.metadata.get("modelspec.prediction_type", "")
    if said in ("v", "v_prediction", "epsilon", "eps"):
        return ("v" if said.startswith("v") else "eps"), True
    if "v_pred" in header.tensors:
        return "v", True
    if "edm_mean" in header.tensors:  # Karras et al. (2022), which no network here says
        return "", True
    probe = header.tensors.get(U + "output_blocks.11.1.transformer_blocks.0.norm1.bias")
    if family == "sd2" and probe is not None and probe.dtype in ("F16", "BF16", "F32"):
        return ("v" if float(numbers(path, probe).std()) > SPREAD_OF_V else "eps"), False
    return "eps", False


def is_fast(path: Path, header: Header) -> bool:
    return bool(FAST.search(names_of(path, header))) or embeds_guidance(header)


def is_consistent(path: Path, header: Header) -> bool:
    return bool(CONSISTENT.search(names_of(path, header))) or embeds_guidance(header)


def embeds_guidance(header: Header) -> bool:
    return any(key.endswith("cond_proj.weight") for key in header.tensors)


def few_of(name: str, usual: int = FEW) -> int:
    """How many steps a fast model wants, which some say in their names: 4step, 8-steps."""
    found = re.search(STEPS, name, re.IGNORECASE)
    return max(int(found[1]), 1) if found else usual


def native_of(header: Header, family: Family, prediction: Prediction) -> int:
    """Pixels of the squares that a network was trained on: as the file says, or the usual."""
    said = re.fullmatch(r"(\d{3,4})x(\d{3,4})", header.metadata.get("modelspec.resolution", ""))
    if said:
        return round(math.sqrt(int(said[1]) * int(said[2])) / 64) * 64
    if family == "sdxl":
        return 1024
    return 768 if family == "sd2" and prediction == "v" else 512


def missing(header: Header, family: Family) -> tuple[str, ...]:
    """What a model in one file needs and lacks."""
    texts: tuple[tuple[str, tuple[str, ...]], ...] = (("text encoder", TEXT),)
    if family == "sdxl":
        both = ("text encoder", "second text encoder")
        texts = tuple((name, (f"conditioner.embedders.{i}.",)) for i, name in enumerate(both))
    wanted = (("autoencoder", ("first_stage_model.",)), *texts)
    return tuple(name for name, beginnings in wanted if not _holds(*beginnings)(header))


def figures(headers: Iterable[Header]) -> tuple[str, int]:
    """The precision of most numbers, and how many there are."""
    counts: Counter[str] = Counter()
    scaled = False
    for header in headers:
        for key, place in header.tensors.items():
            counts[place.dtype] += place.numbers
            scaled = scaled or key.endswith((".scale_weight", ".weight_scale"))
    if not counts:
        return "", 0
    dtype = SCALED if scaled else counts.most_common(1)[0][0]
    other = dtype.lower().replace("f8_", "float8_").replace("u8", "uint8").replace("i8", "int8")
    return PRECISIONS.get(dtype, other), counts.total()


def name_of(path: Path) -> str:
    """What a file is called: as its folder, where its own name is one that many have."""
    if path.stem not in NAMELESS:
        return path.stem
    folder = path.absolute().parent
    if folder.parent.name == "snapshots":  # as the hub keeps them: models--owner--name/snapshots/...
        return folder.parents[1].name.split("--")[-1]
    return folder.name


def names_of(path: Path, header: Header) -> str:
    """All names that a file has, of whoever made it, too."""
    titles = (header.metadata.get(key, "")[:LONGEST] for key in TITLES)
    return " ".join([name_of(path), *titles])


def _holds(*beginnings: str) -> Callable[[Header], bool]:
    return lambda header: any(key.startswith(beginnings) for key in header.tensors)


def _is_lora(header: Header) -> bool:
    marks = (
        "lora_up",
        "lora_down",
        ".lora_A.",
        ".lora_B.",
        "lora.up.",
        "lora_linear_layer",
        "hada_w1",
        "lokr_",
    )
    return any(mark in key for key in header.tensors for mark in marks)


def _is_inversion(header: Header) -> bool:
    """Some words' vectors, and nothing else."""
    return 0 < len(header.tensors) <= 4 and all(
        len(each.shape) <= 2 and each.shape[-1:] != () and each.shape[-1] in {*WIDTHS, 4096}
        for each in header.tensors.values()
    )


KINDS: tuple[tuple[Kind, Callable[[Header], bool]], ...] = (
    ("lora", _is_lora),
    ("textual inversion", _is_inversion),
    ("controlnet", _holds("control_model.", "input_hint_block", "controlnet_")),
    ("model", lambda header: _holds(U)(header) and _holds(*TEXT, "first_stage_model.")(header)),
    ("network", _holds(U, "joint_blocks.", "double_blocks.", "down_blocks.0.resnets.", "time_embedding.")),
    ("network", _holds("transformer_blocks.", "single_transformer_blocks.")),
    ("autoencoder", _holds("decoder.conv_in.", "first_stage_model.")),
    ("small autoencoder", lambda header: any(TINY.search(key) for key in header.tensors)),
    ("text encoder", _holds("text_model.encoder.", "encoder.layers.0.self_attn", "encoder.block.0.")),
)
