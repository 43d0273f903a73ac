"""The column of panels at the right: titled sections, one below the other, each of which folds.

Those that change with the tool scroll; below them stay those that are always there.
"""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ui import theme
from ui.language import tr
from ui.settings import Settings
from ui.widgets import Section

LEAST = 160  # points of the part that scrolls
GRIP = 5  # points of the edge that the mouse can pull


class Column(QFrame):
    """Its sections are as folded, and it as wide, as it was last time."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.sections: list[Section] = []
        self._turned = set(settings.folds)  # titles of those that were folded or opened by hand
        self._wanted = settings.layers_height  # of the sections that stay; 0: as much as is left over
        self.setObjectName("column")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMaximumWidth(2 * theme.PANEL_WIDTH)
        self.scrolled = _Scrolled()
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self._rows.addWidget(self.scrolled)
        self._rows.addStretch(1)  # below the last section, where none of them grows

    def add(self, title: str, content: QWidget, opened: bool = True, stays: bool = False) -> Section:
        """Put a panel below the others. One that stays is seen however low the window is, and takes the room
        that the others leave. The title is `marked`.
        """
        section = Section(tr(title), content, opened is not (title in self._turned))
        section.header.toggled.connect(lambda: self._turned.symmetric_difference_update({title}))
        section.header.clicked.connect(lambda opened: self.reveal(section) if opened else None)
        if stays:
            section.setProperty("stays", True)
            self._rows.insertWidget(self._rows.count() - 1, section, 1000)
            grip = Grip(section)
            grip.pulled.connect(lambda rise: self._raise(section, rise))
            section.header.toggled.connect(lambda: self._fit(section))
        else:
            self.scrolled.rows.addWidget(section)
        self.sections.append(section)
        return section

    def reveal(self, section: Section) -> None:
        """Unfold a section and bring it into sight, from its title on."""
        section.header.setChecked(True)
        QTimer.singleShot(0, section, lambda: self.scrolled.show_part(section))  # once it has its size

    def minimumSizeHint(self) -> QSize:
        """No panel is cut at the right, however large the text is."""
        inside = max(self.scrolled.minimumSizeHint().width(), super().minimumSizeHint().width())
        return QSize(min(max(theme.PANEL_WIDTH, inside), self.maximumWidth()), 0)

    def remembered_in(self, settings: Settings) -> Settings:
        folds = tuple(sorted(self._turned))
        return replace(settings, folds=folds, column_width=self.width(), layers_height=self._wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for section in self.sections:
            if section.property("stays"):
                self._fit(section)

    def _raise(self, section: Section, rise: int) -> None:
        """Higher by so many points, at the cost of those that scroll."""
        self._wanted = min(max(section.height() + rise, section.minimumSizeHint().height()), self._most)
        self._fit(section)

    def _fit(self, section: Section) -> None:
        """As high as the user wants it and the window allows."""
        opened = section.header.isChecked()
        section.setMinimumHeight(min(self._wanted, self._most) if self._wanted and opened else 0)

    @property
    def _most(self) -> int:
        return max(self.height() - LEAST, 0)


class Grip(QWidget):
    """The upper edge of a section, which the mouse can pull."""

    pulled = Signal(int)  # upwards, in points

    def __init__(self, section: Section) -> None:
        super().__init__(section)
        self.setCursor(Qt.CursorShape.SplitVCursor)
        self.setToolTip(tr("Pull to give this panel more room"))
        section.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(0, 0, watched.width(), GRIP)
        return super().eventFilter(watched, event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.pulled.emit(GRIP // 2 - round(event.position().y()))


class _Scrolled(QScrollArea):
    """As high as what is in it, unless there is less room."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Panels"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._inner = QWidget()
        self.rows = QVBoxLayout(self._inner)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setSpacing(0)
        self.setWidget(self._inner)

    def show_part(self, part: QWidget) -> None:
        """As little as it takes; of a part that is too high its upper end."""
        if self._inner.isAncestorOf(part):
            bar, place = self.verticalScrollBar(), part.geometry()
            bar.setValue(min(max(bar.value(), place.bottom() + 1 - self.viewport().height()), place.y()))

    def sizeHint(self) -> QSize:
        return self._inner.sizeHint()

    def minimumSizeHint(self) -> QSize:
        inner = self._inner.minimumSizeHint()
        width = inner.width() + self.verticalScrollBar().sizeHint().width()
        return QSize(width, min(LEAST, self.sizeHint().height()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)
