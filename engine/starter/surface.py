"""What the land is made of: colour, bumps and openness where each line of sight ends."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from engine.starter.ground import Hits, View
from engine.starter.noise import (
    Slopes,
    colour,
    constant,
    fine,
    hashed,
    mix,
    noise,
    plane,
    ramp,
    sloped_noise,
    spread,
)
from engine.starter.plants import BUSH, CONIFER, GRASS, STONE, leaves, track, wooded
from engine.starter.scene import DRY, GREEN, LEAF, OTHER_LEAF, ROCK, SOIL, TREE, Scene


class Surface(NamedTuple):
    """All (batch, column, row), or (batch, 3, column, row)."""

    albedo: Tensor  # linear colour
    normal: Tensor  # of length 1
    openness: Tensor  # 1 under an open sky
    softness: Tensor  # how far light goes round it: grass lets it through, rock does not


class _Detail(NamedTuple):
    """Noise at many sizes, and what it depends on; all (batch, column, row)."""

    wide: Tensor  # metres that a pixel covers across
    facing: Tensor  # 1 where the ground is seen from straight above it .. 0.06 where along it
    close: Tensor  # 1 where tufts of grass can be told apart
    slope: Tensor  # rise for each metre
    small: Slopes  # at the size of a pixel, upright as grass is
    middle: Slopes  # between a pixel and the grid of the land
    gully: Tensor  # 1 in the creases of the middle noise, 0 between them
    layer: Slopes  # of rock, nearly level
    tuft: Slopes  # blades of grass: some centimetres, or a pixel
    patch: Tensor  # tens of metres
    broad: Tensor  # hundreds of metres
    pebbly: Tensor  # three metres
    herbs: Tensor  # fifty metres, bent: where other plants grow


class _Cover(NamedTuple):
    """What lies on the ground, each 0..1; all (batch, column, row)."""

    rock: Tensor
    sandy: Tensor  # (batch, 1, 1)
    shore: Tensor
    soil: Tensor
    trail: Tensor
    wooded: Tensor  # the floor of a wood
    snow: Tensor


def surface(s: Scene, view: View, hits: Hits, openness: Tensor) -> Surface:
    """The surface at all hits; `openness` is that of the land."""
    detail = _detail(s, view, hits)
    cover = _cover(s, hits, detail)
    colour_of_ground = _ground_colour(s, hits, detail, cover, openness)
    normal, openness = _bumps(s, hits, detail, cover, openness)
    leaf, leaf_normal, leaf_openness = _leaves(s, hits, detail, openness)
    blade, blade_openness = _blades(s, hits, detail, openness)
    grown, grass = hits.plant & (hits.kind < GRASS), hits.plant & (hits.kind == GRASS)
    albedo = torch.where(grown[:, None], leaf, torch.where(grass[:, None], blade, colour_of_ground))
    normal = torch.where(grown[:, None], leaf_normal, normal)
    openness = torch.where(grown, leaf_openness, torch.where(grass, blade_openness, openness))
    softness = torch.where(grown & (hits.kind != STONE), 0.65, torch.where(grass, 0.5, 0.02))
    return Surface(albedo, normal * (normal * normal).sum(1, keepdim=True).rsqrt(), openness, softness)


def _of(s: Scene, index: int) -> Tensor:
    """A colour of the palette, shaped to meet (batch, 3, column, row)."""
    return colour(s.palette[:, index])


def _detail(s: Scene, view: View, hits: Hits) -> _Detail:
    x, y, z, nx, nz = hits.x, hits.y, hits.z, hits.slope_x, hits.slope_z
    up = y - plane(view.camera)
    far = (x * x + z * z + up**2).sqrt()
    wide = view.width(z)
    facing = ((-nx * x - nz * z + up).abs() / (1 + nx * nx + nz * nz).sqrt() / far).clamp(0.06, 1)
    slope = (nx * nx + nz * nz).sqrt()
    middle = fine(x, z, 5 * wide, 1.1)
    gully = ramp(middle.value.abs(), 0.5, 0.0)
    dip = 0.5 * (plane(s.offset[:, 0]) - 0.5)
    layer = fine(0.2 * (x - z), y + dip * (x + 0.5 * z), 2.2 * wide, 0.3)
    pixel = view.width(view.focal)
    u = (view.aside * view.focal + 3 * plane(s.offset[:, 0])).expand_as(z)
    v = view.rise + 3 * plane(s.offset[:, 1])
    small = fine(u, v * mix(1.8, 0.6, plane((s.grass > 0).float())), 1.3 * pixel.expand_as(z))
    tuft = fine(u, 0.7 * v, pixel * (0.015 / wide).clamp(min=1.4), 0.7)
    long = wide / facing  # metres that a pixel covers along the ground: shorter waves would only be grain
    broad = noise(s, x, z, 260.0, 73)
    patch = 0.6 * noise(s, x, z, 60.0, 71) * ramp(long, 60, 20) + 0.5 * noise(s, x, z, 13.0, 72) * ramp(
        long, 13, 4
    )
    pebbly = 0.6 * noise(s, x, z, 3.1, 76) * ramp(long, 3, 1)
    herbs = noise(s, x + 16 * patch, z - 16 * patch, 47.0, 80) * ramp(long, 50, 15)
    close = ramp(wide, 0.25, 0.01)
    return _Detail(wide, facing, close, slope, small, middle, gully, layer, tuft, patch, broad, pebbly, herbs)


def _cover(s: Scene, hits: Hits, detail: _Detail) -> _Cover:
    x, y, z, slope = hits.x, hits.y, hits.z, detail.slope
    terrace, fuzz = plane(s.terrace), detail.small.value
    rock = ramp(
        slope + 0.22 * detail.patch + 0.1 * detail.middle.value,
        mix(0.66, 0.42, terrace),
        mix(0.88, 0.54, terrace),
    )
    sandy = plane((s.dune > 0).float())
    rock = rock * (1 - sandy * (1 - ramp(z, 2500, 6000)))
    wood = wooded(s, x, z, y) * (1 - ramp(slope, 0.7, 1.2)) * (1 - hits.plant.float())
    wood = ramp(wood * ramp(z / plane(s.tree_near), 0.7, 1.6), 0.05, 0.5)
    line = plane(s.snow_line)
    height = (
        y
        + 60 * detail.patch
        + 60 * detail.broad
        + 20 * detail.middle.value
        + 60 * detail.gully
        + 12 * fuzz
        - 60 * slope
    )
    ledge = slope * (1 + 0.3 * detail.layer.z + 0.1 * detail.middle.value - 0.3 * detail.gully)
    snow = ramp(height, line - 20, line + 90) * (1 - ramp(ledge, 0.8, 1.2))
    dry = y - plane(s.water)
    high = 1 + 1.6 * plane(ramp(s.palette[:, SOIL, 0], 0.3, 0.4))  # pale soil is sand, which lies further up
    shore = 1 - ramp(dry + high * (0.6 * detail.patch + 0.5 * detail.pebbly) + 0.1 * fuzz, high, 1.6 * high)
    snow = snow * ramp(dry, 0.0, 0.4)
    trail = track(s, x, z) * (1 - 0.7 * snow) * ramp(dry, 0.1, 0.5)
    soil = 0.5 * detail.patch - 0.5 * detail.broad + 0.05 * fuzz + 0.3 * detail.pebbly + 0.5 * slope
    return _Cover(rock, sandy, shore, 0.8 * ramp(soil, 0.75, 0.95), trail, wood, snow)


def _bumps(s: Scene, hits: Hits, detail: _Detail, cover: _Cover, openness: Tensor) -> tuple[Tensor, Tensor]:
    """The ground's normal, of any length, and its openness: much on rock, little on snow and sand."""
    rock, sandy, shore, soil, trail, wood, snow = cover
    bare = torch.maximum(torch.maximum(sandy * (1 - rock), shore), snow)  # smooth
    turf = (1 - rock) * (1 - bare) * (1 - torch.maximum(trail, soil))
    bump = (
        0.5 * rock * (1 - 0.85 * snow)
        + (0.04 + 0.12 * detail.close) * turf
        + 0.03 * bare
        + 0.1 * torch.maximum(trail, soil)
    )
    tufty = mix(0.06, 0.18, plane((3 * s.grass).clamp(max=1))) * detail.close * turf * (1 - 0.5 * wood)
    crag = 0.75 * rock * (1 - 0.8 * snow) + 0.06 * turf + 0.02 * bare
    side = detail.middle.value / (detail.middle.value.abs() + 0.15)  # creases the middle noise
    layered = 1 + 0.35 * rock * (1 - snow) * detail.layer.z
    nx = (
        hits.slope_x * layered + bump * detail.small.x + tufty * detail.tuft.x + crag * side * detail.middle.x
    )
    nz = (
        hits.slope_z * layered + bump * detail.small.z + tufty * detail.tuft.z + crag * side * detail.middle.z
    )
    openness = openness * (1 - 0.45 * wood) * (1 - 0.5 * crag * detail.gully)
    hollow = 0.16 * bump * detail.small.value + 0.4 * tufty * detail.tuft.x
    openness = openness * (1 + hollow).clamp(0.4, 1.3)
    if bool((s.snow_line < 0).any()):
        drift, laid = _drifts(s, hits, detail), snow * plane((s.snow_line < 0).float())
        nx, nz = nx + laid * drift.x, nz + laid * drift.z
        openness = openness * (1 + 0.1 * laid * drift.value)
    if "dune" in s.some:
        ripple_x, ripple_z = _wind_ripples(s, hits, detail, cover)
        nx, nz = nx + ripple_x, nz + ripple_z
    return torch.stack([-nx, torch.ones_like(nx), -nz], 1), openness


