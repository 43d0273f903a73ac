"""LoRA files and textual inversions: they do with tiny checkpoints what diffusers and peft make of them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine import models
from engine.area import Rect
from engine.checkpoints import told
from engine.edits import edit
from engine.flow_diffusion import FlowDiffusion
from engine.flow_parts import load_flow_parts
from engine.headless import main
from engine.headless_options import lora
from engine.latent_diffusion import LatentDiffusion
from engine.levels import Level
from engine.model_parts import load_parts
from engine.pictures import Rgba, open_picture, save_picture
from engine.recipe import recipe_of, to_json
from engine.types import Drag, EditRequest, EditResult, EngineError, Handle, Identity, Lora, SDEdit
from tests import random_loras
from tests.random_checkpoints import pipeline, save_folder
from tests.random_flow_checkpoints import flow_pipeline
from tests.random_loras import ATTENTION, LAYOUTS, Layout, matrices

PICTURE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
ASKED = EditRequest(PICTURE, PICTURE, prompt="a lake", negative_prompt="people", guidance=4.0, steps=2)
LATENT = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))


class Made(NamedTuple):
    """A model, and diffusers' own pipeline of the same numbers."""

    model: LatentDiffusion
    pipe: Any


@pytest.fixture(scope="module")
def sd1(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made("sd1", tmp_path_factory)


@pytest.fixture(scope="module")
def sdxl(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made("sdxl", tmp_path_factory)


def made(family: str, folders: pytest.TempPathFactory) -> Made:
    pipe = pipeline(family)
    folder = save_folder(pipe, folders.mktemp("models") / family)
    model = LatentDiffusion(load_parts(told(folder), torch.float32), family, "cpu", torch.float32, 0.0)
    model.native = 64
    return Made(model, pipe)


def said(model: LatentDiffusion, asked: EditRequest = ASKED, t: float = 0.5, **changes: Any) -> Tensor:
    """The estimate of x_0 at a level, in the middle unless said."""
    return model.denoiser(replace(asked, **changes))(LATENT, model.schedule(t))


def reference(pipe: Any, level: Level, asked: EditRequest = ASKED) -> Tensor:
    """The same by diffusers' own parts."""
    prompt = pipe.encode_prompt(
        asked.prompt,
        device="cpu",
        num_images_per_prompt=1,
        do_classifier_free_guidance=True,
        negative_prompt=asked.negative_prompt,
    )
    added: list[Any] = [None, None]
    if len(prompt) == 4:
        ids = torch.tensor([[64.0, 64.0, 0.0, 0.0, 64.0, 64.0]])
        added = [{"text_embeds": each, "time_ids": ids} for each in (prompt[3], prompt[2])]
    with torch.no_grad():
        away, to = (
            pipe.unet(LATENT, level.told, words, added_cond_kwargs=beside).sample
            for words, beside in zip((prompt[1], prompt[0]), added, strict=True)
        )
    eps: Tensor = away.lerp(to, asked.guidance)
    return (LATENT - level.sigma * eps) / level.alpha


def far(a: Tensor, b: Tensor) -> float:
    return float((a - b).norm() / b.norm())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_lora_does_what_diffusers_and_peft_make_of_it(layout: Layout, sd1: Made, tmp_path: Path) -> None:
    model, pipe = sd1.model, deepcopy(sd1.pipe)
    file = random_loras.save(tmp_path / "adapter_model.safetensors", pipe, layout)
    level, plain = model.schedule(0.5), said(model)
    assert far(plain, reference(pipe, level)) < 1e-5
    if layout == "peft":
        pipe.unet = PeftModel.from_pretrained(pipe.unet, tmp_path)
    else:
        pipe.load_lora_weights(tmp_path, weight_name=file.name)
    wears = said(model, loras=(Lora(str(file)),))
    assert far(wears, reference(pipe, level)) < 1e-5
    assert far(wears, plain) > 1e-2


@pytest.mark.parametrize("layout", ["kohya", "kohya xl"])
def test_kohyas_names_for_stable_diffusion_xl_are_known(layout: Layout, sdxl: Made, tmp_path: Path) -> None:
    model, pipe = sdxl.model, deepcopy(sdxl.pipe)
    file = random_loras.save(tmp_path / "mine.safetensors", pipe, layout)
    level, plain = model.schedule(0.5), said(model)
    assert far(plain, reference(pipe, level)) < 1e-5
    pipe.load_lora_weights(tmp_path, weight_name=file.name)
    wears = said(model, loras=(Lora(str(file)),))
    assert far(wears, reference(pipe, level)) < 1e-5
    assert far(wears, plain) > 1e-2


@pytest.mark.filterwarnings("ignore:Already found a `peft_config`")
def test_several_are_worn_at_once_each_with_its_weight(sd1: Made, tmp_path: Path) -> None:
    model, pipe = sd1.model, deepcopy(sd1.pipe)
    for i, name in enumerate(("first", "second")):
        file = random_loras.save(tmp_path / f"{name}.safetensors", sd1.pipe, "kohya", seed=7 * i)
        pipe.load_lora_weights(tmp_path, weight_name=file.name, adapter_name=name)
    pipe.set_adapters(["first", "second"], [0.7, -0.4])
    first, second = (str(tmp_path / f"{name}.safetensors") for name in ("first", "second"))
    wears = said(model, loras=(Lora(first, 0.7), Lora(second, -0.4)))
    assert far(wears, reference(pipe, model.schedule(0.5))) < 1e-5


@pytest.fixture
def file(sd1: Made, tmp_path: Path) -> str:
    return str(random_loras.save(tmp_path / "mine.safetensors", sd1.pipe, "kohya"))


def test_taken_off_or_without_weight_the_model_is_what_it_was(sd1: Made, file: str) -> None:
    model = sd1.model
    plain, weights = said(model), [each.clone() for each in model.network.state_dict().values()]
    half = said(model, loras=(Lora(file, 0.5),))
    assert not torch.equal(half, plain)
    assert torch.equal(said(model, loras=(Lora(file, 0.0),)), plain)
    assert torch.equal(said(model, loras=(Lora(file, 0.5),)), half)
    assert torch.equal(said(model), plain)
    after = model.network.state_dict().values()
    assert all(torch.equal(a, b) for a, b in zip(weights, after, strict=True))


def test_edits_that_take_turns_keep_their_own(sd1: Made, file: str) -> None:
    level = sd1.model.schedule(0.5)
    edits = [sd1.model.denoiser(replace(ASKED, loras=each)) for each in ((), (Lora(file),))]
    first = [denoise(LATENT, level) for denoise in edits]
    assert not torch.equal(*first)
    assert all(torch.equal(denoise(LATENT, level), x) for denoise, x in zip(edits, first, strict=True))


def test_a_file_that_has_changed_is_read_again(sd1: Made, file: str) -> None:
    before = said(sd1.model, loras=(Lora(file),))
    random_loras.save(Path(file), sd1.pipe, "diffusers", seed=5)
    assert not torch.equal(said(sd1.model, loras=(Lora(file),)), before)


def test_a_weight_can_fall_while_the_noise_rises(sd1: Made, tmp_path: Path) -> None:
    """As a cosine from t = 0 to t0, as SDE-Drag has it."""
    file = str(random_loras.save(tmp_path / "mine.safetensors", sd1.pipe, "diffusers' first"))
    asked = replace(ASKED, operation=SDEdit(0.8))
    for t, weight in ((1.0, 0.5), (0.8, 0.5), (0.4, 0.75), (0.2, 0.926777), (0.001, 0.999998)):
        falls = said(sd1.model, asked, t, loras=(Lora(file, 1.0, noisy=0.5),))
        assert far(falls, said(sd1.model, asked, t, loras=(Lora(file, weight),))) < 1e-4, t


def test_a_drags_path_is_of_its_loras(sd1: Made, file: str) -> None:
    handle = Handle((20, 20), (40, 40), 8)
    asked = replace(ASKED, operation=Drag((handle,), strength=0.5))
    plain, wears = (
        next(each for each in edit(replace(asked, loras=loras), sd1.model) if isinstance(each, EditResult))
        for loras in ((), (Lora(file),))
    )
    (again,) = (each for each in edit(asked, sd1.model) if isinstance(each, EditResult))
    assert (plain.image != wears.image).any()
    assert (plain.image == again.image).all()


def broken(path: Path, how: str, pipe: Any) -> Path:
    random_loras.save(path, pipe, "kohya")
    tensors = load_file(path)
    down = next(key for key in tensors if key.endswith("attn2_to_k.lora_down.weight"))
    match how:
        case "a DoRA":
            tensors[down.replace("lora_down.weight", "dora_scale")] = torch.ones(1, 64)
        case "a LoHa":
            tensors = {down.replace("lora_down.weight", "hada_w1_a"): torch.ones(4, 4)}
        case "a LoKr":
            tensors = {down.replace("lora_down.weight", "lokr_w1"): torch.ones(4, 4)}
        case "holds surprise.weight":
            tensors["surprise.weight"] = torch.ones(4)
        case "the model has no layer":
            tensors = {key.replace("down_blocks_0", "down_blocks_7"): each for key, each in tensors.items()}
        case "has the shapes":
            tensors[down] = torch.ones(4, 65)
        case "only one half":
            del tensors[down]
        case "numbers of":
            tensors[down] = tensors[down] * float("nan")
        case "for Stable Diffusion XL, but the model is Stable Diffusion 1":
            tensors[down] = torch.ones(4, 2048)
    save_file(tensors, path)
    return path


@pytest.mark.parametrize(
    "how",
    [
        "a DoRA",
        "a LoHa",
        "a LoKr",
        "holds surprise.weight",
        "the model has no layer",
        "has the shapes",
        "only one half",
        "numbers of",
        "for Stable Diffusion XL, but the model is Stable Diffusion 1",
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence_and_nothing_is_worn(
    how: str, sd1: Made, tmp_path: Path
) -> None:
    model = sd1.model
    plain = said(model)
    file = broken(tmp_path / "mine.safetensors", how, sd1.pipe)
    with pytest.raises(EngineError, match=how) as raised:
        said(model, loras=(Lora(str(file)),))
    assert str(file) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert torch.equal(said(model), plain)


def test_other_files_are_no_loras(sd1: Made, tmp_path: Path) -> None:
    (tmp_path / "cut.safetensors").write_bytes(b"\x00" * 20)
    (tmp_path / "mine.pt").write_bytes(b"\x80\x02")
    whole = tmp_path / "whole.safetensors"
    save_file({key: each.contiguous() for key, each in sd1.pipe.unet.state_dict().items()}, whole)
    for path, sentence in (
        (tmp_path / "gone.safetensors", "There is no file"),
        (tmp_path / "cut.safetensors", "get a fresh copy"),
        (tmp_path / "mine.pt", "is a pickle"),
        (whole, "not a LoRA"),
    ):
        with pytest.raises(EngineError, match=sentence):
            said(sd1.model, loras=(Lora(str(path)),))


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[FlowDiffusion, Any]]:
    out = {}
    for family in ("sd3", "flux"):
        pipe = flow_pipeline(family)
        folder = save_folder(pipe, tmp_path_factory.mktemp("flows") / family)
        parts = load_flow_parts(told(folder), torch.float32)._replace(native=64)
        out[family] = FlowDiffusion(parts, family, "cpu", torch.float32, 0.0), pipe
    return out


def flowing(model: FlowDiffusion, *loras: Lora) -> Tensor:
    x = torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(0))
    return model.denoiser(replace(ASKED, loras=loras))(x, model.schedule(0.5))


@pytest.mark.parametrize("family", ["sd3", "flux"])
def test_flow_models_wear_loras_too(
    family: str, flows: dict[str, tuple[FlowDiffusion, Any]], tmp_path: Path
) -> None:
    model, pipe = flows[family][0], deepcopy(flows[family][1])
    network = matrices(pipe.transformer, (*ATTENTION, "add_k_proj", "norm1.linear", "proj_mlp"))
    file = tmp_path / "mine.safetensors"
    keys = {
        f"transformer.{name}.lora_{i}.weight": x
        for name, pair in network.items()
        for i, x in zip("AB", pair, strict=True)
    }
    save_file({key: x.contiguous() for key, x in keys.items()}, file)
    plain, wears = flowing(model), flowing(model, Lora(str(file), 0.5))
    pipe.load_lora_weights(tmp_path, weight_name=file.name, adapter_name="mine")
    pipe.set_adapters(["mine"], [0.5])
    own, model.network = model.network, pipe.transformer.requires_grad_(False)
    expected = flowing(model)
    model.network = own
    assert far(wears, expected) < 1e-5
    assert far(wears, plain) > 1e-2
    assert torch.equal(flowing(model), plain)


def test_layers_that_flux_has_in_one_are_taken_apart(
    flows: dict[str, tuple[FlowDiffusion, Any]], tmp_path: Path
) -> None:
    """kohya's files name them as the original release does: queries, keys and values are one layer."""
    model, pipe = flows["flux"]
    layers, draw = dict(pipe.transformer.named_modules()), torch.Generator().manual_seed(0)
    joined = {
        "double_blocks_1_img_attn_qkv": [f"transformer_blocks.1.attn.to_{each}" for each in "qkv"],
        "double_blocks_0_txt_mlp_2": ["transformer_blocks.0.ff_context.net.2"],
        "single_blocks_1_linear1": [
            *(f"single_transformer_blocks.1.attn.to_{each}" for each in "qkv"),
            "single_transformer_blocks.1.proj_mlp",
        ],
    }
    one: dict[str, Tensor] = {}
    many: dict[str, Tensor] = {}
    for name, parts in joined.items():
        down = torch.randn(4, layers[parts[0]].in_features, generator=draw)
        ups = [torch.randn(layers[part].out_features, 4, generator=draw) for part in parts]
        one |= {
            f"lora_unet_{name}.lora_down.weight": down,
            f"lora_unet_{name}.lora_up.weight": torch.cat(ups),
        }
        one[f"lora_unet_{name}.alpha"] = torch.tensor(4.0)
        for part, up in zip(parts, ups, strict=True):
            many |= {
                f"transformer.{part}.lora_A.weight": down.clone(),
                f"transformer.{part}.lora_B.weight": up,
            }
    files = [str(tmp_path / name) for name in ("one.safetensors", "many.safetensors", "short.safetensors")]
    short = {**one, "lora_unet_single_blocks_1_linear1.lora_up.weight": torch.randn(7, 4)}
    for file, tensors in zip(files, (one, many, short), strict=True):
        save_file(tensors, file)
    wears = flowing(model, Lora(files[0]))
    assert torch.equal(wears, flowing(model, Lora(files[1])))
    assert far(wears, flowing(model)) > 1e-2
    with pytest.raises(EngineError, match="single_blocks_1_linear1 has the shapes"):
        flowing(model, Lora(files[2]))


def test_flow_models_say_what_they_cannot_take(flows: dict[str, tuple[FlowDiffusion, Any]]) -> None:
    for asked, what in (
        (replace(ASKED, embeddings=("mine.safetensors",)), "take textual inversions"),
        (replace(ASKED, identity=Identity()), "learn a picture"),
    ):
        with pytest.raises(EngineError, match=f"sd3 cannot {what}; choose a Stable Diffusion 1, 2 or XL"):
            list(edit(asked, flows["sd3"][0]))


def test_the_starter_model_says_that_it_takes_none(tmp_path: Path) -> None:
    model = models.load("toy")
    with pytest.raises(EngineError, match="choose a Stable Diffusion checkpoint"):
        list(edit(replace(ASKED, loras=(Lora("mine.safetensors"),)), model))


@pytest.mark.parametrize("key", ["emb_params", "<mist>"])
def test_a_textual_inversion_is_the_word_that_it_teaches(key: str, sd1: Made, tmp_path: Path) -> None:
    """Its file's name, or the one that diffusers keeps in it."""
    model, pipe = sd1.model, deepcopy(sd1.pipe)
    file = tmp_path / "fog-lake.safetensors"
    save_file({key: torch.randn(3, 64, generator=torch.Generator().manual_seed(2))}, file)
    word = "fog-lake" if key == "emb_params" else key
    asked = replace(ASKED, prompt=f"a photo of {word}, by dawn", negative_prompt=f"no {word}")
    pipe.load_textual_inversion(tmp_path, weight_name=file.name, token=word)
    taught = said(model, asked, embeddings=(str(file),))
    assert far(taught, reference(pipe, model.schedule(0.5), asked)) < 1e-5
    untaught = said(model, asked)
    assert far(taught, untaught) > 1e-4
    other = replace(ASKED, prompt="a fog-lake-house")  # is another word
    assert torch.equal(said(model, other), said(model, other, embeddings=(str(file),)))
    assert torch.equal(said(model, asked), untaught)  # it is forgotten with the edit


def test_stable_diffusion_xls_inversions_teach_both_text_models(sdxl: Made, tmp_path: Path) -> None:
    model, pipe = sdxl.model, deepcopy(sdxl.pipe)
    draw = torch.Generator().manual_seed(2)
    both = {key: torch.randn(2, 64, generator=draw) for key in ("clip_l", "clip_g")}
    file = tmp_path / "mist-7.safetensors"
    save_file(both, file)
    for key, end in (("clip_l", ""), ("clip_g", "_2")):
        text, tokenizer = getattr(pipe, f"text_encoder{end}"), getattr(pipe, f"tokenizer{end}")
        pipe.load_textual_inversion(both[key], token="mist-7", text_encoder=text, tokenizer=tokenizer)
    asked = replace(ASKED, prompt="a Mist-7, a lake")
    taught = said(model, asked, embeddings=(str(file),))
    expected = reference(pipe, model.schedule(0.5), replace(asked, prompt="a mist-7, a lake"))
    assert far(taught, expected) < 1e-5
    assert far(taught, said(model, asked)) > 1e-4


def test_the_vectors_of_a_word_stay_together_in_a_long_prompt(sd1: Made, tmp_path: Path) -> None:
    words, file = sd1.model.words, tmp_path / "mist.safetensors"
    save_file({"emb_params": torch.ones(8, 64)}, file)
    taught = words.taught([str(file)], "sd1")
    first, second = words._rows(0, "lake " * 70 + "mist lake", taught)
    assert not any(isinstance(token, Tensor) for token in first)
    assert [isinstance(token, Tensor) for token in second[:11]] == [False, *[True] * 8, False, False]


def test_inversions_that_do_not_fit_are_said_in_one_sentence(sd1: Made, tmp_path: Path) -> None:
    (tmp_path / "mine.bin").write_bytes(b"\x80\x02")
    files = {
        "does not fit this model": {"emb_params": torch.ones(2, 96)},
        "made for Stable Diffusion XL and does not fit": {
            "clip_l": torch.ones(2, 768),
            "clip_g": torch.ones(2, 1280),
        },
        "numbers of .* are damaged": {"emb_params": torch.full((2, 64), float("inf"))},
        "is of the kind lora": {"lora_unet_x.lora_down.weight": torch.ones(4, 64)},
    }
    for i, (sentence, tensors) in enumerate(files.items()):
        save_file(tensors, tmp_path / f"{i}.safetensors")
        with pytest.raises(EngineError, match=sentence) as raised:
            said(sd1.model, embeddings=(str(tmp_path / f"{i}.safetensors"),))
        assert f"{i}.safetensors" in str(raised.value)
    for name, sentence in (("gone.safetensors", "There is no file"), ("mine.bin", "is a pickle")):
        with pytest.raises(EngineError, match=sentence):
            said(sd1.model, embeddings=(str(tmp_path / name),))


@pytest.fixture
def folder(sd1: Made, tmp_path: Path) -> str:
    return str(save_folder(sd1.pipe, tmp_path / "model"))


def test_the_command_line_wears_teaches_and_learns(
    folder: str, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out, word = (str(tmp_path / name) for name in ("in.png", "out.png", "mist.safetensors"))
    save_picture(Path(source), PICTURE)
    save_file({"emb_params": torch.ones(2, 64)}, word)

    def seen(*more: str) -> Rgba:
        given = ["sdedit", source, "-o", out, "--model", folder, "--steps", "2", "--prompt", "a mist"]
        assert main([*given, *more]) == 0
        return open_picture(Path(out)).rgba

    plain = seen("--lora", f"{file}:0")
    wears, learned = seen("--lora", f"{file}:0.5", "--embedding", word), seen("--learn", "2")
    assert (wears != plain).any()
    assert (learned != plain).any()
    assert "learning, step 2 of 2" in capsys.readouterr().err
    assert main(["sdedit", source, "-o", out, "--model", folder, "--lora", "none.safetensors"]) == 2
    assert capsys.readouterr().err == "There is no file none.safetensors; check the name.\n"


def test_a_recipe_wears_its_loras_again_and_says_when_one_is_gone(
    folder: str, file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = replace(ASKED, loras=(Lora(file, 0.5),), model=folder)
    first = models.load(folder, "cpu")
    (result,) = (each for each in edit(asked, first) if isinstance(each, EditResult))
    recipe, source, out = tmp_path / "mine.recipe.json", tmp_path / "in.png", tmp_path / "out.png"
    recipe.write_text(to_json(recipe_of(asked, Rect(0, 0, 64, 64), (64, 64))), encoding="utf-8")
    save_picture(source, PICTURE)
    assert main(["replay", str(recipe), str(source), "-o", str(out)]) == 0
    assert (open_picture(out).rgba[..., :3] == result.image).all()
    Path(file).unlink()
    capsys.readouterr()
    assert main(["replay", str(recipe), str(source), "-o", str(out)]) == 2
    assert "The recipe needs mine.safetensors" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("mine.safetensors", Lora("mine.safetensors")),
        ("mine.safetensors:0.5", Lora("mine.safetensors", 0.5)),
        ("mine.safetensors:-1", Lora("mine.safetensors", -1.0)),
        (r"C:\loras\mine.safetensors", Lora(r"C:\loras\mine.safetensors")),
        (r"C:\loras\mine.safetensors:2", Lora(r"C:\loras\mine.safetensors", 2.0)),
    ],
)
def test_a_loras_weight_stands_behind_the_last_colon(given: str, meant: Lora) -> None:
    assert lora(given) == meant
