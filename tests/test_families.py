"""The kinds of Stable Diffusion beside the plain ones: XL's numbers, inpainting, few steps, precisions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine import layouts, models
from engine.checkpoint_keys import Family
from engine.checkpoints import told
from engine.conditioning import place
from engine.edits import edit
from engine.headless import main
from engine.latent_diffusion import LatentDiffusion
from engine.levels import CLEAN, distilled
from engine.pieces import Piece
from engine.sampling import consistency, first_order, sample, seeded
from engine.types import (
    WHOLE,
    Drag,
    EditRequest,
    EditResult,
    EngineError,
    Handle,
    Inpaint,
    Mask,
    Operation,
    SDEdit,
    Translate,
)
from tests.random_checkpoints import pipeline, save_folder, save_single, single
from tests.test_latent_diffusion import loaded, picture

Made = tuple[Any, Path, Path]  # diffusers' own, and the same as a folder and as a file
ENDS_IN_NOISE = {"timestep_spacing": "trailing", "rescale_betas_zero_snr": True}
ASKED = EditRequest(
    picture(), picture(), prompt="a lake, mist", negative_prompt="people", guidance=6.0, steps=4
)


@cache
def small(path: Path) -> LatentDiffusion:
    """As if it had been trained on pictures as small as a test's. Loaded once."""
    model = loaded(path)
    model.native = 64
    return model


def walked(model: LatentDiffusion, asked: EditRequest, t0: float = 1.0) -> Tensor:
    """Down from noise alone, or from a noisy picture, by DDIM; or as a consistency model wants it."""
    draw, levels = (
        seeded(3),
        [*(model.schedule(t0 * (1 - i / asked.steps)) for i in range(asked.steps)), CLEAN],
    )
    if model.method == "consistency":
        levels = distilled(model.schedule, t0, asked.steps)
    x0 = model.encode(asked.image)
    noise = draw(x0)
    x = noise if t0 == 1 else levels[0].alpha * x0 + levels[0].sigma * noise
    solver = consistency if model.method == "consistency" else first_order
    *_, last = sample(model.denoiser(asked), x, levels, draw, float(solver is consistency), solver)
    return last


def apart(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).norm() / theirs.norm())


