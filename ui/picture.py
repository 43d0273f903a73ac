"""What the canvas shows of the document: its layers made flat, and over them what the engine makes; beside it
or in its place the original.

The original is what the layers of the kind picture show: what was opened, without strokes and results.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from itertools import islice
from types import MappingProxyType
from typing import Literal, cast

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap, QPolygonF, QRegion

from engine.area import Rect
from ui import theme
from ui.difference import coloured
from ui.document import TILE, Layer, Pixels, Place, places
from ui.fresh import Fresh
from ui.pixels import blank_image, bytes_of, image_of, painting
from ui.projection import Projection
from ui.session import Overlay, Session
from ui.view import View

SURROUND = QColor(30, 30, 30)  # in the dark theme
LIGHT, DARK = QColor(112, 112, 112), QColor(88, 88, 88)  # of the checkerboard
SQUARE = 8  # points
RIM = 1.5  # points to both sides of a tilted edge
SQUARES = 32  # across the tile of the checkerboard
AT_ONCE = 4  # tiles composed ahead between two looks at the clock
COMPARED_AT_ONCE = 6  # tiles, for which a frame can wait
Comparison = Literal["none", "split", "difference"]


class Picture:
    def __init__(self, session: Session) -> None:
        self.comparison: Comparison = "none"
        self.split = 0.5  # share of the widget's width; left of it the original is seen
        self.is_behind = False  # whether more is to be composed than one frame can wait for
        self._session = session
        self._now = Projection.of(session.document)
        self._original: Projection | None = None  # while it is compared with
        self._change: Projection | None = None  # in colours, while it is looked at
        self._fresh: Fresh | None = None  # while there is an overlay that tells what it was made of
        self._overlay: Overlay | None = None  # that was seen last
        self._squares = QPixmap()

    # ---- what changes

    def damage(self, changed: Iterable[Place]) -> None:
        for part in (self._now, self._original, self._fresh, self._change):
            if part is not None:
                part.damage(changed)

    def show_overlay(self) -> None:
        """Another overlay, or whether the original is shown alone."""
        before, self._overlay = self._overlay, self._session.overlay
        if self._overlay is None or self._overlay.of is None:
            self._fresh = None
        if self._change is not None and before is not self._overlay:
            for overlay in (before, self._overlay):
                if overlay is not None:
                    self._change.damage(places(overlay.rect))
        self._tidy()

    def replace(self) -> None:
        """Another document."""
        document = self._session.document
        if self._now.fits(document):
            self._now.damage(places(document.rect))
        else:
            self._now = Projection.of(document)
        self._original = self._change = self._fresh = None

    def compare(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self._tidy()

    def prepare(self, seconds: float) -> bool:
        """Compose ahead what is not seen yet, for so long; whether there is more to do."""
        until = time.monotonic() + seconds
        while self._now.stale and time.monotonic() < until:
            for column, row in list(islice(self._now.stale, AT_ONCE)):
                self._now.compose(self._session.visible_layers(), _tile(column, row), self._session.active)
        return bool(self._now.stale)

    # ---- painting

    def paint(self, painter: QPainter, view: View, region: QRegion, size: QRect) -> None:
        """All of it, and round it the surround; leaves the painter in canvas pixels, clipped to the picture
        and the region.
        """
        self.is_behind = False
        document = QRectF(0, 0, self._session.shown.width, self._session.shown.height)
        painter.setClipRegion(region)
        for rect in cast("Iterable[QRect]", region):  # the stub does not know
            painter.fillRect(rect, QColor(theme.GROUND) if theme.is_light() else SURROUND)
            seen = view.seen(QRectF(rect)).intersected(document)
            if not seen.isEmpty():
                self._compose(outwards(seen))
        on_screen = view.to_widget(document)
        if view.is_upright:
            painter.setClipRect(on_screen, Qt.ClipOperation.IntersectClip)
        else:
            painter.setTransform(view.transform)
            whole = _around(document, view, RIM) if view.has_smooth_edges else document
            painter.setClipRect(whole, Qt.ClipOperation.IntersectClip)
            painter.resetTransform()
        seen = view.seen(QRectF(region.boundingRect())).intersected(document)
        if self._session.comparing:
            self._paint_on_squares(painter, view, document, self._paint_original, outwards(seen))
            return
        now = self._paint_change if self.comparison == "difference" else self._paint_now
        self._paint_on_squares(painter, view, document, now, outwards(seen))
        if self.comparison == "split":
            painter.save()
            painter.resetTransform()
            left = QRectF(0, 0, self.split * size.width(), size.height())
            painter.setClipRect(left, Qt.ClipOperation.IntersectClip)
            self._paint_on_squares(painter, view, document, self._paint_original, outwards(seen))
            painter.restore()

    def paint_small(self, painter: QPainter, zoom: float) -> None:
        """As much as is composed, in canvas pixels, for the navigator."""
        self._now.draw(painter, zoom, True)
        if not self._session.comparing:
            self._paint_overlay(painter, zoom, True)

    def _paint_on_squares(
        self,
        painter: QPainter,
        view: View,
        document: QRectF,
        paint: Callable[[QPainter, float, bool, Rect], None],
        seen: Rect,
    ) -> None:
        painter.resetTransform()
        squares = self._checkerboard(view.ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, view.has_smooth_edges)
        if not view.has_smooth_edges:
            painter.drawTiledPixmap(view.to_widget(document).toAlignedRect(), squares)
        else:  # not below the pixels that an edge crosses, where the picture is blended with the surround
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(squares)
            painter.drawPolygon(view.transform.map(QPolygonF(_around(document, view, -RIM))))
        painter.setTransform(view.transform)
        paint(painter, view.zoom, view.blends, seen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_now(self, painter: QPainter, zoom: float, blends: bool, seen: Rect) -> None:
        self._now.draw(painter, zoom, blends)
        self._paint_overlay(painter, zoom, blends)
        overlay, shown = self._session.overlay, self._session.shown
        if overlay is not None and overlay.of is not None:
            if self._fresh is None:
                self._fresh = Fresh(overlay.of, shown)
            elif self._fresh.since is not overlay.of:
                self._fresh.begin(overlay.of, shown)
            self._fresh.draw(painter, zoom, blends, shown, seen)

    def _paint_overlay(self, painter: QPainter, zoom: float, blends: bool) -> None:
        overlay = self._session.overlay
        if overlay is None:
            return
        width, sizes = overlay.pixels.shape[1], (overlay.pixels, *overlay.halvings)
        level = max(0, math.floor(-math.log2(overlay.rect.width * zoom / max(width, 1))))
        is_coarse = width < overlay.rect.width
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_coarse or blends)
        painter.drawImage(QRectF(*overlay.rect), image_of(sizes[min(level, len(sizes) - 1)]))

    def _paint_original(self, painter: QPainter, zoom: float, blends: bool, seen: Rect) -> None:
        if self._original is not None:
            self._original.draw(painter, zoom, blends)

    def _paint_change(self, painter: QPainter, zoom: float, blends: bool, seen: Rect) -> None:
        if self._change is not None:
            self._change.draw(painter, zoom, blends)

    def _compose(self, seen: Rect) -> None:
        """Bring up to date what is seen there."""
        self.is_behind |= not self._now.compose(self._session.visible_layers(), seen, self._session.active)
        if not self._session.comparing and self.comparison == "none":
            return
        if self._original is None:
            self._original = Projection.of(self._session.document)
        self.is_behind |= not self._original.compose(self._session.original_layers(), seen)
        if self.comparison == "difference":
            self._compare(seen, self._now.stale | self._original.stale)

    def _compare(self, seen: Rect, stale: set[Place]) -> None:
        """Bring the difference up to date where its two sides are, a few tiles at a time."""
        if self._change is None:
            self._change = Projection(*self._now.rect[2:])
        due = self._change.stale.intersection(places(seen))
        self.is_behind |= len(due) > COMPARED_AT_ONCE
        for place in islice(due - stale, COMPARED_AT_ONCE):
            tile = _tile(*place)
            sides = (self._pixels(tile, paint) for paint in (self._paint_original, self._paint_now))
            layer = Layer("Difference", "strokes", MappingProxyType({place: coloured(*sides)}))
            self._change.compose([layer], tile)

    def _pixels(self, tile: Rect, paint: Callable[[QPainter, float, bool, Rect], None]) -> Pixels:
        """A tile as it is seen at 100 %."""
        image = blank_image(TILE, TILE)
        with painting(image) as painter:
            painter.translate(QPointF(-tile.x, -tile.y))
            paint(painter, 1.0, False, tile)
        return bytes_of(image)

    def _tidy(self) -> None:
        """Let go of what is not compared with any more."""
        if self.comparison != "difference":
            self._change = None
        if self.comparison == "none" and not self._session.comparing:
            self._original = None

    def _checkerboard(self, ratio: float) -> QPixmap:
        """Squares of two greys, for what is transparent; many, for it is the tiling that takes time."""
        if self._squares.isNull() or self._squares.devicePixelRatio() != ratio:
            side = round(SQUARE * ratio)
            self._squares = QPixmap(SQUARES * side, SQUARES * side)
            self._squares.fill(LIGHT)
            with painting(self._squares) as painter:
                for column in range(SQUARES):
                    for row in range(column % 2, SQUARES, 2):
                        painter.fillRect(column * side, row * side, side, side, DARK)
            self._squares.setDevicePixelRatio(ratio)
        return self._squares


def _around(document: QRectF, view: View, points: float) -> QRectF:
    """Larger by so many points of the widget, in canvas pixels."""
    more = points * view.ratio / view.zoom
    return document.adjusted(-more, -more, more, more)


def outwards(rect: QRectF) -> Rect:
    """The whole pixels that a rectangle meets."""
    whole = rect.toAlignedRect()
    return Rect(max(whole.x(), 0), max(whole.y(), 0), whole.width() + 1, whole.height() + 1)


def _tile(column: int, row: int) -> Rect:
    return Rect(column * TILE, row * TILE, TILE, TILE)
