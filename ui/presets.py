"""Brushes that are ready to be used, and how a brush's stroke looks, drawn by the real engine."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtGui import QColor, QPixmap

from engine.area import Rect
from ui.coats import colour_ink
from ui.curves import Response
from ui.language import marked
from ui.pixels import image_of
from ui.strokes import At, Stroke
from ui.tools import Brush

PRESSED, FIRM = Response("pressure"), Response()
SOFTLY = Response("pressure", ((0.0, 0.0), (0.3, 0.5), (1.0, 1.0)))
PRESETS: dict[str, dict[str, Any]] = {  # what differs from a plain hard disc
    marked("Pencil"): {
        "size": 8,
        "hardness": 0.6,
        "grain": 0.7,
        "size_by": Response("tilt", ((0.0, 0.4), (0.4, 0.5), (1.0, 1.0))),
        "opacity_by": SOFTLY,
    },
    marked("Ink"): {"size": 12, "hardness": 0.95, "smoothing": 0.25, "size_by": PRESSED},
    marked("Flat"): {
        "size": 36,
        "shape": "flat",
        "spacing": 0.02,
        "angle": 320.0,
        "smoothing": 0.2,
        "opacity_by": SOFTLY,
    },
    marked("Soft round"): {"size": 80, "hardness": 0.0, "flow": 0.15, "flow_by": PRESSED},
    marked("Hard round"): {"size": 48, "hardness": 0.9, "size_by": PRESSED},
    marked("Chalk"): {
        "size": 42,
        "shape": "chalk",
        "flow": 0.8,
        "spacing": 0.1,
        "turning": "random",
        "grain": 0.5,
        "flow_by": SOFTLY,
    },
    marked("Bristle"): {
        "size": 56,
        "shape": "bristle",
        "flow": 0.9,
        "spacing": 0.01,
        "turning": "way",
        "grain": 0.2,
        "size_by": Response("pressure", ((0.0, 0.4), (1.0, 1.0))),
        "flow_by": SOFTLY,
    },
    marked("Sponge"): {
        "size": 80,
        "shape": "sponge",
        "flow": 0.8,
        "spacing": 0.25,
        "turning": "random",
        "jitter": 0.25,
        "flow_by": PRESSED,
    },
    marked("Splatter"): {
        "size": 110,
        "shape": "splatter",
        "spacing": 0.35,
        "turning": "random",
        "jitter": 0.5,
        "size_by": PRESSED,
    },
    marked("Cloud"): {
        "size": 140,
        "shape": "cloud",
        "flow": 0.25,
        "spacing": 0.1,
        "turning": "random",
        "jitter": 0.4,
        "flow_by": PRESSED,
    },
}
PLAIN: dict[str, Any] = {
    "shape": "round",
    "hardness": 0.9,
    "opacity": 1.0,
    "flow": 1.0,
    "smoothing": 0.0,
    "spacing": 0.03,
    "angle": 0.0,
    "turning": "fixed",
    "jitter": 0.0,
    "grain": 0.0,
    "size_by": FIRM,
    "opacity_by": FIRM,
    "flow_by": FIRM,
}


def take(brush: Brush, preset: str) -> None:
    """Make the brush like the preset; whether it is mirrored stays."""
    for name, value in {**PLAIN, **PRESETS[preset]}.items():
        setattr(brush, name, value)


def taken(brush: Brush) -> str | None:
    """The preset that the brush is like, whatever its size."""
    for preset, values in PRESETS.items():
        wanted = {**PLAIN, **values, "size": brush.size}
        if all(getattr(brush, name) == value for name, value in wanted.items()):
            return preset
    return None


def preview(brush: Brush, width: int, height: int, colour: QColor, ratio: float = 1.0) -> QPixmap:
    """A stroke of the brush as a pen would draw it: swelling, and fading to its ends."""
    wide, high = math.ceil(width * ratio), math.ceil(height * ratio)
    size = min(brush.size, height * 0.55) * ratio
    stroke = Stroke(replace(brush, size=size, smoothing=0.0, mirror=False), wide, high)
    pad = min(0.5 * size, 0.2 * wide) + 2
    for i in range(41):
        part = i / 40
        swing = 0.22 * max(high - 0.7 * size, 0.2 * high) * math.sin(2 * math.pi * part)
        where = At(
            pad + part * (wide - 2 * pad), high / 2 - swing, 0.08 + 0.92 * math.sin(math.pi * part), 20, 0
        )
        stroke.begin(where) if i == 0 else stroke.move(where)
    stroke.end(where)
    box = Rect(0, 0, wide, high)
    amounts = (255 * stroke.coat(box) + 0.5).astype(np.uint8)
    picture = QPixmap.fromImage(image_of(colour_ink(colour)(box, amounts)))
    picture.setDevicePixelRatio(ratio)
    return picture
