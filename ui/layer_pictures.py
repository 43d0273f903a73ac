"""Small pictures of layers and of their masks, kept, and painted anew only where a layer has changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap

from ui.document import TILE, Document, Layer, Place, places
from ui.pixels import FORMAT, image_of_grey, painting
from ui.spaces import screen_image

LIGHT, DARK = QColor(150, 150, 150), QColor(118, 118, 118)  # of the squares below what is transparent
SQUARE = 4  # points
Tiles = Mapping[Place, NDArray[Any]]


@dataclass
class _Mosaic:
    """A picture of so many pixels for a tile."""

    image: QImage
    cell: int
    tiles: Tiles


class LayerPictures:
    def __init__(self, side: int) -> None:
        self.side = side  # points
        self._mosaics: dict[tuple[int, bool], _Mosaic] = {}  # by uid, and whether it is of the mask

    def keep(self, document: Document) -> None:
        """Forget the layers that are not there any more."""
        uids = {layer.uid for layer in document.walk()}
        self._mosaics = {key: value for key, value in self._mosaics.items() if key[0] in uids}

    def of_layer(self, document: Document, layer: Layer, ratio: float) -> QPixmap:
        """What a layer holds, in the shape of the document."""
        mosaic = self._mosaic(
            (layer.uid, False),
            document,
            layer.tiles,
            ratio,
            lambda tile: screen_image(tile, document.profile),
        )
        return self._scaled(document, mosaic, ratio)

    def of_mask(self, document: Document, layer: Layer, ratio: float) -> QPixmap:
        """The mask of a layer, white where it hides nothing."""
        mosaic = self._mosaic((layer.uid, True), document, layer.mask or {}, ratio, image_of_grey)
        return self._scaled(document, mosaic, ratio)

    def _mosaic(
        self,
        key: tuple[int, bool],
        document: Document,
        tiles: Tiles,
        ratio: float,
        image_of: Callable[[NDArray[Any]], QImage],
    ) -> _Mosaic:
        longest = max(document.width, document.height)
        cell = min(max(1, math.ceil(self.side * ratio * TILE / longest)), TILE)
        columns, rows = -(-document.width // TILE), -(-document.height // TILE)
        mosaic = self._mosaics.get(key)
        if mosaic is None or (mosaic.image.width(), mosaic.image.height()) != (columns * cell, rows * cell):
            image = QImage(columns * cell, rows * cell, FORMAT)
            image.fill(Qt.GlobalColor.white if key[1] else Qt.GlobalColor.transparent)
            mosaic = self._mosaics[key] = _Mosaic(image, cell, {})
        if mosaic.tiles is not tiles:
            before, mosaic.tiles = mosaic.tiles, tiles
            with painting(mosaic.image) as painter:
                painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
                step = max(TILE // (8 * cell), 1)  # some pixels tell enough of many
                for place in places(document.rect):
                    tile = tiles.get(place)
                    if tile is not before.get(place):
                        x, y = place[0] * cell, place[1] * cell
                        if tile is None:
                            empty = Qt.GlobalColor.white if key[1] else Qt.GlobalColor.transparent
                            painter.fillRect(x, y, cell, cell, empty)
                        else:
                            small = image_of(tile[::step, ::step]).scaled(
                                cell, cell, mode=Qt.TransformationMode.SmoothTransformation
                            )
                            painter.drawImage(x, y, small)
        return mosaic

    def _scaled(self, document: Document, mosaic: _Mosaic, ratio: float) -> QPixmap:
        scale = self.side * ratio / max(document.width, document.height)
        picture = QPixmap(max(1, round(document.width * scale)), max(1, round(document.height * scale)))
        with painting(picture) as painter:
            painter.drawTiledPixmap(picture.rect(), _squares(round(SQUARE * ratio)))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            whole = QRectF(0, 0, mosaic.image.width(), mosaic.image.height())
            factor = TILE * scale / mosaic.cell
            painter.drawImage(
                QRectF(0, 0, whole.width() * factor, whole.height() * factor), mosaic.image, whole
            )
        picture.setDevicePixelRatio(ratio)
        return picture


def _squares(side: int) -> QPixmap:
    board = QPixmap(2 * side, 2 * side)
    board.fill(LIGHT)
    with painting(board) as painter:
        painter.fillRect(side, 0, side, side, DARK)
        painter.fillRect(0, side, side, side, DARK)
    return board
