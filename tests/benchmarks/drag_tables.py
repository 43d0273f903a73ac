"""Tables of drags, in Markdown: from rows of `tests.benchmarks.drags`, or from the drags.json that it left.

python -m tests.benchmarks.drag_tables [drags.json]
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

from PIL import Image

from tests.benchmarks.plots import COLOURS, OUTPUT, Axis, Line, plot

Row = dict[str, Any]
REFERENCES = ("copy", "as published")
SWEEPS = {  # t0, and the method
    "carry, of the ground": {
        0.2: "carry, t0 0.2",
        0.4: "carry, t0 0.4",
        0.6: "carry",
        0.8: "carry, t0 0.8",
    },
    "carry, of what moved": {
        0.05: "carry, settle 0.05",
        0.1: "carry",
        0.2: "carry, settle 0.2",
        0.35: "carry, settle 0.35",
    },
    "published, cycle": {t0: f"published, cycle, t0 {t0}" for t0 in (0.1, 0.2, 0.3, 0.4, 0.6)},
}


def tables(rows: Sequence[Row]) -> list[str]:
    """All cases; then against each reference, case by case; then by kind of case."""
    methods = {row["method"]: [each for each in rows if each["method"] == row["method"]] for row in rows}
    lines = ["", *_overall(methods)]
    for reference in REFERENCES:
        if reference in methods:
            lines += ["", *_against(reference, methods)]
    return [*lines, "", *_by_kind(methods)]


def over_t0(rows: Sequence[Row]) -> Image.Image:
    """What t0 does: picture error in the two places, less that of a copy, on the cases of each line."""
    copies = {row["case"]: row["inside"] for row in rows if row["method"] == "copy"}
    lines = []
    for (name, of), colour in zip(SWEEPS.items(), COLOURS, strict=False):
        gains = {
            t0: [
                row["inside"] - copies[row["case"]]
                for row in rows
                if row["method"] == method and row["case"] in copies
            ]
            for t0, method in of.items()
        }
        least = min((len(each) for each in gains.values()), default=0)
        if least:
            lines.append(Line(name, list(gains), [fmean(each[:least]) for each in gains.values()], colour))
    across = Axis("t0", 0.0, 1.0, (0, 0.2, 0.4, 0.6, 0.8, 1))
    up = Axis(
        "dB in the two places, more than a copy of the pixels", -10, 8, (-10, -8, -6, -4, -2, 0, 2, 4, 6, 8)
    )
    return plot("How far up to go", across, up, lines, (860, 370))


def _overall(methods: dict[str, list[Row]]) -> list[str]:
    head = (
        "method", "cases", "arrived", "lost", "distance, px", "in the two places, dB", "uncovered, dB",
        "its tone, dB", "outside, dB", "kept outside", "ghost", "left", "detail", "calls", "processor, s",
    )  # fmt: skip
    out = []
    for name, rows in methods.items():
        mean = {key: fmean(row[key] for row in rows) for key in MEANS}
        out.append(
            (
                name,
                len(rows),
                f"{mean['arrived']:.0%}",
                f"{mean['lost']:.0%}",
                f"{median(row['distance'] for row in rows):.1f}",
                f"{mean['inside']:.1f}",
                f"{mean['uncovered']:.1f}",
                f"{mean['tone']:.1f}",
                f"{mean['outside']:.1f}",
                f"{mean['kept']:.1%}",
                f"{mean['ghost']:.2f}",
                f"{median(row['left'] for row in rows):.2f}",
                f"{mean['detail']:.2f}",
                f"{mean['calls']:.0f}",
                f"{mean['seconds']:.2f}",
            )
        )
    return _table(head, out)


MEANS = (
    *("arrived", "lost", "inside", "uncovered", "tone", "outside", "kept"),
    *("ghost", "detail", "calls", "seconds"),
)


def _against(reference: str, methods: dict[str, list[Row]]) -> list[str]:
    """Differences on the cases that both have done: their mean, and its standard error."""
    known = {row["case"]: row for row in methods[reference]}
    head = (
        f"against {reference}", "cases", "in the two places, dB", "better in", "uncovered, dB",
        "its tone, dB", "arrived", "time, ratio",
    )  # fmt: skip
    out = []
    for name, rows in methods.items():
        pairs = [(row, known[row["case"]]) for row in rows if row["case"] in known]
        if name == reference or not pairs:
            continue
        inside = [a["inside"] - b["inside"] for a, b in pairs]
        uncovered = [a["uncovered"] - b["uncovered"] for a, b in pairs]
        tone = [a["tone"] - b["tone"] for a, b in pairs]
        arrived = [sum(row["arrived"] for row in column) / len(pairs) for column in zip(*pairs, strict=True)]
        spent = [sum(row["seconds"] for row in column) for column in zip(*pairs, strict=True)]
        out.append(
            (
                name,
                len(pairs),
                _spread(inside),
                f"{fmean(each > 0 for each in inside):.0%}",
                _spread(uncovered),
                _spread(tone),
                f"{arrived[0]:.0%} to {arrived[1]:.0%}",
                f"{spent[0] / max(spent[1], 1e-6):.3f}",
            )
        )
    return _table(head, out)


def _by_kind(methods: dict[str, list[Row]]) -> list[str]:
    """Arrived, and dB in the two places less those of a copy."""
    kinds = sorted({row["kind"] for rows in methods.values() for row in rows})
    parts: dict[str, Callable[[Row], bool]] = {
        **{kind: lambda row, kind=kind: row["kind"] == kind for kind in kinds},  # type: ignore[misc]
        "plain": lambda row: not row["textured"],
        "textured": lambda row: bool(row["textured"]),
        "partly hidden": lambda row: bool(row["hidden"]),
    }
    copies = {row["case"]: row for row in methods.get("copy", [])}
    out = []
    for name, rows in methods.items():
        cells = []
        for belongs in parts.values():
            some = [row for row in rows if belongs(row)]
            over = [row["inside"] - copies[row["case"]]["inside"] for row in some if row["case"] in copies]
            gain = f", {fmean(over):+.1f}" if over else ""
            cells.append(f"{fmean(row['arrived'] for row in some):.0%}{gain}" if some else "")
        out.append((name, *cells))
    return _table(("arrived, dB over copy", *parts), out)


def _spread(values: Sequence[float]) -> str:
    error = stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{fmean(values):+.1f} ± {error:.1f}"


def _table(head: Sequence[object], rows: Sequence[Sequence[object]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines]


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT / "drags.json"
    print(*tables(json.loads(path.read_text(encoding="utf-8"))["rows"]), sep="\n")


if __name__ == "__main__":
    main()
