"""How pixels are laid over pixels: the formulas of W3C's Compositing and Blending, Level 1.

All arrays are (h, w, 4) premultiplied, of 8 bits (BGRA) or of 16 (RGBA). "normal" is rounded as Qt's painter
rounds it, so either may be used. "plus" is a blend of straight colours, as painting programs have it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]  # (h, w, 4), premultiplied; uint8 and BGRA, or uint16 and RGBA
Share = NDArray[np.uint8]  # (h, w), 0..255
Floats = NDArray[np.float32]  # (h, w) or, of colours, (3, h, w) in 0..1
STRIP = 64  # rows that are reckoned at once: more would not stay near the processor
Blend = Literal[
    "normal",
    "multiply",
    "screen",
    "overlay",
    "darken",
    "lighten",
    "color-dodge",
    "color-burn",
    "hard-light",
    "soft-light",
    "difference",
    "plus",
    "hue",
    "saturation",
    "color",
    "luminosity",
    "pass-through",  # of groups alone: their layers are laid straight on what lies below the group
]


def lay(
    below: Pixels, above: Pixels, blend: Blend = "normal", opacity: float = 1.0, share: Share | None = None
) -> None:
    """Lay pixels on those `below`, which change; `share` is how much of them is seen, beside the opacity."""
    for top in range(0, below.shape[0], STRIP):
        rows = slice(top, top + STRIP)
        _lay(below[rows], above[rows], blend, opacity, None if share is None else share[rows])


def dimmed(pixels: Pixels, opacity: float, share: Share | None) -> Pixels:
    """So much of the pixels; of all of them themselves."""
    amount = _amount(pixels, opacity, share)
    return pixels if amount is None else faded(pixels, amount)


def mix(below: Pixels, above: Pixels, opacity: float, share: Share | None) -> None:
    """Go from the pixels `below`, which change, as far towards those above as opacity and share say."""
    amount = _amount(below, opacity, share)
    if amount is None:
        below[...] = above
    else:
        full, way = _full(below), np.asarray(amount, np.uint32)
        below[...] = (below * (full - way) + above * way + full // 2) // full


def faded(pixels: Pixels, amount: int | NDArray[Any]) -> Pixels:
    """Every channel times the amount, of which 255 (or 65535) is all; rounded."""
    shift = 8 * pixels.itemsize
    product = pixels.astype(_wide(pixels)) * amount
    product += (product >> shift) + (1 << shift - 1)
    out: Pixels = (product >> shift).astype(pixels.dtype)
    return out


def _lay(below: Pixels, above: Pixels, blend: Blend, opacity: float, share: Share | None) -> None:
    above, full = dimmed(above, opacity, share), _full(below)
    if blend in ("normal", "pass-through"):
        alpha = above[..., 3:]
        if (alpha == full).all():
            below[...] = above
        else:
            below[...] = above + faded(below, full - alpha.astype(_wide(below)))
    elif above[..., 3].any():
        below[...] = _blended(below, above, BLENDS[blend])


def _amount(pixels: Pixels, opacity: float, share: Share | None) -> int | NDArray[Any] | None:
    """What `faded` wants; None for all."""
    bits, full, wide = 8 * pixels.itemsize, _full(pixels), _wide(pixels)
    strength = int(opacity * (full + 1)) * full >> bits  # as Qt's painter has it
    if share is None:
        return None if strength == full else strength
    amount: NDArray[Any] = share[..., None].astype(wide) * (full // 255)
    return amount if strength == full else faded(amount.astype(pixels.dtype), strength).astype(wide)


def _full(pixels: Pixels) -> int:
    return int(np.iinfo(pixels.dtype).max)


def _wide(pixels: Pixels) -> np.dtype[Any]:
    """What holds the product of two channels."""
    return np.dtype(np.uint16 if pixels.itemsize == 1 else np.uint32)


def _blended(below: Pixels, above: Pixels, function: Callable[[Floats, Floats], Floats]) -> Pixels:
    """As W3C has it: what both cover is blended, what one covers is that."""
    full = np.float32(_full(below))
    under, over = (_planes(pixels) / full for pixels in (below, above))
    a, b = under[3], over[3]
    both = function(_straight(under), _straight(over)) * (a * b)
    out = np.empty_like(below)
    order = _order(below)
    for channel, plane in zip(order, over[:3] * (1 - a) + under[:3] * (1 - b) + both, strict=True):
        out[..., channel] = np.rint(plane * full)
    out[..., 3] = np.rint((a + b - a * b) * full)
    return out


def _planes(pixels: Pixels) -> Floats:
    """(4, h, w): red, green, blue, alpha."""
    return np.stack([pixels[..., channel] for channel in (*_order(pixels), 3)]).astype(np.float32)


def _straight(planes: Floats) -> Floats:
    colours: Floats = np.minimum(planes[:3] / np.maximum(planes[3], np.float32(1e-6)), 1)
    return colours


def _order(pixels: Pixels) -> tuple[int, int, int]:
    """Where red, green and blue are."""
    return (2, 1, 0) if pixels.itemsize == 1 else (0, 1, 2)


# ---- the functions of a backdrop's and a source's straight colours


def _screen(b: Floats, s: Floats) -> Floats:
    return b + s - b * s


def _hard_light(b: Floats, s: Floats) -> Floats:
    return np.where(s <= 0.5, b * (2 * s), _screen(b, 2 * s - 1))


def _soft_light(b: Floats, s: Floats) -> Floats:
    lighter = np.where(b <= 0.25, ((16 * b - 12) * b + 4) * b, np.sqrt(b))
    return np.where(s <= 0.5, b - (1 - 2 * s) * b * (1 - b), b + (2 * s - 1) * (lighter - b))


def _dodge(b: Floats, s: Floats) -> Floats:
    return np.where(b <= 0, np.float32(0), np.minimum(b / np.maximum(1 - s, np.float32(1e-6)), 1))


def _burn(b: Floats, s: Floats) -> Floats:
    return np.where(b >= 1, np.float32(1), 1 - np.minimum((1 - b) / np.maximum(s, np.float32(1e-6)), 1))


def _light(c: Floats) -> Floats:
    light: Floats = np.float32(0.3) * c[0] + np.float32(0.59) * c[1] + np.float32(0.11) * c[2]
    return light


def _with_light(c: Floats, light: Floats) -> Floats:
    """The colour as light as that; clipped without a change of its hue."""
    c = c + (light - _light(c))
    light, low, high = _light(c), c.min(0), c.max(0)
    tiny = np.float32(1e-6)
    c = np.where(low < 0, light + (c - light) * light / np.maximum(light - low, tiny), c)
    return np.where(high > 1, light + (c - light) * (1 - light) / np.maximum(high - light, tiny), c)


def _range(c: Floats) -> Floats:
    span: Floats = c.max(0) - c.min(0)
    return span


def _with_range(c: Floats, span: Floats) -> Floats:
    """The colour as saturated as that: its least channel 0, its largest `span`."""
    own = _range(c)
    return np.where(own > 0, (c - c.min(0)) * span / np.maximum(own, np.float32(1e-6)), np.float32(0))


BLENDS: dict[Blend, Callable[[Floats, Floats], Floats]] = {
    "multiply": lambda b, s: b * s,
    "screen": _screen,
    "overlay": lambda b, s: _hard_light(s, b),
    "darken": np.minimum,
    "lighten": np.maximum,
    "color-dodge": _dodge,
    "color-burn": _burn,
    "hard-light": _hard_light,
    "soft-light": _soft_light,
    "difference": lambda b, s: np.abs(b - s),
    "plus": lambda b, s: np.minimum(b + s, 1),
    "hue": lambda b, s: _with_light(_with_range(s, _range(b)), _light(b)),
    "saturation": lambda b, s: _with_light(_with_range(b, _range(s)), _light(b)),
    "color": lambda b, s: _with_light(s, _light(b)),
    "luminosity": lambda b, s: _with_light(b, _light(s)),
}
