"""`fetch OWNER/NAME`: a model from the Hugging Face hub, when the user asks for it, and only then; or an
engine pack, by its address in our list of them.

It runs in a process of its own, the only one whose guard against the network has a door (`HOSTS`); the
editor starts it, reads its lines and may end it at any moment: what has come is kept, and the same command
goes on from there. The size is said first, and nothing is fetched without a yes. Each file is checked against
the hub's own checksum, or that of the list. Nothing of what the user has is sent: no token, no telemetry, the
name of the model alone.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import logging
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import platformdirs

from engine import packs
from engine.headless_run import answer, say
from engine.types import EngineError

MODELS = platformdirs.user_data_path("driftpaint", appauthor=False) / "models"
PACKS = platformdirs.user_cache_path("driftpaint", appauthor=False) / "packs"
HUB = "https://huggingface.co"
HOSTS = ("huggingface.co", ".huggingface.co", ".hf.co")  # the hub, and where it keeps large files
STORES = {"github.com": ".githubusercontent.com"}  # where a host of packs keeps large files
PARTS = re.compile(r"(unet|transformer|vae|text_encoder(_\d)?|tokenizer(_\d)?|scheduler)/[^/]+")
SETTINGS = (".json", ".txt", ".model")
CHUNK = 2**18  # bytes: what is lost at most when a download breaks off
SAID_EVERY = 0.25  # seconds
MARGIN = 2**28  # bytes that stay free on the disk


@dataclass(frozen=True)
class File:
    name: str
    bytes: int
    sha256: str = ""  # of a large file
    blob: str = ""  # git's own checksum, of a small one
    url: str = ""


@dataclass(frozen=True)
class Offer:
    """What the hub or our list has, before anything is fetched."""

    repository: str
    licence: str
    files: tuple[File, ...]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


def hosts() -> tuple[str, ...]:
    """Whom this process may speak to: the hub, whoever has our packs, and the proxy that the system names."""
    named = [urlsplit(address).hostname for address in getproxies().values()]
    named += [urlsplit(each.url).hostname for each in packs.releases()]
    stores = [STORES[name] for name in named if name in STORES]
    return (*HOSTS, *stores, *(name for name in named if name))


def fetch(ask: argparse.Namespace) -> int:
    """The command. Without `--yes` it says the size and fetches nothing."""
    pack = packed(ask.repository, ask.list)
    offer = pack or offered(ask.repository, ask.hub)
    size = f"{offer.bytes / 1e9:.1f} GB" if offer.bytes >= 1e9 else f"{offer.bytes / 1e6:.0f} MB"
    licence = f", licence {offer.licence}" if offer.licence else ""
    if ask.json:
        answer({"offer": {"bytes": offer.bytes, "licence": offer.licence, "files": len(offer.files)}})
    say(f"{offer.repository}: {len(offer.files)} files, {size}{licence}")
    if not ask.yes:
        host = urlsplit(offer.files[0].url).hostname
        say(f"Nothing was fetched. Add --yes to fetch {size} from {host}.")
        return 0

    said = 0.0

    def tell(done: int) -> None:
        nonlocal said
        if time.monotonic() - said < SAID_EVERY and done < offer.bytes:
            return
        said = time.monotonic()
        if ask.json:
            answer({"bytes": done, "of": offer.bytes})
        else:
            say(f"\r{done / 1e6:8.0f} of {offer.bytes / 1e6:.0f} MB", "")

    place = download(offer, ask.output or (PACKS if pack else MODELS), tell)
    if ask.json:
        answer({"pack" if pack else "model": str(place)})
    say(f"\nThe {'engine pack' if pack else 'model'} is in {place}")
    return 0


def packed(address: str, listed: Path = packs.LIST) -> Offer | None:
    """The engine pack with that address; None for what is no address of a pack. Raises EngineError."""
    for each in packs.releases(listed=listed):
        if each.url == address:
            name = PurePosixPath(urlsplit(address).path)
            return Offer(name.stem, "", (File(name.name, each.bytes, each.sha256, url=address),))
    if urlsplit(address).path.endswith(packs.SUFFIX):
        raise EngineError(f"{address} is not in Driftpaint's list of engine packs; choose one of the list.")
    return None


def offered(name: str, hub: str = HUB) -> Offer:
    """What `owner/name`, or `owner/name/file.safetensors`, would bring. Raises EngineError."""
    repository, file = _names(name)
    api = _library()
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        told = api.HfApi(endpoint=hub, token=False).model_info(repository, files_metadata=True, timeout=30)
    except GatedRepoError as error:
        raise EngineError(_gated(repository, hub)) from error
    except RepositoryNotFoundError as error:
        raise EngineError(f"There is no model {repository} on the hub; check its name.") from error
    except (OSError, _transport()) as error:
        raise EngineError(f"{hub} does not answer; check the network and try again.") from error
    if told.gated:
        raise EngineError(_gated(repository, hub))
    there = [
        File(
            each.rfilename,
            each.size or 0,
            each.lfs.sha256 if each.lfs else "",
            "" if each.lfs else each.blob_id or "",
            api.hf_hub_url(repository, each.rfilename, revision=str(told.sha), endpoint=hub),
        )
        for each in told.siblings or ()
        if ".." not in each.rfilename
    ]
    licence = str(getattr(told.card_data, "license", None) or "")
    return Offer(repository, licence, tuple(wanted(there, file, repository)))


def wanted(there: list[File], file: str = "", repository: str = "the model") -> list[File]:
    """What a model needs of what a repository holds: never a pickle, and one precision of each part."""
    single = [each for each in there if each.name.endswith(".safetensors") and "/" not in each.name]
    if file or all(each.name != "model_index.json" for each in there):
        chosen = [each for each in there if each.name == file] if file else single
        if len(chosen) == 1 and chosen[0].name.endswith(".safetensors"):
            return chosen
        names = ", ".join(each.name for each in single)
        if names:
            raise EngineError(f"{repository} holds several checkpoints; add the name of one of them: {names}")
        raise EngineError(f"{repository} holds no model in .safetensors; choose another one.")
    parts = [each for each in there if PARTS.fullmatch(each.name)]
    weights = [each for each in parts if each.name.endswith(".safetensors")]
    if not weights:
        raise EngineError(f"{repository} holds no weights in .safetensors; choose another one.")
    variants = {
        folder: _variant(each.name for each in weights if each.name.startswith(f"{folder}/"))
        for folder in {each.name.partition("/")[0] for each in weights}
    }

    def is_needed(name: str) -> bool:
        folder, _, last = name.partition("/")
        if last.endswith((".safetensors", ".safetensors.index.json")):
            return _variant_of(last) == variants[folder]
        return last.endswith(SETTINGS) and ".bin." not in last

    index = [each for each in there if each.name == "model_index.json"]
    return [each for each in parts if is_needed(each.name)] + index  # last, for it makes the folder a model


def download(offer: Offer, folder: Path, tell: Callable[[int], None] = lambda _: None) -> Path:
    """The model or pack, complete and checked, below a folder: its own folder, or its one file.

    Until it is complete it lies in a folder whose name ends in `.part`, from which the next call goes on.
    Raises EngineError.
    """
    place = folder / offer.repository.replace("/", "--")
    part = place.with_name(place.name + ".part")
    if place.exists() and all((place / file.name).exists() for file in offer.files):
        return _whole(place, offer)
    part.mkdir(parents=True, exist_ok=True)
    there = sum(file.stat().st_size for file in part.rglob("*") if file.is_file())
    if shutil.disk_usage(part).free < offer.bytes - there + MARGIN:
        raise EngineError(
            f"There is not enough room in {folder} for {offer.bytes / 1e9:.1f} GB; choose another place."
        )
    done = 0
    for file in offer.files:
        _download_one(file, part, done, tell)
        done += file.bytes
        tell(done)
    for file in offer.files:
        target = place / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        (part / file.name).replace(target)
    shutil.rmtree(part)
    return _whole(place, offer)


def _download_one(file: File, part: Path, before: int, tell: Callable[[int], None]) -> None:
    """One file, from where it broke off; the hub's own library would begin it anew in every process."""
    api = _library()
    target = part / file.name
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".unfinished")
    try:
        with unfinished.open("ab") as out:
            asked = {"Range": f"bytes={out.tell()}-", "Accept-Encoding": "identity"} if out.tell() else {}
            if out.tell() < file.bytes:
                session = api.utils.get_session()
                with session.stream("GET", file.url, headers=asked, follow_redirects=True) as answered:
                    api.utils.hf_raise_for_status(answered)
                    if answered.status_code == 200:
                        out.truncate(0)
                    for chunk in answered.iter_bytes(CHUNK):
                        out.write(chunk)
                        tell(before + out.tell())
    except (OSError, _transport()) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise EngineError(f"The disk is full; make room in {part.parent} and try again.") from error
        raise EngineError(
            "The download broke off; what has come is kept. Try again, and it goes on from there."
        ) from error
    if not _is_right(unfinished, file):
        unfinished.unlink()
        raise EngineError(f"{file.name} came damaged and was thrown away; try again.")
    unfinished.replace(target)


