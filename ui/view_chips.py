"""How the picture is seen, in words: the zoom, to be typed too, and a chip while it is turned or mirrored."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel

from ui import theme
from ui.canvas import Canvas
from ui.icons import icon
from ui.language import tr
from ui.panels import Floating
from ui.view import View
from ui.widgets import Field, icon_button

ZOOMS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


class ZoomField(QComboBox):
    """The zoom in per cent: type a number, or choose one."""

    asked = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.zoom = 1.0
        field = Field()
        self.setLineEdit(field)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.addItems([percent(zoom) for zoom in ZOOMS])
        self.setCompleter(None)  # type: ignore[arg-type]  # the stub does not know that it may be none
        self.setAccessibleName(tr("Zoom"))
        self.setToolTip(tr("Zoom: type a number and press Enter, or choose one"))
        self.setFixedWidth(self.fontMetrics().horizontalAdvance("0000.0 %") + 40)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        field.returnPressed.connect(self._typed)
        self.activated.connect(self._typed)

    def text(self) -> str:
        return self.currentText()

    def show_zoom(self, zoom: float) -> None:
        self.zoom = zoom
        self.setEditText(percent(zoom))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.show_zoom(self.zoom)
            self.clearFocus()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.show_zoom(self.zoom)

    def _typed(self) -> None:
        zoom = zoom_in(self.currentText())
        if zoom is not None:
            self.asked.emit(zoom)
        self.show_zoom(self.zoom)  # as it is now: the one that was asked for, or the nearest there is
        self.clearFocus()


class TurnedChip(Floating):
    """In a corner of the canvas while it is turned or mirrored: how, and a button that ends it."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas, at_top=True)
        self.setObjectName("floating")
        self._view = canvas
        self._sign, self.text = QLabel(), QLabel()
        self.setAccessibleName(tr("How the view is turned"))
        self.reset = icon_button("x", tr("Straighten the view  (5)"), 14)
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
    if view.angle == 0:
        return tr("Mirrored")
    return tr("{degrees}, mirrored").format(degrees=turned) if view.mirrored else turned
