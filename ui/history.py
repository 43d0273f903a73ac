"""Undo: a list of documents with their labels. Every operation is undoable, for it made a new document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ui.document import Document

BUDGET = 1 << 30  # bytes beside those of the document that is open; the oldest steps go first


@dataclass
class History:
    """`steps[at]` is now; what is above it can be redone."""

    steps: list[tuple[str, Document]] = field(default_factory=list)
    at: int = -1
    budget: int = field(default=BUDGET)
    bytes: int = 0  # of all steps; what many of them share counts once
    _uses: Counter[int] = field(default_factory=Counter, repr=False)  # of an array, by its id

    @classmethod
    def of(cls, document: Document, label: str = "Open", budget: int = BUDGET) -> History:
        history = cls(budget=budget)
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
        self._shrink()

    def limit(self, budget: int) -> None:
        """Use no more memory than that from now on."""
        self.budget = budget
        self._shrink()

    @property
    def spent(self) -> int:
        """Bytes for what can be undone and redone, beside those of the document as it is now."""
        return self.bytes - sum(_sizes(self.document).values())

    def amend(self, change: Callable[[Document], Document]) -> None:
        """The same change in every step: undo does not take it back."""
        for index, (label, before) in enumerate(self.steps):
            after = change(before)
            self.steps[index] = label, after
            if after.layers is before.layers and after.areas is before.areas:  # many arrays, all still in use
                after, before = (replace(each, layers=(), areas=()) for each in (after, before))
            self._keep(after)
            self._release(before)

    def undo(self) -> None:
        self.at = max(self.at - 1, 0)

    def redo(self) -> None:
        self.at = min(self.at + 1, len(self.steps) - 1)

    def go(self, at: int) -> None:
        """Travel to any step."""
        self.at = min(max(at, 0), len(self.steps) - 1)

    def _shrink(self) -> None:
        """Let the oldest steps go while there are too many bytes."""
        own = sum(_sizes(self.document).values())
        while self.at > 0 and self.bytes - own > self.budget:
            self._drop(0)
            self.at -= 1

    def _keep(self, document: Document) -> None:
        for array, size in _sizes(document).items():
            self.bytes += 0 if self._uses[array] else size
            self._uses[array] += 1

    def _drop(self, index: int) -> None:
        self._release(self.steps.pop(index)[1])

    def _release(self, document: Document) -> None:
        for array, size in _sizes(document).items():
            self._uses[array] -= 1
            if not self._uses[array]:
                del self._uses[array]
                self.bytes -= size


def _sizes(document: Document) -> dict[int, int]:
    """The bytes of every array of a document, by its id."""
    return {id(array): array.nbytes for array in document.arrays()}
