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
COMMON = "/usr/share/common-licenses"
UNTOLD = {  # packages that come without a text, and the names of the texts that they are under
    "PySide6_Essentials": ("LGPL-3", "GPL-3"),
    "shiboken6": ("LGPL-3", "GPL-3"),
    "tokenizers": ("Apache-2.0",),
}


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
            texts["python"] = [os.path.join(os.path.dirname(os.__file__), "LICENSE.txt")]
        elif path.startswith(os.path.realpath(VENV) + os.sep) or not path.startswith(ours):
            name = debian_package(path)
            texts[name] = [f"/usr/share/doc/{name}/copyright"]
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
    return [path for path in inside if os.path.isfile(path)] or [f"{COMMON}/{name}" for name in named]


def debian_package(path: str) -> str:
    """The package of the system that a file belongs to."""
    for spelling in (path, path.replace("/usr/lib/", "/lib/", 1)):  # dpkg may know it by the older place
        found = subprocess.run(["dpkg", "-S", spelling], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.split(":")[0]
    sys.exit(f"{path} would be carried, but which package it is from, and its licence, is unknown.")