def _is_right(path: Path, file: File) -> bool:
    with path.open("rb") as content:
        if file.sha256:
            return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256
        if path.stat().st_size != file.bytes:
            return False
        blob = hashlib.sha1(b"blob %d\0" % file.bytes + content.read(), usedforsecurity=False)
    return not file.blob or blob.hexdigest() == file.blob


def _whole(place: Path, offer: Offer) -> Path:
    alone = len(offer.files) == 1
    return place / offer.files[0].name if alone else place


def _variant(names: Iterable[str]) -> str:
    """Half precision where it is offered: half the bytes, and computed with at that or higher precision."""
    there = Counter(_variant_of(PurePosixPath(name).name) for name in names)
    return "fp16" if "fp16" in there else "" if "" in there else min(there)


def _variant_of(name: str) -> str:
    """`fp16` of `model.fp16-00001-of-00002.safetensors`."""
    stem = name.removesuffix(".index.json").removesuffix(".safetensors")
    words = re.sub(r"-\d+-of-\d+", "", stem).split(".")
    return words[1] if len(words) > 1 else ""


def _names(name: str) -> tuple[str, str]:
    """Of `owner/name[/file]`, or of its address in a browser."""
    short = re.sub(r"^https?://[^/]+/", "", name.strip()).removesuffix("/")
    found = re.fullmatch(r"([\w.-]+/[\w.-]+)(?:/(?:(?:blob|resolve|tree)/[^/]+/?)?(.*))?", short)
    if not found:
        raise EngineError(f"{name!r} is no model's name; write it as owner/name.")
    return found[1], found[2] or ""


def _gated(repository: str, hub: str) -> str:
    return (
        f"{repository} is given only to who accepts its licence: fetch it with a browser from "
        f"{hub}/{repository} and add it from the disk."
    )


def _library() -> Any:
    """The hub's own library, told to send nothing but what is asked for; it reads this when imported."""
    os.environ.update(
        HF_HUB_OFFLINE="0",
        HF_HUB_DISABLE_IMPLICIT_TOKEN="1",
        HF_HUB_DISABLE_TELEMETRY="1",
        HF_HUB_DISABLE_XET="1",  # plain files that go on where they stopped
    )
    import huggingface_hub.utils

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    return huggingface_hub


def _transport() -> type[Exception]:
    """What the library's own transport raises when nobody answers."""
    import httpx2

    return httpx2.HTTPError
