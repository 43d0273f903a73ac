"""The frame of a document, cut or widened: layers keep what lies outside of it, so nothing is lost."""

from __future__ import annotations

from dataclasses import replace

from engine.area import Rect
from engine.warp import shifted as shifted_handle
from ui.document import Document, Layer
from ui.selection import is_empty, shifted
from ui.transform import shift, transformed
from ui.work import Making


def framed(document: Document, frame: Rect) -> Making[Document]:
    """The document with that rectangle of its pixels, which may reach beyond them, as all that is seen."""
    x, y = -frame.x, -frame.y
    layers: list[Layer] = []
    areas: list[Layer] = []
    count = len(document.layers) + len(document.areas)
    for number, layer in enumerate((*document.layers, *document.areas)):
        yield number / count
        (layers if number < len(document.layers) else areas).append(_moved(layer, x, y))
    inside = Rect(0, 0, frame.width, frame.height)
    selection = document.selection
    if selection is not None:
        selection = shifted(selection, x, y, inside)
        everything = selection.at == inside and bool(selection.mask.all())
        selection = None if is_empty(selection) or everything else selection
    return replace(
        document,
        width=frame.width,
        height=frame.height,
        layers=tuple(layers),
        areas=tuple(areas),
        pulls=tuple(replace(pull, handle=shifted_handle(pull.handle, x, y)) for pull in document.pulls),
        selection=selection,
        origin=(document.origin[0] + frame.x, document.origin[1] + frame.y),
    )


def _moved(layer: Layer, x: int, y: int) -> Layer:
    """A layer with all that is in it; one that was never transformed does not count as such now."""
    inner = tuple(_moved(each, x, y) for each in layer.layers)
    there = transformed(replace(layer, layers=()), shift(x, y))
    return replace(there, layers=inner, placed=there.placed if layer.placed is not None else None)
