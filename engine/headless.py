"""The same edits without a window: `python main.py sdedit INPUT -o OUT` and its kin, and the demonstration
where no display is.

What is wrong with the input is said in one sentence on stderr, before anything heavy is imported; the exit
code is 2.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.area import Rect, blend, soft_mask, work_area
from engine.contact_sheet import contact_sheet
from engine.fetch import fetch
from engine.headless_dragbench import bench
from engine.headless_edits import drag, inpaint, translate
from engine.headless_options import arguments
from engine.headless_replay import replay
from engine.headless_run import answer, carry_out, figures, opened, opened_mask, request_of, say
from engine.pictures import Picture, PictureError, flat, open_picture, save_picture
from engine.types import EngineError, Mask, Rgb, SDEdit

SAMPLE = Path(__file__).parents[1] / "resources" / "samples" / "mountain lake strokes.png"


def main(argv: list[str]) -> int:
    """`sdedit ...` and its kin from the command line; returns the exit code."""
    ask = arguments().parse_args(argv)
    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "sdedit": sdedit,
        "drag": drag,
        "inpaint": inpaint,
        "translate": translate,
        "replay": replay,
        "dragbench": bench,
        "fetch": fetch,
    }
    try:
        return commands[ask.command](ask)
    except (EngineError, PictureError) as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        say("Stopped; no result was written.")
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
        sheet = contact_sheet([flat(open_picture(path).rgba) for path in frames])
        save_picture(folder / "contact sheet.png", sheet)
        print(f"The picture, its previews and a contact sheet are in {folder}")
    return code


def sdedit(ask: argparse.Namespace) -> int:
    picture = opened(ask.input)
    guide, mask = _guide(ask, picture)
    operation = SDEdit(ask.strength, ask.repeats, ask.solver, ask.sde, ask.order)
    known = flat(picture.rgba)
    area = work_area(mask) if mask is not None else Rect(0, 0, known.shape[1], known.shape[0])
    request = request_of(ask, known, area, mask, operation, guide)
    report, model = carry_out(ask, request, partial(_put_back, picture.rgba, area, mask))
    if ask.json:
        answer(figures(report, model))
    return 0


def _guide(ask: argparse.Namespace, picture: Picture) -> tuple[Rgb, Mask | None]:
    """The guide, and the mask: as given, or from the strokes where the guide is partly transparent."""
    mask = opened_mask(ask.mask, picture)
    if not ask.guide:
        return flat(picture.rgba), mask
    strokes = opened(ask.guide).rgba
    if strokes.shape != picture.rgba.shape:
        raise EngineError(
            f"The guide {ask.guide} has {strokes.shape[1]} x {strokes.shape[0]} pixels but the picture "
            f"{picture.rgba.shape[1]} x {picture.rgba.shape[0]}; make them equal."
        )
    if mask is None and strokes[..., 3].min() < 255:
        mask = soft_mask(strokes[..., 3])
    guide = blend(flat(picture.rgba), strokes[..., :3], strokes[..., 3].astype(np.float32) / np.float32(255))
    return guide, mask


def _put_back(rgba: NDArray[np.uint8], area: Rect, mask: Mask | None, result: Rgb) -> NDArray[np.uint8]:
    """The picture with the result in its place; outside the mask every byte, alpha too, is the input's."""
    if mask is None:
        return result
    out = rgba.copy()
    free = mask[area.slices]
    place = out[area.slices]
    place[..., :3] = np.where(free[..., None] > 0, result, place[..., :3])
    place[..., 3] = np.maximum(place[..., 3], np.rint(free * 255).astype(np.uint8))
    return out if out[..., 3].min() < 255 else np.ascontiguousarray(out[..., :3])
