"""A picture with a red ball that is to be dragged, and the hands that pull it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtTest import QTest

from engine.types import Handle
from tests.bench import Bench
from tests.hands import Point, mouse
from ui.document import Document, Pull, document_from
from ui.pixels import rgba_of
from ui.tools import Drag, Watch

SHIFT, CONTROL, ALT, NONE = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.NoModifier,
)
PRESS, MOVE, RELEASE = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.MouseButtonRelease,
)


def photo(width: int = 240, height: int = 160) -> Document:
    """A red ball of radius 12 at 60, 80 on grounds of soft blue, no two rows alike."""
    rows, columns = np.mgrid[:height, :width]
    rgba = np.full((height, width, 4), 255, np.uint8)
    rgba[..., 0] = 60 + rows // 4
    rgba[..., 1] = 110 + columns // 8
    rgba[..., 2] = 190
    rgba[np.hypot(columns + 0.5 - 60, rows + 0.5 - 80) < 12] = (210, 40, 30, 255)
    return document_from(rgba)


def take_up(bench: Bench, document: Document | None = None) -> Drag:
    """Open a picture, at 100 %, and take the tool."""
    bench.session.open(document or photo())
    bench.key(Qt.Key.Key_W)
    bench.window.canvas.actual_size()
    tool = bench.window.canvas.tool
    assert isinstance(tool, Drag)
    tool.radius = 20.0
    return tool


def pull(bench: Bench, *points: Point, keys: Qt.KeyboardModifier = NONE, release: bool = True) -> None:
    canvas = bench.window.canvas
    mouse(canvas, PRESS, points[0], keys)
    for point in points[1:]:
        mouse(canvas, MOVE, point, keys)
    if release:
        mouse(canvas, RELEASE, points[-1], keys)


def press_key(bench: Bench, key: Qt.Key, keys: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(bench.window.canvas, key, keys)


def only(bench: Bench) -> Handle:
    (pulled,) = bench.session.document.pulls
    return pulled.handle


def steps(bench: Bench) -> int:
    return len(bench.session.history.steps)


def near(a: Point, b: Point) -> bool:
    return math.dist(a, b) <= 0.15


def screen(bench: Bench, x: int, y: int, width: int, height: int) -> np.ndarray:
    """A part of the picture as it is seen at 100 %, without marks."""
    canvas = bench.window.canvas
    tool, canvas.tool = canvas.tool, Watch(drag=bench.window.holding.drag, marks=False)
    corner = canvas.view.transform.map(QPointF(x, y)).toPoint()
    assert canvas.view.zoom == 1
    seen = rgba_of(canvas.grab().toImage())[..., :3]
    canvas.tool = tool
    return seen[corner.y() : corner.y() + height, corner.x() : corner.x() + width]


def with_pulls(document: Document, *handles: Handle) -> Document:
    pulls = tuple(Pull(f"Handle {i + 1}", handle) for i, handle in enumerate(handles))
    return replace(document, pulls=pulls)
