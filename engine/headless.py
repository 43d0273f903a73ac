"""The same edits without a window: `python main.py sdedit INPUT -o OUT`, and the demonstration where no
display is.

What is wrong with the input is said in one sentence on stderr, before anything heavy is imported; the exit
code is 2.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.area import Rect, blend, part_of, soft_mask, work_area
from engine.imports import uncollected
from engine.pictures import Picture, PictureError, flat, format_of, open_mask, open_picture, save_picture
from engine.types import EditRequest, EditResult, EngineError, Mask, Preview, Rgb, SDEdit

if TYPE_CHECKING:
    from engine.models import Model

SAMPLE = Path(__file__).parents[1] / "resources" / "samples" / "mountain lake strokes.png"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"{message[0].upper()}{message[1:]}. See: {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


@dataclass
class _Report:
    """What `--json` prints; seconds leave imports and loading out."""

    output: list[str] = field(default_factory=list)
    seconds: float = 0.0
    load_seconds: float = 0.0
    first_preview_seconds: float | None = None


def main(argv: list[str]) -> int:
    """`sdedit ...` from the command line; returns the exit code."""
    ask = _arguments().parse_args(argv)
    try:
        return _sdedit(ask)
    except (EngineError, PictureError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped; no result was written.", file=sys.stderr)
        return 130


def demo() -> int:
    """The main job on a bundled painting: the picture, its previews and a contact sheet in a folder."""
    folder = Path.cwd() / "driftpaint-output"
    if not os.access(folder if folder.exists() else folder.parent, os.W_OK):
        folder = Path(tempfile.mkdtemp(prefix="driftpaint-output-"))
    folder.mkdir(exist_ok=True)
    previews = folder / "previews"
    code = main(["sdedit", str(SAMPLE), "-o", str(folder / "picture.png"), "--previews", str(previews)])
    if code == 0:
        frames = [SAMPLE, *sorted(previews.glob("*.png"))[::4], folder / "picture.png"]
        save_picture(
            folder / "contact sheet.png", _contact_sheet([open_picture(path).rgba for path in frames])
        )
        print(f"The picture, its previews and a contact sheet are in {folder}")
    return code


def _arguments() -> argparse.ArgumentParser:
    parser = _Parser(prog="main.py", description="Driftpaint without a window.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    add = commands.add_parser(
        "sdedit",
        help="make strokes or pasted pieces real",
        description="Noise a picture with strokes to the given strength and let the model denoise it.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    ).add_argument
    add("input", metavar="INPUT", type=Path, help="the picture")
    add(
        "-o",
        "--output",
        metavar="OUT",
        type=Path,
        required=True,
        help="where the result goes; PNG, JPEG, WebP, TIFF",
    )
    add(
        "--guide",
        type=Path,
        help="the picture with strokes; or strokes on transparency, which then make the mask",
    )
    add(
        "--mask",
        type=Path,
        help="white may change, black is kept bit for bit; without one everything may change",
    )
    add("--strength", type=float, default=0.5, help="t0: 0 keeps the guide, 1 forgets it")
    add("--steps", type=int, default=25, help="network calls")
    add("--repeats", type=int, default=1, help="how often to noise and denoise")
    add("--solver", choices=["sde", "ode"], default="sde", help="stochastic or deterministic")
    add("--sde", choices=["vp", "ve"], default="vp", help="variance preserving or exploding")
    add("--order", type=int, choices=[1, 2], default=2, help="of the solver; 1 is the paper's")
    add("--prompt", default="", help="what the picture shall show, for models that take words")
    add("--guidance", type=float, default=3.0, help="how much the prompt counts")
    add("--seed", type=int, default=0, help="the same seed gives the same picture")
    add("--variants", type=int, default=1, help="how many pictures, each with the next seed")
    add("--model", default="starter", help="a name, or a model's folder")
    add("--device", default="auto", help="auto, cpu, cuda or mps")
    add("--previews", type=Path, metavar="DIR", help="write the picture after every network call here")
    add("--json", action="store_true", help="print a last line with the figures")
    return parser


def _sdedit(ask: argparse.Namespace) -> int:
    picture = _open(ask.input)
    guide, mask = _guide(ask, picture)
    operation = SDEdit(ask.strength, ask.repeats, ask.solver, ask.sde, ask.order)
    known = flat(picture.rgba)
    area = work_area(mask) if mask is not None else Rect(0, 0, known.shape[1], known.shape[0])
    request = EditRequest(
        image=known[area.slices],
        guide=guide[area.slices],
        mask=None if mask is None else mask[area.slices],
        operation=operation,
        steps=ask.steps,
        seed=ask.seed,
        variants=ask.variants,
        model=ask.model,
        prompt=ask.prompt,
        guidance=ask.guidance,
        window=part_of(area, known.shape[1], known.shape[0]),
    )
    outputs = _outputs(ask.output, ask.variants)
    if ask.previews:
        _make_folder(ask.previews)

    started = time.perf_counter()
    with uncollected():
        from engine.models import load  # takes seconds: not before the input is known to be good

        model = load(ask.model, ask.device)
    report = _Report(load_seconds=time.perf_counter() - started)
    results = _run(request, model, report, _progress(), ask.previews)
    for path, result in zip(outputs, results, strict=True):
        save_picture(path, _put_back(picture.rgba, area, result, mask))
        report.output.append(str(path))
        print(f"Saved {path}", file=sys.stderr)
    if ask.json:
        print(json.dumps(_figures(report, model)))
    return 0


def _run(
    request: EditRequest,
    model: Model,
    report: _Report,
    progress: Callable[[Preview, float], None],
    previews: Path | None,
) -> list[Rgb]:
    from engine.edits import edit

    results, writes, started = [], [], time.perf_counter()
    with ThreadPoolExecutor(1) as writer:  # the disk does not hold up the edit
        for event in edit(request, model):
            spent = time.perf_counter() - started
            if isinstance(event, EditResult):
                results.append(event.image)
            if not isinstance(event, Preview):
                continue
            if report.first_preview_seconds is None:
                report.first_preview_seconds = spent
            progress(event, spent)
            if previews:
                path = previews / f"variant {event.variant + 1} call {event.call:04d}.png"
                writes.append(writer.submit(save_picture, path, event.image))
        report.seconds = time.perf_counter() - started
    for write in writes:
        write.result()  # an error while saving is raised here
    return results


def _open(path: Path) -> Picture:
    picture = open_picture(path)
    for note in picture.notes:
        print(f"{path}: {note}", file=sys.stderr)
    return picture


def _guide(ask: argparse.Namespace, picture: Picture) -> tuple[Rgb, Mask | None]:
    """The guide, and the mask: as given, or from the strokes where the guide is partly transparent."""
    mask = open_mask(ask.mask) if ask.mask else None
    if not ask.guide:
        return flat(picture.rgba), _fitting(mask, picture, ask.mask)
    strokes = _open(ask.guide).rgba
    if strokes.shape != picture.rgba.shape:
        raise EngineError(
            f"The guide {ask.guide} has {strokes.shape[1]} x {strokes.shape[0]} pixels but the picture "
            f"{picture.rgba.shape[1]} x {picture.rgba.shape[0]}; make them equal."
        )
    if mask is None and strokes[..., 3].min() < 255:
        mask = soft_mask(strokes[..., 3])
    guide = blend(flat(picture.rgba), strokes[..., :3], strokes[..., 3].astype(np.float32) / np.float32(255))
    return guide, _fitting(mask, picture, ask.mask)


def _fitting(mask: Mask | None, picture: Picture, path: Path) -> Mask | None:
    if mask is not None and mask.shape != picture.rgba.shape[:2]:
        raise EngineError(
            f"The mask {path} has {mask.shape[1]} x {mask.shape[0]} pixels but the picture "
            f"{picture.rgba.shape[1]} x {picture.rgba.shape[0]}; make them equal."
        )
    return mask


def _put_back(rgba: NDArray[np.uint8], area: Rect, result: Rgb, mask: Mask | None) -> NDArray[np.uint8]:
    """The picture with the result in its place; outside the mask every byte, alpha too, is the input's."""
    if mask is None:
        return result
    out = rgba.copy()
    free = mask[area.slices]
    place = out[area.slices]
    place[..., :3] = np.where(free[..., None] > 0, result, place[..., :3])
    place[..., 3] = np.maximum(place[..., 3], np.rint(free * 255).astype(np.uint8))
    return out if out[..., 3].min() < 255 else np.ascontiguousarray(out[..., :3])


