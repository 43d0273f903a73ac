"""The starter model in its folder, and models that are missing or damaged."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import models
from engine.edits import edit
from engine.pieces import stretches
from engine.pixel_diffusion import OVERLAP, PIECE, PixelDiffusion
from engine.starter.network import MULTIPLE, WORDS, Patches, StarterNetwork, StarterUNet, position
from engine.starter.words import WORDS as VOCABULARY
from engine.types import EditRequest, EditResult, EngineError, SDEdit

STARTER = models.NAMED["starter"]
WHOLE = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
NO_WORDS = torch.zeros(1, WORDS)
BLACK = np.zeros((256, 256, 3), np.uint8)
SMALL = EditRequest(BLACK, BLACK)


@pytest.fixture(scope="module")
def starter() -> models.Model:
    return models.load("starter", "cpu")


def test_the_network_is_loaded_as_any_model_of_diffusers_is() -> None:
    unet, told = StarterUNet.from_pretrained(
        STARTER / "unet", local_files_only=True, output_loading_info=True
    )
    assert not any(told.values())  # no weight is missing, none is left over
    assert all(weight.isfinite().all() for weight in unet.parameters())


def test_the_weights_are_small_enough_to_ship() -> None:
    assert sum(file.stat().st_size for file in STARTER.rglob("*")) <= 48 * 2**20


def test_patches_are_an_exact_change_of_basis() -> None:
    pictures = torch.rand(4, 3, 64, 64) * 2 - 1
    patches = Patches.fit([pictures[:1], pictures[1:]])
    tokens = patches.encode(pictures)
    assert tokens.shape == (4, 48, 16, 16)
    assert torch.allclose(patches.decode(tokens), pictures, atol=1e-5)
    assert torch.allclose(tokens.var((0, 2, 3)), patches.variance, rtol=0.01)
    noise = torch.randn(8, 3, 64, 64)
    unmoved = patches._replace(mean=torch.zeros(48))
    assert torch.allclose(unmoved.encode(noise).square().sum(), noise.square().sum(), rtol=1e-4)


def test_a_fresh_network_is_the_wiener_filter() -> None:
    patches = Patches(torch.zeros(48), torch.eye(48), torch.linspace(0.01, 1, 48))
    network = StarterNetwork(StarterUNet(), patches)
    y, sigma = torch.randn(2, 48, 16, 16), torch.tensor([0.5, 2.0])
    gain = patches.variance[None, :, None, None] / (
        patches.variance[None, :, None, None] + sigma.view(2, 1, 1, 1) ** 2
    )
    with torch.no_grad():
        assert torch.allclose(
            network(y, sigma, WHOLE.repeat(2, 1), NO_WORDS.repeat(2, 1)), gain * y, atol=1e-5
        )


def test_guidance_leads_away_from_the_wiener_filter() -> None:
    network, y, sigma = StarterNetwork.load(STARTER), torch.randn(1, 48, 16, 16), torch.tensor([1.0])
    variance = network.patches.variance[:, None, None]
    with torch.no_grad():
        wiener, said, guided = (network(y, sigma, WHOLE, NO_WORDS, w) for w in (0.0, 1.0, 1.5))
    assert torch.allclose(wiener, y * variance / (variance + 1), atol=1e-6)
    assert torch.allclose(guided, said + 0.5 * (said - wiener), atol=1e-5)


def test_tokens_know_where_they_stand() -> None:
    down, aside, scale, aspect = position(WHOLE, 64, 128)[0]
    assert down[0, 0] == -down[-1, 0] == -1 + 1 / 64
    assert aside[0, 0] == aside[0, -1] == 1 - 1 / 64
    assert scale.unique().tolist() == [0.5]  # twice as many pixels as 256 x 256
    assert aspect.unique().item() == pytest.approx(math.log(2))


def test_a_crop_stands_where_it_stands_in_the_whole() -> None:
    """The lower left quarter of a view twice as large is told the same places, pixel for pixel."""
    large = position(WHOLE, 128, 128)
    corner = position(torch.tensor([[0.0, 0.5, 0.5, 1.0]]), 64, 64)
    assert torch.allclose(corner, large[:, :, 64:, :64], atol=1e-6)


def test_a_saved_network_says_the_same_when_loaded(tmp_path: Path) -> None:
    network = StarterNetwork.load(STARTER)
    network.save(tmp_path)
    again = StarterNetwork.load(tmp_path)
    y, sigma = torch.randn(1, 48, 16, 16), torch.tensor([1.0])
    with torch.no_grad():
        assert torch.equal(network(y, sigma, WHOLE, NO_WORDS), again(y, sigma, WHOLE, NO_WORDS))


def test_the_starter_model_denoises(starter: models.Model) -> None:
    """At every level the estimate of a smooth picture is far nearer to it than the noisy one."""
    down = torch.linspace(0.6, -0.4, 256)[:, None].expand(256, 256)
    picture = torch.stack([down - 0.1, down, down + 0.2])[None]
    noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(0))
    denoise = starter.denoiser(SMALL)
    for t in (0.1, 0.3, 0.5, 0.7):
        level = starter.schedule(t)
        estimate = denoise(level.alpha * picture + level.sigma * noise, level)
        assert (estimate - picture).square().mean() < 0.2 * level.ratio**2
        assert (estimate - picture).square().mean() < 0.1


def test_scale_does_not_matter_to_the_denoiser(starter: models.Model) -> None:
    level = starter.schedule(0.4)
    x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    exploding = level._replace(alpha=1.0, sigma=level.ratio)
    denoise = starter.denoiser(SMALL)
    assert torch.allclose(denoise(x, level), denoise(x / level.alpha, exploding), atol=0.02)


@pytest.mark.parametrize(
    ("size", "worked"),
    [
        ((256, 256), [(256, 256)]),
        ((384, 384), [(384, 384)]),
        ((1024, 768), [(256, 192), (512, 384), (1024, 768)]),
        ((2048, 2048), [(256, 256), (512, 512), (1024, 1024)]),  # no detail finer than it has seen
        ((300, 900), [(150, 450), (300, 900)]),
        ((1, 1), [(256, 256)]),
    ],
)
def test_large_pictures_are_made_from_coarse_to_fine(
    starter: models.Model, size: tuple[int, int], worked: list[tuple[int, int]]
) -> None:
    assert starter.sizes(*size) == worked


def test_a_sliver_has_room_for_the_network(starter: models.Model) -> None:
    assert all(min(size) >= MULTIPLE for size in starter.sizes(4000, 40))


def test_pieces_of_a_large_picture_meet_without_a_seam(starter: models.Model) -> None:
    """The estimate of noise on grey: along the pieces' borders it changes no more than elsewhere."""
    wide = np.zeros((256, 1024, 3), np.uint8)
    request = EditRequest(wide, wide)
    level = starter.schedule(0.3)
    noise = torch.randn(1, 3, 256, 1024, generator=torch.Generator().manual_seed(2))
    found = starter.denoiser(request)(level.sigma * noise, level)
    across = found.diff(dim=3).abs().mean((0, 1, 2))
    starts = [end for stretch in stretches(1024, PIECE, OVERLAP, MULTIPLE) for end in stretch]
    seams = [column for start in starts if 0 < start < 1024 for column in range(start - 2, start + 2)]
    assert seams
    assert across[seams].mean() < 1.3 * across.mean()


