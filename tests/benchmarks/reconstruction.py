"""An unedited picture up to t0 and back: how much of it is lost, by Cycle-SDE as a difference from the path,
by Cycle-SDE with recovered noise as it was published, and by ODE inversion.

    python -m tests.benchmarks.reconstruction [--scenes 4] [-o FOLDER]

Each in float32, and with network and latents in bfloat16.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any, cast

import torch
from torch import Tensor

from engine import models
from engine.cycle import follow, inverted, noised
from engine.latents import At
from engine.levels import Level, even
from engine.pixel_diffusion import PixelDiffusion
from engine.sampling import Denoise, Estimate, first_order, sample, seeded
from engine.types import EditRequest
from tests.benchmarks.known_drags import CACHE, SIZE, cases
from tests.benchmarks.plots import COLOURS, OUTPUT, Axis, Line, plot, written

STRENGTH = 0.6  # t0
STEPS = (10, 25, 50, 100)
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
LEAST = 1e-6  # of 255: what is drawn at the bottom of the plot


def by_difference(denoise: Denoise, clean: Tensor, levels: list[Level]) -> Tensor:
    path = noised(clean, levels, seeded(0))
    *_, x0 = follow(denoise, path, path.states[0])
    return x0


def by_recovered_noise(denoise: Denoise, clean: Tensor, levels: list[Level]) -> Tensor:
    """w = (p_b - mean(p_a)) / std, used again. The last step has no noise to recover, so it is left out, and
    the least noisy level stands for the picture.
    """
    levels = levels[:-1]
    path = noised(clean, levels, seeded(0))
    x = path.states[0]
    for k, (a, b) in enumerate(pairwise(levels)):
        p = path.states[k]
        along = first_order(p, Estimate(a, denoise(p, a)), b, 1.0)
        noise = (path.states[k + 1] - along.mean) / along.std
        x = first_order(x, Estimate(a, denoise(x, a)), b, 1.0).at(noise)
    return x


def by_inversion(denoise: Denoise, clean: Tensor, levels: list[Level]) -> Tensor:
    *_, path = inverted(denoise, clean, levels)
    *_, x0 = sample(denoise, path.states[0], levels, seeded(0), 0.0, first_order)
    return x0


def by_inversion_as_difference(denoise: Denoise, clean: Tensor, levels: list[Level]) -> Tensor:
    *_, path = inverted(denoise, clean, levels)
    *_, x0 = follow(denoise, path, path.states[0], eta=0.0)
    return x0


METHODS: dict[str, Callable[[Denoise, Tensor, list[Level]], Tensor]] = {
    "Cycle-SDE, difference": by_difference,
    "Cycle-SDE, recovered noise": by_recovered_noise,
    "ODE inversion": by_inversion,
    "ODE inversion, difference": by_inversion_as_difference,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenes", type=int, default=4)
    parser.add_argument("--model", default="starter", help="a name, or a model's folder")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where rendered scenes are kept")
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT, help="the folder to write to")
    ask = parser.parse_args()
    torch.set_num_threads(1)
    model = cast("PixelDiffusion", models.load(ask.model))
    pictures = [case.before for case in cases(ask.scenes, ask.cache)]
    at, rows = At(model, (SIZE, SIZE)), list[dict[str, Any]]()
    for precision, dtype in DTYPES.items():
        model.network.unet.to(dtype)
        for steps in STEPS:
            for name, method in METHODS.items():
                sys.stderr.write(f"\r{precision}, {steps} steps, {name:30}")
                errors = []
                for picture in pictures:
                    denoise = _in(dtype, model.denoiser(EditRequest(picture, picture)))
                    clean = at.latent(picture).to(dtype)
                    with torch.inference_mode():
                        back = method(denoise, clean, even(model.schedule, STRENGTH, steps))
                    errors.append((back.double() - clean.double()).abs() * 127.5)
                rms = fmean(float(error.square().mean().sqrt()) for error in errors)
                most = max(float(error.max()) for error in errors)
                row = {"method": name, "precision": precision, "steps": steps, "rms": rms, "most": most}
                rows.append(row)
    sys.stderr.write(f"\r{'':60}\r")
    print(*table(rows), sep="\n")
    written(
        ask.output, "reconstruction", {"t0": STRENGTH, "scenes": ask.scenes, "rows": rows}, picture_of(rows)
    )


def _in(dtype: torch.dtype, denoise: Denoise) -> Denoise:
    """With latents in a precision; the model's own are float32."""
    return lambda x, level: denoise(x.float(), level).to(dtype)


def table(rows: list[dict[str, Any]]) -> list[str]:
    """In Markdown: root of the mean square, and the most, in levels of 255."""
    out = ["| | precision | " + " | ".join(f"{steps} steps" for steps in STEPS) + " |", "| --- " * 6 + "|"]
    for name in METHODS:
        for precision in DTYPES:
            some = [row for row in rows if (row["method"], row["precision"]) == (name, precision)]
            cells = " | ".join(f"{row['rms']:.3g} (most {row['most']:.3g})" for row in some)
            out.append(f"| {name} | {precision} | {cells} |")
    return out


def picture_of(rows: list[dict[str, Any]]) -> Any:
    across = Axis("steps", 10, 100, STEPS, True)
    ticks = (LEAST, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100)
    up = Axis("error, levels of 255 (at the bottom: exactly none)", LEAST, 100, ticks, True)
    lines = [
        Line(
            f"{name}, {precision}",
            STEPS,
            [
                max(row["rms"], LEAST)
                for row in rows
                if (row["method"], row["precision"]) == (name, precision)
            ],
            COLOURS[i],
            precision == "bfloat16",
        )
        for i, name in enumerate(METHODS)
        for precision in DTYPES
    ]
    return plot(f"An unedited picture to t0 = {STRENGTH:g} and back", across, up, lines, (860, 370))


if __name__ == "__main__":
    main()
