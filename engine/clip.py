"""Words to what a network of Stable Diffusion is told: CLIP's tokenizer, which ships with the program, and
the text models that checkpoints bring.
"""

from __future__ import annotations

import gzip
from collections.abc import Hashable, Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from transformers import CLIPTokenizer

from engine import inversions
from engine.inversions import Inversion
from engine.weights import Stamp, stamp

RESOURCE = Path(__file__).parents[1] / "resources" / "clip" / "bpe_simple_vocab_16e6.txt.gz"
BEGIN, END = "<|startoftext|>", "<|endoftext|>"
MERGES = 49152 - 256 - 2  # of the file's, so many are used (Radford et al., 2021)
LENGTH = 77  # tokens that a text model reads at once
REMEMBERED = 32  # prompts


class Said(NamedTuple):
    """What a network is told of some prompts."""

    tokens: Tensor  # (prompts, tokens, width)
    whole: Tensor | None = None  # (prompts, width): of each prompt as a whole, where a model says so

    def to(self, device: torch.device, dtype: torch.dtype) -> Said:
        whole = None if self.whole is None else self.whole.to(device, dtype)
        return Said(self.tokens.to(device, dtype), whole)


class Words:
    """One text model and its tokenizer, or Stable Diffusion XL's two. They work on the CPU, where a prompt
    takes a twentieth of a second, and prompts are remembered.
    """

    def __init__(
        self, models: Sequence[Any], tokenizers: Sequence[CLIPTokenizer], silence: bool = False
    ) -> None:
        """Of transformers' text models; `silence`: an empty prompt is told as zeros."""
        self.models: list[Any] = [model.eval().requires_grad_(False) for model in models]
        self.tokenizers = tokenizers
        self.silence = silence
        self.length: int = min(model.config.max_position_embeddings for model in models)
        self.told = lru_cache(REMEMBERED)(self._told)
        self._read: dict[Stamp, Inversion] = {}

    def taught(self, paths: Sequence[str], family: str) -> tuple[Inversion, ...]:
        """Textual inversions, whose names are words then. Raises EngineError for one that does not fit."""
        widths = [model.config.hidden_size for model in self.models]
        self._read = {
            key: self._read.get(key) or inversions.read(Path(key.path), family, widths)
            for key in map(stamp, paths)
        }
        return tuple(self._read.values())

    def together(self, prompts: list[str], taught: tuple[Inversion, ...] = (), worn: Hashable = None) -> Said:
        """A long prompt is told in parts of 75 tokens, one after another, and then the others are filled up
        with nothing said; of a long prompt as a whole its beginning speaks. `worn` tells apart what the
        models wear.
        """
        rows = [self.told(prompt, taught, worn) for prompt in prompts]
        most = max(len(row.tokens) for row in rows)
        nothing = self.told("", taught, worn).tokens
        tokens = [
            torch.cat([row.tokens, *[nothing] * (most - len(row.tokens))]).flatten(0, 1) for row in rows
        ]
        spoken = torch.tensor([bool(prompt) or not self.silence for prompt in prompts])
        whole = [row.whole[0] for row in rows if row.whole is not None]
        return Said(
            torch.stack(tokens) * spoken[:, None, None],
            torch.stack(whole) * spoken[:, None] if whole else None,
        )

    def _told(self, prompt: str, taught: tuple[Inversion, ...], worn: Hashable) -> Said:
        """One row for each part of a prompt."""
        # what is remembered outlives this edit, and may be needed for training
        with torch.inference_mode(False), torch.no_grad():
            if len(self.models) == 1:
                return Said(self._said(0, prompt, taught).last_hidden_state)
            said = [self._said(i, prompt, taught, output_hidden_states=True) for i in range(len(self.models))]
            # the last but one layer of both (Podell et al., 2023)
            tokens = torch.cat([each.hidden_states[-2].float() for each in said], 2)
            return Said(tokens, said[-1].text_embeds.float())

    def _said(self, i: int, prompt: str, taught: tuple[Inversion, ...], **wanted: bool) -> Any:
        """What a model says of a prompt. Vectors that were taught take the place of its own for a token."""
        model = self.models[i]
        rows = self._rows(i, prompt, taught)
        vectors = {
            (at, k): token
            for at, row in enumerate(rows)
            for k, token in enumerate(row)
            if isinstance(token, Tensor)
        }
        ids = [[0 if isinstance(token, Tensor) else token for token in row] for row in rows]

        def show(layer: nn.Module, asked: Any, said: Tensor) -> Tensor:
            for place, vector in vectors.items():
                said[place] = vector
            return said

        hook = model.get_input_embeddings().register_forward_hook(show)
        try:
            return model(torch.tensor(ids), **wanted)
        finally:
            hook.remove()

    def _rows(self, i: int, prompt: str, taught: tuple[Inversion, ...]) -> list[list[int | Tensor]]:
        """A row of tokens for each part of a prompt; one that was taught is its vector, and those of one word
        stay in one part.
        """
        tokenizer, room = self.tokenizers[i], self.length - 2
        parts: list[list[int | Tensor]] = [[]]
        for piece in inversions.split(prompt, taught):
            together: Iterable[list[int | Tensor]]
            if isinstance(piece, Inversion):
                together = [[*piece.vectors[i][:room]]]
            else:
                together = (
                    [token] for token in tokenizer(piece, add_special_tokens=False, verbose=False).input_ids
                )
            for tokens in together:
                if len(parts[-1]) + len(tokens) > room:
                    parts.append([])
                parts[-1] += tokens
        begin, end, fill = (
            tokenizer.convert_tokens_to_ids(str(token))
            for token in (tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token)
        )
        return [[begin, *part, end] + [fill] * (room - len(part)) for part in parts]


def tokenizer(pad: str = END) -> CLIPTokenizer:
    """The one that ships with the program, for checkpoints that bring none."""
    vocabulary, merges = _vocabulary()
    return CLIPTokenizer(
        vocab=vocabulary,
        merges=merges,
        bos_token=BEGIN,
        eos_token=END,
        unk_token=END,
        pad_token=pad,
        model_max_length=LENGTH,
    )


@cache
def _vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """CLIP's byte pairs: bytes as letters, the same at the end of a word, what is merged, and two marks."""
    lines = gzip.decompress(RESOURCE.read_bytes()).decode().split("\n")
    merges = [(first, second) for first, second in (line.split() for line in lines[1 : MERGES + 1])]
    printed = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printed]
    letters = [chr(byte) for byte in printed] + [chr(256 + i) for i in range(len(others))]
    last = [letter + "</w>" for letter in letters]
    words = [*letters, *last, *("".join(pair) for pair in merges), BEGIN, END]
    return {word: i for i, word in enumerate(words)}, merges
