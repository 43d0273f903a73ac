"""Brush and eraser: a stroke of dabs along the pointer's way, laid on the layer as one coat."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from PySide6.QtCore import Qt

from ui.coats import Coats, Ink, colour_ink
from ui.curves import Response
from ui.document import Kind
from ui.language import tr
from ui.options import choice, response, share, slider, switch
from ui.session import Session
from ui.strokes import At, Stroke
from ui.tools.pointer import Gesture, Hint, Pointer
from ui.wet import Wet

SHAPES = (
    ("round", "Round", "A disc, hard or soft"),
    ("flat", "Flat", "A broad edge, thick or thin by its angle"),
    ("chalk", "Chalk", "A blunt end with grain"),
    ("bristle", "Bristle", "Single hairs that leave streaks"),
    ("sponge", "Sponge", "Pores of all sizes"),
    ("splatter", "Splatter", "Drops"),
    ("cloud", "Cloud", "Soft billows"),
)
TURNINGS = (
    ("fixed", "Still", "The tip keeps its angle"),
    ("way", "Along", "The tip turns with the line"),
    ("lean", "Pen", "The tip turns as the pen leans"),
    ("random", "Any", "Each dab has an angle of its own"),
)

LINE: Hint = ("Shift", "straight line")
SIZE: Hint = (("smaller", "larger"), "size")


@dataclass
class Brush:
    """A tool that paints with something else changes `ink`; one that paints on an area, `on`."""

    name: str = "Brush"
    icon: str = "paint-brush"
    shortcut: str = "B"
    tip: str = "Paint strokes of colour. Shift-click draws a straight line, Ctrl picks a colour."
    hints: tuple[Hint, ...] = (LINE, ("Ctrl", "pick a colour"), SIZE, (("swap_colours",), "swap colours"))
    cursor: Qt.CursorShape = Qt.CursorShape.BlankCursor
    on: Kind | None = None  # the area that is painted on, or None: the active layer
    erases: bool = False
    size: float = slider(48, "Size", 1, 500, " px", 2.2, "Width on the canvas")
    hardness: float = share(0.8, "Hardness", "0 is soft, 100 has a sharp edge")
    opacity: float = share(1.0, "Opacity", "How much one stroke covers", 1)
    flow: float = share(1.0, "Flow", "How much one dab leaves: dabs add up to the opacity", 1)
    smoothing: float = share(0.0, "Smoothing", "How far the line is held back, so that it runs calmly")
    mirror: bool = switch(False, "Mirror", "square-half", "Paint the same on the other side of the picture")
    shape: str = choice("round", "Tip", SHAPES, folded=True)
    spacing: float = share(0.03, "Spacing", "From dab to dab, of the size", 1, folded=True)
    angle: float = slider(0, "Angle", 0, 359, "\N{DEGREE SIGN}", 1, "Of the tip", folded=True)
    turning: str = choice("fixed", "Turning", TURNINGS, folded=True)
    jitter: float = share(0.0, "Jitter", "How unsteady dabs are in size, place and strength", folded=True)
    grain: float = share(0.0, "Grain", "How much of the paper stays free", folded=True)
    size_by: Response = response(Response("pressure"), "Size")
    opacity_by: Response = response(Response(), "Opacity")
    flow_by: Response = response(Response(), "Flow")

    @property
    def outline(self) -> float | None:
        return self.size

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        erases = self.erases or pointer.eraser
        objection = self._objection(session) if erases else None
        if objection is not None:
            session.said.emit(objection)
            return
        with self.begun(session, erases) as wet:  # one undo step, or none if Escape closes us
            stroke, coats = self.made(session, wet, pointer.point, erases)
            if pointer.shift and session.stroke_end is not None:
                x, y = session.stroke_end
                stroke.begin(_at(pointer._replace(x=x, y=y)))
                stroke.line(_at(pointer))
            else:
                stroke.begin(_at(pointer))
            _show(wet, stroke, coats)
            while pointer.down:
                last, pointer = pointer, (yield)
                if pointer.down:
                    stroke.move(_at(pointer))
                else:  # a pen's release says pressure 0
                    stroke.end(_at(pointer._replace(pressure=last.pressure)))
                _show(wet, stroke, coats)
            session.stroke_end = (pointer.x, pointer.y)

    def begun(self, session: Session, erases: bool) -> AbstractContextManager[Wet]:
        """What is painted on."""
        return session.paint("Eraser" if erases else self.name, self.on)

    def made(self, session: Session, wet: Wet, point: float, erases: bool) -> tuple[Stroke, Coats]:
        """What the pen's way becomes, and how it is laid down."""
        stroke = Stroke(self, wet.document.width, wet.document.height, point)
        return stroke, Coats(wet, None if erases else self.ink(session, wet))

    def ink(self, session: Session, wet: Wet) -> Ink:
        """What is painted with."""
        return colour_ink(wet.ink(session.colour))

    def _objection(self, session: Session) -> str | None:
        """Why nothing can be erased."""
        if self.on is not None:
            is_painted = session.document.area(self.on) is not None
            return None if is_painted else tr("Nothing is painted with this brush yet.")
        layer = session.stroke_layer
        if layer is None and not session.is_on_mask:
            if session.document.strokes:
                return tr("Choose the layer of strokes to erase, in the list of layers.")
            return tr("There are no strokes to erase: the eraser takes away strokes, never the picture.")
        if layer is not None and layer.alpha_locked and not session.is_on_mask:
            return tr("Nothing can be erased: the transparency of this layer is locked.")
        return None


@dataclass
class Eraser(Brush):
    name: str = "Eraser"
    icon: str = "eraser"
    shortcut: str = "E"
    tip: str = "Take strokes away again. The picture below is never erased."
    hints: tuple[Hint, ...] = (LINE, SIZE)
    erases: bool = True


def _show(wet: Wet, stroke: Stroke, coats: Coats) -> None:
    """Lay the stroke on the layer wherever its cover has changed."""
    fresh = stroke.taken()
    for place, box in fresh.items():
        coats.lay(place, box, stroke.coat(box))
    if fresh:
        wet.show(fresh)


def _at(pointer: Pointer) -> At:
    return At(pointer.x, pointer.y, pointer.pressure, pointer.tilt_x, pointer.tilt_y)
