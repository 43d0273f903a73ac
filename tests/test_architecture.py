"""The rules of the code, checked by machine: form, types, who may import whom, and traps met once."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from itertools import takewhile
from pathlib import Path

import grimp
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [
    ROOT / "main.py",
    *(path for folder in ("ui", "engine", "installer") for path in ROOT.glob(f"{folder}/**/*.py")),
]
MODAL = {  # calls that run an event loop of their own
    *("exec", "exec_", "critical", "information", "question", "warning"),
    *(
        "getColor",
        "getExistingDirectory",
        "getFont",
        "getOpenFileName",
        "getOpenFileNames",
        "getSaveFileName",
    ),
    *("getDouble", "getInt", "getItem", "getMultiLineText", "getText"),
}
PUMPS = (".processEvents", ".qWait", ".waitExposed", ".waitUntil", ".waitSignal", "qtbot.wait")


def check(*command: str) -> None:
    """Run one of the tools of the test set-up; its own words are the failure."""
    tool = Path(sys.executable).with_name(command[0] + (".exe" if os.name == "nt" else ""))
    result = subprocess.run([tool, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, "\n" + result.stdout + result.stderr


def test_ruff_finds_nothing() -> None:
    check("ruff", "check", "--quiet", ".")


def test_every_file_is_formatted() -> None:
    check("ruff", "format", "--quiet", "--check", ".")


def test_types_are_strict() -> None:
    check("mypy", "--no-error-summary")


def test_imports_keep_to_the_contracts() -> None:
    check("lint-imports", "--no-logo")


def test_the_window_opens_before_torch_is_there() -> None:
    """Importing it takes as long as the window may take to open; the engine's thread does that."""
    code = "import engine.worker, ui.app, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_set_up_needs_the_standard_library_alone() -> None:
    with_the_rest = {*ROOT.glob("installer/build_*.py"), ROOT / "installer" / "self_check.py"}
    for path in set(ROOT.glob("installer/*.py")) - with_the_rest:
        foreign = {module.partition(".")[0] for module in imports(path)} - set(sys.stdlib_module_names)
        assert foreign <= {"installer", "main"}, path


@pytest.mark.parametrize("package", ["ui", "engine"])
def test_the_architecture_names_every_module_once(package: str) -> None:
    """In its list, where what is said of modules stands two spaces or more behind their names."""
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    listed = page.partition(f"\n{package}/  ")[2].partition("\n")[2]
    lines = takewhile(lambda line: line.startswith("  "), listed.splitlines())
    names = [name for line in lines if line[2] != " " for name in line[2:].partition("  ")[0].split(", ")]
    folders = [name for name in names if "/" in name]
    modules = {path.stem for path in ROOT.glob(f"{package}/*.py")} - {"__init__"}
    assert sorted(set(names) - set(folders)) == sorted(modules)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["main.py", "tests/__main__.py"])
def test_a_front_door_imports_nothing_of_ours_before_the_set_up(name: str) -> None:
    door = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    first = {alias.name for node in door.body if isinstance(node, ast.Import) for alias in node.names}
    first |= {node.module or "" for node in door.body if isinstance(node, ast.ImportFrom)}
    assert first <= {"__future__", "multiprocessing", "os", "sys"}


def test_a_frozen_program_cannot_start_itself_without_end() -> None:
    guard = ast.parse((ROOT / "main.py").read_text(encoding="utf-8")).body[-1]
    assert isinstance(guard, ast.If)
    assert ast.unparse(guard.test) == "__name__ == '__main__'"
    assert ast.unparse(guard.body[0]) == "multiprocessing.freeze_support()"


def test_nothing_opens_a_second_event_loop() -> None:
    """A modal dialog inside a coroutine re-enters asyncio's loop: "Cannot enter into task"."""
    for path in ROOT.glob("ui/**/*.py"):
        for call in calls(path):
            owner, _, name = call.rpartition(".")
            assert name not in MODAL or not owner.startswith("Q"), f"{path}: {call}; use open() and a signal"
            assert name not in {"exec", "exec_"} or not owner, f"{path}: {call}; use open() and a signal"


def test_no_code_sleeps_or_pumps_events() -> None:
    for path in SOURCES:
        assert not {call for call in calls(path) if call.endswith((".processEvents", "time.sleep"))}, path


def test_no_scenario_pumps_events() -> None:
    """What waits in asyncio's loop is lost when it is stepped inside another task: await `Bench.drawn`."""
    for path in ROOT.glob("tests/test_*.py"):
        for test in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(test, ast.AsyncFunctionDef):
                names = {ast.unparse(each.func) for each in ast.walk(test) if isinstance(each, ast.Call)}
                assert not {name for name in names if name.endswith(PUMPS)}, f"{path}: {test.name}"


@pytest.mark.asks_the_network
def test_no_test_reaches_the_network() -> None:
    with pytest.raises(ConnectionRefusedError, match=r"192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 9), timeout=1)
    with pytest.raises(ConnectionRefusedError, match=r"example\.org"):
        socket.getaddrinfo("example.org", 443)


def test_qt_calls_keep_their_hands_off_none(qtbot: QtBot) -> None:
    """PySide6 6.12.0 on Python < 3.12 drops a reference to None in each call, and dies at zero."""
    widget = QWidget()
    qtbot.addWidget(widget)
    before = sys.getrefcount(None)
    for _ in range(500):
        widget.update()
    assert sys.getrefcount(None) > before - 100


def imports(path: Path) -> Iterator[str]:
    """Every module that a file names in an import, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def calls(path: Path) -> Iterator[str]:
    """Every function that a file calls, as it is written there."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def test_no_modules_of_the_engine_import_each_other_in_a_circle() -> None:
    """Not even for types alone."""
    graph = grimp.build_graph("engine")
    TopologicalSorter(
        {each: graph.find_modules_directly_imported_by(each) for each in graph.modules}
    ).prepare()
