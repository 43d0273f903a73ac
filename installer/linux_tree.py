"""Where everything lies on a Linux disk, below usr: the program, its launcher, and what desktops read."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess

from installer import icons
from installer.bootstrap import ROOT
from installer.system_libraries import DEBIAN

NAME = "io.github.driftpaint.driftpaint"  # for software centres, which want a domain before it
SOURCES = os.path.join(ROOT, "installer", "linux")
PLACES = {  # file of installer/linux, or of the project: where it goes
    "driftpaint.desktop": "share/applications/driftpaint.desktop",
    "driftpaint.xml": "share/mime/packages/driftpaint.xml",
    f"{NAME}.metainfo.xml": f"share/metainfo/{NAME}.metainfo.xml",
    "driftpaint.1": "share/man/man1/driftpaint.1.gz",
    "copyright": "share/doc/driftpaint/copyright",
    "lintian-overrides": "share/lintian/overrides/driftpaint",
    "changelog": "share/doc/driftpaint/changelog.gz",
    "../../CHANGELOG.md": "share/doc/driftpaint/NEWS.md.gz",
}
EXECUTABLE = ("bin/driftpaint", "lib/driftpaint/driftpaint", "torch_shm_manager")  # how their paths end
MORE = (  # that the program needs beside Qt's
    *("libstdc++6", "libgcc-s1", "libexpat1", "libx11-6", "libx11-xcb1", "libxcb1"),
    *(
        "libxcb-image0",
        "libxcb-randr0",
        "libxcb-render-util0",
        "libxcb-render0",
        "libxcb-shm0",
        "libxcb-sync1",
    ),
    *("libxcb-xfixes0", "libxcb-xkb1", "zlib1g"),
)
OLDEST_LIBC = (2, 34)  # of Qt's wheels
LAUNCHER = """\
#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/../lib/driftpaint/driftpaint" "$@"
"""
CONTROL = """\
Package: driftpaint
Version: {version}
Section: graphics
Priority: optional
Architecture: amd64
Maintainer: Driftpaint <driftpaint@localhost>
Installed-Size: {size}
Depends: {depends}
Recommends: fonts-dejavu-core | fonts-liberation, hicolor-icon-theme, xdg-desktop-portal
Description: paint over a picture and let a diffusion model make your strokes real
 Driftpaint is an image editor with layers, selections and undo. Rough strokes,
 pasted pieces and dragged things become part of the picture: a diffusion model
 works them in, on this machine alone. A small model of landscapes comes
 with it.
 .
 The network is asked for a model if the user says so, and for nothing else.
"""


def fill(tree: str, frozen: str, version: str) -> None:
    """Make `tree`/usr from the frozen program and the files of installer/linux."""
    usr = os.path.join(tree, "usr")
    shutil.copytree(frozen, os.path.join(usr, "lib", "driftpaint"), symlinks=True)
    for source, place in PLACES.items():
        path = os.path.join(usr, place)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(os.path.join(SOURCES, source), "rb") as file:
            content = file.read().replace(b"@VERSION@", version.encode())
        with open(path, "wb") as file:
            file.write(gzip.compress(content, 9, mtime=0) if path.endswith(".gz") else content)
    os.makedirs(os.path.join(usr, "bin"))
    with open(os.path.join(usr, "bin", "driftpaint"), "w", encoding="utf-8") as script:
        script.write(LAUNCHER)
    icons.draw(os.path.join(usr, "share", "icons", "hicolor"))
    for folder, _, files in os.walk(usr):
        os.chmod(folder, 0o755)
        for name in files:
            path = os.path.join(folder, name)
            os.chmod(path, 0o755 if path.endswith(EXECUTABLE) else 0o644)


def control(version: str, size: int, libc: str) -> str:
    """What the package says of itself; `size` in KiB."""
    depends = [f"libc6 (>= {libc})", *MORE, *(name.replace("|", " | ") for name in DEBIAN)]
    return CONTROL.format(version=version, size=size, depends=", ".join(depends))


def needed_libc(paths: list[str]) -> str:
    """The oldest version of the C library that has all that these files ask of it."""
    asked = {OLDEST_LIBC}
    for path in paths:
        with open(path, "rb") as file:
            is_program = file.read(4) == b"\x7fELF"
        if is_program:
            told = subprocess.run(["objdump", "-T", path], capture_output=True, text=True, check=False).stdout
            asked |= {(int(a), int(b)) for a, b in re.findall(r"GLIBC_(\d+)\.(\d+)", told)}
    return ".".join(map(str, max(asked)))
