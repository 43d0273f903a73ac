"""Fill, gradient, clone stamp, smudge, restore and eyedropper, by real events on a real canvas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QLineF, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from engine.area import Rect
from tests.hands import mouse, pixel, seen, small_canvas, stroke
from ui.canvas import Canvas
from ui.document import Depth, Document, Selection, document_from, layer_from, new_document, read
from ui.mirror import MirrorMarks
from ui.tools import Brush, Clone, Eraser, Fill, Gradient, Pick, Restore, Smudge
from ui.tools.gradient import graded
from ui.tools.pick import RADIUS

ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
BLUE = np.full((300, 400, 4), (0, 0, 255, 255), np.uint8)
RED, WHITE = [255, 0, 0, 255], [255, 255, 255, 255]


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    return small_canvas(qtbot)


def open_halves(canvas: Canvas) -> None:
    """Red at the left, white at the right; still what is seen at [y, x] is the document's pixel."""
    picture = np.full((300, 400, 4), 255, np.uint8)
    picture[:, :200] = RED
    opened(canvas, document_from(picture))


def opened(canvas: Canvas, document: Document) -> None:
    canvas.session.open(document)
    canvas.actual_size()
    canvas.view = replace(canvas.view, x=0.0, y=0.0)


def select_left(canvas: Canvas, width: int = 100) -> None:
    mask = np.full((300, width), 255, np.uint8)
    mask.flags.writeable = False
    selection = Selection(Rect(0, 0, width, 300), mask)
    canvas.session.commit("Select", lambda document: replace(document, selection=selection))


# ---- every tool that paints


@pytest.mark.parametrize("kind", [Brush, Fill, Gradient, Clone, Smudge, Restore])
def test_paint_stays_in_the_selection_and_off_the_picture(canvas: Canvas, kind: type) -> None:
    open_halves(canvas)
    canvas.set_tool(Brush(size=80, hardness=1))
    canvas.session.set_colour(QColor(0, 0, 255))
    stroke(canvas, (90, 150))
    picture = canvas.session.document.layers[0]
    before = read(canvas.session.document, canvas.session.document.rect)
    select_left(canvas)
    canvas.session.set_colour(QColor(0, 255, 0))
    tool = kind()
    if isinstance(tool, Clone):
        tool.source = (330.0, 150.0)
    canvas.set_tool(tool)
    stroke(canvas, (80, 150), (160, 150), (60, 200))
    after = read(canvas.session.document, canvas.session.document.rect)
    changed = (after != before).any(2)
    assert changed[:, :100].any()
    assert not changed[:, 100:].any()
    assert canvas.session.document.layers[0] is picture


@pytest.mark.parametrize("kind", [Brush, Fill, Gradient, Clone, Smudge, Restore, Eraser])
def test_what_a_locked_alpha_covers_stays_the_same(canvas: Canvas, kind: type) -> None:
    session = canvas.session
    stroke(canvas, (50, 150), (350, 150))
    layer = session.document.layers[-1]
    session.commit("Lock", lambda document: document.exchange(layer, replace(layer, alpha_locked=True)))
    session.set_colour(QColor(255, 0, 0))
    tool = kind()
    if isinstance(tool, Clone):
        tool.source = (10.0, 10.0)
    canvas.set_tool(tool)
    stroke(canvas, (100, 150), (300, 145))
    alpha = {place: tile[..., 3] for place, tile in layer.tiles.items()}
    after = session.document.layers[-1].tiles
    assert after.keys() == alpha.keys()
    assert all((after[place][..., 3] == alpha[place]).all() for place in alpha)


@pytest.mark.parametrize("kind", [Brush, Gradient, Clone, Smudge, Restore])
def test_escape_in_the_middle_leaves_no_trace(canvas: Canvas, kind: type) -> None:
    open_halves(canvas)
    before, document = seen(canvas), canvas.session.document
    tool = kind()
    if isinstance(tool, Clone):
        tool.source = (330.0, 150.0)
    canvas.set_tool(tool)
    stroke(canvas, (150, 100), (250, 150), release=False)
    assert canvas.cancel_gesture()
    assert canvas.session.document is document
    canvas.set_tool(Brush())
    assert (seen(canvas) == before).all()


