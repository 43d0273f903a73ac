"""Edits on a graphics processor that is smaller than they want: they go on with parts of the model in the
processor's memory, and at last without it. The device is pretended, its bounds are not.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from engine import remembered
from engine.device_memory import free_bytes, held_bytes, release
from engine.economy import SHARED, spare
from engine.edits import edit
from engine.headless import main
from engine.ladder import RUNGS, fitting, taken
from engine.models import pick_device
from engine.prediction import predicted
from engine.shelf import Shelf
from engine.types import (
    Drag,
    EditRequest,
    EditResult,
    EngineError,
    Form,
    Handle,
    Identity,
    Inpaint,
    Lora,
    Notice,
    Operation,
    Rgb,
    SDEdit,
    Settle,
    Translate,
)
from tests import random_loras
from tests.pretend_device import NAME, pretended
from tests.random_checkpoints import pipeline, save_folder

MEGABYTE = 10**6
PICTURE = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
IN_TWO_CALLS, PARTS, LAYERS, PROCESSOR = 1, 2, 3, 5  # rungs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its network takes 26 MB, its autoencoder 3."""
    made = pipeline("sd1", block_out_channels=(64, 128, 128), cross_attention_dim=64)
    return save_folder(made, tmp_path_factory.mktemp("sd1") / "model")


@pytest.fixture(scope="module")
def asked(folder: Path) -> EditRequest:
    return EditRequest(
        PICTURE,
        PICTURE,
        operation=SDEdit(0.5),
        steps=2,
        prompt="a lake",
        negative_prompt="people",
        model=str(folder),
    )


def network_of(folder: Path) -> Any:
    """What a LoRA file is made for."""
    return StableDiffusionPipeline.from_pretrained(folder, safety_checker=None, local_files_only=True)


def made(asked: EditRequest, shelf: Shelf) -> tuple[Rgb, list[str]]:
    events = list(fitting(asked, shelf, bool))
    (image,) = [event.image for event in events if isinstance(event, EditResult)]
    return image, [event.text for event in events if isinstance(event, Notice)]


HANDLE = Handle((30.0, 30.0), (50.0, 40.0), 10.0)
OPERATIONS: tuple[Operation, ...] = (
    SDEdit(0.5, sde="ve", order=1),
    *(Drag((HANDLE,), form=form) for form in get_args(Form)),
    Inpaint(),
    Inpaint(solver="cycle"),
    Translate(strength=0.5),
    Settle(),
)


@pytest.mark.parametrize("model", ["the checkpoint", "starter"])
def test_every_edit_keeps_to_the_device(asked: EditRequest, model: str) -> None:
    """Nothing is left behind on the processor that the device is to work with."""
    mask, share = np.zeros((96, 96), np.float32), np.ones((96, 96), np.float32)
    mask[20:60, 20:60], share[:40] = 1, 0.5
    masked = replace(asked, mask=mask, variants=1)
    if model == "starter":
        masked = replace(masked, model="starter", prompt="", negative_prompt="")
    with pretended():
        shelf = Shelf(NAME)
        for operation in OPERATIONS:
            image, _ = made(replace(masked, operation=operation), shelf)
            assert image.shape == PICTURE.shape
        made(replace(masked, share=share), shelf)
        if model != "starter":
            made(replace(masked, identity=Identity(steps=1)), shelf)
        assert shelf.take(masked.model).facts.device == NAME


def test_a_step_waits_for_the_device_four_times_at_most(asked: EditRequest) -> None:
    """For its noise, its time, whether it is sound, and its preview; the last two are one wait."""
    with pretended() as device:
        model = Shelf(NAME).take(asked.model)
        crossed = []
        for steps in (2, 12):
            device.crossed = 0
            assert any(isinstance(event, EditResult) for event in edit(replace(asked, steps=steps), model))
            crossed.append(device.crossed)
    assert crossed[1] - crossed[0] <= 4 * 10


@pytest.fixture(scope="module")
def usual(asked: EditRequest) -> Rgb:
    """What the device makes of it with room for everything."""
    with pretended():
        image, told = made(asked, Shelf(NAME))
    assert told == []
    return image


@pytest.mark.parametrize(
    ("megabytes", "climbed"),
    [(30, (IN_TWO_CALLS, PARTS)), (20, (PARTS, LAYERS)), (8, (PROCESSOR,))],
)
def test_an_edit_goes_on_with_less_on_the_device(
    asked: EditRequest, usual: Rgb, megabytes: int, climbed: tuple[int, ...]
) -> None:
    with pretended(megabytes * MEGABYTE) as device:
        shelf = Shelf(NAME)
        image, told = made(asked, shelf)
        assert told == [RUNGS[rung].told for rung in climbed]
        near = 20 if climbed[-1] == PROCESSOR else 2  # of 255: in another precision, or in another order
        assert np.abs(image.astype(int) - usual).max() <= near
        assert device.most <= megabytes * MEGABYTE
        again, told = made(asked, shelf)
        assert told == [RUNGS[climbed[-1]].told], "the next one begins where this one got through"
        assert (again == image).all()


