"""The document as a value: layers of tiles, converted exactly, never changed in place."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from engine.area import Rect
from ui.document import (
    TILE,
    Document,
    Layer,
    composite,
    document_from,
    layer_from,
    new_document,
    premultiplied,
    read,
    straight,
    stroke_alpha,
)
from ui.pixels import rgba_of
from ui.projection import Projection

RANDOM = np.random.default_rng(0)
PHOTO = RANDOM.integers(0, 256, (300, 520, 4), dtype=np.uint8)
PHOTO[..., 3] = 255


def square(colour: tuple[int, int, int, int], size: int = 40) -> np.ndarray:
    return np.full((size, size, 4), colour, np.uint8)


def test_an_opaque_picture_comes_back_bit_for_bit() -> None:
    document = document_from(PHOTO)
    assert (read(document, document.rect) == PHOTO).all()
    part = Rect(200, 130, 150, 170)
    assert (read(document, part) == PHOTO[part.slices]).all()


def test_premultiplying_is_undone_within_rounding() -> None:
    rgba = RANDOM.integers(0, 256, (64, 64, 4), dtype=np.uint8)
    rgba[..., 3] = np.maximum(rgba[..., 3], 128)
    assert np.abs(straight(premultiplied(rgba)).astype(int) - rgba).max() <= 1


def test_transparent_tiles_are_not_kept() -> None:
    rgba = np.zeros((600, 600, 4), np.uint8)
    rgba[300, 300] = 255
    assert set(layer_from(rgba, "dot", "strokes").tiles) == {(1, 1)}


def test_tiles_are_read_only() -> None:
    layer = document_from(PHOTO).layers[0]
    with pytest.raises(ValueError, match="read-only"):
        layer.tiles[0, 0][0, 0] = 1
    with pytest.raises(TypeError):
        layer.tiles[0, 0] = np.zeros(1)  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        layer.opacity = 0.5  # type: ignore[misc]


def test_layers_lie_over_each_other() -> None:
    document = document_from(PHOTO).with_layer(
        layer_from(square((255, 0, 0, 255)), "red", "strokes", 250, 120)
    )
    seen = read(document, document.rect)
    assert (seen[120:160, 250:290, :3] == (255, 0, 0)).all()
    outside = np.ones(seen.shape[:2], bool)
    outside[120:160, 250:290] = False
    assert (seen[outside] == PHOTO[outside]).all()


def test_opacity_and_visibility_count() -> None:
    red = Layer("red", "strokes", layer_from(square((255, 0, 0, 255)), "", "strokes").tiles, opacity=0.5)
    white = new_document(40, 40, (255, 255, 255, 255))
    half = read(white.with_layer(red), white.rect)[0, 0]
    assert np.abs(half.astype(int) - (255, 127, 127, 255)).max() <= 1
    hidden = Layer("red", "strokes", red.tiles, visible=False)
    assert (read(white.with_layer(hidden), white.rect) == 255).all()


def test_half_transparent_strokes_mix_as_they_should() -> None:
    white = new_document(40, 40, (255, 255, 255, 255))
    veil = layer_from(square((0, 0, 0, 128)), "veil", "strokes")
    assert np.abs(read(white.with_layer(veil), white.rect)[..., :3].astype(int) - 127).max() <= 1


def test_what_is_saved_is_what_is_seen() -> None:
    """The export's arithmetic is the painter's, for every opacity and any number of veils."""
    for opacity in (1.0, 0.9, 0.75, 0.5, 0.3, 0.123, 0.01, 0.0):
        document = document_from(PHOTO)
        for _ in range(4):
            veil = layer_from(RANDOM.integers(0, 256, (300, 520, 4), dtype=np.uint8), "veil", "strokes")
            document = document.with_layer(replace(veil, opacity=opacity))
        projection = Projection(document.width, document.height)
        projection.compose(document.layers, document.rect)
        seen = rgba_of(projection.levels[0])
        assert np.abs(read(document, document.rect).astype(int) - seen).max() <= 1


def test_a_layer_is_exchanged_and_taken_away() -> None:
    a, b, c = (Layer(name, "strokes") for name in "abc")
    document = Document(10, 10, (a, b, c))
    assert [layer.name for layer in document.without(b).layers] == ["a", "c"]
    assert [layer.name for layer in document.exchange(b, Layer("d", "result")).layers] == ["a", "d", "c"]
    assert [layer.name for layer in document.layers] == ["a", "b", "c"]


def test_a_new_document_ends_at_its_edge() -> None:
    document = new_document(300, 20, (10, 20, 30, 255))
    assert (read(document, document.rect) == (10, 20, 30, 255)).all()
    assert composite(document, Rect(0, 0, 2 * TILE, TILE))[:, 300:].max() == 0
    assert new_document(300, 20).layers == ()


def test_what_visible_strokes_cover() -> None:
    document = document_from(PHOTO).with_layer(layer_from(square((9, 9, 9, 200)), "s", "strokes", 100, 50))
    alpha = stroke_alpha(document)
    assert alpha.shape == (300, 520)
    assert (alpha[50:90, 100:140] == 200).all()
    assert alpha.sum() == 200 * 40 * 40
