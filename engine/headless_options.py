"""The commands and options of the command line."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from engine.checkpoints import told
from engine.fetch import HUB
from engine.headless_edits import FORMS, ends
from engine.headless_run import say
from engine.packs import LIST
from engine.types import Drag, EngineError, Handle, Identity, Inpaint, Lora, Translate

OWN = "unless given, what the model wants"
SOLVERS = ["sde", "ode", "cycle"]


class _Parser(argparse.ArgumentParser):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._negative_number_matcher = re.compile(r"-\d")  # `--handle -5,3:20,20` is a place, no option

    def error(self, message: str) -> NoReturn:
        say(f"{message[0].upper()}{message[1:]}. See: {self.prog} --help")
        raise SystemExit(2)


class _Formatter(argparse.ArgumentDefaultsHelpFormatter):
    def _get_help_string(self, action: argparse.Action) -> str | None:
        """With the default, where there is one to tell."""
        told = action.default is not None and action.default is not False and action.default != ""
        return super()._get_help_string(action) if told else action.help


def arguments() -> argparse.ArgumentParser:
    name = "driftpaint" if getattr(sys, "frozen", False) else "python3 main.py"
    parser = _Parser(name, description="Driftpaint without a window.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)

    def command(name: str, help_: str, description: str) -> Callable[..., Any]:
        return commands.add_parser(
            name,
            help=help_,
            description=description,
            formatter_class=_Formatter,
        ).add_argument

    _sdedit_options(
        command(
            "sdedit",
            "make strokes or pasted pieces real",
            "Noise a picture with strokes to the given strength and let the model denoise it.",
        )
    )
    _drag_options(
        command(
            "drag",
            "move things in a picture",
            "Move what lies round the beginnings of handles to their ends, and let the model settle the "
            "picture round it. What is not changed is kept bit for bit.",
        )
    )
    _inpaint_options(
        command(
            "inpaint",
            "invent a part of a picture anew",
            "Invent what the mask frees from what is round it.",
        )
    )
    _translate_options(
        command(
            "translate",
            "make a picture of one thing one of another",
            "Bring a picture up to the given strength with the words that describe it, and back with others.",
        )
    )
    _replay_options(
        command(
            "replay",
            "make an edit again that was saved as a recipe",
            "Run a recipe on a picture of any size, or on every picture of a folder. Its places are scaled "
            "to the picture. On the same picture, and on the same machine, it gives the same bytes.",
        )
    )
    _dragbench_options(
        command(
            "dragbench",
            "run all drags of a DragBench folder",
            "Run every case of a folder of sub-folders that hold origin_image.png, mask.png and prompt.json "
            "(SDE-Drag's layout), or original_image.png and meta_data.pkl (DragDiffusion's; nothing in it is "
            "run). Write the results, a table and contact sheets. The same command goes on where it stopped.",
        )
    )
    _fetch_options(
        command(
            "fetch",
            "get a model from the Hugging Face hub",
            "Say how large a model or an engine pack is; with --yes fetch it, check it and keep it. The same "
            "command goes on where it stopped. Nothing else of Driftpaint ever uses the network.",
        )
    )
    return parser


def _sdedit_options(add: Callable[..., Any]) -> None:
    _files(add)
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
    add("--steps", type=int, help=f"network calls; {OWN}")
    add("--repeats", type=int, default=1, help="how often to noise and denoise")
    add("--solver", choices=["sde", "ode"], default="sde", help="stochastic or deterministic")
    add("--sde", choices=["vp", "ve"], default="vp", help="variance preserving or exploding")
    add("--order", type=int, choices=[1, 2], default=2, help="of the solver; 1 is the paper's")
    _words(add)
    _last_options(add)


def _drag_options(add: Callable[..., Any]) -> None:
    _files(add)
    add(
        "--handle",
        metavar="X0,Y0:X1,Y1",
        type=ends,
        action="append",
        required=True,
        help="where it begins and ends, in pixels from the upper left corner; once for each handle",
    )
    for name, kind, help_ in (
        ("radius", float, f"pixels of the disc that a handle carries ({Handle.radius:g} unless given)"),
        ("turn", float, "degrees clockwise by which what it carries is turned"),
        ("scale", float, "how many times as large it becomes"),
        ("region", Path, "a picture, white where the handle carries it along, in place of the disc"),
    ):
        add(f"--{name}", type=kind, action="append", help=f"{help_}; once for all handles, or for each")
    add("--mask", type=Path, help="white may change, black is kept bit for bit")
    add("--protect", type=Path, help="the opposite: white is kept bit for bit")
    _how_to_drag(add)
    _words(add)
    _last_options(add)


def _inpaint_options(add: Callable[..., Any]) -> None:
    _files(add)
    add("--mask", type=Path, required=True, help="white is invented, black is kept bit for bit")
    add("--strength", type=float, default=Inpaint.strength, help="t0: 1 forgets what was there")
    add("--solver", choices=SOLVERS, default=Inpaint.solver, help="what comes back from t0")
    add("--steps", type=int, help=f"steps from t0; {OWN}")
    _words(add)
    _last_options(add)


def _translate_options(add: Callable[..., Any]) -> None:
    _files(add)
    add("--prompt", required=True, help="what the picture shall show")
    add("--source-prompt", default="", help="what it shows now")
    _negative(add)
    add("--mask", type=Path, help="white may change, black is kept bit for bit")
    add("--diffedit", action="store_true", help="change only where the two prompts differ (DiffEdit)")
    add("--strength", type=float, default=Translate.strength, help="t0: the more, the freer")
    add("--solver", choices=SOLVERS, default=Translate.solver, help="the way up to t0 and back")
    add("--steps", type=int, help=f"steps from t0; {OWN}")
    add("--guidance", type=float, help=f"how much the prompts count; {OWN}")
    _last_options(add)


def _replay_options(add: Callable[..., Any]) -> None:
    add("recipe", metavar="RECIPE", type=Path, help="what Save recipe has written")
    add("input", metavar="INPUT", type=Path, help="the picture, or a folder of pictures")
    add("-o", "--output", metavar="OUT", type=Path, required=True, help="the result, or a folder for results")
    add("--seed", type=int, help="in place of the recipe's")
    add("--model", help="a name, folder or checkpoint, in place of the recipe's")
    add("--variants", type=int, default=1, help="how many pictures, each with the next seed")
    add("--device", default="auto", help="auto, cpu, cuda, mps or xpu")
    add("--previews", type=Path, metavar="DIR", help="write the picture after every network call here")
    add("--json", action="store_true", help="print a last line with the figures")


def _dragbench_options(add: Callable[..., Any]) -> None:
    add("input", metavar="FOLDER", type=Path, help="its sub-folders are the cases")
    add("-o", "--output", metavar="OUT", type=Path, required=True, help="the folder of results")
    add("--radius", type=float, default=Handle.radius, help="pixels of the disc that a handle carries")
    _how_to_drag(add)
    add("--prompt", help="for all cases in place of their own; '' asks without words")
    _negative(add)
    add("--guidance", type=float, help=f"how much the prompt counts; {OWN}")
    _last_options(add, previews=False)


def _fetch_options(add: Callable[..., Any]) -> None:
    add(
        "repository",
        metavar="OWNER/NAME",
        help="or OWNER/NAME/FILE.safetensors for one of several; or the address of an engine pack",
    )
    add("-o", "--output", metavar="FOLDER", type=Path, help="where it is kept, if not in its usual place")
    add("--yes", action="store_true", help="fetch it, not only say how large it is")
    add("--hub", default=HUB, help="a mirror of the hub")
    add("--list", type=Path, default=LIST, help="a list of engine packs, in place of our own")
    add("--json", action="store_true", help="a line for every quarter of a second, for programs")


def _how_to_drag(add: Callable[..., Any]) -> None:
    add("--whole", action="store_true", help="carry the ground in the disc, too, where a thing stands out")
    add("--form", choices=list(FORMS), default="auto", help="how the drag is done")
    add("--strength", type=float, default=Drag.strength, help="t0 where ground is uncovered, or of the whole")
    add("--settle", type=float, default=Drag.settle, help="t0 of what has been moved, and of its rim")
    add("--steps", type=int, help=f"steps from t0; as published, 60 and more; {OWN}")
    add("--solver", choices=SOLVERS, default=Drag.solver, help="of the forms onepass and published")
    add("--alpha", type=float, default=Drag.alpha, help="gain of a copy at its target, as published")
    add("--beta", type=float, default=Drag.beta, help="share of the source that stays; 1 makes a copy")
    add("--stride", type=float, default=Drag.stride, help="pixels that a move goes at most, as published")


def _files(add: Callable[..., Any]) -> None:
    add("input", metavar="INPUT", type=Path, help="the picture")
    add(
        "-o",
        "--output",
        metavar="OUT",
        type=Path,
        required=True,
        help="where the result goes; PNG, JPEG, WebP, TIFF",
    )


def _words(add: Callable[..., Any]) -> None:
    add("--prompt", default="", help="what the picture shall show, for models that take words")
    _negative(add)
    add("--guidance", type=float, help=f"how much the prompt counts; {OWN}")


def _negative(add: Callable[..., Any]) -> None:
    add("--negative-prompt", default="", help="what the picture shall not show")


def _beside(add: Callable[..., Any]) -> None:
    """What checkpoints of Stable Diffusion take beside their weights."""
    add(
        "--lora",
        metavar="FILE[:WEIGHT]",
        type=lora,
        action="append",
        default=[],
        help="a LoRA file (.safetensors), and how much of it counts; once for each",
    )
    add(
        "--embedding",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="a textual inversion (.safetensors); its name is a word of the prompts; once for each",
    )
    add(
        "--learn",
        metavar="STEPS",
        type=int,
        nargs="?",
        const=Identity.steps,
        help=f"learn first what the picture shows, in {Identity.steps} steps unless given, so that it stays "
        "what it is; takes minutes, once for a picture",
    )


def lora(text: str) -> Lora:
    """What `--lora` is given: a file, and its weight behind the last colon, or as it was made for."""
    path, colon, weight = text.rpartition(":")
    try:
        try:
            return Lora(path, float(weight)) if colon and path else _as_made(text)
        except ValueError:  # a colon of the path's own
            return _as_made(text)
    except EngineError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _as_made(path: str) -> Lora:
    return Lora(path, told(Path(path)).weight) if Path(path).is_file() else Lora(path)


def _last_options(add: Callable[..., Any], previews: bool = True) -> None:
    _beside(add)
    add("--seed", type=int, default=0, help="the same seed gives the same picture")
    add("--variants", type=int, default=1, help="how many pictures, each with the next seed")
    add("--model", default="starter", help="a name, a model's folder, or a .safetensors checkpoint")
    add("--device", default="auto", help="auto, cpu, cuda, mps or xpu")
    if previews:
        add("--previews", type=Path, metavar="DIR", help="write the picture after every network call here")
    add("--json", action="store_true", help="print a last line with the figures")
