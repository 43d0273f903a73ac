"""Pictures from and to disk: every kind that Pillow reads becomes 8-bit sRGB with straight alpha, and says
how.

What cannot be read or written raises PictureError, one sentence that says what is wrong and what to do.
Saving is atomic: a new file takes the old one's place only when it is complete.
"""

from __future__ import annotations

import io
import os
import struct
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from engine.metadata import upright

Rgba = NDArray[np.uint8]  # (h, w, 4), sRGB, straight alpha

MOST_PIXELS = 8192 * 8192
WRITES = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
READS = (*WRITES, ".gif")
SHALLOW = "Converted from 16 to 8 bits a channel."
TIFF_XMP = 700  # tag
ABOUT_TAGS = (270, 271, 272, 305, 306, 315, 33432, 34665, 34853)  # of a TIFF, that speak of the picture
MOST_IN_JPEG = 65000  # bytes of EXIF, and of XMP: a segment has no room for more
OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": True},
    "TIFF": {"compression": "tiff_lzw"},
}


class PictureError(Exception):
    """One plain sentence on what is wrong with a file and what to do about it."""


class Extras(NamedTuple):
    """What is written beside the pixels, and how."""

    profile: bytes = b""  # ICC
    exif: bytes = b""  # from the TIFF header on
    xmp: bytes = b""  # the packet
    quality: int | None = None  # 1 ... 100, of JPEG and WebP, which is lossless at 100; None: the best


class Picture(NamedTuple):
    rgba: Rgba
    notes: tuple[str, ...]  # what was converted on the way in, one sentence each
    extras: Extras = Extras()
    deep: bool = False  # whether the file has 16 bits a channel


def open_picture(path: str | Path) -> Picture:
    """Read a picture. Raises PictureError."""
    return decode_picture(content_of(path), str(path))


def content_of(path: str | Path) -> bytes:
    """The bytes of a file. Raises PictureError."""
    path = Path(path)
    if path.is_dir():
        raise PictureError(f"{path} is a folder; choose a picture file.")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise PictureError(f"There is no file {path}; check the name.") from None
    except OSError as error:
        raise PictureError(f"{path} cannot be read ({error.strerror}); check its permissions.") from None
    if not content:
        raise PictureError(f"{path} is empty; choose another file.")
    return content


def decode_picture(
    content: bytes, name: str = "The picture", keeps: Callable[[bytes], bool] = lambda profile: False
) -> Picture:
    """As `open_picture`, from the bytes of a file called `name`. Colours stay as they are where `keeps` says
    yes to their profile, which is then among the extras.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is checked just below
            image = Image.open(io.BytesIO(content))
        _check_size(image, name)
        profile = image.info.get("icc_profile")
        kept = profile if profile and image.mode in ("RGB", "RGBA") and keeps(profile) else b""
        if kept:
            del image.info["icc_profile"]
        notes, deep = _notes(image, content), _is_deep(image, content)
        image.load()
        exif, xmp = upright(*_metadata(image))
        return Picture(np.array(_srgb(image), dtype=np.uint8), notes, Extras(kept, exif, xmp), deep)
    except Image.DecompressionBombError:
        raise PictureError(f"{name} is larger than 8192 x 8192 pixels; make it smaller first.") from None
    except UnidentifiedImageError:
        raise PictureError(
            f"{name} is not a picture that can be read; use PNG, JPEG, WebP or TIFF."
        ) from None
    except (OSError, SyntaxError, ValueError, struct.error, EOFError) as error:
        raise PictureError(f"{name} is damaged or cut short ({error}); get a fresh copy.") from None


def save_picture(path: str | Path, rgba: NDArray[np.uint8], extras: Extras | None = None) -> None:
    """Write (h, w, 3) or (h, w, 4) bytes; the suffix of `path` says how. Raises PictureError and leaves no
    half file.
    """
    path = Path(path)
    kind = format_of(path)
    image = Image.fromarray(rgba)
    if kind in {"JPEG", "BMP"}:
        image = _on_white(image)
    with saving(path) as file:
        image.save(file, kind, **OPTIONS.get(kind, {}) | _written_with(kind, extras or Extras()))


@contextmanager
def saving(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` at one stroke when all of it is written and on the disk.

    It lies beside `path` until then, and is gone if anything fails. Raises PictureError.
    """
    path = path.resolve()  # a link stays one
    partial: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:80]}.", suffix=".partial", dir=path.parent)
        partial = Path(name)
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        partial.replace(path)
        partial = None
        _sync_folder(path.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise PictureError(
            f"{path} cannot be saved ({reason}); choose another folder or free some space."
        ) from None
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)


def format_of(path: Path) -> str:
    """Pillow's name for the format that a file of this name is written in. Raises PictureError."""
    kind = WRITES.get(path.suffix.lower())
    if kind is None:
        endings = ", ".join(WRITES)
        raise PictureError(
            f"Pictures cannot be written as '{path.suffix or path.name}'; end the name in {endings}."
        )
    if path.is_dir():
        raise PictureError(f"{path} is a folder; choose a file name.")
    return kind


