"""The layers panel: blend mode, opacity and locks of the chosen layers, the tree, and its buttons."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import cast

from PySide6.QtCore import QEvent, QItemSelectionModel, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QTreeWidgetItem, QVBoxLayout, QWidget

from engine.area import Rect
from ui import theme
from ui.blending import Blend
from ui.document import Layer
from ui.key_tips import command_button
from ui.language import marked, tr
from ui.layer_pictures import LayerPictures
from ui.layer_tree import IMAGE, LAYER, MASK, NOTE, PICTURE, SEEN, UID, LayerTree
from ui.layering import Layering
from ui.session import Session
from ui.slider import Slider
from ui.stack import Where
from ui.widgets import Choices

KINDS = {
    "picture": marked("Picture"),
    "strokes": marked("Strokes"),
    "result": marked("Result"),
    "group": marked("Group"),
}
BLENDS: tuple[tuple[Blend, str] | None, ...] = (  # None: a line between
    ("pass-through", marked("Pass through")),
    ("normal", marked("Normal")),
    None,
    ("darken", marked("Darken")),
    ("multiply", marked("Multiply")),
    ("color-burn", marked("Colour burn")),
    None,
    ("lighten", marked("Lighten")),
    ("screen", marked("Screen")),
    ("color-dodge", marked("Colour dodge")),
    ("plus", marked("Add")),
    None,
    ("overlay", marked("Overlay")),
    ("soft-light", marked("Soft light")),
    ("hard-light", marked("Hard light")),
    ("difference", marked("Difference")),
    None,
    ("hue", marked("Hue")),
    ("saturation", marked("Saturation")),
    ("color", marked("Colour")),
    ("luminosity", marked("Luminosity")),
)
NAMES = dict(each for each in BLENDS if each is not None)
BUTTONS = {  # the icons of the commands below the tree
    "add": "plus",
    "add_group": "folder-simple-plus",
    "duplicate": "copy",
    "add_mask": "circle-half",
    "delete": "trash",
}
LONG = 0.02  # seconds that the window may wait for small pictures
DELAY = 60  # milliseconds after a step until small pictures are painted: the canvas comes first


class LayersPanel(QWidget):
    covered_wanted = Signal(object)  # Layer: select what it covers

    def __init__(self, session: Session, layering: Layering) -> None:
        super().__init__()
        self._session, self.layering = session, layering
        self._pictures = LayerPictures(PICTURE)
        self._painted: dict[int, tuple[Layer, Rect, float] | None] = {}  # what pictures were made of
        self._folded: set[int] = set()
        self._order: object = None  # of the rows that are there
        self._filling = self._obeying = False
        self._menu: QMenu | None = None
        self.tree = LayerTree()
        self.blend = _blend_box()
        self.opacity = Slider(tr("Opacity"), 0, 100, 100, " %", help_text=tr("Of the chosen layers"))
        self.lock = command_button("lock-simple", "layering.toggle_lock", checkable=True)
        self.alpha_lock = command_button("drop-half", "layering.toggle_alpha_lock", checkable=True)
        self.buttons = {name: command_button(sign, _action(name)) for name, sign in BUTTONS.items()}
        self._arrange()
        self._soon = QTimer(self, singleShot=True, interval=DELAY)
        self._soon.timeout.connect(self._paint_pictures)
        self._listen()
        self.refresh()

    def follow(self, actions: Mapping[str, QAction], menu: QMenu) -> None:
        """Buttons can be pressed where the menu's commands can; the menu is also that of the tree."""
        self._menu = menu
        toggles = {"toggle_alpha_lock": self.alpha_lock, "toggle_lock": self.lock}
        for name, button in {**self.buttons, **toggles}.items():
            action = actions[_action(name)]
            action.enabledChanged.connect(button.setEnabled)

    @Slot()
    def refresh(self) -> None:
        """Show the document's layers as they are now."""
        document = self._session.document
        order = _order(document.layers)
        self._filling = True
        if order != self._order:
            self._order = order
            self._fill(document.layers)
            self._pictures.keep(document)
            self._painted = {layer.uid: self._painted.get(layer.uid) for layer in document.walk()}
        for item in self.tree.items():
            self._show(item)
        self._show_chosen()
        self._filling = False
        self._soon.start(DELAY)

    def _show(self, item: QTreeWidgetItem) -> None:
        path = self._session.document.path(item.data(0, UID))
        layer = path[-1]
        item.setText(0, layer.name)
        item.setData(0, LAYER, layer)
        item.setData(0, SEEN, all(each.visible for each in path))
        item.setData(0, NOTE, note(layer))
        seen = tr("shown") if layer.visible else tr("hidden")
        item.setData(0, Qt.ItemDataRole.AccessibleDescriptionRole, f"{note(layer)}, {seen}")

    def _show_chosen(self) -> None:
        """Which rows are marked, and what the parts above the tree say of them."""
        layer, tree = self._session.active_layer, self.tree
        tree.active, tree.on_mask = self._session.active, self._session.is_on_mask
        if not self._obeying:
            chosen = set(self.layering.chosen)
            for item in tree.items():
                item.setSelected(item.data(0, UID) in chosen)
                if item.data(0, UID) == tree.active:
                    tree.setCurrentItem(item, 0, QItemSelectionModel.SelectionFlag.NoUpdate)
                    self._reveal(item)
        tree.viewport().update()
        for part in (self.blend, self.opacity, self.lock):
            part.setEnabled(layer is not None)
        if layer is not None:
            self.blend.setItemData(0, None if layer.kind == "group" else 0, Qt.ItemDataRole.UserRole - 1)
            self.blend.setCurrentIndex(self.blend.findData(layer.blend))
            self.opacity.set_value(layer.opacity * 100)
            self.lock.setChecked(layer.locked)
            self.alpha_lock.setChecked(layer.alpha_locked)

    def _reveal(self, item: QTreeWidgetItem) -> None:
        group = item.parent()
        while group is not None:
            group.setExpanded(True)
            group = group.parent()
        self.tree.scrollToItem(item)

    def _fill(self, layers: Iterable[Layer]) -> None:
        kept = {item.data(0, UID): (item.data(0, IMAGE), item.data(0, MASK)) for item in self.tree.items()}
        self.tree.clear()
        self.tree.addTopLevelItems([self._item(layer, kept) for layer in reversed(tuple(layers))])
        for item in self.tree.items():
            item.setExpanded(item.data(0, UID) not in self._folded)

    def _item(self, layer: Layer, kept: Mapping[int, tuple[object, object]]) -> QTreeWidgetItem:
        item = QTreeWidgetItem([layer.name])
        flags = item.flags() | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsDragEnabled
        item.setFlags(flags if layer.kind == "group" else flags & ~Qt.ItemFlag.ItemIsDropEnabled)
        item.setData(0, UID, layer.uid)
        item.setData(0, LAYER, layer)
        for role, picture in zip((IMAGE, MASK), kept.get(layer.uid, (None, None)), strict=True):
            item.setData(0, role, picture)
        item.addChildren([self._item(each, kept) for each in reversed(layer.layers)])
        return item

    @Slot()
    def _paint_pictures(self) -> None:
        document, ratio, since = self._session.document, self.devicePixelRatioF(), time.monotonic()
        for item in self.tree.items():
            layer = document.layer(item.data(0, UID))
            if layer is None or self._painted.get(layer.uid) == (layer, document.rect, ratio):
                continue
            if time.monotonic() > since + LONG:
                self._soon.start(0)
                return
            self._painted[layer.uid] = layer, document.rect, ratio
            if layer.kind != "group":
                item.setData(0, IMAGE, self._pictures.of_layer(document, layer, ratio))
            if layer.mask is not None:
                item.setData(0, MASK, self._pictures.of_mask(document, layer, ratio))

    # ---- what the user does

    @Slot()
    def _marked(self) -> None:
        if not self._filling:
            with self._obeyed():
                self.layering.choose([item.data(0, UID) for item in self.tree.selectedItems()])

    @Slot(QTreeWidgetItem)
    def _made_current(self, item: QTreeWidgetItem | None) -> None:
        """By the arrow keys or with Ctrl and Shift; a plain click says also whether it is the mask."""
        if not self._filling and item is not None:
            with self._obeyed():
                self._session.activate(item.data(0, UID))

    @contextmanager
    def _obeyed(self) -> Iterator[None]:
        """The tree tells what it marks itself, one thing after the other, and is not corrected meanwhile."""
        self._obeying = True
        try:
            yield
        finally:
            self._obeying = False

    @Slot(int, bool)
    def _eye(self, uid: int, alone: bool) -> None:
        chosen = self.layering.chosen
        if alone:
            self.layering.isolate(uid)
        else:
            self.layering.show(chosen if uid in chosen else [uid])

    @Slot(int)
    def _covered(self, uid: int) -> None:
        self.covered_wanted.emit(self._session.document.layer(uid))

    @Slot(int, str)
    def _dropped(self, uid: int, where: str) -> None:
        self.layering.move(self.layering.chosen, uid, cast("Where", where))

    @Slot(int, bool)
    def _fold(self, uid: int, folded: bool) -> None:
        if not self._filling:
            (self._folded.add if folded else self._folded.discard)(uid)

    @Slot(int)
    def _rename(self, uid: int) -> None:
        item = self.tree.item(uid)
        if item is not None:
            self.tree.setFocus()
            self.tree.editItem(item, 0)

    @Slot(QPoint)
    def _open_menu(self, at: QPoint) -> None:
        if self._menu is not None and self.tree.indexAt(at).isValid():
            self._menu.popup(self.tree.viewport().mapToGlobal(at))

    @Slot(int)
    def _set_blend(self, number: int) -> None:
        self.layering.set_blend(self.blend.itemData(number))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.tree.scheduleDelayedItemsLayout()

    # ---- making

    def _arrange(self) -> None:
        self.tree.setMinimumHeight(2 * self.tree.row_height() + 4)
        head, foot = QHBoxLayout(), QHBoxLayout()
        head.setSpacing(theme.GRID // 2)
        foot.setSpacing(theme.GRID // 2)
        head.addWidget(self.blend, 1)
        head.addWidget(self.opacity, 1)
        for name, button in self.buttons.items():
            if name == "delete":
                foot.addStretch(1)
                foot.addWidget(self.lock)
                foot.addWidget(self.alpha_lock)
                foot.addStretch(1)
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addLayout(head)
        column.addWidget(self.tree, 1)
        column.addLayout(foot)

    def _listen(self) -> None:
        layering, tree = self.layering, self.tree
        queued = Qt.ConnectionType.QueuedConnection  # the tree is not filled anew inside its own events
        layering.changed.connect(self.refresh)
        layering.renaming.connect(self._rename)
        tree.itemSelectionChanged.connect(self._marked)
        tree.currentItemChanged.connect(self._made_current)
        tree.eye_clicked.connect(self._eye, queued)
        tree.part_clicked.connect(self._session.activate)
        tree.covered_clicked.connect(self._covered)
        tree.lock_clicked.connect(layering.unlock, queued)
        tree.dropped.connect(self._dropped, queued)
        tree.renamed.connect(layering.set_name, queued)
        tree.folded.connect(self._fold)
        tree.delete_pressed.connect(layering.delete, queued)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self._open_menu)
        self.blend.activated.connect(self._set_blend)
        self.opacity.moved.connect(layering.fade)
        self.opacity.settled.connect(layering.faded)
        self.lock.clicked.connect(layering.toggle_lock)
        self.alpha_lock.clicked.connect(layering.toggle_alpha_lock)
        for name, button in self.buttons.items():
            button.clicked.connect(partial(_press, layering, name))


def note(layer: Layer) -> str:
    """What is special about a layer, in a few words."""
    plain = "pass-through" if layer.kind == "group" else "normal"
    kind = tr(KINDS[layer.kind])
    parts = [] if layer.name.startswith(kind) else [kind]
    if layer.blend != plain:
        parts.append(tr(NAMES[layer.blend]))
    if layer.opacity < 1:
        parts.append(f"{layer.opacity:.0%}".replace("%", " %"))
    return " \N{MIDDLE DOT} ".join(parts)


def _action(name: str) -> str:
    """The menu's command for a button; of duplicating it depends on the tool."""
    return name if name == "duplicate" else f"layering.{name}"


def _press(layering: Layering, name: str) -> None:
    getattr(layering, name)()


def _order(layers: tuple[Layer, ...]) -> list[tuple[int, object]]:
    return [(layer.uid, _order(layer.layers)) for layer in layers]


class _Box(Choices):
    """As narrow as the panel asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)


def _blend_box() -> QComboBox:
    box = _Box()
    box.setAccessibleName(tr("Blend mode"))
    box.setToolTip(tr("How the chosen layers are blended with what is below them"))
    box.setMaxVisibleItems(24)
    for each in BLENDS:
        if each is None:
            box.insertSeparator(box.count())
        else:
            box.addItem(tr(each[1]), each[0])
    return box
