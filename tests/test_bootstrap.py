"""The set-up, tried for real: a small project, packages made on the spot, and no network."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import main
from installer import bootstrap, first_run, torch_build

ROOT = Path(bootstrap.ROOT)
OUTSIDE = getattr(sys, "_base_executable", sys.executable)  # the Python that a user has before the set-up
PROGRAM = """\
import json, os, sys
from installer import bootstrap
bootstrap.ensure("app")
import torch
print(json.dumps([sys.prefix, sys.argv[1:], os.environ["HF_HUB_OFFLINE"]]))
sys.exit(7)
"""
PROJECT = """\
dependencies = [
    "PySide6-Essentials>=6.8",  # a comment
    "torch>=2",
]
"""


class Project:
    """A program of two packages that sets itself up as Driftpaint does."""

    def __init__(self, folder: Path, shop: str) -> None:
        self.folder, self.shop = folder, shop
        self.venv = folder / ".venv"
        self.python = self.venv / Path(bootstrap.PYTHON).relative_to(bootstrap.VENV)

    def environment(self, online: bool) -> dict[str, str]:
        """No wish and no pip configuration of the user's; a shop of packages, or an empty one."""
        ours = {
            name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "DRIFTPAINT_"))
        }
        shop = self.shop if online else (self.folder / "nowhere").as_uri()
        ours.update(PATH=str(self.folder))  # nothing of the system's can be called, apt-get above all
        ours.update(PIP_CONFIG_FILE=os.devnull, PIP_INDEX_URL=shop)
        return ours

    def begin(self, online: bool = True) -> subprocess.Popen[str]:
        """A start of the program, as a user types it."""
        return subprocess.Popen(
            [OUTSIDE, "program.py", "a word", "--flag"],
            cwd=self.folder,
            env=self.environment(online),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start(self, online: bool = True) -> tuple[int, str, str]:
        """A start that is let run to its end: its exit code and its words."""
        process = self.begin(online)
        out, err = process.communicate()
        return process.returncode, out, err

    def runs(self, online: bool = True) -> str:
        """A start that must go well: what the set-up said."""
        code, out, err = self.start(online)
        assert code == 7, err
        assert "Qt lacks" not in err
        prefix, arguments, offline = json.loads(out)
        assert (Path(prefix), arguments, offline) == (self.venv, ["a word", "--flag"], "1")
        return err

    @property
    def packages(self) -> Path:
        """Where its packages lie."""
        return next(self.venv.glob("[Ll]ib/**/site-packages"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A package index in a folder; its Qt loads any library in place of its own."""
    folder = tmp_path_factory.mktemp("shop")
    library = next(
        Path(sysconfig.get_path("stdlib"), "lib-dynload").glob("*.so"), ROOT / "main.py"
    ).read_bytes()
    platforms = {f"PySide6/Qt/plugins/platforms/libq{name}.so": library for name in ("xcb", "wayland")}
    qt = {"PySide6/__init__.py": b"", "PySide6/QtWidgets.py": b"", **platforms}
    stock(folder, "torch", "2.13.0", {"torch/__init__.py": b""})
    stock(folder, "PySide6_Essentials", "6.11.3", qt)
    stock(folder, "later", "1.0", {"later.py": b""})
    pip = distribution("pip")
    files = {str(file): Path(str(pip.locate_file(file))) for file in pip.files or [] if ".." not in str(file)}
    stock(
        folder, "pip", pip.version, {name: file.read_bytes() for name, file in files.items() if file.exists()}
    )
    return folder.as_uri()


def stock(folder: Path, name: str, version: str, files: dict[str, bytes]) -> None:
    """Put a package on offer: a wheel, and the page that names it with its hash."""
    shelf = folder / name.lower().replace("_", "-")
    shelf.mkdir()
    wheel, info = f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    about = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    content = {**about, **files}
    content[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*content, f"{info}/RECORD"]).encode()
    with zipfile.ZipFile(shelf / wheel, "w") as archive:
        for path, data in content.items():
            archive.writestr(path, data)
    digest = hashlib.sha256((shelf / wheel).read_bytes()).hexdigest()
    (shelf / "index.html").write_text(f'<a href="{wheel}#sha256={digest}">{wheel}</a>')


def fresh(folder: Path, shop: str) -> Project:
    """A project as it is unpacked."""
    folder.mkdir(parents=True)
    shutil.copytree(ROOT / "installer", folder / "installer", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "program.py").write_text(PROGRAM)
    (folder / "pyproject.toml").write_text(PROJECT)
    pins = f"PySide6_Essentials==6.11.3\ntorch==2.13.0\npip=={distribution('pip').version}\n"
    (folder / "installer" / "constraints.txt").write_text(pins)
    return Project(folder, shop)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, shop: str) -> Project:
    """A project that was set up once."""
    project = fresh(tmp_path_factory.mktemp("original") / "project", shop)
    project.runs()
    return project


@pytest.fixture
def project(original: Project, tmp_path: Path) -> Project:
    """A copy of it, to be broken."""
    shutil.copytree(original.folder, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project", original.shop)


def test_a_finished_set_up_needs_neither_pip_nor_network(project: Project) -> None:
    shutil.rmtree(project.packages / "pip")
    assert project.runs(online=False) == ""


def test_a_lost_python_is_made_again(project: Project) -> None:
    project.python.unlink()
    assert "mending" in project.runs()


def test_a_lost_pip_is_made_again_when_it_is_needed(project: Project) -> None:
    shutil.rmtree(project.packages / "pip")
    (project.venv / "driftpaint-app.json").unlink()
    assert "mending" in project.runs()


def test_a_removed_package_is_noticed_and_installed_again(project: Project) -> None:
    shutil.rmtree(project.packages / "torch-2.13.0.dist-info")
    shutil.rmtree(project.packages / "torch")
    assert "torch 2.13.0" in project.runs()


def test_a_half_installed_package_is_installed_again(project: Project) -> None:
    (project.packages / "torch" / "__init__.py").unlink()
    (project.packages / "torch-2.13.0.dist-info" / "RECORD").unlink()
    (project.venv / "driftpaint-app.json").unlink()  # it is written last
    assert "Damaged" in project.runs()


def test_a_new_requirement_is_installed_at_the_next_start(project: Project) -> None:
    (project.folder / "pyproject.toml").write_text(PROJECT.replace("]", '    "later",\n]'))
    assert "later 1.0" in project.runs()


def test_a_set_up_that_was_killed_is_completed(tmp_path: Path, shop: str) -> None:
    project = fresh(tmp_path / "a folder with blanks" / "project", shop)
    with project.begin() as process:
        assert process.stderr is not None
        assert any("[2/" in line for line in process.stderr)
        process.kill()
    assert not list(project.venv.glob("*.json"))
    project.runs()


def test_two_starts_at_once_set_up_once(tmp_path: Path, shop: str) -> None:
    project = fresh(tmp_path / "project", shop)
    with project.begin() as first, project.begin() as second:
        words = [first.communicate()[1], second.communicate()[1]]
    assert (first.returncode, second.returncode) == (7, 7)
    assert [said.count("[2/4]") for said in sorted(words, key=len)] == [0, 1]


def test_without_a_network_the_set_up_says_what_to_do(tmp_path: Path, shop: str) -> None:
    code, out, err = fresh(tmp_path / "project", shop).start(online=False)
    assert code == 1
    assert out == ""
    assert "start again" in err.splitlines()[-1]
    assert "Traceback" not in err


@pytest.mark.parametrize("wish", ["pip", "cpu", "xpu", "cu126", "cu130", "rocm7.1"])
def test_a_wish_for_a_build_of_torch_is_granted(wish: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTPAINT_TORCH", wish)
    assert torch_build.choose(pip_is_configured=True).name == wish


def test_an_unknown_build_of_torch_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTPAINT_TORCH", "fast")
    with pytest.raises(SystemExit, match=r"'fast'; choose"):
        torch_build.choose(pip_is_configured=False)


def test_a_configured_pip_decides_where_torch_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DRIFTPAINT_TORCH", raising=False)
    assert torch_build.choose(pip_is_configured=True).name == "pip"


@pytest.mark.parametrize("before", [None, "/opt/of/the/users"])
def test_what_a_frozen_program_starts_finds_the_systems_libraries(
    before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setenv("LD_LIBRARY_PATH", "/our/own")
    monkeypatch.delenv("LD_LIBRARY_PATH_ORIG", raising=False)
    for name in (*bootstrap.OFFLINE, "PYINSTALLER_RESET_ENVIRONMENT"):
        monkeypatch.setenv(name, "")
    if before:
        monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", before)
    bootstrap.ensure("app")
    assert os.environ.get("LD_LIBRARY_PATH") == before
    assert os.environ["PYINSTALLER_RESET_ENVIRONMENT"] == "1"


def test_help_and_version_need_no_set_up(tmp_path: Path) -> None:
    shutil.copy(ROOT / "main.py", tmp_path)
    for option, words in (("--help", main.USAGE + main.SET_UP), ("--version", f"Driftpaint {main.VERSION}")):
        answer = subprocess.run(
            [OUTSIDE, "main.py", option], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert answer.stdout == words + "\n"
    assert not (tmp_path / ".venv").exists()


def test_an_unknown_option_is_refused_with_a_sentence(tmp_path: Path) -> None:
    shutil.copy(ROOT / "main.py", tmp_path)
    answer = subprocess.run(
        [OUTSIDE, "main.py", "--fast"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == "There is no option --fast. Try: python3 main.py --help\n"


@pytest.mark.parametrize(
    "door", ["main.py", "tests/__main__.py", *(f"installer/{p.name}" for p in ROOT.glob("installer/*.py"))]
)
def test_an_old_python_can_read_the_front_doors(door: str) -> None:
    ast.parse((ROOT / door).read_text(encoding="utf-8"), feature_version=(3, 8))


def test_requirements_are_read_without_a_toml_reader() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert bootstrap.requirements("app") == project["dependencies"]
    assert bootstrap.requirements("test") == project["optional-dependencies"]["test"]


def test_every_requirement_has_one_pin_that_fits_it() -> None:
    for text in [name for kind in ("app", "test", "freeze") for name in bootstrap.requirements(kind)]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(bootstrap.pin(requirement.name)), text


def test_what_runs_here_is_what_is_pinned() -> None:
    for text in [*bootstrap.requirements("app"), *bootstrap.requirements("test")]:
        name = Requirement(text).name
        assert Version(distribution(name).version).public == bootstrap.pin(name)


def test_version_and_pythons_are_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (low, high), wanted = (first_run.OLDEST, first_run.TOO_NEW), SpecifierSet(project["requires-python"])
    assert project["version"] == main.VERSION
    assert wanted == SpecifierSet(f">={low[0]}.{low[1]},<{high[0]}.{high[1]}")
