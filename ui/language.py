"""What the user reads, in the user's language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def tr(text: str) -> str:
    """The text in the language of the program; itself where there is no translation. Names are put in later:
    `tr("Saved as {name}.").format(name=name)`.
    """
    return QCoreApplication.translate("driftpaint", text)
