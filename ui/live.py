"""Live mode: what is painted is made real at once, by a quick edit after each stroke; and its bar.

The document is untouched until the picture is kept. A picture is shown until the next one is there; what was
painted since lies over it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QObject, QSize, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from engine.types import EditResult, Preview
from ui import theme
from ui.apply import Ask, Candidate, EditOptions, Edits, asked, laid, overlaid
from ui.bars import Floating
from ui.document import Document
from ui.icons import icon
from ui.key_tips import explain
from ui.language import tr
from ui.results import Run, added
from ui.session import Overlay, Session
from ui.widgets import Line, icon_button, push_button
from ui.work import Work

GRACE = 150  # milliseconds after the last change
STEPS = 8  # network calls


class Wanted(NamedTuple):
    """What a live picture is made of."""

    document: Document
    options: EditOptions

    def is_as(self, other: Wanted | None) -> bool:
        """Whether the same picture would come out; handles and results do not count."""
        return other is not None and _what_counts(self) == _what_counts(other)


def _what_counts(wanted: Wanted) -> tuple[object, ...]:
    document = wanted.document
    return document.layers, document.areas, document.selection, wanted.options


class Live(QObject):
    changed = Signal()  # it is on or off, works or rests, or has a picture to keep
    progressed = Signal(float)  # 0 ... 1
    recovered = Signal()  # a picture was made, the one before could not be

    def __init__(
        self, session: Session, engine: Edits, work: Work, options: Callable[[], EditOptions]
    ) -> None:
        super().__init__()
        self.is_on = False
        self._session, self._engine, self._work, self._options = session, engine, work, options
        self._is_paused = False
        self._has_failed = False
        self._of: Wanted | None = None  # of the picture that is made or is being made
        self._made: tuple[Ask, Candidate] | None = None
        self._seconds = 0.0  # that it took
        self.weights = ""  # SHA-256 of the model's
        self._overlay: Overlay | None = None
        self._job: asyncio.Task[None] | None = None
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.setInterval(GRACE)
        self._clock.timeout.connect(self._begin)
        session.damaged.connect(self.look)
        session.committed.connect(self.look)
        session.replaced.connect(self._forget)

    @property
    def is_running(self) -> bool:
        return self._job is not None

    @property
    def is_active(self) -> bool:
        """Whether the canvas is its own: it is on, and no edit runs or waits to be chosen."""
        return self.is_on and not self._is_paused

    @property
    def has_picture(self) -> bool:
        """Whether one is shown, be it an unfinished one or one of a moment ago."""
        return self._overlay is not None

    @property
    def can_keep(self) -> bool:
        """Whether there is a picture, of what is on the canvas now."""
        return self._made is not None and not self._is_paused

    @Slot(bool)
    def turn(self, on: bool) -> None:
        if on == self.is_on:
            return
        self.is_on = on
        self._forget()
        self.look()
        self.changed.emit()

    @Slot()
    def turn_off(self) -> None:
        self.turn(False)

    def pause(self, on: bool) -> None:
        """While an edit runs or its result waits, the canvas is that edit's."""
        if on == self._is_paused:
            return
        self._is_paused = on
        if on:
            self._halt()
        elif self.is_on:  # the edit has taken our picture away
            if self._overlay is not None and self._is_of_now(self._overlay):
                self._session.preview(self._overlay)
            else:
                self._overlay = None
            self.look()
        if self.is_on:
            self.changed.emit()

    @Slot()
    def look(self) -> None:
        """Something may have changed: begin anew if so, once it has been quiet for a moment."""
        if self.is_active and (self._session.is_busy or not self._wanted().is_as(self._of)):
            told = self.is_running or self._made is not None
            self._halt()
            self._of = self._made = None
            self._clock.start()
            before = None if self._overlay is None else self._overlay.of
            if before is not None and before.frame != self._session.document.frame:
                self._show(None)  # it does not lie over the picture any more
            if told:
                self.changed.emit()

    @Slot()
    def keep(self) -> None:
        """The picture on the canvas becomes a layer: one undo step."""
        if self._made is None or self._is_paused or self._session.is_busy:
            return
        ask, candidate = self._made
        self._work.begin(self._land(ask, candidate, self._seconds))
        self._session.commit(ask.label, lambda document: ask.accepted(document, candidate))
        self._halt()
        self._of = self._wanted()  # so the next picture follows the next change
        self._made = None
        self._show(None)
        self.changed.emit()

    async def ended(self) -> None:
        """Turn it off, and wait until nothing runs."""
        job = self._job
        self.turn(False)
        if job is not None:
            await asyncio.wait([job])

    @Slot()
    def _begin(self) -> None:
        if self._session.is_busy:
            self._clock.start()
            return
        self._of = self._wanted()
        if _has_work(self._of):
            self._job = self._work.begin(self._make(self._of))
            self._job.add_done_callback(self._ended)
        else:
            self._show(None)
        self.changed.emit()

    async def _land(self, ask: Ask, candidate: Candidate, seconds: float) -> None:
        """Put what was kept among the document's results."""
        history, document = self._session.history, self._session.document
        run = await asyncio.to_thread(Run, ask, (document.width, document.height), self.weights)
        if self._session.history is history:  # else another document was opened meanwhile
            result = replace(run.result(candidate, seconds), applied=True, frame=document.frame)
            self._session.amend(partial(added, result=result))

    async def _make(self, of: Wanted) -> None:
        started = time.monotonic()
        self.progressed.emit(0.0)
        ask = await asyncio.to_thread(asked, of.document, of.options)
        async with aclosing(self._engine.edit(ask.request)) as events:
            async for event in events:
                if isinstance(event, Preview):
                    self.progressed.emit(event.done)
                    if self._overlay is None or 2 * event.call > event.calls:  # the first ones are blurred
                        overlay = await asyncio.to_thread(overlaid, ask, event.image)
                        self._show(replace(overlay, of=of.document))
                elif isinstance(event, EditResult):
                    candidate = Candidate(event.image, event.seed, finished=True)
                    overlay = await asyncio.to_thread(_result, ask, candidate)
                    self._made, self._seconds = (ask, candidate), time.monotonic() - started
                    self._show(replace(overlay, of=of.document))
                    self.changed.emit()  # it can be kept, whatever the engine still has to tidy

    def _ended(self, job: asyncio.Task[None]) -> None:
        if job is self._job:
            self._job = None
            if self._has_failed and self._made is not None:
                self.recovered.emit()
            self._has_failed = self._made is None
            self.changed.emit()

    def _show(self, overlay: Overlay | None) -> None:
        self._overlay = overlay
        if not self._is_paused:
            self._session.preview(overlay)

    def _halt(self) -> None:
        self._clock.stop()
        if self._job is not None:
            job, self._job = self._job, None
            job.cancel()
            self._of = None

    @Slot()
    def _forget(self) -> None:
        """No picture: it is turned on or off, or another document was opened."""
        self._halt()
        self._of = self._made = None
        if self._overlay is not None:
            self._show(None)

    def _is_of_now(self, overlay: Overlay) -> bool:
        """Whether it was made of the layers as they are now."""
        return overlay.of is not None and overlay.of.layers == self._session.document.layers

    def _wanted(self) -> Wanted:
        options = self._options()
        options = replace(options, steps=min(options.steps, STEPS), variants=1, draft=True, identity=None)
        return Wanted(self._session.document, options)


