"""Areas: where edits may work and how strongly, painted by brushes of their own, seen over the picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from qasync import QEventLoop

from engine.types import EditResult, EngineError
from engine.worker import Engine
from tests.bench import Bench, scenario
from tests.hands import seen, stroke
from ui import areas
from ui.apply import EditOptions, asked
from ui.area_panel import pattern
from ui.document import Document, Kind, document_from, layer_from, new_document, read
from ui.pixels import rgba_of
from ui.selection import rectangle
from ui.session import Overlay
from ui.tools import Editable

pytestmark = pytest.mark.qt_log_ignore("plugin does not support")  # offscreen says so
WHITE = (255, 255, 255, 255)
Box = tuple[int, int, int, int]  # left, top, width, height


@pytest.fixture
def photo() -> Document:
    """A picture in which no two neighbours are alike."""
    colours = np.random.default_rng(3).integers(0, 256, (300, 400, 4), np.uint8)
    colours[..., 3] = 255
    return document_from(colours)


def painted(document: Document, kind: Kind, box: Box, share: int = 255) -> Document:
    """With a box of an area, or of strokes."""
    x, y, width, height = box
    layer = layer_from(np.full((height, width, 4), (200, 40, 30, share), np.uint8), kind, kind, x, y)
    if kind == "strokes":
        return document.with_layer(layer)
    return replace(document, areas=(*document.areas, layer))


def selected(document: Document, box: Box) -> Document:
    x, y, width, height = box
    corner, other = QPointF(x, y), QPointF(x + width, y + height)
    return replace(document, selection=rectangle(corner, other, document.rect))


def free(document: Document, **options: object) -> np.ndarray:
    """Where an edit may change the document, in 0..255."""
    ask = asked(document, EditOptions(**options))  # type: ignore[arg-type]
    out = np.zeros((document.height, document.width), np.float32)
    out[ask.at.slices] = 1 if ask.request.mask is None else ask.request.mask
    return np.rint(out * 255).astype(int)


def box_of(mask: np.ndarray) -> Box:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), len(columns), len(rows)


# ---- what they mean


def test_only_what_is_editable_may_change(photo: Document) -> None:
    document = painted(photo, "editable", (50, 60, 100, 80))
    assert box_of(free(document)) == (50, 60, 100, 80)
    assert box_of(free(document, area="whole")) == (50, 60, 100, 80)


def test_a_selection_is_an_editable_area_and_both_together_are_what_they_share(photo: Document) -> None:
    assert box_of(free(selected(photo, (50, 60, 100, 80)))) == (50, 60, 100, 80)
    both = painted(selected(photo, (50, 60, 100, 80)), "editable", (100, 100, 200, 200))
    assert box_of(free(both)) == (100, 100, 50, 40)


def test_what_is_protected_never_changes(photo: Document) -> None:
    document = painted(photo, "protected", (0, 0, 200, 300))
    assert box_of(free(document)) == (200, 0, 200, 300)
    strokes = painted(painted(photo, "strokes", (150, 100, 100, 40)), "protected", (0, 0, 200, 300))
    mask = free(strokes)
    assert not mask[:, :200].any()
    assert (mask[100:140, 200:250] == 255).all()


def test_half_covered_is_half_free(photo: Document) -> None:
    document = painted(painted(photo, "editable", (0, 0, 100, 100), 128), "protected", (0, 0, 50, 100), 64)
    mask = free(document)
    assert mask[10, 80] == 128
    assert mask[10, 10] == round(128 * 191 / 255)


def test_strokes_alone_are_free_where_an_area_allows_it_if_that_was_chosen(photo: Document) -> None:
    document = painted(painted(photo, "strokes", (150, 100, 100, 40)), "editable", (100, 50, 100, 200))
    assert box_of(free(document)) == (100, 50, 100, 200)
    mask = free(document, area="strokes", grow=0, feather=0)
    assert box_of(mask) == (150, 100, 50, 40)


def test_a_strength_area_is_where_and_how_strongly(photo: Document) -> None:
    document = painted(painted(photo, "strength", (50, 60, 100, 80), 51), "protected", (50, 60, 20, 80))
    ask = asked(document, EditOptions(strength=0.8))
    assert box_of(free(document)) == (70, 60, 80, 80)
    share = ask.request.share
    assert share is not None
    assert share[100 - ask.at.y, 100 - ask.at.x] == pytest.approx(0.2)
    assert asked(photo, EditOptions()).request.share is None


def test_areas_that_leave_nothing_are_told_of(photo: Document) -> None:
    with pytest.raises(EngineError, match="leave nothing free to change; clear them"):
        asked(painted(photo, "protected", (0, 0, 400, 300)), EditOptions())


def test_areas_are_cleared_one_by_one_or_all(photo: Document) -> None:
    document = painted(painted(photo, "editable", (0, 0, 9, 9)), "protected", (0, 0, 9, 9))
    assert [area.kind for area in areas.cleared(document, "editable").areas] == ["protected"]
    assert not areas.cleared(document).areas
    assert areas.cleared(photo) is photo
    assert areas.cleared(document, "strength") is document


def test_what_areas_keep_is_kept_bit_for_bit(photo: Document, event_loop_qt: QEventLoop) -> None:
    document = painted(painted(photo, "strength", (50, 60, 200, 80), 120), "protected", (50, 60, 60, 80))
    ask = asked(document, EditOptions(strength=0.8, steps=4, model="toy"))

    async def run() -> None:
        engine = Engine("cpu")
        engine.start("toy")
        *_, last = [event async for event in engine.edit(ask.request)]
        await engine.close()
        assert isinstance(last, EditResult)
        changed = np.zeros((300, 400), bool)
        changed[ask.at.slices] = (last.image != ask.request.image).any(2)
        assert changed[60:140, 110:250].mean() > 0.9
        changed[60:140, 110:250] = False
        assert not changed.any()

    event_loop_qt.run_until_complete(run())


# ---- painted and seen


def take_up(bench: Bench, key: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> Editable:
    bench.session.open(new_document(300, 200, WHITE))
    bench.window.canvas.actual_size()
    bench.key(Qt.Key.Key_Q, key)
    tool = bench.window.canvas.tool
    assert isinstance(tool, Editable)
    tool.size, tool.hardness = 40.0, 1.0
    return tool


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (Qt.KeyboardModifier.NoModifier, "editable"),
        (Qt.KeyboardModifier.ShiftModifier, "protected"),
        (Qt.KeyboardModifier.AltModifier, "strength"),
    ],
)
@scenario
async def test_each_brush_paints_its_area_and_no_layer(
    bench: Bench, key: Qt.KeyboardModifier, kind: Kind
) -> None:
    tool = take_up(bench, key)
    assert tool.on == kind
    layers = bench.session.document.layers
    stroke(bench.window.canvas, (100, 100), (200, 100))
    document = bench.session.document
    assert document.layers is layers
    assert areas.alpha_of(document, kind, document.rect)[100, 150] == 255
    bench.window.running.undo()
    assert not bench.session.document.areas


@scenario
async def test_the_opacity_of_the_strength_brush_is_the_share(bench: Bench) -> None:
    take_up(bench, Qt.KeyboardModifier.AltModifier).opacity = 0.4
    stroke(bench.window.canvas, (100, 100), (200, 100))
    document = bench.session.document
    assert areas.alpha_of(document, "strength", document.rect)[100, 150] == pytest.approx(102, abs=2)


@scenario
async def test_an_area_is_erased_by_the_same_brush(bench: Bench) -> None:
    tool = take_up(bench)
    tool.erases = True
    stroke(bench.window.canvas, (100, 100), (200, 100))
    assert "Nothing is painted with this brush" in bench.window.messages.text.text()
    tool.erases = False
    stroke(bench.window.canvas, (50, 100), (250, 100))
    tool.erases = True
    stroke(bench.window.canvas, (140, 100), (160, 100))
    alpha = areas.alpha_of(bench.session.document, "editable", bench.session.document.rect)
    assert alpha[100, 150] == 0
    assert alpha[100, 80] == 255


@scenario
async def test_areas_are_hatched_while_their_brush_is_chosen_or_always(bench: Bench) -> None:
    take_up(bench)
    canvas, blank = bench.window.canvas, seen(bench.window.canvas)
    stroke(canvas, (100, 100), (200, 100))
    hatched = seen(canvas)
    at = canvas.view.transform.map(QPointF(150, 100)).toPoint()
    here = (slice(at.y() - 15, at.y() + 15), slice(at.x() - 15, at.x() + 15))
    assert (hatched[here] != blank[here]).any(2).all()
    assert len(np.unique(hatched[here].reshape(-1, 3), axis=0)) > 3  # lines, not one colour
    bench.key(Qt.Key.Key_B)
    assert (seen(canvas)[here] == blank[here]).all()
    bench.window.areas.show_always()
    faint = seen(canvas)
    assert (faint[here] != blank[here]).any()
    assert (
        np.abs(faint[here].astype(int) - blank[here]).sum()
        < np.abs(hatched[here].astype(int) - blank[here]).sum()
    )
    assert (read(bench.session.document, bench.session.document.rect) == 255).all()


def test_patterns_differ_without_colour(qapp: object) -> None:
    alphas = [rgba_of(pattern(kind, 1.0).toImage())[..., 3] for kind in ("editable", "protected", "strength")]
    assert all((a != b).any() for a, b in ((alphas[0], alphas[1]), (alphas[1], alphas[2])))


@scenario
async def test_the_panel_has_a_line_for_each_area_and_clears_it(bench: Bench) -> None:
    take_up(bench)
    panel = bench.window.areas
    assert not panel.isVisible()
    stroke(bench.window.canvas, (100, 100), (200, 100))
    assert panel.isVisible()
    assert [kind for kind, line in panel.lines.items() if line.isVisible()] == ["editable"]
    bench.click(panel.lines["editable"].button)
    assert not bench.session.document.areas
    assert not panel.isVisible()
    bench.window.running.undo()
    panel.clear()
    assert not bench.session.document.areas


@scenario
async def test_an_area_is_seen_while_it_is_painted_over_a_picture_of_live_mode(bench: Bench) -> None:
    take_up(bench)
    canvas, whole = bench.window.canvas, bench.session.document.rect
    bench.session.preview(Overlay(whole, np.full((whole.height, whole.width, 4), 255, np.uint8)))
    blank = seen(canvas)
    stroke(canvas, (100, 100), (200, 100))
    at = canvas.view.transform.map(QPointF(150, 100)).toPoint()
    here = (slice(at.y() - 15, at.y() + 15), slice(at.x() - 15, at.x() + 15))
    assert (seen(canvas)[here] != blank[here]).any(2).all()


@scenario
async def test_whether_areas_are_always_shown_is_remembered(bench: Bench) -> None:
    assert not bench.window.remembering.now().show_areas
    bench.window.areas.show_always()
    assert bench.window.remembering.now().show_areas
