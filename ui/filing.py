"""Pictures from and to files and the clipboard, and the question before changes would be lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Signal, Slot
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from engine.pictures import WRITES, PictureError, Rgba, open_picture, save_picture
from ui import files
from ui.dialogs import FileDialog, NewDialog, SaveFirstDialog
from ui.document import Document, composite, document_from, layer_from, new_document, read
from ui.pixels import image_of, rgba_of
from ui.session import Session
from ui.settings import Settings
from ui.work import Work

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
        self.recent, self.folder = settings.recent_files, settings.folder
        self._new_size = settings.new_width, settings.new_height
        self._window, self._session, self._work = window, session, work

    @property
    def name(self) -> str:
        return self.path.name if self.path else "Untitled"

    def adopt(self, settings: Settings) -> None:
        """What the preferences say from now on."""
        self._new_size = settings.new_width, settings.new_height

    def remembered_in(self, settings: Settings) -> Settings:
        width, height = self._new_size
        recent, folder = self.recent, self.folder
        return replace(settings, recent_files=recent, folder=folder, new_width=width, new_height=height)

    def ask_new(self) -> None:
        dialog = NewDialog(self._window, *self._new_size)
        dialog.asked.connect(self._new)
        dialog.open()

    def ask_open(self) -> None:
        dialog = FileDialog(self._window, "Open a picture", self.folder, files.open_filters())
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
        if self.path is None or self.path.suffix.lower() not in WRITES:
            self.ask_save(then)
        else:
            self._work.begin(self.write(self.path, then))

    def ask_save(self, then: Then | None = None) -> None:
        dialog = FileDialog(self._window, "Save the picture", self.folder, files.save_filters())
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        if self.path is not None:
            dialog.selectFile(self.path.with_suffix(".png").name)

        def save(path: str) -> None:
            self._work.begin(self.write(files.named(Path(path), dialog.selectedNameFilter()), then))

        dialog.fileSelected.connect(save)
        dialog.open()

    async def write(self, path: Path, then: Then | None = None) -> None:
        """Save what is seen; painting may go on, for the document is a value. Raises PictureError."""
        document = self._session.document
        await asyncio.to_thread(_write, path, document)
        self.path = path
        self._remember(path)
        if self._session.document is document:
            self._session.mark_saved()
        self.changed.emit()
        self.told.emit(f"Saved as {path.name}.")
        if then is not None:
            then()

    def copy(self) -> None:
        document = self._session.document
        QApplication.clipboard().setImage(image_of(composite(document, document.rect)).copy())
        self.told.emit("The picture is on the clipboard.")

    def paste(self) -> None:
        """What is on the clipboard as a layer in the middle, to be made real like strokes."""
        rgba = self._picture_in(QApplication.clipboard().mimeData())
        if rgba is None:
            return
        document = self._session.document
        height, width = min(rgba.shape[0], document.height), min(rgba.shape[1], document.width)
        top, left = (rgba.shape[0] - height) // 2, (rgba.shape[1] - width) // 2
        piece = rgba[top : top + height, left : left + width]
        x, y = (document.width - width) // 2, (document.height - height) // 2
        layer = layer_from(piece, "Pasted", "strokes", x, y)
        self._session.commit("Paste", lambda now: now.with_layer(layer))
        if piece.shape != rgba.shape:
            self.told.emit("The pasted picture is larger than this one; only its middle was taken.")

    def paste_as_new(self) -> None:
        self._show_instead(QApplication.clipboard().mimeData())

    def drop(self, mime: QMimeData) -> None:
        path = files.dropped_file(mime)
        if path is not None:
            self.open(path)
        else:
            self._show_instead(mime)

    def unless_unsaved(self, action: str, then: Then) -> None:
        """Do it at once if nothing would be lost, else ask first."""
        if not self._session.is_modified:
            then()
            return
        dialog = SaveFirstDialog(self._window, self.name, action)
        dialog.save.connect(lambda: self.save(then))
        dialog.discard.connect(then)
        dialog.open()

    @Slot(int, int, bool)
    def _new(self, width: int, height: int, white: bool) -> None:
        self._new_size = width, height
        document = new_document(width, height, WHITE if white else None)
        self.unless_unsaved("starting a new picture", lambda: self._show(document, None))

    async def _read(self, path: Path) -> None:
        picture = await asyncio.to_thread(open_picture, path)
        self._show(document_from(picture.rgba, path.stem), path)
        self._remember(path)
        if picture.notes:
            self.told.emit(" ".join(picture.notes))

    async def _read_strokes(self, path: Path) -> None:
        rgba = (await asyncio.to_thread(open_picture, path)).rgba
        sheet = new_document(rgba.shape[1], rgba.shape[0], WHITE)
        self._show(sheet.with_layer(layer_from(rgba, "Strokes", "strokes")), None)

    def _show(self, document: Document, path: Path | None) -> None:
        self.path = path
        self.opened.emit()
        self._session.open(document)

    def _show_instead(self, mime: QMimeData) -> None:
        rgba = self._picture_in(mime)
        if rgba is not None:
            document = document_from(rgba, "Pasted")
            self.unless_unsaved("opening another picture", lambda: self._show(document, None))

    def _picture_in(self, mime: QMimeData) -> Rgba | None:
        """The picture of the clipboard or of a drop; None, and a message, if there is none."""
        path = files.dropped_file(mime)
        try:
            if path is not None:
                return open_picture(path).rgba
            if not mime.hasImage():
                raise PictureError("There is no picture on the clipboard; copy one first.")
            return rgba_of(mime.imageData())
        except PictureError as error:
            self.failed.emit(str(error))
            return None

    def _remember(self, path: Path) -> None:
        self.recent = files.remembered(self.recent, path)
        self.folder = str(path.absolute().parent)
        self.changed.emit()


def _write(path: Path, document: Document) -> None:
    save_picture(path, read(document, document.rect))
