"""SDEdit as a generator of events, on the analytic model: every pixel N(0, 0.5^2) on its own."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from torch import Tensor

from engine.edits import edit
from engine.models import Interrupted
from engine.sampling import SOLVERS
from engine.sdedit import plan
from engine.toy import Toy
from engine.types import EditRequest, EditResult, EngineError, Preview, Rgb, SDEdit

RANDOM = np.random.default_rng(0)
PHOTO = RANDOM.integers(0, 256, (48, 64, 3), dtype=np.uint8)
GUIDE = np.full_like(PHOTO, 160)
HALF = np.zeros((48, 64), np.float32)
HALF[:, 32:] = 1
HALVES = HALF == 0, HALF == 1
REQUEST = EditRequest(PHOTO, GUIDE, None, SDEdit(0.5), steps=6)


def result(request: EditRequest) -> np.ndarray:
    *_, last = edit(request, Toy())
    assert isinstance(last, EditResult)
    return last.image


def test_an_event_follows_every_network_call() -> None:
    model = Toy()
    events = list(edit(replace(REQUEST, variants=2, operation=SDEdit(0.5, repeats=3)), model))
    previews = [event for event in events if isinstance(event, Preview)]
    assert [event.call for event in previews] == list(range(1, 37))
    assert {event.calls for event in previews} == {36}
    assert model.clock.network_calls == 36
    assert [event.variant for event in events if isinstance(event, EditResult)] == [0, 1]
    assert [event.seed for event in events if isinstance(event, EditResult)] == [0, 1]


@pytest.mark.parametrize(
    "operation", [SDEdit(order=1), SDEdit(solver="ode"), SDEdit(sde="ve", order=1), SDEdit()]
)
def test_the_same_seed_gives_the_same_picture(operation: SDEdit) -> None:
    request = replace(REQUEST, operation=operation, seed=7)
    assert (result(request) == result(request)).all()
    assert (result(request) != result(replace(request, seed=8))).any()


def test_variants_are_the_pictures_of_the_next_seeds() -> None:
    *_, second = edit(replace(REQUEST, variants=2, seed=3), Toy())
    assert isinstance(second, EditResult)
    assert (second.image == result(replace(REQUEST, seed=4))).all()


@pytest.mark.parametrize(
    "operation", [SDEdit(0.7, 2), SDEdit(0.7, sde="ve", order=1), SDEdit(0.7, solver="ode")]
)
def test_outside_the_mask_every_byte_is_kept(operation: SDEdit) -> None:
    out = result(replace(REQUEST, mask=HALF, operation=operation))
    assert (out[HALF == 0] == PHOTO[HALF == 0]).all()
    assert (out[HALF == 1] != PHOTO[HALF == 1]).mean() > 0.9


def test_a_ladder_is_one_run_of_several_strengths_from_one_noise() -> None:
    model, rungs = Toy(), (0.3, 0.5, 0.7)
    ladder = replace(REQUEST, operation=SDEdit(ladder=rungs), variants=3, seed=5)
    events = list(edit(ladder, model))
    made = [event for event in events if isinstance(event, EditResult)]
    assert [each.seed for each in made] == [5, 5, 5]
    assert {event.calls for event in events if isinstance(event, Preview)} == {model.clock.network_calls}
    for each, strength in zip(made, rungs, strict=True):
        alone = replace(REQUEST, operation=SDEdit(strength), seed=5)
        assert (each.image == result(alone)).all()


def test_full_shares_are_no_map_at_all() -> None:
    full = np.ones_like(HALF)
    assert (result(replace(REQUEST, share=full, mask=HALF)) == result(replace(REQUEST, mask=HALF))).all()


class Coarse(Toy):
    """Works at half the size."""

    def sizes(self, width: int, height: int) -> list[tuple[int, int]]:
        return [(width // 2, height // 2)]


def test_what_is_finer_than_the_model_works_at_stays_as_far_as_a_place_is_kept() -> None:
    checks = np.indices(GUIDE.shape[:2]).sum(0)[..., None] % 2 * 60  # which half the size knows nothing of
    guide = (GUIDE - 30 + checks).astype(np.uint8)
    share = np.full(HALF.shape, 0.25, np.float32)
    share[:, 32:] = 1
    *_, last = edit(replace(REQUEST, guide=guide, share=share), Coarse())
    assert isinstance(last, EditResult)
    contrast = [
        2 * np.mean(part.astype(float) * (checks[:, :32] - 30) / 30) / 60
        for part in (last.image[:, :32], last.image[:, 32:])
    ]
    assert abs(contrast[0] - 0.75) < 0.1
    assert abs(contrast[1]) < 0.1


def test_where_the_share_is_nothing_the_guide_stays_bit_for_bit() -> None:
    share = HALF.copy()
    share[:, 48:] = 0.5
    out = result(replace(REQUEST, share=share))
    assert (out[share == 0] == GUIDE[share == 0]).all()
    assert (out[share > 0] != GUIDE[share > 0]).mean() > 0.9


@pytest.mark.parametrize("solver", ["sde", "ode"])
def test_the_smaller_its_share_the_nearer_a_place_stays_to_the_guide(solver: Literal["sde", "ode"]) -> None:
    share = np.repeat(np.array([0, 64, 128, 255], np.float32) / np.float32(255), 16)[None].repeat(48, 0)
    out = result(replace(REQUEST, operation=SDEdit(0.9, solver=solver), share=share, steps=20))
    far = np.abs(out.astype(int) - GUIDE).reshape(48, 4, 16, 3).mean((0, 2, 3))
    assert far[0] == 0
    assert far[0] < far[1] < far[2] < far[3]


def test_a_share_of_a_strength_is_that_strength() -> None:
    """Each pixel of the toy is on its own, so a map of halves is the half of t0."""
    halves = np.full_like(HALF, 128 / 255)
    mapped = result(replace(REQUEST, operation=SDEdit(0.8, repeats=2), share=halves, steps=200))
    plain = result(replace(REQUEST, operation=SDEdit(0.8 * 128 / 255, repeats=2), steps=200))
    assert mapped.std() == pytest.approx(plain.std(), rel=0.05)


def test_previews_keep_the_known_picture_too() -> None:
    first = next(edit(replace(REQUEST, mask=HALF), Toy()))
    assert isinstance(first, Preview)
    assert (first.image[HALF == 0] == PHOTO[HALF == 0]).all()


def test_strength_0_is_the_guide_and_calls_no_network() -> None:
    model = Toy()
    (only,) = edit(replace(REQUEST, operation=SDEdit(0.0)), model)
    assert isinstance(only, EditResult)
    assert (only.image == GUIDE).all()
    assert model.clock.network_calls == 0


def test_strength_trades_faithfulness_for_realism() -> None:
    """The distance to the guide grows with t0."""
    far = [
        np.abs(result(replace(REQUEST, operation=SDEdit(t0))).astype(int) - GUIDE).mean()
        for t0 in (0.05, 0.1, 0.25)
    ]
    assert far == sorted(far)


def test_at_full_strength_the_result_is_the_models_own() -> None:
    """N(0, 0.5^2) around mid grey, whatever the guide."""
    out = result(replace(REQUEST, operation=SDEdit(1.0), steps=25)) / 127.5 - 1
    assert out.mean() == pytest.approx(0, abs=0.03)
    assert 0.42 < out.std() < 0.54  # a little less than 0.5: bytes end at -1 and 1


def test_vp_and_ve_agree_on_what_strength_means() -> None:
    vp, ve = (result(replace(REQUEST, operation=SDEdit(0.5, sde=sde))) for sde in ("vp", "ve"))
    assert np.abs(vp.astype(int) - ve).max() <= 1  # the same walk in other coordinates


def test_every_registered_solver_can_be_asked_for_by_name() -> None:
    usual = {
        "first order": SDEdit(order=1),
        "second order": SDEdit(),
        "euler-maruyama": SDEdit(sde="ve", order=1),
    }
    assert {*usual, "consistency", "euler"} == set(
        SOLVERS
    )  # the last two are what some models want of themselves
    for name, operation in usual.items():
        named = replace(REQUEST, operation=SDEdit(sde=operation.sde, method=name))
        assert (result(named) == result(replace(REQUEST, operation=operation))).all()


def test_a_model_is_walked_as_it_was_made_for_unless_another_solver_is_asked_for() -> None:
    model, named = Toy(), replace(REQUEST, operation=SDEdit(method="consistency"), steps=4)
    usual = result(replace(named, operation=SDEdit()))
    model.method = "consistency"
    *_, own = edit(replace(named, operation=SDEdit()), model)
    assert isinstance(own, EditResult)
    assert (own.image == result(named)).all()
    assert (own.image != usual).any()
    *_, papers = edit(replace(named, operation=SDEdit(order=1)), model)
    assert isinstance(papers, EditResult)
    assert (papers.image == result(replace(named, operation=SDEdit(order=1)))).all()


def test_closing_the_generator_ends_the_work() -> None:
    model = Toy()
    events = edit(REQUEST, model)
    next(events)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert model.clock.network_calls == 2


def test_stop_works_inside_a_network_call() -> None:
    stop = threading.Event()
    model = Toy()
    events = edit(REQUEST, model, stop.is_set)
    next(events)
    stop.set()
    with pytest.raises(Interrupted):
        next(events)
    assert model.clock.network_calls == 1
    assert result(REQUEST).shape == PHOTO.shape  # and the model is as good as new


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"strength": 1.5}, "Strength is 1.5"),
        ({"strength": -0.1}, "Strength is -0.1"),
        ({"strength": float("nan")}, "Strength is nan"),
        ({"repeats": 0}, "Repeats is 0"),
    ],
)
def test_an_operation_that_cannot_be_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(EngineError, match=words):
        SDEdit(**change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": 0}, "Steps is 0"),
        ({"steps": 1001}, "Steps is 1001"),
        ({"variants": 0}, "Variants is 0"),
        ({"operation": SDEdit(ladder=(0.3, 0.5)), "variants": 3}, "A ladder of 2 strengths makes 2 variants"),
        ({"share": HALF[:4]}, "The map of strengths is 64 x 4 pixels but the picture is 64 x 48"),
        ({"seed": -1}, "Seed is -1"),
        ({"guidance": -1.0}, "Guidance is -1"),
        ({"window": (0.5, 0.0, 0.2, 1.0)}, "is not a part of a picture"),
        ({"mask": HALF[1:]}, "The mask is 64 x 47 pixels but the picture is 64 x 48 pixels"),
        ({"guide": GUIDE[:, 1:]}, "The guide is 63 x 48 pixels"),
    ],
)
def test_numbers_out_of_range_say_what_to_choose(change: dict[str, object], words: str) -> None:
    with pytest.raises(EngineError, match=words):
        replace(REQUEST, **change)  # type: ignore[arg-type]


def test_one_step_is_enough_to_run() -> None:
    assert result(replace(REQUEST, steps=1)).shape == PHOTO.shape


class Reaching(Coarse):
    """Goes on from half the size where a picture lies beside."""

    farthest = 1000.0


def test_beside_a_sharp_picture_a_part_is_made_as_fine() -> None:
    """What is only enlarged has less than a tenth of the detail of the toy's pictures; without a mask it is
    enlarged still.
    """
    detail = {}
    for name, model, mask in (
        ("enlarged", Coarse(), HALF),
        ("made", Reaching(), HALF),
        ("alone", Reaching(), None),
    ):
        *_, last = edit(replace(REQUEST, mask=mask, operation=SDEdit(1.0)), model)
        assert isinstance(last, EditResult)
        assert mask is None or (last.image[HALF == 0] == PHOTO[HALF == 0]).all()
        detail[name] = np.diff(last.image[:, 34:].astype(float), 2, axis=1).std()
    assert detail["made"] > 2 * detail["enlarged"]
    assert detail["alone"] < detail["made"] / 2


def test_where_it_no_longer_pays_a_part_is_enlarged() -> None:
    large = np.zeros((400, 600, 3), np.uint8)
    free = np.ones((400, 600), np.float32)
    model = Reaching()
    model.farthest = 290.0
    sizes = [each.size for each in plan(SDEdit(), EditRequest(large, large, free), model)]
    assert sizes == [(300, 200)]
    model.farthest = 400.0
    sizes = [each.size for each in plan(SDEdit(), EditRequest(large, large, free), model)]
    assert sizes == [(300, 200), (490, 327)]


class Fine(Toy):
    """A toy whose native size is an eighth of these pictures'."""

    def sizes(self, width: int, height: int) -> list[tuple[int, int]]:
        return [(width // 4, height // 4), (width // 2, height // 2), (width, height)]


def test_where_the_share_is_small_a_large_picture_keeps_its_detail() -> None:
    """Noise that hides nothing at the coarse size must not send a place through it."""
    share = np.where(HALF > 0, np.float32(1), np.float32(4 / 255))
    request = replace(REQUEST, guide=PHOTO, operation=SDEdit(0.6), share=share, steps=12)
    *_, last = edit(request, Fine())
    assert isinstance(last, EditResult)
    left, right = (np.corrcoef(last.image[here].ravel(), PHOTO[here].ravel())[0, 1] for here in HALVES)
    assert left > 0.8
    assert right < 0.3


def test_a_large_picture_is_made_from_coarse_to_fine() -> None:
    passes = plan(SDEdit(0.5, repeats=2), replace(REQUEST, steps=25), Fine())
    assert [each.size for each in passes] == [(16, 12), (32, 24), (64, 48)]
    assert [(each.repeats, each.steps) for each in passes] == [(2, 25), (1, 10), (1, 10)]
    assert passes[0].strength == 0.5
    assert passes[1].strength == passes[2].strength < 0.5


def test_where_little_changes_only_the_finest_size_has_work() -> None:
    """And the change is the same in the picture's own measure: four times the noise on pixels four times
    finer.
    """
    model = Fine()
    (only,) = plan(SDEdit(0.08), REQUEST, model)
    assert only.size == (64, 48)
    assert model.schedule(only.strength).ratio == pytest.approx(4 * model.schedule(0.08).ratio, rel=1e-6)


def test_a_draft_is_the_coarsest_size_alone() -> None:
    (only,) = plan(SDEdit(0.5, draft=True), REQUEST, Fine())
    assert only.size == (16, 12)
    assert result(replace(REQUEST, operation=SDEdit(0.5, draft=True))).shape == PHOTO.shape


def test_progress_counts_work_not_calls() -> None:
    """A call at twice the size is four times the work."""
    events = edit(replace(REQUEST, steps=10), Fine())
    done = [event.done for event in events if isinstance(event, Preview)]
    assert done == sorted(done)
    assert done[-1] == 1
    assert len(done) == 10 + 4 + 4
    assert done[9] == pytest.approx(10 / (10 + 4 * 4 + 4 * 16))


def test_sizes_that_do_not_suit_the_model_are_padded_and_cut() -> None:
    class Strict(Toy):
        multiple = 32

        def encode(self, picture: Rgb) -> Tensor:
            assert picture.shape[0] % 32 == picture.shape[1] % 32 == 0
            return super().encode(picture)

    *events, last = edit(replace(REQUEST, mask=HALF), Strict())
    previews = [event for event in events if isinstance(event, Preview)]
    assert isinstance(last, EditResult)
    assert last.image.shape == PHOTO.shape
    assert len(previews) == len(events)
    assert all(event.image.shape == PHOTO.shape for event in previews)
    assert (last.image[HALF == 0] == PHOTO[HALF == 0]).all()
