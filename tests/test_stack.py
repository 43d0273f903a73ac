"""What can be done to the stack of layers: nothing is lost; what shall look the same does, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from engine.area import Rect
from ui import stack
from ui.document import TILE, Document, Layer, Selection, layer_from, read, sixteen_bits
from ui.stack import Where

RANDOM = np.random.default_rng(0)
SIDE = 280


def noise(name: str, kind: str = "strokes", depth: int = 8, **about: object) -> Layer:
    rgba = RANDOM.integers(0, 256, (SIDE, SIDE, 4), dtype=np.uint8)
    if kind == "picture":
        rgba[..., 3] = 255
    layer = layer_from(rgba if depth == 8 else sixteen_bits(rgba), name, kind)  # type: ignore[arg-type]
    return replace(layer, **about)  # type: ignore[arg-type]


def mask() -> MappingProxyType[tuple[int, int], np.ndarray]:
    return MappingProxyType({(0, 0): RANDOM.integers(0, 256, (TILE, TILE), dtype=np.uint8)})


def tree(*layers: Layer) -> Document:
    return Document(SIDE, SIDE, layers)


def shape(document: Document) -> str:
    """The stack from the lowest to the topmost, as text: "a (b c) d"."""

    def text(layers: tuple[Layer, ...]) -> str:
        words = [f"({text(each.layers)})" if each.kind == "group" else each.name for each in layers]
        return " ".join(words)

    return text(document.layers)


def plain() -> tuple[Document, dict[str, int]]:
    """a (b (c) d) e, and the uid of each; of the groups too, by the names g and h."""
    c, b, d = Layer("c", "strokes"), Layer("b", "strokes"), Layer("d", "strokes")
    h = Layer("h", "group", layers=(c,))
    g = Layer("g", "group", layers=(b, h, d))
    document = tree(Layer("a", "strokes"), g, Layer("e", "strokes"))
    return document, {layer.name: layer.uid for layer in document.walk()}


@pytest.mark.parametrize(
    ("names", "beside", "where", "wanted"),
    [
        ("a", "e", "above", "(b (c) d) e a"),
        ("e", "a", "below", "e a (b (c) d)"),
        ("a", "g", "inside", "(b (c) d a) e"),
        ("c", "a", "above", "a c (b () d) e"),
        ("ae", "h", "above", "(b (c) a e d)"),
        ("g", "e", "above", "a e (b (c) d)"),
        ("g", "c", "above", "a (b (c) d) e"),  # into itself: nothing happens
        ("bg", "e", "above", "a e (b (c) d)"),  # what is in a group that is moved goes with it
        ("a", "e", "inside", "a (b (c) d) e"),  # a layer holds no others
    ],
)
def test_layers_are_moved_within_and_between_groups(
    names: str, beside: str, where: Where, wanted: str
) -> None:
    document, uid = plain()
    moved = stack.moved(document, [uid[name] for name in names], uid[beside], where)
    assert shape(moved) == wanted
    assert (moved is document) == (shape(document) == wanted)


def test_step_by_step_a_layer_passes_through_all_groups() -> None:
    document, uid = plain()
    seen = [shape(document)]
    while (step := stack.step_from(document, uid["a"], up=True)) is not None:
        document = stack.moved(document, [uid["a"]], *step)
        seen.append(shape(document))
    assert seen == [
        "a (b (c) d) e",
        "(a b (c) d) e",
        "(b a (c) d) e",
        "(b (a c) d) e",
        "(b (c a) d) e",
        "(b (c) a d) e",
        "(b (c) d a) e",
        "(b (c) d) a e",
        "(b (c) d) e a",
    ]
    for wanted in reversed(seen[:-1]):
        step = stack.step_from(document, uid["a"], up=False)
        assert step is not None
        document = stack.moved(document, [uid["a"]], *step)
        assert shape(document) == wanted


def test_an_empty_group_can_be_entered() -> None:
    document = tree(Layer("a", "strokes"), Layer("g", "group"))
    step = stack.step_from(document, document.layers[0].uid, up=True)
    assert step is not None
    assert shape(stack.moved(document, [document.layers[0].uid], *step)) == "(a)"


def test_grouping_and_ungrouping_look_the_same() -> None:
    layers = noise("a", "picture"), noise("b", blend="multiply"), noise("c", opacity=0.5), noise("d")
    document = tree(*layers)
    grouped = stack.grouped(document, [layers[1].uid, layers[3].uid], "Group")
    assert shape(grouped) == "a c (b d)"
    neighbours = stack.grouped(document, [layers[1].uid, layers[2].uid], "Group")
    assert shape(neighbours) == "a (b c) d"
    assert np.array_equal(read(neighbours, document.rect), read(document, document.rect))
    back = stack.ungrouped(neighbours, [neighbours.layers[1].uid])
    assert back.layers == document.layers


@pytest.mark.parametrize("depth", [8, 16])
def test_merging_down_on_a_picture_looks_the_same(depth: int) -> None:
    low = noise("low", "picture", depth)
    for blend in ("normal", "multiply", "luminosity"):
        high = noise("high", "strokes", depth, blend=blend, opacity=0.6, mask=mask())
        document = replace(tree(low, high), depth=depth)  # type: ignore[arg-type]
        merged = stack.merged(document, [low.uid, high.uid])
        (layer,) = merged.layers
        assert (layer.name, layer.kind, layer.uid, layer.mask) == ("low", "picture", low.uid, None)
        assert np.array_equal(read(merged, document.rect), read(document, document.rect))


def test_a_layer_that_is_blended_stays_blended_when_it_is_merged() -> None:
    ground, shade = noise("ground", "picture"), noise("shade", blend="multiply", opacity=0.5)
    document = tree(ground, shade, Layer("nothing", "strokes"))
    merged = stack.merged(document, [layer.uid for layer in document.layers[1:]])
    assert [layer.blend for layer in merged.layers] == ["normal", "multiply"]
    before, after = (read(each, document.rect).astype(int) for each in (document, merged))
    assert np.abs(before - after).max() <= 1  # it is faded before it is blended


def test_a_group_is_merged_into_one_layer() -> None:
    inner = noise("a"), noise("b", "result", opacity=0.5), noise("c", visible=False)
    group = Layer("group", "group", layers=inner, mask=mask())
    document = tree(noise("ground", "picture"), group)
    merged = stack.merged(document, [group.uid])
    assert shape(merged) == "ground group"
    assert merged.layers[1].kind == "result"
    before, after = (read(each, document.rect).astype(int) for each in (document, merged))
    assert np.abs(before - after).max() <= 1


def test_flattening_leaves_one_picture_that_looks_the_same() -> None:
    group = Layer("group", "group", opacity=0.5, layers=(noise("b"), noise("c", blend="screen")))
    document = tree(noise("a", "picture"), group, noise("hidden", visible=False), noise("d", mask=mask()))
    flat = stack.flattened(document, "Picture")
    assert [(layer.name, layer.kind) for layer in flat.layers] == [("Picture", "picture")]
    assert np.array_equal(read(flat, document.rect), read(document, document.rect))


def test_a_mask_that_is_applied_looks_the_same() -> None:
    for layer in (
        noise("a", mask=mask()),
        Layer("g", "group", mask=mask(), layers=(noise("b", mask=mask()), noise("c", mask=None))),
    ):
        document = tree(layer)
        applied = stack.changed(document, [layer.uid], stack.mask_applied)
        assert all(each.mask is None for each in applied.layers)
        if layer.kind != "group":
            assert np.array_equal(read(applied, document.rect), read(document, document.rect))
    whole = stack.mask_applied(noise("a", mask=MappingProxyType({})))
    assert len(whole.tiles) == 4


def test_a_mask_of_the_selection_shows_what_is_selected() -> None:
    selected = Selection(Rect(100, 50, 170, 20), np.full((20, 170), 200, np.uint8))
    layer = noise("a", "picture")
    document = replace(tree(layer), selection=selected)
    masked = document.exchange(layer, stack.with_mask(layer, document, selected))
    alpha = read(masked, document.rect)[..., 3]
    assert (alpha[50:70, 100:270] == 200).all()
    assert alpha.sum() == 200 * 20 * 170
    inverted = masked.exchange(masked.layers[0], stack.inverted_mask(masked.layers[0], document))
    alpha = read(inverted, document.rect)[..., 3]
    assert (alpha[50:70, 100:270] == 55).all()
    assert alpha[:50].min() == 255
    assert stack.with_mask(layer, document, None).mask == {}


def test_what_is_selected_becomes_a_layer_of_its_own() -> None:
    layer = noise("a", "picture")
    selected = Selection(Rect(10, 10, 5, 5), np.full((5, 5), 255, np.uint8))
    lifted = stack.lifted(tree(layer), layer, selected, "a 2")
    assert shape(lifted) == "a a 2"
    top = tree(lifted.layers[1])
    alpha = read(top, top.rect)[..., 3]
    assert alpha.sum() == 255 * 25
    assert np.array_equal(read(top, Rect(10, 10, 5, 5)), read(tree(layer), Rect(10, 10, 5, 5)))


def test_copies_have_uids_of_their_own() -> None:
    document, uid = plain()
    twice = stack.duplicated(document, [uid["g"]], lambda name: f"{name} 2")
    assert shape(twice) == "a (b (c) d) (b (c) d) e"
    assert [layer.name for layer in twice.layers] == ["a", "g", "g 2", "e"]
    assert len({layer.uid for layer in twice.walk()}) == 12


def test_one_layer_is_shown_alone_with_what_is_in_it_and_round_it() -> None:
    document, uid = plain()
    alone = stack.alone(document, uid["h"])
    assert {layer.name for layer in alone.walk() if layer.visible} == {"g", "h", "c"}
    assert stack.alone(alone, uid["h"]) is alone
    dark = stack.changed(document, [uid["g"]], lambda layer: replace(layer, visible=False))
    assert {layer.name for layer in stack.alone(dark, uid["c"]).walk() if layer.visible} == {"g", "h", "c"}
    hidden = {layer.uid for layer in alone.walk() if not layer.visible}
    assert all(layer.visible for layer in stack.shown(alone, hidden).walk())


def test_strokes_become_picture_and_back_in_groups_too() -> None:
    document, uid = plain()
    pictures = stack.changed(document, [uid["g"]], lambda layer: stack.converted(layer, "picture"))
    assert [layer.kind for layer in pictures.walk()] == [
        "strokes",
        "group",
        "picture",
        "group",
        "picture",
        "picture",
        "strokes",
    ]
