"""Lists engine packs for those who fetch them: `python installer/list_packs.py FOLDER ADDRESS -o FILE`.

The release workflow makes the packs first, and freezes the programs with this list as `resources/packs.json`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tarfile

ABOUT = "pack.json"  # of `build_pack`
SUFFIX = ".engine"


def main() -> int:
    parser = argparse.ArgumentParser(description="List engine packs for those who fetch them.")
    parser.add_argument("folder", help="where they are")
    parser.add_argument("address", help="where they will be, without their names")
    parser.add_argument("-o", "--output", required=True, help="the list, as JSON")
    ask = parser.parse_args()
    found = listed(ask.folder, ask.address)
    with open(ask.output, "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)
        file.write("\n")
    print(f"{len(found)} engine packs  {ask.output}")
    return 0


def listed(folder: str, address: str) -> list[dict[str, object]]:
    """Each pack of a folder, as `engine.types.Release` has it."""
    found = []
    for name in sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX)):
        path = os.path.join(folder, name)
        with tarfile.open(path, "r:") as pack:
            inner = pack.extractfile(ABOUT)
            about = json.loads(inner.read()) if inner else sys.exit(f"{path} is no engine pack.")
        found.append(
            {
                **{key: about[key] for key in ("kind", "platform", "version")},
                "url": f"{address.rstrip('/')}/{name}",
                "bytes": os.path.getsize(path),
                "sha256": _digest(path),
            }
        )
    return found


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main())
