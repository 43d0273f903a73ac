"""The climates: what a landscape of each kind is drawn from."""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]
Rgb = tuple[float, float, float]  # linear


@dataclass(frozen=True)
class Climate:
    """Ranges are drawn from evenly. The knots of `profile` and `amplitude` stand at 4 m * 6^k."""

    weight: float  # how often it is drawn, against the others
    profile: tuple[Range, ...]  # metres: the mean height of the ground at each knot
    amplitude: tuple[float, ...]  # metres: of the hills at each knot
    wave: Range  # metres: the longest wave of the hills
    ridge: Range  # 0 rolling .. 1 sharp crests
    erode: Range
    cover: Range  # of trees: -2 none .. 1 everywhere
    conifer: Range  # share of the trees
    tree_line: Range  # metres
    snow_line: Range  # metres
    water: float  # chance
    level: Range  # metres: of the water
    grass: float  # 0..1
    bush: float  # 0..1
    colours: tuple[Rgb, ...]  # grass, dry grass, rock, soil, leaf, other leaf
    terrace: Range = (0.0, 0.0)  # 0..1
    dune: float = 0.0  # chance
    fields: float = 0.0  # chance
    sea: bool = False  # no valley then


CLIMATES = {
    "alpine": Climate(
        weight=3.2,
        profile=((0, 0), (-1, 1), (-30, 2), (-180, 0), (0, 350), (200, 900)),
        amplitude=(0.6, 3, 22, 150, 900, 2000),
        wave=(2500, 5200),
        ridge=(0.55, 1),
        erode=(0.08, 0.3),
        cover=(-0.2, 0.5),
        conifer=(0.8, 1),
        tree_line=(150, 700),
        snow_line=(250, 1300),
        water=0.5,
        level=(-120, -3),
        grass=0.25,
        bush=0.2,
        colours=(
            (0.085, 0.12, 0.03),
            (0.17, 0.15, 0.07),
            (0.2, 0.19, 0.18),
            (0.2, 0.16, 0.11),
            (0.03, 0.052, 0.022),
            (0.045, 0.06, 0.02),
        ),
    ),
    "meadow": Climate(
        weight=1.6,
        profile=((0, 0), (-1, 0.5), (-10, 4), (-40, 25), (0, 200), (150, 700)),
        amplitude=(0.3, 1.5, 14, 85, 350, 900),
        wave=(1500, 3500),
        ridge=(0, 0.25),
        erode=(0.1, 0.4),
        cover=(-0.3, 0.3),
        conifer=(0, 0.6),
        tree_line=(500, 900),
        snow_line=(3000, 4000),
        water=0.25,
        level=(-30, -3),
        fields=0.4,
        grass=0.5,
        bush=0.3,
        colours=(
            (0.09, 0.135, 0.03),
            (0.2, 0.19, 0.07),
            (0.22, 0.2, 0.18),
            (0.19, 0.15, 0.1),
            (0.045, 0.075, 0.02),
            (0.07, 0.09, 0.025),
        ),
    ),
    "forest": Climate(
        weight=1.5,
        profile=((0, 0), (-2, 1), (-35, 4), (-120, 40), (0, 250), (150, 600)),
        amplitude=(0.5, 2, 16, 120, 400, 650),
        wave=(1800, 4000),
        ridge=(0.1, 0.6),
        erode=(0.1, 0.4),
        cover=(0.25, 1.0),
        conifer=(0, 1),
        tree_line=(500, 1500),
        snow_line=(1500, 3000),
        water=0.4,
        level=(-70, -4),
        grass=0.35,
        bush=0.5,
        colours=(
            (0.07, 0.11, 0.028),
            (0.15, 0.14, 0.06),
            (0.2, 0.19, 0.17),
            (0.16, 0.12, 0.08),
            (0.03, 0.055, 0.018),
            (0.055, 0.075, 0.02),
        ),
    ),
    "autumn": Climate(
        weight=0.9,
        profile=((0, 0), (-2, 1), (-30, 4), (-90, 40), (0, 250), (150, 600)),
        amplitude=(0.4, 2, 16, 110, 400, 650),
        wave=(1800, 4000),
        ridge=(0.1, 0.6),
        erode=(0.1, 0.4),
        cover=(0.0, 0.9),
        conifer=(0, 0.5),
        tree_line=(500, 1500),
        snow_line=(900, 3000),
        water=0.5,
        level=(-60, -4),
        grass=0.4,
        bush=0.5,
        colours=(
            (0.13, 0.125, 0.04),
            (0.22, 0.17, 0.08),
            (0.2, 0.19, 0.17),
            (0.17, 0.13, 0.09),
            (0.14, 0.06, 0.02),
            (0.14, 0.1, 0.028),
        ),
    ),
    "desert": Climate(
        weight=0.8,
        profile=((0, 0), (-2, 0.5), (-16, -3), (-30, 0), (0, 60), (0, 400)),
        amplitude=(0.1, 0.6, 7, 35, 180, 600),
        wave=(900, 3000),
        ridge=(0, 0.8),
        erode=(0, 0.4),
        dune=0.85,
        cover=(-2, -1),
        conifer=(0, 0),
        tree_line=(0, 1),
        snow_line=(5000, 6000),
        water=0,
        level=(-9, -8),
        grass=0,
        bush=0.06,
        colours=(
            (0.5, 0.33, 0.18),
            (0.56, 0.4, 0.24),
            (0.32, 0.21, 0.14),
            (0.5, 0.34, 0.2),
            (0.1, 0.1, 0.05),
            (0.13, 0.12, 0.06),
        ),
    ),
    "canyon": Climate(
        weight=0.7,
        profile=((0, 0), (-8, 0), (-110, -20), (-260, -80), (-120, 80), (0, 250)),
        amplitude=(0.4, 3, 30, 210, 420, 480),
        wave=(1200, 2600),
        ridge=(0.1, 0.6),
        erode=(0.0, 0.3),
        terrace=(0.5, 0.9),
        cover=(-1.0, -0.2),
        conifer=(0.3, 0.8),
        tree_line=(0, 100),
        snow_line=(5000, 6000),
        water=0.3,
        level=(-260, -120),
        grass=0.1,
        bush=0.35,
        colours=(
            (0.25, 0.17, 0.085),
            (0.34, 0.22, 0.12),
            (0.36, 0.16, 0.08),
            (0.36, 0.2, 0.11),
            (0.05, 0.06, 0.03),
            (0.08, 0.08, 0.04),
        ),
    ),
    "coast": Climate(
        weight=1.9,
        profile=((-0.6, 0.3), (-2.2, 0.6), (-9, 1), (-35, -4), (-70, 10), (-90, 60)),
        amplitude=(0.25, 0.5, 6, 45, 190, 420),
        wave=(900, 3000),
        ridge=(0.1, 0.8),
        erode=(0.0, 0.4),
        cover=(-0.6, 0.4),
        conifer=(0, 0.8),
        tree_line=(150, 500),
        snow_line=(3000, 4000),
        water=1,
        level=(-2.6, -0.9),
        sea=True,
        grass=0.1,
        bush=0.3,
        colours=(
            (0.1, 0.125, 0.04),
            (0.21, 0.18, 0.08),
            (0.2, 0.18, 0.16),
            (0.42, 0.35, 0.24),
            (0.04, 0.06, 0.022),
            (0.06, 0.075, 0.03),
        ),
    ),
    "lake": Climate(
        weight=2.0,
        profile=((-0.5, 0.3), (-2.2, 0.5), (-9, 0.5), (-20, -6), (20, 150), (200, 800)),
        amplitude=(0.3, 0.5, 5, 50, 650, 1500),
        wave=(2000, 4500),
        ridge=(0.2, 0.95),
        erode=(0.1, 0.5),
        cover=(0.0, 0.8),
        conifer=(0.3, 1),
        tree_line=(200, 700),
        snow_line=(350, 2000),
        water=1,
        level=(-2.4, -0.9),
        grass=0.3,
        bush=0.35,
        colours=(
            (0.085, 0.12, 0.032),
            (0.17, 0.15, 0.07),
            (0.2, 0.19, 0.18),
            (0.24, 0.2, 0.15),
            (0.03, 0.052, 0.02),
            (0.06, 0.075, 0.022),
        ),
    ),
    "winter": Climate(
        weight=1.2,
        profile=((0, 0), (-1, 1), (-20, 3), (-80, 20), (0, 250), (150, 700)),
        amplitude=(0.3, 1.5, 12, 110, 700, 1300),
        wave=(1800, 4200),
        ridge=(0.2, 0.9),
        erode=(0.1, 0.5),
        cover=(-0.2, 0.7),
        conifer=(0.7, 1),
        tree_line=(250, 900),
        snow_line=(-400, -200),
        water=0.3,
        level=(-50, -4),
        grass=0,
        bush=0.15,
        colours=(
            (0.11, 0.1, 0.06),
            (0.2, 0.17, 0.1),
            (0.16, 0.16, 0.16),
            (0.2, 0.17, 0.13),
            (0.022, 0.035, 0.02),
            (0.05, 0.045, 0.03),
        ),
    ),
    "savanna": Climate(
        weight=0.5,
        profile=((0, 0), (-0.8, 0.6), (-8, 2), (-30, 5), (0, 150), (150, 700)),
        amplitude=(0.2, 0.8, 6, 30, 200, 700),
        wave=(1500, 3500),
        ridge=(0, 0.4),
        erode=(0.1, 0.4),
        cover=(-0.5, -0.15),
        conifer=(0, 0),
        tree_line=(500, 900),
        snow_line=(5000, 6000),
        water=0.15,
        level=(-9, -3),
        grass=0.6,
        bush=0.45,
        colours=(
            (0.2, 0.17, 0.06),
            (0.3, 0.23, 0.1),
            (0.25, 0.18, 0.12),
            (0.28, 0.18, 0.1),
            (0.06, 0.075, 0.025),
            (0.09, 0.09, 0.03),
        ),
    ),
}
