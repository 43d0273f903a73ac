"""What can be set of a tool: its fields say so themselves, and the strip over the canvas is made from them.

    @dataclass
    class Wand:
        tolerance: float = slider(32, "Tolerance", 0, 255, help_text="How different a colour may be")
        touching: bool = switch(True, "Touching", "link", "Only what hangs together")
        sample: int = choice(1, "Sample", ((1, "1 px", ""), (3, "3 px", "")))

A field made here gets its control in the strip, and its value is remembered from one day to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from ui.curves import Response

Value = bool | int | float | str
T = TypeVar("T")


@dataclass(frozen=True)
class Slide:
    name: str
    low: float  # as it is shown
    high: float
    unit: str
    curve: float  # above 1, small values get more room
    help_text: str
    scale: float  # what is shown for 1
    folded: bool  # in the flyout, not in the strip


@dataclass(frozen=True)
class Switch:
    name: str
    icon: str
    help_text: str
    folded: bool


@dataclass(frozen=True)
class Choice:
    name: str
    choices: tuple[tuple[Value, str, str], ...]  # value, text, help
    folded: bool


@dataclass(frozen=True)
class Answer:
    """How the pen changes one property of the brush; all of a tool share a flyout."""

    name: str


Option = Slide | Switch | Choice | Answer


def slider(
    default: float,
    name: str,
    low: float,
    high: float,
    unit: str = "",
    curve: float = 1.0,
    help_text: str = "",
    folded: bool = False,
) -> Any:
    return _option(default, Slide(name, low, high, unit, curve, help_text, 1.0, folded))


def share(default: float, name: str, help_text: str = "", low: float = 0, folded: bool = False) -> Any:
    """0..1 in the tool, per cent on the screen."""
    return _option(default, Slide(name, low, 100, " %", 1.0, help_text, 100.0, folded))


def switch(default: bool, name: str, icon: str, help_text: str = "", folded: bool = False) -> Any:
    return _option(default, Switch(name, icon, help_text, folded))


def choice(
    default: Value, name: str, choices: tuple[tuple[Value, str, str], ...], folded: bool = False
) -> Any:
    """One of a few: each with its text and its help."""
    return _option(default, Choice(name, choices, folded))


def response(default: Response, name: str) -> Any:
    return _option(default, Answer(name))


def options_of(tool: object) -> dict[str, Option]:
    """The options of a tool by the names of their fields, in their order; what sets it apart from the tool
    that it is made of comes first.
    """
    inherited = {name for base in type(tool).__mro__[1:] for name in getattr(base, "__annotations__", ())}
    all_of_it = fields(tool)  # type: ignore[arg-type]  # every tool is a dataclass
    found = {each.name: each.metadata["option"] for each in all_of_it if "option" in each.metadata}
    return dict(sorted(found.items(), key=lambda entry: entry[0] in inherited))


def kept(tool: object) -> dict[str, Value]:
    """The values of the options as the settings keep them."""
    values = {name: getattr(tool, name) for name in options_of(tool)}
    return {name: each.text if isinstance(each, Response) else each for name, each in values.items()}


def recall(tool: object, values: dict[str, object]) -> None:
    """Set what was kept; what makes no sense any more stays as it is."""
    for name, option in options_of(tool).items():
        value = _read(option, values.get(name))
        if value is not None:
            setattr(tool, name, value)


def _read(option: Option, value: object) -> Value | Response | None:
    if isinstance(option, Answer):
        try:
            return Response.read(value) if isinstance(value, str) else None
        except ValueError:
            return None
    if isinstance(option, Switch):
        return value if isinstance(value, bool) else None
    if isinstance(option, Choice):
        return next(
            (each for each, _, _ in option.choices if each == value and type(each) is type(value)), None
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if option.low <= value * option.scale <= option.high else None


def _option(default: T, option: Option) -> T:
    made: T = field(default=default, metadata={"option": option})
    return made
