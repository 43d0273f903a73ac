"""Recipes: an edit as a text, and the same edit again, here and in another picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.area import Rect, part_of, soft_mask
from engine.edits import edit
from engine.headless import main
from engine.headless_edits import put_back
from engine.pictures import open_picture, save_picture
from engine.recipe import from_json, place_of, recipe_of, request_of, to_json, variant_of
from engine.recipe_files import Changed, with_files, with_model
from engine.toy import Toy
from engine.types import (
    Drag,
    EditRequest,
    EditResult,
    EngineError,
    Handle,
    Identity,
    Inpaint,
    Lora,
    Region,
    Rgb,
    SDEdit,
    Translate,
)
from engine.weights import NAMED, digest_of

RANDOM = np.random.default_rng(0)
PICTURE = RANDOM.integers(0, 256, (90, 120, 3), dtype=np.uint8)
SIZE = (120, 90)
AT = Rect(20, 10, 60, 50)
LASSO = Region(12, 6, np.rot90(np.arange(0, 240, dtype=np.uint8).reshape(15, 16)).copy())


def stroked() -> EditRequest:
    """A red stroke over a part of the picture, softly masked, with a map of strengths."""
    image = PICTURE[AT.slices]
    alpha = np.zeros(image.shape[:2], np.uint8)
    alpha[20:30, 10:40] = 255
    guide = np.where(alpha[..., None] > 0, np.array([200, 40, 30], np.uint8), image)
    share = np.linspace(0, 255, 60).round()[None].repeat(50, 0).astype(np.float32) / np.float32(255)
    return EditRequest(
        image=image,
        guide=guide,
        mask=soft_mask(alpha, 3, 6),
        operation=SDEdit(0.6, repeats=2),
        steps=4,
        seed=11,
        model="toy",
        prompt="lake, sunset",
        guidance=2.5,
        window=part_of(AT, *SIZE),
        share=share,
    )


def dragged() -> EditRequest:
    disc = Handle((20.5, 20.0), (40.0, 30.25), 9.0, turn=30.0, scale=1.5)
    lasso = Handle((20.0, 14.0), (30.0, 14.0), region=LASSO, trim=False)
    image = PICTURE[AT.slices]
    drag = Drag((disc, lasso), "settle", settle=0.2, together=False)
    return EditRequest(image, image, None, drag, 4, 3, model="toy", window=part_of(AT, *SIZE))


def invented() -> EditRequest:
    request = stroked()
    return replace(request, guide=request.image, operation=Inpaint(0.8, "cycle"), share=None)


def translated() -> EditRequest:
    operation = Translate("day", 0.7, "sde")
    return EditRequest(PICTURE, PICTURE, None, operation, 4, prompt="night", model="toy")


def results(request: EditRequest) -> list[Rgb]:
    return [event.image for event in edit(request, Toy()) if isinstance(event, EditResult)]


def at_of(request: EditRequest) -> Rect:
    return AT if request.image.shape[0] == AT.height else Rect(0, 0, *SIZE)


@pytest.mark.parametrize("make", [stroked, dragged, invented, translated])
def test_a_recipe_that_was_read_again_gives_the_same_bytes(make: Callable[[], EditRequest]) -> None:
    request = make()
    recipe = from_json(to_json(recipe_of(request, at_of(request), SIZE)))
    again = request_of(recipe, PICTURE)
    assert place_of(recipe, *SIZE) == at_of(request)
    assert again.window == request.window
    assert (results(again)[0] == results(request)[0]).all()


def test_every_variant_and_every_rung_has_a_recipe_of_its_own() -> None:
    for request in (
        replace(stroked(), variants=2),
        replace(stroked(), operation=SDEdit(ladder=(0.3, 0.8)), variants=2),
    ):
        first = recipe_of(request, AT, SIZE)
        for variant, expected in enumerate(results(request)):
            recipe = from_json(to_json(variant_of(first, request, variant)))
            assert (results(request_of(recipe, PICTURE))[0] == expected).all()


def test_a_recipe_tells_what_was_asked() -> None:
    told = json.loads(to_json(recipe_of(stroked(), AT, SIZE)))
    assert told["format"] == "driftpaint recipe"
    assert told["operation"]["kind"] == "SDEdit"
    assert told["operation"]["strength"] == 0.6
    assert (told["at"], told["size"]) == ([20, 10, 60, 50], [120, 90])
    assert (told["seed"], told["steps"], told["prompt"]) == (11, 4, "lake, sunset")


def test_places_are_scaled_to_another_picture() -> None:
    recipe = recipe_of(dragged(), AT, SIZE)
    wide = RANDOM.integers(0, 256, (90, 240, 3), dtype=np.uint8)
    assert place_of(recipe, 240, 90) == (40, 10, 120, 50)
    request = request_of(recipe, wide)
    assert (request.image == wide[10:60, 40:160]).all()
    assert isinstance(request.operation, Drag)
    disc, lasso = request.operation.handles
    assert (disc.source, disc.target) == ((41, 20), (80, 30.25))
    assert disc.radius == pytest.approx(9 * 2**0.5)
    assert lasso.region is not None
    assert (lasso.region.x, lasso.region.y, lasso.region.mask.shape) == (24, 6, (16, 30))


def test_strokes_lie_over_another_picture() -> None:
    recipe, white = recipe_of(stroked(), AT, SIZE), np.full((180, 240, 3), 255, np.uint8)
    request = request_of(recipe, white)
    assert request.image.shape == (100, 120, 3)
    assert request.guide[50, 50].tolist() == [200, 40, 30]
    assert request.guide[10, 10].tolist() == [255, 255, 255]
    assert request.mask is not None
    assert request.mask[50, 50] == 1
    assert request.mask[0, 0] == 0


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (7, 400)])
def test_a_recipe_fits_into_any_picture(size: tuple[int, int]) -> None:
    tiny = np.zeros((size[1], size[0], 3), np.uint8)
    for make in (stroked, translated):
        recipe = recipe_of(make(), at_of(make()), SIZE)
        assert results(request_of(recipe, tiny))[0].shape[:2] == place_of(recipe, *size)[:1:-1]


def broken() -> dict[str, tuple[str, str]]:
    good = json.loads(to_json(recipe_of(stroked(), AT, SIZE)))
    drag = json.loads(to_json(recipe_of(dragged(), AT, SIZE)))

    def changed(told: dict[str, object], *path: str | int, to: object) -> str:
        told = json.loads(json.dumps(told))
        place: object = told
        for key in path[:-1]:
            place = place[key]  # type: ignore[index]
        place[path[-1]] = to  # type: ignore[index]
        return json.dumps(told)

    return {
        "empty": ("", "is no recipe; choose a file"),
        "other": ('{"a": 1}', "is no recipe; choose a file"),
        "list": ("[]", "is no recipe"),
        "deep": ("[" * 100_000, "is no recipe"),
        "newer": (changed(good, "version", to=2), "saved by a newer Driftpaint; update"),
        "version": (changed(good, "version", to="x"), "saved by a newer Driftpaint"),
        "operation": (changed(good, "operation", "kind", to="Explode"), "no operation of the kind 'Explode'"),
        "solver": (changed(good, "operation", "solver", to="magic"), "solver is not what it should be"),
        "strength": (changed(good, "operation", "strength", to=7), "Strength is 7; choose a number"),
        "nan": (changed(good, "operation", "strength", to=float("nan")), "Strength is nan; choose"),
        "steps": (changed(good, "steps", to=0), "Steps is 0; choose"),
        "steps text": (changed(good, "steps", to="many"), "steps is not what it should be"),
        "true": (changed(good, "seed", to=True), "seed is not what it should be"),
        "place": (changed(good, "at", to=[100, 10, 60, 50]), "its rectangle is not inside its picture"),
        "short place": (changed(good, "at", to=[1, 2]), "at is not what it should be"),
        "mask": (changed(good, "mask", to="no base64!"), "mask is not what it should be"),
        "handles": (changed(drag, "operation", "handles", to=[]), "There is no handle to drag"),
        "handle": (changed(drag, "operation", "handles", 0, to={}), "source, target must be there"),
        "radius": (changed(drag, "operation", "handles", 0, "radius", to=-1), "A handle's radius is -1"),
        "region": (
            changed(drag, "operation", "handles", 1, "region", "mask", to="AAAA"),
            "The mask in the recipe is",
        ),
        "form": (changed(drag, "operation", "form", to="teleport"), "form is not what it should be"),
    }


@pytest.mark.parametrize("what", broken())
def test_a_bad_recipe_gives_one_sentence(what: str) -> None:
    text, words = broken()[what]
    with pytest.raises(EngineError) as caught:
        request_of(from_json(text, "a.recipe.json"), PICTURE)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "a.recipe.json" in str(caught.value)


def test_a_mask_that_is_cut_short_is_told_of() -> None:
    recipe = recipe_of(stroked(), AT, SIZE)
    with pytest.raises(EngineError, match="The mask in the recipe is damaged"):
        request_of(replace(recipe, mask=recipe.mask[:40]), PICTURE)


def test_what_lies_beside_the_model_is_kept_by_name_and_content(tmp_path: Path) -> None:
    style, word = tmp_path / "style.safetensors", tmp_path / "word.safetensors"
    style.write_bytes(b"one")
    word.write_bytes(b"two")
    asked = replace(
        stroked(),
        loras=(Lora(str(style), 0.5),),
        embeddings=(str(word),),
        identity=Identity(rank=4, prompt="a lake"),
    )
    recipe = from_json(to_json(recipe_of(asked, AT, SIZE)))
    again = request_of(recipe, PICTURE)
    assert (again.loras, again.embeddings, again.identity) == (asked.loras, asked.embeddings, asked.identity)
    assert with_files(recipe, tmp_path) == (recipe, [])

    moved = tmp_path / "moved"
    moved.mkdir()
    style.rename(moved / style.name)
    found, changed = with_files(recipe, moved)
    assert (found.loras[0].path, changed) == (str(moved / style.name), [])

    style.write_bytes(b"another of the same name")  # what is the same is taken, wherever it is
    assert with_files(recipe, moved) == (found, [])
    (moved / style.name).unlink()
    other, changed = with_files(recipe, moved)
    assert other == recipe
    assert changed == [Changed(style.name, str(style), is_gone=False)]

    word.unlink()
    without, changed = with_files(recipe, moved)
    assert changed[1:] == [Changed(word.name, str(word), is_gone=True)]
    assert (without.loras, without.embeddings) == (recipe.loras, ())


def test_a_model_is_known_again_by_its_weights(tmp_path: Path) -> None:
    model, moved = tmp_path / "dream.safetensors", tmp_path / "moved" / "dream.safetensors"
    model.write_bytes(b"some weights")
    recipe = replace(recipe_of(stroked(), AT, SIZE), model=str(model), weights=digest_of(model))
    assert with_model(recipe, {}) == (recipe, [])
    moved.parent.mkdir()
    model.rename(moved)
    assert with_model(recipe, {}) == (recipe, [Changed(model.name, str(model), is_gone=True)])
    found, changed = with_model(recipe, {moved.name: str(moved)})
    assert (found.model, changed) == (str(moved), [])
    moved.write_bytes(b"other weights")
    _, changed = with_model(recipe, {moved.name: str(moved)})
    assert changed == [Changed(model.name, str(moved), is_gone=False)]
    assert with_model(replace(recipe, model="toy", weights=""), {}) == (
        replace(recipe, model="toy", weights=""),
        [],
    )
    starter = replace(recipe, model="starter", weights=digest_of(NAMED["starter"]))
    assert with_model(starter, {}) == (starter, [])


# ---- from the command line


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "red stroke.recipe.json"
    path.write_text(to_json(recipe_of(stroked(), AT, SIZE)), encoding="utf-8")
    return path


def shown(path: Path) -> Rgb:
    return open_picture(path).rgba[..., :3]


def test_replay_makes_the_same_picture_again(tmp_path: Path, recipe: Path) -> None:
    save_picture(tmp_path / "in.png", PICTURE)
    for name in ("a.png", "b.png"):
        assert main(["replay", str(recipe), str(tmp_path / "in.png"), "-o", str(tmp_path / name)]) == 0
    rgba = open_picture(tmp_path / "in.png").rgba
    expected = put_back(rgba, AT, results(stroked())[0])
    assert (shown(tmp_path / "a.png") == expected).all()
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_replay_scales_to_the_picture_and_says_so(
    tmp_path: Path, recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_picture(tmp_path / "in.png", np.full((180, 240, 3), 255, np.uint8))
    assert main(["replay", str(recipe), str(tmp_path / "in.png"), "-o", str(tmp_path / "out.png")]) == 0
    assert "made on 120 x 90 pixels; its places are scaled to 240 x 180" in capsys.readouterr().err
    changed = (shown(tmp_path / "out.png") != 255).any(2)
    assert changed[70, 90]
    assert not changed[:20].any()
    assert not changed[:, 160:].any()


def test_replay_takes_a_folder_and_goes_past_what_is_broken(
    tmp_path: Path, recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name in ("a.png", "b.JPG", "c.gif"):
        Image.fromarray(PICTURE).save(source / name)
    (source / "d.png").write_bytes(b"no picture")
    (source / "notes.txt").write_text("no picture either")
    assert main(["replay", str(recipe), str(source), "-o", str(target), "--json"]) == 1
    assert sorted(path.name for path in target.iterdir()) == ["a.png", "b.JPG", "c.png"]
    said = capsys.readouterr()
    assert "d.png is not a picture" in said.err
    assert said.err.count("d.png") == 1
    assert len(json.loads(said.out)["output"]) == 3


def test_replay_may_have_another_seed_and_variants(tmp_path: Path, recipe: Path) -> None:
    save_picture(tmp_path / "in.png", PICTURE)
    given = [str(recipe), str(tmp_path / "in.png"), "-o", str(tmp_path / "out.png")]
    assert main(["replay", *given, "--seed", "40", "--variants", "2"]) == 0
    other, next_one = (shown(tmp_path / f"out-{number}.png") for number in (1, 2))
    assert (other != next_one).any()
    expected = results(replace(stroked(), seed=41))[0]
    assert (next_one[AT.slices] == expected).all()


def test_other_weights_are_told_of(tmp_path: Path, recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(recipe.read_text(encoding="utf-8"))
    recipe.write_text(json.dumps({**told, "weights": "f" * 64}), encoding="utf-8")
    save_picture(tmp_path / "in.png", PICTURE)
    assert main(["replay", str(recipe), str(tmp_path / "in.png"), "-o", str(tmp_path / "out.png")]) == 0
    assert "made with other weights of toy" in capsys.readouterr().err


def test_a_file_that_is_gone_is_asked_for(
    tmp_path: Path, recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(recipe.read_text(encoding="utf-8"))
    recipe.write_text(
        json.dumps({**told, "loras": [{"path": "C:\\loras\\style.safetensors"}]}), encoding="utf-8"
    )
    save_picture(tmp_path / "in.png", PICTURE)
    assert main(["replay", str(recipe), str(tmp_path / "in.png"), "-o", str(tmp_path / "out.png")]) == 2
    said = capsys.readouterr().err
    assert (
        "needs style.safetensors, which is not at C:\\loras\\style.safetensors any more; put it there" in said
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["none.json", "in.png"], "There is no file"),
        (["in.png", "in.png"], "cannot be read as a recipe"),
        (["red stroke.recipe.json", "none.png"], "There is no file"),
        (["red stroke.recipe.json", "."], "choose another folder with -o"),
        (["red stroke.recipe.json", "empty"], "There is no picture in"),
        (["red stroke.recipe.json", "in.png", "--seed", "-4"], "Seed is -4"),
        (["red stroke.recipe.json", "in.png", "--model", "none"], "There is no model none"),
    ],
)
def test_bad_input_gives_one_sentence_and_code_2(
    tmp_path: Path, recipe: Path, capsys: pytest.CaptureFixture[str], given: list[str], words: str
) -> None:
    save_picture(tmp_path / "in.png", PICTURE)
    (tmp_path / "empty").mkdir()
    out = tmp_path if given[1] == "." else tmp_path / "out.png"
    paths = [str(tmp_path / name) for name in given[:2]]
    assert main(["replay", *paths, "-o", str(out), *given[2:]]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert len(said.err.splitlines()) == 1
