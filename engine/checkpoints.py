"""What a checkpoint is, told from a file's header or a folder's settings alone: in milliseconds, before
anything is loaded, without torch.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.checkpoint_keys import (
    CONSISTENT,
    DISTILLED,
    FAST,
    FEW,
    FEW_OF_FLUX,
    LED,
    QUANTISED,
    SHOWS,
    STRAIGHT,
    TASKS,
    Family,
    Kind,
    Prediction,
    channels_of,
    embeds_guidance,
    family_of,
    few_of,
    figures,
    is_consistent,
    is_fast,
    kind_of,
    missing,
    name_of,
    names_of,
    native_of,
    prediction_of,
    shown_by,
    task_of,
)
from engine.safetensors_header import PICKLES, Header, pickle_refusal, read_header
from engine.types import EditRequest, EngineError, Lora

NAMES = {
    "sd1": "Stable Diffusion 1",
    "sd2": "Stable Diffusion 2",
    "sdxl": "Stable Diffusion XL",
    "sdxl refiner": "the refiner of Stable Diffusion XL",
    "sd3": "Stable Diffusion 3",
    "flux": "FLUX",
}
RUNS = {"sd1", "sd2", "sdxl", "sd3", "flux"}  # families of which a picture can be made
INPAINTS = {"sd1", "sd2", "sdxl", "flux"}  # families of which those made for inpainting are known, too
FLOWS: dict[str, Family] = {  # flow-matching models, by their pipelines
    **dict.fromkeys([f"StableDiffusion3{task}Pipeline" for task in ("", "Img2Img", "Inpaint")], "sd3"),
    **dict.fromkeys([f"Flux{task}Pipeline" for task in ("", "Img2Img", "Inpaint", "Fill")], "flux"),
}
GUIDANCE = {"sd1": 7.5, "sd2": 7.5, "sdxl": 6.0, "sdxl refiner": 6.0, "sd3": 4.5, "flux": 3.5}  # as usual
INDEX = "model_index.json"  # what makes a folder a model, in diffusers' layout
TINY = "AutoencoderTiny"  # diffusers' class of small autoencoders
MOST_LAYERS = 1000
OF_LCM = 1.5  # guidance that a LoRA of a latent consistency model bears
OF_HYPER = 0.125  # weight of Hyper-SD's LoRAs (Ren et al., 2024) for flow-matching models
EMBEDDED = 8.0  # guidance of latent consistency models (Luo et al., 2023)
FILLS = 30.0  # of FLUX where it was made for inpainting
NEEDED = {  # folders of a model, and what is in them
    "unet": "network",
    "transformer": "network",
    "vae": "autoencoder",
    "text_encoder": "text encoder",
    "text_encoder_2": "second text encoder",
}


@dataclass(frozen=True)
class Checkpoint:
    path: Path
    kind: Kind
    family: Family
    prediction: Prediction = ""  # what its network says
    sure: bool = False  # of the prediction; else it is the usual one, or a guess
    task: str = ""  # one of TASKS: what a network is for that takes more than a noisy picture
    fast: bool = False  # its name, its keys or its scheduler say that it wants few steps and guidance 1
    precision: str = ""  # of most of its numbers
    parameters: int = 0
    bytes: int = 0
    lacks: tuple[str, ...] = ()  # parts that a model needs and that are not here
    consistent: bool = False  # each step wants to begin with new noise: a consistency model
    embeds_guidance: bool = False  # its network is told the guidance, and asked once
    few: int = FEW  # steps that it wants, where it is fast
    native: int = 0  # pixels: what it was trained on, as far as its header tells
    straight: bool = False  # no step wants new noise: it was taught on the path of the ODE
    led: float = 1.0  # guidance that it wants at the most, where it is fast
    shows: tuple[Family, ...] = ()  # of which a small autoencoder may be; `family` is as its name has it

    @property
    def name(self) -> str:
        """Of a file, as people know it."""
        return name_of(self.path)

    @property
    def weight(self) -> float:
        """That a LoRA was made for."""
        is_hyper = self.fast and self.family in ("sd3", "flux") and "hyper" in self.name.lower()
        return OF_HYPER if is_hyper else Lora.weight

    @property
    def steps(self) -> int:
        """Of one pass, as it was made for."""
        return self.few if self.fast else EditRequest.steps

    @property
    def guidance(self) -> float:
        """As it was made for; 1 is none."""
        if self.embeds_guidance:
            return EMBEDDED
        if self.family == "flux" and self.task:
            return FILLS
        return self.led if self.fast else GUIDANCE.get(self.family, 1.0)

    @property
    def method(self) -> str:
        """What walks a model of it: a name in `engine.sampling.SOLVERS`; "" where that is the usual one."""
        if not self.fast:
            return ""
        return "consistency" if self.consistent else "euler" if self.straight else "first order"

    @property
    def refusal(self) -> str:
        """Why no picture can be made with it, in one sentence; empty where one can."""
        name = NAMES.get(self.family, "of a kind that is not known")
        if self.family in ("sd3", "flux") and self.kind in ("model", "network") and not self.path.is_dir():
            return f"{self.path} is {name} in one file; choose a folder in diffusers' layout that holds it."
        if self.kind == "model" and self.lacks:
            return f"{self.path} lacks its {', '.join(self.lacks)}; get the whole checkpoint."
        inpaints = self.task == "inpainting" and self.family in INPAINTS
        if self.kind == "model" and self.family in RUNS and (inpaints or not self.task):
            if self.precision in QUANTISED:
                return f"The weights of {self.path} are quantised; get them as float16, bfloat16 or float32."
            if not self.prediction:
                return f"What the network of {self.path} predicts is not known; choose another model."
            return ""
        if self.kind == "model":
            what = f"a model for {self.task} of {name}" if self.task else name
            return f"{self.path} is {what}, which is not supported yet; choose Stable Diffusion 1, 2 or XL."
        if not self.kind:
            return f"{self.path} is no model that is known here; choose a Stable Diffusion checkpoint."
        if not self.family:
            return f"{self.path} is not a whole model ({self.kind}); choose a whole checkpoint."
        return f"{self.path} is not a whole model ({self.kind} of {name}); choose a whole checkpoint."


def told(path: Path) -> Checkpoint:
    """Raises EngineError with one sentence for what is missing, damaged or no checkpoint at all."""
    if path.is_dir():
        return _told_of_folder(path)
    if not path.exists():
        raise EngineError(f"There is no model {path}; check the name, or use the starter model.")
    return _told_of_file(path, read_header(path))


def is_whole(folder: Path) -> bool:
    """Whether a folder is one thing: a model, or a small autoencoder, in diffusers' layout."""
    if (folder / INDEX).exists():
        return True
    try:
        with (folder / "config.json").open("rb") as file:
            return TINY.encode() in file.read(10_000)
    except OSError:
        return False


