"""The strip over the canvas: the options of the chosen tool, as its fields tell them.

What does not fit, and what is seldom needed, is in a flyout at the strip's end.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from ui import theme
from ui.brushes import BrushButton
from ui.curve_editor import PenPanel
from ui.flyout import Flyout
from ui.icons import icon
from ui.language import tr
from ui.options import Answer, Choice, Option, Slide, Switch, options_of
from ui.own_brushes import OwnBrushes
from ui.slider import Slider
from ui.tools import Brush, Tool
from ui.widgets import Choices, Elided, Segments, caption, icon_button

WIDE, FOLDED = 128, 232  # points, of a slider in the strip, and at least in the flyout
MOST = 4  # choices side by side; more are in a list


class OptionStrip(QWidget):
    """A control for each option; `controls` holds those of the tool that is shown."""

    changed = Signal()

    def __init__(self, own: OwnBrushes) -> None:
        super().__init__()
        self.setObjectName("strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(44)
        self.controls: dict[str, Control] = {}
        self._tool: Tool | None = None
        self._made: dict[str, dict[str, Control]] = {}  # by the names of the tools
        self._sign, self._name = QLabel(), QLabel()
        self._name.setProperty("title", True)
        self._hint = Elided()
        self._hint.setProperty("quiet", True)
        self.brushes = BrushButton(own)
        self.brushes.changed.connect(self._changed_as_a_whole)
        self.pen = icon_button("pen-nib", tr("What the pen's pressure and tilt do"))
        self._pens: dict[tuple[tuple[str, str], ...], PenPanel] = {}
        self.pen_flyout = Flyout(self.pen, tr("Pen"))
        self.more = icon_button("sliders-horizontal", tr("More options"))
        self.flyout = Flyout(self.more, tr("More options"))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(12, 0, 12, 0)
        self._row.setSpacing(theme.GRID)
        for part in (self._sign, self._name):
            self._row.addWidget(part)
        self._row.addSpacing(theme.GRID)
        self._row.addWidget(self.brushes)
        self._first = self._row.count()  # where controls begin
        self._row.addWidget(self.pen)
        self._row.addWidget(self.more)
        self._row.addWidget(self._hint, 1)
        self._row.addStretch()

    @property
    def sliders(self) -> dict[str, Slider]:
        inner = {name: control.inner for name, control in self.controls.items()}
        return {name: each for name, each in inner.items() if isinstance(each, Slider)}

    def show_tool(self, tool: Tool) -> None:
        """Its options with their values."""
        self._tool = tool
        self._sign.setPixmap(icon(tool.icon).pixmap(QSize(18, 18), self.devicePixelRatioF()))
        self._name.setText(tr(tool.name))
        self._hint.setText(tr(tool.tip))
        self._hint.setToolTip(tr(tool.tip))
        for control in self.controls.values():
            control.setParent(None)
        if tool.name not in self._made:
            made = {name: _control(option) for name, option in options_of(tool).items()}
            self._made[tool.name] = {name: control for name, control in made.items() if control is not None}
            for name, control in self._made[tool.name].items():
                control.changed.connect(partial(self._set, name))
        self.controls = self._made[tool.name]
        self._hint.setVisible(not self.controls)
        self.brushes.setVisible(isinstance(tool, Brush))
        self._show_pen(tool)
        self.refresh()
        self._arrange()

    def refresh(self) -> None:
        """Show the values that the tool has now."""
        for name, control in self.controls.items():
            control.show_value(getattr(self._tool, name))
        if isinstance(self._tool, Brush):
            self.brushes.show_brush(self._tool)

    def minimumSizeHint(self) -> QSize:
        """As narrow as one likes: what does not fit is folded away."""
        return QSize(160, 44)

    def step(self, name: str, steps: int) -> None:
        """As the arrow keys do on that slider, if the tool has it."""
        slider = self.sliders.get(name)
        if slider is not None:
            slider.step(steps)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._arrange()

    def _set(self, name: str, value: object) -> None:
        setattr(self._tool, name, value)
        if isinstance(self._tool, Brush):
            self.brushes.show_brush(self._tool)
        self.changed.emit()

    def _changed_as_a_whole(self) -> None:
        if self._tool is not None:
            self.show_tool(self._tool)
            self.changed.emit()

    def _show_pen(self, tool: Tool) -> None:
        """The panel of what the pen does; tools that let it do the same share it."""
        answers = {name: each.name for name, each in options_of(tool).items() if isinstance(each, Answer)}
        self.pen.setVisible(bool(answers))
        for panel in self._pens.values():
            panel.setParent(None)
        if not answers:
            return
        properties = tuple(answers.items())
        if properties not in self._pens:
            self._pens[properties] = PenPanel(answers)
            self._pens[properties].changed.connect(self._set)
        panel = self._pens[properties]
        panel.set_responses({name: getattr(tool, name) for name in answers})
        self.pen_flyout.column.addWidget(panel)
        panel.show()

    def _arrange(self) -> None:
        """As many controls in the strip as fit, the others in the flyout, in their order."""
        gap = self._row.spacing()
        parts = (self._sign, self._name, self.brushes, self.pen, self.more)
        used = sum(_width(part) + gap for part in parts if part is self.more or not part.isHidden())
        room = self.width() - used - 3 * theme.GRID - 24
        place, is_full = self._first, False
        for control in self.controls.values():
            control.fold(control.is_folded)
            room -= _width(control) + gap
            is_full = is_full or room < 0
            if control.is_folded or is_full:
                control.fold(True)
                self.flyout.column.addWidget(control)
            else:
                self._row.insertWidget(place, control)
                place += 1
            control.show()
        self.more.setVisible(self.flyout.column.count() > 0)


class Control(QWidget):
    """One option: what is moved by the user comes as the tool's own value."""

    changed = Signal(object)

    def __init__(self, inner: QWidget, show: Callable[[Any], None], is_folded: bool, text: str = "") -> None:
        super().__init__()
        self.inner, self.is_folded, self.show_value = inner, is_folded, show
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, theme.GRID // 2 if text else 0, 0)
        row.setSpacing(theme.GRID)
        if text:
            row.addWidget(caption(text))
        row.addWidget(inner, 1)
        self.fold(is_folded)

    def tell(self, value: object) -> None:
        self.changed.emit(value)

    def fold(self, folded: bool) -> None:
        """Narrow in the strip, as wide as the flyout in there."""
        if isinstance(self.inner, Slider):
            wide = max(WIDE, self.inner.sizeHint().width())  # more for large text
            self.setMinimumWidth(FOLDED if folded else wide)
            self.setMaximumWidth(16777215 if folded else wide)  # Qt's own word for any width
        policy = QSizePolicy.Policy.Expanding if folded else QSizePolicy.Policy.Fixed
        self.setSizePolicy(policy, QSizePolicy.Policy.Fixed)


