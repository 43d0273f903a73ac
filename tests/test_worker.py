"""The bridge: an engine on its own thread, spoken to from asyncio on Qt's loop."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing

import numpy as np
import psutil
import pytest
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from engine.types import EditRequest, EditResult, EngineError, Event, Preview, SDEdit
from engine.worker import Engine

PHOTO = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
REQUEST = EditRequest(PHOTO, np.full_like(PHOTO, 128), None, SDEdit(0.5), steps=6, model="toy")
LONG = EditRequest(PHOTO, PHOTO, None, SDEdit(0.5), steps=1000, variants=64, model="toy")


async def all_of(engine: Engine, request: EditRequest) -> list[Event]:
    async with aclosing(engine.edit(request)) as events:
        return [event async for event in events]


def test_the_engine_says_when_it_is_ready(qtbot: QtBot, event_loop_qt: QEventLoop) -> None:
    engine = Engine("cpu")
    with qtbot.waitSignal(engine.ready, timeout=60_000) as signal:
        engine.start("toy")
    assert signal.args[0].name == "toy"
    event_loop_qt.run_until_complete(engine.close())


def test_a_missing_model_is_one_sentence(qtbot: QtBot, event_loop_qt: QEventLoop) -> None:
    engine = Engine("cpu")
    with qtbot.waitSignal(engine.failed, timeout=60_000) as signal:
        engine.start("nowhere")
    assert signal.args[0].startswith("There is no model nowhere")
    event_loop_qt.run_until_complete(engine.close())


def test_an_edit_ends_with_its_result(engine: Engine, event_loop_qt: QEventLoop) -> None:
    events = event_loop_qt.run_until_complete(all_of(engine, REQUEST))
    assert isinstance(events[-1], EditResult)
    calls = [event.call for event in events if isinstance(event, Preview)]
    assert calls == sorted(calls)


def test_no_result_is_ever_skipped(engine: Engine, event_loop_qt: QEventLoop) -> None:
    request = EditRequest(PHOTO, PHOTO, None, SDEdit(0.5), steps=3, variants=5, model="toy")
    events = event_loop_qt.run_until_complete(all_of(engine, request))
    assert [event.variant for event in events if isinstance(event, EditResult)] == [0, 1, 2, 3, 4]


def test_closing_an_edit_frees_the_engine_for_the_next(engine: Engine, event_loop_qt: QEventLoop) -> None:
    async def leave_and_ask_again() -> list[Event]:
        async with aclosing(engine.edit(LONG)) as events:
            async for _ in events:
                break
        return await all_of(engine, REQUEST)

    assert isinstance(event_loop_qt.run_until_complete(leave_and_ask_again())[-1], EditResult)


def test_a_cancelled_task_stops_its_edit_and_no_other(engine: Engine, event_loop_qt: QEventLoop) -> None:
    async def cancel_the_first() -> list[Event]:
        first = asyncio.ensure_future(all_of(engine, LONG))
        second = asyncio.ensure_future(all_of(engine, REQUEST))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        return await second

    assert isinstance(event_loop_qt.run_until_complete(cancel_the_first())[-1], EditResult)


def test_an_error_is_raised_where_it_was_asked_and_the_engine_lives_on(
    engine: Engine, event_loop_qt: QEventLoop
) -> None:
    nowhere = EditRequest(PHOTO, PHOTO, model="nowhere")
    with pytest.raises(EngineError, match="There is no model"):
        event_loop_qt.run_until_complete(all_of(engine, nowhere))
    assert len(event_loop_qt.run_until_complete(all_of(engine, REQUEST))) > 0


def test_closing_while_it_works_is_safe(event_loop_qt: QEventLoop) -> None:
    async def close_in_the_middle() -> None:
        engine = Engine("cpu")
        engine.start("toy")
        async with aclosing(engine.edit(LONG)) as events:
            await anext(events)
            await engine.close()

    event_loop_qt.run_until_complete(close_in_the_middle())


def test_another_model_can_be_got_ready_and_one_that_is_missing_is_one_sentence(
    engine: Engine, event_loop_qt: QEventLoop
) -> None:
    assert event_loop_qt.run_until_complete(engine.load("toy")).name == "toy"
    with pytest.raises(EngineError, match="There is no model nowhere"):
        event_loop_qt.run_until_complete(engine.load("nowhere"))
    assert len(event_loop_qt.run_until_complete(all_of(engine, REQUEST))) > 0


def test_an_engine_apart_says_the_same(engine: Engine, event_loop_qt: QEventLoop) -> None:
    here = event_loop_qt.run_until_complete(all_of(engine, REQUEST))[-1]
    engine.isolate(apart=True)
    there = event_loop_qt.run_until_complete(all_of(engine, REQUEST))[-1]
    assert isinstance(here, EditResult)
    assert isinstance(there, EditResult)
    assert np.array_equal(here.image, there.image)


def test_an_engine_apart_stops_when_it_is_left(engine: Engine, event_loop_qt: QEventLoop) -> None:
    engine.isolate(apart=True)

    async def leave_and_ask_again() -> list[Event]:
        async with aclosing(engine.edit(LONG)) as events:
            async for _ in events:
                break
        return await all_of(engine, REQUEST)

    events = event_loop_qt.run_until_complete(leave_and_ask_again())
    assert isinstance(events[-1], EditResult)


def test_an_engine_apart_that_cannot_start_is_one_sentence(
    engine: Engine, event_loop_qt: QEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.worker.own_command", lambda: [sys.executable, "-c", "raise SystemExit(3)"])
    engine.isolate(apart=True)
    with pytest.raises(EngineError, match=r"The engine stopped \(3\)"):
        event_loop_qt.run_until_complete(all_of(engine, REQUEST))


def test_an_engine_apart_that_is_killed_leaves_a_sentence_and_the_next_edit_works(
    engine: Engine, event_loop_qt: QEventLoop
) -> None:
    engine.isolate(apart=True)

    async def kill_it() -> None:
        async with aclosing(engine.edit(LONG)) as events:
            async for _ in events:
                (child,) = psutil.Process().children()
                child.kill()

    with pytest.raises(EngineError, match=r"^The engine stopped .*; the picture is as it was"):
        event_loop_qt.run_until_complete(kill_it())
    events = event_loop_qt.run_until_complete(all_of(engine, REQUEST))
    assert isinstance(events[-1], EditResult)


def test_models_that_nobody_asks_for_are_put_away_and_the_next_edit_gets_its_own(
    engine: Engine, event_loop_qt: QEventLoop, qtbot: QtBot
) -> None:
    event_loop_qt.run_until_complete(all_of(engine, REQUEST))
    engine.idle_minutes = 0
    with qtbot.waitSignal(engine.emptied, timeout=60_000):
        engine._look()
    assert isinstance(event_loop_qt.run_until_complete(all_of(engine, REQUEST))[-1], EditResult)
