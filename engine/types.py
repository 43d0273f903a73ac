"""What crosses the border between the engine and whoever asks it: frozen values, numpy only."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar, Literal

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


class EngineStopped(EngineError):
    """The process that did the work is no more, or never came up."""


@dataclass(frozen=True)
class SDEdit:
    """SDEdit (Meng et al., ICLR 2022): noise the guide to t0, come back by the reverse SDE."""

    strength: float = 0.5  # t0, 0 (the guide itself) ... 1 (the guide is forgotten)
    repeats: int = 1  # K of the paper
    solver: Literal["sde", "ode"] = "sde"
    sde: Literal["vp", "ve"] = "vp"
    order: Literal[1, 2] = 2  # 1: the paper's own steps; 2: DPM-Solver++ 2M, or what a fast model wants
    draft: bool = False  # the coarsest size only, as live mode wants it
    method: str = ""  # a name in `engine.sampling.SOLVERS`, in place of what order and sde choose
    ladder: tuple[float, ...] = ()  # t0 of each variant, all with one seed, in place of `strength`

    def __post_init__(self) -> None:
        for strength in (self.strength, *self.ladder):
            _within("Strength", strength, 0, 1)
        if not 1 <= self.repeats <= 20:
            raise EngineError(f"Repeats is {self.repeats}; choose a whole number from 1 to 20.")


Point = tuple[float, float]  # x, y in pixels of the picture; whole numbers lie between pixels
Form = Literal["auto", "carry", "settle", "one pass", "published"]


@dataclass(frozen=True, eq=False)
class Region:
    """A part of a picture that a handle carries: what a selection or a lasso holds."""

    x: int  # pixels, of the left edge
    y: int  # of the upper edge
    mask: NDArray[np.uint8]  # (h, w), 0 ... 255


@dataclass(frozen=True, eq=False)
class Handle:
    """What is at `source` shall be at `target`: a disc round it, or a region, which may turn and grow on the
    way.
    """

    source: Point
    target: Point
    radius: float = 24.0  # pixels, of the disc
    turn: float = 0.0  # degrees, clockwise, round the source
    scale: float = 1.0
    region: Region | None = None
    trim: bool = True  # leave behind what looks like the ground round it, where something stands out

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) for value in (*self.source, *self.target, self.turn)):
            raise EngineError("A handle has no place in the picture; set its two ends again.")
        if not 1 <= self.radius < math.inf:
            raise EngineError(f"A handle's radius is {self.radius:g} pixels; choose 1 or more.")
        if not 0.05 <= self.scale <= 20:
            raise EngineError(f"A handle's scale is {self.scale:g}; choose a number from 0.05 to 20.")
        if self.region is not None and not self.region.mask.any():
            raise EngineError("A handle carries an empty region; draw it again.")


@dataclass(frozen=True, eq=False)
class Drag:
    """SDE-Drag (Nie et al., "The Blessing of Randomness", ICLR 2024, section 4) and its kin.

    The forms: "published" moves copies of latent windows in small steps, with a round trip to t0 for each;
    "one pass" lets the windows travel while denoising; "settle" warps the pixels and runs SDEdit with a map
    of strengths; "carry" runs Cycle-SDE along the noising path of the warped picture, with new noise only
    where something must be invented.
    """

    STEPS: ClassVar[int] = 10  # as many as carry wants; as published it takes 60 and more

    handles: tuple[Handle, ...]
    form: Form = "auto"
    solver: Literal["sde", "ode", "cycle"] = "cycle"  # of one pass and published
    strength: float = 0.6  # t0: where ground is uncovered, or of the whole latent as published
    settle: float = 0.1  # t0 of what has been moved, and of its rim
    alpha: float = 1.1  # gain of a copy at its target, as published
    beta: float = 0.3  # share of the source that stays, as published; 1 keeps the source in each form
    stride: float = 8.0  # pixels a move, at most
    together: bool = True  # all handles at once, or one after another

    def __post_init__(self) -> None:
        if not self.handles:
            raise EngineError("There is no handle to drag; place one on the picture.")
        _within("Strength", self.strength, 0, 1)
        _within("Settle strength", self.settle, 0, 1)
        _within("Alpha", self.alpha, 0, 4)
        _within("Beta", self.beta, 0, 1)
        if not self.stride > 0:
            raise EngineError(f"The stride is {self.stride} pixels; choose more than 0.")


@dataclass(frozen=True)
class Inpaint:
    """What the request's mask frees is invented from its surroundings; the guide counts there only below
    full strength.

    "sde" and "ode" sample under the mask, "cycle" is the SDE under the mask and Cycle-SDE along the picture's
    own path round it.
    """

    strength: float = 1.0  # t0
    solver: Literal["sde", "ode", "cycle"] = "sde"

    def __post_init__(self) -> None:
        _within("Strength", self.strength, 0, 1)


@dataclass(frozen=True)
class Translate:
    """The picture that `source` describes becomes what the request's prompt says: it goes up to t0 with the
    one prompt and comes back with the other.

    "cycle" is Cycle-SDE, "ode" the inversion, "sde" forgets the way up: SDEdit with a prompt. `find_mask` is
    DiffEdit (Couairon et al., ICLR 2023): only where the two prompts differ is anything changed.
    """

    source: str = ""
    strength: float = 0.7  # t0
    solver: Literal["sde", "ode", "cycle"] = "cycle"
    find_mask: bool = False

    def __post_init__(self) -> None:
        _within("Strength", self.strength, 0, 1)


@dataclass(frozen=True)
class Settle:
    """What was put into a picture becomes one with what is round it: Cycle-SDE along the guide's own path,
    with new noise as far as the request's share says: all of it new where both have nearly the same colour,
    so that the joint is soft, and less where a thing has an outline. What nothing speaks against stays.
    """

    solver: ClassVar[str] = "cycle"
    strength: float = 0.35  # t0
    fresh: float = 0.4  # share of new noise where what was put in is another thing than what is round it

    def __post_init__(self) -> None:
        _within("Strength", self.strength, 0, 1)
        _within("New noise", self.fresh, 0, 1)


# a new edit is a new dataclass here and a generator in `engine.edits`
Operation = SDEdit | Drag | Inpaint | Translate | Settle


@dataclass(frozen=True)
class Lora:
    """A file of low-rank changes to a model's weights (Hu et al., 2022), and how much of them counts."""

    path: str
    weight: float = 1.0  # 0 is the model as it is; less leads away
    noisy: float | None = None  # whither the weight falls, as a cosine, up to the edit's t0; None: it stays

    def __post_init__(self) -> None:
        for weight in (self.weight, self.noisy or 0.0):
            _within(f"The weight of {self.path}", weight, -10, 10)


