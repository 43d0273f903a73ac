"""`python3 installer/build_macos.py` makes Driftpaint's download for macOS in build/: a disk image.

DRIFTPAINT_IDENTITY names the certificate that signs it; without one it is signed for this machine alone.
DRIFTPAINT_NOTARY is a profile that `xcrun notarytool store-credentials` has kept; with it Apple is asked to
look at the download, so that other machines open it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main() -> int:
    """Every step, from the pinned versions to the download."""
    sys.path[0] = ROOT
    from installer import bootstrap  # from here on we may be another process, in `.venv`

    bootstrap.ensure("freeze")
    from installer.freeze import BUILD, FROZEN, freeze
    from main import VERSION

    freeze()
    app = os.path.join(os.path.dirname(FROZEN), "Driftpaint.app")
    run("codesign", "--verify", "--deep", "--strict", app)
    run(os.path.join(app, "Contents", "MacOS", "driftpaint"), "--self-check")
    zipped = os.path.join(BUILD, "Driftpaint.zip")
    run("ditto", "-c", "-k", "--keepParent", app, zipped)
    notarise(zipped, app)
    os.remove(zipped)

    folder = os.path.join(BUILD, "image")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    run("ditto", app, os.path.join(folder, "Driftpaint.app"))
    os.symlink("/Applications", os.path.join(folder, "Applications"))
    image = os.path.join(BUILD, f"Driftpaint-{VERSION}-arm64.dmg")
    made = ["-volname", "Driftpaint", "-srcfolder", folder, "-format", "ULMO", "-ov", image]
    run("hdiutil", "create", *made)
    if identity := os.environ.get("DRIFTPAINT_IDENTITY"):
        run("codesign", "--sign", identity, "--timestamp", image)
    notarise(image, image)
    print(f"{os.path.getsize(image) / 1e6:6.0f} MB  {image}")
    return 0


def notarise(sent: str, stapled: str) -> None:
    """Apple's word for what is sent, fastened to what is handed out."""
    if profile := os.environ.get("DRIFTPAINT_NOTARY"):
        run("xcrun", "notarytool", "submit", "--keychain-profile", profile, "--wait", sent)
        run("xcrun", "stapler", "staple", stapled)


def run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main())
