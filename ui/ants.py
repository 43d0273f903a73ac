"""The edge of the selection, as a line of marching ants over the picture.

The line is found on the screen, pixel by pixel, so that it costs the same whatever is selected.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRect, QRectF, QSize, QTimer, Slot
from PySide6.QtGui import QPainter, QRegion
from PySide6.QtWidgets import QWidget

from ui.document import Selection
from ui.pixels import image_of, image_of_grey, painting
from ui.session import Session
from ui.view import View

DASH = 4  # device pixels of white, and of black
PACE = 120  # milliseconds to a step of one device pixel
BLOCK = 64  # device pixels: what is painted anew at a step is rounded up to them
WHITE, BLACK = np.uint32(0xFFFFFFFF), np.uint32(0xFF000000)


class Ants(QObject):
    """What the canvas shows of the selection. `march` makes them walk."""

    def __init__(self, canvas: QWidget, session: Session) -> None:
        super().__init__(canvas)
        self._canvas, self._session = canvas, session
        self._line: _Line | None = None
        self._step = 0
        self._clock = QTimer(self)
        self._clock.setInterval(PACE)
        self._clock.timeout.connect(self._walk)
        self._marches = True
        self._shown: Selection | None = None
        session.pulled.connect(self._look)
        session.committed.connect(self._look)
        self._look()

    def march(self, on: bool) -> None:
        """Let the line move, or stand still for those whom motion disturbs."""
        self._marches = on
        self._look()

    def paint_picture(self, painter: QPainter, session: Session) -> None:
        """The line is no part of the picture."""

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        selection = session.shown.selection
        if selection is None or session.comparing:
            return
        size = self._canvas.size() * view.ratio
        if self._line is None or not self._line.is_of(selection, view, size):
            self._line = _Line(selection, view, size)
        self._line.paint(painter, self._step)

    @Slot()
    def _look(self) -> None:
        """Another selection may be shown now."""
        selection = self._session.shown.selection
        if selection is not self._shown:
            self._shown, self._line = selection, None
            self._canvas.update()
        if (selection is not None and self._marches) is not self._clock.isActive():
            (self._clock.stop if self._clock.isActive() else self._clock.start)()

    @Slot()
    def _walk(self) -> None:
        self._step = (self._step + 1) % (2 * DASH)
        if self._line is not None:
            self._canvas.update(self._line.region)


class _Line:
    """The pixels of the screen that lie on the edge of a selection."""

    def __init__(self, selection: Selection, view: View, size: QSize) -> None:
        self._selection, self._view, self._size = selection, view, size
        shape = view.transform.mapRect(QRectF(*selection.at))
        on_screen = QRectF(shape.topLeft() * view.ratio, shape.size() * view.ratio).toAlignedRect()
        widget = QRect(-1, -1, size.width() + 2, size.height() + 2)  # its border is no edge of the selection
        box = on_screen.adjusted(-1, -1, 1, 1).intersected(widget)
        self._corner = box.topLeft()
        held = _held(selection, view, box)
        self._rows, self._columns = np.nonzero(held & ~_inner(held))
        self._along = self._rows + self._columns + box.x() + box.y()
        self._pixels = np.zeros((box.height(), box.width(), 4), np.uint8)
        self.region = self._blocks()

    def is_of(self, selection: Selection, view: View, size: QSize) -> bool:
        return (self._selection, self._view, self._size) == (selection, view, size)

    def paint(self, painter: QPainter, step: int) -> None:
        if not len(self._along):
            return
        dark = (self._along + 2 * DASH - step) // DASH % 2 == 1
        self._pixels.view(np.uint32)[self._rows, self._columns, 0] = np.where(dark, BLACK, WHITE)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        image = image_of(self._pixels)
        image.setDevicePixelRatio(self._view.ratio)
        painter.drawImage(self._corner.toPointF() / self._view.ratio, image)

    def _blocks(self) -> QRegion:
        """The blocks of the widget in which there is a part of the line, in points."""
        region, ratio = QRegion(), self._view.ratio
        for row, column in np.unique(np.stack([self._rows, self._columns], 1) // BLOCK, axis=0).tolist():
            block = QRectF(column * BLOCK, row * BLOCK, BLOCK, BLOCK).translated(self._corner.toPointF())
            region += QRectF(block.topLeft() / ratio, block.size() / ratio).toAlignedRect()
        return region


def _held(selection: Selection, view: View, box: QRect) -> NDArray[np.bool_]:
    """Which device pixels of a box show something that is selected by half or more."""
    grey = np.zeros((box.height(), -(-box.width() // 4) * 4), np.uint8)
    with painting(image_of_grey(grey)) as painter:
        painter.translate(-box.topLeft())
        painter.scale(view.ratio, view.ratio)
        painter.setTransform(view.transform, combine=True)
        if selection.mask.strides == (0, 0):  # all of a rectangle
            painter.fillRect(QRectF(*selection.at), "white")
        else:
            painter.drawImage(selection.at.x, selection.at.y, image_of_grey(selection.mask))
    seen = grey[:, : box.width()]
    return seen > 127 if (seen > 127).any() else seen > 0


def _inner(held: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Those whose four neighbours are held too."""
    inner = np.zeros_like(held)
    inner[1:-1, 1:-1] = held[:-2, 1:-1] & held[2:, 1:-1] & held[1:-1, :-2] & held[1:-1, 2:]
    return inner
