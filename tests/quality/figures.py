"""The figures: each function measures one thing and yields the lines of its table.

All pictures come from `engine.edits.edit`, as the editor's do.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor

from engine.models import Model
from engine.types import Rgb
from tests.quality import features
from tests.quality.measures import (
    finest_detail,
    frechet_distance,
    kernel_distance,
    nearest,
    sampling_floor,
)
from tests.quality.paintings import rough, simulated
from tests.quality.scenes import HELD_OUT, held_out_shard, scenes, square_shards, whole_views
from tests.quality.sheets import TITLES, made_paintings, result, rows, sheet

SIZE = 256
STRENGTH = 0.5
CURVE = (0.1, 0.3, 0.5, 0.7, 0.9)  # t0
FEW_CALLS = (4, 6, 8)
SHOWN = 8  # rows of most sheets
THUMB = 16  # pixels: as large as pictures are when they are compared as they are

Item = TypeVar("Item")


class Counts(NamedTuple):
    judged: int  # scenes on which the x0 estimate is judged
    scenes: int  # in each of two sets, and of most kinds of results
    fewer: int  # of each other kind
    calls: int
    shards: int  # of training pictures that are rendered again where there are none
    paintings: int  # on the sheets
    large: int  # of them at 1024 pixels too


FULL = Counts(judged=64, scenes=96, fewer=32, calls=25, shards=4, paintings=16, large=4)
FEW = Counts(judged=16, scenes=16, fewer=4, calls=8, shards=0, paintings=4, large=0)


@dataclass(frozen=True)
class Case:
    model: Model
    counts: Counts
    sheets: Path | None
    network: features.FeatureNetwork
    known: list[Rgb]  # held-out scenes
    others: list[Rgb]  # of which the strokes are made

    @cached_property
    def strokes(self) -> list[Rgb]:
        return [simulated(each) for each in self.others]

    def made(self, name: str, guides: Sequence[Rgb], strength: float, calls: int = 0) -> list[Rgb]:
        """The model's results."""
        return [
            result(self.model, guide, strength, seed, calls or self.counts.calls)
            for seed, guide in enumerate(_progress(name, guides))
        ]

    def show(
        self, name: str, pictures: Sequence[Sequence[Rgb]], titles: Sequence[str], width: int = SIZE
    ) -> None:
        if self.sheets and pictures:
            self.sheets.mkdir(parents=True, exist_ok=True)
            sheet(pictures, titles, width).save(self.sheets / f"{name}.png")

    def seen(self, pictures: Sequence[Rgb]) -> Tensor:
        return features.features_of(self.network, pictures)


def case(model: Model, counts: Counts, sheets: Path | None) -> Case:
    _say("rendering held-out scenes")
    pictures = scenes(HELD_OUT, 2 * counts.scenes)
    return Case(model, counts, sheets, features.load(), pictures[: counts.scenes], pictures[counts.scenes :])


def errors(case: Case, folder: Path) -> Iterator[str]:
    """Of the estimate of x0, as training judges it."""
    from engine.starter.network import StarterNetwork  # other models have no such figures
    from engine.starter.train import LEVELS, judge

    _say("error of the estimate")
    figures = judge(StarterNetwork.load(folder), held_out_shard(scenes(0, case.counts.judged)))
    yield f"\nPSNR of the estimate of x0 at five noise levels, dB, {case.counts.judged} held-out scenes"
    yield _row("  at VP time", *LEVELS)
    yield _row("", *(f"{value:.2f}" for value in figures.values()))


def distances(case: Case) -> Iterator[str]:
    """Of results, and of what they are made from, to held-out scenes; few calls against many; over t0."""
    n, fewer = case.counts.scenes, case.counts.fewer
    known, others = case.seen(case.known), case.seen(case.others)
    pool = torch.cat([known, others])
    detail = finest_detail(_tensor(case.known))

    def line(name: str, pictures: list[Rgb], calls: int | str = "") -> str:
        seen = case.seen(pictures)
        floor = sampling_floor(pool, len(seen), n, kernel_distance).rms
        kernel = kernel_distance(seen, known)
        return _row(
            f"  {name}",
            len(pictures),
            calls,
            f"{1000 * kernel:.1f}",
            f"{kernel / floor:.1f}",
            f"{frechet_distance(seen, known):.1f}",
            f"{finest_detail(_tensor(pictures)) / detail:.2f}",
        )

    yield f"\nDistance to {n} held-out scenes, in {features.FEATURES} features of our own network"
    yield _row("", "pictures", "calls", "kernel/1000", "x floor", "Frechet", "detail")
    kernel = sampling_floor(pool, n, n, kernel_distance)
    frechet = sampling_floor(pool, n, n, frechet_distance)
    yield _row(
        "  sampling floor: scenes, 100 splits",
        n,
        "",
        f"±{1000 * kernel.rms:.1f}",
        "1.0",
        f"{frechet.mean:.1f}",
        "1.00",
    )
    yield line("the other held-out scenes", case.others)
    yield line("their strokes, as they are", case.strokes)
    made = case.made("Strength 50 %", case.strokes, STRENGTH)
    yield line("Strength 50 % on these strokes", made, case.counts.calls)
    few = {}
    for calls in FEW_CALLS:
        few[calls] = case.made(f"{calls} calls", case.strokes, STRENGTH, calls)
        yield line("the same in few calls", few[calls], calls)
    shapes = [rough(number) for number in range(fewer)]
    yield line("rough shapes, as they are", shapes)
    yield line(
        "Strength 50 % on rough shapes", case.made("rough shapes", shapes, STRENGTH), case.counts.calls
    )
    columns = [case.strokes, *few.values(), made, case.others]
    titles = ("strokes", *(f"{calls} calls" for calls in (*FEW_CALLS, case.counts.calls)), "the scene")
    case.show("few calls", [*islice(zip(*columns, strict=True), SHOWN)], titles)

    yield f"\nStrokes to pictures over t0, {fewer} strokes"
    yield _row("  t0", *(f"{t0:g}" for t0 in CURVE))
    curve = [
        made[:fewer] if t0 == STRENGTH else case.made(f"t0 {t0:g}", case.strokes[:fewer], t0) for t0 in CURVE
    ]
    yield _row(
        "  kernel distance/1000", *(f"{1000 * kernel_distance(case.seen(each), known):.1f}" for each in curve)
    )
    yield _row("  L2 to the strokes", *(f"{_squared_distance(each, case.strokes):.0f}" for each in curve))
    columns = [case.strokes[:fewer], *curve]
    case.show(
        "over t0", [*islice(zip(*columns, strict=True), SHOWN)], ("strokes", *(f"t0 {t0:g}" for t0 in CURVE))
    )


