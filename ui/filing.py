"""Pictures from and to files and the clipboard, and the question before changes would be lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.pictures import WRITES, PictureError, open_picture
from ui import files, results
from ui.dialogs import FileDialog, NewDialog, SaveFirstDialog
from ui.document import Document, layer_from, new_document
from ui.encoded import Encoded
from ui.file_dialogs import AlreadyOpenDialog, ExportDialog
from ui.language import told, tr
from ui.locks import lock
from ui.openraster import Opened
from ui.pictures import Export
from ui.session import Session
from ui.settings import Settings
from ui.work import Work

LONG = 1.0  # seconds that nobody minds to wait
WHITE = (255, 255, 255, 255)
Then = Callable[[], object]  # what is done once nothing can be lost


class Filing(QObject):
    opened = Signal()  # another picture is there
    changed = Signal()  # the name, or the list of recent files
    told = Signal(str)
    failed = Signal(str)

    def __init__(self, window: QWidget, session: Session, work: Work, settings: Settings) -> None:
        super().__init__(window)
        self.path: Path | None = None  # of the picture
        self._copy_of = ""  # what is on the canvas, without its ending, if that is a copy of a file
        self._lock: QLockFile | None = None  # on the file at `path`
        self._writing = asyncio.Lock()  # one file at a time, in the order in which they were asked for
        self._encoded = Encoded()  # of the last save
        self._ending, self._quality = settings.export_kind, settings.export_quality
        self.recent, self.folder = settings.recent_files, settings.folder
        self._new_size = settings.new_width, settings.new_height
        self._window, self._session, self._work = window, session, work

    @property
    def name(self) -> str:
        return self.path.name if self.path else self._title

    def adopt(self, settings: Settings) -> None:
        """What the preferences say from now on."""
        self._new_size = settings.new_width, settings.new_height

    def remembered_in(self, settings: Settings) -> Settings:
        width, height = self._new_size
        recent, folder = self.recent, self.folder
        settings = replace(settings, recent_files=recent, folder=folder, new_width=width, new_height=height)
        return replace(settings, export_kind=self._ending, export_quality=self._quality)

    def ask_new(self) -> None:
        dialog = NewDialog(self._window, *self._new_size)
        dialog.asked.connect(self.new)
        dialog.open()

    def ask_open(self) -> None:
        dialog = FileDialog(self._window, tr("Open a picture"), self.folder, files.open_filters())
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.open)
        dialog.open()

    @Slot(str)
    def open(self, path: str | Path) -> None:
        """Open a picture in place of this one, once that is saved or given up."""
        self.unless_unsaved("opening another picture", lambda: self._work.begin(self._read(Path(path))))

    @Slot(object)
    def open_sample(self, path: Path) -> None:
        """A bundled painting, as strokes on a white sheet."""
        self.unless_unsaved("opening a sample", lambda: self._work.begin(self._read_strokes(path)))

    def save(self, then: Then | None = None) -> None:
        """Where it came from, if that kind of file holds all of it; else ask."""
        if self.path is not None and (files.is_project(self.path) or self._fits(self.path)):
            self._work.begin(self.write(self.path, then))
        else:
            self.ask_save(then)

    def ask_save(self, then: Then | None = None) -> None:
        dialog = FileDialog(self._window, tr("Save"), self.folder, files.save_filters())
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(f"{self._title}{files.PROJECT}")
        dialog.filterSelected.connect(lambda kind: _follow(dialog, kind))

        def save(path: str) -> None:
            self._work.begin(self.write(files.named(Path(path), dialog.selectedNameFilter()), then))

        dialog.fileSelected.connect(save)
        dialog.open()

    def ask_export(self) -> None:
        """A picture for other programs; the project stays what it is."""
        document = self._session.document
        metadata = bool(document.metadata.exif or document.metadata.xmp)
        dialog = ExportDialog(
            self._window, self._ending, self._quality, deep=document.depth == 16, metadata=metadata
        )
        dialog.asked.connect(self._export_to)
        dialog.open()

    async def write(self, path: Path, then: Then | None = None, export: Export | None = None) -> None:
        """Save or export what is on the canvas; painting may go on, for the document is a value. Raises
        PictureError.
        """
        session = self._session
        await session.at_rest()
        document, active, history = session.document, session.active, session.history
        keeps = export is None and (files.is_project(path) or self._fits(path))
        async with self._writing:
            lock = self._lock_on(path) if keeps else None
            if keeps and lock is None:
                sentence = tr("{name} is open in another Driftpaint; choose another name.")
                raise PictureError(sentence.format(name=path.name))
            kind = export or Export()
            work = asyncio.to_thread(files.save_document, path, document, active, kind, self._encoded)
            note = await self._patiently(work, path)
            if keeps and session.history is history:  # it is still this document that is on the canvas
                self.path, self._lock, self._copy_of = path, lock, ""
        self._remember(path)
        if keeps:
            if session.document is document:
                session.mark_saved()
            self.told.emit(tr("Saved as {name}.").format(name=path.name))
        else:
            holds_all = files.is_flat(document) or files.has_layers(path)
            kept = "" if holds_all else tr("Only a project (.ora) keeps layers and results.")
            said = tr("Exported as {name}.").format(name=path.name)
            self.told.emit(" ".join(part for part in (said, note or kept) if part))
        if then is not None and not session.is_modified:
            then()

    def show_recovered(self, document: Document, active: int, name: str, path: str) -> None:
        """What a crash has left, not saved yet. Its own file is its own again, unless another has it open."""
        lock = self._lock_on(Path(path)) if path else None
        self._show(document, Path(path) if lock is not None else None)
        self._lock, self._copy_of = lock, Path(name).stem if lock is None and path else ""
        if active:
            self._session.activate(active)
        self._session.mark_unsaved()

    async def ended(self) -> None:
        """No file is being written any more."""
        async with self._writing:
            pass

    def begin_with(self, document: Document) -> None:
        """A document that comes from no file, in place of this one, once that is saved or given up."""
        self.unless_unsaved("opening another picture", lambda: self._show(document, None))

    @property
    def is_untouched(self) -> bool:
        """Whether there is nothing on the canvas but the sheet that the program began with."""
        document, history = self._session.document, self._session.history
        sheet = all(layer.kind == "picture" and layer.name == tr("Background") for layer in document.layers)
        return sheet and self.path is None and not history.undo_label

    def unless_unsaved(self, action: str, then: Then) -> None:
        """Do it at once if nothing would be lost, else ask first."""
        if not self._session.is_modified:
            then()
            return
        dialog = SaveFirstDialog(self._window, self.name, action)
        dialog.save.connect(lambda: self.save(then))
        dialog.discard.connect(then)
        dialog.open()

    def begin(self, make: Callable[[], Document], then: Then) -> None:
        """A document that is made for a purpose, once this one is saved or given up."""
        self.unless_unsaved("opening a sample", lambda: self._work.begin(self._made(make, then)))

    async def _made(self, make: Callable[[], Document], then: Then) -> None:
        self._show(await asyncio.to_thread(make), None)
        then()

    @Slot(int, int, bool)
    def new(self, width: int, height: int, white: bool) -> None:
        self._new_size = width, height
        document = new_document(width, height, WHITE if white else None, tr("Background"))
        self.unless_unsaved("starting a new picture", lambda: self._show(document, None))

    def close(self, then: Then) -> None:
        """An empty sheet in place of this picture, once that is saved or given up."""

        def closed() -> None:
            self._show(new_document(*self._new_size, WHITE, tr("Background")), None)
            then()

        self.unless_unsaved("closing", closed)

    async def _read(self, path: Path, copy: bool = False) -> None:
        """Raises PictureError."""
        lock = None if copy else self._lock_on(path)
        if lock is None and not copy:
            dialog = AlreadyOpenDialog(self._window, path.name)
            dialog.copy.connect(lambda: self._work.begin(self._read(path, copy=True)))
            dialog.open()
            return
        opened = await asyncio.to_thread(_opened, path)
        self._show(opened.document, None if copy else path)
        self._lock, self._copy_of = lock, path.stem if copy else ""
        if opened.active:
            self._session.activate(opened.active)
        self._remember(path)
        if opened.notes:
            self.told.emit(" ".join(map(told, opened.notes)))

    async def _patiently(self, work: Coroutine[None, None, str], path: Path) -> str:
        """The end of some work; a word if it takes long."""
        task = asyncio.ensure_future(work)
        done, _ = await asyncio.wait([task], timeout=LONG)
        if not done:
            self.told.emit(tr("Saving {name}\N{HORIZONTAL ELLIPSIS}").format(name=path.name))
        return await task

    def _lock_on(self, path: Path) -> QLockFile | None:
        """A lock on a file; the one that we have, if it is the one on the canvas. None: another has it."""
        if self._lock is not None and self.path is not None and _same(self.path, path):
            return self._lock
        return lock(path)

    def _fits(self, path: Path) -> bool:
        """Whether a file of that name holds all that is on the canvas."""
        return path.suffix.lower() in WRITES and files.is_flat(self._session.document)

    @property
    def _title(self) -> str:
        """What a new file may be called, without its ending."""
        if self._copy_of:
            return tr("{name} copy").format(name=self._copy_of)
        return self.path.stem if self.path else tr("Untitled")

    @Slot(str, object)
    def _export_to(self, ending: str, export: Export) -> None:
        self._ending, self._quality = ending, export.quality or self._quality
        filters = [text for text in files.save_filters() if f"*{ending}" in text]
        dialog = FileDialog(self._window, tr("Export"), self.folder, filters)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(f"{self._title}{ending}")

        def write(chosen: str) -> None:
            path = Path(chosen)
            named = path.suffix.lower() in (*WRITES, ending)
            path = path if named else path.with_name(path.name + ending)
            self._work.begin(self.write(path, export=export))

        dialog.fileSelected.connect(write)
        dialog.open()

    async def _read_strokes(self, path: Path) -> None:
        rgba = (await asyncio.to_thread(open_picture, path)).rgba
        sheet = new_document(rgba.shape[1], rgba.shape[0], WHITE, tr("Background"))
        self._show(sheet.with_layer(layer_from(rgba, tr("Strokes"), "strokes")), None)

    def _show(self, document: Document, path: Path | None) -> None:
        self.path, self._lock, self._copy_of = path, None, ""
        self.opened.emit()
        self._session.open(document)

    def _remember(self, path: Path) -> None:
        self.recent = files.remembered(self.recent, path)
        self.folder = str(path.absolute().parent)
        self.changed.emit()


def _opened(path: Path) -> Opened:
    """What a file holds; large recipes take a while, so they are read here."""
    opened = files.open_document(path)
    for result in opened.document.results:
        results.told(result)
    return opened


def _follow(dialog: QFileDialog, kind: str) -> None:
    """The name gets the ending of the kind that was chosen."""
    for path in dialog.selectedFiles():
        bare = Path(path).with_suffix("") if files.named(Path(path)) == Path(path) else Path(path)
        dialog.selectFile(files.named(bare, kind).name)


def _same(a: Path, b: Path) -> bool:
    return a.resolve() == b.resolve()
