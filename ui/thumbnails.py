"""Small pictures of layers and results."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap

from ui.pixels import image_of_rgb


def thumbnail(rgb: NDArray[np.uint8], room: QSize, ratio: float) -> QPixmap:
    """A picture (h, w, 3) that fits so many widget points."""
    image = image_of_rgb(rgb).scaled(
        room * ratio, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    small = QPixmap.fromImage(image)
    small.setDevicePixelRatio(ratio)
    return small
