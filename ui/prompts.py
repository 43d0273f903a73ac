"""What a model is told in words: fields for them, what was said before, and how much they count."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from ui.language import tr
from ui.widgets import ENTER, icon_button, is_claimed
from ui.words import WordsField

KEPT = 30  # words that are remembered
LINES = 2, 6  # that a field shows, at least and at most
SHOWN = 60  # letters of one line of the menu
FREE, KNOWN = 0, 1  # any words, or those of a vocabulary


class Words(QWidget):
    """One thing to be said: freely, in some lines, or, to a model that knows so many words only, in those."""

    changed = Signal()  # once the field is left, or Enter is pressed

    def __init__(self, name: str, free: str, known: str, example: str, help_text: str) -> None:
        super().__init__()
        self.free = PromptField(name, free, example, help_text)
        self.known = WordsField(name, known, tr("Words, for example: sunset, lake"), help_text)
        self._vocabulary: frozenset[str] = frozenset()
        self._earlier = _Earlier(self)
        for field in (self.free, self.known):
            field.installEventFilter(self._earlier)
        self.free.left.connect(self.changed)
        self.known.editingFinished.connect(self.changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.free)
        column.addWidget(self.known)
        self.set_vocabulary(())

    @property
    def field(self) -> PromptField | WordsField:
        return self.known if self._vocabulary else self.free

    def words(self) -> str:
        return self.field.words()

    def say(self, words: str) -> None:
        if isinstance(self.field, WordsField):
            self.field.setText(words)
        else:
            self.field.setPlainText(words)
            self.field.moveCursor(QTextCursor.MoveOperation.End)

    def set_vocabulary(self, words: Sequence[str]) -> None:
        """Only these; none means any."""
        self._vocabulary = frozenset(words)
        self.known.set_vocabulary(words)
        self.known.setVisible(bool(words))
        self.free.setVisible(not words)

    def remember(self, earlier: Sequence[str]) -> None:
        """What was said before, the newest first."""
        self._earlier.words = [words for words in earlier if self._is_understood(words)]

    def earlier(self) -> list[str]:
        return self._earlier.words

    def _is_understood(self, words: str) -> bool:
        return not self._vocabulary or set(words.replace(",", " ").split()) <= self._vocabulary


class PromptField(QPlainTextEdit):
    """Some lines of text, as high as they need; Enter and Tab are not of the text."""

    left = Signal()

    def __init__(self, name: str, text: str, example: str, help_text: str) -> None:
        super().__init__(text)
        self.setObjectName("prompt")
        self.setPlaceholderText(example)
        self.setAccessibleName(name)
        self.setToolTip(help_text)
        self.setTabChangesFocus(True)
        self.setAcceptDrops(False)  # a file that is dropped here is the window's
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(4)
        self.textChanged.connect(self.updateGeometry)

    def words(self) -> str:
        return " ".join(self.toPlainText().split())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        lines, block = 0, self.document().firstBlock()
        while block.isValid():
            self.blockBoundingRect(block)  # which lays it out
            lines, block = lines + block.layout().lineCount(), block.next()
        lines = min(max(lines, LINES[0]), LINES[1])
        frame = 2 * (self.frameWidth() + round(self.document().documentMargin())) + 2
        return QSize(96, lines * self.fontMetrics().lineSpacing() + frame)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def event(self, event: QEvent) -> bool:
        """Arrow keys and Enter mean the text, and not the variants or a result."""
        if event.type() == QEvent.Type.FocusOut:
            self.left.emit()
        return is_claimed(event, *ENTER, Qt.Key.Key_Left, Qt.Key.Key_Right) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class _Earlier(QObject):
    """The up and down keys lead through what was said before, and back to what was typed."""

    def __init__(self, words: Words) -> None:
        super().__init__(words)
        self._of = words
        self.words: list[str] = []
        self._at, self._typed = -1, ""  # -1: at what was typed

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        if event.key() == Qt.Key.Key_Up and self._is_at_end(QTextCursor.MoveOperation.Up):
            return self._go(1)
        if event.key() == Qt.Key.Key_Down and self._is_at_end(QTextCursor.MoveOperation.Down):
            return self._go(-1)
        if event.text():
            self._at = -1
        return False

    def _go(self, by: int) -> bool:
        at = self._at + by
        if not -1 <= at < len(self.words):
            return False
        if self._at < 0:
            self._typed = self._of.words()
        self._at = at
        self._of.say(self._typed if at < 0 else self.words[at])
        return True

    def _is_at_end(self, way: QTextCursor.MoveOperation) -> bool:
        """Whether there is no line that way."""
        field = self._of.field
        return isinstance(field, WordsField) or not field.textCursor().movePosition(way)


class History(QMenu):
    """What was said before, to be said again."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget, earlier: Callable[[], Sequence[str]]) -> None:
        super().__init__(parent)
        self.button = icon_button("clock-counter-clockwise", tr("Words that were used before  (Up, Down)"))
        self.button.setMenu(self)
        self.button.setPopupMode(self.button.ToolButtonPopupMode.InstantPopup)
        self._earlier = earlier
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self._fill)

    @Slot()
    def _fill(self) -> None:
        self.clear()
        for words in self._earlier():
            short = words if len(words) <= SHOWN else f"{words[:SHOWN]}\N{HORIZONTAL ELLIPSIS}"
            action = self.addAction(short.replace("&", "&&"))
            action.setToolTip(words)
            action.triggered.connect(lambda checked=False, words=words: self.chosen.emit(words))
        if self.isEmpty():
            self.addAction(tr("Nothing was said yet")).setEnabled(False)


def beside(widget: QWidget, *buttons: QWidget) -> QWidget:
    """A field and what belongs to it."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(2)
    row.addWidget(widget, 1)
    for button in buttons:
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
    return holder


def remembered(earlier: Sequence[str], words: str) -> tuple[str, ...]:
    """What was said before, with this at its head."""
    return (words, *(each for each in earlier if each != words))[:KEPT] if words else tuple(earlier)
