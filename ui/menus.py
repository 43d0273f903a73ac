"""The menu bar, made from the tables of actions and tools: each action calls a method of the window or of a
part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from operator import attrgetter
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from ui import files
from ui.actions import ACTIONS, MENUS, Action
from ui.commands import Command, commands_in
from ui.icons import icon
from ui.language import tr
from ui.tools import Tool


class Menus(QObject):
    file_chosen = Signal(str)  # of those that were used lately
    sample_chosen = Signal(object)  # Path
    tool_chosen = Signal(int)

    def __init__(self, window: QMainWindow, tools: Sequence[Tool]) -> None:
        super().__init__(window)
        self.actions: dict[str, QAction] = {}  # by their names in the table
        self.recent = QMenu(tr("Open &recent"), window)
        self.menus = {title: window.menuBar().addMenu(tr(title)) for title in MENUS}
        for each in ACTIONS:
            menu = self.menus[each.menu]
            if each.text == "recent":
                menu.addMenu(self.recent)
            elif each.text == "samples":
                self._add_samples(menu.addMenu(tr("Stroke &paintings")))
            elif not each.name:
                menu.addSeparator()
            else:
                action = self._add(each)
                action.triggered.connect(partial(_call, attrgetter(each.method)(window)))
        group = QActionGroup(self)
        self.table = (*ACTIONS, *(tool_action(tool) for tool in tools))
        for number, each in enumerate(self.table[len(ACTIONS) :]):
            action = self._add(each)
            group.addAction(action)
            action.triggered.connect(partial(_call, partial(self.tool_chosen.emit, number)))

    def commands(self) -> list[Command]:
        """What the palette of commands lists."""
        return list(commands_in(list(self.menus.values())))

    def choose_tool(self, tool: Tool) -> None:
        self.actions[tool_action(tool).name].setChecked(True)

    def show_recent(self, names: Iterable[str]) -> None:
        self.recent.clear()
        for name in names:
            action = self.recent.addAction(Path(name).name)
            action.setToolTip(name)
            action.triggered.connect(lambda checked=False, name=name: self.file_chosen.emit(name))
        self.recent.setEnabled(not self.recent.isEmpty())

    def _add(self, each: Action) -> QAction:
        action = self.menus[each.menu].addAction(tr(each.text))
        action.setObjectName(each.name)
        if each.icon:
            action.setIcon(icon(each.icon))
        action.setCheckable(each.checkable)
        self.actions[each.name] = action
        return action

    def _add_samples(self, menu: QMenu) -> None:
        for name, path in files.samples():
            action = menu.addAction(name)
            action.triggered.connect(lambda checked=False, path=path: self.sample_chosen.emit(path))


def tool_action(tool: Tool) -> Action:
    return Action(f"tool {tool.name}", "&Tools", tool.name, (tool.shortcut,), tool.icon, checkable=True)


def _call(method: Callable[[], object], checked: bool = False) -> None:
    method()