def _ground_colour(s: Scene, hits: Hits, detail: _Detail, cover: _Cover, openness: Tensor) -> Tensor:
    """The bare ground and the grass that is too far to be blades: soil, rock, sand, shore, snow, the path."""
    x, y = hits.x, hits.y
    fuzz, patch, broad, pebbly = detail.small.value, detail.patch, detail.broad, detail.pebbly
    albedo = _meadow(s, detail, openness)
    trampled = mix(_of(s, SOIL), _of(s, DRY), 0.4) * (1 + 0.2 * pebbly)[:, None]
    albedo = mix(albedo, trampled, cover.soil[:, None])
    albedo = _tilled(s, albedo, hits, detail)
    rocky = _of(s, ROCK)
    if "terrace" in s.some:
        band = noise(s, 0.01 * x, y + 5 * patch, 34.0, 74) + 0.6 * noise(s, 0.02 * x, y + 3 * patch, 11.0, 75)
        rocky = mix(rocky, _of(s, DRY) * 1.35, (plane(s.terrace) * ramp(band, 0.1, 0.8))[:, None])
    rocky = rocky * (1 + 0.07 * detail.layer.z * (0.5 + plane(s.terrace)) + 0.05 * patch)[:, None]
    albedo = mix(albedo, _of(s, DRY) * (1 + 0.08 * broad)[:, None], 0.9 * cover.sandy[:, None])
    albedo = mix(albedo, rocky, cover.rock[:, None])
    dry_by = y - plane(s.water)  # metres above the water
    tan = _of(s, SOIL).mean(1, keepdim=True) * constant((1.24, 1.0, 0.76), x)
    sand = mix(_of(s, SOIL), tan, 0.7) * (1 + 0.1 * patch)[:, None]
    albedo = mix(albedo, sand, (cover.shore * 0.95)[:, None])
    albedo = albedo * (1 - 0.45 * (1 - ramp(dry_by, 0.1, 0.6)))[:, None]  # wet sand is dark
    albedo = mix(albedo, _of(s, LEAF) * (0.8 + 0.25 * fuzz[:, None]), (cover.wooded * 0.85)[:, None])
    albedo = mix(albedo, constant((0.82, 0.85, 0.9), x), cover.snow[:, None])
    rough = (0.03 + 0.1 * torch.maximum(detail.close * (1 - cover.shore), cover.rock)) * (
        1 - 0.8 * cover.snow
    )
    albedo = albedo * (1 + rough * detail.small.x)[:, None]
    return mix(albedo, _of(s, SOIL) * (1.1 + 0.1 * fuzz + 0.25 * pebbly)[:, None], cover.trail[:, None])


