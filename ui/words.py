"""A line for words, between commas or blanks, that completes the one being typed from those a model knows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QStringListModel, Qt
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView

from ui import theme
from ui.icons import icon
from ui.language import tr
from ui.widgets import Field, is_claimed


class WordsField(Field):
    def __init__(self, name: str, text: str, example: str, help_text: str = "") -> None:
        super().__init__()
        self.setText(text)
        self.setPlaceholderText(example)
        self.setAccessibleName(name)
        self.setToolTip(help_text)
        self._clear = self.addAction(icon("x", theme.QUIET), QLineEdit.ActionPosition.TrailingPosition)
        self._clear.setText(tr("Clear"))
        self._clear.setToolTip(tr("No words"))
        self._clear.setVisible(bool(text))
        self._clear.triggered.connect(self._cleared)
        self.textChanged.connect(self._text_changed)
        self._vocabulary = QStringListModel(self)
        self.completer_of_last = _LastWord(self._vocabulary, self)
        self.setCompleter(self.completer_of_last)

    def words(self) -> str:
        """What is typed, without stray commas and blanks."""
        return ", ".join(word for part in self.text().split(",") if (word := " ".join(part.split())))

    def set_vocabulary(self, words: Sequence[str]) -> None:
        self._vocabulary.setStringList(sorted(words))

    def _text_changed(self, text: str) -> None:
        self._clear.setVisible(bool(text))

    def _cleared(self) -> None:
        self.clear()
        self.editingFinished.emit()

    def event(self, event: QEvent) -> bool:
        """The arrow keys move the cursor, and not through the variants."""
        return is_claimed(event, Qt.Key.Key_Left, Qt.Key.Key_Right) or super().event(event)


class _LastWord(QCompleter):
    """Completes what follows the last comma or blank."""

    def __init__(self, vocabulary: QStringListModel, field: WordsField) -> None:
        super().__init__(vocabulary, field)
        self._field = field
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setMaxVisibleItems(10)
        offered = QListView()
        offered.setObjectName("offered")
        self.setPopup(offered)

    def splitPath(self, path: str) -> list[str]:
        return [_last(path)]

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:
        text = self._field.text()
        return text.removesuffix(_last(text)) + super().pathFromIndex(index)


def _last(text: str) -> str:
    return re.split(r"[,\s]", text)[-1]
