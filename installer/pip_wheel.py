"""Fetches pip for a Python that comes without it: standard library only."""

from __future__ import annotations

import configparser
import hashlib
import os
import re
import ssl
import urllib.parse
import urllib.request


def fetch(version: str, folder: str) -> str:
    """The path of pip's wheel, saved in `folder`; OSError or ValueError if it cannot be had whole."""
    index = _setting("index-url", "https://pypi.org/simple").rstrip("/") + "/pip/"
    name = f"pip-{version}-py3-none-any.whl"
    link = re.search(rf'href="([^"]*{re.escape(name)})#sha256=(\w+)"', _read(index).decode())
    if link is None:
        raise ValueError(f"{index} does not offer {name}")
    wheel = _read(urllib.parse.urljoin(index, link.group(1)))
    if hashlib.sha256(wheel).hexdigest() != link.group(2):
        raise ValueError(f"{name} arrived damaged")
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(wheel)
    return path


def _read(url: str) -> bytes:
    if url.startswith("file:") and url.endswith("/"):
        url += "index.html"  # as pip reads an index that is a folder
    context = ssl.create_default_context(cafile=_setting("cert", "") or None)
    with urllib.request.urlopen(url, timeout=30, context=context) as answer:
        content: bytes = answer.read()
    return content


def _setting(name: str, otherwise: str) -> str:
    """One of pip's settings, from the environment or from its files, which nobody else can read yet."""
    files = configparser.ConfigParser(interpolation=None)
    config = os.environ.get("XDG_CONFIG_HOME", os.path.expanduser("~/.config"))
    files.read(
        ["/etc/pip.conf", os.path.expanduser("~/.pip/pip.conf"), os.path.join(config, "pip", "pip.conf")]
    )
    files.read(os.environ.get("PIP_CONFIG_FILE", ""))
    variable = "PIP_" + name.upper().replace("-", "_")
    from_file: str = files.get("global", name, fallback=otherwise)
    return os.environ.get(variable) or from_file
