"""Where the document lies on the screen: zoom, offset, turn and mirror. Lengths are kept in device pixels, so
that 100 % is sharp everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QPolygonF, QTransform

LEAST, MOST = 1 / 32, 64.0  # zoom
MARGIN = 24.0  # points
KEPT = 64.0  # points of the document that panning leaves on the screen
PLAIN_FROM = 4.0  # zoom at which the pixels of a tilted picture are seen as such
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
    x: float = 0.0  # device pixels, where the document's first corner is
    y: float = 0.0
    ratio: float = 1.0  # device pixels to a point of the widget
    angle: float = 0.0  # degrees, clockwise as it is seen, from 0 to 360
    mirrored: bool = False  # left and right, before it is turned

    @property
    def transform(self) -> QTransform:
        """Canvas pixels to points of the widget."""
        scale = self.zoom / self.ratio
        cos, sin, side = self._axes
        return QTransform(
            scale * cos * side,
            scale * sin * side,
            scale * -sin,
            scale * cos,
            self.x / self.ratio,
            self.y / self.ratio,
        )

    @property
    def is_upright(self) -> bool:
        """Whether the document's edges lie along the screen's."""
        return self.angle % 90 == 0

    @property
    def is_plain(self) -> bool:
        """Whether the document is neither turned nor mirrored."""
        return self.angle == 0 and not self.mirrored

    @property
    def blends(self) -> bool:
        """Whether what is drawn is smooth, not pixel by pixel."""
        return self.zoom < (1.0 if self.is_upright else PLAIN_FROM)

    @property
    def has_smooth_edges(self) -> bool:
        """Whether the document's edges cross pixels of the screen, and are blended there."""
        return self.blends and not self.is_upright

    def to_canvas(self, point: QPointF) -> QPointF:
        """A point of the widget to canvas pixels."""
        cos, sin, side = self._axes
        x, y = point.x() * self.ratio - self.x, point.y() * self.ratio - self.y
        return QPointF(side * (cos * x + sin * y) / self.zoom, (cos * y - sin * x) / self.zoom)

    def to_widget(self, rect: QRectF) -> QRectF:
        """The points of the widget round a rectangle of canvas pixels."""
        return self.transform.mapRect(rect)

    def seen(self, rect: QRectF) -> QRectF:
        """The canvas pixels round a rectangle of the widget."""
        return self.transform.inverted()[0].mapRect(rect)

    def panned(self, by: QPointF) -> View:
        """Moved by points of the widget."""
        return replace(self, x=self.x + by.x() * self.ratio, y=self.y + by.y() * self.ratio).snapped()

    def zoomed(self, zoom: float, at: QPointF) -> View:
        """At another zoom, the canvas pixel under the widget's point `at` staying there."""
        zoom = min(max(zoom, LEAST), MOST)
        return replace(self, zoom=zoom).with_pixel(self.to_canvas(at), at)

    def turned(self, angle: float, at: QPointF) -> View:
        """At another angle, round the widget's point `at`."""
        return replace(self, angle=round(angle, 3) % 360).with_pixel(self.to_canvas(at), at)

    def flipped(self, at: QPointF) -> View:
        """Left and right exchanged as on the screen, round the widget's point `at`."""
        flipped = replace(self, angle=-self.angle % 360, mirrored=not self.mirrored)
        return flipped.with_pixel(self.to_canvas(at), at)

    def with_pixel(self, pixel: QPointF, at: QPointF) -> View:
        """Moved so that a canvas pixel lies at a point of the widget."""
        there = self.transform.map(pixel)
        return self.panned(at - there)

    def snapped(self) -> View:
        """On whole device pixels, so that 100 % is not blurred."""
        return replace(self, x=float(round(self.x)), y=float(round(self.y)))

    def fitted(
        self, document: QSizeF, widget: QSizeF, room_below: float = 0.0, most: float = 4.0, tall: bool = True
    ) -> View:
        """All of the document, at most four times as large as its pixels, with a margin round it.

        `room_below`, in points, is left free at the bottom too; unless `tall`, the height does not count.
        """
        free = QSizeF(widget.width(), widget.height() - room_below)
        round_it = replace(self, zoom=1.0, ratio=1.0).to_widget(QRectF(QPointF(), document))
        across = max(free.width() - 2 * MARGIN, 1) * self.ratio / round_it.width()
        down = max(free.height() - 2 * MARGIN, 1) * self.ratio / round_it.height()
        zoom = min(max(min(across, down if tall else across, most), LEAST), MOST)
        return replace(self, zoom=zoom).centred(document, free)

    def showing(self, rect: QRectF, widget: QSizeF, room_below: float = 0.0) -> View:
        """A part of the document as large as it fits."""
        fitted = self.fitted(rect.size(), widget, room_below, most=MOST)
        free = QPointF(widget.width() / 2, (widget.height() - room_below) / 2)
        return fitted.with_pixel(rect.center(), free)

    def centred(self, document: QSizeF, widget: QSizeF) -> View:
        if self.is_plain:
            return replace(
                self,
                x=(widget.width() * self.ratio - document.width() * self.zoom) / 2,
                y=(widget.height() * self.ratio - document.height() * self.zoom) / 2,
            ).snapped()
        middle = QPointF(document.width() / 2, document.height() / 2)
        return self.with_pixel(middle, QPointF(widget.width() / 2, widget.height() / 2))

    def held(self, document: QSizeF, widget: QSizeF) -> View:
        """Moved just as far as it takes to leave some of the document on the screen."""
        free = QRectF(QPointF(), widget)
        across, down = min(KEPT, free.width() / 2 - 1), min(KEPT, free.height() / 2 - 1)
        free.adjust(across, down, -across, -down)
        outline = self.transform.map(QPolygonF(QRectF(QPointF(), document)))
        if outline.intersects(QPolygonF(free)):
            return self
        middle = self.to_canvas(free.center())
        x, y = min(max(middle.x(), 0.0), document.width()), min(max(middle.y(), 0.0), document.height())
        nearest = self.transform.map(QPointF(x, y))
        free.adjust(1, 1, -1, -1)
        x, y = (
            min(max(nearest.x(), free.left()), free.right()),
            min(max(nearest.y(), free.top()), free.bottom()),
        )
        return self.panned(QPointF(x, y) - nearest)

    @property
    def _axes(self) -> tuple[float, float, float]:
        """Cosine and sine of the angle, exact where the document is upright, and -1 if it is mirrored."""
        side = -1.0 if self.mirrored else 1.0
        if self.is_upright:
            return (*((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[round(self.angle / 90) % 4], side)
        turn = math.radians(self.angle)
        return math.cos(turn), math.sin(turn), side


def next_stop(zoom: float, inwards: bool) -> float:
    """The next larger or smaller of the round zooms."""
    if inwards:
        return next((stop for stop in STOPS if stop > zoom * 1.01), MOST)
    return next((stop for stop in reversed(STOPS) if stop < zoom * 0.99), LEAST)
