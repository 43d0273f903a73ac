"""Where the document lies on the screen: zoom and offset, kept in device pixels so that 100 % is sharp
everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QTransform

LEAST, MOST = 1 / 32, 64.0  # zoom
MARGIN = 24.0  # points
STOPS = (
    1 / 32,
    1 / 16,
    1 / 8,
    1 / 6,
    1 / 4,
    1 / 3,
    1 / 2,
    2 / 3,
    1.0,
    1.5,
    2.0,
    3.0,
    4.0,
    6.0,
    8.0,
    12.0,
    16.0,
    32.0,
    64.0,
)


@dataclass(frozen=True)
class View:
    zoom: float = 1.0  # device pixels to a canvas pixel
    x: float = 0.0  # device pixels, of the document's left edge
    y: float = 0.0
    ratio: float = 1.0  # device pixels to a point of the widget

    @property
    def transform(self) -> QTransform:
        """Canvas pixels to points of the widget."""
        scale = self.zoom / self.ratio
        return QTransform(scale, 0, 0, scale, self.x / self.ratio, self.y / self.ratio)

    def to_canvas(self, point: QPointF) -> QPointF:
        """A point of the widget to canvas pixels."""
        return QPointF(
            (point.x() * self.ratio - self.x) / self.zoom, (point.y() * self.ratio - self.y) / self.zoom
        )

    def to_widget(self, rect: QRectF) -> QRectF:
        return self.transform.mapRect(rect)

    def panned(self, by: QPointF) -> View:
        """Moved by points of the widget."""
        return replace(self, x=self.x + by.x() * self.ratio, y=self.y + by.y() * self.ratio).snapped()

    def zoomed(self, zoom: float, at: QPointF) -> View:
        """At another zoom, the canvas pixel under the widget's point `at` staying there."""
        zoom = min(max(zoom, LEAST), MOST)
        fixed, x, y = self.to_canvas(at), at.x() * self.ratio, at.y() * self.ratio
        return replace(self, zoom=zoom, x=x - fixed.x() * zoom, y=y - fixed.y() * zoom).snapped()

    def snapped(self) -> View:
        """On whole device pixels, so that 100 % is not blurred."""
        return replace(self, x=float(round(self.x)), y=float(round(self.y)))

    def fitted(self, document: QSizeF, widget: QSizeF, room_below: float = 0.0) -> View:
        """All of the document, at most four times as large as its pixels, with a margin round it.

        `room_below`, in points, is left free at the bottom too.
        """
        free = QSizeF(widget.width(), widget.height() - room_below)
        across = max(free.width() - 2 * MARGIN, 1) * self.ratio / document.width()
        down = max(free.height() - 2 * MARGIN, 1) * self.ratio / document.height()
        zoom = min(max(min(across, down, 4.0), LEAST), MOST)
        return replace(self, zoom=zoom).centred(document, free)

    def centred(self, document: QSizeF, widget: QSizeF) -> View:
        return replace(
            self,
            x=(widget.width() * self.ratio - document.width() * self.zoom) / 2,
            y=(widget.height() * self.ratio - document.height() * self.zoom) / 2,
        ).snapped()


def next_stop(zoom: float, inwards: bool) -> float:
    """The next larger or smaller of the round zooms."""
    if inwards:
        return next((stop for stop in STOPS if stop > zoom * 1.01), MOST)
    return next((stop for stop in reversed(STOPS) if stop < zoom * 0.99), LEAST)
