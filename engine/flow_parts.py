"""The parts of a flow-matching model, Stable Diffusion 3 or FLUX.1, from a folder in diffusers' layout.

As in `engine.model_parts` classes are chosen here, and weights come from .safetensors on the disk alone.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as functional
from accelerate import init_empty_weights
from diffusers import AutoencoderKL, FluxTransformer2DModel, SD3Transformer2DModel
from diffusers.utils import logging as diffusers_logging
from safetensors import safe_open
from torch import Tensor, nn
from transformers import (
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)
from transformers.utils import logging as transformers_logging

from engine.checkpoints import Checkpoint, settings, weights
from engine.clip import END, LENGTH, REMEMBERED, Said, tokenizer
from engine.model_parts import of_words, part_from
from engine.safetensors_header import read_header
from engine.types import EngineError

PATCH = 2  # cells of a latent along each side of what the networks see as one
NATIVE = 1024  # pixels: what FLUX was trained on, which its folders do not say
T5_READS = {"sd3": 256, "flux": 512}  # tokens
FAST_T5_READS = 256  # of schnell


class FlowParts(NamedTuple):
    checkpoint: Checkpoint
    network: SD3Transformer2DModel | FluxTransformer2DModel
    autoencoder: AutoencoderKL
    words: FlowWords
    scheduler: dict[str, Any]  # its settings
    native: int  # pixels: what the network was trained on


def load_flow_parts(checkpoint: Checkpoint, dtype: torch.dtype) -> FlowParts:
    """The network and the autoencoder in `dtype`; what reads words, too, where the CPU is fast in it."""
    transformers_logging.disable_progress_bar()
    diffusers_logging.disable_progress_bar()
    folder, is_sd3 = checkpoint.path, checkpoint.family == "sd3"
    scheduler = settings(folder / "scheduler" / "scheduler_config.json")
    spoken = of_words(dtype)
    kinds = [CLIPTextModelWithProjection] * 2 if is_sd3 else [CLIPTextModel]
    clips = [_clip(folder, i, kind, spoken) for i, kind in enumerate(kinds)]
    reads = FAST_T5_READS if checkpoint.fast else T5_READS[checkpoint.family]
    place = "_3" if is_sd3 else "_2"
    t5 = T5(folder, place, reads, spoken) if (folder / f"text_encoder{place}").is_dir() else None
    network = part_from(
        SD3Transformer2DModel if is_sd3 else FluxTransformer2DModel, folder / "transformer", dtype
    )
    autoencoder = part_from(AutoencoderKL, folder / "vae", dtype)
    words = FlowWords(clips, t5, reads, network.config.joint_attention_dim)
    cell = 2 ** (len(autoencoder.config.block_out_channels) - 1)
    native = network.config.sample_size * cell if is_sd3 else NATIVE
    return FlowParts(checkpoint, network, autoencoder, words, scheduler, native)


def shift_of(scheduler: dict[str, Any], tokens: float) -> float:
    """How far a folder's scheduler moves its levels towards noise, for pictures of so many tokens."""
    if not scheduler.get("use_dynamic_shifting"):
        return float(scheduler.get("shift", 1.0))
    few, many = scheduler.get("base_image_seq_len", 256), scheduler.get("max_image_seq_len", 4096)
    low, high = scheduler.get("base_shift", 0.5), scheduler.get("max_shift", 1.15)
    mu = float(low + (high - low) * (tokens - few) / (many - few))
    return mu if scheduler.get("time_shift_type") == "linear" else math.exp(mu)


class FlowWords:
    """What reads prompts, on the CPU; it remembers them. Stable Diffusion 3 is told what two CLIPs and T5
    say of every token, FLUX what T5 says; both what the CLIPs say of the whole.
    """

    def __init__(self, clips: list[Clip], t5: T5 | None, reads: int, width: int) -> None:
        self.clips, self.t5, self.reads, self.width = clips, t5, reads, width
        self.models = nn.ModuleList([each.model for each in (*clips, t5) if each])
        self.told = lru_cache(REMEMBERED)(self._told)

    def together(self, prompts: list[str], worn: Hashable = None) -> Said:
        """`worn` tells apart what the models wear."""
        return Said(*map(torch.stack, zip(*(self.told(prompt, worn) for prompt in prompts), strict=True)))

    def _told(self, prompt: str, worn: Hashable) -> Said:
        """Of one prompt, without the first dimension."""
        # what is remembered outlives this edit
        with torch.inference_mode(False), torch.no_grad():
            tokens, wholes = zip(*(each.said(prompt) for each in self.clips), strict=True)
            last = self.t5.said(prompt) if self.t5 else torch.zeros(self.reads, self.width)
            if len(tokens) == 2:
                first = torch.cat(tokens, -1)
                last = torch.cat([functional.pad(first, (0, self.width - first.shape[-1])), last])
            return Said(last, torch.cat(wholes))