def test_a_device_whose_driver_would_use_the_processors_memory_is_told_not_to(asked: EditRequest) -> None:
    with pretended(30 * MEGABYTE, spills=True) as device:
        _, told = made(asked, Shelf(NAME))
        assert told == [RUNGS[IN_TWO_CALLS].told, RUNGS[PARTS].told]
        assert device.most <= 30 * MEGABYTE


def test_a_model_that_was_too_large_is_loaded_by_parts_the_next_day(asked: EditRequest) -> None:
    with pretended(20 * MEGABYTE) as device:
        assert taken(asked.model, Shelf(NAME)).facts.device == NAME
        device.most = device.held = 0
        taken(asked.model, Shelf(NAME))
        assert device.most < 15 * MEGABYTE, "nobody tried to put all of it there"


def test_what_learning_needs_says_nothing_of_edits_that_do_not_learn(asked: EditRequest) -> None:
    with pretended(20 * MEGABYTE):
        shelf = Shelf(NAME)
        _, told = made(replace(asked, identity=Identity(steps=1)), shelf)
        assert told[-1] == RUNGS[PROCESSOR].told, "layers that come and go cannot learn"
        _, told = made(asked, shelf)
        assert told[-1] == RUNGS[LAYERS].told


def test_the_command_line_goes_on_with_less_too(
    asked: EditRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, out = tmp_path / "picture.png", tmp_path / "out.png"
    Image.fromarray(PICTURE).save(picture)
    with pretended(20 * MEGABYTE):
        words = ["--prompt", "a lake", "--steps", "2", "--model", asked.model, "--device", NAME]
        assert main(["sdedit", str(picture), "-o", str(out), *words]) == 0
    assert RUNGS[LAYERS].told in capsys.readouterr().err
    assert out.exists()


def test_with_more_memory_all_is_on_the_device_again(asked: EditRequest, usual: Rgb) -> None:
    with pretended(8 * MEGABYTE) as device:
        shelf = Shelf(NAME)
        _, told = made(asked, shelf)
        assert told == [RUNGS[PROCESSOR].told]
        device.size = 200 * MEGABYTE
        image, told = made(asked, shelf)
        assert told == []
        assert (image == usual).all()


def test_a_lora_is_worn_by_layers_whose_weights_wait_elsewhere(
    asked: EditRequest, folder: Path, tmp_path: Path
) -> None:
    lora = random_loras.save(tmp_path / "lora.safetensors", network_of(folder), "diffusers")
    worn = replace(asked, loras=(Lora(str(lora)),))
    with pretended():
        (wide, _), (plain, _) = made(worn, Shelf(NAME)), made(asked, Shelf(NAME))
    with pretended(20 * MEGABYTE):
        narrow, told = made(worn, Shelf(NAME))
    assert told[-1] == RUNGS[LAYERS].told
    assert np.abs(narrow.astype(int) - wide).max() <= 2
    assert np.abs(narrow.astype(int) - plain).max() > 20


def test_a_lora_is_read_to_where_the_weights_are(asked: EditRequest, folder: Path, tmp_path: Path) -> None:
    lora = random_loras.save(tmp_path / "lora.safetensors", network_of(folder), "diffusers")
    worn = replace(asked, loras=(Lora(str(lora)),))

    def crossed(shelf: Shelf, rung: int) -> int:
        """How often numbers go to the device or back, in an edit that is not the first one there."""
        model = shelf.placed(asked.model, RUNGS[rung].economy)
        for _ in range(2):
            device.crossed = 0
            assert any(isinstance(event, EditResult) for event in edit(worn, model))
        return device.crossed

    with pretended() as device:
        shelf, other = Shelf(NAME), Shelf(NAME)
        assert crossed(shelf, LAYERS) > crossed(shelf, 0) == crossed(other, 0)


def test_what_an_edit_will_take_is_told_of_the_devices_own_memory(asked: EditRequest) -> None:
    with pretended(100 * MEGABYTE) as device:
        shelf = Shelf(NAME)
        made(asked, shelf)
        figures = shelf.figures(asked.model)
        assert held_bytes(NAME) == device.held
        kept = device.held
        assert free_bytes(NAME) == device.size - device.held
        told = predicted(asked, figures, 2**40, is_loaded=True)
    assert told is not None
    assert told.bytes is not None
    assert told.free_bytes == figures.room
    assert figures.weights < told.bytes <= figures.room <= 100 * MEGABYTE
    assert figures.weights <= kept, "what reads words is not there"


def test_what_torch_keeps_of_edits_before_is_not_what_an_edit_takes(asked: EditRequest) -> None:
    large = replace(asked, image=PICTURE.repeat(2, 0), guide=PICTURE.repeat(2, 0))
    with pretended():
        alone = Shelf(NAME)
        made(large, alone)
        alone.clear()
        remembered.place().unlink()
        after = Shelf(NAME)
        made(asked, after)
        made(large, after)
        (_, bytes_after), (bytes_alone,) = (
            shelf.figures(asked.model).bytes.values() for shelf in (after, alone)
        )
    assert bytes_after == pytest.approx(bytes_alone, rel=0.1)


def test_a_device_need_not_tell_how_much_is_free(asked: EditRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Intel's integrated ones do not (pytorch issue 194576)."""

    def raises() -> None:
        raise RuntimeError("The device (Pretended) doesn't support querying the available free memory.")

    with pretended(30 * MEGABYTE, spills=True) as device, monkeypatch.context() as patch:
        patch.setattr(torch.accelerator, "get_memory_info", raises)
        _, told = made(asked, Shelf(NAME))
        assert told == [RUNGS[IN_TWO_CALLS].told, RUNGS[PARTS].told]
        assert free_bytes(NAME) == device.size - device.held


def test_memory_is_given_back_on_apples_devices_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where torch's common way to do it raises (pytorch issue 186430)."""

    def raises() -> None:
        raise RuntimeError("Allocator for mps is not a DeviceAllocator.")

    monkeypatch.setattr(torch.accelerator, "empty_cache", raises)
    with pretended() as device:
        torch.ones(4).to(NAME)
        assert device.reserved == 16
        release()
        assert device.reserved == 0


def test_where_the_devices_memory_is_the_processors_nothing_waits_elsewhere() -> None:
    network, autoencoder = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    moved: list[str] = []

    def noted(device: torch.device) -> torch.nn.Module:
        moved.append(device.type)
        return network

    network.to = noted  # type: ignore[method-assign, assignment]  # there is no such device here
    autoencoder.to = noted  # type: ignore[method-assign, assignment]
    for rung in (0, PARTS, LAYERS):
        spare(network, autoencoder, torch.device("mps"), RUNGS[rung].economy)
        assert not hasattr(network, "_hf_hook")
    assert moved == 6 * ["mps"]


def test_what_is_put_away_leaves_the_device(asked: EditRequest) -> None:
    with pretended() as device:
        for rung in (0, PARTS, LAYERS):
            shelf = Shelf(NAME)
            model = shelf.placed(asked.model, RUNGS[rung].economy)
            shelf.clear()
            assert all(each.is_meta for each in model.network.parameters())  # type: ignore[attr-defined]
            assert device.held < MEGABYTE


@pytest.mark.parametrize(
    ("device", "learns", "rungs"),
    [
        ("cpu", False, [0, 1, 4]),
        ("cpu", True, [0, 1, 4]),
        ("mps", False, [0, 1, 4, 5, 6, 7]),
        ("cuda", False, [0, 1, 2, 3, 4, 5, 6, 7]),
        ("cuda", True, [0, 1, 2, 5, 6, 7]),
    ],
)
def test_only_what_helps_is_tried(device: str, learns: bool, rungs: list[int]) -> None:
    """The memory of some devices is the processor's; and a layer that learns must stay."""
    can_part = device not in SHARED
    assert [i for i, rung in enumerate(RUNGS) if rung.helps(device, can_part, learns)] == rungs


def test_a_device_is_taken_by_itself_if_it_is_there() -> None:
    with pretended():
        assert pick_device() == NAME
    assert pick_device() == "cpu"
    with pytest.raises(EngineError, match=f"'{NAME}' is not there; choose cpu or auto"):
        pick_device(NAME)


def test_a_pretended_device_refuses_what_a_real_one_refuses() -> None:
    with pretended(100) as device:
        here, there = torch.ones(4), torch.ones(4).to(NAME)
        assert device.held == 16
        with pytest.raises(RuntimeError, match="same device"):
            here + there
        with pytest.raises(torch.OutOfMemoryError):
            there.repeat(8)
        part = there[1:3]
        part += 1
        assert there.cpu().tolist() == [1, 2, 2, 1]
        assert device.held == 16, "a view takes no room"
        del there, part
        assert device.held == 0
