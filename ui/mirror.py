"""The axis of mirror painting, over the picture."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF
from PySide6.QtGui import QPainter

from ui.canvas import Canvas
from ui.session import Session
from ui.tools import Brush
from ui.tools.guides import paint_axis
from ui.view import View


class MirrorMarks:
    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas

    def paint_picture(self, painter: QPainter, session: Session) -> None:
        """The axis lies over the picture."""

    def paint(self, painter: QPainter, session: Session, view: View) -> None:
        tool, document = self._canvas.tool, session.shown
        if isinstance(tool, Brush) and tool.mirror:
            top, bottom = (QPointF(document.width / 2, y) for y in (0, document.height))
            paint_axis(painter, view.transform.map(QLineF(top, bottom)))
