"""What the window shows of the state of document, history and edit, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from ui import actions, hints, key_tips
from ui.chip import Colour
from ui.dragging import outlook
from ui.language import tr
from ui.tools import Lasting, Transform

if TYPE_CHECKING:
    from ui.window import Window

PAINTS = ("Brush", "Fill", "Gradient")  # steps that use the colour


class Showing(QObject):
    """A part that has a state to show adds a line to `refresh`, or listens itself."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._ran = False  # whether an edit ran when it was looked last

    @Slot()
    def refresh(self) -> None:
        """Let every part show what is; called after each step, and whenever an edit begins or ends."""
        window = self._window
        working, running = window.editing.is_working, window.editing.is_running
        document = window.session.document
        keyboard, begins = window.focusWidget(), running and not self._ran
        self._ran = running
        window.setWindowTitle(f"{window.filing.name}[*] \N{EM DASH} Driftpaint")
        window.setWindowModified(window.session.is_modified)
        self.show_hint()
        window.status.show_size(QSize(document.width, document.height))
        self._show_actions()
        window.edit_panel.show_state(running, window.switching.facts is not None)
        self.show_outlook()
        window.live.pause(working)
        window.edit_panel.live.setChecked(window.live.is_on)
        if not working:
            window.job_bar.hide()
        self.show_way()
        holding = window.holding
        holding.watch.marks = running
        wanted = holding.tool if not working else holding.watch if holding.drags else holding.hand
        if window.canvas.tool is not wanted:  # this may be called from inside a gesture, which goes on
            window.canvas.set_tool(wanted)
        for part in (
            window.tool_bar,
            window.options,
            window.layers,
            window.history,
            window.drag_panel.handles,
        ):
            part.setEnabled(not working)
        window.layering.show_actions()
        window.welcome.setVisible(window.filing.is_untouched and not window.live.is_on)
        self.show_zoom()
        if begins or _is_spent(keyboard):
            window.canvas.setFocus()  # keys mean the picture, not what happens to come after a spent button

    def show_tool(self) -> None:
        """Another one is in the hand."""
        window, tool, drags = self._window, self._window.holding.tool, self._window.holding.drags
        transforms = isinstance(tool, Transform)
        window.tool_bar.choose(window.holding.tools.index(tool))
        window.options.show_tool(tool)
        window.menus.choose_tool(tool)
        window.model_panel.show_task(drags)
        window.edit_section.setVisible(not drags)
        window.colour_section.setVisible(not drags and not transforms)
        window.drag_section.setVisible(drags)
        window.transform_section.setVisible(transforms)
        self.refresh()

    @Slot()
    def show_keys(self) -> None:
        """Keys may have been changed."""
        key_tips.refresh(self._window)
        self.show_hint()

    def show_hint(self) -> None:
        """What keys do now."""
        window = self._window
        window.status.show_picture(not window.comfort.is_starting)
        if window.comfort.is_starting:
            hint = ""
        elif window.editing.is_running:
            hint = hints.line(hints.RUNNING, window.keys)
        elif window.editing.is_choosing:
            hint = hints.line(hints.CHOOSING, window.keys)
        else:
            hint = hints.hint_of(window.holding.tool, window.keys)
        window.status.show_hint(hint)

    def _show_actions(self) -> None:
        """Which actions are possible, and what they would do."""
        window, menu, history = self._window, self._window.menus.actions, self._window.session.history
        document = window.session.document
        editing, working, running = window.editing, window.editing.is_working, window.editing.is_running
        for name, label in (("undo", history.undo_label), ("redo", history.redo_label)):
            text = tr(actions.named(name).text)
            menu[name].setText(f"{text}: {tr(label)}" if label else text)
        run = tr(actions.named("make_it_real").text)
        menu["make_it_real"].setText(tr("&Drag") if window.holding.drags else run)
        menu["toggle_live"].setChecked(window.live.is_on)
        for name, possible in {
            "clipboard.cut": not working,
            "clipboard.paste": not working,
            "clipboard.clear": not working and not window.holding.drags and document.selection is not None,
            "undo": editing.is_choosing or (not running and bool(history.undo_label)),
            "redo": not working and bool(history.redo_label),
            "make_it_real": not running,
            "next_variant": editing.is_choosing and len(window.session.document.results) > 1,
            "previous_variant": editing.is_choosing and len(window.session.document.results) > 1,
        }.items():
            menu[name].setEnabled(possible)
        for name in menu.keys() - {"results.run_recipe"}:
            if name.startswith("framing."):
                menu[name].setEnabled(not working)
            if name.startswith("results."):
                menu[name].setEnabled(bool(window.session.document.results) and not running)
        self.show_apply()
        self.show_settle()

    @Slot()
    def show_settle(self) -> None:
        """Whether there is a layer to be settled."""
        window = self._window
        wanted = window.settle_panel.is_wanted and not window.holding.drags
        window.settle_section.setVisible(wanted)
        window.edit_panel.give_way(wanted)
        window.settle_panel.show_state(window.editing.is_running, window.switching.facts is not None)
        possible = wanted and not window.editing.is_running
        window.menus.actions["settle"].setEnabled(possible)

    @Slot()
    def show_apply(self) -> None:
        """Whether there is something that Enter would keep."""
        window, tool = self._window, self._window.holding.tool
        waits = window.editing.is_choosing or window.live.can_keep
        waits = waits or isinstance(tool, Transform) or (isinstance(tool, Lasting) and tool.is_under_way)
        window.menus.actions["apply_result"].setEnabled(waits)

    @Slot()
    def show_outlook(self) -> None:
        """What a drag would do."""
        window = self._window
        if window.holding.drags:
            seen = outlook(window.session.document, window.drag_panel.options())
            window.drag_panel.show_state(window.editing.is_running, window.switching.facts is not None, seen)

    @Slot(str, bool)
    def show_foretold(self, words: str, is_short: bool) -> None:
        """What the next edit will take, below the button that begins it."""
        panel = self._window.drag_panel if self._window.holding.drags else self._window.edit_panel
        panel.outlook.tell(words, is_short)

    @Slot()
    def show_way(self) -> None:
        """How far things have gone in the drag that waits to be applied."""
        editing, timeline = self._window.editing, self._window.timeline
        if editing.is_choosing and editing.is_drag:
            timeline.show_way(editing.way, editing.keys)
        else:
            timeline.hide()

    @Slot(float, str)
    def show_making(self, share: float, label: str) -> None:
        """How far a step is that takes long."""
        window = self._window
        if window.session.is_making:
            told = tr("{step}: {percent} %").format(step=tr(label), percent=round(100 * share))
            window.job_bar.show_progress(share, told, keeps=False)
        elif not window.editing.is_working:
            window.job_bar.hide()

    @Slot(int, int)
    def show_choice(self, number: int, count: int) -> None:
        self._window.job_bar.show_choice(number, count)
        self.show_way()

    @Slot()
    def show_recent(self) -> None:
        self._window.menus.show_recent(self._window.filing.recent)

    @Slot()
    def show_zoom(self) -> None:
        self._window.status.show_zoom(self._window.canvas.view.zoom)

    @Slot()
    def show_colours(self) -> None:
        window = self._window
        colour, other = parts(window.session.colour), parts(window.session.other_colour)
        window.colours.set_colour(colour)
        window.tool_bar.swatches.set_colours(colour, other)

    @Slot()
    def remember_colour(self) -> None:
        window, history = self._window, self._window.session.history
        if history.undo_label in PAINTS and not history.redo_label:
            window.colours.remember(parts(window.session.colour))


def parts(colour: QColor) -> Colour:
    return colour.red(), colour.green(), colour.blue()


def _is_spent(widget: QWidget | None) -> bool:
    return widget is not None and not (widget.isEnabled() and widget.isVisible())
