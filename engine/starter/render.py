"""Renders scenes into pictures.

python -m engine.starter.render COUNT SEED OUT.png
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.starter.clouds import clouds
from engine.starter.film import develop, sheet
from engine.starter.ground import BLOCK, Hits, Land, View, camera_view, first_hits, polar_land, rows_of_sky
from engine.starter.noise import colour, plane
from engine.starter.places import feet
from engine.starter.scene import SOIL, Scene
from engine.starter.shadows import LightMap, cloud_shadows, light_maps, object_shadows, read_maps
from engine.starter.sky import Light, aerial, dusk, lighting, sky, sun_and_stars
from engine.starter.surface import Surface, surface
from engine.starter.things import draw_things
from engine.starter.water import water
from engine.starter.world import draw

WHOLE = (0.0, 0.0, 1.0, 1.0)  # the window that shows the whole view
SAMPLES = 48  # columns and rows of the view that are looked at to find the exposure


class _Lit(NamedTuple):
    """Scenes, and what follows from their light."""

    scene: Scene
    light: Light
    maps: list[LightMap]

    def rows(self, index: Tensor) -> _Lit:
        return _Lit(self.scene.rows(index), self.light.rows(index), [each.rows(index) for each in self.maps])


class _Dry(NamedTuple):
    """A window of the view, still without water and things."""

    view: View
    low: View  # only its rows where there may be land or water, as of hits, lit and picture
    land: Land
    hits: Hits
    lit: Tensor  # (batch, column, row): share of the sun
    far: Tensor  # (batch, 3, column, 1): the sky's colour at the horizon
    heaven: Tensor  # (batch, 3, ., .): the sky; what is below the horizon is its mirror image
    above: Tensor  # (batch, 3, column, .): the rows of nothing but sky
    picture: Tensor  # (batch, 3, column, row): the rows below them


def render(
    scene: Scene,
    width: int = 256,
    height: int | None = None,
    window: Tensor | None = None,
    device: torch.device | str = "cpu",
    supersample: float = 2,
    chunk: int = 2,
    grain: float = 0.006,
) -> Tensor:
    """Pictures (batch, 3, height, width), sRGB, 0..1, on `device`.

    `window` (batch, 4) says which part of the view each picture shows: left, top, right and bottom, in
    fractions of the view; without it they show all. Pixels are square; without `height` it follows from the
    shape of what is shown.

    The same scene gives the same picture in any batch. `chunk` scenes are rendered at a time: two suit the
    cache of a processor. `grain` is its deviation; it hangs on the scene, so that two pictures of one world
    differ only where the world does.
    """
    if window is None:
        window = torch.tensor(WHOLE).repeat(len(scene.eye), 1)
    height = _height(scene, window, width, height)
    parts = [slice(first, first + chunk) for first in range(0, len(scene.eye), chunk)]
    with torch.inference_mode():
        return torch.cat(
            [
                _render(
                    scene.rows(part).to(device), window[part].to(device), width, height, supersample, grain
                )
                for part in parts
            ]
        )


def _height(scene: Scene, window: Tensor, width: int, height: int | None) -> int:
    """The height that makes pixels square; raises ValueError where the one given does not."""
    if window.shape != (len(scene.eye), 4):
        raise ValueError(f"Give a window of four numbers for each of the {len(scene.eye)} scenes.")
    left, top, right, bottom = window.unbind(1)
    if bool((window < -1e-4).any() | (window > 1.0001).any() | (left >= right).any() | (top >= bottom).any()):
        raise ValueError("A window is left, top, right and bottom, in fractions of the view from 0 to 1.")
    heights = width * (bottom - top) / (right - left) / scene.aspect.to(window.device)
    if height is None:
        height = round(float(heights[0]))
    if bool(((heights - height).abs() > 1).any()):
        wrong = float(heights[int((heights - height).abs().argmax())])
        raise ValueError(
            f"A picture {width} pixels wide must be {wrong:.0f} pixels high to show its window undistorted, "
            f"not {height}: choose another height, or windows of the picture's shape."
        )
    return height


def _render(s: Scene, window: Tensor, width: int, height: int, supersample: float, grain: float) -> Tensor:
    light = lighting(s)
    lit = _Lit(s, light, light_maps(s, light))
    dry = _dry(lit, window, width, height, supersample)
    picture = dry.picture
    if bool(dry.hits.wet.any()):
        whole, heaven = _mirrored(lit, window, dry, width, height, supersample)
        picture = water(s, light, dry.low, dry.land, dry.hits, picture, whole, heaven, dry.lit, dry.far)
    picture = torch.cat([dry.above, picture], 3)
    picture = draw_things(s, light, dry.view, dry.hits, picture, _sun_at_feet(lit), dry.far)
    return develop(s, picture, _exposure(lit), window, width, height, grain)


def _dry(world: _Lit, window: Tensor, width: int, height: int, supersample: float) -> _Dry:
    """A window, in `supersample` times the columns and rows of its picture; of the sky, which is soft, in at
    most one and a half times as many.
    """
    s, light, maps = world
    view = camera_view(s, window, round(width * supersample), round(height * supersample))
    land = polar_land(s, view)
    only_sky = rows_of_sky(view, land)
    low = view.below(only_sky)
    hits = first_hits(s, low, land)
    lit, openness = _sunlit(s, light, maps, hits)
    lit = lit * object_shadows(s, light, hits.x, hits.z)
    seen = surface(s, low, hits, openness)
    irradiance = colour(light.sun) * (_lambert(light, seen) * lit)[:, None] + _around(s, light, seen)
    far = _horizon(s, view)
    picture = aerial(s, light, seen.albedo * irradiance / math.pi * 1.15, hits.z, hits.y, view.camera, far)
    sky_view = camera_view(s, window, *(round(side * min(1.5, supersample)) for side in (width, height)))
    heaven = _heaven(s, light, sky_view, (only_sky + _rows_with_sky(hits)) / view.rise.shape[2])
    full_sky = F.interpolate(heaven, view.rise.shape[1:], mode="bilinear", align_corners=False)
    above, behind = full_sky[..., :only_sky], full_sky[..., only_sky:]
    picture = torch.where((hits.land | hits.below)[:, None], picture, behind)
    return _Dry(view, low, land, hits, lit, far, heaven, above, picture)


def _mirrored(
    lit: _Lit, window: Tensor, dry: _Dry, width: int, height: int, supersample: float
) -> tuple[Tensor, Tensor]:
    """The whole view's picture and sky, which water mirrors. They are rendered for windows that show water:
    it may mirror what they do not show.
    """
    everything = window.new_tensor(WHOLE)
    rows = ((window != everything).any(1) & dry.hits.wet.flatten(1).any(1)).nonzero()[:, 0]
    picture = torch.cat([dry.above, dry.picture], 3)
    if len(rows) == 0:
        return picture, dry.heaven
    whole = _dry(lit.rows(rows), everything.expand(len(rows), 4), width, height, supersample)
    picture = picture.index_copy(0, rows, torch.cat([whole.above, whole.picture], 3))
    return picture, dry.heaven.index_copy(0, rows, whole.heaven)


def _sunlit(s: Scene, light: Light, maps: list[LightMap], hits: Hits) -> tuple[Tensor, Tensor]:
    """The share of the sun that hills, woods and clouds leave to each hit, and its openness to the sky."""
    sun, openness = read_maps(maps, hits.x, hits.z)
    return sun * cloud_shadows(s, light, hits.x, hits.y, hits.z), openness


def _sun_at_feet(world: _Lit) -> Tensor:
    """(batch, objects): the share of the sun that falls where things stand."""
    s, light, maps = world
    x, y, z = s.place[..., :1], feet(s)[0][..., None], s.place[..., 2:]
    sun = read_maps(maps, x, z)[0] * cloud_shadows(s, light, x, y, z) * object_shadows(s, light, x, z)
    return sun[..., 0]


def _rows_with_sky(hits: Hits) -> int:
    """How many of the rows, from the first, may show the sky in any of the pictures; with water all do."""
    rows = (~(hits.land | hits.below) | hits.wet.any()).any(1).any(0)
    return int((rows * torch.arange(1, len(rows) + 1, device=rows.device)).amax())


def _heaven(s: Scene, light: Light, whole: View, share: float) -> Tensor:
    """(batch, 3, column, row): the sky; what is below the horizon is its mirror image, for the water. Only a
    `share` of the rows, the upper ones, is needed, and with it eight more, to smooth.
    """
    rows = whole.rise.shape[2]
    needed = min(-(-(math.ceil(share * rows) + 8) // BLOCK) * BLOCK, rows)
    view = whole.above(needed)
    aside = (view.aside * view.focal).expand_as(view.rise)
    mirrored = view.rise.abs().clamp(min=0.002)
    length = (aside * aside + view.rise * view.rise + view.focal * view.focal).sqrt()
    x, y, z = aside / length, mirrored / length, view.focal / length
    cloudy, through = clouds(s, light, view, sky(s, x, y, z), x, y, z)
    seen = cloudy + sun_and_stars(s, light, view, through)
    return F.pad(seen, (0, rows - needed))


def _horizon(s: Scene, view: View) -> Tensor:
    """(batch, 3, column, 1): the sky's colour at the horizon, into which distance fades."""
    aside = view.aside
    length = (1 + aside**2).sqrt()
    return sky(s, aside / length, torch.full_like(aside, 0.035), 1 / length)


