"""Inpainting and translation: there and back along a picture's path, on exact denoisers and the starter."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from engine import models
from engine.edits import edit
from engine.headless import SAMPLE
from engine.levels import Level
from engine.pieces import Wanted
from engine.sampling import Denoise
from engine.toy import Toy
from engine.types import (
    EditRequest,
    EditResult,
    EngineError,
    Event,
    Inpaint,
    Preview,
    Rgb,
    Settle,
    Translate,
)

RANDOM = np.random.default_rng(0)
PHOTO = RANDOM.integers(0, 256, (48, 64, 3), dtype=np.uint8)
HALF = np.zeros((48, 64), np.float32)
HALF[:, 32:] = 1
SOFT = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (48, 1))
HOLE = EditRequest(PHOTO, PHOTO, HALF, Inpaint(), steps=6)
WORDS = EditRequest(PHOTO, PHOTO, None, Translate("dark"), steps=6, prompt="bright")
SOLVERS: list[Literal["sde", "ode", "cycle"]] = ["sde", "ode", "cycle"]


class Told(Toy):
    """Data whose mean the prompt says: 0.5 brighter or darker on the right half, the same on the left."""

    MEANS = {"bright": 0.5, "dark": -0.5, "": 0.0}

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.dtype = dtype
        self.network.to(dtype)

    def encode(self, picture: Rgb) -> Tensor:
        return super().encode(picture).to(self.dtype)

    def denoiser(self, request: EditRequest, wanted: Wanted | None = None) -> Denoise:
        plain, mean = super().denoiser(request, wanted), self.MEANS[request.prompt]

        def denoise(x: Tensor, level: Level) -> Tensor:
            means = torch.zeros_like(x)
            means[..., x.shape[3] // 2 :] = mean
            return means + plain(x - level.alpha * means, level)

        return denoise


class Large(Told):
    """A model whose native size is a quarter of these pictures'."""

    def sizes(self, width: int, height: int) -> list[tuple[int, int]]:
        return [(width // 4, height // 4), (width // 2, height // 2), (width, height)]


def result(request: EditRequest, model: models.Model | None = None) -> Rgb:
    *_, last = edit(request, model or Told())
    assert isinstance(last, EditResult)
    return last.image


def previews(events: list[Event]) -> list[Preview]:
    return [event for event in events if isinstance(event, Preview)]


@pytest.mark.parametrize("model", [Told, Large])
@pytest.mark.parametrize(
    "request_",
    [
        *(replace(HOLE, operation=Inpaint(0.9, solver)) for solver in SOLVERS),
        *(replace(WORDS, operation=Translate("dark", 0.6, solver)) for solver in SOLVERS),
        replace(WORDS, operation=Translate("dark", 0.6, "cycle", find_mask=True)),
        replace(WORDS, operation=Translate("dark", 0.6, "sde", find_mask=True)),
    ],
)
def test_an_event_follows_every_network_call(model: type[Told], request_: EditRequest) -> None:
    toy = model()
    seen = []
    for event in edit(replace(request_, variants=2), toy):
        seen.append(event)
        if isinstance(event, Preview):
            assert event.call == toy.clock.network_calls
    calls = [event.call for event in previews(seen)]
    assert calls == list(range(1, len(calls) + 1))
    assert {event.calls for event in previews(seen)} == {len(calls)}
    assert [event.variant for event in seen if isinstance(event, EditResult)] == [0, 1]
    done = [event.done for event in previews(seen)]
    assert done == sorted(done)
    assert done[0] > 0
    assert done[-1] == pytest.approx(1)


@pytest.mark.parametrize("mask", [HALF, SOFT])
@pytest.mark.parametrize("model", [Told, Large])
@pytest.mark.parametrize("solver", SOLVERS)
def test_outside_the_mask_every_byte_is_kept(
    solver: Literal["sde", "ode", "cycle"], model: type[Told], mask: np.ndarray
) -> None:
    for request in (
        replace(HOLE, mask=mask, operation=Inpaint(1.0, solver)),
        replace(WORDS, mask=mask, operation=Translate("dark", 0.7, solver)),
    ):
        out = result(request, model())
        assert (out[mask == 0] == PHOTO[mask == 0]).all()
        assert (out[mask == 1] != PHOTO[mask == 1]).mean() > 0.8


@pytest.mark.parametrize("solver", SOLVERS)
def test_previews_keep_the_known_picture_too(solver: Literal["sde", "ode", "cycle"]) -> None:
    for event in previews(list(edit(replace(HOLE, operation=Inpaint(1.0, solver)), Told()))):
        assert (event.image[HALF == 0] == PHOTO[HALF == 0]).all()


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_was_in_the_hole_is_forgotten(solver: Literal["sde", "ode", "cycle"]) -> None:
    """At full strength two pictures that differ only there give the same result."""
    other = np.where(HALF[..., None] > 0, 255 - PHOTO, PHOTO)
    request = replace(HOLE, operation=Inpaint(1.0, solver), steps=20)
    one, two = result(request), result(replace(request, image=other, guide=other))
    assert np.abs(one.astype(int) - two).mean() < 2
    assert np.abs(one.astype(int) - PHOTO)[:, 32:].mean() > 40


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_is_invented_is_the_models_own(solver: Literal["sde", "ode", "cycle"]) -> None:
    """N(0, 0.5^2) around mid grey."""
    invented = result(replace(HOLE, operation=Inpaint(1.0, solver), steps=25))[:, 32:] / 127.5 - 1
    assert invented.mean() == pytest.approx(0, abs=0.04)
    assert 0.42 < invented.std() < 0.54


def test_a_variant_is_the_picture_of_the_next_seed() -> None:
    by_sde = replace(WORDS, operation=Translate("dark", 0.7, "sde"))
    for request in (replace(HOLE, operation=Inpaint(1.0, "cycle")), by_sde):
        *_, second = edit(replace(request, variants=2, seed=3), Told())
        assert isinstance(second, EditResult)
        assert (second.image == result(replace(request, seed=4))).all()
        assert (second.image != result(replace(request, seed=3))).any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("model", [Told, Large])
@pytest.mark.parametrize("strength", [0.3, 0.7, 1.0])
def test_an_unedited_cycle_returns_the_picture_exactly(
    dtype: torch.dtype, model: type[Told], strength: float
) -> None:
    request = replace(WORDS, operation=Translate("bright", strength, "cycle"), guidance=1.0)
    assert (result(request, model(dtype)) == PHOTO).all()


def test_the_inversions_error_falls_with_steps() -> None:
    request = replace(WORDS, operation=Translate("bright", 0.7, "ode"))
    errors = [
        np.abs(result(replace(request, steps=steps)).astype(int) - PHOTO).mean() for steps in (5, 15, 50)
    ]
    assert errors[0] > 2 * errors[1] > 4 * errors[2]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("model", [Told, Large])
def test_other_words_change_what_they_speak_of(
    solver: Literal["sde", "ode", "cycle"], model: type[Told]
) -> None:
    """From a mean of -0.5 to 0.5 on the right: some 64 levels, where bytes have room; the left is kept."""
    dark = np.full((48, 64, 3), 96, np.uint8)
    request = replace(WORDS, image=dark, guide=dark, operation=Translate("dark", 0.9, solver), steps=20)
    out = result(request, model()).astype(int) - dark
    assert out[:, 34:].mean() > 80
    if solver != "sde":
        assert np.abs(out[:, :30]).mean() < 12
    if solver == "cycle":
        assert not out[:, :24].any()


@pytest.mark.parametrize("model", [Told, Large])
def test_a_mask_is_found_where_the_words_differ(model: type[Told]) -> None:
    request = replace(WORDS, operation=Translate("dark", 0.9, "sde", find_mask=True))
    out = result(request, model())
    assert (out[:, :24] == PHOTO[:, :24]).all()
    assert (out[:, 40:] != PHOTO[:, 40:]).mean() > 0.9
    kept = np.zeros_like(HALF)
    kept[:24] = 1
    out = result(replace(request, mask=kept), model())
    assert (out[24:] == PHOTO[24:]).all()  # a mask that is given limits the one that is found
    assert (out[:20, 40:] != PHOTO[:20, 40:]).mean() > 0.9


def test_strength_0_is_the_picture() -> None:
    model = Told()
    assert (result(replace(HOLE, operation=Inpaint(0.0, "cycle")), model) == PHOTO).all()
    assert (result(replace(WORDS, operation=Translate("dark", 0.0)), model) == PHOTO).all()
    assert model.clock.network_calls == 0


def test_one_step_is_enough_to_run() -> None:
    for solver in SOLVERS:
        for operation in (Inpaint(1.0, solver), Translate("", 0.5, solver)):
            request = replace(HOLE, operation=operation, steps=1, prompt="bright")
            assert result(request).shape == PHOTO.shape


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (replace(HOLE, mask=None), "Nothing is free to be invented"),
        (replace(HOLE, mask=np.zeros_like(HALF)), "Nothing is free to be invented"),
        (
            replace(WORDS, operation=Translate("bright", find_mask=True)),
            "The two prompts make no difference to this picture",
        ),
    ],
)
def test_what_cannot_be_done_is_refused(request_: EditRequest, words: str) -> None:
    with pytest.raises(EngineError, match=words):
        result(request_)


