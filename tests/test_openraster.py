"""OpenRaster projects: everything comes back exactly, and other programs see the same picture."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any, get_args
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from engine.area import Rect
from engine.types import Handle, Region
from tests.fingerprint import fingerprint
from ui import openraster
from ui.document import (
    TILE,
    Blend,
    Document,
    Layer,
    Metadata,
    Pull,
    Result,
    Selection,
    composite,
    frozen,
    layer_from,
    read,
    tiles_from,
)
from ui.openraster_writing import write
from ui.png import png, samples_of

DICE = np.random.default_rng(6)


def noise(height: int, width: int, dtype: Any = np.uint8) -> NDArray[Any]:
    return DICE.integers(0, np.iinfo(dtype).max + 1, (height, width, 4)).astype(dtype)


def shares(*at: tuple[int, int]) -> MappingProxyType[tuple[int, int], NDArray[np.uint8]]:
    return MappingProxyType({place: frozen(DICE.integers(0, 255, (TILE, TILE), np.uint8)) for place in at})


def rich() -> Document:
    """A document with a little of everything."""
    picture = layer_from(noise(300, 400), "Picture", "picture")
    strokes = layer_from(noise(40, 60), "Strokes \N{SNOWMAN} <&\"'>", "strokes", -20, 280)
    masked = replace(layer_from(noise(100, 100), "Masked", "strokes", 200, 200), mask=shares((0, 0), (1, 0)))
    inner = Layer(
        "Inner", "group", layers=(masked, Layer("Empty", "strokes")), blend="pass-through", visible=False
    )
    outer = Layer("Outer", "group", layers=(inner, strokes), opacity=0.3, blend="multiply", locked=True)
    veiled = Layer("Veiled", "group", layers=(layer_from(noise(9, 9), "In", "strokes"),), mask=shares((0, 0)))
    result = layer_from(noise(64, 64), "Result 1", "result", 100, 3)
    result = replace(result, opacity=1 / 3, alpha_locked=True)
    region = Region(3, 4, frozen(DICE.integers(0, 256, (5, 6), np.uint8)))
    return Document(
        400,
        300,
        (picture, outer, veiled, result),
        pulls=(Pull("Handle 1", Handle((1.5, 2), (30.25, 40), 7, -3.1, 1.2, region), enabled=False),),
        selection=Selection(Rect(5, 6, 7, 8), frozen(DICE.integers(0, 256, (8, 7), np.uint8))),
        areas=(layer_from(noise(30, 30), "Protected", "protected", 10, 10),),
        results=(
            Result(Rect(1, 2, 20, 10), frozen(noise(10, 20)), '{"seed": 5}', starred=True),
            Result(
                Rect(1, 2, 5, 5),
                frozen(noise(5, 5)),
                "{}",
                frame=(2.0, 0.0, 1.5, 0.0, 2.0, 0.0, 0.0, 0.0, 1.0),
            ),
        ),
        frame=(0.0, -0.5, 7.0, 1 / 3, 0.0, -3.0, 0.0, 0.0, 1.0),
        metadata=Metadata(b"II*\0exif", b"<x:xmpmeta/>"),
        model="my model.safetensors",
        profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    )


def written(document: Document, active: int = 0) -> bytes:
    file = io.BytesIO()
    write(file, document, active)
    return file.getvalue()


def again(document: Document) -> Document:
    opened = openraster.read(io.BytesIO(written(document)))
    assert opened.notes == ()
    return opened.document


def without(content: bytes, *names: str, **others: bytes) -> bytes:
    """The archive without some entries, and with others: what another program may do."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            if not info.filename.startswith(names or "/"):
                new.writestr(info, others.pop(info.filename, old.read(info)))
        for name, entry in others.items():
            new.writestr(name, entry)
    return out.getvalue()


def test_everything_comes_back_exactly() -> None:
    document = rich()
    assert fingerprint(again(document)) == fingerprint(document)


def test_rich_has_a_value_for_every_field() -> None:
    """So that the test above sees a field that is new."""
    document = rich()
    bare = Document(1, 1)
    depths = {"depth", "foreign"}  # have tests of their own
    for field in fields(Document):
        assert field.name in depths or getattr(document, field.name) != getattr(bare, field.name)
    for field in fields(Layer):
        known = {getattr(layer, field.name) is not None for layer in document.walk()}
        assert known


