"""LoRAs for few steps: known by their names, and walked as diffusers walks them with their own solvers."""

from __future__ import annotations

import json
import pickle
import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import EulerDiscreteScheduler, LCMScheduler
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.checkpoints import told
from engine.edits import edit
from engine.few_steps import as_worn, leading, solver_of
from engine.headless import main
from engine.headless_options import lora
from engine.latent_diffusion import LatentDiffusion
from engine.types import Drag, EditRequest, EditResult, EngineError, Handle, Lora, ModelFacts, SDEdit
from tests import random_loras
from tests.bench import Bench, scenario
from tests.random_checkpoints import save_folder
from tests.test_checkpoints import checkpoint
from tests.test_lora import Made, far, made
from ui.loras import LoraRow
from ui.model_panel import ModelPanel
from ui.slider import Slider

PICTURE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
ASKED = EditRequest(
    PICTURE,
    PICTURE,
    operation=SDEdit(0.5),
    prompt="a lake",
    negative_prompt="people",
    guidance=1.5,
    steps=4,
    seed=3,
)
SD1 = ModelFacts("mine", "cpu", "float32", 0.0, takes_words=True, guidance=7.5, family="sd1")


@pytest.fixture(scope="module")
def sd1(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made("sd1", tmp_path_factory)


@pytest.fixture(scope="module")
def plain(sd1: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_loras.save(tmp_path_factory.mktemp("loras") / "style.safetensors", sd1.pipe, "kohya")


def called(name: str, plain: Path, folder: Path) -> Path:
    """The same file by another name."""
    path = folder / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(plain)
    return path


@pytest.mark.parametrize(
    ("name", "method", "steps", "guidance"),
    [
        ("lcm-lora-sdv1-5", "consistency", 4, 1.5),
        ("LCM_LoRA_Weights_SD15", "consistency", 4, 1.5),
        ("lcm-lora-sdv1-5/pytorch_lora_weights", "consistency", 4, 1.5),
        ("models--who--lcm-lora-sdxl/snapshots/1a2b/pytorch_lora_weights", "consistency", 4, 1.5),
        ("dmd2_sdxl_4step_lora_fp16", "consistency", 4, 1.0),
        ("sdxl_lightning_2step_lora", "euler", 2, 1.0),
        ("SDXL-Lightning-8steps-lora", "euler", 8, 1.0),
        ("Hyper-SD15-8steps-lora", "euler", 8, 1.0),
        ("Hyper-SD15-12steps-CFG-lora", "euler", 12, 7.5),
        ("sd_xl_turbo_lora_v1", "first order", 4, 1.0),
        ("TCD-SD15-LoRA", "first order", 4, 1.0),
        ("pcm_sd15_smallcfg_4step_converted", "first order", 4, 1.0),
        ("pcm_sd15_normalcfg_8step_converted", "first order", 8, 7.5),
    ],
)
def test_a_lora_for_few_steps_is_known_by_its_name(
    tmp_path: Path, plain: Path, name: str, method: str, steps: int, guidance: float
) -> None:
    found = told(called(name, plain, tmp_path))
    assert (found.kind, found.refusal != "") == ("lora", True)
    worn = as_worn(SD1, found)
    assert (found.fast, found.method, worn.steps, worn.guidance) == (True, method, steps, guidance)


@pytest.mark.parametrize(
    "name",
    [
        "calm",
        "lightning storm",
        "porsche 911 turbo",
        "hyperdetailed",
        "hyper detail xl",
        "pytorch_lora_weights",
    ],
)
def test_what_a_lora_shows_is_no_kind_of_it(tmp_path: Path, plain: Path, name: str) -> None:
    found = told(called(name, plain, tmp_path))
    assert (found.fast, found.method) == (False, "")
    assert as_worn(SD1, found) == SD1


def test_whoever_made_it_may_have_told_in_the_file(tmp_path: Path, plain: Path) -> None:
    save_file(load_file(plain), tmp_path / "mine.safetensors", {"ss_output_name": "my-lcm-lora"})
    assert told(tmp_path / "mine.safetensors").consistent


def test_a_title_without_end_is_not_looked_through(tmp_path: Path, plain: Path) -> None:
    titles = {"modelspec.title": "hyper" * 200_000, "ss_output_name": "my-lcm-lora"}
    save_file(load_file(plain), tmp_path / "mine.safetensors", titles)
    assert told(tmp_path / "mine.safetensors").consistent


DAMAGES = (
    "cut",
    "a web page",
    "a pickle",
    "no header",
    "a header of numbers",
    "an overlap",
    "metadata of numbers",
)


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_one_gives_one_sentence_before_anything_is_made(
    sd1: Made, plain: Path, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"lcm-lora{'.pt' if kind == 'a pickle' else '.safetensors'}"
    whole = plain.read_bytes()
    length = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + length])
    key = next(key for key in header if key != "__metadata__")
    if kind == "an overlap":
        header = {
            each: {**place, "data_offsets": header[key]["data_offsets"]} for each, place in header.items()
        }
    elif kind == "metadata of numbers":
        header["__metadata__"] = {"ss_output_name": 1}
    elif kind == "a header of numbers":
        header = {key: 1}
    changed = json.dumps(header).encode()
    path.write_bytes(
        {
            "cut": whole[:-1000],
            "a web page": b"<!doctype html><html>not found</html>",
            "a pickle": pickle.dumps({"lora": 1}),
            "no header": whole[:8],
        }.get(kind, len(changed).to_bytes(8, "little") + changed + whole[8 + length :])
    )
    asked = replace(ASKED, loras=(Lora(str(path)),))
    for ask in (lambda: leading(asked.loras), lambda: list(edit(asked, sd1.model))):
        with pytest.raises(EngineError, match=re.escape(str(path))) as raised:
            ask()
        assert len(str(raised.value).splitlines()) == 1


def test_the_one_that_counts_most_says_how_a_model_is_walked(tmp_path: Path, plain: Path) -> None:
    lcm, hyper = (str(called(name, plain, tmp_path)) for name in ("an lcm", "Hyper-SD15-8steps-lora"))
    both = (Lora(str(plain)), Lora(lcm, 0.4), Lora(hyper, 0.5))
    assert solver_of(both, "second order") == "euler"
    worn = as_worn(SD1, leading(both))
    assert (worn.steps, worn.guidance, worn.steps_for(Drag)) == (8, 1.0, 8)
    assert solver_of((Lora(lcm, 0.4), Lora(hyper, 0.0)), "second order") == "consistency"
    assert solver_of((Lora(lcm, -0.4), Lora(str(plain))), "second order") == "second order"
    assert solver_of((Lora(str(tmp_path / "gone.safetensors")),), "second order") == "second order"
    unguided = replace(SD1, guidance=1.0)
    assert as_worn(unguided, leading(both)).guidance == 1.0


FLUX = "transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight"


def test_hyper_for_flux_keeps_the_guidance_and_counts_little(tmp_path: Path) -> None:
    hyper = checkpoint(tmp_path / "Hyper-FLUX.1-dev-16steps-lora.safetensors", {FLUX: (4, 64)})
    turbo = checkpoint(tmp_path / "FLUX.1-Turbo-Alpha.safetensors", {FLUX: (4, 64)})
    flux = replace(SD1, family="flux", guidance=3.5)
    for file, steps, weight in ((hyper, 16, 0.125), (turbo, 8, 1.0)):
        worn = as_worn(flux, told(file))
        assert (worn.steps, worn.guidance, told(file).weight) == (steps, 3.5, weight)
    assert lora(str(hyper)) == Lora(str(hyper), 0.125)
    assert lora(f"{hyper}:0.2") == Lora(str(hyper), 0.2)


def latent_of(model: LatentDiffusion, asked: EditRequest) -> Tensor:
    """What an edit gives its autoencoder to decode."""
    seen: list[Tensor] = []
    hook = model.autoencoder.post_quant_conv.register_forward_pre_hook(lambda _, told: seen.append(told[0]))
    *_, result = edit(asked, model)
    hook.remove()
    assert isinstance(result, EditResult)
    return seen[-1] * model.scaling


def by_diffusers(pipe: Any, scheduler: Any, x0: Tensor, asked: EditRequest, start: int) -> Tensor:
    """Its scheduler, from the step `start` on, with its own network and LoRA."""
    to, away = pipe.encode_prompt(
        asked.prompt,
        device="cpu",
        num_images_per_prompt=1,
        do_classifier_free_guidance=True,
        negative_prompt=asked.negative_prompt,
    )
    draw = torch.Generator().manual_seed(asked.seed)
    times = scheduler.timesteps[start:]
    scheduler.set_begin_index(start)
    x = scheduler.add_noise(x0, torch.randn(x0.shape, generator=draw), times[:1])
    with torch.no_grad():
        for t in times:
            seen = scheduler.scale_model_input(x, t)
            said, other = (pipe.unet(seen, t, words).sample for words in (to, away))
            x = scheduler.step(other.lerp(said, asked.guidance), t, x, generator=draw).prev_sample
    latent: Tensor = x
    return latent


@pytest.mark.parametrize("guidance", [1.0, 1.5])
def test_an_lcm_lora_makes_what_diffusers_makes_of_it(
    sd1: Made, plain: Path, tmp_path: Path, guidance: float
) -> None:
    model, pipe, file = sd1.model, deepcopy(sd1.pipe), called("lcm-lora-sdv1-5", plain, tmp_path)
    asked = replace(ASKED, loras=(Lora(str(file)),), guidance=guidance)
    pipe.load_lora_weights(tmp_path, weight_name=file.name)
    scheduler = LCMScheduler.from_config(pipe.scheduler.config)
    scheduler.set_timesteps(asked.steps, strength=0.5)
    reference = by_diffusers(pipe, scheduler, model.encode(PICTURE), asked, 0)
    assert far(latent_of(model, asked), reference) < 1e-4
    assert far(latent_of(model, replace(asked, loras=(Lora(str(plain)),))), reference) > 1e-2


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # diffusers' own
@pytest.mark.parametrize("name", ["sdxl_lightning_4step_lora", "Hyper-SD15-4steps-lora"])
def test_lightning_and_hyper_make_what_diffusers_makes_of_them(
    sd1: Made, plain: Path, tmp_path: Path, name: str
) -> None:
    model, pipe, file = sd1.model, deepcopy(sd1.pipe), called(name, plain, tmp_path)
    asked = replace(ASKED, loras=(Lora(str(file)),), guidance=1.0)
    pipe.load_lora_weights(tmp_path, weight_name=file.name)
    scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config, timestep_spacing="trailing")
    scheduler.set_timesteps(2 * asked.steps)
    reference = by_diffusers(pipe, scheduler, model.encode(PICTURE), asked, asked.steps)
    assert far(latent_of(model, asked), reference) < 1e-4