def test_words_change_the_estimate_and_are_checked(starter: models.Model) -> None:
    level, x = starter.schedule(0.8), torch.randn(1, 3, 256, 256, generator=torch.Generator().manual_seed(3))

    def warmth(prompt: str) -> float:
        """How much more red than blue there is in what it sees in noise."""
        red, _, blue = starter.denoiser(replace(SMALL, prompt=prompt))(x, level).mean((0, 2, 3))
        return float(red - blue)

    assert warmth("sunset") > warmth("") + 0.02 > warmth("winter") + 0.02
    with pytest.raises(EngineError, match="does not know 'castle'; its words are"):
        starter.denoiser(replace(SMALL, prompt="night, castle"))


def test_a_negative_prompt_is_what_guidance_leads_away_from(starter: models.Model) -> None:
    level, x = starter.schedule(0.6), torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(4))
    alone = {
        word: starter.denoiser(replace(SMALL, prompt=word, guidance=1.0))(x, level)
        for word in ("sunset", "winter")
    }
    both = starter.denoiser(replace(SMALL, prompt="sunset", negative_prompt="winter", guidance=3.0))(x, level)
    assert torch.allclose(both, alone["winter"] + 3 * (alone["sunset"] - alone["winter"]), atol=0.02)
    with pytest.raises(EngineError, match="does not know 'castle'"):
        starter.denoiser(replace(SMALL, negative_prompt="castle"))


def test_guidance_1_is_the_words_alone(starter: models.Model) -> None:
    level, x = starter.schedule(0.6), torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(4))
    plain, once, thrice = (
        starter.denoiser(replace(SMALL, prompt=prompt, guidance=guidance))(x, level)
        for prompt, guidance in (("", 1.0), ("sunset", 1.0), ("sunset", 3.0))
    )
    assert torch.allclose(thrice, plain + 3 * (once - plain), atol=0.02)


def test_the_vocabulary_fits_the_network() -> None:
    assert len(VOCABULARY) <= WORDS


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
    with pytest.raises(EngineError, match="There is no model"):
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


def test_the_digest_of_the_weights_tells_models_apart(starter: models.Model, tmp_path: Path) -> None:
    assert len(starter.facts.weights) == 64
    assert models.load("toy").facts.weights == ""
    folder = copy_of_the_starter(tmp_path)
    assert models.load(str(folder), "cpu").facts.weights == starter.facts.weights
    patches = folder / "patches.safetensors"
    content = bytearray(patches.read_bytes())
    content[-1] ^= 1
    patches.write_bytes(content)
    assert models.load(str(folder), "cpu").facts.weights != starter.facts.weights
