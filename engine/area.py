"""Where an edit takes place: the mask that follows from strokes, the work area round it, and putting the
result back.

numpy and Pillow only, so that the editor and the command line share it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from engine.types import EngineError, Mask, Rgb, Window

PAINTED = 2  # of 255: fainter traces of a soft brush do not count as painted
NATIVE = 256  # pixels: a smaller work area would only be enlarged for the model
STRETCHED = 1.5  # up to so many times its native size a network works on a picture at once
FINER = 1.3  # sigma / alpha at which a result is made finer at twice its size: its masses stay, detail is new
WORTHWHILE = 1.2  # times the size that is there: what is enlarged by less looks sharp enough
FEWER = 0.4  # share of the steps that a finer pass takes


class Rect(NamedTuple):
    x: int  # pixels, of the left edge
    y: int  # of the upper edge
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """To cut the rectangle out of an array (h, w, ...)."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    def around(self, other: Rect) -> Rect:
        """The least rectangle that holds both."""
        left, top = min(self.x, other.x), min(self.y, other.y)
        right = max(self.x + self.width, other.x + other.width)
        bottom = max(self.y + self.height, other.y + other.height)
        return Rect(left, top, right - left, bottom - top)


def soft_mask(alpha: NDArray[np.uint8], grow: int = 8, feather: int = 12) -> Mask:
    """The mask of what was painted: 1 on the strokes and `grow` pixels round them, falling to 0 over
    `feather` more.

    `alpha` (h, w), 0..255, is the strokes' own; `grow` and `feather` are in pixels.
    """
    painted = (alpha > PAINTED).astype(np.uint8) * 255
    wide = _widened(_widened(painted, grow + feather // 2, 0), grow + feather // 2, 1)
    if feather:
        blur = ImageFilter.GaussianBlur(feather / 4)
        wide = np.maximum(np.asarray(Image.fromarray(wide).filter(blur)), painted)
    return wide.astype(np.float32) / np.float32(255)


def work_area(mask: Mask, context: float = 0.35) -> Rect:
    """The rectangle to cut out: what the mask frees, with `context` of its size round it, at most 3 to 1.

    It stays inside the picture and, where the picture allows, is not smaller than the starter model's own
    size. Raises EngineError for a mask that frees nothing.
    """
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        raise EngineError("Nothing is free to change: paint a stroke, or choose the whole picture.")
    left, top = int(columns[0]), int(rows[0])
    held = Rect(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)
    return area_round(held, width, height, context)


def area_round(rect: Rect, width: int, height: int, context: float = 0.35) -> Rect:
    """As `work_area`, round a rectangle of a picture of that size."""
    spans = [(rect.x, rect.x + rect.width), (rect.y, rect.y + rect.height)]
    pad = context * max(end - start for start, end in spans)
    lengths = [max(end - start + 2 * pad, NATIVE) for start, end in spans]
    lengths = [max(length, max(lengths) / 3) for length in lengths]
    (x, w), (y, h) = (
        _placed(span, math.ceil(length), limit)
        for span, length, limit in zip(spans, lengths, (width, height), strict=True)
    )
    return Rect(x, y, w, h)


def working_sizes(width: int, height: int, native: int, largest: float, least: int) -> list[tuple[int, int]]:
    """The sizes at which a network of that native size makes a picture of this one, from coarse to fine: the
    picture's own, or `largest` times the native one, and halves of it. No side is shorter than `least`.
    """
    mean = math.sqrt(width * height)
    scale = min(max(mean, native), largest * native) / mean
    sizes = [(max(least, round(scale * width)), max(least, round(scale * height)))]
    while math.sqrt(sizes[0][0] * sizes[0][1]) > STRETCHED * native:
        sizes.insert(0, (round(sizes[0][0] / 2), round(sizes[0][1] / 2)))
    return sizes


def further_sizes(width: int, height: int, finest: tuple[int, int], farthest: float) -> list[tuple[int, int]]:
    """Sizes beyond the finest that a network works at, up to the picture's own: each about twice the one
    before, with a mean side of at most `farthest` pixels.
    """
    mean, reached = math.sqrt(width * height), math.sqrt(finest[0] * finest[1])
    end = min(mean, farthest)
    if end < WORTHWHILE * reached:
        return []
    count = max(1, round(math.log2(end / reached)))
    scales = [end / mean * (reached / end) ** (i / count) for i in reversed(range(count))]
    return [(round(scale * width), round(scale * height)) for scale in scales]


def part_of(area: Rect, width: int, height: int) -> Window:
    """Which part of a picture of that size an area shows."""
    right, bottom = area.x + area.width, area.y + area.height
    return area.x / width, area.y / height, right / width, bottom / height


def blend(known: Rgb, result: Rgb, mask: Mask | None) -> Rgb:
    """`result` where the mask is 1, `known` where it is 0, bit for bit."""
    if mask is None:
        return result
    share = Image.fromarray(np.rint(mask * np.float32(255)).astype(np.uint8))
    return np.asarray(Image.composite(Image.fromarray(result), Image.fromarray(known), share))


def resized(picture: Rgb, width: int, height: int) -> Rgb:
    """A picture (h, w, 3) or (h, w) of bytes at another size, by Lanczos."""
    if picture.shape[:2] == (height, width):
        return picture
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS))


def resized_mask(mask: Mask, width: int, height: int) -> Mask:
    """A mask at another size; what is free anywhere in a pixel stays a little free, so nothing is lost."""
    if mask.shape == (height, width):
        return mask
    image = Image.fromarray(mask.astype(np.float32))
    shrunk = image.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(shrunk, dtype=np.float32).clip(0, 1)


def _placed(span: tuple[int, int], length: int, limit: int) -> tuple[int, int]:
    """Start and length of a stretch inside 0..limit, centred on `span` as far as the borders allow."""
    length = min(length, limit)
    start = (span[0] + span[1] - length) // 2
    return min(max(start, 0), limit - length), length


def _widened(mask: NDArray[np.uint8], by: int, axis: int) -> NDArray[np.uint8]:
    """The maximum over 2 by + 1 pixels along an axis, in about 2 log2(by) passes."""
    if by <= 0:
        return mask
    ends = [(by, by) if each == axis else (0, 0) for each in (0, 1)]
    wide, reach, window = np.pad(mask, ends), 1, 2 * by + 1
    wide = np.moveaxis(wide, axis, 0)
    while reach < window:
        step = min(reach, window - reach)
        wide = np.maximum(wide[:-step], wide[step:])
        reach += step
    return np.moveaxis(wide, 0, axis)
