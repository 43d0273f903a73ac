"""The tree in the layers panel: a row for each layer, the topmost first, and groups that fold.

A row is painted here: eye, small picture, picture of the mask, name over blend mode and opacity, locks.
Clicks are told by the part of the row that they meet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from PySide6.QtCore import (
    QEvent,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QDropEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QTreeWidget,
    QTreeWidgetItem,
    QTreeWidgetItemIterator,
    QWidget,
)

from ui import theme
from ui.document import Layer
from ui.icons import icon
from ui.language import marked, tr
from ui.stack import Where
from ui.widgets import is_claimed

PICTURE = 34  # points, the longer side
EYE = 30  # points, width of its column
INDENT = 14
_Index = QModelIndex | QPersistentModelIndex
Part = Literal["eye", "fold", "picture", "mask", "name", "lock"]
UID, LAYER, SEEN, IMAGE, MASK, NOTE = (Qt.ItemDataRole.UserRole + number for number in range(6))
DELETE = Qt.Key.Key_Delete, Qt.Key.Key_Backspace
MIME = "application/x-qabstractitemmodeldatalist"  # what Qt's own views take
TIPS: dict[Part, str] = {
    "eye": marked("Show or hide. Alt-click shows this layer alone"),
    "fold": marked("Fold or unfold the group"),
    "picture": marked("Paint on the layer. Ctrl-click selects what it covers"),
    "mask": marked("Paint on the mask: white shows, black hides. Shift-click turns back to the layer"),
    "name": marked("Double click to rename, drag to reorder"),
    "lock": marked("Unlock"),
}


class LayerTree(QTreeWidget):
    eye_clicked = Signal(int, bool)  # uid, whether it shall be seen alone
    part_clicked = Signal(int, bool)  # uid, whether on the mask
    covered_clicked = Signal(int)  # uid: select what it covers
    lock_clicked = Signal(int)  # uid
    dropped = Signal(int, str)  # uid of the layer beside which, Where
    renamed = Signal(int, str)
    delete_pressed = Signal()
    folded = Signal(int, bool)  # uid, whether it is

    def __init__(self) -> None:
        super().__init__()
        self.active, self.on_mask = 0, False
        self.setAccessibleName(tr("Layers"))
        self.setHeaderHidden(True)
        self.setIndentation(0)  # a row is as wide as the panel; what is in it is moved in
        self.setRootIsDecorated(False)
        self.setMouseTracking(True)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setItemDelegate(_Row(self))
        self.itemExpanded.connect(lambda item: self.folded.emit(item.data(0, UID), False))
        self.itemCollapsed.connect(lambda item: self.folded.emit(item.data(0, UID), True))

    def sizeHint(self) -> QSize:
        return QSize(0, 0)  # what it asks for is its least height; it takes what others leave

    def row_height(self) -> int:
        return max(PICTURE + 10, 2 * self.fontMetrics().height() + 10)

    def items(self) -> Iterator[QTreeWidgetItem]:
        """All rows, also those in folded groups."""
        rows = QTreeWidgetItemIterator(self)
        while (item := rows.value()) is not None:
            yield item
            rows += 1

    def item(self, uid: int) -> QTreeWidgetItem | None:
        return next((item for item in self.items() if item.data(0, UID) == uid), None)

    def part_at(self, index: _Index, at: QPoint) -> Part:
        """What of a row is there."""
        layer: Layer = index.data(LAYER)
        parts = parts_of(self.visualRect(index), index)
        return next(
            (part for part, box in parts.items() if box.contains(at) and (part != "lock" or layer.locked)),
            "name",
        )

    # ---- what Qt tells

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The eye, the arrow and the lock act at once and leave what is chosen alone."""
        at = event.position().toPoint()
        index = self.indexAt(at)
        if event.button() != Qt.MouseButton.LeftButton or not index.isValid():
            super().mousePressEvent(event)
            return
        uid, part, keys = index.data(UID), self.part_at(index, at), event.modifiers()
        if part == "eye":
            self.eye_clicked.emit(uid, bool(keys & Qt.KeyboardModifier.AltModifier))
        elif part == "fold":
            self.setExpanded(index, not self.isExpanded(index))
        elif part == "lock":
            self.lock_clicked.emit(uid)
        elif part == "picture" and keys & Qt.KeyboardModifier.ControlModifier:
            self.covered_clicked.emit(uid)
        else:
            super().mousePressEvent(event)
            if not keys & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier):
                self.part_clicked.emit(uid, part == "mask")

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        index = self.indexAt(at)
        if index.isValid() and self.part_at(index, at) == "name":
            self.edit(index)
        else:
            self.mousePressEvent(event)  # two clicks on an eye are two clicks

    def event(self, event: QEvent) -> bool:
        """Keys that mean something else in the rest of the window."""
        return is_claimed(event, Qt.Key.Key_Space, *DELETE) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if event.key() in DELETE:
            self.delete_pressed.emit()
            return
        if event.key() == Qt.Key.Key_Space and item is not None:
            self.eye_clicked.emit(
                item.data(0, UID), bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            )
        else:
            super().keyPressEvent(event)

    def mimeData(self, items: Sequence[QTreeWidgetItem]) -> QMimeData:
        """What is dragged is what is marked; rows themselves never travel."""
        mime = QMimeData()
        mime.setData(MIME, b"")
        return mime

    def dropEvent(self, event: QDropEvent) -> None:
        """Report the move and leave the tree to be filled anew from the document."""
        at = event.position().toPoint()
        index = self.indexAt(at)
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        if index.isValid():
            self.dropped.emit(index.data(UID), self.where_at(index, at))
        else:  # below the last row
            last = self.topLevelItem(self.topLevelItemCount() - 1)
            if last is not None:
                self.dropped.emit(last.data(0, UID), "below")

    def where_at(self, index: _Index, at: QPoint) -> Where:
        """Where a layer goes that is dropped there, as Qt's line between the rows shows it."""
        row, is_group = self.visualRect(index), index.data(LAYER).kind == "group"
        edge = min(max(round(row.height() / 5.5), 2), 12) if is_group else row.height() // 2
        if at.y() - row.top() < edge:
            return "above"
        if row.bottom() - at.y() < edge:
            return "inside" if is_group and self.isExpanded(index) else "below"
        return "inside" if is_group else "below"

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self.indexAt(event.pos())
            if index.isValid():
                QToolTip.showText(event.globalPos(), tr(TIPS[self.part_at(index, event.pos())]), self)
                return True
        return super().viewportEvent(event)


