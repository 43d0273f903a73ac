"""A process with too little memory for an edit, made twice: it gets so much more than the loaded model takes,
and prints what becomes of the edit, as a JSON object:
`python -m tests.benchmarks.little_memory FOLDER PIXELS [MEGABYTES]`.
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict, replace

import numpy as np
import psutil
import torch

from engine import allocation
from engine.ladder import fitting
from engine.shelf import Shelf
from engine.types import EditRequest, EditResult, Notice, SDEdit


def limit(megabytes: int) -> None:
    """So much more address space than there is now."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + megabytes * 2**20, most))


def main(folder: str, pixels: int, megabytes: int | None) -> None:
    shelf = Shelf("cpu")
    shelf.take(folder)
    torch.set_num_threads(1)
    picture = np.random.default_rng(0).integers(0, 256, (pixels, pixels, 3), np.uint8)
    asked = EditRequest(picture, picture, operation=SDEdit(0.5), steps=1, model=folder)
    asked = replace(asked, prompt="a lake", negative_prompt="people")
    if megabytes is not None:
        limit(megabytes)
    runs = [list(fitting(asked, shelf, lambda: False)) for _ in range(2)]
    figures = shelf.figures(folder)
    answer = {
        "notices": [[event.text for event in events if isinstance(event, Notice)] for events in runs],
        "results": [[event.seed for event in events if isinstance(event, EditResult)] for events in runs],
        "rungs": [each.rung for each in figures.shortages],
        "figures": asdict(figures),
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    allocation.keep_pages()
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else None)
