"""Freezes the program for whatever system this is: build/frozen has one folder with all that it needs."""

from __future__ import annotations

import os
import subprocess
import sys

from installer.bootstrap import ROOT

BUILD = os.path.join(ROOT, "build")
FROZEN = os.path.join(BUILD, "frozen", "driftpaint")
WORK = os.path.join(BUILD, "work")


def freeze(again: bool = False) -> None:
    """It must pass its own check. With `again`, what was frozen before will do."""
    program = os.path.join(FROZEN, "driftpaint")
    if not (again and os.path.exists(FROZEN)):
        spec = os.path.join(ROOT, "installer", "driftpaint.spec")
        paths = ["--distpath", os.path.dirname(FROZEN), "--workpath", WORK]
        subprocess.run([sys.executable, "-m", "PyInstaller", "--noconfirm", *paths, spec], check=True)
        subprocess.run([program, "--self-check"], check=True)
