"""The strip of results under the canvas: what was made, to be compared, starred, applied and made again.

It takes no room while there is nothing in it, and one line when it is folded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from weakref import WeakKeyDictionary

from PySide6.QtCore import QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidgetItem,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.pictures import PictureError, saving
from engine.recipe import SUFFIX, Recipe, from_json
from engine.types import EngineError
from ui import theme
from ui.actions import named
from ui.apply import Ask
from ui.dialogs import FileDialog
from ui.document import Document, Result
from ui.editing import Editing
from ui.icons import icon
from ui.key_tips import command_button, key_of
from ui.language import tr
from ui.models import Library
from ui.replaying import ChangedDialog, as_it_is_now
from ui.result_cards import TALL, WIDE, Cards, card
from ui.results import again, exchanged, swept, weight
from ui.session import Session
from ui.settings import Settings
from ui.thumbnails import thumbnail
from ui.widgets import icon_button
from ui.work import Work

COMMANDS = (  # of the menu of a result: methods of the strip
    *("apply", "apply_through_mask", "", "again", "again_with_new_seed", "save_recipe", ""),
    *("star", "delete", "delete_unstarred"),
)


class Results(QWidget):
    """The strip, and what menus and keys do with the results: with the one on the canvas, or, if there is
    none, with the one that was touched last.
    """

    told = Signal(str)

    def __init__(
        self, session: Session, editing: Editing, library: Library, work: Work, settings: Settings
    ) -> None:
        super().__init__()
        self._session, self._editing, self._library, self._work = session, editing, library, work
        self._folder = settings.folder
        self._shown: tuple[Result, ...] = ()
        self._pictures: WeakKeyDictionary[Result, QPixmap] = WeakKeyDictionary()
        self._was: Result | None = None  # on the canvas after the last click
        self._filling = False
        self.setObjectName("results")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.header = QToolButton()
        self.header.setProperty("fold", True)
        self.header.setCheckable(True)
        self.header.setChecked(settings.results)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setIconSize(QSize(12, 12))
        self.header.setText(tr("Results"))
        self.header.toggled.connect(self._fold)
        self.meter = QLabel()
        self.meter.setProperty("quiet", True)
        self.meter.setIndent(4)
        self.meter.setProperty("small", True)
        self.list = Cards()
        self.list.currentRowChanged.connect(self._row_chosen)
        self.list.itemClicked.connect(self._clicked)
        self.list.wanted.connect(self._do)
        self.list.menu_asked.connect(self._open_menu)
        self.star_button = command_button("star", "results.star", 16, checkable=True)
        self.again_button = command_button("arrows-clockwise", "results.again_with_new_seed", 16)
        self.delete_button = command_button("trash", "results.delete", 16)
        self.more_button = icon_button("dots-three", tr("More to do with this result"), 16)
        for button, action in (
            (self.star_button, self.star),
            (self.again_button, self.again_with_new_seed),
            (self.delete_button, self.delete),
            (self.more_button, self._open_menu_below),
        ):
            button.clicked.connect(action)
        self._arrange()
        session.committed.connect(self.refresh)
        editing.changed.connect(self.refresh)
        editing.chosen.connect(self.refresh)
        self._fold(settings.results)
        self.refresh()

    def remembered_in(self, settings: Settings) -> Settings:
        return replace(settings, results=self.header.isChecked())

    @property
    def result(self) -> Result | None:
        """The one that actions are about."""
        row = self.list.currentRow()
        return self._shown[row] if 0 <= row < len(self._shown) else None

    # ---- what menus and keys do

    def star(self) -> None:
        """Mark it, or take its mark away: what is marked outlasts a sweep."""
        result = self.result
        if result is not None:
            label, new = "Unstar" if result.starred else "Star", replace(result, starred=not result.starred)
            self._session.commit(label, partial(exchanged, old=result, new=new))

    def apply(self) -> None:
        """It becomes a layer, also once more."""
        if self._look():
            self._editing.apply()

    def apply_through_mask(self) -> None:
        if self._look():
            bare = self._session.document.selection is None
            self._editing.apply_through_mask()
            if bare:
                self.told.emit(tr("Paint black on the mask of the new layer to hide parts of it."))

    def again(self) -> None:
        """The same once more: as it was asked, or by its recipe on the picture as it is now."""
        self._run_again(None)

    def again_with_new_seed(self) -> None:
        self._run_again(1)

    def delete(self) -> None:
        result = self.result
        if result is not None:
            if self._editing.result is result:
                self._editing.discard()
            self._session.commit("Delete result", partial(exchanged, old=result, new=None))

    def delete_unstarred(self) -> None:
        now = self._editing.result
        if now is not None and not now.starred:
            self._editing.discard()
        self._session.commit("Delete results", swept)

    def save_recipe(self) -> None:
        """Ask for a file, and write how the result is made."""
        result = self.result
        if result is None:
            return
        dialog = FileDialog(self.window(), tr("Save the recipe"), self._folder, [_filter()])
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(f"{tr('Recipe')}{SUFFIX}")
        dialog.fileSelected.connect(lambda path: self.write_recipe(result, Path(path)))
        dialog.open()

    def write_recipe(self, result: Result, path: Path) -> None:
        if path.suffix.lower() != ".json":
            path = path.with_name(path.name + SUFFIX)
        try:
            with saving(path) as file:
                file.write(result.recipe.encode())
        except PictureError as error:
            self._work.failed.emit(str(error))
            return
        self._folder = str(path.absolute().parent)
        self.told.emit(tr("Saved as {name}.").format(name=path.name))

    def run_recipe(self) -> None:
        """Ask for a recipe, and run it on this picture."""
        dialog = FileDialog(self.window(), tr("Run a recipe on this picture"), self._folder, [_filter()])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.run_recipe_of(Path(path)))
        dialog.open()

    def run_recipe_of(self, path: Path) -> None:
        try:
            recipe = from_json(path.read_text(encoding="utf-8"), path.name)
        except (OSError, UnicodeDecodeError):
            sentence = tr("{name} cannot be read as a recipe; choose another file.")
            self._work.failed.emit(sentence.format(name=path.name))
        except EngineError as error:
            self._work.failed.emit(str(error))
        else:
            self._folder = str(path.absolute().parent)
            document = self._session.document
            if (document.width, document.height) != recipe.size:
                made = tr("The recipe was made on {width} x {height} pixels; its places are scaled.")
                self.told.emit(made.format(width=recipe.size.width, height=recipe.size.height))
            self._work.begin(self._replay(recipe, path.parent))

    # ---- what is shown

    @Slot()
    def refresh(self) -> None:
        results = self._session.document.results
        self.setVisible(bool(results))
        if results != self._shown:
            self._fill(results)
        now = self._editing.result
        if now is not None:
            self._choose(self._shown.index(now))
        elif self._editing.is_running and results:
            self._choose(len(results) - 1)
        elif self._editing.is_choosing:  # what is on the canvas is unfinished, and none of them
            self._choose(-1)
        self._show_buttons()

    def _fill(self, results: tuple[Result, ...]) -> None:
        if not set(results) & set(self._shown):  # another document's
            row = max(
                (number for number, each in enumerate(results) if each.applied), default=len(results) - 1
            )
        else:
            row = len(results) - 1 if len(results) > len(self._shown) else self.list.currentRow()
        self._shown, self._filling = results, True
        ratio = self.devicePixelRatioF()
        self.list.clear()
        for result in results:
            if result not in self._pictures:
                pixels = result.pixels[..., :3]
                step = max(1, min(pixels.shape[:2]) // (8 * TALL))  # scaling all of a large one takes long
                self._pictures[result] = thumbnail(pixels[::step, ::step], QSize(WIDE, TALL), ratio)
            self.list.addItem(card(result, self._pictures[result]))
        self._filling = False
        self._choose(min(row, len(results) - 1))
        self.meter.setText(_count(len(results)) + "\n" + weight(results))

    def _choose(self, row: int) -> None:
        self._filling = True
        self.list.setCurrentRow(row)
        self._filling = False
        item = self.list.item(row)
        if item is not None:
            self.list.scrollToItem(item)

    def _show_buttons(self) -> None:
        result = self.result
        starred = result is not None and result.starred
        self.star_button.setChecked(starred)
        self.star_button.setIcon(icon("star-fill" if starred else "star", theme.WARNING if starred else ""))
        for button in (self.star_button, self.again_button, self.delete_button, self.more_button):
            button.setEnabled(result is not None)
        self.again_button.setEnabled(result is not None and not self._editing.is_running)

    def _arrange(self) -> None:
        self._buttons = QWidget()
        buttons = QHBoxLayout(self._buttons)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(0)
        for button in (self.star_button, self.again_button, self.delete_button, self.more_button):
            buttons.addWidget(button)
        left = QVBoxLayout()
        left.setSpacing(2)
        left.addWidget(self.header, 0, Qt.AlignmentFlag.AlignLeft)
        left.addWidget(self.meter)
        left.addStretch(1)
        left.addWidget(self._buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, theme.GRID, 4)
        row.setSpacing(theme.GRID)
        row.addLayout(left)
        row.addWidget(self.list, 1)

    @Slot(bool)
    def _fold(self, opened: bool) -> None:
        for part in (self.meter, self._buttons, self.list):
            part.setVisible(opened)
        self.header.setIcon(icon("caret-down" if opened else "caret-right", theme.QUIET))
        self.header.setToolTip(tr("Fold the results away") if opened else tr("Show the results"))

    # ---- what the user does in it

    @Slot(int)
    def _row_chosen(self, row: int) -> None:
        """By the arrow keys."""
        if not self._filling and self.list.hasFocus():
            self._look()

    @Slot(QListWidgetItem)
    def _clicked(self, item: QListWidgetItem) -> None:
        """On the canvas, or, by a second click, off it again."""
        now = self._editing.result
        if now is not None and now is self.result is self._was:
            self._editing.discard()
        else:
            self._look()
        self._was = self._editing.result

    @Slot(str)
    def _do(self, what: str) -> None:
        actions: dict[str, Callable[[], None]] = {
            "apply": self.apply,
            "delete": self.delete,
            "star": self.star,
        }
        actions[what]()

    @Slot()
    def _open_menu_below(self) -> None:
        self._open_menu(self.more_button.mapToGlobal(QPoint(0, self.more_button.height())))

    @Slot(QPoint)
    def _open_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in COMMANDS:
            if name:
                text, key = named(f"results.{name}").plain, key_of(self, f"results.{name}")
                menu.addAction(f"{text}\t{key}").triggered.connect(getattr(self, name))
            else:
                menu.addSeparator()
        menu.popup(at)

    def _look(self) -> bool:
        """Put it on the canvas; whether it is there."""
        result = self.result
        if result is not None and self._editing.result is not result:
            self._editing.look(result)
        return result is not None and self._editing.result is result

    def _run_again(self, by: int | None) -> None:
        result = self.result
        if result is None or self._editing.is_running:
            return
        try:
            recipe = from_json(result.recipe, tr("The recipe of this result"))
        except EngineError as error:
            self._work.failed.emit(str(error))
            return
        seed = recipe.seed if by is None else _other_seed(recipe, self._shown)
        recipe, before = replace(recipe, seed=seed), self._editing.ask_of(result)
        if before is not None:
            self._editing.start(partial(_as_asked, recipe=recipe, before=before))
        else:
            self._work.begin(self._replay(recipe))

    async def _replay(self, recipe: Recipe, *folders: Path) -> None:
        """Run it with what it was made with; where that is not there any more, ask first."""
        history = self._session.history
        model, entries = self._editing.model, self._library.entries
        entry = self._library.named(model)
        name = Path(model).stem if entry is None else entry.name
        now, told = await asyncio.to_thread(as_it_is_now, recipe, entries, folders, model, name)
        if self._session.history is not history:  # another document was opened meanwhile
            return
        asked = partial(again, recipe=now, tiny_decoder=self._library.decoder_of(now.model))
        if not told:
            self._editing.start(asked)
            return
        dialog = ChangedDialog(self.window(), told)
        dialog.accepted.connect(lambda: self._editing.start(asked))
        dialog.open()


def _as_asked(document: Document, recipe: Recipe, before: Ask) -> Ask:
    """As it was asked in this session."""
    request = replace(before.request, operation=recipe.operation, seed=recipe.seed, variants=1)
    return replace(before, request=request)


def _other_seed(recipe: Recipe, results: Sequence[Result]) -> int:
    """The next seed that none of these results has."""
    taken = set()
    for result in results:
        try:
            taken.add(from_json(result.recipe).seed)
        except EngineError:
            continue
    seed = recipe.seed
    while seed in taken:
        seed = (seed + 1) % 2**31
    return seed


def _count(number: int) -> str:
    return tr("1 result") if number == 1 else tr("{number} results").format(number=number)


def _filter() -> str:
    return tr("Recipes") + " (*.json)"
