"""Transform: the active layer in a frame of handles, until Enter or Escape."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QPolygonF

from ui import pose
from ui.document import Document
from ui.floating import Floating, Landing
from ui.language import marked, tr
from ui.options import choice
from ui.pose import Grip, Mode, Pose
from ui.session import Session
from ui.tools.move import taken_up
from ui.tools.pointer import Gesture, Hint, Pointer
from ui.tools.select import ARROWS
from ui.transform import Matrix, Resampling, between, size_of
from ui.view import View
from ui.work import Making

KNOB = 4.5  # points, half the side of a handle
LIGHT, DARK = QColor(255, 255, 255, 235), QColor(0, 0, 0, 160)
FINISH = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
MODES = (
    (
        "scale",
        "Scale",
        "Corners keep the proportions; Shift frees them, Alt keeps the middle, Ctrl distorts",
    ),
    ("skew", "Skew", "Sides slide along themselves"),
    ("distort", "Distort", "Each corner goes where it goes"),
    ("perspective", "Perspective", "A corner takes its neighbour the other way"),
)
WAYS = (
    ("bicubic", "Sharp", "Bicubic: for photos"),
    ("bilinear", "Soft", "Bilinear"),
    ("nearest", "Nearest", "Nearest neighbour: for pixel art; no new colours"),
)


@dataclass
class Transform:
    name: str = "Transform"
    icon: str = "bounding-box"
    shortcut: str = "Ctrl+T"
    tip: str = "Scale, turn and move the layer by its frame."
    hints: tuple[Hint, ...] = (
        (("apply_result",), "apply"),
        (("step_back",), "leave it"),
        ("Shift", "change the shape"),
    )
    cursor: Qt.CursorShape = Qt.CursorShape.ArrowCursor
    outline: float | None = None
    mode: Mode = choice("scale", "Mode", MODES)
    how: Resampling = choice("bicubic", "Pixels", WAYS)
    floating: Floating | None = field(default=None, repr=False)  # what is in the frame
    pose: Pose = field(default_factory=lambda: np.zeros((4, 2)), repr=False)
    _of: tuple[Document, int] | None = field(default=None, repr=False)  # document and layer of the frame
    is_under_way: bool = field(default=False, repr=False)  # whether there is something to be applied
    landing: Landing = field(default_factory=Landing, repr=False)

    def look(self, session: Session) -> bool:
        """Put the frame round the active layer, unless it is there; whether there is one."""
        there = session.document, session.active
        if not self.is_under_way and not session.is_busy and self._of != there:
            self._of, taken = there, taken_up(session)
            self.floating = None if taken is None else Floating(*taken)
            if self.floating is not None:
                self.pose = self.floating.frame
        return self.floating is not None

    def set_pose(self, session: Session, wish: Pose) -> None:
        """Show the layer so; nothing happens where it could not be drawn."""
        if not self.look(session) or self.floating is None or not pose.is_sound(wish):
            return
        if not self.is_under_way:
            if session.is_busy:
                return
            session.begin()
            self.is_under_way = True
            session.show(self.floating.ground, whole=self.floating.document)
        self.pose = wish
        session.pulled.emit()

    def finish(self, session: Session) -> None:
        """The layer is what the frame shows: one undo step."""
        if not self.is_under_way or self.floating is None:
            return
        floating, matrix = self.floating, self.matrix
        try:
            pixels = size_of(floating.layer, matrix)
        except ValueError:
            session.said.emit(tr("The layer would be too large: make it smaller first."))
            return
        self.is_under_way = False
        self.landing.hold(floating, matrix, self.how != "nearest")
        session.keep_made(marked("Transform"), _applied(session.document, floating, matrix, self.how), pixels)
        self._let_go(session)

    def give_up(self, session: Session) -> bool:
        if not self.is_under_way:
            return False
        self.is_under_way = False
        session.drop()
        self._let_go(session)
        return True

    @property
    def matrix(self) -> Matrix:
        """From where the layer was to where it is."""
        assert self.floating is not None
        return between(self.floating.frame, self.pose)

    def gesture(self, session: Session, pointer: Pointer) -> Gesture:
        if not self.look(session):
            self._of = None  # say once more why not
            self.look(session)
            return
        first, start = self.pose, np.array([pointer.x, pointer.y])
        grip = pose.grip_at(first, start, pointer.point)
        mode: Mode = self.mode
        if pointer.ctrl:  # for this once
            mode = "distort" if grip.part == "corner" else "skew"
        try:
            while pointer.down:
                pointer = yield
                now = np.array([pointer.x, pointer.y])
                self.set_pose(session, pose.pulled(first, grip, start, now, mode, pointer.shift, pointer.alt))
        except GeneratorExit:
            self.give_up(session)
            raise

    def paint_picture(self, painter: QPainter, session: Session) -> bool:
        if not self.is_under_way or self.floating is None or session.comparing:
            return False
        return self.floating.draw(painter, self.matrix, self.how != "nearest")

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        if not self.look(session):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        point = view.ratio / view.zoom
        frame = QPolygonF([view.transform.map(QPointF(x, y)) for x, y in self.pose.tolist()])
        x, y = pose.knob(self.pose, point).tolist()
        knob = view.transform.map(QPointF(x, y))
        stem = QPolygonF([(frame.at(0) + frame.at(1)) / 2, knob])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(DARK, 3), QPen(LIGHT, 1.2)):
            painter.setPen(pen)
            painter.drawPolygon(frame)
            painter.drawPolyline(stem)
        painter.setPen(QPen(DARK, 1.2))
        painter.setBrush(LIGHT)
        painter.drawEllipse(knob, KNOB + 0.5, KNOB + 0.5)
        for number in range(4):
            a, b = frame.at(number), frame.at((number + 1) % 4)
            for spot in (a, (a + b) / 2):
                painter.drawRect(QRectF(spot.x() - KNOB, spot.y() - KNOB, 2 * KNOB, 2 * KNOB))

    def cursor_over(self, session: Session, pointer: Pointer) -> Qt.CursorShape:
        if self.floating is None:
            return self.cursor
        grip = pose.grip_at(self.pose, np.array([pointer.x, pointer.y]), pointer.point)
        return _cursor(self.pose, grip, self.mode)

    def key(self, session: Session, event: QKeyEvent) -> bool:
        key, keys = Qt.Key(event.key()), event.modifiers()
        if key in FINISH and self.is_under_way:
            self.finish(session)
        elif key in ARROWS and not keys & Qt.KeyboardModifier.ControlModifier:
            far = 10 if keys & Qt.KeyboardModifier.ShiftModifier else 1
            dx, dy = ARROWS[key]
            self.set_pose(session, pose.moved(self.pose, far * dx, far * dy))
        else:
            return False
        return True

    def _let_go(self, session: Session) -> None:
        self._of = self.floating = None
        session.pulled.emit()


def _applied(before: Document, floating: Floating, matrix: Matrix, how: Resampling) -> Making[Document]:
    """The document with the layer as the frame shows it; what was selected would not fit any more."""
    after = yield from floating.landed(matrix, how)
    after = after if after.selection is None else replace(after, selection=None)
    return after if after.layers != before.layers else before


def _cursor(where: Pose, grip: Grip, mode: Mode) -> Qt.CursorShape:
    if grip.part == "inside":
        return Qt.CursorShape.SizeAllCursor
    if grip.part == "turn":
        return Qt.CursorShape.PointingHandCursor
    if mode in ("distort", "perspective"):
        return Qt.CursorShape.CrossCursor
    spot = where[grip.number]
    if grip.part == "side":
        spot = (spot + where[(grip.number + 1) % 4]) / 2
    way = spot - pose.middle(where)
    if mode == "skew" and grip.part == "side":
        way = np.array([-way[1], way[0]])
    angle = np.degrees(np.arctan2(way[1], way[0])) % 180
    return (
        Qt.CursorShape.SizeHorCursor,
        Qt.CursorShape.SizeFDiagCursor,
        Qt.CursorShape.SizeVerCursor,
        Qt.CursorShape.SizeBDiagCursor,
    )[round(angle / 45) % 4]
