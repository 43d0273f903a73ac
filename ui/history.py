"""Undo: a list of documents with their labels. Every operation is undoable, for it made a new document."""

from __future__ import annotations

from dataclasses import dataclass, field

from ui.document import Document, bytes_of

BUDGET = 1 << 30  # bytes of distinct tiles; the oldest steps go first


@dataclass
class History:
    """`steps[at]` is now; what is above it can be redone."""

    steps: list[tuple[str, Document]]
    at: int = 0
    budget: int = field(default=BUDGET)

    @classmethod
    def of(cls, document: Document, label: str = "Open") -> History:
        return cls([(label, document)])

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
        self.steps[self.at + 1 :] = [(label, document)]
        self.at += 1
        while self.at > 0 and self.bytes > self.budget:
            del self.steps[0]
            self.at -= 1

    def undo(self) -> None:
        self.at = max(self.at - 1, 0)

    def redo(self) -> None:
        self.at = min(self.at + 1, len(self.steps) - 1)

    @property
    def bytes(self) -> int:
        return bytes_of(document for _, document in self.steps)