def copies(case: Case, training: Path) -> Iterator[str]:
    """Free samples, and their nearest training pictures beside those of held-out scenes."""
    n = case.counts.scenes
    blank = np.full((SIZE, SIZE, 3), 128, np.uint8)
    samples = case.made("free samples", [blank] * n, 1.0)
    known = case.seen(case.known)
    floor = sampling_floor(torch.cat([known, case.seen(case.others)]), n, n, kernel_distance).rms
    kernel = kernel_distance(case.seen(samples), known)
    yield f"\nFree samples (Strength 100 %), {n}"
    yield _row("  kernel distance/1000", f"{1000 * kernel:.1f}")
    yield _row("  times the floor", f"{kernel / floor:.1f}")
    yield _row("  Frechet distance", f"{frechet_distance(case.seen(samples), known):.1f}")
    case.show("free samples", [samples[i : i + 8] for i in range(0, n // 8 * 8, 8)], [""] * 8)

    with tempfile.TemporaryDirectory() as scratch:
        shards = sorted(training.glob("[0-9]*.safetensors"))[1:]
        if not shards and case.counts.shards:
            _say("rendering training pictures again")
            shards = square_shards(Path(scratch), case.counts.shards)
        seen = [*_progress("training pictures", whole_views(shards))]
    if not seen:
        yield f"  no training pictures in {training}: nearest neighbours are left out"
        return
    yield f"\nMedian distance to the nearest of {len(seen)} training pictures; share nearer than 5 % of them"
    yield _row("", "samples", "scenes", "share")
    shown = [samples]
    for name, space in (("features", case.seen), ("pixels", _thumbs)):
        theirs = space(seen)
        ours, real = nearest(space(samples), theirs), nearest(space(case.known), theirs)
        close = float(real.distance.quantile(0.05))
        share = float((ours.distance < close).double().mean())
        yield _row(
            f"  in {name}",
            f"{float(ours.distance.median()):.3f}",
            f"{float(real.distance.median()):.3f}",
            f"{share:.0%}",
        )
        shown.append([seen[i] for i in ours.nearest.tolist()])
        if space == case.seen:
            most_alike = ours.distance.argsort()[:SHOWN].tolist()
    titles = ("sample", "nearest in features", "nearest in pixels")
    case.show("nearest", [[column[i] for column in shown] for i in most_alike], titles)


def contact_sheets(case: Case) -> Iterator[str]:
    """Paintings and results at three strengths: one sheet, and one of each painting that is made large."""
    if not case.sheets:
        return
    for size, count in ((SIZE, case.counts.paintings), (4 * SIZE, case.counts.large)):
        if count:
            paintings = made_paintings(case.counts.paintings, size, case.others)
            paintings = paintings[:: case.counts.paintings // count]
            done = [*_progress(f"sheet of {size} pixels", rows(case.model, paintings, case.counts.calls))]
            case.show(f"strokes {size}", done, TITLES, size)
    yield f"\nSheets are in {case.sheets}"


def _squared_distance(a: Sequence[Rgb], b: Sequence[Rgb]) -> float:
    """Summed over a picture of 0..1, and their mean."""
    apart = [(x / 255.0 - y / 255.0) for x, y in zip(a, b, strict=False)]
    return float(np.mean([np.square(each).sum() for each in apart]))


def _thumbs(pictures: Sequence[Rgb]) -> Tensor:
    x = torch.cat(
        [
            torch.nn.functional.interpolate(features.small([each]), (THUMB, THUMB), mode="area")
            for each in pictures
        ]
    )
    return x.flatten(1).double()


def _tensor(pictures: Sequence[Rgb]) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


def _row(name: str, *values: object) -> str:
    return f"{name:44}" + "".join(f"{value!s:>12}" for value in values)


def _say(text: str) -> None:
    sys.stderr.write(f"\r{text:60}")
    sys.stderr.flush()


def _progress(name: str, items: Iterable[Item]) -> Iterator[Item]:
    """Says on stderr how far a loop is."""
    started = time.monotonic()
    of = f" of {len(items)}" if isinstance(items, Sequence) else ""
    for i, item in enumerate(items, 1):
        yield item
        _say(f"{name}: {i}{of}, {time.monotonic() - started:.0f} s")
    sys.stderr.write(f"\r{'':60}\r")