def settings(path: Path) -> dict[str, Any]:
    """One of a folder's files of settings."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EngineError(f"{path} is missing; get a fresh copy of the model.") from None
    except (OSError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or _most_layers(found) > MOST_LAYERS:
        raise EngineError(f"{path} is damaged; get a fresh copy of the model.")
    return found


def _most_layers(told: Any, counts: bool = False) -> int:
    """The largest number under a name that counts layers: with too many no end of a model would be made."""
    if isinstance(told, dict):
        return max((_most_layers(each, "layers" in key) for key, each in told.items()), default=0)
    if isinstance(told, list):
        return max((_most_layers(each, counts) for each in told), default=0)
    return told if counts and isinstance(told, int) else 0


def weights(folder: Path) -> tuple[list[Path], str | None]:
    """The files of a part's weights and which variant they are, as diffusers names it.

    Raises EngineError where there are none, or pickles alone.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        pickles = [each for each in folder.glob("*") if each.suffix.lower() in PICKLES]
        if pickles:
            raise EngineError(pickle_refusal(pickles[0]))
        raise EngineError(f"{folder} holds no weights (.safetensors); get a fresh copy of the model.")
    for index in folder.glob("*.safetensors.index.json"):
        shards, beside = settings(index).get("weight_map"), [file.name for file in files]
        if not isinstance(shards, dict) or any(name not in beside for name in shards.values()):
            raise EngineError(f"{index} names files that are not beside it; get a fresh copy of the model.")
    variants: dict[str | None, list[Path]] = {}
    for file in files:
        words = re.sub(r"-\d+-of-\d+", "", file.name.removesuffix(".safetensors")).split(".")
        variants.setdefault(words[1] if len(words) > 1 else None, []).append(file)
    chosen = min(variants, key=lambda name: (name is not None, name != "fp16", str(name)))
    return variants[chosen], chosen


def _told_of_folder(folder: Path) -> Checkpoint:
    index = folder / INDEX
    if not index.exists() and is_whole(folder):
        settings(folder / "config.json")
        (file, *_), _ = weights(folder)
        return _told_of_small(folder, read_header(file), file.stat().st_size)
    if not index.exists():
        raise EngineError(f"{folder} holds no model_index.json; choose a model in diffusers' folder layout.")
    parts = settings(index)
    name = str(parts.get("_class_name"))
    if name in FLOWS:
        return _told_of_flow(folder, FLOWS[name])
    if not name.startswith(("StableDiffusion", "LatentConsistencyModel")):
        raise EngineError(
            f"The model in {folder} is a {name}, which is not supported yet; choose Stable Diffusion."
        )
    unet, scheduler = (
        settings(folder / each) for each in ("unet/config.json", "scheduler/scheduler_config.json")
    )
    family: Family
    if unet.get("addition_embed_type") == "text_time":
        family = "sdxl refiner" if unet.get("cross_attention_dim") == 1280 else "sdxl"
    else:
        family = "sd2" if unet.get("use_linear_projection") else "sd1"
    needed = ("unet", "vae", "text_encoder") + ("text_encoder_2",) * (family == "sdxl")
    lacks = tuple(NEEDED[part] for part in needed if not (folder / part).is_dir())
    files = [file for part in needed if (folder / part).is_dir() for file in weights(folder / part)[0]]
    predictions: dict[str, Prediction] = {"epsilon": "eps", "v_prediction": "v", "sample": "x0"}
    prediction = predictions.get(str(scheduler.get("prediction_type", "epsilon")), "")
    embeds = bool(unet.get("time_cond_proj_dim"))
    consistent = embeds or scheduler.get("_class_name") == "LCMScheduler"
    fast = consistent or _is_for_few(scheduler) or bool(FAST.search(folder.name))
    channels = unet.get("in_channels", 4)
    headers = [read_header(file) for file in files]
    return Checkpoint(
        folder,
        "model",
        family,
        prediction,
        bool(prediction),
        TASKS.get(channels, "something else") if isinstance(channels, int) else "something else",
        fast,
        *figures(headers),
        sum(file.stat().st_size for file in files),
        lacks,
        consistent or bool(CONSISTENT.search(folder.name)),
        embeds,
        few_of(folder.name),
        straight=bool(STRAIGHT.search(folder.name)),
    )


