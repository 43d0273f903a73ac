"""Where everything lies on a Linux disk, below usr: the program, its launcher, and what desktops read."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys

from installer.bootstrap import MEMORY, ROOT
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
MORE = (  # that the program needs beside Qt's; the C library is that of the oldest system that it runs on
    *("libc6 (>= 2.35)", "libstdc++6", "libgcc-s1", "libexpat1", "libx11-6", "libx11-xcb1", "libxcb1"),
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
LAUNCHER = """\
#!/bin/sh
# glibc and libgomp read these before the program starts; what is set already stays.
{exports}
exec "$(dirname "$(readlink -f "$0")")/../lib/driftpaint/driftpaint" "$@"
"""
ICONS = """
import os, sys
from PySide6.QtGui import QGuiApplication
from ui.icons import application_icon
application = QGuiApplication([])
for size in application_icon().availableSizes():
    path = f"{sys.argv[1]}/{size.width()}x{size.width()}/apps"
    os.makedirs(path)
    assert application_icon().pixmap(size).save(f"{path}/driftpaint.png")
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
    exports = "\n".join(f'export {name}="${{{name}-{value}}}"' for name, value in MEMORY.items())
    with open(os.path.join(usr, "bin", "driftpaint"), "w", encoding="utf-8") as script:
        script.write(LAUNCHER.format(exports=exports))
    icons = os.path.join(usr, "share", "icons", "hicolor")
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    subprocess.run([sys.executable, "-c", ICONS, icons], cwd=ROOT, env=environment, check=True)
    for folder, _, files in os.walk(usr):
        os.chmod(folder, 0o755)
        for name in files:
            path = os.path.join(folder, name)
            os.chmod(path, 0o755 if path.endswith(EXECUTABLE) else 0o644)


def control(version: str, size: int) -> str:
    """What the package says of itself; `size` in KiB."""
    depends = [*MORE, *(name.replace("|", " | ") for name in DEBIAN)]
    return CONTROL.format(version=version, size=size, depends=", ".join(depends))
