"""What is packed for Linux: metadata as the validators want it, licences, the file that unpacks itself.

Freezing itself takes minutes: installer/build_linux.py does it, and runs the frozen program's self-check.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import PySide6
import pytest

from installer import build_linux, licences, linux_tree
from main import COMMANDS, VERSION
from ui.files import KINDS

SOURCES = Path(linux_tree.SOURCES)
PROGRAM = """\
#!/bin/sh
echo "started with $*"
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux' own packages")


def needs(*tools: str) -> pytest.MarkDecorator:
    missing = [tool for tool in tools if not shutil.which(tool)]
    return pytest.mark.skipif(bool(missing), reason=f"{missing} cannot be found")


def said(*command: str | Path, **environment: str) -> tuple[int, str]:
    """The exit code of a command, and its words."""
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@needs("desktop-file-validate")
def test_the_desktop_entry_is_valid() -> None:
    assert said("desktop-file-validate", SOURCES / "driftpaint.desktop") == (0, "")


@needs("appstreamcli")
def test_the_metadata_for_software_centres_is_valid(tmp_path: Path) -> None:
    (source,) = SOURCES.glob("*.metainfo.xml")
    (tmp_path / source.name).write_text(source.read_text("utf-8").replace("@VERSION@", VERSION), "utf-8")
    code, words = said("appstreamcli", "validate", "--no-net", tmp_path / source.name)
    assert code == 0, words