def _lambert(light: Light, seen: Surface) -> Tensor:
    """Share of the sun's light that a surface turned like this receives, 0..1.2."""
    cosine = (seen.normal * colour(light.direction)).sum(1)
    return ((cosine + seen.softness) / (1 + seen.softness)).clamp(0, 1.2)


def _around(s: Scene, light: Light, seen: Surface) -> Tensor:
    """(batch, 3, column, row): light from the sky, and from the ground around."""
    up = seen.normal[:, 1:2]
    bounce = colour(light.sun * light.direction[:, 1:2].clamp(min=0) * s.palette[:, SOIL]) * 0.25
    return (colour(light.ambient) * (0.55 + 0.45 * up) + bounce * (1 - 0.5 * up)) * seen.openness[:, None]


def _exposure(world: _Lit) -> Tensor:
    """(batch,): longer where the land is dark. The whole view is looked at, in few pixels, whichever window
    is shown; things are left out, since they may move.
    """
    s, light, maps = world
    view = camera_view(s, s.eye.new_tensor(WHOLE).expand(len(s.eye), 4), SAMPLES, SAMPLES)
    hits = first_hits(s, view, polar_land(s, view))
    lit, openness = _sunlit(s, light, maps, hits)
    seen = surface(s, view, hits, openness)
    direct = plane(light.sun.mean(1)) * _lambert(light, seen) * lit
    radiance = seen.albedo.mean(1) * (direct + _around(s, light, seen).mean(1)) / math.pi
    weight = hits.land.float() + 1e-4
    mean = torch.exp((radiance.clamp(min=1e-6).log() * weight).sum((1, 2)) / weight.sum((1, 2)))
    power = 0.5 * (1 - 0.3 * s.night) * (1 - 0.4 * dusk(s)) * weight.mean((1, 2)).clamp(max=1)
    return light.exposure * (0.11 / (mean * light.exposure)).clamp(1, 3.5) ** power


def main() -> None:
    """A contact sheet of scenes drawn from one seed."""
    from PIL import Image  # nothing else here needs it

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("count", type=int, help="pictures")
    parser.add_argument("seed", type=int)
    parser.add_argument("path", type=Path, help="the sheet, for example sheet.png")
    ask = parser.parse_args()
    if ask.count < 1:
        parser.error("A contact sheet needs at least one picture: give a count of 1 or more.")
    pictures = render(draw(ask.count, torch.Generator().manual_seed(ask.seed)))
    Image.fromarray((sheet(pictures, min(ask.count, 6)) * 255).byte().numpy()).save(ask.path)


if __name__ == "__main__":
    main()
