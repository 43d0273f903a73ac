"""Edits in less memory than they want. In most tests it is said to run short where the engine asks whether to
stop, which is inside the network; in the last one it does.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.economy import ask_apart
from engine.ladder import IN_PIECES, IN_TWO_CALLS, NO_RUNG, RUNGS, fitting, taken
from engine.models import fast_dtype
from engine.remembered import Shortage
from engine.shelf import Shelf
from engine.types import (
    Drag,
    EditRequest,
    EditResult,
    EngineError,
    Event,
    Handle,
    Notice,
    Preview,
    SDEdit,
)
from tests.random_checkpoints import pipeline, save_folder

PICTURE = np.random.default_rng(0).integers(0, 256, (16, 24, 3), np.uint8)
REQUEST = EditRequest(PICTURE, PICTURE, operation=SDEdit(0.5), steps=2, variants=3, seed=5, model="toy")
SHORT = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."


def failing_at(*calls: int, says: BaseException | None = None) -> Callable[[], bool]:
    """Memory runs short at these calls of the network, the first of which is 1."""
    call = 0

    def stop() -> bool:
        nonlocal call
        call += 1
        if call in calls:
            raise says or RuntimeError(SHORT)
        return False

    return stop


def ran(request: EditRequest, shelf: Shelf, stop: Callable[[], bool] = bool) -> list[Event]:
    return list(fitting(request, shelf, stop))


def notices(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def results(events: list[Event]) -> list[EditResult]:
    return [event for event in events if isinstance(event, EditResult)]


def test_an_edit_goes_on_from_its_start_and_comes_to_the_same_end() -> None:
    shelf = Shelf("cpu")
    usual, short = ran(REQUEST, shelf), ran(REQUEST, shelf, failing_at(2))
    assert notices(usual) == []
    assert notices(short) == [IN_TWO_CALLS]
    for a, b in zip(results(usual), results(short), strict=True):
        assert (a.seed, a.variant) == (b.seed, b.variant)
        assert (a.image == b.image).all()


@pytest.mark.parametrize("ladder", [(), (0.3, 0.4, 0.5)])
def test_variants_that_are_finished_stay(ladder: tuple[float, ...]) -> None:
    shelf, request = Shelf("cpu"), replace(REQUEST, operation=SDEdit(0.5, ladder=ladder))
    usual, short = ran(request, shelf), ran(request, shelf, failing_at(3, 4))
    assert notices(short) == [IN_TWO_CALLS, IN_PIECES]
    assert [each.variant for each in results(short)] == [0, 1, 2]
    for a, b in zip(results(usual), results(short), strict=True):
        assert a.seed == b.seed
        assert (a.image == b.image).all()
    shown = [event for event in short if isinstance(event, Preview)]
    assert [(each.call, each.calls, each.variant) for each in shown] == [
        *((1, 6, 0), (2, 6, 0)),
        *((3, 6, 1), (4, 6, 1)),
        *((5, 6, 2), (6, 6, 2)),
    ]
    assert [each.done for each in shown] == pytest.approx([share / 6 for share in range(1, 7)])


def test_the_next_edit_of_that_size_begins_where_this_one_got_through() -> None:
    def had(free: int) -> None:
        """So much was free when it ran short."""
        known = shelf.figures("toy")
        shortages = tuple(replace(each, free=free) for each in known.shortages)
        shelf.remember("toy", replace(known, shortages=shortages))

    shelf = Shelf("cpu")
    ran(REQUEST, shelf, failing_at(1))
    had(2**60)
    assert notices(ran(REQUEST, shelf)) == [IN_TWO_CALLS]
    small = PICTURE[:8, :8]
    assert notices(ran(replace(REQUEST, image=small, guide=small), shelf)) == []
    assert notices(ran(REQUEST, Shelf("cpu"))) == [IN_TWO_CALLS], "tomorrow, too"
    had(0)
    assert notices(ran(REQUEST, shelf)) == [], "there is more memory than then"


def test_an_edit_that_is_known_not_to_fit_does_not_try() -> None:
    shelf = Shelf("cpu")
    ran(REQUEST, shelf)
    area = PICTURE.shape[0] * PICTURE.shape[1]
    shelf.remember("toy", replace(shelf.figures("toy"), bytes={str(area): 2**60}))
    assert notices(ran(REQUEST, shelf)) == [IN_TWO_CALLS]


@pytest.mark.parametrize(
    "says",
    [
        MemoryError(),
        RuntimeError("could not create a primitive"),
        RuntimeError("data. DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."),
        RuntimeError("Invalid buffer size: 9.75 GB"),
        RuntimeError("level_zero backend failed with error: 40 (UR_RESULT_ERROR_OUT_OF_RESOURCES)"),
        OSError("Cannot allocate memory (os error 12)"),
        OSError("[WinError 1455] Die Auslagerungsdatei ist zu klein"),
    ],
)
def test_after_the_last_rung_there_is_one_sentence(says: BaseException) -> None:
    shelf = Shelf("cpu")
    with pytest.raises(EngineError, match=NO_RUNG):
        ran(REQUEST, shelf, failing_at(*range(1, 9), says=says))
    assert len(results(ran(REQUEST, shelf))) == 3, "the engine lives on"


def test_paths_of_drags_are_not_kept_where_memory_runs_short() -> None:
    handle = Handle((6.0, 6.0), (14.0, 8.0), 4.0)
    asked = replace(REQUEST, operation=Drag((handle,)), variants=1)
    shelf = Shelf("cpu")
    first, again = ([event for event in ran(asked, shelf) if isinstance(event, Preview)] for _ in range(2))
    assert len(again) < len(first), "what the network says along its path is known"
    ran(REQUEST, shelf, failing_at(1))
    assert len([event for event in ran(asked, shelf) if isinstance(event, Preview)]) == len(first)


def test_a_model_is_loaded_whatever_is_remembered_of_it() -> None:
    shelf = Shelf("cpu")
    ran(REQUEST, shelf)
    shelf.remember("toy", replace(shelf.figures("toy"), shortages=(Shortage(0, len(RUNGS) - 1, 2**60),)))
    assert taken("toy", Shelf("cpu")).facts.name == shelf.take("toy").facts.name


def test_another_error_is_no_lack_of_memory() -> None:
    with pytest.raises(RuntimeError, match="a bug"):
        ran(REQUEST, Shelf("cpu"), failing_at(2, says=RuntimeError("a bug")))


def test_in_two_calls_guidance_is_the_same() -> None:
    class Network(nn.Module):
        def forward(self, x: Tensor, step: Tensor, words: Tensor, more: dict[str, Tensor]) -> tuple[Tensor]:
            batches.append(len(x))
            return (x * words + more["ids"] + step,)

    batches: list[int] = []
    network = Network()
    x, words, ids = torch.randn(3, 2, 4, 8).unbind()
    told = []
    for apart in (False, True, False):
        ask_apart(network, apart)
        told.append(network(x, torch.tensor(3.0), words, {"ids": ids})[0])
    assert batches == [2, 1, 1, 2]
    assert torch.equal(told[0], told[1])
    assert torch.equal(told[0], told[2])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="others have no such limit")
def test_a_process_with_too_little_memory_makes_its_edit(tmp_path: Path) -> None:
    """torch's own allocator fails, in a tiny Stable Diffusion that works at the size of a large one."""
    from diffusers import UNet2DConditionModel

    made = pipeline("sd1")
    made.unet = UNet2DConditionModel(
        sample_size=64,
        block_out_channels=(32, 64, 64),
        layers_per_block=1,
        down_block_types=["DownBlock2D"] * 3,
        up_block_types=["UpBlock2D"] * 3,
        cross_attention_dim=64,
        attention_head_dim=8,
    )
    folder = save_folder(made, tmp_path / "model")
    megabytes = 175 if fast_dtype("cpu") == torch.bfloat16 else 350
    command = [sys.executable, "-m", "tests.benchmarks.little_memory", str(folder), "768", str(megabytes)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["results"] == [[0], [0]]
    assert told["notices"][0], "it was too little for the usual way"
    assert told["notices"][1] == told["notices"][0][-1:], "the second edit knows that"