def _result(ask: Ask, candidate: Candidate) -> Overlay:
    return laid(ask, ask.pixels(candidate))


def _has_work(wanted: Wanted) -> bool:
    """Whether there is something to make real: strokes, or the whole picture if that was chosen."""
    return wanted.options.area == "whole" or any(layer.tiles for layer in wanted.document.strokes)


class LiveBar(Floating):
    """Over the canvas while live mode is on: how far the next picture is, Keep, and the way out."""

    def __init__(self, canvas: QWidget, live: Live) -> None:
        super().__init__(canvas, at_top=False)
        self.setObjectName("floating")
        self._live = live
        sign = QLabel()
        sign.setPixmap(icon("lightning-fill", theme.LIVE).pixmap(QSize(16, 16), self.devicePixelRatioF()))
        name = QLabel(tr("Live"))
        name.setProperty("title", True)
        self.line = Line()
        self.line.setFixedWidth(96)
        self.hint = QLabel(tr("Paint, and the picture follows"))
        self.hint.setProperty("quiet", True)
        self.keep_button = push_button(tr("Keep"), "primary")
        self.keep_button.setIcon(icon("check", theme.ON_ACCENT))
        explain(self.keep_button, tr("Keep the picture as a new layer"), "apply_result")
        self.keep_button.clicked.connect(live.keep)
        self.off_button = icon_button("x", tr("Back to the strokes"), 14)
        explain(self.off_button, tr("Back to the strokes"), "step_back")
        self.off_button.clicked.connect(live.turn_off)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(12, theme.GRID, theme.GRID, theme.GRID)
        row.setSpacing(theme.GRID)
        for part in (sign, name, self.line, self.hint, self.keep_button, self.off_button):
            row.addWidget(part)
        live.progressed.connect(self.line.set_share)
        live.changed.connect(self._refresh)

    @Slot()
    def _refresh(self) -> None:
        live = self._live
        waits = not live.is_running and not live.has_picture
        self.line.setVisible(not waits)
        self.hint.setVisible(waits)
        self.keep_button.setEnabled(live.can_keep)
        self._row.activate()
        self.place()
        self.setVisible(live.is_active)
        self.raise_()
