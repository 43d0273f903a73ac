"""What checkpoints are told to be by their headers and folders, and what is wrong with others."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.checkpoints import Checkpoint, told
from engine.types import EngineError

U = "model.diffusion_model."
Shapes = dict[str, tuple[int, ...]]
SD1: Shapes = {
    U + "input_blocks.0.0.weight": (320, 4, 3, 3),
    U + "input_blocks.1.1.proj_in.weight": (320, 320, 1, 1),
    U + "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768),
    "first_stage_model.decoder.conv_in.weight": (8, 4, 3, 3),
    "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight": (77, 8),
}
SD2: Shapes = {
    **{key: shape for key, shape in SD1.items() if "proj_in" not in key and "attn2" not in key},
    U + "input_blocks.1.1.proj_in.weight": (320, 320),
    U + "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 1024),
}
SDXL: Shapes = {
    U + "input_blocks.0.0.weight": (320, 4, 3, 3),
    U + "input_blocks.4.1.proj_in.weight": (640, 640),
    U + "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
    U + "label_emb.0.0.weight": (1280, 8),
    "first_stage_model.decoder.conv_in.weight": (8, 4, 3, 3),
    "conditioner.embedders.0.transformer.text_model.final_layer_norm.weight": (8,),
    "conditioner.embedders.1.model.ln_final.weight": (8,),
}
INPAINTING: Shapes = {**SD1, U + "input_blocks.0.0.weight": (320, 9, 3, 3)}
REFINER: Shapes = {**SDXL, U + "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (640, 1280)}
LORA: Shapes = {
    "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight": (4, 2048)
}
TINY: Shapes = {"1.weight": (64, 4, 3, 3), "3.conv.0.weight": (64, 64, 3, 3)}


def checkpoint(
    path: Path, shapes: Shapes, metadata: dict[str, str] | None = None, spread: float = 0.0
) -> Path:
    """A file with such tensors in half precision; `spread` is that of the layer that tells eps from v."""
    tensors = {key: torch.zeros(shape, dtype=torch.float16) for key, shape in shapes.items()}
    if spread:
        bias = spread * torch.tensor([-1.0, 1.0]).repeat(160).half()
        tensors[U + "output_blocks.11.1.transformer_blocks.0.norm1.bias"] = bias
    save_file(tensors, path, metadata)
    return path


def test_a_stable_diffusion_file_is_told_whole(tmp_path: Path) -> None:
    path = checkpoint(tmp_path / "mine.safetensors", SD1)
    found = told(path)
    assert found == Checkpoint(
        path,
        "model",
        "sd1",
        "eps",
        sure=False,
        precision="float16",
        parameters=sum(int(np.prod(shape)) for shape in SD1.values()),
        bytes=path.stat().st_size,
        native=512,
    )
    assert not found.refusal


@pytest.mark.parametrize(
    ("shapes", "kind", "family", "task"),
    [
        (SD2, "model", "sd2", ""),
        (SDXL, "model", "sdxl", ""),
        (REFINER, "model", "sdxl refiner", ""),
        (INPAINTING, "model", "sd1", "inpainting"),
        ({U + "joint_blocks.0.context_block.attn.qkv.weight": (8, 8)}, "network", "sd3", ""),
        ({"double_blocks.0.img_attn.norm.key_norm.scale": (128,)}, "network", "flux", ""),
        ({"conv_in.weight": (8, 4, 3, 3), "down_blocks.0.resnets.0.norm1.bias": (8,)}, "network", "", ""),
        ({"decoder.conv_in.weight": (8, 4, 3, 3)}, "autoencoder", "", ""),
        ({"first_stage_model.decoder.conv_in.weight": (8, 4, 3, 3)}, "autoencoder", "", ""),
        (TINY, "small autoencoder", "", ""),
        ({"text_model.encoder.layers.0.mlp.fc1.bias": (8,)}, "text encoder", "", ""),
        (LORA, "lora", "sdxl", ""),
        ({"emb_params": (3, 768)}, "textual inversion", "sd1", ""),
        ({"clip_l": (3, 768), "clip_g": (3, 1280)}, "textual inversion", "sdxl", ""),
        ({"control_model.input_blocks.0.0.weight": (8, 4, 3, 3)}, "controlnet", "", ""),
        ({"a": (1,)}, "", "", ""),
    ],
)
def test_kinds_and_families_are_told_apart(
    tmp_path: Path, shapes: Shapes, kind: str, family: str, task: str
) -> None:
    found = told(checkpoint(tmp_path / "file.safetensors", shapes))
    assert (found.kind, found.family, found.task) == (kind, family, task)
    runs = kind == "model" and family != "sdxl refiner"
    assert found.refusal == "" if runs else found.refusal.count("; choose") == 1


def test_what_a_file_lacks_is_named(tmp_path: Path) -> None:
    without = {key: shape for key, shape in SD1.items() if not key.startswith("cond_stage")}
    assert "lacks its text encoder;" in told(checkpoint(tmp_path / "a.safetensors", without)).refusal


def test_what_a_file_of_xl_lacks_is_named(tmp_path: Path) -> None:
    for beginning, name in (
        ("conditioner.embedders.0", "lacks its text encoder;"),
        ("conditioner.embedders.1", "lacks its second text encoder;"),
        ("first_stage", "lacks its autoencoder;"),
    ):
        without = {key: shape for key, shape in SDXL.items() if not key.startswith(beginning)}
        assert name in told(checkpoint(tmp_path / "a.safetensors", without)).refusal


@pytest.mark.parametrize("family", [SD1, SD2, SDXL])
@pytest.mark.parametrize(("channels", "task"), [(8, "instructions"), (5, "depth"), (7, "upscaling"), (6, "")])
def test_networks_that_want_something_else_are_refused(
    tmp_path: Path, family: Shapes, channels: int, task: str
) -> None:
    first = {U + "input_blocks.0.0.weight": (320, channels, 3, 3)}
    refusal = told(checkpoint(tmp_path / "a.safetensors", {**family, **first})).refusal
    assert f"is a model for {task or 'something else'} of Stable Diffusion" in refusal


@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.float8_e4m3fn])
def test_quantised_numbers_are_refused_and_plain_float8_is_not(tmp_path: Path, dtype: torch.dtype) -> None:
    path, tensors = tmp_path / "a.safetensors", {key: torch.zeros(shape) for key, shape in SDXL.items()}
    numbers = {key: x.to(dtype) for key, x in tensors.items()}
    save_file(numbers, path)
    assert told(path).refusal.count("are quantised; get them as") == (not dtype.is_floating_point)
    save_file(numbers | {U + "input_blocks.1.0.weight_scale": torch.ones(1)}, path)
    assert "are quantised; get them as" in told(path).refusal


def test_what_a_network_says_that_is_not_known_is_said_before_loading(tmp_path: Path) -> None:
    found = told(checkpoint(tmp_path / "a.safetensors", {**SDXL, "edm_mean": (4,), "edm_std": (4,)}))
    assert "is not known; choose another model" in found.refusal


def test_what_the_network_says_is_known_guessed_or_told_beside(tmp_path: Path) -> None:
    def said(
        name: str, shapes: Shapes, metadata: dict[str, str] | None = None, spread: float = 0.0
    ) -> object:
        found = told(checkpoint(tmp_path / f"{name}.safetensors", shapes, metadata, spread))
        return found.prediction, found.sure

    assert said("1", SD1) == ("eps", False)
    assert said("2", SD2, spread=0.05) == ("eps", False)
    assert said("2v", SD2, spread=0.15) == ("v", False)
    assert said("named", SD2, {"modelspec.prediction_type": "v"}) == ("v", True)
    path = checkpoint(tmp_path / "brain.safetensors", SD2, spread=0.15)
    save_file({key: tensor.bfloat16() for key, tensor in load_file(path).items()}, path)
    assert told(path).prediction == "v"
    assert said("xl", {**SDXL, "v_pred": (1,)}) == ("v", True)
    (tmp_path / "beside.yaml").write_text('model:\n  params:\n    parameterization: "v"\n')
    assert said("beside", SD2) == ("v", True)
    (tmp_path / "plain.yaml").write_text("model:\n  params:\n    timesteps: 1000\n")
    assert said("plain", SD2, spread=0.15) == ("eps", True)


@pytest.mark.parametrize(
    ("name", "steps", "consistent"),
    [
        ("dreamTurbo_v2", 4, False),
        ("sdxl_lightning_8step_unet", 8, False),
        ("xl-Lightning-2-steps", 2, False),
        ("my LCM", 4, True),
        ("dreamshaperLCM_v8", 4, True),
        ("lcm_dreamshaper", 4, True),
        ("juggernautXL dmd2", 4, True),
        ("Hyper-SD", 4, False),
        ("realisticVision_v51HyperVAE", 4, False),
        ("photon TCD", 4, False),
    ],
)
def test_a_fast_model_is_known_by_its_name(tmp_path: Path, name: str, steps: int, consistent: bool) -> None:
    found = told(checkpoint(tmp_path / f"{name}.safetensors", SD1))
    assert (found.fast, found.steps, found.guidance, found.consistent) == (True, steps, 1.0, consistent)


@pytest.mark.parametrize(
    "name", ["calm", "hyperrealism_v3", "HyperRealistic", "hyperion", "film calm 10step"]
)
def test_other_names_say_nothing(tmp_path: Path, name: str) -> None:
    found = told(checkpoint(tmp_path / f"{name}.safetensors", SD1))
    assert (found.fast, found.steps, found.guidance) == (False, 25, 7.5)


def test_a_network_that_is_told_the_guidance_is_known_by_a_key(tmp_path: Path) -> None:
    found = told(checkpoint(tmp_path / "a.safetensors", {**SD1, U + "time_embed.cond_proj.weight": (8, 8)}))
    assert (found.fast, found.consistent, found.embeds_guidance, found.guidance) == (True, True, True, 8.0)


def test_what_a_file_was_trained_on_is_told_or_as_usual(tmp_path: Path) -> None:
    def native(shapes: Shapes, metadata: dict[str, str] | None = None, spread: float = 0.0) -> int:
        return told(checkpoint(tmp_path / "a.safetensors", shapes, metadata, spread)).native

    assert (native(SD1), native(SD2), native(SDXL)) == (512, 512, 1024)
    assert native(SD2, spread=0.15) == 768
    assert native(SDXL, {"modelspec.resolution": "512x512"}) == 512
    assert native(SDXL, {"modelspec.resolution": "large"}) == 1024


def header_of(text: str, rest: bytes = b"") -> bytes:
    return struct.pack("<Q", len(text)) + text.encode() + rest


ONE = '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
WRONG = {
    "empty": (b"", "is empty"),
    "short": (b"abc", "is no .safetensors file"),
    "noise": (bytes(range(100)), "is no .safetensors file"),
    "a web page": (b"<!DOCTYPE html><html></html>" * 4, "is a web page"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "gguf": (b"GGUF" + bytes(100), "is a GGUF file"),
    "a pickle": (b"\x80\x02}q\x00." + bytes(100), "is a pickle, and opening one can run any program"),
    "a zipped pickle": (b"PK\x03\x04" + bytes(100), "convert it: torch.load with weights_only=True"),
    "too large a header": (struct.pack("<Q", 200_000_000) + b"{}" + bytes(100), "is no .safetensors file"),
    "a cut header": (header_of(ONE)[:30], "is cut off"),
    "cut numbers": (header_of(ONE, bytes(3)), "is cut off"),
    "too long": (header_of(ONE, bytes(5)), "is longer than its header says"),
    "no JSON": (header_of('{"a":'), "The header of .* is damaged"),
    "deep JSON": (header_of('{"a":' + "[" * 100_000), "The header of .* is damaged"),
    "no names": (header_of("{1}"), "The header of .* is damaged"),
    "a wrong length": (header_of(ONE.replace("[1]", "[2]"), bytes(4)), "The header of .* is damaged"),
    "a wrong type": (header_of(ONE.replace("F32", "X99"), bytes(4)), "The header of .* is damaged"),
    "a negative place": (header_of(ONE.replace("[0,4]", "[-4,0]"), bytes(4)), "The header of .* is damaged"),
    "a gap": (header_of(ONE.replace("[0,4]", "[4,8]"), bytes(8)), "The header of .* is damaged"),
}


@pytest.mark.parametrize("harm", WRONG)
def test_wrong_files_give_one_sentence(tmp_path: Path, harm: str) -> None:
    content, sentence = WRONG[harm]
    path = tmp_path / "file.safetensors"
    path.write_bytes(content)
    with pytest.raises(EngineError, match=sentence) as raised:
        told(path)
    assert "\n" not in str(raised.value)


def test_a_pickle_is_refused_by_its_name_with_the_way_to_convert_it(tmp_path: Path) -> None:
    for name in ("a.ckpt", "a.pt", "a.bin"):
        (tmp_path / name).write_bytes(b"anything")
        with pytest.raises(EngineError, match=r"is a pickle.*convert it: torch\.load with weights_only=True"):
            told(tmp_path / name)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="There is no model"):
        told(tmp_path / "nothing.safetensors")


def folder_of(tmp_path: Path, pipeline: str = "StableDiffusionPipeline", **unet: object) -> Path:
    """A folder in diffusers' layout, as far as it is looked at."""
    for part, names in (
        ("unet", {"in_channels": 4, "cross_attention_dim": 768, **unet}),
        ("scheduler", {"prediction_type": "v_prediction"}),
        ("vae", {}),
        ("text_encoder", {}),
    ):
        (tmp_path / part).mkdir(parents=True)
        file = "scheduler_config.json" if part == "scheduler" else "config.json"
        (tmp_path / part / file).write_text(json.dumps(names))
        if part != "scheduler":
            save_file({"a": torch.zeros(2)}, tmp_path / part / "model.fp16.safetensors")
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": pipeline}))
    return tmp_path


