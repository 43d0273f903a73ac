"""The navigator: the whole picture small, with a frame round what the canvas shows of it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, QTimer, Slot
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QShowEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ui import theme
from ui.canvas import Canvas
from ui.key_tips import command_button
from ui.language import tr
from ui.session import Session
from ui.slider import Slider
from ui.widgets import is_claimed

HEIGHT = 150  # points of the small picture
STILL = 300  # milliseconds without a change, after which the small picture follows
PAUSE = 30  # milliseconds between two pieces of work that nobody waits for
PIECE = 0.008  # seconds
STEP = 40.0  # points by which an arrow key moves the view
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Navigator(QWidget):
    def __init__(self, canvas: Canvas, session: Session) -> None:
        super().__init__()
        self.small = SmallPicture(canvas, session)
        self.slider = Slider(tr("Zoom"), 3, 6400, 100, " %", 4.0, tr("How large the picture is seen"))
        self._canvas = canvas
        row = QHBoxLayout()
        row.setSpacing(theme.GRID // 2)
        row.addWidget(self.slider, 1)
        for sign, command, act in (
            ("corners-out", "fit", canvas.fit),
            ("arrow-counter-clockwise", "canvas.turn_left", canvas.turn_left),
            ("arrow-clockwise", "canvas.turn_right", canvas.turn_right),
            ("arrows-left-right", "canvas.flip", canvas.flip),
        ):
            button = command_button(sign, command, 16)
            button.clicked.connect(act)
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.small)
        column.addLayout(row)
        self.slider.moved.connect(self._zoom)
        canvas.viewed.connect(self._show_view)

    def showEvent(self, event: QShowEvent) -> None:
        self._show_view()

    @Slot()
    def _show_view(self) -> None:
        if self.isVisible():
            self.slider.set_value(100 * self._canvas.view.zoom)
            self.small.update()

    @Slot(float)
    def _zoom(self, percent: float) -> None:
        self._canvas.set_zoom(percent / 100)


class SmallPicture(QWidget):
    """It follows the document when nothing changes for a moment, never while a stroke is painted."""

    def __init__(self, canvas: Canvas, session: Session) -> None:
        super().__init__()
        self._canvas, self._session = canvas, session
        self._grabbed: QPointF | None = None  # from the pointer to the middle of what is seen, canvas pixels
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.timeout.connect(self._follow)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(tr("Navigator"))
        self.setToolTip(tr("Drag to see another part, turn the wheel to zoom  (arrow keys, + and -)"))
        for happened in (session.damaged, session.overlaid, session.replaced):
            happened.connect(self._wait)

    def sizeHint(self) -> QSize:
        return QSize(200, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, HEIGHT)

    @property
    def transform(self) -> QTransform:
        """Canvas pixels to points of this widget."""
        shown = self._session.shown
        scale = min((self.width() - 2) / shown.width, (self.height() - 2) / shown.height)
        left = (self.width() - scale * shown.width) / 2
        return QTransform(scale, 0, 0, scale, left, (self.height() - scale * shown.height) / 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        transform, shown = self.transform, self._session.shown
        whole = QRectF(0, 0, shown.width, shown.height)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.save()
            painter.setClipRect(transform.mapRect(whole))
            painter.fillRect(self.rect(), QColor(theme.WELL))
            painter.setTransform(transform, True)
            self._canvas.picture.paint_small(painter, transform.m11() * self.devicePixelRatioF())
            painter.restore()
            outline = transform.map(self._seen().intersected(QPolygonF(whole)))
            around = QPainterPath()
            around.addRect(transform.mapRect(whole))
            inside = QPainterPath()
            inside.addPolygon(outline)
            painter.fillPath(around.subtracted(inside), QColor(0, 0, 0, 90))
            for colour, width in ((QColor(0, 0, 0, 160), 3.0), (QColor(255, 255, 255, 235), 1.3)):
                painter.setPen(QPen(colour, width))
                painter.drawPolygon(outline)
            if self.hasFocus():
                painter.setPen(QPen(QColor(theme.ACCENT), 1))
                painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at, middle = self._pixel(event.position()), self._middle()
        inside = self._seen().containsPoint(at, Qt.FillRule.WindingFill)
        self._grabbed = middle - at if inside else QPointF()
        self._canvas.centre_on(at + self._grabbed)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self._canvas.centre_on(self._pixel(event.position()) + self._grabbed)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grabbed = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._canvas.set_zoom(self._canvas.view.zoom * 1.2 ** (event.angleDelta().y() / 120))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ARROWS:
            x, y = ARROWS[Qt.Key(event.key())]
            self._canvas.pan(QPointF(-x * STEP, -y * STEP))
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._canvas.zoom_in()
        elif event.key() == Qt.Key.Key_Minus:
            self._canvas.zoom_out()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        return is_claimed(event, Qt.Key.Key_Left, Qt.Key.Key_Right) or super().event(event)

    def showEvent(self, event: QShowEvent) -> None:
        self._wait()

    @Slot()
    def _wait(self) -> None:
        if self.isVisible():
            self._clock.start(STILL)

    @Slot()
    def _follow(self) -> None:
        """Compose a little of what was never seen on the canvas, until all is there."""
        if self._session.is_busy:
            self._clock.start(STILL)
        elif self.isVisible():
            if self._canvas.picture.prepare(PIECE):
                self._clock.start(PAUSE)
            self.update()

    def _seen(self) -> QPolygonF:
        """What the canvas shows, in canvas pixels."""
        canvas = self._canvas
        return canvas.view.transform.inverted()[0].map(QPolygonF(QRectF(canvas.rect())))

    def _middle(self) -> QPointF:
        size = QSizeF(self._canvas.size())
        return self._canvas.view.to_canvas(QPointF(size.width() / 2, size.height() / 2))

    def _pixel(self, point: QPointF) -> QPointF:
        return self.transform.inverted()[0].map(point)
