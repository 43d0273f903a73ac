"""Which engine makes the edits, as the user chooses: here or in a process of its own, built in or a pack."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from dataclasses import asdict
from functools import partial
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from engine import packs
from engine.types import Release
from installer.build_pack import build
from main import VERSION
from tests.bench import Bench, scenario
from tests.test_access import nameless
from tests.test_fetch import ROOT, Hub
from tests.test_packs import bus, frozen
from tests.test_packs import pack as packed
from ui.engine_dialog import EngineDialog
from ui.engine_notice import PackNotice
from ui.engines import Engines
from ui.network import Network
from ui.settings import Settings, load_settings

__all__ = ["bus"]
on_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="packs here are shell scripts; the bus is Linux's"
)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return packed(tmp_path, version=VERSION)


def children() -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if "engine-child" in each.cmdline()]


async def dialog_of(bench: Bench) -> EngineDialog:
    bench.window.comfort.show_engine()
    dialog = bench.window.findChild(EngineDialog)
    assert isinstance(dialog, EngineDialog)
    await rest(bench)
    return dialog


async def rest(bench: Bench) -> None:
    await bench.until(lambda: not bench.window.engines.is_busy)


def dropped(window: Bench, path: Path) -> bool:
    """Whether the window takes it."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPoint(500, 400), Qt.DropAction.CopyAction, mime, buttons, keys)
    window.window.dragEnterEvent(entered)
    if entered.isAccepted():
        drop = QDropEvent(QPointF(500, 400), Qt.DropAction.CopyAction, mime, buttons, keys)
        window.window.dropEvent(drop)
    return entered.isAccepted()


@scenario
async def test_the_preferences_put_the_engine_into_a_process_of_its_own_at_once(bench: Bench) -> None:
    await bench.start_engine()
    assert children() == []
    bench.window.remembering.set("isolate_engine", True)
    await rest(bench)
    assert len(children()) == 1
    assert bench.window.switching.facts is not None
    bench.window.remembering.save()
    assert load_settings(bench.settings_file).isolate_engine
    bench.window.remembering.set("isolate_engine", False)
    await rest(bench)
    assert children() == []


@scenario
async def test_a_killed_engine_costs_nothing_but_what_was_under_way(bench: Bench) -> None:
    window = bench.window
    await bench.start_engine()
    window.remembering.set("isolate_engine", True)
    await rest(bench)
    bench.stroke()
    painted, kinds = bench.picture(), bench.kinds
    window.edit_panel.variants.set_value(8)
    window.edit_panel.steps.set_value(200)
    window.running.make_it_real()
    await bench.until(lambda: bool(window.session.document.results))
    (child,) = children()
    child.kill()
    await bench.finish()
    assert window.messages.isVisible()
    assert window.messages.text.text().startswith(
        "The engine stopped (perhaps memory ran short); the picture"
    )
    assert (bench.picture() == painted).all()
    assert bench.kinds == kinds
    made = len(window.session.document.results)
    assert made >= 1
    window.editing.discard()
    window.edit_panel.variants.set_value(1)
    window.edit_panel.steps.set_value(4)
    window.running.make_it_real()
    await bench.finish()
    assert len(window.session.document.results) == made + 1
    assert [each.pid for each in children()] != [child.pid]


@on_linux
@scenario
async def test_a_pack_that_is_dropped_is_installed_and_used_and_can_be_left_and_removed(
    bench: Bench, pack: Path
) -> None:
    await bench.start_engine()
    assert dropped(bench, pack)
    dialog = bench.window.findChild(EngineDialog)
    assert isinstance(dialog, EngineDialog)
    await bench.until(dialog.stop_button.isVisible)
    await rest(bench)
    assert [row.kind for row in dialog.rows] == ["", "cpu"]
    assert dialog.place.text() == "In a process of its own"
    assert nameless(dialog) == []
    bench.window.remembering.save()
    assert load_settings(bench.settings_file).engine_pack == "cpu"
    (child,) = children()
    assert str(packs.folder()) in " ".join(child.cmdline()) or child.is_running()
    bench.click(dialog.rows[0].use_button)
    await rest(bench)
    assert (bench.window.engines.pack, children()) == ("", [])
    bench.click(dialog.rows[1].remove_button)
    assert dialog.rows[1].remove_button.text() == "Remove for good"
    bench.click(dialog.rows[1].remove_button)
    await rest(bench)
    assert [row.kind for row in dialog.rows] == [""]
    assert not (packs.folder() / "cpu").exists()


@on_linux
@scenario
async def test_installing_can_be_stopped_and_leaves_nothing(bench: Bench, pack: Path) -> None:
    await bench.start_engine()
    dialog = await dialog_of(bench)
    bench.window.engines.install(pack)
    await bench.until(dialog.stop_button.isVisible)
    bench.click(dialog.stop_button)
    await rest(bench)
    assert not dialog.stop_button.isVisible()
    assert not list(packs.folder().glob("*"))
    assert bench.window.engines.pack == ""


