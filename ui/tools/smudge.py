"""Smudge: drags what is seen along, as a finger does in wet paint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.area import Rect
from ui.coats import Coats, picture_ink
from ui.curves import Response
from ui.document import TILE, Document, Pixels, Place, overlap, places
from ui.options import response, share
from ui.seen import Seen, seen_from
from ui.session import Session
from ui.strokes import Stroke, clipped
from ui.tools.brush import LINE, SIZE, Brush
from ui.tools.pointer import Hint
from ui.wet import Wet

Patch = NDArray[np.float32]  # (h, w, 4), premultiplied


@dataclass
class Smudge(Brush):
    name: str = "Smudge"
    icon: str = "hand-pointing"
    shortcut: str = "Shift+S"
    tip: str = "Drag colours along, as a finger does in wet paint. The result lies on the strokes."
    hints: tuple[Hint, ...] = (LINE, SIZE)
    hardness: float = share(0.3, "Hardness", "0 is soft, 100 has a sharp edge")
    flow: float = share(0.8, "Strength", "How far colours are dragged along", 1)
    spacing: float = share(0.03, "Spacing", "From dab to dab, of the size", 1, folded=True)
    size_by: Response = response(Response(), "Size")
    flow_by: Response = response(Response("pressure"), "Strength")

    def made(self, session: Session, wet: Wet, point: float, erases: bool) -> tuple[Stroke, Coats]:
        if erases:
            return super().made(session, wet, point, erases)
        smear = Smear(self, wet.document, seen_from(wet), point)
        return smear, Coats(wet, picture_ink(smear.smeared))


class Smear(Stroke):
    """A stroke whose dabs carry along what they find: each leaves a share of what the last one found."""

    def __init__(self, nib: Smudge, document: Document, seen: Seen, point: float) -> None:
        super().__init__(nib, document.width, document.height, point)
        self._seen = seen
        self._tiles: dict[Place, Patch] = {}  # of the picture as it is smeared
        self._carried: Patch | None = None

    def smeared(self, box: Rect) -> Pixels:
        kind: np.dtype[Any] = self._seen.tile((box.x // TILE, box.y // TILE)).dtype
        return np.rint(self._read(box)).astype(kind)

    def _stamp(self, x: float, y: float, size: float, angle: float, flow: float, most: float) -> None:
        touch, left, top = self._tips.touch(x, y, size, angle)
        side = int(size) + 4
        whole = Rect(round(x) - side // 2, round(y) - side // 2, side, side)
        inside = clipped(whole, self.width, self.height)
        if inside is None:
            return
        here = self._read(inside)
        edges = (
            (inside.y - whole.y, whole.y + side - inside.y - inside.height),
            (inside.x - whole.x, whole.x + side - inside.x - inside.width),
        )
        if any(map(any, edges)):
            here = np.pad(here, (*edges, (0, 0)), mode="edge")
        if self._carried is not None and self._carried.shape == here.shape:
            amount = np.zeros((side, side), np.float32)
            part = clipped(Rect(left - whole.x, top - whole.y, touch.shape[1], touch.shape[0]), side, side)
            if part is not None:
                rows, columns = part.y - top + whole.y, part.x - left + whole.x
                amount[part.slices] = touch[rows : rows + part.height, columns : columns + part.width]
            dragged = self._carried - here
            dragged *= np.float32(flow)
            self._carried = here + dragged
            dragged *= amount[..., None]
            here += dragged
            cut = here[inside.y - whole.y :, inside.x - whole.x :][: inside.height, : inside.width]
            self._write(inside, cut)
            super()._stamp(x, y, size, angle, 1.0, most)
        else:
            self._carried = here

    def _read(self, box: Rect) -> Patch:
        out = np.empty((box.height, box.width, 4), np.float32)
        for place in places(box):
            inside, outside = overlap(place, box)
            out[outside] = self._tile(place)[inside]
        return out

    def _write(self, box: Rect, patch: Patch) -> None:
        for place in places(box):
            inside, outside = overlap(place, box)
            self._tile(place)[inside] = patch[outside]

    def _tile(self, place: Place) -> Patch:
        tile = self._tiles.get(place)
        if tile is None:
            tile = self._tiles[place] = self._seen.tile(place).astype(np.float32)
        return tile