@dataclass(frozen=True)
class Identity:
    """What a picture shows is learned before it is edited, as a LoRA of its own (SDE-Drag and DragDiffusion
    do so): training takes minutes, once for a picture, and is kept on the disk.
    """

    rank: int = 16
    steps: int = 100  # of training
    rate: float = 2e-4  # of learning
    prompt: str | None = None  # what the picture shows; None: the request's
    clean: float = 1.0  # its weight at t = 0, whence it falls as a cosine
    noisy: float = 0.5  # to this one at the t0 of the edit

    def __post_init__(self) -> None:
        for name, value, top in (("The rank", self.rank, 256), ("Steps of learning", self.steps, 10_000)):
            if not 1 <= value <= top:
                raise EngineError(f"{name} is {value}; choose a whole number from 1 to {top}.")
        _within("The rate of learning", self.rate, 1e-7, 0.1)
        _within("The weight of what was learned", self.clean, 0, 4)
        _within("The weight of what was learned", self.noisy, 0, 4)


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
    negative_prompt: str = ""  # what it shall not show: the prompt leads away from it
    guidance: float = 3.0  # how much the prompt counts; 1 is the model's own balance (Ho and Salimans, 2022)
    window: Window = WHOLE  # what the picture shows of the whole it was cut from
    share: Mask | None = None  # the same size: of SDEdit's strength, place by place; None: all of it
    loras: tuple[Lora, ...] = ()
    embeddings: tuple[str, ...] = ()  # files of textual inversions: their names become words of the prompts
    identity: Identity | None = None  # None: nothing is learned first
    tiny_decoder: str = ""  # a file or folder by which previews are made; results do not depend on it

    @property
    def t0(self) -> float:
        """The noisiest time that the edit goes up to."""
        operation = self.operation
        return max(getattr(operation, "ladder", ()) or (operation.strength,))

    def __post_init__(self) -> None:
        height_width = self.image.shape[:2]
        if self.guide.shape != self.image.shape or self.image.ndim != 3 or self.image.shape[2] != 3:
            raise EngineError(
                f"The guide is {_size(self.guide)} pixels but the picture is {_size(self.image)} pixels; "
                "make them equal."
            )
        for name, mask in (("mask", self.mask), ("map of strengths", self.share)):
            if mask is not None and mask.shape != height_width:
                raise EngineError(
                    f"The {name} is {_size(mask)} pixels but the picture is {_size(self.image)} pixels; make "
                    "them equal."
                )
        if min(height_width) < 1:
            raise EngineError("The picture has no pixels; choose another one.")
        for name, value, top in (("Steps", self.steps, 1000), ("Variants", self.variants, 64)):
            if not 1 <= value <= top:
                raise EngineError(f"{name} is {value}; choose a whole number from 1 to {top}.")
        rungs = len(self.operation.ladder) if isinstance(self.operation, SDEdit) else 0
        if rungs and rungs != self.variants:
            raise EngineError(f"A ladder of {rungs} strengths makes {rungs} variants, not {self.variants}.")
        _within("Guidance", self.guidance, 0, 50)
        left, upper, right, lower = self.window
        if not (0 <= left < right <= 1 and 0 <= upper < lower <= 1):
            raise EngineError(f"The window {self.window} is not a part of a picture; use shares from 0 to 1.")
        if not 0 <= self.seed < 2**63 - self.variants:
            raise EngineError(
                f"Seed is {self.seed}; choose a whole number from 0 to {2**63 - 1 - self.variants}."
            )


