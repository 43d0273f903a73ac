"""Every QImage of the editor is made here: arrays as images without a copy, and painters that respect
read-only ones.

A QImage shares the array's memory and keeps it alive, but ignores its read-only flag: so only `painting`
begins a painter on an array, and it refuses those that are frozen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtGui import QImage, QPaintDevice, QPainter

from ui.blending import Blend, Share, dimmed, lay
from ui.document import Pixels, Rgba

FORMAT = QImage.Format.Format_ARGB32_Premultiplied
HALVINGS = 3  # of an image that is seen at any size: down to an eighth
FORMATS = {1: FORMAT, 2: QImage.Format.Format_RGBA64_Premultiplied}  # by the bytes of a channel


def image_of(pixels: Pixels) -> QImage:
    """(h, w, 4) premultiplied pixels of either depth as an image that shares memory; only to be read."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, pixels.strides[0], FORMATS[pixels.itemsize])


def bytes_of(image: QImage) -> NDArray[Any]:
    """(h, w, 4) channels of an image of 32 or 64 bits for a pixel, as they lie there; of their own memory."""
    dtype = np.uint8 if image.depth() == 32 else np.uint16
    rows = np.frombuffer(image.constBits(), dtype).reshape(image.height(), -1)
    return rows[:, : image.width() * 4].reshape(image.height(), image.width(), 4).copy()


def blank_image(width: int, height: int) -> QImage:
    """A transparent image of its own memory. The system hands that out where something is painted, so a large
    one is there at once.
    """
    return image_of(np.zeros((height, width, 4), np.uint8))


def halvings(pixels: Pixels) -> tuple[Pixels, ...]:
    """Eight-bit pixels at a half, a quarter and an eighth of their size: Qt's smooth scaling looks at four
    pixels only.
    """
    size = pixels.shape[1], pixels.shape[0]
    image = Image.frombuffer("RGBX", size, pixels, "raw", "RGBX", 0, 1)  # "RGBA" would be straight
    smaller = accumulate(range(HALVINGS), lambda larger, _: larger.reduce(2), initial=image)
    return tuple(np.asarray(each) for each in smaller)[1:]


def image_of_rgb(rgb: NDArray[np.uint8]) -> QImage:
    """(h, w, 3) RGB as an image that shares its memory; only to be read."""
    rgb = np.ascontiguousarray(rgb)
    height, width = rgb.shape[:2]
    return QImage(rgb.data, width, height, rgb.strides[0], QImage.Format.Format_RGB888)


def image_of_grey(mask: NDArray[np.uint8]) -> QImage:
    """(h, w) as an image that shares its memory; only to be read."""
    mask = np.ascontiguousarray(mask)
    height, width = mask.shape
    return QImage(mask.data, width, height, mask.strides[0], QImage.Format.Format_Grayscale8)


def rgba_of(image: QImage) -> Rgba:
    """Any image, from the clipboard say, as straight RGBA of its own memory."""
    return bytes_of(image.convertToFormat(QImage.Format.Format_RGBA8888))


@contextmanager
def painting(target: Pixels | QPaintDevice) -> Iterator[QPainter]:
    """A painter on an array, an image or a widget, which is ended whatever happens."""
    if isinstance(target, np.ndarray):
        if not target.flags.writeable:
            raise ValueError("this array is frozen; copy it before painting")
        device: QPaintDevice = image_of(target)
    else:
        device = target
    painter = QPainter(device)
    try:
        yield painter
    finally:
        painter.end()


def painted(
    below: Pixels, above: Pixels, blend: Blend = "normal", opacity: float = 1.0, share: Share | None = None
) -> None:
    """As `lay`, bit for bit, but where Qt's painter can do it by the painter, for it is ten times as fast."""
    if blend == "normal" and below.dtype == np.uint8:
        if share is not None:
            above, opacity = dimmed(above, opacity, share), 1.0
        with painting(below) as painter:
            painter.setOpacity(opacity)
            image = image_of(np.ascontiguousarray(above))
            painter.drawImage(0, 0, image)
    else:
        lay(below, above, blend, opacity, share)
