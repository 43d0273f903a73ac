"""Memory that a process keeps: in one of its own, for it is set once and for all."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys, threading
from engine import allocation

kept = allocation.keep_pages() if sys.argv[1] == "keep" else False

def faults_of_large_blocks():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(6):
        [b'x' * 2**24 for _ in range(4)]
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

thread = threading.Thread(target=faults_of_large_blocks)  # as the engine is one
thread.start()
thread.join()
held = int(open("/proc/self/statm").read().split()[1])
allocation.give_back()
print(held - int(open("/proc/self/statm").read().split()[1]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc is Linux's")
def test_large_blocks_of_a_thread_are_made_of_what_was_freed_before() -> None:
    plain_malloc = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}

    def run(how: str) -> tuple[int, int]:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, how], env=plain_malloc, capture_output=True, text=True, check=True
        )
        faults, given_back = map(int, done.stdout.split())
        return faults, given_back

    kept, plain = run("keep"), run("plain")
    assert kept[0] < plain[0] / 2
    assert kept[1] > 2**13, "the pages of one block go back when they are asked for"
