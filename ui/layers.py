"""The list of layers: eye, picture, name; drag to reorder, double click to rename."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QDropEvent, QIcon, QKeyEvent, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.icons import icon
from ui.widgets import Slider, icon_button

ROW = 44  # widget points
EYE = 28  # width of the eye's column
_Index = QModelIndex | QPersistentModelIndex
_VISIBLE, _NOTE, _PICTURE = (Qt.ItemDataRole.UserRole + place for place in range(3))


class Row(NamedTuple):
    """What one layer looks like in the list."""

    name: str
    visible: bool
    opacity: float  # 0 ... 1
    note: str  # "Strokes", "Result", "Picture"
    picture: QPixmap


class LayersPanel(QWidget):
    """Shows rows, topmost first; every number in its signals counts layers from the bottom."""

    chosen = Signal(int)
    shown = Signal(int, bool)  # visible or not
    faded = Signal(int, float)  # opacity, 0 ... 1
    renamed = Signal(int, str)
    moved = Signal(int, int)  # from, to
    added = Signal()
    deleted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.opacity = Slider("Opacity", 0, 100, 100, " %", help_text="How opaque the chosen layer is")
        self.list = _List()
        self.list.setItemDelegate(_RowPainter(self.list))
        self.add_button = icon_button("plus", "New layer for strokes  (Ctrl+Shift+N)")
        self.up_button = icon_button("caret-up", "Move the layer up")
        self.down_button = icon_button("caret-down", "Move the layer down")
        self.delete_button = icon_button("trash", "Delete the layer")
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID // 2)
        buttons.addWidget(self.add_button)
        buttons.addStretch(1)
        for button in (self.up_button, self.down_button, self.delete_button):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.opacity)
        column.addWidget(self.list, 1)
        column.addLayout(buttons)
        self._filling = False
        self.list.currentRowChanged.connect(self._chosen)
        self.list.itemChanged.connect(self._renamed)
        self.list.dropped.connect(self._dropped)
        self.list.eye_clicked.connect(self._eye_clicked)
        self.opacity.settled.connect(self._faded)
        self.add_button.clicked.connect(self.added)
        self.up_button.clicked.connect(self._up)
        self.down_button.clicked.connect(self._down)
        self.delete_button.clicked.connect(self._delete)

    def show_layers(self, rows: Sequence[Row], active: int) -> None:
        """`rows` and `active` count from the bottom, as documents do."""
        self._filling = True
        self.list.clear()
        for row in reversed(rows):
            item = QListWidgetItem(row.name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setData(_VISIBLE, row.visible)
            note = row.note if row.opacity > 0.995 else f"{row.note} \N{MIDDLE DOT} {row.opacity:.0%}"
            item.setData(_NOTE, note)
            item.setData(_PICTURE, row.picture)
            item.setToolTip("Double click to rename, drag to reorder")
            self.list.addItem(item)
        self.list.setCurrentRow(len(rows) - 1 - active)
        if rows:
            self.opacity.set_value(rows[active].opacity * 100)
        self.up_button.setEnabled(active < len(rows) - 1)
        self.down_button.setEnabled(active > 0)
        self.delete_button.setEnabled(len(rows) > 1)
        self._filling = False

    def _layer(self, row: int) -> int:
        return self.list.count() - 1 - row

    def _chosen(self, row: int) -> None:
        if not self._filling and row >= 0:
            self.chosen.emit(self._layer(row))

    def _renamed(self, item: QListWidgetItem) -> None:
        if not self._filling:
            self.renamed.emit(self._layer(self.list.row(item)), item.text().strip())

    def _dropped(self, start: int, end: int) -> None:
        self.moved.emit(self._layer(start), self._layer(end))

    def _eye_clicked(self, row: int) -> None:
        self.shown.emit(self._layer(row), not self.list.item(row).data(_VISIBLE))

    def _faded(self, value: float) -> None:
        self.faded.emit(self._layer(self.list.currentRow()), value / 100)

    def _up(self) -> None:
        layer = self._layer(self.list.currentRow())
        self.moved.emit(layer, layer + 1)

    def _down(self) -> None:
        layer = self._layer(self.list.currentRow())
        self.moved.emit(layer, layer - 1)

    def _delete(self) -> None:
        self.deleted.emit(self._layer(self.list.currentRow()))


class _List(QListWidget):
    dropped = Signal(int, int)  # rows: from, to
    eye_clicked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Layers")
        self.setMinimumHeight(2 * ROW + 8)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )

    def dropEvent(self, event: QDropEvent) -> None:
        """Report the move and leave the list to be filled anew from the document."""
        start = self.currentRow()
        at = self.indexAt(event.position().toPoint())
        end = at.row() if at.isValid() else self.count() - 1
        below = self.dropIndicatorPosition() == QAbstractItemView.DropIndicatorPosition.BelowItem
        above = self.dropIndicatorPosition() == QAbstractItemView.DropIndicatorPosition.AboveItem
        if at.isValid() and below and end < start:
            end += 1
        elif at.isValid() and above and end > start:
            end -= 1
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        if start != end:
            self.dropped.emit(start, end)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self.currentRow() >= 0:
            self.eye_clicked.emit(self.currentRow())
        else:
            super().keyPressEvent(event)


class _RowPainter(QStyledItemDelegate):
    """Paints a row: eye, picture, name over note."""

    def __init__(self, rows: _List) -> None:
        super().__init__(rows)
        self._rows = rows
        self._eye, self._closed = icon("eye"), icon("eye-slash", theme.FAINT)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(0, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        box = QRect(option.rect)
        state = option.state
        visible = bool(index.data(_VISIBLE))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(QColor(theme.ACCENT_DIM))
            painter.drawRoundedRect(QRectF(box).adjusted(1, 1, -1, -1), 4, 4)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor("#292929"))
            painter.drawRoundedRect(QRectF(box).adjusted(1, 1, -1, -1), 4, 4)
        self._sign(visible).paint(painter, _eye(box))
        picture = index.data(_PICTURE)
        frame = QRect(box.left() + EYE, box.top() + 6, ROW - 12, ROW - 12)
        ratio = picture.devicePixelRatio()
        size = QSize(round(picture.width() / ratio), round(picture.height() / ratio))
        place = QRect(frame.center() - QRect(0, 0, size.width(), size.height()).center(), size)
        painter.setOpacity(1.0 if visible else 0.4)
        painter.drawPixmap(place, picture)
        left = frame.right() + 10
        text = QRect(left, box.top() + 5, box.right() - left - 6, (ROW - 10) // 2)
        metrics = option.fontMetrics
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        name = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, text.width())
        painter.setPen(QColor(theme.TEXT))
        painter.drawText(text, middle, name)
        painter.setFont(theme.small(painter.font()))
        painter.setPen(QColor(theme.QUIET))
        text.translate(0, text.height())
        painter.drawText(text, middle, str(index.data(_NOTE)))
        painter.restore()

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: _Index) -> None:
        box = QRect(option.rect)
        editor.setGeometry(box.adjusted(EYE + ROW - 6, 8, -6, -8))

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: _Index
    ) -> bool:
        if isinstance(event, QMouseEvent) and event.position().x() < EYE:
            if event.type() == QEvent.Type.MouseButtonRelease:
                self._rows.eye_clicked.emit(index.row())
            return True
        return super().editorEvent(event, model, option, index)

    def _sign(self, visible: bool) -> QIcon:
        return self._eye if visible else self._closed


def _eye(row: QRect) -> QRect:
    return QRect(row.left() + 7, row.center().y() - 8, 16, 16)