def test_every_edit_can_be_made_with_one(sd1: Made, plain: Path, tmp_path: Path) -> None:
    """Where a path is kept to, new noise is still drawn, so seeds differ."""
    for name in ("lcm-lora-sdv1-5", "sdxl_lightning_4step_lora"):
        loras = (Lora(str(called(name, plain, tmp_path))),)
        asked = replace(ASKED, loras=loras, steps=2, operation=Drag((Handle((20, 20), (40, 40), 8),)))
        first, second = (
            [
                event.image
                for event in edit(replace(asked, seed=seed), sd1.model)
                if isinstance(event, EditResult)
            ]
            for seed in (0, 1)
        )
        assert (first[0] != PICTURE).any()
        assert (first[0] != second[0]).any()


def test_the_command_line_leaves_steps_and_guidance_to_the_lora(
    sd1: Made, plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = save_folder(sd1.pipe, tmp_path / "model")
    file = called("sdxl_lightning_2step_lora", plain, tmp_path)
    Image.fromarray(PICTURE).save(tmp_path / "in.png")
    place = [str(tmp_path / "in.png"), "-o", str(tmp_path / "out.png"), "--model", str(folder), "--json"]

    def calls(*more: str) -> int:
        assert main(["sdedit", *place, "--lora", str(file), *more]) == 0
        said = capsys.readouterr()
        assert "sdxl_lightning_2step_lora is for few steps: " in said.err
        return int(json.loads(said.out)["network_calls"])

    assert calls() == 2
    assert calls("--steps", "3") == 3


# ---- in the window

TO_K = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight"


async def beside(bench: Bench, folder: Path, *names: str) -> list[LoraRow]:
    """As if a Stable Diffusion 1 were there, and these LoRAs for it."""
    window = bench.window
    window.library.add([checkpoint(folder / f"{name}.safetensors", {TO_K: (4, 768)}) for name in names])
    await bench.until(lambda: len(window.library.of_kind("lora")) == len(names))
    bench.engine.ready.emit(SD1)
    bench.click(window.model_panel.loras.fold)
    rows = {row.name: row for row in window.model_panel.loras.rows.findChildren(LoraRow)}
    return [rows[name] for name in names] if names[0] in rows else [*rows.values()]


@scenario
async def test_wearing_one_sets_steps_and_guidance_and_taking_it_off_brings_them_back(
    bench: Bench, tmp_path: Path
) -> None:
    lcm, style = await beside(bench, tmp_path, "lcm-lora-sdv1-5", "style")
    window = bench.window
    panel, steps = bench.window.model_panel, bench.window.edit_panel.steps
    steps.set_value(31)
    panel.guidance.set_value(90)
    bench.click(style.used)
    assert (steps.value(), style.wants.isVisible()) == (31, False)
    bench.click(lcm.used)
    assert (steps.value(), window.drag_panel.steps.value()) == (4, 4)
    assert panel.wording("").guidance == 1.5
    assert lcm.wants.isVisible()
    assert (lcm.wants.words.text(), lcm.wants.button.text()) == ("Set to 4 steps, guidance 1.5", "Undo")
    bench.click(lcm.used)
    assert (steps.value(), panel.wording("").guidance) == (31, 9.0)
    assert not lcm.wants.isVisible()


@scenario
async def test_what_a_lora_has_set_is_undone_and_set_again_by_one_click(bench: Bench, tmp_path: Path) -> None:
    (lightning,) = await beside(bench, tmp_path, "sdxl_lightning_8step_lora")
    panel, steps = bench.window.model_panel, bench.window.edit_panel.steps
    steps.set_value(31)
    bench.click(lightning.used)
    assert (steps.value(), panel.wording("").guidance) == (8, 1.0)
    bench.click(lightning.wants.button)
    assert (steps.value(), panel.wording("").guidance) == (31, 7.5)
    told, button = lightning.wants.words.text(), lightning.wants.button.text()
    assert (told, button) == ("Made for 8 steps, guidance 1", "Set")
    bench.click(lightning.wants.button)
    assert (steps.value(), panel.wording("").guidance) == (8, 1.0)
    steps.set_value(6)  # as the user likes it best
    assert lightning.wants.button.text() == "Set"
    bench.click(lightning.used)
    assert steps.value() == 31
    bench.click(lightning.used)
    assert steps.value() == 6


@scenario
async def test_without_weight_it_sets_nothing(bench: Bench, tmp_path: Path) -> None:
    (lcm,) = await beside(bench, tmp_path, "lcm-lora-sdv1-5")
    steps = bench.window.edit_panel.steps
    bench.click(lcm.used)
    assert steps.value() == 4
    QTest.keyClick(lcm.weight, Qt.Key.Key_Home)
    assert steps.value() == 25


@scenario
async def test_what_was_worn_is_worn_the_next_day_with_its_steps(bench: Bench, tmp_path: Path) -> None:
    (lcm,) = await beside(bench, tmp_path, "lcm-lora-sdv1-5")
    bench.window.edit_panel.steps.set_value(31)
    bench.click(lcm.used)
    bench.window.edit_panel.steps.set_value(6)
    steps, drag_steps = Slider("", 1, 200, 6), Slider("", 2, 200, 10)
    panel = ModelPanel(bench.window.remembering.now(), steps, drag_steps)
    panel.take(SD1)  # and what goes with it is found later
    assert steps.value() == 31
    panel.show_models([], bench.window.library.of_kind("lora"), "mine")
    assert (steps.value(), panel.wording("").guidance) == (6, 1.5)


@scenario
async def test_a_file_whose_name_says_nothing_is_called_as_its_folder(bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "lcm-lora-sdv1-5"
    folder.mkdir()
    (row,) = await beside(bench, folder, "pytorch_lora_weights")
    assert row.name == "lcm-lora-sdv1-5"