def _meadow(s: Scene, detail: _Detail, openness: Tensor) -> Tensor:
    """Grass, greener in hollows and where it is grazed, and patches of other plants with clear borders."""
    ragged = 0.06 * detail.small.value + 0.2 * detail.pebbly
    dry = ramp(0.5 * detail.patch + 0.8 * detail.broad + 1.1 * (openness - 0.92), -0.6, 1.2)
    albedo = mix(_of(s, GREEN), _of(s, DRY), dry[:, None])
    grazed = mix(_of(s, GREEN), _of(s, DRY), 0.4) * 1.15
    albedo = mix(albedo, grazed, 0.5 * ramp(detail.herbs + ragged, -0.35, -0.65)[:, None])
    dark = mix(_of(s, GREEN), _of(s, OTHER_LEAF), 0.5) * 0.85
    albedo = mix(albedo, dark, 0.5 * ramp(detail.herbs + ragged, 0.45, 0.75)[:, None])
    straw = ramp(detail.patch + 0.5 * detail.broad + ragged, 0.62, 0.75)
    albedo = mix(albedo, _of(s, DRY) * 1.1, 0.6 * straw[:, None])
    return albedo * (1 + 0.09 * detail.close * detail.tuft.x)[:, None]


def _tilled(s: Scene, albedo: Tensor, hits: Hits, detail: _Detail) -> Tensor:
    """Fields with hedges between them, on gentle ground at some distance."""
    if "fields" not in s.some:
        return albedo
    x, z = hits.x, hits.z
    turn = 6.28 * spread(s.offset[:, 1], x)
    bend = noise(s, x, z, 700.0, 64)
    along = (x * turn.cos() + z * turn.sin()) / 210 + 0.35 * bend  # in fields, 210 by 120 metres
    across = (z * turn.cos() - x * turn.sin()) / 120 + 0.35 * bend
    across = across + 0.37 * along.floor()
    i, j = along.floor(), across.floor()
    seed = (s.offset[:, 0] * 65536).long()[:, None, None]
    luck = hashed(i.long() + 512, j.long() + 512, seed)
    hue = hashed(i.long() + 512, j.long() + 517, seed + 9)
    crop = mix(_of(s, GREEN) * 1.25, _of(s, DRY) * 1.15, ramp(hue, 0.3, 0.8)[:, None])
    crop = torch.where((luck < 0.12)[:, None], constant((0.3, 0.26, 0.035), x), crop)  # rape in flower
    crop = torch.where((luck > 0.82)[:, None], _of(s, SOIL) * 0.85, crop)
    furrows = 1 + 0.14 * torch.sin(along * 210 * 1.6) * (1 - ramp(detail.wide, 0.15, 0.6))
    ends, sides = torch.minimum(along - i, 1 - along + i), torch.minimum(across - j, 1 - across + j)
    hedge = ramp(torch.minimum(ends * 210, sides * 120), 1.2, 3.0)
    crop = mix(_of(s, LEAF), crop * furrows[:, None], hedge[:, None])
    mask = (
        plane(s.fields) * ramp(z, 50, 160) * (1 - ramp(detail.slope, 0.22, 0.4)) * ramp(bend + 0.6, 0.0, 0.4)
    )
    return mix(albedo, crop, mask[:, None])


