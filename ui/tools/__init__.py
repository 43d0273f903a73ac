"""Tools: what a press, its moves and its release do.

A new tool is one module here and its place in GROUPS. It is a dataclass; those fields that `ui.options` makes
are what the user can set of it in the strip over the canvas. It has

    name, icon, shortcut, tip      what the tool bar shows; the icon is one of Phosphor's names
    hints                          what keys do with it, for the status line; without any that shows the tip
    gesture(session, pointer)      a generator: it starts at the press and is sent every move, the last with
                                   `down` false; closed early, by Escape, it must leave no trace
    outline                        the diameter in canvas pixels of the circle that shows where it paints, or
    None

and, if things of its own lie over the picture, what `Marked` asks for.
"""

from __future__ import annotations

from ui.tools.areas import Editable, Protected, StrengthBrush
from ui.tools.brush import Brush, Eraser
from ui.tools.clone import Clone
from ui.tools.drag import Drag, Watch
from ui.tools.fill import Fill
from ui.tools.gradient import Gradient
from ui.tools.lasso import Lasso, SelectPolygon
from ui.tools.move import Move
from ui.tools.pan import Pan
from ui.tools.pick import Pick
from ui.tools.pointer import Gesture, Hint, Lasting, Marked, Marks, Pointer, Tool
from ui.tools.restore import Restore
from ui.tools.select import Select, SelectEllipse
from ui.tools.smudge import Smudge
from ui.tools.transform import Transform
from ui.tools.wand import Wand

GROUPS: tuple[tuple[type[Tool], ...], ...] = (  # as in the tool bar: one button for each group
    (Brush,),
    (Eraser,),
    (Fill, Gradient),
    (Clone, Smudge, Restore),
    (Editable, Protected, StrengthBrush),
    (Drag,),
    (Move, Transform),
    (Select, SelectEllipse),
    (Lasso, SelectPolygon),
    (Wand,),
    (Pick,),
    (Pan,),
)
TOOLS: tuple[type[Tool], ...] = tuple(kind for group in GROUPS for kind in group)

__all__ = [
    "GROUPS",
    "TOOLS",
    "Brush",
    "Clone",
    "Drag",
    "Editable",
    "Eraser",
    "Fill",
    "Gesture",
    "Gradient",
    "Hint",
    "Lasso",
    "Lasting",
    "Marked",
    "Marks",
    "Move",
    "Pan",
    "Pick",
    "Pointer",
    "Protected",
    "Restore",
    "Select",
    "SelectEllipse",
    "SelectPolygon",
    "Smudge",
    "StrengthBrush",
    "Tool",
    "Transform",
    "Wand",
    "Watch",
]
