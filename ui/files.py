"""Files: reading and writing documents of every kind, their names and endings, samples, what is dropped."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QDropEvent

from engine.pictures import READS, PictureError, content_of, saving
from ui import openraster, openraster_writing
from ui.document import Document
from ui.encoded import Encoded
from ui.language import told, tr
from ui.openraster import Opened
from ui.pictures import Export, read_picture, write_picture

RECENT = 10  # files that are remembered
SAMPLES = Path(__file__).parent.parent / "resources" / "samples"
PROJECT = ".ora"
ZIP, PHOTOSHOP = b"PK\3\4", b"8BPS"  # how such files begin
PROJECTS = (  # name, endings: they hold layers
    ("Project", (PROJECT,)),
    ("Photoshop", (".psd",)),
)
KINDS = (  # name, endings; the first is added where a name has none
    ("PNG picture", (".png",)),
    ("JPEG picture", (".jpg", ".jpeg")),
    ("WebP picture", (".webp",)),
    ("TIFF picture", (".tif", ".tiff")),
    ("BMP picture", (".bmp",)),
)


def open_document(path: Path) -> Opened:
    """Read a project or a picture, whichever it is. Raises PictureError."""
    content = content_of(path)
    if content.startswith(PHOTOSHOP):
        from ui.psd import read_file  # psd-tools is imported when it is needed

        return read_file(path, content)
    if content.startswith(ZIP) or path.suffix.lower() == PROJECT:
        try:
            return openraster.read(io.BytesIO(content))
        except ValueError as error:
            sentence = tr("{path} cannot be opened: {reason}. Choose another file.")
            raise PictureError(sentence.format(path=path, reason=told(str(error)))) from None
    return read_picture(path, content)


def save_document(
    path: Path,
    document: Document,
    active: int = 0,
    export: Export | None = None,
    encoded: Encoded | None = None,
) -> str:
    """Write a document; the ending says how. A sentence, or nothing, on what that kind of file cannot hold.
    Raises PictureError, and leaves the old file as it was.
    """
    ending = path.suffix.lower()
    if ending == ".psd":
        from ui.psd import write_file

        return write_file(path, document)
    if ending == PROJECT:
        with saving(path) as file:
            openraster_writing.write(file, document, active, encoded)
        return ""
    write_picture(path, document, export or Export())
    return ""


def is_project(path: Path) -> bool:
    return path.suffix.lower() == PROJECT


def has_layers(path: Path) -> bool:
    """Whether a file of that name holds the layers."""
    return any(path.suffix.lower() in endings for _, endings in PROJECTS)


def is_flat(document: Document) -> bool:
    """Whether a flat picture holds all of it."""
    plain = all(
        layer.kind != "group" and layer.visible and layer.opacity == 1 and layer.blend == "normal"
        for layer in document.layers
    )
    more = document.pulls or document.results or document.areas
    return (
        plain and len(document.layers) <= 1 and not any(layer.mask for layer in document.layers) and not more
    )


def open_filters() -> list[str]:
    """For a file dialog that opens projects and pictures."""
    projects = [ending for _, endings in PROJECTS for ending in endings]
    endings = " ".join(f"*{ending}" for ending in (*projects, *READS))
    return [f"{tr('Projects and pictures')} ({endings})", f"{tr('All files')} (*)"]


def save_filters() -> list[str]:
    """For a file dialog that saves: projects first, then flat pictures."""
    kinds = (*PROJECTS, *KINDS)
    return [f"{tr(name)} ({' '.join(f'*{ending}' for ending in endings)})" for name, endings in kinds]


def named(path: Path, chosen_filter: str = "") -> Path:
    """`path` with an ending that can be written: its own, or that of the kind chosen in the dialog."""
    kinds = (*PROJECTS, *KINDS)
    if any(path.suffix.lower() in endings for _, endings in kinds):
        return path
    texts = zip(save_filters(), kinds, strict=True)
    ending = next((endings[0] for text, (_, endings) in texts if text == chosen_filter), PROJECT)
    return path.with_name(path.name + ending)


def remembered(recent: Iterable[str], path: Path) -> tuple[str, ...]:
    """The recent files with `path` at their head."""
    newest = str(path.absolute())
    return (newest, *(other for other in recent if other != newest))[:RECENT]


def samples() -> list[tuple[str, Path]]:
    """The bundled stroke paintings as (name, file)."""
    files = sorted(SAMPLES.glob("*.png"))
    return [(file.stem.replace("-", " ").replace("_", " ").capitalize(), file) for file in files]


def dropped_file(mime: QMimeData) -> Path | None:
    """The first file of what is dropped or pasted."""
    return next((Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()), None)


def take_copy(event: QDropEvent) -> None:
    """Accept what is dragged here as a copy: of a file that is moved the other program may delete its own."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


def holds_picture(mime: QMimeData) -> bool:
    return mime.hasImage() or dropped_file(mime) is not None