def parts_of(row: QRect, index: _Index) -> dict[Part, QRect]:
    """Where the parts of a row are."""
    layer: Layer = index.data(LAYER)
    left, top, height = row.left() + EYE + INDENT * _depth(index), row.top(), row.height()
    parts: dict[Part, QRect] = {"eye": QRect(row.left(), top, EYE, height)}
    if layer.kind == "group":
        parts["fold"] = QRect(left, top, 20, height)
        left += 20
        parts["picture"] = QRect(left, top, 24, height)
        left += 24
    else:
        parts["picture"] = QRect(left, top, PICTURE, height)
        left += PICTURE
    if layer.mask is not None:
        left += 5
        parts["mask"] = QRect(left, top, PICTURE, height)
        left += PICTURE
    right = row.right() - (26 if layer.locked else 6)
    if layer.locked:
        parts["lock"] = QRect(right, top, 26, height)
    if layer.alpha_locked:
        right -= 18
    parts["name"] = QRect(left + 9, top, max(right - left - 9, 0), height)
    return parts


def _depth(index: _Index) -> int:
    depth, parent = 0, index.parent()
    while parent.isValid():
        depth, parent = depth + 1, parent.parent()
    return depth


class _Row(QStyledItemDelegate):
    def __init__(self, tree: LayerTree) -> None:
        super().__init__(tree)
        self._tree = tree

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(0, self._tree.row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row, layer, seen = QRect(option.rect), index.data(LAYER), bool(index.data(SEEN))
        parts = parts_of(row, index)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = self._paint_ground(painter, option, index)
        painter.setOpacity(1.0 if seen or not layer.visible else 0.4)
        eye = icon("eye" if layer.visible else "eye-slash", ink if layer.visible else theme.FAINT)
        eye.paint(painter, _within(parts["eye"], 16))
        painter.setOpacity(1.0 if seen else 0.4)
        if layer.kind == "group":
            arrow = "caret-down" if self._tree.isExpanded(index) else "caret-right"
            icon(arrow, ink).paint(painter, _within(parts["fold"], 12))
            folder = "folder-open" if self._tree.isExpanded(index) else "folder"
            icon(folder, ink).paint(painter, _within(parts["picture"], 20))
        else:
            self._paint_picture(painter, parts["picture"], index.data(IMAGE), False)
        if "mask" in parts:
            edits = layer.uid == self._tree.active and self._tree.on_mask
            self._paint_picture(painter, parts["mask"], index.data(MASK), edits)
        if layer.locked:
            icon("lock-simple", ink).paint(painter, _within(parts["lock"], 15))
        if layer.alpha_locked:
            box = QRect(parts["name"].right() + 2, row.top(), 16, row.height())
            icon("drop-half", ink).paint(painter, _within(box, 14))
        self._paint_name(painter, option, index, parts["name"], ink)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> str:
        """What is behind the row; the colour of what is on it."""
        state = option.state
        is_active = index.data(UID) == self._tree.active
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(option.rect).adjusted(1, 1, -1, -1)
        if is_active or state & QStyle.StateFlag.State_Selected:
            painter.setBrush(QColor(theme.ACCENT_DIM if is_active else theme.HOVER))
            painter.drawRoundedRect(box, 4, 4)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(theme.WELL_HOVER))
            painter.drawRoundedRect(box, 4, 4)
        if is_active and self._tree.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.ACCENT), 1))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        return str(theme.ON_DIM if is_active else theme.TEXT)

    def _paint_picture(self, painter: QPainter, room: QRect, picture: QPixmap | None, framed: bool) -> None:
        if picture is None:  # it is not painted yet
            return
        ratio = picture.devicePixelRatio()
        size = QSize(round(picture.width() / ratio), round(picture.height() / ratio))
        place = QRect(room.center() - QRect(QPoint(0, 0), size).center(), size)
        painter.drawPixmap(place, picture)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.ACCENT_RING), 2) if framed else QPen(QColor(theme.EDGE), 1))
        painter.drawRect(
            QRectF(place).adjusted(-1, -1, 1, 1) if framed else QRectF(place).adjusted(-0.5, -0.5, 0.5, 0.5)
        )

    def _paint_name(
        self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, room: QRect, ink: str
    ) -> None:
        note, middle = str(index.data(NOTE)), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        text = QRect(room)
        if note:
            text.setHeight(room.height() // 2 + 2)
            text.translate(0, 2)
        name = option.fontMetrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, text.width())
        painter.setPen(QColor(ink))
        painter.setFont(option.font)
        painter.drawText(text, middle, name)
        if note:
            painter.setFont(theme.small(option.font))
            painter.setPen(QColor(theme.QUIET if ink != theme.ON_DIM else ink))
            painter.setOpacity(painter.opacity() * (0.75 if ink == theme.ON_DIM else 1.0))
            below = QRect(room.left(), text.bottom() - 3, room.width(), room.bottom() - text.bottom() + 1)
            note = painter.fontMetrics().elidedText(note, Qt.TextElideMode.ElideRight, below.width())
            painter.drawText(below, middle, note)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: _Index) -> None:
        room = parts_of(QRect(option.rect), index)["name"]
        editor.setGeometry(room.adjusted(-4, (room.height() - 28) // 2, 0, -((room.height() - 28) // 2)))

    def setModelData(self, editor: QWidget, model: object, index: _Index) -> None:
        """The document is what changes; the row follows."""
        self._tree.renamed.emit(index.data(UID), str(editor.property("text")).strip())


def _within(room: QRect, side: int) -> QRect:
    """A square in the middle of a room."""
    return QRect(room.center().x() - side // 2 + 1, room.center().y() - side // 2 + 1, side, side)
