"""The Select menu: what can be done with a selection once there is one, and how one comes from elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.document import Document, Kind, Layer, Selection, layer_from
from ui.language import marked, tr
from ui.selection import (
    How,
    border,
    colour_range,
    combined,
    everything,
    feathered,
    from_alpha,
    grown,
    inverted,
    is_empty,
    part_in,
    shrunk,
)
from ui.session import AT_ONCE, Session
from ui.settings import Settings
from ui.slider import Slider
from ui.spaces import as_seen
from ui.tools.select import reselect, selected, some
from ui.widgets import caption, push_button
from ui.work import Making, made, made_aside

FARTHEST = 200  # pixels by which an edge can be moved or softened
SOON = 30  # milliseconds from a slider's move to what follows from it


class Selecting(QObject):
    """The methods that the actions of the Select menu name; each is one undo step."""

    def __init__(self, window: QWidget, session: Session, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._grow, self._feather = settings.selection_grow, settings.selection_feather
        self._border, self._tolerance = settings.selection_border, settings.selection_tolerance

    def remembered_in(self, settings: Settings) -> Settings:
        return replace(
            settings,
            selection_grow=self._grow,
            selection_feather=self._feather,
            selection_border=self._border,
            selection_tolerance=self._tolerance,
        )

    # ---- all and nothing

    def all(self) -> None:
        selected(self._session, marked("Select all"), everything(self._session.document.rect))

    def none(self) -> None:
        selected(self._session, marked("Select none"), None)

    def reselect(self) -> None:
        """The last selection that there was."""
        history, document = self._session.history, self._session.document
        if document.selection is not None:
            return
        frame = document.rect, document.frame
        steps = (
            step for _, step in reversed(history.steps[: history.at]) if (step.rect, step.frame) == frame
        )
        last = next((step.selection for step in steps if step.selection is not None), None)
        if last is None:
            self._session.said.emit(tr("Nothing was selected before."))
        else:
            selected(self._session, marked("Reselect"), last)

    def invert(self) -> None:
        def changed(document: Document) -> Making[Selection | None]:
            yield 0.0
            return inverted(document.selection, document.rect)

        reselect(self._session, marked("Invert selection"), changed)

    # ---- the edge

    def grow(self) -> None:
        def made(before: Selection, by: int) -> Selection:
            self._grow = by
            return grown(before, by, self._session.document.rect)

        self._ask_how_far(marked("Grow selection"), self._grow, made)

    def shrink(self) -> None:
        def made(before: Selection, by: int) -> Selection:
            self._grow = by
            return shrunk(before, by, self._session.document.rect)

        self._ask_how_far(marked("Shrink selection"), self._grow, made)

    def feather(self) -> None:
        def made(before: Selection, by: int) -> Selection:
            self._feather = by
            return feathered(before, by, self._session.document.rect)

        self._ask_how_far(marked("Feather selection"), self._feather, made)

    def border(self) -> None:
        def made(before: Selection, by: int) -> Selection:
            self._border = by
            return border(before, by, self._session.document.rect)

        self._ask_how_far(marked("Select the border"), self._border, made)

    # ---- from elsewhere

    def colour_range(self) -> None:
        """Whatever has nearly the current colour, in the picture as it is seen."""
        document, colour = self._session.document, self._session.colour
        seen = cache(as_seen)

        def made(before: Selection | None, tolerance: int) -> Selection:
            self._tolerance = tolerance
            pixels = seen(document, document.rect)
            return colour_range(pixels, (colour.red(), colour.green(), colour.blue()), tolerance)

        help_text = tr("How different a colour may be from the current one, {colour}").format(
            colour=colour.name()
        )
        slider = Slider(tr("Tolerance"), 1, 255, self._tolerance, "", 1.6, help_text)
        note = tr("All that has nearly the current colour. The eyedropper takes another one.")
        self._adjust(marked("Colour range"), slider, made, note)

    def from_layer(self) -> None:
        """What the active layer covers."""
        layer = self._session.active_layer
        if layer is not None:
            self.from_alpha(layer)

    def from_alpha(self, layer: Layer, how: How = "replace") -> None:
        def changed(document: Document) -> Making[Selection | None]:
            yield 0.0
            found = from_alpha(document, layer)
            if is_empty(found):
                yield tr("{name} is empty, so nothing was selected.").format(name=layer.name)
                return document.selection
            yield 0.8
            return combined(document.selection, found, how)

        reselect(self._session, marked("Select layer"), changed)

    def from_editable(self) -> None:
        self._from_area("editable")

    def from_protected(self) -> None:
        self._from_area("protected")

    def to_editable(self) -> None:
        """Add what is selected to where edits may change the picture."""
        self._to_area("editable", marked("Selection to Editable"))

    def to_protected(self) -> None:
        self._to_area("protected", marked("Selection to Protected"))

    def _from_area(self, kind: Kind) -> None:
        area = self._session.document.area(kind)
        if area is None:
            self._session.said.emit(tr("There is no such area yet: paint one first."))
        else:
            self.from_alpha(area)

    def _to_area(self, kind: Kind, label: str) -> None:
        selection = self._session.document.selection
        if selection is not None:
            self._session.make(label, lambda document: _with_area(document, kind, selection))
        else:
            self._say_nothing_is_selected()

    def _say_nothing_is_selected(self) -> None:
        self._session.said.emit(tr("Nothing is selected: select something first."))

    # ---- windows that ask

    def _ask_how_far(self, title: str, by: int, made: Callable[[Selection, int], Selection]) -> None:
        if self._session.document.selection is None:
            self._say_nothing_is_selected()
            return
        slider = Slider(tr("By"), 1, FARTHEST, by, " px", 2, tr("Pixels of the picture"))
        self._adjust(title, slider, made)

    def _adjust(
        self, title: str, slider: Slider, made: Callable[[Selection, int], Selection], note: str = ""
    ) -> None:
        """Ask for a number, and show on the canvas what comes of it."""
        session = self._session
        if session.is_busy:
            return
        document, before = session.document, session.document.selection

        def making(by: int) -> Making[Document]:
            yield 0.0
            return replace(document, selection=some(made(before, by)))  # type: ignore[arg-type]  # a colour range needs none

        session.begin()
        dialog = _Adjust(self._window, tr(title), slider, note)
        trying = Trying(session, making, slider)

        def end(result: int) -> None:
            if result == QDialog.DialogCode.Accepted:
                trying.keep(title)
            else:
                trying.drop()

        dialog.changed.connect(trying.look)
        dialog.finished.connect(end)
        trying.look()
        dialog.open()


class Trying(QObject):
    """Shows what comes of a slider's number: beside the window where that takes long, and then the newest
    number wins.
    """

    def __init__(self, session: Session, making: Callable[[int], Making[Document]], slider: Slider) -> None:
        super().__init__(slider)
        self._session, self._making, self._slider = session, making, slider
        self._shown: int | None = None  # the number that is shown
        self._job: asyncio.Task[None] | None = None

    @Slot()
    def look(self) -> None:
        if self._size <= AT_ONCE:
            self._shown = self._number
            self._session.show(made(self._making(self._shown)))
        elif self._job is None:
            self._job = self._session.work.begin(self._follow())

    def keep(self, label: str) -> None:
        self._stop()
        if self._shown == self._number:
            self._session.keep(label)
        else:
            self._session.keep_made(label, self._making(self._number), self._size)

    def drop(self) -> None:
        self._stop()
        self._session.drop()

    async def _follow(self) -> None:
        try:
            while self._shown != self._number:
                number = self._number
                document = await made_aside(self._making(number), lambda told: None)
                self._shown = number
                self._session.show(document)
        finally:
            self._job = None

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None

    @property
    def _number(self) -> int:
        return round(self._slider.value())

    @property
    def _size(self) -> int:
        document = self._session.document
        return document.width * document.height


class _Adjust(QDialog):
    """A slider, and two buttons; what the slider says is told soon after it rests."""

    changed = Signal()

    def __init__(self, parent: QWidget, title: str, slider: Slider, note: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON)
        self._soon.timeout.connect(self.changed)
        self.ok_button, self.cancel_button = push_button(tr("OK"), "primary"), push_button(tr("Cancel"))
        self.ok_button.setDefault(True)
        self.ok_button.clicked.connect(self.accept)
        self.cancel_button.clicked.connect(self.reject)
        self.finished.connect(parent.activateWindow)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 20)
        column.setSpacing(theme.GRID)
        if note:
            words = caption(note)
            words.setWordWrap(True)
            column.addWidget(words)
        slider.changed.connect(lambda value: self._soon.start())
        column.addWidget(slider)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.cancel_button, self.ok_button):
            button.setMinimumWidth(88)
            buttons.addWidget(button)
        column.addSpacing(theme.GRID)
        column.addLayout(buttons)
        self.setFixedWidth(340)


def _with_area(document: Document, kind: Kind, selection: Selection) -> Making[Document]:
    """The document with a selection added to an area of it."""
    yield 0.0
    area = document.area(kind)
    if area is not None:
        selection = combined(from_alpha(document, area), selection, "add")
    rgba = np.zeros((selection.at.height, selection.at.width, 4), np.uint8)
    rgba[..., 3] = part_in(selection, selection.at)
    painted = layer_from(rgba, kind.capitalize(), kind, selection.at.x, selection.at.y)
    if area is None:
        return replace(document, areas=(*document.areas, painted))
    return document.exchange(area, replace(area, tiles=painted.tiles))
