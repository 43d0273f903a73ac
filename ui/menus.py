"""The menu bar, made from the table of actions: each calls the window's method that has its name, or that of
a part of the window ("selecting.invert").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from ui import files
from ui.actions import ACTIONS, MENUS, Action
from ui.icons import icon


class Menus(QObject):
    file_chosen = Signal(str)  # of those that were used lately
    sample_chosen = Signal(object)  # Path

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self.actions: dict[str, QAction] = {}  # by their names in the table
        self.recent = QMenu("Open &recent", window)
        menus = {title: window.menuBar().addMenu(title) for title in MENUS}
        for each in ACTIONS:
            menu = menus[each.menu]
            if each.text == "recent":
                menu.addMenu(self.recent)
            elif each.text == "samples":
                self._add_samples(menu.addMenu("S&troke paintings"))
            elif not each.name:
                menu.addSeparator()
            else:
                self.actions[each.name] = _added(menu, each, attrgetter(each.name)(window))

    def show_recent(self, names: Iterable[str]) -> None:
        self.recent.clear()
        for name in names:
            action = self.recent.addAction(Path(name).name)
            action.setToolTip(name)
            action.triggered.connect(lambda checked=False, name=name: self.file_chosen.emit(name))
        self.recent.setEnabled(not self.recent.isEmpty())

    def _add_samples(self, menu: QMenu) -> None:
        for name, path in files.samples():
            action = menu.addAction(name)
            action.triggered.connect(lambda checked=False, path=path: self.sample_chosen.emit(path))


def _added(menu: QMenu, each: Action, method: Callable[[], object]) -> QAction:
    action = menu.addAction(each.text)
    if each.icon:
        action.setIcon(icon(each.icon))
    action.setShortcuts([QKeySequence(key) for key in each.keys])
    action.setCheckable(each.checkable)
    action.triggered.connect(lambda checked=False: method())
    return action
