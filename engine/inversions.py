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

KEYS = {"emb_params", "clip_l", "clip_g"}  # of files that do not say their word themselves


@dataclass(frozen=True, eq=False)
class Inversion:
    names: tuple[str, ...]  # in small letters: as any of them it stands in a prompt
    vectors: dict[int, Tensor]  # (tokens, width) by width: each text model takes its own


def read(path: Path, family: str, widths: Sequence[int]) -> Inversion:
    """A file for text models of those widths. Raises EngineError with one sentence on what is wrong."""
    if not path.exists():
        raise EngineError(f"There is no file {path}; check the name.")
    header = read_header(path)
    kind = kind_of(header)
    places = header.tensors.values()
    if kind != "textual inversion" and not (
        len(places) <= 4 and all(1 <= len(each.shape) <= 2 for each in places)
    ):
        what = f"of the kind {kind}" if kind else "nothing that is known here"
        raise EngineError(f"{path} is {what}, not a textual inversion; choose another file.")
    of = family_of(header, "textual inversion")
    try:
        with torch.inference_mode(False):
            tensors = load_file(path)
    except DAMAGES as error:
        raise EngineError(f"{path} is damaged ({error}); get a fresh copy.") from error
    vectors = {each.shape[-1]: each.float().reshape(-1, each.shape[-1]) for each in tensors.values()}
    if any(width not in vectors for width in widths):
        made = f" was made for {NAMES[of]} and" if of and of != family else ""
        raise EngineError(f"{path}{made} does not fit this model; choose a textual inversion for its family.")
    if not all(each.isfinite().all() for each in vectors.values()):
        raise EngineError(f"The numbers of {path} are damaged; get a fresh copy.")
    names = {path.stem.lower(), *(key.lower() for key in tensors if key not in KEYS)}
    return Inversion(tuple(sorted(names)), vectors)


def split(prompt: str, inversions: Sequence[Inversion]) -> list[str | Inversion]:
    """A prompt in pieces: text, and the words that inversions teach."""
    taught = {name: each for each in inversions for name in each.names}
    if not taught:
        return [prompt]
    names = "|".join(re.escape(name) for name in sorted(taught, key=len, reverse=True))
    pieces = re.split(rf"(?<![\w-])({names})(?![\w-])", prompt, flags=re.IGNORECASE)
    return [taught[piece.lower()] if i % 2 else piece for i, piece in enumerate(pieces) if piece]
