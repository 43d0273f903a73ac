"""The column of panels keeps what the user did to it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from tests.bench import Bench, scenario
from ui.column import LEAST, Column, Grip
from ui.settings import Settings, load_settings


def column(qtbot: QtBot, settings: Settings) -> Column:
    column = Column(settings)
    qtbot.addWidget(column)
    column.add("Layers", QLabel("some"), stays=True)
    column.add("History", QLabel("much"), opened=False)
    column.show()
    return column


def test_panels_are_folded_as_they_were_left(qtbot: QtBot) -> None:
    first = column(qtbot, Settings())
    assert [section.content.isVisible() for section in first.sections] == [True, False]
    for section in first.sections:
        QTest.mouseClick(section.header, Qt.MouseButton.LeftButton)
    second = column(qtbot, first.remembered_in(Settings()))
    assert [section.content.isVisible() for section in second.sections] == [False, True]
    QTest.mouseClick(second.sections[0].header, Qt.MouseButton.LeftButton)
    third = column(qtbot, second.remembered_in(Settings()))
    assert [section.content.isVisible() for section in third.sections] == [True, True]


def test_what_stays_is_seen_however_much_there_is_above(qtbot: QtBot) -> None:
    panels, tall = Column(Settings()), QLabel("a tall panel")
    qtbot.addWidget(panels)
    tall.setFixedHeight(900)
    panels.add("Tall", tall)
    layers = panels.add("Layers", QLabel("some"), stays=True)
    panels.resize(320, 400)
    panels.show()
    QApplication.processEvents()
    assert layers.visibleRegion().boundingRect() == layers.rect()
    assert panels.scrolled.verticalScrollBar().maximum() > 0
    tall.setFixedHeight(20)
    qtbot.waitUntil(lambda: panels.scrolled.height() == panels.scrolled.sizeHint().height())
    assert layers.geometry().bottom() == panels.rect().bottom()  # it takes the room that is left


@scenario
async def test_a_click_on_the_colour_in_use_leads_to_the_colours(bench: Bench) -> None:
    window = bench.window
    window.resize(1024, 700)
    window.colour_section.header.setChecked(False)
    await bench.drawn()
    swatches, before = window.tool_bar.swatches, window.session.colour
    QTest.mouseClick(swatches, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    await bench.until(
        lambda: window.colours.wheel.visibleRegion().boundingRect() == window.colours.wheel.rect()
    )
    assert window.session.colour == before
    QTest.mouseClick(swatches, Qt.MouseButton.LeftButton, pos=QPoint(30, 30))
    assert window.session.colour != before


@scenario
async def test_the_window_remembers_how_wide_its_panels_are(bench: Bench) -> None:
    window = bench.window
    window.halves.setSizes([window.width() - 400, 400])
    wide = window.column.width()
    assert wide > 380
    await window.shut_down()
    assert load_settings(bench.settings_file).column_width == wide


@scenario
async def test_the_panels_are_as_wide_as_last_time(bench: Bench) -> None:
    window = bench.window
    window.hide()
    window.settings = replace(window.settings, column_width=350)
    window.show()
    assert window.column.width() == 350


@scenario
async def test_a_panel_is_found_in_the_menu(bench: Bench) -> None:
    window, action = bench.window, bench.window.menus.actions["show_history"]
    assert not action.isChecked()
    action.trigger()
    await bench.until(lambda: not window.history.visibleRegion().isEmpty())
    QTest.mouseClick(window.history_section.header, Qt.MouseButton.LeftButton)
    assert not action.isChecked()
    window.show_panels()  # hides them all
    action.trigger()
    await bench.until(lambda: not window.history.visibleRegion().isEmpty())
    action.trigger()
    assert not window.history.isVisible()


@scenario
async def test_the_layers_get_the_room_that_the_mouse_gives_them(bench: Bench) -> None:
    window = bench.window
    section = window.column.sections[-1]
    grip, before = section.findChild(Grip), section.height()
    assert isinstance(grip, Grip)
    QTest.mousePress(grip, Qt.MouseButton.LeftButton, pos=QPoint(50, 2))
    QTest.mouseMove(grip, QPoint(50, -98))
    QTest.mouseRelease(grip, Qt.MouseButton.LeftButton, pos=QPoint(50, 2))
    await bench.until(lambda: section.height() == before + 100)
    section.header.click()
    await bench.until(lambda: section.height() < before)
    section.header.click()
    await bench.until(lambda: section.height() == before + 100)
    window.resize(1280, 600)
    await bench.until(lambda: window.column.scrolled.height() >= LEAST)
    assert section.geometry().bottom() <= window.column.rect().bottom()
    await window.shut_down()
    assert load_settings(bench.settings_file).layers_height == before + 100
