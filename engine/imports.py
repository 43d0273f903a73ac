"""Importing torch and diffusers without making the window stutter."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Inside, Python's garbage collector rests; what was made is not looked at again afterwards.

    Importing makes a million objects that stay. Looking for garbage among them takes a quarter of the time,
    and each full pass stops all threads for 300 ms.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
