"""The light of a place: whether a piece that was put into a picture shows the same ground as what is round
it, and what it looks like in the light there.

numpy and Pillow only, so that the editor and the engine share it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.types import Rgb
from engine.warp import Plane, rim, spread

Shades = NDArray[np.float32]  # (h, w, 3): log odds (logits), of a colour to what it lacks to white
BELOW, ABOVE = 8, 35  # of 255, beyond black and white: what is nearly one of them tells little of light
_SHADES = np.log((np.arange(256) + BELOW) / (255 + ABOVE - np.arange(256))).astype(np.float32)
CELL, CELLS = 4, 64  # light is looked at in cells of so many pixels, in a large piece in so many cells a side
RIM = 1.5  # cells
APART = 0.5  # shades: what differs so much from most of a rim is another thing that crosses it
LEAST, ENOUGH = 0.55, 0.65  # shares of a rim that differ alike: nothing and all of the light is taken over
HUE = 3.0  # so many times as much as lightness tells a hue that it is another thing, and no other light


def shades(picture: Rgb) -> Shades:
    """Colours on a scale where another light adds about the same to all of them, and makes none darker than
    black or lighter than white.
    """
    return _SHADES[picture]


def in_light_of(known: Rgb, guide: Rgb, alpha: NDArray[np.uint8], reach: float) -> Rgb:
    """The guide with its piece, which `alpha` (h, w) tells, in the light of what it covers, if it shows the
    same ground: along most of its rim the two differ by nearly the same, and by less than `reach` shades.

    What they differ by there is spread over the piece, smoothly. A thing that was cut out differs by this
    here and by that there: it stays as it is.
    """
    rows, columns = np.flatnonzero(alpha.any(1)), np.flatnonzero(alpha.any(0))
    if not reach or not len(rows):
        return guide
    here = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    height, width = alpha[here].shape
    cell = max(CELL, max(height, width) / CELLS)
    whole = (alpha > 0.9 * alpha.max()).astype(np.float32)
    edge = (whole * rim(whole, RIM * cell))[here]
    if not edge.any():  # it is all of the picture
        return guide
    own = shades(guide[here])
    across = shades(known[here]) - own
    weight = _cells(edge, cell)
    apart = np.stack([_cells(edge * across[..., i], cell) for i in range(3)]) / np.maximum(weight, 1e-3)
    usual = np.median(apart[:, weight > weight.max() / 4], 1)
    near = weight * np.exp(-((np.abs(apart - usual[:, None, None]).mean(0) / APART) ** 4))
    alike = np.clip((near.sum() / weight.sum() - LEAST) / (ENOUGH - LEAST), 0, 1)
    far = np.hypot(usual.mean(), HUE * np.abs(usual - usual.mean()).mean())
    amount = float(alike * np.exp(-((far / reach) ** 4)))
    if amount < 0.01:
        return guide
    light = np.stack([_enlarged(each, width, height) for each in spread([*(apart * near), near])], -1)
    covered = alpha[here] / np.float32(255)
    odds = np.exp(own + light * (amount * covered)[..., None])
    out = guide.copy()
    out[here] = np.rint(((255 + ABOVE) * odds - BELOW) / (1 + odds)).clip(0, 255)
    return out


def _cells(plane: Plane, cell: float) -> Plane:
    """The means of cells of so many pixels."""
    height, width = plane.shape
    size = max(1, round(width / cell)), max(1, round(height / cell))
    return np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BOX))


def _enlarged(plane: Plane, width: int, height: int) -> Plane:
    return np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.BICUBIC))
