"""`--self-check` tries every part for real, and tells when one does not work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import models
from installer import self_check
from ui import manual

ROOT = Path(__file__).parents[1]


def test_everything_works_here() -> None:
    environment = {**os.environ, "DRIFTPAINT_NO_SETUP": "1"}
    command = [sys.executable, str(ROOT / "main.py"), "--self-check"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = [line.split()[:2] for line in done.stdout.splitlines()[1:-1]]
    assert told == [["ok", f"{name}:"] for name in self_check.CHECKS]


def test_a_part_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(manual, "FOLDER", tmp_path)
    monkeypatch.setattr(
        self_check, "CHECKS", {"project": self_check.project, "languages": self_check.languages}
    )
    assert self_check.run("1.0") == 1
    heading, project, languages, verdict = capsys.readouterr().out.splitlines()
    assert heading.startswith("Driftpaint 1.0, from source")
    assert project.startswith("ok     project: 2 layers")
    assert languages.startswith("WRONG  languages: Wrong: of 0 chapters of the manual 0 are there in en")
    assert verdict == "1 of 2 parts do not work."


def test_what_is_imported_late_is_tried_too() -> None:
    code = compile("import os\ndef draw():\n  from PIL import Image, nowhere\n  import torch.nn", "", "exec")
    assert set(self_check.imports(code)) == {("PIL", "Image"), ("PIL", "nowhere"), ("torch.nn", "")}


def test_a_kind_of_model_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(models.KINDS, "new", "engine.nowhere")
    with pytest.raises(self_check.Wrong, match=r"^engine\.nowhere is missing$"):
        self_check.libraries(tmp_path)
