"""What starts edits and ends them: what the next one is asked for, and what the buttons and keys for making,
keeping and giving up mean while a tool, an edit, a result or live mode has the canvas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from ui.apply import Ask, EditOptions, Wording, ladder
from ui.document import Document
from ui.dragging import dragged
from ui.inventing import ASKS
from ui.language import tr
from ui.settling import SettleAsk
from ui.tools import Lasting, Transform

if TYPE_CHECKING:
    from ui.drag_panel import DragPanel
    from ui.edit_panel import EditPanel
    from ui.window import Window


class Running(QObject):
    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window

    # ---- what the next one is asked for

    def options(self) -> EditOptions:
        """What an edit of strokes would be made with now."""
        return replace(self._window.edit_panel.options(), **self.wording().told())

    def asked(self, ladder: tuple[float, ...] = ()) -> Callable[[Document], Ask]:
        """What a run that is begun now would ask of a document."""
        window = self._window
        if window.holding.drags:
            return partial(dragged, options=replace(window.drag_panel.options(), **self.wording().told()))
        options = replace(self.options(), ladder=ladder)
        return lambda document: ASKS[options.task](document, options)

    def wording(self) -> Wording:
        """What it is told beside the picture, and what shows it while it forms."""
        window, facts = self._window, self._window.switching.facts
        decoder = window.library.decoder_for(facts.family) if facts is not None else ""
        return replace(window.model_panel.wording(window.editing.model), tiny_decoder=decoder)

    # ---- starting

    @Slot()
    def make_it_real(self) -> None:
        """Start an edit of what is on the canvas; what is seen live keeps its seed."""
        self._start(rolls=not self._window.live.is_on)

    @Slot()
    def settle(self) -> None:
        """Blend what was pasted into the picture."""
        window = self._window
        if self._is_ready():
            window.holding.finish()
            if not window.edit_panel.seed.is_locked:
                window.edit_panel.seed.roll()
            window.messages.hide()
            window.settle_panel.settle()

    @Slot()
    def make_another(self) -> None:
        if isinstance(self._window.editing.ask, SettleAsk):
            self.settle()
        else:
            self._start(rolls=True)

    @Slot()
    def climb(self) -> None:
        """The same noise at several strengths, side by side."""
        window = self._window
        if window.holding.drags:
            window.holding.choose(0)
        window.edit_panel.set_task("real")
        self._start(rolls=False, ladder=ladder(window.edit_panel.options().strength))

    def toggle_live(self) -> None:
        """On or off: what is painted is made real at once."""
        window = self._window
        window.edit_panel.set_task("real")
        window.live.turn(not window.live.is_on)
        if window.live.is_on and window.holding.drags:
            window.holding.choose(0)

    @Slot()
    def look_live(self) -> None:
        """Live mode is of strokes alone."""
        window = self._window
        if window.edit_panel.task.value() == "real":
            window.live.look()
        else:
            window.live.turn_off()

    # ---- ending

    def apply_result(self) -> None:
        """Keep what is shown over the canvas: of a tool, of an edit or of live mode."""
        window, tool = self._window, self._window.canvas.tool
        if isinstance(tool, Lasting) and tool.is_under_way:
            window.holding.finish()
            window.holding.give_back()
        elif window.editing.is_choosing:
            window.editing.apply()
        elif window.live.can_keep:
            window.live.keep()
        else:
            window.holding.give_back()

    def step_back(self) -> None:
        """Escape: the start page, the stroke under way, else the edit, the result, live mode, the message."""
        window, session, editing = self._window, self._window.session, self._window.editing
        if window.comfort.is_starting:
            window.comfort.leave_start()
            return
        tool = window.canvas.tool
        if window.canvas.cancel_gesture() or session.give_up():
            return
        if isinstance(tool, Lasting) and tool.give_up(session):
            window.holding.give_back()
        elif editing.is_running:
            editing.stop()
        elif editing.is_choosing:
            editing.discard()
        elif isinstance(tool, Transform):
            window.holding.give_back()
        elif window.live.is_on:
            window.live.turn_off()
        elif session.chosen is not None and window.holding.drags:
            session.choose(None)
        else:
            window.messages.hide()

    def undo(self) -> None:
        """Take the last step back; a result that waits to be chosen is the last step."""
        session, editing, tool = self._window.session, self._window.editing, self._window.canvas.tool
        if session.give_up() or (isinstance(tool, Lasting) and tool.give_up(session)):
            return
        if editing.is_choosing:
            editing.discard()
        elif not editing.is_running:
            session.undo()

    def redo(self) -> None:
        if not self._window.editing.is_working:
            self._window.session.redo()

    def next_variant(self) -> None:
        self._window.editing.turn(1)

    def previous_variant(self) -> None:
        self._window.editing.turn(-1)

    def _is_ready(self) -> bool:
        """Whether there is a model; if not, that is said."""
        if self._window.switching.facts is None:
            self._window.messages.tell(tr("The model is still getting ready; one moment."))
        return self._window.switching.facts is not None

    def _start(self, rolls: bool, ladder: tuple[float, ...] = ()) -> None:
        """A result that was not applied gives way."""
        window = self._window
        if not self._is_ready() or window.editing.is_running:
            return
        window.holding.finish()
        panel: EditPanel | DragPanel = window.drag_panel if window.holding.drags else window.edit_panel
        if rolls and not panel.seed.is_locked:
            panel.seed.roll()
        window.messages.hide()
        window.model_panel.remember_words()
        window.editing.start(self.asked(ladder))
