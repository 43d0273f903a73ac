"""Drags on scenes whose answer is known: by every form, by copying pixels, and by DragDiffusion.

    python -m tests.benchmarks.drags [--cases 24] [--methods NAME ...] [-o FOLDER]

writes drags.json with a row for each case and method, drags.png with eight cases, and prints tables. What is
done is kept in the folder of `--work`, under the model's digest, so that a run that was stopped goes on, and
several may share the methods among them.
"""

from __future__ import annotations

import argparse
import copy
import fnmatch
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from PIL import Image

from engine import models
from engine.edits import edit
from engine.matte import trimmed
from engine.models import Model
from engine.pixel_diffusion import PixelDiffusion
from engine.types import Drag, EditRequest, EditResult, Handle, Region, Rgb
from engine.warp import grown, warped
from tests.benchmarks import dragdiffusion
from tests.benchmarks.drag_measures import measured
from tests.benchmarks.drag_tables import over_t0, tables
from tests.benchmarks.known_drags import CACHE, SIZE, Case, cases
from tests.benchmarks.plots import OUTPUT, digest, written
from tests.quality.sheets import sheet

SHOWN = 8  # cases of the sheet: each second one, for things come in pairs
THUMB = 88  # pixels, of a picture there
Row = dict[str, Any]
Maker = Callable[[Case, Model], Rgb]


class Method(NamedTuple):
    make: Maker
    most: int = 1000  # cases at most, where it is slow or one of many
    shown: bool = False  # on the sheet


def drag(
    steps: int = Drag.STEPS, seed: int = 0, outline: bool = False, masked: bool = False, **choices: Any
) -> Maker:
    """An edit as the editor would ask for it, with an ellipse round the thing or its true outline; `masked`
    where the form does not see itself what it changes.
    """

    def make(case: Case, model: Model) -> Rgb:
        operation = Drag((_outlined(case) if outline else case.handle,), **choices)
        mask = case.free if masked else None
        request = EditRequest(case.before, case.before, mask, operation, steps, seed)
        return next(event.image for event in edit(request, model) if isinstance(event, EditResult))

    return make


def moved(steps: int, **choices: Any) -> Maker:
    return drag(steps, masked=True, **choices)


def copied(handle: Callable[[Case], Handle]) -> Maker:
    """Pixels alone: moved, and the ground filled smoothly."""
    return lambda case, _: warped(case.before, [handle(case)]).picture


def _outlined(case: Case) -> Handle:
    """A handle on the thing as if it had been cut out with care, and a little ground."""
    mask = np.rint(255 * grown(case.old_thing, 2, 2)).astype(np.uint8)
    return replace(case.handle, region=Region(0, 0, mask), trim=False)


def optimised(strength: float) -> Maker:
    """DragDiffusion, with a point in the thing's middle and four half way to its border."""

    def make(case: Case, model: Model) -> Rgb:
        region = case.handle.region
        assert region is not None
        height, width = region.mask.shape
        offsets = [(0.0, 0.0), (-width / 4, 0), (width / 4, 0), (0, -height / 4), (0, height / 4)]
        ends = case.handle.source, case.handle.target
        pulls = [dragdiffusion.Pull(*((x + across, y + down) for x, y in ends)) for across, down in offsets]
        network = cast("PixelDiffusion", model)
        return dragdiffusion.dragged(network, case.before, pulls, case.free, strength, round(50 * strength))

    return make


def published(t0: float, steps: int = 10, solver: str = "cycle", stride: float = 8) -> Maker:
    return moved(steps, form="published", strength=t0, solver=solver, stride=stride)


def one_pass(solver: str) -> Maker:
    return moved(25, form="one pass", strength=0.3, solver=solver)