def test_a_folder_says_what_it_is(tmp_path: Path) -> None:
    found = told(folder_of(tmp_path, use_linear_projection=True))
    assert (found.kind, found.family, found.prediction, found.sure) == ("model", "sd2", "v", True)
    assert (found.parameters, found.precision, found.refusal) == (6, "float32", "")


@pytest.mark.parametrize(
    ("pipeline", "unet", "family", "task"),
    [
        ("StableDiffusionPipeline", {}, "sd1", ""),
        ("StableDiffusionInpaintPipeline", {"in_channels": 9}, "sd1", "inpainting"),
        ("StableDiffusionXLPipeline", {"addition_embed_type": "text_time"}, "sdxl", ""),
    ],
)
def test_folders_of_other_families(
    tmp_path: Path, pipeline: str, unet: dict[str, object], family: str, task: str
) -> None:
    found = told(folder_of(tmp_path, pipeline, **unet))
    assert (found.family, found.task) == (family, task)


def test_a_folder_with_pickles_alone_is_refused(tmp_path: Path) -> None:
    vae = folder_of(tmp_path) / "vae"
    (vae / "model.fp16.safetensors").rename(vae / "diffusion_pytorch_model.bin")
    with pytest.raises(EngineError, match=r"diffusion_pytorch_model\.bin is a pickle"):
        told(tmp_path)


