"""The colours of the world's materials by daylight, for whoever wants to paint them.

    python -m engine.starter.palette

measures them in rendered scenes and writes `resources/palette.json`: each material's name, its median colour,
and three shades from light to dark.

What a pixel shows is found by asking: a scene is rendered again with one thing in it changed, and what then
changes in the picture is made of that.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from engine.starter.climates import CLIMATES
from engine.starter.places import locate
from engine.starter.render import render
from engine.starter.scene import DRY, GREEN, LEAF, OTHER_LEAF, ROCK, SOIL, Scene
from engine.starter.world import draw

PATH = Path(__file__).parents[2] / "resources" / "palette.json"
SIZE = 128  # pixels
REDDER = (2.4, 0.4, 0.2)  # times a colour's mean: as light as it was, or the exposure would answer
ANSWER = 0.1  # of the share of red, where most of a pixel is of the changed colour
LIGHTER = 0.12  # by which clouds and snow are lighter than what is behind them
MOST = 400  # pixels of one material in one scene
SUN_RADIUS = 0.008  # of the picture's width
MATERIALS = ("sky", "cloud", "snow", "rock", "grass", "forest", "water", "sand", "sun")
WHERE = {  # the climates in which a material looks as its name says
    "rock": ("alpine", "lake", "coast"),
    "grass": ("alpine", "meadow", "forest", "lake"),
    "forest": ("alpine", "meadow", "forest", "lake"),
    "sand": ("coast", "desert"),
}

Masks = dict[str, Tensor]  # of each material (n, h, w), bool


class Material(NamedTuple):
    name: str
    hex: str  # sRGB, #rrggbb: the median
    shades: tuple[str, str, str]  # light, middle, dark

    @classmethod
    def of(cls, name: str, pixels: Tensor) -> Material:
        """From pixels (n, 3), sRGB, 0..1: the medians of all and of thirds by lightness."""
        order = pixels[(pixels @ torch.tensor([0.30, 0.59, 0.11])).argsort(descending=True)]
        light, middle, dark = (_hex(third.median(0).values) for third in order.tensor_split(3))
        return cls(name, _hex(pixels.median(0).values), (light, middle, dark))


def material_colours(scenes: Sequence[Scene]) -> list[Material]:
    """The materials' colours in these scenes; of what none of them shows there is no colour."""
    found: dict[str, list[Tensor]] = {name: [] for name in MATERIALS}
    for scene in scenes:
        picture, masks = _picture_and_masks(scene)
        for name, mask in masks.items():
            for pixels, seen in zip(picture.permute(0, 2, 3, 1), mask, strict=True):
                these = pixels[seen]
                found[name].append(these[:: max(1, len(these) // MOST)])
    pixels = {name: torch.cat(parts) for name, parts in found.items() if parts}
    return [Material.of(name, each) for name, each in pixels.items() if len(each) >= 3]


def daylight(count: int, seed: int) -> list[Scene]:
    """Scenes, one in each, without things and under a sun that is well up."""
    climates = ("alpine", "lake", "coast", "meadow", "forest", "winter", "desert")
    scenes = draw(count, torch.Generator().manual_seed(seed), climates)
    scenes = replace(scenes, present=torch.zeros_like(scenes.present))
    day = (scenes.night == 0) & (scenes.sun_height > 0.2) & (scenes.overcast == 0)
    return [scenes.rows(row[None]) for row in day.nonzero()[:, 0]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenes", type=int, default=160, help="to measure; those by night are left out")
    ask = parser.parse_args()
    table = [each._asdict() for each in material_colours(daylight(ask.scenes, 700_000))]
    PATH.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    for each in table:
        print(each["name"], each["hex"], *each["shades"])


def _picture_and_masks(s: Scene) -> tuple[Tensor, Masks]:
    """(1, 3, h, w), and what its pixels show; `s` is one scene."""
    climate = list(CLIMATES)[int(s.climate)]
    picture = _seen(s)

    def made_of(*entries: int) -> Tensor:
        return _redness(_seen(_with_red(s, entries))) - _redness(picture) > ANSWER

    calm, clear = (
        replace(s, waves=s.waves / 2),
        replace(s, cloud_cover=s.cloud_cover - 9, cirrus=s.cirrus * 0),
    )
    cloudy = (picture - _seen(clear)).mean(1)
    masks = {
        "snow": (picture - _seen(replace(s, snow_line=s.snow_line + 1e5))).mean(1) > LIGHTER,
        "rock": made_of(ROCK),
        "grass": made_of(GREEN, DRY),
        "forest": made_of(LEAF, OTHER_LEAF),
        "sand": made_of(SOIL, *((GREEN, DRY) if climate == "desert" else ())),
        "water": (picture - _seen(calm)).abs().amax(1) > 0.004,
    }
    row = (torch.arange(SIZE) + 0.5) / SIZE
    above = ~torch.stack([*masks.values()]).any(0) & (row[:, None] < 0.8 * s.horizon)
    masks |= {"cloud": above & (cloudy > LIGHTER), "sky": above & (cloudy.abs() < 0.01), "sun": _sun(s)}
    return picture, {name: mask for name, mask in masks.items() if climate in WHERE.get(name, (climate,))}


def _seen(s: Scene) -> Tensor:
    return render(s, SIZE, supersample=1, grain=0)


def _with_red(s: Scene, entries: Sequence[int]) -> Scene:
    """The scene with these colours of its palette turned red."""
    palette = s.palette.clone()
    for entry in entries:
        palette[:, entry] = palette[:, entry].mean(1, keepdim=True) * torch.tensor(REDDER)
    return replace(s, palette=palette)


def _redness(picture: Tensor) -> Tensor:
    red, green, blue = picture.unbind(1)
    share: Tensor = red / (red + green + blue).clamp(min=0.02)
    return share


def _sun(s: Scene) -> Tensor:
    """(1, h, w): the middle of the sun's disc, if it is in the picture."""
    _, sun = locate(s)
    at = (torch.arange(SIZE) + 0.5) / SIZE
    column, row, ahead = sun[0].tolist()
    near = (at[None, :] - column) ** 2 + (at[:, None] - row) ** 2 < SUN_RADIUS**2
    disc: Tensor = near & (ahead > 0) & (row < float(s.horizon))
    return disc[None]


def _hex(colour: Tensor) -> str:
    return "#" + "".join(f"{round(each * 255):02x}" for each in colour.tolist())


if __name__ == "__main__":
    main()
