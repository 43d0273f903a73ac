"""Stable Diffusion 3 and FLUX.1 from folders: tiny networks with random weights in the real layout."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    FlowMatchEulerDiscreteScheduler,
    FluxFillPipeline,
    FluxImg2ImgPipeline,
    StableDiffusion3Img2ImgPipeline,
)
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from torch import Tensor, nn

from engine import models
from engine.area import FINER
from engine.checkpoints import told
from engine.edits import edit
from engine.flow_diffusion import AWAY, FlowDiffusion
from engine.flow_parts import load_flow_parts, shift_of
from engine.levels import CLEAN
from engine.sampling import first_order, sample, seeded
from engine.sdedit import plan
from engine.types import (
    Drag,
    EditRequest,
    EditResult,
    EngineError,
    Handle,
    Inpaint,
    Operation,
    Preview,
    Rgb,
    SDEdit,
    Translate,
)
from tests.random_flow_checkpoints import flow_pipeline
from tests.test_latent_diffusion import picture
from tests.test_tiny_decoder import tiny

Made = tuple[Any, Path]  # diffusers' own, and the same as a folder
MADE: dict[str, dict[str, Any]] = {
    "sd3": {},
    "sd3 without t5": {"t5_layers": 0},
    "flux": {},
    "flux schnell": {"guidance_embeds": False},
    "flux fill": {"in_channels": 384, "out_channels": 64},
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    place = tmp_path_factory.mktemp("flow")
    pipelines = {name: flow_pipeline(name.split()[0], **settings) for name, settings in MADE.items()}
    for name, made in pipelines.items():
        made.save_pretrained(place / name)
    return {name: (made, place / name) for name, made in pipelines.items()}


@pytest.fixture(params=[name for name in MADE if name != "flux fill"])
def made(request: pytest.FixtureRequest, folders: dict[str, Made]) -> Made:
    return folders[request.param]


@pytest.fixture(scope="module")
def ready(folders: dict[str, Made]) -> dict[str, FlowDiffusion]:
    return {name: loaded(folder) for name, (_, folder) in folders.items()}


@pytest.fixture(params=["sd3", "flux"])
def model(request: pytest.FixtureRequest, ready: dict[str, FlowDiffusion]) -> FlowDiffusion:
    return ready[request.param]


def loaded(folder: Path) -> FlowDiffusion:
    """In float32, whatever this machine is fast in, and as if trained on pictures as small as a test's."""
    parts = load_flow_parts(told(folder), torch.float32)._replace(native=64)
    return FlowDiffusion(parts, folder.name, "cpu", torch.float32, 0.0)


def asked(operation: Operation | None = None, **settings: Any) -> EditRequest:
    known = EditRequest(picture(), picture(), None, operation or SDEdit(), steps=3, prompt="a lake, mist")
    return replace(known, **settings)


def compare(made: Any, model: FlowDiffusion, image: Rgb, negative: str = "") -> None:
    """Euler's steps along the flow: our first order with eta 0, on the same levels."""
    height, width = image.shape[:2]
    x0, request = model.encode(image), asked(negative_prompt=negative, guidance=4.0)
    schedule = model.schedule_at((width, height))
    levels = [*(schedule(0.5 * (1 - i / 5)) for i in range(5)), CLEAN]
    draw = seeded(3)
    x = levels[0].alpha * x0 + levels[0].sigma * draw(x0)
    *_, ours = sample(model.denoiser(request), x, levels, draw, 0.0, first_order)

    is_sd3 = "text_encoder_3" in made.components
    theirs = (StableDiffusion3Img2ImgPipeline if is_sd3 else FluxImg2ImgPipeline)(**made.components)
    theirs.set_progress_bar_config(disable=True)
    led = {"true_cfg_scale": AWAY if model.is_told_guidance else 4.0, "negative_prompt": negative}
    reference = theirs(
        request.prompt,
        image=x0,
        height=height,
        width=width,
        strength=0.5,
        num_inference_steps=10,
        sigmas=[1 - i / 10 for i in range(10)],
        guidance_scale=4.0,
        generator=torch.Generator().manual_seed(3),
        output_type="latent",
        max_sequence_length=model.words.reads,
        **(
            {"negative_prompt": negative} if is_sd3 else led if negative or not model.is_told_guidance else {}
        ),
    ).images
    if not is_sd3:
        reference = theirs._unpack_latents(reference, height, width, 8)
    assert (ours - reference).norm() / reference.norm() < 1e-4
    assert (ours - x0).norm() / x0.norm() > 0.1  # something happened


