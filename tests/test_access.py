"""Whoever cannot see the window, or has no mouse, can use it too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QWidget

from tests.bench import Bench, scenario
from ui.preferences import PreferencesDialog
from ui.shortcuts import ShortcutsDialog

INSIDES = (QComboBox, QLineEdit)  # they have widgets of their own inside


def controls(parent: QWidget) -> Iterator[QWidget]:
    """What takes the keyboard or can be pressed; not the insides of Qt's own widgets."""
    for widget in parent.findChildren(QWidget):
        above = widget.parentWidget()
        list_of_choices = widget.window().windowType() == Qt.WindowType.Popup
        inner = widget.objectName().startswith("qt_") or isinstance(above, INSIDES) or list_of_choices
        pressed = isinstance(widget, QAbstractButton | QLineEdit)
        if not inner and (pressed or widget.focusPolicy() & Qt.FocusPolicy.TabFocus):
            yield widget


def spoken(widget: QWidget) -> str:
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


def nameless(parent: QWidget) -> list[str]:
    return [
        f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}"
        for widget in controls(parent)
        if not spoken(widget).strip()
    ]


@scenario
async def test_every_control_of_the_window_has_a_name(bench: Bench) -> None:
    for number in range(len(bench.window.holding.tools)):
        bench.window.holding.choose(number)
        assert nameless(bench.window) == [], bench.window.holding.tool.name


@pytest.mark.parametrize("dialog", [PreferencesDialog, ShortcutsDialog])
@scenario
async def test_every_control_of_a_dialog_has_a_name(bench: Bench, dialog: type[QWidget]) -> None:
    opened = {
        PreferencesDialog: bench.window.remembering.show_preferences,
        ShortcutsDialog: bench.window.comfort.show_shortcuts,
    }
    opened[dialog]()
    found = bench.window.findChild(dialog)
    assert isinstance(found, QWidget)
    assert nameless(found) == []
    found.close()


@scenario
async def test_a_whole_job_is_done_by_keyboard_alone(bench: Bench) -> None:
    """From the start page to a result that is kept and a strength that is changed."""
    window, control = bench.window, Qt.KeyboardModifier.ControlModifier
    await bench.start_engine()
    window.comfort.show_start()
    window.start.setFocus()
    before = bench.session.document
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Return)
    await bench.until(lambda: bench.session.document is not before)
    for _ in range(3):
        bench.key(Qt.Key.Key_F6)
    while window.focusWidget() is not window.edit_panel.strength:
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
    QTest.keyClick(window.edit_panel.strength, Qt.Key.Key_Home)
    assert window.edit_panel.options().strength == 0.01
    bench.key(Qt.Key.Key_F6)
    assert window.focusWidget() is window.canvas
    bench.key(Qt.Key.Key_Return, control)
    await bench.finish()
    assert window.editing.is_choosing
    bench.key(Qt.Key.Key_Return)
    assert bench.kinds == ["picture", "strokes", "result"]
    bench.key(Qt.Key.Key_Z, control)
    assert bench.kinds == ["picture", "strokes"]


@scenario
async def test_the_focus_goes_round_through_every_part(bench: Bench) -> None:
    """Tab leads from the canvas through the panels and back, and is never caught."""
    window = bench.window
    bench.speak_to("lake")
    window.edit_panel.strength.setFocus()
    seen: list[QWidget] = []
    for _ in range(200):
        widget = window.focusWidget()
        if widget in seen:
            break
        seen.append(widget)
        QTest.keyClick(widget, Qt.Key.Key_F6 if widget is window.canvas else Qt.Key.Key_Tab)
    assert window.model_panel.words.known in seen
    assert window.layers.tree in seen
    assert len(seen) > 15
