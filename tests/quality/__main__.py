"""Quality figures of a model, by one command: `python -m tests.quality [--model FOLDER] [--sheets FOLDER]`.

It prints one table; with --sheets it also writes contact sheets to look at. The same model gives the same
figures on the same machine. It takes a quarter of an hour on two cores; with --few a minute, and figures are
rough. `python -m tests.quality.sheets` makes sheets alone, of paintings of your own.
"""
# ruff: noqa: T201  a command speaks

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from engine import models
from engine.types import EngineError
from tests.quality import figures
from tests.quality.features import PATH

ROOT = Path(__file__).parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="starter", help="a name, or a model's folder")
    parser.add_argument("--few", action="store_true", help="a quick look")
    parser.add_argument("--sheets", type=Path, metavar="FOLDER", help="write contact sheets there")
    parser.add_argument(
        "--training",
        type=Path,
        metavar="FOLDER",
        default=ROOT / "training" / "pictures",
        help="the pictures that the model was trained on; where there are none, some are rendered again",
    )
    ask = parser.parse_args()
    started = time.monotonic()
    try:
        model = models.load(ask.model)
        folder = models.NAMED.get(ask.model) or Path(ask.model)
        print(f"{folder.name}, {model.facts.dtype} on {model.facts.device}, {os.cpu_count()} cores")
        counts = figures.FEW if ask.few else figures.FULL
        case = figures.case(model, counts, ask.sheets)
    except EngineError as error:
        print(error, file=sys.stderr)
        return 2
    for part in (
        figures.errors(case, folder) if (folder / "patches.safetensors").exists() else (),
        figures.distances(case),
        figures.curve(case),
        figures.copies(case, ask.training),
        figures.contact_sheets(case),
    ):
        for line in part:
            print(line, flush=True)
    print(f"\n{time.monotonic() - started:.0f} s; features of {PATH.name}, which are not Inception's")
    return 0


if __name__ == "__main__":
    sys.exit(main())
