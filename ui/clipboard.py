"""Cut, copy, paste, clear, and what is dropped on the canvas: pixels between layers and other programs."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from weakref import ref

import numpy as np
from PySide6.QtCore import QMimeData, QObject, QPointF, Signal
from PySide6.QtGui import QGuiApplication, QImage

from engine.area import Rect
from engine.pictures import PictureError
from ui import files, stack
from ui.actions import named
from ui.canvas import Canvas
from ui.copied import Copied, Offer, name_in
from ui.document import Document, Layer, Rgba, document_from, read, tiles_from
from ui.filing import Filing
from ui.history import History
from ui.key_tips import key_of
from ui.language import marked, tr
from ui.pixels import rgba_of
from ui.selection import common_part
from ui.session import CUT, Session
from ui.spaces import as_seen, own
from ui.succession import fresh_name
from ui.transform import between_frames, bounds, corners, mapped, pasted, tiles_of, without
from ui.work import Making, Work, in_one_step

PNG = "image/png"  # some programs keep the transparency in this alone


class Clipboard(QObject):
    """The methods that the actions of the Edit menu name."""

    told = Signal(str)
    failed = Signal(str)

    def __init__(self, canvas: Canvas, session: Session, filing: Filing, work: Work) -> None:
        super().__init__(canvas)
        self._canvas, self._session, self._filing, self._work = canvas, session, filing, work
        self._copied: Copied | None = None
        self._history: Callable[[], History | None] = lambda: None  # of the document that it is a part of

    # ---- to the clipboard

    def copy(self) -> bool:
        """What is selected of the active layer, or all of it; whether there was anything."""
        layer = self._session.active_layer
        if layer is None:
            return False
        document, box = self._session.document, bounds(layer)
        if document.selection is not None:
            box = common_part(box, document.selection.at)
        if self._put(box, layer):
            return True
        self._session.said.emit(self._why_nothing(layer))
        return False

    def copy_merged(self) -> None:
        """What is selected of the picture as it is seen, or all of that."""
        document = self._session.document
        box = document.rect if document.selection is None else document.selection.at
        if not self._put(box, None):
            self._session.said.emit(tr("There is nothing to copy here: choose another place."))

    def cut(self) -> None:
        if self._may_change() and self.copy():
            self._clear(marked("Cut"))

    def clear(self) -> None:
        """What is selected of the active layer is gone, or all that it holds."""
        if self._may_change():
            self._clear(marked("Clear"))

    def _clear(self, label: str) -> None:
        layer, selection = self._session.active_layer, self._session.document.selection
        if layer is None or not layer.tiles:
            return

        def cleared(document: Document) -> Document:
            tiles = Layer("", layer.kind).tiles if selection is None else without(layer, selection)
            return document.exchange(layer, replace(layer, tiles=tiles, placed=None))

        extent = 0 if selection is None else stack.extent([layer])
        self._session.make(label, partial(in_one_step, cleared), extent)

    def _may_change(self) -> bool:
        """Whether the active layer may lose pixels; says why not."""
        layer = self._session.active_layer
        path = self._session.document.path(self._session.active)
        if layer is None:
            return False
        if layer.kind == "group":
            self._session.said.emit(tr("A group cannot be cut: choose one of its layers."))
        elif any(each.locked for each in path) or layer.alpha_locked:
            self._session.said.emit(tr("{name} is locked: unlock it first.").format(name=layer.name))
        else:
            return True
        return False

    def _why_nothing(self, layer: Layer) -> str:
        """What helps where a layer has nothing to copy."""
        document = self._session.document
        place = document.rect if document.selection is None else document.selection.at
        for other in document.walk():
            part = common_part(bounds(other), place)
            if part.width and part.height and all(each.visible for each in document.path(other.uid)):
                told = tr("{layer} has nothing here; {key} copies what is seen of all layers.")
                merged = "clipboard.copy_merged"
                return told.format(layer=layer.name, key=key_of(self, merged) or named(merged).plain)
        return tr("There is nothing to copy here: choose another layer or place.")

    def _put(self, at: Rect, layer: Layer | None) -> bool:
        """Whether there is anything in it."""
        copied = Copied(uuid.uuid4().hex.encode(), at, self._session.document, layer)
        if copied.is_empty:
            return False
        self._copied, self._history = copied, ref(self._session.history)
        QGuiApplication.clipboard().setMimeData(Offer(copied))
        return True

    def hand_over(self) -> None:
        """Leave what was copied here to other programs, as a picture that needs this one no more."""
        clipboard = QGuiApplication.clipboard()
        if self._copied is not None and name_in(clipboard.mimeData()) == self._copied.name:
            clipboard.setImage(clipboard.image())

    # ---- from the clipboard

    def paste(self) -> None:
        """As a layer: in its place if it was copied here, else where one looks."""
        mime, document = QGuiApplication.clipboard().mimeData(), self._session.document
        ours = self._copied
        if ours is not None and name_in(mime) == ours.name:
            at = self._place_of(ours)
            there = common_part(at, document.rect)
            at = at if there.width and there.height else self._middle(at)
            self._add([(partial(_ours_in, document, ours), tr("Pasted"), at)], marked("Paste"))
            return
        found = self._picture_in(mime)
        if found is not None:
            pasted = partial(own, document, found), tr("Pasted"), self._middle(_size_of(found))
            self._add([pasted], marked("Paste"))

    def paste_as_new(self) -> None:
        """In place of the picture on the canvas, once that is saved or given up."""
        rgba = self._picture_in(QGuiApplication.clipboard().mimeData())
        if rgba is not None:
            self._filing.begin_with(document_from(rgba, tr("Pasted")))

    def drop(self, mime: QMimeData, at: QPointF) -> None:
        """Files and pictures as layers at a point of the canvas; a first one on an empty sheet is opened."""
        paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
        if paths and (self._filing.is_untouched or files.has_layers(paths[0])):
            self._filing.open(paths[0])
            paths = paths[1:] if self._filing.is_untouched else []
        if paths:
            self._work.begin(self._add_files(paths, at))
        elif not mime.urls():
            rgba = self._picture_in(mime)
            if rgba is not None:
                found = partial(own, self._session.document, rgba), tr("Dropped"), _round(_size_of(rgba), at)
                self._add([found], marked("Drop"))

    async def _add_files(self, paths: Sequence[Path], at: QPointF) -> None:
        """Raises PictureError."""
        found = []
        for path in paths:
            opened = (await asyncio.to_thread(files.open_document, path)).document
            rgba = await asyncio.to_thread(_as_in, self._session.document, opened)
            found.append((partial(np.asarray, rgba), path.stem, _round(_size_of(rgba), at)))
        self._add(found, marked("Drop"))

    def _add(self, found: Sequence[tuple[Callable[[], Rgba], str, Rect]], label: str) -> None:
        """Pictures as layers over the active one, one undo step; nothing is selected then."""
        active = self._session.active

        def added(document: Document) -> Making[Document]:
            over = active
            for picture, name, at in found:
                yield 0.0
                tiles = tiles_from(picture(), at.x, at.y)
                layer = pasted(Layer(fresh_name(document, name), "strokes", tiles))
                document, over = document.placed(layer, over), layer.uid
            return replace(document, selection=None)

        self._session.make(label, added, sum(at.width * at.height for _, _, at in found) // CUT)
        rect = self._session.document.rect
        if any(at.width > rect.width or at.height > rect.height for _, _, at in found):
            told = tr("It is larger than the picture and reaches beyond its edges; {key} makes it smaller.")
            self.told.emit(told.format(key=key_of(self, "tool Transform") or tr("Transform")))

    def _place_of(self, ours: Copied) -> Rect:
        """Where it lies now, if its picture was cropped or turned since."""
        document = self._session.document
        if self._history() is not self._session.history or document.frame == ours.document.frame:
            return ours.at
        middle = mapped(between_frames(ours.document.frame, document.frame), corners(ours.at)).mean(0)
        return _round(ours.at, QPointF(*middle.tolist()))

    def _middle(self, size: Rect) -> Rect:
        """Where something from elsewhere is put: on the selection, or in the middle of the view."""
        selection, canvas = self._session.document.selection, self._canvas
        if selection is not None:
            x, y, width, height = selection.at
            return _round(size, QPointF(x + width / 2, y + height / 2))
        return _round(size, canvas.view.to_canvas(QPointF(canvas.width() / 2, canvas.height() / 2)))

    def _picture_in(self, mime: QMimeData) -> Rgba | None:
        """The picture of the clipboard or of a drop; None, and a message, if there is none."""
        try:
            path = files.dropped_file(mime)
            if path is not None:
                opened = files.open_document(path).document
                return as_seen(opened, opened.rect)
            image = QImage.fromData(mime.data(PNG)) if mime.hasFormat(PNG) else QImage()
            if image.isNull() and mime.hasImage():
                image = QImage(mime.imageData())
            if image.isNull():
                raise PictureError(tr("There is no picture on the clipboard; copy one first."))
            return rgba_of(image)
        except PictureError as error:
            self.failed.emit(str(error))
            return None


def _size_of(rgba: Rgba) -> Rect:
    return Rect(0, 0, rgba.shape[1], rgba.shape[0])


def _round(size: Rect, at: QPointF) -> Rect:
    """A rectangle of that size round a point."""
    _, _, width, height = size
    return Rect(round(at.x() - width / 2), round(at.y() - height / 2), width, height)


def _ours_in(document: Document, ours: Copied) -> Rgba:
    """What was copied here, as a document has its colours."""
    of, tiles = ours.document, tiles_of(ours.pixels(ours.at), 0, 0)
    copied = Document(ours.at.width, ours.at.height, depth=of.depth, profile=of.profile)
    return _as_in(document, copied.with_layer(Layer("", "picture", tiles)))


def _as_in(document: Document, other: Document) -> Rgba:
    """What another document looks like, as a document has its colours: exactly where they have them alike."""
    if (other.depth, other.profile) == (document.depth, document.profile):
        return read(other, other.rect)
    return own(document, as_seen(other, other.rect))
