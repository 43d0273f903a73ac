"""Things, drawn in frames of their own: balloon, boat, tree, boulder, hut, birds."""

from __future__ import annotations

import math

import torch

from engine.starter.frames import Frame, Sprite, edge, least, most
from engine.starter.noise import mix, ramp
from engine.starter.trees import FIRS, broadleaf, conifer


def sprite(name: str, frame: Frame) -> Sprite:
    """The thing of that name; a tree is a conifer or not by its first number."""
    if name == "tree":
        return conifer(frame) if frame.look[0] < FIRS else broadleaf(frame)
    return {"balloon": _balloon, "boat": _boat, "boulder": _boulder, "hut": _hut, "birds": _birds}[name](
        frame
    )


PIGMENTS = (
    (0.62, 0.04, 0.03),
    (0.72, 0.42, 0.03),
    (0.74, 0.72, 0.66),
    (0.03, 0.1, 0.42),
    (0.66, 0.17, 0.02),
    (0.04, 0.28, 0.09),
    (0.02, 0.34, 0.5),
    (0.22, 0.03, 0.25),
    (0.03, 0.03, 0.045),
)  # of balloons, linear


def _balloon(frame: Frame) -> Sprite:
    """Gores of cloth in one of six patterns, over a basket."""
    u, v, look, rgb = frame.u, frame.v, frame.look, frame.rgb
    w, h = u / 0.36, (v - 0.64) / 0.36  # of the envelope: a ball above, drawn in below
    neck = torch.where(h < 0, 1 + 0.48 * h.clamp(min=-1.35), torch.ones_like(u))
    a = w / neck.clamp(min=0.2)
    radius = torch.where(h < 0, (a * a + (h / 1.3) ** 2).sqrt(), (w * w + h * h).sqrt())
    mouth = 0.225 - 0.02 * (1 - (u / 0.09) ** 2).clamp(min=0)
    envelope = frame.shape(least((1 - radius) * 0.36, v - mouth))
    across = w / torch.where(h < 0, neck.clamp(min=0.2), (1 - h * h).clamp(min=0.03).sqrt())
    turn = torch.asin(across.clamp(-0.999, 0.999)) / math.pi
    gores = 8 + 4 * int(look[0] * 2.999)
    gore = turn * gores + 7 * look[0] + 64
    start, step = int(look[1] * 8.999), 1 + int(look[2] * 3.999)
    first, second, third = (rgb(PIGMENTS[(start + step * k) % 9]) for k in (0, 1, 2))
    pattern, tall = int(look[3] * 5.999), h * (2 + 2 * look[4])
    zigzag = (gore - gore.floor() - 0.5).abs() * 1.2
    steps = (
        gore,
        tall * 1.5 + 64,
        gore + tall * 1.3,
        tall * 1.5 + zigzag + 64,
        gore + (tall * 2).floor(),
        gore,
    )
    second_here = (steps[pattern].floor() % 2 == 0) & ((pattern < 5) | (h.abs() < 0.35))
    cloth = mix(first, second, second_here.float())
    ends = (h > 0.82) | (h < -0.72) | ((look[5] > 0.6) & ((h - 0.1).abs() < 0.13))
    cloth = mix(cloth, third, ends.float())
    seam = ((gore - gore.floor() - 0.5).abs() > 0.45).float()
    puffed = 2 * (gore - gore.floor() - 0.5)
    cloth = cloth * (1 - 0.18 * seam) * mix(1.0, 0.35, ramp(v, 0.24, 0.2))
    basket = frame.shape(least(0.042 - 0.06 * (0.075 - v) - u.abs(), v, 0.075 - v))
    ropes = frame.shape(0.004 - (u.abs() - 0.034 - 0.3 * (v - 0.075)).abs()) * ((v > 0.07) & (v < 0.22))
    wicker = 0.75 + 0.4 * ((u * 180).sin() * (v * 220).sin() > 0).float()
    wicker = wicker * torch.where(v > 0.066, 0.45, 1.0)
    albedo = torch.where((ropes > envelope)[None], rgb((0.06, 0.055, 0.05)), cloth)
    albedo = torch.where((basket > envelope)[None], rgb((0.2, 0.11, 0.045)) * wicker, albedo)
    normal = torch.stack([a + 0.15 * puffed, h + 0.1, -(1 - a * a).clamp(min=0.02).sqrt()])
    return Sprite(albedo, most(envelope, basket, ropes * 0.8), normal)


