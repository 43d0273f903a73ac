"""Sixteen bits and profiles: what was not edited comes back bit for bit, and the screen shows sRGB."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QColor, QColorSpace, QImage

from engine.area import Rect
from ui.document import TILE, Document, composite, document_from, layer_from, read
from ui.pixels import bytes_of, image_of, painting
from ui.projection import Projection
from ui.selection import from_alpha
from ui.session import Session
from ui.spaces import as_seen, own, own_colour, own_layer

pytestmark = pytest.mark.usefixtures("qapp")
RANDOM = np.random.default_rng(0)
FINE = RANDOM.integers(0, 65536, (300, 300, 4), dtype=np.uint16)
FINE[..., 3] = 65535
ADOBE = bytes(QColorSpace(QColorSpace.NamedColorSpace.AdobeRgb).iccProfile().data())


def fine(profile: bytes | None = None) -> Document:
    return replace(document_from(FINE), depth=16, profile=profile)


def test_sixteen_bits_come_back_bit_for_bit_outside_of_what_was_painted() -> None:
    session = Session(fine(ADOBE))
    with session.paint("Brush") as wet:
        tile = wet.writable((0, 0))
        assert tile.dtype == np.uint16
        with painting(tile) as painter:
            painter.fillRect(10, 10, 20, 20, QColor(200, 0, 0, 128))
        wet.show({(0, 0)})
    after = read(session.document, session.document.rect)
    painted = np.zeros((300, 300), bool)
    painted[10:30, 10:30] = True
    assert after.dtype == np.uint16
    assert np.array_equal(after[~painted], FINE[~painted])
    assert (after[painted] != FINE[painted]).any()


def test_the_screen_shows_sixteen_bits_in_eight() -> None:
    document = fine()
    rounded = (FINE.astype(int) + 128) // 257
    assert np.abs(as_seen(document, document.rect).astype(int) - rounded).max() <= 1
    projection = Projection.of(document)
    projection.compose(document.layers, document.rect)
    shown = bytes_of(projection.levels[0])[..., [2, 1, 0, 3]]
    assert np.array_equal(shown, as_seen(document, document.rect))


def test_the_profile_says_what_is_seen() -> None:
    red = np.full((8, 8, 4), (200, 30, 30, 255), np.uint8)
    document = replace(document_from(red), profile=ADOBE)
    space, screen = QColorSpace.fromIccProfile(ADOBE), QColorSpace(QColorSpace.NamedColorSpace.SRgb)
    wanted = space.transformationToColorSpace(screen).map(QColor(200, 30, 30))
    seen = as_seen(document, document.rect)[0, 0]
    assert np.abs(seen[:3].astype(int) - (wanted.red(), wanted.green(), wanted.blue())).max() <= 1
    assert seen[0] > 200, "the same numbers are a stronger red in a wide space"
    assert (read(document, document.rect) == red).all()


def test_what_the_engine_made_looks_alike_in_every_space() -> None:
    made = RANDOM.integers(40, 200, (16, 16, 4), dtype=np.uint8)  # inside of what each space can show
    made[..., 3] = 255
    for depth in (8, 16):
        for profile in (None, ADOBE):
            document = Document(16, 16, depth=depth, profile=profile)
            layer = own_layer(document, made, "Result", "result")
            assert {tile.dtype.itemsize for tile in layer.tiles.values()} == {depth // 8}
            seen = as_seen(document.with_layer(layer), document.rect)
            assert np.abs(seen.astype(int) - made).max() <= (3 if depth == 8 and profile else 0)


def test_alpha_is_the_same_in_every_space() -> None:
    made = RANDOM.integers(0, 256, (16, 16, 4), dtype=np.uint8)
    document = Document(16, 16, depth=16, profile=ADOBE)
    assert np.array_equal(own(document, made)[..., 3], made[..., 3].astype(np.uint16) * 257)


def test_ink_is_what_looks_like_the_colour_chosen() -> None:
    document = replace(document_from(np.full((8, 8, 4), 255, np.uint8)), profile=ADOBE)
    session = Session(document)
    with session.paint("Brush") as wet:
        tile = wet.writable((0, 0))
        with painting(tile) as painter:
            painter.fillRect(0, 0, 8, 8, wet.ink(QColor(180, 60, 60)))
    seen = as_seen(session.document, Rect(0, 0, 1, 1))[0, 0]
    assert np.abs(seen.astype(int) - (180, 60, 60, 255)).max() <= 1


@pytest.mark.qt_log_ignore("fromIccProfile")
def test_a_profile_that_makes_no_sense_is_taken_for_srgb() -> None:
    grey = QColorSpace(QColorSpace.NamedColorSpace.SRgb)
    for profile in (b"nonsense", b"", bytes(grey.iccProfile().data())):
        document = replace(document_from(FINE[:8, :8]), depth=16, profile=profile)
        assert np.array_equal(
            as_seen(document, document.rect), as_seen(replace(document, profile=None), document.rect)
        )
        assert own_colour(document, QColor(1, 2, 3)) == QColor(1, 2, 3)


def test_areas_have_eight_bits_whatever_the_picture_has() -> None:
    session = Session(fine())
    with session.paint("Area", on="protected") as wet:
        assert wet.writable((0, 0)).dtype == np.uint8
        wet.writable((0, 0))[:4] = 255
    area = session.document.area("protected")
    assert area is not None
    assert area.tiles[0, 0].dtype == np.uint8
    assert from_alpha(session.document, area).mask.sum() == 255 * 4 * TILE


def test_layers_of_sixteen_bits_lie_over_each_other() -> None:
    veil = FINE.copy()
    veil[..., 3] = 32768
    document = fine().with_layer(layer_from(veil, "veil", "strokes"))
    below, above = FINE[..., :3].astype(float), veil[..., :3].astype(float)
    wanted = below + (above - below) * 32768 / 65535
    seen = read(document, document.rect)
    assert (seen[..., 3] == 65535).all()
    assert np.abs(seen[..., :3] - wanted).max() <= 2
    assert composite(document, Rect(0, 0, TILE, TILE)).dtype == np.uint16


def test_images_keep_the_depth_of_their_pixels() -> None:
    assert image_of(FINE).format() == QImage.Format.Format_RGBA64_Premultiplied
    assert np.array_equal(bytes_of(image_of(FINE)), FINE)
