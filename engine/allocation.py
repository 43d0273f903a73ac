"""How the C library gives out memory on Linux: large tensors from what the process has already.

Left alone, glibc asks the kernel for every large tensor and gives it back at once, and the kernel's blank
pages cost a tenth of an edit, on a busy machine much more.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import threading

MEGABYTE = 2**20
TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD, ARENA_MAX = -1, -2, -3, -8  # of malloc.h


def keep_pages() -> bool:
    """First before any thread asks for memory; whether there is such a library."""
    # one arena, for those of threads cannot hold what is large, and no bound at which it gives memory back;
    # but the few largest tensors are the kernel's, for what they leave are gaps
    kept = (TRIM_THRESHOLD, 2**31 - 1), (TOP_PAD, 64 * MEGABYTE), (MMAP_THRESHOLD, 32 * MEGABYTE)
    return _set((ARENA_MAX, 1), *kept)


def spare_pages() -> bool:
    """Where memory is short: what is large goes back at once, and leaves no gaps."""
    return _set((MMAP_THRESHOLD, MEGABYTE), (TRIM_THRESHOLD, MEGABYTE), (TOP_PAD, 0))


def trim() -> None:
    """What is free goes back to the system, which `keep_pages` had kept."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)


def give_back() -> None:
    """The same, with what is garbage. That is collected on the main thread alone: there may be Qt's objects
    in it, which must not be deleted on another.
    """
    if threading.current_thread() is threading.main_thread():
        gc.collect()
    trim()


def _set(*settings: tuple[int, int]) -> bool:
    library = _glibc()
    if library is None:
        return False
    taken = [library.mallopt(name, value) for name, value in settings]
    return all(taken)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
