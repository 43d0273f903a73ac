"""A whole SDEdit edit against the network calls inside it, and how soon it shows and stops."""

from __future__ import annotations

import threading
import time
from statistics import median

import numpy as np
import torch

from engine import models
from engine.edits import edit
from engine.models import Interrupted
from engine.types import EditRequest, Preview, SDEdit

RUNS = 5
RANDOM = np.random.default_rng(0)


def request(size: int = 256, masked: bool = False) -> EditRequest:
    picture = RANDOM.integers(0, 256, (size, size, 3), dtype=np.uint8)
    mask = np.zeros((size, size), np.float32)
    mask[size // 4 : size // 2] = 1
    return EditRequest(picture, picture, mask if masked else None, SDEdit(0.5), steps=25)


def whole(model: models.Model, asked: EditRequest) -> tuple[float, float, float]:
    """Seconds of an edit, inside network and autoencoder, and until its first preview."""
    before = model.clock.network_seconds + model.clock.autoencoder_seconds
    first, started = 0.0, time.perf_counter()
    for event in edit(asked, model):
        if isinstance(event, Preview) and event.call == 1:
            first = time.perf_counter() - started
    spent = time.perf_counter() - started
    return spent, model.clock.network_seconds + model.clock.autoencoder_seconds - before, first


def stopping(model: models.Model) -> tuple[float, float]:
    """Seconds from the wish to stop until the engine is free, wished in the middle of a call; and of one
    whole call.
    """
    call = network_call(model)
    stop = threading.Event()
    events = edit(request(), model, stop.is_set)
    next(events)
    wished: list[float] = []

    def wish() -> None:
        wished.append(time.perf_counter())
        stop.set()

    timer = threading.Timer(call / 2, wish)
    timer.start()
    try:
        for _ in events:
            pass
    except Interrupted:
        pass
    return time.perf_counter() - wished[0], call


def network_call(model: models.Model) -> float:
    level, x, denoise = model.schedule(0.5), torch.randn(1, 3, 256, 256), model.denoiser(request())
    times = []
    for _ in range(9):
        started = time.perf_counter()
        denoise(x, level)
        times.append(time.perf_counter() - started)
    return median(times)


def run() -> list[dict[str, object]]:
    model = models.load("starter")
    figures: list[dict[str, object]] = []
    for name, asked in (
        ("whole edit, 256 x 256, 25 calls", request()),
        ("whole edit, 1024 x 1024 under a mask, 25 calls", request(1024, masked=True)),
    ):
        whole(model, asked)
        runs = sorted(whole(model, asked) for _ in range(RUNS))
        spent, inside, first = runs[RUNS // 2]
        figures += [
            figure(name, spent, "the time inside network and autoencoder", spent / inside),
            figure(f"first preview of the {name}", first, "the whole edit", first / spent),
        ]
    waits = [stopping(model) for _ in range(RUNS)]
    wait, call = median(each[0] for each in waits), median(each[1] for each in waits)
    figures.append(figure("stop", wait, "one network call", wait / call))
    return figures


def figure(name: str, value: float, reference: str, ratio: float) -> dict[str, object]:
    return {
        "name": name,
        "value": round(value, 4),
        "unit": "s",
        "reference": reference,
        "ratio": round(ratio, 4),
    }
