"""Engine packs: made, read, unpacked, tried, worked with. The program in these packs is a script that starts
this very engine; in a real one it is the frozen program.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from engine import packs
from engine.types import EditResult, EngineError, Release
from engine.worker import Engine
from installer.build_pack import build
from installer.list_packs import listed
from tests.test_worker import REQUEST, all_of

ROOT = Path(__file__).parents[1]
VERSION = "9.9"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the program here is a shell script")


def frozen(folder: Path, main: str = f'exec {sys.executable} {ROOT / "main.py"} "$@"') -> Path:
    folder.mkdir()
    program = folder / "driftpaint"
    program.write_text(f"#!/bin/sh\nexport DRIFTPAINT_NO_SETUP=1\n{main}\n")
    program.chmod(0o755)
    (folder / "library.so").symlink_to("driftpaint")
    return folder


def pack(tmp_path: Path, kind: str = "cpu", version: str = VERSION) -> Path:
    path = tmp_path / f"driftpaint.{kind}.engine"
    build(str(frozen(tmp_path / f"frozen {kind}")), str(path), kind, version)
    return path


def install(path: Path) -> list[float]:
    return list(packs.install(path, VERSION))


def test_a_pack_is_unpacked_tried_and_worked_with(tmp_path: Path, event_loop_qt: QEventLoop) -> None:
    shares = install(pack(tmp_path))
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert [each.kind for each in packs.installed(VERSION)] == ["cpu"]
    engine = Engine("cpu")
    engine.isolate(apart=True, pack="cpu")
    engine.start("toy")
    events = event_loop_qt.run_until_complete(all_of(engine, REQUEST))
    event_loop_qt.run_until_complete(engine.close())
    assert isinstance(events[-1], EditResult)


def test_a_pack_for_a_device_that_is_not_there_leaves_the_engine_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="finds no graphics processor"):
        install(pack(tmp_path, "cuda"))
    assert packs.installed(VERSION) == []
    assert not list(packs.folder().glob("*"))


def test_a_damaged_pack_leaves_the_one_before(tmp_path: Path) -> None:
    path = pack(tmp_path)
    install(path)
    content = bytearray(path.read_bytes())
    content[content.index(b"7zXZ") + 40] ^= 1
    path.write_bytes(content)
    with pytest.raises(EngineError, match="is damaged"):
        install(path)
    assert [each.kind for each in packs.installed(VERSION)] == ["cpu"]


def test_whoever_stops_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    going = packs.install(pack(tmp_path), VERSION)
    next(going)
    going.close()
    assert not list(packs.folder().glob("*"))


@pytest.mark.parametrize("content", [b"", b"words", b"PK\3\4", os.urandom(20_000)])
def test_what_is_no_pack_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.engine"
    path.write_bytes(content)
    with pytest.raises(EngineError, match="is no engine pack"):
        packs.read(path, VERSION)


def test_a_pack_of_another_version_is_said(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"is of Driftpaint 1\.0; get the one of 9\.9"):
        packs.read(pack(tmp_path, version="1.0"), VERSION)


def test_nothing_is_unpacked_outside_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def add(tar: tarfile.TarFile, *_: object) -> None:
        evil = tarfile.TarInfo("../../evil")
        evil.size = 1
        tar.addfile(evil, io.BytesIO(b"!"))

    path = tmp_path / "evil.engine"
    folder = frozen(tmp_path / "frozen")
    with monkeypatch.context() as patch:
        real = tarfile.TarFile.add
        patch.setattr(
            tarfile.TarFile, "add", lambda tar, name, to: add(tar) if to == "." else real(tar, name, to)
        )
        build(str(folder), str(path), "cpu", VERSION)
    with pytest.raises(EngineError, match="could not be unpacked"):
        install(path)
    assert not list(packs.folder().parent.rglob("evil"))


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As Linux shows the devices of a laptop: a processor's own graphics, a card, a network."""
    for slot, kind, maker in (
        ("0000:00:02.0", "0x030000", "0x8086"),
        ("0000:01:00.0", "0x030200", "0x10de"),
        ("0000:02:00.0", "0x020000", "0x8086"),
    ):
        device = tmp_path / "bus" / slot
        device.mkdir(parents=True)
        (device / "class").write_text(f"{kind}\n")
        (device / "vendor").write_text(f"{maker}\n")
    monkeypatch.setattr(packs, "BUS", tmp_path / "bus")
    return tmp_path / "bus"


