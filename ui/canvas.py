"""The canvas: shows the document and hands pointer events to the tool, as one generator for each gesture."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import cast

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPointingDevice,
    QRegion,
    QResizeEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from engine.area import Rect
from ui.document import TILE, Place, places
from ui.fresh import Fresh
from ui.pixels import image_of, painting
from ui.projection import Projection
from ui.session import Session
from ui.tools import Brush, Gesture, Marked, Marks, Pan, Pick, Pointer, Tool
from ui.view import View, next_stop

SURROUND = QColor(30, 30, 30)
LIGHT, DARK = QColor(112, 112, 112), QColor(88, 88, 88)  # of the checkerboard
SQUARE = 8  # points
SQUARES = 32  # across the tile of the checkerboard
PIXEL_GRID_FROM = 12.0  # zoom
BAR = 40.0  # points at the bottom that a fitted picture leaves to the bar that floats there


class Canvas(QWidget):
    zoom_changed = Signal(float)
    hovered = Signal(object)  # QPointF in canvas pixels, or None

    def __init__(self, session: Session, tool: Tool | None = None) -> None:
        super().__init__()
        self.session = session
        self.tool: Tool = tool or Brush()
        self.view = View(ratio=self.devicePixelRatioF())
        self._projection = Projection(session.document.width, session.document.height)
        self._marks: list[Marks] = []  # of the window's other parts, the lowest first
        self._fresh: Fresh | None = None  # while there is an overlay that tells what it was made of
        self._gesture: Gesture | None = None
        self._pointer = Pointer(0, 0)  # what the gesture was told last
        self._pan_from: QPointF | None = None
        self._keys: set[int] = set()  # of Space and Ctrl, those that are held
        self._pen_down = False
        self._hover: QPointF | None = None  # in points of the widget
        self._fitted = True  # until the user zooms, the document stays fitted to the widget
        self._squares = _checkerboard(self.devicePixelRatioF())
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self.setAccessibleName("Canvas")
        self.setAccessibleDescription("The picture. Paint on it with the tool chosen in the tool bar.")
        session.damaged.connect(self._damage)
        session.overlaid.connect(self._show_overlay)
        session.pulled.connect(self._show_marks)
        session.replaced.connect(self._replace)
        self._update_cursor()

    # ---- what the window asks for

    def set_tool(self, tool: Tool) -> None:
        self.cancel_gesture()
        self.tool = tool
        self._update_cursor()
        self.update()

    def add_marks(self, marks: Marks) -> None:
        """Let them lie over the picture whichever tool is chosen. Call `update` when they change."""
        self._marks.append(marks)
        self.update()

    def cancel_gesture(self) -> bool:
        """Escape: end the stroke that is under way without a trace; whether there was one."""
        if self._gesture is None:
            return False
        gesture, self._gesture = self._gesture, None
        gesture.close()
        return True

    def zoom_in(self) -> None:
        self._zoom(next_stop(self.view.zoom, True), self._middle())

    def zoom_out(self) -> None:
        self._zoom(next_stop(self.view.zoom, False), self._middle())

    def actual_size(self) -> None:
        self._zoom(1.0, self._middle())

    def fit(self) -> None:
        self._fitted = True
        self._set_view(self.view.fitted(self._document_size(), QSizeF(self.size()), BAR))

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        transform = self.view.transform
        document = QRectF(0, 0, self.session.shown.width, self.session.shown.height)
        on_screen = transform.mapRect(document)
        with painting(self) as painter:
            painter.setClipRegion(event.region())
            for rect in cast("Iterable[QRect]", event.region()):  # the stub does not know
                painter.fillRect(rect, SURROUND)
                visible = transform.inverted()[0].mapRect(QRectF(rect)).intersected(document)
                if not visible.isEmpty():
                    self._projection.compose(self.session.visible_layers(), _outwards(visible))
            painter.setClipRect(on_screen, Qt.ClipOperation.IntersectClip)
            painter.drawTiledPixmap(on_screen.toAlignedRect(), self._squares)
            painter.setTransform(transform)
            self._projection.draw(painter, self.view.zoom)
            seen = transform.inverted()[0].mapRect(QRectF(event.region().boundingRect()))
            self._paint_overlay(painter, _outwards(seen.intersected(document)))
            for marks in self._all_marks():
                painter.save()
                marks.paint_picture(painter, self.session)
                painter.restore()
            painter.resetTransform()
            if self.view.zoom >= PIXEL_GRID_FROM:
                self._paint_grid(painter, event.region().boundingRect())
            painter.setClipping(False)
            for marks in self._all_marks():
                painter.save()
                marks.paint(painter, self.session, self.view)
                painter.restore()
            self._paint_outline(painter)

    def _all_marks(self) -> Iterator[Marks]:
        """Those of the tool lie over the others."""
        yield from self._marks
        if isinstance(self.tool, Marked):
            yield self.tool

    def _paint_overlay(self, painter: QPainter, visible: Rect) -> None:
        overlay, shown = self.session.overlay, self.session.shown
        if overlay is None or self.session.comparing:
            return
        rect = QRectF(*overlay.rect)
        image = image_of(overlay.pixels)
        is_coarse = image.width() < overlay.rect.width
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_coarse or self.view.zoom < 1)
        painter.drawImage(rect, image)
        if overlay.of is not None:
            if self._fresh is None:
                self._fresh = Fresh(overlay.of, shown)
            elif self._fresh.since is not overlay.of:
                self._fresh.begin(overlay.of, shown)
            self._fresh.draw(painter, self.view.zoom, shown, visible)

    def _paint_grid(self, painter: QPainter, region: QRect) -> None:
        """Lines between the pixels, where they are large."""
        painter.setPen(QPen(QColor(128, 128, 128, 70), 0))
        step = self.view.zoom / self.view.ratio
        corner = self.view.transform.map(QPointF(0, 0))
        area = QRectF(region).adjusted(-1, -1, 1, 1)  # a line just outside may reach in
        for i in range(
            math.ceil((area.left() - corner.x()) / step), math.ceil((area.right() - corner.x()) / step)
        ):
            x = corner.x() + i * step
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        for i in range(
            math.ceil((area.top() - corner.y()) / step), math.ceil((area.bottom() - corner.y()) / step)
        ):
            y = corner.y() + i * step
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))

    def _paint_outline(self, painter: QPainter) -> None:
        """The circle that the tool will touch, to be seen on light and on dark."""
        circle = self._outline()
        if circle is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 150), 2.5))
        painter.drawEllipse(circle)
        painter.setPen(QPen(QColor(255, 255, 255, 220), 1.1))
        painter.drawEllipse(circle)

    def _outline(self) -> QRectF | None:
        """That circle in points of the widget; never too small to be found."""
        size = self.tool.outline
        if self._hover is None or size is None or self._keys or self._pan_from is not None:
            return None
        radius = max(size / 2 * self.view.zoom / self.view.ratio, 2.5)
        return QRectF(self._hover.x() - radius, self._hover.y() - radius, 2 * radius, 2 * radius)

    # ---- events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._pen_down or event.buttons() != event.button():  # the button that was first goes on
            return
        if event.button() == Qt.MouseButton.MiddleButton:
            self._start_pan(event.position())
        elif event.button() == Qt.MouseButton.LeftButton:
            self._press(self._told(event), event.modifiers())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pen_down:
            return
        self._move_hover(event.position())
        if event.buttons():
            self._drag(self._told(event), event.position())
        else:
            self._let_go()
        self._update_cursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pen_down:
            return
        if event.button() == Qt.MouseButton.LeftButton:
            self._send(self._told(event)._replace(down=False))
        if not event.buttons():
            self._let_go()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Pens; mouse events that some platforms send beside them are ignored while one is down."""
        event.accept()
        eraser = event.pointerType() == QPointingDevice.PointerType.Eraser
        pointer = self._told(event)._replace(
            pressure=event.pressure(), eraser=eraser, tilt_x=event.xTilt(), tilt_y=event.yTilt()
        )
        self._move_hover(event.position())
        if event.type() == QEvent.Type.TabletPress and event.button() == Qt.MouseButton.LeftButton:
            self._pen_down = True
            self._press(pointer, event.modifiers())
        elif not self._pen_down:
            return
        elif event.type() == QEvent.Type.TabletRelease and event.button() == Qt.MouseButton.LeftButton:
            self._pen_down = False
            self._send(pointer._replace(down=False))
            self._let_go()
        elif event.buttons() & Qt.MouseButton.LeftButton:
            self._drag(pointer, event.position())
        else:
            self._pen_down = False
            self._let_go()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A wheel zooms to the pointer; two fingers on a touch pad pan, and zoom with Ctrl."""
        turned = event.angleDelta().y() / 120  # notches
        fingers = event.phase() != Qt.ScrollPhase.NoScrollPhase and not event.pixelDelta().isNull()
        if fingers and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._pan(QPointF(event.pixelDelta()))
        elif turned:
            self._zoom(self.view.zoom * 1.2**turned, event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QNativeGestureEvent)
            and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
        ):
            self._zoom(self.view.zoom * (1 + event.value()), event.position())
            return True
        if event.type() in (QEvent.Type.DevicePixelRatioChange, QEvent.Type.Show):
            self._rescale()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Control):
            self._hold(self._keys | {event.key()})
        elif not (isinstance(self.tool, Marked) and self.tool.key(self.session, event)):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() not in (Qt.Key.Key_Space, Qt.Key.Key_Control):
            super().keyReleaseEvent(event)
        elif not event.isAutoRepeat():
            self._hold(self._keys - {event.key()})

    def enterEvent(self, event: QEnterEvent) -> None:
        self._move_hover(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._move_hover(None)

    def focusOutEvent(self, event: object) -> None:
        """Releases may go elsewhere now."""
        self._hold(set())
        self._pen_down = False
        self._let_go()

    def resizeEvent(self, event: QResizeEvent) -> None:
        before = event.oldSize()  # of no size, the first time
        if self._fitted:
            self.fit()
        elif before.isValid():
            self._set_view(
                self.view.panned(
                    QPointF((self.width() - before.width()) / 2, (self.height() - before.height()) / 2)
                )
            )

    # ---- gestures

    def _press(self, pointer: Pointer, modifiers: Qt.KeyboardModifier) -> None:
        self._let_go()
        if Qt.Key.Key_Space in self._keys or isinstance(self.tool, Pan):
            self._start_pan(self.view.transform.map(QPointF(pointer.x, pointer.y)))
            return
        picks = isinstance(self.tool, Brush) and modifiers & Qt.KeyboardModifier.ControlModifier
        self._pointer = pointer
        gesture = (Pick() if picks else self.tool).gesture(self.session, pointer)
        if next(gesture, self) is not self:  # a generator that is over has nothing to be sent
            self._gesture = gesture

    def _drag(self, pointer: Pointer, position: QPointF) -> None:
        if self._pan_from is None:
            self._send(pointer)
        else:
            self._pan(position - self._pan_from)
            self._pan_from = position

    def _let_go(self) -> None:
        """No button is down: end what goes on where it is, should its release have gone elsewhere."""
        self._send(self._pointer._replace(down=False))
        if self._pan_from is not None:
            self._pan_from = None
            self._update_cursor()
            self.update()

    def _send(self, pointer: Pointer) -> None:
        if self._gesture is None:
            return
        self._pointer = pointer
        try:
            self._gesture.send(pointer)
        except StopIteration:
            self._gesture = None
            return
        if not pointer.down:  # a tool that goes on after the release ends here
            self.cancel_gesture()

    def _told(self, event: QMouseEvent | QTabletEvent) -> Pointer:
        """What a tool is told of an event."""
        return self._pointer_at(event.position(), event.modifiers())

    def _pointer_at(self, position: QPointF, keys: Qt.KeyboardModifier) -> Pointer:
        at = self.view.to_canvas(position)
        return Pointer(
            at.x(),
            at.y(),
            shift=bool(keys & Qt.KeyboardModifier.ShiftModifier),
            alt=bool(keys & Qt.KeyboardModifier.AltModifier),
            point=self.view.ratio / self.view.zoom,
        )

    def _start_pan(self, position: QPointF) -> None:
        self._pan_from = position
        self._update_cursor()
        self.update()

    def _hold(self, keys: set[int]) -> None:
        if keys != self._keys:
            self._keys = keys
            self._update_cursor()
            self.update()

    def _move_hover(self, position: QPointF | None) -> None:
        """Repaint the outline where it was and where it is."""
        for where in (self._hover, position):
            self._hover = where
            circle = self._outline()
            if circle is not None:
                self.update(circle.adjusted(-3, -3, 3, 3).toAlignedRect())
        self.hovered.emit(None if position is None else self.view.to_canvas(position))

    def _update_cursor(self) -> None:
        if self._pan_from is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif Qt.Key.Key_Space in self._keys:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif Qt.Key.Key_Control in self._keys and isinstance(self.tool, Brush):
            self.setCursor(Pick.cursor)
        elif isinstance(self.tool, Marked) and self._hover is not None:
            at = self._pointer_at(self._hover, Qt.KeyboardModifier.NoModifier)
            self.setCursor(self.tool.cursor_over(self.session, at))
        else:
            self.setCursor(self.tool.cursor)

    # ---- the view

    def _zoom(self, zoom: float, at: QPointF) -> None:
        self._fitted = False
        self._set_view(self.view.zoomed(zoom, at))

    def _pan(self, by: QPointF) -> None:
        self._fitted = False
        self._set_view(self.view.panned(by))

    def _set_view(self, view: View) -> None:
        zoomed = view.zoom != self.view.zoom
        self.view = view
        self.update()
        if zoomed:
            self.zoom_changed.emit(view.zoom)

    def _rescale(self) -> None:
        """The widget moved to a screen of another density."""
        ratio = self.devicePixelRatioF()
        grown = ratio / self.view.ratio
        if grown == 1:
            return
        self._squares = _checkerboard(ratio)
        self._set_view(View(self.view.zoom, self.view.x * grown, self.view.y * grown, ratio))
        if self._fitted:
            self.fit()

    def _middle(self) -> QPointF:
        return QPointF(self.width() / 2, self.height() / 2)

    def _document_size(self) -> QSizeF:
        return QSizeF(self.session.shown.width, self.session.shown.height)

    # ---- what the session says

    def _damage(self, changed: set[Place]) -> None:
        self._projection.damage(changed)
        if self._fresh is not None:
            self._fresh.damage(changed)
        region = QRegion()
        for column, row in changed:
            tile = QRectF(column * TILE, row * TILE, TILE, TILE)
            region += self.view.to_widget(tile).toAlignedRect().adjusted(-2, -2, 2, 2)
        self.update(region)
        self._show_marks()  # a ghost shows pixels of another place

    def _show_overlay(self) -> None:
        overlay = self.session.overlay
        if overlay is None or overlay.of is None:
            self._fresh = None
        self.update()

    def _show_marks(self) -> None:
        if isinstance(self.tool, Marked):
            self._update_cursor()
            self.update()

    def _replace(self) -> None:
        self.cancel_gesture()
        document = self.session.document
        if self._projection.rect != document.rect:
            self._projection = Projection(document.width, document.height)
        self._projection.damage(places(document.rect))
        self.fit()


def _outwards(rect: QRectF) -> Rect:
    """The whole pixels that a rectangle meets."""
    whole = rect.toAlignedRect()
    return Rect(max(whole.x(), 0), max(whole.y(), 0), whole.width() + 1, whole.height() + 1)


def _checkerboard(ratio: float) -> QPixmap:
    """Squares of two greys, for what is transparent; many, for it is the tiling that takes time."""
    side = round(SQUARE * ratio)
    board = QPixmap(SQUARES * side, SQUARES * side)
    board.fill(LIGHT)
    with painting(board) as painter:
        for column in range(SQUARES):
            for row in range(column % 2, SQUARES, 2):
                painter.fillRect(column * side, row * side, side, side, DARK)
    board.setDevicePixelRatio(ratio)
    return board
