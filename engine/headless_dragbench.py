"""`dragbench FOLDER -o OUT`: every case of a DragBench folder, one after another, with tables and pictures of
what came out. It goes on where it was stopped, and past cases that are broken.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine import dragbench, dragbench_table
from engine.dragbench import Found
from engine.dragbench_table import Row
from engine.headless_edits import drag_request, put_back
from engine.headless_run import (
    Report,
    answer,
    as_wanted,
    loaded,
    make_folder,
    run,
    say,
    step_of,
    variant_paths,
)
from engine.pictures import PictureError, flat, save_picture
from engine.types import EngineError, Handle, Learning, Preview

if TYPE_CHECKING:
    from engine.models import Model

SETTINGS = (
    *("form", "solver", "strength", "settle", "alpha", "beta", "stride", "radius", "whole", "steps", "seed"),
    *("variants", "prompt", "negative_prompt", "guidance", "model"),
)
BROKEN = (EngineError, PictureError, MemoryError, RuntimeError)  # the last is torch's, where a device is full


def bench(ask: argparse.Namespace) -> int:
    if not ask.input.is_dir():
        raise EngineError(f"There is no folder {ask.input}; check the name.")
    cases = list(dragbench.found(ask.input, ask.output))
    if not cases:
        raise EngineError(
            f"{ask.input} holds no DragBench case: a folder with origin_image.png, mask.png and prompt.json, "
            "or with original_image.png and meta_data.pkl."
        )
    # what is wrong with the settings is wrong with each case: it is said before the first
    blank, handle = np.zeros((64, 64, 3), np.uint8), Handle((16, 16), (40, 40), ask.radius)
    trial, _ = drag_request(_with_prompt(ask, ask.prompt or ""), blank, [handle], None)
    settings = {name: getattr(ask, name) for name in SETTINGS} | _beside(ask)
    rows = _finished(cases, dragbench_table.earlier(ask.output, settings), ask.output)
    if rows:
        say(f"{len(rows)} of {len(cases)} cases are done already.")

    def write() -> None:
        in_order = [rows[case.name] for case in cases if case.name in rows]
        dragbench_table.write(ask.output, settings, in_order)

    try:
        if len(rows) < len(cases):
            model, _ = loaded(ask.model, ask.device)
            model.denoiser(trial)
            make_folder(ask.output / "pictures")
            for row in _run_all(ask, [case for case in cases if case.name not in rows], model):
                rows[row.case] = row
                write()
    except KeyboardInterrupt:
        say(f"\nStopped; {len(rows)} of {len(cases)} cases are done and stay. The same command goes on.")
        return 130
    write()
    good = [(case, rows[case.name]) for case in cases if not rows[case.name].error]
    dragbench_table.draw_sheets(ask.output, good)
    broken = len(cases) - len(good)
    done = f"{broken} of {len(cases)} cases are broken, the rest is" if broken else "All cases are"
    say(f"{done} done; the table is {ask.output / 'results.md'}")
    if ask.json:
        sums = ("seconds", "learning_seconds", "network_calls", "network_evaluations", "moves")
        totals = {name: round(sum(getattr(row, name) for _, row in good), 4) for name in sums}
        answer({"output": str(ask.output), "cases": len(cases), "failed": broken, **totals})
    return 1 if broken else 0


def _run_all(ask: argparse.Namespace, cases: Sequence[Found], model: Model) -> Iterator[Row]:
    """Runs them, and says how far it is and how long it takes."""
    started, live = time.perf_counter(), sys.stderr.isatty()

    def tell(line: str, share: float, end: str) -> None:
        seconds = (time.perf_counter() - started) / share * (1 - share)
        say(f"{line} ({_duration(seconds)} left)", end)

    for i, case in enumerate(cases):
        line = f"case {i + 1} of {len(cases)}, {case.name}: "

        def renew(event: Learning | Preview, _: float, i: int = i, line: str = line) -> None:
            step, steps = step_of(event)
            if live and isinstance(event, Learning):
                say(f"\r{line}learning, step {step} of {steps}", " " * 12)
            elif live:
                tell(f"\r{line}step {step} of {steps}", (i + event.done) / len(cases), " " * 12)

        row = _run(ask, case, model, renew)
        line = "\r" * live + line + (row.error or f"{row.seconds:.1f} s")
        tell(line, (i + 1) / len(cases), " " * 12 + "\n" if live else "\n")
        yield row


def _run(
    ask: argparse.Namespace, case: Found, model: Model, renew: Callable[[Learning | Preview, float], None]
) -> Row:
    row, before = Row(case.name), (model.clock.network_calls, model.clock.network_evaluations)
    try:
        row.digest = dragbench.digest(case)
        held = dragbench.read(case)
        row.prompt = _known_words(held.prompt if ask.prompt is None else ask.prompt, model.facts.vocabulary)
        row.handles = len(held.points)
        row.mean_way = round(sum(math.dist(*pair) for pair in held.points) / row.handles, 2)
        handles = [Handle(source, target, ask.radius, trim=not ask.whole) for source, target in held.points]
        known = flat(held.picture)
        request, area = drag_request(_with_prompt(ask, row.prompt), known, handles, held.mask)
        request = as_wanted(request, ask, model.facts)
        place = ask.output / "pictures" / f"{case.name}.png"
        make_folder(place.parent)
        paths = variant_paths(place, ask.variants)
        report = Report()
        for path, result in zip(paths, run(request, model, report, renew), strict=True):
            save_picture(path, put_back(held.picture, area, result))
            row.output.append(path.relative_to(ask.output).as_posix())
        row.seconds, row.moves = round(report.seconds, 3), report.moves
        row.learning_seconds = round(report.learning_seconds, 3)
        row.network_calls = model.clock.network_calls - before[0]
        row.network_evaluations = model.clock.network_evaluations - before[1]
    except BROKEN as error:
        row.error = (str(error) or type(error).__name__).splitlines()[0]
    return row


def _finished(cases: Sequence[Found], earlier: Sequence[Row], folder: Path) -> dict[str, Row]:
    """The rows that hold: nothing was wrong, the case's files are the same, and the results are there."""
    by_name = {row.case: row for row in earlier if not row.error}
    out = {}
    for case in cases:
        row = by_name.get(case.name)
        if row and all((folder / path).is_file() for path in row.output):
            with suppress(EngineError):  # a file is gone since: the case is run, and says so
                if row.digest == dragbench.digest(case):
                    out[case.name] = row
    return out


def _beside(ask: argparse.Namespace) -> dict[str, object]:
    """The settings that most runs do without."""
    told = {
        "lora": [f"{each.path}:{each.weight:g}" for each in ask.lora],
        "embedding": [str(path) for path in ask.embedding],
        "learn": ask.learn,
    }
    return {name: value for name, value in told.items() if value}


def _with_prompt(ask: argparse.Namespace, prompt: str) -> argparse.Namespace:
    return argparse.Namespace(**{**vars(ask), "prompt": prompt})


def _known_words(prompt: str, vocabulary: Sequence[str]) -> str:
    """The prompt, for a model that knows only so many words without the others."""
    if not vocabulary:
        return prompt
    return " ".join(word for word in re.findall(r"\w+", prompt.lower()) if word in vocabulary)


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
