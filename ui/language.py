"""What the user reads, in the user's language.

A language is a file of resources/languages: the English text, and what it is there. English needs none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

LANGUAGES = ("system", "en", "de", "zh_CN")
NAMES = {"en": "English", "de": "Deutsch", "zh_CN": "\u7b80\u4f53\u4e2d\u6587"}  # each in itself
FOLDER = Path(__file__).parents[1] / "resources" / "languages"
_CONTEXT = "driftpaint"


def tr(text: str) -> str:
    """The text in the language of the program; itself where there is no translation. Names are put in later:
    `tr("Saved as {name}.").format(name=name)`.
    """
    return QCoreApplication.translate(_CONTEXT, text)


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
        if _text(context) != _CONTEXT:
            return None
        return self._texts.get(_text(source))


def _text(word: bytes | str) -> str:
    return word if isinstance(word, str) else word.decode()