def open_mask(path: str | Path) -> NDArray[np.float32]:
    """A mask from a picture: white may change, black is kept; (h, w) in 0..1. Raises PictureError."""
    rgba = open_picture(path).rgba
    grey = rgba[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return (grey / 255 * (rgba[..., 3] / np.float32(255))).clip(0, 1).astype(np.float32)


def flat(rgba: Rgba) -> NDArray[np.uint8]:
    """(h, w, 3): the picture laid on white."""
    if (rgba[..., 3] == 255).all():
        return np.ascontiguousarray(rgba[..., :3])
    return np.array(_on_white(Image.fromarray(rgba)))


def _written_with(kind: str, extras: Extras) -> dict[str, Any]:
    """What Pillow is told beside the pixels."""
    options: dict[str, Any] = {}
    if kind == "BMP":
        return options
    if extras.profile:
        options["icc_profile"] = extras.profile
    if kind == "TIFF":
        options["exif"] = tags = Image.Exif()
        tags.load(extras.exif)
        if extras.xmp:
            tags[TIFF_XMP] = extras.xmp
        if extras.exif:
            options["compression"] = "raw"  # libtiff, which compresses, takes no directory of EXIF
        return options
    if extras.exif and not (kind == "JPEG" and len(extras.exif) > MOST_IN_JPEG):
        options["exif"] = b"Exif\0\0" + extras.exif if kind == "JPEG" else extras.exif
    if extras.xmp and not (kind == "JPEG" and len(extras.xmp) > MOST_IN_JPEG):
        if kind == "PNG":
            options["pnginfo"] = text = PngInfo()
            text.add_itxt("XML:com.adobe.xmp", extras.xmp.decode(errors="replace"))
        else:
            options["xmp"] = extras.xmp
    if extras.quality is not None and kind in ("JPEG", "WEBP"):
        options["quality"] = extras.quality
        if kind == "WEBP":
            options["lossless"] = extras.quality >= 100
    return options


def _sync_folder(folder: Path) -> None:
    """Let the new name be on the disk too; Windows knows no such thing."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise PictureError(f"{name} has no pixels ({width} x {height}); choose another file.")
    if width * height > MOST_PIXELS or max(width, height) > 65535:
        raise PictureError(
            f"{name} has {width} x {height} pixels; at most 8192 x 8192 can be opened. Make it smaller."
        )


def _notes(image: Image.Image, content: bytes) -> tuple[str, ...]:
    """What the reader should know of the conversion to 8-bit sRGB."""
    notes = []
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        notes.append(f"Only the first of {frames} frames was opened.")
    if image.mode in ("CMYK", "LAB"):
        notes.append(f"Converted from {image.mode} to sRGB.")
    elif image.mode in ("P", "PA"):
        notes.append("Converted from a palette to full colour.")
    elif image.mode == "F":
        notes.append("Converted from floating point to 8 bits a channel; values outside 0..1 were cut.")
    elif _is_deep(image, content):
        notes.append(SHALLOW)
    if image.info.get("icc_profile") and image.mode in ("RGB", "RGBA", "CMYK"):
        description = _profile_name(image)
        if description and "sRGB" not in description:
            notes.append(f"Converted from the colour profile {description} to sRGB.")
    return tuple(notes)


def _is_deep(image: Image.Image, content: bytes) -> bool:
    """Whether the file has 16 bits a channel; Pillow itself cuts 16-bit colour to 8 without a word."""
    if image.mode.startswith("I"):
        return True
    if image.format == "PNG":
        return content[24:25] == b"\x10"  # bit depth of the IHDR chunk
    if image.format == "TIFF":
        return 16 in getattr(image, "tag_v2", {}).get(258, ())  # BitsPerSample
    return False


def _metadata(image: Image.Image) -> tuple[bytes, bytes]:
    """EXIF, from the TIFF header on, and XMP, as they are in the file."""
    info = image.info
    if image.format == "TIFF":
        tags = image.getexif()
        xmp = tags.get(TIFF_XMP, b"")
        for tag in [tag for tag in tags if tag not in ABOUT_TAGS]:
            del tags[tag]
        exif = tags.tobytes() if len(tags) else b""
    else:
        exif, xmp = info.get("exif", b""), info.get("xmp", b"") or info.get("XML:com.adobe.xmp", b"")
    xmp = xmp.encode() if isinstance(xmp, str) else bytes(xmp)
    return bytes(exif).removeprefix(b"Exif\0\0"), xmp


def _profile_name(image: Image.Image) -> str:
    try:
        return ImageCms.getProfileDescription(io.BytesIO(image.info["icc_profile"])).strip()
    except (OSError, ImageCms.PyCMSError):
        return ""


def _srgb(image: Image.Image) -> Image.Image:
    """RGBA in sRGB, upright."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits of grey, in 16 or 32
        grey = np.asarray(image, dtype=np.float64)
        scale = 257.0 if grey.max(initial=0) > 255 else 1.0
        return Image.fromarray(np.rint(grey / scale).clip(0, 255).astype(np.uint8)).convert("RGBA")
    if image.mode == "F":
        return Image.fromarray(np.rint(np.asarray(image).clip(0, 1) * 255).astype(np.uint8)).convert("RGBA")
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        target = "RGBA" if image.mode == "RGBA" else "RGB"
        with suppress(OSError, ImageCms.PyCMSError):  # a broken profile is as good as none
            image = _converted(image, profile, target)
    return image.convert("RGBA")


def _converted(image: Image.Image, profile: bytes, mode: str) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode=mode
    )
    return converted or image


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image.convert("RGB")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
