"""Restore: brings the original back, over strokes and results, or through a hole in the layer above it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from PySide6.QtGui import QColor

from ui.coats import Ink, colour_ink, picture_ink
from ui.language import tr
from ui.options import choice
from ui.seen import merged
from ui.session import Session
from ui.tools.brush import LINE, SIZE, Brush
from ui.tools.pointer import Gesture, Hint, Pointer
from ui.wet import Wet

WAYS = (
    ("over", "Over all", "Paint the original over everything, as strokes"),
    ("through", "Through the layer", "Hide the active layer there, by its mask: what is below is seen again"),
)


@dataclass
class Restore(Brush):
    name: str = "Restore"
    icon: str = "clock-counter-clockwise"
    shortcut: str = "Y"
    tip: str = "Paint the original picture back, over strokes and results."
    hints: tuple[Hint, ...] = (LINE, SIZE)
    way: str = choice("over", "Way", WAYS)

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        layer = session.active_layer
        if self.way == "through" and (layer is None or layer.kind == "picture" or layer.locked):
            session.said.emit(
                tr("Choose the layer that shall let the original through, in the list of layers.")
            )
            return
        yield from super().gesture(session, pointer)

    def begun(self, session: Session, erases: bool) -> AbstractContextManager[Wet]:
        if self.way == "through":
            return session.paint_mask(tr(self.name))
        return super().begun(session, erases)

    def ink(self, session: Session, wet: Wet) -> Ink:
        if self.way == "through":
            return colour_ink(QColor("black"))
        return picture_ink(merged(session.document, lambda layer: layer.kind == "picture").read)