def test_every_valid_premultiplied_value_survives() -> None:
    alpha, value = np.mgrid[0:256, 0:256].astype(np.uint8)
    tile = np.stack([np.minimum(value, alpha), np.minimum(255 - value, alpha), value // 2, alpha], 2)
    tile[..., :3] = np.minimum(tile[..., :3], alpha[..., None])
    document = Document(TILE, TILE, (Layer("All", "strokes", MappingProxyType({(0, 0): frozen(tile)})),))
    (layer,) = again(document).layers
    assert (layer.tiles[0, 0] == tile).all()


def test_the_head_is_as_openraster_wants_it() -> None:
    content = written(rich())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert content[30:54] == b"mimetypeimage/openraster"
        assert archive.testzip() is None
        assert {"stack.xml", "mergedimage.png", "Thumbnails/thumbnail.png"} <= set(archive.namelist())
        head = ET.fromstring(archive.read("stack.xml"))
        assert (head.get("w"), head.get("h")) == ("400", "300")
        assert head.get(openraster.FRAME) == "true"  # or MyPaint's picture is as large as all layers
        for element in head.iter("layer"):
            assert archive.read(element.attrib["src"]).startswith(b"\x89PNG")


def test_the_merged_picture_is_what_is_seen() -> None:
    document = rich()
    with zipfile.ZipFile(io.BytesIO(written(document))) as archive:
        merged = samples_of(archive.read("mergedimage.png"))
        small = Image.open(io.BytesIO(archive.read("Thumbnails/thumbnail.png")))
    assert (merged == read(document, document.rect)).all()
    assert max(small.size) <= 256


def test_other_programs_see_the_same_picture() -> None:
    """Masks and masked groups are baked: what `stack.xml` alone says looks the same."""
    document = rich()
    others = openraster.read(io.BytesIO(without(written(document), "driftpaint/"))).document
    ours, theirs = composite(document, document.rect), composite(others, document.rect)
    assert np.abs(ours.astype(int) - theirs).max() <= 1  # a masked layer is rounded twice


def test_a_change_by_another_program_counts() -> None:
    content = written(rich())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        stack = archive.read("stack.xml").replace(b'name="Picture"', b'name="Sky"')
    opened = openraster.read(io.BytesIO(without(content, **{"stack.xml": stack})))
    assert opened.document.layers[0].name == "Sky"
    assert [layer.kind for layer in opened.document.layers] == ["picture", "group", "strokes", "result"]
    assert opened.document.layers[1].locked
    assert opened.document.layers[3].alpha_locked
    assert "Another program has changed this file" in opened.notes[0]


def test_what_is_not_understood_is_kept() -> None:
    stack = b"""<image version="0.0.3" w="8" h="8" xres="300" other="1"><stack odd="2">
      <layer name="A" src="data/a.png" x="1" y="-2" composite-op="krita:erase" krita="7">
        <note>hi</note></layer>
      <stack isolation="auto" name="G"><layer name="B" src="data/b.svg"/></stack>
      <guide at="3"/></stack><history who="me"/></image>"""
    entries = {
        "mimetype": b"image/openraster",
        "stack.xml": stack,
        "data/a.png": b"".join(png(iter([noise(8, 8)]), 8, 8)),
        "data/b.svg": b"<svg/>",
        "theirs/brush.bin": b"\0\1\2",
    }
    opened = openraster.read(io.BytesIO(without(written(Document(1, 1)), "", **entries)))
    assert len(opened.notes) == 2  # the blend mode, and the picture that is none
    for _ in range(2):
        content = written(opened.document)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.read("theirs/brush.bin") == b"\0\1\2"
            assert archive.read("data/b.svg") == b"<svg/>"
            head = ET.fromstring(archive.read("stack.xml"))
        assert (head.get("xres"), head.get("other"), head.get("version")) == ("300", "1", "0.0.6")
        assert head.find("history") is not None
        root = head.find("stack")
        assert root is not None
        assert root.get("odd") == "2"
        assert root.find("guide") is not None
        layer = root.find("layer[@name='A']")
        assert layer is not None
        assert (layer.get("composite-op"), layer.get("krita")) == ("krita:erase", "7")
        assert layer.findtext("note") == "hi"
        assert (layer.get("x"), layer.get("y")) == ("1", "-2")
        assert root.find("stack/layer[@src='data/b.svg']") is not None
        opened = openraster.read(io.BytesIO(content))
    assert opened.document.layers[0].blend == "pass-through"


def test_every_blend_mode_has_its_name() -> None:
    blends: tuple[Blend, ...] = get_args(Blend)
    layers = tuple(replace(layer_from(noise(4, 4), blend, "strokes"), blend=blend) for blend in blends[:-1])
    content = without(written(Document(4, 4, layers)), "driftpaint/")
    opened = openraster.read(io.BytesIO(content))
    assert opened.notes == ()
    assert [layer.blend for layer in opened.document.layers] == list(blends[:-1])


def test_krita_s_own_words_are_understood() -> None:
    """It has two modes of Photoshop's beside ours, and rounds opacity down to steps of 255."""
    layers = tuple(layer_from(noise(4, 4), name, "strokes") for name in "AB")
    content = written(
        Document(4, 4, (replace(layers[0], blend="plus"), replace(layers[1], blend="soft-light")))
    )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        stack = archive.read("stack.xml").replace(b'opacity="1.0"', b'opacity="0.388235"')
    stack = stack.replace(b"svg:plus", b"krita:linear_dodge").replace(b"svg:soft-light", b"krita:soft_light")
    opened = openraster.read(io.BytesIO(without(content, "driftpaint/", **{"stack.xml": stack})))
    assert opened.notes == ()
    assert [layer.blend for layer in opened.document.layers] == ["plus", "soft-light"]
    with zipfile.ZipFile(io.BytesIO(written(opened.document))) as archive:
        for element in ET.fromstring(archive.read("stack.xml")).iter("layer"):
            assert int(255 * float(element.attrib["opacity"])) == 99


def test_16_bits_come_back_exactly() -> None:
    samples = noise(70, 300, np.uint16)
    layer = replace(layer_from(noise(1, 1), "Deep", "picture"), tiles=tiles_from(samples, 3, 4))
    document = Document(310, 80, (layer,), depth=16)
    assert fingerprint(again(document)) == fingerprint(document)
    others = openraster.read(io.BytesIO(without(written(document), "driftpaint/"))).document
    assert others.depth == 16
    assert fingerprint(others)["layers"][0]["tiles"] == fingerprint(document)["layers"][0]["tiles"]


def test_the_chosen_layer_comes_back() -> None:
    document = rich()
    chosen = list(document.walk())[3]
    for content in (written(document, chosen.uid), without(written(document, chosen.uid), "driftpaint/")):
        opened = openraster.read(io.BytesIO(content))
        layer = opened.document.layer(opened.active)
        assert layer is not None
        assert layer.name == chosen.name


def test_layers_that_share_their_pixels_are_written_once() -> None:
    layer = layer_from(noise(300, 300), "A", "strokes")
    one = len(written(Document(300, 300, (layer,))))
    many = [replace(layer, name=f"{number}", visible=False) for number in range(8)]
    assert len(written(Document(300, 300, (layer, *many)))) < 1.1 * one


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_short_is_refused(share: float) -> None:
    content = written(rich())
    with pytest.raises(ValueError, match="cut short"):
        openraster.read(io.BytesIO(content[: int(share * len(content))]))


def test_a_flipped_byte_is_noticed() -> None:
    content = bytearray(written(rich()))
    content[len(content) // 3] ^= 0x10
    with pytest.raises(ValueError, match=r"cut short|damaged"):
        openraster.read(io.BytesIO(bytes(content)))


@pytest.mark.parametrize(
    "stack",
    [
        b"<image",
        b"<image/>",
        b'<image w="x" h="1"><stack/></image>',
        b'<image w="0" h="1"><stack/></image>',
        b'<image w="9000" h="1"><stack/></image>',
    ],
)
def test_a_stack_that_makes_no_sense_is_refused(stack: bytes) -> None:
    content = without(written(Document(1, 1)), "stack.xml", "driftpaint/", **{"stack.xml": stack})
    with pytest.raises(ValueError, match=r"."):
        openraster.read(io.BytesIO(content))


def test_a_newer_version_of_ours_still_shows_its_layers() -> None:
    content = written(rich())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        ours = json.loads(archive.read(openraster.DOCUMENT))
    newer = json.dumps(ours | {"version": 99}).encode()
    opened = openraster.read(io.BytesIO(without(content, **{openraster.DOCUMENT: newer})))
    assert len(opened.document.layers) == 4
    assert "newer Driftpaint" in opened.notes[0]


def test_any_name_comes_back() -> None:
    name = "a\0b\x1b\ufffe\ud800 <\"&'>\n\N{SNOWMAN}"
    content = written(Document(4, 4, (layer_from(noise(4, 4), name, "strokes"),)))
    assert openraster.read(io.BytesIO(content)).document.layers[0].name == name
    others = openraster.read(io.BytesIO(without(content, "driftpaint/"))).document
    assert others.layers[0].name == "ab <\"&'>\n\N{SNOWMAN}"
