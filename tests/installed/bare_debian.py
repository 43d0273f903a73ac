"""A bare Debian 12 in build/bare, and a user in it who has no network."""

from __future__ import annotations

import os
import shutil
import subprocess

from installer.bootstrap import ROOT

BUILD = os.path.join(ROOT, "build")
BASE, BARE = os.path.join(BUILD, "base"), os.path.join(BUILD, "bare")
HOME = "/home/painter"
MINE = os.path.join(BARE, HOME.lstrip("/"))
OTHERS = (
    "home",
    "proc",
    "root",
    "tmp",
    "var/cache",
    "var/lib/apt",
    "var/lib/dpkg",
    "var/log",
)  # the user's, the kernel's, apt's


class Wrong(Exception):
    """Something did not work; what it was."""


def make() -> None:
    """What Debian calls minimal, and a user; nobody else must see what is mounted here."""
    if not os.path.exists(BASE):
        shutil.rmtree(BASE + ".new", ignore_errors=True)
        run("debootstrap", "--variant=minbase", "bookworm", BASE + ".new")
        os.rename(BASE + ".new", BASE)
    shutil.rmtree(BARE, ignore_errors=True)
    run("cp", "--archive", BASE, BARE)
    for windows in ("/tmp/.X11-unix", BARE + "/tmp/.X11-unix"):
        os.makedirs(windows, exist_ok=True)
    run("mount", "--bind", "/tmp/.X11-unix", BARE + "/tmp/.X11-unix")
    run("mount", "-t", "proc", "proc", BARE + "/proc")
    system("apt-get", "update", "-qq")
    system("useradd", "--create-home", "painter")


def install(package: str) -> None:
    """As a user would who has fetched it, and with nothing that is only recommended."""
    shutil.copy(package, BARE + "/srv")
    apt("install", "--no-install-recommends", "/srv/" + os.path.basename(package))


def apt(command: str, *arguments: str) -> str:
    return system("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", command, "-y", "-qq", *arguments)


def system(*command: str) -> str:
    """Run as root inside; what it said."""
    return run("chroot", BARE, *command)


def person(*command: str) -> str:
    """Run as the user; what it said."""
    return run(*as_person(*command))


def as_person(*command: str, display: str = "") -> list[str]:
    """The command as the user gives it who has no network and, by default, no display."""
    inside = ["chroot", "--userspec=painter:painter", BARE, "env", "-i", "-C", HOME, f"HOME={HOME}"]
    shown = [f"DISPLAY={display}"] if display else []
    return ["unshare", "--net", *inside, "LANG=C.UTF-8", "PATH=/usr/bin:/bin", *shown, *command]


def run(*command: str) -> str:
    """What it said. Raises Wrong where it failed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        told = (done.stdout + done.stderr).strip()
        raise Wrong(f"{' '.join(command)} ended with code {done.returncode}: {told}")
    return done.stdout


def files() -> set[str]:
    """All that lies there but the user's own and what apt keeps of its work."""
    found = set()
    for folder, folders, names in os.walk(BARE):
        there = os.path.relpath(folder, BARE)
        folders[:] = [name for name in folders if os.path.normpath(os.path.join(there, name)) not in OTHERS]
        found |= {os.path.normpath(os.path.join(there, name)) for name in (*folders, *names)}
    return found


def contents() -> dict[str, bytes]:
    """The user's own files."""
    found = {}
    for folder, _, names in os.walk(MINE):
        for path in (os.path.join(folder, name) for name in names):
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, MINE)] = file.read()
    return found
