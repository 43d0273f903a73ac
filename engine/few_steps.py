"""LoRAs that make a model one for few steps (LCM, Turbo, Lightning, Hyper and their kin): such a one says how
the model that wears it is walked, in how many steps and with what guidance. No torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engine.checkpoints import Checkpoint, told
from engine.types import Lora, ModelFacts


def leading(loras: Sequence[Lora], known: Mapping[str, Checkpoint] | None = None) -> Checkpoint | None:
    """The one for few steps among those that are worn; of more, the one that counts most. `known` are told
    already, by their paths. Raises EngineError for what is damaged; what is not there is for others to say.
    """
    worn = [each.path for each in sorted(loras, key=lambda each: -each.weight) if each.weight > 0]
    if known is None:
        found = (told(path) for path in map(Path, worn) if path.is_file())
    else:
        found = (known[path] for path in worn)
    return next((each for each in found if each.fast), None)


def solver_of(loras: Sequence[Lora], usual: str) -> str:
    """A name in `engine.sampling.SOLVERS`: what a model is walked by that wears them."""
    lora = leading(loras)
    return usual if lora is None else lora.method


def as_worn(facts: ModelFacts, lora: Checkpoint | None) -> ModelFacts:
    """What a model wants that wears such a LoRA."""
    if lora is None or not lora.fast:
        return facts
    return replace(facts, fast=True, steps=lora.steps, guidance=min(facts.guidance, lora.guidance))
