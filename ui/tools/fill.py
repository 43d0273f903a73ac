"""Fill: everything of a similar colour that hangs together with the pixel clicked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt

from engine.area import Rect
from ui.document import composite, overlap, places, premultiplied
from ui.selection import connected, similar
from ui.session import Session
from ui.tools.pointer import Gesture, Pointer


@dataclass
class Fill:
    name: str = "Fill"
    icon: str = "paint-bucket"
    shortcut: str = "G"
    tip: str = "Fill an area of similar colour, as it is seen, with strokes of the current one."
    cursor: Qt.CursorShape = Qt.CursorShape.CrossCursor
    tolerance: float = 32.0  # 0..255, of each channel
    opacity: float = 1.0

    @property
    def outline(self) -> float | None:
        return None

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        document = session.document
        x, y = int(pointer.x), int(pointer.y)
        if not (0 <= pointer.x < document.width and 0 <= pointer.y < document.height):
            return
        seen = composite(document, document.rect)
        area = connected(similar(seen, x, y, self.tolerance), x, y)
        rows, columns = np.flatnonzero(area.any(1)), np.flatnonzero(area.any(0))
        box = Rect(
            int(columns[0]), int(rows[0]), int(columns[-1] - columns[0]) + 1, int(rows[-1] - rows[0]) + 1
        )
        colour = session.colour
        rgba = (colour.red(), colour.green(), colour.blue(), round(255 * self.opacity))
        paint = premultiplied(np.array([[rgba]], np.uint8))[0, 0].astype(np.uint16)
        with session.paint(self.name) as wet:
            for place in places(box):
                inside, outside = overlap(place, document.rect)
                part = area[outside]
                if not part.any():
                    continue
                below = wet.writable(place)[inside]
                under = (below[part].astype(np.uint16) * (255 - paint[3]) + 127) // 255
                below[part] = (paint + under).clip(0, 255)
            wet.show(set(wet.touched))
            while pointer.down:
                pointer = yield