def _outputs(path: Path, variants: int) -> list[Path]:
    """One path, or one for each variant: name-1.png, name-2.png. Fails before the work if nothing can be
    written.
    """
    format_of(path)
    if not path.parent.is_dir():
        raise EngineError(f"There is no folder {path.parent} to save in; make it first.")
    if not os.access(path.parent, os.W_OK):
        raise EngineError(f"The folder {path.parent} cannot be written to; choose another one.")
    if variants == 1:
        return [path]
    return [path.with_stem(f"{path.stem}-{i + 1}") for i in range(variants)]


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(
            f"The folder {path} cannot be made ({error.strerror}); choose another one."
        ) from None


def _progress() -> Callable[[Preview, float], None]:
    """Says on stderr how far the edit is: in one line that renews itself, or, to a file, ten times in all."""
    live = sys.stderr.isatty()

    def tell(event: Preview, spent: float) -> None:
        left = spent / event.done * (1 - event.done)
        line = f"step {event.call} of {event.calls}, {left:.1f} s left"
        if live:
            print(f"\r{line}   ", end="\n" if event.call == event.calls else "", file=sys.stderr, flush=True)
        elif event.call * 10 // event.calls > (event.call - 1) * 10 // event.calls:
            print(line, file=sys.stderr, flush=True)

    return tell


def _figures(report: _Report, model: Model) -> dict[str, object]:
    first = report.first_preview_seconds
    return {
        "output": report.output[0] if len(report.output) == 1 else report.output,
        "seconds": round(report.seconds, 4),
        "load_seconds": round(report.load_seconds, 4),
        "first_preview_seconds": None if first is None else round(first, 4),
        "network_calls": model.clock.network_calls,
        "network_seconds": round(model.clock.network_seconds, 4),
        "autoencoder_seconds": round(model.clock.autoencoder_seconds, 4),
        "device": model.facts.device,
        "dtype": model.facts.dtype,
        "peak_memory_mb": _peak_memory(),
    }


def _peak_memory() -> float | None:
    """Of this process, in MiB; None where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 if sys.platform != "darwin" else 1024 * 1024), 1)


def _contact_sheet(pictures: list[NDArray[np.uint8]], width: int = 256) -> NDArray[np.uint8]:
    """Pictures side by side, four in a row, on dark grey."""
    height = round(width * pictures[0].shape[0] / pictures[0].shape[1])
    gap, columns = 8, 4
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (width + gap) + gap, rows * (height + gap) + gap), (30, 30, 30))
    for i, picture in enumerate(pictures):
        small = Image.fromarray(flat(picture)).resize((width, height), Image.Resampling.LANCZOS)
        sheet.paste(small, (gap + i % columns * (width + gap), gap + i // columns * (height + gap)))
    return np.asarray(sheet)
