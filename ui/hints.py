"""What keys and modifiers do now, for the status line: short, and only what cannot be seen."""

from __future__ import annotations

from ui.language import tr
from ui.tools import Tool

SIZE = ("[ ]", "size")
LINE = ("Shift", "straight line")
SHAPES = (("Shift", "add"), ("Alt", "take away"), ("Ctrl+D", "select nothing"))
HINTS: dict[str, tuple[tuple[str, str], ...]] = {  # by the names of tools
    "Brush": (LINE, ("Ctrl", "pick a colour"), SIZE, ("X", "swap colours")),
    "Eraser": (LINE, SIZE),
    "Gradient": (("Shift", "even angles"),),
    "Clone stamp": (("Alt-click", "where to copy from"), SIZE),
    "Smudge": (LINE, SIZE),
    "Restore": (LINE, SIZE),
    "Drag": (
        ("Alt", "draw round it first"),
        SIZE,
        ("Arrow keys", "move the end"),
        ("Delete", "remove the handle"),
    ),
    "Rectangle": SHAPES,
    "Ellipse": SHAPES,
    "Lasso": SHAPES,
    "Polygon": (("Enter", "close"), ("Backspace", "one corner back"), *SHAPES[:2]),
    "Wand": SHAPES,
    "Transform": (("Enter", "apply"), ("Esc", "leave it"), ("Shift", "change the shape")),
}
ALWAYS = (("Space", "move the view"),)
RUNNING = (("Esc", "stop and keep what there is"), *ALWAYS)
CHOOSING = (
    ("Enter", "apply"),
    ("Esc", "back to the strokes"),
    ("Left, Right", "other results"),
    ("\\", "hold to see the original"),
)


def hint_of(tool: Tool) -> str:
    """Its keys, or if it has none what it does."""
    own = HINTS.get(tool.name)
    return line((*own, *ALWAYS)) if own else tr(tool.tip)


def line(pairs: tuple[tuple[str, str], ...]) -> str:
    return "   \N{MIDDLE DOT}   ".join(f"{tr(keys)}: {tr(what)}" for keys, what in pairs)
