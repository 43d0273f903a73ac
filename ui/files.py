"""What the window needs to know of files: kinds, names, samples, what is on the clipboard or dropped."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QMimeData

from engine.pictures import READS, WRITES

RECENT = 10  # files that are remembered
SAMPLES = Path(__file__).parent.parent / "resources" / "samples"
KINDS = (  # name, endings; the first is added where a name has none
    ("PNG picture", (".png",)),
    ("JPEG picture", (".jpg", ".jpeg")),
    ("WebP picture", (".webp",)),
    ("TIFF picture", (".tif", ".tiff")),
    ("BMP picture", (".bmp",)),
)


def open_filters() -> list[str]:
    """For a file dialog that opens pictures."""
    endings = " ".join(f"*{ending}" for ending in READS)
    return [f"Pictures ({endings})", "All files (*)"]


def save_filters() -> list[str]:
    """For a file dialog that saves pictures."""
    return [f"{name} ({' '.join(f'*{ending}' for ending in endings)})" for name, endings in KINDS]


def named(path: Path, chosen_filter: str = "") -> Path:
    """`path` with an ending that can be written: its own, or that of the kind chosen in the dialog."""
    if path.suffix.lower() in WRITES:
        return path
    kinds = zip(save_filters(), KINDS, strict=True)
    ending = next((endings[0] for text, (_, endings) in kinds if text == chosen_filter), ".png")
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


def holds_picture(mime: QMimeData) -> bool:
    return mime.hasImage() or dropped_file(mime) is not None
