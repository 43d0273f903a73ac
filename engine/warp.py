"""Where a drag's pixels go, with no model: the warp that the editor shows while a handle is pulled, and that
an edit starts from.

numpy and Pillow only, so that the editor and the engine share it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from engine.area import Rect
from engine.types import Handle, Mask, Region, Rgb

Plane = NDArray[np.float32]  # (h, w)


class Warp(NamedTuple):
    """A picture whose handles have moved: each of the picture's size."""

    picture: Rgb  # uncovered ground is filled smoothly from what is round it
    landed: Mask  # what was moved, 1 where only that is seen
    uncovered: Mask  # what was left, and not covered again


class Cut(NamedTuple):
    """What a handle carries, as it lands."""

    at: Rect
    colour: NDArray[np.float32]  # (h, w, 3), 0..255, times alpha
    alpha: Plane  # 0..1


def warped(picture: Rgb, handles: Sequence[Handle], *, keep: bool = False, way: float = 1.0) -> Warp:
    """The picture with what the handles carry moved by the share `way` of its way; all from one snapshot.

    `keep` leaves the source where it is, too: a copy.
    """
    height, width = picture.shape[:2]
    landed = np.zeros((height, width), np.float32)
    cuts = [cut(picture, part_way(handle, way)) for handle in handles]
    left = np.zeros_like(landed) if keep else lifted(handles, width, height)
    out = filled(picture, left).astype(np.float32)
    for each in cuts:
        place = out[each.at.slices]
        place *= 1 - each.alpha[..., None]
        place += each.colour
        over = landed[each.at.slices]
        over += (1 - over) * each.alpha
    return Warp(np.rint(out).clip(0, 255).astype(np.uint8), landed, left * (1 - landed))


def lifted(handles: Sequence[Handle], width: int, height: int) -> Mask:
    """What the handles carry away, in a picture of that size."""
    out = np.zeros((height, width), np.float32)
    for handle in handles:
        region = region_of(handle, width, height)
        rows = slice(region.y, region.y + region.mask.shape[0])
        columns = slice(region.x, region.x + region.mask.shape[1])
        np.maximum(out[rows, columns], region.mask.astype(np.float32) / 255, out=out[rows, columns])
    return out


def part_way(handle: Handle, share: float) -> Handle:
    """The handle with its target only that far."""
    if share == 1:
        return handle
    target = tuple(a + share * (b - a) for a, b in zip(handle.source, handle.target, strict=True))
    turn, scale = share * handle.turn, handle.scale**share
    return replace(handle, target=(target[0], target[1]), turn=turn, scale=scale)


def shifted(handle: Handle, x: int, y: int) -> Handle:
    """The handle, all of it, by so many pixels."""
    region = handle.region and replace(handle.region, x=handle.region.x + x, y=handle.region.y + y)
    source = handle.source[0] + x, handle.source[1] + y
    return replace(handle, source=source, target=(handle.target[0] + x, handle.target[1] + y), region=region)


def region_of(handle: Handle, width: int, height: int) -> Region:
    """What the handle carries, cut at the borders of a picture of that size."""
    if handle.region is not None:
        x, y, mask = handle.region.x, handle.region.y, handle.region.mask
    else:
        (cx, cy), reach = handle.source, handle.radius + 1
        x, y = math.floor(cx - reach), math.floor(cy - reach)
        rows, columns = np.mgrid[y : math.ceil(cy + reach), x : math.ceil(cx + reach)] + 0.5
        depth = handle.radius - np.hypot(columns - cx, rows - cy)
        mask = np.rint((depth + 0.5).clip(0, 1) * 255).astype(np.uint8)
    left, top = max(x, 0), max(y, 0)
    mask = mask[top - y : max(height - y, 0), left - x : max(width - x, 0)]
    return Region(left, top, mask)