def _wind_ripples(s: Scene, hits: Hits, detail: _Detail, cover: _Cover) -> tuple[Tensor, Tensor]:
    """Slopes of the small waves on sand, as long as a pixel can show them."""
    x, z = hits.x, hits.z
    wind = 6.28 * spread(s.offset[:, 0], x) + 6.3
    phase = (
        (x * wind.cos() + z * wind.sin()) * 10 + 4 * noise(s, x, z, 3.0, 62) + 1.3 * noise(s, x, z, 0.8, 63)
    )
    shown = 1 - ramp(detail.wide * detail.facing**-0.7, 0.04, 0.2)
    swell = 0.3 * phase.cos() * cover.sandy * shown * (1 - cover.rock)
    return swell * wind.cos(), swell * wind.sin()


def _drifts(s: Scene, hits: Hits, detail: _Detail) -> Slopes:
    """Snow as the wind has laid it: long low waves with an edge on one side."""
    wind = 6.28 * spread(s.offset[:, 1], hits.x)
    along = hits.x * wind.cos() + hits.z * wind.sin()
    across = hits.z * wind.cos() - hits.x * wind.sin()
    value, slope = torch.zeros_like(along), torch.zeros_like(along)
    for length, steep, salt in ((34.0, 0.07, 81), (7.0, 0.13, 82), (1.3, 0.12, 83)):
        wave = sloped_noise(s, along, 0.35 * across + 0.2 * along, length, salt)
        shown = ramp(detail.wide * detail.facing**-0.7, 0.3 * length, 0.06 * length)
        value = value + shown * wave.value
        slope = slope + shown * steep * torch.where(wave.x < 0, 2.0, 0.6) * wave.x
    return Slopes(value, slope * wind.cos(), slope * wind.sin())


