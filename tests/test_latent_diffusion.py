"""Stable Diffusion from folders and files: tiny networks with random weights in the real layouts."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine import models
from engine.checkpoints import told
from engine.clip import tokenizer
from engine.edits import edit
from engine.latent_diffusion import LatentDiffusion
from engine.levels import CLEAN
from engine.model_parts import load_parts
from engine.sampling import first_order, sample, seeded
from engine.types import EditRequest, EditResult, EngineError, Inpaint, Preview, Rgb, SDEdit
from tests.random_checkpoints import pipeline, save_folder, save_single

Made = tuple[Any, Path, Path]  # diffusers' own, and the same as a folder and as a file


def picture(size: int = 64) -> Rgb:
    draw = np.random.default_rng(0)
    small = Image.fromarray(draw.integers(0, 256, (4, 4, 3), np.uint8))
    return np.asarray(small.resize((size, size), Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def sd1(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("sd1")
    made = pipeline("sd1")
    single = save_single(made, folder / "mine.safetensors", torch.float32)
    return made, save_folder(made, folder / "model"), single


@pytest.fixture(scope="module")
def sd2(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("sd2")
    made = pipeline("sd2", output="v_prediction")
    tells = {"modelspec.prediction_type": "v"}
    single = save_single(made, folder / "mine.safetensors", torch.float32, tells)
    return made, save_folder(made, folder / "model"), single


@pytest.fixture(scope="module")
def sdxl(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("sdxl")
    made = pipeline("sdxl")
    tells = {"modelspec.resolution": "64x64"}
    single = save_single(made, folder / "mine.safetensors", torch.float32, tells)
    return made, save_folder(made, folder / "model"), single


def loaded(path: Path) -> LatentDiffusion:
    """In float32, whatever this machine is fast in."""
    return LatentDiffusion(load_parts(told(path), torch.float32), path.name, "cpu", torch.float32, 0.0)


def state(*parts: Any) -> dict[str, Tensor]:
    return {f"{i} {key}": x for i, part in enumerate(parts) for key, x in part.state_dict().items()}


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
@pytest.mark.parametrize("where", [1, 2])
def test_every_weight_comes_to_its_place(family: str, where: int, request: pytest.FixtureRequest) -> None:
    made = request.getfixturevalue(family)
    parts = load_parts(told(made[where]), torch.float32)
    texts = [getattr(made[0], name, None) for name in ("text_encoder", "text_encoder_2")]
    own = state(made[0].unet, made[0].vae, *filter(None, texts))
    found = state(parts.network, parts.autoencoder, *parts.words.models)
    assert own.keys() == found.keys()
    assert all(torch.equal(own[key], found[key]) for key in own)
    assert not any(
        x.is_meta
        for x in [*parts.network.buffers(), *[x for each in parts.words.models for x in each.buffers()]]
    )


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
@pytest.mark.parametrize("where", [1, 2])
def test_an_edit_is_what_diffusers_makes_of_the_same_noise(
    family: str, where: int, request: pytest.FixtureRequest
) -> None:
    """DDIM with eta 0 and guidance: our first order, on the same steps."""
    made = request.getfixturevalue(family)
    model = _at_own_size(loaded(made[where]))
    x0 = model.encode(picture())
    asked = EditRequest(
        picture(), picture(), prompt="a lake, mist", negative_prompt="people", guidance=6.0, steps=5
    )
    levels = [*(model.schedule(0.5 * (1 - i / 5)) for i in range(5)), CLEAN]
    draw = seeded(3)
    x = levels[0].alpha * x0 + levels[0].sigma * draw(x0)
    *_, ours = sample(model.denoiser(asked), x, levels, draw, 0.0, first_order)

    reference = _img2img(made[0])(
        asked.prompt,
        image=x0,
        strength=0.5,
        num_inference_steps=10,
        guidance_scale=asked.guidance,
        negative_prompt=asked.negative_prompt,
        generator=torch.Generator().manual_seed(3),
        output_type="latent",
    ).images
    assert (ours - reference).norm() / reference.norm() < 1e-3
    assert (ours - x0).norm() / x0.norm() > 0.1  # something happened
    *_, result = edit(replace(asked, operation=SDEdit(0.5, solver="ode", order=1), seed=3), model)
    assert isinstance(result, EditResult)
    with torch.no_grad():
        pixels = made[0].vae.decode(reference / made[0].vae.config.scaling_factor).sample[0]
    seen = pixels.add(1).mul(127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
    assert np.abs(result.image.astype(int) - seen).max() <= 1


def _img2img(made: Any) -> Any:
    from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionXLImg2ImgPipeline

    if hasattr(made, "text_encoder_2"):
        theirs = StableDiffusionXLImg2ImgPipeline(**made.components)
    else:
        theirs = StableDiffusionImg2ImgPipeline(**made.components, requires_safety_checker=False)
    theirs.set_progress_bar_config(disable=True)
    return theirs


def _at_own_size(model: LatentDiffusion) -> LatentDiffusion:
    """As if it had been trained on pictures as small as a test's."""
    model.native = 64
    return model