@pytest.mark.skipif(sys.platform != "linux", reason="it is Linux that shows them so")
def test_graphics_processors_are_found_without_a_driver(bus: Path) -> None:
    assert packs.graphics() == ["NVIDIA", "Intel"]
    assert packs.equipment(VERSION).kind == "cuda"
    shutil.rmtree(bus)
    assert packs.graphics() == []
    assert packs.equipment(VERSION).kind == ""


def test_a_mac_needs_no_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert packs.graphics() == []


@pytest.mark.usefixtures("bus")
@pytest.mark.skipif(sys.platform != "linux", reason="it is Linux that shows them so")
def test_what_can_be_fetched_is_for_this_machine_and_this_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert packs.releases() == []  # none is published yet
    one = Release("cuda", packs.this_platform(), VERSION, "https://example.org/a.engine", 5, "0" * 64)
    others = (replace(one, platform="win32-amd64"), replace(one, version="1.0"), replace(one, kind="xpu"))
    listed = tmp_path / "packs.json"
    listed.write_text(json.dumps([asdict(each) for each in (*others, one)]))
    monkeypatch.setattr(packs, "releases", partial(packs.releases, listed=listed))
    assert packs.equipment(VERSION).release == one


def test_the_list_of_a_release_says_what_was_built(tmp_path: Path) -> None:
    path = pack(tmp_path)
    (one,) = listed(str(tmp_path), "https://example.org/v9.9/")
    release = Release(**one)  # type: ignore[arg-type]  # as it is read from JSON
    assert (release.kind, release.platform, release.version) == ("cpu", packs.this_platform(), VERSION)
    assert release.url == f"https://example.org/v9.9/{path.name}"
    assert release.bytes == path.stat().st_size
    assert release.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_pack_in_use_can_be_installed_anew_and_removed(tmp_path: Path, event_loop_qt: QEventLoop) -> None:
    path = pack(tmp_path)

    async def use_it() -> None:
        engine = Engine("cpu", VERSION)
        shares = [share async for share in engine.install_pack(path)]
        assert shares[-1] == 1
        engine.isolate(apart=False, pack="cpu")
        engine.start("toy")
        assert isinstance((await all_of(engine, REQUEST))[-1], EditResult)
        async for _ in engine.install_pack(path):
            assert engine.pack == ""  # nobody uses what is about to go
        assert engine.pack == "cpu"
        assert "the engine pack cpu" in await engine.diagnosis()
        assert isinstance((await all_of(engine, REQUEST))[-1], EditResult)
        await engine.remove_pack("cpu")
        assert (engine.pack, (await engine.equipment()).packs) == ("", ())
        assert isinstance((await all_of(engine, REQUEST))[-1], EditResult)
        await engine.close()

    event_loop_qt.run_until_complete(use_it())


def test_a_pack_that_does_not_come_up_is_told_from_a_missing_model(
    tmp_path: Path, qtbot: QtBot, event_loop_qt: QEventLoop
) -> None:
    install(pack(tmp_path))
    engine = Engine("cpu", VERSION)
    engine.isolate(apart=False, pack="cpu")
    program = packs.folder() / "cpu" / "driftpaint"
    program.write_text("#!/bin/sh\nexit 3\n")
    with qtbot.waitSignal(engine.broke, timeout=60_000) as signal:
        engine.start("toy")
    assert signal.args[0].startswith("The engine stopped (3)")
    event_loop_qt.run_until_complete(engine.close())


def test_an_engine_pack_that_is_gone_is_said() -> None:
    with pytest.raises(EngineError, match="is not there"):
        packs.command("cuda")
