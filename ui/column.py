"""The column of panels at the right: titled sections, one below the other, each of which folds."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from ui import theme
from ui.language import tr
from ui.settings import Settings
from ui.widgets import Section


class Column(QScrollArea):
    """Its sections are as folded, and it as wide, as it was last time."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.sections: list[Section] = []
        self._turned = set(settings.folds)  # titles of those that were folded or opened by hand
        self.setObjectName("column")
        self.setAccessibleName(tr("Panels"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMaximumWidth(2 * theme.PANEL_WIDTH)
        self._panels = QWidget()
        self._rows = QVBoxLayout(self._panels)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self._rows.addStretch(1)  # below the last section, where none of them grows
        self.setWidget(self._panels)

    def add(self, title: str, content: QWidget, opened: bool = True, grows: bool = False) -> Section:
        """Put a panel below the others; one that grows takes the room that is left. The title is `marked`."""
        section = Section(tr(title), content, opened is not (title in self._turned))
        section.header.toggled.connect(lambda: self._turned.symmetric_difference_update({title}))
        self._rows.insertWidget(len(self.sections), section, 1000 if grows else 0)
        self.sections.append(section)
        return section

    def minimumSizeHint(self) -> QSize:
        """No panel is cut at the right, however large the text is."""
        inside = self._panels.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(min(max(theme.PANEL_WIDTH, inside), self.maximumWidth()), 0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def remembered_in(self, settings: Settings) -> Settings:
        return replace(settings, folds=tuple(sorted(self._turned)), column_width=self.width())
