"""Fill: everything of a similar colour, where it hangs together with the pixel clicked or wherever it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt

from engine.area import Rect
from ui.coats import Coats, colour_ink
from ui.document import overlap, places
from ui.options import share, slider, switch
from ui.seen import merged
from ui.selection import alone, feathered, grown, part_in, wand
from ui.session import Session
from ui.tools.pointer import Gesture, Pointer

SMOOTH = 0.5  # pixels of blur that make stairs look even


@dataclass
class Fill:
    name: str = "Fill"
    icon: str = "paint-bucket"
    shortcut: str = "G"
    tip: str = "Fill an area of similar colour, as it is seen, with strokes of the current one."
    cursor: Qt.CursorShape = Qt.CursorShape.CrossCursor
    tolerance: float = slider(32, "Tolerance", 0, 255, "", 1.6, "How different a filled colour may be")
    grow: float = slider(0, "Grow", 0, 16, " px", 1, "How far it reaches below the edges round it")
    opacity: float = share(1.0, "Opacity", "How much the fill covers", 1)
    touching: bool = switch(True, "Touching", "link", "Only what hangs together with the place clicked")
    merged: bool = switch(True, "All layers", "stack", "Look at the picture as it is seen, not at one layer")
    smooth: bool = switch(True, "Smooth", "circle-half", "A soft step of one pixel at the edge")

    @property
    def outline(self) -> float | None:
        return None

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        document, layer = session.document, session.active_layer
        if not (0 <= pointer.x < document.width and 0 <= pointer.y < document.height):
            return
        if self.merged or layer is None:
            seen = merged(document).read(document.rect)
        else:
            seen = alone(document, layer, document.rect)
        found = wand(seen, int(pointer.x), int(pointer.y), self.tolerance, self.touching)
        if self.grow:
            found = grown(found, round(self.grow), document.rect)
        if self.smooth:
            found = feathered(found, SMOOTH, document.rect)
        with session.paint(self.name) as wet:
            coats = Coats(wet, colour_ink(wet.ink(session.colour)))
            for place in places(found.at):
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
            wet.show(set(wet.touched))
            while pointer.down:
                pointer = yield
