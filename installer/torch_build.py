"""Which build of PyTorch suits this machine: standard library only."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from typing import NamedTuple


class Build(NamedTuple):
    """One way to get PyTorch."""

    name: (
        str  # "pip": as pip itself finds it; else the folder of PyTorch's own index, and the version's suffix
    )
    why: str
    gigabytes: int  # free space that the whole set-up wants

    @property
    def source(self) -> str:
        """Where this build is offered."""
        return "https://download.pytorch.org/whl/" + self.name


class Card(NamedTuple):
    """What the NVIDIA driver says of itself and of the most able card."""

    cuda: tuple[int, int]  # the newest CUDA that the driver runs
    compute: tuple[int, int]


def choose(pip_is_configured: bool) -> Build:
    """The wish in DRIFTPAINT_TORCH, else pip's own configuration, else what the machine can use."""
    wish = os.environ.get("DRIFTPAINT_TORCH")
    if wish:
        if not re.match(r"(pip|cpu|xpu|cu\d{3}|rocm\d+\.\d+)\Z", wish):
            sys.exit(f"DRIFTPAINT_TORCH is '{wish}'; choose pip, cpu, xpu, or one like cu130 or rocm7.1.")
        return Build(wish, "as DRIFTPAINT_TORCH says", 3 if wish in ("pip", "cpu") else 12)
    if pip_is_configured:
        return Build("pip", "from where pip is configured to look", 3)
    if sys.platform == "darwin":
        return Build("pip", "the Apple build", 3)
    card = nvidia()
    if card is not None and card.cuda >= (13, 0) and card.compute >= (7, 5):
        own = sys.platform == "win32"  # on Linux it is the build that pip finds anyway
        return Build("cu130" if own else "pip", "the CUDA build, for the NVIDIA card", 12)
    if card is not None and card.cuda >= (12, 6) and card.compute >= (5, 0):
        return Build("cu126", "the CUDA build for an older NVIDIA card or driver", 12)
    if sys.platform == "win32":
        return Build("pip", "the CPU build", 3)
    return Build("cpu", "the CPU build: no card that it could use was found", 3)


def nvidia() -> Card | None:
    """Asks the NVIDIA driver itself, which needs neither a program nor a package."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None
    number, count = ctypes.c_int(), ctypes.c_int()
    if driver.cuInit(0) or driver.cuDriverGetVersion(ctypes.byref(number)):
        return None
    if driver.cuDeviceGetCount(ctypes.byref(count)) or count.value < 1:
        return None
    cards = [_compute(driver, index) for index in range(count.value)]
    return Card((number.value // 1000, number.value % 1000 // 10), max(cards))


def _compute(driver: ctypes.CDLL, index: int) -> tuple[int, int]:
    """The compute capability of one card, (0, 0) if it does not tell."""
    parts = []
    for attribute in (75, 76):  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR
        value = ctypes.c_int()
        if driver.cuDeviceGetAttribute(ctypes.byref(value), attribute, index):
            return 0, 0
        parts.append(value.value)
    return parts[0], parts[1]
