"""A display without a screen, and somebody who sits before it with mouse and keys."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.installed.bare_debian import Wrong, run

if TYPE_CHECKING:
    from PIL.Image import Image

SIZE = "1440x900"
MANY = 100  # colours: of a window that is painted
STILL = 5.0  # seconds without a change: what was asked for is done
LONG = 300.0  # seconds after which something has gone wrong


class Screen:
    def __init__(self) -> None:
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{SIZE}x24", "-noreset"]
        self._server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading) as told:
            self.display = ":" + told.readline().strip()

    def close(self) -> None:
        self._server.terminate()
        self._server.wait()

    def start(self, command: list[str]) -> tuple[subprocess.Popen[bytes], float]:
        """A program, and the seconds until its window could be seen."""
        until(lambda: self._colours() < MANY, "the last window has not gone")
        started = time.monotonic()
        program = subprocess.Popen(command)
        until(lambda: self._colours() > MANY, "no window has opened")
        seconds = time.monotonic() - started
        self.rest()
        return program, seconds

    def press(self, *keys: str) -> None:
        """Each key goes to the window that opened last."""
        for key in keys:
            window = self._do("search", "--onlyvisible", "--name", ".").split()[-1]
            self._do("windowfocus", "--sync", window, "key", key)
            time.sleep(1)

    def stroke(self, *points: tuple[int, int]) -> None:
        """Pressed at the first point, let go at the last."""
        for point in points:
            self._do("mousemove", *map(str, point))
            if point == points[0]:
                self._do("mousedown", "1")
            time.sleep(0.1)
        self._do("mouseup", "1")
        time.sleep(1)

    def rest(self) -> None:
        """Wait until nothing moves any more."""
        seen, since = self._grab(), time.monotonic()
        started = since
        while time.monotonic() - since < STILL:
            time.sleep(0.2)
            now = self._grab()
            if now != seen:
                seen, since = now, time.monotonic()
            if since - started > LONG:
                raise Wrong("the window does not come to rest")

    def save(self, path: str) -> None:
        self._grab().save(path)

    def _colours(self) -> int:
        return len(self._grab().resize((360, 225)).getcolors(2**24) or ())

    def _grab(self) -> Image:
        from PIL import ImageGrab

        return ImageGrab.grab(xdisplay=self.display)

    def _do(self, *command: str) -> str:
        return run("env", f"DISPLAY={self.display}", "xdotool", *command)


def until(happened: Callable[[], bool], lament: str) -> None:
    """Wait for something. Raises Wrong where it does not happen."""
    started = time.monotonic()
    while not happened():
        if time.monotonic() - started > LONG:
            raise Wrong(lament)
        time.sleep(0.02)