def _leaves(s: Scene, hits: Hits, detail: _Detail, openness: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Colour, normal and openness of trees, bushes and stones, as if each hit were one."""
    kind, luck, y = hits.kind, hits.luck, hits.y
    u, v = hits.across.clamp(-1, 1), _share_of_height(hits)
    w = fine(hits.x + luck * 77, y * 1.3 + luck * 31, detail.wide * 1.3, 0.7)
    cone, tree = (kind == CONIFER).float(), (kind <= CONIFER).float()
    clump, low = _clumps(hits, detail, u, v, w)
    round_, boughs = (1 - cone) * (kind != STONE), low * cone
    right, up = (-1.6 * field * round_ for field in (clump.x, clump.z))
    tilt = mix((v - 0.35) * 1.3 + 0.45, 0.3 + 0.7 * boughs, cone)
    back = (1 - u * u).clamp(min=0.0).sqrt()
    grain = mix(0.55, 0.35, (kind != STONE).float())
    normal = torch.stack([u + right + grain * w.x, tilt + up + grain * w.z, -back * 0.75], 1)
    hue = ((luck * 1.3 + 0.12 * w.value) * (1 - 0.8 * cone)).clamp(0, 1)
    albedo = mix(_of(s, LEAF), _of(s, OTHER_LEAF), hue[:, None]) * (0.75 + 0.5 * luck)[:, None]
    albedo = mix(albedo, constant((0.033, 0.052, 0.022), y), 0.6 * cone[:, None])  # conifers are evergreen
    bush = mix(_of(s, GREEN), _of(s, OTHER_LEAF), 0.6)
    albedo = mix(albedo, bush, (kind == BUSH).float()[:, None] * 0.7)
    stone = _of(s, ROCK) * (0.7 + 0.5 * luck)[:, None] * (1 - 0.3 * w.value[:, None])
    albedo = torch.where((kind == STONE)[:, None], stone, albedo)
    lit = (1 + mix(0.38, 0.3, tree) * w.value) * (1 + (0.35 * up + clump.value) * round_ + 0.9 * boughs)
    albedo = albedo * lit.clamp(0.2, 2.2)[:, None]
    laden = ramp(0.45 * (v - 0.5) + 0.3 * up + 1.1 * boughs + 0.1 * w.value, -0.25, 0.35)
    small = 1 - ramp(hits.full / detail.wide, 5, 25)  # too small to show snow and boughs apart
    laden = mix(laden, 0.5, 0.75 * small)
    icy = (
        ramp(y - plane(s.snow_line) + 150 * (luck - 0.5), -60, 120)
        * laden
        * mix(0.5, 0.68 - 0.28 * small, tree)
    )
    albedo = mix(albedo, constant((0.78, 0.81, 0.87), y), icy[:, None])
    bark = (kind <= CONIFER) & (u.abs() < 0.08) & (v < mix(0.2, 0.06, cone))
    albedo = torch.where(bark[:, None], constant((0.06, 0.045, 0.032), y), albedo)
    low = v.clamp(0, 1)
    depth = mix(0.28 + 0.72 * low, 0.5 + 0.55 * low, (kind >= BUSH).float())  # a tree is dark below
    depth = mix(depth, 0.8, icy * tree)
    return albedo, normal, openness * depth * (0.85 + 0.15 * w.value + 0.3 * up).clamp(0.3, 1.2)


def _clumps(hits: Hits, detail: _Detail, u: Tensor, v: Tensor, w: Slopes) -> tuple[Slopes, Tensor]:
    """What a tree's crown is made of, where pixels show it. Balls of leaves: how bright each is, and the way
    to its middle. And a conifer's drooping boughs: -0.5 below one .. 0.5 on its top.
    """
    full = hits.full.clamp(min=0.01)
    high = full / detail.wide  # in pixels
    x, y = hits.x / full + 0.012 * w.x, v + 0.012 * w.z
    ball = leaves(x + 3 * hits.luck, y + 5 * hits.luck, 0.1, 0.085)
    shown = ramp(high, 10, 30)
    bright = (0.5 * (ball.luck - 0.5) - 0.35 * ball.between) * shown
    bough = v * (8 + 5 * hits.luck) + 1.5 * u.abs() + 0.5 * ball.luck
    low = (bough - bough.floor() - 0.5) * ramp(high, 25, 60)
    return Slopes(bright, ball.u * shown / 0.1, ball.v * shown / 0.085), low


def _blades(s: Scene, hits: Hits, detail: _Detail, openness: Tensor) -> tuple[Tensor, Tensor]:
    """Colour and openness of the grass near the camera, with flowers."""
    luck, v = hits.luck, _share_of_height(hits)
    dry = (0.45 * luck + 0.5 * ramp(detail.patch + 0.6 * detail.broad, -0.5, 1.1)).clamp(0, 1)
    albedo = mix(_of(s, GREEN), _of(s, DRY), dry[:, None]) * (0.5 + 1.1 * v * (0.5 + luck))[:, None]
    flower = (luck > 1 - plane(s.flowers) * ramp(detail.patch + detail.pebbly, 0.0, 0.9)) & (v > 0.5)
    r, g, b = s.look[:, TREE, :3].unbind(1)
    petals = colour(torch.stack([r * 0.5 + 0.35, g**2 * 0.6, b * 0.6], 1))
    return torch.where(flower[:, None], petals, albedo), openness * (0.45 + 0.6 * v)


def _share_of_height(hits: Hits) -> Tensor:
    """0 at a plant's foot, 1 at its top."""
    return (hits.up / hits.full.clamp(min=0.01)).clamp(0, 1.2)
