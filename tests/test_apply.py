"""One edit of a document, with the real engine: what is asked, what comes back, and the layer it becomes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from qasync import QEventLoop

from engine.area import Rect, blend
from engine.types import EditRequest, EngineError, Learning, Preview, SDEdit
from engine.worker import Engine
from ui.apply import Ask, Candidate, EditOptions, Pace, asked, make_real, progress, veil
from ui.document import Document, document_from, layer_from, new_document, read

WHITE = (255, 255, 255, 255)
TOY = EditOptions(steps=4, model="toy", grow=4, feather=8)


@pytest.fixture
def photo() -> Document:
    """A picture in which no two neighbours are alike."""
    colours = np.random.default_rng(3).integers(0, 256, (300, 400, 4), np.uint8)
    colours[..., 3] = 255
    return document_from(colours)


def painted(document: Document) -> Document:
    """The document with a red stroke at columns 100..180 and rows 120..140."""
    stroke = np.zeros((20, 80, 4), np.uint8)
    stroke[...] = (200, 40, 30, 255)
    return document.with_layer(layer_from(stroke, "Strokes", "strokes", 100, 120))


def run(loop: QEventLoop, engine: Engine, ask: Ask) -> tuple[list[Preview], list[Candidate]]:
    previews: list[Preview] = []
    found: list[Candidate] = []

    async def keep(candidate: Candidate) -> None:
        found.append(candidate)

    loop.run_until_complete(make_real(engine, ask, lambda preview, _: previews.append(preview), keep))
    return previews, found


def test_strokes_on_an_empty_sheet_free_the_whole_picture() -> None:
    ask = asked(painted(new_document(300, 200, WHITE)), TOY)
    assert ask.at == (0, 0, 300, 200)
    assert ask.request.mask is None


def test_strokes_on_a_photo_free_themselves_alone(photo: Document) -> None:
    ask = asked(painted(photo), TOY)
    mask = ask.request.mask
    assert mask is not None
    whole = np.zeros((300, 400), np.float32)
    whole[ask.at.slices] = mask
    assert (whole[120:140, 100:180] == 1).all()
    assert not whole[:80].any()
    assert not whole[:, 220:].any()


def test_the_known_picture_lacks_the_strokes_and_the_guide_has_them(photo: Document) -> None:
    ask = asked(painted(photo), TOY)
    where = (130 - ask.at.y, 140 - ask.at.x)
    assert ask.request.guide[where].tolist() == [200, 40, 30]
    assert ask.request.image[where].tolist() == read(photo, photo.rect)[130, 140, :3].tolist()


def test_the_user_may_choose_the_area(photo: Document) -> None:
    assert asked(painted(photo), EditOptions(area="whole")).request.mask is None
    assert asked(painted(new_document(300, 300, WHITE)), EditOptions(area="strokes")).request.mask is not None


def test_the_engine_is_told_the_words_and_which_part_of_the_picture_it_sees(photo: Document) -> None:
    ask = asked(painted(photo), replace(TOY, prompt="lake, sunset"))
    assert ask.request.prompt == "lake, sunset"
    at = ask.at
    right, bottom = (at.x + at.width) / 400, (at.y + at.height) / 300
    assert ask.request.window == (at.x / 400, at.y / 300, right, bottom)
    assert asked(photo, TOY).request.window == (0, 0, 1, 1)


def test_without_strokes_the_area_of_strokes_is_refused_with_advice(photo: Document) -> None:
    with pytest.raises(EngineError, match="paint over the picture"):
        asked(photo, EditOptions(area="strokes"))


def test_an_edit_gives_one_preview_a_call_and_one_candidate_a_variant(
    photo: Document, engine: Engine, event_loop_qt: QEventLoop
) -> None:
    ask = asked(painted(photo), EditOptions(steps=4, variants=2, seed=5, model="toy"))
    previews, found = run(event_loop_qt, engine, ask)
    assert previews[-1].calls == 8
    assert [candidate.seed for candidate in found] == [5, 6]
    assert all(candidate.finished for candidate in found)
    assert all(candidate.pixels is not None for candidate in found)  # made beside the event loop


def test_outside_the_mask_an_applied_result_changes_nothing(
    photo: Document, engine: Engine, event_loop_qt: QEventLoop
) -> None:
    document = painted(photo)
    ask = asked(document, TOY)
    _, found = run(event_loop_qt, engine, ask)
    before, after = read(photo, photo.rect), read(ask.accepted(document, found[0]), photo.rect)
    mask = np.zeros((300, 400), np.float32)
    mask[ask.at.slices] = ask.request.mask
    assert (before[mask == 0] == after[mask == 0]).all()
    assert (before[mask == 1] != after[mask == 1]).any()


def test_what_is_applied_is_what_the_engine_gave(
    photo: Document, engine: Engine, event_loop_qt: QEventLoop
) -> None:
    document = painted(photo)
    ask = asked(document, TOY)
    _, found = run(event_loop_qt, engine, ask)
    applied = read(ask.accepted(document, found[0]), ask.at)[..., :3].astype(int)
    assert abs(applied - found[0].image).max() <= 2  # the edge goes through 8 bits of alpha


def test_what_is_laid_over_the_picture_gives_the_candidate_in_a_soft_mask_too() -> None:
    random = np.random.default_rng(4)
    known = random.integers(0, 256, (40, 60, 3), dtype=np.uint8)
    row = np.linspace(0, 255, 60).round().astype(np.float32) / np.float32(255)
    mask = np.repeat(row[None], 40, 0)
    image = blend(known, random.integers(0, 256, known.shape, dtype=np.uint8), mask)
    ask = Ask(Rect(0, 0, 60, 40), EditRequest(known, known, mask, SDEdit(0.5)))
    pixels = ask.pixels(Candidate(image, 0, finished=True)).astype(np.float64)
    share = pixels[..., 3:] / 255
    seen = known * (1 - share) + pixels[..., :3] * share
    assert abs(seen - image).max() <= 1
    assert (pixels[:, 0, 3] == 0).all()


def test_applying_hides_the_strokes_and_adds_a_result_on_top(photo: Document) -> None:
    document = painted(photo)
    ask = asked(document, TOY)
    after = ask.accepted(document, Candidate(ask.request.guide, 0, finished=True))
    assert [layer.kind for layer in after.layers] == ["picture", "strokes", "result"]
    assert [layer.visible for layer in after.layers] == [True, False, True]


def test_stopping_keeps_what_was_seen_last(
    photo: Document, engine: Engine, event_loop_qt: QEventLoop
) -> None:
    ask = asked(painted(photo), EditOptions(steps=500, model="toy"))
    found: list[Candidate] = []

    async def keep(candidate: Candidate) -> None:
        found.append(candidate)

    async def stopped() -> None:
        seen = asyncio.Event()
        task = asyncio.ensure_future(make_real(engine, ask, lambda *_: seen.set(), keep))
        await seen.wait()
        task.cancel()
        await asyncio.wait([task])

    event_loop_qt.run_until_complete(stopped())
    assert [candidate.finished for candidate in found] == [False]
    assert found[0].image.shape == ask.request.image.shape
    assert ask.request.mask is not None
    kept = ask.request.mask == 0
    assert (found[0].image[kept] == ask.request.image[kept]).all()


def test_an_engine_that_cannot_says_why(photo: Document, engine: Engine, event_loop_qt: QEventLoop) -> None:
    with pytest.raises(EngineError):
        run(event_loop_qt, engine, asked(photo, EditOptions(steps=2, model="no such model")))


def test_a_veil_is_clear_where_the_picture_is_kept(photo: Document) -> None:
    ask = asked(painted(photo), TOY)
    small = np.zeros((64, 64, 3), np.uint8)
    veiled = veil(ask, small)
    assert veiled.shape == (64, 64, 4)
    assert veiled[0, 0, 3] == 0
    assert veiled[..., 3].max() == 255


def test_the_time_left_follows_the_pace() -> None:
    pace, image = Pace(), np.zeros((1, 1, 3), np.uint8)
    assert pace.left(Preview(1, 25, 0.04, 0, image), 10.0) is None
    assert pace.left(Preview(5, 25, 0.2, 0, image), 12.0) == pytest.approx(10.0)


def test_a_long_time_left_is_told_in_minutes() -> None:
    blank = np.zeros((8, 8, 3), np.uint8)
    ask, step = Ask(Rect(0, 0, 8, 8), EditRequest(blank, blank)), Learning(2, 100)
    assert progress(ask, step, 90.0).endswith("step 2 of 100 \N{MIDDLE DOT} 90 s left")
    assert progress(ask, step, 1500.0).endswith("\N{MIDDLE DOT} 25 min left")
