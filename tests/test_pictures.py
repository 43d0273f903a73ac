"""Reading every kind of picture, and writing without ever leaving half a file."""

from __future__ import annotations

import io
import os
import resource
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from engine.pictures import MOST_PIXELS, PictureError, flat, open_mask, open_picture, save_picture

COLOURS = np.random.default_rng(0).integers(0, 256, (37, 53, 4), dtype=np.uint8)


def saved(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


def only(notes: tuple[str, ...]) -> str:
    (note,) = notes
    return note


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif", ".tiff"])
def test_lossless_formats_give_back_every_byte(tmp_path: Path, suffix: str) -> None:
    rgb = COLOURS[..., :3]
    save_picture(tmp_path / f"a{suffix}", rgb)
    picture = open_picture(tmp_path / f"a{suffix}")
    assert (picture.rgba[..., :3] == rgb).all()
    assert (picture.rgba[..., 3] == 255).all()
    assert picture.notes == ()


def test_png_keeps_transparency_exactly(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png", COLOURS)
    assert (open_picture(tmp_path / "a.png").rgba == COLOURS).all()


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
def test_formats_without_transparency_lie_on_white(tmp_path: Path, suffix: str) -> None:
    rgba = np.zeros((16, 16, 4), np.uint8)
    save_picture(tmp_path / f"a{suffix}", rgba)
    assert (open_picture(tmp_path / f"a{suffix}").rgba >= 253).all()


def test_cmyk_is_read_with_a_word(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jpg", Image.new("CMYK", (8, 8), (0, 255, 255, 0)))
    picture = open_picture(path)
    assert only(picture.notes) == "Converted from CMYK to sRGB."
    assert picture.rgba[0, 0, 0] > 200 > 60 > picture.rgba[0, 0, 2]


def test_a_palette_is_read_with_a_word(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.gif", Image.new("RGB", (8, 8), (200, 30, 30)).quantize(4))
    picture = open_picture(path)
    assert only(picture.notes) == "Converted from a palette to full colour."
    assert picture.rgba[0, 0].tolist() == [200, 30, 30, 255]


def test_an_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    path = saved(tmp_path / "a.webp", frames[0], save_all=True, append_images=frames[1:], lossless=True)
    picture = open_picture(path)
    assert only(picture.notes) == "Only the first of 3 frames was opened."
    assert picture.rgba[0, 0].tolist() == [255, 0, 0, 255]


def test_16_bits_of_grey_keep_their_tones(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(4, 0)
    path = saved(tmp_path / "a.png", Image.fromarray(ramp))
    picture = open_picture(path)
    assert only(picture.notes) == "Converted from 16 to 8 bits a channel."
    assert np.abs(picture.rgba[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_16_bits_of_colour_are_read_with_a_word(tmp_path: Path) -> None:
    from PySide6.QtGui import QColor, QImage

    image = QImage(8, 8, QImage.Format.Format_RGBX64)
    image.fill(QColor(200, 100, 50))
    assert image.save(str(tmp_path / "a.png"))
    picture = open_picture(tmp_path / "a.png")
    assert only(picture.notes) == "Converted from 16 to 8 bits a channel."
    assert picture.rgba[0, 0].tolist() == [200, 100, 50, 255]


def test_a_colour_profile_is_followed(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    path = saved(tmp_path / "a.png", Image.new("RGB", (8, 8), (90, 120, 60)), icc_profile=profile)
    open_picture(path)  # a profile that does not fit the picture is as good as none
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = saved(tmp_path / "b.png", Image.new("RGB", (8, 8), (90, 120, 60)), icc_profile=srgb)
    assert np.abs(open_picture(path).rgba[0, 0, :3].astype(int) - (90, 120, 60)).max() <= 1


def test_a_turned_photo_stands_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6  # the camera was turned by a quarter
    path = saved(tmp_path / "a.jpg", Image.new("RGB", (20, 10)), exif=exif)
    assert open_picture(path).rgba.shape == (20, 10, 4)


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="There is no file"):
        open_picture(tmp_path / "none.png")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="is a folder"):
        open_picture(tmp_path)


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(PictureError, match="is empty"):
        open_picture(tmp_path / "a.png")


def test_no_picture_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("Dear diary")
    with pytest.raises(PictureError, match="not a picture"):
        open_picture(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".gif"])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_cut_short(tmp_path: Path, suffix: str, share: float) -> None:
    path = saved(tmp_path / f"a{suffix}", Image.fromarray(COLOURS[..., :3]))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(PictureError, match=r"damaged|not a picture"):
        open_picture(path)


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing: a decompression bomb's first bytes."""
    import struct
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100))


@pytest.mark.parametrize("size", [(60_000, 60_000), (8193, 8193), (1, 70_000)])
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "a.png").write_bytes(png_of_size(*size))
    with pytest.raises(PictureError, match="8192 x 8192"):
        open_picture(tmp_path / "a.png")


def test_a_picture_without_pixels(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_of_size(0, 10))
    with pytest.raises(PictureError, match=r"no pixels|damaged|not a picture"):
        open_picture(tmp_path / "a.png")


def test_the_largest_picture_is_not_a_bomb(tmp_path: Path) -> None:
    assert MOST_PIXELS == 8192 * 8192
    path = saved(tmp_path / "a.png", Image.new("L", (8192, 4096)))
    assert open_picture(path).rgba.shape == (4096, 8192, 4)


def test_an_unknown_ending(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"end the name in .png"):
        save_picture(tmp_path / "a.xyz", COLOURS)
    assert not (tmp_path / "a.xyz").exists()


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="cannot be saved"):
        save_picture(tmp_path / "none" / "a.png", COLOURS)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    save_picture(path, COLOURS)
    before = path.read_bytes()
    child = os.fork()
    if child == 0:  # a limit on the size of files stands for the full disk
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            save_picture(path, np.random.default_rng(1).integers(0, 256, (90, 90, 4), dtype=np.uint8))
        except PictureError as error:
            os._exit(0 if "free some space" in str(error) else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["a.png"]


def test_saving_keeps_the_permissions_of_the_file_it_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    save_picture(path, COLOURS)
    path.chmod(0o640)
    save_picture(path, COLOURS)
    assert path.stat().st_mode & 0o777 == 0o640


def test_white_on_a_mask_is_free(tmp_path: Path) -> None:
    grey = np.array([[0, 128, 255]], np.uint8)
    mask = open_mask(saved(tmp_path / "m.png", Image.fromarray(grey)))
    assert mask == pytest.approx(grey / 255, abs=1e-6)


def test_flat_lays_a_picture_on_white() -> None:
    half = np.full((2, 2, 4), (0, 0, 0, 128), np.uint8)
    assert flat(half)[0, 0].tolist() == [127, 127, 127]
    opaque = COLOURS.copy()
    opaque[..., 3] = 255
    assert (flat(opaque) == opaque[..., :3]).all()


def test_content_in_memory_reads_as_a_file_does() -> None:
    from engine.pictures import decode_picture

    file = io.BytesIO()
    Image.fromarray(COLOURS).save(file, "PNG")
    assert (decode_picture(file.getvalue()).rgba == COLOURS).all()
