"""The canvas: shows the document and hands pointer events to the tool, as one generator for each gesture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPaintEvent,
    QPointingDevice,
    QRegion,
    QResizeEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from ui import aim
from ui.document import boxes_of
from ui.language import tr
from ui.picture import Picture
from ui.pixels import painting
from ui.session import Session
from ui.steering import EVEN, KEYS, SHIFT, Motion, Steered, asked_for, cursor, steered
from ui.tools import Brush, Gesture, Marked, Marks, Pan, Pick, Pointer, Tool
from ui.view import MOST, View, next_stop
from ui.wet import Changed

NOTCH = 5.0  # degrees by which a notch of the wheel turns
BAR = 40.0  # points at the bottom that a fitted picture leaves to the bar that floats there


class Canvas(QWidget):
    zoom_changed = Signal(float)
    viewed = Signal()  # the view is another one
    hovered = Signal(object)  # QPointF in canvas pixels, or None

    def __init__(self, session: Session, tool: Tool | None = None) -> None:
        super().__init__()
        self.session = session
        self.tool: Tool = tool or Brush()
        self.pick = Pick()  # what Ctrl asks for with a brush
        self.view = View(ratio=self.devicePixelRatioF())
        self.picture = Picture(session)
        self._marks: list[Marks] = []  # of the window's other parts, the lowest first
        self._gesture: Gesture | None = None
        self._pointer = Pointer(0, 0)  # what the gesture was told last
        self._steered: Steered | None = None  # while a drag moves the view
        self._keys: set[int] = set()  # of those that ask for a motion of the view, the ones held
        self._pen_down = False
        self._hover: QPointF | None = None  # in points of the widget
        self._fitted = True  # until the user zooms, the document stays fitted to the widget
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

    def set_zoom(self, zoom: float) -> None:
        self._zoom(zoom, self._middle())

    def fit(self) -> None:
        self._fitted = True
        self._set_view(self.view.fitted(self._document_size(), QSizeF(self.size()), BAR))

    def fit_width(self) -> None:
        size = QSizeF(self.size())
        self._move(self.view.fitted(self._document_size(), size, BAR, most=MOST, tall=False))

    def show_part(self, rect: QRectF) -> None:
        """A rectangle of canvas pixels, as large as it fits."""
        self._move(self.view.showing(rect, QSizeF(self.size()), BAR))

    def centre_on(self, pixel: QPointF) -> None:
        self._move(self.view.with_pixel(pixel, self._middle()))

    def show_selection(self) -> None:
        """What is selected, as large as it fits."""
        selection = self.session.document.selection
        if selection is None:
            self.session.said.emit(
                tr("Select a part of the picture first; then it can be seen as large as it fits.")
            )
        else:
            self.show_part(QRectF(*selection.at))

    def pan(self, by: QPointF) -> None:
        self._move(self.view.panned(by))

    def turn(self, angle: float) -> None:
        """Turn the view to an angle, in degrees; it stays fitted if it is."""
        self._set_view(self.view.turned(angle, self._middle()))
        if self._fitted:
            self.fit()

    def turn_left(self) -> None:
        self.turn(_even(self.view.angle, -1))

    def turn_right(self) -> None:
        self.turn(_even(self.view.angle, 1))

    def flip(self) -> None:
        """Left and right exchanged, on the screen alone."""
        self._set_view(self.view.flipped(self._middle()))

    def straighten(self) -> None:
        """Neither turned nor mirrored."""
        if self.view.mirrored:
            self.flip()
        self.turn(0.0)

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        with painting(self) as painter:
            self.picture.paint(painter, self.view, event.region(), self.rect())
            is_behind = self.picture.is_behind
            for marks in self._all_marks():
                painter.save()
                is_behind |= bool(marks.paint_picture(painter, self.session))
                painter.restore()
            if is_behind:
                QTimer.singleShot(0, self, self.update)
            painter.resetTransform()
            aim.paint_grid(painter, self.view, self.rect())
            painter.setClipping(False)
            for marks in self._all_marks():
                painter.save()
                marks.paint(painter, self.session, self.view)
                painter.restore()
            circle = self._outline()
            if circle is not None:
                aim.paint_circle(painter, circle)

    def _all_marks(self) -> Iterator[Marks]:
        """Those of the tool lie over the others."""
        yield from self._marks
        if isinstance(self.tool, Marked):
            yield self.tool
        if self.tool is not self.pick:
            yield self.pick

    def _outline(self) -> QRectF | None:
        """The circle that the tool will touch."""
        size = self.tool.outline
        if self._hover is None or size is None or self._keys - {SHIFT} or self._steered is not None:
            return None
        return aim.circle(self.view, self._hover, size)

    # ---- events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._pen_down or event.buttons() != event.button():  # the button that was first goes on
            return
        if event.button() == Qt.MouseButton.MiddleButton:
            shift, control = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
            keys = event.modifiers()
            self._steer("turn" if keys & shift else "zoom" if keys & control else "pan", event.position())
        elif event.button() == Qt.MouseButton.LeftButton:
            self._press(self._told(event), event.modifiers())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pen_down:
            return
        self._move_hover(event.position())
        if event.buttons():
            self._drag(self._told(event), event)
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
        pointer = self._told(event)
        end = self.view.to_canvas(event.position() + QPointF(event.xTilt(), event.yTilt()))
        pointer = pointer._replace(
            pressure=event.pressure(),
            eraser=eraser,
            tilt_x=(end.x() - pointer.x) / pointer.point,  # as the view is turned
            tilt_y=(end.y() - pointer.y) / pointer.point,
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
            self._drag(pointer, event)
        else:
            self._pen_down = False
            self._let_go()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A wheel zooms to the pointer and turns with Shift; two fingers on a touch pad pan, and zoom with
        Ctrl.
        """
        notches = event.angleDelta().y() / 120
        fingers = event.phase() != Qt.ScrollPhase.NoScrollPhase and not event.pixelDelta().isNull()
        if fingers and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._move(self.view.panned(QPointF(event.pixelDelta())))
        elif notches and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._move(self.view.turned(self.view.angle + NOTCH * notches, event.position()))
        elif notches:
            self._zoom(self.view.zoom * 1.2**notches, event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self._zoom(self.view.zoom * (1 + event.value()), event.position())
                return True
            if event.gestureType() == Qt.NativeGestureType.RotateNativeGesture:
                self._move(self.view.turned(self.view.angle + event.value(), event.position()))
                return True
        if event.type() in (QEvent.Type.DevicePixelRatioChange, QEvent.Type.Show):
            self._rescale()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in KEYS:
            self._hold(self._keys | {event.key()})
        elif self.session.is_making or not (
            isinstance(self.tool, Marked) and self.tool.key(self.session, event)
        ):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() not in KEYS:
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
            by = self.size() - before
            self._set_view(self.view.panned(QPointF(by.width() / 2, by.height() / 2)))

    # ---- gestures

    def _press(self, pointer: Pointer, modifiers: Qt.KeyboardModifier) -> None:
        self._let_go()
        motion = self._motion()
        if motion is not None:
            self._steer(motion, self.view.transform.map(QPointF(pointer.x, pointer.y)))
            return
        if self.session.is_making:
            return
        picks = isinstance(self.tool, Brush) and modifiers & Qt.KeyboardModifier.ControlModifier
        self._pointer = pointer
        gesture = (self.pick if picks else self.tool).gesture(self.session, pointer)
        if next(gesture, self) is not self:  # a generator that is over has nothing to be sent
            self._gesture = gesture

    def _drag(self, pointer: Pointer, event: QMouseEvent | QTabletEvent) -> None:
        if self._steered is None:
            self._send(pointer)
        else:
            even = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self._fitted = False
            self._set_view(self._steered(event.position(), even))

    def _let_go(self) -> None:
        """No button is down: end what goes on where it is, should its release have gone elsewhere."""
        self._send(self._pointer._replace(down=False))
        if self._steered is not None:
            self._steered = None
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
            ctrl=bool(keys & Qt.KeyboardModifier.ControlModifier),
            point=self.view.ratio / self.view.zoom,
        )

    def _motion(self) -> Motion | None:
        """How a press would move the view."""
        return asked_for(self._keys) or ("pan" if isinstance(self.tool, Pan) else None)

    def _steer(self, motion: Motion, position: QPointF) -> None:
        self._steered = steered(motion, self.view, position, self._middle())
        self.setCursor(cursor(motion, True, self.view.ratio))
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
                self.update(aim.around(circle))
        self.hovered.emit(None if position is None else self.view.to_canvas(position))

    def _update_cursor(self) -> None:
        if self._steered is not None:
            return
        motion = asked_for(self._keys)
        if motion is not None:
            self.setCursor(cursor(motion, False, self.view.ratio))
        elif self.session.is_making:
            self.setCursor(Qt.CursorShape.BusyCursor)
        elif Qt.Key.Key_Control in self._keys and isinstance(self.tool, Brush):
            self.setCursor(Pick.cursor)
        elif isinstance(self.tool, Marked) and self._hover is not None:
            at = self._pointer_at(self._hover, Qt.KeyboardModifier.NoModifier)
            self.setCursor(self.tool.cursor_over(self.session, at))
        else:
            self.setCursor(self.tool.cursor)

    # ---- the view

    def _zoom(self, zoom: float, at: QPointF) -> None:
        self._move(self.view.zoomed(zoom, at))

    def _move(self, view: View) -> None:
        """The user's own view, which does not follow the size of the widget."""
        self._fitted, self._steered = False, None
        self._set_view(view)

    def _set_view(self, view: View) -> None:
        if not self._fitted:
            view = view.held(self._document_size(), QSizeF(self.size()))
        zoomed = view.zoom != self.view.zoom
        self.view = view
        self.update()
        self.viewed.emit()
        if zoomed:
            self.zoom_changed.emit(view.zoom)

    def _rescale(self) -> None:
        """The widget moved to a screen of another density."""
        ratio = self.devicePixelRatioF()
        grown = ratio / self.view.ratio
        if grown == 1:
            return
        self._set_view(replace(self.view, x=self.view.x * grown, y=self.view.y * grown, ratio=ratio))
        if self._fitted:
            self.fit()

    def _middle(self) -> QPointF:
        return QPointF(self.width() / 2, self.height() / 2)

    def _document_size(self) -> QSizeF:
        return QSizeF(self.session.shown.width, self.session.shown.height)

    # ---- what the session says

    def _damage(self, changed: Changed) -> None:
        self.picture.damage(changed)
        region = QRegion()
        for _, box in boxes_of(changed):
            region += self.view.to_widget(QRectF(*box)).toAlignedRect().adjusted(-2, -2, 2, 2)
        self.update(region)
        self._show_marks()  # a ghost shows pixels of another place

    def _show_overlay(self) -> None:
        self.picture.show_overlay()
        self.update()

    def _show_marks(self) -> None:
        self._update_cursor()
        if isinstance(self.tool, Marked) or self.session.is_making:
            self.update()

    def _replace(self) -> None:
        self.cancel_gesture()
        self.picture.replace()
        self.fit()


def _even(angle: float, steps: int) -> float:
    """The next angle that way of those in even steps."""
    place = angle / EVEN + steps
    return EVEN * (math.floor(place) if steps > 0 else math.ceil(place))
