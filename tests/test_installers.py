"""The downloads for other systems: a workflow makes them there; here their parts are looked at."""

from __future__ import annotations

import ast
import plistlib
import re
from pathlib import Path

import yaml  # type: ignore[import-untyped]  # it has no types of its own

from installer.self_check import imports
from main import VERSION
from ui.files import KINDS

ROOT = Path(__file__).parents[1]
INSTALLER = ROOT / "installer"
WORKFLOW = ROOT / ".github" / "workflows" / "installers.yml"


def test_nothing_that_we_import_is_left_out_when_freezing() -> None:
    spec = ast.parse((INSTALLER / "driftpaint.spec").read_text("utf-8"))
    (excluded,) = (
        node.value
        for node in spec.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXCLUDED"
    )
    left_out = set(eval(ast.unparse(excluded)))  # noqa: S307  a list of names, of our own
    assert "pytest" in left_out
    paths = [path for package in ("engine", "ui") for path in (ROOT / package).rglob("*.py")]
    codes = [compile(path.read_bytes(), path, "exec") for path in paths if "starter" not in path.parts]
    imported = {name for code in codes for name, _ in imports(code)}
    assert not [name for name in imported if any(f"{name}.".startswith(f"{each}.") for each in left_out)]


def test_every_system_builds_checks_and_hands_over() -> None:
    jobs = yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"]
    for system in ("linux", "windows", "macos"):
        commands = " ".join(step.get("run", "") for step in jobs[system]["steps"])
        (script,) = re.findall(r"python (installer/\S+\.py)", commands)
        assert (ROOT / script).is_file()
        assert "upload-artifact" in jobs[system]["steps"][-1]["uses"]
        assert {"name": "list", "path": "resources"} in [step.get("with") for step in jobs[system]["steps"]]
    tried = [" ".join(step.get("run", "") for step in job["steps"]) for job in jobs.values()]
    assert sum("--self-check" in commands for commands in tried) == 3


def test_what_the_windows_installer_is_told_is_what_it_asks_for() -> None:
    script = (INSTALLER / "windows" / "driftpaint.iss").read_text("utf-8")
    told = re.search(r"about = {(.*?)}", (INSTALLER / "build_windows.py").read_text("utf-8"), re.DOTALL)
    assert told is not None
    assert set(re.findall(r"{#(\w+)", script)) == set(re.findall(r'"(\w+)":', told[1]))
    assert re.fullmatch(r"[\d.]+", VERSION)  # as Windows wants a version


def test_the_mac_app_opens_every_kind_of_picture() -> None:
    told = plistlib.loads((INSTALLER / "macos" / "Info.plist").read_bytes())
    projects, pictures = told["CFBundleDocumentTypes"]
    assert projects["CFBundleTypeExtensions"] == ["ora"]
    known = {name.rpartition(".")[2] for name in pictures["LSItemContentTypes"]}
    assert known == {endings[-1].removeprefix(".") for _, endings in KINDS} | {"photoshop-image"}
    rights = plistlib.loads((INSTALLER / "macos" / "entitlements.plist").read_bytes())
    assert all(rights.values())
