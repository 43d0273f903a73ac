"""Brushes that paint where edits may work, and how strongly; they never touch a layer."""

from __future__ import annotations

from dataclasses import dataclass

from ui.document import Kind
from ui.options import switch
from ui.tools.brush import Brush
from ui.tools.pointer import Hint


@dataclass
class Editable(Brush):
    name: str = "Editable"
    icon: str = "lock-simple-open"
    shortcut: str = "Q"
    tip: str = "Paint where edits and drags may change the picture: only there they will."
    hints: tuple[Hint, ...] = ()
    on: Kind | None = "editable"
    erases: bool = switch(False, "Erase", "eraser", "Take away what was painted with this brush")


@dataclass
class Protected(Editable):
    name: str = "Protected"
    icon: str = "shield"
    shortcut: str = "Shift+Q"
    tip: str = "Paint where edits and drags must not change the picture: there they never will."
    on: Kind | None = "protected"


@dataclass
class StrengthBrush(Editable):
    name: str = "Strength"
    icon: str = "gauge"
    shortcut: str = "Alt+Q"
    tip: str = "Paint how strongly strokes are made real: full paint is full Strength, thin paint is less."
    on: Kind | None = "strength"
