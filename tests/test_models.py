"""The starter model in its folder, and models that are missing or damaged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import models
from engine.edits import edit
from engine.pixel_diffusion import PixelDiffusion
from engine.starter.network import MULTIPLE, Patches, StarterNetwork, position
from engine.types import EditRequest, EditResult, EngineError, SDEdit

STARTER = models.NAMED["starter"]


@pytest.fixture(scope="module")
def starter() -> models.Model:
    return models.load("starter", "cpu")


def test_diffusers_own_class_loads_the_network() -> None:
    from diffusers import UNet2DModel

    unet = UNet2DModel.from_pretrained(STARTER / "unet", local_files_only=True)
    assert sum(weight.numel() for weight in unet.parameters()) > 1e7
    assert all(weight.isfinite().all() for weight in unet.parameters())


def test_the_weights_are_small_enough_to_ship() -> None:
    assert sum(file.stat().st_size for file in STARTER.rglob("*")) <= 48 * 2**20


def test_patches_are_an_exact_change_of_basis() -> None:
    pictures = torch.rand(4, 3, 64, 64) * 2 - 1
    patches = Patches.fit(pictures)
    tokens = patches.encode(pictures)
    assert tokens.shape == (4, 48, 16, 16)
    assert torch.allclose(patches.decode(tokens), pictures, atol=1e-5)
    assert torch.allclose(tokens.var((0, 2, 3)), patches.variance, rtol=0.01)
    noise = torch.randn(8, 3, 64, 64)
    unmoved = patches._replace(mean=torch.zeros(48))
    assert torch.allclose(unmoved.encode(noise).square().sum(), noise.square().sum(), rtol=1e-4)


def test_a_fresh_network_is_the_wiener_filter() -> None:
    patches = Patches(torch.zeros(48), torch.eye(48), torch.linspace(0.01, 1, 48))
    network = StarterNetwork.fresh(patches)
    y, sigma = torch.randn(2, 48, 16, 16), torch.tensor([0.5, 2.0])
    gain = patches.variance[None, :, None, None] / (
        patches.variance[None, :, None, None] + sigma.view(2, 1, 1, 1) ** 2
    )
    with torch.no_grad():
        assert torch.allclose(network(y, sigma), gain * y, atol=1e-5)


def test_tokens_know_where_they_stand() -> None:
    where = position(torch.zeros(1, 48, 8, 8))
    assert where[0, 0, 0, 0] == -1
    assert where[0, 0, -1, 0] == 1
    assert where[0, 1, 0, 0] == where[0, 1, 0, -1] == 1


def test_a_saved_network_says_the_same_when_loaded(tmp_path: Path) -> None:
    network = StarterNetwork.load(STARTER)
    network.save(tmp_path)
    again = StarterNetwork.load(tmp_path)
    y, sigma = torch.randn(1, 48, 16, 16), torch.tensor([1.0])
    with torch.no_grad():
        assert torch.equal(network(y, sigma), again(y, sigma))


def test_the_starter_model_denoises(starter: models.Model) -> None:
    """At every level the estimate of a smooth picture is far nearer to it than the noisy one."""
    down = torch.linspace(0.6, -0.4, 256)[:, None].expand(256, 256)
    picture = torch.stack([down - 0.1, down, down + 0.2])[None]
    noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(0))
    for t in (0.1, 0.3, 0.5, 0.7):
        level = starter.schedule(t)
        estimate = starter.denoise(level.alpha * picture + level.sigma * noise, level)
        assert (estimate - picture).square().mean() < 0.2 * level.ratio**2
        assert (estimate - picture).square().mean() < 0.1


def test_scale_does_not_matter_to_the_denoiser(starter: models.Model) -> None:
    level = starter.schedule(0.4)
    x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    exploding = level._replace(alpha=1.0, sigma=level.ratio)
    assert torch.allclose(starter.denoise(x, level), starter.denoise(x / level.alpha, exploding), atol=0.02)


@pytest.mark.parametrize("size", [(256, 256), (1920, 1080), (300, 900), (1, 1), (4000, 40)])
def test_every_size_has_a_working_size(starter: models.Model, size: tuple[int, int]) -> None:
    width, height = starter.size(*size)
    assert width % MULTIPLE == height % MULTIPLE == 0
    assert min(width, height) >= 2 * MULTIPLE
    assert width * height <= 2.2 * 512 * 512 or min(width, height) == 2 * MULTIPLE


def test_strokes_become_textured_and_keep_their_layout(starter: models.Model) -> None:
    """At strength 0.5: the broad masses stay where they were painted, and new detail appears."""
    guide = np.zeros((256, 256, 3), np.uint8)
    guide[:110], guide[110:150], guide[150:] = (110, 160, 215), (50, 75, 40), (100, 130, 50)
    *_, last = edit(EditRequest(guide, guide, None, SDEdit(0.5), steps=12), starter)
    assert isinstance(last, EditResult)
    out = last.image.astype(float)
    for rows in (slice(5, 100), slice(115, 145), slice(160, 250)):
        assert np.abs(out[rows].mean((0, 1)) - guide[rows].mean((0, 1))).max() < 45
    assert out[160:250].std((0, 1)).mean() > 6


def copy_of_the_starter(folder: Path) -> Path:
    return Path(shutil.copytree(STARTER, folder / "model"))


def test_a_copy_in_any_folder_is_a_model_too(tmp_path: Path) -> None:
    model = models.load(str(copy_of_the_starter(tmp_path)), "cpu")
    assert isinstance(model, PixelDiffusion)
    assert model.facts.device == "cpu"


def test_a_missing_folder() -> None:
    with pytest.raises(EngineError, match="There is no model folder"):
        models.load("nowhere")


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"holds no model_index.json"):
        models.load(str(tmp_path))


def test_a_damaged_index(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text("{")
    with pytest.raises(EngineError, match="is damaged"):
        models.load(str(tmp_path))


def test_a_kind_that_is_not_supported(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "ShapEPipeline"}))
    with pytest.raises(EngineError, match="is a ShapEPipeline, which is not supported"):
        models.load(str(tmp_path))


@pytest.mark.parametrize(
    "file", ["unet/diffusion_pytorch_model.safetensors", "patches.safetensors", "unet/config.json"]
)
@pytest.mark.parametrize("harm", ["missing", "cut", "garbage"])
def test_damaged_files_give_one_sentence(tmp_path: Path, file: str, harm: str) -> None:
    folder = copy_of_the_starter(tmp_path)
    target = folder / file
    content = target.read_bytes()
    target.unlink()
    if harm == "cut":
        target.write_bytes(content[: len(content) // 2])
    elif harm == "garbage":
        target.write_bytes(b"\x13garbage" * 100)
    with pytest.raises(EngineError, match="damaged") as raised:
        models.load(str(folder))
    assert "\n" not in str(raised.value)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    """Weights in a format that can run code are as good as missing."""
    folder = copy_of_the_starter(tmp_path)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save({"a": torch.zeros(1)}, weights.with_suffix(".bin"))
    weights.unlink()
    with pytest.raises(EngineError, match="damaged"):
        models.load(str(folder))


def test_an_absent_device() -> None:
    with pytest.raises(EngineError, match="is not there; choose"):
        models.pick_device("abacus")
