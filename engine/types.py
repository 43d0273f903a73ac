"""What crosses the border between the engine and whoever asks it: frozen values, numpy only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]  # (h, w, 3), sRGB
Mask = NDArray[np.float32]  # (h, w), 0 keep ... 1 free
Window = tuple[float, float, float, float]  # left, top, right, bottom: shares of a whole picture, 0..1
WHOLE: Window = (0.0, 0.0, 1.0, 1.0)


class EngineError(Exception):
    """Something the user can act on: the message is one plain sentence that says what is wrong and what to
    do.
    """


@dataclass(frozen=True)
class SDEdit:
    """SDEdit (Meng et al., ICLR 2022): noise the guide to t0, come back by the reverse SDE."""

    strength: float = 0.5  # t0, 0 (the guide itself) ... 1 (the guide is forgotten)
    repeats: int = 1  # K of the paper
    solver: Literal["sde", "ode"] = "sde"
    sde: Literal["vp", "ve"] = "vp"
    order: Literal[1, 2] = 2  # 1: the paper's own steps; 2: DPM-Solver++ 2M, the product's default
    draft: bool = False  # the coarsest size only, as live mode wants it
    method: str = ""  # a name in `engine.sampling.SOLVERS`, in place of what order and sde choose


Operation = SDEdit  # a union, one day: a new edit is a new dataclass here and a generator in `engine.edits`


@dataclass(frozen=True, eq=False)
class EditRequest:
    """Everything that the engine may know of one edit. It knows no layers and no rectangles."""

    image: Rgb  # the known picture; kept where the mask is 0
    guide: Rgb  # the same size: the picture with strokes or pasted pieces
    mask: Mask | None = None  # the same size; None: everything may change
    operation: Operation = field(default_factory=SDEdit)
    steps: int = 25  # network calls of one pass
    seed: int = 0  # variant i uses seed + i
    variants: int = 1
    model: str = "starter"  # a name of the registry, or a folder
    prompt: str = (
        ""  # what the picture shall show, for models that take words; "" asks once, not twice, a step
    )
    guidance: float = 3.0  # how much the prompt counts; 1 is the model's own balance (Ho and Salimans, 2022)
    window: Window = WHOLE  # what the picture shows of the whole it was cut from

    def __post_init__(self) -> None:
        height_width = self.image.shape[:2]
        if self.guide.shape != self.image.shape or self.image.ndim != 3 or self.image.shape[2] != 3:
            raise EngineError(
                f"The guide is {_size(self.guide)} but the picture is {_size(self.image)}; make them equal."
            )
        if self.mask is not None and self.mask.shape != height_width:
            raise EngineError(
                f"The mask is {_size(self.mask)} but the picture is {_size(self.image)}; make them equal."
            )
        if min(height_width) < 1:
            raise EngineError("The picture has no pixels; choose another one.")
        if not 0 <= self.operation.strength <= 1:
            raise EngineError(f"Strength is {self.operation.strength}; choose a number from 0 to 1.")
        for name, value, top in (("Steps", self.steps, 1000), ("Variants", self.variants, 64)):
            if not 1 <= value <= top:
                raise EngineError(f"{name} is {value}; choose a whole number from 1 to {top}.")
        if not 1 <= self.operation.repeats <= 20:
            raise EngineError(f"Repeats is {self.operation.repeats}; choose a whole number from 1 to 20.")
        if not 0 <= self.guidance <= 50:
            raise EngineError(f"Guidance is {self.guidance}; choose a number from 0 to 50.")
        left, upper, right, lower = self.window
        if not (0 <= left < right <= 1 and 0 <= upper < lower <= 1):
            raise EngineError(f"The window {self.window} is not a part of a picture; use shares from 0 to 1.")
        if not 0 <= self.seed < 2**63 - self.variants:
            raise EngineError(
                f"Seed is {self.seed}; choose a whole number from 0 to {2**63 - 1 - self.variants}."
            )


@dataclass(frozen=True, eq=False)
class Preview:
    """One network call is done: what the picture looks like now (the estimate of x0)."""

    call: int  # 1 ... calls, over all variants, repeats and sizes
    calls: int
    done: float  # share of the work, 0..1: calls at a finer size take longer
    variant: int  # 0 ... variants - 1
    # at the model's resolution, which may be coarser than the request's; masked and ready to be shown
    image: Rgb


@dataclass(frozen=True, eq=False)
class EditResult:
    """One variant is finished."""

    variant: int
    seed: int
    image: Rgb  # the request's size


Event = Preview | EditResult


@dataclass(frozen=True)
class ModelFacts:
    """What a loaded model tells of itself."""

    name: str
    device: str  # "cpu", "cuda", "mps"
    dtype: str  # of the network: "float32", "bfloat16", "float16"
    load_seconds: float
    vocabulary: tuple[str, ...] = ()  # the words of its prompts, where it knows only so many


def _size(array: NDArray[np.generic]) -> str:
    return " x ".join(str(n) for n in array.shape[1::-1]) + " pixels"
