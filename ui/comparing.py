"""Before and after: the original while a key is held, a line between original and now, or the difference in
colours.

The original is what the layers of the kind picture show; now is everything, with what the engine makes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QObject,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QAction,
    QColor,
    QEnterEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegion,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from engine.area import Rect
from ui import areas, theme
from ui.apply import Ask
from ui.bars import Floating
from ui.canvas import Canvas
from ui.difference import Count, counted
from ui.document import Document, composite, premultiplied
from ui.editing import Editing
from ui.icons import icon
from ui.language import tr
from ui.picture import Comparison
from ui.pixels import painted
from ui.session import Overlay, Session
from ui.succession import original
from ui.view import View
from ui.widgets import icon_button, is_claimed
from ui.work import Work

SETTLED = 250  # milliseconds without a change, after which pixels are counted
BAND = 512  # rows that are compared at once
GRIP = 15.0  # points, radius of the grip of the line
THIN = 4  # points beside the line that take hold of it
WORDS = 76.0  # points from the top, below what messages need
LIGHT, SHADE = QColor(255, 255, 255, 235), QColor(0, 0, 0, 140)


class Comparing(QObject):
    """A part of the window, and marks of the canvas: the words beside the line."""

    changed = Signal()

    def __init__(self, canvas: Canvas, session: Session, work: Work, editing: Editing) -> None:
        super().__init__(canvas)
        self.line = SplitLine(canvas)
        self.told = DifferenceChip(canvas)
        self._canvas, self._session, self._work, self._editing = canvas, session, work, editing
        self._counting: asyncio.Task[None] | None = None
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(SETTLED)
        self._clock.timeout.connect(self._count)
        for happened in (session.committed, session.overlaid):
            happened.connect(self._look)
        session.overlaid.connect(self._show_line)
        session.replaced.connect(self.stop)
        self.told.close_button.clicked.connect(self.stop)

    @property
    def mode(self) -> Comparison:
        return self._canvas.picture.comparison

    def hold(self) -> None:
        """The original alone until the key is let go, or until a click if it was chosen in a menu."""
        self._session.compare(True)
        application = QCoreApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def split(self) -> None:
        """A line, left of which the original is seen."""
        self._choose("none" if self.mode == "split" else "split")

    def difference(self) -> None:
        """What differs from the original, in colours."""
        self._choose("none" if self.mode == "difference" else "difference")

    @Slot()
    def stop(self) -> None:
        self._choose("none")

    def show_in(self, actions: Mapping[str, QAction]) -> None:
        """Keep the actions of the menu checked as it is."""

        def show() -> None:
            actions["comparing.split"].setChecked(self.mode == "split")
            actions["comparing.difference"].setChecked(self.mode == "difference")

        self.changed.connect(show)

    def paint_picture(self, painter: QPainter, session: Session) -> None:
        """Nothing; the canvas shows the pictures."""

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        if self.mode != "split" or session.comparing:
            return
        at = self._canvas.picture.split * self._canvas.width()
        metrics = QFontMetricsF(painter.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for text, is_left in ((tr("Original"), True), (tr("Now"), False)):
            width, height = metrics.horizontalAdvance(text) + 16, metrics.height() + 6
            box = QRectF(at - 10 - width if is_left else at + 10, WORDS, width, height)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(0, 0, 0, 150))
            painter.drawRoundedRect(box, height / 2, height / 2)
            painter.setPen(LIGHT)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While the original is held."""
        ended = event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.ApplicationDeactivate)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyRelease:
            ended = not event.isAutoRepeat()
        if ended:
            application = QCoreApplication.instance()
            if application is not None:
                application.removeEventFilter(self)
            self._session.compare(False)
        return False

    def _choose(self, mode: Comparison) -> None:
        if mode == self.mode:
            return
        self._canvas.picture.compare(mode)
        self._canvas.update()
        self._show_line()
        self.told.setVisible(mode == "difference")
        self._look()
        self.changed.emit()

    @Slot()
    def _show_line(self) -> None:
        """Unless the original is held."""
        self.line.place()
        self.line.setVisible(self.mode == "split" and not self._session.comparing)

    @Slot()
    def _look(self) -> None:
        """Count once nothing has changed for a moment."""
        if self.mode == "difference":
            self.told.show_count(None, False)
            self._clock.start()
        elif self._clock.isActive():
            self._clock.stop()

    @Slot()
    def _count(self) -> None:
        if self._counting is not None:
            self._counting.cancel()
        self._counting = self._work.begin(self._tell())

    async def _tell(self) -> None:
        ask = self._editing.ask if self._editing.is_choosing else None
        overlay, document = self._session.overlay, self._session.document
        if ask is not None and overlay is not None:
            count = await asyncio.to_thread(made_different, ask, overlay)
        else:
            count = await asyncio.to_thread(differs, document)
        if self.mode == "difference" and self._session.document is document:
            self.told.show_count(count, ask is not None)


