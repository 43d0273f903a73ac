"""What came out of a DragBench folder: the table for machines, the page for people, and contact sheets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from engine import dragbench
from engine.contact_sheet import contact_sheet
from engine.dragbench import Case, Found
from engine.pictures import flat, open_picture, save_picture
from engine.types import EngineError, Rgb

ON_A_SHEET = 30  # cases
FROM, TO = (235, 60, 60), (70, 130, 255)
Settings = Mapping[str, object]


@dataclass
class Row:
    """What the table says of a case."""

    case: str
    digest: str = ""  # of its files
    prompt: str = ""  # as the model was asked
    handles: int = 0
    mean_way: float = 0.0  # pixels
    output: list[str] = field(default_factory=list)  # below the output folder
    seconds: float = 0.0
    learning_seconds: float = 0.0  # of them
    network_calls: int = 0
    network_evaluations: int = 0
    moves: int = 0
    error: str = ""


def earlier(folder: Path, settings: Settings) -> list[Row]:
    """The rows that an earlier run with the same settings has left in a folder."""
    try:
        told = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        rows = [Row(**row) for row in told["cases"]]
        return rows if told["settings"] == settings else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def write(folder: Path, settings: Settings, rows: Sequence[Row]) -> None:
    """Both tables; the old ones stay until the new ones are complete."""
    content = {"settings": settings, "cases": [asdict(row) for row in rows]}
    for name, text in (
        ("results.json", json.dumps(content, indent=1, ensure_ascii=False)),
        ("results.md", _page(settings, rows)),
    ):
        partial = folder / f".{name}.partial"
        try:
            partial.write_text(text + "\n", encoding="utf-8")
            partial.replace(folder / name)
        except OSError as error:
            reason = error.strerror
            raise EngineError(f"{folder / name} cannot be saved ({reason}); free some space.") from None


def _page(settings: Settings, rows: Sequence[Row]) -> str:
    good = [row for row in rows if not row.error]
    told = ", ".join(f"{name} {value}" for name, value in settings.items() if value not in ("", None))
    lines = ["# DragBench", "", f"{told}.", "", f"{len(rows)} cases, {len(rows) - len(good)} of them broken."]
    if good:
        seconds = sum(row.seconds for row in good) / len(good)
        evaluations = sum(row.network_evaluations for row in good) / len(good)
        way = sum(row.mean_way for row in good) / len(good)
        learning = sum(row.learning_seconds for row in good) / len(good)
        lines.append(
            f"On average {seconds:.2f} s and {evaluations:.0f} network evaluations, for a way of {way:.0f} "
            "pixels." + f" Learning the picture took {learning:.2f} s of them." * (learning > 0)
        )
    lines += ["", "| case | words | handles | mean way | moves | evaluations | seconds | result |"]
    lines.append("|---|---|--:|--:|--:|--:|--:|---|")
    for row in rows:
        result = row.error or ", ".join(f"[{i}](<{path}>)" for i, path in enumerate(row.output, 1))
        numbers = (row.handles, row.mean_way, row.moves, row.network_evaluations, row.seconds)
        cells = (row.case, row.prompt, *(("",) * 5 if row.error else numbers), result)
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def draw_sheets(folder: Path, cases: Sequence[tuple[Found, Row]]) -> None:
    """Contact sheets of what was asked and what came out."""
    for first in range(0, len(cases), ON_A_SHEET):
        pictures: list[Rgb] = []
        captions: list[str] = []
        for case, row in cases[first : first + ON_A_SHEET]:
            pictures += [_asked(dragbench.read(case)), flat(open_picture(folder / row.output[0]).rgba)]
            captions += [row.case, f"{row.seconds:.1f} s, {row.network_evaluations} evaluations"]
        number = f" {first // ON_A_SHEET + 1}" if len(cases) > ON_A_SHEET else ""
        save_picture(folder / f"contact sheet{number}.png", contact_sheet(pictures, captions))


def _asked(case: Case) -> Rgb:
    """The picture, darker where it may not change, with its handles."""
    shade = 0.5 + 0.5 * case.mask[..., None]
    image = Image.fromarray((flat(case.picture) * shade).astype(np.uint8))
    pen, unit = ImageDraw.Draw(image), max(image.size) / 256
    for source, target in case.points:
        pen.line([source, target], "white", max(1, round(2 * unit)))
        for (x, y), ink in ((source, FROM), (target, TO)):
            pen.circle((x, y), 4 * unit, ink, "white", max(1, round(unit)))
    return np.asarray(image)