def cut(picture: Rgb, handle: Handle) -> Cut:
    """What the handle carries, where it lands: resampled once, exact below a pixel."""
    height, width = picture.shape[:2]
    region = region_of(handle, width, height)
    h, w = region.mask.shape
    angle = math.radians(handle.turn)
    cos, sin = math.cos(angle) * handle.scale, math.sin(angle) * handle.scale
    (sx, sy), (tx, ty) = handle.source, handle.target
    corners = [(region.x + i * w - sx, region.y + j * h - sy) for i in (0, 1) for j in (0, 1)]
    xs = [tx + cos * x - sin * y for x, y in corners]
    ys = [ty + sin * x + cos * y for x, y in corners]
    x, y = max(math.floor(min(xs)) - 1, 0), max(math.floor(min(ys)) - 1, 0)
    right, bottom = min(math.ceil(max(xs)) + 1, width), min(math.ceil(max(ys)) + 1, height)
    at = Rect(x, y, max(right - x, 0), max(bottom - y, 0))
    if not at.width or not at.height or not w or not h:
        return Cut(Rect(0, 0, 0, 0), np.zeros((0, 0, 3), np.float32), np.zeros((0, 0), np.float32))
    size = handle.scale**2
    a, b = cos / size, sin / size  # back from the picture to the region
    origin_x = a * (x - tx) + b * (y - ty) + sx - region.x
    origin_y = -b * (x - tx) + a * (y - ty) + sy - region.y
    back = (a, b, origin_x, -b, a, origin_y)
    source = picture[region.y : region.y + h, region.x : region.x + w].astype(np.float32)
    alpha = region.mask.astype(np.float32) / np.float32(255)
    planes = [*np.moveaxis(source * alpha[..., None], 2, 0), alpha]
    moved = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(plane)).transform(
                (at.width, at.height), Image.Transform.AFFINE, back, Image.Resampling.BICUBIC
            )
        )
        for plane in planes
    ]
    covered: Plane = moved[3].clip(0, 1)
    colour = np.stack(moved[:3], -1) / np.maximum(moved[3], 1)[..., None]  # bicubic overshoots at edges
    return Cut(at, colour.clip(0, np.float32(255) * covered[..., None]), covered)


def filled(picture: Rgb, hole: Mask) -> Rgb:
    """The picture with the hole (1) filled from what is round it, smoothly: each place by the finest mean of
    what is known that reaches it ("push-pull").
    """
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    if not len(rows):
        return picture
    reach = max(len(rows), len(columns)) // 2 + 8
    here = (
        slice(max(rows[0] - reach, 0), rows[-1] + 1 + reach),
        slice(max(columns[0] - reach, 0), columns[-1] + 1 + reach),
    )
    known = 1 - hole[here]
    planes = [*np.moveaxis(picture[here].astype(np.float32) * known[..., None], 2, 0), known]
    out = picture.copy()
    pulled = np.stack(spread(planes), -1)
    share = known[..., None]
    mixed = picture[here] * share + pulled * (1 - share)
    out[here] = np.rint(mixed).clip(0, 255).astype(np.uint8)
    return out


def rim(mask: Mask, width: float) -> Mask:
    """1 on the border of a mask, falling to 0 over about `width` pixels on both sides."""
    soft = grown(mask, 0, width)
    return 4 * soft * (1 - soft)


def grown(mask: Mask, by: int, feather: float) -> Mask:
    """A mask grown by so many pixels and softened over so many."""
    image = Image.fromarray(np.rint(mask * 255).astype(np.uint8))
    for _ in range(by):
        image = image.filter(ImageFilter.MaxFilter(3))
    if feather:
        image = image.filter(ImageFilter.GaussianBlur(feather / 2))
    return np.asarray(image).astype(np.float32) / np.float32(255)


def spread(planes: list[Plane]) -> list[Plane]:
    """Colours of planes (h, w) times weights, and the weights, 0..1, the last of the list: the means that
    reach each place, by pull-push (Gortler et al., 1996).
    """
    height, width = planes[-1].shape
    if min(height, width) < 2:
        mean = max(float(planes[-1].mean()), 1e-6)
        return [np.full_like(plane, float(plane.mean()) / mean) for plane in planes[:-1]]
    half = ((width + 1) // 2, (height + 1) // 2)
    images = [Image.fromarray(np.ascontiguousarray(plane)) for plane in planes]
    small = [np.asarray(each.resize(half, Image.Resampling.BOX)) for each in images]
    weight = small[-1].clip(1e-6, None)
    sure = (4 * small[-1]).clip(0, 1)
    coarser = spread([*small[:-1], small[-1]])
    colours = [
        each / weight * sure + under * (1 - sure) for each, under in zip(small[:-1], coarser, strict=True)
    ]
    return [
        np.asarray(
            Image.fromarray(each.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR)
        )
        for each in colours
    ]
