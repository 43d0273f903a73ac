"""Where this program writes what went wrong: a log that turns over, and the trace of a crash. Both are files
of the user's; nothing is sent anywhere.
"""

from __future__ import annotations

import atexit
import faulthandler
import logging
import os
import sys
import threading
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import TextIO

import psutil
from platformdirs import user_log_path

BYTES, KEPT = 500_000, 3  # of one log, and how many older ones stay
REPORTS = 5  # of crashes that stay


def folder() -> Path:
    return user_log_path("driftpaint", appauthor=False)


def begin(name: str = "driftpaint", about: str = "") -> Path | None:
    """From now on this process logs to a file of that name, and a native crash leaves a trace.

    Returns the report of a crash since the last start, if there was one. Without a place to write there is
    no log, and the program goes on.
    """
    try:
        folder().mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder() / f"{name}.log", maxBytes=BYTES, backupCount=KEPT, encoding="utf-8"
        )
        report = _last_crash(name)
        path = folder() / f"{name}.{os.getpid()}.trace"
        trace = path.open("w", encoding="utf-8")
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger(__name__).info("begun: %s", about)
    trace.write(f"{about}\n")
    trace.flush()
    faulthandler.enable(trace)
    atexit.register(_end, trace, path)
    sys.excepthook = _uncaught
    threading.excepthook = lambda told: _uncaught(told.exc_type, told.exc_value, told.exc_traceback)
    return report


def crashes() -> list[Path]:
    """The reports of crashes, the latest last."""
    return sorted(folder().glob("*crash*.txt"), key=lambda path: path.name.rpartition("crash")[2])


def _last_crash(name: str) -> Path | None:
    """What processes before us left that are no more: a trace with words in it becomes a report."""
    report = None
    for trace in folder().glob(f"{name}.*.trace"):
        number = trace.name.split(".")[-2]
        if number.isdigit() and psutil.pid_exists(int(number)):
            continue
        _, _, said = trace.read_text(encoding="utf-8", errors="replace").partition("\n")
        if not said.strip():
            trace.unlink()  # ended from outside
            continue
        when = time.strftime("%Y-%m-%d %H.%M.%S", time.localtime(trace.stat().st_mtime))
        report = trace.replace(folder() / f"{name} crash {when}.txt")
    for old in crashes()[:-REPORTS]:
        old.unlink()
    return report


def _end(trace: TextIO, path: Path) -> None:
    faulthandler.disable()
    trace.close()
    path.unlink(missing_ok=True)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if error is None or issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger(__name__).critical("uncaught", exc_info=(kind, error, trace))
    sys.__excepthook__(kind, error, trace)
