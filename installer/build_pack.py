"""Makes an engine pack of a frozen program: `python installer/build_pack.py KIND [FROZEN] -o FILE`.

The program is frozen as always (`driftpaint.spec`), in an environment that has the build of torch that the
pack is for: its own `main.py engine-child` is the engine. See `engine/packs.py`.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import lzma
import os
import platform
import sys
import tarfile
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ABOUT, PAYLOAD = "pack.json", "engine.tar.xz"
KINDS = ("cpu", "cuda", "rocm", "xpu")


def main() -> int:
    sys.path[0] = ROOT
    from main import VERSION

    parser = argparse.ArgumentParser(description="Make an engine pack of a frozen program.")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("frozen", nargs="?", help="the folder that PyInstaller made; else it is made now")
    parser.add_argument("-o", "--output", required=True, help="the pack, whose name ends in .engine")
    parser.add_argument("--torch", default="", help="its build of torch, for people")
    parser.add_argument("--level", type=int, default=6, choices=range(10), help="how hard xz tries (6)")
    ask = parser.parse_args()
    if not ask.frozen:
        from installer import bootstrap

        bootstrap.ensure("freeze")  # from here on we may be another process, with what freezing needs
        from installer.freeze import FROZEN, freeze

        freeze()
        ask.frozen = FROZEN
    build(ask.frozen, ask.output, ask.kind, VERSION, ask.torch, ask.level)
    print(f"{os.path.getsize(ask.output) / 1e6:6.0f} MB  {ask.output}")
    return 0


def build(frozen: str, output: str, kind: str, version: str, torch: str = "", level: int = 6) -> None:
    """The file, at one stroke."""
    program = next(
        (name for name in ("driftpaint.exe", "driftpaint") if os.path.exists(os.path.join(frozen, name))), ""
    )
    if not program:
        sys.exit(f"There is no program in {frozen}; freeze it first.")
    with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(output))) as scratch:
        payload, whole = os.path.join(scratch, PAYLOAD), os.path.join(scratch, "pack")
        with lzma.open(payload, "wb", preset=level) as packed, tarfile.open(
            fileobj=packed, mode="w|"
        ) as inner:
            inner.add(frozen, ".")
        about = {
            "kind": kind,
            "version": version,
            "platform": f"{sys.platform}-{platform.machine().lower()}",
            "torch": torch,
            "program": program,
            "bytes": _size(frozen),
            "sha256": _digest(payload),
        }
        content = json.dumps(about).encode()
        with tarfile.open(whole, "w") as outer:
            first = tarfile.TarInfo(ABOUT)
            first.size = len(content)
            outer.addfile(first, io.BytesIO(content))
            outer.add(payload, PAYLOAD)
        os.replace(whole, output)


def _size(folder: str) -> int:
    paths = [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names]
    return sum(os.lstat(path).st_size for path in paths)


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main())
