"""What the ground is made of: colour, relief and openness at every point that is seen, and light on it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.starter.noise import constant, fine, hashed, mix, noise, pixel, ramp
from engine.starter.plants import track, wooded
from engine.starter.relief import OCTAVES, terrain
from engine.starter.scene import DRY, GREEN, GROUNDED, LEAF, OBJECTS, ROCK, SOIL, Scene
from engine.starter.sky import Light
from engine.starter.world import feet


def object_shadows(s: Scene, light: Light, camera: Tensor, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Soft shadows of tree, boulder and hut on the ground."""
    out = torch.ones_like(x)
    d = light.direction
    _feet_y, _ = feet(s)
    for j in (j for j, stands in enumerate(GROUNDED) if stands):
        rows = (s.present[:, j] > 0).nonzero()[:, 0].tolist()
        for r in rows:
            high, wide = (
                float(s.size[r, j]),
                float(s.size[r, j]) * {"tree": 0.28, "boulder": 0.6, "hut": 0.5}[OBJECTS[j]],
            )
            px, pz = x[r] - s.place[r, j, 0], z[r] - s.place[r, j, 2]
            flat = (d[r, 0] ** 2 + d[r, 2] ** 2).sqrt().clamp(min=0.05)
            along = -(px * d[r, 0] + pz * d[r, 2]) / flat
            side = (px * d[r, 2] - pz * d[r, 0]) / flat
            reach = (high * flat / d[r, 1].clamp(min=0.08)).clamp(max=12 * high)
            body = ((along - reach * 0.48) / (reach * 0.5 + 0.4 * wide)) ** 2 + (side / wide) ** 2
            dark = 1 - ramp(body, 0.5, 1.2)
            under = 1 - ramp((px * px + pz * pz).sqrt() / wide, 0.4, 1.3)
            out[r] = out[r] * (1 - 0.85 * dark) * (1 - 0.5 * under)
    return out


