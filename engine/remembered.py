"""What was measured on this machine, beside the settings and from one day to the next: how long each model
takes, how much memory, what had to be done where that ran short, and how each device computes.

Numbers alone, no torch, so the window can read them, too.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from engine.pictures import PictureError, saving

KEPT = 64  # models

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shortage:
    """Memory ran short: an edit of that many pixels went on from this rung of `engine.ladder`."""

    area: int
    rung: int
    free: int  # bytes that were free
    device: str = "cpu"  # whose memory it was


@dataclass(frozen=True)
class Figures:
    """Of one model on one device."""

    weights: int  # bytes
    native: int  # pixels: the size at which it begins
    largest: int  # pixels: the size at which it ends
    ratios: tuple[float, ...]  # sigma / alpha at times from 0 to 1, evenly spaced
    device: str
    farthest: float = 0.0  # pixels: where a part of a picture ends that is made as fine as it is
    rows: float = 2.0  # evaluations of a network call that words lead away from others
    seconds: dict[str, float] = field(default_factory=dict)  # of one evaluation, by the area in pixels
    autoencoder: float = 0.0  # seconds a pixel, there and back
    rest: float = 0.0  # seconds of a variant
    learning: dict[str, float] = field(default_factory=dict)  # of one step of it, by the area in pixels
    bytes: dict[str, int] = field(default_factory=dict)  # at the most beside the weights, by the largest area
    room: int = 0  # bytes of a graphics processor's own memory that were there for it; 0: not known
    shortages: tuple[Shortage, ...] = ()


def figures(name: str) -> Figures | None:
    """Of the model that was last got ready under that name."""
    known = _read()
    try:
        told = known["figures"][known["names"][name]]
        shortages = tuple(Shortage(**each) for each in told["shortages"])
        return Figures(**{**told, "ratios": tuple(told["ratios"]), "shortages": shortages})
    except (KeyError, TypeError):  # not known, or another version's
        return None


def remember(name: str, key: str, told: Figures) -> None:
    """`key` tells the model and its device apart from others, whatever name it goes by."""
    known = _read()
    every = {**_part(known, "figures")}
    every.pop(key, None)
    every[key] = asdict(told)
    names = {**_part(known, "names"), name: key}
    every = dict(list(every.items())[-KEPT:])
    names = {each: of for each, of in names.items() if of in every}
    _write({**known, "figures": every, "names": names})


def device(key: str) -> dict[str, Any] | None:
    """What a check has found of a device, see `engine.device_check`."""
    told = _part(_read(), "devices").get(key)
    return told if isinstance(told, dict) else None


def remember_device(key: str, told: dict[str, Any]) -> None:
    known = _read()
    _write({**known, "devices": {**_part(known, "devices"), key: told}})


def place() -> Path:
    return platformdirs.user_config_path("driftpaint", appauthor=False) / "measured.json"


def _part(known: dict[str, Any], name: str) -> dict[str, Any]:
    part = known.get(name)
    return part if isinstance(part, dict) else {}


def _read() -> dict[str, Any]:
    """Nothing, if there is none or it makes no sense: it is measured again."""
    try:
        known = json.loads(place().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(known: dict[str, Any]) -> None:
    """The whole file or none of it; what cannot be kept is measured again."""
    path = place()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with saving(path) as file:
            file.write(json.dumps(known).encode())
    except (OSError, PictureError) as error:
        log.info("What was measured could not be kept: %s", error)
