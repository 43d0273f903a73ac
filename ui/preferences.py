"""The preferences, made from the table of settings: a page for each kind, a line for each setting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, fields, replace
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.dialogs import PageList, own, rows_in, scrolled
from ui.language import NAMES, tr
from ui.settings import PAGES, Settings
from ui.slider import Slider
from ui.widgets import Choices, caption, icon_button, push_button

LARGE = 1000  # from here on a number is easier to set where small ones have more room


class PreferencesDialog(QDialog):
    """What is set here counts at once."""

    changed = Signal(str, object)  # the name of a setting, and its value

    def __init__(self, parent: QWidget, settings: Settings) -> None:
        super().__init__(parent)
        own(self)
        self.setWindowTitle(tr("Preferences"))
        self.settings = settings
        self.rows: dict[str, Row] = {}
        self.pages = PageList(tr("Pages"))
        self.pages.setFixedWidth(132)
        self._stack = QStackedWidget()
        for title in PAGES:
            about = [each for each in fields(Settings) if each.metadata["page"] == title]
            if about:
                self.pages.addItem(tr(title))
                self._stack.addWidget(self._page(about))
        self.pages.currentRowChanged.connect(self._stack.setCurrentIndex)
        self.pages.setCurrentRow(0)
        self.reset_button = push_button(tr("Reset all"))
        self.reset_button.setToolTip(tr("Give every setting the value that it came with"))
        self.reset_button.setAutoDefault(False)
        self.reset_button.clicked.connect(self._reset_all)
        close = push_button(tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.accept)
        bottom = QHBoxLayout()
        bottom.setSpacing(theme.GRID)
        bottom.addWidget(caption(tr("Changes count at once.")), 1)
        bottom.addWidget(self.reset_button)
        bottom.addWidget(close)
        middle = QHBoxLayout()
        middle.setSpacing(2 * theme.GRID)
        middle.addWidget(self.pages)
        middle.addWidget(self._stack, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 20)
        column.setSpacing(2 * theme.GRID)
        column.addLayout(middle, 1)
        column.addLayout(bottom)
        self.resize(680, 480)

    def _page(self, about: list[Field[Any]]) -> QWidget:
        page = QWidget()
        grid = rows_in(page)
        for each in about:
            row = Row(each, getattr(self.settings, each.name))
            row.set = partial(self._set, each.name)
            self.rows[each.name] = row
            line = grid.rowCount()
            grid.addWidget(row.label, line, 0)
            grid.addWidget(row.editor, line, 1)
            grid.addWidget(row.reset, line, 2)
            if row.help is not None:
                grid.addWidget(row.help, line + 1, 0, 1, 2)
            grid.setRowMinimumHeight(line + 2, theme.GRID)
        grid.setRowStretch(grid.rowCount(), 1)
        return scrolled(page)

    def _set(self, name: str, value: Any) -> None:
        if getattr(self.settings, name) != value:
            self.settings = replace(self.settings, **{name: value})
            self.changed.emit(name, value)

    def _reset_all(self) -> None:
        for row in self.rows.values():
            row.show(row.default)


class Row:
    """The name of a setting, what sets it, and a button that sets it back."""

    def __init__(self, about: Field[Any], value: Any) -> None:
        self.default = about.default
        self.set: Callable[[Any], object] = lambda value: None
        self.label = QLabel(tr(about.metadata["label"]))
        text = about.metadata["help"]
        self.help = caption(tr(text)) if text else None
        if self.help is not None:
            self.help.setWordWrap(True)  # or the longest one would push the editors out of sight
        self.show: Callable[[Any], object]
        self.editor, self.show = self._editor(about, value)
        self.editor.setAccessibleName(self.label.text())
        self.editor.setObjectName(about.name)
        for inner in self.editor.findChildren(QLineEdit):  # where a slider's number is typed
            inner.setAccessibleName(self.label.text())
        self.editor.setAccessibleDescription(tr(text) if text else "")
        self.editor.setMinimumWidth(208)
        self.label.setBuddy(self.editor)
        self.reset: QToolButton = icon_button("arrow-counter-clockwise", tr("As it came"), 14)
        self.reset.setAccessibleName(tr("{setting} as it came").format(setting=self.label.text()))
        self.reset.clicked.connect(lambda: self.show(self.default))
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        self.reset.setVisible(value != self.default)

    def _editor(self, about: Field[Any], value: Any) -> tuple[QWidget, Callable[[Any], object]]:
        if isinstance(about.default, bool):
            box = QCheckBox()
            box.setChecked(value)
            box.toggled.connect(self._changed)
            return box, box.setChecked
        if isinstance(about.default, int):
            low, high = about.metadata["range"]
            curve = 3.0 if high >= LARGE else 1.0
            slider = Slider("", low, high, value, about.metadata["unit"], curve)
            slider.moved.connect(lambda number: self._changed(round(number)))
            slider.changed.connect(lambda number: self._changed(round(number)))
            return slider, slider.set_value
        if about.metadata["choices"]:
            choices = Choices()
            for choice in about.metadata["choices"]:
                choices.addItem(NAMES.get(choice) or tr(choice.replace("_", " ").capitalize()), choice)
            choices.setCurrentIndex(choices.findData(value))
            choices.currentIndexChanged.connect(lambda: self._changed(choices.currentData()))
            return choices, lambda choice: choices.setCurrentIndex(choices.findData(choice))
        line = QLineEdit(value)
        line.textChanged.connect(self._changed)
        return line, line.setText

    def _changed(self, value: Any) -> None:
        self.reset.setVisible(value != self.default)
        self.set(value)
