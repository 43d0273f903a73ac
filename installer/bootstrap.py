"""The way into `.venv`: at once when its stamp matches, through `installer.first_run` when not.

Standard library only, and written so that an old Python can read it and be told that it is old.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))
CONSTRAINTS = os.path.join(ROOT, "installer", "constraints.txt")
ENTERED = "DRIFTPAINT_ENTERED"  # set for the process inside `.venv`, so that a broken one cannot loop

OFFLINE = {  # the program never asks the network for anything, nor do its libraries
    "DIFFUSERS_DISABLE_REMOTE_CODE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}
WAITING = ("GOMP_SPINCOUNT", "10000")  # waiting threads soon sleep: spinning on shared cores slows everything


def ensure(kind: str) -> None:
    """Return inside a `.venv` complete for "app", "test" or "freeze"; set up and start again if need be."""
    if getattr(sys, "frozen", False):
        leave_libraries()
    os.environ.setdefault(*WAITING)
    if getattr(sys, "frozen", False) or os.environ.get("DRIFTPAINT_NO_SETUP"):
        os.environ.update(OFFLINE)
        return
    entered = os.environ.pop(ENTERED, None)
    if not is_ready(kind):
        from installer import first_run  # slow to import, and rarely needed

        first_run.set_up(kind)
    if not is_inside():
        if entered:
            sys.exit("Driftpaint cannot start inside .venv. Delete the folder .venv and start again.")
        enter([PYTHON, *sys.argv])
    os.environ.update(OFFLINE)


def leave_libraries() -> None:
    """A frozen program is started with its own libraries first; what it starts shall find the system's."""
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    os.environ.pop("LD_LIBRARY_PATH", None)
    if before is not None:
        os.environ["LD_LIBRARY_PATH"] = before
    os.environ["PYINSTALLER_RESET_ENVIRONMENT"] = "1"  # for a child of our own, which needs ours again


def enter(command: list[str]) -> None:
    """Become `command`; Windows, which cannot, runs it and passes its exit code on."""
    environment = {**os.environ, **OFFLINE, ENTERED: "1"}
    environment.pop("PYTHONHOME", None)  # it belongs to the Python outside
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execve(command[0], command, environment)
    import subprocess  # slow to import, and only here

    sys.exit(subprocess.call(command, env=environment))


def is_inside() -> bool:
    """Whether this very Python is the one of `.venv`."""
    return os.path.exists(VENV) and os.path.samefile(sys.prefix, VENV)


def is_ready(kind: str) -> bool:
    """Whether the last set-up came to its end, for what is wanted today, and nobody took it apart since."""
    try:
        with open(stamp_path(kind), encoding="utf-8") as file:
            written = json.load(file)
        installed = os.listdir(os.path.join(VENV, written["folder"]))
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return (
        os.path.exists(PYTHON)
        and written["stamp"] == stamp(kind)
        and os.environ.get("DRIFTPAINT_TORCH", written["torch"]) == written["torch"]
        and set(written["packages"]) <= set(installed)
    )


def stamp(kind: str) -> str:
    """Stands for everything that a set-up depends on: the requirements, the pins and the interpreter."""
    with open(CONSTRAINTS, encoding="utf-8") as file:
        parts = [file.read(), *requirements("app"), *requirements(kind), os.path.realpath(PYTHON)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def stamp_path(kind: str) -> str:
    """Where the stamp of a finished set-up lies."""
    return os.path.join(VENV, f"driftpaint-{kind}.json")


def requirements(kind: str) -> list[str]:
    """The list of pyproject.toml for `kind`, read without the TOML reader that an old Python lacks."""
    name = {"app": "dependencies"}.get(kind, kind)
    with open(os.path.join(ROOT, "pyproject.toml"), encoding="utf-8") as file:
        found = re.search(rf"^{name} = (\[.*?^\])", file.read(), re.DOTALL | re.MULTILINE)
    if found is None:
        sys.exit(f"pyproject.toml is damaged: its list '{name}' is missing. Fetch Driftpaint again.")
    return [str(requirement) for requirement in ast.literal_eval(found.group(1))]


def pin(name: str) -> str:
    """The one version of a package that Driftpaint is tested with."""
    with open(CONSTRAINTS, encoding="utf-8") as file:
        spelling = re.sub(r"[-_.]", "[-_.]", name)
        found = re.search(rf"^{spelling}==(\S+)", file.read(), re.IGNORECASE | re.MULTILINE)
    if found is None:
        sys.exit(f"installer/constraints.txt is damaged: it has no pin for {name}. Fetch Driftpaint again.")
    return found.group(1)
