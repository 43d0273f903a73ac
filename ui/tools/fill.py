"""Fill: everything of a similar colour, where it hangs together with the pixel clicked or wherever it is."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from engine.area import Rect
from ui.coats import Coats, colour_ink
from ui.document import Layer, overlap, places
from ui.options import share, slider, switch
from ui.seen import merged
from ui.selection import alone, feathered, grown, part_in, wand
from ui.session import Session
from ui.tools.pointer import Gesture, Hint, Pointer
from ui.wet import Wet
from ui.work import Told

SMOOTH = 0.5  # pixels of blur that make stairs look even


@dataclass
class Fill:
    name: str = "Fill"
    icon: str = "paint-bucket"
    shortcut: str = "G"
    tip: str = "Fill an area of similar colour, as it is seen, with strokes of the current one."
    hints: tuple[Hint, ...] = ()
    cursor: Qt.CursorShape = Qt.CursorShape.CrossCursor
    outline: float | None = None
    tolerance: float = slider(32, "Tolerance", 0, 255, "", 1.6, "How different a filled colour may be")
    grow: float = slider(0, "Grow", 0, 16, " px", 1, "How far it reaches below the edges round it")
    opacity: float = share(1.0, "Opacity", "How much the fill covers", 1)
    touching: bool = switch(True, "Touching", "link", "Only what hangs together with the place clicked")
    merged: bool = switch(True, "All layers", "stack", "Look at the picture as it is seen, not at one layer")
    smooth: bool = switch(True, "Smooth", "circle-half", "A soft step of one pixel at the edge")

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        document = session.document
        if 0 <= pointer.x < document.width and 0 <= pointer.y < document.height:
            layer = None if self.merged else session.active_layer
            wish = replace(self)  # what is set of it may change while it looks
            paint = partial(wish.filled, session.colour, layer, pointer)
            session.make_strokes(self.name, paint, document.width * document.height)
        while pointer.down:
            pointer = yield

    def filled(self, colour: QColor, layer: Layer | None, pointer: Pointer, wet: Wet) -> Generator[Told]:
        document, rect = wet.document, wet.document.rect
        yield 0.0
        seen = merged(document).read(rect) if layer is None else alone(document, layer, rect)
        yield 0.1
        found = wand(seen, int(pointer.x), int(pointer.y), self.tolerance, self.touching)
        yield 0.4
        if self.grow:
            found = grown(found, round(self.grow), rect)
        if self.smooth:
            found = feathered(found, SMOOTH, rect)
        coats = Coats(wet, colour_ink(wet.ink(colour)))
        filled = list(places(found.at))
        for number, place in enumerate(filled):
            yield 0.5 + 0.5 * number / len(filled)
            rows, columns = overlap(place, found.at)[1]
            box = Rect(
                found.at.x + columns.start,
                found.at.y + rows.start,
                columns.stop - columns.start,
                rows.stop - rows.start,
            )
            part = part_in(found, box)
            if part.any():
                coats.lay(place, box, part * np.float32(self.opacity / 255))