SAILS = ((0.8, 0.79, 0.75), (0.8, 0.79, 0.75), (0.4, 0.07, 0.04), (0.42, 0.2, 0.07), (0.62, 0.52, 0.36))
HULLS = (
    (0.7, 0.7, 0.68),
    (0.02, 0.05, 0.16),
    (0.4, 0.03, 0.025),
    (0.21, 0.1, 0.04),
    (0.03, 0.14, 0.1),
    (0.04, 0.04, 0.045),
)


SHIRTS = ((0.5, 0.49, 0.46), (0.04, 0.07, 0.16), (0.3, 0.05, 0.04), (0.12, 0.11, 0.1), (0.36, 0.28, 0.1))


def _boat(frame: Frame) -> Sprite:
    """One with sails, or, a third of them, one that is rowed."""
    return _rowing_boat(frame) if frame.look[5] < 0.33 else _sailing_boat(frame)


def _sailing_boat(frame: Frame) -> Sprite:
    u, v, look, rgb = frame.u, frame.v, frame.look, frame.rgb
    ahead = -1.0 if look[3] > 0.5 else 1.0  # the way it sails
    turned = 0.62 + 0.38 * look[0]  # less than 1 where it is not seen from its side
    u = ahead * u / turned
    stern, bow = u + 0.3, 0.36 - u
    deck = 0.085 + 0.09 * ramp(u, -0.1, 0.4) + 0.02 * ramp(-u, 0.1, 0.3)
    hull = least(v + 0.01, deck - v, stern - 0.35 * (deck - v), (bow - 0.8 * (deck - v)) * 0.8)
    cabin = least(v - deck + 0.01, 0.135 - v + 0.05 * u, u + 0.14, 0.1 - u)
    mast = least(0.006 - (u - 0.07).abs(), v - 0.08, 0.99 - v)
    boom = least(0.006 - (v - 0.17).abs(), u + 0.27, 0.07 - u)
    gaff = look[1] < 0.4
    part = ((v - 0.19) / (0.74 if gaff else 0.79)).clamp(0, 1)
    foot, head = -0.26, (-0.13 if gaff else 0.055)
    leech = mix(foot, head, part) - 0.05 * part * (1 - part) * 4 * (0.5 + look[2])
    top = 0.93 - 0.75 * (u - 0.06) if gaff else 0.98 + 0 * u
    main = least(u - leech, 0.062 - u, v - 0.185 + 0.03 * u, (top - v) * 0.7)
    jib_part = ((v - 0.15) / 0.68).clamp(0, 1)
    stay = mix(0.34, 0.085, jib_part)
    jib_leech = mix(0.1, 0.08, jib_part) - 0.06 * 4 * jib_part * (1 - jib_part) * (0.3 + look[2]) * 0.6
    jib = least(stay - u, u - jib_leech, (v - 0.17 - 0.12 * (0.3 - u)) * 0.9, 0.83 - v)
    body, cloth, spars = frame.shape(hull), frame.shape(most(main, jib)), frame.shape(most(mast, boom))
    house = frame.shape(cabin)
    sail = rgb(SAILS[int(look[4] * 4.999)])
    other = SAILS[0] if look[2] > 0.7 else SAILS[int(look[4] * 4.999)]
    sail = torch.where((jib > main)[None], rgb(other), sail)
    panels = 1 - 0.06 * (torch.remainder(v * 11 + 0.8 * u, 1.0) < 0.12).float()
    paint = rgb(HULLS[int(look[2] * 5.999)])
    paint = torch.where((v < 0.022)[None], rgb((0.3, 0.03, 0.02)), paint)  # below its water line
    paint = torch.where(((deck - v - 0.018).abs() < 0.007)[None], rgb((0.6, 0.58, 0.5)), paint)
    windows = ((torch.remainder(u * 14, 1.0) - 0.5).abs() < 0.3) & ((v - 0.115).abs() < 0.012)
    wall = torch.where(windows[None], rgb((0.03, 0.035, 0.04)), rgb((0.6, 0.57, 0.5)))
    albedo = torch.where((spars > cloth)[None], rgb((0.2, 0.13, 0.07)), sail * panels)
    albedo = torch.where((house > most(cloth, spars))[None], wall, albedo)
    albedo = torch.where((body > 0.5)[None], paint, albedo)
    bulge = torch.where(u > 0.07, (u - stay) * 4 + 0.5, (u - leech) * 3 - 0.4)
    hull_up = torch.where(body > 0.5, -0.35, 0.12)
    right = ahead * torch.where(body > 0.5, 0.6 * u, 0.35 + 0.8 * bulge)
    normal = torch.stack([right, hull_up, -torch.ones_like(u)])
    return Sprite(albedo, most(body, house, spars, cloth), normal)