@pytest.mark.parametrize("operation", [Inpaint, Translate])
def test_numbers_out_of_range_are_refused(operation: type[Inpaint | Translate]) -> None:
    with pytest.raises(EngineError, match=r"Strength is 1\.2; choose a number from 0 to 1"):
        operation(strength=1.2)


@pytest.fixture(scope="module")
def starter() -> models.Model:
    return models.load("starter", "cpu")


def dusk() -> Rgb:
    """Sky over a meadow, coarse, 128 x 192."""
    picture = np.zeros((128, 192, 3), np.uint8)
    picture[:64], picture[64:] = (120, 160, 220), (80, 110, 50)
    return picture + RANDOM.integers(0, 12, picture.shape, dtype=np.uint8)


def test_the_starter_keeps_a_picture_whose_words_stay(starter: models.Model) -> None:
    request = EditRequest(dusk(), dusk(), None, Translate("day", 0.7), steps=2, prompt="day")
    request = replace(request, guide=request.image)
    assert (result(request, starter) == request.image).all()


@pytest.mark.parametrize("solver", ["sde", "cycle"])
def test_the_starter_hears_the_words(starter: models.Model, solver: Literal["sde", "ode", "cycle"]) -> None:
    strokes = np.asarray(Image.open(SAMPLE).convert("RGB").resize((192, 192)))
    request = EditRequest(strokes, strokes, None, Translate("", 0.9, solver), steps=6)
    night, desert = (result(replace(request, prompt=prompt), starter) for prompt in ("night", "desert"))
    assert night.mean() < desert.mean() - 8


