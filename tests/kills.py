"""Kills a painting session at some moment, and looks at what is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tests.painting_session import checksum, number_in
from ui.files import open_document
from ui.journal import left_over, recover

ROOT = Path(__file__).parents[1]


class Step(NamedTuple):
    """What the session tells of one."""

    when: float  # seconds, as `time.time` has them
    number: int
    checksum: int  # of what is seen then
    kept: int  # 1: the journal was brought up to date after it


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
    steps = [Step(float(when), *map(int, rest)) for when, *rest in map(str.split, lines) if len(rest) == 3]
    if not steps:
        raise AssertionError((folder / "errors").read_text()[-2000:])
    saved = folder / "painting.ora"
    found = 0  # the newest step that is left
    if saved.exists():
        document = open_document(saved).document
        found = number_in(document)
        if any(step.number == found and step.checksum != checksum(document) for step in steps):
            raise AssertionError(f"the file is not as step {found} was")
    for kept in left_over(home / "driftpaint" / "journals"):
        found = max(found, number_in(recover(kept.folder).document))
        kept.discard()
    newest = max((step.when for step in steps if step.number <= found), default=steps[0].when)
    sure = max((step.number for step in steps if step.kept), default=0)
    lost = sum(found < step.number <= sure for step in steps)
    return Left(len(steps), end - newest, saved.exists(), lost)