class SplitLine(QWidget):
    """The line between original and now over all of the canvas, with a grip; arrow keys move it too."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setAccessibleName(tr("Line between original and now"))
        self.setToolTip(
            tr("Left of it the original, right of it what there is now  (left and right arrow keys)")
        )
        self.hide()
        canvas.installEventFilter(self)

    def place(self) -> None:
        """Where the canvas has its split."""
        side, height = round(2 * GRIP) + 4, self._canvas.height()
        middle = round(self._canvas.picture.split * self._canvas.width())
        self.setGeometry(middle - side // 2, 0, side, height)
        grip = QRegion(0, (height - side) // 2, side, side, QRegion.RegionType.Ellipse)
        self.setMask(grip + QRegion(side // 2 - THIN, 0, 2 * THIN, height))

    def move_to(self, share: float) -> None:
        """Put it at a share of the canvas's width."""
        self._canvas.picture.split = min(max(share, 0.0), 1.0)
        self.setAccessibleDescription(f"{self._canvas.picture.split:.0%}")
        self.place()
        self._canvas.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        middle = QPointF(self.width() // 2, self.height() / 2)
        with QPainter(self) as painter:
            for colour, width in ((SHADE, 4.0), (LIGHT, 1.6)):
                painter.setPen(QPen(colour, width))
                painter.drawLine(QPointF(middle.x(), 0), QPointF(middle.x(), self.height()))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.ACCENT) if self.hasFocus() else SHADE, 2))
            painter.setBrush(LIGHT)
            painter.drawEllipse(middle, GRIP - 1, GRIP - 1)
            for name, left in (("caret-left-fill", -12), ("caret-right-fill", -2)):
                box = QRectF(middle.x() + left, middle.y() - 7, 14, 14).toRect()
                icon(name, "#303030").paint(painter, box)

    def enterEvent(self, event: QEnterEvent) -> None:
        QCoreApplication.sendEvent(self._canvas, QEvent(QEvent.Type.Leave))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            at = self.mapToParent(event.position().toPoint())
            self.move_to(at.x() / max(self._canvas.width(), 1))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.move_to(0.5)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        far = 0.1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0.01
        by = {Qt.Key.Key_Left: -far, Qt.Key.Key_Right: far, Qt.Key.Key_Home: -1.0, Qt.Key.Key_End: 1.0}
        if event.key() in by:
            self.move_to(self._canvas.picture.split + by[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        return is_claimed(event, Qt.Key.Key_Left, Qt.Key.Key_Right) or super().event(event)


class DifferenceChip(Floating):
    """How many pixels differ, in words, in the corner of the canvas."""

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas, at_top=True)
        self.setObjectName("floating")
        self.setAccessibleName(tr("Difference"))
        self._sign = QLabel()
        self.text = QLabel()
        self.close_button = icon_button("x", tr("Show the picture again"), 14)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 6, 6, 6)
        for part in (self._sign, self.text, self.close_button):
            self._row.addWidget(part)

    def show_count(self, count: Count | None, is_result: bool) -> None:
        """None: it is not known yet."""
        kept = count is not None and count.outside == 0
        self._sign.setVisible(kept)
        if kept:
            self._sign.setPixmap(icon("check-circle", theme.QUIET).pixmap(18, 18))
        self.text.setText(
            tr("Comparing\N{HORIZONTAL ELLIPSIS}") if count is None else worded(count, is_result)
        )
        self.setAccessibleDescription(self.text.text())
        self._row.activate()
        self.place()

    def place(self) -> None:
        """In the corner at the left, which messages leave free."""
        size = self.sizeHint().boundedTo(self._canvas.size())
        self.setGeometry(QRect(QPoint(theme.GRID, theme.GRID), size))


def worded(count: Count, is_result: bool) -> str:
    if count.changed == 0:
        return tr("No pixel differs")
    changed = f"{count.changed:,}"
    words = (
        tr("This result changes {count} pixels")
        if is_result
        else tr("{count} pixels differ from the original")
    )
    said = words.format(count=changed)
    if count.outside is None:
        return said
    if count.outside == 0:
        return tr("{said}, none of them outside what may change").format(said=said)
    outside = f"{count.outside:,}"
    return tr("{said}, {count} of them outside what may change").format(said=said, count=outside)


def made_different(ask: Ask, overlay: Overlay) -> Count:
    """By a result that waits to be chosen, in the picture that the engine was given."""
    opaque = np.full((*ask.request.image.shape[:2], 1), 255, np.uint8)
    before = premultiplied(np.concatenate([ask.request.image, opaque], 2))
    after = before.copy()
    if overlay.pixels.shape != after.shape:
        return Count(0, None)
    painted(after, overlay.pixels)
    free = None if ask.where is None else (ask.where > 0).astype(np.uint8)
    return counted(before, after, free)


def differs(document: Document) -> Count:
    """From the original, in the document's own depth."""
    first, changed, outside = original(document), 0, 0
    marked = areas.allowed(document, Rect(0, 0, 1, 1)) is not None
    for top in range(0, document.height, BAND):
        band = Rect(0, top, document.width, min(BAND, document.height - top))
        free = areas.allowed(document, band)
        count = counted(composite(first, band), composite(document, band), free)
        changed, outside = changed + count.changed, outside + (count.outside or 0)
    return Count(changed, outside if marked else None)
