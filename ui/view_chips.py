"""How the picture is seen, in words: the zoom, to be typed too, and a chip while it is turned or mirrored."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel

from ui import theme
from ui.bars import Floating
from ui.canvas import Canvas
from ui.icons import icon
from ui.key_tips import command_button
from ui.language import tr
from ui.view import View, next_stop
from ui.widgets import Field


class ZoomField(Field):
    """The zoom in per cent, to be typed; the up and down arrow keys go to the next round one."""

    asked = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.zoom = 1.0
        self.setAccessibleName(tr("Zoom"))
        self.setToolTip(tr("Zoom: type a number and press Enter  (up and down arrow keys)"))
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFixedWidth(self.fontMetrics().horizontalAdvance("0000.0 %") + 16)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.returnPressed.connect(self._typed)

    def show_zoom(self, zoom: float) -> None:
        self.zoom = zoom
        self.setText(percent(zoom))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.asked.emit(next_stop(self.zoom, event.key() == Qt.Key.Key_Up))
            self.selectAll()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        was_chosen = self.hasFocus()
        super().mousePressEvent(event)
        if not was_chosen:
            self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.show_zoom(self.zoom)

    def _typed(self) -> None:
        zoom = zoom_in(self.text())
        if zoom is not None:
            self.asked.emit(zoom)
        self.show_zoom(self.zoom)  # as it is now: the one that was asked for, or the nearest there is
        self.selectAll()


class TurnedChip(Floating):
    """In a corner of the canvas while it is turned or mirrored: how, and a button that ends it."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas, at_top=True)
        self.setObjectName("floating")
        self._view = canvas
        self._sign, self.text = QLabel(), QLabel()
        self.setAccessibleName(tr("How the view is turned"))
        self.reset = command_button("x", "canvas.straighten", 14)
        self.reset.clicked.connect(canvas.straighten)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(10, 4, 4, 4)
        self._row.setSpacing(theme.GRID // 2)
        for part in (self._sign, self.text, self.reset):
            self._row.addWidget(part)
        canvas.viewed.connect(self.show_view)

    def show_view(self) -> None:
        view = self._view.view
        if not view.is_plain:
            name = "arrows-left-right" if view.angle == 0 else "arrow-clockwise"
            self._sign.setPixmap(icon(name, theme.QUIET).pixmap(16, 16))
            self.text.setText(worded(view))
            self.setAccessibleDescription(self.text.text())
            self._row.activate()
            self.place()
        self.setVisible(not view.is_plain)

    def place(self) -> None:
        """In the corner at the right, which messages leave free."""
        size = self.sizeHint()
        corner = QPoint(self._canvas.width() - size.width() - theme.GRID, theme.GRID)
        self.setGeometry(QRect(corner, size))


def percent(zoom: float) -> str:
    """100 %, or with a digit where that tells more."""
    share = 100 * zoom
    return f"{share:.0f} %" if share >= 10 or share == round(share) else f"{share:.1f} %"


def zoom_in(text: str) -> float | None:
    """The zoom that was typed: 150, 150 %, 37,5 or 1:2; None if it is not one."""
    text = text.replace("%", "").replace(",", ".").strip()
    above, colon, below = text.partition(":")
    try:
        zoom = float(above) / float(below) if colon else float(text) / 100
    except (ValueError, ZeroDivisionError):
        return None
    return zoom if 0 < zoom < float("inf") else None


def worded(view: View) -> str:
    degrees = view.angle if view.angle <= 180 else view.angle - 360
    turned = f"{degrees:.1f}".removesuffix(".0") + "\N{DEGREE SIGN}"
    turned = turned.replace("-", "\N{MINUS SIGN}")
    if view.angle == 0:
        return tr("Mirrored")
    return tr("{degrees}, mirrored").format(degrees=turned) if view.mirrored else turned
