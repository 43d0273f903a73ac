"""Edit recipes: how a result was made, as one value and one JSON text, to be made again on the same picture
or on another one of any size.

A recipe does not hold the picture. What lay over it to make the guide, the mask and the regions of handles
are in it as PNG, places are in pixels of the rectangle `at` of the picture that it was made on.
"""

from __future__ import annotations

import base64
import io
import json
import math
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.area import Rect, blend, part_of, resized, resized_mask
from engine.pictures import PictureError, decode_picture
from engine.types import (
    Drag,
    EditRequest,
    EngineError,
    Handle,
    Identity,
    Lora,
    Mask,
    Operation,
    Region,
    Rgb,
    SDEdit,
)
from engine.warp import shifted
from engine.weights import file_digest

FORMAT, VERSION = "driftpaint recipe", 1
SUFFIX = ".recipe.json"


class Size(NamedTuple):
    width: int  # pixels
    height: int


@dataclass(frozen=True)
class Beside:
    """A file that an edit takes beside its model: a LoRA, with its weight, or a textual inversion."""

    path: str  # where it was
    digest: str = ""  # SHA-256
    weight: float = Lora.weight
    noisy: float | None = None

    @property
    def lora(self) -> Lora:
        return Lora(self.path, self.weight, self.noisy)


@dataclass(frozen=True)
class Recipe:
    operation: Operation
    at: Rect  # of the picture that it was made on
    size: Size  # of that picture
    strokes: bytes = b""  # PNG with alpha: what lay over the picture there; nothing: the picture is the guide
    mask: bytes = b""  # PNG: white may change; nothing: everything may
    share: bytes = b""  # PNG: see EditRequest
    steps: int = EditRequest.steps
    seed: int = 0
    prompt: str = ""
    negative_prompt: str = ""
    guidance: float = EditRequest.guidance
    model: str = EditRequest.model
    weights: str = ""  # SHA-256 of the model's, as far as it is known
    loras: tuple[Beside, ...] = ()
    embeddings: tuple[Beside, ...] = ()
    identity: Identity | None = None
    name: str = ""  # of what was done, as the user knows it
    seconds: float = 0.0  # that it took
    made: str = ""  # day and time, as ISO 8601


def recipe_of(request: EditRequest, at: Rect, size: tuple[int, int]) -> Recipe:
    """How the first variant of a request is made, which sees the rectangle `at` of a picture of that size."""
    operation = request.operation
    if isinstance(operation, SDEdit) and operation.ladder:
        operation = replace(operation, strength=operation.ladder[0], ladder=())
    over = (request.guide != request.image).any(2)
    strokes = np.dstack([request.guide * over[..., None], over * np.uint8(255)])
    return Recipe(
        operation=operation,
        at=at,
        size=Size(*size),
        strokes=_png(strokes) if over.any() else b"",
        mask=_png(_bytes(request.mask)),
        share=_png(_bytes(request.share)),
        steps=request.steps,
        seed=request.seed,
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        guidance=request.guidance,
        model=request.model,
        loras=tuple(
            Beside(each.path, file_digest(each.path), each.weight, each.noisy) for each in request.loras
        ),
        embeddings=tuple(Beside(path, file_digest(path)) for path in request.embeddings),
        identity=request.identity,
    )


def variant_of(recipe: Recipe, request: EditRequest, variant: int) -> Recipe:
    """How another variant of that request is made."""
    operation = request.operation
    if isinstance(operation, SDEdit) and operation.ladder:
        rung = replace(operation, strength=operation.ladder[variant], ladder=())
        return replace(recipe, operation=rung)
    return replace(recipe, seed=request.seed + variant)


def place_of(recipe: Recipe, width: int, height: int) -> Rect:
    """Where the recipe works in a picture of that size."""
    across, down = width / recipe.size.width, height / recipe.size.height
    at = recipe.at
    x, y = min(round(at.x * across), width - 1), min(round(at.y * down), height - 1)
    right, bottom = round((at.x + at.width) * across), round((at.y + at.height) * down)
    return Rect(x, y, min(max(right - x, 1), width - x), min(max(bottom - y, 1), height - y))


