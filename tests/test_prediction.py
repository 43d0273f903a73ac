"""What an edit will take, told from what others took: the work is counted as the edits themselves do it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace

import numpy as np
import pytest
from qasync import QEventLoop

from engine import remembered
from engine.edits import edit
from engine.ladder import fitting
from engine.prediction import BACK, predicted, walks
from engine.remembered import Figures
from engine.shelf import Shelf
from engine.types import (
    Drag,
    EditRequest,
    Handle,
    Identity,
    Inpaint,
    Operation,
    Preview,
    SDEdit,
    Settle,
    Translate,
)
from engine.worker import Engine

GIGABYTE = 2**30
FIGURES = Figures(
    weights=2 * GIGABYTE,
    native=512,
    largest=2048,
    ratios=tuple(range(21)),
    device="cpu",
    seconds={"262144": 2.0, "1048576": 10.0},
    autoencoder=1e-6,
    rest=0.5,
    bytes={"262144": GIGABYTE},
)
FREE = 8 * GIGABYTE


def request(pixels: int = 512, steps: int = 5) -> EditRequest:
    """Of a picture of that side; no memory is taken for it."""
    picture = np.broadcast_to(np.zeros(3, np.uint8), (pixels, pixels, 3))
    return EditRequest(picture, picture, steps=steps)


HANDLE = Handle((40.0, 40.0), (80.0, 40.0), 16.0)
SECOND = Handle((300.0, 200.0), (300.0, 240.0), 16.0)


@pytest.mark.parametrize(
    ("operation", "variants"),
    [
        (SDEdit(0.5), 1),
        (SDEdit(0.05), 1),
        (SDEdit(0.5, repeats=2), 2),
        (SDEdit(ladder=(0.1, 0.4)), 2),
        (SDEdit(0.5, draft=True), 1),
        (SDEdit(0.0), 1),
        (Drag((HANDLE,)), 1),
        (Drag((HANDLE,)), 2),
        (Drag((HANDLE, SECOND), together=False), 2),
        (Drag((HANDLE,), form="settle"), 2),
        (Drag((HANDLE,), form="one pass"), 2),
        (Drag((HANDLE,), form="published"), 1),
        (Inpaint(), 1),
        (Inpaint(solver="cycle"), 1),
        (Translate(strength=0.5), 1),
        (Translate(strength=0.5, solver="sde"), 2),
        (Settle(), 1),
        (Settle(0.1), 2),
    ],
)
def test_the_work_is_counted_as_the_edit_does_it(operation: Operation, variants: int) -> None:
    """On the starter model, at more sizes than one."""
    shelf = Shelf("cpu")
    model = shelf.take("starter")
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8).repeat(32, 0).repeat(32, 1)
    mask = np.zeros((512, 512), np.float32)
    mask[100:200, 100:200] = 1
    asked = EditRequest(picture, picture, mask, operation, steps=2, variants=variants)
    way = walks(asked, shelf.figures("starter"))
    events: Iterator[object] = edit(asked, model)
    first = next((event for event in events if isinstance(event, Preview)), None)
    assert sum(walk.calls for walk in way) == (first.calls if first else 0)


def test_a_drag_with_another_seed_takes_half_of_the_calls() -> None:
    """Along the path that is kept the network is asked no more."""
    shelf = Shelf("cpu")
    model = shelf.take("starter")
    picture = np.random.default_rng(1).integers(0, 256, (16, 16, 3), np.uint8).repeat(32, 0).repeat(32, 1)
    asked = EditRequest(picture, picture, operation=Drag((HANDLE,)), steps=3)
    for seed, is_known in ((0, False), (1, True)):
        events = list(edit(replace(asked, seed=seed), model))
        (calls,) = {event.calls for event in events if isinstance(event, Preview)}
        way = walks(asked, shelf.figures("starter"), path_is_known=is_known)
        assert sum(walk.calls for walk in way) == calls


def test_a_small_part_of_a_large_picture_takes_less_time_than_all_of_it() -> None:
    asked = request(1024)
    small, whole = np.zeros((1024, 1024), np.float32), np.ones((1024, 1024), np.float32)
    small[400:500, 400:500] = 1
    few, all_of_it = (
        predicted(replace(asked, mask=mask), FIGURES, FREE, is_loaded=True) for mask in (small, whole)
    )
    assert few is not None
    assert all_of_it is not None
    assert few.seconds < 0.7 * all_of_it.seconds


def test_seconds_lie_between_what_smaller_and_larger_ones_took() -> None:
    def seconds(asked: EditRequest) -> float:
        told = predicted(asked, FIGURES, FREE, is_loaded=True)
        assert told is not None
        return told.seconds

    assert seconds(request(512)) == pytest.approx(5 * 2.0 + 0.26 + 0.5, abs=0.01)
    assert 5 * 2.0 < seconds(request(700)) < 5 * 10.0
    assert seconds(request(512, steps=10)) > 1.9 * seconds(request(512)) - 1
    words = replace(request(512), prompt="a lake", guidance=3.0)
    assert seconds(words) == pytest.approx(2 * 5 * 2.0 + 0.76, abs=0.01)
    assert seconds(replace(words, guidance=1.0)) == seconds(request(512))


def test_learning_the_picture_first_takes_its_steps_unless_that_is_done() -> None:
    asked = replace(request(512), identity=Identity(steps=50))
    plain, first = (predicted(each, FIGURES, FREE, is_loaded=True) for each in (request(512), asked))
    assert plain is not None
    assert first is not None
    assert (plain.learning, first.learning) == (0, 50 * BACK * 2.0)
    assert first.seconds == plain.seconds + first.learning
    assert predicted(asked, FIGURES, FREE, is_loaded=True, is_learned=True) == plain
    measured = replace(FIGURES, learning={"262144": 9.0})
    first = predicted(asked, measured, FREE, is_loaded=True)
    assert first is not None
    assert first.learning == 50 * 9.0


def test_what_does_not_fit_is_said_before() -> None:
    told = predicted(request(512), FIGURES, FREE, is_loaded=False)
    assert told is not None
    assert (told.bytes, told.free_bytes, told.fits) == (3 * GIGABYTE, FREE, True)
    few = predicted(request(512), FIGURES, GIGABYTE, is_loaded=True)
    assert few is not None
    assert few.free_bytes == 3 * GIGABYTE
    assert few.fits
    larger = predicted(request(760), FIGURES, GIGABYTE, is_loaded=True)
    assert larger is not None
    assert not larger.fits


def test_nothing_is_told_as_long_as_nothing_is_known() -> None:
    assert predicted(request(), replace(FIGURES, seconds={}), FREE, is_loaded=True) is None
    assert remembered.figures("a model") is None


def test_what_is_remembered_is_there_the_next_day_and_damage_is_nothing() -> None:
    remembered.remember("a model", "its key", FIGURES)
    remembered.remember_device("a device", {"dtype": "float32"})
    assert remembered.figures("a model") == FIGURES
    assert remembered.device("a device") == {"dtype": "float32"}
    remembered.place().write_text("[1, 2")
    assert remembered.figures("a model") is None
    remembered.remember("a model", "its key", FIGURES)
    assert remembered.figures("a model") == FIGURES


def test_only_so_many_models_are_remembered() -> None:
    for number in range(remembered.KEPT + 1):
        remembered.remember(f"model {number}", str(number), FIGURES)
    assert remembered.figures("model 0") is None
    assert remembered.figures(f"model {remembered.KEPT}") == FIGURES


def test_a_run_improves_what_is_known() -> None:
    shelf = Shelf("cpu")
    asked = replace(request(32), model="toy")
    list(fitting(asked, shelf, bool))
    first = shelf.figures("toy")
    assert set(first.seconds) == {str(32 * 32)}
    shelf.remember("toy", replace(first, seconds={str(32 * 32): 100.0}))
    list(fitting(asked, shelf, bool))
    assert 60 < shelf.figures("toy").seconds[str(32 * 32)] < 80
    assert remembered.figures("toy") == shelf.figures("toy")


def test_how_often_a_network_is_asked_for_words_is_learned() -> None:
    """The toy hears no words, so it is never asked twice."""
    shelf = Shelf("cpu")
    asked = replace(request(32), model="toy", prompt="a lake")
    shelf.take("toy")
    shelf.remember("toy", replace(shelf.figures("toy"), rows=2.0))
    list(fitting(asked, shelf, bool))
    assert shelf.figures("toy").rows == 1


def test_the_engine_tells_without_being_started(event_loop_qt: QEventLoop) -> None:
    engine = Engine("cpu")
    assert engine.predict(request()) is None
    remembered.remember("starter", "its key", FIGURES)
    told = engine.predict(request())
    assert told is not None
    assert told.seconds == pytest.approx(10.76, abs=0.01)


def test_after_its_first_edit_the_engine_knows_the_next(event_loop_qt: QEventLoop) -> None:
    engine = Engine("cpu")
    engine.start("toy")
    asked = replace(request(32), model="toy")

    async def run() -> None:
        async with aclosing(engine.edit(asked)) as events:
            async for _ in events:
                pass
        await engine.close()

    event_loop_qt.run_until_complete(run())
    assert engine.predict(asked) is not None
