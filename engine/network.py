"""The guard against the network: once it stands, this process can speak to its own machine and to nothing
else.

`local_files_only` and the like are promises of libraries; this is an audit hook of Python's (PEP 578), below
them all.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

AT_HOME = {None, "", "localhost", "127.0.0.1", "::1"}


class NetworkForbidden(ConnectionRefusedError):
    """Something in this process asked for the network."""


def forbid(but: tuple[str, ...] = ()) -> None:
    """From now on, for as long as the process lives, looking up or connecting to another machine raises.

    `but` are names that may be looked up, those with a dot in front with whatever stands before it; only the
    process that fetches what the user asked for names any. Where it then connects is not asked.
    """
    sys.addaudithook(partial(_refuse, but))


def asked_for(event: str, arguments: tuple[Any, ...]) -> str | None:
    """The other machine that an audit event of Python's is about, if it is about one."""
    if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0]
    elif event in {"socket.connect", "socket.sendto", "socket.sendmsg"} and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return None
    name = host.decode() if isinstance(host, bytes) else host
    return None if name in AT_HOME else str(name)


def _refuse(but: tuple[str, ...], event: str, arguments: tuple[Any, ...]) -> None:
    name = asked_for(event, arguments)
    if name is None or any(_is_one(name, each) for each in but):
        return
    if but and event not in {"socket.getaddrinfo", "socket.gethostbyname"}:
        return  # to an address, which a name led to
    raise NetworkForbidden(f"Driftpaint is offline; something asked the network for {name}.")


def _is_one(name: str, of: str) -> bool:
    return name == of or (of.startswith(".") and name.endswith(of))
