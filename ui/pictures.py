"""Flat pictures from and to files without losing what they have: 16 bits a channel, profile, EXIF and XMP.

Qt reads and writes 16 bits exactly, in PNG and TIFF; all else is Pillow's, in `engine.pictures`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QColorSpace, QImage, QImageWriter

from engine.metadata import ai_edited
from engine.pictures import (
    SHALLOW,
    TIFF_XMP,
    Extras,
    PictureError,
    decode_picture,
    format_of,
    save_picture,
    saving,
)
from ui.document import Document, Layer, Metadata, Rgba, eight_bits, read, tiles_from
from ui.language import tr
from ui.openraster import Opened
from ui.png import png, rgba_in
from ui.spaces import as_seen

TIFFS = {  # by the bytes of a channel, and whether it is opaque
    (1, True): QImage.Format.Format_RGBX8888,
    (1, False): QImage.Format.Format_RGBA8888,
    (2, True): QImage.Format.Format_RGBX64,
    (2, False): QImage.Format.Format_RGBA64,
}
DIRECTORIES = ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo  # tags that stand for more


@dataclass(frozen=True)
class Export:
    """How a flat picture is written."""

    quality: int | None = None  # 1 ... 100, of JPEG and WebP; None: the best
    deep: bool = True  # 16 bits a channel where the document and the kind of file have them
    metadata: bool = True  # EXIF and XMP go with it


def read_picture(path: Path, content: bytes) -> Opened:
    """A document whose only layer is the picture in a file. Raises PictureError."""
    picture = decode_picture(content, str(path), keeps=is_usable)
    rgba: Rgba = picture.rgba
    notes = picture.notes
    if picture.deep:
        deep = rgba_in(content)
        if deep is not None and deep.dtype == np.uint16 and deep.shape == rgba.shape:
            rgba, notes = deep, tuple(note for note in notes if note != SHALLOW)
    height, width = rgba.shape[:2]
    document = Document(
        width,
        height,
        (Layer(path.stem, "picture", tiles_from(rgba)),),
        depth=16 if rgba.dtype == np.uint16 else 8,
        profile=picture.extras.profile or None,
        metadata=Metadata(picture.extras.exif, picture.extras.xmp),
    )
    return Opened(document, 0, notes)


def write_picture(path: Path, document: Document, export: Export) -> None:
    """What is seen of a document, flat. Raises PictureError."""
    kind = format_of(path)
    extras = _extras(document, export)
    if kind == "BMP":  # it has no profile
        save_picture(path, as_seen(document, document.rect))
        return
    rgba = read(document, document.rect)
    deep = document.depth == 16 and export.deep
    if kind == "PNG":
        shown = rgba if deep else eight_bits(rgba)
        shown = shown[..., :3] if (shown[..., 3] == np.iinfo(shown.dtype).max).all() else shown
        bands = (shown[top : top + 256] for top in range(0, document.height, 256))
        with saving(path) as file:
            for part in png(bands, document.width, document.height, *extras[:3]):
                file.write(part)
    elif kind == "TIFF":
        pixels = rgba if deep else eight_bits(rgba)
        content = with_tags(_tiff(pixels, extras.profile), extras.exif, extras.xmp)
        with saving(path) as file:
            file.write(content)
    else:
        save_picture(path, eight_bits(rgba), extras)


def is_ai_edited(document: Document) -> bool:
    """Whether a model has made a part of it."""
    return any(layer.made or layer.kind == "result" for layer in document.walk())


def written_profile(document: Document) -> bytes:
    """What is written beside its pixels. Some programs take sixteen bits without a profile for linear light,
    so there sRGB is said.
    """
    if document.profile is not None or document.depth == 8:
        return document.profile or b""
    return bytes(QColorSpace(QColorSpace.NamedColorSpace.SRgb).iccProfile().data())


def _extras(document: Document, export: Export) -> Extras:
    exif, xmp = document.metadata.exif, document.metadata.xmp
    if not export.metadata:
        exif = xmp = b""
    if is_ai_edited(document):
        xmp = ai_edited(xmp)
    return Extras(written_profile(document), exif, xmp, export.quality)


def is_usable(profile: bytes) -> bool:
    """Whether the editor can show colours by that profile; if not they are converted to sRGB."""
    space = QColorSpace.fromIccProfile(profile)
    return space.isValid() and space.colorModel() == QColorSpace.ColorModel.Rgb and space.isValidTarget()


def _tiff(rgba: NDArray[Any], profile: bytes) -> bytes:
    """A TIFF of as many bits; Pillow, which could make one of 8, lets no other thread run meanwhile."""
    height, width = rgba.shape[:2]
    opaque = bool((rgba[..., 3] == np.iinfo(rgba.dtype).max).all())
    kind = TIFFS[rgba.itemsize, opaque]
    image = QImage(rgba.data, width, height, rgba.strides[0], kind)
    if profile:
        image.setColorSpace(QColorSpace.fromIccProfile(profile))
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"tiff"))
    writer.setCompression(1)  # LZW
    if not writer.write(image):
        sentence = tr("The TIFF cannot be made ({reason}); choose PNG.")
        raise PictureError(sentence.format(reason=writer.errorString()))
    return bytes(content.data())


def with_tags(tiff: bytes, exif: bytes, xmp: bytes) -> bytes:
    """A little-endian TIFF with EXIF and XMP: they follow its pixels, which stay as they are, and then comes
    a directory that has them beside what the old one has.
    """
    tags = _tags(exif, xmp)
    if tiff[:4] != b"II*\0" or not len(tags):
        return tiff
    content = tiff + bytes(len(tiff) % 2)
    added = tags.tobytes(len(content)).removeprefix(b"Exif\0\0")[8:]
    (start,) = struct.unpack_from("<I", tiff, 4)
    old, new = _entries(tiff, start), _entries(added, 0)
    entries = sorted({**new, **old}.items())
    directory = struct.pack("<H", len(entries)) + b"".join(entry for _, entry in entries) + bytes(4)
    added += bytes(len(added) % 2)
    at = struct.pack("<I", len(content) + len(added))
    return content[:4] + at + content[8:] + added + directory


def _tags(exif: bytes, xmp: bytes) -> Image.Exif:
    """EXIF and XMP as the tags of a little-endian TIFF."""
    read, tags = Image.Exif(), Image.Exif()
    read.load(exif)
    tags.endian = "<"
    for tag, value in read.items():
        tags[tag] = dict(read.get_ifd(tag)) if tag in DIRECTORIES else value
    if ExifTags.IFD.Interop in tags.get(ExifTags.IFD.Exif, {}):
        tags[ExifTags.IFD.Exif][ExifTags.IFD.Interop] = dict(read.get_ifd(ExifTags.IFD.Interop))
    if xmp:
        tags[TIFF_XMP] = xmp
    return tags


def _entries(content: bytes, start: int) -> dict[int, bytes]:
    """Of a directory of a little-endian TIFF, by their tags."""
    (count,) = struct.unpack_from("<H", content, start)
    parts = [content[at : at + 12] for at in range(start + 2, start + 2 + 12 * count, 12)]
    return {struct.unpack_from("<H", part)[0]: part for part in parts}
