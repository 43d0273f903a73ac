"""What a handle carries without the ground round it: a matte by colour, with no model.

numpy and Pillow only, so that the editor and the engine share it.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from engine.types import Handle, Region, Rgb
from engine.warp import Plane, grown, region_of

RING = 0.2  # width of the ground that is looked at, in roots of the region's area
SAMPLES = 600  # pixels of it
NEAR = 30.0  # what a root of the region's area counts, beside levels of colour
LARGE = 64.0  # root of a region's area from which on it is looked at smaller: the time grows with its square
CLEAR = 2.0  # how much farther from the ground's colours a thing must be than the ground itself is


def trimmed(picture: Rgb, handle: Handle) -> Handle:
    """The handle with its region cut down to what has other colours than the ground next to it; itself where
    nothing stands out.

    A pixel's distance is that to the most similar of many pixels round the region, in colour and a little in
    place; how far those are from each other says what is far.
    """
    height, width = picture.shape[:2]
    region = region_of(handle, width, height)
    root = math.sqrt(np.count_nonzero(region.mask > 127))
    if root > 1.1 * LARGE:
        return _trimmed_smaller(picture, handle, region, root / LARGE)
    reach = max(4, round(RING * root))
    left, top = max(region.x - reach, 0), max(region.y - reach, 0)
    right = min(region.x + region.mask.shape[1] + reach, width)
    bottom = min(region.y + region.mask.shape[0] + reach, height)
    whole = np.zeros((bottom - top, right - left), np.float32)
    inside = (
        slice(region.y - top, region.y - top + region.mask.shape[0]),
        slice(region.x - left, region.x - left + region.mask.shape[1]),
    )
    whole[inside] = region.mask / np.float32(255)
    ground = (grown(whole, reach, 0) > 0.5) & (grown(whole, 1, 0) < 0.02)
    if root < 4 or np.count_nonzero(ground) < 16:
        return handle
    soft = Image.fromarray(picture[top:bottom, left:right]).filter(ImageFilter.GaussianBlur(0.7))
    rows, columns = np.mgrid[: whole.shape[0], : whole.shape[1]] * (NEAR / root)
    features = np.dstack([np.asarray(soft, np.float32), rows, columns]).astype(np.float32)
    order = np.random.default_rng(0).permutation(np.count_nonzero(ground))
    sample, others = np.split(features[ground][order], [min(SAMPLES, len(order) * 3 // 4)])
    usual = float(np.percentile(_distances(others[:SAMPLES], sample), 90))
    there = whole > 0
    distance = np.zeros_like(whole)
    distance[there] = _distances(features[there], sample)
    far = min(float(np.percentile(distance[there], 98)), 70.0)
    if far < CLEAR * usual:
        return handle
    least = max(1.25 * usual, 0.4 * far)
    alpha = ((distance - least) / (0.3 * far)).clip(0, 1)
    faint = max(2 * usual, 0.15 * far)  # a basket's ropes, a mast: what hangs on the thing is of it
    hanging = ((distance - faint) / (0.15 * far)).clip(0, 1)
    alpha = np.maximum(alpha, hanging * _joined(alpha > 0.5, hanging > 0, round(0.4 * root)))
    alpha = _without_holes(alpha)[inside] * whole[inside]
    mask = np.rint(alpha * 255).astype(np.uint8)
    return replace(handle, region=Region(region.x, region.y, mask)) if mask.any() else handle


def _trimmed_smaller(picture: Rgb, handle: Handle, region: Region, times: float) -> Handle:
    """As `trimmed`, by what is seen of the region in a picture so many times smaller."""
    height, width = region.mask.shape
    reach = math.ceil(2 * RING * max(width, height))
    left, top = max(region.x - reach, 0), max(region.y - reach, 0)
    part = Image.fromarray(picture[top : region.y + height + reach, left : region.x + width + reach])
    held = Image.new("L", part.size)
    held.paste(Image.fromarray(region.mask), (region.x - left, region.y - top))
    size = max(1, round(part.width / times)), max(1, round(part.height / times))
    small = Region(0, 0, np.asarray(held.resize(size, Image.Resampling.BOX)))
    told = trimmed(np.asarray(part.resize(size, Image.Resampling.BOX)), replace(handle, region=small)).region
    if told is None or told is small:
        return handle
    matte = np.asarray(Image.fromarray(told.mask).resize(part.size, Image.Resampling.BICUBIC))
    mask = np.minimum(matte[region.y - top :, region.x - left :][:height, :width], region.mask)
    return replace(handle, region=Region(region.x, region.y, mask)) if mask.any() else handle


def _distances(points: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each of (n, d) to the nearest of (m, d)."""
    squares = (points**2).sum(1)[:, None] + (others**2).sum(1) - 2 * points @ others.T
    nearest: NDArray[np.float32] = np.sqrt(squares.min(1).clip(0))
    return nearest


def _joined(seeds: NDArray[np.bool_], ways: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """The places of `ways` that are reached from the seeds in so many pixels, over gaps of one."""
    found = seeds
    for _ in range(max(1, reach // 2)):
        wider = np.asarray(Image.fromarray(found).convert("L").filter(ImageFilter.MaxFilter(5))) > 0
        found = seeds | wider & ways
    return found


def _without_holes(alpha: Plane) -> Plane:
    """A matte with narrow gaps closed, and 1 wherever it surrounds something."""
    image = Image.fromarray(np.rint(np.pad(alpha, 3) * 255).astype(np.uint8))
    closed = image.filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.MinFilter(5))
    outside = closed.point(lambda value: 255 if value > 127 else 0)
    ImageDraw.floodfill(outside, (0, 0), 128)
    enclosed = np.asarray(outside) == 0
    out: Plane = np.where(enclosed, np.float32(1), np.asarray(closed) / np.float32(255))
    return out[3:-3, 3:-3]
