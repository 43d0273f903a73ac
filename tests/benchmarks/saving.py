"""How long a large project takes to be saved and opened, and how long the window stands still meanwhile:
`python -m tests.benchmarks.saving`.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ui.document import Document, Layer, layer_from, new_document
from ui.files import open_document, save_document


def painting(side: int, layers: int) -> Document:
    """A grainy picture, and layers that are covered to a quarter."""
    dice = np.random.default_rng(0)
    y, x = np.mgrid[0:side, 0:side]
    rgba = np.empty((side, side, 4), np.uint8)
    for channel in range(3):
        wave = 110 + 60 * np.sin(x / (90 + 40 * channel)) * np.cos(y / 130)
        rgba[..., channel] = (wave + dice.normal(0, 2, (side, side))).clip(0, 255)
    rgba[..., 3] = 255
    document = new_document(side, side).with_layer(layer_from(rgba, "Picture", "picture"))
    for number in range(layers - 1):
        part = rgba[: side // 2, : side // 2].copy()
        part[..., 3] = dice.integers(0, 2, part.shape[:2]) * 40 + 200
        at = number * side // (2 * layers)
        document = document.with_layer(layer_from(part, f"Layer {number}", "strokes", at, at))
    return document


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """How long the work takes on a thread, and the longest time in which this one could not run: seconds."""
    thread = threading.Thread(target=work)
    start = last = time.perf_counter()
    thread.start()
    gap = 0.0
    while thread.is_alive():
        time.sleep(0.001)
        now = time.perf_counter()
        gap, last = max(gap, now - last), now
    return time.perf_counter() - start, gap


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--side", type=int, default=4096)
    parser.add_argument("--layers", type=int, default=10)
    options = parser.parse_args()
    document = painting(options.side, options.layers)
    empty = document
    for number in range(40):
        empty = empty.with_layer(Layer(f"Empty {number}", "strokes"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.ora"
        for what, work in (
            ("save", lambda: save_document(path, document)),
            ("save with 40 empty layers more", lambda: save_document(path, empty)),
            ("open", lambda: open_document(path)),
        ):
            seconds, gap = timed(work)
            size = path.stat().st_size / 2**20
            print(f"{what}: {seconds:.1f} s, longest gap {1000 * gap:.0f} ms, {size:.0f} MiB")


if __name__ == "__main__":
    main()