@scenario
async def test_what_is_no_pack_is_said_in_the_dialog_and_the_engine_stays(
    bench: Bench, tmp_path: Path
) -> None:
    await bench.start_engine()
    path = tmp_path / "other.engine"
    path.write_bytes(b"words")
    assert dropped(bench, path)
    await rest(bench)
    dialog = bench.window.findChild(EngineDialog)
    assert isinstance(dialog, EngineDialog)
    assert "is no engine pack, or damaged" in dialog.told.text()
    assert not bench.window.messages.isVisible()
    bench.window.running.make_it_real()
    await bench.finish()
    assert bench.window.session.document.results


@on_linux
@scenario
async def test_a_pack_that_does_not_work_any_more_gives_way_to_the_built_in_engine(
    bench: Bench, pack: Path
) -> None:
    await bench.start_engine()
    list(packs.install(pack, VERSION))
    program = packs.folder() / "cpu" / "driftpaint"
    program.write_text("#!/bin/sh\nexit 3\n")
    bench.window.engines.use("cpu")
    await rest(bench)
    assert "The engine stopped (3)" in bench.window.messages.text.text()
    assert bench.window.engines.pack == ""
    bench.window.running.make_it_real()
    await bench.finish()
    assert bench.window.session.document.results


@on_linux
@scenario
async def test_a_pack_that_does_not_come_up_at_the_start_leaves_the_built_in_engine(
    bench: Bench, pack: Path
) -> None:
    list(packs.install(pack, VERSION))
    (packs.folder() / "cpu" / "driftpaint").write_text("#!/bin/sh\nexit 3\n")
    bench.engine.isolate(apart=False, pack="cpu")
    await bench.start_engine()
    assert "Until then the built-in engine is used." in bench.window.messages.text.text()
    assert bench.window.engines.pack == ""
    bench.window.running.make_it_real()
    await bench.finish()
    assert bench.window.session.document.results


@scenario
async def test_a_pack_that_is_gone_is_said_at_the_start(bench: Bench) -> None:
    window = bench.window
    gone = Settings(engine_pack="cuda")
    engines = Engines(bench.engine, window.switching, window.network, window.work, gone)
    engines.failed.connect(window.comfort.complain_of_engine)
    engines.begin()
    assert "The engine pack cuda is not there" in window.messages.text.text()
    assert engines.remembered_in(gone).engine_pack == ""
    await bench.start_engine()


@on_linux
@pytest.mark.usefixtures("bus")
@scenario
async def test_a_graphics_processor_is_spoken_of_once(bench: Bench) -> None:
    await bench.start_engine()
    await rest(bench)
    (notice,) = bench.window.findChildren(PackNotice)
    assert nameless(notice) == []
    bench.click(notice.later_button)
    assert not notice.isVisible()
    assert load_settings(bench.settings_file).pack_was_offered
    bench.engine.ready.emit(bench.window.switching.facts)
    await rest(bench)
    assert bench.window.findChildren(PackNotice) in ([], [notice])


@on_linux
@pytest.mark.usefixtures("bus")
@scenario
async def test_a_pack_of_the_list_is_downloaded_checked_installed_and_used(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that it is for the card of this bus, and is for the processor, where it can be tried."""
    monkeypatch.setenv("DRIFTPAINT_NO_SETUP", "1")
    monkeypatch.setitem(packs.MATCHING, "NVIDIA", "cpu")
    program = frozen(tmp_path / "frozen")
    (program / "large").write_bytes(os.urandom(2 << 20))
    build(str(program), str(tmp_path / "built"), "cpu", VERSION, level=0)
    content = (tmp_path / "built").read_bytes()
    hub = Hub({"driftpaint.engine": content})
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    url = f"{hub.address}/resolve/main/driftpaint.engine"
    sha256 = hashlib.sha256(content).hexdigest()
    listed = tmp_path / "packs.json"
    listed.write_text(
        json.dumps([asdict(Release("cpu", packs.this_platform(), VERSION, url, len(content), sha256))])
    )
    monkeypatch.setattr(packs, "releases", partial(packs.releases, listed=listed))
    command = [sys.executable, str(ROOT / "main.py"), "fetch", "--list", str(listed)]
    bench.window.engines._network = Network(command)
    await bench.start_engine()
    dialog = await dialog_of(bench)
    hub.cut = True
    assert dialog.fetch_button.isVisible()
    bench.click(dialog.fetch_button)
    await rest(bench)
    assert "The download broke off; what has come is kept" in dialog.told.text()
    hub.cut = False
    bench.click(dialog.fetch_button)
    await bench.until(lambda: bench.window.engines.pack == "cpu")
    await rest(bench)
    assert not dialog.fetch_button.isVisible()
    assert hub.asked[-1] != "driftpaint.engine from 0"
    assert not list((tmp_path / "home").rglob("driftpaint.engine"))
    hub.shutdown()
    hub.server_close()
    thread.join()
