"""The licences of all that a frozen program carries, found from the files that went into it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import Distribution, distributions

from installer.bootstrap import ROOT, VENV

TEXT = re.compile(r"licen[cs]e|copying|notice|authors|third_party", re.IGNORECASE)
LGPL, GPL = (os.path.join(ROOT, "installer", "texts", name) for name in ("LGPL-3", "GPL-3"))
APACHE = os.path.join(ROOT, "LICENSE")
UNTOLD = {  # packages that come without a text, and the texts that they are under
    "PySide6_Essentials": (LGPL, GPL),
    "shiboken6": (LGPL, GPL),
    "tokenizers": (APACHE,),
}

SYSTEMS = ("c:\\windows\\", "/usr/lib/", "/system/")  # parts of Windows and of macOS, which may go along
UNKNOWN = "{path} would be carried, but which package it is from, and its licence, is unknown."


def gather(carried: list[str], folder: str) -> list[str]:
    """A folder of texts below `folder` for each thing that the files `carried` belong to; their names."""
    packages = {path: one for one in distributions() for path in paths(one)}
    python, ours = os.path.realpath(sys.base_prefix) + os.sep, os.path.realpath(ROOT) + os.sep
    texts: dict[str, list[str]] = {}
    for path in filter(os.path.exists, carried):
        if path in packages:
            name = packages[path].metadata["Name"]
            texts[name] = texts.get(name) or of_package(packages[path])
        elif path.startswith(python):
            texts["python"] = [python_licence()]
        elif path.startswith(ours) and not path.startswith(os.path.realpath(VENV) + os.sep):
            continue
        elif sys.platform == "linux":
            name = debian_package(path)
            texts[name] = [f"/usr/share/doc/{name}/copyright"]
        elif not path.lower().startswith(SYSTEMS):
            sys.exit(UNKNOWN.format(path=path))
    for name, sources in texts.items():
        if not sources:
            sys.exit(f"No licence of {name} was found. Name its texts in installer/licences.py.")
        for source in sources:
            _, inside, place = source.partition(".dist-info" + os.sep)
            target = os.path.join(folder, name, place if inside else os.path.basename(source))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(source, target)
    return sorted(texts)


def paths(package: Distribution) -> list[str]:
    """The files of an installed package, without links."""
    return [os.path.realpath(str(package.locate_file(file))) for file in package.files or []]


def of_package(package: Distribution) -> list[str]:
    """The texts that it brings, or those that it only names."""
    inside = [
        path for path in paths(package) if ".dist-info" in path and TEXT.search(path.split(".dist-info")[1])
    ]
    named = UNTOLD.get(package.metadata["Name"], ())
    return [path for path in inside if os.path.isfile(path)] or list(named)


def python_licence() -> str:
    """Its text, which lies in one of two places."""
    places = (os.path.dirname(os.__file__), sys.base_prefix)
    found = [
        path for path in (os.path.join(place, "LICENSE.txt") for place in places) if os.path.exists(path)
    ]
    return found[0] if found else sys.exit(f"The licence of Python is in none of {', '.join(places)}.")


def debian_package(path: str) -> str:
    """The package of the system that a file belongs to."""
    for spelling in (path, path.replace("/usr/lib/", "/lib/", 1)):  # dpkg may know it by the older place
        found = subprocess.run(["dpkg", "-S", spelling], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.split(":")[0]
    sys.exit(UNKNOWN.format(path=path))