def _width(part: QWidget) -> int:
    """What it will take, its style sheet included."""
    part.ensurePolished()
    for inner in part.findChildren(QWidget):
        inner.ensurePolished()
    fixed = part.minimumWidth() == part.maximumWidth()
    return part.minimumWidth() if fixed else part.sizeHint().width()


def _control(option: Option) -> Control | None:
    if isinstance(option, Slide):
        return _slide(option)
    if isinstance(option, Switch):
        return _switch(option)
    if isinstance(option, Choice):
        return _choice(option) if len(option.choices) <= MOST else _list(option)
    assert isinstance(option, Answer)
    return None  # all of them share a flyout


def _slide(option: Slide) -> Control:
    slider = Slider(
        tr(option.name),
        option.low,
        option.high,
        option.low,
        option.unit,
        option.curve,
        tr(option.help_text),
    )
    control = Control(slider, lambda value: slider.set_value(value * option.scale), option.folded)
    slider.moved.connect(lambda value: control.changed.emit(value / option.scale))
    return control


def _switch(option: Switch) -> Control:
    button = icon_button(option.icon, tr(option.help_text), checkable=True)
    button.setText(tr(option.name))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setAccessibleName(tr(option.name))
    button.setFixedHeight(28)
    control = Control(button, button.setChecked, option.folded)
    button.clicked.connect(control.tell)
    return control


def _choice(option: Choice) -> Control:
    values = {str(value): value for value, _, _ in option.choices}
    choices = [(str(value), tr(text), tr(help_text)) for value, text, help_text in option.choices]
    segments = Segments(tr(option.name), choices, choices[0][0])
    control = Control(segments, lambda value: segments.set_value(str(value)), option.folded, tr(option.name))
    segments.chosen.connect(lambda text: control.changed.emit(values[text]))
    return control


def _list(option: Choice) -> Control:
    box = Choices()
    box.setAccessibleName(tr(option.name))
    values = [value for value, _, _ in option.choices]
    for _, text, help_text in option.choices:
        box.addItem(tr(text))
        box.setItemData(box.count() - 1, tr(help_text), Qt.ItemDataRole.ToolTipRole)
    control = Control(
        box, lambda value: box.setCurrentIndex(values.index(value)), option.folded, tr(option.name)
    )
    box.activated.connect(lambda number: control.changed.emit(values[number]))
    return control
