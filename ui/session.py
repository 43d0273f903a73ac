"""The session: the one mutable object of the editor. It holds the history, the colour, and what is under way.

A stroke is painted on private copies of the tiles that it touches; they are frozen when it ends. Nothing is
committed while a gesture is open: what arrives meanwhile, a result of the engine say, waits for its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor

from engine.area import Rect
from ui.document import TILE, Document, Layer, Pixels, Place, Pulls, frozen
from ui.history import History

Change = Callable[[Document], Document]
End = Literal["source", "target"]


class Chosen(NamedTuple):
    """The handle that keys and the panel change."""

    number: int  # in the document's pulls
    end: End = "target"  # which the arrow keys move


@dataclass(frozen=True, eq=False)
class Overlay:
    """What the engine makes of a part of the picture, shown over it; never part of the document."""

    rect: Rect
    pixels: Pixels  # (h, w, 4) premultiplied BGRA, of any size: it is scaled to the rectangle
    of: Document | None = None  # what it was made of: what has changed since lies over it


@dataclass
class Wet:
    """The layer that a gesture paints on: its tiles, of which those touched are private copies."""

    layer: Layer
    tiles: dict[Place, Pixels]
    document: Document
    _damaged: Callable[[set[Place]], None]
    touched: set[Place] = field(default_factory=set)

    def writable(self, place: Place) -> Pixels:
        """The tile there, ready to be painted on."""
        if place not in self.touched:
            before = self.tiles.get(place)
            self.tiles[place] = np.zeros((TILE, TILE, 4), np.uint8) if before is None else before.copy()
            self.touched.add(place)
        return self.tiles[place]

    def original(self, place: Place) -> Pixels | None:
        """The tile there as it was before the gesture."""
        return self.layer.tiles.get(place)

    def show(self, changed: set[Place]) -> None:
        self._damaged(changed)

    def dried(self) -> Layer:
        """The layer with what was painted, frozen; itself if nothing came out different."""
        tiles = dict(self.layer.tiles)
        for place in self.touched:
            tile, before = self.tiles[place], self.original(place)
            if not tile[..., 3].any():
                tiles.pop(place, None)
            elif before is None or not np.array_equal(tile, before):
                tiles[place] = frozen(tile)
        changed = any(tiles.get(place) is not self.original(place) for place in self.touched)
        return replace(self.layer, tiles=MappingProxyType(tiles)) if changed else self.layer


class Session(QObject):
    damaged = Signal(object)  # set[Place]: tiles that look different now
    committed = Signal()  # the document or the history changed
    replaced = Signal()  # another document, perhaps of another size
    overlaid = Signal()  # the overlay, or whether it is shown
    pulled = Signal()  # the handles that are shown, or which is chosen, or how far their ghost has gone
    activated = Signal()  # another layer is the active one
    colour_changed = Signal(object)  # QColor
    said = Signal(str)  # a hint for the user

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.history = History.of(document)
        self.saved = document
        self.shown = document  # with the stroke or the pull that is under way
        self.overlay: Overlay | None = None
        self.comparing = False
        self.active = _top(document)  # uid of the layer that tools work on; 0 if there is none
        self.chosen: Chosen | None = None
        self.way = 1.0  # share of it that the ghost of the handles has gone
        self.colour = QColor(74, 118, 168)
        self.other_colour = QColor(255, 255, 255)
        self.stroke_end: tuple[float, float] | None = None  # canvas pixels, of the last stroke
        self._open = False
        self._waiting: list[tuple[str, Change]] = []

    @property
    def document(self) -> Document:
        return self.history.document

    @property
    def is_modified(self) -> bool:
        return self.document is not self.saved

    @property
    def is_busy(self) -> bool:
        """Whether a gesture is under way."""
        return self._open

    def open(self, document: Document) -> None:
        """Another document, with a history of its own; what waits for the end of a stroke is dropped."""
        self._waiting.clear()
        self.stroke_end = None
        self.history = History.of(document)
        self.saved = self.shown = document
        self.active = _top(document)
        self.overlay = self.chosen = None
        self.comparing = False
        self.replaced.emit()
        self.pulled.emit()
        self.committed.emit()

    def mark_saved(self) -> None:
        self.saved = self.document
        self.committed.emit()

    def commit(self, label: str, change: Change) -> None:
        """Make a change one undo step; while a gesture is open it waits for its end."""
        if self._open:
            self._waiting.append((label, change))
            return
        document = change(self.document)
        if document is not self.document:
            self.history.push(label, document)
            self._show_committed()

    def undo(self) -> None:
        self._travel(self.history.undo)

    def redo(self) -> None:
        self._travel(self.history.redo)

    @contextmanager
    def paint(self, label: str) -> Iterator[Wet]:
        """Paint on the strokes: the top-most layer if it is one that can be seen, else a new one on top of
        it.

        One undo step, or none if nothing came out different; no trace if the block is left by an exception.
        """
        document, layer = self.document, top_strokes(self.document)
        if layer is None:
            layer = Layer("Strokes", "strokes")
            document = document.with_layer(layer)
        wet = Wet(layer, dict(layer.tiles), document, self.damaged.emit)
        live = replace(layer, tiles=wet.tiles)
        self.shown = document.exchange(layer, live)
        self._open = True
        try:
            yield wet
        except BaseException:
            self._open = False
            self.shown = self.document
            self.damaged.emit(wet.touched)
            self._commit_waiting()
            raise
        self._open = False
        dried = wet.dried()
        if dried is layer:
            self.shown = self.document
        else:
            self.history.push(label, document.exchange(layer, dried))
            self._show_committed()
        self._commit_waiting()

    @contextmanager
    def pull(self, label: str) -> Iterator[Callable[[Pulls], None]]:
        """Change handles, shown at once: one undo step, or none if none was shown or the block is left by an
        exception.
        """

        def show(pulls: Pulls) -> None:
            self.shown = replace(self.document, pulls=pulls)
            self.pulled.emit()

        self._open = True
        try:
            yield show
        except BaseException:
            self._open = False
            self.shown = self.document
            self._choose_there()
            self.pulled.emit()
            self._commit_waiting()
            raise
        self._open = False
        if self.shown is not self.document:
            self.history.push(label, self.shown)
            self._show_committed()
        self._commit_waiting()

    @property
    def active_layer(self) -> Layer | None:
        """The layer that tools work on."""
        return self.shown.layer(self.active)

    def activate(self, uid: int) -> None:
        if uid != self.active:
            self.active = uid
            self.activated.emit()

    def choose(self, number: int | None, end: End = "target") -> None:
        """The handle that keys and the panel change from now on."""
        chosen = None if number is None else Chosen(number, end)
        if chosen != self.chosen:
            self.chosen = chosen
            self.pulled.emit()

    def pose(self, way: float) -> None:
        """Show the ghost of the handles at that share of their way."""
        if way != self.way:
            self.way = way
            self.pulled.emit()

    def preview(self, overlay: Overlay | None) -> None:
        """Show what the engine makes of a part of the picture; None takes it away."""
        self.overlay = overlay
        self.overlaid.emit()

    def compare(self, on: bool) -> None:
        """While on, only the original picture is shown."""
        if on != self.comparing:
            self.comparing = on
            self.damaged.emit(set(_places_of(self.shown)))
            self.overlaid.emit()

    def set_colour(self, colour: QColor) -> None:
        if colour != self.colour:
            self.colour = colour
            self.colour_changed.emit(colour)

    def swap_colours(self) -> None:
        self.colour, self.other_colour = self.other_colour, self.colour
        self.colour_changed.emit(self.colour)

    def visible_layers(self) -> Iterable[Layer]:
        """What the canvas shows, the lowest first."""
        for layer in self.shown.layers:
            if layer.visible and (not self.comparing or layer.kind == "picture"):
                yield layer

    def _travel(self, move: Callable[[], None]) -> None:
        if self._open:
            return
        move()
        self._show_committed()

    def _show_committed(self) -> None:
        before, self.shown = self.shown, self.document
        self._choose_there()
        self.damaged.emit(difference(before, self.shown))
        self.pulled.emit()
        self.committed.emit()

    def _choose_there(self) -> None:
        """A handle that is not there any more cannot be the chosen one."""
        if self.chosen is not None and self.chosen.number >= len(self.shown.pulls):
            self.chosen = None

    def _commit_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for label, change in waiting:
            self.commit(label, change)


def top_strokes(document: Document) -> Layer | None:
    """The layer that strokes go to: the top-most one, if it holds strokes and can be seen."""
    top = document.layers[-1] if document.layers else None
    return top if top is not None and top.kind == "strokes" and top.visible else None


def _top(document: Document) -> int:
    return document.layers[-1].uid if document.layers else 0


def difference(a: Document, b: Document) -> set[Place]:
    """The tiles at which two documents may look different."""
    mine, other = _looks(a), _looks(b)
    return {place for place in mine.keys() | other.keys() if mine.get(place) != other.get(place)}


def _looks(document: Document) -> dict[Place, list[tuple[int, float]]]:
    """For every tile what is laid over each other there."""
    looks: dict[Place, list[tuple[int, float]]] = {}
    for layer in document.layers:
        if layer.visible:
            for place, tile in layer.tiles.items():
                looks.setdefault(place, []).append((id(tile), layer.opacity))
    return looks


def _places_of(document: Document) -> Iterator[Place]:
    for layer in document.layers:
        yield from layer.tiles
