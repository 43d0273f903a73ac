"""The guard against the network, which stands in every test and in the program."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.network import NetworkForbidden

ROOT = Path(__file__).parents[1]


@pytest.mark.asks_the_network
def test_no_name_can_be_looked_up() -> None:
    with pytest.raises(NetworkForbidden, match=r"example.org"):
        socket.getaddrinfo("example.org", 443)
    with pytest.raises(NetworkForbidden, match=r"example.org"):
        socket.gethostbyname("example.org")


@pytest.mark.asks_the_network
def test_no_other_machine_can_be_reached() -> None:
    with socket.socket() as it, pytest.raises(NetworkForbidden):
        it.connect(("192.0.2.1", 80))
    with socket.socket(type=socket.SOCK_DGRAM) as it, pytest.raises(NetworkForbidden):
        it.sendto(b"hello", ("192.0.2.1", 80))


def test_this_machine_may_be_asked() -> None:
    """Whether it answers is another matter: with the network cut, or on a closed port, it does not."""
    with socket.socket() as it:
        assert (
            it.connect_ex(("127.0.0.1", 1)) != 0
        )  # an error number of the system's, not an exception of ours


def test_the_program_raises_the_guard_before_it_does_anything() -> None:
    ask = "main.start(['sdedit', 'none.png', '-o', 'x.png']); socket.getaddrinfo('example.org', 1)"
    command = [sys.executable, "-c", f"import main, socket; {ask}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "NetworkForbidden" in done.stderr
