"""Every command of the menus in one list: type a few letters of it, and Enter runs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QColor, QIcon, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.language import marked, plain, tr

SHOWN = 10  # rows that are seen at once
ROW = 32  # widget points
STEPS = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageDown: SHOWN - 1,
    Qt.Key.Key_PageUp: 1 - SHOWN,
}
RECENT = 8  # commands that are remembered
ALSO = {  # what else people look for a command by, as other programs call it
    "filing.ask_export": marked("save for web png jpeg psd"),
    "clipboard.copy_merged": marked("merged visible"),
    "clipboard.paste": marked("import place"),
    "settle": marked("harmonize blend match"),
    "climb": marked("variations strengths"),
    "remembering.show_preferences": marked("settings options theme language"),
    "framing.ask_scale": marked("resize scale resample"),
    "framing.ask_size": marked("resize expand extend outpaint"),
    "framing.crop": marked("cut"),
    "framing.turn_left": marked("rotate 90 image"),
    "framing.turn_right": marked("rotate 90 image"),
    "framing.turn_round": marked("rotate 180 image"),
    "framing.flip_across": marked("mirror horizontal image"),
    "framing.flip_down": marked("mirror vertical image"),
    "layering.to_picture": marked("rasterize"),
    "layering.solo": marked("isolate"),
    "layering.toggle_alpha_lock": marked("alpha preserve transparency"),
    "selecting.none": marked("deselect"),
    "selecting.from_layer": marked("alpha transparency load"),
    "areas.show_always": marked("mask overlay"),
    "canvas.flip": marked("flip horizontal"),
    "canvas.straighten": marked("reset rotation"),
    "comparing.split": marked("before after compare"),
    "show_history": marked("undo steps"),
    "comfort.show_diagnostics": marked("log problem report system"),
    "tool Transform": marked("free rotate scale skew warp"),
    "tool Rectangle": marked("marquee"),
    "tool Eyedropper": marked("colour color picker sample"),
    "tool Wand": marked("magic"),
    "tool Fill": marked("bucket"),
    "tool Drag": marked("liquify warp"),
    "tool Restore": marked("heal history"),
    "tool Hand": marked("pan scroll"),
    "tool Protected": marked("lock mask"),
    "tool Editable": marked("inpaint mask"),
}
_Index = QModelIndex | QPersistentModelIndex
_WORD_START, _IN_A_ROW, _FIRST, _GAP = 6.0, 4.0, 4.0, 0.2  # points


class Command(NamedTuple):
    name: str  # what it is remembered by
    text: str
    menu: str  # where it is found
    action: QAction


def commands_in(menus: Sequence[QMenu]) -> Iterator[Command]:
    """What these menus can do, those in menus inside them too."""
    for menu in menus:
        yield from _commands(menu, plain(menu.title()))


def _commands(menu: QMenu, path: str) -> Iterator[Command]:
    for action in menu.actions():
        inner = action.menu()
        if isinstance(inner, QMenu):
            yield from _commands(
                inner, f"{path} \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} {plain(inner.title())}"
            )
        elif not action.isSeparator():
            yield Command(action.objectName() or plain(action.text()), plain(action.text()), path, action)


def found(commands: Sequence[Command], wanted: str, recent: Sequence[str]) -> list[Command]:
    """Those that the words fit, best first; without words all, those used last first."""
    order = {name: number for number, name in enumerate(recent)}
    words = wanted.lower().split()
    if not words:
        return sorted(commands, key=lambda command: order.get(command.name, len(order)))
    scored = [(score(command, words), command) for command in commands]
    fitting = [(points, command) for points, command in scored if points is not None]
    fitting.sort(key=lambda pair: (-pair[0], order.get(pair[1].name, len(order))))
    return [command for _, command in fitting]


def score(command: Command, words: Sequence[str]) -> float | None:
    """How well it fits; None if a word's letters are not in it, in their order."""
    total = 0.0
    for word in words:
        in_text, in_menu, known = fit(word, command.text), fit(word, command.menu), also(command)
        called = fit(word, known) if any(each.startswith(word) for each in known.split()) else None
        if in_text is None and in_menu is None and called is None:
            return None
        total += max(in_text or 0.0, 0.3 * (in_menu or 0.0), 0.9 * (called or 0.0))
    return total - 0.05 * len(command.text)


def also(command: Command) -> str:
    words = ALSO.get(command.name)
    return tr(words) if words else ""