def test_the_autoencoder_is_diffusers_and_deterministic(sd1: Made) -> None:
    model = loaded(sd1[1])
    latent = model.encode(picture())
    assert latent.shape == (1, 4, 8, 8)
    assert torch.equal(latent, model.encode(picture()))
    pixels = torch.tensor(picture()).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        reference = sd1[0].vae.encode(pixels).latent_dist.mean * sd1[0].vae.config.scaling_factor
    assert torch.allclose(latent, reference, atol=1e-5)
    assert model.decode(latent).shape == (64, 64, 3)


def test_a_picture_is_encoded_once_and_what_comes_of_it_can_be_learned_from(sd1: Made) -> None:
    model = loaded(sd1[1])
    with torch.inference_mode():
        first = model.encode(picture())
    spent = model.clock.autoencoder_seconds
    assert model.encode(picture().copy()) is first
    assert model.clock.autoencoder_seconds == spent
    assert not first.is_inference()
    hole = np.zeros((64, 64), bool)
    hole[:32] = True
    assert not torch.equal(model.encode(picture(), hole), first)
    assert not torch.equal(model.encode(255 - picture()), first)


def test_the_sketch_is_fitted_to_the_autoencoder_at_hand(sd1: Made) -> None:
    """Where the latents are some linear map of the colours, the sketch finds the colours again."""
    parts = load_parts(told(sd1[1]), torch.float32)
    parts.autoencoder.encoder = nn.Sequential(nn.AvgPool2d(8), nn.Conv2d(3, 8, 1))
    model = LatentDiffusion(parts, "linear", "cpu", torch.float32, 0.0)
    seen = model.sketch(model.encode(picture()))
    assert np.abs(seen - picture().reshape(8, 8, 8, 8, 3).mean((1, 3))).max() < 1


def test_sketches_go_by_the_colours_of_the_picture_at_hand(sd1: Made) -> None:
    """Where no linear map fits all latents, one can still fit those of a picture."""
    torch.manual_seed(0)
    bends = nn.Sequential(nn.AvgPool2d(8), nn.Conv2d(3, 8, 1), nn.Tanh(), nn.Conv2d(8, 8, 1), nn.Tanh())
    fresh, used = (load_parts(told(sd1[1]), torch.float32) for _ in range(2))
    fresh.autoencoder.encoder = used.autoencoder.encoder = bends
    green = (0.3 * picture(256) + [20, 110, 10]).astype(np.uint8)
    model = LatentDiffusion(used, "used", "cpu", torch.float32, 0.0)
    latent, colours = model.encode(green), green.reshape(32, 8, 32, 8, 3).mean((1, 3))
    before = np.abs(LatentDiffusion(fresh, "fresh", "cpu", torch.float32, 0.0).sketch(latent) - colours)
    after = np.abs(model.sketch(latent) - colours)
    assert after.mean() < 0.5 * before.mean()
    other = model.sketch(model.encode(picture()))  # what follows is shown as well
    assert np.abs(other - picture().reshape(8, 8, 8, 8, 3).mean((1, 3))).mean() < 2 * before.mean()


def test_the_vocabulary_that_ships_reads_as_clip_does() -> None:
    ours = tokenizer()
    assert len(ours) == 49408
    told = ours("A photo of a cat", padding="max_length", max_length=77).input_ids
    assert told == [49406, 320, 1125, 539, 320, 2368] + [49407] * 71


def test_words_are_embedded_as_diffusers_does(sd2: Made) -> None:
    model = loaded(sd2[2])
    told = model.words.together(["", "a lake at dawn"]).tokens
    reference = sd2[0].encode_prompt("a lake at dawn", "cpu", 1, True)
    assert torch.allclose(told[1:], reference[0], atol=1e-5)
    assert torch.allclose(told[:1], reference[1], atol=1e-5)


