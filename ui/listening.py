"""Who hears whom: which part of the window answers what another one tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from engine.types import ModelFacts
from ui.tools import Lasting

if TYPE_CHECKING:
    from ui.window import Window


class Listening(QObject):
    """Of several answers to one signal the order counts: the first one here is the first one to come."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._to_session()
        self._to_tools()
        self._to_edits()
        self._to_files()
        self._to_engine()
        self._to_predictions()
        self._show_models()

    def _to_session(self) -> None:
        """The document, and what is painted with."""
        window, session = self._window, self._window.session
        session.committed.connect(window.showing.refresh)
        session.pulled.connect(window.showing.show_apply)
        session.committed.connect(window.showing.remember_colour)
        session.progressed.connect(window.showing.show_making)
        session.replaced.connect(window.showing.refresh)
        session.colour_changed.connect(window.showing.show_colours)

    def _to_tools(self) -> None:
        """Canvas, tools and colours."""
        window, session = self._window, self._window.session
        window.layers.covered_wanted.connect(window.selecting.from_alpha)
        window.canvas.zoom_changed.connect(window.showing.show_zoom)
        window.status.zoom.asked.connect(window.canvas.set_zoom)
        window.canvas.hovered.connect(window.status.show_place)
        window.tool_bar.chosen.connect(window.holding.choose)
        window.tool_bar.swatches.swap.connect(session.swap_colours)
        window.tool_bar.swatches.chosen.connect(self._show_colour_panel)
        for section in (window.navigator_section, window.history_section):
            section.header.toggled.connect(window.show_folds)
        window.areas.eye.toggled.connect(window.menus.actions["areas.show_always"].setChecked)
        window.options.changed.connect(window.canvas.update)
        window.colours.picked.connect(window.holding.take_colour)
        window.colours.materials.brush_wanted.connect(window.holding.take_brush)

    def _to_edits(self) -> None:
        """What begins and ends them, and what becomes of their results."""
        window, session = self._window, self._window.session
        panel, bar = window.edit_panel, window.job_bar
        for run in (panel.run, window.drag_panel.run):
            run.connect(window.running.make_it_real)
        window.settle_panel.run.connect(window.running.settle)
        window.transform_panel.apply.connect(window.running.apply_result)
        window.transform_panel.discard.connect(window.running.step_back)
        window.settle_panel.changed.connect(window.showing.show_settle)
        panel.live.clicked.connect(window.running.toggle_live)
        panel.changed.connect(window.running.look_live)
        window.live.changed.connect(window.showing.refresh)
        window.live.recovered.connect(window.messages.hide)
        bar.again.connect(window.running.make_another)
        for stop in (panel.stop, window.drag_panel.stop, bar.stop):
            stop.connect(window.editing.stop)
        bar.stop.connect(session.give_up)
        bar.apply.connect(window.editing.apply)
        bar.discard.connect(window.editing.discard)
        bar.turn.connect(window.editing.turn)
        bar.original.connect(session.compare)
        panel.climb.connect(window.running.climb)
        window.drag_panel.changed.connect(window.showing.show_outlook)
        window.drag_panel.kept.connect(window.holding.keep_source)
        window.timeline.track.scrubbed.connect(window.editing.peek)
        window.timeline.track.released.connect(window.editing.go)
        window.editing.went.connect(window.showing.show_way)
        window.editing.progressed.connect(bar.show_progress)
        window.editing.chosen.connect(window.showing.show_choice)
        window.editing.changed.connect(window.showing.refresh)

    def _to_files(self) -> None:
        """Files, what goes wrong, and how one begins."""
        window, session = self._window, self._window.session
        window.filing.opened.connect(self._opening)
        window.filing.changed.connect(window.showing.show_recent)
        window.filing.changed.connect(window.showing.refresh)
        window.filing.changed.connect(window.remembering.save)  # a crash forgets no file that was used
        for told in (window.filing.told, window.results.told, window.clipboard.told, session.said):
            told.connect(window.messages.tell)
        window.recovery.found.connect(window.offer)
        parts_that_fail = (window.filing, window.clipboard, window.work, window.brushes)
        for failed in (part.failed for part in parts_that_fail):
            failed.connect(window.messages.complain)
        session.committed.connect(window.messages.let_go)
        window.journaling.failed.connect(window.messages.warn)
        window.journaling.recovered.connect(window.messages.end_warning)
        window.welcome.open.connect(window.filing.ask_open)
        window.welcome.sample.connect(window.filing.open_sample)
        start = window.start
        start.chosen.connect(window.comfort.begin)
        start.file_chosen.connect(window.open_file)
        start.new.connect(window.filing.new)
        start.ask_new.connect(window.filing.ask_new)
        start.ask_open.connect(window.filing.ask_open)
        window.keys.changed.connect(window.showing.show_keys)

    def _to_engine(self) -> None:
        """The engine, its models, and the network."""
        window, switching = self._window, self._window.switching
        window.engine.ready.connect(switching.engine_is_ready)
        window.engine.failed.connect(self._engine_failed)
        window.engine.failed.connect(switching.engine_has_failed)
        window.engine.ready.connect(window.engines.engine_is_ready)
        window.engine.broke.connect(window.engines.engine_broke)
        window.engines.failed.connect(window.comfort.complain_of_engine)
        window.engines.offered.connect(window.comfort.offer_pack)
        window.network.changed.connect(window.status.show_network)
        switching.ready.connect(self._engine_ready)
        switching.ready.connect(window.messages.let_go)
        switching.loading.connect(window.status.show_loading)
        for changed in (switching.changed, window.library.changed):
            changed.connect(self._show_models)
        for told in (switching.told, window.library.told):
            told.connect(window.messages.tell)
        window.model_panel.chosen.connect(switching.choose)
        for edited in (window.library.edited, window.model_panel.chosen):
            edited.connect(window.remembering.save)  # a crash forgets no model
        window.model_panel.models_wanted.connect(window.comfort.show_models)
        window.model_panel.changed.connect(window.live.look)
        window.engine.noticed.connect(window.messages.tell)

    def _to_predictions(self) -> None:
        """All that the time of an edit depends on."""
        window, session, panel = self._window, self._window.session, self._window.edit_panel
        window.foretelling.told.connect(window.showing.show_foretold)
        window.foretelling_settle.told.connect(window.settle_panel.outlook.tell)
        for changed in (
            *(panel.changed, window.drag_panel.changed, window.model_panel.changed, window.switching.ready),
            *(session.committed, session.replaced, window.editing.changed),
        ):
            changed.connect(window.foretelling.look)
            changed.connect(window.foretelling_settle.look)
        window.settle_panel.changed.connect(window.foretelling_settle.look)

    # ---- answers of several parts

    @Slot()
    def _opening(self) -> None:
        window = self._window
        window.comfort.leave_start()
        if isinstance(window.canvas.tool, Lasting):
            window.canvas.tool.give_up(window.session)
        window.editing.abandon()
        window.messages.hide()
        window.canvas.setFocus()

    @Slot()
    def _show_colour_panel(self) -> None:
        self._window.show_panel(self._window.colour_section)

    @Slot(object)
    def _engine_ready(self, facts: ModelFacts) -> None:
        """Of the model that makes the next edit."""
        window = self._window
        window.editing.weights = window.live.weights = facts.weights
        window.edit_panel.take(facts)
        window.model_panel.take(facts)
        window.status.show_model(facts)
        window.showing.refresh()

    @Slot()
    def _show_models(self) -> None:
        window = self._window
        additions = [*window.library.of_kind("lora"), *window.library.of_kind("textual inversion")]
        window.model_panel.show_models(window.library.of_kind("model"), additions, window.switching.model)
        window.showing.refresh()

    @Slot(str)
    def _engine_failed(self, sentence: str) -> None:
        window = self._window
        window.status.show_failure()
        window.messages.complain(sentence)
