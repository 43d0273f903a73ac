"""How much memory is free for this process, how much it has, and whether it ran out."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import psutil

GROUP = Path("/sys/fs/cgroup")
NO_MEMORY = (  # how libraries say that there is none, in small letters
    *("out of memory", "bad_alloc", "cannot allocate memory", "can't allocate memory"),
    "not enough memory",  # on Windows
    *("alloc_failed", "out_of_device_memory", "out_of_host_memory", "out_of_resources"),  # CUDA; Intel's
    *("invalid buffer size", "error 1455"),  # Apple's Metal; Windows, of a file that would be mapped
    *("could not create a memory", "could not create a primitive"),  # oneDNN
)


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


def ran_short(error: BaseException) -> bool:
    """Whether it says that memory has run out."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in NO_MEMORY)


def _number(name: str) -> int:
    return int((GROUP / name).read_text())