def test_a_long_prompt_is_read_to_its_end(sd1: Made) -> None:
    words = loaded(sd1[1]).words
    long = "lake " * 80
    short, whole = words.together(["", long]).tokens, words.together([long]).tokens
    assert short.shape == (2, 154, 64)
    assert torch.equal(short[1:], whole)
    castle = words.together(["lake " * 75 + "castle"]).tokens
    assert not torch.equal(castle, words.together(["lake " * 76]).tokens)


def test_guidance_asks_twice_only_where_it_counts(sd1: Made) -> None:
    model = loaded(sd1[1])
    level, x = model.schedule(0.5), torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    blank = EditRequest(picture(), picture())

    def asked(**words: Any) -> tuple[Tensor, int]:
        model.clock = models.Clock()
        return model.denoiser(replace(blank, **words))(x, level), model.clock.network_evaluations

    said, nothing = asked(prompt="lake", guidance=1.0), asked()
    assert said[1] == nothing[1] == 1
    thrice = asked(prompt="lake", guidance=3.0)
    assert thrice[1] == 2
    assert torch.allclose(thrice[0], nothing[0] + 3 * (said[0] - nothing[0]), atol=1e-4)
    away, calls = asked(negative_prompt="lake", guidance=3.0)
    assert calls == 2
    assert torch.allclose(away, said[0] + 3 * (nothing[0] - said[0]), atol=1e-4)


def test_scale_does_not_matter_to_the_denoiser(sd2: Made) -> None:
    model = loaded(sd2[1])
    level, x = model.schedule(0.4), torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    denoise = model.denoiser(EditRequest(picture(), picture()))
    exploding = level._replace(alpha=1.0, sigma=level.ratio)
    assert torch.allclose(denoise(x, level), denoise(x / level.alpha, exploding), atol=1e-4)
    nothing_left = level._replace(alpha=0.0, sigma=1.0)
    assert denoise(x, nothing_left).isfinite().all()


def test_a_large_picture_is_made_from_coarse_to_fine_in_pieces(sd1: Made) -> None:
    model = loaded(sd1[1])
    assert model.sizes(64, 64) == [(64, 64)]
    assert model.sizes(160, 160) == [(80, 80), (160, 160)]
    assert model.sizes(512, 512)[-1] == (256, 256)
    request = EditRequest(picture(160), picture(160), None, SDEdit(0.5), steps=4, prompt="lake")
    seen: list[tuple[int, ...]] = []
    model.network.register_forward_pre_hook(lambda _, told: seen.append(tuple(told[0].shape)))
    *_, result = edit(request, model)
    assert isinstance(result, EditResult)
    assert result.image.shape == (160, 160, 3)
    # with the words and without; then two finer steps, in four pieces each
    assert seen == [(2, 4, 12, 12)] * (4 + 2 * 4)


def test_what_the_mask_keeps_is_kept_bit_for_bit(sd1: Made) -> None:
    model = loaded(sd1[1])
    mask = np.zeros((64, 64), np.float32)
    mask[20:40, 20:40] = 1
    *events, result = edit(EditRequest(picture(), picture(), mask, Inpaint(), steps=3), model)
    assert isinstance(result, EditResult)
    assert (result.image[mask == 0] == picture()[mask == 0]).all()
    assert (result.image[mask == 1] != picture()[mask == 1]).any()
    assert all(isinstance(each, Preview) for each in events)


def test_a_network_without_numbers_makes_no_black_picture(sd1: Made) -> None:
    model = loaded(sd1[1])
    torch.nn.init.constant_(model.network.conv_in.bias, math.nan)
    with pytest.raises(EngineError, match="gives no numbers"):
        list(edit(EditRequest(picture(), picture(), steps=3), model))


def test_an_edit_stops_inside_the_network(sd1: Made) -> None:
    model, asked = loaded(sd1[1]), 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 400

    with pytest.raises(models.Interrupted):
        list(edit(EditRequest(picture(), picture(), steps=50), model, stop))
    assert asked == 401
    assert model.clock.network_calls < 10
    *_, last = edit(EditRequest(picture(), picture(), steps=2), model)
    assert isinstance(last, EditResult)


@pytest.fixture
def copy(sd1: Made, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sd1[1], tmp_path / "model"))


def test_half_precision_variants_are_found(sd1: Made, tmp_path: Path) -> None:
    folder = save_folder(sd1[0], tmp_path / "half", variant="fp16")
    assert (folder / "unet" / "diffusion_pytorch_model.fp16.safetensors").exists()
    assert models.load(str(folder), "cpu").facts.name == "half"


