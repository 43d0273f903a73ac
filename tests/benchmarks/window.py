"""How soon the window is there, and how long its event loop stands still while the engine works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import aclosing
from pathlib import Path
from statistics import median

import numpy as np

from engine.types import EditRequest, SDEdit

ROOT = Path(__file__).parents[2]
RUNS = 5
TICK = 5  # milliseconds

BARE = """
from PySide6.QtWidgets import QApplication, QMainWindow
class Window(QMainWindow):
    def paintEvent(self, event):
        print(time.time() - float(os.environ["STARTED"]), flush=True)
        os._exit(0)
application = QApplication([])
window = Window()
window.show()
application.exec()
"""
OURS = """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QMainWindow
import ui.window
def painted(self, event):
    QMainWindow.paintEvent(self, event)
    QTimer.singleShot(0, shown)  # what the window holds is painted before that
def shown():
    print(time.time() - float(os.environ["STARTED"]), flush=True)
    os._exit(0)
ui.window.Window.paintEvent = painted
import main
main.start([])
"""


def first_paint(code: str) -> float:
    """Seconds from the start of a process to its first paint."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "STARTED": str(time.time())}
    command = [sys.executable, "-c", "import os, time" + code]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def gaps() -> tuple[float, float, float, float]:
    """Largest gaps of the event loop in ms: idle, while the engine starts, during an edit; and seconds to be
    ready.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    import qasync
    from PySide6.QtCore import QElapsedTimer, Qt, QTimer
    from PySide6.QtWidgets import QApplication

    from engine.worker import Engine

    application = QApplication.instance() or QApplication([])
    clock = QElapsedTimer()
    clock.start()
    seen: list[float] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(TICK)
    timer.timeout.connect(lambda: seen.append(clock.nsecsElapsed() / 1e6))
    timer.start()

    def largest() -> float:
        gap = float(np.diff(seen).max())
        seen.clear()
        return gap

    picture = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)
    request = EditRequest(picture, picture, None, SDEdit(0.5), steps=25)

    async def measure() -> tuple[float, float, float, float]:
        import asyncio

        await asyncio.sleep(1)
        idle = largest()
        engine = Engine("cpu")
        ready = asyncio.get_running_loop().create_future()
        engine.ready.connect(ready.set_result)
        started = time.perf_counter()
        engine.start()
        await ready
        seconds, starting = time.perf_counter() - started, largest()
        async with aclosing(engine.edit(request)) as events:
            async for _ in events:
                pass
        working = largest()
        await engine.close()
        return idle, starting, working, seconds

    with qasync.QEventLoop(application) as loop:
        figures: tuple[float, float, float, float] = loop.run_until_complete(measure())
    return figures


def run() -> list[dict[str, object]]:
    bare, ours = (median(first_paint(code) for _ in range(RUNS)) for code in (BARE, OURS))
    command = [sys.executable, "-m", "tests.benchmarks.window"]  # a process that has not imported torch
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    idle, starting, working, seconds = json.loads(done.stdout.splitlines()[-1])
    return [
        figure("window up", ours, "s", "a bare Qt window", ours / bare),
        figure("ready to edit", seconds, "s", "the window up", seconds / ours),
        figure("largest gap while the engine starts", starting, "ms", "250 ms", starting / 250),
        figure("largest gap during an edit", working, "ms", "the largest gap when idle", working / idle),
    ]


def figure(name: str, value: float, unit: str, reference: str, ratio: float) -> dict[str, object]:
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "reference": reference,
        "ratio": round(ratio, 3),
    }


if __name__ == "__main__":
    print(json.dumps(gaps()))
