"""Undo and redo: steps are walked, and the oldest go when memory is short."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from engine.area import Rect
from ui.document import TILE, Result, Selection, document_from, layer_from, new_document
from ui.history import History

BYTES = TILE * TILE * 4  # of a tile


def test_undo_and_redo_walk_along_the_steps() -> None:
    first, second, third = (new_document(10, 10, (i, i, i, 255)) for i in range(3))
    history = History.of(first)
    history.push("Brush", second)
    history.push("Fill", third)
    assert (history.undo_label, history.redo_label) == ("Fill", "")
    history.undo()
    assert history.document is second
    assert (history.undo_label, history.redo_label) == ("Brush", "Fill")
    history.undo()
    history.undo()
    assert history.document is first
    history.redo()
    assert history.document is second
    history.push("Eraser", first)
    assert history.redo_label == ""
    history.redo()
    assert history.document is first


def test_a_tile_shared_by_many_steps_counts_once() -> None:
    document = document_from(np.full((300, 520, 4), 255, np.uint8))
    dot = layer_from(np.full((40, 40, 4), 255, np.uint8), "dot", "strokes")
    history = History.of(document)
    assert history.bytes == 6 * BYTES
    history.push("Dot", document.with_layer(dot))
    history.push("Again", document.with_layer(dot).with_layer(dot))
    assert history.bytes == 7 * BYTES


def test_memory_comes_back_when_what_could_be_redone_is_gone() -> None:
    history = History.of(new_document(TILE, TILE, (0, 0, 0, 255)))
    history.push("Paste", document_from(np.full((TILE, 3 * TILE, 4), 255, np.uint8)))
    history.undo()
    history.push("Fill", history.document)
    assert [label for label, _ in history.steps] == ["Open", "Fill"]
    assert history.bytes == BYTES


def test_the_oldest_steps_go_when_memory_is_short() -> None:
    history = History.of(new_document(TILE, TILE, (0, 0, 0, 255)))
    history.limit(2 * BYTES)
    for i in range(1, 6):
        history.push(str(i), new_document(TILE, TILE, (i, i, i, 255)))
    assert [label for label, _ in history.steps] == ["3", "4", "5"]
    assert history.document is history.steps[-1][1]
    assert history.bytes == 3 * BYTES
    assert history.spent == 2 * BYTES  # the document that is open is no history
    history.limit(BYTES)
    assert [label for label, _ in history.steps] == ["4", "5"]


def test_the_newest_step_stays_even_if_it_alone_is_too_large() -> None:
    history = History.of(new_document(TILE, TILE, (0, 0, 0, 255)))
    history.limit(0)
    large = document_from(np.full((TILE, 4 * TILE, 4), 255, np.uint8))
    history.push("Paste", large)
    assert history.steps == [("Paste", large)]
    assert history.bytes == 4 * BYTES
    assert history.spent == 0


def test_masks_selections_areas_and_results_count_too() -> None:
    document = new_document(TILE, TILE, (0, 0, 0, 255))
    history = History.of(document)
    share = np.zeros((TILE, TILE), np.uint8)
    layer = replace(document.layers[0], mask=MappingProxyType({(0, 0): share}))
    history.push("Mask", document.exchange(document.layers[0], layer))
    assert history.bytes == BYTES + TILE * TILE
    selection = Selection(Rect(0, 0, 50, 40), np.zeros((40, 50), np.uint8))
    history.push("Select", replace(history.document, selection=selection))
    assert history.bytes == BYTES + TILE * TILE + 2000
    area = replace(document.layers[0], kind="protected")
    history.push("Protect", replace(history.document, areas=(area,)))
    assert history.bytes == BYTES + TILE * TILE + 2000  # it shares its tile with the layer
    result = Result(Rect(0, 0, 10, 10), np.zeros((10, 10, 4), np.uint8), "")
    history.amend(lambda document: replace(document, results=(result,)))
    assert history.bytes == BYTES + TILE * TILE + 2000 + 400
    history.amend(lambda document: replace(document, results=()))
    assert history.bytes == BYTES + TILE * TILE + 2000


def test_one_travels_to_any_step() -> None:
    history = History.of(new_document(8, 8))
    for i in range(3):
        history.push(str(i), new_document(8, 8, (i, i, i, 255)))
    history.go(1)
    assert (history.undo_label, history.redo_label) == ("0", "1")
    history.go(99)
    assert history.redo_label == ""
    history.go(-1)
    assert history.undo_label == ""
