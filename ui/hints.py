"""What keys and modifiers do now, for the status line: short, and only what cannot be seen."""

from __future__ import annotations

from collections.abc import Iterator

from ui.keys import Keys
from ui.language import tr
from ui.tools import Tool

Hint = tuple[str | tuple[str, ...], str]  # a key as it is, or commands whose keys are meant; what it does

SIZE: Hint = (("smaller", "larger"), "size")
LINE: Hint = ("Shift", "straight line")
SHAPES: tuple[Hint, ...] = (
    ("Shift", "add"),
    ("Alt", "take away"),
    (("selecting.none",), "select nothing"),
)
HINTS: dict[str, tuple[Hint, ...]] = {  # by the names of tools
    "Brush": (LINE, ("Ctrl", "pick a colour"), SIZE, (("swap_colours",), "swap colours")),
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
    "Polygon": ((("apply_result",), "close"), ("Backspace", "one corner back"), *SHAPES[:2]),
    "Wand": SHAPES,
    "Transform": (
        (("apply_result",), "apply"),
        (("step_back",), "leave it"),
        ("Shift", "change the shape"),
    ),
}
ALWAYS: tuple[Hint, ...] = (("Space", "move the view"),)
RUNNING: tuple[Hint, ...] = ((("step_back",), "stop and keep what there is"), *ALWAYS)
CHOOSING: tuple[Hint, ...] = (
    (("apply_result",), "apply"),
    (("step_back",), "back to the strokes"),
    (("previous_variant", "next_variant"), "other results"),
    (("comparing.hold",), "hold to see the original"),
)


def hint_of(tool: Tool, keys: Keys) -> str:
    """Its keys, or if it has none what it does."""
    own = HINTS.get(tool.name)
    return line((*own, *ALWAYS), keys) if own else tr(tool.tip)


def line(hints: tuple[Hint, ...], keys: Keys) -> str:
    return "   \N{MIDDLE DOT}   ".join(_told(hints, keys))


def _told(hints: tuple[Hint, ...], keys: Keys) -> Iterator[str]:
    """What no key does any more is not told."""
    for key, what in hints:
        shown = [tr(key)] if isinstance(key, str) else [keys.shown(command) for command in key]
        if all(shown):
            yield f"{' '.join(shown)}: {tr(what)}"
