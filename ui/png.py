"""PNG files of 8 and 16 bits a channel: written band by band, so that a large picture is never held twice,
and read by Qt.

Pillow knows no 16-bit colour, and Qt takes ten times as long for a file that is a sixth smaller.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage, QImageReader

Samples = NDArray[Any]  # uint8 or uint16: (h, w) grey, (h, w, 3) RGB or (h, w, 4) straight RGBA

SIGNATURE = b"\x89PNG\r\n\x1a\n"
LEVEL = 1  # of zlib: level 3 takes half as long again for one per cent less
XMP = b"XML:com.adobe.xmp\0\0\0\0\0"  # keyword and flags of the text chunk that holds XMP
_COLOURS = {1: 0, 3: 2, 4: 6}  # the format's number for so many channels
_UP = 2  # the filter: every byte less the one above it


def png(
    bands: Iterable[Samples],
    width: int,
    height: int,
    profile: bytes = b"",
    exif: bytes = b"",
    xmp: bytes = b"",
) -> Iterator[bytes]:
    """The bytes of a file whose rows come in bands, each of any height."""
    compressor = zlib.compressobj(LEVEL, memLevel=9)
    above: NDArray[np.uint8] | None = None
    for band in bands:
        channels = 1 if band.ndim == 2 else band.shape[2]
        if above is None:
            above = np.zeros(width * channels * band.itemsize, np.uint8)
            colour = _COLOURS[channels]
            yield SIGNATURE
            yield _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8 * band.itemsize, colour, 0, 0, 0))
            if profile:
                yield _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile))
            if exif:
                yield _chunk(b"eXIf", exif)
            if xmp:
                yield _chunk(b"iTXt", XMP + xmp)
        rows = np.ascontiguousarray(band, band.dtype.newbyteorder(">")).view(np.uint8).reshape(len(band), -1)
        filtered = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
        filtered[:, 0] = _UP
        np.subtract(rows[0], above, out=filtered[0, 1:])
        np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
        above = rows[-1]
        packed = compressor.compress(filtered.data)
        if packed:
            yield _chunk(b"IDAT", packed)
    yield _chunk(b"IDAT", compressor.flush())
    yield _chunk(b"IEND", b"")


def samples_of(content: bytes) -> Samples:
    """The pixels of a PNG, grey or straight RGBA, of as many bits as it has. Raises ValueError."""
    image = _image(content, "png")
    if image is None:
        raise ValueError("a picture in it is damaged")
    if image.depth() in (8, 16) and not image.hasAlphaChannel() and image.isGrayscale():
        deep = image.format() == QImage.Format.Format_Grayscale16
        grey = QImage.Format.Format_Grayscale16 if deep else QImage.Format.Format_Grayscale8
        return _array(image.convertToFormat(grey), 1, deep)[..., 0]
    return _rgba(image)


def rgba_in(content: bytes) -> Samples | None:
    """The pixels of any picture that Qt knows, of as many bits as it has; None if it does not know it."""
    image = _image(content)
    return None if image is None else _rgba(image)


def as_rgba(samples: Samples) -> Samples:
    """Grey and RGB as straight RGBA."""
    if samples.ndim == 3 and samples.shape[2] == 4:
        return samples
    rgba = np.empty((*samples.shape[:2], 4), samples.dtype)
    rgba[..., :3] = samples[..., None] if samples.ndim == 2 else samples
    rgba[..., 3] = np.iinfo(samples.dtype).max
    return rgba


def profile_of(content: bytes) -> bytes | None:
    """The colour profile in a file."""
    with suppress(OSError, SyntaxError, ValueError):
        profile = Image.open(io.BytesIO(content)).info.get("icc_profile")
        return profile if isinstance(profile, bytes) else None
    return None


def _image(content: bytes, kind: str = "") -> QImage | None:
    """By a reader, for that lets other threads run meanwhile; `QImage.fromData` does not."""
    QImageReader.setAllocationLimit(1024)  # megabytes: 8192 x 8192 pixels of 16 bits are half of it
    buffer = QBuffer()
    buffer.setData(content)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    image = QImageReader(buffer, QByteArray(kind.encode())).read()
    return None if image.isNull() else image


def _rgba(image: QImage) -> Samples:
    deep = image.depth() > 32 or image.format() == QImage.Format.Format_Grayscale16
    opaque = not image.hasAlphaChannel()
    rgba = QImage.Format.Format_RGBA64 if deep else QImage.Format.Format_RGBA8888
    samples = _array(image.convertToFormat(rgba), 4, deep)
    if opaque:  # Qt leaves there what it finds
        samples[..., 3] = np.iinfo(samples.dtype).max
    return samples


def _array(image: QImage, channels: int, deep: bool) -> Samples:
    """A copy of an image's pixels, (h, w, channels)."""
    width, height = image.width(), image.height()
    wide = width * channels * (2 if deep else 1)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())[:, :wide]
    return rows.copy().view(np.uint16 if deep else np.uint8).reshape(height, width, channels)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))
