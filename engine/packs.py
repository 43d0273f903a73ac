"""Engine packs: the engine with another build of torch, for the graphics processor that a machine has.

A pack is one file, a tar of two members: `pack.json`, which says what it is and the checksum of the second,
and `engine.tar.xz`, a frozen program of its own (`installer/build_pack.py` makes them). Unpacked it runs as
`engine.child`'s process. Those that can be fetched are listed in `resources/packs.json`. numpy and torch are
not imported here.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import IO, Any

import platformdirs

from engine.child import COMMAND
from engine.types import EngineError, Equipment, Pack, Release

SUFFIX = ".engine"  # of the one file
ABOUT, PAYLOAD = "pack.json", "engine.tar.xz"
BLOCK = 2**22  # bytes
TRIAL = 180.0  # seconds
LOOK = 0.2  # seconds between looks at a trial
VENDORS = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}
MATCHING = {"NVIDIA": "cuda", "AMD": "rocm", "Intel": "xpu"}  # what is worth most first
DISPLAY = "0x03"  # how the class of a graphics processor begins, on the bus
LIST = Path(__file__).parents[1] / "resources" / "packs.json"
BUS = Path("/sys/bus/pci/devices")


def folder() -> Path:
    """Where packs are unpacked, each in a folder named after its kind."""
    return platformdirs.user_data_path("driftpaint", appauthor=False) / "engines"


def this_platform() -> str:
    return f"{sys.platform}-{platform.machine().lower()}"


def graphics() -> list[str]:
    """Makers of the graphics processors of this machine, without any driver of theirs. Of a Mac none: what it
    has works with the engine as it comes.
    """
    found = {"win32": _of_windows, "linux": _of_linux}.get(sys.platform, list)()
    return [maker for maker in MATCHING if maker in {VENDORS.get(each) for each in found}]


def equipment(version: str) -> Equipment:
    """What this machine has for this version of the program."""
    makers = graphics()
    kind = MATCHING[makers[0]] if makers else ""
    return Equipment(
        graphics=tuple(makers),
        platform=this_platform(),
        kind=kind,
        packs=tuple(installed(version)),
        release=next((each for each in releases(version) if each.kind == kind), None),
    )


def releases(version: str = "", listed: Path = LIST) -> list[Release]:
    """The packs that can be fetched: for this machine and a version, or all of the list."""
    every = [
        Release(**{each.name: told[each.name] for each in fields(Release)})
        for told in json.loads(listed.read_text(encoding="utf-8"))
    ]
    here = this_platform()
    return [each for each in every if not version or (each.version, each.platform) == (version, here)]


def read(path: Path, version: str) -> Pack:
    """What a file is; nothing of it is unpacked. Raises EngineError where it cannot be used here."""
    try:
        with tarfile.open(path, "r:") as outer:
            pack = _about(outer.extractfile(ABOUT))
            outer.getmember(PAYLOAD)
    except (OSError, KeyError, ValueError, tarfile.TarError) as error:
        raise EngineError(f"{path.name} is no engine pack, or damaged; get a fresh copy.") from error
    if pack.platform != this_platform():
        raise EngineError(f"{path.name} is for {pack.platform}; get the one for {this_platform()}.")
    if pack.version != version:
        raise EngineError(f"{path.name} is of Driftpaint {pack.version}; get the one of {version}.")
    return pack


def install(path: Path, version: str) -> Generator[float, None, None]:
    """Unpack a file and try it; yields shares of the work. It replaces one of its kind only when it works.

    Raises EngineError; what was there before is then as it was. So it is when nobody asks any further.
    """
    pack = read(path, version)
    folder().mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder()).free < pack.bytes * 1.1:
        raise EngineError(f"There is not enough room in {folder()} for {pack.bytes / 1e9:.1f} GB.")
    place = folder() / pack.kind
    part, old = place.with_name(place.name + ".part"), place.with_name(place.name + ".old")
    shutil.rmtree(part, ignore_errors=True)
    try:
        yield from _unpacked(path, pack, part)
        (part / ABOUT).write_text(json.dumps(asdict(pack)), encoding="utf-8")
        yield from _tried(part, pack)
        shutil.rmtree(old, ignore_errors=True)
        if place.exists():
            place.rename(old)
        part.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise EngineError(
            f"The engine pack could not be put into {folder()} ({error}); nothing was changed."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    yield 1.0


def installed(version: str) -> list[Pack]:
    """Those that can be used with this version of the program."""
    found = []
    for path in sorted(folder().glob(f"*/{ABOUT}")):
        try:
            with path.open("rb") as file:
                found.append(_about(file))
        except (OSError, ValueError, KeyError):
            continue
    return [
        pack for pack in found if pack.version == version and (folder() / pack.kind / pack.program).exists()
    ]


def command(kind: str, version: str = "") -> list[str]:
    """What starts an installed pack as a child. Raises EngineError where it is not there, or is not of the
    version that is asked for.
    """
    place = folder() / kind
    try:
        with (place / ABOUT).open("rb") as file:
            pack = _about(file)
    except (OSError, ValueError, KeyError) as error:
        raise EngineError(f"The engine pack {kind} is not there; install it again.") from error
    if version and pack.version != version:
        raise EngineError(
            f"The engine pack {kind} is of Driftpaint {pack.version}; get the one of {version}."
        )
    return [str(place / pack.program), COMMAND]


def remove(kind: str) -> None:
    shutil.rmtree(folder() / kind, ignore_errors=True)


def _about(file: IO[bytes] | None) -> Pack:
    if file is None:
        raise ValueError(ABOUT)
    told = json.loads(file.read())
    pack = Pack(**{each.name: told[each.name] for each in fields(Pack)})
    if not (pack.kind.isalnum() and ".." not in Path(pack.program).parts):
        raise ValueError(pack.kind)
    return pack


def _unpacked(path: Path, pack: Pack, into: Path) -> Iterator[float]:
    """First the checksum of all of it, then its files."""
    with tarfile.open(path, "r:") as outer:
        size = outer.getmember(PAYLOAD).size
        digest, done = hashlib.sha256(), 0
        payload = _member(outer)
        while block := payload.read(BLOCK):
            digest.update(block)
            done += len(block)
            yield 0.2 * done / size
        if digest.hexdigest() != pack.sha256:
            raise EngineError(f"{path.name} is damaged; get a fresh copy.")
        done = 0
        try:
            with tarfile.open(fileobj=_member(outer), mode="r|xz") as inner:
                for member in inner:
                    inner.extract(member, into, filter="data")
                    done += member.size
                    yield 0.2 + 0.7 * min(done / max(pack.bytes, 1), 1.0)
        except (tarfile.TarError, OSError, EOFError) as error:
            raise EngineError(f"{path.name} could not be unpacked ({error}); nothing was changed.") from error


def _member(outer: tarfile.TarFile) -> IO[bytes]:
    payload = outer.extractfile(PAYLOAD)
    if payload is None:
        raise EngineError("The engine pack is damaged; get a fresh copy.")
    return payload


def _tried(place: Path, pack: Pack) -> Iterator[float]:
    """Its own doctor must see the device, and the device must compute right."""
    device = {"rocm": "cuda"}.get(pack.kind, pack.kind)
    program, began, told = [str(place / pack.program), "doctor"], time.monotonic(), b""
    try:
        with subprocess.Popen(
            program,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        ) as process:
            try:
                while process.returncode is None:
                    try:
                        told, _ = process.communicate(timeout=LOOK)
                    except subprocess.TimeoutExpired:
                        if time.monotonic() - began > TRIAL:
                            raise
                        yield 0.95
            finally:
                process.kill()  # nothing, once it has ended
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"The engine pack does not start ({error}); the engine stays as it is.") from error
    said = [line.strip() for line in told.decode(errors="replace").splitlines()]
    tried = [line for line in said if line.startswith((f"{device}:", f"{device} ("))]
    if not tried:
        raise EngineError(
            "The engine pack finds no graphics processor that it can use; update its driver. "
            "The engine stays as it is."
        )
    if "computes right" not in tried[0]:
        raise EngineError(
            f"The graphics processor does not compute right; the engine stays as it is: {tried[0]}"
        )


def _of_linux() -> list[str]:
    """From the bus, where a graphics processor is seen even without a driver."""
    try:
        shown = [path for path in BUS.iterdir() if (path / "class").read_text().startswith(DISPLAY)]
        return [(path / "vendor").read_text().strip() for path in shown]
    except OSError:
        return []


def _of_windows() -> list[str]:
    """From the names of the devices that the system has drivers for."""
    import winreg

    registry: Any = winreg  # its functions are there on Windows only
    key = r"SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"
    found = []
    for number in range(16):
        try:
            with registry.OpenKey(registry.HKEY_LOCAL_MACHINE, rf"{key}\{number:04}") as device:
                told = str(registry.QueryValueEx(device, "MatchingDeviceId")[0]).lower()
        except OSError:
            continue
        found.append("0x" + told.partition("ven_")[2][:4])
    return found
