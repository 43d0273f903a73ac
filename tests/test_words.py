"""What a scene is said to show is what it shows."""

from __future__ import annotations

from dataclasses import replace

import torch

from engine.starter.network import WORDS as ROOM
from engine.starter.scene import BALLOON, OBJECTS
from engine.starter.words import PLACES, TIMES, WORDS, words
from engine.starter.world import draw


def test_words_are_plain_and_fit_the_network() -> None:
    assert len(set(WORDS)) == len(WORDS) <= ROOM
    assert all(word.isalpha() and word.islower() for word in WORDS)


def test_every_scene_has_one_time_and_one_place() -> None:
    said = words(draw(64, torch.Generator().manual_seed(1)))
    for group in (TIMES, PLACES):
        columns = [WORDS.index(word) for word in group]
        assert (said[:, columns].sum(1) == 1).all()


def test_every_word_is_said_of_some_scene_and_none_of_all() -> None:
    share = words(draw(600, torch.Generator().manual_seed(2))).float().mean(0)
    assert (share > 0).all()
    assert (share < 0.95).all()


def test_the_climate_gives_the_place() -> None:
    said = words(draw(2, torch.Generator().manual_seed(3), ["alpine", "desert"]))
    assert said[:, WORDS.index("mountains")].tolist() == [True, False]
    assert said[:, WORDS.index("desert")].tolist() == [False, True]


def test_a_balloon_that_is_gone_is_no_longer_said() -> None:
    scene = draw(32, torch.Generator().manual_seed(4))
    column = WORDS.index("balloon")
    before = words(scene)[:, column]
    assert before.any()
    gone = replace(scene, present=torch.where(torch.arange(len(OBJECTS)) == BALLOON, 0.0, scene.present))
    assert not words(gone)[:, column].any()
