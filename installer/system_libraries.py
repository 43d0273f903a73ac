"""The libraries of the system that Qt needs on Linux: found missing by trying, then installed or named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import Callable, List, Sequence

from installer.bootstrap import PYTHON

DEBIAN = (  # a pair is the same library under its newer and its older name
    *("libglib2.0-0t64|libglib2.0-0", "libegl1", "libgl1", "libfontconfig1", "libdbus-1-3", "libxkbcommon0"),
    *("libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1", "libxkbcommon-x11-0", "libxcb-shape0"),
    *("libwayland-client0", "libwayland-cursor0", "libwayland-egl1"),
)
FEDORA = (
    *("glib2", "mesa-libEGL", "mesa-libGL", "fontconfig", "dbus-libs", "libxkbcommon"),
    *("xcb-util-cursor", "xcb-util-wm", "xcb-util-keysyms", "libxkbcommon-x11", "libxcb"),
    *("libwayland-client", "libwayland-cursor", "libwayland-egl"),
)

TRIAL = """
import ctypes, pathlib, PySide6
from PySide6 import QtWidgets
for name in {platforms}:
    ctypes.CDLL(str(pathlib.Path(PySide6.__path__[0], "Qt", "plugins", "platforms", "libq" + name + ".so")))
"""

Say = Callable[[str], None]
Call = Callable[[List[str]], bool]  # whether a command went well


def provide(say: Say, call: Call) -> None:
    """Leaves with one line to copy if Qt cannot start here and this user may not change that."""
    if sys.platform != "linux":
        return
    lacking = missing("xcb", "wayland")
    if lacking and is_debian_root():
        say(f"Qt lacks libraries of this system ({lacking}): installing them")
        apt_install(DEBIAN, call)
        lacking = missing("xcb", "wayland")
    if not lacking:
        return
    windows = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    blocking = missing() or (windows and missing("xcb") and missing("wayland"))
    if blocking:
        sys.exit(advice(lacking))
    say("Without these no window can open here: " + advice(lacking))


def missing(*platforms: str) -> str:
    """What the loader says is missing for Qt and its window systems; empty if all is there."""
    trial = TRIAL.format(platforms=platforms)
    result = subprocess.run([PYTHON, "-c", trial], capture_output=True, text=True, check=False)
    words = [f"Qt ended with code {result.returncode}", *result.stderr.strip().splitlines()]
    return words[-1] if result.returncode else ""


def advice(lacking: str) -> str:
    """One sentence and one line to copy."""
    if shutil.which("apt-get"):
        names = [pair.split("|")[-1] for pair in DEBIAN]
        command = "sudo apt-get install -y --no-install-recommends " + " ".join(names)
    elif shutil.which("dnf"):
        command = "sudo dnf install -y " + " ".join(FEDORA)
    else:
        return f"Qt lacks a library of this system ({lacking}). Install it and start again."
    return f"Qt lacks libraries of this system ({lacking}). Install them, then start again:\n  {command}"


def apt_install(packages: Sequence[str], call: Call) -> bool:
    """Installs Debian packages as root, after a fresh look at what is offered."""
    call(["apt-get", "update", "-qq"])
    names = []
    for package in packages:
        newer, _, older = package.partition("|")
        known = subprocess.run(["apt-cache", "show", newer], capture_output=True, check=False)
        names.append(older if older and known.returncode else newer)
    return call(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *names])


def is_debian_root() -> bool:
    """Whether we may install packages of Debian's family here."""
    return sys.platform == "linux" and shutil.which("apt-get") is not None and os.geteuid() == 0


def explain(error: ImportError) -> str:
    """What an import that failed at the start of the program means, and what to do about it."""
    if ".so" in str(error) and sys.platform == "linux":
        return advice(str(error))
    if getattr(sys, "frozen", False):
        return f"Driftpaint is damaged ({error}). Install it again."
    return f"Driftpaint is damaged ({error}). Delete its folder .venv and start again."
