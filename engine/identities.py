"""What was learned of pictures (`engine.image_lora`) is kept on the disk: where, and whether it is there. No
torch.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import platformdirs

from engine.safetensors_header import read_header
from engine.types import EditRequest, EngineError, Identity, Translate
from engine.weights import stamp


def folder() -> Path:
    return platformdirs.user_cache_path("driftpaint", appauthor=False) / "identities"


def prompt_of(identity: Identity, request: EditRequest) -> str:
    """What the picture is said to show."""
    if identity.prompt is not None:
        return identity.prompt
    return request.operation.source if isinstance(request.operation, Translate) else request.prompt


def place_of(identity: Identity, request: EditRequest, model: str) -> Path:
    """The file of it, named after all that it is learned from; `model` is a digest of its weights."""
    trained = replace(identity, clean=1.0, noisy=1.0, prompt=prompt_of(identity, request))
    words = [stamp(each) for each in request.embeddings]
    content = hashlib.sha256(repr((trained, request.image.shape, words, model)).encode())
    content.update(request.image.tobytes())
    return folder() / f"{content.hexdigest()[:32]}.safetensors"


def is_there(path: Path) -> bool:
    """Whether it was learned before; what is damaged is learned anew."""
    try:
        read_header(path)
    except EngineError:
        return False
    return True
