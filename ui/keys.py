"""Which keys do what: the defaults of the table of actions, and what the user made of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import tomlkit
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence

from ui.actions import Action
from ui.settings import read_toml, write_toml

log = logging.getLogger(__name__)
Texts = tuple[str, ...]  # keys as Qt writes them on every platform: "Ctrl+Z"


class Keys(QObject):
    """Keeps the keys of all actions; a file holds those that differ from the table."""

    changed = Signal()

    def __init__(self, table: Sequence[Action], actions: Mapping[str, QAction], file: Path) -> None:
        super().__init__()
        self._defaults = {action.name: _tidy(action.keys) for action in table if action.name}
        self._table = {action.name: action for action in table if action.name}
        self._actions, self._file = actions, file
        own = read_toml(file, "keys").unwrap()
        self._own: dict[str, Texts] = {
            name: _tidy(keys) for name, keys in own.items() if name in self._defaults and _are_texts(keys)
        }
        self._apply()

    def of(self, name: str) -> Texts:
        return self._own.get(name, self._defaults[name])

    def shown(self, name: str) -> str:
        """The first key, as this platform writes it."""
        return native(self.of(name)[:1])

    def is_own(self, name: str) -> bool:
        return self.of(name) != self._defaults[name]

    def owner(self, key: str, apart_from: str = "") -> Action | None:
        """Whose key it is already."""
        wanted = set(_tidy([key]))
        holders = (name for name in self._defaults if name != apart_from and wanted & set(self.of(name)))
        return next((self._table[name] for name in holders), None)

    def give(self, name: str, keys: Sequence[str]) -> None:
        """Let the action have these keys alone, and whoever had one of them lose it."""
        keys = _tidy(keys)
        for other in self._defaults:
            left = tuple(key for key in self.of(other) if key not in keys)
            if other != name and left != self.of(other):
                self._own[other] = left
        self._own[name] = keys
        self._keep()

    def reset(self, name: str) -> None:
        self.give(name, self._defaults[name])

    def reset_all(self) -> None:
        self._own = {}
        self._keep()

    def _keep(self) -> None:
        self._own = {name: keys for name, keys in self._own.items() if keys != self._defaults[name]}
        document = tomlkit.document()
        document.update({name: list(keys) for name, keys in sorted(self._own.items())})
        try:
            write_toml(self._file, document)
        except OSError as error:
            log.warning("The keys could not be saved: %s", error)
        self._apply()

    def _apply(self) -> None:
        for name, action in self._actions.items():
            action.setShortcuts([QKeySequence(key) for key in _pressed(self.of(name))])
        self.changed.emit()


def _pressed(keys: Sequence[str]) -> Texts:
    """Both keys that people call Enter do what one of them does; that of the numbers bears the name."""
    return tuple(dict.fromkeys(each for key in keys for each in (key.replace("Return", "Enter"), key)))


def native(keys: Sequence[str]) -> str:
    """Keys as this platform writes them."""
    kind = QKeySequence.SequenceFormat.NativeText
    texts = (QKeySequence(key).toString(kind).replace("Return", "Enter") for key in keys)
    return ", ".join(dict.fromkeys(texts))


def _tidy(keys: Sequence[str]) -> Texts:
    """As Qt writes them, so that equal keys are equal texts; the Enter of the numbers is the other one."""
    texts = (QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText) for key in keys)
    return tuple(dict.fromkeys(text.replace("Enter", "Return") for text in texts if text))


def _are_texts(keys: object) -> bool:
    return isinstance(keys, list) and all(isinstance(key, str) for key in keys)
