"""Photoshop files there and back, and what is said of what is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image, ImageCms
from psd_tools import PSDImage
from psd_tools.constants import BlendMode

from engine.area import Rect
from engine.pictures import PictureError
from tests.fingerprint import fingerprint
from tests.test_openraster import noise, shares
from ui.document import Blend, Document, Layer, Metadata, Result, frozen, layer_from, read, tiles_from
from ui.files import open_document, save_document


def layered(depth: Any = 8) -> Document:
    dtype = np.uint8 if depth == 8 else np.uint16

    def layer(name: str, height: int, width: int, x: int, y: int, **more: Any) -> Layer:
        tiles = tiles_from(noise(height, width, dtype), x, y)
        return Layer(name, "strokes", tiles=tiles, **more)

    picture = replace(layer("Picture", 300, 400, 0, 0), kind="picture")
    masked = layer("Masked", 90, 80, 200, 200, mask=shares((0, 0), (1, 1)))
    inner = Layer("Inner", "group", layers=(masked,), blend="pass-through", visible=False)
    strokes = layer("\N{SNOWMAN} 雪山", 40, 60, -20, 280, locked=True, opacity=51 / 255)
    outer = Layer(
        "Outer", "group", layers=(inner, strokes), opacity=0.6, blend="multiply", mask=shares((1, 0))
    )
    top = layer("Top", 20, 20, 30, 30, alpha_locked=True, blend="plus")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return Document(
        400, 300, (picture, outer, top), depth=depth, profile=profile, metadata=Metadata(b"II*\0e", b"<x/>")
    )


@pytest.mark.parametrize("depth", [8, 16])
def test_layers_come_back_exactly(tmp_path: Path, depth: int) -> None:
    document = layered(depth)
    assert save_document(tmp_path / "a.psd", document) == ""
    opened = open_document(tmp_path / "a.psd")
    assert opened.notes == ()
    assert fingerprint(opened.document) == fingerprint(document)


@pytest.mark.parametrize("depth", [8, 16])
def test_programs_that_know_no_layers_see_the_picture(tmp_path: Path, depth: int) -> None:
    document = layered(depth)
    save_document(tmp_path / "a.psd", document)
    seen = read(document, document.rect)
    file = PSDImage.open(tmp_path / "a.psd")
    merged = np.rint(file.numpy() * (255 if depth == 8 else 65535))
    assert (merged == seen).all()


def test_every_blend_mode_comes_back(tmp_path: Path) -> None:
    blends: tuple[Blend, ...] = get_args(Blend)[:-1]
    layers = tuple(replace(layer_from(noise(4, 4), blend, "strokes"), blend=blend) for blend in blends)
    save_document(tmp_path / "a.psd", Document(4, 4, layers))
    assert [layer.blend for layer in open_document(tmp_path / "a.psd").document.layers] == list(blends)


def test_what_has_no_place_is_said(tmp_path: Path) -> None:
    result = Result(Rect(0, 0, 4, 4), frozen(noise(4, 4)), "{}")
    said = save_document(tmp_path / "a.psd", replace(layered(), results=(result,)))
    assert said == "A Photoshop file has no place for: results."


def test_what_we_do_not_have_is_said(tmp_path: Path) -> None:
    file = PSDImage.new("RGB", (8, 8))
    layer = file.create_pixel_layer(Image.new("RGBA", (8, 8), (255, 0, 0, 255)), blend_mode=BlendMode.DIVIDE)
    layer.clipping = True
    file.save(tmp_path / "a.psd")
    opened = open_document(tmp_path / "a.psd")
    assert opened.document.layers[0].blend == "normal"
    (note,) = opened.notes
    assert "clipping masks, the blend mode divide" in note


def test_grey_is_opened_with_its_layers(tmp_path: Path) -> None:
    file = PSDImage.new("L", (8, 8))
    file.create_pixel_layer(Image.new("L", (4, 4), 77), top=2, left=1)
    file.save(tmp_path / "a.psd")
    document = open_document(tmp_path / "a.psd").document
    assert read(document, document.rect)[3, 2].tolist() == [77, 77, 77, 255]


def test_other_colours_are_opened_flat(tmp_path: Path) -> None:
    PSDImage.frompil(Image.new("CMYK", (8, 8), (0, 255, 255, 0))).save(tmp_path / "a.psd")
    opened = open_document(tmp_path / "a.psd")
    assert "flat" in opened.notes[0]
    assert len(opened.document.layers) == 1


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3])
def test_a_file_that_is_cut_short_is_refused(tmp_path: Path, share: float) -> None:
    save_document(tmp_path / "a.psd", layered())
    content = (tmp_path / "a.psd").read_bytes()
    (tmp_path / "a.psd").write_bytes(content[: int(share * len(content))])
    with pytest.raises(PictureError, match="damaged"):
        open_document(tmp_path / "a.psd")
