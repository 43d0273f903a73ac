"""The canvas and its tools: real widgets, real events, and pixels compared exactly."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QInputDevice,
    QMouseEvent,
    QNativeGestureEvent,
    QPointingDevice,
    QPointingDeviceUniqueId,
    QRegion,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.area import Rect
from ui.canvas import Canvas
from ui.document import Document, composite, document_from, layer_from, new_document, read, stroke_alpha
from ui.pixels import image_of, painting, rgba_of
from ui.session import Overlay, Session
from ui.tools import Brush, Eraser, Fill, Pan, Pick
from ui.tools.fill import connected

NO_KEYS = Qt.KeyboardModifier.NoModifier
PEN = QPointingDevice(  # at module level: an event does not keep its device alive
    "pen",
    1,
    QInputDevice.DeviceType.Stylus,
    QPointingDevice.PointerType.Pen,
    QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
    1,
    3,
    "",
    QPointingDeviceUniqueId(),
)
RUBBER = QPointingDevice(
    "rubber",
    2,
    QInputDevice.DeviceType.Stylus,
    QPointingDevice.PointerType.Eraser,
    QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
    1,
    3,
    "",
    QPointingDeviceUniqueId(),
)
Point = tuple[float, float]


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    canvas = Canvas(Session(new_document(400, 300, (255, 255, 255, 255))), Brush(size=20, hardness=1))
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    canvas.show()
    canvas.actual_size()
    canvas.view = replace(canvas.view, x=0.0, y=0.0)  # what is seen at [y, x] is the document's pixel
    canvas.session.set_colour(QColor("black"))
    return canvas


def seen(canvas: Canvas) -> np.ndarray:
    """What is on the screen, (h, w, 3), without the brush's outline."""
    canvas._move_hover(None)
    return rgba_of(canvas.grab().toImage())[..., :3].copy()


def mouse(canvas: Canvas, kind: QEvent.Type, point: Point, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    at = canvas.view.transform.map(QPointF(*point))
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    down = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
    QApplication.sendEvent(canvas, QMouseEvent(kind, at, QPointF(canvas.mapToGlobal(at)), button, down, keys))


def stroke(canvas: Canvas, *points: Point, keys: Qt.KeyboardModifier = NO_KEYS, release: bool = True) -> None:
    mouse(canvas, QEvent.Type.MouseButtonPress, points[0], keys)
    for a, b in pairwise(points):
        for i in range(1, 9):
            part = i / 8
            mouse(
                canvas,
                QEvent.Type.MouseMove,
                (a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])),
                keys,
            )
    if release:
        mouse(canvas, QEvent.Type.MouseButtonRelease, points[-1], keys)


def pen(
    canvas: Canvas, kind: QEvent.Type, point: Point, pressure: float, device: QPointingDevice = PEN
) -> None:
    at = canvas.view.transform.map(QPointF(*point))
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletMove else Qt.MouseButton.LeftButton
    down = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletRelease else Qt.MouseButton.LeftButton
    event = QTabletEvent(
        kind, device, at, QPointF(canvas.mapToGlobal(at)), pressure, 0, 0, 0, 0, 0, NO_KEYS, button, down
    )
    QApplication.sendEvent(canvas, event)


def button_event(
    canvas: Canvas, kind: QEvent.Type, point: Point, button: Qt.MouseButton, down: Qt.MouseButton
) -> None:
    at = canvas.view.transform.map(QPointF(*point))
    QApplication.sendEvent(
        canvas, QMouseEvent(kind, at, QPointF(canvas.mapToGlobal(at)), button, down, NO_KEYS)
    )


