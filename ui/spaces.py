"""What colours mean: between a document's own depth and profile, and the eight bits of sRGB that the screen,
the engine and the clipboard speak.

A document of eight bits without a profile is in sRGB already, and nothing is converted.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QColorSpace, QColorTransform, QImage

from engine.area import Rect
from ui.document import Document, Kind, Layer, Rgba, composite, eight_bits, layer_from, sixteen_bits, straight
from ui.pixels import FORMAT, bytes_of, image_of, painted

Rgba8 = NDArray[np.uint8]  # (h, w, 4), straight alpha, sRGB
Format = QImage.Format


def as_seen(document: Document, rect: Rect, shown: Callable[[Layer], bool] = lambda layer: True) -> Rgba8:
    """As `read`, but in eight bits of sRGB: what the screen shows and the engine gets."""
    return straight(on_screen(composite(document, rect, shown, painted), document.profile))


def on_screen(pixels: NDArray[np.uint8 | np.uint16], profile: bytes | None) -> NDArray[np.uint8]:
    """Premultiplied pixels as the screen wants them: BGRA of eight bits, sRGB."""
    transform = _transform(profile, True)
    if transform is None and pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    return bytes_of(screen_image(pixels, profile))


def screen_image(pixels: NDArray[np.uint8 | np.uint16], profile: bytes | None) -> QImage:
    """The same as an image; it may share the memory of the pixels."""
    image, transform = image_of(np.ascontiguousarray(pixels)), _transform(profile, True)
    if transform is not None:
        return image.colorTransformed(transform, FORMAT)
    return image if image.format() == FORMAT else image.convertToFormat(FORMAT)


def own(document: Document, rgba: Rgba) -> Rgba:
    """A picture in sRGB as the document has its colours: in its depth and its space."""
    transform = _transform(document.profile, False)
    if transform is not None:
        height, width = rgba.shape[:2]
        wide = np.ascontiguousarray(sixteen_bits(rgba))
        image = QImage(wide.data, width, height, wide.strides[0], Format.Format_RGBA64)
        rgba = bytes_of(image.colorTransformed(transform, Format.Format_RGBA64))
    return sixteen_bits(rgba) if document.depth == 16 else eight_bits(rgba)


def own_colour(document: Document, colour: QColor) -> QColor:
    """A colour of the screen as the document has it."""
    transform = _transform(document.profile, False)
    return colour if transform is None else transform.map(colour)


def own_layer(document: Document, rgba: Rgba, name: str, kind: Kind, x: int = 0, y: int = 0) -> Layer:
    """As `layer_from`, of a picture in sRGB: the one place where what the engine made becomes a layer."""
    return layer_from(own(document, rgba), name, kind, x, y)


@lru_cache(maxsize=16)
def _transform(profile: bytes | None, to_screen: bool) -> QColorTransform | None:
    """Between a profile and sRGB; None if they are the same, or if Qt cannot use the profile."""
    if profile is None:
        return None
    space, screen = QColorSpace.fromIccProfile(profile), QColorSpace(QColorSpace.NamedColorSpace.SRgb)
    if not space.isValid() or space == screen or space.colorModel() != QColorSpace.ColorModel.Rgb:
        return None
    if to_screen:
        return space.transformationToColorSpace(screen)
    return screen.transformationToColorSpace(space) if space.isValidTarget() else None
