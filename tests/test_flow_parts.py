"""What a folder of Stable Diffusion 3 or FLUX.1 must hold, and what is said where it does not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine import models
from engine.checkpoints import told
from engine.edits import edit
from engine.types import EditResult, EngineError
from tests.random_flow_checkpoints import flow_pipeline
from tests.test_flow_diffusion import asked, loaded
from tests.test_latent_diffusion import picture


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("flow") / "sd3"
    flow_pipeline("sd3").save_pretrained(place)
    return place


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "model"))


def test_tokenizers_of_clip_may_be_absent_but_not_that_of_t5(copy: Path) -> None:
    request = asked()
    before = loaded(copy).words.together([request.prompt])
    for place in ("tokenizer", "tokenizer_2"):
        shutil.rmtree(copy / place)
    assert torch.equal(loaded(copy).words.together([request.prompt]).tokens, before.tokens)
    (copy / "tokenizer_3" / "tokenizer.json").rename(copy / "tokenizer_3" / "spiece.model")
    with pytest.raises(EngineError, match=r"tokenizer\.json is missing"):
        models.load(str(copy), "cpu")


@pytest.mark.parametrize("part", ["transformer", "vae", "text_encoder", "text_encoder_2", "text_encoder_3"])
def test_a_missing_weight_is_damage_and_no_random_number(copy: Path, part: str) -> None:
    (path,) = (copy / part).glob("*.safetensors")
    tensors = load_file(path)
    first = next(iter(tensors))
    save_file({key: x for key, x in tensors.items() if key != first}, path, {"format": "pt"})
    with pytest.raises(EngineError, match="missing or do not fit; get a fresh copy"):
        models.load(str(copy), "cpu")


@pytest.mark.parametrize("part", ["transformer", "vae", "text_encoder", "text_encoder_2"])
def test_a_missing_part_is_named(copy: Path, part: str) -> None:
    shutil.rmtree(copy / part)
    with pytest.raises(EngineError, match=r"missing; get a fresh copy|lacks its .*; get the whole"):
        models.load(str(copy), "cpu")


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("transformer/config.json", {"num_layers": "many"}),
        ("transformer/config.json", {"in_channels": [16]}),
        ("transformer/config.json", {"in_channels": 33}),
        ("transformer/config.json", {"sample_size": "large"}),
        ("vae/config.json", {"latent_channels": 4}),
        ("text_encoder/config.json", {"hidden_size": 96}),
        ("text_encoder_3/config.json", {"d_model": 96}),
        ("text_encoder_3/config.json", {"num_layers": "many"}),
        ("tokenizer_3/tokenizer.json", {"model": {"type": "Unigram"}}),
        ("scheduler/scheduler_config.json", {"shift": "much"}),
        ("scheduler/scheduler_config.json", {"use_dynamic_shifting": True, "max_image_seq_len": 256}),
        ("model_index.json", {"_class_name": "Flux2Pipeline"}),
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
    assert torch.get_default_dtype() == torch.float32


def test_one_file_of_these_families_is_sent_to_the_folder(tmp_path: Path) -> None:
    for name, key in (("sd3", "joint_blocks.0.context_block.attn.qkv.weight"), ("flux", "double_blocks.0.a")):
        path = tmp_path / f"{name}.safetensors"
        save_file({"model.diffusion_model." + key: torch.zeros(2, 2)}, path)
        assert "folder" in told(path).refusal


def test_a_folder_is_all_that_it_takes(copy: Path) -> None:
    model = models.load(str(copy), "cpu")
    assert (model.facts.family, model.facts.guidance, model.facts.takes_words) == ("sd3", 4.5, True)
    *_, result = edit(asked(steps=2), model)
    assert isinstance(result, EditResult)
    assert result.image.shape == picture().shape
