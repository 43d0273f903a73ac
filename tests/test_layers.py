"""The layers panel and its commands, used as a person does: with the mouse and the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from engine.area import Rect
from tests.bench import Bench, scenario
from ui.document import TILE, Document, Layer, Selection, layer_from, new_document, read
from ui.layer_tree import MIME, Part, parts_of
from ui.layering import Layering
from ui.layers import BLENDS, LayersPanel, note
from ui.session import Session

LEFT, ALT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier


class Hand:
    """A panel on the screen, of the layers "ground", "shade" with a mask, and a group of "low" and "high"."""

    def __init__(self, qtbot: QtBot) -> None:
        mask = MappingProxyType({(0, 0): np.full((TILE, TILE), 99, np.uint8)})
        high = layer_from(np.full((40, 40, 4), (255, 0, 0, 255), np.uint8), "high", "strokes")
        group = Layer("group", "group", blend="pass-through", layers=(Layer("low", "strokes"), high))
        ground = replace(new_document(300, 200, (255, 255, 255, 255)).layers[0], name="ground")
        self.session = Session(Document(300, 200, (ground, Layer("shade", "strokes", mask=mask), group)))
        self.said: list[str] = []
        self.session.said.connect(self.said.append)
        self.layering = Layering(self.session)
        self.panel = LayersPanel(self.session, self.layering)
        self.tree = self.panel.tree
        self.panel.resize(300, 500)
        qtbot.addWidget(self.panel)
        self.panel.show()
        qtbot.waitExposed(self.panel)
        self.qtbot = qtbot

    def layer(self, name: str) -> Layer:
        return next(layer for layer in self.session.document.walk() if layer.name == name)

    def row(self, name: str) -> QRect:
        item = self.tree.item(self.layer(name).uid)
        assert item is not None
        return self.tree.visualItemRect(item)

    def place(self, name: str, part: Part = "name") -> QPoint:
        item = self.tree.item(self.layer(name).uid)
        assert item is not None
        index = self.tree.indexFromItem(item)
        return parts_of(self.tree.visualRect(index), index)[part].center()

    def click(self, name: str, part: Part = "name", keys: Qt.KeyboardModifier = NONE) -> None:
        QTest.mouseClick(self.tree.viewport(), LEFT, keys, self.place(name, part))
        self.rest()

    def rest(self) -> None:
        """Let what was queued happen."""
        self.qtbot.wait(1)

    def drop(self, name: str, on: str, share: float) -> None:
        """Drop a layer on a row, at that share of its height."""
        self.click(name)
        row = self.row(on)
        at = QPointF(row.left() + 100, row.top() + share * (row.height() - 1))
        mime, action = QMimeData(), Qt.DropAction.MoveAction
        mime.setData(MIME, b"")
        self.tree.dropEvent(QDropEvent(at, action, mime, LEFT, NONE))
        self.rest()

    @property
    def names(self) -> list[str]:
        """As the rows show them."""
        return [item.text(0) for item in self.tree.items()]

    @property
    def active(self) -> str:
        layer = self.session.active_layer
        return layer.name if layer is not None else ""


@pytest.fixture
def hand(qtbot: QtBot) -> Iterator[Hand]:
    hand = Hand(qtbot)
    yield hand
    hand.panel._soon.stop()


def test_the_topmost_layer_is_the_first_row(hand: Hand) -> None:
    assert hand.names == ["group", "high", "low", "shade", "ground"]


def test_a_click_makes_a_layer_active_and_one_on_its_mask_the_mask(hand: Hand) -> None:
    hand.click("low")
    assert hand.active == "low"
    hand.click("shade", "mask")
    assert (hand.active, hand.session.is_on_mask) == ("shade", True)
    hand.click("shade", "picture")
    assert not hand.session.is_on_mask


def test_the_eye_hides_a_layer_and_leaves_the_active_one_alone(hand: Hand) -> None:
    hand.click("ground")
    hand.click("shade", "eye")
    assert not hand.layer("shade").visible
    assert hand.active == "ground"
    hand.session.undo()
    assert hand.layer("shade").visible


def test_alt_on_the_eye_shows_a_layer_alone_and_then_what_was_seen_before(hand: Hand) -> None:
    hand.click("ground", "eye")
    hand.click("high", "eye", ALT)
    assert [layer.name for layer in hand.session.document.walk() if layer.visible] == ["group", "high"]
    hand.click("high", "eye", ALT)
    assert not hand.layer("ground").visible
    assert hand.layer("shade").visible


def test_a_group_folds_and_is_opened_for_what_becomes_active_in_it(hand: Hand) -> None:
    hand.click("group", "fold")
    group = hand.tree.item(hand.layer("group").uid)
    assert group is not None
    assert not group.isExpanded()
    hand.session.activate(hand.layer("low").uid)
    assert group.isExpanded()


def test_several_layers_are_marked_and_grouped(hand: Hand) -> None:
    hand.click("ground")
    hand.click("shade", keys=CONTROL)
    assert set(hand.layering.chosen) == {hand.layer("ground").uid, hand.layer("shade").uid}
    hand.layering.group()
    assert hand.names == ["group", "high", "low", "Group", "shade", "ground"]
    assert hand.active == "Group"
    assert hand.layer("Group").blend == "pass-through"
    hand.layering.ungroup()
    assert hand.names == ["group", "high", "low", "shade", "ground"]


@pytest.mark.parametrize(
    ("name", "on", "share", "wanted"),
    [
        ("ground", "shade", 0.0, ["group", "high", "low", "ground", "shade"]),
        ("ground", "group", 0.5, ["group", "ground", "high", "low", "shade"]),
        ("ground", "group", 1.0, ["group", "ground", "high", "low", "shade"]),
        ("shade", "high", 1.0, ["group", "high", "shade", "low", "ground"]),
        ("high", "ground", 1.0, ["group", "low", "shade", "ground", "high"]),
        ("group", "high", 0.0, ["group", "high", "low", "shade", "ground"]),
    ],
)
def test_layers_are_dragged_into_and_out_of_groups(
    hand: Hand, name: str, on: str, share: float, wanted: list[str]
) -> None:
    hand.drop(name, on, share)
    assert hand.names == wanted
    assert hand.active == name


def test_a_double_click_renames(hand: Hand) -> None:
    QTest.mouseDClick(hand.tree.viewport(), LEFT, NONE, hand.place("shade"))
    editor = hand.tree.findChild(QLineEdit)
    assert isinstance(editor, QLineEdit)
    editor.selectAll()
    QTest.keyClicks(editor, "Dusk")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    hand.qtbot.waitUntil(lambda: hand.names == ["group", "high", "low", "Dusk", "ground"])
    assert hand.session.history.undo_label == "Rename layer"


def test_two_clicks_on_the_eye_are_two_clicks(hand: Hand) -> None:
    at = hand.place("shade", "eye")
    QTest.mouseClick(hand.tree.viewport(), LEFT, NONE, at)
    QTest.mouseDClick(hand.tree.viewport(), LEFT, NONE, at)
    hand.rest()
    assert hand.layer("shade").visible
    assert hand.session.history.at == 2


def test_the_keyboard_does_it_all(hand: Hand) -> None:
    hand.click("group")
    hand.tree.setFocus()
    QTest.keyClick(hand.tree, Qt.Key.Key_Down)
    assert hand.active == "high"
    QTest.keyClick(hand.tree, Qt.Key.Key_Space)
    hand.rest()
    assert not hand.layer("high").visible
    QTest.keyClick(hand.tree, Qt.Key.Key_Down, SHIFT)
    marked = hand.layering.chosen
    assert len(marked) == 2
    hand.layering.below()
    assert hand.active == "shade"
    QTest.keyClick(hand.tree, Qt.Key.Key_Delete)
    hand.rest()
    assert "shade" not in hand.names
    hand.session.undo()
    assert hand.active == "shade"
    assert list(hand.layering.chosen) == [hand.layer("shade").uid]


def test_opacity_is_seen_while_it_is_changed_and_is_one_step(hand: Hand) -> None:
    hand.click("high")
    for per_cent in (80, 60, 40):
        hand.panel.opacity.moved.emit(per_cent)
        shown = hand.session.shown.layer(hand.session.active)
        assert shown is not None
        assert shown.opacity == per_cent / 100
    assert hand.session.history.at == 0
    hand.panel.opacity.settled.emit(40)
    assert hand.session.history.at == 1
    assert hand.layer("high").opacity == 0.4


def test_blend_modes_of_groups_and_of_layers(hand: Hand) -> None:
    box = hand.panel.blend
    hand.click("group")
    assert box.currentText() == "Pass through"
    hand.click("high")
    assert box.currentText() == "Normal"
    for number in range(box.count()):
        if box.itemData(number) is not None:
            box.activated.emit(number)
            if box.itemData(number) != "pass-through":  # a layer has nothing to let through
                assert hand.layer("high").blend == box.itemData(number)
    assert hand.layer("high").blend == "luminosity"
    assert note(hand.layer("high")) == "Strokes \N{MIDDLE DOT} Luminosity"
    assert box.count() == len(BLENDS)


def test_what_is_locked_is_not_changed_and_it_is_said(hand: Hand) -> None:
    hand.click("group")
    hand.layering.toggle_lock()
    hand.click("high")
    before = hand.session.document
    for command in (
        hand.layering.delete,
        hand.layering.to_picture,
        hand.layering.add_mask,
    ):
        command()
    hand.panel.opacity.moved.emit(10)
    assert hand.session.document is before
    assert set(hand.said) == {"group is locked. Unlock it to change it."}
    hand.click("group", "lock")
    hand.layering.delete()
    assert "high" not in hand.names


def test_the_last_layer_stays(hand: Hand) -> None:
    hand.tree.selectAll()
    hand.layering.delete()
    assert len(hand.names) == 5
    assert hand.said == ["The last layer stays: a picture has at least one."]


def test_merging_down_and_flattening(hand: Hand) -> None:
    hand.click("shade")
    hand.layering.merge()
    assert hand.names == ["group", "high", "low", "ground"]
    assert hand.layer("ground").kind == "picture"
    hand.layering.flatten()
    assert hand.names == ["Picture"]
    hand.layering.merge()
    assert hand.said == ["There is no layer below this one to merge it with."]


def test_what_is_hidden_is_not_lost_by_merging(hand: Hand) -> None:
    hand.click("ground", "eye")
    hand.click("shade")
    hand.layering.merge()
    assert hand.said == ["ground is hidden; show it first, or merging would lose it."]


def test_a_mask_is_added_of_the_selection_and_painted_on(hand: Hand) -> None:
    selection = Selection(Rect(0, 0, 150, 200), np.full((200, 150), 255, np.uint8))
    hand.session.commit("Select", lambda document: replace(document, selection=selection))
    hand.click("ground")
    hand.layering.add_mask()
    assert hand.session.is_on_mask
    alpha = read(hand.session.document, Rect(0, 190, 300, 1))[0, :, 3]
    assert (alpha[:150] == 255).all()
    assert not alpha[150:].any()
    hand.layering.edit_mask()
    assert not hand.session.is_on_mask
    hand.layering.apply_mask()
    assert hand.layer("ground").mask is None
    assert np.array_equal(read(hand.session.document, Rect(0, 190, 300, 1))[0, :, 3], alpha)


def test_a_new_group_is_put_above_and_a_new_layer_into_it(hand: Hand) -> None:
    hand.click("shade")
    hand.layering.add_group()
    hand.layering.add()
    assert hand.names == ["group", "high", "low", "Group", "Strokes", "shade", "ground"]


def test_a_selection_is_duplicated_as_a_layer_of_its_own(hand: Hand) -> None:
    hand.click("high")
    hand.layering.duplicate()
    assert hand.names[:3] == ["group", "high 2", "high"]
    selection = Selection(Rect(0, 0, 20, 40), np.full((40, 20), 255, np.uint8))
    hand.session.commit("Select", lambda document: replace(document, selection=selection))
    hand.layering.duplicate()
    top = hand.layer("high 3")
    assert np.count_nonzero(top.tiles[0, 0][..., 3]) == 800


def test_pictures_of_layers_follow_what_is_painted(hand: Hand, qtbot: QtBot) -> None:
    hand.panel._paint_pictures()
    pictures, ratio = hand.panel._pictures, hand.panel.devicePixelRatioF()
    before = pictures.of_layer(hand.session.document, hand.layer("low"), ratio).toImage()
    hand.click("low")
    with hand.session.paint("Brush") as wet:
        wet.writable((0, 0))[...] = 255
    after = pictures.of_layer(hand.session.document, hand.layer("low"), ratio).toImage()
    assert before.pixelColor(5, 5).value() < 200
    assert after.pixelColor(5, 5).value() == 255
    assert after.size() == before.size()
    shade = pictures.of_mask(hand.session.document, hand.layer("shade"), ratio).toImage()
    assert shade.pixelColor(5, 5).value() == 99
    assert shade.pixelColor(shade.width() - 2, 5).value() == 255


def test_rows_say_what_they_show_to_a_screen_reader(hand: Hand) -> None:
    hand.click("shade", "eye")
    item = hand.tree.item(hand.layer("shade").uid)
    assert item is not None
    assert item.data(0, Qt.ItemDataRole.AccessibleDescriptionRole) == "Strokes, hidden"
    assert hand.tree.accessibleName() == "Layers"


def test_tooltips_tell_the_parts_of_a_row(hand: Hand) -> None:
    parts: tuple[Part, ...] = ("eye", "picture", "mask", "name")
    for part in parts:
        index = hand.tree.indexAt(hand.place("shade", part))
        assert hand.tree.part_at(index, hand.place("shade", part)) == part


@scenario
async def test_the_menu_offers_what_can_be_done(bench: Bench) -> None:
    actions = bench.window.menus.actions
    assert not actions["layering.delete"].isEnabled(), "the last layer"
    assert not bench.window.layers.buttons["delete"].isEnabled()
    bench.stroke()
    assert actions["layering.delete"].isEnabled()
    assert bench.window.layers.buttons["delete"].isEnabled()
    assert not actions["layering.apply_mask"].isEnabled()
    actions["layering.add_mask"].trigger()
    assert actions["layering.apply_mask"].isEnabled()
    assert actions["layering.edit_mask"].isChecked()
    actions["layering.toggle_lock"].trigger()
    assert actions["layering.toggle_lock"].isChecked()
    assert bench.window.layers.lock.isChecked()


@scenario
async def test_keys_group_merge_and_duplicate(bench: Bench) -> None:
    bench.stroke()
    bench.key(Qt.Key.Key_J, CONTROL)
    assert [layer.name for layer in bench.session.document.walk()] == ["Background", "Strokes", "Strokes 2"]
    bench.key(Qt.Key.Key_E, CONTROL)
    assert [layer.name for layer in bench.session.document.walk()] == ["Background", "Strokes"]
    bench.key(Qt.Key.Key_G, CONTROL)
    assert [layer.name for layer in bench.session.document.walk()] == ["Background", "Group", "Strokes"]


@scenario
async def test_ctrl_click_selects_what_a_layer_covers(bench: Bench) -> None:
    bench.stroke()
    tree = bench.window.layers.tree
    index = tree.model().index(0, 0)
    at = parts_of(tree.visualRect(index), index)["picture"].center()
    QTest.mouseClick(tree.viewport(), LEFT, CONTROL, at)
    selection = bench.session.document.selection
    assert selection is not None
    assert selection.mask.any()


@scenario
async def test_black_paint_on_a_mask_hides_and_white_paint_shows_again(bench: Bench) -> None:
    session = bench.session
    bench.window.layering.add_mask()
    bench.window.holding.default_colours()
    bench.stroke((20, 30), (70, 30))
    assert [layer.name for layer in session.document.layers] == ["Background"]
    assert bench.picture()[30, 45, 3] == 0
    assert bench.picture()[5, 5, 3] == 255
    session.swap_colours()
    bench.stroke((20, 30), (70, 30))
    assert bench.picture()[30, 45, 3] == 255
    bench.window.layering.edit_mask()
    bench.stroke((20, 30), (70, 30))
    assert [layer.kind for layer in session.document.layers] == ["picture", "strokes"]


@scenario
async def test_the_eraser_on_a_mask_hides(bench: Bench) -> None:
    bench.window.layering.add_mask()
    bench.window.holding.choose([tool.name for tool in bench.window.holding.tools].index("Eraser"))
    bench.stroke((20, 30), (70, 30))
    assert bench.picture()[30, 45, 3] == 0


@scenario
async def test_a_locked_alpha_lets_only_colours_change(bench: Bench) -> None:
    bench.stroke((20, 30), (70, 30))
    before = bench.session.document.layers[1].tiles[0, 0]
    bench.window.layering.toggle_alpha_lock()
    bench.session.set_colour(QColor("red"))
    bench.stroke((45, 5), (45, 55))
    after = bench.session.document.layers[1].tiles[0, 0]
    assert np.array_equal(after[..., 3], before[..., 3])
    assert after[30, 45].tolist() == [0, 0, 255, 255]
