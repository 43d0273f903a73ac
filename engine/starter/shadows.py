"""What keeps light from the ground: hills and woods, clouds, and the things that stand on it."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.starter.noise import mix, noise, plane, ramp, spread
from engine.starter.plants import wooded
from engine.starter.relief import OCTAVES, terrain
from engine.starter.scene import GROUNDED, OBJECTS, Scene
from engine.starter.sky import Light
from engine.starter.trees import FIRS

TEXELS = 224  # of a map, each way
BREADTH = {"tree": 0.28, "boulder": 0.6, "hut": 0.5}  # half of it, in heights


class LightMap(NamedTuple):
    """The ground seen from above, a square."""

    centre: float  # metres ahead of the camera
    half: float  # metres: half its side
    values: Tensor  # (batch, 2, z, x): share of the sun that is seen, 0..1; openness to the sky, 0.25..1.1

    def rows(self, index: slice | Tensor) -> LightMap:
        return self._replace(values=self.values[index])


def light_maps(s: Scene, light: Light) -> list[LightMap]:
    """A wide map, and a fine one of what is near."""
    return [_light_map(s, light, centre, half) for centre, half in ((6000.0, 7000.0), (380.0, 450.0))]


def read_maps(maps: list[LightMap], x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """The share of the sun that hills and woods let through, and the openness, at places (batch, ., .)."""
    z = z.clamp(max=3e4)
    sun, openness = torch.ones_like(x), torch.ones_like(x)
    for nested, (centre, half, values) in enumerate(maps):
        grid = torch.stack([x / half, (z - centre) / half], -1)
        got = F.grid_sample(values, grid, align_corners=False, padding_mode="border")
        inside = ((1 - grid.abs().amax(-1)) * 8).clamp(0, 1) if nested else 1.0
        sun = sun * mix(1.0, got[:, 0], inside)
        openness = openness * mix(1.0, got[:, 1], inside)
    return sun, openness


def cloud_shadows(s: Scene, light: Light, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Share of the sun that the clouds let through."""
    d = light.direction
    lift = (plane(s.cloud_base) - y) / plane(d[:, 1].clamp(min=0.15))
    x, z = x + plane(d[:, 0]) * lift, z + plane(d[:, 2]) * lift
    size = plane(s.cloud_size)
    thick = noise(s, x, z, size, 31) * 0.9 + 0.35 + 0.5 * noise(s, x, z, size * 0.46, 32)  # as in the sky
    return 1 - 0.72 * ramp(thick + plane(s.cloud_cover), 0.0, 0.5)


def object_shadows(s: Scene, light: Light, x: Tensor, z: Tensor) -> Tensor:
    """Share of the sun that trees, boulders and huts let through, in soft ovals on the ground."""
    through = torch.ones_like(x)
    for column, row in s.present.t().nonzero().tolist():
        if not GROUNDED[column]:
            continue
        high = s.size[row, column]
        wide = high * BREADTH[OBJECTS[column]]
        sun_x, sun_y, sun_z = light.direction[row].unbind()
        off_x, off_z = x[row] - s.place[row, column, 0], z[row] - s.place[row, column, 2]
        flat = (sun_x**2 + sun_z**2).sqrt().clamp(min=0.05)
        along = -(off_x * sun_x + off_z * sun_z) / flat
        aside = (off_x * sun_z - off_z * sun_x) / flat
        reach = (high * flat / sun_y.clamp(min=0.08)).minimum(12 * high)
        if OBJECTS[column] == "tree":  # a conifer's shadow ends in a point, a crown's begins at its trunk
            part = along / reach
            crown = 0.25 + 0.75 * ramp(part, 0.08, 0.4)
            wide = wide * torch.where(s.look[row, column, 0] < FIRS, (1 - 0.7 * part).clamp(0.2, 1), crown)
        oval = ((along - reach * 0.48) / (reach * 0.5 + 0.4 * wide)) ** 2 + (aside / wide) ** 2
        dark = 1 - ramp(oval, 0.5, 1.2)
        under = 1 - ramp((off_x * off_x + off_z * off_z).sqrt() / wide, 0.4, 1.3)
        through[row] = through[row] * (1 - 0.85 * dark) * (1 - 0.5 * under)
    return through


def _light_map(s: Scene, light: Light, centre: float, half: float) -> LightMap:
    n, device = TEXELS, s.eye.device
    at = (torch.arange(n, device=device) + 0.5) / n * 2 - 1
    texel = 2 * half / n
    x = (at[None, None, :] * half).expand(len(s.eye), n, n)
    z = (at[None, :, None] * half + centre).expand(len(s.eye), n, n)
    longest = float(s.wave.max())
    cuts = [n if longest * 2.0**-o > 2 * texel else 0 for o in range(OCTAVES)]
    ground = terrain(s, x, z, torch.full_like(x[:1], 2 * texel), cuts)
    wood = ramp(wooded(s, x, z, ground), 0.1, 0.5) * spread(s.tree_size, x) * 0.7 * ramp(z, 20, 80)
    height = torch.maximum(ground + wood, plane(s.water))
    values = [_sunlit(light.direction, height, at, texel, half), _openness(height, texel)]
    return LightMap(centre, half, torch.stack(values, 1))


def _sunlit(d: Tensor, height: Tensor, at: Tensor, texel: float, half: float) -> Tensor:
    """Steps towards the sun, each longer than the last, and sees whether the ground rises above the ray."""
    lit = torch.ones_like(height)
    flat = (d[:, 0] ** 2 + d[:, 2] ** 2).sqrt().clamp(min=0.05)
    for k in range(13):
        reach = texel * 1.1 * 1.38**k
        shift = d[:, (0, 2)] / flat[:, None] * (reach / half)
        x = (at[None, None, :] + plane(shift[:, 0])).expand_as(height)
        z = (at[None, :, None] + plane(shift[:, 1])).expand_as(height)
        grid = torch.stack([x, z], -1)
        there = F.grid_sample(height[:, None], grid, align_corners=False, padding_mode="border")[:, 0]
        ray = height + reach * plane(d[:, 1] / flat)
        lit = torch.minimum(lit, (0.6 + (ray - there) / (0.05 * reach + 0.35 * texel)).clamp(0, 1))
    return lit


def _openness(height: Tensor, texel: float) -> Tensor:
    """Less than 1 where the ground lies below its surroundings, near and further off."""
    openness = torch.ones_like(height)
    for w in (5, 21):
        stride = max(w // 4, 1)
        mean = F.avg_pool2d(height[:, None], w // 2 + 1, stride, w // 4, count_include_pad=False)
        mean = F.interpolate(mean, height.shape[-2:], mode="bilinear", align_corners=False)[:, 0]
        openness = openness - 0.42 * ((mean - height) / (w * texel * 0.28)).clamp(-0.3, 1)
    return openness.clamp(0.25, 1.1)
