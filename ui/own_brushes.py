"""The user's own brushes: what was set of a brush, under a name, from one day to the next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import tomlkit
from PySide6.QtCore import QObject, Signal

from ui.language import tr
from ui.options import Value, kept, recall
from ui.presets import PRESETS
from ui.settings import read_toml, write_toml
from ui.tools import Brush

STAYS = frozenset({"mirror"})  # of the picture, not of the brush
LONGEST = 40  # letters of a name


class OwnBrushes(QObject):
    """Keeps them in a file, a table for each."""

    changed = Signal()
    failed = Signal(str)  # a sentence

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self._values: dict[str, Mapping[str, Value]] = {
            name: values
            for name, values in read_toml(file, "brushes").unwrap().items()
            if isinstance(values, dict) and not self.objection(name)
        }
        self._deleted: tuple[str, Mapping[str, Value]] | None = None

    @property
    def names(self) -> list[str]:
        return sorted(self._values, key=str.casefold)

    @staticmethod
    def objection(name: str) -> str:
        """Why a brush cannot be called so; nothing if it can."""
        ready = {each.casefold() for preset in PRESETS for each in (preset, tr(preset))}
        if not name.strip():
            return tr("Give the brush a name.")
        if len(name) > LONGEST:
            return tr("A name has at most {count} letters.").format(count=LONGEST)
        return tr("A brush that is ready is called so.") if name.casefold() in ready else ""

    def take(self, brush: Brush, name: str) -> None:
        """Make the brush like that one; whether it is mirrored stays."""
        recall(brush, dict(self._values[name]))

    def taken(self, brush: Brush) -> str | None:
        """The one that the brush is like, whatever its size."""
        now = {**_values(brush), "size": 0}
        return next((name for name in self.names if {**self._values[name], "size": 0} == now), None)

    def save(self, name: str, brush: Brush) -> None:
        """One that is called so already becomes like this brush."""
        self._keep({**self._values, name.strip(): _values(brush)})

    def rename(self, name: str, new: str) -> None:
        others = {each: values for each, values in self._values.items() if each != name}
        self._keep({**others, new.strip(): self._values[name]})

    def delete(self, name: str) -> None:
        self._deleted = name, self._values[name]
        self._keep({each: values for each, values in self._values.items() if each != name})

    def bring_back(self) -> None:
        """The one that was deleted last."""
        if self._deleted is not None:
            self._keep({self._deleted[0]: self._deleted[1], **self._values})
            self._deleted = None

    def _keep(self, values: dict[str, Mapping[str, Value]]) -> None:
        self._values = values
        document = tomlkit.document()
        document.update({name: dict(values[name]) for name in self.names})
        try:
            write_toml(self._file, document)
        except OSError as error:
            sentence = tr("Your brushes could not be saved in {path} ({reason}).")
            self.failed.emit(sentence.format(path=self._file, reason=error.strerror))
        self.changed.emit()


def _values(brush: Brush) -> dict[str, Value]:
    return {name: value for name, value in kept(brush).items() if name not in STAYS}