def _is_for_few(scheduler: dict[str, Any]) -> bool:
    """Whether a scheduler is one that models are given which want few steps."""
    name, ends_in_noise = str(scheduler.get("_class_name")), scheduler.get("rescale_betas_zero_snr")
    trailing = scheduler.get("timestep_spacing") == "trailing" and not ends_in_noise
    return name == "TCDScheduler" or (trailing and name.startswith("Euler"))


def _told_of_flow(folder: Path, family: Family) -> Checkpoint:
    """Stable Diffusion 3 does without T5, its third text encoder; FLUX does not."""
    needed = ("transformer", "vae", "text_encoder", "text_encoder_2")
    there = [folder / part for part in (*needed, "text_encoder_3") if (folder / part).is_dir()]
    files = [file for part in there for file in weights(part)[0]]
    network, scheduler = (
        settings(folder / each) for each in ("transformer/config.json", "scheduler/scheduler_config.json")
    )
    fast = bool(FAST.search(folder.name))
    if family == "flux":  # schnell neither takes guidance nor moves its levels with the size
        fast = not network.get("guidance_embeds") and (fast or not scheduler.get("use_dynamic_shifting"))
    channels = network.get("in_channels", 16 if family == "sd3" else 64)
    tasks = {"sd3": {16: ""}, "flux": {64: "", 384: "inpainting"}}[family]
    return Checkpoint(
        folder,
        "model",
        family,
        "flow",
        True,
        tasks.get(channels, "something else") if isinstance(channels, int) else "something else",
        fast,
        *figures(map(read_header, files)),
        sum(file.stat().st_size for file in files),
        tuple(NEEDED[part] for part in needed if not (folder / part).is_dir()),
    )


def _told_of_lora(path: Path, header: Header, family: Family) -> Checkpoint:
    """Those that make a model one for few steps say so by their names."""
    names = names_of(path, header)
    fast, consistent = bool(DISTILLED.search(names)), bool(CONSISTENT.search(names))
    is_left = family == "flux" or bool(LED.search(names))
    return Checkpoint(
        path,
        "lora",
        family,
        fast=fast,
        precision=figures([header])[0],
        parameters=figures([header])[1],
        bytes=path.stat().st_size,
        consistent=fast and consistent,
        few=few_of(names, FEW_OF_FLUX if family == "flux" else FEW),
        straight=fast and not consistent and bool(STRAIGHT.search(names)),
        led=math.inf if is_left else OF_LCM if re.search("lcm", names, re.IGNORECASE) else 1.0,
    )


def _told_of_file(path: Path, header: Header) -> Checkpoint:
    kind = kind_of(header)
    if kind == "small autoencoder":
        return _told_of_small(path, header, path.stat().st_size)
    family = family_of(header, kind)
    if kind == "lora":
        return _told_of_lora(path, header, family)
    network = kind in ("model", "network")
    prediction, sure = prediction_of(path, header, family) if network else ("", False)
    return Checkpoint(
        path,
        kind,
        family,
        prediction,
        sure,
        task_of(header) if network else "",
        network and is_fast(path, header),
        *figures([header]),
        path.stat().st_size,
        missing(header, family) if kind == "model" else (),
        network and is_consistent(path, header),
        network and embeds_guidance(header),
        few_of(path.stem),
        native_of(header, family, prediction),
        straight=network and bool(STRAIGHT.search(names_of(path, header))),
    )


def _told_of_small(path: Path, header: Header, size: int) -> Checkpoint:
    """Raises EngineError for what shows no model's latents."""
    channels = channels_of(header)
    if not channels:
        raise EngineError(
            f"{path} is the half of a small autoencoder that encodes; previews need its decoder, a file of "
            "its own."
        )
    if channels not in SHOWS:
        raise EngineError(
            f"{path} decodes latents of {channels} channels, which no model here has; choose one for Stable "
            "Diffusion or FLUX.1."
        )
    precision, parameters = figures([header])
    return Checkpoint(
        path,
        "small autoencoder",
        shown_by(path, channels),
        precision=precision,
        parameters=parameters,
        bytes=size,
        shows=SHOWS[channels],
    )
