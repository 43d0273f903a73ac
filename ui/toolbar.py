"""The tool bar at the left, and what is remembered of the tools."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QPoint, QPointF, QSize, Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QButtonGroup, QMenu, QToolButton, QVBoxLayout, QWidget

from ui import options, theme
from ui.colour import Swatches
from ui.icons import icon
from ui.key_tips import explain, key_of
from ui.language import tr
from ui.options import options_of, recall
from ui.settings import Settings
from ui.tools import GROUPS, TOOLS, Drag, Tool

log = logging.getLogger(__name__)
LONG = 350  # milliseconds of a long press


def tools_as(settings: Settings) -> list[Tool]:
    """Every tool, with the options that it had last time."""
    tools: list[Tool] = [kind() for kind in TOOLS]
    kept = _kept(settings)
    for tool in tools:
        recall(tool, kept.get(tool.name, {}))
        if isinstance(tool, Drag):
            tool.radius = float(settings.handle_radius)
    return tools


def remembered_in(settings: Settings, tools: Sequence[Tool]) -> Settings:
    """The settings with the options that the tools have now."""
    values = _kept(settings)
    for tool in tools:
        if options_of(tool):
            values[tool.name] = dict(options.kept(tool))
        if isinstance(tool, Drag):
            settings = replace(settings, handle_radius=round(tool.radius))
    return replace(settings, tool_options=json.dumps(values))


def _kept(settings: Settings) -> dict[str, dict[str, object]]:
    """The options of every tool by its name, as the settings have them."""
    try:
        kept = json.loads(settings.tool_options)
    except ValueError as error:
        log.warning("The tools' options cannot be read, so the defaults are used: %s", error)
        return {}
    if not isinstance(kept, dict):
        return {}
    return {name: values for name, values in kept.items() if isinstance(values, dict)}


class ToolBar(QWidget):
    """A button for each group of tools, which shows the one of them that was used last, and the two colours
    below.
    """

    chosen = Signal(int)

    def __init__(self, tools: Sequence[Tool]) -> None:
        super().__init__()
        self.setObjectName("toolbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.buttons: list[GroupButton] = []
        self.swatches = Swatches()
        column = QVBoxLayout(self)
        column.setContentsMargins(6, theme.GRID, 6, theme.GRID)
        column.setSpacing(theme.GRID // 2)
        group = QButtonGroup(self)
        for kinds in GROUPS:
            button = GroupButton([(number, tool) for number, tool in enumerate(tools) if type(tool) in kinds])
            button.chosen.connect(self.chosen)
            group.addButton(button)
            column.addWidget(button)
            self.buttons.append(button)
        column.addSpacing(theme.GRID)
        column.addWidget(self.swatches, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)

    def choose(self, number: int) -> None:
        for button in self.buttons:
            if number in button.numbers:
                button.show_tool(number)

    def after(self, number: int) -> int:
        """The next tool in its group."""
        numbers = next(button.numbers for button in self.buttons if number in button.numbers)
        return numbers[(numbers.index(number) + 1) % len(numbers)]


class GroupButton(QToolButton):
    """Chooses the tool that it shows; a long press or a right click offers the others of its group."""

    chosen = Signal(int)

    def __init__(self, tools: Sequence[tuple[int, Tool]]) -> None:
        super().__init__()
        self.numbers = [number for number, _ in tools]
        self._tools = dict(tools)
        self._shown = self.numbers[0]
        self.setCheckable(True)
        self.setAutoRaise(True)
        self.setIconSize(QSize(20, 20))
        self.setFixedSize(36, 36)
        self.menu_of_group = QMenu(self)
        for number, tool in tools:
            action = self.menu_of_group.addAction(icon(tool.icon), tr(tool.name))
            action.triggered.connect(partial(_emit, self.chosen, number))
        self._long = QTimer(self)
        self._long.setSingleShot(True)
        self._long.setInterval(LONG)
        self._long.timeout.connect(self.offer)
        self.clicked.connect(self._clicked)
        self.show_tool(self._shown)
        self.setChecked(False)

    def show_tool(self, number: int) -> None:
        tool = self._tools[number]
        self._shown = number
        self.setIcon(icon(tool.icon, theme.TEXT, theme.ON_DIM))
        others = tr("Right click or hold for more") if len(self._tools) > 1 else ""
        more = "\n".join(line for line in (tr(tool.tip), others) if line)
        explain(self, tr(tool.name), f"tool {tool.name}", more)
        self.setAccessibleName(tr(tool.name))
        self.setAccessibleDescription(tr(tool.tip))
        self.setChecked(True)

    def offer(self) -> None:
        """The tools of the group, beside the button."""
        self._long.stop()
        if len(self._tools) > 1:
            self.setDown(False)
            for action, tool in zip(self.menu_of_group.actions(), self._tools.values(), strict=True):
                action.setText(f"{tr(tool.name)}\t{key_of(self, f'tool {tool.name}')}")
            self.menu_of_group.popup(self.mapToGlobal(QPoint(self.width() + 4, 0)))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.offer()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Right and len(self._tools) > 1:
            self.offer()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._long.start()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._long.stop()
        super().mouseReleaseEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if len(self._tools) > 1:  # a corner that tells of more
            with QPainter(self) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.QUIET))
                x, y = self.width() - 4.0, self.height() - 4.0
                painter.drawPolygon(QPolygonF([QPointF(x, y), QPointF(x - 5, y), QPointF(x, y - 5)]))

    def _clicked(self) -> None:
        self.chosen.emit(self._shown)


def _emit(signal: SignalInstance, number: int, checked: bool = False) -> None:
    signal.emit(number)
