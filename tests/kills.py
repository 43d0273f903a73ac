"""Kills a painting session at some moment, and looks at what is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tests.painting_session import checksum
from ui.files import open_document
from ui.journal import left_over, recover

ROOT = Path(__file__).parents[1]


class Left(NamedTuple):
    steps: int  # that the session had told of
    behind: float  # seconds of them that are lost
    saved: bool  # whether there was a file, which was whole
    lost: int  # steps that are lost although the journal was up to date after them


def kill_after(seconds: float, seed: int, folder: Path) -> Left:
    """Run a session for so long after its first step. Raises if anything is damaged or nothing is left."""
    home = folder / "state"
    environment = os.environ | {"XDG_STATE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.painting_session", str(seed), str(folder)]
    log = (folder / "steps").open("w+b")
    with log, (folder / "errors").open("wb") as errors:
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=errors)
        deadline = time.monotonic() + 120
        while not (folder / "steps").stat().st_size and child.poll() is None:
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        end = time.time()
        child.wait()
    lines = (folder / "steps").read_text().splitlines()
    told = [line.split() for line in lines if line.count(" ") == 2]
    steps = [(float(when), int(sum_)) for when, sum_, _ in told]
    if not steps:
        raise AssertionError((folder / "errors").read_text()[-2000:])
    saved = folder / "painting.ora"
    sums, newest = [], 0.0
    if saved.exists():
        sums.append(checksum(open_document(saved).document))
    for kept in left_over(home / "driftpaint" / "journals"):
        sums.append(checksum(recover(kept.folder).document))
        newest = max(newest, kept.when)
        kept.discard()
    known = [when for when, sum_ in steps if sum_ in sums]
    behind = end - max(known, default=steps[0][0])
    sure = max((float(when) for when, _, kept in told if int(kept)), default=0.0)
    found = max([*known, newest])  # what is in the journal may not have been told of any more
    lost = sum(found < when <= sure for when, _ in steps)
    return Left(len(steps), behind, saved.exists(), lost)
