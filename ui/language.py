"""What the user reads, in the user's language.

A language is a file of resources/languages: the English text, and what it is there. English needs none.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

LANGUAGES = ("system", "en", "de", "zh_CN")
NAMES = {"en": "English", "de": "Deutsch", "zh_CN": "\u7b80\u4f53\u4e2d\u6587"}  # each in itself
FOLDER = Path(__file__).parents[1] / "resources" / "languages"
_CONTEXT = "driftpaint"
_TOLD = "driftpaint told"
_TELLING = 10  # letters that a text must say itself, besides its {names}, to be found by what it says


def tr(text: str) -> str:
    """The text in the language of the program; itself where there is no translation. Names are put in later:
    `tr("Saved as {name}.").format(name=name)`.
    """
    return QCoreApplication.translate(_CONTEXT, text)


def told(sentence: str) -> str:
    """What the engine says, which knows no languages, in the language of the program: the values in it stay,
    and what they stand in is a text of the catalogue. Any other sentence stays as it is.
    """
    return QCoreApplication.translate(_TOLD, sentence)


def marked(text: str) -> str:
    """The text itself, of a table: it is translated where it is shown."""
    return text


def plain(text: str) -> str:
    """A text of a menu as it is read: without the letter that chooses it, and the dots."""
    text = re.sub(r"\(&\w\)", "", text)  # where letters are not our own: "文件(&F)"
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").removesuffix("...").rstrip()


def speak(application: QCoreApplication, language: str) -> None:
    """Let `tr`, and Qt's own dialogs, speak that language from now on; "system" is that of the desktop."""
    chosen = chosen_language(language)
    if chosen == "en":
        return
    own = Catalogue(catalogue(chosen))
    own.setParent(application)
    application.installTranslator(own)
    theirs = QTranslator(application)
    if theirs.load(f"qtbase_{chosen}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        application.installTranslator(theirs)


def chosen_language(language: str) -> str:
    """The language itself, or of those that we have the one that the desktop speaks."""
    if language != "system":
        return language
    spoken = QLocale.system().name()
    return next((ours for ours in LANGUAGES[1:] if spoken.startswith(ours.split("_")[0])), "en")


def catalogue(language: str) -> dict[str, str]:
    with (FOLDER / f"{language}.toml").open("rb") as file:
        return tomllib.load(file)


class Catalogue(QTranslator):
    """Our texts in another language, as Qt looks them up."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        super().__init__()
        self._texts = texts

    def isEmpty(self) -> bool:
        return False

    def translate(
        self, context: bytes | str, source: bytes | str, disambiguation: object = None, n: int = -1
    ) -> str | None:
        if _text(context) == _TOLD:
            return self._told(_text(source))
        return self._texts.get(_text(source)) if _text(context) == _CONTEXT else None

    def _told(self, sentence: str) -> str:
        """The sentence is a text, or one with values in its {names}, which may be texts themselves."""
        if sentence in self._texts:
            return self._texts[sentence]
        for pattern, other in self._patterns:
            if fits := pattern.fullmatch(sentence):
                values = fits.groupdict()
                return other.format(**{name: self._each_told(value) for name, value in values.items()})
        return sentence

    def _each_told(self, value: str) -> str:
        whole = self._told(value)
        return whole if whole != value else ", ".join(map(self._told, value.split(", ")))

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        """Of the texts with {names}: those that say most themselves come first."""
        found: list[tuple[int, re.Pattern[str], str]] = []
        for text, other in self._texts.items():
            parts = list(string.Formatter().parse(text))
            said = sum(len(literal) for literal, _, _, _ in parts)
            if said >= _TELLING and any(name for _, name, _, _ in parts):
                found.append((said, _pattern(parts), other))
        return [each[1:] for each in sorted(found, key=lambda each: -each[0])]


def _pattern(parts: Iterable[tuple[str, str | None, str | None, str | None]]) -> re.Pattern[str]:
    pattern, known = "", set()
    for literal, name, _, _ in parts:
        pattern += re.escape(literal)
        if name:
            pattern += f"(?P={name})" if name in known else f"(?P<{name}>.+?)"
            known.add(name)
    return re.compile(pattern, re.DOTALL)


def _text(word: bytes | str) -> str:
    return word if isinstance(word, str) else word.decode()