@dataclass(frozen=True)
class Learning:
    """One step of what an edit learns before it begins (see `Identity`) is done."""

    step: int  # 1 ... steps
    steps: int

    @property
    def done(self) -> float:
        return self.step / self.steps


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
class Frame:
    """A drag has come so far on its way: a picture that can be applied, or gone on from."""

    move: int  # 1 ... moves
    moves: int
    variant: int
    image: Rgb  # the request's size


@dataclass(frozen=True, eq=False)
class EditResult:
    """One variant is finished."""

    variant: int
    seed: int
    image: Rgb  # the request's size


@dataclass(frozen=True)
class Notice:
    """What had to be done so that the edit goes on, in one sentence."""

    text: str


Event = Learning | Preview | Frame | EditResult | Notice


@dataclass(frozen=True)
class Prediction:
    """What an edit will take, from what was measured before."""

    seconds: float
    bytes: int | None  # of memory at the most, with the model; None: not known
    free_bytes: int | None  # that are there for it
    fits: bool  # or it will be made with less memory, which takes longer
    learning: float = 0.0  # seconds of them, in which the picture is learned first


@dataclass(frozen=True)
class ModelFacts:
    """What a loaded model tells of itself."""

    name: str
    device: str  # "cpu", "cuda", "mps"
    dtype: str  # of the network: "float32", "bfloat16", "float16"
    load_seconds: float
    vocabulary: tuple[str, ...] = ()  # the words of its prompts, where it knows only so many
    takes_words: bool = False  # prompts change what it makes
    takes_negative_words: bool = True  # negative ones, too, where guidance is not 1
    fast: bool = False  # made for few steps, mostly without guidance
    steps: int = EditRequest.steps  # that it was made for
    guidance: float = EditRequest.guidance  # that it was made for; 1: none
    family: str = ""  # of a checkpoint, as `engine.checkpoints` names it
    weights: str = ""  # SHA-256 of its files of weights

    def steps_for(self, operation: type[Operation]) -> int:
        """As many as it was made for; what keeps to a path needs fewer."""
        return Drag.STEPS if operation in (Drag, Settle) and not self.fast else self.steps


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise EngineError(f"{name} is {value:g}; choose a number from {least:g} to {most:g}.")


def _size(array: NDArray[np.generic]) -> str:
    return " x ".join(str(n) for n in array.shape[1::-1])


@dataclass(frozen=True)
class Pack:
    """An engine pack: the engine with another build of torch."""

    kind: str  # "cuda", "rocm", "xpu", "cpu"
    version: str  # of Driftpaint: both sides must speak the same
    platform: str  # as `engine.packs.this_platform`
    torch: str
    program: str  # to be run, from the folder that it is unpacked to
    bytes: int  # unpacked
    sha256: str  # of the payload


@dataclass(frozen=True)
class Release:
    """An engine pack that can be fetched."""

    kind: str
    platform: str
    version: str
    url: str
    bytes: int  # of the file
    sha256: str  # of the file


@dataclass(frozen=True)
class Equipment:
    """What a computer has to compute with, beside its processor."""

    graphics: tuple[str, ...]  # makers of its graphics processors, the one that is worth most first
    platform: str  # that a pack must be for
    kind: str  # of the pack that fits it best; "" where none would help
    packs: tuple[Pack, ...]  # that are installed
    release: Release | None  # one of that kind that can be fetched
