"""`python3 installer/build_linux.py` makes Driftpaint's downloads for Linux in build/: the frozen program, a
.deb of it, and the same as one file that unpacks itself and needs no root; given a runtime, an AppImage, too.

It needs dpkg-deb, xz and binutils: on Debian the packages dpkg and binutils, which bring the others. An
AppImage needs mksquashfs of squashfs-tools, and the file runtime-x86_64 that the project AppImage publishes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build")
TREE = os.path.join(BUILD, "tree")
TOOLS = ("dpkg-deb", "strip", "ar", "objdump", "xz")


def main() -> int:
    """Every step, from the pinned versions to the downloads."""
    sys.path[0] = ROOT
    parser = argparse.ArgumentParser(description="Make Driftpaint's downloads for Linux in build/.")
    parser.add_argument("--again", action="store_true", help="pack what was frozen before")
    parser.add_argument("--level", default="6", choices=list("0123456789"), help="how hard xz tries (6)")
    parser.add_argument("--runtime", help="make an AppImage that begins with this file")
    ask = parser.parse_args()
    lacking = [tool for tool in (*TOOLS, *["mksquashfs"] * bool(ask.runtime)) if not shutil.which(tool)]
    if lacking:
        packages = "dpkg binutils xz-utils squashfs-tools"
        print(f"{', '.join(lacking)} cannot be found. On Debian: apt-get install {packages}")
        return 2
    from installer import bootstrap  # from here on we may be another process, in `.venv`

    bootstrap.ensure("freeze")
    from installer.freeze import freeze
    from main import VERSION

    freeze(ask.again)
    stage(VERSION)
    package = pack(VERSION, ask.level)
    made = [package, wrap(package, VERSION)]
    if ask.runtime:
        made.append(image(ask.runtime, VERSION))
    installed = sum(os.path.getsize(path) for path in files(TREE))
    for path, size in ((TREE, installed), *((path, os.path.getsize(path)) for path in made)):
        print(f"{size / 1e6:6.0f} MB  {path}")
    return 0


def stage(version: str) -> None:
    """The files as they will lie on the user's disk."""
    from installer import licences, linux_tree
    from installer.freeze import FROZEN, WORK

    shutil.rmtree(TREE, ignore_errors=True)
    linux_tree.fill(TREE, FROZEN, version)
    with open(os.path.join(WORK, "driftpaint", "carried.json"), encoding="utf-8") as file:
        carried = json.load(file)
    licences.gather(carried, os.path.join(TREE, "usr", "share", "doc", "driftpaint", "licences"))


def pack(version: str, level: str) -> str:
    """The .deb. It needs no scripts: Debian's triggers see new icons, types and desktop entries."""
    from installer import linux_tree

    control = os.path.join(TREE, "DEBIAN")
    os.makedirs(control)
    size, sums, carried = 0, "", files(os.path.join(TREE, "usr"))
    for path in carried:
        with open(path, "rb") as file:
            content = file.read()
        size += len(content)
        sums += f"{hashlib.md5(content).hexdigest()}  {os.path.relpath(path, TREE)}\n"
    libc = linux_tree.needed_libc(carried)
    for name, text in (("md5sums", sums), ("control", linux_tree.control(version, size // 1024, libc))):
        with open(os.path.join(control, name), "w", encoding="utf-8") as out:
            out.write(text)
    package = os.path.join(BUILD, f"driftpaint_{version}_amd64.deb")
    options = ["--root-owner-group", "-Zxz", f"-z{level}"]
    subprocess.run(["dpkg-deb", *options, "--build", TREE, package], check=True)
    shutil.rmtree(control)
    return package


def wrap(package: str, version: str) -> str:
    """One file that unpacks itself: a script in front of the same compressed files as in the .deb."""
    program = os.path.join(BUILD, f"Driftpaint-{version}-x86_64.run")
    payload = subprocess.run(["ar", "p", package, "data.tar.xz"], check=True, capture_output=True).stdout
    with open(os.path.join(ROOT, "installer", "linux", "unpack.sh"), encoding="utf-8") as file:
        script = file.read()
    script = script.replace("@VERSION@", version).replace("@SUM@", hashlib.sha256(payload).hexdigest())
    script = script.replace("@LINES@", str(script.count("\n") + 1))
    with open(program, "wb") as file:
        file.write(script.encode() + payload)
    os.chmod(program, 0o755)
    return program


def image(runtime: str, version: str) -> str:
    """An AppImage: a runtime that mounts the file system behind it, and starts AppRun there."""
    from installer.linux_tree import NAME

    program = os.path.join(BUILD, f"Driftpaint-{version}-x86_64.AppImage")
    icon = "usr/share/icons/hicolor/256x256/apps/driftpaint.png"
    metadata = f"usr/share/metainfo/{NAME}"
    links = {  # where AppImages have what every tree has, too
        "AppRun": "usr/bin/driftpaint",
        "driftpaint.desktop": "usr/share/applications/driftpaint.desktop",
        "driftpaint.png": icon,
        ".DirIcon": icon,
        f"{metadata}.appdata.xml": f"{NAME}.metainfo.xml",
    }
    for name, target in links.items():
        os.symlink(target, os.path.join(TREE, name))
    system = program + ".squashfs"
    options = ["-noappend", "-quiet", "-all-root", "-comp", "zstd", "-Xcompression-level", "19", "-b", "1M"]
    subprocess.run(["mksquashfs", TREE, system, *options], check=True)
    with open(program, "wb") as out:
        for part in (runtime, system):
            with open(part, "rb") as file:
                shutil.copyfileobj(file, out)
    os.chmod(program, 0o755)
    for path in (system, *(os.path.join(TREE, name) for name in links)):
        os.remove(path)
    return program


def files(folder: str) -> list[str]:
    """Every file below, in order; links are not."""
    found = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
    return sorted(path for path in found if not os.path.islink(path))


if __name__ == "__main__":
    sys.exit(main())
