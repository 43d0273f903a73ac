"""`python3 tests/installed`, as root on Debian: is what build_linux.py made all that somebody needs?

On a bare Debian 12 a user installs the package, and without a network paints, edits, drags and saves in its
window, loses power, upgrades, goes on and removes it; then the same with the file that needs no root.
Pictures of the screen are left in build/tried, to be looked at.

It needs Debian's packages debootstrap, xvfb, xdotool and dpkg, 4 GB and some minutes.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import sys
import time
import zipfile
from pathlib import Path

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TRIED = os.path.join(ROOT, "build", "tried")
TOOLS = {"debootstrap": "debootstrap", "Xvfb": "xvfb", "xdotool": "xdotool", "dpkg-deb": "dpkg"}
TRYING = "DRIFTPAINT_TRYING"  # set for the process whose mounts are its own
BEHIND = 10  # seconds: the journal is less

if __name__ == "__main__":
    sys.path[0] = ROOT

from installer import bootstrap  # noqa: E402  the folder above had to be found
from tests.installed import bare_debian  # noqa: E402
from tests.installed.bare_debian import BUILD, HOME, MINE, Wrong, apt, as_person, contents, files, person  # noqa: E402
from tests.installed.screen import Screen, until  # noqa: E402


def main() -> int:
    """Every step, and what was found."""
    lacking = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    if lacking or os.geteuid():
        print(f"Run this as root on Debian, after: apt-get install {' '.join(lacking or TOOLS.values())}")
        return 2
    if not os.environ.get(TRYING):  # from here on nobody else sees what is mounted, and it goes with us
        os.environ[TRYING] = "1"
        os.execvp("unshare", ["unshare", "--mount", sys.executable, os.path.abspath(__file__)])
    bootstrap.ensure("app")
    shutil.rmtree(TRIED, ignore_errors=True)
    os.makedirs(TRIED)
    screen = Screen()
    try:
        bare_debian.make()
        fill_home(Path(MINE))
        try_package(screen)
        try_file(screen)
    except Wrong as error:
        screen.save(os.path.join(TRIED, "wrong.png"))
        print(f"WRONG  {error}")
        return 1
    finally:
        screen.close()
    print(f"Everything works. What was seen is in {TRIED}")
    return 0


def fill_home(home: Path) -> None:
    """A photo, and a tiny Stable Diffusion of random weights as a folder and as one file."""
    import torch
    from PIL import Image

    from tests.random_checkpoints import pipeline, save_folder, save_single

    Image.open(Path(ROOT, "resources", "samples", "tasks", "lake.webp")).save(home / "lake.png")
    model = pipeline("sd1")
    save_folder(model, home / "models" / "folder")
    save_single(model, home / "models" / "file.safetensors", torch.float16)
    bare_debian.system("chown", "--recursive", "painter:painter", HOME)


def try_package(screen: Screen) -> None:
    """Installed, used, upgraded, removed."""
    from installer import build_linux
    from main import VERSION

    before = files()
    started = time.monotonic()
    bare_debian.install(newest("*.deb"))
    say(f"the package is installed, with what it needs, in {time.monotonic() - started:.0f} s")
    use(screen, "driftpaint", "package")

    kept, newer = contents(), VERSION + "+tried"
    bare_debian.install(build_linux.pack(newer, "0"))
    if contents() != kept:
        raise Wrong("the upgrade has changed the user's own files")
    if not bare_debian.system("dpkg-query", "--show", "driftpaint").endswith(f"\t{newer}\n"):
        raise Wrong("the newer version has not taken the place of the older one")
    say("it is upgraded in its place; settings, journal, pictures and models are as they were")
    go_on(screen, "driftpaint", "package")

    apt("remove", "driftpaint")
    gone({path for path in files() - before if "driftpaint" in path})
    bare_debian.system("dpkg", "--purge", "driftpaint")
    apt("autoremove", "--purge")
    gone(files() - before)
    say("removed, it leaves nothing but the user's own files")


def try_file(screen: Screen) -> None:
    """The same for the file that unpacks itself, where there is what a desktop has anyway."""
    for name in (".local", ".config", "lake.ora"):
        bare_debian.system("rm", "-r", f"{HOME}/{name}")
    depends = bare_debian.run("dpkg-deb", "--field", newest("*.deb"), "Depends")
    names = [re.sub(r"\(.*\)", "", name.split("|")[-1]).strip() for name in depends.split(",")]
    apt("install", "--no-install-recommends", *names, "xz-utils")
    before, mine = files(), set(contents())
    shutil.copy(newest("*.run"), os.path.join(MINE, "Driftpaint.run"))
    started = time.monotonic()
    person("sh", f"{HOME}/Driftpaint.run", "--version")
    say(f"the file without root has unpacked itself in {time.monotonic() - started:.0f} s")
    program = f"{HOME}/.local/bin/driftpaint"
    use(screen, program, "file")
    go_on(screen, program, "file")
    person("sh", f"{HOME}/Driftpaint.run", "--remove")
    ours = re.compile(r"Driftpaint\.run|(out|lake)\..*|\.(cache|config)/.*|\.local/state/driftpaint/.*")
    gone(files() - before | {path for path in set(contents()) - mine if not ours.fullmatch(path)})
    say("removed, it leaves nothing but the user's own files")


def use(screen: Screen, program: str, form: str) -> None:
    """The self-check, the command line, and the window until the power goes."""
    told = person(program, "--self-check")
    if not told.endswith("Everything works.\n"):
        raise Wrong(told)
    photo, out = f"{HOME}/lake.png", f"{HOME}/out.png"
    person(program, "drag", photo, "-o", out, "--handle", "292,404:160,394")
    for model in ("folder", "file.safetensors"):
        asked = ("--model", f"{HOME}/models/{model}", "--prompt", "a lake", "--steps", "2")
        person(program, "sdedit", photo, "-o", out, *asked)
    say("self-check, a drag and edits with models of the user's own work without network and display")

    editor, seconds = screen.start(as_person(program, photo, display=screen.display))
    say(f"the window is there after {seconds:.2f} s")
    screen.press("Escape", "b")  # the first ends the tour
    screen.stroke((300, 660), (400, 655), (520, 670))
    screen.save(f"{TRIED}/{form} 1 stroke.png")
    screen.press("ctrl+Return")
    screen.rest()
    screen.save(f"{TRIED}/{form} 2 edit.png")
    screen.press("Return", "ctrl+s", "Return")
    until(lambda: layers() == ["Result 1", "Strokes", "lake"], "the edit was not saved")
    screen.press("w")
    screen.stroke((548, 490), (480, 485), (420, 480))
    screen.press("ctrl+Return")
    screen.rest()
    screen.save(f"{TRIED}/{form} 3 drag.png")
    screen.press("Return", "ctrl+s")
    until(lambda: "Result 2" in layers(), "the drag was not saved")
    say("a stroke is made real, a thing is dragged, and the project has both")
    screen.press("b")
    screen.stroke((300, 300), (500, 320))
    time.sleep(BEHIND)
    editor.kill()
    editor.wait()


def go_on(screen: Screen, program: str, form: str) -> None:
    """After the loss of power."""
    editor, seconds = screen.start(as_person(program, display=screen.display))
    say(f"the window is there after {seconds:.2f} s")
    screen.save(f"{TRIED}/{form} 4 start after a loss of power.png")
    editor.terminate()
    editor.wait()


def newest(pattern: str) -> str:
    """The last download that build_linux.py has made."""
    found = [path for path in glob.glob(os.path.join(BUILD, pattern)) if "+tried" not in path]
    if not found:
        raise Wrong(f"there is no {pattern} in {BUILD}; make it by: python3 installer/build_linux.py")
    return max(found, key=os.path.getmtime)


def layers() -> list[str]:
    """The names in the saved project, from the top."""
    try:
        with zipfile.ZipFile(os.path.join(MINE, "lake.ora")) as project:
            return re.findall('<layer name="([^"]+)"', project.read("stack.xml").decode())
    except (OSError, zipfile.BadZipFile):
        return []


def gone(left: set[str]) -> None:
    if left:
        raise Wrong(f"removed, it has left {', '.join(sorted(left))}")


def say(words: str) -> None:
    print(f"ok     {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
