"""The tool in the hand: choosing one, bringing to its end what it does, its size, its brushes and colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QColor

from ui import presets
from ui.chip import Colour
from ui.toolbar import tools_as
from ui.tools import Brush, Drag, Lasting, Pan, Tool, Transform, Watch
from ui.tools.drag import duplicated

if TYPE_CHECKING:
    from ui.window import Window


class Holding(QObject):
    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self.tools: list[Tool] = tools_as(window.settings)
        self.tool = self.tools[0]  # the chosen one; while an edit runs the canvas has another
        self._before = 0  # the tool before Transform, by its number
        self.hand: Tool = Pan()
        self.drag = next(tool for tool in self.tools if isinstance(tool, Drag))
        self.watch = Watch(drag=self.drag)

    @property
    def drags(self) -> bool:
        return self.tool is self.drag

    @Slot(int)
    def choose(self, number: int) -> None:
        window, tool = self._window, self.tools[number]
        self.finish()
        if isinstance(tool, Transform) and tool is not self.tool:
            self._before = self.tools.index(self.tool)
        self.tool = tool
        if self.drags:
            window.live.turn_off()
        window.showing.show_tool()
        window.foretelling.look()

    @Slot(int)
    def choose_by_key(self, number: int) -> None:
        """The key of the tool that is chosen already goes on to the next of its group."""
        if not self._window.editing.is_working:
            is_chosen = self.tools[number] is self.tool
            self.choose(self._window.tool_bar.after(number) if is_chosen else number)

    def finish(self) -> None:
        """Bring to its end what lasts over several gestures, before anything else is done to the document."""
        tool = self._window.canvas.tool
        if isinstance(tool, Lasting):
            tool.finish(self._window.session)

    def give_back(self) -> None:
        """After a transform, the tool that was held before it."""
        if isinstance(self.tool, Transform) and not self.tool.is_under_way:
            self.choose(self._before)

    def larger(self) -> None:
        self._resize(1)

    def smaller(self) -> None:
        self._resize(-1)

    def duplicate(self) -> None:
        """The chosen handle once more, or the chosen layers."""
        if self.drags and self._window.session.chosen is not None:
            duplicated(self._window.session)
        else:
            self._window.layering.duplicate()

    @Slot(bool)
    def keep_source(self, keep: bool) -> None:
        """Whether what a handle carries stays where it was, too."""
        self.drag.keep = keep
        self._window.canvas.update()

    # ---- brushes and colours

    @Slot(str)
    def take_brush(self, name: str) -> None:
        """One of the brushes that are ready."""
        brush = self.tools[self._brush]
        if isinstance(brush, Brush) and not self._window.editing.is_working:
            presets.take(brush, name)
            self.choose(self._brush)

    def save_brush(self) -> None:
        """Ask what the brush as it is now shall be called."""
        if self._window.editing.is_working:
            return
        if not isinstance(self.tool, Brush):
            self.choose(self._brush)
        self._window.options.brushes.ask_name()

    @Slot(object)
    def take_colour(self, colour: Colour) -> None:
        self._window.session.set_colour(QColor(*colour))

    def default_colours(self) -> None:
        session = self._window.session
        session.other_colour = QColor("white")
        session.set_colour(QColor("black"))
        self._window.showing.show_colours()

    @property
    def _brush(self) -> int:
        return next(number for number, tool in enumerate(self.tools) if type(tool) is Brush)

    def _resize(self, steps: int) -> None:
        if self._window.canvas.tool is self.drag:
            self.drag.resize(self._window.session, steps)
        else:
            self._window.options.step("size", steps)
