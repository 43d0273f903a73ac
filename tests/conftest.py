"""What every test can rely on: no display, no network, no trace in the user's folders."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from engine import network
from engine.pictures import save_picture
from installer.bootstrap import OFFLINE

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from qasync import QEventLoop

    from engine.worker import Engine
    from tests.bench import Bench

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.update(OFFLINE, QT_API="pyside6")


asked: list[str] = []  # other machines that somebody wanted, though the guard refused


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if name := network.asked_for(event, arguments):
        asked.append(name)


sys.addaudithook(_note)  # before the guard, whose refusal ends the matter
network.forbid()


@pytest.fixture(autouse=True)
def nobody_asks_the_network(request: pytest.FixtureRequest) -> Iterator[None]:
    """A library that asks, and goes on without an answer, fails the test, too."""
    asked.clear()
    yield
    if asked and not request.node.get_closest_marker("asks_the_network"):
        pytest.fail(f"something asked the network for {', '.join(asked)}")


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, caches and documents of a test lie in its own home."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for kind in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(home / kind.lower()))
    for kind in ("APPDATA", "LOCAL_APPDATA", "PERSONAL", "MYPICTURES"):
        monkeypatch.setenv(f"WIN_PD_OVERRIDE_{kind}", str(home / kind.lower()))
    return home


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    from ui.app import Application

    return Application


@pytest.fixture
def event_loop_qt(qapp: QApplication) -> Iterator[QEventLoop]:
    """Qt's event loop as asyncio's: `event_loop_qt.run_until_complete(...)`."""
    import qasync

    with qasync.QEventLoop(qapp) as loop:
        yield loop


@pytest.fixture
def bench(
    qapp: QApplication, event_loop_qt: QEventLoop, tmp_path: Path, own_folders: Path
) -> Iterator[Bench]:
    """What a scenario needs: inside it there is a window, its engine not started yet."""
    from PySide6.QtCore import QEvent

    from tests.bench import Bench
    from ui import theme
    from ui.settings import Settings

    theme.dress(qapp)
    qapp.setQuitOnLastWindowClosed(False)  # the loop ends with the test
    gc.disable()  # as the program does: no other thread may be the one that collects widgets
    yield Bench(event_loop_qt, tmp_path, Settings(steps=4))
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    gc.enable()
    qapp.setStyleSheet("")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture in a file, 120 x 80, no two pixels alike."""
    colours = np.random.default_rng(1).integers(0, 256, (80, 120, 3), np.uint8)
    save_picture(tmp_path / "photo.png", colours)
    return tmp_path / "photo.png"


@pytest.fixture
def engine(event_loop_qt: QEventLoop) -> Iterator[Engine]:
    """Ready for the toy model."""
    from engine.worker import Engine

    engine = Engine("cpu")
    engine.start("toy")
    yield engine
    event_loop_qt.run_until_complete(engine.close())
