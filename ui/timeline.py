"""The bar over the canvas on which a drag is scrubbed: from where things were to where they are put."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from ui import theme
from ui.bars import Floating
from ui.language import tr
from ui.widgets import is_claimed

SIDE = 10  # points at the ends of the track


class Track(QWidget):
    """A line with a dot for every picture of the way, full where it is made, and a knob at what is seen."""

    scrubbed = Signal(float)  # share of the way, while the knob is moved
    released = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.way = 1.0
        self.keys: Sequence[tuple[float, bool]] = ()
        self.setAccessibleName(tr("Way"))
        self.setToolTip(
            tr(
                "How far things have gone: pull the knob to see the way, let go to make that picture\n"
                "(left and right arrow keys while this is chosen)"
            )
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_way(self, way: float, keys: Sequence[tuple[float, bool]]) -> None:
        self.way, self.keys = way, keys
        self.setAccessibleDescription(f"{way:.0%}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, 26)

    def paintEvent(self, event: QPaintEvent) -> None:
        middle = self.height() / 2
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for end, colour in ((1.0, theme.TRACK), (self.way, theme.ACCENT)):
                pen = QPen(QColor(colour), 4)
                pen.setCapStyle(Qt.PenCapStyle.RoundCap)
                painter.setPen(pen)
                painter.drawLine(QPointF(self._x(0), middle), QPointF(self._x(end), middle))
            for way, made in self.keys:
                passed = way <= self.way
                painter.setPen(QPen(QColor(theme.ACCENT if passed else theme.KNOB), 1.6))
                painter.setBrush(QColor(theme.TEXT if made else theme.FLOAT))
                painter.drawEllipse(QPointF(self._x(way), middle), 4.2, 4.2)
            painter.setPen(QPen(QColor(0, 0, 0, 120), 1))
            painter.setBrush(QColor(theme.TEXT))
            painter.drawEllipse(QPointF(self._x(self.way), middle), 7, 7)
            if self.hasFocus():
                painter.setPen(QPen(QColor(theme.ACCENT), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._scrub(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._scrub(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.released.emit(self.way)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = [way for way, _ in self.keys]
        if event.key() == Qt.Key.Key_Left:
            self.released.emit(max((way for way in ways if way < self.way), default=self.way))
        elif event.key() == Qt.Key.Key_Right:
            self.released.emit(min((way for way in ways if way > self.way), default=self.way))
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        return is_claimed(event, Qt.Key.Key_Left, Qt.Key.Key_Right) or super().event(event)

    def _scrub(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            share = (event.position().x() - SIDE) / max(self.width() - 2 * SIDE, 1)
            self.way = min(max(share, 0.0), 1.0)
            self.update()
            self.scrubbed.emit(self.way)

    def _x(self, way: float) -> float:
        return SIDE + way * (self.width() - 2 * SIDE)


class Timeline(Floating):
    """It stands on the bar in which a result is applied."""

    def __init__(self, canvas: QWidget, below: QWidget) -> None:
        super().__init__(canvas, at_top=False)
        self.setObjectName("floating")
        self._below = below
        self.track = Track()
        self.text = QLabel()
        self.text.setFixedWidth(self.text.fontMetrics().horizontalAdvance("100 %  "))
        self.text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        name = QLabel(tr("Way"))
        name.setProperty("quiet", True)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(theme.GRID)
        row.addWidget(name)
        row.addWidget(self.track, 1)
        row.addWidget(self.text)
        self.track.scrubbed.connect(self._tell)

    def show_way(self, way: float, keys: Sequence[tuple[float, bool]]) -> None:
        self.track.show_way(way, keys)
        self._tell(way)
        self.place()
        self.show()
        self.raise_()

    def place(self) -> None:
        super().place()
        top = self._below.geometry().top() - self.height() - theme.GRID
        self.setGeometry(QRect(self.x(), top, self.width(), self.height()))

    def _tell(self, way: float) -> None:
        self.text.setText(f"{round(100 * way)} %")
