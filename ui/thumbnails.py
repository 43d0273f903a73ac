"""Small pictures of layers and results."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

from ui.document import TILE, Document, Layer
from ui.pixels import image_of_rgb, painting
from ui.spaces import screen_image


def thumbnail(rgb: NDArray[np.uint8], room: QSize, ratio: float) -> QPixmap:
    """A picture (h, w, 3) that fits so many widget points."""
    image = image_of_rgb(rgb).scaled(
        room * ratio, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    small = QPixmap.fromImage(image)
    small.setDevicePixelRatio(ratio)
    return small


def layer_thumbnail(document: Document, layer: Layer, side: int, ratio: float) -> QPixmap:
    """What a layer holds, on grey, in the shape of the document."""
    scale = side * ratio / max(document.width, document.height)
    small = QPixmap(max(1, round(document.width * scale)), max(1, round(document.height * scale)))
    small.fill(QColor("#4a4a4a"))
    with painting(small) as painter:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.scale(scale, scale)
        for (column, row), tile in layer.tiles.items():
            image = screen_image(tile, document.profile)
            painter.drawImage(QRectF(column * TILE, row * TILE, TILE, TILE), image)
    small.setDevicePixelRatio(ratio)
    return small
