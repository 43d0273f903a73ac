"""The session: where strokes go, masks and areas that are painted on, and the layer that stays active."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from engine.area import Rect
from ui.document import (
    TILE,
    Document,
    Layer,
    Selection,
    document_from,
    layer_from,
    new_document,
    stroke_alpha,
)
from ui.session import Session
from ui.succession import active_after, difference

pytestmark = pytest.mark.usefixtures("qapp")
WHITE = new_document(300, 300, (255, 255, 255, 255))


def paint(session: Session, place: tuple[int, int] = (0, 0), **options: object) -> None:
    """A red square of ten pixels in the corner of a tile."""
    with session.paint("Brush", **options) as wet:  # type: ignore[arg-type]
        wet.writable(place)[:10, :10] = (0, 0, 255, 255)
        wet.show({place})


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(WHITE)
    yield session
    session.deleteLater()


def names(document: Document) -> list[str]:
    return [layer.name for layer in document.walk()]


def test_the_picture_is_never_painted_on(session: Session) -> None:
    said: list[str] = []
    session.said.connect(said.append)
    paint(session)
    assert names(session.document) == ["Background", "Strokes"]
    assert session.document.layers[0] is WHITE.layers[0]
    session.activate(WHITE.layers[0].uid)
    paint(session)
    assert len(said) == 1  # it is told once
    assert names(session.document) == ["Background", "Strokes 2", "Strokes"]


def test_strokes_go_to_the_active_layer(session: Session) -> None:
    low, high = Layer("low", "strokes"), Layer("high", "strokes")
    session.open(WHITE.with_layer(low).with_layer(high))
    session.activate(low.uid)
    paint(session)
    assert [bool(layer.tiles) for layer in session.document.layers] == [True, True, False]
    session.commit("Lock", lambda document: document.exchange(document.layers[1], replace(low, locked=True)))
    paint(session)
    assert names(session.document) == ["Background", "low", "Strokes", "high"]
    assert session.active_layer is session.document.layers[2]  # a new layer is what one goes on with


def test_a_stroke_is_never_lost_in_a_group_that_is_hidden(session: Session) -> None:
    inner = Layer("inner", "strokes")
    said: list[str] = []
    session.said.connect(said.append)
    session.open(WHITE.with_layer(Layer("group", "group", visible=False, layers=(inner,))))
    session.activate(inner.uid)
    paint(session)
    assert names(session.document) == ["Background", "group", "inner", "Strokes"]
    assert said == ["group is hidden, so strokes have a new layer."]
    assert stroke_alpha(session.document).sum() == 255 * 100


def test_strokes_go_into_a_group_that_is_active(session: Session) -> None:
    group = Layer("group", "group", layers=(Layer("inner", "picture"),))
    session.open(WHITE.with_layer(group))
    paint(session)
    assert [layer.name for layer in session.document.layers[1].layers] == ["inner", "Strokes"]
    assert session.active_layer is session.document.layers[1].layers[1]


def test_the_selection_says_where_may_be_painted(session: Session) -> None:
    mask = np.full((100, 20), 200, np.uint8)
    session.open(replace(WHITE, selection=Selection(Rect(250, 10, 20, 100), mask)))
    with session.paint("Brush") as wet:
        left, right, below = wet.share((0, 0)), wet.share((1, 0)), wet.share((0, 1))
    assert left is not None
    assert right is not None
    assert below is not None
    assert left.sum() == 6 * 100 * 200
    assert (left[10:110, 250:] == 200).all()
    assert right.sum() == 14 * 100 * 200
    assert not below.any()
    session.open(WHITE)
    with session.paint("Brush") as wet:
        assert wet.share((0, 0)) is None


def test_areas_are_painted_on_like_layers(session: Session) -> None:
    damaged: list[set[tuple[int, int]]] = []
    session.damaged.connect(damaged.append)
    paint(session, (1, 1), on="editable")
    assert names(session.document) == ["Background"]
    area = session.document.area("editable")
    assert area is not None
    assert set(area.tiles) == {(1, 1)}
    paint(session, (0, 1), on="editable")
    assert len(session.document.areas) == 1
    damaged.clear()
    session.undo()
    assert damaged == [{(0, 1)}]
    session.undo()
    assert not session.document.areas


def test_a_mask_is_painted_on_in_greys(session: Session) -> None:
    half = np.full((TILE, TILE), 128, np.uint8)
    photo = replace(WHITE.layers[0], mask=MappingProxyType({(1, 0): half}))
    session.open(WHITE.exchange(WHITE.layers[0], photo))
    session.activate(photo.uid, on_mask=True)
    with session.paint("Brush") as wet:
        assert (wet.writable((1, 0))[..., :3] == 128).all()
        wet.writable((0, 0))[:10, :10] = (0, 0, 0, 255)
        wet.show({(0, 0)})
        live = session.shown.layers[0].mask
        assert live is not None
        assert not live[0, 0][:10, :10].any()
        assert (live[1, 0] == half).all()
    layer = session.document.layers[0]
    assert layer.mask is not None
    assert layer.mask[1, 0] is half
    assert layer.mask[0, 0].sum() == 255 * (TILE * TILE - 100)
    assert layer.tiles is photo.tiles
    with session.paint("Brush") as wet:
        wet.writable((0, 0))[...] = 255
    mask = session.document.layers[0].mask
    assert mask is not None
    assert set(mask) == {(1, 0)}  # what hides nothing is not kept


def test_the_active_layer_is_always_there(session: Session) -> None:
    activated: list[int] = []
    session.activated.connect(lambda: activated.append(session.active))
    a, b = Layer("a", "strokes"), Layer("b", "strokes")
    session.commit("New", lambda document: document.with_layer(a))
    session.commit("New", lambda document: document.with_layer(b))
    assert activated == [a.uid, b.uid]
    session.activate(a.uid)
    session.commit("Delete", lambda document: document.without(a))
    assert session.active == WHITE.layers[0].uid  # the one below
    session.undo()
    assert session.active == a.uid
    session.open(WHITE)
    assert session.active == WHITE.layers[0].uid
    session.open(Document(10, 10))
    assert session.active == 0


def test_a_group_that_is_made_is_active_not_what_is_in_it() -> None:
    a, b = Layer("a", "strokes"), Layer("b", "strokes")
    before = Document(10, 10, (a, b))
    after = Document(10, 10, (Layer("group", "group", layers=(a, b)),))
    assert active_after(a.uid, before, after) == after.layers[0].uid
    assert active_after(after.layers[0].uid, after, before) == b.uid


def test_documents_differ_where_their_layers_do() -> None:
    rgba = np.full((300, 300, 4), 255, np.uint8)
    low, high = layer_from(rgba, "low", "picture"), layer_from(rgba[:10, :10], "high", "strokes", 280, 20)
    document = Document(300, 300, (low, Layer("group", "group", layers=(high,))))
    group = document.layers[1]
    assert difference(document, document) == set()
    assert difference(document, document.exchange(high, replace(high, opacity=0.5))) == {(1, 0)}
    assert difference(document, document.exchange(group, replace(group, blend="multiply"))) == {(1, 0)}
    assert difference(document, document.exchange(group, replace(group, visible=False))) == {(1, 0)}
    mask = MappingProxyType({(0, 1): np.zeros((TILE, TILE), np.uint8)})
    assert difference(document, document.exchange(low, replace(low, mask=mask))) == {(0, 1)}
    moved = Document(300, 300, (group, low))
    assert difference(document, moved) == {(1, 0)}


def test_a_change_that_fails_does_not_take_those_with_it_that_wait_behind_it(session: Session) -> None:
    def failing(document: Document) -> Document:
        raise ValueError("no such thing")

    session.begin()
    session.commit("Bad", failing)
    session.commit("Good", lambda document: document.with_layer(Layer("New", "strokes")))
    with pytest.raises(ValueError, match="no such thing"):
        session.drop()
    session.begin()
    session.drop()
    assert session.history.undo_label == "Good"


def test_comparing_shows_the_pictures_in_groups_too(session: Session) -> None:
    rgba = np.full((10, 10, 4), 255, np.uint8)
    inner = (layer_from(rgba, "photo", "picture"), layer_from(rgba, "stroke", "strokes"))
    session.open(document_from(rgba).with_layer(Layer("group", "group", layers=inner)))
    session.compare(True)
    shown = [layer.name for top in session.original_layers() for layer in top.walk()]
    assert shown == ["Picture", "group", "photo"]
