"""The preferences are the table of settings, and what is set counts at once."""

from __future__ import annotations

import re
from dataclasses import fields

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QScrollArea

from tests.bench import Bench, scenario
from tests.strings import UI
from tests.test_filing import full_disk
from ui import theme
from ui.preferences import PreferencesDialog
from ui.settings import PAGES, Settings, load_settings
from ui.slider import Slider


def dialog_of(bench: Bench) -> PreferencesDialog:
    bench.window.remembering.show_preferences()
    dialog = bench.window.findChild(PreferencesDialog)
    assert isinstance(dialog, PreferencesDialog)
    return dialog


def test_every_setting_is_on_a_page_or_on_none() -> None:
    assert {each.metadata["page"] for each in fields(Settings)} <= {"", *PAGES}


@scenario
async def test_every_setting_with_a_page_has_a_line_with_a_name(bench: Bench) -> None:
    dialog = dialog_of(bench)
    assert set(dialog.rows) == {each.name for each in fields(Settings) if each.metadata["page"]}
    for row in dialog.rows.values():
        assert row.editor.accessibleName()
    dialog.close()


@scenario
async def test_what_is_set_counts_at_once_and_is_there_next_time(bench: Bench) -> None:
    dialog = dialog_of(bench)
    slider = dialog.rows["strength"].editor
    assert isinstance(slider, Slider)
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert bench.window.edit_panel.options().strength == 1.0
    dialog.close()
    await bench.window.shut_down()
    assert load_settings(bench.settings_file).strength == 100


@scenario
async def test_a_full_disk_is_told_when_the_preferences_close(bench: Bench) -> None:
    bench.window.remembering.save()
    before = bench.settings_file.read_bytes()
    bench.window.remembering.set("strength", 91)
    with full_disk(10):
        dialog_of(bench).close()
    assert "The settings cannot be saved" in bench.window.messages.text.text()
    assert bench.settings_file.read_bytes() == before
    bench.window.remembering.save()
    assert load_settings(bench.settings_file).strength == 91


@scenario
async def test_the_theme_changes_while_the_window_is_open(bench: Bench, qapp: QApplication) -> None:
    dialog = dialog_of(bench)
    choices = dialog.rows["theme"].editor
    assert isinstance(choices, QComboBox)
    choices.setFocus()
    QTest.keyClick(choices, Qt.Key.Key_Down)
    assert theme.is_light()
    assert bench.window.palette().window().color().lightness() > 200
    assert not dialog.rows["theme"].reset.isHidden()
    dialog.rows["theme"].reset.click()
    assert not theme.is_light()
    dialog.close()


@scenario
async def test_less_motion_stills_all_that_moves_by_itself(bench: Bench) -> None:
    blinks = QApplication.cursorFlashTime()
    assert blinks > 0
    dialog = dialog_of(bench)
    box = dialog.rows["reduced_motion"].editor
    assert isinstance(box, QCheckBox)
    box.click()
    bench.window.selecting.all()
    moving = [clock for clock in bench.window.canvas.findChildren(QTimer) if not clock.isSingleShot()]
    assert moving
    assert not any(clock.isActive() for clock in moving)
    assert QApplication.cursorFlashTime() == 0
    assert not QApplication.isEffectEnabled(Qt.UIEffect.UI_AnimateMenu)
    box.click()
    assert any(clock.isActive() for clock in moving)
    assert QApplication.cursorFlashTime() == blinks
    dialog.close()


def test_no_motion_is_made_that_the_setting_does_not_know() -> None:
    """The one clock that goes on by itself for the eye is that of the ants."""
    modules = {path.stem: path.read_text(encoding="utf-8") for path in UI.rglob("*.py")}
    made = re.compile(r"QPropertyAnimation|QVariantAnimation|QTimeLine|QMovie|startTimer")
    assert [name for name, text in modules.items() if made.search(text)] == []
    clocks = {name for name, text in modules.items() if "QTimer(" in text}
    once = {name for name in clocks if re.search(r"setSingleShot\(True\)|singleShot=True", modules[name])}
    assert clocks - once == {"ants", "app", "journaling"}  # the last two are not seen


@scenario
async def test_all_is_set_back_together(bench: Bench) -> None:
    dialog = dialog_of(bench)
    box = dialog.rows["reduced_motion"].editor
    assert isinstance(box, QCheckBox)
    box.click()
    assert bench.window.settings.reduced_motion
    dialog.rows["new_width"].show(1024)
    dialog.reset_button.click()
    assert bench.window.settings.reduced_motion is False
    assert bench.window.settings.new_width == Settings().new_width
    assert all(row.reset.isHidden() for row in dialog.rows.values())
    dialog.close()


@scenario
async def test_no_page_is_wider_than_its_place(bench: Bench) -> None:
    dialog = dialog_of(bench)
    for number, area in enumerate(dialog.findChildren(QScrollArea)):
        dialog.pages.setCurrentRow(number)
        page = area.widget()
        assert page is not None
        assert page.minimumSizeHint().width() <= area.viewport().width()
    dialog.close()
