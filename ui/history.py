"""Undo: a list of documents with their labels. Every operation is undoable, for it made a new document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from ui.document import Document

BUDGET = 1 << 30  # bytes of distinct tiles; the oldest steps go first


@dataclass
class History:
    """`steps[at]` is now; what is above it can be redone."""

    steps: list[tuple[str, Document]] = field(default_factory=list)
    at: int = -1
    budget: int = field(default=BUDGET)
    bytes: int = 0  # of the tiles of all steps; one that many of them share counts once
    _uses: Counter[int] = field(default_factory=Counter, repr=False)  # of a tile, by its id

    @classmethod
    def of(cls, document: Document, label: str = "Open") -> History:
        history = cls()
        history.push(label, document)
        return history

    @property
    def document(self) -> Document:
        return self.steps[self.at][1]

    @property
    def undo_label(self) -> str:
        """What undo would take back; empty if nothing."""
        return self.steps[self.at][0] if self.at else ""

    @property
    def redo_label(self) -> str:
        return self.steps[self.at + 1][0] if self.at + 1 < len(self.steps) else ""

    def push(self, label: str, document: Document) -> None:
        """A new step; what could be redone is gone."""
        while len(self.steps) > self.at + 1:
            self._drop(len(self.steps) - 1)
        self.steps.append((label, document))
        self.at += 1
        self._keep(document)
        while self.at > 0 and self.bytes > self.budget:
            self._drop(0)
            self.at -= 1

    def amend(self, change: Callable[[Document], Document]) -> None:
        """The same change in every step: undo does not take it back."""
        self.steps = [(label, change(document)) for label, document in self.steps]

    def undo(self) -> None:
        self.at = max(self.at - 1, 0)

    def redo(self) -> None:
        self.at = min(self.at + 1, len(self.steps) - 1)

    def _keep(self, document: Document) -> None:
        for tile in document.tiles():
            self.bytes += 0 if self._uses[id(tile)] else tile.nbytes
            self._uses[id(tile)] += 1

    def _drop(self, index: int) -> None:
        _, document = self.steps.pop(index)
        for tile in document.tiles():
            self._uses[id(tile)] -= 1
            if not self._uses[id(tile)]:
                del self._uses[id(tile)]
                self.bytes -= tile.nbytes
