"""The Select menu: what can be done with a selection once there is one, and how one comes from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
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
from ui.session import Session
from ui.settings import Settings
from ui.spaces import as_seen
from ui.tools.select import selected, some
from ui.widgets import Slider, caption, push_button

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
        steps = reversed(history.steps[: history.at])
        last = next((step.selection for _, step in steps if step.selection is not None), None)
        if (
            last is None
            or last.at.x + last.at.width > document.width
            or (last.at.y + last.at.height > document.height)
        ):
            self._session.said.emit(tr("Nothing was selected before."))
        else:
            selected(self._session, marked("Reselect"), last)

    def invert(self) -> None:
        document = self._session.document
        selected(self._session, marked("Invert selection"), inverted(document.selection, document.rect))

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
        pixels = as_seen(document, document.rect)

        def made(before: Selection | None, tolerance: int) -> Selection:
            self._tolerance = tolerance
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
        document = self._session.document
        found = from_alpha(document, layer)
        if is_empty(found):
            self._session.said.emit(tr("{name} is empty, so nothing was selected.").format(name=layer.name))
        else:
            selected(self._session, marked("Select layer"), combined(document.selection, found, how))

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
            self._session.commit(label, lambda document: _with_area(document, kind, selection))
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
        before = session.document.selection
        trial = session.select(title)
        show = trial.__enter__()

        def look() -> None:
            show(some(made(before, round(slider.value()))))  # type: ignore[arg-type]  # a colour range needs none

        def end(result: int) -> None:
            if result == QDialog.DialogCode.Accepted:
                dialog.flush()
                trial.__exit__(None, None, None)
            else:
                trial.__exit__(_Dropped, _Dropped(), None)

        dialog = _Adjust(self._window, tr(title), [slider], note)
        dialog.changed.connect(look)
        dialog.finished.connect(end)
        look()
        dialog.open()


class _Dropped(Exception):
    """The user does not want it."""


class _Adjust(QDialog):
    """Sliders, and two buttons; what the sliders say is told soon after they rest."""

    changed = Signal()

    def __init__(self, parent: QWidget, title: str, sliders: Sequence[Slider], note: str) -> None:
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
        for slider in sliders:
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

    def flush(self) -> None:
        """Tell what has not been told yet."""
        if self._soon.isActive():
            self._soon.stop()
            self.changed.emit()


def _with_area(document: Document, kind: Kind, selection: Selection) -> Document:
    """The document with a selection added to an area of it."""
    area = document.area(kind)
    if area is not None:
        selection = combined(from_alpha(document, area), selection, "add")
    rgba = np.zeros((selection.at.height, selection.at.width, 4), np.uint8)
    rgba[..., 3] = part_in(selection, selection.at)
    painted = layer_from(rgba, kind.capitalize(), kind, selection.at.x, selection.at.y)
    if area is None:
        return replace(document, areas=(*document.areas, painted))
    return document.exchange(area, replace(area, tiles=painted.tiles))