@pytest.mark.parametrize("kind", [Brush, Fill, Gradient, Clone, Smudge, Restore])
def test_sixteen_bits_are_painted_on_in_sixteen_bits(canvas: Canvas, kind: type) -> None:
    deep = np.full((300, 400, 4), 65535, np.uint16)
    deep[:, :200, 1:3] = 257
    opened(canvas, replace(document_from(deep), depth=16))
    canvas.session.set_colour(QColor.fromRgba64(20000, 30001, 40002))
    tool = kind()
    if isinstance(tool, Clone):
        tool.source = (330.0, 150.0)
    canvas.set_tool(tool)
    stroke(canvas, (150, 100), (250, 150))
    strokes = [layer for layer in canvas.session.document.layers if layer.kind == "strokes"]
    assert strokes
    assert all(tile.dtype == np.uint16 for tile in strokes[0].tiles.values())
    if kind is Brush:
        assert strokes[0].tiles[0, 0][125, 200].tolist() == [20000, 30001, 40002, 65535]


# ---- fill


def test_fill_can_take_a_colour_wherever_it_is(canvas: Canvas) -> None:
    stroke(canvas, (200, -20), (200, 320))
    canvas.session.set_colour(QColor(255, 0, 0))
    canvas.set_tool(Fill(touching=False))
    stroke(canvas, (50, 50))
    assert pixel(canvas.session.document, 10, 290) == RED
    assert pixel(canvas.session.document, 390, 10) == RED


def test_fill_reaches_below_the_edges_round_it(canvas: Canvas) -> None:
    stroke(canvas, (200, -20), (200, 320))
    canvas.session.set_colour(QColor(255, 0, 0))
    canvas.set_tool(Fill(grow=4, smooth=False))
    stroke(canvas, (50, 50))
    assert pixel(canvas.session.document, 193, 150) == RED
    assert pixel(canvas.session.document, 196, 150) == [0, 0, 0, 255]


# ---- gradient


def test_a_gradient_goes_from_colour_to_colour_along_its_line(canvas: Canvas) -> None:
    canvas.session.set_colour(QColor(0, 0, 0))
    canvas.session.other_colour = QColor(255, 255, 255)
    canvas.set_tool(Gradient())
    stroke(canvas, (100, 150), (300, 150))
    row = read(canvas.session.document, Rect(0, 150, 400, 1))[0, :, 0].astype(int)
    assert (row[:100] == 0).all()
    assert (row[301:] == 255).all()
    assert np.abs(row[100:300] - np.linspace(0, 255, 200)).max() <= 2
    column = read(canvas.session.document, canvas.session.document.rect)[:, 200, 0]
    assert len(np.unique(column)) == 2  # two levels alternate, so that no bands are seen


@pytest.mark.parametrize("depth", [8, 16])
def test_a_gradient_has_no_holes(depth: Depth) -> None:
    """However its levels alternate, what is opaque stays so: a million pixels of it."""
    line = QLineF(0, 0, 1000, 0)
    read_box = graded(Document(1024, 1024, depth=depth), line, "linear", QColor("blue"), QColor("white"))
    pixels = read_box(Rect(0, 0, 1024, 1024))
    assert (pixels[..., 3] == pixels[..., 3].max()).all()
    assert pixels[..., 3].max() == 2**depth - 1


def test_a_radial_gradient_to_nothing_leaves_what_is_outside(canvas: Canvas) -> None:
    canvas.session.set_colour(QColor(255, 0, 0))
    canvas.set_tool(Gradient(form="radial", end="nothing"))
    stroke(canvas, (200, 150), (260, 150))
    assert pixel(canvas.session.document, 200, 150)[1] < 8
    assert pixel(canvas.session.document, 270, 150) == WHITE
    beside, below = (pixel(canvas.session.document, *at) for at in ((230, 150), (200, 180)))
    assert beside == pytest.approx(below, abs=6)


def test_shift_keeps_a_gradient_to_even_angles(canvas: Canvas) -> None:
    canvas.set_tool(Gradient())
    stroke(canvas, (100, 150), (300, 158), keys=SHIFT)
    columns = read(canvas.session.document, canvas.session.document.rect)[..., 0].astype(int)
    assert np.ptp(columns, axis=0).max() <= 1


def test_while_it_is_drawn_a_gradient_looks_as_it_will(canvas: Canvas) -> None:
    canvas.session.set_colour(QColor(200, 30, 10))
    canvas.set_tool(Gradient(opacity=0.7))
    select_left(canvas, 300)
    stroke(canvas, (50, 40), (350, 260), release=False)
    drawn = seen(canvas).astype(int)
    mouse(canvas, QEvent.Type.MouseButtonRelease, (350, 260))
    done = seen(canvas).astype(int)
    apart = np.abs(done - drawn).max(2)
    assert np.percentile(apart, 98) <= 3  # but for the line itself


def test_a_click_with_the_gradient_is_no_step(canvas: Canvas) -> None:
    canvas.set_tool(Gradient())
    stroke(canvas, (100, 150))
    assert len(canvas.session.history.steps) == 1


