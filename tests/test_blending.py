"""Blend modes as W3C has them, opacity, masks, groups; the screen agrees with what is saved, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.area import Rect
from ui.blending import BLENDS, Blend, lay, mix
from ui.document import TILE, Document, Layer, composite, eight_bits, layer_from, places, premultiplied, read
from ui.pixels import bytes_of, image_of, rgba_of
from ui.projection import Projection

RANDOM = np.random.default_rng(0)
MODES: tuple[Blend, ...] = get_args(Blend)
SIDE = 300


def noise(sides: int = SIDE, alpha: int | None = None) -> NDArray[np.uint8]:
    rgba = RANDOM.integers(0, 256, (sides, sides, 4), dtype=np.uint8)
    rgba[: sides // 3, :, 3] = RANDOM.choice([0, 255], (sides // 3, sides))  # what is nothing or all
    if alpha is not None:
        rgba[..., 3] = alpha
    return rgba


def masked(layer: Layer) -> Layer:
    mask = RANDOM.integers(0, 256, (TILE, TILE), dtype=np.uint8)
    mask[:20], mask[20:40] = 0, 255
    return replace(layer, mask=MappingProxyType({(0, 0): mask}))


def on_screen(document: Document) -> NDArray[np.uint8]:
    projection = Projection(document.width, document.height)
    while not projection.compose(document.layers, document.rect):
        pass
    return bytes_of(projection.levels[0])


# ---- the standard, in its own words, for one pixel


def _clip(c: list[float]) -> list[float]:
    light, low, high = _lum(c), min(c), max(c)
    if low < 0:
        c = [light + (x - light) * light / (light - low) for x in c]
    if high > 1:
        c = [light + (x - light) * (1 - light) / (high - light) for x in c]
    return c


def _lum(c: list[float]) -> float:
    return 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2]


def _set_lum(c: list[float], light: float) -> list[float]:
    return _clip([x + light - _lum(c) for x in c])


def _sat(c: list[float]) -> float:
    return max(c) - min(c)


def _set_sat(c: list[float], sat: float) -> list[float]:
    low, middle, high = sorted(range(3), key=c.__getitem__)
    out = [0.0, 0.0, 0.0]
    if c[high] > c[low]:
        out[middle], out[high] = (c[middle] - c[low]) * sat / (c[high] - c[low]), sat
    return out


def _multiply(b: float, s: float) -> float:
    return b * s


def _screen(b: float, s: float) -> float:
    return 1 - (1 - b) * (1 - s)


def _hard(b: float, s: float) -> float:
    return _multiply(b, 2 * s) if s <= 0.5 else _screen(b, 2 * s - 1)


def _soft(b: float, s: float) -> float:
    d = ((16 * b - 12) * b + 4) * b if b <= 0.25 else b**0.5
    return b - (1 - 2 * s) * b * (1 - b) if s <= 0.5 else b + (2 * s - 1) * (d - b)


def _dodge(b: float, s: float) -> float:
    return 0 if b == 0 else 1 if s == 1 else min(1, b / (1 - s))


def _burn(b: float, s: float) -> float:
    return 1 if b == 1 else 0 if s == 0 else 1 - min(1, (1 - b) / s)


EACH: dict[Blend, Callable[[float, float], float]] = {
    "normal": lambda b, s: s,
    "multiply": _multiply,
    "screen": _screen,
    "overlay": lambda b, s: _hard(s, b),
    "darken": min,
    "lighten": max,
    "color-dodge": _dodge,
    "color-burn": _burn,
    "hard-light": _hard,
    "soft-light": _soft,
    "difference": lambda b, s: abs(b - s),
    "plus": lambda b, s: min(1, b + s),
}
WHOLE: dict[Blend, Callable[[list[float], list[float]], list[float]]] = {
    "hue": lambda b, s: _set_lum(_set_sat(s, _sat(b)), _lum(b)),
    "saturation": lambda b, s: _set_lum(_set_sat(b, _sat(s)), _lum(b)),
    "color": lambda b, s: _set_lum(s, _lum(b)),
    "luminosity": lambda b, s: _set_lum(b, _lum(s)),
}


def by_the_book(blend: Blend, below: list[float], above: list[float]) -> list[float]:
    """Straight RGBA in 0..1 to premultiplied RGBA."""
    (*b, alpha_b), (*s, alpha_s) = below, above
    both = [EACH[blend](*pair) for pair in zip(b, s, strict=True)] if blend in EACH else WHOLE[blend](b, s)
    parts = zip(b, s, both, strict=True)
    out = [
        alpha_s * (1 - alpha_b) * y + alpha_b * (1 - alpha_s) * x + alpha_s * alpha_b * z for x, y, z in parts
    ]
    return [*out, alpha_s + alpha_b * (1 - alpha_s)]


@pytest.mark.parametrize("full", [255, 65535])
@pytest.mark.parametrize("blend", [mode for mode in MODES if mode != "pass-through"])
def test_blend_modes_are_those_of_the_standard(blend: Blend, full: int) -> None:
    rgba_below, rgba_above = noise(16), noise(16)
    rgba_below[0], rgba_above[0, ::2] = (255, 0, 128, 255), (0, 255, 255, 255)  # the corners of the formulas
    dtype = np.uint8 if full == 255 else np.uint16
    below, above = (premultiplied(each.astype(dtype) * (full // 255)) for each in (rgba_below, rgba_above))
    seen = below.copy()
    lay(seen, above, blend)
    for y, x in np.ndindex(16, 16):
        b, s = ([float(v) for v in pixels[y, x]] for pixels in (below, above))
        r, g, b_, a = by_the_book(blend, *(_apart(c, full) for c in (b, s)))
        wanted = full * np.array([b_, g, r, a] if full == 255 else [r, g, b_, a])
        assert np.abs(seen[y, x] - wanted).max() < 1.01, (y, x)


def _apart(pixel: list[float], full: int) -> list[float]:
    """A premultiplied pixel as straight RGBA in 0..1."""
    *colours, alpha = pixel
    straight = [value / max(alpha, 1) for value in colours]
    return [*(straight[::-1] if full == 255 else straight), alpha / full]


@pytest.mark.parametrize("blend", MODES)
def test_what_is_saved_is_what_is_seen_whatever_the_mode(blend: Blend) -> None:
    document = Document(SIDE, SIDE, (layer_from(noise(alpha=255), "ground", "picture"),))
    for opacity in (1.0, 0.123):
        veil = replace(layer_from(noise(), "veil", "strokes"), opacity=opacity, blend=blend)
        document = document.with_layer(veil).with_layer(masked(veil))
        inner = (layer_from(noise(), "low", "strokes"), replace(veil, blend="multiply"), masked(veil))
        group = Layer("group", "group", opacity=opacity, blend=blend, layers=inner)
        document = document.with_layer(group).with_layer(masked(group))
    seen = on_screen(document)
    assert np.array_equal(seen, composite(document, document.rect))
    part = Rect(100, 200, 190, 90)
    assert np.array_equal(seen[part.slices], composite(document, part))


def test_the_painter_and_numpy_round_alike() -> None:
    for opacity in (1.0, 0.9, 0.75, 0.5, 0.3, 0.123, 0.01):
        document = Document(SIDE, SIDE, (layer_from(noise(), "ground", "picture"),))
        for _ in range(3):
            document = document.with_layer(replace(layer_from(noise(), "veil", "strokes"), opacity=opacity))
        assert np.array_equal(on_screen(document), composite(document, document.rect))


@pytest.mark.parametrize("kind", ["plain", "blended", "grouped", "masked", "faded"])
def test_the_screen_is_the_same_whichever_layer_is_active(kind: str) -> None:
    """What lies below the active layer is kept, and must be forgotten when it changes."""
    layers = [layer_from(noise(alpha=255), "ground", "picture")]
    layers += [replace(layer_from(noise(), str(number), "strokes"), opacity=0.7) for number in range(3)]
    if kind == "blended":
        layers[2] = replace(layers[2], blend="multiply")
    elif kind == "grouped":
        layers[1:3] = [Layer("group", "group", blend="pass-through", layers=tuple(layers[1:3]))]
    elif kind == "masked":
        layers[1:3] = [masked(layer) for layer in layers[1:3]]
    elif kind == "faded":
        layers[0] = replace(layers[0], opacity=0.5)
    document = Document(SIDE, SIDE, tuple(layers))
    projection = Projection.of(document)
    part = {(0, 0): Rect(30, 40, 100, 90), (1, 0): Rect(256, 8, 20, 30)}
    for active in (0, *(layer.uid for layer in document.walk())):
        for damage in (places(document.rect), part, part):
            projection.damage(damage)
            projection.compose(document.layers, document.rect, active)
            assert np.array_equal(bytes_of(projection.levels[0]), composite(document, document.rect))
        hidden = document.exchange(layers[1], replace(layers[1], visible=False))
        projection.damage(places(document.rect))
        projection.compose(hidden.layers, document.rect, active)
        assert np.array_equal(bytes_of(projection.levels[0]), composite(hidden, document.rect))


def test_what_is_clear_changes_nothing() -> None:
    below = premultiplied(noise(32))
    for blend in MODES:
        seen = below.copy()
        lay(seen, np.zeros_like(seen), blend)
        assert np.array_equal(seen, below), blend


def test_a_mask_is_an_opacity_for_every_pixel() -> None:
    below, above = premultiplied(noise(32)), premultiplied(noise(32))
    for blend in MODES:
        by_mask, by_opacity = below.copy(), below.copy()
        lay(by_mask, above, blend, share=np.full((32, 32), 102, np.uint8))
        lay(by_opacity, above, blend, opacity=103 / 256)  # which is 102 of 255
        assert np.array_equal(by_mask, by_opacity), blend


def test_grouping_changes_nothing_if_the_group_lets_through() -> None:
    ground = layer_from(noise(alpha=255), "ground", "picture")
    shade = replace(layer_from(noise(), "shade", "strokes"), blend="multiply")
    apart = Document(SIDE, SIDE, (ground, shade))
    group = Layer("group", "group", blend="pass-through", layers=(shade,))
    assert np.array_equal(read(Document(SIDE, SIDE, (ground, group)), apart.rect), read(apart, apart.rect))
    alone = Document(SIDE, SIDE, (ground, replace(group, blend="normal")))  # multiplied with nothing
    plain = Document(SIDE, SIDE, (ground, replace(shade, blend="normal")))
    assert np.abs(read(alone, alone.rect).astype(int) - read(plain, plain.rect)).max() <= 1


def test_a_group_fades_as_one() -> None:
    red = layer_from(np.full((8, 8, 4), (255, 0, 0, 255), np.uint8), "red", "strokes")
    blue = layer_from(np.full((8, 8, 4), (0, 0, 255, 255), np.uint8), "blue", "strokes")
    for blend in ("normal", "pass-through"):
        group = Layer("group", "group", opacity=0.5, blend=blend, layers=(red, blue))
        seen = read(Document(8, 8, (group,)), Rect(0, 0, 8, 8))
        assert (seen[..., :3] == (0, 0, 255)).all(), "no red shines through"
        assert np.abs(seen[..., 3].astype(int) - 128).max() <= 1


def test_mixing_goes_all_the_way_and_none() -> None:
    below, above = premultiplied(noise(32)), premultiplied(noise(32))
    for opacity, wanted in ((1.0, above), (0.0, below)):
        seen = below.copy()
        mix(seen, above, opacity, None)
        assert np.array_equal(seen, wanted)


def test_sixteen_bits_fade_as_eight_do() -> None:
    below, above = noise(64), noise(64)
    share = RANDOM.integers(0, 256, (64, 64), dtype=np.uint8)
    for opacity, part in ((0.7, share), (0.7, None), (1.0, share)):
        eight, sixteen = premultiplied(below), premultiplied(below.astype(np.uint16) * 257)
        lay(eight, premultiplied(above), "normal", opacity, part)
        lay(sixteen, premultiplied(above.astype(np.uint16) * 257), "normal", opacity, part)
        assert np.abs(eight_bits(sixteen)[..., [2, 1, 0, 3]].astype(int) - eight).max() <= 2
        assert (sixteen[..., :3] <= sixteen[..., 3:]).all()


def test_every_mode_but_two_has_a_function() -> None:
    assert set(MODES) - set(BLENDS) == {"normal", "pass-through"}


def test_images_of_the_screen_are_those_of_the_arrays() -> None:
    pixels = premultiplied(noise(16, alpha=255))
    assert np.array_equal(rgba_of(image_of(pixels))[..., [2, 1, 0, 3]], pixels)
