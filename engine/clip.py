"""Words to what a network of Stable Diffusion is told: CLIP's tokenizer, which ships with the program, and
the text models that checkpoints bring.
"""

from __future__ import annotations

import gzip
from functools import cache, lru_cache
from pathlib import Path

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

RESOURCE = Path(__file__).parents[1] / "resources" / "clip" / "bpe_simple_vocab_16e6.txt.gz"
BEGIN, END = "<|startoftext|>", "<|endoftext|>"
MERGES = 49152 - 256 - 2  # of the file's, so many are used (Radford et al., 2021)
LENGTH = 77  # tokens that a text model reads at once
REMEMBERED = 32  # prompts


class Words:
    """A text model and its tokenizer. It works in float32 on the CPU, where a prompt takes a twentieth of a
    second, and remembers prompts.
    """

    def __init__(self, model: CLIPTextModel, tokenizer: CLIPTokenizer) -> None:
        self.model = model.float().eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self.length: int = model.config.max_position_embeddings
        self.told = lru_cache(REMEMBERED)(self._told)

    def together(self, prompts: list[str]) -> Tensor:
        """(prompts, tokens, width); a long prompt is told in parts of 75 tokens, one after another, and then
        the others are filled up with nothing said.
        """
        rows = [self.told(prompt) for prompt in prompts]
        most = max(len(row) for row in rows)
        nothing = self.told("")
        return torch.stack([torch.cat([row, *[nothing] * (most - len(row))]).flatten(0, 1) for row in rows])

    def _told(self, prompt: str) -> Tensor:
        """(parts, tokens, width)."""
        ids = self.tokenizer(prompt, add_special_tokens=False, verbose=False).input_ids
        room = self.length - 2
        parts = [ids[at : at + room] for at in range(0, max(len(ids), 1), room)]
        begin, end, fill = (
            self.tokenizer.convert_tokens_to_ids(str(token))
            for token in (self.tokenizer.bos_token, self.tokenizer.eos_token, self.tokenizer.pad_token)
        )
        rows = [[begin, *part, end] + [fill] * (room - len(part)) for part in parts]
        # what is remembered outlives this edit, and may be needed for training
        with torch.inference_mode(False), torch.no_grad():
            said: Tensor = self.model(torch.tensor(rows)).last_hidden_state
        return said


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
