"""Both themes are complete, and what is read in them can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from ui import theme
from ui.icons import icon
from ui.pixels import rgba_of
from ui.sheet import SHEET

READ = {  # the colour of a text, and the grounds that it stands on
    "TEXT": ("PANEL", "RAISED", "HOVER", "FIELD_HOVER", "FLOAT", "TIP", "WELL", "WELL_HOVER", "ERROR_GROUND"),
    "QUIET": ("PANEL", "RAISED", "HOVER", "FLOAT", "WELL", "WELL_HOVER", "ACCENT_DIM"),
    "ON_ACCENT": ("ACCENT_DEEP", "ACCENT_DEEP_HOVER", "ACCENT_PRESSED"),
    "ON_DIM": ("ACCENT_DIM",),
    "ON_DANGER": ("DANGER", "DANGER_HOVER"),
    "ON_LIVE": ("LIVE_GROUND", "LIVE_HOVER"),
    "WARNING": ("PANEL",),
    "ERROR": ("PANEL", "ERROR_GROUND"),
    "ACCENT_HOVER": ("PANEL", "WELL"),
}


def contrast(first: str, second: str) -> float:
    """As the Web Content Accessibility Guidelines define it, 1 to 21."""
    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = (QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF())
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
def test_every_text_stands_out_from_every_ground(light: bool) -> None:
    weak = {
        (text, ground): round(contrast(theme.COLOURS[text][light], theme.COLOURS[ground][light]), 2)
        for text, grounds in READ.items()
        for ground in grounds
        if contrast(theme.COLOURS[text][light], theme.COLOURS[ground][light]) < 4.5
    }
    assert weak == {}


@pytest.mark.parametrize("worn", ["dark", "light"])
def test_a_box_to_tick_is_seen(qtbot: QtBot, qapp: QApplication, worn: str) -> None:
    try:
        theme.dress(qapp, worn)
        box = QCheckBox("Keep")
        qtbot.addWidget(box)
        picture = box.grab().toImage()
        row = [picture.pixelColor(x, picture.height() // 2).name() for x in range(16)]
        assert max(contrast(colour, theme.PANEL) for colour in row) >= 3
    finally:
        theme.dress(qapp)
        qapp.setStyleSheet("")


def test_no_colour_has_two_names() -> None:
    """An icon finds its colour in the other theme by that in this one."""
    owners: dict[str, str] = {}
    for name, pair in theme.COLOURS.items():
        for colour in pair:
            assert owners.setdefault(colour, name) == name


def test_every_colour_that_is_asked_for_is_there() -> None:
    asked = set(re.findall(r"\$([A-Z_]+)\b", SHEET))
    for path in Path("ui").rglob("*.py"):
        asked |= set(re.findall(r"\btheme\.([A-Z_]+)\b", path.read_text(encoding="utf-8")))
    assert asked <= set(theme.COLOURS) | {"GRID", "PANEL_WIDTH", "THEMES", "COLOURS", "SMALL"}


def test_an_icon_follows_the_theme(qapp: QApplication, qtbot: QtBot) -> None:
    theme.dress(qapp, "dark")
    sign = icon("plus")
    try:
        for worn, text in (("light", "#1f1f1f"), ("dark", "#dedede")):
            theme.dress(qapp, worn)
            picture = rgba_of(sign.pixmap(32, 32).toImage())
            assert QColor(*picture[16, 16].tolist()).name() == text
    finally:
        qapp.setStyleSheet("")


def test_the_light_theme_is_light_and_text_grows(qapp: QApplication, qtbot: QtBot) -> None:
    try:
        theme.dress(qapp)
        label, button = QLabel("Strength"), QPushButton("Make it real")
        for widget in (label, button):
            qtbot.addWidget(widget)
        wide = label.sizeHint().width()
        theme.dress(qapp, "light", 150)
        label.ensurePolished()
        assert luminance(label.palette().window().color().name()) > 0.7
        assert label.sizeHint().width() > 1.3 * wide
    finally:
        theme.dress(qapp)
        qapp.setStyleSheet("")
