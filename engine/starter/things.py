"""Things with a place of their own: balloon, boat, trees, boulders, hut, birds, and their shadows."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.starter.noise import fine, lookup, mix, ramp, tiles
from engine.starter.scene import LEAF, LEAF2, OBJECTS, ROCK, SOIL, Scene
from engine.starter.sky import Light
from engine.starter.world import feet


def over_shape(value: Tensor, soft: float) -> Tensor:
    return (value / soft + 0.5).clamp(0, 1)


def sprite(
    name: str, u: Tensor, v: Tensor, soft: float, look: Tensor, leaves: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """A thing in its own frame: u right, v up from the foot, in units of its height; `soft` a pixel's width.
    `leaves` (3, 3): two leaf colours and the rock of the scene. Returns albedo (3, ...), alpha, normal (3,
    ...).
    """
    one = torch.ones_like(u)

    def rgb(a: Any) -> Tensor:
        return torch.as_tensor(a, device=u.device, dtype=u.dtype)[:, None, None] * one

    look_l = look.tolist()
    w1, wx, wy = fine(u * 9 + look_l[0] * 5, v * 9 + look_l[1] * 5, torch.full_like(u, soft * 9))
    lump = (
        lookup(tiles(u.device)[0], u * 0.28 + look_l[2], v * 0.28 + look_l[3])[0]
        + 0.6 * lookup(tiles(u.device)[0], u * 0.7 + look_l[3], v * 0.7 + look_l[2])[0]
    )
    zero = 0 * u
    if name == "balloon":
        w, h = u / 0.36, (v - 0.64) / 0.36
        squeeze = torch.where(h < 0, 1 + 0.48 * h.clamp(min=-1.35), one)
        a = w / squeeze.clamp(min=0.2)
        body = 1 - torch.where(h < 0, (a * a + (h / 1.3) ** 2).sqrt(), (w * w + h * h).sqrt())
        alpha = over_shape(body * 0.36, soft)
        gore = torch.asin(a.clamp(-0.999, 0.999)) / math.pi * 8 + look_l[0]
        first, second, third = (
            torch.rand(3, generator=torch.Generator().manual_seed(int(look_l[k] * 1e6))).pow(1.6) * 0.6 + 0.03
            for k in (1, 2, 3)
        )
        stripe = ((gore.floor() % 2) == 0).float()
        band = ((h - (look_l[4] - 0.5)).abs() < 0.16).float() * (look_l[5] > 0.5)
        albedo = mix(mix(rgb(first), rgb(second), stripe), rgb(third), band) * (
            1 - 0.25 * ((gore - gore.floor() - 0.5).abs() > 0.44).float()
        )
        normal = torch.stack([a, h + 0.1, -(1 - a * a).clamp(min=0.02).sqrt()])
        basket = over_shape(torch.minimum(0.045 - u.abs(), torch.minimum(v, 0.075 - v)), soft)
        ropes = over_shape(0.006 - (u.abs() - 0.03 - 0.12 * (v - 0.08)).abs(), soft) * (
            (v > 0.07) & (v < 0.2)
        )
        albedo = torch.where(
            (basket > alpha)[None],
            rgb((0.16, 0.09, 0.04)),
            torch.where((ropes > alpha)[None], rgb((0.05, 0.05, 0.05)), albedo),
        )
        return albedo, torch.maximum(torch.maximum(alpha, basket), ropes * 0.8), normal
    if name == "boat":
        deck = 0.13 + 0.12 * (u / 0.36) ** 2
        hull = torch.minimum(torch.minimum(v + 0.0, deck - v), 0.36 - u.abs() - 0.25 * (deck - v))
        mast = torch.minimum(0.007 - (u - 0.02).abs(), torch.minimum(v - 0.1, 1 - v))
        main = torch.minimum(
            torch.minimum(u - 0.04, v - 0.21),
            0.97 - v - 2.35 * (u - 0.04) - 0.35 * ((v - 0.2) * (0.97 - v)).clamp(min=0) * -0.6,
        )
        jib = torch.minimum(torch.minimum(0.01 - u, v - 0.2), 0.86 - v + 2.25 * (u - 0.01))
        ah, am, a1, a2 = (over_shape(t, soft) for t in (hull, mast, main * 0.5, jib * 0.5))
        paint = torch.tensor(look_l[:3]).pow(2) * 0.5 + 0.02
        if look_l[3] < 0.6:
            paint = torch.tensor([0.7, 0.7, 0.68])
        cloth = rgb((0.82, 0.8, 0.75)) if look_l[4] < 0.8 else rgb((0.55, 0.12, 0.06))
        albedo = torch.where(
            (ah > torch.maximum(a1, a2))[None],
            rgb(paint) * (1 - 0.6 * (v < 0.03).float()),
            cloth * (1 - 0.12 * (torch.remainder(v * 9, 1.0) < 0.1).float()),
        )
        albedo = torch.where(
            (am > torch.maximum(torch.maximum(ah, a1), a2))[None], rgb((0.12, 0.09, 0.06)), albedo
        )
        normal = torch.stack([0.55 * one + u, 0.2 * one, -one])
        return albedo, torch.maximum(torch.maximum(ah, am), torch.maximum(a1, a2)), normal
    if name == "tree" and look_l[0] < 0.55:  # conifer
        r = 0.2 * (1 - v).clamp(min=0) ** 0.85 + 0.006
        tiers = 9 + 6 * look_l[1]
        saw = torch.remainder(v * tiers + 0.35 * u.abs() / 0.2 + 0.5 * lump, 1.0)
        edge = r * (1.05 - 0.62 * saw) * (1 + 0.35 * lump) - u.abs() - 0.012 * w1
        alpha = over_shape(torch.where(v < 0.03, 0.012 - u.abs(), edge), soft) * (v < 1) * (v > 0)
        alpha = alpha * (1 - 0.75 * ((saw > 0.8) & (u.abs() > r * 0.35) & (w1 > -0.3)).float())
        albedo = rgb(mix(leaves[0], leaves.new_tensor((0.033, 0.052, 0.022)), 0.6)) * (
            (1.15 - 0.75 * saw) * (1 + 0.4 * w1)
        ).clamp(0.15, 2.2)
        return (
            albedo,
            alpha,
            torch.stack([u / r.clamp(min=0.02) + 0.5 * wx, 0.5 - saw * 0.5 + 0.5 * wy, -0.7 * one]),
        )
    if name == "tree":
        twig = lookup(tiles(u.device)[0], u * 1.9 + look_l[2], v * 1.9 + look_l[3])[0]
        crown = (
            1
            - ((u / (0.34 + 0.1 * look_l[5])) ** 2 + ((v - 0.62) / 0.37) ** 2).sqrt()
            + 0.17 * lump
            + 0.1 * twig
            + 0.055 * w1
        )
        leaf = over_shape(crown * 0.35 - 0.004, soft) * (
            1 - 0.9 * ((0.6 * lump + 0.7 * twig + 0.4 * w1 < -1.1) & (crown < 0.6)).float()
        )
        wide = 0.022 + 0.022 * torch.exp(-30 * v.clamp(min=0)) + 0.012 * (0.3 - v).clamp(min=0)
        trunk = over_shape(
            torch.minimum(wide - (u + 0.02 * lump - 0.01).abs(), torch.minimum(v + 0.01, 0.6 - v)), soft
        )
        branch = over_shape(
            torch.minimum(0.012 - (u.abs() * 0.8 - (v - 0.3)).abs() * 0.7, torch.minimum(v - 0.28, 0.6 - v)),
            soft,
        )
        tint = mix(leaves[0], leaves[1], look_l[4]) * 1.1
        light_ = (1.15 + 0.35 * w1 + 0.3 * twig + 0.25 * lump).clamp(0.3, 2.2)
        albedo = torch.where(
            (leaf > 0.4)[None], rgb(tint) * light_, rgb((0.07, 0.05, 0.035)) * (1 + 0.3 * w1)
        )
        return (
            albedo,
            torch.maximum(leaf, torch.maximum(trunk, branch)),
            torch.stack(
                [
                    u / 0.4 + 0.4 * wx + 0.4 * lump + 0.4 * twig,
                    (v - 0.5) / 0.35 + 0.4 * wy + 0.4 * lump,
                    -0.6 * one,
                ]
            ),
        )
    if name == "boulder":
        # a convex block: the nearest of some planes is the face seen
        g = torch.Generator().manual_seed(int(look_l[0] * 1e6))
        n1 = lookup(tiles(u.device)[0], u * 0.07 + look_l[2], v * 0.07 + look_l[3])[0]
        a, h = (
            u / (0.75 + 0.35 * look_l[1]) + 0.05 * n1 + 0.006 * w1,
            (v - 0.16) * 0.68 + 0.05 * n1 + 0.006 * w1,
        )
        depth, normal = torch.full_like(u, 9.0), torch.stack([zero, zero, -one])
        inside = torch.full_like(u, 9.0)
        for _k in range(16):
            turn, lean, far = (torch.rand(3, generator=g) * torch.tensor([6.283, 1.45, 0.16])).tolist()
            plane = (
                math.cos(turn) * math.sin(lean + 0.1),
                math.sin(turn) * math.sin(lean + 0.1),
                math.cos(lean + 0.1) + 0.02,
            )
            room = 0.42 + far - plane[0] * a - plane[1] * h
            inside = torch.minimum(inside, room)
            closer = room / plane[2] < depth
            depth = torch.where(closer, room / plane[2], depth)
            normal = torch.where(closer[None], rgb((plane[0], plane[1], -plane[2])), normal)
        alpha = over_shape(inside * 0.8, soft) * over_shape(v + 0.03 - 0.03 * w1, 0.03)
        tint = mix(torch.tensor([0.27, 0.25, 0.225]), leaves[2].cpu(), 0.5) * (0.75 + 0.5 * look_l[4])
        moss = ramp(n1 + 0.35 * w1 + 1.2 * normal[1], 0.9, 1.7) * look_l[5]
        albedo = mix(rgb(tint) * (1 + 0.16 * w1 + 0.12 * n1).clamp(0.3, 2), rgb((0.1, 0.11, 0.045)), moss) * (
            0.4 + 0.6 * ramp(v, -0.05, 0.25)
        )
        return albedo, alpha, normal + 0.22 * torch.stack([wx, wy, zero])
    if name == "hut":
        turn = 0.16 + 0.1 * look_l[0]  # where the corner stands
        eave, top = 0.52, 1.0
        front = torch.minimum(torch.minimum(u + 0.62, turn - u), torch.minimum(v + 0.04, eave - v))
        gable_mid = turn + 0.24
        gable = torch.minimum(
            torch.minimum(u - turn, turn + 0.48 - u),
            torch.minimum(v + 0.04, eave + (top - eave) * (1 - (u - gable_mid).abs() / 0.24) - v),
        )
        lean = (v - eave) / (top - eave)
        roof = torch.minimum(
            torch.minimum(lean + 0.06, 1 - lean) * 0.4,
            torch.minimum(u + 0.68 - 0.22 * lean, turn + 0.03 + 0.24 * lean - u),
        )
        af, ag, ar = (over_shape(t, soft) for t in (front, gable, roof))
        wall = torch.tensor([[0.4, 0.36, 0.3], [0.17, 0.105, 0.065], [0.48, 0.47, 0.44], [0.2, 0.06, 0.04]])[
            int(look_l[1] * 3.999)
        ]
        tile_ = torch.tensor([[0.22, 0.08, 0.05], [0.08, 0.08, 0.09], [0.15, 0.1, 0.06]])[
            int(look_l[2] * 2.999)
        ]
        pane = (((u + 0.42).abs() < 0.055) | ((u + 0.08).abs() < 0.055)) & ((v - 0.3).abs() < 0.08)
        door = ((u + 0.25).abs() < 0.05) & (v < 0.32)
        boards = 1 - 0.18 * (torch.remainder(v * 16, 1.0) < 0.16).float()
        albedo = rgb(wall) * boards * (1 + 0.08 * w1)
        albedo = torch.where(
            (pane | ((u - gable_mid).abs() < 0.05) & ((v - 0.34).abs() < 0.08))[None],
            rgb((0.02, 0.025, 0.03)),
            albedo,
        )
        albedo = torch.where(door[None], rgb((0.08, 0.05, 0.03)), albedo)
        is_roof = ar > 0.5
        albedo = torch.where(
            is_roof[None],
            rgb(tile_) * (1 + 0.15 * w1) * (1 - 0.2 * (torch.remainder(v * 26, 1.0) < 0.2).float()),
            albedo,
        )
        normal = torch.where(
            is_roof[None],
            torch.stack([zero - 0.2, one, -0.8 * one]),
            torch.where(
                (u > turn)[None],
                torch.stack([one, zero, -0.35 * one]),
                torch.stack([-0.35 * one, zero, -one]),
            ),
        )
        return albedo, torch.maximum(torch.maximum(af, ag), ar), normal
    alpha = torch.zeros_like(u)  # birds
    g = torch.Generator().manual_seed(int(look_l[0] * 1e6))
    for _ in range(3 + int(look_l[1] * 6)):
        bx, by, flap, big = (
            (torch.rand(4, generator=g) - 0.5) * torch.tensor([1.8, 0.9, 1.6, 0.08])
        ).tolist()
        a, h = (u - bx) / (0.16 + big), (v - 0.5 - by) / (0.16 + big)
        line = h - (a.abs() * (0.9 + flap) * (1 - 0.75 * a.abs()))
        alpha = torch.maximum(
            alpha,
            over_shape(torch.minimum(0.10 * (1.1 - a.abs()) - line.abs(), 1 - a.abs()) * (0.16 + big), soft),
        )
    return rgb((0.02, 0.02, 0.022)), alpha, torch.stack([zero, one, -one])


def draw_objects(
    s: Scene,
    light: Light,
    picture: Tensor,
    heaven: Tensor,
    depth: Tensor,
    wet: Tensor,
    land: Tensor,
    lit: Tensor,
    camera: Tensor,
    fog_sky: Tensor,
    q: Tensor,
    n: int,
) -> Tensor:
    """Things, far to near, hidden by nearer ground, with their images in the water."""
    y, _ = feet(s)
    d = light.direction
    hides = torch.where(land | wet, depth, torch.full_like(depth, 1e9))
    for r, j in sorted(s.present.nonzero().tolist(), key=lambda p: -float(s.place[p[0], p[1], 2])):
        name = OBJECTS[j]
        px, pz, tall = (float(v) for v in (s.place[r, j, 0], s.place[r, j, 2], s.size[r, j]))
        k = float(s.focal[r]) / pz
        for mirrored in (
            (False, True) if float(s.water[r]) > -1e4 and name in ("balloon", "boat") else (False,)
        ):
            foot = (2 * float(s.water[r]) - float(y[r, j]) if mirrored else float(y[r, j])) - float(camera[r])
            row, col, high = float(s.horizon[r]) - foot * k, 0.5 + px * k, tall * k
            sign = -1 if mirrored else 1
            c0, c1 = int((col - high) * n), int((col + high) * n) + 1
            r0, r1 = sorted((int((row - sign * high * 1.15) * n), int((row + sign * high * 0.1) * n)))
            c0, c1, r0, r1 = max(c0, 0), min(c1, n), max(r0, 0), min(r1 + 1, n)
            if c0 >= c1 or r0 >= r1 or high * n < 2:
                continue
            cut = (r, slice(None), slice(c0, c1), slice(r0, r1))
            u = ((torch.arange(c0, c1, device=depth.device) + 0.5) / n - col)[:, None].expand(
                c1 - c0, r1 - r0
            ) / high
            v = (
                sign
                * (row - (torch.arange(r0, r1, device=depth.device) + 0.5) / n)[None].expand(c1 - c0, r1 - r0)
                / high
            )
            zone = (r, slice(c0, c1), slice(r0, r1))
            if mirrored:
                wave = lookup(tiles(depth.device)[0], u * 0.2, (v * high / k / pz * 40))[0]
                u = u + wave * (0.02 + 2 * float(s.waves[r])) * 0.3
            albedo, alpha, normal = sprite(
                name, u, v, 1.0 / n / high, s.look[r, j], s.palette[r, (LEAF, LEAF2, ROCK)]
            )
            alpha = (
                alpha
                * (
                    wet[zone]
                    if mirrored
                    else (hides[zone] > pz * (0.97 if name in ("tree", "boulder", "hut") else 1.0))
                ).float()
            )
            normal = F.normalize(normal, dim=0)
            sun_in = (
                1.0
                if name in ("balloon", "birds")
                else float(lit[r, min(max(int(col * n), 0), n - 1), min(max(int((row - 0.0) * n), 0), n - 1)])
                ** 0.5
            )
            lambert = ((normal * d[r][:, None, None]).sum(0) + 0.25).clamp(0, 1.25) / 1.25
            if name in ("balloon", "boat"):  # cloth lets light through
                lambert = lambert + 0.15 * d[r, 2].clamp(0, 1)
            shade = (
                albedo
                * (
                    light.sun[r][:, None, None] * lambert * sun_in
                    + light.ambient[r][:, None, None] * (0.6 + 0.4 * normal[1])
                    + (light.sun[r] * s.palette[r, SOIL] * d[r, 1].clamp(min=0))[:, None, None]
                    * (0.3 - 0.2 * normal[1])
                )
                / math.pi
                * 1.15
            )
            through = torch.exp(
                -(torch.tensor([0.8e-5, 1.35e-5, 2.6e-5], device=depth.device) * 0.8 + s.haze[r]) * pz
            )[:, None, None]
            shade = mix(fog_sky[r, :, c0:c1], shade, through)
            if mirrored:
                alpha = alpha * 0.6
            picture[cut] = mix(picture[cut], shade, alpha)
            if not mirrored and name in ("tree", "boulder", "hut"):
                hides[zone] = torch.where(alpha > 0.5, torch.full_like(alpha, pz), hides[zone])
    return picture
