"""The session: the one mutable object of the editor. It holds the history, the colour, and what is under way.

A stroke is painted on private copies of the tiles that it touches; they are frozen when it ends. Nothing is
committed while a gesture is open: what arrives meanwhile, a result of the engine say, waits for its end.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, NamedTuple

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor

from engine.area import Rect
from ui.document import Document, Kind, Layer, Pixels, Pulls, Selection
from ui.history import History
from ui.language import tr
from ui.succession import active_after, difference, fresh_name, original, topmost
from ui.wet import Wet, WetMask
from ui.work import Making, Told, Work, made, made_aside

Change = Callable[[Document], Document]
Made = Callable[[Document], Making[Document]]  # a change that takes time
AT_ONCE = 1 << 18  # pixels that are worked on while the window waits: some hundredths of a second
CUT = 8  # pixels that are cut into tiles in the time in which one is worked on
LONG = 1.0  # seconds until is told how far something is
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
    halvings: tuple[Pixels, ...] = ()  # the same at a half, at a quarter ...


class Session(QObject):
    damaged = Signal(object)  # Changed: what looks different now
    waiting = Signal()  # a change waits for the end of what is under way
    committed = Signal()  # the document or the history changed
    replaced = Signal()  # another document, perhaps of another size
    overlaid = Signal()  # the overlay, or whether it is shown
    pulled = Signal()  # the handles or the selection that are shown, which is chosen, how far a ghost is
    activated = Signal()  # another layer is the active one
    colour_changed = Signal(object)  # QColor
    said = Signal(str)  # a hint for the user
    progressed = Signal(float, str)  # 0 ... 1, of a step that takes long, and its label

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.history = History.of(document)
        self.saved = document
        self._committed = document  # the one that was told of last
        self.shown = document  # with the stroke or the pull that is under way
        self._whole: Document | None = None  # that, where a tool draws some of its layers by itself
        self.overlay: Overlay | None = None
        self.comparing = False
        self.active = topmost(document)  # uid of the layer that tools work on; 0 if there is none
        self.on_mask = False  # whether they work on its mask, if it has one
        self.chosen: Chosen | None = None
        self.way = 1.0  # share of it that the ghost of the handles has gone
        self.colour = QColor(74, 118, 168)
        self.other_colour = QColor(255, 255, 255)
        self.stroke_end: tuple[float, float] | None = None  # canvas pixels, of the last stroke
        self.work = Work()
        self._open = False
        self._making: asyncio.Task[None] | None = None
        self._has_said_it = False  # that the picture is not painted on
        self._waiting: list[Callable[[], None]] = []  # changes, for the end of what is under way

    @property
    def document(self) -> Document:
        return self.history.document

    @property
    def under_way(self) -> Document:
        """All that there is: the document, with what is painted or changed just now."""
        return self.shown if self._whole is None else self._whole

    @property
    def is_modified(self) -> bool:
        return self.document is not self.saved or self.is_making

    @property
    def is_busy(self) -> bool:
        """Whether a gesture is under way, or a step is made that takes time."""
        return self._open

    @property
    def is_making(self) -> bool:
        """Whether a step is made that takes time: tools wait for it."""
        return self._making is not None

    def open(self, document: Document) -> None:
        """Another document, with a history of its own; what waits for the end of a stroke is dropped."""
        self._waiting.clear()
        self.give_up()
        self.stroke_end = None
        self.history = History.of(document, budget=self.history.budget)
        self.saved = self.shown = self._committed = document
        self._whole = None
        self.active, self.on_mask = topmost(document), False
        self.overlay = self.chosen = None
        self.comparing = self._has_said_it = False
        self.replaced.emit()
        self.activated.emit()
        self.pulled.emit()
        self.committed.emit()

    def mark_saved(self) -> None:
        self.saved = self.document
        self.committed.emit()

    def mark_unsaved(self) -> None:
        """No file holds this document."""
        self.saved = replace(self.document)
        self.committed.emit()

    def commit(self, label: str, change: Change) -> None:
        """Make a change one undo step; while a gesture is open it waits for its end."""
        if self._open:
            self._wait(partial(self.commit, label, change))
            return
        document = change(self.document)
        if document is not self.document:
            self.history.push(label, document)
            self._show_committed()

    def make(self, label: str, change: Made, pixels: int | None = None) -> None:
        """As `commit`, of a change that takes time, as long as so many pixels do, or else all of the
        document's. It is made beside the window, and until it is there nothing else changes the document.
        """
        if self._open:
            self._wait(partial(self.make, label, change, pixels))
            return
        document = self.document
        pixels = document.width * document.height if pixels is None else pixels
        self.begin()
        self.keep_made(label, change(document), pixels)

    def give_up(self) -> bool:
        """Leave no trace of a step that is made beside the window; whether there was one."""
        if self._making is None:
            return False
        self._making.cancel()
        self._making = None
        self.drop()
        self.progressed.emit(1.0, "")
        return True

    async def at_rest(self) -> None:
        """Until no step is being made any more."""
        while self._making is not None:
            await asyncio.wait([self._making])

    def amend(self, change: Change) -> None:
        """A change that undo does not take back, as of results: they were made, whatever becomes of the
        strokes that they came from.
        """
        if self._open:
            self._waiting.append(partial(self.amend, change))
        else:
            self.history.amend(change)
            self._show_committed()

    def undo(self) -> None:
        self._travel(self.history.undo)

    def redo(self) -> None:
        self._travel(self.history.redo)

    def go(self, at: int) -> None:
        """Travel to any step of the history."""
        self._travel(lambda: self.history.go(at))

    @contextmanager
    def paint(self, label: str, on: Kind | None = None) -> Iterator[Wet]:
        """Paint on the active layer, on its mask if that is the active part, or, as `on` says, on an area.

        Strokes never go into the picture or a result: where the active layer cannot take them, a new layer of
        strokes does. One undo step, or none if nothing came out different; no trace if the block is left by
        an exception.
        """
        if on is None and self.is_on_mask:
            with self.paint_mask(label) as wet:
                yield wet
            return
        wet = self._wet(on)
        with self._stroke(label, wet, replace(wet.layer, tiles=wet.tiles)):
            yield wet

    def make_strokes(self, label: str, paint: Callable[[Wet], Generator[Told]], pixels: int) -> None:
        """As `paint`, of strokes that take time, as long as so many pixels do; they are seen at the end."""

        def making(document: Document) -> Making[Document]:
            wet = self._wet_mask() if self.is_on_mask else self._wet()
            return _painted(document, wet, paint(wet))

        self.make(label, making, pixels)

    @contextmanager
    def paint_mask(self, label: str) -> Iterator[Wet]:
        """Paint on the mask of the active layer, in greys: white shows the layer, black hides it. One that
        has no mask gets one.
        """
        wet = self._wet_mask()
        with self._stroke(label, wet, replace(wet.layer, mask=wet.shares())):
            yield wet

    @property
    def stroke_layer(self) -> Layer | None:
        """The layer that strokes would go to; None if that would be a new one."""
        path = self.document.path(self.active)
        open_to_strokes = all(layer.visible and not layer.locked for layer in path)
        return path[-1] if path and open_to_strokes and path[-1].kind == "strokes" else None

    @property
    def is_on_mask(self) -> bool:
        """Whether tools paint on the mask of the active layer."""
        path = self.document.path(self.active)
        return self.on_mask and bool(path) and path[-1].mask is not None and not path[-1].locked

    def _stroke_layer(self) -> tuple[Document, Layer]:
        layer, document = self.stroke_layer, self.document
        if layer is not None:
            return document, layer
        path = document.path(self.active)
        if path and path[-1].kind in ("picture", "result") and not self._has_said_it:
            self._has_said_it = True
            self.said.emit(tr("The picture itself is never painted on: strokes have a layer of their own."))
        layer = Layer(fresh_name(document, tr("Strokes")), "strokes")
        closed = next((each for each in path if each.locked or not each.visible), None)
        if closed is not None:  # in a group that is hidden or locked it would be of no use
            locked = tr("{name} is locked, so strokes have a new layer.")
            hidden = tr("{name} is hidden, so strokes have a new layer.")
            self.said.emit((locked if closed.locked else hidden).format(name=closed.name))
            return document.with_layer(layer, closed), layer
        return document.placed(layer, self.active), layer

    def _wet(self, on: Kind | None = None) -> Wet:
        document, layer = self._area(on) if on is not None else self._stroke_layer()
        return Wet(layer, dict(layer.tiles), document, self.damaged.emit)

    def _wet_mask(self) -> WetMask:
        layer = self.active_layer
        if layer is None:
            raise ValueError("there is no active layer")
        return WetMask(layer, {}, self.document, self.damaged.emit)

    def _area(self, kind: Kind) -> tuple[Document, Layer]:
        area = self.document.area(kind)
        if area is not None:
            return self.document, area
        area = Layer(kind.capitalize(), kind)
        return replace(self.document, areas=(*self.document.areas, area)), area

    @contextmanager
    def _stroke(self, label: str, wet: Wet, live: Layer) -> Iterator[None]:
        """Show `live` in the place of the layer as long as the block lasts; then commit what was painted."""
        self.shown = wet.document.exchange(wet.layer, live)
        self._open = True
        try:
            yield
        except BaseException:
            self._open = False
            self.shown = self.document
            self.damaged.emit(wet.touched)
            self._commit_waiting()
            raise
        self._open = False
        dried = wet.dried()
        if dried is wet.layer:
            self.shown = self.document
        else:
            self.history.push(label, wet.document.exchange(wet.layer, dried))
            self._show_committed()
        self._commit_waiting()

    @contextmanager
    def trial(self, label: str) -> Iterator[Callable[[Document], None]]:
        """Show documents of which the last one shown is to be the next: one undo step, or none if none was
        shown or the block is left by an exception.
        """
        self.begin()
        try:
            yield self.show
        except BaseException:
            self.drop()
            raise
        self.keep(label)

    @contextmanager
    def pull(self, label: str) -> Iterator[Callable[[Pulls], None]]:
        """As `trial`, of other handles."""
        with self.trial(label) as show:
            yield lambda pulls: show(replace(self.document, pulls=pulls))

    @contextmanager
    def select(self, label: str) -> Iterator[Callable[[Selection | None], None]]:
        """As `trial`, of another selection."""
        with self.trial(label) as show:
            yield lambda selection: show(replace(self.document, selection=selection))

    # ---- trials, by hand

    def begin(self) -> None:
        """Begin a trial as in `trial`, which lasts until `keep`, `keep_made` or `drop`."""
        self._open = True

    def show(self, document: Document, whole: Document | None = None) -> None:
        """`whole` is the document with what a tool has taken out of it to draw that by itself."""
        before, self.shown, self._whole = self.shown, document, whole
        self._choose_there()
        self.damaged.emit(difference(before, document))
        self.pulled.emit()

    def keep(self, label: str) -> None:
        self._open = False
        if self.shown is not self.document:
            self.history.push(label, self.shown)
            self._show_committed()
        self._commit_waiting()

    def keep_made(self, label: str, making: Making[Document], pixels: int) -> None:
        """Keep what takes time to make, as long as so many pixels do; what is shown stands until then."""
        if pixels > AT_ONCE:
            self._making = self.work.begin(self._make(label, making))
            self.pulled.emit()
            return
        try:
            self.show(made(making, self._tell))
        except BaseException:
            self.drop()
            raise
        self.keep(label)

    def drop(self) -> None:
        self._open, self._whole = False, None
        before, self.shown = self.shown, self.document
        self._choose_there()
        self.damaged.emit(difference(before, self.shown))
        self.pulled.emit()
        self._commit_waiting()

    # ---- what is chosen, and what is seen

    @property
    def active_layer(self) -> Layer | None:
        """The layer that tools work on."""
        return self.shown.layer(self.active)

    def activate(self, uid: int, on_mask: bool = False) -> None:
        """Let tools work on that layer, or on its mask."""
        if (uid, on_mask) != (self.active, self.on_mask):
            self.active, self.on_mask = uid, on_mask
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
        return self.shown.layers

    def original_layers(self) -> Iterable[Layer]:
        """The pictures alone, in groups too: what was opened, without strokes and results."""
        return original(self.shown).layers

    def _travel(self, move: Callable[[], None]) -> None:
        if self._open:
            return
        move()
        self._show_committed()

    def _show_committed(self) -> None:
        before, self.shown = self.shown, self.document
        active = active_after(self.active, self._committed, self.document)
        committed, self._committed = self._committed, self.document
        self._choose_there()
        if committed.frame != self.document.frame:
            self.stroke_end = None
        if committed.rect != self.document.rect:
            self.replaced.emit()
        else:
            self.damaged.emit(difference(before, self.shown))
        self.activate(active, self.on_mask and active == self.active)
        self.pulled.emit()
        self.committed.emit()

    def _choose_there(self) -> None:
        """A handle that is not there any more cannot be the chosen one."""
        if self.chosen is not None and self.chosen.number >= len(self.shown.pulls):
            self.chosen = None

    def _wait(self, change: Callable[[], None]) -> None:
        self._waiting.append(change)
        self.waiting.emit()

    def _commit_waiting(self) -> None:
        while self._waiting and not self._open:
            self._waiting.pop(0)()

    async def _make(self, label: str, making: Making[Document]) -> None:
        since = time.monotonic()

        def tell(told: Told) -> None:
            if isinstance(told, float) and time.monotonic() > since + LONG:
                self.progressed.emit(told, label)
            self._tell(told)

        try:
            document = await made_aside(making, tell)
        except Exception:
            self.give_up()
            raise
        self._making = None
        self.show(document)
        self.keep(label)

    def _tell(self, told: Told) -> None:
        if isinstance(told, str):
            self.said.emit(told)


def _painted(document: Document, wet: Wet, painting: Generator[Told]) -> Making[Document]:
    """A document with what is painted on it; itself if nothing came out different."""
    yield from painting
    dried = wet.dried()
    return document if dried is wet.layer else wet.document.exchange(wet.layer, dried)
