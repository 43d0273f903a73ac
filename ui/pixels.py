"""Every QImage of the editor is made here: arrays as images without a copy, and painters that respect
read-only ones.

A QImage shares the array's memory and keeps it alive, but ignores its read-only flag: so only `painting`
begins a painter on an array, and it refuses those that are frozen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPaintDevice, QPainter

from ui.document import Pixels, Rgba

FORMAT = QImage.Format.Format_ARGB32_Premultiplied


def image_of(pixels: Pixels) -> QImage:
    """(h, w, 4) premultiplied BGRA as an image that shares its memory; only to be read."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, pixels.strides[0], FORMAT)


def blank_image(width: int, height: int) -> QImage:
    """A transparent image of its own memory."""
    image = QImage(width, height, FORMAT)
    image.fill(0)
    return image


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
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    height, width = image.height(), image.width()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
    return rows[:, : width * 4].reshape(height, width, 4).copy()


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
