"""The engine in a process of its own: whatever becomes of it there, a crash of a driver, an end by the system
for want of memory, the document stands and the next edit has a new engine.

Both sides are here. They speak over `multiprocessing.connection`, whose key goes through the child's stdin:
the parent asks with the name of a model, a request, or the number of the question that shall stop; the child
answers with the frozen values of `engine.types`, and with None when a question is done with.
"""

from __future__ import annotations

import logging
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Client, Connection, Listener
from operator import contains
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from engine.local import Local
from engine.types import EditRequest, EngineError, EngineStopped, Event, ModelFacts

COMMAND = "engine-child"
KILLED = 9  # SIGKILL, which Windows does not have
PATIENCE = 20.0  # seconds: who is asked to stop and does not is ended
LOOK = 0.02  # seconds between looks at the stop flag

log = logging.getLogger(__name__)


class Question(NamedTuple):
    number: int
    what: str | EditRequest  # the name of a model to get ready, or an edit


class Stop(NamedTuple):
    number: int  # of the question


def own_command(command: str = COMMAND) -> list[str]:
    """This same program once more, for something else."""
    if getattr(sys, "frozen", False):
        return [sys.executable, command]
    return [sys.executable, str(Path(__file__).parents[1] / "main.py"), command]


class Child:
    """As `engine.local.Local`, for whoever asks; the process starts with the first question."""

    def __init__(self, device: str, command: list[str]) -> None:
        self._device, self._command = device, command
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._asked = 0
        self._since = time.monotonic()  # nobody has asked

    def facts(self, name: str) -> ModelFacts:
        (facts,) = self._answers(name, lambda: False)
        assert isinstance(facts, ModelFacts)
        return facts

    def run(self, request: EditRequest, stop: Callable[[], bool]) -> Iterator[Event]:
        for event in self._answers(request, stop):
            assert not isinstance(event, ModelFacts)
            yield event

    def tidy(self, minutes: float) -> bool:
        """The process ends, and its memory is free, if nobody has asked for so long; whether it did."""
        idle = self._process is not None and time.monotonic() - self._since >= 60 * minutes
        if idle:
            self.close()
        return idle

    def close(self) -> None:
        """It ends when its stdin does, whatever it is doing."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                with suppress(OSError):  # who has ended has not read all
                    pipe.close()
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._connection = self._process = None

    def _answers(self, what: str | EditRequest, stop: Callable[[], bool]) -> Iterator[Event | ModelFacts]:
        self._asked += 1
        number, stopped = self._asked, 0.0
        try:
            connection = self._connected()
            connection.send(Question(number, what))
            try:
                while True:
                    while not connection.poll(LOOK):
                        if stop() and not stopped:
                            connection.send(Stop(number))
                            stopped = time.monotonic()
                        if stopped and time.monotonic() - stopped > PATIENCE:
                            raise EOFError
                    answer = connection.recv()
                    if answer is None:
                        return
                    if isinstance(answer, EngineError):
                        _drain(connection)
                        raise answer
                    yield answer
            except GeneratorExit:
                connection.send(Stop(number))
                _drain(connection)
        except (EOFError, OSError) as error:
            raise EngineStopped(self._last_words()) from error
        finally:
            self._since = time.monotonic()

    def _connected(self) -> Connection:
        """Starts the process, if there is none or it has ended meanwhile."""
        if self._connection is not None and self._process is not None and self._process.poll() is None:
            return self._connection
        self.close()
        key = secrets.token_bytes(32)
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # an interrupt in the terminal is ours to answer
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{key.hex()} {self._device}\n".encode())
        self._process.stdin.flush()
        with self._process.stdout as out:
            address = out.readline().decode().rstrip("\n")
        if not address:
            raise EOFError
        self._connection = Client(address, authkey=key)
        return self._connection

    def _last_words(self) -> str:
        """What became of it; afterwards there is none."""
        code: int | None = None
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                code = self._process.wait(1)
            self._process.kill()
        self.close()
        log.error("the engine's process ended with %s", code)
        why = "perhaps memory ran short" if code == -KILLED else "it did not answer" if code is None else code
        return f"The engine stopped ({why}); the picture is as it was. The next edit starts it anew."


def serve() -> int:
    """The child: answers until its stdin ends."""
    key, device = sys.stdin.readline().split()
    told = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no address
    with Listener(authkey=bytes.fromhex(key)) as listener:
        os.write(told, f"{listener.address}\n".encode())
        os.close(told)
        connection = listener.accept()
    asked: SimpleQueue[Question] = SimpleQueue()
    stopped: set[int] = set()

    def listen() -> None:
        with suppress(EOFError, OSError):  # whoever asks is gone, and so are we in a moment
            while True:
                what = connection.recv()
                if isinstance(what, Stop):
                    stopped.add(what.number)
                else:
                    asked.put(what)

    def wait_for_the_end() -> None:
        sys.stdin.read()
        os._exit(0)

    for each in (listen, wait_for_the_end):
        threading.Thread(target=each, daemon=True).start()
    local = Local(device)
    while True:
        number, what = asked.get()
        try:
            if isinstance(what, str):
                connection.send(local.facts(what))
            else:
                for event in local.run(what, partial(contains, stopped, number)):
                    connection.send(event)
        except EngineError as error:
            connection.send(error)
        connection.send(None)


def _drain(connection: Connection) -> None:
    """To the end of the answers to a question."""
    while True:
        if not connection.poll(PATIENCE):
            raise EOFError
        if connection.recv() is None:
            return
