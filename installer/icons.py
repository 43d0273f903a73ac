"""The application's icon as files, in the sizes and folders that desktops of Linux want."""

from __future__ import annotations

import os
import subprocess
import sys

from installer.bootstrap import ROOT

DRAWN = """
import os, sys
from PySide6.QtGui import QGuiApplication
from ui.icons import application_icon
application = QGuiApplication([])
for size in application_icon().availableSizes():
    path = f"{sys.argv[1]}/{size.width()}x{size.width()}/apps"
    os.makedirs(path, exist_ok=True)
    assert application_icon().pixmap(size).save(f"{path}/driftpaint.png")
"""


def draw(folder: str) -> None:
    """`folder`/SIZExSIZE/apps/driftpaint.png, from 16 to 256 pixels."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    subprocess.run([sys.executable, "-c", DRAWN, folder], cwd=ROOT, env=environment, check=True)
