"""Transformed layers: what comes out of a map, to the pixel, and that nothing is resampled twice."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from engine.area import Rect
from ui.document import TILE, Document, Layer, layer_from, new_document, premultiplied
from ui.selection import everything, rectangle, selection_of
from ui.transform import (
    NONE,
    Resampling,
    about,
    between,
    bounds,
    corners,
    gathered,
    lifted,
    mapped,
    pasted,
    placed_of,
    shift,
    tiles_of,
    transformed,
    turn,
    warped,
    without,
)

WHITE = (255, 255, 255, 255)


def picture(width: int = 40, height: int = 30, seed: int = 1) -> np.ndarray:
    rgba = np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8)
    rgba[..., 3] |= 64
    return rgba


def pasted_at(x: int, y: int, rgba: np.ndarray | None = None) -> Layer:
    return pasted(layer_from(picture() if rgba is None else rgba, "Thing", "strokes", x, y))


def pixels(layer: Layer) -> np.ndarray:
    return gathered(layer.tiles, bounds(layer))


def smooth(side: int = 120) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    waves = [127 + 120 * np.sin(x / 17 + phase) * np.cos(y / 23) for phase in (0, 1, 2)]
    return np.dstack([*waves, np.full((side, side), 255)]).astype(np.uint8)


def test_a_move_by_whole_pixels_keeps_every_pixel() -> None:
    layer = pasted_at(250, 250)
    moved = transformed(layer, shift(-300, 17))
    assert bounds(moved) == Rect(-50, 267, 40, 30)
    assert (pixels(moved) == pixels(layer)).all()


@pytest.mark.parametrize(
    ("linear", "expected"),
    [
        (turn(90), lambda p: np.rot90(p, -1)),
        (turn(180), lambda p: np.rot90(p, 2)),
        (turn(-90), np.rot90),
        (np.diag([-1.0, 1.0]), lambda p: p[:, ::-1]),
        (np.diag([1.0, -1.0]), lambda p: p[::-1]),
        (np.array([[0.0, 1.0], [1.0, 0.0]]), lambda p: p.swapaxes(0, 1)),
    ],
)
def test_flips_and_quarter_turns_keep_every_pixel(linear, expected) -> None:  # type: ignore[no-untyped-def]
    layer = pasted_at(100, 80)
    changed = transformed(layer, about((120, 95), linear))
    assert (pixels(changed) == expected(pixels(layer))).all()
    centre = bounds(changed)
    assert (2 * centre.x + centre.width, 2 * centre.y + centre.height) == (240, 190)


def test_four_turns_and_back_again_are_nothing() -> None:
    layer = pasted_at(100, 80, smooth())
    again = layer
    for degrees in (13, 40, -20, -33):
        again = transformed(again, about((160, 140), turn(degrees)))
    assert (pixels(again) == pixels(layer)).all()
    assert bounds(again) == bounds(layer)


def test_smaller_and_larger_again_loses_nothing() -> None:
    layer = pasted_at(0, 0)
    small = transformed(layer, about((0, 0), np.diag([0.1, 0.1])))
    assert bounds(small).width <= 6
    again = transformed(small, about((0, 0), np.diag([10.0, 10.0])))
    assert (pixels(again) == pixels(layer)).all()


def test_what_is_painted_on_the_layer_is_what_is_transformed_from_then_on() -> None:
    small = transformed(pasted_at(0, 0, smooth()), about((0, 0), np.diag([0.5, 0.5])))
    painted = replace(small, tiles=tiles_of(premultiplied(picture(20, 20)), 5, 5))
    assert placed_of(painted).tiles is painted.tiles
    assert bounds(transformed(painted, shift(10, 0))) == Rect(15, 5, 20, 20)


def test_after_a_file_was_read_the_first_pixels_are_known_still() -> None:
    small = transformed(pasted_at(0, 0, smooth()), about((0, 0), np.diag([0.5, 0.5])))
    assert small.placed is not None
    read = MappingProxyType({place: tile.copy() for place, tile in small.tiles.items()})
    assert placed_of(replace(small, tiles=read)) is small.placed


@pytest.mark.parametrize("how", ["bilinear", "bicubic"])
def test_shrunk_pixels_are_the_mean_of_what_they_cover(how: Resampling) -> None:
    noise = premultiplied(np.dstack([picture(96, 96)[..., :3], np.full((96, 96), 255, np.uint8)]))
    small, x, y = warped(noise, np.diag([0.25, 0.25, 1.0]), how)
    mean = noise.reshape(24, 4, 24, 4, 4).mean((1, 3))
    inner = small[-y + 1 : 23 - y, -x + 1 : 23 - x]
    assert np.abs(inner - mean[1:23, 1:23]).max() <= 36
    assert np.abs(inner - mean[1:23, 1:23]).mean() < 8


@pytest.mark.parametrize("how", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("linear", [np.diag([2.5, 1.5]), np.diag([-0.4, 0.3]), np.array([[0, -0.7], [3, 0]])])
def test_what_is_scaled_is_opaque_to_its_edges(linear: np.ndarray, how: Resampling) -> None:
    for depth in (np.uint8, np.uint16):
        whole = np.full((40, 60, 4), np.iinfo(depth).max, depth)
        scaled, x, y = warped(whole, about((0, 0), linear), how)
        box = mapped(about((0, 0), linear), corners(Rect(0, 0, 60, 40)))
        assert [x, y, x + scaled.shape[1], y + scaled.shape[0]] == [*box.min(0), *box.max(0)]
        assert (scaled == np.iinfo(depth).max).all()


def test_a_picture_that_is_enlarged_stays_where_it_is() -> None:
    waves = smooth()
    large, _, _ = warped(waves, np.diag([3.0, 3.0, 1.0]), "bicubic")
    assert np.abs(large[1::3, 1::3].astype(int) - waves).max() <= 1


def test_nearest_makes_no_new_colours() -> None:
    rgba = picture()
    large, _, _ = warped(premultiplied(rgba), about((0, 0), turn(30) * 2.5), "nearest")
    colours = {tuple(pixel) for pixel in premultiplied(rgba).reshape(-1, 4).tolist()} | {(0, 0, 0, 0)}
    assert {tuple(pixel) for pixel in large.reshape(-1, 4).tolist()} <= colours


def test_an_edge_that_is_turned_is_smooth() -> None:
    square = np.full((60, 60, 4), 255, np.uint8)
    turned, _, _ = warped(square, about((30, 30), turn(20)), "bicubic")
    alpha = turned[..., 3].astype(int)
    assert ((alpha > 30) & (alpha < 220)).sum() > 100
    assert abs(alpha.sum() / 255 - 3600) < 40
    assert (turned[..., :3] <= turned[..., 3:]).all()


def test_half_a_pixel_moves_half_of_the_edge() -> None:
    square = np.full((10, 10, 4), 255, np.uint8)
    moved, x, _ = warped(square, shift(0.5, 0), "bilinear")
    alpha = moved[moved.shape[0] // 2, :, 3].tolist()
    row = dict(zip(range(x, x + len(alpha)), alpha, strict=True))
    assert [row[0], row[1], row[9], row[10]] == [128, 255, 255, 128]


def test_perspective_takes_corners_to_corners() -> None:
    quad = np.array([[10, 5], [90, 20], [80, 70], [0, 60]], np.float64)
    matrix = between(corners(Rect(0, 0, 50, 40)), quad)
    assert np.allclose(mapped(matrix, corners(Rect(0, 0, 50, 40))), quad)
    out, x, y = warped(np.full((40, 50, 4), 255, np.uint8), matrix, "bicubic")
    assert (x, y) == (-1, 4)
    assert out[30 - y, 45 - x, 3] == 255
    assert out[8 - y, 80 - x, 3] == 0


def test_sixteen_bits_stay_sixteen_bits() -> None:
    deep = smooth().astype(np.uint16) * 257 + 3
    deep[..., 3] = 65535
    turned, _, _ = warped(deep, about((60, 60), turn(45)), "bicubic")
    assert turned.dtype == np.uint16
    assert len(np.unique(turned[60:100, 60:100, 0])) > 256
    flat, _, _ = warped(np.full((30, 30, 4), 40000, np.uint16), about((15, 15), turn(10)), "bicubic")
    assert (flat[14:22, 14:22] == 40000).all()


def test_the_mask_of_a_layer_goes_with_it() -> None:
    share = np.full((TILE, TILE), 255, np.uint8)
    share[10:20, 10:20] = 0
    share.flags.writeable = False
    layer = replace(pasted_at(0, 0), mask=MappingProxyType({(0, 0): share}))
    moved = transformed(layer, shift(300, 5))
    assert moved.mask is not None
    assert moved.mask[1, 0][15:25, 310 - TILE : 320 - TILE].max() == 0
    assert moved.mask[1, 0].sum() == 255 * (TILE * TILE - 100)


def test_a_group_is_transformed_with_all_that_is_in_it() -> None:
    group = Layer("Group", "group", layers=(pasted_at(0, 0), pasted_at(100, 50)))
    moved = transformed(group, shift(10, 20))
    assert [bounds(layer).x for layer in moved.layers] == [10, 110]
    assert bounds(moved) == Rect(10, 20, 140, 80)
    assert moved.uid == group.uid


def test_what_is_selected_is_lifted_from_the_layer() -> None:
    layer = pasted_at(0, 0)
    document = new_document(100, 100, WHITE).with_layer(layer)
    document = replace(document, selection=rectangle(QPointF(10, 0), QPointF(20, 100), document.rect))
    after, piece = lifted(document, layer, "Piece")
    assert [each.name for each in after.layers] == ["Background", "Thing", "Piece"]
    assert bounds(piece) == Rect(10, 0, 10, 30)
    assert (pixels(piece) == pixels(layer)[:, 10:20]).all()
    assert not pixels(after.layers[1])[:, 10:20].any()
    assert (pixels(after.layers[1])[:, 20:] == pixels(layer)[:, 20:]).all()
    copy, again = lifted(document, layer, "Piece", copies=True)
    assert copy.layers[1] is layer
    assert bounds(again) == bounds(piece)


def test_where_all_is_selected_the_layer_itself_is_lifted() -> None:
    layer = pasted_at(0, 0)
    document = new_document(100, 100, WHITE).with_layer(layer)
    document = replace(document, selection=everything(document.rect))
    assert lifted(document, layer, "Piece") == (document, layer)


def test_a_soft_selection_takes_its_share() -> None:
    layer = layer_from(np.full((10, 10, 4), 255, np.uint8), "Thing", "strokes")
    half = selection_of(np.full((10, 10), 128, np.uint8))
    document = replace(Document(10, 10, (layer,)), selection=half)
    after, piece = lifted(document, layer, "Piece")
    assert pixels(piece)[5, 5].tolist() == [128] * 4
    assert pixels(after.layers[0])[5, 5].tolist() == [127] * 4
    assert without(layer, half)[0, 0][5, 5, 3] == 127


def test_a_map_that_would_make_it_huge_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        transformed(pasted_at(0, 0), np.diag([10000.0, 1.0, 1.0]))
    assert transformed(layer := pasted_at(0, 0), NONE) is layer


def test_what_was_turned_is_moved_by_whole_pixels_as_it_is() -> None:
    rgba = np.random.default_rng(8).integers(0, 256, (30, 50, 4), np.uint8)
    turned = transformed(layer_from(rgba, "Turned", "strokes", 20, 20), about((45, 35), turn(20)), "nearest")
    moved = transformed(turned, shift(7, -4))
    before, after = bounds(turned), bounds(moved)
    assert after == before._replace(x=before.x + 7, y=before.y - 4)
    assert (gathered(moved.tiles, after) == gathered(turned.tiles, before)).all()


def test_what_was_turned_is_flipped_as_it_is() -> None:
    layer = layer_from(picture(), "Turned", "strokes", 20, 20)
    turned = transformed(layer, about((45, 35), turn(20)), "nearest")
    flipped = transformed(turned, about((45, 35), np.diag([-1.0, 1.0])))
    assert (pixels(flipped) == pixels(turned)[:, ::-1]).all()
    back = transformed(
        transformed(flipped, about((45, 35), np.diag([-1.0, 1.0]))), about((45, 35), turn(-20))
    )
    assert (pixels(back) == pixels(layer)).all()
