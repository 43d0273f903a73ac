"""Options of tools: told by their fields, kept as plain values, read back with care."""

from __future__ import annotations

from dataclasses import dataclass

from ui.curves import Response
from ui.options import choice, kept, options_of, recall, response, share, slider, switch


@dataclass
class Comb:
    teeth: float = slider(8, "Teeth", 2, 40)
    force: float = share(0.5, "Force")
    wide: bool = switch(False, "Wide", "x")
    kind: str = choice("horn", "Kind", (("horn", "Horn", ""), ("wood", "Wood", "")))
    pen: Response = response(Response(), "Size")
    lost: int = 0  # nothing that the user sets


def test_options_come_from_the_fields_in_their_order() -> None:
    assert list(options_of(Comb())) == ["teeth", "force", "wide", "kind", "pen"]


def test_what_sets_a_tool_apart_comes_first() -> None:
    @dataclass
    class Rake(Comb):
        teeth: float = slider(20, "Teeth", 2, 40)
        handle: float = share(1.0, "Handle")

    assert list(options_of(Rake())) == ["handle", "teeth", "force", "wide", "kind", "pen"]


def test_what_is_kept_comes_back() -> None:
    one, other = Comb(12, 0.25, True, "wood", Response("tilt")), Comb()
    recall(other, dict(kept(one)))
    assert other == one


def test_what_makes_no_sense_stays_at_its_default() -> None:
    comb = Comb()
    recall(comb, {"teeth": 99, "force": "much", "wide": 1, "kind": "bone", "pen": "anger", "lost": 5})
    assert comb == Comb()