def light_maps(s: Scene, light: Light) -> list[tuple[float, float, Tensor]]:
    """Shadow and openness on two nested maps of the ground: (centre z, half width, map (batch, 2, n, n))."""
    out = []
    d = light.direction
    for half, centre, n in ((7000.0, 6000.0, 224), (450.0, 380.0, 224)):
        a = (torch.arange(n, device=d.device) + 0.5) / n * 2 - 1
        texel = 2 * half / n
        x, z = (
            (a[None, None, :] * half).expand(len(d), n, n),
            (a[None, :, None] * half + centre).expand(len(d), n, n),
        )
        cuts = [n if float(s.wave.max()) * 2.0**-o > 2 * texel else 0 for o in range(OCTAVES)]
        h = terrain(s, x, z, torch.full_like(x[:1], 2 * texel), cuts)
        wood = ramp(wooded(s, x, z, h), 0.1, 0.5) * pixel(s.tree_size, x) * 0.7 * ramp(z, 20, 80)
        h = torch.maximum(h + wood, pixel(s.water, x))
        lit = torch.ones_like(h)
        flat = (d[:, 0] ** 2 + d[:, 2] ** 2).sqrt().clamp(min=0.05)
        for k in range(13):
            reach = texel * 1.1 * 1.38**k
            shift = d[:, (0, 2)] / flat[:, None] * (reach / half)
            grid = torch.stack(
                [
                    (a[None, None, :] + shift[:, 0, None, None]).expand_as(x),
                    (a[None, :, None] + shift[:, 1, None, None]).expand_as(x),
                ],
                -1,
            )
            there = F.grid_sample(h[:, None], grid, align_corners=False, padding_mode="border")[:, 0]
            ray = h + reach * (d[:, 1] / flat)[:, None, None]
            lit = torch.minimum(lit, (0.6 + (ray - there) / (0.05 * reach + 0.35 * texel)).clamp(0, 1))
        open_ = torch.ones_like(h)
        for w in (5, 21):
            mean = F.interpolate(
                F.avg_pool2d(h[:, None], w // 2 + 1, max(w // 4, 1), w // 4, count_include_pad=False),
                (n, n),
                mode="bilinear",
                align_corners=False,
            )[:, 0]
            open_ = open_ - 0.42 * ((mean - h) / (w * texel * 0.28)).clamp(-0.3, 1)
        out.append((centre, half, torch.stack([lit, open_.clamp(0.25, 1.1)], 1)))
    return out


def read_maps(maps: list[tuple[float, float, Tensor]], x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """Sun and openness at points."""
    sun, open_ = torch.ones_like(x), torch.ones_like(x)
    for j, (centre, half, m) in enumerate(maps):
        grid = torch.stack([x / half, (z - centre) / half], -1)
        got = F.grid_sample(m, grid, align_corners=False, padding_mode="border")
        inside = ((1 - grid.abs().amax(-1)) * 8).clamp(0, 1) if j else 1.0
        sun = sun * mix(1.0, got[:, 0], inside)
        open_ = open_ * mix(1.0, got[:, 1], inside)
    return sun, open_


def shade_surface(
    s: Scene,
    x: Tensor,
    y: Tensor,
    z: Tensor,
    nx: Tensor,
    nz: Tensor,
    raw: Tensor,
    plant: Tensor,
    kind: Tensor,
    q: Tensor,
    foot: Tensor,
    full: Tensor,
    across: Tensor,
    luck: Tensor,
    open_: Tensor,
    camera: Tensor,
    n: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Albedo, normal, openness and softness of light for every hit."""
    far = (x * x + z * z + (y - camera[:, None, None]) ** 2).sqrt()
    wide = z / n / s.focal[:, None, None]
    facing = (
        (-nx * x - nz * z + (y - camera[:, None, None])).abs() / (1 + nx * nx + nz * nz).sqrt() / far
    ).clamp(0.06, 1)
    footprint = wide * facing**-0.45
    # steep faces take their detail from height too
    tx, tz = x + 0.6 * y, z - 0.7 * y
    v1, dx, dz = fine(tx, tz, footprint)
    v2, ex, ez = fine(tx, tz, footprint * 7, 1.1)  # between the grid's scale and the pixel's
    side = -v2 / (v2.abs() + 0.3)
    patch = 0.5 * noise(s, tx, tz, 60.0, 71) + 0.5 * noise(s, tx, tz, 13.0, 72)
    broad = noise(s, x, z, 260.0, 73)

    def p(i: int) -> Tensor:
        return s.palette[:, i][:, :, None, None]

    slope = (nx * nx + nz * nz).sqrt()
    small = 0.6 * noise(s, tx, tz, 3.1, 76) * ramp(wide, 0.6, 0.2)
    mottled = patch + 0.14 * v1 + 0.22 * v2 + small
    albedo = mix(p(GREEN), p(DRY), ramp(mottled + 0.6 * broad + 1.1 * (open_ - 0.92), -0.5, 1.1)[:, None])
    albedo = tilled(s, albedo, x, z, slope, wide)
    albedo = mix(
        albedo,
        p(SOIL),
        ramp(0.6 * patch - 0.5 * broad + 0.15 * v1 + 0.4 * small + 0.5 * slope, 0.55, 1.2)[:, None] * 0.7,
    )
    bands = noise(s, x * 0.02, y + 6 * patch, 14.0, 74) + 0.6 * noise(s, x * 0.05, y, 4.0, 75)
    rocky = p(ROCK) * (1 + 0.22 * bands * (0.35 + s.terrace[:, None, None]))[:, None]
    rock = ramp(
        slope + 0.22 * mottled,
        mix(0.62, 0.36, s.terrace)[:, None, None],
        mix(0.95, 0.6, s.terrace)[:, None, None],
    )
    sandy = (s.dune > 0).float()[:, None, None]
    rock = rock * (1 - sandy * (1 - ramp(z, 2500, 6000)))
    albedo = mix(albedo, p(DRY) * (1 + 0.12 * broad)[:, None], 0.65 * sandy[:, None])
    albedo = mix(albedo, rocky, rock[:, None])
    ramp(y - s.water[:, None, None], 0.2, 2.2 + 0.8)
    shore = 1 - ramp(y - s.water[:, None, None] + 0.8 * patch + 0.3 * v1, 0.5, 2.6)
    albedo = mix(albedo, p(SOIL), (shore * 0.9)[:, None])
    albedo = albedo * (1 - 0.45 * (1 - ramp(y - s.water[:, None, None], 0.05, 0.45)))[:, None]
    wood = (
        wooded(s, x, z, y)
        * (1 - ramp(slope, 0.7, 1.2))
        * (1 - plant.float())
        * ramp(z / s.tree_near[:, None, None], 0.7, 1.6)
    )
    floor = ramp(wood, 0.05, 0.5)
    albedo = mix(albedo, p(4) * (0.8 + 0.25 * v1[:, None]), (floor * 0.85)[:, None])
    open_ = open_ * (1 - 0.45 * floor)
    level = s.snow_line[:, None, None]
    snow = ramp(y + 110 * patch + 60 * broad + 25 * v1 - 60 * slope, level - 40, level + 140) * (
        1 - ramp(slope + 0.25 * v1, 0.75, 1.25)
    )
    snow = snow * ramp(y - s.water[:, None, None], 0.0, 0.4)
    albedo = mix(albedo, constant((0.82, 0.85, 0.9), x), snow[:, None])
    albedo = albedo * (1 + (0.15 * (1 - 0.8 * snow)) * v1)[:, None]
    trail = track(s, x, z) * (1 - 0.7 * snow)
    albedo = mix(
        albedo,
        p(SOIL) * (1.1 + 0.2 * v1 + 0.25 * small)[:, None],
        (trail * ramp(y - s.water[:, None, None], 0.1, 0.5))[:, None],
    )
    # bumps: strong on rock, weak on snow and sand
    bump = mix(mix(0.25, 0.6, rock), 0.06, snow) * (1 - 0.72 * sandy * (1 - rock)) * (1 - 0.5 * floor)
    crag = 0.75 * rock * (1 - 0.8 * snow) + 0.17 * (1 - snow) * (1 - 0.6 * sandy)
    nx, nz = nx + bump * dx + crag * side * ex, nz + bump * dz + crag * side * ez
    open_ = open_ * (1 - 0.25 * crag * (v2.abs() - 0.5).clamp(-0.5, 1.0))
    open_ = open_ * (1 + 0.16 * v1 * bump).clamp(0.4, 1.3)
    # plants
    grown = plant & (kind < 2.75)
    u, v = across.clamp(-1, 1), ((q - foot) * z / s.focal[:, None, None] / full.clamp(min=0.01)).clamp(0, 1.2)
    w1, wx, wy = fine(x + luck * 77, y * 1.3 + luck * 31, wide * 1.3, 0.7)
    cone = ((kind > 1.25) & (kind < 1.75)).float()
    back = (1 - u * u).clamp(min=0.0).sqrt()
    tilt = mix((v - 0.35) * 1.3, torch.full_like(v, 0.35), cone)
    leaf_n = torch.stack([u + 0.55 * wx, tilt + 0.45 + 0.55 * wy, -back * 0.9], 1)
    bark = grown & (kind < 1.75) & (u.abs() < 0.08) & (v < mix(0.2, 0.06, cone))
    leaf = (
        mix(p(4), p(5), ((luck * 1.3 + 0.12 * w1) * (1 - 0.8 * cone)).clamp(0, 1)[:, None])
        * (0.75 + 0.5 * luck)[:, None]
    )
    leaf = mix(leaf, mix(p(GREEN), p(5), 0.6), (kind == 2).float()[:, None] * 0.7)
    stone = (kind > 2.25) & (kind < 2.75)
    leaf = torch.where(stone[:, None], p(ROCK) * (0.7 + 0.5 * luck)[:, None] * (1 - 0.3 * w1[:, None]), leaf)
    leaf = leaf * (1 + 0.38 * w1).clamp(0.25, 2)[:, None]
    icy = ramp(y - level + 150 * (luck - 0.5), -60, 120) * ramp(0.3 * w1 + v * 0.6 + 0.3 * wy, -0.6, 1.5)
    leaf = mix(leaf, constant((0.78, 0.81, 0.87), x), (icy * 0.5)[:, None])
    leaf = torch.where(bark[:, None], constant((0.06, 0.045, 0.032), x), leaf)
    blade = plant & (kind > 2.75)
    grass = (
        mix(
            p(GREEN),
            p(DRY),
            (0.45 * luck + 0.5 * ramp(mottled + 0.6 * broad, -0.5, 1.1)).clamp(0, 1)[:, None],
        )
        * (0.5 + 1.1 * v * (0.5 + luck))[:, None]
    )
    flower = (luck > 1 - s.flowers[:, None, None] * ramp(patch + small, 0.0, 0.9)) & (v > 0.5)
    tint = torch.stack([s.look[:, 2, 0] * 0.5 + 0.35, s.look[:, 2, 1] ** 2 * 0.6, s.look[:, 2, 2] * 0.6], 1)[
        :, :, None, None
    ]
    grass = torch.where(flower[:, None], tint, grass)
    if bool((s.dune > 0).any()):  # wind ripples
        a = 6.28 * pixel(s.offset[:, 0], x) + 6.3
        phase = (x * a.cos() + z * a.sin()) * 9 + 5 * noise(s, x, z, 3.0, 62) + 2.2 * noise(s, x, z, 0.8, 63)
        swell = 0.3 * phase.cos() * sandy * (1 - ramp(wide * facing**-0.7, 0.04, 0.2)) * (1 - rock)
        nx, nz = nx + swell * a.cos(), nz + swell * a.sin()
    normal = torch.stack([-nx, torch.ones_like(nx), -nz], 1)
    normal = torch.where(grown[:, None], leaf_n, normal)
    albedo = torch.where(grown[:, None], leaf, torch.where(blade[:, None], grass, albedo))
    open_ = torch.where(
        grown,
        open_
        * mix(0.28 + 0.72 * v.clamp(0, 1), 0.75 + 0.3 * v.clamp(0, 1), (kind >= 2).float())
        * (0.85 + 0.15 * w1).clamp(0.4, 1.2),
        torch.where(blade, open_ * (0.45 + 0.6 * v), open_),
    )
    wrap = torch.where(grown, 0.25, torch.where(blade, 0.5, 0.02))
    return albedo, normal * (normal * normal).sum(1, keepdim=True).rsqrt(), open_, wrap


def tilled(s: Scene, albedo: Tensor, x: Tensor, z: Tensor, slope: Tensor, wide: Tensor) -> Tensor:
    """Fields with hedges between them, on gentle ground at some distance."""
    if not bool((s.fields > 0).any()):
        return albedo
    a = 6.28 * pixel(s.offset[:, 1], x)
    bend = noise(s, x, z, 700.0, 64)
    along, across = (
        (x * a.cos() + z * a.sin()) / 210 + 0.35 * bend,
        (z * a.cos() - x * a.sin()) / 120 + 0.35 * bend,
    )
    across = across + 0.37 * along.floor()
    i, j = along.floor(), across.floor()
    seed = (s.offset[:, 0] * 65536).long()[:, None, None]
    luck, hue = (
        hashed(x.device, i.long() + 512, j.long() + 512, seed),
        hashed(x.device, i.long() + 512, j.long() + 517, seed + 9),
    )

    def p(k: int) -> Tensor:
        return s.palette[:, k][:, :, None, None]

    crop = mix(p(GREEN) * 1.25, p(DRY) * 1.15, ramp(hue, 0.3, 0.8)[:, None])
    crop = torch.where(
        (luck > 0.82)[:, None],
        p(SOIL) * 0.85,
        torch.where((luck < 0.12)[:, None], constant((0.3, 0.26, 0.035), x), crop),
    )
    rows = 1 + 0.14 * torch.sin(along * 210 * 1.6) * (1 - ramp(wide, 0.15, 0.6))
    edge = torch.minimum(
        torch.minimum(along - i, 1 - along + i) * 210, torch.minimum(across - j, 1 - across + j) * 120
    )
    crop = mix(p(LEAF), crop * rows[:, None], ramp(edge, 1.2, 3.0)[:, None])
    mask = (
        s.fields[:, None, None] * ramp(z, 50, 160) * (1 - ramp(slope, 0.22, 0.4)) * ramp(bend + 0.6, 0.0, 0.4)
    )
    return mix(albedo, crop, mask[:, None])
