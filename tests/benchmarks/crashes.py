"""Kills painting sessions at random moments, and says what each lost: `python -m tests.benchmarks.crashes`.

"behind" is the age of the newest step that is on the disk, in the journal or in the file.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

from tests.kills import kill_after


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--longest", type=float, default=12.0, help="seconds of painting")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    dice = random.Random(options.seed)
    worst = 0.0
    for number in range(options.kills):
        seconds = dice.uniform(0, options.longest)
        with tempfile.TemporaryDirectory() as folder:
            left = kill_after(seconds, number, Path(folder))
        worst = max(worst, left.behind)
        if left.lost:
            raise SystemExit(f"{left.lost} steps are lost that the journal had")
        print(
            f"{number}: killed after {seconds:.1f} s and {left.steps} steps,"
            f" {left.behind:.1f} s behind, {'a' if left.saved else 'no'} file",
            flush=True,
        )
    print(f"{options.kills} kills, nothing damaged, at most {worst:.1f} s behind")


if __name__ == "__main__":
    main()
