"""How much memory is free for this process, and how much it has."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import psutil

GROUP = Path("/sys/fs/cgroup")


def free_bytes() -> int:
    """What the machine, a container and a limit of this process still give."""
    free: list[int] = [psutil.virtual_memory().available]
    with suppress(OSError, ValueError):  # no such group, or it has no limit
        free.append(_number("memory.max") - _number("memory.current"))
    if sys.platform.startswith("linux"):
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            free.append(limit - psutil.Process().memory_info().vms)
    return max(0, min(free))


def held_bytes() -> int:
    """Of the machine's memory, by this process."""
    held: int = psutil.Process().memory_info().rss
    return held


def _number(name: str) -> int:
    return int((GROUP / name).read_text())
