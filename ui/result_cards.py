"""The cards of the results: small pictures side by side, each with what it was made with."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QPainter, QPen, QPixmap, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from ui import theme
from ui.document import Result
from ui.icons import icon
from ui.language import tr
from ui.results import told

WIDE, TALL = 104, 72  # points, of a picture
STAR = "#e9b949"  # on the dark disc in every theme
CARD = QSize(WIDE + 12, TALL + 28)
_Index = QModelIndex | QPersistentModelIndex
_PICTURE, _STAR, _APPLIED, _BADGE = (Qt.ItemDataRole.UserRole + place for place in range(4))


class Cards(QListWidget):
    """Pictures side by side."""

    wanted = Signal(str)
    menu_asked = Signal(QPoint)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Results"))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFixedHeight(CARD.height() + 14)
        self.setItemDelegate(_Card(self))
        self.itemDoubleClicked.connect(lambda item: self.wanted.emit("apply"))

    def wheelEvent(self, event: QWheelEvent) -> None:
        bar, turned = self.horizontalScrollBar(), event.angleDelta()
        bar.setValue(bar.value() - (turned.x() or turned.y()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = {
            Qt.Key.Key_Return: "apply",
            Qt.Key.Key_Enter: "apply",
            Qt.Key.Key_Delete: "delete",
            Qt.Key.Key_Space: "star",
        }
        wanted = keys.get(Qt.Key(event.key()))
        if wanted is not None:
            self.wanted.emit(wanted)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        item = self.itemAt(event.pos())
        if item is not None:
            self.setCurrentItem(item)
            self.menu_asked.emit(event.globalPos())


def card(result: Result, picture: QPixmap) -> QListWidgetItem:
    """What stands in the list for a result."""
    what = told(result)
    item = QListWidgetItem(what.line)
    item.setData(_PICTURE, picture)
    item.setData(_STAR, result.starred)
    item.setData(_APPLIED, result.applied)
    item.setData(_BADGE, what.badge)
    keys = tr("Click to see it on the canvas, double click to apply it")
    marks = [tr("starred")] * result.starred + [tr("applied")] * result.applied
    item.setToolTip("\n".join((what.all, *([tr("It is applied as a layer")] * result.applied), keys)))
    item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join((f"{what.badge} {what.line}", *marks)))
    return item


class _Card(QStyledItemDelegate):
    """Paints a result: its picture with what it was made with, a star, and a line below."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return CARD

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        box, chosen = QRect(option.rect), bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(theme.ACCENT_DIM if chosen else theme.HOVER))
            painter.drawRoundedRect(QRectF(box).adjusted(1, 1, -1, -1), 5, 5)
        frame = QRect(box.left() + 6, box.top() + 5, WIDE, TALL)
        picture = index.data(_PICTURE)
        ratio = picture.devicePixelRatio()
        size = QSize(round(picture.width() / ratio), round(picture.height() / ratio))
        place = QRect(frame.center() - QRect(QPoint(), size).center(), size)
        painter.drawPixmap(place, picture)
        painter.setFont(theme.small(painter.font()))
        self._badge(painter, place, box.adjusted(3, 0, -3, 0), str(index.data(_BADGE)))
        for is_shown, sign, left in (
            (index.data(_STAR), icon("star-fill", STAR), place.right() - 19),
            (index.data(_APPLIED), icon("check-bold", "#ffffff"), place.left() + 3),
        ):
            if is_shown:
                corner = QRect(left, place.top() + 3, 16, 16)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(0, 0, 0, 150))
                painter.drawEllipse(QRectF(corner).adjusted(-1, -1, 1, 1))
                sign.paint(painter, corner.adjusted(2, 2, -2, -2))
        line = QRect(box.left() + 4, frame.bottom() + 2, box.width() - 8, box.bottom() - frame.bottom() - 4)
        text = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, line.width())
        painter.setPen(QColor(theme.TEXT if chosen else theme.QUIET))
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()

    def _badge(self, painter: QPainter, place: QRect, box: QRect, text: str) -> None:
        """On the picture, and on the rest of the card if it is long."""
        if not text:
            return
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, box.width() - 10)
        wide = painter.fontMetrics().horizontalAdvance(text) + 10
        high = painter.fontMetrics().height() + 2
        left = max(min(place.left() + 3, box.right() - wide), box.left())
        badge = QRectF(left, place.bottom() - high - 2, wide, high)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 165))
        painter.drawRoundedRect(badge, 4, 4)
        painter.setPen(QPen(QColor("#ffffff")))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, text)