def _rowing_boat(frame: Frame) -> Sprite:
    u, v, look, rgb = frame.u, frame.v, frame.look, frame.rgb
    ahead = -1.0 if look[3] > 0.5 else 1.0
    u = ahead * u / (0.62 + 0.38 * look[0])
    rim = 0.135 + 0.075 * (u / 0.45) ** 2 + 0.03 * ramp(u, 0.1, 0.45)
    far_rim = rim + 0.035 * (1 - (u / 0.45) ** 2).clamp(min=0)
    ends = least(0.45 - u - 0.5 * (rim - v), u + 0.43 - 0.25 * (rim - v))
    hull, inner = frame.shape(least(v + 0.01, rim - v, ends)), frame.shape(least(v - rim, far_rim - v, ends))
    rower = look[4] > 0.35
    seat = u + 0.02
    shoulders = 0.052 - 0.05 * ramp(v, 0.32, 0.39) - 0.012 * ramp(v, 0.3, 0.2)
    torso = least(shoulders - (seat + 0.12 * (v - 0.2)).abs(), v - 0.13, 0.38 - v)
    arms = least(0.02 - (v - 0.285 + 0.45 * (seat - 0.05)).abs(), seat, 0.15 - seat)
    head = 0.037 - ((seat + 0.025) ** 2 + (v - 0.415) ** 2).sqrt()
    oar = least(0.009 - (v - 0.215 + 0.34 * (u - 0.05)).abs(), u + 0.02, 0.62 - u)
    blade = least(0.024 - (v - 0.215 + 0.34 * (u - 0.05)).abs(), u - 0.5, 0.62 - u)
    person = frame.shape(most(torso, head, arms)) if rower else torch.zeros_like(u)
    oars = frame.shape(most(oar, blade)) * (0.9 if rower else 0.0)
    paint = rgb(HULLS[int(look[2] * 5.999)]) * (
        1 - 0.16 * (torch.remainder(v * 24 - 5 * u * u, 1.0) < 0.2).float()
    )
    paint = torch.where(((rim - v) < 0.018)[None], rgb((0.3, 0.19, 0.1)), paint)
    shirt = torch.where((head > torso)[None], rgb((0.4, 0.22, 0.14)), rgb(SHIRTS[int(look[1] * 4.999)]))
    shirt = torch.where((v > 0.425)[None], rgb((0.1, 0.07, 0.04)), shirt)
    albedo = torch.where((inner > hull)[None], rgb((0.09, 0.06, 0.035)), paint)
    albedo = torch.where(((person > 0.5) & (hull < 0.5))[None], shirt, albedo)
    albedo = torch.where((oars > most(hull, person))[None], rgb((0.36, 0.25, 0.14)), albedo)
    normal = torch.stack(
        [ahead * (0.7 * u + 5 * (person - hull).clamp(0, 0.1)), -0.2 + 0 * u, -torch.ones_like(u)]
    )
    return Sprite(albedo, most(hull, inner, person, oars), normal)


def _boulder(frame: Frame) -> Sprite:
    """A block cut by 22 planes: the nearest of them is the face that is seen. Wider than high, and mossy."""
    u, v, look, rgb, fuzz = frame.u, frame.v, frame.look, frame.rgb, frame.fuzz
    uneven, cracks = frame.noise(0.07), frame.noise(0.19, turned=True)
    chipped = 0.03 * uneven + 0.012 * cracks + 0.003 * fuzz.value
    a = u / (1.25 + 0.5 * look[1]) + chipped
    h = (v - 0.1) * 0.6 + chipped
    depth, inside, normal = torch.full_like(u, 9.0), torch.full_like(u, 9.0), rgb((0.0, 0.0, -1.0))
    own = torch.ones_like(u)
    numbers = torch.Generator().manual_seed(int(look[0] * 1e6))
    for k, (a_turn, a_lean, a_far) in enumerate(torch.rand(22, 3, generator=numbers).tolist()):
        turn = (k + a_turn) * 0.571  # two rounds: the first faces aside, the second the viewer
        lean, far = (1.25 + 0.25 * a_lean if k < 11 else 0.1 + 1.1 * a_lean), 0.09 * a_far
        right, up = math.cos(turn) * math.sin(lean), math.sin(turn) * math.sin(lean)
        back = math.cos(lean) + 0.02
        room = 0.4 + far - right * a - up * h
        inside = torch.minimum(inside, room)
        closer = room / back < depth
        own = torch.where(closer, 0.82 + 0.36 * a_far, own)
        depth = torch.where(closer, room / back, depth)
        normal = torch.where(closer[None], rgb((right, up, -back)), normal)
    buried = edge(v + 0.02 - 0.02 * fuzz.value - 0.02 * uneven, 0.04)
    alpha = frame.shape(inside * 0.8) * buried
    grey = frame.colours.new_tensor((0.36, 0.34, 0.31))
    stone = rgb(mix(grey, frame.colours[2], 0.5) * (0.85 + 0.5 * look[4])) * own
    stone = stone * (1 + 0.16 * fuzz.value + 0.14 * uneven + 0.1 * cracks).clamp(0.3, 2)
    lichen = ramp(cracks + 0.3 * fuzz.value, 0.65, 0.95) * (0.3 + 0.5 * look[3])
    stone = mix(stone, rgb((0.36, 0.35, 0.25)), lichen)
    moss = ramp(uneven + 0.35 * fuzz.value + 1.4 * normal[1] + 0.3 * cracks, 0.95, 1.5) * min(
        look[5] * 1.6, 1.0
    )
    albedo = mix(stone, rgb((0.085, 0.1, 0.03)), moss) * (0.35 + 0.65 * ramp(v, -0.03, 0.22))
    albedo = mix(
        albedo,
        rgb((0.8, 0.83, 0.88)),
        frame.snow * ramp(normal[1] + 0.3 * uneven + 0.1 * fuzz.value, 0.3, 0.5),
    )
    normal = normal + 0.22 * torch.stack([fuzz.x, fuzz.z, torch.zeros_like(u)])
    return Sprite(albedo, alpha, normal)


