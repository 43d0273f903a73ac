"""The list of layers: eye, picture, name; drag to reorder, double click to rename."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
    Slot,
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
from ui.actions import hint
from ui.document import Layer
from ui.icons import icon
from ui.session import Session
from ui.thumbnails import layer_thumbnail
from ui.widgets import Slider, icon_button

ROW = 44  # widget points
EYE = 28  # width of the eye's column
NOTES = {"picture": "Picture", "strokes": "Guide", "result": "Result"}
_Index = QModelIndex | QPersistentModelIndex
_VISIBLE, _NOTE, _PICTURE = (Qt.ItemDataRole.UserRole + place for place in range(3))


class LayersPanel(QWidget):
    """Shows the layers, topmost first, and changes them; numbers count from the bottom, as in documents."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._active = 0
        self._pictures: dict[Layer, QPixmap] = {}
        self._filling = False
        self.opacity = Slider("Opacity", 0, 100, 100, " %", help_text="How opaque the chosen layer is")
        self.list = _List()
        self.list.setItemDelegate(_RowPainter(self.list))
        self.add_button = icon_button("plus", hint("add_layer"))
        self.up_button = icon_button("caret-up", hint("layer_up"))
        self.down_button = icon_button("caret-down", hint("layer_down"))
        self.delete_button = icon_button("trash", hint("delete_layer"))
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
        queued = Qt.ConnectionType.QueuedConnection  # the list is not filled anew inside its own events
        self.list.currentRowChanged.connect(self._row_chosen)
        self.list.itemChanged.connect(self._item_changed)
        self.list.dropped.connect(self._dropped, queued)
        self.list.eye_clicked.connect(self._eye_clicked, queued)
        self.opacity.settled.connect(self._fade)
        self.add_button.clicked.connect(self.add)
        self.up_button.clicked.connect(self.up)
        self.down_button.clicked.connect(self.down)
        self.delete_button.clicked.connect(self.delete)
        session.committed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the document's layers as they are now."""
        document, ratio = self._session.document, self.devicePixelRatioF()
        top = len(document.layers) - 1
        if len(document.layers) > len(self._pictures):  # a new layer is what one wants to go on with
            self._active = top
        self._active = max(min(self._active, top), 0)
        self._pictures = {
            layer: self._pictures.get(layer) or layer_thumbnail(document, layer, ROW - 12, ratio)
            for layer in document.layers
        }
        self._filling = True
        self.list.clear()
        for layer in reversed(document.layers):
            self.list.addItem(self._item(layer))
        self.list.setCurrentRow(self._row(self._active))
        self._filling = False
        self._show_active()

    @Slot()
    def add(self) -> None:
        count = sum(layer.kind == "strokes" for layer in self._session.document.layers) + 1
        layer = Layer(f"Strokes {count}", "strokes")
        self._session.commit("New layer", lambda document: document.with_layer(layer))

    @Slot()
    def delete(self) -> None:
        """The last one stays: a picture has at least one layer."""
        if len(self._session.document.layers) > 1:
            layer = self._layer(self._active)
            self._session.commit("Delete layer", lambda document: document.without(layer))

    @Slot()
    def up(self) -> None:
        self._move(self._active, self._active + 1)

    @Slot()
    def down(self) -> None:
        self._move(self._active, self._active - 1)

    def _layer(self, number: int) -> Layer:
        return self._session.document.layers[number]

    def _row(self, number: int) -> int:
        """The row of a layer, or the layer of a row."""
        return len(self._session.document.layers) - 1 - number

    def _item(self, layer: Layer) -> QListWidgetItem:
        item = QListWidgetItem(layer.name)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        note = NOTES[layer.kind]
        item.setData(_NOTE, note if layer.opacity == 1 else f"{note} \N{MIDDLE DOT} {layer.opacity:.0%}")
        item.setData(_VISIBLE, layer.visible)
        item.setData(_PICTURE, self._pictures[layer])
        item.setToolTip("Double click to rename, drag to reorder, Space to show or hide")
        return item

    def _show_active(self) -> None:
        layers = self._session.document.layers
        if layers:
            self.opacity.set_value(layers[self._active].opacity * 100)
        self.opacity.setEnabled(bool(layers))
        self.up_button.setEnabled(self._active < len(layers) - 1)
        self.down_button.setEnabled(self._active > 0)
        self.delete_button.setEnabled(len(layers) > 1)

    def _change(self, label: str, old: Layer, new: Layer) -> None:
        self._session.commit(label, lambda document: document.exchange(old, new))

    def _move(self, number: int, to: int) -> None:
        if 0 <= to < len(self._session.document.layers):
            layer = self._layer(number)
            self._active = to
            self._session.commit("Move layer", lambda document: document.moved(layer, to))

    @Slot(int)
    def _row_chosen(self, row: int) -> None:
        if not self._filling and row >= 0:
            self._active = self._row(row)
            self._show_active()

    @Slot(QListWidgetItem)
    def _item_changed(self, item: QListWidgetItem) -> None:
        if self._filling:
            return
        layer, name = self._layer(self._row(self.list.row(item))), item.text().strip()
        QTimer.singleShot(0, lambda: self._rename(layer, name))  # the list is still busy with its editor

    def _rename(self, layer: Layer, name: str) -> None:
        if name and name != layer.name:
            self._change("Rename layer", layer, replace(layer, name=name))
        else:
            self.refresh()

    @Slot(int, int)
    def _dropped(self, start: int, end: int) -> None:
        self._move(self._row(start), self._row(end))

    @Slot(int)
    def _eye_clicked(self, row: int) -> None:
        layer = self._layer(self._row(row))
        label = "Hide layer" if layer.visible else "Show layer"
        self._change(label, layer, replace(layer, visible=not layer.visible))

    @Slot(float)
    def _fade(self, per_cent: float) -> None:
        layer = self._layer(self._active)
        if layer.opacity != per_cent / 100:
            self._change("Layer opacity", layer, replace(layer, opacity=per_cent / 100))


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
            painter.setBrush(QColor(theme.WELL_HOVER))
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
