"""The jobs that the program is made for, each with a sample to try it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from engine.pictures import Rgba, open_picture
from engine.types import Handle
from ui.document import Document, Pull, document_from, layer_from, new_document
from ui.files import SAMPLES
from ui.language import tr
from ui.tools import marks
from ui.transform import pasted

TASKS_FOLDER = SAMPLES / "tasks"
LAKE = SAMPLES / "mountain lake strokes.png"
BALLOON = QPointF(330, 52)  # where it is pasted: below what is told first
PULL = Handle((110.0, 72.0), (370.0, 112.0), radius=66.0)  # the balloon over the bay


@dataclass(frozen=True)
class Task:
    title: str
    text: str
    icon: str
    tool: str  # that is chosen for it, if there is one of that name
    first_step: str  # said once the sample is open
    document: Callable[[], Document]
    paint: Callable[[QPainter, QRectF], None]  # the picture on its card


def _strokes() -> Document:
    rgba = _rgba(LAKE)
    sheet = new_document(rgba.shape[1], rgba.shape[0], (255, 255, 255, 255), tr("Background"))
    return sheet.with_layer(layer_from(rgba, tr("Strokes"), "strokes"))


def _photo() -> Document:
    document = document_from(_rgba(TASKS_FOLDER / "valley.webp"), tr("Valley"))
    return document.with_layer(
        layer_from(_rgba(TASKS_FOLDER / "valley strokes.png"), tr("Strokes"), "strokes")
    )


def _composition() -> Document:
    document = document_from(_rgba(TASKS_FOLDER / "lake.webp"), tr("Lake"))
    x, y = round(BALLOON.x()), round(BALLOON.y())
    balloon = layer_from(_rgba(TASKS_FOLDER / "balloon.png"), tr("Balloon"), "strokes", x, y)
    return document.with_layer(pasted(balloon))


def _drag() -> Document:
    document = document_from(_rgba(TASKS_FOLDER / "bay.webp"), tr("Bay"))
    return replace(document, pulls=(Pull(tr("Balloon"), PULL),))


def _paint_strokes(painter: QPainter, box: QRectF) -> None:
    """Half as it was painted, half as it became."""
    _cover(painter, box, LAKE)
    painter.save()
    right = QRectF(box)
    right.setLeft(box.center().x())
    painter.setClipRect(right, Qt.ClipOperation.IntersectClip)
    _cover(painter, box, TASKS_FOLDER / "mountain lake made real.webp")
    painter.restore()
    painter.setPen(QPen(QColor(255, 255, 255, 220), 2))
    painter.drawLine(QPointF(right.left(), box.top()), QPointF(right.left(), box.bottom()))


def _paint_photo(painter: QPainter, box: QRectF) -> None:
    _cover(painter, box, TASKS_FOLDER / "valley.webp", 1.0)
    _cover(painter, box, TASKS_FOLDER / "valley strokes.png", 1.0)


def _paint_composition(painter: QPainter, box: QRectF) -> None:
    place = _cover(painter, box, TASKS_FOLDER / "lake.webp", 0.0)
    balloon = _image(TASKS_FOLDER / "balloon.png")
    scale = place.width() / 512
    at = QRectF(place.topLeft() + BALLOON * scale, QSizeF(balloon.size()) * scale)
    painter.drawImage(at, balloon)
    pen = QPen(QColor(255, 255, 255, 230), 1.4, Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(at.adjusted(-3, -3, 3, 3))


def _paint_drag(painter: QPainter, box: QRectF) -> None:
    place = _cover(painter, box, TASKS_FOLDER / "bay.webp", 0.0)
    scale = place.width() / 512
    source, target = (place.topLeft() + QPointF(*point) * scale for point in (PULL.source, PULL.target))
    marks.paint_arrow(painter, source, target)


TASKS: tuple[Task, ...] = (
    Task(
        "Paint strokes",
        "Paint a landscape in rough strokes and make it real.",
        "paint-brush",
        "Brush",
        "These are strokes. Change them as you like, then press Make it real.",
        _strokes,
        _paint_strokes,
    ),
    Task(
        "Edit a photo with strokes",
        "Paint on a picture; only what you painted changes.",
        "image",
        "Brush",
        "A pond and flowers are painted on this picture. Press Make it real to let them belong to it.",
        _photo,
        _paint_photo,
    ),
    Task(
        "Compose and settle",
        "Paste a piece, place it, and let it settle in.",
        "stack",
        "Transform",
        "The balloon was pasted. Move it where you like, then press Settle.",
        _composition,
        _paint_composition,
    ),
    Task(
        "Drag",
        "Pull a thing to another place; what it leaves is filled.",
        "arrows-out-cardinal",
        "Drag",
        "The balloon has a handle that pulls it to the right. Press Drag.",
        _drag,
        _paint_drag,
    ),
)


def _rgba(path: Path) -> Rgba:
    return open_picture(path).rgba


@cache
def _image(path: Path) -> QImage:
    return QImage(str(path))


def _cover(painter: QPainter, box: QRectF, path: Path, down: float = 0.4) -> QRectF:
    """Paint the picture so that it covers the box; `down` says which part is seen where it is too tall.
    Returns where all of it would be.
    """
    image = _image(path)
    scale = max(box.width() / image.width(), box.height() / image.height())
    size = QSizeF(image.size()) * scale
    left = box.left() + (box.width() - size.width()) / 2
    place = QRectF(QPointF(left, box.top() + (box.height() - size.height()) * down), size)
    painter.save()
    painter.setClipRect(box, Qt.ClipOperation.IntersectClip)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(place, image)
    painter.restore()
    return place
