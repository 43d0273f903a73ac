"""The SDE against the ODE where something must be invented: under a mask, and from strokes.

    python -m tests.benchmarks.inpainting [--scenes 8] [-o FOLDER]

Held-out scenes lose a part, or are made strokes, and are brought back by first-order steps, the paper's, and
by the product's second-order ones. Results are kept in the folder of `--work`, under the model's digest, so
that a run that was stopped goes on. Realism against faithfulness over t0 is in `python -m tests.quality`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine import models
from engine.edits import edit
from engine.models import Model
from engine.types import EditRequest, EditResult, Mask, Rgb, SDEdit
from tests.benchmarks.drag_measures import psnr
from tests.benchmarks.known_drags import SIZE
from tests.benchmarks.plots import OUTPUT, digest, written
from tests.quality import features
from tests.quality.measures import kernel_distance, sampling_floor
from tests.quality.paintings import simulated
from tests.quality.scenes import HELD_OUT, scenes
from tests.quality.sheets import sheet

OTHERS = 64  # scenes that results are compared with as a set
HOLE = 128  # pixels, of both sides
STROKES = 0.5  # t0 from strokes
SHOWN = 4  # scenes of the sheet
THUMB = 112  # pixels, of a picture there
Task = Literal["inpainting", "strokes"]


class Way(NamedTuple):
    task: Task
    solver: Literal["sde", "ode"]
    order: Literal[1, 2]
    steps: int

    def __str__(self) -> str:
        return f"{self.task} {self.solver} order {self.order}, {self.steps} steps"


TASKS: tuple[Task, ...] = ("inpainting", "strokes")
SOLVERS: tuple[Literal["sde", "ode"], ...] = ("sde", "ode")
ORDERS: tuple[tuple[Literal[1, 2], int], ...] = ((1, 25), (1, 50), (1, 100), (2, 25))
WAYS = [Way(task, solver, *order) for task in TASKS for solver in SOLVERS for order in ORDERS]


def hole(number: int) -> Mask:
    """A square somewhere, other for each scene."""
    x, y = np.random.default_rng(number).integers(0, SIZE - HOLE + 1, 2)
    mask = np.zeros((SIZE, SIZE), np.float32)
    mask[y : y + HOLE, x : x + HOLE] = 1
    return mask


def request(way: Way, number: int, scene: Rgb) -> EditRequest:
    operation = SDEdit(1.0 if way.task == "inpainting" else STROKES, solver=way.solver, order=way.order)
    if way.task == "strokes":
        strokes = simulated(scene)
        return EditRequest(strokes, strokes, None, operation, way.steps, number)
    mask = hole(number)
    blank = np.where(mask[..., None] > 0, np.uint8(128), scene)
    return EditRequest(blank, blank, mask, operation, way.steps, number)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenes", type=int, default=8)
    parser.add_argument("--model", default="starter", help="a name, or a model's folder")
    parser.add_argument("--work", type=Path, default=OUTPUT / "work", help="where finished results are kept")
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT, help="the folder to write to")
    ask = parser.parse_args()
    torch.set_num_threads(1)
    model = models.load(ask.model)
    work = ask.work / digest(models.NAMED.get(ask.model) or Path(ask.model))
    pictures = scenes(HELD_OUT, ask.scenes + OTHERS)
    held, others = pictures[: ask.scenes], pictures[ask.scenes :]
    made = _made(held, model, work)
    rows = [*_rows(held, others, made)]
    print(*table(rows), sep="\n")
    for task in TASKS:
        some = [way for way in WAYS if way.task == task and way.steps != 50]
        titles = [f"{way.solver}{' 2nd' * (way.order - 1)}, {way.steps}" for way in some]
        shown = [
            [request(some[0], i, scene).guide, *(made[way][i] for way in some), scene]
            for i, scene in enumerate(held[:SHOWN])
        ]
        picture = sheet(shown, ["given", *titles, "the scene"], THUMB)
        written(ask.output, task, {"rows": [row for row in rows if row["task"] == task]}, picture)


def _made(held: list[Rgb], model: Model, work: Path) -> dict[Way, list[Rgb]]:
    """Every scene by every way, those that were kept first."""
    paths = {(way, i): work / str(way) / f"{i:03}.png" for i in range(len(held)) for way in WAYS}
    todo = [key for key, path in paths.items() if not path.exists()]
    calls, started = 0, time.monotonic()
    for count, (way, i) in enumerate(todo):
        left = (time.monotonic() - started) / calls if calls else 0.0
        left *= sum(each.steps for each, _ in todo[count:])
        sys.stderr.write(f"\r{count} of {len(todo)}, {left:.0f} s left: {way!s:40}")
        events = edit(request(way, i, held[i]), model)
        picture = next(event.image for event in events if isinstance(event, EditResult))
        paths[way, i].parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(paths[way, i])
        calls += way.steps
    sys.stderr.write(f"\r{'':78}\r")
    return {way: [np.asarray(Image.open(paths[way, i])) for i in range(len(held))] for way in WAYS}


def _rows(held: list[Rgb], others: list[Rgb], made: dict[Way, list[Rgb]]) -> Iterator[dict[str, Any]]:
    network = features.load()

    def seen(pictures: list[Rgb]) -> Tensor:
        return features.features_of(network, pictures)

    scenes_seen, known = seen(held), seen(others)
    pool = torch.cat([scenes_seen, known])
    floor = sampling_floor(pool, len(held), len(others), kernel_distance).rms
    for way, pictures in made.items():
        holes = [hole(i) if way.task == "inpainting" else np.ones((SIZE, SIZE)) for i in range(len(held))]
        inside = [psnr(a, b, mask > 0) for a, b, mask in zip(pictures, held, holes, strict=True)]
        apart = (seen(pictures) - scenes_seen).square().mean(1).sqrt()
        yield {
            "task": way.task,
            "solver": way.solver,
            "order": way.order,
            "steps": way.steps,
            "kernel distance x1000": round(1000 * kernel_distance(seen(pictures), known), 2),
            "sampling floor x1000": round(1000 * floor, 2),
            "features apart": round(float(apart.mean()), 4),
            "features apart, error": round(float(apart.std() / len(apart) ** 0.5), 4),
            "psnr": round(fmean(inside), 2),
            "psnr, error": round(stdev(inside) / len(inside) ** 0.5, 2),
            "detail": round(_detail(pictures, holes) / _detail(held, holes), 3),
        }


def _detail(pictures: list[Rgb], masks: list[Any]) -> float:
    """Mean slope inside the masks."""
    slopes = [np.hypot(*np.gradient(each.astype(np.float32).mean(-1))) for each in pictures]
    return float(np.mean([slope[mask > 0].mean() for slope, mask in zip(slopes, masks, strict=True)]))


def table(rows: list[dict[str, Any]]) -> list[str]:
    head = [
        "task",
        "solver",
        "order",
        "steps",
        "kernel distance x1000",
        "features apart",
        "PSNR dB",
        "detail",
    ]
    lines = ["| " + " | ".join(head) + " |", "| --- " * len(head) + "|"]
    for row in rows:
        cells = (
            *(row[key] for key in ("task", "solver", "order", "steps")),
            f"{row['kernel distance x1000']:.1f} (floor ± {row['sampling floor x1000']:.1f})",
            f"{row['features apart']:.3f} ± {row['features apart, error']:.3f}",
            f"{row['psnr']:.2f} ± {row['psnr, error']:.2f}",
            f"{row['detail']:.2f}",
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return lines


if __name__ == "__main__":
    main()
