"""The commands of the Layer menu and of the layers panel: each is a step of undo on the layers chosen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction

from ui import stack
from ui.blending import Blend
from ui.document import Document, Kind, Layer
from ui.language import marked, tr
from ui.session import Session
from ui.stack import Where
from ui.succession import fresh_name, topmost_first
from ui.work import in_one_step


class Layering(QObject):
    """`chosen` are the layers that a command is for: the active one, or several marked in the panel."""

    changed = Signal()  # what is chosen, or what can be done with it
    renaming = Signal(int)  # uid: let the user type its name

    def __init__(self, session: Session, is_free: Callable[[], bool] = lambda: True) -> None:
        super().__init__()
        self._session, self._is_free = session, is_free
        self._chosen: tuple[int, ...] = ()
        self._actions: Mapping[str, QAction] = {}  # of the menu
        self._solo: tuple[int, frozenset[int]] | None = None  # the layer left alone, those hidden for it
        self._fading: ExitStack | None = None  # the trial that the opacity's slider is in
        self._try: Callable[[Document], None] = lambda document: None
        session.committed.connect(self._look)
        session.activated.connect(self._look)

    @property
    def chosen(self) -> tuple[int, ...]:
        """Uids; the active one is always among them if there is a layer at all."""
        active, document = self._session.active, self._session.document
        if active not in self._chosen:
            return (active,) if active else ()
        return tuple(uid for uid in self._chosen if document.layer(uid) is not None)

    def choose(self, uids: Collection[int]) -> None:
        """Mark these for the commands; the active one stays the active one."""
        self._chosen = tuple(uids)
        self._look()

    # ---- new layers

    def add(self) -> None:
        """A new layer for strokes above the active one."""
        self._insert(marked("New layer"), Layer(self._name(tr("Strokes")), "strokes"))

    def add_group(self) -> None:
        layer = Layer(self._name(tr("Group")), "group", blend="pass-through")
        self._insert(marked("New group"), layer, into=False)

    def duplicate(self) -> None:
        """The chosen layers once more; of a selection, what is selected of the active layer."""
        document, layer = self._session.document, self._session.active_layer
        if document.selection is not None and layer is not None and layer.kind != "group":
            selection = document.selection
            name = self._name(layer.name)
            self._make(
                marked("Layer from selection"),
                lambda document: stack.lifted(document, layer, selection, name),
                stack.extent([layer]),
            )
        else:
            self._do(
                marked("Duplicate"), lambda document: stack.duplicated(document, self.chosen, self._name)
            )

    # ---- the stack

    def delete(self) -> None:
        """At least one layer stays."""
        document, chosen = self._session.document, self.chosen
        if not self._are_open(chosen):
            return
        if not stack.without(document, chosen).layers:
            self._session.said.emit(tr("The last layer stays: a picture has at least one."))
            return
        self._do(marked("Delete layer"), lambda document: stack.without(document, chosen))

    def up(self) -> None:
        self._step(True)

    def down(self) -> None:
        self._step(False)

    def move(self, uids: Collection[int], beside: int, where: Where) -> None:
        self._do(marked("Move layer"), lambda document: stack.moved(document, uids, beside, where))

    def group(self) -> None:
        chosen, name = self.chosen, self._name(tr("Group"))
        if chosen:
            self._do(marked("Group layers"), lambda document: stack.grouped(document, chosen, name))

    def ungroup(self) -> None:
        self._do(marked("Ungroup"), lambda document: stack.ungrouped(document, self.chosen))

    def merge(self) -> None:
        """Several chosen layers, what is in a group, or the active layer with the one below it."""
        document, chosen = self._session.document, set(self.chosen)
        layers = stack.topmost(document, chosen)
        if len(layers) == 1 and layers[0].kind != "group":
            lower = stack.below(document, layers[0].uid)
            if lower is None:
                self._session.said.emit(tr("There is no layer below this one to merge it with."))
                return
            chosen.add(lower.uid)
        hidden = next((layer for layer in stack.topmost(document, chosen) if not layer.visible), None)
        if hidden is not None:
            text = tr("{name} is hidden; show it first, or merging would lose it.")
            self._session.said.emit(text.format(name=hidden.name))
        elif self._are_open(chosen):
            extent = stack.extent(stack.topmost(document, chosen))
            self._make(marked("Merge layers"), lambda document: stack.merged(document, chosen), extent)

    def flatten(self) -> None:
        """One picture of everything that is seen."""
        if self._are_open([layer.uid for layer in self._session.document.walk()]):
            name, extent = tr("Picture"), stack.extent(self._session.document.layers)
            self._make(marked("Flatten"), lambda document: stack.flattened(document, name), extent)

    # ---- masks

    def add_mask(self) -> None:
        """A mask of the selection, or one that hides nothing yet; tools paint on it from now on."""
        document, active = self._session.document, self._session.active
        layer = self._session.active_layer
        if layer is not None and layer.mask is None and self._are_open([active]):
            selection = document.selection
            self._make(
                marked("Add mask"),
                lambda document: stack.changed(
                    document, [active], lambda layer: stack.with_mask(layer, document, selection)
                ),
                0 if selection is None else document.width * document.height,
            )
            self._session.activate(active, on_mask=True)

    def apply_mask(self) -> None:
        self._remake(marked("Apply mask"), stack.mask_applied)

    def delete_mask(self) -> None:
        self._change(
            marked("Delete mask"), lambda layer: layer if layer.mask is None else replace(layer, mask=None)
        )

    def invert_mask(self) -> None:
        def inverted(layer: Layer) -> Layer:
            return layer if layer.mask is None else stack.inverted_mask(layer, self._session.document)

        self._remake(marked("Invert mask"), inverted)

    def edit_mask(self) -> None:
        """Let tools paint on the mask of the active layer, or on the layer again."""
        layer = self._session.active_layer
        if layer is not None and layer.mask is not None:
            self._session.activate(layer.uid, not self._session.on_mask)

    # ---- what layers are

    def to_picture(self) -> None:
        self._convert(marked("Convert to picture"), "picture")

    def to_strokes(self) -> None:
        self._convert(marked("Convert to strokes"), "strokes")

    def rename(self) -> None:
        if self._session.active:
            self.renaming.emit(self._session.active)

    def set_name(self, uid: int, name: str) -> None:
        if name:
            self._do(
                marked("Rename layer"),
                lambda document: stack.changed(
                    document, [uid], lambda layer: layer if layer.name == name else replace(layer, name=name)
                ),
            )

    def set_blend(self, blend: Blend) -> None:
        """Only groups can let through what is below them."""

        def blended(layer: Layer) -> Layer:
            fits = blend != layer.blend and (blend != "pass-through" or layer.kind == "group")
            return replace(layer, blend=blend) if fits else layer

        self._change(marked("Blend mode"), blended)

    @Slot(float)
    def fade(self, per_cent: float) -> None:
        """Show the chosen layers at that opacity until `faded`, which makes it a step."""
        opacity, chosen = per_cent / 100, self.chosen
        if self._fading is None:
            if not self._is_free() or self._session.is_busy or not self._are_open(chosen):
                self.changed.emit()
                return
            self._fading = ExitStack()
            self._try = self._fading.enter_context(self._session.trial(marked("Layer opacity")))
        self._try(
            stack.changed(self._session.document, chosen, lambda layer: replace(layer, opacity=opacity))
        )

    @Slot()
    def faded(self) -> None:
        if self._fading is not None:
            fading, self._fading = self._fading, None
            fading.close()

    # ---- seen and locked

    def toggle_visible(self) -> None:
        self.show(self.chosen)

    def show(self, uids: Collection[int]) -> None:
        """Hide them if they are seen, show them if not."""
        layers = stack.topmost(self._session.document, uids)
        visible = not all(layer.visible for layer in layers)
        label = marked("Show layer") if visible else marked("Hide layer")
        self._do(
            label,
            lambda document: stack.changed(document, uids, lambda layer: replace(layer, visible=visible)),
        )

    def solo(self) -> None:
        self.isolate(self._session.active)

    def isolate(self, uid: int) -> None:
        """Show that layer alone; the same again shows what was hidden for it."""
        document = self._session.document
        if self._solo is not None and self._solo[0] == uid and stack.alone(document, uid) is document:
            hidden, self._solo = self._solo[1], None
            self._do(marked("Show all"), lambda document: stack.shown(document, hidden))
            return
        alone = stack.alone(document, uid)
        before, after = ({layer.uid for layer in each.walk() if layer.visible} for each in (document, alone))
        self._solo = uid, frozenset(before - after)
        self._do(marked("Show alone"), lambda document: stack.alone(document, uid))

    def toggle_lock(self) -> None:
        layer = self._session.active_layer
        if layer is not None:
            locked = not layer.locked
            label = marked("Lock layer") if locked else marked("Unlock layer")
            self._do(
                label,
                lambda document: stack.changed(
                    document, self.chosen, lambda layer: replace(layer, locked=locked)
                ),
            )

    @Slot(int)
    def unlock(self, uid: int) -> None:
        self._do(
            marked("Unlock layer"),
            lambda document: stack.changed(document, [uid], lambda layer: replace(layer, locked=False)),
        )

    def toggle_alpha_lock(self) -> None:
        layer = self._session.active_layer
        if layer is not None and layer.kind != "group":
            locked = not layer.alpha_locked
            self._change(
                marked("Lock alpha") if locked else marked("Unlock alpha"),
                lambda layer: replace(layer, alpha_locked=locked),
            )

    # ---- which is active

    def above(self) -> None:
        self._activate_next(-1)

    def below(self) -> None:
        self._activate_next(1)

    def follow(self, actions: Mapping[str, QAction]) -> None:
        """Keep these as they can be used."""
        self._actions = actions

    def show_actions(self) -> None:
        """Let the menu offer what can be done."""
        if not self._actions:
            return
        document, layer, free = self._session.document, self._session.active_layer, self._is_free()
        chosen = stack.topmost(document, self.chosen)
        mask = layer is not None and layer.mask is not None
        for name, possible in {
            "add": True,
            "add_group": True,
            "delete": bool(stack.without(document, self.chosen).layers),
            "up": layer is not None and stack.step_from(document, layer.uid, True) is not None,
            "down": layer is not None and stack.step_from(document, layer.uid, False) is not None,
            "group": bool(chosen),
            "ungroup": any(each.kind == "group" for each in chosen),
            "merge": bool(chosen),
            "flatten": len(document.layers) > 1 or any(each.kind == "group" for each in document.layers),
            "add_mask": layer is not None and not mask,
            "edit_mask": mask,
            "apply_mask": mask,
            "invert_mask": mask,
            "delete_mask": mask,
            "to_picture": any(each.kind != "picture" for each in chosen),
            "to_strokes": any(each.kind != "strokes" for each in chosen),
            "rename": bool(chosen),
            "toggle_visible": bool(chosen),
            "solo": bool(chosen),
            "toggle_lock": bool(chosen),
            "toggle_alpha_lock": layer is not None and layer.kind != "group",
        }.items():
            self._actions[f"layering.{name}"].setEnabled(free and possible)
        for name, on in {
            "edit_mask": self._session.is_on_mask,
            "toggle_lock": layer is not None and layer.locked,
            "toggle_alpha_lock": layer is not None and layer.alpha_locked,
        }.items():
            self._actions[f"layering.{name}"].setChecked(on)

    # ---- within

    def _do(self, label: str, change: Callable[[Document], Document]) -> None:
        if self._is_free():
            self._session.commit(label, change)

    def _make(self, label: str, change: Callable[[Document], Document], pixels: int) -> None:
        """As `_do`, of a change that works on so many pixels."""
        if self._is_free():
            self._session.make(label, partial(in_one_step, change), pixels)

    def _change(self, label: str, change: Callable[[Layer], Layer]) -> None:
        """Change each of the chosen layers, if none is locked."""
        chosen = self.chosen
        if self._are_open(chosen):
            self._do(label, lambda document: stack.changed(document, chosen, change))

    def _remake(self, label: str, change: Callable[[Layer], Layer]) -> None:
        """As `_change`, of what works on pixels."""
        document, chosen = self._session.document, self.chosen
        if self._are_open(chosen):
            extent = stack.extent(stack.topmost(document, chosen))
            self._make(label, lambda document: stack.changed(document, chosen, change), extent)

    def _convert(self, label: str, kind: Kind) -> None:
        self._change(label, lambda layer: stack.converted(layer, kind))

    def _insert(self, label: str, layer: Layer, into: bool = True) -> None:
        """Put it above the active layer, or, if that is a group, into it."""
        active = self._session.active_layer
        if into or active is None:
            self._do(label, lambda document: document.placed(layer, self._session.active))
        else:
            self._do(label, lambda document: document.with_layer(layer, active))

    def _step(self, up: bool) -> None:
        uid = self._session.active
        step = stack.step_from(self._session.document, uid, up)
        if step is not None:
            self.move([uid], *step)

    def _name(self, name: str) -> str:
        return fresh_name(self._session.document, name)

    def _are_open(self, uids: Collection[int]) -> bool:
        """Whether none of them is locked, nor what is in them or round them; else it is said."""
        document = self._session.document
        for layer in stack.topmost(document, uids):
            for each in (*document.path(layer.uid), *layer.walk()):
                if each.locked:
                    text = tr("{name} is locked. Unlock it to change it.")
                    self._session.said.emit(text.format(name=each.name))
                    return False
        return True

    def _activate_next(self, by: int) -> None:
        order = [layer.uid for layer in topmost_first(self._session.document.layers)]
        if self._session.active in order:
            place = order.index(self._session.active) + by
            self._session.activate(order[min(max(place, 0), len(order) - 1)])

    @Slot()
    def _look(self) -> None:
        self.changed.emit()
        self.show_actions()