METHODS: dict[str, Method] = {
    "untouched": Method(lambda case, _: case.before),
    "without the thing, mirrored": Method(lambda case, _: np.ascontiguousarray(case.bare[:, ::-1])),
    "copy": Method(copied(lambda case: case.handle), shown=True),
    "copy of the matte": Method(copied(lambda case: trimmed(case.before, case.handle)), shown=True),
    "copy of the outline": Method(copied(_outlined)),
    "carry": Method(drag(form="carry"), shown=True),
    "carry of the outline": Method(drag(form="carry", outline=True), 24),
    "settle": Method(drag(form="settle"), shown=True),
    "one pass, cycle": Method(one_pass("cycle"), 24, shown=True),
    "one pass, sde": Method(one_pass("sde"), 24, shown=True),
    "one pass, ode": Method(one_pass("ode"), 24, shown=True),
    "published, cycle, t0 0.3": Method(published(0.3), 16),
    "published, sde, t0 0.3": Method(published(0.3, solver="sde"), 16, shown=True),
    "published, ode, t0 0.3": Method(published(0.3, solver="ode"), 16, shown=True),
    "as published": Method(published(0.6, 60), 16, shown=True),
    "as published, t0 0.4": Method(published(0.4, 60), 4),
    "DragDiffusion": Method(optimised(0.5), 16, shown=True),
    **{f"DragDiffusion, t0 {t0}": Method(optimised(t0), 4) for t0 in (0.35, 0.7)},
    **{f"carry, t0 {t0}": Method(drag(form="carry", strength=t0), 16) for t0 in (0.2, 0.4, 0.8)},
    **{f"carry, settle {t0}": Method(drag(form="carry", settle=t0), 16) for t0 in (0.05, 0.2, 0.35)},
    **{f"carry, {steps} steps": Method(drag(steps, form="carry"), 16) for steps in (5, 25, 50)},
    **{f"carry, seed {seed}": Method(drag(seed=seed, form="carry"), 16) for seed in (1, 2, 3)},
    **{f"published, cycle, t0 {t0}": Method(published(t0), 6) for t0 in (0.1, 0.2, 0.4, 0.6)},
    **{f"published, stride {px}": Method(published(0.3, stride=px), 6) for px in (4, 16)},
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=24)
    parser.add_argument("--methods", nargs="+", default=["*"], metavar="NAME", help="may hold *")
    parser.add_argument("--model", default="starter", help="a name, or a model's folder")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where rendered cases are kept")
    parser.add_argument("--work", type=Path, default=OUTPUT / "work", help="where finished rows are kept")
    parser.add_argument("--kept", action="store_true", help="only show what is done already")
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT, help="the folder to write to")
    ask = parser.parse_args()
    torch.set_num_threads(1)  # so that times can be compared
    names = [name for name in METHODS if any(fnmatch.fnmatch(name, each) for each in ask.methods)]
    if not names:
        parser.error(f"There is no such method; choose from {', '.join(METHODS)}.")
    model = models.load(ask.model)
    work = ask.work / digest(models.NAMED.get(ask.model) or Path(ask.model))
    known = list(cases(ask.cases, ask.cache))
    rows = [*_rows(known, names, model, work, ask.kept)]
    print(*tables(rows), sep="\n")
    columns = [name for name in names if METHODS[name].shown]
    shown = [
        [_close(each, picture) for picture in (each.before, *kept, each.after)]
        for each in known[: 2 * SHOWN : 2]
        for kept in [[_kept_picture(work, each, name) for name in columns]]
    ]
    titles = [name.removesuffix(", t0 0.3").replace("published,", "10 levels,") for name in columns]
    written(ask.output, "drags", {"rows": rows}, sheet(shown, ["before", *titles, "the answer"], THUMB))
    over_t0(rows).save(ask.output / "drags_t0.png", optimize=True)


def _rows(known: list[Case], names: list[str], model: Model, work: Path, only_kept: bool) -> Iterator[Row]:
    """All rows, those that were kept first."""
    work.mkdir(parents=True, exist_ok=True)
    kept = {name: _kept_rows(work / f"{name}.jsonl") for name in names}
    todo = [
        (i, case, name)
        for i, case in enumerate(known)
        for name in names
        if not only_kept and i < METHODS[name].most and case.name not in kept[name]
    ]
    done = {case.name for case in known}
    yield from (row for rows in kept.values() for row in rows.values() if row["case"] in done)
    started = time.monotonic()
    for count, (i, case, name) in enumerate(todo):
        left = (time.monotonic() - started) / count * (len(todo) - count) if count else 0
        sys.stderr.write(f"\r{count} of {len(todo)}, {left:.0f} s left: {case.name} {name:24}")
        sys.stderr.flush()
        row, picture = _row(case, name, model)
        if i < 2 * SHOWN:
            folder = work / name
            folder.mkdir(exist_ok=True)
            Image.fromarray(picture).save(folder / f"{case.name}.png")
        with (work / f"{name}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        yield row
    sys.stderr.write(f"\r{'':78}\r")


def _row(case: Case, name: str, model: Model) -> tuple[Row, Rgb]:
    again = copy.copy(model)  # nothing that an edit keeps for the next one is there
    calls, started = model.clock.network_calls, time.process_time()  # others may use the machine
    picture = METHODS[name].make(case, again)
    seconds = time.process_time() - started
    figures = {
        key: value if isinstance(value, bool) else round(float(value), 3)
        for key, value in measured(case, picture)._asdict().items()
    }
    row: Row = {
        "case": case.name,
        "method": name,
        "kind": case.kind,
        "hidden": case.hidden,
        "textured": case.textured,
        "way": round(case.way, 1),
        **figures,
        "calls": model.clock.network_calls - calls,
        "seconds": round(seconds, 3),
    }
    return row, picture


def _kept_rows(path: Path) -> dict[str, Row]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {row["case"]: row for row in map(json.loads, lines)}


def _close(case: Case, picture: Rgb) -> Rgb:
    """The square of a picture that holds what may change."""
    rows, columns = np.flatnonzero(case.free.any(1)), np.flatnonzero(case.free.any(0))
    side = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 17
    top, left = (min(max((ends[0] + ends[-1] - side) // 2, 0), SIZE - side) for ends in (rows, columns))
    return picture[top : top + side, left : left + side]


def _kept_picture(work: Path, case: Case, name: str) -> Rgb:
    path = work / name / f"{case.name}.png"
    return np.asarray(Image.open(path)) if path.exists() else np.zeros_like(case.before)


if __name__ == "__main__":
    main()
