"""Drags by every form, on the analytic model: every pixel N(0, 0.5^2) on its own."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter
from torch import Tensor

from engine.edits import edit
from engine.levels import Level
from engine.pieces import Wanted
from engine.sampling import Denoise
from engine.toy import Toy
from engine.types import Drag, EditRequest, EditResult, EngineError, Form, Frame, Handle, Preview, Region, Rgb
from engine.warp import warped

RANDOM = np.random.default_rng(0)
HEIGHT, WIDTH = 72, 96
PHOTO = RANDOM.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
HANDLE = Handle((30, 30), (66, 44), radius=8, trim=False)
FORMS: tuple[Form, ...] = ("auto", "carry", "settle", "one pass", "published")
forms = pytest.mark.parametrize("form", FORMS)
guided = pytest.mark.parametrize("form", ["auto", "carry", "settle"])
windows = pytest.mark.parametrize("form", ["one pass", "published"])
solvers = pytest.mark.parametrize("solver", ["cycle", "sde", "ode"])


def request(picture: Rgb = PHOTO, *handles: Handle, **choices: Any) -> EditRequest:
    return EditRequest(picture, picture, operation=Drag(handles or (HANDLE,), **choices), steps=5)


def result(asked: EditRequest, model: Toy | None = None) -> Rgb:
    *_, last = edit(asked, model or Toy())
    assert isinstance(last, EditResult)
    return last.image


def square(x: int, y: int, side: int) -> Region:
    return Region(x, y, np.full((side, side), 255, np.uint8))


def spot(x: int, y: int) -> Rgb:
    """A bright square of 9 x 9 pixels round a place, on grey."""
    picture = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
    picture[y - 4 : y + 5, x - 4 : x + 5] = 250
    return picture


def middle(picture: Rgb) -> tuple[float, float]:
    """Of the brightest square of 9 x 9."""
    blurred = np.asarray(Image.fromarray(picture).filter(ImageFilter.BoxBlur(4)), np.float32).mean(-1)
    row, column = divmod(int(blurred.argmax()), WIDTH)
    return float(column), float(row)


@forms
@solvers
def test_outside_the_mask_every_byte_is_kept(form: Form, solver: str) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    mask[15:60, 12:80] = 1
    out = result(replace(request(form=form, solver=solver, strength=0.5), mask=mask))
    assert (out[mask == 0] == PHOTO[mask == 0]).all()
    assert (out != PHOTO).any()


@guided
def test_without_a_mask_only_the_two_places_and_their_rims_change(form: Form) -> None:
    out = result(request(form=form))
    rows, columns = np.indices((HEIGHT, WIDTH)) + 0.5
    far = np.minimum.reduce([np.hypot(columns - x, rows - y) for x, y in (HANDLE.source, HANDLE.target)])
    assert (out[far > 22] == PHOTO[far > 22]).all()
    assert (out[far < 5] != PHOTO[far < 5]).mean() > 0.9


def test_carry_keeps_what_it_moves_exactly_where_nothing_speaks_against_it() -> None:
    """Pixels that know nothing of each other give no reason to change one."""
    handle = replace(HANDLE, radius=16)
    out, warp = result(request(PHOTO, handle, form="carry")), warped(PHOTO, [handle])
    rows, columns = np.indices((HEIGHT, WIDTH)) + 0.5
    inner = np.hypot(columns - 66, rows - 44) < 6
    assert (out[inner] == warp.picture[inner]).all()
    assert (out[inner] == np.roll(PHOTO, (14, 36), (0, 1))[inner]).all()


def test_carry_invents_the_ground_as_the_model_knows_it() -> None:
    """N(0, 0.5^2), where the fill is flat."""
    handle = replace(HANDLE, radius=16)
    out = result(replace(request(PHOTO, handle, form="carry", strength=0.9), steps=20)) / 127.5 - 1
    rows, columns = np.indices((HEIGHT, WIDTH)) + 0.5
    hole = np.hypot(columns - 30, rows - 30) < 12
    assert out[hole].std() == pytest.approx(0.5, abs=0.07)
    assert warped(PHOTO, [handle]).picture[hole].std() / 127.5 < 0.2


@windows
@solvers
@pytest.mark.parametrize("target", [(66, 30), (30, 58), (58, 52), (64, 15), (12, 12)])
def test_windows_arrive_on_straight_and_diagonal_ways(
    form: Form, solver: str, target: tuple[float, float]
) -> None:
    """With little noise: on this model, where a pixel is known by itself alone, Cycle-SDE brings much of the
    thing back to its old place, and the SDE forgets it move by move.
    """
    handle = Handle((30.5, 30.5), (target[0] + 0.5, target[1] + 0.5), radius=7)
    strength = 0.2 if solver == "ode" else 0.05
    asked = request(spot(30, 30), handle, form=form, solver=solver, strength=strength, alpha=1.0, beta=0.0)
    assert math.dist(middle(result(asked)), target) < 1.5


@forms
@pytest.mark.parametrize(
    ("source", "target"), [((1, 1), (94, 70)), ((95, 3), (2, 69)), ((48, 36), (0, 0)), ((48, 71), (95.5, 36))]
)
def test_handles_reach_to_the_borders(
    form: Form, source: tuple[float, float], target: tuple[float, float]
) -> None:
    out = result(request(PHOTO, Handle(source, target, radius=10), form=form))
    assert out.shape == PHOTO.shape
    x, y = min(int(target[0]), WIDTH - 3), min(int(target[1]), HEIGHT - 3)
    assert (out[y : y + 2, x : x + 2] != PHOTO[y : y + 2, x : x + 2]).any()


@forms
def test_several_handles_move_together(form: Form) -> None:
    handles = (Handle((20, 20), (20, 50), radius=6), Handle((70, 20), (70, 50), radius=6))
    out = result(request(PHOTO, *handles, form=form))
    for x in (20, 70):
        assert (out[46:54, x - 4 : x + 4] != PHOTO[46:54, x - 4 : x + 4]).mean() > 0.8


def test_together_handles_change_places_and_in_turn_they_do_not() -> None:
    """All are copied from one snapshot; in turn the second takes along what the first has brought."""
    a = Handle((22, 36), (74, 36), region=square(7, 21, 30), trim=False)
    b = Handle((74, 36), (22, 36), region=square(59, 21, 30), trim=False)
    together, in_turn = (result(request(PHOTO, a, b, form="carry", together=each)) for each in (True, False))
    old, new = np.s_[33:39, 19:25], np.s_[33:39, 71:77]
    assert (together[old] == PHOTO[new]).all()
    assert (together[new] == PHOTO[old]).all()
    assert (in_turn[old] == PHOTO[old]).all()


def test_in_turn_every_handle_leaves_a_frame_and_progress_only_grows() -> None:
    handles = (HANDLE, Handle((60, 20), (40, 60), radius=8))
    events = list(edit(replace(request(PHOTO, *handles, form="carry", together=False), variants=2), Toy()))
    frames = [event for event in events if isinstance(event, Frame)]
    assert [(each.variant, each.move, each.moves) for each in frames] == [
        (0, 1, 2),
        (0, 2, 2),
        (1, 1, 2),
        (1, 2, 2),
    ]
    done = [event.done for event in events if isinstance(event, Preview)]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(1)


def test_as_published_guidance_falls_with_the_level() -> None:
    seen: list[float] = []

    class Asked(Toy):
        def denoiser(self, request: EditRequest, wanted: Wanted | None = None) -> Denoise:
            known = super().denoiser(request, wanted)

            def denoise(x: Tensor, level: Level) -> Tensor:
                seen.append(request.guidance)
                return known(x, level)

            return denoise

    asked = replace(request(form="published", stride=50), guidance=3.0)
    result(asked, Asked())
    assert seen == pytest.approx([guidance for each in (3.0, 2.5, 2.0, 1.5) for guidance in (each, each)])


def test_as_published_every_move_leaves_a_frame() -> None:
    """A way of 38.6 pixels in strides of 8 is 5 moves."""
    events = list(edit(request(form="published", stride=8), Toy()))
    frames = [event for event in events if isinstance(event, Frame)]
    assert [(each.move, each.moves) for each in frames] == [(i, 5) for i in range(1, 6)]
    assert isinstance(events[-1], EditResult)
    assert (events[-1].image == frames[-1].image).all()


@forms
@solvers
def test_progress_counts_up_to_the_last_call(form: Form, solver: str) -> None:
    events = list(edit(replace(request(form=form, solver=solver), variants=2), Toy()))
    previews = [event for event in events if isinstance(event, Preview)]
    calls = [event.call for event in previews]
    assert calls == sorted(set(calls))
    assert {event.calls for event in previews} == {calls[-1]}
    assert previews[-1].done == pytest.approx(1)
    assert [event.seed for event in events if isinstance(event, EditResult)] == [0, 1]


@windows
@solvers
def test_calls_of_the_network_are_told_as_they_are(form: Form, solver: str) -> None:
    model = Toy()
    events = list(edit(request(form=form, solver=solver, stride=20), model))
    said = [event.calls for event in events if isinstance(event, Preview)]
    assert model.clock.network_calls == said[-1]


def test_another_seed_asks_the_network_half_as_often() -> None:
    """The path of the warped picture is kept, with what the network said along it."""
    model, asked = Toy(), request(form="carry")
    first = result(asked, model)
    calls = model.clock.network_calls
    second = result(replace(asked, seed=1), model)
    assert model.clock.network_calls - calls <= 0.6 * calls
    assert (first != second).any()
    assert (second == result(replace(asked, seed=1), Toy())).all()


@pytest.mark.parametrize("words", [{"prompt": "dusk"}, {"negative_prompt": "dusk"}, {"guidance": 5.0}])
def test_a_path_of_other_words_is_asked_anew(words: dict[str, Any]) -> None:
    model, asked = Toy(), request(form="carry")
    result(asked, model)
    first = model.clock.network_calls
    result(replace(asked, **words), model)
    assert model.clock.network_calls == 2 * first


@forms
def test_the_same_seed_gives_the_same_picture(form: Form) -> None:
    asked = request(form=form, solver="sde")
    assert (result(asked) == result(asked)).all()
    assert (result(asked) != result(replace(asked, seed=1))).any()


@forms
def test_variants_are_the_pictures_of_the_next_seeds(form: Form) -> None:
    *_, second = edit(replace(request(form=form), variants=2, seed=3), Toy())
    assert isinstance(second, EditResult)
    assert (second.image == result(replace(request(form=form), seed=4))).all()


@guided
def test_a_region_turns_and_grows(form: Form) -> None:
    handle = Handle((24, 36), (66, 36), turn=45, scale=2, region=square(18, 30, 12), trim=False)
    picture = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    picture[30:42, 18:30] = 250
    out = result(request(picture, handle, form=form, strength=0.3, settle=0.05))
    assert (out[36, 66 - 14 : 66 + 14] > 190).all()  # a corner of the diamond, twice as large
    assert (out[36 - 11, 66 - 11] < 190).all()


@guided
def test_with_beta_1_the_source_stays(form: Form) -> None:
    out = result(request(form=form, beta=1))
    assert (out[24:36, 24:36] == PHOTO[24:36, 24:36]).all()
    assert (out[38:50, 60:72] != PHOTO[38:50, 60:72]).any()


@windows
def test_windows_neither_turn_nor_grow(form: Form) -> None:
    for handle in (replace(HANDLE, turn=30.0), replace(HANDLE, scale=1.5)):
        with pytest.raises(EngineError, match="cannot turn or scale; choose the form carry or settle"):
            list(edit(request(PHOTO, handle, form=form), Toy()))


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"handles": ()}, "There is no handle to drag; place one on the picture"),
        ({"strength": 1.2}, "Strength is 1.2; choose a number from 0 to 1"),
        ({"settle": -0.1}, "Settle strength is -0.1; choose a number from 0 to 1"),
        ({"alpha": 5}, "Alpha is 5; choose a number from 0 to 4"),
        ({"beta": 2}, "Beta is 2; choose a number from 0 to 1"),
        ({"stride": 0}, "The stride is 0 pixels; choose more than 0"),
        ({"stride": math.nan}, "The stride is nan pixels; choose more than 0"),
    ],
)
def test_a_drag_says_what_is_wrong_with_it(choices: dict[str, Any], said: str) -> None:
    with pytest.raises(EngineError, match=said):
        Drag(**{"handles": (HANDLE,), **choices})
