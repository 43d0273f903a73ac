"""`py installer/build_windows.py` makes Driftpaint's downloads for Windows in build/: an installer, and a
folder as a zip that needs none.

It needs Inno Setup 6. DRIFTPAINT_SIGN is a command that signs the file after it, if there is a certificate.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCRIPT = os.path.join(ROOT, "installer", "windows", "driftpaint.iss")


def main() -> int:
    """Every step, from the pinned versions to the downloads."""
    sys.path[0] = ROOT
    programs = os.environ.get("PROGRAMFILES(X86)", "")
    compiler = shutil.which("iscc") or os.path.join(programs, "Inno Setup 6", "ISCC.exe")
    if not os.path.exists(compiler):
        print("Inno Setup 6 cannot be found. It is at https://jrsoftware.org/isdl.php")
        return 2
    from installer import bootstrap  # from here on we may be another process, in `.venv`

    bootstrap.ensure("freeze")
    from installer.freeze import BUILD, FROZEN, freeze
    from main import VERSION

    freeze()
    icon = os.path.join(BUILD, "driftpaint.ico")
    make_icon(icon)
    sign(os.path.join(FROZEN, "driftpaint.exe"))
    name = f"Driftpaint-{VERSION}-x64"
    about = {"Version": VERSION, "Frozen": FROZEN, "Icon": icon, "Name": name}
    defined = [f"/D{key}={value}" for key, value in about.items()]
    subprocess.run([compiler, "/Qp", f"/O{BUILD}", *defined, SCRIPT], check=True)
    sign(os.path.join(BUILD, f"{name}.exe"))
    portable = os.path.join(BUILD, f"{name}-portable")
    shutil.make_archive(portable, "zip", os.path.dirname(FROZEN), os.path.basename(FROZEN))
    for path in (f"{portable}.zip", os.path.join(BUILD, f"{name}.exe")):
        print(f"{os.path.getsize(path) / 1e6:6.0f} MB  {path}")
    return 0


def make_icon(path: str) -> None:
    """In the sizes that Windows asks for."""
    from PIL import Image

    from installer.freeze import WORK

    largest = os.path.join(WORK, "driftpaint", "icons", "256x256", "apps", "driftpaint.png")
    Image.open(largest).save(path, sizes=[(size, size) for size in (16, 24, 32, 48, 64, 128, 256)])


def sign(path: str) -> None:
    """With the certificate of the project, if it is here."""
    command = os.environ.get("DRIFTPAINT_SIGN")
    if command:
        subprocess.run(f'{command} "{path}"', shell=True, check=True)


if __name__ == "__main__":
    sys.exit(main())