def test_an_index_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    folder, stolen = folder_of(tmp_path / "model"), tmp_path / "secret.bin"
    stolen.write_bytes(b"anything")
    index = folder / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    for shards in ({"a": "../../secret.bin"}, {"a": str(stolen)}, {"a": ["model"]}, "all"):
        index.write_text(json.dumps({"weight_map": shards}))
        with pytest.raises(EngineError, match="names files that are not beside it; get a fresh copy"):
            told(folder)
    index.write_text(json.dumps({"weight_map": {"a": "model.fp16.safetensors"}}))
    assert not told(folder).refusal


def test_settings_that_ask_for_layers_without_end_are_damaged(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, transformer_layers_per_block=[1, [2, 10**9]])
    with pytest.raises(EngineError, match=r"config\.json is damaged; get a fresh copy"):
        told(folder)


def test_a_folder_without_weights_or_parts(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (folder / "vae" / "model.fp16.safetensors").unlink()
    with pytest.raises(EngineError, match=r"vae holds no weights"):
        told(folder)
    (folder / "vae" / "config.json").unlink()
    (folder / "vae").rmdir()
    assert "lacks its autoencoder" in told(folder).refusal
    (folder / "unet" / "config.json").write_text("[]")
    with pytest.raises(EngineError, match=r"config\.json is damaged"):
        told(folder)