class Clip(NamedTuple):
    model: CLIPTextModel
    tokenizer: CLIPTokenizer

    def said(self, prompt: str) -> tuple[Tensor, Tensor]:
        """Of every token, by the last layer but one, and of the whole. Beyond 77 tokens nothing is read."""
        ids = _ids(self.tokenizer, prompt, LENGTH)
        found = self.model(ids, output_hidden_states=True)
        whole = found.text_embeds if "text_embeds" in found else found.pooler_output
        return found.hidden_states[-2][0], whole[0]


class T5:
    """Ten gigabytes in bfloat16, and needed for a moment: the weights of each layer come from the disk as it
    is asked, and go again. In the precision of their file they are the system's cache of it, and no copy.
    """

    def __init__(self, folder: Path, place: str, reads: int, dtype: torch.dtype) -> None:
        own = folder / f"text_encoder{place}"
        self.tokenizer = _t5_tokenizer(folder / f"tokenizer{place}")
        self.reads, self.dtype = reads, dtype
        with init_empty_weights():
            self.model = T5EncoderModel(T5Config.from_pretrained(own, local_files_only=True)).eval()
        encoder = self.model.encoder
        encoder.embed_tokens = self.model.shared
        files, _ = weights(own)
        headers = {file: read_header(file).tensors for file in files}
        self.files = {key: file for file, tensors in headers.items() for key in tensors}
        shapes = {key: place.shape for tensors in headers.values() for key, place in tensors.items()}
        layers = {f"encoder.block.{i}.": block for i, block in enumerate(encoder.block)}
        layers |= {"shared.": self.model.shared, "encoder.final_layer_norm.": encoder.final_layer_norm}
        for name, layer in layers.items():
            if any(shapes.get(name + key) != tuple(x.shape) for key, x in layer.state_dict().items()):
                raise EngineError(
                    f"Weights in {own} are missing or do not fit; get a fresh copy of the model."
                )
            layer.register_forward_pre_hook(partial(self._fill, name))
            layer.register_forward_hook(_empty)

    def said(self, prompt: str) -> Tensor:
        found: Tensor = self.model(_ids(self.tokenizer, prompt, self.reads)).last_hidden_state[0]
        return found

    def _fill(self, name: str, layer: nn.Module, _: object) -> None:
        found = {}
        for key in layer.state_dict():
            with safe_open(self.files[name + key], "pt") as file:
                found[key] = file.get_tensor(name + key).to(self.dtype)
        layer.load_state_dict(found, assign=True)


def _empty(layer: nn.Module, *_: object) -> None:
    layer.to("meta")


def _clip(folder: Path, i: int, kind: Any, dtype: torch.dtype) -> Clip:
    place = f"_{i + 1}" if i else ""
    own = folder / f"tokenizer{place}"
    tokens = (
        CLIPTokenizer.from_pretrained(own, local_files_only=True)
        if own.is_dir()
        else tokenizer("!" if i else END)
    )
    model = part_from(kind, folder / f"text_encoder{place}", dtype)
    return Clip(model.eval().requires_grad_(False), tokens)


def _t5_tokenizer(folder: Path) -> T5Tokenizer:
    """From tokenizer.json alone: sentencepiece's own file asks for that library and for protobuf's."""
    file = folder / "tokenizer.json"
    if not file.exists():
        raise EngineError(f"{file} is missing; get a fresh copy of the model.")
    try:
        return T5Tokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # the library raises nothing narrower
        raise EngineError(f"{file} is damaged; get a fresh copy of the model.") from error


def _ids(tokens: CLIPTokenizer | T5Tokenizer, prompt: str, length: int) -> Tensor:
    padded = tokens(prompt, padding="max_length", max_length=length, truncation=True, return_tensors="pt")
    ids: Tensor = padded.input_ids
    return ids
