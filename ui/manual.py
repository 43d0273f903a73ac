"""The manual, which is inside: chapters of resources/manual, and the keys as they are now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QImage, QTextBlockFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QTextBrowser, QVBoxLayout, QWidget

from ui import theme
from ui.actions import BY_HAND, MENUS, Action
from ui.dialogs import PageList, own
from ui.keys import Keys, native
from ui.language import chosen_language, plain, tr

FOLDER = Path(__file__).parents[1] / "resources" / "manual"
PICTURE = 280  # wide, widget points
WIDE = 620  # of a line of text, widget points
LINE = 4.0  # points between two lines


class Manual(QDialog):
    """Chapters at the left, the chosen one at the right. It may stay open while one works."""

    def __init__(self, parent: QWidget, language: str, table: Sequence[Action], keys: Keys) -> None:
        super().__init__(parent)
        own(self)
        self.setWindowTitle(tr("Manual"))
        self.setModal(False)
        self._chapters = [
            (path.stem.partition(" ")[2], with_keys(path.read_text(encoding="utf-8"), table, keys))
            for path in chapters(language)
        ]
        self._chapters.append((tr("All keys"), keys_as_text(table, keys)))
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search"))
        self.search.setAccessibleName(tr("Search the manual"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._find)
        self.list = PageList(tr("Chapters"))
        self.list.addItems([title for title, _ in self._chapters])
        self.page = _Page()
        self.page.setAccessibleName(tr("Manual"))
        self.page.setSearchPaths([str(FOLDER)])
        self.page.setOpenLinks(False)
        self.page.document().setDocumentMargin(24)
        self.page.setLineWrapMode(QTextBrowser.LineWrapMode.FixedPixelWidth)
        self.page.setLineWrapColumnOrWidth(WIDE)
        self.list.currentRowChanged.connect(self._show)
        left = QVBoxLayout()
        left.setSpacing(theme.GRID)
        left.addWidget(self.search)
        left.addWidget(self.list, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 12, 12, 12)
        row.setSpacing(12)
        row.addLayout(left)
        row.addWidget(self.page, 1)
        self.search.setFixedWidth(192)
        self.list.setFixedWidth(192)
        self.resize(920, 680)
        self.list.setCurrentRow(0)
        self.search.setFocus()

    def _show(self, number: int) -> None:
        if number >= 0:
            self.page.document().setBaseUrl(QUrl.fromLocalFile(f"{FOLDER}/"))
            self.page.setMarkdown(self._chapters[number][1])
            airy = QTextBlockFormat()
            airy.setLineHeight(LINE, QTextBlockFormat.LineHeightTypes.LineDistanceHeight.value)
            everything = QTextCursor(self.page.document())
            everything.select(QTextCursor.SelectionType.Document)
            everything.mergeBlockFormat(airy)

    def _filter(self, text: str) -> None:
        """Only the chapters in which the words are."""
        wanted = text.strip().lower()
        for number, (_, words) in enumerate(self._chapters):
            self.list.item(number).setHidden(wanted not in words.lower())
        found = [number for number in range(self.list.count()) if not self.list.item(number).isHidden()]
        if found and self.list.currentRow() not in found:
            self.list.setCurrentRow(found[0])

    def _find(self) -> None:
        """The next place in the chapter, from its start again after the last."""
        if not self.page.find(self.search.text()):
            self.page.moveCursor(QTextCursor.MoveOperation.Start)
            self.page.find(self.search.text())


class _Page(QTextBrowser):
    """Pictures are small in it."""

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        found = super().loadResource(kind, name)
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return found
        picture = QImage(QUrl(name).toLocalFile())
        wide = round(PICTURE * self.devicePixelRatioF())
        picture = picture.scaledToWidth(wide, Qt.TransformationMode.SmoothTransformation)
        picture.setDevicePixelRatio(self.devicePixelRatioF())
        return picture


def chapters(language: str) -> list[Path]:
    """In the language of the program, or in English where it has none."""
    translated = FOLDER / chosen_language(language)
    found = (translated if translated.is_dir() else FOLDER).glob("*.md")
    return sorted(found, key=lambda path: int(path.stem.partition(" ")[0]))


def with_keys(text: str, table: Sequence[Action], keys: Keys) -> str:
    """A chapter with the keys that commands have now in the place of their names: "**{save}**"; a command
    that has none is called as it is in its menu.
    """
    names = {action.name: action.plain for action in table}

    def key(found: re.Match[str]) -> str:
        return _escaped(keys.shown(found[1]) or names[found[1]])

    return re.sub(r"\{([^{}]+)\}", key, text)


def keys_as_text(table: Sequence[Action], keys: Keys) -> str:
    """The chapter of all keys, as they are now."""
    return "\n".join(_lines(table, keys))


def _lines(table: Sequence[Action], keys: Keys) -> Iterator[str]:
    yield f"# {tr('All keys')}\n"
    for menu in MENUS:
        rows = [each for each in table if each.menu == menu and each.name and keys.of(each.name)]
        if rows:
            yield f"\n## {plain(tr(menu))}\n"
            for each in rows:
                yield f"- {each.plain}: **{_escaped(native(keys.of(each.name)))}**"
    yield f"\n## {tr('On the canvas')}\n"
    for what, key in BY_HAND:
        yield f"- {tr(what)}: **{_escaped(tr(key))}**"


def _escaped(text: str) -> str:
    """What would be a sign of Markdown is itself."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]" else letter for letter in text)
