"""The tool bar at the left and the strip of the chosen tool's options over the canvas."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from ui import options, theme
from ui.colour import Swatches
from ui.icons import icon
from ui.options import options_of, recall
from ui.settings import Settings
from ui.tools import TOOLS, Drag, Tool
from ui.widgets import Elided, Slider, icon_button

log = logging.getLogger(__name__)
SHARES = ("hardness", "opacity", "flow", "smoothing")  # 0..1 in a tool, per cent on the screen


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
    """One button for each tool, and the two colours below."""

    chosen = Signal(int)

    def __init__(self, tools: Sequence[Tool]) -> None:
        super().__init__()
        self.setObjectName("toolbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.buttons: list[QToolButton] = []
        self._group = QButtonGroup(self)
        self.swatches = Swatches()
        column = QVBoxLayout(self)
        column.setContentsMargins(6, theme.GRID, 6, theme.GRID)
        column.setSpacing(theme.GRID // 2)
        for number, tool in enumerate(tools):
            button = icon_button(tool.icon, f"{tool.name}  ({tool.shortcut})\n{tool.tip}", 20, checkable=True)
            button.setFixedSize(36, 36)
            self._group.addButton(button, number)
            column.addWidget(button)
            self.buttons.append(button)
        column.addSpacing(theme.GRID)
        column.addWidget(self.swatches, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self._group.idClicked.connect(self.chosen)

    def choose(self, number: int) -> None:
        self.buttons[number].setChecked(True)


class OptionStrip(QWidget):
    """The options of the chosen tool, by the names of its fields: sliders and switches."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(44)
        self._sign, self._name = QLabel(), QLabel()
        self._name.setProperty("title", True)
        self._tool: Tool | None = None
        self._hint = Elided()
        self._hint.setProperty("quiet", True)
        self.sliders = {
            "size": Slider("Size", 1, 500, 48, " px", 2.2, "Width on the canvas  ([ and ])"),
            "hardness": Slider("Hardness", 0, 100, 80, " %", help_text="0 is soft, 100 has a sharp edge"),
            "opacity": Slider("Opacity", 1, 100, 100, " %", help_text="How much one stroke covers"),
            "flow": Slider("Flow", 1, 100, 100, " %", help_text="How much one dab leaves"),
            "smoothing": Slider("Smoothing", 0, 100, 0, " %", help_text="How calmly the line runs"),
            "tolerance": Slider("Tolerance", 0, 255, 32, "", 1.6, "How different a filled colour may be"),
        }
        self.switches = {
            "mirror": _switch("square-half", "Mirror", "Paint the same on the other side of the picture")
        }
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(theme.GRID)
        row.addWidget(self._sign)
        row.addWidget(self._name)
        row.addSpacing(theme.GRID)
        for field, slider in self.sliders.items():
            slider.setFixedWidth(152)
            slider.setProperty("field", field)
            slider.moved.connect(self._moved)
            row.addWidget(slider)
        for field, switch in self.switches.items():
            switch.setProperty("field", field)
            switch.toggled.connect(self._toggled)
            row.addWidget(switch)
        row.addSpacing(theme.GRID)
        row.addWidget(self._hint, 1)

    def show_tool(self, tool: Tool) -> None:
        """Its options with their values; what it lacks is hidden."""
        self._tool = tool
        self._sign.setPixmap(icon(tool.icon).pixmap(QSize(18, 18), self.devicePixelRatioF()))
        self._name.setText(tool.name)
        self._hint.setText(tool.tip)
        self._hint.setToolTip(tool.tip)
        for field, slider in self.sliders.items():
            slider.setVisible(hasattr(tool, field))
            if hasattr(tool, field):
                slider.set_value(getattr(tool, field) * (100 if field in SHARES else 1))
        for field, switch in self.switches.items():
            switch.setVisible(hasattr(tool, field))
            if hasattr(tool, field):
                switch.setChecked(getattr(tool, field))

    def _moved(self, value: float) -> None:
        field = self.sender().property("field")
        setattr(self._tool, field, value / 100 if field in SHARES else value)
        self.changed.emit()

    def _toggled(self, on: bool) -> None:
        if self._tool is not None:
            setattr(self._tool, self.sender().property("field"), on)


def _switch(sign: str, text: str, help_text: str) -> QToolButton:
    switch = icon_button(sign, help_text)
    switch.setText(text)
    switch.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    switch.setAccessibleName(text)
    switch.setCheckable(True)
    switch.setFixedHeight(28)
    return switch
