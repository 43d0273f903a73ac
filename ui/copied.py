"""What was copied here, for the clipboard: a part of a document, which becomes pixels when somebody asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QByteArray, QMimeData

from engine.area import Rect
from ui.document import TILE, Document, Layer, Pixels, composite, places
from ui.selection import alone, common_part, part_in
from ui.spaces import screen_image

OURS = "application/x-driftpaint-copy"  # holds the name of a copy, to know it again
PICTURE = "application/x-qt-image"  # what Qt calls any picture


@dataclass(frozen=True, eq=False)
class Copied:
    """A document is never changed, so this stays what it was, whatever is painted later."""

    name: bytes
    at: Rect
    document: Document
    layer: Layer | None  # None: what is seen of all

    def pixels(self, at: Rect) -> Pixels:
        """Of a rectangle (h, w, 4), premultiplied, as the document has its colours."""
        document, layer, selection = self.document, self.layer, self.document.selection
        pixels = composite(document, at) if layer is None else alone(document, layer, at)
        if selection is None or not pixels.size:
            return pixels
        part = part_in(selection, at)[..., None].astype(np.uint32)
        return ((pixels * part + 127) // 255).astype(pixels.dtype)

    @property
    def is_empty(self) -> bool:
        tiles = (common_part(self.at, Rect(x * TILE, y * TILE, TILE, TILE)) for x, y in places(self.at))
        return not any(self.pixels(each)[..., 3].any() for each in tiles)


class Offer(QMimeData):
    """What was copied here, for other programs: made into a picture when one asks."""

    def __init__(self, copied: Copied) -> None:
        super().__init__()
        self._copied = copied
        self.setData(OURS, QByteArray(copied.name))

    def formats(self) -> list[str]:
        return [OURS, PICTURE]

    def hasFormat(self, kind: str) -> bool:
        return kind in self.formats()

    def retrieveData(self, kind: str, type_: Any) -> object:
        if kind != PICTURE:
            return super().retrieveData(kind, type_)
        copied = self._copied
        return screen_image(copied.pixels(copied.at), copied.document.profile).copy()


def name_in(mime: QMimeData) -> bytes:
    """Of the copy, if what a clipboard holds was copied here."""
    return bytes(mime.data(OURS).data())