def fit(letters: str, text: str) -> float | None:
    """More for letters that begin words or follow one another; None if one is missing."""
    text, best = text.lower(), None
    for start in (place for place, letter in enumerate(text) if letter == letters[0]):
        points, at, last = 0.0, start, start - 1
        for letter in letters:
            at = text.find(letter, last + 1)
            if at < 0:
                break
            begins = at == 0 or not text[at - 1].isalnum()
            points += (
                1 + _WORD_START * begins + _IN_A_ROW * (at == last + 1 and at > start) + _FIRST * (at == 0)
            )
            points -= 0.2 * (at - last - 1)
            last = at
        if at >= 0 and (best is None or points > best):
            best = points
    return best


class CommandsDialog(QDialog):
    """The list, at the top of the window, with a field over it that has the keyboard."""

    ran = Signal(str)  # the name of the command

    def __init__(self, parent: QWidget, commands: Sequence[Command], recent: Sequence[str]) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("commands")
        self.setWindowTitle(tr("Search commands"))
        self._commands, self._recent = commands, recent
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("What do you want to do?"))
        self.search.setAccessibleName(tr("Search commands"))
        self.search.textChanged.connect(self._fill)
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Commands"))
        self.list.setItemDelegate(_Row(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setFixedHeight(SHOWN * ROW + 6)
        self.list.itemClicked.connect(self._run)
        self.nothing = QLabel(tr("No command is called so."))
        self.nothing.setProperty("quiet", True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setFixedHeight(self.list.height())
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        column.setSpacing(theme.GRID)
        column.addWidget(self.search)
        column.addWidget(self.list)
        column.addWidget(self.nothing)
        self._fill("")
        self.setFixedWidth(560)
        self.adjustSize()
        self.move(parent.mapToGlobal(QPoint((parent.width() - self.width()) // 2, 64)))
        self.search.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up, down and Enter are the list's while the field is typed in."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {
                Qt.Key.Key_Down: 1,
                Qt.Key.Key_Up: -1,
                Qt.Key.Key_PageDown: SHOWN,
                Qt.Key.Key_PageUp: -SHOWN,
            }
            key = Qt.Key(event.key())
            if key in step and self.list.count():
                row = self.list.currentRow() + step[key]
                last = self.list.count() - 1
                self.list.setCurrentRow(row % (last + 1) if abs(step[key]) == 1 else min(max(row, 0), last))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _fill(self, wanted: str) -> None:
        self.list.clear()
        for command in found(self._commands, wanted, self._recent):
            item = QListWidgetItem(command.text, self.list)
            item.setData(Qt.ItemDataRole.UserRole, command)
            item.setData(
                Qt.ItemDataRole.AccessibleTextRole, ", ".join((command.text, command.menu, _key(command)))
            )
            if not command.action.isEnabled():
                item.setToolTip(tr("Not possible now"))
        self.list.setVisible(self.list.count() > 0)
        self.nothing.setVisible(self.list.count() == 0)
        self.list.setCurrentRow(0)

    def _run(self, item: QListWidgetItem | None) -> None:
        command = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if isinstance(command, Command) and command.action.isEnabled():
            self.close()
            self.ran.emit(command.name)
            command.action.trigger()


class _Row(QStyledItemDelegate):
    """Icon and text at the left, menu and key at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(0, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        command = index.data(Qt.ItemDataRole.UserRole)
        possible = command.action.isEnabled()
        box = QRect(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setBrush(QColor(theme.ACCENT_DIM))
            painter.drawRoundedRect(QRectF(box).adjusted(1, 1, -1, -1), 5, 5)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(theme.HOVER))
            painter.drawRoundedRect(QRectF(box).adjusted(1, 1, -1, -1), 5, 5)
        mode = QIcon.Mode.Normal if possible else QIcon.Mode.Disabled
        command.action.icon().paint(
            painter, QRect(box.left() + 10, box.center().y() - 8, 16, 16), Qt.AlignmentFlag.AlignCenter, mode
        )
        middle = Qt.AlignmentFlag.AlignVCenter
        row = box.adjusted(36, 0, -10, 0)
        key, metrics = _key(command), option.fontMetrics
        room = max(96, metrics.horizontalAdvance(key))
        painter.setPen(QColor(theme.TEXT if possible else theme.FAINT))
        painter.drawText(row, middle | Qt.AlignmentFlag.AlignLeft, command.text)
        painter.setPen(QColor(theme.QUIET if possible else theme.FAINT))
        painter.drawText(row, middle | Qt.AlignmentFlag.AlignRight, key)
        painter.setFont(theme.small(painter.font()))
        left = row.adjusted(metrics.horizontalAdvance(command.text) + 16, 0, -room - 16, 0)
        menu = painter.fontMetrics().elidedText(command.menu, Qt.TextElideMode.ElideLeft, left.width())
        painter.drawText(left, middle | Qt.AlignmentFlag.AlignRight, menu)
        painter.restore()


def _key(command: Command) -> str:
    text = command.action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    return text.replace("Return", "Enter")
