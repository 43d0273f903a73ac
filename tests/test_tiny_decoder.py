"""Previews by tiny decoders of the user's: random weights in diffusers' layout and in TAESD's own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine import tiny_decoder
from engine.checkpoints import told
from engine.economy import Economy
from engine.edits import edit
from engine.ladder import RUNGS
from engine.latent_diffusion import LatentDiffusion
from engine.tiny_decoder import SHARE, Previews, read
from engine.types import EditRequest, EditResult, EngineError, Event, Notice, Preview, Rgb
from tests.random_checkpoints import pipeline, save_folder
from tests.test_latent_diffusion import loaded, picture

LAYOUTS = ("folder", "diffusers", "own", "own, both halves")


def tiny(channels: int = 4) -> AutoencoderTiny:
    torch.manual_seed(channels)
    return AutoencoderTiny(latent_channels=channels).eval().requires_grad_(False)


def own(made: AutoencoderTiny) -> dict[str, Tensor]:
    """The decoder as TAESD names it: what clamps the latents is layer 0."""
    layers = made.decoder.layers.state_dict()
    parts = [(*key.split(".", 1), x) for key, x in layers.items()]
    return {f"{int(number) + 1}.{rest}": x for number, rest, x in parts}


def saved(made: AutoencoderTiny, place: Path, layout: str = "own") -> Path:
    if layout == "folder":
        made.save_pretrained(place / "taesd")
        return place / "taesd"
    path = place / "taesd_decoder.safetensors"
    both = {f"taesd_decoder.{key}": x for key, x in own(made).items()} | {
        "taesd_encoder.0.weight": torch.zeros(1)
    }
    save_file({"diffusers": made.state_dict(), "own": own(made)}.get(layout, both), path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_folder(pipeline("sd1"), tmp_path_factory.mktemp("sd1") / "model")


@pytest.fixture
def model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> LatentDiffusion:
    """One whose runs have time for as many previews as may be."""
    monkeypatch.setattr(tiny_decoder, "SHARE", 1e9)
    model = loaded(folder)
    model.native = 64
    return model


@pytest.mark.parametrize("channels", [4, 16])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_decodes_as_diffusers_does(tmp_path: Path, channels: int, layout: str) -> None:
    made = tiny(channels)
    latent = 3 * torch.randn(1, channels, 8, 12, generator=torch.Generator().manual_seed(0))
    found = read(saved(made, tmp_path, layout), channels, 8, torch.float32)
    assert (found.decode(latent).sample - made.decode(latent).sample).abs().max() < 1e-5


def test_narrower_and_deeper_ones_are_read_off_their_shapes(tmp_path: Path) -> None:
    torch.manual_seed(0)
    made = AutoencoderTiny(decoder_block_out_channels=(16, 16, 16), num_decoder_blocks=(1, 4, 2)).eval()
    latent = torch.randn(1, 4, 8, 8)
    found = read(saved(made, tmp_path), 4, 8, torch.float32)
    assert torch.allclose(found.decode(latent).sample, made.decode(latent).sample, atol=1e-5)
    assert found.spatial_scale_factor == 4


# ---- what a file is


@pytest.mark.parametrize(
    ("place", "channels", "family"),
    [
        ("taesd_decoder.safetensors", 4, "sd1"),
        ("taesd.safetensors", 4, "sd1"),
        ("taesdxl_decoder.safetensors", 4, "sdxl"),
        ("taesd3_decoder.safetensors", 16, "sd3"),
        ("taef1_decoder.safetensors", 16, "flux"),
        ("taesdxl/diffusion_pytorch_model.safetensors", 4, "sdxl"),
        ("models--madebyollin--taef1/snapshots/0a1b/diffusion_pytorch_model.safetensors", 16, "flux"),
        ("SD 1.5/previews/tiny.safetensors", 4, "sd1"),
        ("xl/tiny.safetensors", 4, "sdxl"),
        ("maxlight/tiny.safetensors", 4, ""),
        ("taesd/tiny.safetensors", 16, ""),
        ("tiny.safetensors", 16, ""),
    ],
)
def test_what_it_is_for_is_told_by_its_channels_and_names(
    tmp_path: Path, place: str, channels: int, family: str
) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(own(tiny(channels)), path)
    found = told(path)
    assert (found.kind, found.family, found.precision) == ("small autoencoder", family, "float32")
    assert found.shows == {4: ("sd1", "sdxl"), 16: ("sd3", "flux")}[channels]
    assert found.bytes == path.stat().st_size


def test_a_folder_of_one_is_told_as_one_thing(tmp_path: Path) -> None:
    found = told(saved(tiny(), tmp_path, "folder"))
    assert (found.kind, found.family, found.path) == ("small autoencoder", "sd1", tmp_path / "taesd")
    assert "not a whole model" in found.refusal


def test_the_half_that_encodes_shows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "taesd_encoder.safetensors"
    save_file(tiny().encoder.layers.state_dict(), path)
    with pytest.raises(EngineError, match="the half of a small autoencoder that encodes; previews need"):
        told(path)


def test_latents_that_no_model_here_has_are_not_shown(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="latents of 32 channels, which no model here has; choose"):
        told(saved(tiny(32), tmp_path))


# ---- what is wrong with one


def damaged(kind: str, path: Path) -> None:
    tensors = load_file(path)
    match kind:
        case "cut":
            path.write_bytes(path.read_bytes()[:-1000])
            return
        case "a web page":
            path.write_text("<!doctype html><html>not found</html>", encoding="utf-8")
            return
        case "a header that is none":
            path.write_bytes((8).to_bytes(8, "little") + b"{[1, 2}}")
            return
        case "numbers of another kind":
            tensors = {key: x.to(torch.int8) for key, x in tensors.items()}
            tensors["19.weight"] = tensors["19.weight"][:, :, :0]
        case "a tensor less":
            del tensors["8.conv.2.weight"]
        case "a layer less":
            tensors = {key: x for key, x in tensors.items() if not key.startswith("12.")}
        case "a tensor more":
            tensors["8.pool.0.weight"] = torch.zeros(8)
        case "another shape":
            tensors["19.weight"] = torch.zeros(3, 64, 1, 1)
        case "too many layers":
            tensors |= {f"{i}.conv.0.weight": torch.zeros(1) for i in range(20, 2000)}
        case "pictures without end":
            tensors |= {f"{i}.weight": torch.zeros(64, 64, 3, 3) for i in range(20, 40)}
        case "a number of a layer without end":
            tensors[f"{'9' * 5000}.conv.0.weight"] = torch.zeros(1)
        case "no number":
            tensors["3.conv.0.bias"] = torch.full((64,), torch.nan)
        case _:
            tensors = {"lora_unet_a.lora_down.weight": torch.zeros(1, 1)}
    save_file(tensors, path)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("cut", "is cut off"),
        ("a web page", "is a web page"),
        ("a header that is none", "header of .* is damaged"),
        ("numbers of another kind", "is damaged, or no decoder"),
        ("a tensor less", "is damaged, or no decoder"),
        ("a layer less", "is damaged, or no decoder"),
        ("a tensor more", "is damaged, or no decoder"),
        ("another shape", "is damaged, or no decoder"),
        ("too many layers", "is damaged, or no decoder"),
        ("pictures without end", "is damaged, or no decoder"),
        ("a number of a layer without end", "is damaged, or no decoder"),
        ("no number", "numbers of .* are damaged"),
        ("a LoRA", "holds no decoder"),
    ],
)
def test_a_damaged_one_is_told_once_and_the_edit_goes_on(
    model: LatentDiffusion, tmp_path: Path, kind: str, sentence: str
) -> None:
    path = saved(tiny(), tmp_path)
    damaged(kind, path)
    with pytest.raises(EngineError, match=sentence) as raised:
        read(path, 4, 8, torch.float32)
    first, *events = edit(asked(path), model)
    assert first == Notice(str(raised.value))
    assert shapes(events) == {(8, 8)}
    assert isinstance(events[-1], EditResult)
    assert not any(isinstance(each, Notice) for each in edit(asked(path), model))
    saved(tiny(), tmp_path).touch()  # a fresh copy
    assert shapes(edit(asked(path), model)) == {(64, 64)}


def test_a_folder_that_is_mended_is_read_again(model: LatentDiffusion, tmp_path: Path) -> None:
    folder = saved(tiny(), tmp_path, "folder")
    (file,) = folder.glob("*.safetensors")
    whole = file.read_bytes()
    file.write_bytes(whole[:-1000])
    first, *_ = edit(asked(folder), model)
    assert isinstance(first, Notice)
    assert "is cut off" in first.text
    file.write_bytes(whole)
    assert shapes(edit(asked(folder), model)) == {(64, 64)}
    shutil.rmtree(folder)
    first, *_ = edit(asked(folder), model)
    assert first == Notice(f"There is no file {folder}; check the name.")


def test_one_for_other_latents_is_told(model: LatentDiffusion, tmp_path: Path) -> None:
    first, *_ = edit(asked(saved(tiny(16), tmp_path)), model)
    assert isinstance(first, Notice)
    assert "latents of 16 channels, but those of the model have 4; choose" in first.text


# ---- in an edit


def asked(decoder: Path | str = "") -> EditRequest:
    return EditRequest(picture(), picture(), steps=4, tiny_decoder=str(decoder))


def shapes(events: Iterator[Event] | list[Event]) -> set[tuple[int, ...]]:
    return {each.image.shape[:2] for each in events if isinstance(each, Preview)}


def test_previews_are_what_it_decodes_and_results_stay_what_they_are(
    model: LatentDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, seen = tiny(), list[Tensor]()
    sketch = model.sketch

    def noted(latent: Tensor) -> Rgb:
        seen.append(latent)
        return sketch(latent)

    monkeypatch.setattr(model, "sketch", noted)
    *plain, without = edit(asked(), model)
    seen.clear()
    *previews, result = edit(asked(saved(made, tmp_path)), model)
    assert isinstance(result, EditResult)
    assert isinstance(without, EditResult)
    assert (result.image == without.image).all()
    assert (shapes(plain), shapes(previews)) == ({(8, 8)}, {(64, 64)})
    for latent, event in zip(seen, previews, strict=True):
        theirs = made.decode(latent).sample[0].permute(1, 2, 0).add(1).mul(127.5).clamp(0, 255).numpy()
        assert isinstance(event, Preview)
        assert np.abs(event.image - theirs).max() < 0.6


def test_no_run_is_shown_by_the_decoder_of_the_run_before(model: LatentDiffusion, tmp_path: Path) -> None:
    assert shapes(edit(asked(saved(tiny(), tmp_path)), model)) == {(64, 64)}
    assert shapes(edit(asked(), model)) == {(8, 8)}


def test_where_memory_is_short_there_is_none_for_it(model: LatentDiffusion, tmp_path: Path) -> None:
    path = saved(tiny(), tmp_path)
    model.save(RUNGS[1].economy)
    assert shapes(edit(asked(path), model)) == {(8, 8)}
    model.save(Economy())
    assert shapes(edit(asked(path), model)) == {(64, 64)}


def test_a_run_goes_on_without_what_takes_too_much_memory(
    model: LatentDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, decode = saved(tiny(), tmp_path), AutoencoderTiny.decode
    room = 32 * 32

    def short(self: AutoencoderTiny, latent: Tensor) -> Any:
        if latent[0, 0].numel() < room:
            return decode(self, latent)
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(AutoencoderTiny, "decode", short)
    *previews, result = edit(asked(path), model)
    assert shapes(previews) == {(8, 8)}, "it failed when it was tried"
    assert isinstance(result, EditResult)
    room = 2**20
    assert shapes(edit(asked(path), model)) == {(64, 64)}, "now there is more"
    room = 8 * 8
    *previews, result = edit(asked(path), model)
    assert shapes(previews) == {(8, 8)}, "it failed in the run"
    assert isinstance(result, EditResult)


def test_large_latents_are_decoded_in_tiles(
    model: LatentDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.autoencoder.TILE", 128)
    made = tiny()
    assert model.show_by(str(saved(made, tmp_path))) == ""
    latent = torch.randn(1, 4, 24, 40, generator=torch.Generator().manual_seed(0))
    theirs = made.decode(latent).sample[0].permute(1, 2, 0).add(1).mul(127.5).clamp(0, 255).numpy()
    apart = np.abs(model.sketch(latent) - theirs)
    assert apart[:64, :64].max() < 0.6  # of which one tile knows all
    assert apart.mean() < 3


# ---- how often


class Clock:
    """A run whose network calls take a second each, and whose decoder takes what it takes."""

    def __init__(self, seconds: float) -> None:
        self.now, self.seconds, self.decoded = 0.0, seconds, list[int]()
        self.previews = Previews(self._decode, torch.zeros(1, 4, 16, 16), lambda: self.now)
        self.decoded.clear()

    def run(self, rough: list[int]) -> list[int]:
        """The greys of what is shown after calls with such rough pictures; the decoder's are 100 more."""
        self.previews.begin()
        shown = []
        for grey in rough:
            self.now += 1
            picture = np.full((32, 32, 3), grey, np.uint8)
            shown.append(int(self.previews.shown(torch.full((1, 4, 32, 32), float(grey)), picture)[0, 0, 0]))
        return shown

    def _decode(self, latent: Tensor) -> Rgb:
        self.now += self.seconds * latent.shape[2] * latent.shape[3] / 32**2
        self.decoded.append(int(latent[0, 0, 0, 0]))
        return np.full((256, 256, 3), 100 + self.decoded[-1], np.uint8)


@pytest.mark.parametrize("seconds", [0.01, 0.05, 0.09, 0.2])
def test_it_takes_its_share_of_a_run_and_no_more(seconds: float) -> None:
    clock = Clock(seconds)
    began = clock.now
    clock.run(list(range(50)))
    spent = len(clock.decoded) * seconds
    assert (
        SHARE * (clock.now - began) - seconds <= spent <= SHARE * (clock.now - began)
        or len(clock.decoded) == 50
    )


def test_the_last_picture_is_shown_while_it_is_like_what_there_is() -> None:
    clock = Clock(0.075)  # every third call, about
    assert clock.run([10, 20, 30, 31, 60, 61, 90]) == [10, 20, 130, 130, 160, 160, 90]


def test_a_run_that_is_too_short_for_it_is_shown_roughly() -> None:
    clock = Clock(0.5)
    assert clock.run([1, 2, 3, 4]) == [1, 2, 3, 4]
    assert clock.run([5] * 20)[-1] == 105  # the next one has its own time