def wheel(
    canvas: Canvas,
    at: QPointF,
    angle: QPoint,
    pixels: QPoint | None = None,
    phase: Qt.ScrollPhase = Qt.ScrollPhase.NoScrollPhase,
) -> None:
    event = QWheelEvent(
        at,
        QPointF(canvas.mapToGlobal(at)),
        pixels or QPoint(),
        angle,
        Qt.MouseButton.NoButton,
        NO_KEYS,
        phase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def pixel(document: Document, x: int, y: int) -> list[int]:
    return [int(value) for value in read(document, Rect(x, y, 1, 1))[0, 0]]


def test_qt_calls_keep_their_hands_off_none(qapp: QApplication) -> None:
    """PySide6 6.12.0 on Python < 3.12 drops a reference to None in each call, and dies at zero."""
    widget, before = QWidget(), sys.getrefcount(None)
    for _ in range(500):
        widget.update()
    assert sys.getrefcount(None) > before - 100


def test_a_stroke_is_seen_and_is_one_undo_step(canvas: Canvas) -> None:
    blank = seen(canvas)
    stroke(canvas, (50, 50), (200, 50), (200, 200))
    assert seen(canvas)[50, 100].tolist() == [0, 0, 0]
    assert [label for label, _ in canvas.session.history.steps] == ["Open", "Brush"]
    canvas.session.undo()
    assert (seen(canvas) == blank).all()
    canvas.session.redo()
    assert seen(canvas)[50, 100].tolist() == [0, 0, 0]


def test_the_screen_shows_the_document(canvas: Canvas) -> None:
    stroke(canvas, (20, 20), (300, 250))
    document = read(canvas.session.document, canvas.session.document.rect)[..., :3]
    assert (seen(canvas)[:300, :400] == document).all()


@pytest.mark.skipif("QT_SCALE_FACTOR" in os.environ, reason="this is that run")
def test_all_this_holds_on_a_dense_screen() -> None:
    environment = {**os.environ, "QT_SCALE_FACTOR": "1.5"}
    command = [sys.executable, "-m", "pytest", "-q", __file__]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_strokes_lie_on_a_layer_of_their_own(canvas: Canvas) -> None:
    stroke(canvas, (50, 50), (90, 50))
    stroke(canvas, (50, 90), (90, 90))
    assert [layer.name for layer in canvas.session.document.layers] == ["Background", "Strokes"]
    assert stroke_alpha(canvas.session.document)[50, 70] == 255
    assert stroke_alpha(canvas.session.document)[150, 70] == 0


def test_a_stroke_of_half_opacity_stays_at_half_where_it_crosses_itself(canvas: Canvas) -> None:
    canvas.tool = Brush(size=20, hardness=1, opacity=0.5)
    stroke(canvas, (50, 100), (200, 100), (200, 150), (120, 150), (120, 50))
    alpha = stroke_alpha(canvas.session.document)
    assert abs(int(alpha[100, 120]) - 128) <= 1
    assert alpha.max() <= 129


def test_a_soft_brush_fades_to_its_rim(canvas: Canvas) -> None:
    canvas.tool = Brush(size=60, hardness=0.2)
    stroke(canvas, (100, 100))
    alpha = stroke_alpha(canvas.session.document)[100, 100:131].astype(int)
    assert alpha[0] > 250
    assert (np.diff(alpha) <= 2).all()
    assert alpha[-1] < 20


def test_a_fast_circle_is_round(canvas: Canvas) -> None:
    """Eight events make a circle and not an octagon, whose corners would lie 7.6 pixels outside its sides."""
    canvas.tool = Brush(size=3, hardness=1)
    angles = [2 * math.pi * i / 8 for i in range(9)]
    mouse(canvas, QEvent.Type.MouseButtonPress, (300, 150))
    for angle in angles:
        mouse(canvas, QEvent.Type.MouseMove, (200 + 100 * math.cos(angle), 150 + 100 * math.sin(angle)))
    mouse(canvas, QEvent.Type.MouseButtonRelease, (300, 150))
    y, x = np.nonzero(stroke_alpha(canvas.session.document) > 128)
    left = x < 200  # away from where it began
    radii = np.hypot(x[left] + 0.5 - 200, y[left] + 0.5 - 150)
    assert radii.max() - radii.min() < 6


def test_a_fast_stroke_has_no_gaps(canvas: Canvas) -> None:
    mouse(canvas, QEvent.Type.MouseButtonPress, (20, 150))
    mouse(canvas, QEvent.Type.MouseMove, (380, 150))
    mouse(canvas, QEvent.Type.MouseButtonRelease, (380, 150))
    assert (stroke_alpha(canvas.session.document)[150, 20:380] == 255).all()


def test_escape_leaves_no_trace(canvas: Canvas) -> None:
    blank, document = seen(canvas), canvas.session.document
    stroke(canvas, (50, 50), (200, 50), release=False)
    assert (seen(canvas) != blank).any()
    assert canvas.cancel_gesture()
    assert (seen(canvas) == blank).all()
    assert canvas.session.document is document
    assert not canvas.cancel_gesture()
    mouse(canvas, QEvent.Type.MouseButtonRelease, (200, 50))
    assert canvas.session.document is document


def test_the_eraser_takes_strokes_and_never_the_picture(canvas: Canvas) -> None:
    stroke(canvas, (50, 50), (200, 50))
    canvas.set_tool(Eraser(size=30, hardness=1))
    stroke(canvas, (120, 50), (160, 50))
    assert pixel(canvas.session.document, 140, 50) == [255, 255, 255, 255]
    assert pixel(canvas.session.document, 80, 50) == [0, 0, 0, 255]


def test_erasing_beside_the_strokes_is_no_step(canvas: Canvas) -> None:
    stroke(canvas, (50, 50), (200, 50))
    document = canvas.session.document
    canvas.set_tool(Eraser(size=30))
    stroke(canvas, (50, 200), (200, 200))
    assert canvas.session.document is document


def test_painting_beside_the_picture_is_no_step(canvas: Canvas) -> None:
    document = canvas.session.document
    stroke(canvas, (-90, 50), (-60, 200))
    assert canvas.session.document is document


def test_erasing_where_there_are_no_strokes_says_so(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.set_tool(Eraser())
    with qtbot.waitSignal(canvas.session.said) as said:
        stroke(canvas, (50, 50), (90, 50))
    assert "no strokes to erase" in said.args[0]
    assert len(canvas.session.history.steps) == 1


def test_shift_draws_a_straight_line_from_the_last_stroke(canvas: Canvas) -> None:
    stroke(canvas, (50, 50))
    stroke(canvas, (250, 200), keys=Qt.KeyboardModifier.ShiftModifier)
    assert stroke_alpha(canvas.session.document)[125, 150] == 255


def test_ctrl_picks_a_colour_with_the_brush(canvas: Canvas) -> None:
    canvas.session.set_colour(QColor(10, 200, 30))
    stroke(canvas, (50, 50), (90, 50))
    canvas.session.set_colour(QColor("black"))
    stroke(canvas, (70, 50), keys=Qt.KeyboardModifier.ControlModifier)
    assert canvas.session.colour == QColor(10, 200, 30)
    assert len(canvas.session.history.steps) == 2


def test_the_eyedropper_takes_what_is_seen(canvas: Canvas) -> None:
    canvas.set_tool(Pick())
    stroke(canvas, (5, 5))
    assert canvas.session.colour == QColor("white")


def test_pressure_makes_the_line_thick_and_thin(canvas: Canvas) -> None:
    canvas.tool = Brush(size=40, hardness=1)
    pen(canvas, QEvent.Type.TabletPress, (50, 150), 0.2)
    for i in range(1, 21):
        pen(canvas, QEvent.Type.TabletMove, (50 + 15 * i, 150), 0.2 + 0.04 * i)
    pen(canvas, QEvent.Type.TabletRelease, (350, 150), 0.0)
    thickness = (stroke_alpha(canvas.session.document) > 128).sum(0)
    assert thickness[60] < 14
    assert thickness[330] > 34


def test_the_other_end_of_the_pen_erases(canvas: Canvas) -> None:
    stroke(canvas, (50, 150), (350, 150))
    pen(canvas, QEvent.Type.TabletPress, (200, 150), 1.0, RUBBER)
    pen(canvas, QEvent.Type.TabletRelease, (200, 150), 0.0, RUBBER)
    assert stroke_alpha(canvas.session.document)[150, 200] == 0
    assert canvas.session.history.steps[-1][0] == "Eraser"


def test_mouse_events_beside_a_pens_are_ignored(canvas: Canvas) -> None:
    pen(canvas, QEvent.Type.TabletPress, (50, 150), 1.0)
    stroke(canvas, (50, 20), (350, 20))
    pen(canvas, QEvent.Type.TabletRelease, (60, 150), 0.0)
    assert not stroke_alpha(canvas.session.document)[20].any()
    assert len(canvas.session.history.steps) == 2


def test_a_pen_that_leaves_without_a_release_ends_its_stroke(canvas: Canvas) -> None:
    pen(canvas, QEvent.Type.TabletPress, (50, 150), 1.0)
    pen(canvas, QEvent.Type.TabletMove, (90, 150), 1.0)
    QApplication.sendEvent(canvas, QFocusEvent(QEvent.Type.FocusOut))
    assert [label for label, _ in canvas.session.history.steps] == ["Open", "Brush"]
    stroke(canvas, (50, 20), (350, 20))  # the mouse is heard again
    assert len(canvas.session.history.steps) == 3


def test_a_second_button_changes_nothing(canvas: Canvas) -> None:
    left, middle = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
    press, release = QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease
    before = canvas.view
    stroke(canvas, (50, 50), (100, 50), release=False)
    button_event(canvas, press, (100, 50), middle, left | middle)
    mouse(canvas, QEvent.Type.MouseMove, (200, 50))
    button_event(canvas, release, (200, 50), left, middle)
    assert not canvas.session.is_busy
    assert canvas.view == before
    assert stroke_alpha(canvas.session.document)[50, 50:200].all()
    button_event(canvas, release, (200, 50), middle, Qt.MouseButton.NoButton)
    assert len(canvas.session.history.steps) == 2


def test_a_release_that_went_elsewhere_ends_the_stroke_where_it_was(canvas: Canvas) -> None:
    stroke(canvas, (50, 50), (100, 50), release=False)
    button_event(canvas, QEvent.Type.MouseMove, (300, 250), Qt.MouseButton.NoButton, Qt.MouseButton.NoButton)
    assert not canvas.session.is_busy
    alpha = stroke_alpha(canvas.session.document)
    assert alpha[50, 100] == 255
    assert not alpha[100:].any()


def test_what_waits_for_a_stroke_never_reaches_another_document(canvas: Canvas) -> None:
    stroke(canvas, (50, 50), (200, 50), release=False)
    canvas.session.commit("Result", lambda document: document.with_layer(document.layers[0]))
    other = new_document(400, 300, (9, 9, 9, 255))
    canvas.session.open(other)
    assert canvas.session.document is other
    assert not canvas.session.is_busy
    stroke(canvas, (300, 200), keys=Qt.KeyboardModifier.ShiftModifier)
    assert not stroke_alpha(canvas.session.document)[50:100, 50:200].any()


def test_nothing_is_committed_while_a_stroke_is_under_way(canvas: Canvas) -> None:
    """A result that arrives meanwhile waits for the release, and undo does nothing."""
    session = canvas.session
    stroke(canvas, (50, 50), (200, 50), release=False)
    blue = layer_from(np.full((20, 20, 4), (0, 0, 255, 255), np.uint8), "Result", "result", 300, 200)
    session.commit("Result", lambda document: document.with_layer(blue))
    session.undo()
    assert len(session.history.steps) == 1
    mouse(canvas, QEvent.Type.MouseButtonRelease, (200, 50))
    assert [label for label, _ in session.history.steps] == ["Open", "Brush", "Result"]
    assert [layer.name for layer in session.document.layers] == ["Background", "Strokes", "Result"]
    assert pixel(session.document, 100, 50) == [0, 0, 0, 255]


def test_strokes_over_a_result_start_a_new_layer(canvas: Canvas) -> None:
    stroke(canvas, (50, 50), (90, 50))
    canvas.session.commit(
        "Result",
        lambda document: document.with_layer(layer_from(np.zeros((9, 9, 4), np.uint8), "R", "result")),
    )
    stroke(canvas, (50, 90), (90, 90))
    assert [layer.kind for layer in canvas.session.document.layers] == [
        "picture",
        "strokes",
        "result",
        "strokes",
    ]


def test_painting_stops_at_the_edge(canvas: Canvas) -> None:
    stroke(canvas, (-30, 150), (430, 150))
    beyond = composite(canvas.session.document, Rect(400, 0, 112, 512))
    assert not beyond.any()


def test_fill_colours_what_hangs_together(canvas: Canvas) -> None:
    stroke(canvas, (200, -20), (200, 320))
    canvas.session.set_colour(QColor(255, 0, 0))
    canvas.set_tool(Fill())
    stroke(canvas, (50, 50))
    assert pixel(canvas.session.document, 10, 290) == [255, 0, 0, 255]
    assert pixel(canvas.session.document, 390, 10) == [255, 255, 255, 255]
    canvas.session.undo()
    assert pixel(canvas.session.document, 10, 290) == [255, 255, 255, 255]


def test_connected_follows_every_winding() -> None:
    comb = np.zeros((60, 80), bool)
    comb[1:59, 1::4] = True
    comb[58, 1:78] = True  # joined at the foot only
    apart = np.zeros_like(comb)
    apart[10:20, 3] = True  # between two teeth, touching none
    assert (connected(comb | apart, 1, 1) == comb).all()
    assert (connected(comb | apart, 3, 12) == apart).all()
    spiral = np.ones((41, 41), bool)
    for i in range(0, 20, 4):
        spiral[i + 2, i + 2 : 41 - i] = False
    assert connected(spiral, 0, 0)[40, 40]


def test_a_wheel_zooms_to_the_pointer(canvas: Canvas) -> None:
    at = QPointF(120, 90)
    before = canvas.view.to_canvas(at)
    wheel(canvas, at, QPoint(0, 240))
    assert canvas.view.zoom == pytest.approx(1.44)
    after = canvas.view.to_canvas(at)
    assert abs(after.x() - before.x()) < 1
    assert abs(after.y() - before.y()) < 1


def test_two_fingers_move_the_view_and_a_sideways_wheel_does_nothing(canvas: Canvas) -> None:
    before = canvas.view
    wheel(canvas, QPointF(120, 90), QPoint(120, 0))
    assert canvas.view == before
    wheel(canvas, QPointF(120, 90), QPoint(0, 80), QPoint(8, 12), Qt.ScrollPhase.ScrollUpdate)
    assert canvas.view == before.panned(QPointF(8, 12))


def test_a_pinch_zooms(canvas: Canvas) -> None:
    at = QPointF(120, 90)
    pinch = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture,
        PEN,
        2,
        at,
        at,
        QPointF(canvas.mapToGlobal(at)),
        0.5,
        QPointF(),
    )
    QApplication.sendEvent(canvas, pinch)
    assert canvas.view.zoom == pytest.approx(1.5)


def test_the_view_stays_when_a_canvas_is_sized_before_it_is_shown(qtbot: QtBot) -> None:
    canvas = Canvas(Session(new_document(400, 300, (255, 255, 255, 255))))
    qtbot.addWidget(canvas)
    canvas.actual_size()
    before = canvas.view
    canvas.resize(1200, 900)
    canvas.show()
    assert canvas.view == before


def test_the_zoom_that_is_told_is_the_one_that_is_shown(qtbot: QtBot) -> None:
    canvas = Canvas(Session(new_document(400, 300, (255, 255, 255, 255))))
    qtbot.addWidget(canvas)
    told: list[float] = []
    canvas.zoom_changed.connect(told.append)
    canvas.resize(300, 200)
    canvas.show()
    canvas.grab()
    assert canvas.view.ratio == canvas.devicePixelRatioF()
    assert told[-1] == canvas.view.zoom


def test_zoom_stops_fit_and_actual_size(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.zoom_in()
    assert canvas.view.zoom == 1.5
    canvas.zoom_out()
    canvas.zoom_out()
    assert canvas.view.zoom == pytest.approx(2 / 3)
    with qtbot.waitSignal(canvas.zoom_changed) as zoomed:
        canvas.actual_size()
    assert zoomed.args == [1.0]
    canvas.fit()
    corner = canvas.view.transform.map(QPointF(400, 300))
    assert corner.x() < canvas.width()
    assert corner.y() < canvas.height()


def test_space_and_the_hand_move_the_view_and_paint_nothing(canvas: Canvas) -> None:
    x = canvas.view.x
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    stroke(canvas, (100, 100), (150, 100))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.view.x != x
    canvas.set_tool(Pan())
    stroke(canvas, (100, 100), (150, 100))
    assert len(canvas.session.history.steps) == 1


@pytest.mark.parametrize("zoom", [0.13, 0.4, 1.37, 2.5, 20.0])
def test_repainting_a_part_leaves_no_seam(canvas: Canvas, zoom: float) -> None:
    photo = np.random.default_rng(3).integers(0, 256, (300, 400, 4), dtype=np.uint8)
    photo[..., 3] = 255
    canvas.session.open(document_from(photo))
    canvas._zoom(zoom, QPointF(200, 150))
    canvas._move_hover(None)
    whole = canvas.grab().toImage()
    in_parts = QImage(whole.size(), whole.format())
    in_parts.setDevicePixelRatio(whole.devicePixelRatio())
    for x in range(0, canvas.width(), 38):
        for y in range(0, canvas.height(), 54):
            canvas.render(in_parts, QPoint(x, y), QRegion(x, y, 38, 54))
    rounding = 0 if zoom >= 1 else 1
    assert np.abs(rgba_of(in_parts).astype(int) - rgba_of(whole)).max() <= rounding


def test_an_overlay_is_shown_and_never_becomes_part_of_the_document(canvas: Canvas) -> None:
    blank, document = seen(canvas), canvas.session.document
    green = np.full((10, 10, 4), (0, 255, 0, 255), np.uint8)
    canvas.session.preview(Overlay(Rect(100, 100, 80, 40), green))
    assert seen(canvas)[120, 140].tolist() == [0, 255, 0]
    assert (seen(canvas)[50] == blank[50]).all()
    canvas.session.preview(None)
    assert (seen(canvas) == blank).all()
    assert canvas.session.document is document


def test_comparing_shows_the_original_picture(canvas: Canvas) -> None:
    blank = seen(canvas)
    stroke(canvas, (50, 50), (200, 50))
    painted = seen(canvas)
    canvas.session.compare(True)
    assert (seen(canvas) == blank).all()
    canvas.session.compare(False)
    assert (seen(canvas) == painted).all()


def test_a_frozen_array_cannot_be_painted_on() -> None:
    tile = new_document(10, 10, (1, 2, 3, 255)).layers[0].tiles[0, 0]
    with pytest.raises(ValueError, match="frozen"), painting(tile):
        pass
    assert image_of(tile).pixelColor(0, 0) == QColor(1, 2, 3)


def test_another_document_fits_the_canvas(canvas: Canvas) -> None:
    canvas.session.open(new_document(2000, 1000, (200, 100, 50, 255)))
    assert canvas.view.zoom < 0.3
    assert (seen(canvas)[150, 200] == (200, 100, 50)).all()
