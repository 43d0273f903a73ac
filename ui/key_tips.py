"""Tooltips that name the key of a command: the one that it has now, whatever the user has made of it."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QToolButton, QWidget

from ui.actions import named
from ui.keys import native
from ui.widgets import icon_button

TOLD = "told"  # a property of widgets: what their tooltips are made of


def explain(widget: QWidget, text: str, command: str = "", more: str = "") -> None:
    """Let the tooltip say the text, the key of a command, and, in another line, what more there is to say."""
    if widget.property(TOLD) != [text, command, more]:
        widget.setProperty(TOLD, [text, command, more])
        _show(widget)


def command_button(sign: str, command: str, size: int = 18, checkable: bool = False) -> QToolButton:
    """A flat button for a command of the menus, called as it is there."""
    text = named(command).plain
    button = icon_button(sign, text, size, checkable)
    explain(button, text, command)
    return button


def key_of(part: QObject, command: str) -> str:
    """The first key of a command in the window that a part belongs to, as this platform writes it; before it
    is in a window, the key that the command came with.
    """
    top = part
    while (above := top.parent()) is not None:
        top = above
    action = top.findChild(QAction, command)
    if action is not None:
        return native([action.shortcut().toString(QKeySequence.SequenceFormat.PortableText)])
    return native(named(command).keys[:1]) if not command.startswith("tool ") else ""


def refresh(window: QWidget) -> None:
    """Keys were changed."""
    for widget in window.findChildren(QWidget):
        if widget.property(TOLD) is not None:
            _show(widget)


def _show(widget: QWidget) -> None:
    text, command, more = widget.property(TOLD)
    key = key_of(widget, command) if command else ""
    widget.setToolTip("\n".join(line for line in (f"{text}  ({key})" if key else text, more) if line))