@pytest.fixture(scope="module")
def sdxl(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder, made = tmp_path_factory.mktemp("sdxl"), pipeline("sdxl")
    single = save_single(made, folder / "mine.safetensors", torch.float32)
    return made, save_folder(made, folder / "model"), single


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
@pytest.mark.parametrize("more", [{}, {"in_channels": 9}, {"time_cond_proj_dim": 256}])
def test_the_real_architectures_are_read_off_a_files_shapes(family: Family, more: dict[str, Any]) -> None:
    """At full size, without the numbers."""
    with torch.device("meta"):
        made = pipeline(family, "full", **more)
        tensors = single(made)
    for part, kind, own in (
        (layouts.network(tensors, family), UNet2DConditionModel, made.unet),
        (layouts.autoencoder(tensors, family), AutoencoderKL, made.vae),
    ):
        with torch.device("meta"):
            built = kind.from_config(part.settings)
        assert shapes(part.tensors) == shapes(built.state_dict()) == shapes(own.state_dict())
        names = part.settings.keys() - {"transformer_layers_per_block"}  # which its weights show
        assert all(json.dumps(part.settings[name]) == json.dumps(own.config[name]) for name in names)
    texts = layouts.text_models(tensors, lambda: torch.device("meta"))
    for text, own in zip(texts, (made.text_encoder, getattr(made, "text_encoder_2", None)), strict=False):
        assert own is not None
        assert shapes(text.state_dict()) == shapes(own.state_dict())


def shapes(tensors: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(x.shape) for key, x in tensors.items()}


def test_nothing_said_is_zero_as_in_training(sdxl: Made, tmp_path: Path) -> None:
    made, folder, single = sdxl
    silent, spoken, heard, unheard = made.encode_prompt("a lake", None, "cpu", 1, True, negative_prompt=None)
    for path in (folder, single):
        said = loaded(path).words.together(["", "a lake"])
        assert said.whole is not None
        assert torch.allclose(said.tokens[1:], silent, atol=1e-5)
        assert torch.allclose(said.whole[1:], heard, atol=1e-5)
        assert not spoken.any()
        assert not unheard.any()
        assert torch.equal(said.tokens[:1], spoken)
        assert torch.equal(said.whole[:1], unheard)
    other = pipeline("sdxl")
    other.register_to_config(force_zeros_for_empty_prompt=False)
    said = loaded(save_folder(other, tmp_path / "model")).words.together([""])
    spoken = other.encode_prompt("a lake", None, "cpu", 1, True, negative_prompt="")[1]
    assert torch.allclose(said.tokens, spoken, atol=1e-5)


def test_a_whole_picture_is_placed_as_diffusers_does_and_a_part_where_it_is() -> None:
    at = Piece(0, 128, 0, 160)
    assert place(WHOLE, at, (128, 160), 8, 1024) == [1024, 1280, 0, 0, 1024, 1280]
    # the lower right quarter of a picture twice as large
    assert place((0.5, 0.5, 1, 1), at, (128, 160), 8, 1024) == [2048, 2560, 1024, 1024, 1024, 1280]
    assert place((0.25, 0, 0.75, 0.5), at, (128, 160), 8, 1024) == [2048, 2560, 0, 640, 1024, 1280]
    # a piece of a large one; no further in than the network knows
    assert place(WHOLE, Piece(96, 224, 160, 320), (224, 320), 8, 1024) == [1792, 2560, 768, 1024, 1024, 1280]
    # a small part of a huge one
    assert place((0, 0, 0.1, 0.1), at, (128, 160), 8, 1024) == [3277, 4096, 0, 0, 1024, 1280]
    # a small one is not told to be blurred
    assert place(WHOLE, Piece(0, 64, 0, 64), (64, 64), 8, 1024)[:2] == [1024, 1024]


def test_each_piece_of_a_large_picture_is_told_its_place(sdxl: Made) -> None:
    model, seen = small(sdxl[1]), []

    def look(_: object, __: object, named: dict[str, Any]) -> None:
        seen.append(named["added_cond_kwargs"]["time_ids"][0].tolist())

    hook = model.network.register_forward_pre_hook(look, with_kwargs=True)
    large = picture(160)
    *_, result = edit(EditRequest(large, large, None, SDEdit(0.5), steps=2, prompt="lake"), model)
    hook.remove()
    assert isinstance(result, EditResult)
    assert seen[:2] == [[96, 96, 0, 0, 96, 96]] * 2  # 80 pixels, and what fills them up
    assert len({tuple(each) for each in seen[2:]}) == 4
    assert all(each[:2] == [160, 160] and each[4:] == [96, 96] for each in seen[2:])
    assert max(seen[2:])[2:4] == [64, 64]


INPAINTING = {"sd1": "StableDiffusion", "sd2": "StableDiffusion", "sdxl": "StableDiffusionXL"}


@pytest.fixture(scope="module", params=INPAINTING)
def holed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """diffusers' own for inpainting, whose encoder is as sure as ours of what it sees."""
    import diffusers

    folder, made = tmp_path_factory.mktemp(request.param), pipeline(request.param, in_channels=9)
    made.vae.quant_conv.weight.data[4:] = 0
    made.vae.quant_conv.bias.data[4:] = -30
    kind = getattr(diffusers, INPAINTING[request.param] + "InpaintPipeline")
    others = {} if request.param == "sdxl" else {"requires_safety_checker": False}
    theirs = kind(**made.components, **others)
    theirs.set_progress_bar_config(disable=True)
    single = save_single(made, folder / "mine.safetensors", torch.float32)
    return theirs, save_folder(theirs, folder / "model"), single


def a_hole() -> Mask:
    mask = np.zeros((64, 64), np.float32)
    mask[16:40, 24:48] = 1
    return mask


@pytest.mark.parametrize("mask", [a_hole(), None], ids=["a hole", "all free"])
@pytest.mark.parametrize("where", [1, 2])
def test_a_network_for_inpainting_is_told_what_diffusers_tells_it(
    holed: Made, where: int, mask: Mask | None
) -> None:
    theirs, path = holed[0], holed[where]
    assert (told(path).task, told(path).refusal) == ("inpainting", "")
    model = small(path)
    asked = replace(ASKED, mask=mask)
    hole = np.ones((64, 64), np.float32) if mask is None else mask
    reference = theirs(
        asked.prompt,
        image=Image.fromarray(asked.image),
        mask_image=Image.fromarray((hole * 255).astype(np.uint8)),
        strength=1.0,
        num_inference_steps=4,
        guidance_scale=asked.guidance,
        negative_prompt=asked.negative_prompt,
        latents=seeded(3)(torch.empty(1, 4, 8, 8)),
        output_type="latent",
    ).images
    assert apart(walked(model, asked), reference) < 1e-3


@pytest.mark.parametrize(
    "operation",
    [SDEdit(0.5), Inpaint(), Inpaint(solver="cycle"), Drag((Handle((20, 20), (40, 40), 8),)), Translate()],
)
@pytest.mark.parametrize("mask", [a_hole(), None], ids=["a hole", "all free"])
def test_a_network_for_inpainting_makes_every_edit(
    holed: Made, operation: Operation, mask: Mask | None
) -> None:
    if isinstance(operation, Inpaint) and mask is None:
        return
    model = small(holed[1])
    *_, result = edit(replace(ASKED, operation=operation, mask=mask, steps=2), model)
    assert isinstance(result, EditResult)
    assert (result.image != picture()).any()
    if mask is not None:
        assert (result.image[mask == 0] == picture()[mask == 0]).all()


def test_what_is_round_a_hole_is_encoded_once_for_an_edit(holed: Made) -> None:
    model, seen = small(holed[1]), []
    hook = model.autoencoder.encoder.register_forward_pre_hook(lambda _, told: seen.append(told[0]))
    other = 255 - picture()  # which it has not seen yet
    asked = replace(ASKED, image=other, guide=other, mask=a_hole(), operation=Inpaint(), variants=2)
    list(edit(asked, model))
    hook.remove()
    hole = torch.tensor(a_hole()) == 1
    grey = [pixels for pixels in seen if not pixels[0, :, hole].any()]
    assert len(grey) == 1
    assert grey[0].any()
    assert len(seen) == 2  # the picture itself is its guide, and its known part, and encoded once, too


def test_a_drag_has_its_hole_where_ground_is_uncovered(holed: Made) -> None:
    model, seen = small(holed[1]), []
    hook = model.network.register_forward_pre_hook(lambda _, told: seen.append(told[0][0, 4]))
    handle = Handle((16, 16), (48, 48), 8)
    *_, result = edit(replace(ASKED, operation=Drag((handle,)), mask=None, steps=2), model)
    hook.remove()
    assert isinstance(result, EditResult)
    assert all(hole[1, 1] == 1 and hole[2, 2] == 1 for hole in seen)  # where it was
    assert all(hole[4:, 4:].max() == 0 for hole in seen)  # and not where it is


@pytest.fixture(scope="module")
def lcm(tmp_path_factory: pytest.TempPathFactory) -> Made:
    from diffusers import LatentConsistencyModelImg2ImgPipeline, LCMScheduler

    folder, made = tmp_path_factory.mktemp("lcm"), pipeline("sd1", time_cond_proj_dim=32)
    single = save_single(made, folder / "mine.safetensors", torch.float32)
    made.scheduler = LCMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    theirs = LatentConsistencyModelImg2ImgPipeline(**made.components, requires_safety_checker=False)
    theirs.set_progress_bar_config(disable=True)
    return theirs, save_folder(made, folder / "model"), single


@pytest.mark.parametrize("where", [1, 2])
def test_a_consistency_model_makes_what_diffusers_makes_of_the_same_noise(lcm: Made, where: int) -> None:
    model = small(lcm[where])
    facts = model.facts
    assert (facts.fast, facts.steps, facts.guidance) == (True, 4, 8.0)
    assert (facts.takes_words, facts.takes_negative_words, model.method) == (True, False, "consistency")
    asked, before = replace(ASKED, guidance=8.0), model.clock.network_evaluations
    reference = lcm[0](
        asked.prompt,
        image=model.encode(asked.image),
        strength=0.5,
        num_inference_steps=4,
        guidance_scale=8.0,
        generator=torch.Generator().manual_seed(3),
        output_type="latent",
    ).images
    assert apart(walked(model, asked, 0.5), reference) < 1e-3
    assert model.clock.network_evaluations == before + 4  # asked once a step
    *_, first = edit(replace(asked, operation=SDEdit(0.5), seed=3), model)
    *_, other = edit(replace(asked, operation=SDEdit(0.5), seed=3, guidance=2.0), model)
    assert isinstance(first, EditResult)
    assert isinstance(other, EditResult)
    assert (first.image != other.image).any()


def test_the_command_line_leaves_steps_and_guidance_to_the_model(
    lcm: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(picture()).save(tmp_path / "in.png")
    place = [str(tmp_path / "in.png"), "-o", str(tmp_path / "out.png"), "--model", str(lcm[1]), "--json"]

    def calls(*command: str) -> int:
        assert main([command[0], *place, *command[1:]]) == 0
        return int(json.loads(capsys.readouterr().out)["network_calls"])

    assert calls("sdedit") == 4
    assert calls("sdedit", "--steps", "2") == 2
    assert calls("drag", "--handle", "16,16:40,40", "--radius", "6") == 2 * 4 - 1


@pytest.mark.parametrize(
    ("scheduler", "fast", "consistent"),
    [
        ({"_class_name": "LCMScheduler"}, True, True),
        ({"_class_name": "TCDScheduler"}, True, False),
        ({"_class_name": "EulerAncestralDiscreteScheduler", "timestep_spacing": "trailing"}, True, False),
        ({"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "leading"}, False, False),
        ({"_class_name": "EulerDiscreteScheduler", **ENDS_IN_NOISE}, False, False),
    ],
)
def test_a_folders_scheduler_tells_that_it_is_fast(
    sdxl: Made, tmp_path: Path, scheduler: dict[str, Any], fast: bool, consistent: bool
) -> None:
    folder = tmp_path / "model"
    (folder / "scheduler").mkdir(parents=True)
    for each in sdxl[1].iterdir():
        if each.name != "scheduler":
            (folder / each.name).symlink_to(each)
    settings = json.loads((sdxl[1] / "scheduler" / "scheduler_config.json").read_text()) | scheduler
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(settings))
    found = told(folder)
    assert (found.fast, found.consistent) == (fast, consistent)
    assert (found.steps, found.guidance) == ((4, 1.0) if fast else (25, 6.0))


@pytest.mark.parametrize(
    ("name", "method", "steps"),
    [("xl lightning 8step", "euler", 8), ("xl turbo", "first order", 4), ("dream LCM", "consistency", 4)],
)
def test_a_fast_file_is_walked_in_few_steps(
    sdxl: Made, tmp_path: Path, name: str, method: str, steps: int
) -> None:
    (tmp_path / f"{name}.safetensors").symlink_to(sdxl[2])
    model = small(tmp_path / f"{name}.safetensors")
    assert (model.method, model.facts.fast, model.facts.steps, model.facts.guidance) == (
        method,
        True,
        steps,
        1,
    )
    seen: list[float] = []
    hook = model.network.register_forward_pre_hook(lambda _, told: seen.append(float(told[1])))
    *_, result = edit(replace(ASKED, operation=SDEdit(1.0), guidance=1.0), model)
    hook.remove()
    assert isinstance(result, EditResult)
    assert seen == pytest.approx([999, 759, 499, 259] if method == "consistency" else [999, 749, 499, 249])


def test_a_model_that_ends_in_noise_starts_from_noise_alone(sdxl: Made, tmp_path: Path) -> None:
    """v-prediction and zero terminal SNR, as two keys of a file say."""
    tensors = load_file(sdxl[2]) | {"v_pred": torch.tensor([]), "ztsnr": torch.tensor([])}
    save_file(tensors, tmp_path / "mine.safetensors")
    found = told(tmp_path / "mine.safetensors")
    assert (found.prediction, found.sure) == ("v", True)
    model = small(found.path)
    assert (model.output, model.schedule(1.0).alpha < 1e-3) == ("v", True)

    from diffusers import DDIMScheduler, StableDiffusionXLPipeline

    parts = dict(sdxl[0].components)
    parts["scheduler"] = DDIMScheduler.from_config(
        parts["scheduler"].config, prediction_type="v_prediction", rescale_betas_zero_snr=True
    )
    theirs = StableDiffusionXLPipeline(**parts)
    theirs.set_progress_bar_config(disable=True)
    reference = theirs(
        ASKED.prompt,
        height=64,
        width=64,
        num_inference_steps=4,
        guidance_scale=ASKED.guidance,
        negative_prompt=ASKED.negative_prompt,
        latents=seeded(3)(torch.empty(1, 4, 8, 8)),
        output_type="latent",
    ).images
    assert apart(walked(model, ASKED), reference) < 1e-3


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float8_e4m3fn])
def test_numbers_of_every_precision_come_to_their_places(
    sdxl: Made, tmp_path: Path, dtype: torch.dtype
) -> None:
    tensors = {key: x.to(dtype) for key, x in load_file(sdxl[2]).items()}
    save_file(tensors, tmp_path / "mine.safetensors")
    model = loaded(tmp_path / "mine.safetensors")
    own = sdxl[0].unet.state_dict()
    found = model.network.state_dict()
    assert all(torch.equal(found[key], x.to(dtype).float()) for key, x in own.items())
    assert not any(x.dtype != torch.float32 for each in model.words.models for x in each.parameters())
    folder = save_folder(sdxl[0], tmp_path / "model")
    for file in folder.rglob("*.safetensors"):
        save_file({key: x.to(dtype) for key, x in load_file(file).items()}, file, {"format": "pt"})
    halved = loaded(folder).network.state_dict()
    assert all(torch.equal(found[key], x) for key, x in halved.items())


def test_averages_of_training_are_left_where_they_are(sdxl: Made, tmp_path: Path) -> None:
    tensors = load_file(sdxl[2])
    beginning = "model.diffusion_model."
    averages = {
        "model_ema." + key.removeprefix("model.").replace(".", ""): torch.zeros_like(x)
        for key, x in tensors.items()
        if key.startswith(beginning)
    }
    save_file(tensors | averages, tmp_path / "mine.safetensors")
    found = told(tmp_path / "mine.safetensors")
    assert (found.family, found.refusal) == ("sdxl", "")
    own, found_ones = sdxl[0].unet.state_dict(), loaded(found.path).network.state_dict()
    assert all(torch.equal(found_ones[key], x) for key, x in own.items())


G = "conditioner.embedders.1.model."
U = "model.diffusion_model."
HARMS: dict[str, Callable[[dict[str, Tensor]], dict[str, Tensor]]] = {
    "no place for the size": lambda found: {key: x for key, x in found.items() if "label_emb.0.2" not in key},
    "no projection": lambda found: {key: x for key, x in found.items() if key != G + "text_projection"},
    "a layer of words less": lambda found: {key: x for key, x in found.items() if "1.mlp.c_proj" not in key},
    "another projection": lambda found: found | {G + "text_projection": torch.zeros(64, 32)},
    "a flat weight": lambda found: found | {U + "label_emb.0.0.weight": torch.zeros(64)},
    "no width": lambda found: found | {G + "positional_embedding": torch.zeros(77, 0)},
    "other words": lambda found: found | {U + "time_embed.0.weight": torch.zeros(3, 3)},
    "no numbers": lambda found: found | {"first_stage_model.quant_conv.bias": torch.full((8,), torch.nan)},
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_file_gives_one_sentence(sdxl: Made, tmp_path: Path, harm: str) -> None:
    found = load_file(sdxl[2])
    harmed = HARMS[harm](found)
    assert harmed.keys() != found.keys() or any(harmed[key] is not x for key, x in found.items())
    save_file(harmed, tmp_path / "mine.safetensors")
    with pytest.raises(EngineError, match=r"damaged|belong together") as raised:
        models.load(str(tmp_path / "mine.safetensors"), "cpu")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("file", "changes", "sentence"),
    [
        ("text_encoder_2/config.json", {"model_type": "t5"}, "reads words by a t5, which is not supported"),
        ("text_encoder_2/config.json", {"projection_dim": 32}, "do not fit|belong together|damaged"),
        ("text_encoder_2/config.json", {"num_hidden_layers": 10**9}, r"config\.json is damaged"),
        ("vae/config.json", {"layers_per_block": 10**9}, r"config\.json is damaged"),
        ("unet/config.json", {"addition_time_embed_dim": 16}, "parts of .* do not belong together"),
        ("unet/config.json", {"addition_time_embed_dim": None}, "damaged"),
        ("scheduler/scheduler_config.json", {"prediction_type": "mine"}, "is not known; choose another"),
    ],
)
def test_a_folder_whose_parts_do_not_fit_gives_one_sentence(
    sdxl: Made, tmp_path: Path, file: str, changes: dict[str, Any], sentence: str
) -> None:
    folder = Path(shutil.copytree(sdxl[1], tmp_path / "model"))
    (folder / file).write_text(json.dumps(json.loads((folder / file).read_text()) | changes))
    with pytest.raises(EngineError, match=sentence) as raised:
        models.load(str(folder), "cpu")
    assert "\n" not in str(raised.value)


def test_parts_of_two_models_are_not_put_together(sdxl: Made, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(sdxl[1], tmp_path / "model"))
    shutil.rmtree(folder / "vae")
    AutoencoderKL(block_out_channels=(32,), latent_channels=16).save_pretrained(folder / "vae")
    with pytest.raises(EngineError, match="do not belong together; get a fresh copy"):
        models.load(str(folder), "cpu")