def test_a_folder_without_a_tokenizer_takes_the_one_that_ships(copy: Path) -> None:
    for file in (copy / "tokenizer").iterdir():
        file.unlink()
    (copy / "tokenizer").rmdir()
    assert models.load(str(copy), "cpu").facts.device == "cpu"


def test_a_missing_weight_is_damage_and_no_random_number(copy: Path) -> None:
    for part in ("unet", "vae", "text_encoder"):
        (path,) = (copy / part).glob("*.safetensors")
        tensors = load_file(path)
        first = next(iter(tensors))
        save_file({key: x for key, x in tensors.items() if key != first}, path, {"format": "pt"})
        with pytest.raises(EngineError, match="missing or do not fit; get a fresh copy"):
            models.load(str(copy), "cpu")
        save_file(tensors, path, {"format": "pt"})


def test_a_file_with_a_missing_weight_is_damaged(sd1: Made, tmp_path: Path) -> None:
    tensors = load_file(sd1[2])
    for end in (
        "out.2.bias",
        "decoder.conv_out.bias",
        "layers.1.mlp.fc1.bias",
        "input_blocks.1.0.emb_layers.1.bias",
    ):
        kept = {key: x for key, x in tensors.items() if not key.endswith(end)}
        assert len(kept) < len(tensors)
        save_file(kept, tmp_path / "cut.safetensors")
        with pytest.raises(EngineError, match="is damaged") as raised:
            models.load(str(tmp_path / "cut.safetensors"), "cpu")
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("unet/config.json", {"block_out_channels": [64, 64, 64]}),
        ("unet/config.json", {"in_channels": [4]}),
        ("unet/config.json", {"down_block_types": ["os.system", "DownBlock2D"]}),
        ("vae/config.json", {"latent_channels": "many"}),
        ("text_encoder/config.json", {"hidden_size": 96}),
        ("text_encoder/config.json", {"model_type": "t5"}),
        ("scheduler/scheduler_config.json", {"beta_schedule": "mine"}),
        ("scheduler/scheduler_config.json", {"prediction_type": "mine"}),
        ("scheduler/scheduler_config.json", {"beta_start": "none"}),
        ("scheduler/scheduler_config.json", {"num_train_timesteps": 0}),
    ],
)
def test_settings_that_make_no_sense_give_one_sentence(
    copy: Path, file: str, changes: dict[str, object]
) -> None:
    settings = json.loads((copy / file).read_text())
    (copy / file).write_text(json.dumps(settings | changes))
    with pytest.raises(EngineError) as raised:
        models.load(str(copy), "cpu")
    assert "\n" not in str(raised.value)
    assert torch.get_default_dtype() == torch.float32  # the next model is not made in half precision


def test_code_in_a_folder_is_not_run(copy: Path, tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    code = f"open({str(witness)!r}, 'w').close()\nclass Mine: ...\n"
    for part in (".", "unet", "text_encoder", "tokenizer"):
        (copy / part / "mine.py").write_text(code)
    index = json.loads((copy / "model_index.json").read_text())
    index |= {"unet": ["mine", "Mine"], "text_encoder": ["mine", "Mine"]}
    (copy / "model_index.json").write_text(json.dumps(index))
    for file in ("unet/config.json", "text_encoder/config.json", "tokenizer/tokenizer_config.json"):
        told = json.loads((copy / file).read_text())
        told["auto_map"] = dict.fromkeys(("AutoModel", "AutoTokenizer", "AutoConfig"), "mine.Mine")
        (copy / file).write_text(json.dumps(told))
    assert models.load(str(copy), "cpu").facts.name == "model"
    assert not witness.exists()


def test_the_command_line_takes_a_checkpoint_without_any_network(sd1: Made, tmp_path: Path) -> None:
    Image.fromarray(picture()).save(tmp_path / "in.png")
    main = Path(__file__).parents[1] / "main.py"
    command = [
        *(sys.executable, str(main), "sdedit", str(tmp_path / "in.png"), "-o", str(tmp_path / "out.png")),
        *(
            "--json",
            "--model",
            str(sd1[1]),
            "--prompt",
            "a lake",
            "--negative-prompt",
            "people",
            "--steps",
            "3",
        ),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["network_calls"] == 3
    assert "Warning" not in done.stderr
    with Image.open(tmp_path / "out.png") as out:
        assert out.size == (64, 64)
