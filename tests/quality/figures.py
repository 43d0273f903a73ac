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
CURVE = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)  # t0
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
    """A model, and the scenes and pictures by which it is judged."""

    model: Model
    counts: Counts
    sheets: Path | None  # the folder to write them to
    network: features.FeatureNetwork
    known: list[Rgb]  # held-out scenes
    others: list[Rgb]  # of which the strokes are made

    @cached_property
    def strokes(self) -> list[Rgb]:
        return [simulated(each) for each in self.others]

    @cached_property
    def results(self) -> list[Rgb]:
        return self.made("Strength 50 %", self.strokes, STRENGTH)

    @cached_property
    def samples(self) -> list[Rgb]:
        blank = np.full((SIZE, SIZE, 3), 128, np.uint8)
        return self.made("free samples", [blank] * self.counts.scenes, 1.0)

    def made(self, name: str, guides: Sequence[Rgb], strength: float, calls: int = 0) -> list[Rgb]:
        """What the model makes of each guide."""
        return [
            result(self.model, guide, strength, seed, calls or self.counts.calls)
            for seed, guide in enumerate(_progress(name, guides))
        ]

    def seen(self, pictures: Sequence[Rgb]) -> Tensor:
        return features.features_of(self.network, pictures)

    def show(self, name: str, columns: Sequence[Sequence[Rgb]], titles: Sequence[str]) -> None:
        """A sheet of the first few rows."""
        if self.sheets:
            self.sheets.mkdir(parents=True, exist_ok=True)
            rows = [*islice(zip(*columns, strict=False), SHOWN)]
            sheet(rows, titles).save(self.sheets / f"{name}.png")


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
    yield f"\nError of the estimate of x0 at five noise levels, {case.counts.judged} held-out scenes"
    yield _row("  VP time", *LEVELS)
    yield _row("  PSNR, dB", *(f"{value:.2f}" for value in figures.values()))


def distances(case: Case) -> Iterator[str]:
    """Of results, and of what they are made from, to held-out scenes; few calls beside many."""
    n, calls = case.counts.scenes, case.counts.calls
    known = case.seen(case.known)
    pool, detail = torch.cat([known, case.seen(case.others)]), finest_detail(_tensor(case.known))

    def line(name: str, pictures: list[Rgb], calls: int | str = "") -> str:
        seen = case.seen(pictures)
        kernel = kernel_distance(seen, known)
        return _row(
            f"  {name}",
            len(pictures),
            calls,
            f"{1000 * kernel:.1f}",
            f"{kernel / sampling_floor(pool, len(seen), n, kernel_distance).rms:.1f}",
            f"{frechet_distance(seen, known):.1f}",
            f"{finest_detail(_tensor(pictures)) / detail:.2f}",
        )

    yield f"\nDistance to {n} held-out scenes in {features.FEATURES} features, and detail as a part of theirs"
    yield _row("", "pictures", "calls", "kernel x1000", "of floor", "Frechet", "detail")
    kernel, frechet = (sampling_floor(pool, n, n, each) for each in (kernel_distance, frechet_distance))
    floor = f"±{1000 * kernel.rms:.1f}", 1.0, f"{frechet.mean:.1f}"
    yield _row("  sampling floor: two sets of scenes", n, "", *floor)
    yield line("the scenes that were made strokes", case.others)
    yield line("the strokes as they are", case.strokes)
    yield line("Strength 50 % on strokes", case.results, calls)
    few = [case.made(f"{each} calls", case.strokes, STRENGTH, each) for each in FEW_CALLS]
    for each, made in zip(FEW_CALLS, few, strict=True):
        yield line("Strength 50 % on strokes", made, each)
    shapes = [rough(number) for number in range(case.counts.fewer)]
    yield line("rough shapes as they are", shapes)
    yield line("Strength 50 % on rough shapes", case.made("rough shapes", shapes, STRENGTH), calls)
    yield line("free samples", case.samples, calls)
    titles = ("strokes", *(f"{each} calls" for each in (*FEW_CALLS, calls)), "the scene")
    case.show("few calls", [case.strokes, *few, case.results, case.others], titles)
    case.show("free samples", [case.samples[i::8] for i in range(8)], [""] * 8)


def curve(case: Case) -> Iterator[str]:
    """Strokes to pictures over t0: figure 3 of SDEdit's paper."""
    strokes, known = case.strokes[: case.counts.fewer], case.seen(case.known)
    made = [
        case.results[: len(strokes)] if t0 == STRENGTH else case.made(f"t0 {t0:g}", strokes, t0)
        for t0 in CURVE
    ]
    kernels = [1000 * kernel_distance(case.seen(each), known) for each in made]
    yield f"\nStrokes to pictures over t0, {len(strokes)} strokes"
    yield _row("  t0", *(f"{t0:g}" for t0 in CURVE))
    yield _row("  kernel distance x1000", *(f"{each:.1f}" for each in kernels))
    yield _row("  L2 to the strokes", *(f"{_squared_distance(each, strokes):.0f}" for each in made))
    case.show("over t0", made, [f"t0 {t0:g}" for t0 in CURVE])


def copies(case: Case, training: Path) -> Iterator[str]:
    """Free samples and their nearest training pictures, beside held-out scenes and theirs."""
    with tempfile.TemporaryDirectory() as scratch:
        shards = sorted(training.glob("[0-9]*.safetensors"))[1:]
        if not shards and case.counts.shards:
            _say("rendering training pictures again")
            shards = square_shards(Path(scratch), case.counts.shards)
        pictures = [*_progress("training pictures", whole_views(shards))]
    if not pictures:
        yield f"\nNo training pictures in {training}: nearest neighbours are left out"
        return
    yield f"\nDistance to the nearest of {len(pictures)} training pictures and mirror images"
    yield _row("", "median", "least", "least lead*")
    columns = [case.samples]
    for name, space in (("features", case.seen), ("pixels", _thumbs)):
        theirs = space(pictures)
        for whose, these in (("held-out scenes", case.known), ("free samples", case.samples)):
            found = nearest(space(these), theirs)
            figures = found.distance.median(), found.distance.min(), found.lead.min()
            yield _row(f"  {whose}, in {name}", *(f"{float(each):.3f}" for each in figures))
        columns.append([pictures[i] for i in found.which.tolist()])
        closest = found.lead.argsort().tolist()
    yield "  * as a part of the distance to the second nearest: 0 for a copy"
    shown = [[column[i] for i in closest] for column in columns]
    case.show("nearest", shown, ("sample", "nearest in features", "nearest in pixels"))


def contact_sheets(case: Case) -> Iterator[str]:
    """Paintings and what becomes of them at three strengths."""
    if not case.sheets:
        return
    for size, count in ((SIZE, case.counts.paintings), (4 * SIZE, case.counts.large)):
        if count:
            paintings = made_paintings(case.counts.paintings, size, case.others)
            paintings = paintings[:: case.counts.paintings // count]
            made = _progress(f"at {size} pixels", rows(case.model, paintings, case.counts.calls))
            sheet([*made], TITLES, size).save(case.sheets / f"strokes {size}.png")
    yield f"\nSheets are in {case.sheets}"


def _squared_distance(a: Sequence[Rgb], b: Sequence[Rgb]) -> float:
    """Summed over a picture of 0..1, and their mean."""
    apart = [x / 255 - y / 255 for x, y in zip(a, b, strict=True)]
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
    return f"{name:36}" + "".join(f"{value!s:>13}" for value in values)


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
