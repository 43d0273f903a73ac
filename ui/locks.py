"""Locks on files that are open, so that two Driftpaints do not write the same one.

They lie in a folder of the user, not beside the file: folders may be read-only, and others need not see them.
"""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from platformdirs import user_state_path
from PySide6.QtCore import QLockFile


def lock(path: Path) -> QLockFile | None:
    """A lock on a file; it ends with its last reference or with the program. None: another has it."""
    folder = user_state_path("driftpaint", appauthor=False) / "locks"
    with suppress(OSError):  # without a home for it there is no lock
        folder.mkdir(parents=True, exist_ok=True)
    name = sha256(str(path.resolve()).encode(errors="surrogateescape")).hexdigest()[:32]
    file = QLockFile(str(folder / f"{name}.lock"))
    file.setStaleLockTime(0)  # it is stale when its program has ended, however long that runs
    if file.tryLock(0) or file.error() != QLockFile.LockError.LockFailedError:
        return file
    return None
