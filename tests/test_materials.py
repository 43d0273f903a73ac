"""The palette of materials: read from its file, picked by mouse and keys, and never in the way."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from ui.colour import ColourPanel
from ui.materials import BRUSHES, Material, MaterialsPalette, load_materials
from ui.presets import PRESETS

pytestmark = pytest.mark.qt_log_ignore("plugin does not support")  # offscreen says so
SKY = Material("Sky", ((180, 200, 230), (110, 160, 210), (60, 90, 130)))
ROCK = Material("Rock", ((150, 150, 150), (100, 100, 100), (50, 50, 50)))


def test_the_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "palette.json"
    file.write_text('[{"name": "sky", "shades": ["#b4c8e6", "#6ea0d2", "#3c5a82"]}]', encoding="utf-8")
    assert load_materials(file) == (SKY,)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[1]",
        "{}x",
        '[{"name": "sky"}]',
        '[{"name": 1, "shades": ["#b4c8e6", "#6ea0d2", "#3c5a82"]}]',
        '[{"name": "sky", "shades": ["#b4c8e6", "#6ea0d2"]}]',
        '[{"name": "sky", "shades": ["#b4c8e6", "#6ea0d2", "blue"]}]',
        '[{"name": "sky", "shades": ["#b4c8e6", "#6ea0d2", 7]}]',
    ],
)
def test_without_a_good_file_there_is_no_palette_and_one_line_in_the_log(
    tmp_path: Path, text: str | None, caplog: pytest.LogCaptureFixture, qtbot: QtBot
) -> None:
    file = tmp_path / "palette.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        materials = load_materials(file)
    assert materials == ()
    assert len(caplog.records) == 1
    panel = ColourPanel((), materials)
    qtbot.addWidget(panel)
    panel.show()
    assert panel.wheel.isVisible()
    assert not panel.materials.isVisible()


def test_the_arrow_keys_go_about_and_space_picks(qtbot: QtBot) -> None:
    palette = MaterialsPalette((SKY, ROCK))
    qtbot.addWidget(palette)
    palette.show()
    picked: list[object] = []
    palette.picked.connect(picked.append)
    palette.chips[0][1].setFocus()
    for key, (row, column) in (
        (Qt.Key.Key_Down, (1, 1)),
        (Qt.Key.Key_Down, (1, 1)),
        (Qt.Key.Key_Right, (1, 2)),
        (Qt.Key.Key_Right, (1, 2)),
        (Qt.Key.Key_Left, (1, 1)),
        (Qt.Key.Key_Up, (0, 1)),
        (Qt.Key.Key_Left, (0, 0)),
    ):
        focus = palette.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, key)
        assert palette.focusWidget() is palette.chips[row][column]
    QTest.keyClick(palette.chips[0][0], Qt.Key.Key_Space)
    assert picked == [SKY.shades[0]]


def test_one_press_of_tab_leaves_the_palette(qtbot: QtBot) -> None:
    palette = MaterialsPalette((SKY, ROCK))
    qtbot.addWidget(palette)
    entries = [chip for row in palette.chips for chip in row if chip.focusPolicy() != Qt.FocusPolicy.NoFocus]
    assert len(entries) == 1
    palette.set_colour(ROCK.shades[2])
    assert palette.chips[1][2].focusPolicy() == Qt.FocusPolicy.TabFocus


def test_the_name_asks_for_the_middle_shade_and_a_brush(qtbot: QtBot) -> None:
    palette = MaterialsPalette((SKY, ROCK))
    qtbot.addWidget(palette)
    palette.show()
    told: list[object] = []
    palette.picked.connect(told.append)
    palette.brush_wanted.connect(told.append)
    palette.chips[1][0].setFocus()
    QTest.keyClick(palette.chips[1][0], Qt.Key.Key_Left)
    assert palette.focusWidget() is palette.names[1]
    QTest.keyClick(palette.names[1], Qt.Key.Key_Space)
    assert told == [ROCK.shades[1], "Chalk"]
    QTest.keyClick(palette.names[1], Qt.Key.Key_Right)
    assert palette.focusWidget() is palette.chips[1][0]


def test_every_material_has_a_brush_that_is_ready() -> None:
    assert {material.name for material in load_materials()} == BRUSHES.keys()
    assert set(BRUSHES.values()) <= PRESETS.keys()
