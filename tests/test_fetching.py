"""Fetching a model by the window: the real command, from a hub that serves on this machine."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import Bench, scenario
from tests.test_access import nameless
from tests.test_checkpoints import SD1, checkpoint
from tests.test_fetch import ROOT, Hub
from ui.fetching import FetchDialog
from ui.models_dialog import ModelsDialog
from ui.network import Network


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """That asks a hub with one checkpoint."""
    monkeypatch.setenv("DRIFTPAINT_NO_SETUP", "1")
    whole = checkpoint(tmp_path / "dream.safetensors", SD1).read_bytes()
    hub = Hub({"dream.safetensors": whole, "README.md": b"words"})
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    to = ["-o", str(tmp_path / "fetched"), "--hub", hub.address]
    yield [sys.executable, str(ROOT / "main.py"), "fetch", *to]
    hub.shutdown()
    hub.server_close()
    thread.join()


def dialog_of(bench: Bench, command: list[str]) -> FetchDialog:
    network = bench.window.network = Network(command)
    network.changed.connect(bench.window.status.show_network)
    models = ModelsDialog(bench.window, bench.window.library, bench.window.switching, network)
    models.show()
    bench.click(models.fetch_button)
    dialog = models.findChild(FetchDialog)
    assert isinstance(dialog, FetchDialog)
    return dialog


@scenario
async def test_the_size_is_said_first_and_what_was_fetched_is_listed(
    bench: Bench, command: list[str], tmp_path: Path
) -> None:
    dialog = dialog_of(bench, command)
    assert nameless(dialog) == []
    assert not dialog.go_button.isEnabled()
    dialog.name.setText("us/painter")
    bench.click(dialog.go_button)
    assert dialog.go_button.text() == "Stop"
    assert bench.window.status.network.text() == "Online: us/painter"
    await bench.until(lambda: dialog.go_button.text() == "Fetch it")
    assert "one file" in dialog.told.text()
    assert "licence mit" in dialog.told.text()
    assert not (tmp_path / "fetched").exists()
    bench.click(dialog.go_button)
    await bench.until(lambda: bench.window.library.named("dream.safetensors") is not None)
    (listed,) = bench.window.library.files
    assert Path(listed).is_relative_to(tmp_path / "fetched")
    await bench.until(lambda: bench.window.status.network.text() == "Offline")


@scenario
async def test_what_cannot_be_fetched_is_said_and_another_name_begins_anew(
    bench: Bench, command: list[str]
) -> None:
    dialog = dialog_of(bench, command)
    dialog.name.setText("us/nobody")
    bench.click(dialog.go_button)
    await bench.until(lambda: "There is no model us/nobody" in dialog.told.text())
    assert dialog.go_button.text() == "How large is it?"
    dialog.name.setText("us/painter")
    assert dialog.told.text() == ""
    bench.click(dialog.go_button)
    bench.click(dialog.go_button)  # stop
    assert dialog.go_button.text() == "How large is it?"
