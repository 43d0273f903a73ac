"""What a picture shows is learned, kept on the disk as a LoRA that other programs read, and forgotten."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import platformdirs
import pytest
import torch
from safetensors.torch import load_file

from engine import image_lora, models
from engine.checkpoints import told
from engine.economy import Economy
from engine.edits import edit
from engine.identities import is_there, place_of
from engine.image_lora import KEPT, learned
from engine.ladder import fitting
from engine.latent_diffusion import LatentDiffusion
from engine.latents import At
from engine.levels import to_x0
from engine.model_parts import load_parts
from engine.models import Interrupted
from engine.recipe_files import weights_of
from engine.safetensors_header import read_header
from engine.sampling import seeded
from engine.shelf import Shelf
from engine.types import (
    EditRequest,
    EditResult,
    EngineError,
    Identity,
    Learning,
    Lora,
    Preview,
    SDEdit,
    Translate,
)
from tests.random_checkpoints import pipeline, save_folder
from tests.test_latent_diffusion import picture

ASKED = EditRequest(picture(), picture(), None, SDEdit(0.4), steps=2, prompt="a lake", guidance=1.0)
QUICK = Identity(rank=4, steps=3)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    outputs = {"sd1": "epsilon", "sd2": "v_prediction"}
    return {
        family: save_folder(pipeline(family, output=output), root / family)
        for family, output in outputs.items()
    }


def loaded(folder: Path) -> LatentDiffusion:
    model = LatentDiffusion(load_parts(told(folder), torch.float32), folder.name, "cpu", torch.float32, 0.0)
    model.native = 64
    return model


@pytest.fixture(scope="module")
def model(folders: dict[str, Path]) -> LatentDiffusion:
    return loaded(folders["sd1"])


def kept() -> list[Path]:
    folder = platformdirs.user_cache_path("driftpaint", appauthor=False) / "identities"
    return sorted(folder.glob("*")) if folder.exists() else []


def trained(model: LatentDiffusion, identity: Identity, request: EditRequest = ASKED) -> tuple[Lora, int]:
    """The LoRA, and how many steps were needed."""
    steps, events = 0, learned(identity, request, model)
    while True:
        try:
            next(events)
            steps += 1
        except StopIteration as end:
            return end.value, steps


def loss(model: LatentDiffusion, *loras: Lora) -> float:
    """How far off the network is about the picture, over levels and noises that training has not seen."""
    latent, draw, off = At(model, (64, 64)).latent(picture()), seeded(77), 0.0
    denoise = model.denoiser(replace(ASKED, loras=loras))
    for i in range(1, 20):
        level = model.schedule(i / 20)
        noise = draw(latent)
        x = level.alpha * latent + level.sigma * noise
        off += float(((denoise(x, level) - latent) * level.alpha / level.sigma).square().mean())
    return off / 19


@pytest.mark.parametrize("family", ["sd1", "sd2"])
def test_learning_a_picture_brings_the_networks_error_down(family: str, folders: dict[str, Path]) -> None:
    """For networks that say eps, and such that say v."""
    model = loaded(folders[family])
    before = loss(model)
    lora, steps = trained(model, Identity(rank=8, steps=25, rate=5e-3, noisy=1.0))
    assert steps == 25
    assert loss(model, lora) < 0.92 * before
    assert loss(model) == before


def test_a_second_edit_takes_what_was_learned_from_the_disk(model: LatentDiffusion) -> None:
    """Another picture, other words or other settings are learned anew; weights are a matter of the edit."""
    first, steps = trained(model, QUICK)
    assert steps == 3
    assert [str(path) for path in kept()] == [first.path]
    again, steps = trained(model, replace(QUICK, noisy=0.25), replace(ASKED, seed=5, steps=9))
    assert (steps, again) == (0, replace(first, noisy=0.25))
    other = np.ascontiguousarray(ASKED.image[::-1])
    for identity, request in (
        (replace(QUICK, rank=2), ASKED),
        (replace(QUICK, steps=2), ASKED),
        (replace(QUICK, rate=1e-3), ASKED),
        (QUICK, replace(ASKED, prompt="a sea")),
        (QUICK, replace(ASKED, image=other, guide=other)),
    ):
        lora, steps = trained(model, identity, request)
        assert steps == identity.steps
        assert lora.path != first.path
    assert len(kept()) == 6


def test_a_translation_is_learned_with_the_words_for_what_the_picture_shows(model: LatentDiffusion) -> None:
    lora, _ = trained(model, QUICK)
    asked = replace(ASKED, prompt="a sea", operation=Translate("a lake"))
    assert trained(model, QUICK, asked) == (lora, 0)
    assert trained(model, replace(QUICK, prompt="a lake"), replace(ASKED, prompt="a sea")) == (lora, 0)


def test_diffusers_reads_the_file_and_makes_the_same_of_it(
    folders: dict[str, Path], model: LatentDiffusion
) -> None:
    pipe = pipeline("sd1")
    lora, _ = trained(model, Identity(rank=4, steps=5, rate=1e-2))
    x, level = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)), model.schedule(0.5)
    ours = model.denoiser(replace(ASKED, loras=(Lora(lora.path),)))(x, level)
    plain = model.denoiser(ASKED)(x, level)
    pipe.load_lora_weights(lora.path)
    prompt, _ = pipe.encode_prompt("a lake", "cpu", 1, False)
    with torch.no_grad():
        theirs = to_x0("eps", pipe.unet(x, level.told, prompt).sample, x, level)
    assert (ours - theirs).norm() < 1e-5 * theirs.norm()
    assert (ours - plain).norm() > 1e-3 * plain.norm()
    alphas = {float(each) for key, each in load_file(lora.path).items() if key.endswith(".alpha")}
    tells = read_header(Path(lora.path)).metadata
    assert alphas == {4.0}
    assert (tells["ss_network_dim"], tells["ss_network_alpha"]) == ("4", "4.0")
    assert tells["ss_base_model_version"] == "sd_v1"


def test_an_edit_learns_first_and_then_wears_it(model: LatentDiffusion) -> None:
    identity = Identity(rank=4, steps=4, rate=1e-2)
    plain = list(edit(ASKED, model))
    events = list(edit(replace(ASKED, identity=identity), model))
    assert events[:4] == [Learning(step, 4) for step in range(1, 5)]
    assert all(isinstance(event, Preview) for event in events[4:-1])
    assert isinstance(plain[-1], EditResult)
    assert isinstance(events[-1], EditResult)
    assert (plain[-1].image != events[-1].image).any()
    again = list(edit(replace(ASKED, identity=identity), model))
    assert not any(isinstance(event, Learning) for event in again)
    assert isinstance(again[-1], EditResult)
    assert (again[-1].image == events[-1].image).all()
    (after,) = (event for event in edit(ASKED, model) if isinstance(event, EditResult))
    assert (after.image == plain[-1].image).all()


def test_a_stop_while_learning_leaves_nothing(model: LatentDiffusion) -> None:
    x, level = torch.randn(1, 4, 8, 8), model.schedule(0.5)
    before = model.denoiser(ASKED)(x, level)
    events = edit(replace(ASKED, identity=Identity(rank=4, steps=50, rate=1e-2)), model)
    assert [next(events) for _ in range(2)] == [Learning(1, 50), Learning(2, 50)]
    assert isinstance(events, Generator)
    events.close()
    assert kept() == []
    assert torch.equal(model.denoiser(ASKED)(x, level), before)
    steps = 0

    def stop() -> bool:
        return steps == 2

    events = edit(replace(ASKED, identity=Identity(rank=4, steps=50)), model, stop)
    while steps < 2:
        steps += isinstance(next(events), Learning)
    with pytest.raises(Interrupted):
        next(events)
    assert kept() == []


@pytest.mark.parametrize("why", ["the picture is large", "memory ran short"])
def test_less_memory_learns_the_same(
    why: str, model: LatentDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    lora, _ = trained(model, QUICK)
    tensors = {key: each.clone() for key, each in load_file(lora.path).items()}
    Path(lora.path).unlink()
    if why == "the picture is large":
        monkeypatch.setattr(image_lora, "LARGE", 1)
    else:
        model.save(Economy(apart=True))
    held: set[bool] = set()
    seen = model.network.register_forward_hook(lambda *_: held.add(model.network.is_gradient_checkpointing))
    assert trained(model, QUICK) == (lora, 3)
    seen.remove()
    model.save(Economy())
    assert held == {True}
    assert not model.network.is_gradient_checkpointing
    assert all(torch.allclose(each, tensors[key]) for key, each in load_file(lora.path).items())


def test_what_learning_took_is_not_remembered_of_edits(folders: dict[str, Path]) -> None:
    shelf, name = Shelf("cpu"), str(folders["sd1"])
    asked = replace(ASKED, identity=QUICK, model=name)
    assert not is_there(place_of(QUICK, asked, weights_of(name)))
    list(fitting(asked, shelf, bool))
    assert not shelf.figures(name).seconds
    (step,) = shelf.figures(name).learning.values()
    assert step > 0
    assert is_there(place_of(QUICK, asked, weights_of(name)))  # so that it is told what the next one takes
    list(fitting(replace(ASKED, model=name), shelf, bool))
    assert shelf.figures(name).seconds
    assert list(shelf.figures(name).learning.values()) == [step]


def test_what_cannot_be_kept_is_said(model: LatentDiffusion, own_folders: Path) -> None:
    (own_folders / "cache").write_text("no folder")
    with pytest.raises(EngineError, match="cannot be made"):
        trained(model, QUICK)


def test_a_disk_without_room_is_said_before_anything_is_learned(
    model: LatentDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(EngineError, match=r"No space left.*free some space"):
        next(learned(QUICK, ASKED, model))


def test_a_damaged_file_is_learned_anew(model: LatentDiffusion) -> None:
    lora, _ = trained(model, QUICK)
    whole = {key: each.clone() for key, each in load_file(lora.path).items()}
    Path(lora.path).write_bytes(Path(lora.path).read_bytes()[:-100])
    assert trained(model, QUICK) == (lora, 3)
    anew = load_file(lora.path)
    assert all(torch.equal(anew[key], each) for key, each in whole.items())


def test_pictures_that_were_longest_unused_are_forgotten(model: LatentDiffusion) -> None:
    first, _ = trained(model, QUICK)
    for i in range(KEPT):
        path = Path(first.path).with_name(f"{i:02}.safetensors")
        path.touch()
        os.utime(path, (i, i))
    trained(model, QUICK)
    assert len(kept()) == KEPT + 1
    trained(model, replace(QUICK, rank=2))
    assert len(kept()) == KEPT
    assert Path(first.path).exists()
    assert not Path(first.path).with_name("00.safetensors").exists()
    assert not Path(first.path).with_name("01.safetensors").exists()


def test_a_network_in_half_precision_learns_in_whole_numbers(folders: dict[str, Path]) -> None:
    """The network stays in bfloat16, what is learned is float32."""
    parts = load_parts(told(folders["sd1"]), torch.bfloat16)
    half = LatentDiffusion(parts, "half", "cpu", torch.bfloat16, 0.0)
    half.native = 64
    lora, _ = trained(half, QUICK)
    tensors = load_file(lora.path)
    assert {each.dtype for each in tensors.values()} == {torch.float32}
    ups = [each for key, each in tensors.items() if "lora_up" in key]
    assert all(each.abs().max() > 1e-5 for each in ups)


def test_a_model_that_cannot_learn_says_so() -> None:
    with pytest.raises(EngineError, match="cannot learn a picture; choose a Stable Diffusion 1, 2 or XL"):
        list(edit(replace(ASKED, identity=QUICK), models.load("toy")))
