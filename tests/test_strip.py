"""The strip of options, its flyouts and the tool bar, as the user's hands use them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from ui.brushes import BrushButton, OwnOffered
from ui.curve_editor import CurveEditor, PenPanel
from ui.curves import STRAIGHT, Curve, Response
from ui.options import kept
from ui.own_brushes import OwnBrushes
from ui.pixels import rgba_of
from ui.presets import PRESETS, preview, take, taken
from ui.settings import Settings
from ui.strip import OptionStrip
from ui.toolbar import ToolBar, remembered_in, tools_as
from ui.tools import GROUPS, Brush, Clone, Eraser, Fill, Gradient, Pan, Pick, Smudge

pytestmark = pytest.mark.qt_log_ignore("plugin does not support")  # offscreen says so
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def strip(qtbot: QtBot, tmp_path: Path) -> OptionStrip:
    strip = OptionStrip(OwnBrushes(tmp_path / "brushes.toml"))
    qtbot.addWidget(strip)
    strip.resize(1100, 44)
    strip.show()
    return strip


# ---- the strip


def test_a_slider_sets_the_tool_and_says_so(strip: OptionStrip, qtbot: QtBot) -> None:
    brush = Brush(opacity=0.5)
    strip.show_tool(brush)
    assert strip.sliders["opacity"].value() == 50
    with qtbot.waitSignal(strip.changed):
        QTest.mouseClick(strip.sliders["opacity"], LEFT, pos=QPoint(strip.sliders["opacity"].width() - 1, 9))
    assert brush.opacity > 0.95


def test_choices_and_switches_set_the_tool(strip: OptionStrip) -> None:
    gradient = Gradient()
    strip.show_tool(gradient)
    radial = strip.controls["form"].inner.findChildren(QAbstractButton)[1]
    QTest.mouseClick(radial, LEFT)
    QTest.mouseClick(strip.controls["turned"].inner, LEFT)
    assert (gradient.form, gradient.turned) == ("radial", True)
    pick = Pick()
    strip.show_tool(pick)
    QTest.mouseClick(strip.controls["side"].inner.findChildren(QAbstractButton)[2], LEFT)
    assert pick.side == 5


def test_each_tool_has_its_own_controls(strip: OptionStrip) -> None:
    strip.show_tool(Brush())
    assert {"size", "hardness", "flow"} <= strip.sliders.keys()
    assert strip.brushes.isVisible()
    assert strip.pen.isVisible()
    strip.show_tool(Fill())
    assert "size" not in strip.sliders
    assert not strip.brushes.isVisible()
    assert not strip.pen.isVisible()
    strip.show_tool(Pan())
    assert not strip.controls
    assert not strip.more.isVisible()
    strip.show_tool(Brush(size=77))
    assert strip.sliders["size"].value() == 77
    assert strip.sliders["size"].isVisible()


def test_two_tools_of_one_kind_are_not_mixed_up(strip: OptionStrip) -> None:
    """The eraser's size is not the brush's."""
    brush, eraser = Brush(size=10), Eraser(size=90)
    for tool in (brush, eraser, brush, eraser):
        strip.show_tool(tool)
        strip.step("size", 1)
    assert 10 < brush.size < 20
    assert eraser.size > 100


@pytest.mark.parametrize("width", [1300, 1000, 700, 420])
def test_what_does_not_fit_is_in_the_flyout(strip: OptionStrip, width: int) -> None:
    strip.resize(width, 44)
    strip.show_tool(Brush())
    shown = [control for control in strip.controls.values() if control.parent() is strip]
    assert len(shown) + strip.flyout.column.count() == len(strip.controls)
    assert all(control.geometry().right() < strip.more.geometry().left() for control in shown)
    assert strip.more.geometry().right() <= strip.width()
    assert strip.controls["grain"].parent() is strip.flyout
    places = {name: control.parent() is strip for name, control in strip.controls.items()}
    strip.resize(300, 44)
    strip.resize(width, 44)
    assert {name: control.parent() is strip for name, control in strip.controls.items()} == places


def test_the_flyout_opens_and_its_controls_work(strip: OptionStrip) -> None:
    brush = Brush()
    strip.show_tool(brush)
    QTest.mouseClick(strip.more, LEFT)
    assert strip.flyout.isVisible()
    QTest.keyClick(strip.sliders["grain"], Qt.Key.Key_End)
    assert brush.grain == 1.0
    QTest.keyClick(strip.flyout, Qt.Key.Key_Escape)
    assert not strip.flyout.isVisible()


# ---- brushes that are ready


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_brush_of_its_own(name: str) -> None:
    brush = Brush(size=300, jitter=0.9, mirror=True)
    take(brush, name)
    assert taken(brush) == name
    assert brush.mirror
    brush.size += 5
    assert taken(brush) == name
    brush.flow = 0.123
    assert taken(brush) is None


@pytest.mark.parametrize("name", PRESETS)
def test_previews_show_a_stroke_in_the_middle(qtbot: QtBot, name: str) -> None:
    brush = Brush()
    take(brush, name)
    drawn = rgba_of(preview(brush, 100, 40, QColor("red")).toImage())
    assert drawn.shape == (40, 100, 4)
    assert drawn[:, 40:60, 3].max() > 60
    assert drawn[10:30, 40:60, 3].mean() > 3 * drawn[:4, :, 3].mean()


def test_choosing_a_brush_changes_the_tool_and_its_sliders(strip: OptionStrip) -> None:
    brush = Brush()
    strip.show_tool(brush)
    QTest.mouseClick(strip.brushes, LEFT)
    assert strip.brushes.flyout.isVisible()
    QTest.mouseClick(strip.brushes.offered["Cloud"], LEFT)
    assert not strip.brushes.flyout.isVisible()
    assert taken(brush) == "Cloud"
    assert strip.sliders["flow"].value() == round(100 * PRESETS["Cloud"]["flow"])
    assert strip.brushes.accessibleDescription() == "Cloud"


def test_the_users_own_brushes_are_offered_beside_those_that_are_ready(
    strip: OptionStrip, tmp_path: Path
) -> None:
    """Saved under a name, renamed, deleted, brought back; and there again at the next start."""
    brush, offers = Brush(), strip.brushes
    take(brush, "Chalk")
    brush.jitter = 0.5
    strip.show_tool(brush)
    offers.ask_name()
    QTest.keyClicks(offers.naming.field, "Chalk")
    assert not offers.naming.save_button.isEnabled()  # one that is ready is called so
    QTest.keyClicks(offers.naming.field, ", uneven")
    QTest.keyClick(offers.naming.field, Qt.Key.Key_Return)
    assert offers.accessibleDescription() == "Chalk, uneven"
    assert offers.offered["Chalk, uneven"].isChecked()

    QTest.mouseClick(offers.offered["Ink"], LEFT)
    QTest.mouseClick(strip.brushes, LEFT)
    QTest.mouseClick(offers.offered["Chalk, uneven"], LEFT)
    assert (brush.shape, brush.jitter) == ("chalk", 0.5)

    offered = offers.offered["Chalk, uneven"]
    assert isinstance(offered, OwnOffered)
    offered.menu_of_brush.actions()[0].trigger()
    offers.naming.field.setText("Rough")
    QTest.mouseClick(offers.naming.save_button, LEFT)
    assert OwnBrushes(tmp_path / "brushes.toml").names == ["Rough"]
    offered = offers.offered["Rough"]
    assert isinstance(offered, OwnOffered)
    offered.menu_of_brush.actions()[2].trigger()
    assert OwnBrushes(tmp_path / "brushes.toml").names == []
    QTest.mouseClick(offers.naming.back_button, LEFT)
    again, later = OwnBrushes(tmp_path / "brushes.toml"), Brush(mirror=True)
    again.take(later, "Rough")
    assert again.taken(later) == "Rough"
    assert later.mirror
    offers.flyout.close()


def test_an_own_brush_is_replaced_by_the_one_in_use(strip: OptionStrip, tmp_path: Path) -> None:
    brush, offers = Brush(), strip.brushes
    strip.show_tool(brush)
    offers.own.save("Mine", brush)
    brush.opacity = 0.25
    offers.ask_name()
    offers.naming.field.setText("Mine")
    assert offers.naming.save_button.text() == "Replace"
    QTest.mouseClick(offers.naming.save_button, LEFT)
    other = Brush()
    OwnBrushes(tmp_path / "brushes.toml").take(other, "Mine")
    assert other.opacity == 0.25
    offers.flyout.close()


def test_a_file_of_brushes_that_makes_no_sense_costs_only_what_makes_none(tmp_path: Path) -> None:
    file = tmp_path / "brushes.toml"
    file.write_text('number = 3\n[Odd]\nsize = "large"\nopacity = 0.5\nunknown = 1\n', encoding="utf-8")
    own, brush = OwnBrushes(file), Brush(size=48)
    assert own.names == ["Odd"]
    own.take(brush, "Odd")
    assert (brush.size, brush.opacity) == (48, 0.5)


def test_the_button_draws_what_the_brush_draws(qtbot: QtBot, tmp_path: Path) -> None:
    button = BrushButton(OwnBrushes(tmp_path / "brushes.toml"))
    qtbot.addWidget(button)
    covered = []
    for size in (4, 30):
        button.show_brush(Brush(size=size))
        button.grab()
        covered.append(int((rgba_of(button._picture.toImage())[..., 3] > 128).sum()))
    assert covered[1] > 2 * covered[0] > 0


# ---- the pen


@pytest.fixture
def editor(qtbot: QtBot) -> CurveEditor:
    editor = CurveEditor()
    qtbot.addWidget(editor)
    editor.show()
    return editor


def at(editor: CurveEditor, x: float, y: float) -> QPoint:
    return editor._seen(x, y).toPoint()


def test_a_click_makes_a_point_and_a_drag_bends_the_curve(editor: CurveEditor) -> None:
    told: list[Curve] = []
    editor.changed.connect(told.append)
    QTest.mousePress(editor, LEFT, pos=at(editor, 0.5, 0.25))
    assert len(editor.curve) == 3
    QTest.mouseRelease(editor, LEFT, pos=at(editor, 0.5, 0.25))
    QTest.mouseClick(editor, RIGHT, pos=at(editor, *editor.curve[1]))
    assert editor.curve == STRAIGHT
    QTest.mouseClick(editor, RIGHT, pos=at(editor, 0, 0))
    assert editor.curve == STRAIGHT  # two points stay
    assert len(told) == 2


def test_the_curve_is_bent_by_keys_too(editor: CurveEditor) -> None:
    editor.setFocus()
    QTest.keyClick(editor, Qt.Key.Key_Insert)
    assert len(editor.curve) == 3
    QTest.keyClick(editor, Qt.Key.Key_Up)
    assert editor.curve[1] == pytest.approx((0.5, 0.52), abs=0.01)
    assert "52 %" in editor.accessibleDescription()
    for _ in range(40):
        QTest.keyClick(editor, Qt.Key.Key_Right)
    assert editor.curve[1][0] < editor.curve[2][0]  # a point stays between its neighbours
    QTest.keyClick(editor, Qt.Key.Key_PageUp)
    QTest.keyClick(editor, Qt.Key.Key_Down)
    assert editor.curve[2] == (1.0, 0.98)
    QTest.keyClick(editor, Qt.Key.Key_Delete)
    assert len(editor.curve) == 2


def test_what_the_pen_does_is_set_property_by_property(strip: OptionStrip) -> None:
    brush = Brush()
    strip.show_tool(brush)
    panel = strip.pen_flyout.findChild(PenPanel)
    assert panel is not None
    panel.by.set_value("tilt")
    panel.by.chosen.emit("tilt")
    assert brush.size_by == Response("tilt")
    panel.properties.set_value("flow_by")
    panel.properties.chosen.emit("flow_by")
    assert not panel.editor.isEnabled()
    panel.by.chosen.emit("pressure")
    assert panel.editor.isEnabled()
    assert (brush.size_by, brush.flow_by) == (Response("tilt"), Response("pressure"))
    other = Brush(size_by=Response())
    strip.show_tool(other)
    assert panel.by.value() == "nothing"
    assert brush.flow_by == Response("pressure")


# ---- the tool bar


@pytest.fixture
def bar(qtbot: QtBot) -> ToolBar:
    bar = ToolBar(tools_as(Settings()))
    qtbot.addWidget(bar)
    bar.show()
    return bar


def place(kind: type) -> int:
    return [each for group in GROUPS for each in group].index(kind)


def test_a_group_shows_the_tool_that_was_used_last(bar: ToolBar, qtbot: QtBot) -> None:
    button = bar.buttons[[Clone in group for group in GROUPS].index(True)]
    assert button.accessibleName() == "Clone stamp"
    with qtbot.waitSignal(bar.chosen) as chosen:
        next(action for action in button.menu_of_group.actions() if "Smudge" in action.text()).trigger()
    assert chosen.args == [place(Smudge)]
    bar.choose(place(Smudge))
    assert button.accessibleName() == "Smudge"
    assert button.isChecked()
    bar.choose(place(Brush))
    assert not button.isChecked()
    with qtbot.waitSignal(bar.chosen) as chosen:
        QTest.mouseClick(button, LEFT)
    assert chosen.args == [place(Smudge)]


def test_the_other_tools_of_a_group_are_offered_by_mouse_and_keys(bar: ToolBar) -> None:
    button = bar.buttons[[Clone in group for group in GROUPS].index(True)]
    QTest.keyClick(button, Qt.Key.Key_Right)
    assert button.menu_of_group.isVisible()
    button.menu_of_group.close()
    alone = bar.buttons[[Brush in group for group in GROUPS].index(True)]
    QTest.keyClick(alone, Qt.Key.Key_Right)
    assert not alone.menu_of_group.isVisible()


def test_going_on_in_a_group_comes_round(bar: ToolBar) -> None:
    number, seen = place(Clone), []
    for _ in range(3):
        seen.append(number)
        number = bar.after(number)
    assert number == place(Clone)
    assert len(set(seen)) == 3


def test_the_tools_are_next_time_as_they_were() -> None:
    tools = tools_as(Settings())
    for tool in tools:
        if isinstance(tool, Smudge):
            tool.flow, tool.flow_by = 0.33, Response("tilt", ((0.0, 0.5), (1.0, 1.0)))
        if isinstance(tool, Gradient):
            tool.form = "radial"
    again = tools_as(remembered_in(Settings(), tools))
    assert list(map(kept, again)) == list(map(kept, tools))


@pytest.mark.parametrize(
    "text", ["", "7", "{", '{"Brush": 3}', '{"Brush": {"size": "wide", "shape": "star"}}']
)
def test_options_that_make_no_sense_are_the_defaults(text: str, caplog: pytest.LogCaptureFixture) -> None:
    tools = tools_as(replace(Settings(), tool_options=text))
    assert list(map(kept, tools)) == list(map(kept, tools_as(Settings())))
    caplog.clear()
