"""Words to what a network of Stable Diffusion is told: CLIP's tokenizer, which ships with the program, and
the text models that checkpoints bring.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from transformers import CLIPTokenizer

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
        self.models: list[nn.Module] = [model.eval().requires_grad_(False) for model in models]
        self.tokenizers = tokenizers
        self.silence = silence
        self.length: int = min(model.config.max_position_embeddings for model in models)
        self.told = lru_cache(REMEMBERED)(self._told)

    def together(self, prompts: list[str]) -> Said:
        """A long prompt is told in parts of 75 tokens, one after another, and then the others are filled up
        with nothing said; of a long prompt as a whole its beginning speaks.
        """
        rows = [self.told(prompt) for prompt in prompts]
        most = max(len(row.tokens) for row in rows)
        nothing = self.told("").tokens
        tokens = [
            torch.cat([row.tokens, *[nothing] * (most - len(row.tokens))]).flatten(0, 1) for row in rows
        ]
        spoken = torch.tensor([bool(prompt) or not self.silence for prompt in prompts])
        whole = [row.whole[0] for row in rows if row.whole is not None]
        return Said(
            torch.stack(tokens) * spoken[:, None, None],
            torch.stack(whole) * spoken[:, None] if whole else None,
        )

    def _told(self, prompt: str) -> Said:
        """One row for each part of a prompt."""
        # what is remembered outlives this edit, and may be needed for training
        with torch.inference_mode(False), torch.no_grad():
            if len(self.models) == 1:
                return Said(self.models[0](self._rows(self.tokenizers[0], prompt)).last_hidden_state)
            said = [
                model(self._rows(each, prompt), output_hidden_states=True)
                for model, each in zip(self.models, self.tokenizers, strict=True)
            ]
            # the last but one layer of both (Podell et al., 2023)
            tokens = torch.cat([each.hidden_states[-2].float() for each in said], 2)
            return Said(tokens, said[-1].text_embeds.float())

    def _rows(self, tokenizer: CLIPTokenizer, prompt: str) -> Tensor:
        ids = tokenizer(prompt, add_special_tokens=False, verbose=False).input_ids
        room = self.length - 2
        parts = [ids[at : at + room] for at in range(0, max(len(ids), 1), room)]
        begin, end, fill = (
            tokenizer.convert_tokens_to_ids(str(token))
            for token in (tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token)
        )
        return torch.tensor([[begin, *part, end] + [fill] * (room - len(part)) for part in parts])


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
