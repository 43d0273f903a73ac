"""Renders scenes into pictures.

python -m engine.starter.render COUNT SEED OUT.png
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.starter.clouds import clouds
from engine.starter.film import develop, sheet
from engine.starter.ground import Hits, View, camera_view, first_hits, polar_land
from engine.starter.noise import colour, plane
from engine.starter.scene import DRY_LAND, SOIL, Scene
from engine.starter.shadows import cloud_shadows, light_maps, object_shadows, read_maps
from engine.starter.sky import Light, aerial, lighting, sky, sun_and_stars
from engine.starter.surface import Surface, surface
from engine.starter.things import draw_things
from engine.starter.water import water
from engine.starter.world import draw


def render(
    scene: Scene,
    size: int = 256,
    device: torch.device | str = "cpu",
    supersample: float = 2,
    chunk: int = 2,
    grain: float = 0.006,
) -> Tensor:
    """Pictures (batch, 3, size, size), sRGB, 0..1, on `device`.

    The same scene gives the same picture in any batch. `chunk` scenes are rendered at a time: two suit the
    cache of a processor. `grain` is its deviation; it hangs on the scene, so that two pictures of one world
    differ only where the world does.
    """
    rows = [slice(first, first + chunk) for first in range(0, len(scene.eye), chunk)]
    with torch.inference_mode():
        return torch.cat([_render(scene.rows(part).to(device), size, supersample, grain) for part in rows])


def _render(s: Scene, size: int, supersample: float, grain: float) -> Tensor:
    light = lighting(s)
    view = camera_view(s, int(size * supersample))
    land = polar_land(s, view)
    hits = first_hits(s, view, land, size)
    heaven = _heaven(s, light, view, int(size * min(1.5, supersample)))
    lit, openness = read_maps(light_maps(s, light), hits)
    lit = lit * cloud_shadows(s, light, hits)
    seen = surface(s, view, hits, openness)
    still_lit, lit = lit, lit * object_shadows(s, light, hits)
    around = _around(s, light, seen)
    exposure = _longer(s, light, hits, seen, still_lit, around)
    irradiance = colour(light.sun) * (_lambert(light, seen) * lit)[:, None] + around
    far = _horizon(s, view)
    picture = aerial(s, light, seen.albedo * irradiance / math.pi * 1.15, hits.z, hits.y, view.camera, far)
    full_sky = F.interpolate(heaven, (view.pixels, view.pixels), mode="bilinear", align_corners=False)
    picture = torch.where((hits.land | hits.below)[:, None], picture, full_sky)
    if bool((s.water > DRY_LAND).any()):
        picture = water(s, light, view, land, hits, picture, heaven, lit, far)
    picture = draw_things(s, light, view, hits, picture, lit, far)
    return develop(s, picture, exposure, size, grain)


def _heaven(s: Scene, light: Light, view: View, m: int) -> Tensor:
    """(batch, 3, m, m): the sky; what is below the horizon is its mirror image, for the water."""
    b, focal = len(s.eye), view.focal
    fraction = (torch.arange(m, device=s.eye.device) + 0.5) / m
    up = (s.horizon[:, None] - fraction)[:, None, :].expand(b, m, m)
    aside = (fraction - 0.5)[None, :, None].expand(b, m, m)
    length = (aside * aside + up * up + focal * focal).sqrt()
    mirrored = up.abs().clamp(min=0.002)
    x, y, z = aside / length, mirrored / length, focal / length
    clear = sky(s, x, y, z)
    cloudy = clouds(s, light, clear, x, y, z, view.camera)
    return cloudy + sun_and_stars(s, light, aside, up, mirrored, clear, cloudy)


def _horizon(s: Scene, view: View) -> Tensor:
    """(batch, 3, column, 1): the sky's colour at the horizon, into which distance fades."""
    aside = view.aside[:, :, :1]
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


def _longer(s: Scene, light: Light, hits: Hits, seen: Surface, lit: Tensor, around: Tensor) -> Tensor:
    """(batch,): the exposure, longer where the land is dark; `lit` leaves out things, which may move."""
    few = (slice(None), slice(4, None, 8), slice(4, None, 8))
    direct = plane(light.sun.mean(1)) * (_lambert(light, seen) * lit)[few]
    radiance = seen.albedo.mean(1)[few] * (direct + around.mean(1)[few]) / math.pi
    weight = hits.land[few].float() + 1e-4
    mean = torch.exp((radiance.clamp(min=1e-6).log() * weight).sum((1, 2)) / weight.sum((1, 2)))
    power = 0.5 * (1 - s.night) * weight.mean((1, 2)).clamp(max=1)
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
