"""Driftpaint's front door: `python3 main.py` opens the editor, `python3 main.py sdedit ...` and
its kin work without it.

An old Python must be able to read this file, so that it can be told that it is old.
"""

from __future__ import annotations

import multiprocessing
import os
import sys

VERSION = "0.1.0"
FROZEN = bool(getattr(sys, "frozen", False))
NAME = "driftpaint" if FROZEN else "python3 main.py"
COMMANDS = ("sdedit", "drag", "inpaint", "translate", "replay", "dragbench", "fetch")

USAGE = """\
python3 main.py [PICTURE ...]                          open the editor
python3 main.py --version
python3 main.py doctor                                 versions, devices, places, log: for whoever helps
python3 main.py --self-check                           try every part, and say what does not work

Without a window:
python3 main.py sdedit INPUT -o OUT [OPTION ...]       make strokes or pasted pieces real
python3 main.py drag INPUT -o OUT --handle X0,Y0:X1,Y1 move things in a picture
python3 main.py inpaint INPUT -o OUT --mask MASK       invent a part of a picture anew
python3 main.py translate INPUT -o OUT --prompt WORDS  make a picture of one thing one of another
python3 main.py replay RECIPE INPUT -o OUT             make a saved edit again, on a picture or a folder
python3 main.py dragbench FOLDER -o OUT                run all drags of a DragBench folder
python3 main.py fetch OWNER/NAME                       a model from the Hugging Face hub: the size, then --yes
python3 main.py drag --help                            the options of that; so for each\
"""
SET_UP = """

The first start sets everything up in the folder .venv; it needs the network and some minutes, once.
DRIFTPAINT_TORCH=cpu, cu130, cu126, rocm7.1, xpu or pip chooses PyTorch's build; unset, the machine decides.
DRIFTPAINT_NO_SETUP=1 uses the Python that runs this, with whatever is installed there.\
"""


def main(arguments: list[str]) -> int:
    """Do what the command line asks for; the answer is the exit code."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(USAGE.replace("python3 main.py", NAME) + ("" if FROZEN else SET_UP))
        return 0
    if arguments[:1] == ["--version"]:
        print(f"Driftpaint {VERSION}")
        return 0
    if arguments and arguments[0].startswith("-") and arguments != ["--self-check"]:
        print(f"There is no option {arguments[0]}. Try: {NAME} --help", file=sys.stderr)
        return 2

    from installer import bootstrap  # from here on we may be another process, in `.venv`

    bootstrap.ensure("app")
    try:
        return start(arguments)
    except ImportError as error:
        if (error.name or "").partition(".")[0] in ("engine", "ui"):
            raise  # our own mistake
        from installer import system_libraries

        print(system_libraries.explain(error), file=sys.stderr)
        return 1


def start(arguments: list[str]) -> int:
    """The one place that knows both the editor and the engine; each is imported only when it is wanted."""
    from engine import allocation, network

    allocation.keep_pages()
    if arguments[:1] == ["fetch"]:
        from engine import fetch  # the one door in the guard, and a process of its own

        network.forbid(fetch.hosts())
    else:
        network.forbid()
    if arguments == ["doctor"]:
        from engine import doctor

        print(doctor.report(VERSION))
        return 0
    if arguments == ["engine-child"]:
        from engine import child, logs

        logs.begin("engine", VERSION)
        return child.serve()
    if arguments and arguments[0] in COMMANDS:
        from engine import headless

        return headless.main(arguments)
    if arguments == ["--self-check"]:
        from installer import self_check

        if not has_display():
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
        return self_check.run(VERSION)
    if not has_display():
        from engine import headless

        print(
            "There is no display here, so the editor cannot open; this is its work without one.",
            file=sys.stderr,
        )
        return headless.demo()

    if sys.platform == "win32":
        import torch  # noqa: F401  its libraries do not load once Qt's are there

    from functools import partial

    from engine import logs
    from engine.worker import Engine
    from ui import app

    crash = logs.begin("driftpaint", VERSION)
    return app.run(partial(Engine, version=VERSION), arguments, VERSION, crash)


def has_display() -> bool:
    """Whether a window can open; QT_QPA_PLATFORM may name a platform that needs no display."""
    if sys.platform != "linux":
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main(sys.argv[1:]))