@needs("update-mime-database")
def test_projects_are_known_by_their_name_and_content(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    shutil.copy(SOURCES / "driftpaint.xml", packages)
    assert said("update-mime-database", tmp_path, XDG_DATA_DIRS=str(tmp_path.parent))[0] == 0
    assert "image/openraster:*.ora" in (tmp_path / "globs").read_text("utf-8")
    assert b"image/openraster" in (tmp_path / "magic").read_bytes()


def test_every_kind_of_picture_is_offered_to_us() -> None:
    entry = (SOURCES / "driftpaint.desktop").read_text("utf-8")
    offered = re.search("^MimeType=(.*);$", entry, re.MULTILINE)
    assert offered is not None
    kinds = {f"image/{endings[-1].removeprefix('.')}" for _, endings in KINDS} - {"image/tif"}
    assert kinds <= set(offered[1].split(";"))


def test_the_man_page_names_every_command() -> None:
    page = (SOURCES / "driftpaint.1").read_text("utf-8")
    assert all(f".B {command}\n" in page for command in COMMANDS)


def test_licences_of_what_is_carried_are_found(tmp_path: Path) -> None:
    carried = [PySide6.__file__, np.__file__, os.__file__, __file__]
    names = licences.gather([str(Path(path).resolve()) for path in carried], str(tmp_path))
    assert names == ["PySide6_Essentials", "numpy", "python"]
    assert "LESSER GENERAL PUBLIC" in (tmp_path / "PySide6_Essentials" / "LGPL-3").read_text("utf-8")
    assert "PYTHON SOFTWARE FOUNDATION" in (tmp_path / "python" / "LICENSE.txt").read_text("utf-8")
    assert list((tmp_path / "numpy").iterdir())


@needs("dpkg")
def test_what_has_no_licence_is_not_packed(tmp_path: Path) -> None:
    stray = tmp_path / "stray.so"
    stray.touch()
    with pytest.raises(SystemExit, match=r"stray.so would be carried"):
        licences.gather([str(stray.resolve())], str(tmp_path / "licences"))


@pytest.fixture
def download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packed as the real one is, but what it starts is a line of shell."""
    frozen = tmp_path / "frozen"
    frozen.mkdir()
    (frozen / "driftpaint").write_text(PROGRAM)
    monkeypatch.setattr(build_linux, "BUILD", str(tmp_path))
    monkeypatch.setattr(build_linux, "TREE", str(tmp_path / "tree"))
    linux_tree.fill(build_linux.TREE, str(frozen), VERSION)
    return Path(build_linux.wrap(build_linux.pack(VERSION, "0"), VERSION))


def traces(home: Path) -> Sequence[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if not path.is_dir())


@needs("dpkg-deb", "ar", "xz")
def test_one_file_unpacks_itself_starts_and_goes_again(download: Path, tmp_path: Path) -> None:
    home = tmp_path / "a home"
    here = {"HOME": str(home), "XDG_DATA_HOME": str(home / "data")}
    code, words = said(download, "my picture.png", **here)
    assert code == 0
    (started, unpacking) = words.splitlines()  # on stdout, on stderr
    assert started == "started with my picture.png"
    assert unpacking.startswith("Driftpaint unpacks itself, once, into ")
    assert said(download, **here) == (0, "started with \n")
    assert said(home / ".local" / "bin" / "driftpaint", "x", **here) == (0, "started with x\n")
    entry = (home / "data" / "applications" / "driftpaint.desktop").read_text("utf-8")
    (program,) = (home / "data" / "driftpaint-program").glob("*/usr/bin/driftpaint")
    assert f'Exec="{program}" %F\n' in entry
    assert (home / "data" / "icons" / "hicolor" / "256x256" / "apps" / "driftpaint.png").exists()
    assert said(download, "--remove", **here)[0] == 0
    assert traces(home) == []


@needs("dpkg-deb", "ar", "xz")
def test_a_damaged_download_says_so_and_leaves_nothing(download: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    content = download.read_bytes()
    download.write_bytes(content[:-100])
    code, words = said(download, HOME=str(home), XDG_DATA_HOME=str(home / "data"))
    assert code == 1
    assert words.endswith("is damaged or cut short. Fetch it again.\n")
    assert traces(home) == []


@needs("dpkg-deb", "ar", "xz")
def test_another_version_takes_the_place_of_the_last(download: Path, tmp_path: Path) -> None:
    here = {"HOME": str(tmp_path / "home"), "XDG_DATA_HOME": str(tmp_path / "data")}
    said(download, **here)
    (frozen := tmp_path / "frozen" / "driftpaint").write_text(PROGRAM.replace("started", "began"))
    shutil.copyfile(frozen, Path(build_linux.TREE, "usr", "lib", "driftpaint", frozen.name))
    newer = build_linux.wrap(build_linux.pack("0.2.0", "0"), "0.2.0")
    assert said(newer, **here)[1].startswith("began with \n")
    (program,) = (tmp_path / "data" / "driftpaint-program").iterdir()
    assert program.name.startswith("0.2.0-")


@needs("dpkg-deb")
def test_the_package_says_what_it_is(download: Path) -> None:
    (package,) = download.parent.glob("*.deb")
    told = said("dpkg-deb", "--info", package)[1]
    assert f" Version: {VERSION}\n" in told
    assert "libglib2.0-0t64 | libglib2.0-0" in told
    held = said("dpkg-deb", "--contents", package)[1]
    assert "root/root" in held
    for place in ("bin/driftpaint", *linux_tree.PLACES.values()):
        assert f"./usr/{place}\n" in held


@needs("mksquashfs", "unsquashfs")
def test_an_appimage_is_its_runtime_and_the_tree_behind_it(download: Path, tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    runtime.write_bytes(b"what mounts the rest")
    image = Path(build_linux.image(str(runtime), VERSION)).read_bytes()
    assert image.startswith(b"what mounts the resthsqs")
    (system := tmp_path / "system").write_bytes(image.removeprefix(runtime.read_bytes()))
    root = tmp_path / "root"
    assert said("unsquashfs", "-no-progress", "-dest", root, system)[0] == 0
    assert said(root / "AppRun", "x") == (0, "started with x\n")
    assert (root / ".DirIcon").read_bytes().startswith(b"\x89PNG")
    assert "Exec=driftpaint" in (root / "driftpaint.desktop").read_text("utf-8")
    assert not Path(build_linux.TREE, "AppRun").exists()


@needs("objdump")
def test_the_package_asks_for_the_c_library_that_its_files_need() -> None:
    asked = linux_tree.needed_libc([sys.executable, __file__])
    assert asked.startswith("2.")
    assert tuple(map(int, asked.split("."))) >= linux_tree.OLDEST_LIBC
