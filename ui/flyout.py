"""A little panel that opens below a button and closes at a click elsewhere or at Escape."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QVBoxLayout, QWidget

from ui import theme


class Flyout(QFrame):
    opening = Signal()

    def __init__(self, button: QAbstractButton, name: str) -> None:
        super().__init__(button.window(), Qt.WindowType.Popup)
        self.setObjectName("flyout")
        self.setAccessibleName(name)
        self._button = button
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 12, 12, 12)
        self.column.setSpacing(theme.GRID)
        self.column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)
        button.clicked.connect(self.open)

    def open(self) -> None:
        """Below its button, or beside where the screen ends."""
        self.opening.emit()
        self.ensurePolished()
        self.column.activate()
        size, screen = self.sizeHint(), self._button.screen().availableGeometry()
        corner = self._button.mapToGlobal(QPoint(0, self._button.height() + 4))
        x = min(max(corner.x(), screen.left()), screen.right() - size.width())
        y = min(max(corner.y(), screen.top()), screen.bottom() - size.height())
        self.move(x, y)
        self._button.setDown(True)
        self.show()
        first = self.nextInFocusChain()
        if isinstance(first, QWidget) and self.isAncestorOf(first):
            first.setFocus(Qt.FocusReason.PopupFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._button.setDown(False)
