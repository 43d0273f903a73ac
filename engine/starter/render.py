"""Renders scenes into pictures.

    python -m engine.starter.render COUNT SEED OUT.png

The ground is met by the voxel-space method on a polar grid: columns x slices, evenly spaced in log depth.
Every slice carries a row of upright plants. What the grid cannot hold is added where rays hit, from noise at
two levels chosen by the size of a pixel there.
"""

from __future__ import annotations

import math
import sys

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.starter.noise import colour, mix, noise, pick, ramp
from engine.starter.plants import plants
from engine.starter.relief import FARTHEST, OCTAVES, SLICES, terrain
from engine.starter.scene import SOIL, Scene
from engine.starter.sky import Light, aerial, clouds, lighting, sky, sun_and_stars
from engine.starter.surface import light_maps, object_shadows, read_maps, shade_surface
from engine.starter.things import draw_objects
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
    """Pictures (batch, 3, size, size) in 0..1. The grain's seed is fixed, so that pairs differ only where the
    scene does.
    """
    rows = [slice(first, first + chunk) for first in range(0, len(scene.eye), chunk)]
    with torch.inference_mode():
        return torch.cat([_render(scene.rows(part).to(device), size, supersample, grain) for part in rows])


def _render(s: Scene, size: int, supersample: float, grain: float) -> Tensor:
    device, b = s.eye.device, len(s.eye)
    n = int(size * supersample)
    light = lighting(s)
    fraction = (torch.arange(n, device=device) + 0.5) / n
    q = s.horizon[:, None] - fraction  # height over the horizon, of every row
    q = q[:, None, :].expand(b, n, n)
    lateral = ((fraction - 0.5) / s.focal[:, None])[:, :, None].expand(b, n, n)  # x / z of every column
    # --- polar grid
    zero = torch.zeros(b, 1, device=device)
    camera = terrain(s, zero, zero, zero + 1)[:, 0] + s.eye
    camera = torch.maximum(camera, s.water + s.eye * 0.8 + 0.3)
    nearest = (s.focal * s.eye / (1.02 - s.horizon) * 0.55).clamp(max=60)
    z = nearest[:, None] * torch.exp(
        torch.linspace(0, 1, SLICES, device=device) * (FARTHEST / nearest)[:, None].log()
    )
    z = z[:, None, :].expand(b, n, SLICES)
    x = lateral[:, :, :1] * z
    step = z - F.pad(z, (1, 0))[..., :-1]
    step[..., 0] = step[..., 1]
    cuts = [int((step[:, 0] * 2.4 < s.wave[:, None] * 2.0**-o).sum(1).max()) for o in range(OCTAVES)]
    ground = terrain(s, x, z, step * 2, cuts)
    across_step = z / n / s.focal[:, None, None]
    a = max(n // 100, 1)  # as coarse across as the slices are deep
    gx = F.pad(
        (ground[:, 2 * a :] - ground[:, : -2 * a]) / (2 * a * across_step[:, a:-a]),
        (0, 0, a, a),
        mode="replicate",
    )
    gr = F.pad((ground[..., 2:] - ground[..., :-2]) / (z[..., 2:] - z[..., :-2]), (1, 1), mode="replicate")
    gz = gr - gx * lateral[:, :, :1]
    surface = torch.maximum(ground, s.water[:, None, None])
    rise = surface - F.pad(surface, (1, 0), mode="replicate")[..., :-1]
    drop, high, full, across, luck, kind = plants(
        s,
        x,
        z,
        ground,
        rise,
        step,
        (gx * gx + gz * gz).sqrt(),
        step * (camera[:, None, None] - ground).clamp(min=0) / z,
    )
    k = s.focal[:, None, None] / z
    over = surface - camera[:, None, None]
    row_ground, row_foot = over * k, (over - drop) * k
    row_top = torch.where(kind > 0, (over - drop + high) * k, row_ground)
    wall = torch.maximum(row_ground, row_top).cummax(2).values
    # --- hits
    q = q.contiguous()
    index = torch.searchsorted(wall, q)
    # between the trunks one sees the ground behind
    i1 = index.clamp(max=SLICES - 1)
    u, tall = pick(across, i1).abs(), pick(full, i1) * pick(k, i1)
    v = (q - pick(row_foot, i1)) / tall.clamp(min=1e-6)
    trunk = 0.05 + 0.02 * (pick(kind, i1) < 1.25)
    gap = (
        (u > trunk)
        & (v < torch.where(pick(kind, i1) < 1.25, 0.15 + 0.16 * u, 0.035 + 0.04 * u))
        & (pick(kind, i1) > 0)
        & (pick(kind, i1) < 1.75)
        & (tall * size > 9)
        & (index < SLICES)
    )
    index = torch.where(gap, torch.searchsorted(row_ground.cummax(2).values, q), index)
    land = index < SLICES
    i1 = index.clamp(1, SLICES - 1)
    i0 = i1 - 1
    y0, y1, z0, z1 = pick(row_ground, i0), pick(row_ground, i1), pick(z, i0), pick(z, i1)
    t = ((q - y0) / (y1 - y0).clamp(min=1e-7)).clamp(0, 1)
    t = torch.where(y1 > y0, t, torch.ones_like(t))
    foot, kind, full = pick(row_foot, i1), pick(kind, i1), pick(full, i1)
    plant = (
        (kind > 0)
        & (q >= torch.minimum(foot, torch.maximum(y0, y1)))
        & (q <= pick(row_top, i1))
        & land
        & ~gap
    )
    depth = torch.where(plant, z1, 1 / mix(1 / z0, 1 / z1, t))
    below = q < -1e-5
    sea = torch.where(
        below,
        (s.water - camera)[:, None, None] * s.focal[:, None, None] / q.clamp(max=-1e-5),
        torch.full_like(q, 1e6),
    )
    raw = mix(pick(ground, i0), pick(ground, i1), t)
    wet = land & ~plant & (raw < s.water[:, None, None]) | (~land & below & (s.water > -1e4)[:, None, None])
    depth = torch.where(wet, sea.clamp(max=2e5), depth)
    hx = lateral * depth
    hy = camera[:, None, None] + q * depth / s.focal[:, None, None]
    nx, nz = mix(pick(gx, i0), pick(gx, i1), t), mix(pick(gz, i0), pick(gz, i1), t)
    # --- sky, a little finer than the picture
    m = int(size * min(1.5, supersample))
    f2 = (torch.arange(m, device=device) + 0.5) / m
    up = (s.horizon[:, None] - f2)[:, None, :].expand(b, m, m)
    sx = ((f2 - 0.5)[None, :, None]).expand(b, m, m)
    scale = s.focal[:, None, None]
    length = (sx * sx + up * up + scale * scale).sqrt()
    dome = up.abs().clamp(min=0.002)  # rows under the horizon hold the mirrored sky
    clear = sky(s, light, sx / length, dome / length, scale / length)
    heaven = clouds(s, light, clear, sx / length, dome / length, scale / length, camera)
    heaven = heaven + sun_and_stars(s, light, sx, up, dome, heaven, clear)
    fog_sky = sky(
        s,
        light,
        lateral[:, :, :1] / (1 + lateral[:, :, :1] ** 2).sqrt(),
        torch.full_like(lateral[:, :, :1], 0.035),
        1 / (1 + lateral[:, :, :1] ** 2).sqrt(),
    )
    full_sky = F.interpolate(heaven, (n, n), mode="bilinear", align_corners=False)
    # --- light at the hits
    maps = light_maps(s, light)
    lit, open_ = read_maps(maps, hx, depth.clamp(max=3e4))
    d = light.direction
    lift = (s.cloud_base[:, None, None] - hy) / d[:, 1].clamp(min=0.15)[:, None, None]
    shade_x, shade_z = hx + d[:, 0, None, None] * lift, depth + d[:, 2, None, None] * lift
    patches = (
        noise(s, shade_x, shade_z, s.cloud_size[:, None, None], 31) * 0.9
        + 0.35
        + 0.5 * noise(s, shade_x, shade_z, s.cloud_size[:, None, None] * 0.46, 32)
        + s.cloud_cover[:, None, None]
    )
    lit = lit * (1 - 0.72 * ramp(patches, 0.0, 0.5))
    lit_alone = lit
    lit = lit * object_shadows(s, light, camera, hx, hy, depth)
    albedo, normal, open_, wrap = shade_surface(
        s,
        hx,
        hy,
        depth,
        nx,
        nz,
        raw,
        plant,
        kind,
        q,
        foot,
        full,
        pick(across, i1),
        pick(luck, i1),
        open_,
        camera,
        n,
    )
    lambert = (normal * colour(d)).sum(1)
    lambert = ((lambert + wrap) / (1 + wrap)).clamp(0, 1.2)
    bounce = colour(light.sun * d[:, 1:2].clamp(min=0) * s.palette[:, SOIL]) * 0.25
    around = (
        colour(light.ambient) * (0.55 + 0.45 * normal[:, 1:2]) + bounce * (1 - 0.5 * normal[:, 1:2])
    ) * open_[:, None]
    irradiance = colour(light.sun) * (lambert * lit)[:, None] + around
    # a dark land asks for a longer exposure; judged without the things that may move
    few = (slice(None), slice(4, None, 8), slice(4, None, 8))
    seen = (
        albedo.mean(1)[few]
        * (light.sun.mean(1)[:, None, None] * (lambert * lit_alone)[few] + around.mean(1)[few])
        / math.pi
    )
    weight = land[few].float() + 1e-4
    seen = torch.exp((seen.clamp(min=1e-6).log() * weight).sum((1, 2)) / weight.sum((1, 2)))
    light.exposure = light.exposure * (0.11 / (seen * light.exposure)).clamp(1, 3.5) ** (
        0.5 * (1 - s.night) * weight.mean((1, 2)).clamp(max=1)
    )
    picture = albedo * irradiance / math.pi * 1.15
    picture = aerial(s, light, picture, depth, hy, camera, fog_sky)
    picture = torch.where((land | below)[:, None], picture, full_sky)
    if bool((s.water > -1e4).any()):
        picture = water(
            s,
            light,
            picture,
            heaven,
            wet,
            hx,
            depth,
            q,
            lateral,
            raw,
            camera,
            wall,
            over,
            ground,
            z,
            fog_sky,
            lit,
            n,
        )
    picture = draw_objects(s, light, picture, heaven, depth, wet, land, lit, camera, fog_sky, q, n)
    return develop(s, light, picture, size, grain)


def develop(s: Scene, light: Light, picture: Tensor, size: int, grain: float) -> Tensor:
    """Exposure, filmic curve, vignette, shrinking, grain; returns (batch, 3, row, column)."""
    b, n = len(s.eye), picture.shape[-1]
    picture = picture.clamp(0, 60) * colour(
        light.exposure[:, None] * torch.stack([1 + s.warmth, torch.ones_like(s.warmth), 1 - s.warmth], 1)
    )
    v = picture * 0.72
    v = (v * (2.51 * v + 0.03)) / (v * (2.43 * v + 0.59) + 0.14)
    v = v.clamp(0, 1)
    v = (
        F.interpolate(v, (size, size), mode="bilinear", antialias=True, align_corners=False)
        if n != size
        else v
    )
    v = v.clamp(0, 1) ** (1 / 2.2)
    v = v + 0.3 * (
        v - F.avg_pool2d(F.pad(v, (1, 1, 1, 1), mode="replicate"), 3, 1)
    )  # the camera's sharpening
    v = (v - 0.5) * (0.92 + 0.12 * colour(s.contrast[:, None])) + 0.5
    a = (torch.arange(size, device=v.device) + 0.5) / size * 2 - 1
    v = v * (1 - 0.07 * (a[:, None] ** 2 + a[None] ** 2))
    for r in range(b):  # the same grain whenever the same scene is drawn
        speckle = torch.randn(
            4, size, size, generator=torch.Generator().manual_seed(int(s.offset[r, 0] * 1e6))
        )
        v[r] += grain * (speckle[:1] + 0.35 * speckle[1:]).to(v.device)
    return v.clamp(0, 1).transpose(2, 3).contiguous()


def sheet(pictures: Tensor, columns: int) -> Tensor:
    b, _, h, w = pictures.shape
    return (
        pictures.reshape(b // columns, columns, 3, h, w)
        .permute(0, 3, 1, 4, 2)
        .reshape(b // columns * h, columns * w, 3)
    )


def main(count: int, seed: int, path: str) -> None:
    """A contact sheet."""
    from PIL import Image

    pictures = render(draw(count, torch.Generator().manual_seed(seed)))
    Image.fromarray((sheet(pictures, min(count, 6)) * 255).byte().numpy()).save(path)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
