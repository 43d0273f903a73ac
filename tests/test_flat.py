"""Flat pictures come back with all that they had: 16 bits a channel, profile, EXIF and XMP."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from PySide6.QtGui import QColorSpace, QImage

from engine.metadata import AI_EDITED, ai_edited, upright
from engine.pictures import PictureError
from ui.document import Document, layer_from, read
from ui.files import open_document
from ui.pictures import Export, is_ai_edited, write_picture
from ui.stack import converted, flattened, merged

DICE = np.random.default_rng(3)
DEEP = DICE.integers(0, 65536, (40, 50, 4)).astype(np.uint16)
DEEP[..., 3] = 65535
ADOBE = QColorSpace(QColorSpace.NamedColorSpace.AdobeRgb)
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="Sea"/></rdf:RDF></x:xmpmeta>'
)


def exif() -> bytes:
    tags = Image.Exif()
    tags[271] = "Camera"
    tags.get_ifd(34665)[36867] = "2020:01:02 03:04:05"
    return tags.tobytes().removeprefix(b"Exif\0\0")


def camera(path: Path) -> tuple[object, object]:
    """What the EXIF of a file says of camera and time."""
    with Image.open(path) as image:
        tags = image.getexif()
        return tags.get(271), tags.get_ifd(34665).get(36867)


def told(path: Path, what: str) -> object:
    """What a file tells beside its pixels."""
    with Image.open(path) as image:
        return image.info.get(what)


def save_deep(path: Path) -> None:
    image = QImage(DEEP.data, 50, 40, DEEP.strides[0], QImage.Format.Format_RGBX64)
    image.setColorSpace(ADOBE)
    assert image.save(str(path))


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("back", ["png", "tiff"])
def test_16_bits_and_their_profile_go_through_exactly(tmp_path: Path, suffix: str, back: str) -> None:
    save_deep(tmp_path / f"a.{suffix}")
    opened = open_document(tmp_path / f"a.{suffix}")
    assert opened.notes == ()
    assert opened.document.depth == 16
    assert (read(opened.document, opened.document.rect) == DEEP).all()
    write_picture(tmp_path / f"b.{back}", opened.document, Export())
    again = open_document(tmp_path / f"b.{back}").document
    assert (read(again, again.rect) == DEEP).all()
    assert again.profile == opened.document.profile == ADOBE.iccProfile().data()
    other = QImage(str(tmp_path / f"b.{back}"))  # as other programs read it
    assert other.colorSpace() == ADOBE
    assert other.pixelColor(7, 5).rgba64().red() == DEEP[5, 7, 0]


@pytest.mark.parametrize("back", ["png", "tif"])
def test_16_bits_keep_exif_and_xmp_beside_their_profile(tmp_path: Path, back: str) -> None:
    save_deep(tmp_path / "a.tif")
    document = open_document(tmp_path / "a.tif").document
    for about in (replace(document.metadata, exif=exif()), replace(document.metadata, exif=exif(), xmp=XMP)):
        path = tmp_path / f"b.{back}"
        write_picture(path, replace(document, metadata=about), Export())
        again = open_document(path).document
        assert (read(again, again.rect) == DEEP).all()
        assert again.profile == document.profile
        assert again.metadata.xmp == about.xmp
        assert camera(path) == ("Camera", "2020:01:02 03:04:05")


def test_16_bits_of_grey_are_kept(tmp_path: Path) -> None:
    grey = DICE.integers(0, 65536, (9, 11)).astype(np.uint16)
    Image.fromarray(grey).save(tmp_path / "a.png")
    document = open_document(tmp_path / "a.png").document
    assert (read(document, document.rect)[..., 1] == grey).all()


def test_16_bits_may_be_written_as_8(tmp_path: Path) -> None:
    save_deep(tmp_path / "a.png")
    document = open_document(tmp_path / "a.png").document
    write_picture(tmp_path / "b.png", document, Export(deep=False))
    write_picture(tmp_path / "b.jpg", document, Export(quality=90))
    shallow = open_document(tmp_path / "b.png").document
    assert shallow.depth == 8
    assert np.abs(read(shallow, shallow.rect)[..., :3] * 257.0 - DEEP[..., :3]).max() <= 128.5
    assert told(tmp_path / "b.jpg", "icc_profile") == document.profile


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
@pytest.mark.parametrize("back", ["png", "jpg", "webp", "tif"])
def test_exif_xmp_and_profile_are_kept(tmp_path: Path, suffix: str, back: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = tmp_path / f"a.{suffix}"
    document = replace(
        Document(8, 8, (layer_from(np.full((8, 8, 4), 255, np.uint8), "A", "picture"),)),
        profile=profile,
    )
    document = replace(document, metadata=replace(document.metadata, exif=exif(), xmp=XMP))
    write_picture(path, document, Export())
    opened = open_document(path).document
    assert opened.metadata.xmp == XMP
    assert opened.profile == profile
    write_picture(tmp_path / f"b.{back}", opened, Export())
    assert camera(tmp_path / f"b.{back}") == ("Camera", "2020:01:02 03:04:05")
    assert open_document(tmp_path / f"b.{back}").document.metadata.xmp == XMP
    write_picture(tmp_path / f"c.{back}", opened, Export(metadata=False))
    assert camera(tmp_path / f"c.{back}") == (None, None)
    assert open_document(tmp_path / f"c.{back}").document.metadata.xmp == b""


def test_a_photo_that_was_turned_is_not_turned_twice(tmp_path: Path) -> None:
    tags = Image.Exif()
    tags[274], tags[271] = 6, "Camera"
    Image.new("RGB", (20, 10)).save(tmp_path / "a.jpg", exif=tags)
    document = open_document(tmp_path / "a.jpg").document
    assert (document.width, document.height) == (10, 20)
    write_picture(tmp_path / "b.jpg", document, Export())
    again = open_document(tmp_path / "b.jpg").document
    assert (again.width, again.height) == (10, 20)
    assert camera(tmp_path / "b.jpg")[0] == "Camera"


def test_upright_changes_nothing_else() -> None:
    for order in (b"II", b"MM"):
        tags = Image.Exif()
        tags.endian = "<" if order == b"II" else ">"
        tags[274], tags[271] = 8, "Camera"
        before = tags.tobytes().removeprefix(b"Exif\0\0")
        after, xmp = upright(before, b'<a tiff:Orientation="8"/>')
        assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
        assert xmp == b'<a tiff:Orientation="1"/>'
    assert upright(b"", b"") == (b"", b"")
    assert upright(b"II*\0\x08\0\0\0\xff\xff", b"") == (b"", b"")


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
def test_a_picture_with_a_result_says_so(tmp_path: Path, suffix: str) -> None:
    white = np.full((8, 8, 4), 255, np.uint8)
    document = Document(8, 8, (layer_from(white, "A", "picture"),))
    write_picture(tmp_path / f"a.{suffix}", document, Export())
    assert AI_EDITED.encode() not in (tmp_path / f"a.{suffix}").read_bytes()
    document = document.with_layer(layer_from(white, "Result 1", "result"))
    write_picture(tmp_path / f"b.{suffix}", document, Export(metadata=False))
    assert AI_EDITED.encode() in open_document(tmp_path / f"b.{suffix}").document.metadata.xmp


def test_it_is_said_too_of_what_a_result_has_become_a_part_of() -> None:
    white = np.full((8, 8, 4), 255, np.uint8)
    picture, result = layer_from(white, "A", "picture"), layer_from(white, "Result 1", "result")
    document = Document(8, 8, (picture,)).with_layer(result)
    assert not is_ai_edited(Document(8, 8, (picture,)))
    assert is_ai_edited(merged(document, [picture.uid, result.uid]))
    assert is_ai_edited(flattened(document, "Flat"))
    assert is_ai_edited(document.exchange(result, converted(result, "strokes")))
    assert not is_ai_edited(document.without(result))


def test_the_source_type_is_said_once_whatever_was_there() -> None:
    new = ai_edited(b"")
    assert ai_edited(new) == new
    said = ai_edited(XMP)
    assert said.count(AI_EDITED.encode()) == 1
    assert b'dc:title="Sea"' in said
    for old in (
        b'<Iptc4xmpExt:DigitalSourceType rdf:resource="http://old"/>',
        b"<Iptc4xmpExt:DigitalSourceType>http://old</Iptc4xmpExt:DigitalSourceType>",
        b'<rdf:Description Iptc4xmpExt:DigitalSourceType="http://old"/>',
    ):
        changed = ai_edited(XMP.replace(b"</rdf:RDF>", old + b"</rdf:RDF>"))
        assert b"http://old" not in changed
        assert changed.count(AI_EDITED.encode()) == 1


def test_a_profile_that_cannot_be_shown_is_followed(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    Image.new("RGB", (8, 8), (90, 120, 60)).save(tmp_path / "a.png", icc_profile=lab)
    assert open_document(tmp_path / "a.png").document.profile is None


def test_too_much_xmp_for_a_jpeg_is_left_out(tmp_path: Path) -> None:
    document = Document(8, 8, (layer_from(np.full((8, 8, 4), 255, np.uint8), "A", "picture"),))
    document = replace(document, metadata=replace(document.metadata, xmp=b"<a>" + b" " * 70000 + b"</a>"))
    write_picture(tmp_path / "a.jpg", document, Export())
    assert told(tmp_path / "a.jpg", "xmp") is None


def test_what_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"nothing")
    with pytest.raises(PictureError, match="not a picture"):
        open_document(tmp_path / "a.png")