@pytest.mark.parametrize("negative", ["", "people"])
def test_an_edit_is_what_diffusers_makes_of_the_same_noise(
    made: Made, ready: dict[str, FlowDiffusion], negative: str
) -> None:
    compare(made[0], ready[made[1].name], picture(), negative)


@pytest.mark.parametrize("family", ["sd3", "flux"])
@pytest.mark.parametrize("size", [(64, 64), (48, 64), (96, 80)])
def test_levels_move_with_the_size_of_a_picture_as_in_diffusers(
    folders: dict[str, Made],
    ready: dict[str, FlowDiffusion],
    monkeypatch: pytest.MonkeyPatch,
    family: str,
    size: tuple[int, int],
) -> None:
    """Where the scheduler says so."""
    made, model = folders[family][0], ready[family]
    moves = FlowMatchEulerDiscreteScheduler(
        use_dynamic_shifting=True, base_image_seq_len=4, max_image_seq_len=40
    )
    monkeypatch.setattr(made, "scheduler", moves)
    monkeypatch.setattr(model, "scheduler", dict(moves.config))
    compare(made, model, np.ascontiguousarray(picture(96)[: size[1], : size[0]]))


def test_a_hole_is_filled_as_diffusers_fills_it(
    folders: dict[str, Made], ready: dict[str, FlowDiffusion], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the mean of what the encoder says, as everything here."""
    made, folder = folders["flux fill"]
    model, mask = ready["flux fill"], np.zeros((64, 64), np.float32)
    mask[10:50, 20:41] = 1
    assert (told(folder).task, told(folder).guidance) == ("inpainting", 30)
    x0, request = model.encode(picture()), asked(mask=mask, guidance=30.0)
    levels = [*(model.schedule(0.5 * (1 - i / 5)) for i in range(5)), CLEAN]
    draw = seeded(3)
    x = levels[0].alpha * x0 + levels[0].sigma * draw(x0)
    *_, ours = sample(model.denoiser(request), x, levels, draw, 0.0, first_order)

    own = ("image_encoder", "feature_extractor")
    theirs = FluxFillPipeline(**{name: part for name, part in made.components.items() if name not in own})
    theirs.set_progress_bar_config(disable=True)
    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda found, _=None: found.mode())
    reference = theirs(
        request.prompt,
        image=torch.tensor(picture()).permute(2, 0, 1)[None] / 255,
        mask_image=torch.tensor(mask)[None, None],
        height=64,
        width=64,
        strength=0.5,
        num_inference_steps=10,
        guidance_scale=30.0,
        generator=torch.Generator().manual_seed(3),
        output_type="latent",
    ).images
    reference = theirs._unpack_latents(reference, 64, 64, 8)
    assert (ours - reference).norm() / reference.norm() < 1e-4
    *_, result = edit(asked(Inpaint(), mask=mask), model)
    assert isinstance(result, EditResult)
    assert (result.image[mask == 0] == picture()[mask == 0]).all()


def test_what_was_made_for_few_steps_takes_the_levels_it_was_taught_on(
    ready: dict[str, FlowDiffusion],
) -> None:
    told_levels: list[float] = []
    model = ready["flux schnell"]
    hook = model.network.register_forward_pre_hook(
        lambda _, told, named: told_levels.append(float(named["timestep"][0])), with_kwargs=True
    )
    list(edit(asked(Inpaint(), mask=np.ones((64, 64), np.float32), steps=4, guidance=1.0), model))
    hook.remove()
    assert told_levels == [1.0, 0.75, 0.5, 0.25]
    assert (model.facts.steps, model.facts.guidance, model.facts.fast) == (4, 1.0, True)
    assert not ready["flux"].facts.fast


@pytest.mark.parametrize("tokens", [16, 1024, 4096, 9216])
@pytest.mark.parametrize("kind", ["exponential", "linear"])
def test_larger_pictures_get_more_noise_where_the_scheduler_says_so(tokens: int, kind: str) -> None:
    from diffusers.pipelines.flux.pipeline_flux import calculate_shift

    theirs = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, time_shift_type=kind)
    theirs.set_timesteps(sigmas=[1.0, 0.6, 0.2], mu=calculate_shift(tokens))
    shift = shift_of(dict(theirs.config), tokens)
    ours = [shift * t / (1 + (shift - 1) * t) for t in (1.0, 0.6, 0.2)]
    assert theirs.sigmas[:3].tolist() == pytest.approx(ours, rel=1e-5)
    assert shift_of({"shift": 3.0}, tokens) == 3.0


def test_every_size_has_the_levels_of_what_the_network_sees_there(folders: dict[str, Made]) -> None:
    parts = load_flow_parts(told(folders["flux"][1]), torch.float32)
    assert parts.native == 1024
    model = FlowDiffusion(parts, "flux", "cpu", torch.float32, 0.0)
    assert model.schedule(0.5).ratio == pytest.approx(np.exp(1.15))
    assert model.schedule_at((1024, 1024))(0.5) == model.schedule(0.5)
    assert model.schedule_at((1000, 1010))(0.5).ratio == model.schedule_at((1008, 1024))(0.5).ratio
    assert model.schedule_at((768, 768))(0.5).ratio == pytest.approx(np.exp(0.5 + 0.65 * 2048 / 3840))
    most = model.schedule_at((1536, 1536))(0.5).ratio
    assert most == pytest.approx(np.exp(0.5 + 0.65 * 8960 / 3840))
    assert model.schedule_at((4096, 4096))(0.5).ratio == most  # in pieces no larger than that
    schnell = load_flow_parts(told(folders["flux schnell"][1]), torch.float32)
    model = FlowDiffusion(schnell, "schnell", "cpu", torch.float32, 0.0)
    assert model.schedule_at((768, 768))(0.5).ratio == 1


def test_the_passes_of_an_edit_have_their_sizes_own_levels(
    ready: dict[str, FlowDiffusion], monkeypatch: pytest.MonkeyPatch
) -> None:
    """t0 is meant at the coarsest of them, and a finer one begins at the same noise as with other models."""
    model = ready["flux"]
    moves = {"use_dynamic_shifting": True, "base_image_seq_len": 4, "max_image_seq_len": 16}
    monkeypatch.setattr(model, "scheduler", moves)
    large = np.zeros((160, 160, 3), np.uint8)
    request = EditRequest(large, large)
    first, second = plan(SDEdit(0.6), request, model)
    assert (first.size, second.size) == ((80, 80), (160, 160))
    assert model.schedule_at(second.size)(second.strength).ratio == pytest.approx(FINER)
    only, *_ = plan(SDEdit(0.6), asked(), model)
    coarse, small = (model.schedule_at(each.size)(0.6).ratio for each in (first, only))
    assert coarse > small
    seen = list[float]()
    told_levels = model.network.register_forward_pre_hook(
        lambda _, told, named: seen.append(float(named["timestep"][0])), with_kwargs=True
    )
    list(edit(asked(SDEdit(0.6, order=1), guidance=1.0), model))
    list(edit(replace(request, operation=SDEdit(0.6, order=1, draft=True), steps=1), model))
    told_levels.remove()
    assert seen[0] == pytest.approx(small / (1 + small))
    assert seen[-1] == pytest.approx(coarse / (1 + coarse))


OPERATIONS: list[Operation] = [
    SDEdit(1.0, sde="ve", order=1),
    SDEdit(1.0),
    SDEdit(0.5, solver="ode"),
    Inpaint(solver="cycle"),
    Inpaint(),
    Translate("a meadow", solver="ode"),
    Translate("a meadow", 1.0, find_mask=True),
    Drag((Handle((20, 20), (40, 36), 8),)),
    Drag((Handle((20, 20), (40, 36), 8),), "one pass"),
    Drag((Handle((20, 20), (40, 36), 8),), "published", stride=16),
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{type(each).__name__}")
def test_every_edit_runs_and_keeps_what_it_may_not_change(model: FlowDiffusion, operation: Operation) -> None:
    mask = np.zeros((64, 64), np.float32)
    mask[8:56, 8:56] = 1
    *events, result = edit(asked(operation, mask=mask), model)
    assert isinstance(result, EditResult)
    assert (result.image[mask == 0] == picture()[mask == 0]).all()
    assert (result.image[mask == 1] != picture()[mask == 1]).any()
    assert any(isinstance(each, Preview) for each in events)


def test_an_unedited_path_comes_back_exactly(model: FlowDiffusion) -> None:
    *_, result = edit(asked(Translate("a lake, mist", 0.8)), model)
    decoded = model.decode(model.encode(picture()))
    assert isinstance(result, EditResult)
    assert np.abs(result.image.astype(int) - picture()).max() == 0 or (result.image == decoded).all()


def test_scale_does_not_matter_to_the_denoiser(model: FlowDiffusion) -> None:
    x = torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(1))
    level, denoise = model.schedule(0.4), model.denoiser(asked())
    exploding = level._replace(alpha=1.0, sigma=level.ratio)
    assert torch.allclose(denoise(x, level), denoise(x / level.alpha, exploding), atol=1e-4)
    assert denoise(x, model.schedule(1.0)).isfinite().all()


def test_guidance_is_told_or_led_by(ready: dict[str, FlowDiffusion]) -> None:
    x = torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(0))

    def said(name: str, **settings: Any) -> tuple[Tensor, int]:
        model = ready[name]
        model.clock = models.Clock()
        found = model.denoiser(asked(**settings))(x, model.schedule(0.5))
        return found, model.clock.network_evaluations

    for name, calls in (("sd3", 2), ("flux schnell", 2), ("flux", 1)):
        plain, more = said(name, guidance=1.0), said(name, guidance=6.0)
        assert (plain[1], more[1]) == (1, calls)
        assert not torch.equal(plain[0], more[0])
        away = said(name, guidance=6.0, negative_prompt="people")
        assert away[1] == 2
        assert not torch.equal(away[0], more[0])
    assert said("sd3", prompt="", guidance=6.0)[1] == 1


def test_words_say_what_diffusers_embeds(made: Made, ready: dict[str, FlowDiffusion]) -> None:
    words = ready[made[1].name].words
    found = words.together(["a lake at dawn", ""])
    if "text_encoder_3" in made[0].components:
        tokens, nothing, pooled, _ = made[0].encode_prompt("a lake at dawn", None, None, negative_prompt="")
        assert torch.allclose(found.tokens[1:], nothing, atol=1e-5)
    else:
        tokens, pooled, _ = made[0].encode_prompt("a lake at dawn", max_sequence_length=words.reads)
    assert torch.allclose(found.tokens[:1], tokens, atol=1e-5)
    assert found.whole is not None
    assert torch.allclose(found.whole[:1], pooled, atol=1e-5)


def test_t5_is_in_memory_layer_by_layer_and_for_a_new_prompt_alone(ready: dict[str, FlowDiffusion]) -> None:
    words = ready["flux"].words
    words.told.cache_clear()
    assert words.t5
    t5 = words.t5.model
    layers = [t5.shared, *t5.encoder.block, t5.encoder.final_layer_norm]
    seen: list[list[int]] = []

    def note(*_: object) -> None:
        held = (i for i, layer in enumerate(layers) if not any(x.is_meta for x in layer.parameters()))
        seen.append(list(held))

    hooks = [layer.register_forward_pre_hook(note) for layer in layers]
    for prompts in (["a lake"], ["a lake"], ["people", "a lake"]):
        words.together(prompts)
        assert all(x.is_meta for x in t5.parameters())
    for hook in hooks:
        hook.remove()
    assert seen == [[0], [1], [2], [3]] * 2


@pytest.mark.parametrize("family", ["sd3", "flux"])
def test_a_large_picture_is_made_in_pieces_no_larger_than_its_positions(
    folders: dict[str, Made], family: str
) -> None:
    model = loaded(folders[family][1])
    model.network.register_to_config(pos_embed_max_size=4)
    seen: list[Any] = []
    model.network.register_forward_pre_hook(
        lambda _, told, named: seen.append(told[0].shape), with_kwargs=True
    )
    x = torch.randn(1, 16, 12, 16)
    assert model.denoiser(asked(guidance=1.0))(x, model.schedule(0.5)).shape == x.shape
    piece = (1, 16, 8, 8) if model.facts.family == "sd3" else (1, 16, 64)
    assert seen == [piece] * 6


@pytest.mark.parametrize(
    ("scaling", "shift"), [(1.5305, 0.0609), (0.3611, 0.1159)]
)  # of the one, of the other
@pytest.mark.parametrize("family", ["sd3", "flux"])
def test_the_sketch_is_fitted_to_sixteen_channels(
    folders: dict[str, Made], family: str, scaling: float, shift: float
) -> None:
    """Where the latents are some linear map of the colours, the sketch finds the colours again."""
    parts = load_flow_parts(told(folders[family][1]), torch.float32)
    parts.autoencoder.encoder = nn.Sequential(nn.AvgPool2d(8), nn.Conv2d(3, 32, 1))
    parts.autoencoder.register_to_config(scaling_factor=scaling, shift_factor=shift)
    model = FlowDiffusion(parts, "linear", "cpu", torch.float32, 0.0)
    seen = model.sketch(model.encode(picture()))
    assert np.abs(seen - picture().reshape(8, 8, 8, 8, 3).mean((1, 3))).max() < 1


def test_a_tiny_decoder_shows_sixteen_channels(
    model: FlowDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.tiny_decoder.SHARE", 1e9)
    tiny(16).save_pretrained(tmp_path / "tiny")
    events = edit(asked(tiny_decoder=str(tmp_path / "tiny")), model)
    assert {each.image.shape for each in events if isinstance(each, Preview)} == {(64, 64, 3)}


def test_an_edit_stops_inside_the_network(model: FlowDiffusion) -> None:
    asks = 0

    def stop() -> bool:
        nonlocal asks
        asks += 1
        return asks > 150

    with pytest.raises(models.Interrupted):
        list(edit(asked(steps=50), model, stop))
    assert asks == 151
    *_, last = edit(asked(), model)
    assert isinstance(last, EditResult)


def test_weights_in_many_files_and_in_half_precision_are_found(
    folders: dict[str, Made], ready: dict[str, FlowDiffusion], tmp_path: Path
) -> None:
    made = folders["sd3"][0]
    made.save_pretrained(tmp_path / "model", variant="fp16", max_shard_size="100KB")
    assert len(list((tmp_path / "model" / "transformer").glob("*.fp16-*.safetensors"))) > 2
    assert len(list((tmp_path / "model" / "text_encoder_3").glob("*.safetensors"))) > 1
    x, level = torch.randn(1, 16, 8, 8), ready["sd3"].schedule(0.5)
    ours, whole = (each.denoiser(asked())(x, level) for each in (loaded(tmp_path / "model"), ready["sd3"]))
    assert torch.allclose(ours, whole, atol=1e-4)
    next((tmp_path / "model" / "text_encoder_3").glob("*00002-of*.safetensors")).unlink()
    with pytest.raises(EngineError, match="missing or do not fit; get a fresh copy"):
        models.load(str(tmp_path / "model"), "cpu")