def test_the_starter_fills_a_hole_as_its_surroundings_are(starter: models.Model) -> None:
    picture = dusk()
    mask = np.zeros(picture.shape[:2], np.float32)
    mask[20:44, 60:100] = 1
    holed = picture.copy()
    holed[mask > 0] = (255, 0, 255)
    out = result(EditRequest(holed, holed, mask, Inpaint(1.0, "cycle"), steps=8), starter)
    assert (out[mask == 0] == holed[mask == 0]).all()
    sky = picture[:64].mean((0, 1))
    assert np.abs(out[mask > 0].mean(0) - sky).max() < 40


def test_unknown_words_are_named_on_both_sides(starter: models.Model) -> None:
    request = EditRequest(dusk(), dusk(), None, Translate("castle"), prompt="night")
    with pytest.raises(EngineError, match="does not know 'castle'"):
        result(request, starter)


def test_settling_keeps_what_has_no_share_and_what_the_mask_keeps() -> None:
    """Also in colours that the model has never seen."""
    photo = np.full((48, 48, 3), 90, np.uint8)
    guide = photo.copy()
    guide[12:36, 12:36] = (255, 0, 255)
    mask = np.zeros((48, 48), np.float32)
    mask[8:40, 8:40] = 1
    share = mask.copy()
    share[16:32, 16:32] = 0
    request = EditRequest(photo, guide, mask, Settle(0.5), steps=6, model="toy", share=share)
    events = list(edit(request, Toy()))
    (result,) = (event.image for event in events if isinstance(event, EditResult))
    calls = [event.call for event in events if isinstance(event, Preview)]
    assert calls == list(range(1, 12))  # two a step, one at the first
    assert np.array_equal(result[mask == 0], photo[mask == 0])
    assert np.array_equal(result[16:32, 16:32], guide[16:32, 16:32])
    assert not np.array_equal(result[8:16, 8:40], guide[8:16, 8:40])


@pytest.mark.parametrize(
    ("ground", "colour", "change"),
    [
        ((90, 90, 90), (255, 0, 255), 0),
        ((20, 30, 45), (70, 20, 10), 0),  # both are dark, but a hull is no water
        ((90, 90, 90), (110, 110, 110), 10),
    ],
)
def test_settling_makes_new_where_colours_are_alike(
    ground: tuple[int, ...], colour: tuple[int, ...], change: int
) -> None:
    """A thing keeps its outline, whatever the model says; a piece of the same ground is made anew."""
    photo = np.full((32, 32, 3), ground, np.uint8)
    guide = photo.copy()
    guide[8:24, 8:24] = colour
    request = EditRequest(photo, guide, None, Settle(0.5, fresh=0), steps=4, model="toy")
    (result,) = (event.image for event in edit(request, Toy()) if isinstance(event, EditResult))
    assert round(np.abs(result[8:24, 8:24].astype(float) - colour).mean()) >= change
    assert change or np.array_equal(result[8:24, 8:24], guide[8:24, 8:24])