# ---- clone stamp


def test_the_clone_stamp_copies_from_where_alt_was_clicked(canvas: Canvas) -> None:
    open_halves(canvas)
    canvas.set_tool(Clone(size=40, hardness=1))
    stroke(canvas, (60, 150), keys=ALT)
    stroke(canvas, (300, 150), (320, 150))
    assert pixel(canvas.session.document, 310, 150) == RED
    assert pixel(canvas.session.document, 310, 190) == WHITE
    stroke(canvas, (300, 250))  # it goes along: from (60, 250)
    assert pixel(canvas.session.document, 300, 250) == RED
    assert [layer.kind for layer in canvas.session.document.layers] == ["picture", "strokes"]


def test_each_stroke_can_begin_at_the_source_again(canvas: Canvas) -> None:
    open_halves(canvas)
    canvas.set_tool(Clone(size=40, hardness=1, follows=False))
    stroke(canvas, (20, 20), keys=ALT)
    stroke(canvas, (220, 20))
    stroke(canvas, (390, 150))  # would be white if it went along
    assert pixel(canvas.session.document, 390, 150) == RED


def test_a_clone_stamp_without_a_source_says_what_to_do(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.set_tool(Clone())
    with qtbot.waitSignal(canvas.session.said) as said:
        stroke(canvas, (50, 50), (90, 50))
    assert said.args is not None
    assert "Alt" in said.args[0]
    assert len(canvas.session.history.steps) == 1


def test_a_source_beyond_a_smaller_picture_is_none(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.set_tool(Clone(source=(390.0, 290.0)))
    opened(canvas, new_document(200, 150, (255, 255, 255, 255)))
    with qtbot.waitSignal(canvas.session.said):
        stroke(canvas, (50, 50), (90, 50))
    assert len(canvas.session.history.steps) == 1


def test_what_the_clone_stamp_paints_is_not_what_it_copies(canvas: Canvas) -> None:
    """A stroke over its own source takes the picture from before."""
    open_halves(canvas)
    canvas.set_tool(Clone(size=20, hardness=1))
    stroke(canvas, (190, 150), keys=ALT)
    stroke(canvas, (210, 150), (390, 150))
    row = read(canvas.session.document, Rect(200, 150, 200, 1))[0]
    assert (row[4:17] == RED).all()
    assert (row[25:] == WHITE).all()


# ---- smudge


def test_smudge_drags_colour_over_an_edge(canvas: Canvas) -> None:
    open_halves(canvas)
    canvas.set_tool(Smudge(size=40, hardness=0.8, flow=0.9))
    stroke(canvas, (180, 150), (240, 150))
    row = read(canvas.session.document, Rect(0, 150, 400, 1))[0, :, 1].astype(int)  # green: 0 is red
    assert row[205] < 200
    assert row[300] == 255
    assert (np.diff(row[200:260]) >= -2).all()
    assert (read(canvas.session.document, canvas.session.document.rect)[..., 3] == 255).all()


def test_shift_smudges_a_straight_line(canvas: Canvas) -> None:
    open_halves(canvas)
    canvas.set_tool(Smudge(size=40, hardness=0.8, flow=0.9))
    stroke(canvas, (180, 100), (185, 100))
    stroke(canvas, (240, 200), keys=SHIFT)
    row = read(canvas.session.document, Rect(0, 150, 400, 1))[0, :, 1].astype(int)
    assert row[205] < 200


def test_smudging_what_is_all_the_same_changes_nothing_that_is_seen(canvas: Canvas) -> None:
    before = seen(canvas)
    canvas.set_tool(Smudge(size=60))
    stroke(canvas, (-20, 20), (380, 280), (420, 310))
    assert (seen(canvas) == before).all()


# ---- restore


def covered(canvas: Canvas) -> None:
    """A blue result and a green stroke over the picture."""
    open_halves(canvas)
    result = layer_from(BLUE, "Result", "result")
    canvas.session.commit("Result", lambda document: document.with_layer(result))
    canvas.session.activate(canvas.session.document.layers[-1].uid)
    canvas.session.set_colour(QColor(0, 255, 0))
    stroke(canvas, (150, 150), (250, 150))


def test_restore_paints_the_original_over_everything(canvas: Canvas) -> None:
    covered(canvas)
    canvas.set_tool(Restore(size=40, hardness=1))
    stroke(canvas, (100, 150), (300, 150))
    assert pixel(canvas.session.document, 180, 150) == RED
    assert pixel(canvas.session.document, 220, 150) == WHITE
    assert pixel(canvas.session.document, 220, 50) == [0, 0, 255, 255]


def test_restore_can_open_the_layer_instead(canvas: Canvas) -> None:
    covered(canvas)
    session = canvas.session
    result = next(layer for layer in session.document.layers if layer.kind == "result")
    session.activate(result.uid)
    canvas.set_tool(Restore(size=40, hardness=1, way="through"))
    stroke(canvas, (100, 50), (300, 50))
    assert pixel(session.document, 180, 50) == RED
    after = session.document.layer(result.uid)
    assert after is not None
    assert after.tiles == result.tiles
    assert after.mask is not None


def test_restore_through_the_picture_says_what_to_do(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.set_tool(Restore(way="through"))
    with qtbot.waitSignal(canvas.session.said) as said:
        stroke(canvas, (50, 50), (90, 50))
    assert said.args is not None
    assert "Choose the layer" in said.args[0]


# ---- eyedropper


def test_the_eyedropper_takes_the_mean_of_a_sample(canvas: Canvas) -> None:
    open_halves(canvas)
    canvas.set_tool(Pick(side=3))
    stroke(canvas, (199.5, 150.5))
    assert canvas.session.colour == QColor(255, 85, 85)


def test_the_eyedropper_can_take_one_layer_alone(canvas: Canvas) -> None:
    covered(canvas)
    canvas.session.activate(canvas.session.document.layers[0].uid)
    canvas.set_tool(Pick(merged=False))
    stroke(canvas, (50, 150))
    assert canvas.session.colour == QColor(255, 0, 0)


def test_a_ring_shows_the_colour_and_the_one_before(canvas: Canvas) -> None:
    open_halves(canvas)
    canvas.session.set_colour(QColor(0, 0, 255))
    canvas.set_tool(Pick())
    before = seen(canvas)
    mouse(canvas, QEvent.Type.MouseButtonPress, (150, 150))
    shown = seen(canvas)
    radius = round(RADIUS * canvas.devicePixelRatioF())
    assert shown[150 - radius, 150].tolist() == [255, 0, 0]
    assert shown[150 + radius, 150].tolist() == [0, 0, 255]
    mouse(canvas, QEvent.Type.MouseButtonRelease, (150, 150))
    assert (seen(canvas) == before).all()


def test_escape_gives_the_colour_back(canvas: Canvas) -> None:
    canvas.session.set_colour(QColor(0, 0, 255))
    canvas.set_tool(Pick())
    mouse(canvas, QEvent.Type.MouseButtonPress, (150, 150))
    assert canvas.session.colour == QColor("white")
    canvas.cancel_gesture()
    assert canvas.session.colour == QColor(0, 0, 255)


# ---- masks


@pytest.mark.parametrize("kind", [Clone, Smudge])
def test_on_a_mask_the_mask_is_copied_and_smudged(canvas: Canvas, kind: type) -> None:
    open_halves(canvas)
    session = canvas.session
    session.commit("Layer", lambda document: document.with_layer(layer_from(BLUE, "Result", "result")))
    session.activate(session.document.layers[-1].uid)
    with session.paint_mask("Half") as wet:
        wet.writable((0, 0))[:, :200, :3] = 0
    session.activate(session.document.layers[-1].uid)
    session.on_mask = True
    assert session.is_on_mask
    tool = kind(size=40, hardness=1)
    if isinstance(tool, Clone):
        tool.source = (100.0, 150.0)
    canvas.set_tool(tool)
    stroke(canvas, (190, 150), (240, 150))
    mask = session.document.layers[-1].mask
    assert mask is not None
    assert mask[0, 0][150, 212] < 128
    assert mask[0, 0][220, 212] == 255


def test_erasing_where_transparency_is_locked_says_so(canvas: Canvas, qtbot: QtBot) -> None:
    session = canvas.session
    stroke(canvas, (50, 150), (350, 150))
    layer = session.document.layers[-1]
    session.commit("Lock", lambda document: document.exchange(layer, replace(layer, alpha_locked=True)))
    canvas.set_tool(Eraser())
    with qtbot.waitSignal(session.said) as said:
        stroke(canvas, (100, 150), (300, 150))
    assert said.args is not None
    assert "locked" in said.args[0]


def test_the_axis_is_seen_while_strokes_are_mirrored(canvas: Canvas) -> None:
    canvas.add_marks(MirrorMarks(canvas))
    before = seen(canvas)
    canvas.set_tool(Brush(mirror=True))
    changed = (seen(canvas) != before).any(2)
    assert changed[:, 198:203].any(1).mean() > 0.4  # dashes of which every other one is white
    assert not changed[:, :190].any()
