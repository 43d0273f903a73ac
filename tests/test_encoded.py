"""A save encodes only what has changed since the last one."""

from __future__ import annotations

import gc
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from tests.bench import Bench, scenario
from ui import openraster_writing
from ui.document import Document, Layer, layer_from, new_document
from ui.encoded import Encoded
from ui.openraster import read
from ui.transform import gathered

WHITE = (255, 255, 255, 255)


def noise(seed: int) -> Layer:
    rgba = np.random.default_rng(seed).integers(0, 256, (300, 300, 4), np.uint8)
    return layer_from(rgba, f"Noise {seed}", "strokes")


def written(document: Document, encoded: Encoded | None = None) -> bytes:
    file = io.BytesIO()
    openraster_writing.write(file, document, encoded=encoded)
    return file.getvalue()


def entries(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def layers_encoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bands of each layer were put together to be encoded."""
    counted: list[int] = []
    rows_of = openraster_writing.rows_of

    def counting(*arguments: object) -> Iterator[object]:
        for number, band in enumerate(rows_of(*arguments)):  # type: ignore[arg-type]
            counted.extend([1] if not number else [])
            yield band

    monkeypatch.setattr(openraster_writing, "rows_of", counting)
    return counted


def test_after_a_stroke_one_layer_is_encoded(layers_encoded: list[int]) -> None:
    encoded = Encoded()
    document = new_document(300, 300, WHITE).with_layer(noise(1)).with_layer(noise(2))
    written(document, encoded)
    assert len(layers_encoded) == 3
    painted = document.exchange(document.layers[1], replace(document.layers[1], tiles=noise(3).tiles))
    written(painted, encoded)
    assert len(layers_encoded) == 4


def test_what_is_written_so_is_what_is_written_at_once() -> None:
    encoded = Encoded()
    document = new_document(300, 300, WHITE).with_layer(noise(1))
    written(document, encoded)
    moved = replace(document, layers=(*document.layers[::-1], noise(2)), profile=None)
    assert entries(written(moved, encoded)) == entries(written(moved))


def test_another_profile_is_another_file(layers_encoded: list[int]) -> None:
    encoded = Encoded()
    document = replace(new_document(300, 300), layers=(noise(1),))
    written(document, encoded)
    other = replace(document, profile=b"another")
    assert entries(written(other, encoded)) == entries(written(other))
    assert len(layers_encoded) == 3


def test_there_is_no_more_of_it_than_may_be(layers_encoded: list[int]) -> None:
    encoded = Encoded(budget=500_000)  # one of these layers
    document = replace(new_document(300, 300), layers=(noise(1), noise(2)))
    for _ in range(2):
        content = written(document, encoded)
    assert len(layers_encoded) == 3
    for number, layer in enumerate(read(io.BytesIO(content)).document.layers):
        rect = document.rect
        assert (gathered(layer.tiles, rect) == gathered(document.layers[number].tiles, rect)).all()


def test_it_goes_with_the_pixels() -> None:
    encoded = Encoded()
    written(replace(new_document(300, 300), layers=(noise(1),)), encoded)
    gc.collect()
    assert encoded.size == 0


@scenario
async def test_the_window_saves_so(bench: Bench, layers_encoded: list[int]) -> None:
    document = new_document(300, 300, WHITE).with_layer(noise(1)).with_layer(noise(2))
    bench.session.open(document)
    path = bench.folder / "picture.ora"
    await bench.window.filing.write(path)
    bench.session.activate(document.layers[1].uid)
    bench.stroke((100, 100), (200, 120))
    await bench.window.filing.write(path)
    assert len(layers_encoded) == 4
    saved = read(io.BytesIO(path.read_bytes())).document
    for mine, theirs in zip(bench.session.document.layers, saved.layers, strict=True):
        assert mine.tiles.keys() == theirs.tiles.keys()
        assert all((mine.tiles[place] == theirs.tiles[place]).all() for place in mine.tiles)
