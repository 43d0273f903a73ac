"""Fetching a model: the real command, in a process of its own, from a hub that serves on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine.fetch import HOSTS, File, wanted
from engine.types import EngineError, Release

ROOT = Path(__file__).parents[1]
WEIGHTS = os.urandom(3 << 20)
FILES = {
    "model_index.json": b"{}",
    "README.md": b"words",
    "unet/config.json": b'{"a": 1}',
    "unet/diffusion_pytorch_model.safetensors": WEIGHTS,
    "unet/diffusion_pytorch_model.fp16.safetensors": WEIGHTS[: 1 << 20],
    "unet/diffusion_pytorch_model.bin": b"pickle",
    "vae/diffusion_pytorch_model.safetensors": WEIGHTS[: 1 << 10],
    "safety_checker/model.safetensors": b"no",
}


class Hub(ThreadingHTTPServer):
    """The three answers of the hub that a download needs, for one repository."""

    def __init__(self, files: dict[str, bytes], gated: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.files, self.gated = files, gated
        self.asked: list[str] = []  # "GET name", and from which byte
        self.cut = False  # the next large answer breaks off in the middle, and then it fails
        self.rotten = False  # every large answer has a wrong byte

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/api/models/us/painter"):
            self._send(json.dumps(_told(self.server)).encode())
        elif "/resolve/" in self.path:
            self._file()
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    do_HEAD = do_GET

    def _file(self) -> None:
        name = self.path.partition("/resolve/")[2].partition("/")[2]
        content = self.server.files[name]
        if self.command == "HEAD":
            self._send(content)
            return
        if self.server.cut and f"{name} from 0" in self.server.asked:
            self.send_error(500)
            return
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").partition("-")[0])
        self.server.asked.append(f"{name} from {start}")
        body = content[start:]
        if self.server.rotten and len(content) > 1 << 11:
            body = bytes([body[0] ^ 1]) + body[1:]
        self._send(content, body, start)

    def _send(self, content: bytes, body: bytes | None = None, start: int = 0) -> None:
        body = content if body is None else body
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.server.cut and len(content) > 1 << 11:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _told(hub: Hub) -> dict[str, object]:
    siblings = [
        {
            "rfilename": name,
            "size": len(content),
            "blobId": hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest(),
            **(
                {
                    "lfs": {
                        "sha256": hashlib.sha256(content).hexdigest(),
                        "size": len(content),
                        "pointerSize": 1,
                    }
                }
                if len(content) > 1 << 9
                else {}
            ),
        }
        for name, content in hub.files.items()
    ]
    return {
        "id": "us/painter",
        "sha": "0" * 40,
        "gated": "auto" if hub.gated else False,
        "cardData": {"license": "mit"},
        "siblings": siblings,
    }


def _large(content: bytes) -> dict[str, object]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 1}


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub(dict(FILES))
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    yield hub
    hub.shutdown()
    hub.server_close()
    thread.join()


def fetch(hub: Hub, folder: Path, *more: str, name: str = "us/painter") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "main.py", "fetch", name, "-o", str(folder), "--hub", hub.address, *more]
    environment = {**os.environ, "DRIFTPAINT_NO_SETUP": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_size_is_said_first_and_nothing_is_fetched_without_a_yes(hub: Hub, tmp_path: Path) -> None:
    done = fetch(hub, tmp_path)
    assert done.returncode == 0
    assert "us/painter: 4 files, 1 MB, licence mit" in done.stderr
    assert "Nothing was fetched" in done.stderr
    assert hub.asked == []
    assert not any(tmp_path.glob("us--*"))


def test_a_model_comes_whole_without_pickles_and_in_half_precision(hub: Hub, tmp_path: Path) -> None:
    done = fetch(hub, tmp_path, "--yes", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    place = Path(lines[-1]["model"])
    assert lines[0]["offer"]["files"] == 4
    assert lines[-2]["bytes"] == lines[-2]["of"] == lines[0]["offer"]["bytes"]
    assert {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()} == {
        "model_index.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
    }
    half = place / "unet/diffusion_pytorch_model.fp16.safetensors"
    assert half.read_bytes() == WEIGHTS[: 1 << 20]
    assert [each.name for each in tmp_path.glob("us--*")] == [place.name]


def test_what_breaks_off_goes_on_where_it_stopped(hub: Hub, tmp_path: Path) -> None:
    del hub.files["unet/diffusion_pytorch_model.fp16.safetensors"]
    hub.cut = True
    done = fetch(hub, tmp_path, "--yes")
    assert done.returncode == 2
    assert "what has come is kept" in done.stderr
    hub.cut = False
    hub.asked.clear()
    assert fetch(hub, tmp_path, "--yes").returncode == 0
    large = "unet/diffusion_pytorch_model.safetensors"
    (asked,) = (line for line in hub.asked if line.startswith(large))
    assert int(asked.rpartition(" ")[2]) > len(WEIGHTS) // 3
    assert (tmp_path / "us--painter" / large).read_bytes() == WEIGHTS


def test_what_comes_damaged_is_thrown_away(hub: Hub, tmp_path: Path) -> None:
    hub.rotten = True
    done = fetch(hub, tmp_path, "--yes")
    assert done.returncode == 2
    assert "came damaged" in done.stderr
    assert not (tmp_path / "us--painter").exists()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("us/nothing", "There is no model us/nothing"),
        ("painter", "is no model's name"),
        ("us/painter/unet/diffusion_pytorch_model.bin", "holds no model in .safetensors"),
    ],
)
def test_what_cannot_be_fetched_is_said(hub: Hub, tmp_path: Path, name: str, sentence: str) -> None:
    done = fetch(hub, tmp_path, name=name)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert sentence in done.stderr


def listed(hub: Hub, folder: Path, content: bytes) -> tuple[str, Path]:
    """An engine pack that the hub has, by its address, and a list of packs with it in it."""
    hub.files["driftpaint-cuda.engine"] = content
    address = f"{hub.address}/resolve/main/driftpaint-cuda.engine"
    release = Release("cuda", "any", "1.0", address, len(content), hashlib.sha256(content).hexdigest())
    (folder / "packs.json").write_text(json.dumps([asdict(release)]))
    return address, folder / "packs.json"


def test_an_engine_pack_of_the_list_comes_whole_and_goes_on_where_it_stopped(
    hub: Hub, tmp_path: Path
) -> None:
    address, packs = listed(hub, tmp_path, WEIGHTS)
    assert "1 files, 3 MB" in fetch(hub, tmp_path, "--list", str(packs), name=address).stderr
    hub.cut = True
    done = fetch(hub, tmp_path, "--list", str(packs), "--yes", name=address)
    assert "what has come is kept" in done.stderr
    hub.cut = False
    hub.asked.clear()
    done = fetch(hub, tmp_path, "--list", str(packs), "--yes", "--json", name=address)
    place = Path(json.loads(done.stdout.splitlines()[-1])["pack"])
    assert place.read_bytes() == WEIGHTS
    assert place.name == "driftpaint-cuda.engine"
    (asked,) = hub.asked
    assert int(asked.rpartition(" ")[2]) > len(WEIGHTS) // 3


def test_an_engine_pack_that_is_not_what_the_list_says_is_thrown_away(hub: Hub, tmp_path: Path) -> None:
    address, packs = listed(hub, tmp_path, WEIGHTS)
    hub.files["driftpaint-cuda.engine"] = WEIGHTS[::-1]
    done = fetch(hub, tmp_path, "--list", str(packs), "--yes", name=address)
    assert (done.returncode, "came damaged" in done.stderr) == (2, True)
    assert not list(tmp_path.rglob("*.engine"))


def test_an_engine_pack_from_anywhere_else_is_refused(hub: Hub, tmp_path: Path) -> None:
    address, _ = listed(hub, tmp_path, WEIGHTS)
    done = fetch(hub, tmp_path, "--yes", name=address)
    assert (done.returncode, "is not in Driftpaint's list" in done.stderr) == (2, True)
    assert hub.asked == []


def test_a_model_whose_licence_must_be_accepted_is_left_to_the_browser(hub: Hub, tmp_path: Path) -> None:
    hub.gated = True
    assert "accepts its licence" in fetch(hub, tmp_path).stderr


def test_only_the_hub_can_be_asked(tmp_path: Path) -> None:
    command = [sys.executable, "main.py", "fetch", "us/painter", "--hub", "https://example.org"]
    environment = {**os.environ, "DRIFTPAINT_NO_SETUP": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "does not answer" in done.stderr
    ask = "import socket, engine.network as n; n.forbid(('.hf.co',)); socket.getaddrinfo('evil.org', 1)"
    done = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "NetworkForbidden" in done.stderr
    assert "huggingface.co" in HOSTS


def test_one_checkpoint_of_several_is_asked_for_by_its_name() -> None:
    there = [File("a.safetensors", 1), File("b.safetensors", 1), File("c.ckpt", 1)]
    assert wanted(there, "b.safetensors") == [there[1]]
    assert wanted(there[:1]) == [there[0]]
    with pytest.raises(EngineError, match=r"a\.safetensors, b\.safetensors"):
        wanted(there)
