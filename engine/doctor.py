"""`doctor`: what whoever helps needs to know of an installation, and nothing of who uses it: versions,
devices, memory, places, the end of the log.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
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
NEAR = 0.02  # of the mean: bfloat16 is off by 0.003
SIDE = 768  # of the matrices that are multiplied, to see that a device computes


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
    """Each device multiplies two matrices, and is compared with the processor in full precision."""
    import torch

    cpu = torch.backends.cpu.get_cpu_capability()
    yield f"torch {torch.__version__}, {torch.get_num_threads()} threads, {cpu}"
    yield _tried("cpu", "cpu")
    if torch.cuda.is_available():
        yield _tried("cuda", f"cuda ({torch.cuda.get_device_name()})")
    if torch.xpu.is_available():
        yield _tried("xpu", "xpu")
    if torch.backends.mps.is_available():
        yield _tried("mps", "mps")


def _tried(device: str, name: str) -> str:
    import torch

    from engine.models import fast_dtype

    dtype = fast_dtype(device)
    a, b = torch.randn(2, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    expected = a @ b
    try:
        there = a.to(device, dtype), b.to(device, dtype)
        _ = (there[0] @ there[1]).cpu()  # the first call is slow
        started = time.perf_counter()
        found = (there[0] @ there[1]).cpu().float()
        seconds = time.perf_counter() - started
    except RuntimeError as error:
        return f"{name}: does not work: {str(error).splitlines()[0]}"
    off = float((found - expected).abs().mean() / expected.abs().mean())
    works = "computes right" if off < NEAR else f"COMPUTES WRONG, off by {off:.0%}"
    precision = str(dtype).removeprefix("torch.")
    return f"{name}: {works} in {precision}, {2 * SIDE**3 / seconds / 1e9:.0f} GFLOP/s"


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
