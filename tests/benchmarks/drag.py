"""A drag of 60 pixels: against the network calls inside it, a further variant against the first, and against
the algorithm as published; and what a handle costs before any model is asked.
"""

from __future__ import annotations

import time
from dataclasses import replace
from statistics import median

from engine import models
from engine.edits import edit
from engine.matte import trimmed
from engine.starter.render import render
from engine.starter.world import draw
from engine.types import Drag, EditRequest, EditResult, Form, Handle, Preview, Rgb
from engine.warp import warped
from tests.benchmarks.edit import figure

RUNS = 3
BALLOON = Handle((61.0, 39.0), (120.0, 50.0), radius=36.0)  # in the picture below: 60 pixels


def picture() -> Rgb:
    """A balloon over a lake."""
    import torch

    scene = draw(64, torch.Generator().manual_seed(9001)).rows(slice(29, 30))
    pixels = (render(scene, 256, supersample=1.5)[0] * 255).round().byte()
    there: Rgb = pixels.permute(1, 2, 0).contiguous().numpy()
    return there


def request(form: Form, seed: int = 0) -> EditRequest:
    known = picture()
    published = Drag((BALLOON,), form, strength=0.6)
    return EditRequest(
        known, known, None, published if form == "published" else Drag((BALLOON,), form), Drag.STEPS, seed
    )


def whole(model: models.Model, asked: EditRequest) -> tuple[float, float, float]:
    """Seconds of a drag, inside the network, and until its first preview."""
    before = model.clock.network_seconds
    first, started = 0.0, time.perf_counter()
    for event in edit(asked, model):
        if isinstance(event, Preview) and event.call == 1:
            first = time.perf_counter() - started
    assert isinstance(event, EditResult)
    return time.perf_counter() - started, model.clock.network_seconds - before, first


def run() -> list[dict[str, object]]:
    carried, again = [], []
    for seed in range(RUNS):
        model = models.load("starter")  # a fresh one keeps no paths
        asked = request("carry", seed)
        carried.append(whole(model, asked))
        again.append(whole(model, replace(asked, seed=seed + RUNS)))
    spent, inside, first = (median(each) for each in zip(*carried, strict=True))
    variant = median(each[0] for each in again)
    published = whole(model, replace(request("published"), steps=60))[0]
    started = time.perf_counter()
    free = trimmed(asked.image, BALLOON)
    cut_out = time.perf_counter()
    warped(asked.image, [free])
    ended = time.perf_counter()
    return [
        figure("drag of 60 pixels, 256 x 256", spent, "its network calls", spent / inside),
        figure("first picture of it", first, "the whole drag", first / spent),
        figure("a further variant", variant, "the first", variant / spent),
        figure("as published, 60 steps", published, "carry", published / spent),
        figure(
            "a handle cut free of its ground",
            cut_out - started,
            "the whole drag",
            (cut_out - started) / spent,
        ),
        figure("its warp", ended - cut_out, "the whole drag", (ended - cut_out) / spent),
    ]
