"""Makes or repairs `.venv`, step by step and in words, and writes its stamp last: standard library only."""

from __future__ import annotations

import collections
import contextlib
import csv
import glob
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from typing import Iterator

from installer import bootstrap, pip_wheel, system_libraries, torch_build
from installer.bootstrap import CONSTRAINTS, PYTHON, ROOT, VENV

OLDEST, TOO_NEW = (3, 11), (3, 14)  # as `requires-python` in pyproject.toml
UNATTENDED = {"DEBIAN_FRONTEND": "noninteractive", "PIP_USER": "0", "PYTHONUNBUFFERED": "1"}
QUIET = 10.0  # seconds without a word, after which one is due


def set_up(kind: str) -> None:
    """Leave `.venv` complete for `kind`, or leave the program with a sentence that says what to do."""
    try:
        with _alone():
            if not bootstrap.is_ready(kind):  # another start may have done it while we waited
                _SetUp(kind).run()
    except KeyboardInterrupt:
        sys.exit("\nThe set-up was stopped. Start again and it goes on from there.")
    except OSError as error:
        sys.exit(f"The set-up failed: {error}. Mend that and start again.")


class _SetUp:
    """One set-up: its steps in order, and what it says of them on stderr."""

    def __init__(self, kind: str) -> None:
        self.kinds = ["app"] if kind == "app" else ["app", kind]
        self.begun = time.monotonic()
        self.at = 0
        self.build = torch_build.Build("pip", "", 3)
        self.steps = [self.environment, self.torch, self.packages, self.system]

    def run(self) -> None:
        """Every step, whatever an earlier set-up has left; what is in order takes a moment."""
        if not os.access(ROOT, os.W_OK):
            sys.exit(f"Driftpaint may not write to its folder {ROOT}. Copy it to one of yours.")
        self.say(f"Driftpaint sets itself up in {VENV}: about 2 GB once, later what is missing.", indent="")
        for kind in ("app", "test", "freeze"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(bootstrap.stamp_path(kind))
        for step in self.steps:
            step()
        for kind in self.kinds:
            self.write_stamp(kind)
        self.say(f"Set up in {time.monotonic() - self.begun:.0f} s.")

    def environment(self) -> None:
        """A Python in `.venv` with a pip that works."""
        self.title("A Python of its own")
        if _is_suitable(PYTHON) and _runs(PYTHON, "import pip"):
            self.check(_packages())
            return
        base = _suitable_python()
        packages = os.path.join(VENV, _library(base))
        clear = [] if os.path.exists(packages) else ["--clear"]  # what another Python left is of no use
        if os.path.exists(VENV):
            self.say("The one that is here is broken: mending it")
            self.check(packages)
        if _runs(base, "import ensurepip"):
            self.execute([base, "-m", "venv", *clear, VENV])
        else:
            self.execute([base, "-m", "venv", *clear, "--without-pip", VENV])
            self.fetch_pip(base)

    def fetch_pip(self, base: str) -> None:
        """For a Python that comes without pip, as Debian's does without its package python3-venv."""
        self.say("This Python comes without pip: fetching it")
        with tempfile.TemporaryDirectory() as folder:
            try:
                wheel = pip_wheel.fetch(bootstrap.pin("pip"), folder)
            except (OSError, ValueError) as error:
                self.say(f"That failed: {error}")
            else:
                options = ["--no-index", "--no-deps", "--ignore-installed"]
                self.execute([PYTHON, os.path.join(wheel, "pip"), "install", *options, wheel])
                return
        if not (
            system_libraries.is_debian_root() and system_libraries.apt_install(["python3-venv"], self.call)
        ):
            sys.exit("Install Python's venv (on Debian: sudo apt-get install python3-venv) and start again.")
        self.execute([base, "-m", "venv", VENV])

    def check(self, packages: str) -> None:
        """Forget what an interrupted set-up, or somebody, has left incomplete, so that pip installs it."""
        for folder in glob.glob(os.path.join(packages, "*.dist-info")):
            if not _is_whole(folder):
                self.say("Damaged, to be installed again: " + os.path.basename(folder))
                shutil.rmtree(folder)

    def torch(self) -> None:
        """PyTorch first and by itself: it alone differs from machine to machine."""
        settings = subprocess.run(
            [PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
        )
        configured = any(word in settings.stdout for word in ("index-url", "find-links", "no-index"))
        self.build = torch_build.choose(configured)
        version = bootstrap.pin("torch")
        self.title(f"PyTorch {version}, {self.build.why}")
        if not glob.glob(os.path.join(_packages(), "torch-*.dist-info")):
            self.want_space(self.build.gigabytes)
        if self.build.name != "pip":
            wanted = f"torch=={version}+{self.build.name}"
            source = ["--no-deps", "--retries", "1", "--index-url", self.build.source]
            if self.pip(*source, wanted):
                return
            if os.environ.get("DRIFTPAINT_TORCH"):
                sys.exit(f"PyTorch's build {self.build.name} cannot be had; see above.")
            self.say("PyTorch's own index does not answer: taking pip's, on Linux the CUDA build of 3 GB")
            self.want_space(12)  # on Linux that is the CUDA build
        self.need(self.pip("torch==" + version))

    def packages(self) -> None:
        """Everything else, in the versions of the constraints."""
        tools = {"test": ", the tools of the tests", "freeze": ", PyInstaller"}.get(self.kinds[-1], "")
        self.title("Qt, diffusers and their like" + tools)
        self.need(self.pip(*(name for kind in self.kinds for name in bootstrap.requirements(kind))))

    def system(self) -> None:
        """What Qt needs of the system."""
        self.title("A trial start of Qt")
        system_libraries.provide(self.say, self.call)

    def write_stamp(self, kind: str) -> None:
        """The last act of a set-up, so that whatever came before is known to be complete."""
        folder = _packages()
        installed = [name for name in os.listdir(folder) if name.endswith(".dist-info")]
        lasting = sorted(name for name in installed if not name.startswith(("pip-", "setuptools-")))
        content = {
            "stamp": bootstrap.stamp(kind),
            "torch": self.build.name,
            "folder": os.path.relpath(folder, VENV),
            "packages": lasting,
        }
        path = bootstrap.stamp_path(kind)
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(path + ".new", path)

    def pip(self, *arguments: str) -> bool:
        """Whether `pip install` went well, under the constraints and with the user's own configuration."""
        command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        if _runs(PYTHON, "import pip; assert tuple(map(int, pip.__version__.split('.')[:2])) >= (24, 1)"):
            command += ["--progress-bar", "raw"]
        return self.call([*command, "--constraint", CONSTRAINTS, *arguments])

    def need(self, went_well: bool) -> None:
        """Leave with a sentence if pip did not do its work."""
        if not went_well:
            sys.exit(
                "pip could not install what Driftpaint needs; its words are above. "
                "Check the network (or pip's configuration) and start again: it goes on from there."
            )

    def execute(self, command: list[str]) -> None:
        """Run what must go well."""
        if not self.call(command):
            sys.exit("This command failed, for the reason above: " + " ".join(command))

    def call(self, command: list[str]) -> bool:
        """Whether a command went well; names each package and, in a silence, says that time passes."""
        environment = {**os.environ, **UNATTENDED}
        environment.pop("PYTHONHOME", None)  # it belongs to the Python outside
        heard: collections.deque[str] = collections.deque(maxlen=20)
        with subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            close_fds=False,  # a pip that outlives us keeps holding our lock
        ) as process:
            doing, share, spoken = "working", "", time.monotonic()
            for line in _lines(process):
                share = _share(line) or share
                if line and not _share(line):
                    heard.append(line)
                if _news(line):
                    doing, share, spoken = _news(line), "", time.monotonic()
                    self.say(doing)
                elif time.monotonic() - spoken > QUIET:
                    spoken = time.monotonic()
                    self.say(f"... {doing} {share}")
        if process.returncode:
            print("".join(heard), file=sys.stderr)
        return process.returncode == 0

    def want_space(self, gigabytes: int) -> None:
        """Better no set-up than half of one on a full disk."""
        free = shutil.disk_usage(ROOT).free / 1e9
        if free < gigabytes:
            sys.exit(f"The set-up wants {gigabytes} GB, and {ROOT} has {free:.1f} GB left. Make room first.")

    def title(self, words: str) -> None:
        """Announce the next step."""
        self.at += 1
        self.say(f"[{self.at}/{len(self.steps)}] {words}", indent="")

    def say(self, words: str, indent: str = "      ") -> None:
        """One line on stderr, after the seconds since the beginning; stdout belongs to the program."""
        seconds = time.monotonic() - self.begun
        print(f"{seconds:4.0f} s  {indent}{words}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One set-up at a time in this folder; the system ends the lock with the process (not on Windows)."""
    if sys.platform == "win32":
        yield
        return
    import fcntl  # not on Windows

    lock = os.open(ROOT, os.O_RDONLY)
    os.set_inheritable(lock, True)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another start of Driftpaint is setting up; waiting for it.", file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """The words of a process as they come, and an empty line for every second of silence."""
    words: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        with contextlib.suppress(ValueError):  # the set-up was interrupted, and the pipe closed under us
            for line in process.stdout or ():
                words.put(line)
        words.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = words.get(timeout=1)
        except queue.Empty:
            yield ""
            continue
        if line is None:
            return
        yield line


def _news(line: str) -> str:
    """What is worth repeating of pip's words: each package once, by name, version and size."""
    file = re.search(
        r"(?:Downloading|Processing|Using cached) (?:\S*/)?([^\s/-]+)-([^\s-]+)\S*( \([\d.]+ \w+\))?", line
    )
    if file and (".whl" in line or ".tar" in line):
        name, version, size = file.groups("")
        return f"{name} {version}{size}"
    if line.startswith("Installing collected packages"):
        return f"installing all {line.count(',') + 1}" if "," in line else "installing it"
    return line.strip() if line.startswith("ERROR:") else ""


def _share(line: str) -> str:
    """How much of a download is done, from pip's line "Progress 20 of 100"."""
    words = line.split()
    if words[:1] != ["Progress"] or len(words) != 4 or not words[3].isdigit() or words[3] == "0":
        return ""
    return f"{int(words[1]) / int(words[3]):.0%}"


def _suitable_python() -> str:
    """This Python without its own virtual environment if it will do, else one from PATH."""
    names = [f"python3.{minor}" for minor in range(TOO_NEW[1] - 1, OLDEST[1] - 1, -1)]
    candidates = [getattr(sys, "_base_executable", sys.executable), *map(shutil.which, names)]
    for python in candidates:
        if python and _is_suitable(python):
            return python
    sys.exit(
        f"Driftpaint needs Python 3.11, 3.12 or 3.13, in 64 bits; this is {sys.version.split()[0]}. "
        "Install one from your system or from python.org and start again."
    )


def _is_suitable(python: str) -> bool:
    """Whether it starts at all and is one of the Pythons that all our packages exist for."""
    return _runs(
        python,
        f"import sys; assert {OLDEST} <= sys.version_info < {TOO_NEW} and sys.maxsize > 2**32",
    )


def _runs(python: str, code: str) -> bool:
    """Whether a Python carries out this piece of code."""
    try:
        return subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _library(python: str) -> str:
    """The folder for packages in an environment of this Python, seen from the environment."""
    if os.name == "nt":
        return os.path.join("Lib", "site-packages")
    code = "import sys; print('python%d.%d' % sys.version_info[:2], end='')"
    name = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout
    return os.path.join("lib", name, "site-packages")


def _packages() -> str:
    """The folder of `.venv` that packages are installed to."""
    return os.path.join(VENV, _library(PYTHON))


def _is_whole(folder: str) -> bool:
    """Whether every file that a package lists is there in its size; pip writes that list last."""
    try:
        with open(os.path.join(folder, "RECORD"), encoding="utf-8", newline="") as file:
            listed = [(path, size) for path, _, size in csv.reader(file)]
        lasting = [(path, size) for path, size in listed if size and not path.endswith(".pyc")]
        return all(
            os.stat(os.path.join(folder, os.pardir, path)).st_size == int(size) for path, size in lasting
        )
    except (OSError, ValueError):
        return False
