"""Undo and redo: steps are walked, and the oldest go when memory is short."""

from __future__ import annotations

import numpy as np

from ui.document import TILE, document_from, layer_from, new_document
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
    history.budget = 3 * BYTES
    for i in range(1, 6):
        history.push(str(i), new_document(TILE, TILE, (i, i, i, 255)))
    assert [label for label, _ in history.steps] == ["3", "4", "5"]
    assert history.document is history.steps[-1][1]
    assert history.bytes == 3 * BYTES


def test_the_newest_step_stays_even_if_it_alone_is_too_large() -> None:
    history = History.of(new_document(TILE, TILE, (0, 0, 0, 255)))
    history.budget = BYTES
    large = document_from(np.full((TILE, 4 * TILE, 4), 255, np.uint8))
    history.push("Paste", large)
    assert history.steps == [("Paste", large)]
    assert history.bytes == 4 * BYTES
