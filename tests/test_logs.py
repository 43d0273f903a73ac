"""What is left behind when something goes wrong, and what `doctor` tells of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication

from engine import doctor, logs
from tests.bench import Bench, scenario
from ui.diagnostics import Diagnostics

ROOT = Path(__file__).parents[1]


def program(code: str) -> subprocess.CompletedProcess[str]:
    """A process that logs, and then does something."""
    begun = "import logging; from engine import logs; print(logs.begin('driftpaint', 'Driftpaint 9'))\n"
    command = [sys.executable, "-c", begun + code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_native_crash_leaves_a_report_that_the_next_start_finds() -> None:
    assert program("import faulthandler; faulthandler._sigsegv()").returncode != 0
    path = Path(program("pass").stdout.strip())
    assert path in logs.crashes()
    said = path.read_text()
    assert said.startswith("Driftpaint 9\n")
    assert "Fatal Python error: Segmentation fault" in said
    assert program("pass").stdout == "None\n"


@pytest.mark.parametrize("end", ["pass", "import os; os._exit(1)", "import sys; sys.exit(2)"])
def test_what_ends_without_a_crash_leaves_no_report(end: str) -> None:
    program(end)
    assert program("pass").stdout == "None\n"
    assert not list(logs.folder().glob("*.trace"))


def test_an_error_that_nobody_caught_is_in_the_log() -> None:
    done = program("import threading; threading.Thread(target=lambda: 1 / 0).start()")
    assert "ZeroDivisionError" in done.stderr
    assert "ZeroDivisionError" in (logs.folder() / "driftpaint.log").read_text()


def test_logs_turn_over() -> None:
    program("for i in range(30): logging.getLogger('x').info('%s', 'words ' * 20_000)")
    sizes = [path.stat().st_size for path in logs.folder().glob("driftpaint.log*")]
    assert len(sizes) == logs.KEPT + 1
    assert max(sizes) <= logs.BYTES


def test_without_a_place_to_write_the_program_goes_on(own_folders: Path) -> None:
    (own_folders / "state").write_text("no folder")
    assert program("print('on')").stdout == "None\non\n"


def test_doctor_tells_versions_devices_and_places_but_not_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "getuser", lambda: "margarete")
    program(f"logging.getLogger('x').warning('margarete lost {Path.home() / 'a.png'}')")
    said = doctor.report("9.9")
    assert said.startswith("Program\n  Driftpaint 9.9")
    assert "computes right" in said
    assert "(user) lost ~/a.png" in said
    assert "margarete" not in said
    assert str(Path.home()) not in said


@scenario
async def test_diagnostics_are_in_the_help_menu_and_can_be_copied(bench: Bench) -> None:
    bench.window.comfort.show_diagnostics()
    dialog = bench.window.findChild(Diagnostics)
    assert isinstance(dialog, Diagnostics)
    assert not dialog.copy.isEnabled()
    await bench.until(dialog.copy.isEnabled)
    dialog.copy.click()
    assert "\nProgram\n  Driftpaint" in QGuiApplication.clipboard().text()
    dialog.accept()
