"""What keys and modifiers do now, for the status line: short, and only what cannot be seen."""

from __future__ import annotations

from collections.abc import Iterator

from ui.keys import Keys
from ui.language import tr
from ui.tools import Hint, Tool

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
    return line((*tool.hints, *ALWAYS), keys) if tool.hints else tr(tool.tip)


def line(hints: tuple[Hint, ...], keys: Keys) -> str:
    return "   \N{MIDDLE DOT}   ".join(_told(hints, keys))


def _told(hints: tuple[Hint, ...], keys: Keys) -> Iterator[str]:
    """What no key does any more is not told."""
    for key, what in hints:
        shown = [tr(key)] if isinstance(key, str) else [keys.shown(command) for command in key]
        if all(shown):
            yield f"{' '.join(shown)}: {tr(what)}"
