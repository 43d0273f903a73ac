"""Textual inversions (Gal et al., 2023): words that a file teaches, as vectors that a text model is shown in
their place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from engine.checkpoint_keys import family_of, kind_of
from engine.checkpoints import NAMES
from engine.models import DAMAGES
from engine.safetensors_header import read_header
from engine.types import EngineError

OF_XL = ("clip_l", "clip_g")  # what files call the vectors of Stable Diffusion XL's two text models


@dataclass(frozen=True, eq=False)
class Inversion:
    names: tuple[str, ...]  # in small letters: as any of them it stands in a prompt
    vectors: tuple[Tensor, ...]  # (tokens, width) for each text model


def read(path: Path, family: str, widths: Sequence[int]) -> Inversion:
    """A file for text models of those widths. Raises EngineError with one sentence on what is wrong."""
    header = read_header(path)
    kind, keys = kind_of(header), [*header.tensors]
    if kind not in ("textual inversion", "") or len(keys) > len(OF_XL):
        what = f"of the kind {kind}" if kind else "nothing that is known here"
        raise EngineError(f"{path} is {what}, not a textual inversion; choose another file.")
    order = OF_XL if len(widths) > 1 else keys
    fits = {*keys} == {*order} and all(
        1 <= len(header.tensors[key].shape) <= 2 and header.tensors[key].shape[-1] == width
        for key, width in zip(order, widths, strict=False)
    )
    if not fits or len(order) != len(widths):
        of = family_of(header, "textual inversion")
        if of and of != family:
            raise EngineError(
                f"{path} was made for {NAMES[of]} and does not fit this model; choose a textual inversion "
                "for its family."
            )
        raise EngineError(f"{path} does not fit this model; choose a textual inversion for its family.")
    try:
        with torch.inference_mode(False):
            tensors = load_file(path)
    except DAMAGES as error:
        raise EngineError(f"{path} is damaged ({error}); get a fresh copy.") from error
    vectors = tuple(
        tensors[key].to(torch.float32, copy=True).reshape(-1, tensors[key].shape[-1]) for key in order
    )
    if not all(each.isfinite().all() for each in vectors):
        raise EngineError(f"The numbers of {path} are damaged; get a fresh copy.")
    tokens = {key.lower() for key in keys} - {*OF_XL, "emb_params"}
    return Inversion(tuple(sorted({path.stem.lower(), *tokens})), vectors)


def split(prompt: str, inversions: Sequence[Inversion]) -> list[str | Inversion]:
    """A prompt in pieces: text, and the words that inversions teach."""
    taught = {name: each for each in inversions for name in each.names}
    if not taught:
        return [prompt]
    names = "|".join(re.escape(name) for name in sorted(taught, key=len, reverse=True))
    pieces = re.split(rf"(?<![\w-])({names})(?![\w-])", prompt, flags=re.IGNORECASE)
    return [taught[piece.lower()] if i % 2 else piece for i, piece in enumerate(pieces) if piece]
