"""Where edits may work and how strongly: the selection, and what was painted with the brushes Editable,
Protected and Strength.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.area import Rect
from ui.document import Document, Kind, overlap, places
from ui.selection import part_in

Share = NDArray[np.uint8]  # (h, w), 0..255


def is_marked(document: Document) -> bool:
    """Whether it was said where an edit shall work."""
    return document.selection is not None or any(
        _painted(document, kind) for kind in ("editable", "strength")
    )


def allowed(document: Document, rect: Rect | None = None) -> Share | None:
    """Where the picture may change; None: everywhere. Only there if it was selected, painted Editable, or
    painted with Strength, and never where it was painted Protected.
    """
    rect = rect or document.rect
    share: Share | None = None
    if document.selection is not None:
        share = part_in(document.selection, rect)
    if _painted(document, "editable"):
        share = _times(share, alpha_of(document, "editable", rect))
    if _painted(document, "strength"):
        share = _times(share, np.where(alpha_of(document, "strength", rect) > 0, np.uint8(255), np.uint8(0)))
    if _painted(document, "protected"):
        share = _times(share, 255 - alpha_of(document, "protected", rect))
    return share


def shares(document: Document, rect: Rect) -> Share | None:
    """How much of the strength counts in each place; None: all of it."""
    return alpha_of(document, "strength", rect) if _painted(document, "strength") else None


def alpha_of(document: Document, kind: Kind, rect: Rect) -> Share:
    """What was painted on an area."""
    out, area = np.zeros((rect.height, rect.width), np.uint8), document.area(kind)
    if area is not None:
        for place in places(rect):
            tile = area.tiles.get(place)
            if tile is not None:
                inside, outside = overlap(place, rect)
                alpha = tile[inside][..., 3]
                out[outside] = alpha if alpha.dtype == np.uint8 else alpha >> 8
    return out


def cleared(document: Document, kind: Kind | None = None) -> Document:
    """Without that area, or without any."""
    left = tuple(area for area in document.areas if kind is not None and area.kind != kind)
    return replace(document, areas=left) if len(left) < len(document.areas) else document


def _painted(document: Document, kind: Kind) -> bool:
    area = document.area(kind)
    return area is not None and bool(area.tiles)


def _times(share: Share | None, other: Share) -> Share:
    if share is None:
        return other
    product: Share = ((share.astype(np.uint16) * other + 127) // 255).astype(np.uint8)
    return product
