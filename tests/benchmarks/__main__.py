"""Runs benchmarks: `python -m tests.benchmarks [NAME ...]`; one JSON line for each figure, with the machine's
facts.

A benchmark is a module in this folder with `run() -> list[dict]`, each with name, value, unit, reference and
ratio. The other modules are commands of their own: `docs/evidence.md` shows what they measure.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from pathlib import Path


def machine() -> dict[str, object]:
    processor = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "load": load,
    }


def main(names: list[str]) -> int:
    modules = Path(__file__).parent.glob("[a-z]*.py")
    there = sorted(path.stem for path in modules if "\ndef run() " in path.read_text(encoding="utf-8"))
    unknown = [name for name in names if name not in there]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; choose from {', '.join(there)}.", file=sys.stderr)
        return 2
    for name in names or there:
        for figure in importlib.import_module(f"tests.benchmarks.{name}").run():
            print(json.dumps({**figure, "machine": machine()}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
