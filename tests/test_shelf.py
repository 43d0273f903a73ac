"""The models that are loaded, and which of them go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.shelf import Shelf
from engine.types import EngineError
from tests.random_checkpoints import pipeline, save_folder
from tests.random_flow_checkpoints import flow_pipeline


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_folder(pipeline("sd1"), tmp_path_factory.mktemp("sd1") / "model")


def test_a_model_is_loaded_once_and_stays_beside_others_that_fit(folder: Path) -> None:
    shelf = Shelf("cpu")
    toy = shelf.take("toy")
    mine = shelf.take(str(folder))
    assert shelf.take("toy") is toy
    assert shelf.take(str(folder)) is mine


def test_what_its_networks_have_is_known_to_the_byte(folder: Path) -> None:
    shelf = Shelf("cpu")
    model = shelf.take(str(folder))
    whole = [model.network, model.autoencoder, *model.words.models]  # type: ignore[attr-defined]
    tensors = [tensor for each in whole for tensor in [*each.parameters(), *each.buffers()]]
    assert shelf.figures(str(folder)).weights == sum(tensor.nbytes for tensor in tensors)


def test_what_reads_words_from_the_disk_takes_no_memory(tmp_path: Path) -> None:
    folder = str(save_folder(flow_pipeline("sd3"), tmp_path / "model"))
    shelf = Shelf("cpu")
    model = shelf.take(folder)
    *clips, t5 = model.words.models  # type: ignore[attr-defined]
    whole = [model.network, model.autoencoder, *clips]  # type: ignore[attr-defined]
    tensors = [tensor for each in whole for tensor in [*each.parameters(), *each.buffers()]]
    assert shelf.figures(folder).weights == sum(tensor.nbytes for tensor in tensors)
    assert all(each.is_meta for each in t5.parameters())


def test_the_one_that_was_longest_unused_gives_way_to_what_does_not_fit_beside_it(folder: Path) -> None:
    shelf = Shelf("cpu")
    shelf.take("starter")
    shelf.take("toy")
    shelf.take("starter")
    shelf.take(str(folder))
    known = shelf.figures(str(folder))
    shelf.remember(str(folder), replace(known, weights=2**60))  # from now on nothing fits beside it
    other = Shelf("cpu")
    other.take("starter")
    other.take("toy")
    other.take(str(folder))
    assert [name in other for name in ("starter", "toy", str(folder))] == [False, False, True]


def test_idle_models_are_put_away() -> None:
    shelf = Shelf("cpu")
    first = shelf.take("toy")
    assert not shelf.idle(minutes=60)
    assert shelf.take("toy") is first
    assert shelf.idle(minutes=0)
    assert "toy" not in shelf
    assert not shelf.idle(minutes=0), "there is nothing left"
    assert shelf.take("toy") is not first


def test_weights_go_at_once_even_if_something_still_points_at_the_model(folder: Path) -> None:
    shelf = Shelf("cpu")
    model = shelf.take(str(folder))
    shelf.clear()
    assert all(each.is_meta for each in model.network.parameters())  # type: ignore[attr-defined]


def test_a_model_that_cannot_be_loaded_leaves_the_others(tmp_path: Path) -> None:
    shelf = Shelf("cpu")
    toy = shelf.take("toy")
    with pytest.raises(EngineError):
        shelf.take(str(tmp_path / "nowhere"))
    assert shelf.take("toy") is toy
