"""Recipes whose model or files are not as they were: the window says so before it runs them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.area import Rect
from engine.checkpoints import told
from engine.recipe import Beside, Recipe, from_json, recipe_of, to_json
from engine.recipe_files import weights_of
from engine.types import EditRequest
from tests.bench import WHITE, Bench, scenario
from tests.test_checkpoints import LORA, SD1, checkpoint
from ui.document import new_document
from ui.models import Entry
from ui.replaying import ChangedDialog, as_it_is_now

PICTURE = np.zeros((64, 96, 3), np.uint8)
RECIPE = recipe_of(EditRequest(PICTURE, PICTURE, model="toy", steps=2), Rect(0, 0, 96, 64), (96, 64))


async def asked(bench: Bench, recipe: Recipe) -> ChangedDialog:
    """What is asked when a recipe is run from a file."""
    path = bench.folder / "mine.recipe.json"
    path.write_text(to_json(recipe), encoding="utf-8")
    bench.window.results.run_recipe_of(path)
    await bench.until(lambda: bool(bench.window.findChildren(ChangedDialog)))
    (dialog,) = bench.window.findChildren(ChangedDialog)
    return dialog


@scenario
async def test_a_recipe_whose_model_is_gone_is_run_with_another_if_that_is_wanted(bench: Bench) -> None:
    await bench.start_engine()
    gone = replace(RECIPE, model="D:\\models\\dream.safetensors", weights="f" * 64)
    dialog = await asked(bench, gone)
    sentence = "It was made with the model dream.safetensors, which is gone: put it back, or run it with toy."
    assert dialog.words.text() == sentence
    assert not bench.window.editing.is_running
    bench.click(dialog.run_button)
    await bench.until(lambda: len(bench.session.document.results) == 1)
    made = from_json(bench.session.document.results[0].recipe)
    assert (made.model, made.weights) == ("toy", "")


@scenario
async def test_a_recipe_that_was_made_with_another_file_is_not_run_unless_it_is_wanted(bench: Bench) -> None:
    await bench.start_engine()
    dialog = await asked(bench, replace(RECIPE, model="starter", weights="f" * 64))
    assert "It was made with another starter: put that back" in dialog.words.text()
    bench.click(dialog.cancel_button)
    await bench.finish()
    assert bench.session.document.results == ()


@scenario
async def test_a_result_of_another_day_says_what_is_gone_and_does_without(bench: Bench) -> None:
    await bench.start_engine()
    bench.stroke()
    bench.click(bench.window.edit_panel.main)
    await bench.finish()
    (made,) = bench.session.document.results
    recipe = replace(from_json(made.recipe), loras=(Beside("/gone/style.safetensors", "f" * 64),))
    old = replace(made, recipe=to_json(recipe))
    bench.window.editing.abandon()
    bench.session.open(replace(bench.session.document, results=(old,)))
    bench.window.results.again()
    await bench.until(lambda: bool(bench.window.findChildren(ChangedDialog)))
    (dialog,) = bench.window.findChildren(ChangedDialog)
    sentence = "It was made with style.safetensors, which is gone: put it back, or run it without."
    assert dialog.words.text() == sentence
    bench.click(dialog.run_button)
    await bench.until(lambda: len(bench.session.document.results) == 2)
    again = bench.session.document.results[1]
    assert (again.pixels == made.pixels).all()


@scenario
async def test_a_recipe_is_not_run_on_a_picture_that_was_opened_since(bench: Bench) -> None:
    await bench.start_engine()
    for seed in (1, 2):
        path = bench.folder / f"{seed}.recipe.json"
        path.write_text(to_json(replace(RECIPE, seed=seed)), encoding="utf-8")
        bench.window.results.run_recipe_of(path)
        if seed == 1:
            await asyncio.sleep(0)  # its files are looked for
            bench.session.open(new_document(96, 64, WHITE))
    await bench.until(lambda: len(bench.session.document.results) == 1)
    assert from_json(bench.session.document.results[0].recipe).seed == 2


def test_what_has_moved_is_found_among_what_is_listed(tmp_path: Path) -> None:
    model = checkpoint(tmp_path / "dream.safetensors", SD1)
    style = checkpoint(tmp_path / "style.safetensors", LORA)
    entries = [Entry(None), Entry(model, told(model)), Entry(style, told(style))]
    old = replace(
        RECIPE,
        model="/old/dream.safetensors",
        weights=weights_of(str(model)),
        loras=(Beside("C:\\old\\style.safetensors"),),
    )
    now, sentences = as_it_is_now(old, entries, [], "toy", "Toy")
    assert sentences == []
    assert (now.model, now.loras[0].path) == (str(model), str(style))
    _, sentences = as_it_is_now(replace(old, weights="f" * 64), entries, [], "toy", "Toy")
    assert sentences == [
        "It was made with another dream.safetensors: put that back, or the result will not be the same."
    ]
