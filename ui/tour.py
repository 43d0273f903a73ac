"""Three steps through the window, for the first time that it is seen: each points at the real thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ui import theme
from ui.language import tr
from ui.widgets import ENTER, caption, push_button

WIDE = 320  # of the words, widget points
AIR = 6  # round what is pointed at
SHADE = QColor(0, 0, 0, 130)


class Step(NamedTuple):
    at: QWidget
    title: str
    text: str


class Tour(QWidget):
    """Lies over the whole window; Enter goes on, Escape ends it."""

    ended = Signal()

    def __init__(self, window: QWidget, steps: Sequence[Step]) -> None:
        super().__init__(window)
        self._steps, self.number = steps, 0
        self.setAccessibleName(tr("Tour"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.box = QFrame(self)
        self.box.setObjectName("floating")
        self.title, self.text = QLabel(), QLabel()
        self.title.setProperty("title", True)
        for label in (self.title, self.text):
            label.setWordWrap(True)
            label.setFixedWidth(WIDE)
        self._count = caption("")
        self.skip_button = push_button(tr("Skip"))
        self.skip_button.clicked.connect(self.end)
        self.next_button = push_button("", "primary")
        self.next_button.clicked.connect(self.go_on)
        bottom = QHBoxLayout()
        bottom.setSpacing(theme.GRID)
        bottom.addWidget(self._count, 1)
        bottom.addWidget(self.skip_button)
        bottom.addWidget(self.next_button)
        column = QVBoxLayout(self.box)
        column.setContentsMargins(20, 16, 16, 16)
        column.setSpacing(theme.GRID)
        column.addWidget(self.title)
        column.addWidget(self.text)
        column.addSpacing(theme.GRID)
        column.addLayout(bottom)
        window.installEventFilter(self)
        self._show()
        self.show()
        self.raise_()
        self.next_button.setFocus()
        self._application = QApplication.instance()
        if isinstance(self._application, QApplication):
            self._application.focusChanged.connect(self._stay)

    def go_on(self) -> None:
        self.number += 1
        if self.number < len(self._steps):
            self._show()
        else:
            self.end()

    def end(self) -> None:
        if isinstance(self._application, QApplication):
            self._application.focusChanged.disconnect(self._stay)
        self.hide()
        self.ended.emit()
        self.deleteLater()

    @Slot(QWidget, QWidget)
    def _stay(self, was: QWidget | None, now: QWidget | None) -> None:
        """What lies in its shade does not get the keyboard, neither by Tab nor by what happens meanwhile."""
        outside = now is not None and now is not self and not self.isAncestorOf(now)
        if outside and now is not None and now.window() is self.window():
            self.next_button.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.number < len(self._steps):
            self._place()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        elif event.key() in ENTER:
            self.go_on()

    def event(self, event: QEvent) -> bool:
        """No key of the window's actions works meanwhile."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        hole = QRectF(self._target())
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            shade, gap = QPainterPath(), QPainterPath()
            shade.addRect(QRectF(self.rect()))
            gap.addRoundedRect(hole, 8, 8)
            painter.fillPath(shade.subtracted(gap), SHADE)
            painter.setPen(QPen(QColor(theme.ACCENT), 2))
            painter.drawPath(gap)

    def _show(self) -> None:
        step = self._steps[self.number]
        last = self.number == len(self._steps) - 1
        self.title.setText(step.title)
        self.text.setText(step.text)
        self._count.setText(tr("{number} of {count}").format(number=self.number + 1, count=len(self._steps)))
        self.next_button.setText(tr("Begin") if last else tr("Next"))
        self.skip_button.setVisible(not last)
        self.setAccessibleDescription(f"{step.title} {step.text}")
        self._place()

    def _place(self) -> None:
        """Beside what it points at, on the side where there is more room."""
        window = self.parentWidget()
        if window is None:
            return
        self.setGeometry(window.rect())
        self.box.adjustSize()
        target, size = self._target(), self.box.size()
        right = self.width() - target.right() > target.left()
        left = target.right() + 16 if right else target.left() - size.width() - 16
        if not 0 <= left <= self.width() - size.width():  # it fills the window: then inside of it
            left = (self.width() - size.width()) // 2
        top = min(max(target.top(), 16), self.height() - size.height() - 16)
        self.box.move(left, top)
        self.update()

    def _target(self) -> QRect:
        at = self._steps[min(self.number, len(self._steps) - 1)].at
        place = QRect(at.mapTo(self.window(), QPoint()), at.size())
        return place.adjusted(-AIR, -AIR, AIR, AIR).intersected(self.rect())
