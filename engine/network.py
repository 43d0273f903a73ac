"""The guard against the network: once it stands, this process can speak to its own machine and to nothing
else.

`local_files_only` and the like are promises of libraries; this is an audit hook of Python's (PEP 578), below
them all.
"""

from __future__ import annotations

import sys
from typing import Any

AT_HOME = {None, "", "localhost", "127.0.0.1", "::1"}


class NetworkForbidden(ConnectionRefusedError):
    """Something in this process asked for the network."""


def forbid() -> None:
    """From now on, for as long as the process lives, looking up or connecting to another machine raises."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0]
    elif event in {"socket.connect", "socket.sendto", "socket.sendmsg"} and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else host
    if name not in AT_HOME:
        raise NetworkForbidden(f"Driftpaint is offline; something asked the network for {name}.")