WALLS = (
    (0.5, 0.46, 0.38),
    (0.17, 0.105, 0.065),
    (0.58, 0.57, 0.53),
    (0.27, 0.05, 0.03),
    (0.28, 0.25, 0.22),
    (0.48, 0.36, 0.16),
)
ROOFS = ((0.3, 0.09, 0.05), (0.1, 0.1, 0.115), (0.17, 0.11, 0.065), (0.25, 0.19, 0.1), (0.09, 0.1, 0.05))
FRAMES = ((0.6, 0.58, 0.53), (0.1, 0.06, 0.035), (0.04, 0.11, 0.07))  # of windows


def _hut(frame: Frame) -> Sprite:
    """Turned as its first number says: a long side to one side of a corner, a gable to the other."""
    v, look, rgb, fuzz = frame.v, frame.look, frame.rgb, frame.fuzz
    side = -1.0 if look[5] > 0.5 else 1.0
    u = side * frame.u
    turn = 0.22 + 1.1 * look[0]  # radians: 0 shows the long side alone
    c, n = math.cos(turn), math.sin(turn)
    long, deep, eave = 0.95 + 0.3 * look[3], 0.72, 0.44 + 0.08 * look[4]
    corner = (long * c - deep * n) / 2
    a, b = (corner - u) / c, (u - corner) / n  # along the walls, from the corner
    wall = frame.shape(least(v + 0.05, eave + 0.03 - v, least(a + 0.02 / c, long - a) * c))
    slope = 0.9 - eave
    top = eave + slope * (1 - (b / deep * 2 - 1).abs())
    gable = frame.shape(least(v + 0.05, (top - v) * 0.7, least(b + 0.01 / n, deep - b) * n))
    lean = (v - eave) / slope  # 0 at the eaves .. 1 at the ridge
    along = a + 0.5 * deep * n / c * lean  # the roof leans back, over the gable's middle
    over = least(along + 0.07, long + 0.07 - along) * c
    roof = frame.shape(least((lean + 0.1) * slope, (1.02 - lean) * slope, over))
    barge = frame.shape(0.022 - (v - top - 0.012).abs()) * (
        (b > -0.06) & (b < deep + 0.06) & (v > eave - 0.06)
    )
    stack_at = a + 0.5 * deep * n / c - (0.25 + 0.5 * look[1]) * long
    chimney = frame.shape(least(0.055 - (stack_at * c).abs(), v - 0.84, 1.0 - v))
    boards = (v * 15) if look[2] < 0.6 else torch.where(u < corner, a, b) * 13
    planks = 1 - 0.2 * (torch.remainder(boards, 1.0) < 0.15).float()
    kind = int(look[1] * 5.999)
    plain = kind in (0, 2, 5)  # plastered
    paint = rgb(WALLS[kind]) * (1.0 if plain else planks)
    paint = paint * (1 + (0.04 if plain else 0.09) * fuzz.value + 0.05 * frame.noise(0.3))
    paint = mix(
        paint, rgb((0.2, 0.19, 0.175)) * (1 + 0.2 * fuzz.value), (v < 0.05).float()
    )  # its base of stone
    on_wall = u < corner
    spot = torch.where(
        on_wall, torch.minimum((a - 0.25 * long).abs(), (a - 0.8 * long).abs()), (b - deep / 2).abs()
    )
    height = (v - 0.27).abs()
    pane = least(0.062 - spot, 0.075 - height)
    casing = least(0.085 - spot, 0.098 - height)
    shutter = least(0.15 - spot, 0.075 - height) if look[4] > 0.5 else torch.full_like(u, -1.0)
    door_at = (a - 0.53 * long).abs()
    door = torch.where(on_wall, least(0.075 - door_at, 0.33 - v), torch.full_like(u, -1.0))
    doorway = torch.where(on_wall, least(0.095 - door_at, 0.35 - v), torch.full_like(u, -1.0))
    trim = rgb(FRAMES[int(look[3] * 2.999)])
    green = rgb(FRAMES[2] if look[0] > 0.5 else (0.28, 0.05, 0.03))
    glass = rgb((0.035, 0.045, 0.055)) * (0.6 + 2.5 * ramp(v, 0.2, 0.36))
    bars = (spot < 0.008) | (height < 0.008)
    for shape, paint_of in (
        (shutter, green),
        (casing, trim),
        (pane, torch.where(bars[None], trim, glass)),
        (doorway, trim),
        (door, rgb((0.11, 0.06, 0.03))),
    ):
        paint = mix(paint, paint_of, frame.shape(shape))
    paint = paint * (
        1 - 0.45 * ramp(v - torch.where(on_wall, eave - 0.09, top - 0.07), 0.0, 0.05)
    )  # under the roof
    rows = 1 - 0.25 * (torch.remainder(lean * 9, 1.0) < 0.22).float()
    tiles = rows * (1 + 0.16 * fuzz.value + 0.15 * frame.noise(0.5))
    tiled = rgb(ROOFS[int(look[2] * 4.999)]) * tiles
    tiled = mix(
        tiled,
        rgb((0.8, 0.83, 0.88)) * (1 + 0.02 * fuzz.value),
        frame.snow * ramp(lean + 0.1 * frame.lump, -0.08, 0.0),
    )
    is_roof, is_barge, is_stack = (roof > 0.5) & ~((gable > 0.5) & (u > corner)), barge > 0.5, chimney > 0.5
    is_barge, is_stack = is_barge & ~is_roof, is_stack & ~is_roof
    albedo = torch.where(is_roof[None], tiled, paint)
    albedo = torch.where(is_barge[None], rgb(ROOFS[int(look[2] * 4.999)]) * 0.6, albedo)
    brick = rgb((0.24, 0.12, 0.085) if look[4] < 0.6 else (0.28, 0.27, 0.25)) * (1 + 0.2 * fuzz.value)
    brick = brick * torch.where((v - 0.965).abs() < 0.012, 0.6, 1.0)
    albedo = torch.where(is_stack[None], brick, albedo)
    facing = torch.where(on_wall[None], rgb((-n, 0.0, -c)), rgb((c, 0.0, -n)))
    normal = torch.where(is_roof[None], rgb((-0.6 * n, 0.75, -0.6 * c)), facing)
    normal = normal * rgb((side, 1.0, 1.0))
    return Sprite(albedo, most(wall, gable, roof, barge, chimney), normal)


def _birds(frame: Frame) -> Sprite:
    """A flock of two to six, each a small body and two bent wings that taper."""
    alpha = torch.zeros_like(frame.u)
    for x, y, flap, big, bank in (frame.numbers(0, 2 + int(frame.look[1] * 5), 5) - 0.5).tolist():
        long = 0.17 + 0.07 * big
        off_x, off_y = frame.u - 1.6 * x, frame.v - 0.5 - 0.8 * y
        off_y = off_y - 0.5 * bank * off_x
        a = (off_x / long).abs()
        bend = (0.75 + 0.9 * flap) * a * (1 - 0.72 * a)
        wing = least((0.085 * (1 - a) + 0.012) * (0.7 + 0.5 * a) - (off_y / long - bend).abs(), 1 - a)
        body = 0.075 - ((off_x / long) ** 2 + (off_y / long + 0.02) ** 2 * 1.6).sqrt()
        alpha = most(alpha, frame.shape(most(wing, body) * long))
    pale = 0.02 if frame.look[2] < 0.6 else 0.3  # crows or gulls
    return Sprite(frame.rgb((pale, pale, pale * 1.03)), alpha, frame.rgb((0.0, 0.4, -1.0)))
