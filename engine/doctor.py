"""`doctor`: what whoever helps needs to know of an installation, and nothing of who uses it: versions,
devices, memory, places, the end of the log.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from getpass import getuser
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import platformdirs
import psutil

from engine import logs, packs

LIBRARIES = (
    *("torch", "diffusers", "transformers", "accelerate", "safetensors", "huggingface-hub"),
    *("PySide6-Essentials", "qasync", "numpy", "pillow", "psd-tools"),
)
LINES = 60  # of the log's end


def report(ours: str) -> str:
    """All of it, as plain text of some hundred short lines; it takes a second or two, and imports torch."""
    sections = {
        "Program": _program(ours),
        "Libraries": _libraries(),
        "Machine": _machine(),
        "Devices": _devices(),
        "Engine packs": _packs(ours),
        "Places": _places(),
        "Crashes": (path.name for path in logs.crashes()),
        "End of the log": _log(),
    }
    text = "\n\n".join(
        "\n".join([title, *(f"  {line}" for line in found)]) for title, found in sections.items()
    )
    return anonymous(text)


def anonymous(text: str) -> str:
    """Without the user's name, and without the folder that bears it."""
    text = text.replace(str(Path.home()), "~")
    name = getuser()
    return text.replace(name, "(user)") if len(name) > 3 else text  # `root` tells nothing


def _program(ours: str) -> Iterator[str]:
    yield f"Driftpaint {ours}, {'frozen' if getattr(sys, 'frozen', False) else 'from source'}"
    yield f"Python {platform.python_version()}, {platform.platform()}"
    yield "network: cut off inside the program"
    for name in ("QT_QPA_PLATFORM", "XDG_SESSION_TYPE", "LANG", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS"):
        if value := os.environ.get(name):
            yield f"{name} = {value}"


def _libraries() -> Iterator[str]:
    for name in LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} is missing"


def _machine() -> Iterator[str]:
    memory = psutil.virtual_memory()
    yield f"{processor()}, {psutil.cpu_count(logical=False)} cores, {psutil.cpu_count()} threads"
    yield f"memory {memory.total / 2**30:.1f} GiB, free {memory.available / 2**30:.1f} GiB"
    for name in packs.graphics():
        yield f"graphics: {name}"


def processor() -> str:
    """Its name, as the system has it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _devices() -> Iterator[str]:
    """Whether each device computes right, tried now, whatever was found before."""
    import torch

    from engine.device_check import computed, judged, name_of
    from engine.models import native_dtype

    yield f"torch {torch.__version__}, {torch.get_num_threads()} threads"
    found = torch.accelerator.current_accelerator(check_available=True)
    for device in ["cpu"] if found is None else ["cpu", found.type]:
        verdict = judged(device, native_dtype(device), computed)
        precision = str(verdict.dtype).removeprefix("torch.")
        works = f"computes right in {precision}" if verdict.device == device else "COMPUTES WRONG"
        yield f"{device} ({name_of(device)}): " + "; ".join(filter(None, [works, verdict.why]))


def _packs(ours: str) -> Iterator[str]:
    for pack in packs.installed(ours):
        yield f"{pack.kind}, torch {pack.torch or '?'}, {pack.bytes / 1e9:.1f} GB"


def _places() -> Iterator[str]:
    for kind in ("config", "data", "state", "cache", "log"):
        place: Path = getattr(platformdirs, f"user_{kind}_path")("driftpaint", appauthor=False)
        there = next(each for each in (place, *place.parents) if each.exists())
        free = f"{shutil.disk_usage(there).free / 2**30:.0f} GiB free"
        yield f"{kind}: {place}, {free if os.access(there, os.W_OK) else 'NOT WRITABLE'}"


def _log() -> Iterator[str]:
    try:
        text = (logs.folder() / "driftpaint.log").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    yield from text.splitlines()[-LINES:]