def request_of(recipe: Recipe, picture: Rgb) -> EditRequest:
    """The edit of `place_of` a whole picture of any size. Raises EngineError."""
    height, width = picture.shape[:2]
    at = place_of(recipe, width, height)
    image = picture[at.slices]
    mask, share = (_mask_in(png, at) for png in (recipe.mask, recipe.share))
    return EditRequest(
        image=image,
        guide=_guide(recipe, image),
        mask=mask,
        operation=_placed(recipe, at, Size(width, height)),
        steps=recipe.steps,
        seed=recipe.seed,
        model=recipe.model,
        prompt=recipe.prompt,
        negative_prompt=recipe.negative_prompt,
        guidance=recipe.guidance,
        window=part_of(at, width, height),
        share=share,
        loras=tuple(each.lora for each in recipe.loras),
        embeddings=tuple(each.path for each in recipe.embeddings),
        identity=recipe.identity,
    )


def to_json(recipe: Recipe) -> str:
    told = {"format": FORMAT, "version": VERSION, **_plain(recipe)}
    return json.dumps(told, indent=1, ensure_ascii=False)


def from_json(text: str, name: str = "The recipe") -> Recipe:
    """Raises EngineError with one sentence for a text that is no recipe."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or told.pop("format", None) != FORMAT:
        raise EngineError(f"{name} is no recipe; choose a file that was saved with Save recipe.")
    version = told.pop("version", None)
    if not isinstance(version, int) or version > VERSION:
        raise EngineError(f"{name} was saved by a newer Driftpaint; update this one.")
    try:
        recipe: Recipe = _read(Recipe, told, "")
        _check(recipe)
    except (ValueError, OverflowError) as error:
        raise EngineError(f"{name} is damaged ({error}); save it again.") from None
    except EngineError as error:
        raise EngineError(f"{name} cannot be used: {error}") from None
    return recipe


def _check(recipe: Recipe) -> None:
    """Raises ValueError or EngineError for numbers that no edit can have."""
    at, size = recipe.at, recipe.size
    inside = 0 <= at.x < at.x + at.width <= size.width and 0 <= at.y < at.y + at.height <= size.height
    if not inside or max(size) > 65535:
        raise ValueError("its rectangle is not inside its picture")
    if not math.isfinite(recipe.seconds):
        raise ValueError("its time is no number")
    if isinstance(recipe.operation, SDEdit) and recipe.operation.ladder:
        raise ValueError("it has more than one strength")
    dot = np.zeros((1, 1, 3), np.uint8)
    loras = tuple(each.lora for each in recipe.loras)
    EditRequest(
        dot, dot, None, recipe.operation, recipe.steps, recipe.seed, guidance=recipe.guidance, loras=loras
    )


def _guide(recipe: Recipe, image: Rgb) -> Rgb:
    if not recipe.strokes:
        return image
    height, width = image.shape[:2]
    strokes = resized(_opened(recipe.strokes, "strokes"), width, height)
    return blend(image, strokes[..., :3], strokes[..., 3].astype(np.float32) / np.float32(255))


def _placed(recipe: Recipe, at: Rect, size: Size) -> Operation:
    """The operation in pixels of the rectangle of another picture."""
    operation = recipe.operation
    if not isinstance(operation, Drag) or (at == recipe.at and size == recipe.size):
        return operation
    across, down = size.width / recipe.size.width, size.height / recipe.size.height
    handles = (shifted(handle, recipe.at.x, recipe.at.y) for handle in operation.handles)
    placed = (shifted(_scaled(handle, across, down), -at.x, -at.y) for handle in handles)
    return replace(operation, handles=tuple(placed), stride=operation.stride * math.sqrt(across * down))


def _scaled(handle: Handle, across: float, down: float) -> Handle:
    region = handle.region
    if region is not None:
        height, width = region.mask.shape
        left, top = round(region.x * across), round(region.y * down)
        right, bottom = round((region.x + width) * across), round((region.y + height) * down)
        mask = resized(region.mask, max(right - left, 1), max(bottom - top, 1))
        region = Region(left, top, mask)
    return replace(
        handle,
        source=(handle.source[0] * across, handle.source[1] * down),
        target=(handle.target[0] * across, handle.target[1] * down),
        radius=max(handle.radius * math.sqrt(across * down), 1.0),
        region=region,
    )


def _bytes(mask: Mask | None) -> NDArray[np.uint8] | None:
    return None if mask is None else np.rint(mask * np.float32(255)).astype(np.uint8)


def _mask_in(png: bytes, at: Rect) -> Mask | None:
    if not png:
        return None
    mask = _opened(png, "mask")[..., 0].astype(np.float32) / np.float32(255)
    return resized_mask(mask, at.width, at.height)


def _png(pixels: NDArray[np.uint8] | None) -> bytes:
    if pixels is None:
        return b""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=4)
    return out.getvalue()


def _opened(png: bytes, what: str) -> NDArray[np.uint8]:
    try:
        return decode_picture(png).rgba
    except PictureError:
        raise EngineError(f"The {what} in the recipe is damaged; save the recipe again.") from None


def _plain(value: object) -> Any:
    """A value of ours as JSON has it. What is as usual is left out of dataclasses."""
    if isinstance(value, np.ndarray):
        value = _png(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if is_dataclass(value):
        kind = {"kind": type(value).__name__} if isinstance(value, Operation) else {}
        named = {each.name: getattr(value, each.name) for each in fields(value)}
        return {**kind, **{name: _plain(each) for name, each in named.items() if not _is_nothing(each)}}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str | bytes | tuple) and not value)


def _read(kind: Any, told: object, name: str) -> Any:
    """A value of that type from JSON. Raises ValueError."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _read_union(inner, told, name)
    if origin is np.ndarray and isinstance(told, str):
        return np.ascontiguousarray(_opened(_decoded(told, name), name)[..., 0])
    if kind is bytes and isinstance(told, str):
        return _decoded(told, name)
    if is_dataclass(kind) and isinstance(kind, type) and isinstance(told, dict):
        hints = get_type_hints(kind)
        known = {key: _read(hints[key], each, key) for key, each in told.items() if key in hints}
        needed = [each.name for each in fields(kind) if each.default is each.default_factory is MISSING]
        if any(name not in known for name in needed):
            raise ValueError(f"{', '.join(needed)} must be there")
        return kind(**known)
    if isinstance(told, list) and (origin is tuple or (isinstance(kind, type) and issubclass(kind, tuple))):
        kinds = list(inner) if origin is tuple else list(get_type_hints(kind).values())
        if kinds[-1:] == [...]:
            kinds = kinds[:1] * len(told)
        if len(told) == len(kinds):
            values = [_read(each, value, name) for each, value in zip(kinds, told, strict=True)]
            return tuple(values) if origin is tuple else kind(*values)
    if origin is Literal and any(told == each and type(told) is type(each) for each in inner):
        return told
    if kind is float and type(told) in (int, float):
        return float(told)  # type: ignore[arg-type]  # it is one of these two
    if kind in (int, str, bool) and type(told) is kind:
        return told
    raise ValueError(f"{name} is not what it should be")


def _read_union(kinds: tuple[Any, ...], told: object, name: str) -> Any:
    """Nothing or something, or an operation, which says its kind."""
    if NoneType in kinds:
        (kind,) = (each for each in kinds if each is not NoneType)
        return _read(kind, told, name)
    wanted = told.get("kind") if isinstance(told, dict) else None
    for kind in kinds:
        if kind.__name__ == wanted:
            return _read(kind, told, name)
    raise ValueError(f"there is no {name} of the kind {wanted!r}")


def _decoded(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError(f"{name} is not what it should be") from None
