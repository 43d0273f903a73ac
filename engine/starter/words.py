"""The words that the starter model knows, and which of them tell of a scene."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.starter.climates import CLIMATES
from engine.starter.places import locate
from engine.starter.scene import DRY_LAND, OBJECTS, Scene

# Their order is the network's: new words go to the end.
TIMES = ("day", "sunset", "night")
WEATHER = ("clear", "cloudy", "overcast", "fog")
PLACES = ("mountains", "meadow", "forest", "autumn", "desert", "canyon", "coast", "lake", "winter", "savanna")
THINGS = ("balloon", "boat", "tree", "boulder", "hut", "birds")
WORDS = (*TIMES, *WEATHER, *PLACES, "water", "sun", "moon", *THINGS, "flowers", "path", "fields", "snow")

LOW_SUN = math.radians(7)
LEAST = 0.3  # share of a thing that must be seen
NAMES = {"alpine": "mountains"}  # of climates, where theirs is not a word that people would use


def words(s: Scene) -> Tensor:
    """(batch, len(WORDS)), bool: what a picture of each scene shows, from its numbers alone."""
    things, sun = locate(s)
    seen, disc = things[..., 3] > LEAST, sun[:, 2] > LEAST
    night, low, heavy = s.night > 0, s.sun_height < LOW_SUN, s.overcast > 0.3
    places = [NAMES.get(name, name) for name in CLIMATES]
    shown = {
        "day": ~night & ~low,
        "sunset": ~night & low,
        "night": night,
        "clear": ~heavy & (s.cloud_cover < -0.9),
        "cloudy": ~heavy & (s.cloud_cover >= -0.9),
        "overcast": heavy,
        "fog": s.fog > 0,
        **{place: s.climate == i for i, place in enumerate(places)},
        "water": s.water > DRY_LAND,
        "sun": disc & ~night & ~heavy,
        "moon": disc & night & ~heavy,
        **{name: seen[:, [i for i, each in enumerate(OBJECTS) if each == name]].any(1) for name in THINGS},
        "flowers": s.flowers > 0.03,
        "path": s.path > 0,
        "fields": s.fields > 0,
        "snow": s.snow_line < 600,
    }
    return torch.stack([shown[word] for word in WORDS], 1)
