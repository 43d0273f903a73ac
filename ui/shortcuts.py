"""All keys in one list, to be searched and to be changed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.actions import BY_HAND, MENUS, Action
from ui.dialogs import own, rows_in, scrolled
from ui.keys import Keys, native
from ui.language import marked, plain, tr
from ui.widgets import caption, icon_button, push_button, restyle

ALONE = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr)

ASKS = marked("Press the new keys")


class KeyButton(QPushButton):
    """Shows the keys of an action; pressed, it waits for other ones."""

    typed = Signal(str)  # a key, or nothing to have none

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what, self._keys = what, ""
        self.setProperty("key", True)
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.toggled.connect(self._say)

    def minimumSizeHint(self) -> QSize:
        """All of its text, and of what it says while it waits."""
        asks = self.fontMetrics().horizontalAdvance(tr(ASKS)) + 3 * theme.GRID
        return super().minimumSizeHint().expandedTo(QSize(max(184, asks), 0))

    def hold_width(self, wide: int) -> None:
        """Whatever it says from now on: longer texts end in dots."""
        self.setFixedWidth(wide)
        self._say()

    def show_keys(self, keys: str) -> None:
        self._keys = keys
        self.setChecked(False)
        self._say()

    def event(self, event: QEvent) -> bool:
        if self.isChecked() and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self._take(event)
                return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.setChecked(False)

    def _take(self, event: QKeyEvent) -> None:
        if event.key() in ALONE:
            return
        self.setChecked(False)
        if event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete) and not event.modifiers():
            self.typed.emit("")
        elif event.key() != Qt.Key.Key_Escape:
            keys = QKeySequence(event.keyCombination())
            self.typed.emit(keys.toString(QKeySequence.SequenceFormat.PortableText))

    def _say(self) -> None:
        text = tr(ASKS) if self.isChecked() else self._keys
        room = self.maximumWidth() - 3 * theme.GRID
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
        self.setText(shown)
        self.setAccessibleName(tr("Keys of {action}").format(action=self._what))
        self.setAccessibleDescription(text)
        if self.isChecked():
            self.setToolTip(tr("Escape leaves it as it is, Backspace takes the keys away"))
        else:
            whole = "" if shown == text else f"{text}\n"
            self.setToolTip(whole + tr("Click to give it other keys"))


class ShortcutsDialog(QDialog):
    """Made from the table of actions. A click on keys changes them; whose they are already is said first."""

    def __init__(self, parent: QWidget, table: Sequence[Action], keys: Keys) -> None:
        super().__init__(parent)
        own(self)
        self.setWindowTitle(tr("Keyboard shortcuts"))
        self._keys = keys
        self._names = {action.name: action.plain for action in table}
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search"))
        self.search.setAccessibleName(tr("Search the shortcuts"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.buttons: dict[str, KeyButton] = {}
        self.resets: dict[str, QToolButton] = {}
        self.rows: list[tuple[str, list[QWidget]]] = []  # what is searched, and what is hidden
        self._titles: list[tuple[QLabel, int, int]] = []  # with the rows that are theirs
        self._grid = self._made_grid(table)
        self._area = scrolled(self._grid)
        self._asked = ("", "")  # the action, and the key that another one has
        self._question = self._made_question()
        reset_all = push_button(tr("Reset all"))
        reset_all.setAutoDefault(False)
        reset_all.setToolTip(tr("Give every action the keys that it came with"))
        reset_all.clicked.connect(keys.reset_all)
        close = push_button(tr("Close"))
        close.setAutoDefault(False)
        close.clicked.connect(self.accept)
        bottom = QHBoxLayout()
        bottom.setSpacing(theme.GRID)
        bottom.addWidget(caption(tr("Click on keys to change them.")), 1)
        bottom.addWidget(reset_all)
        bottom.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 20)
        column.setSpacing(theme.GRID)
        column.addWidget(self.search)
        column.addWidget(self._area, 1)
        column.addWidget(self._question)
        column.addLayout(bottom)
        self.resize(560, 640)
        keys.changed.connect(self._show)
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Only now does it know its style sheet, and how wide names and keys are in this language."""
        super().showEvent(event)
        bar = self._area.verticalScrollBar().sizeHint().width()
        wide = max(button.minimumSizeHint().width() for button in self.buttons.values())
        for button in self.buttons.values():
            button.hold_width(wide)
        self._area.setMinimumWidth(self._grid.minimumSizeHint().width() + bar)

    def _made_grid(self, table: Sequence[Action]) -> QWidget:
        page = QWidget()
        grid = rows_in(page)
        for menu in MENUS:
            actions = [action for action in table if action.menu == menu and action.name]
            self._add_title(grid, plain(tr(menu)), len(actions))
            for action in actions:
                self._add_action(grid, action)
        self._add_title(grid, tr("On the canvas"), len(BY_HAND))
        for what, key in BY_HAND:
            fixed = QLabel(tr(key))
            fixed.setProperty("quiet", True)
            fixed.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._add_row(grid, tr(what), fixed)
        grid.setRowStretch(grid.rowCount(), 1)
        return page

    def _add_title(self, grid: QGridLayout, text: str, rows: int) -> None:
        title = QLabel(text)
        title.setProperty("title", True)
        title.setContentsMargins(0, theme.GRID if self.rows else 0, 0, 2)
        grid.addWidget(title, grid.rowCount(), 0, 1, 3)
        self._titles.append((title, len(self.rows), len(self.rows) + rows))

    def _add_action(self, grid: QGridLayout, action: Action) -> None:
        name = action.name
        button = KeyButton(self._names[name])
        button.typed.connect(lambda key: self._give(name, key))
        reset = icon_button("arrow-counter-clockwise", tr("Its own keys again"), 14)
        reset.clicked.connect(lambda: self._keys.reset(name))
        policy = reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        reset.setSizePolicy(policy)
        self.buttons[name], self.resets[name] = button, reset
        self._add_row(grid, self._names[name], button, reset)

    def _add_row(self, grid: QGridLayout, what: str, *widgets: QWidget) -> None:
        line, label = grid.rowCount(), QLabel(what)
        for place, widget in enumerate((label, *widgets)):
            grid.addWidget(widget, line, place)
        self.rows.append((what, [label, *widgets]))

    def _made_question(self) -> QFrame:
        frame = QFrame()
        frame.setObjectName("message")
        self._text = QLabel()
        self._text.setWordWrap(True)
        self.take_button, self.leave_button = (
            push_button(tr("Use it here"), "primary"),
            push_button(tr("Leave it")),
        )
        self.take_button.clicked.connect(self._take)
        self.leave_button.clicked.connect(frame.hide)
        row = QHBoxLayout(frame)
        row.setContentsMargins(12, theme.GRID, theme.GRID, theme.GRID)
        row.addWidget(self._text, 1)
        row.addWidget(self.leave_button)
        row.addWidget(self.take_button)
        frame.hide()
        return frame

    def _give(self, name: str, key: str) -> None:
        owner = self._keys.owner(key, apart_from=name) if key else None
        if owner is None:
            self._keys.give(name, [key])
            return
        self._asked = name, key
        text = tr("{key} belongs to \N{LEFT DOUBLE QUOTATION MARK}{action}\N{RIGHT DOUBLE QUOTATION MARK}.")
        self._text.setText(text.format(key=native([key]), action=self._names[owner.name]))
        self._question.show()
        self.take_button.setFocus()

    def _take(self) -> None:
        name, key = self._asked
        self._keys.give(name, [key])

    def _show(self) -> None:
        self._question.hide()
        for name, button in self.buttons.items():
            button.show_keys(native(self._keys.of(name)))
            button.setProperty("own", self._keys.is_own(name))
            restyle(button)
        self._filter(self.search.text())

    def _filter(self, text: str) -> None:
        wanted = text.strip().lower()
        names = {id(button): name for name, button in self.buttons.items()}
        fits = []
        for what, widgets in self.rows:
            keys = widgets[1].text() if isinstance(widgets[1], QLabel | QPushButton) else ""
            fits.append(wanted in f"{what} {keys}".lower())
            for widget in widgets:
                widget.setVisible(fits[-1])
            name = names.get(id(widgets[1]))
            if name is not None:
                self.resets[name].setVisible(fits[-1] and self._keys.is_own(name))
        for title, first, end in self._titles:
            title.setVisible(any(fits[first:end]))
