"""The command line, run as a user runs it: a real process, real files, one sentence if something is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from engine.headless import SAMPLE, main
from engine.headless_options import arguments
from engine.metadata import AI_EDITED
from engine.pictures import open_picture
from main import COMMANDS, USAGE

ROOT = Path(__file__).parents[1]


def run(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DRIFTPAINT_NO_SETUP": "1"}
    command = [sys.executable, str(ROOT / "main.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)


def picture(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A real photo, of no special size."""
    path = tmp_path / "photo.png"
    Image.fromarray(data.coffee()).save(path)
    return path


def test_the_whole_job_in_one_command(tmp_path: Path) -> None:
    done = run(
        "sdedit",
        SAMPLE,
        "-o",
        tmp_path / "out.png",
        "--steps",
        5,
        "--previews",
        tmp_path / "previews",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["output"] == str(tmp_path / "out.png")
    assert figures["network_calls"] == 5 + 2  # the sample has twice the native size
    assert figures["network_seconds"] <= figures["seconds"]
    assert 0 < figures["first_preview_seconds"] <= figures["seconds"]
    assert figures["load_seconds"] > 0
    assert figures["peak_memory_mb"] > 100
    assert {"autoencoder_seconds", "device", "dtype"} <= figures.keys()
    assert picture(tmp_path / "out.png").shape == picture(SAMPLE).shape
    assert len(list((tmp_path / "previews").iterdir())) == 7
    assert "step 7 of 7" in done.stderr


def test_outside_the_mask_every_byte_of_a_photo_is_kept(tmp_path: Path, photo: Path) -> None:
    mask = np.zeros(data.coffee().shape[:2], np.uint8)
    mask[150:260, 220:330] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    out = tmp_path / "out.png"
    assert (
        main(["sdedit", str(photo), "-o", str(out), "--mask", str(tmp_path / "mask.png"), "--steps", "4"])
        == 0
    )
    before, after = data.coffee(), picture(out)
    assert (after[mask == 0] == before[mask == 0]).all()
    assert (after[mask > 0] != before[mask > 0]).mean() > 0.5


def test_strokes_on_transparency_make_their_own_mask(tmp_path: Path, photo: Path) -> None:
    strokes = np.zeros((*data.coffee().shape[:2], 4), np.uint8)
    strokes[40:80, 60:200] = (240, 240, 255, 255)
    Image.fromarray(strokes).save(tmp_path / "strokes.png")
    out = tmp_path / "out.webp"
    arguments = [
        "sdedit",
        str(photo),
        "--guide",
        str(tmp_path / "strokes.png"),
        "-o",
        str(out),
        "--steps",
        "3",
    ]
    assert main(arguments) == 0
    before, after = data.coffee(), picture(out)
    assert (after[200:] == before[200:]).all()
    assert after[50:70, 80:180].mean() > before[50:70, 80:180].mean() + 30
    assert AI_EDITED.encode() in open_picture(out).extras.xmp


def test_transparency_outside_the_mask_is_kept(tmp_path: Path) -> None:
    rgba = np.random.default_rng(0).integers(0, 256, (90, 120, 4), dtype=np.uint8)
    mask = np.zeros((90, 120), np.uint8)
    mask[:, 60:] = 255
    for name, array in (("in.png", rgba), ("mask.png", mask)):
        Image.fromarray(array).save(tmp_path / name)
    out = tmp_path / "out.png"
    arguments = ["sdedit", str(tmp_path / "in.png"), "--mask", str(tmp_path / "mask.png"), "-o", str(out)]
    assert main([*arguments, "--model", "toy", "--steps", "2"]) == 0
    assert (picture(out)[:, :60] == rgba[:, :60]).all()
    assert (picture(out)[:, 60:, 3] == 255).all()


def test_variants_are_files_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["sdedit", str(SAMPLE), "-o", str(tmp_path / "out.png"), "--variants", "2", "--model", "toy"]
    assert main([*arguments, "--steps", "2", "--json"]) == 0
    names = [tmp_path / "out-1.png", tmp_path / "out-2.png"]
    assert json.loads(capsys.readouterr().out)["output"] == [str(name) for name in names]
    assert (picture(names[0]) != picture(names[1])).any()


@pytest.mark.parametrize(
    "options",
    [
        ["--solver", "ode"],
        ["--sde", "ve"],
        ["--order", "1"],
        ["--sde", "ve", "--order", "1"],
        ["--repeats", "2", "--strength", "0.3"],
        ["--strength", "0"],
        ["--strength", "1"],
    ],
)
def test_every_option_gives_the_same_picture_twice(tmp_path: Path, options: list[str]) -> None:
    outs = [tmp_path / "a.png", tmp_path / "b.png"]
    for out in outs:
        assert main(["sdedit", str(SAMPLE), "-o", str(out), "--model", "toy", "--steps", "3", *options]) == 0
    assert (picture(outs[0]) == picture(outs[1])).all()


def bad_inputs(folder: Path) -> dict[str, tuple[list[str], str]]:
    """What a user may get wrong, and what the sentence must say."""
    good, out = str(SAMPLE), ["-o", str(folder / "out.png")]
    (folder / "empty.png").touch()
    (folder / "cut.png").write_bytes(SAMPLE.read_bytes()[:3000])
    (folder / "text.png").write_text("hello")
    Image.new("L", (20, 20)).save(folder / "small.png")
    Image.new("L", (512, 512)).save(folder / "black.png")
    (folder / "model").mkdir()
    cases = {
        "missing": (["none.png", *out], "There is no file none.png"),
        "empty": ([str(folder / "empty.png"), *out], "is empty"),
        "cut": ([str(folder / "cut.png"), *out], "is damaged or cut short"),
        "text": ([str(folder / "text.png"), *out], "is not a picture"),
        "folder": ([str(folder), *out], "is a folder"),
        "mask size": (
            [good, "--mask", str(folder / "small.png"), *out],
            "has 20 x 20 pixels but the picture 512 x 512",
        ),
        "guide size": ([good, "--guide", str(folder / "small.png"), *out], "make them equal"),
        "black mask": ([good, "--mask", str(folder / "black.png"), *out], "Nothing is free to change"),
        "strength": ([good, "--strength", "2", *out], "Strength is 2; choose a number from 0 to 1."),
        "strength word": ([good, "--strength", "much", *out], "invalid float value: 'much'"),
        "steps": ([good, "--steps", "0", *out], "Steps is 0"),
        "variants": ([good, "--variants", "-3", *out], "Variants is -3"),
        "seed": ([good, "--seed", "-1", *out], "Seed is -1"),
        "order": ([good, "--order", "3", *out], "invalid choice: 3"),
        "no output": ([good], "required: -o"),
        "ending": ([good, "-o", str(folder / "out.doc")], "cannot be written as '.doc'"),
        "output folder": ([good, "-o", str(folder / "none" / "out.png")], "There is no folder"),
        "model": ([good, "--model", str(folder / "none"), *out], "There is no model"),
        "empty model": ([good, "--model", str(folder / "model"), *out], "holds no model_index.json"),
        "device": ([good, "--device", "abacus", *out], "'abacus' is not there; choose cpu"),
    }
    assert set(cases) == set(WRONG.replace("\n", " ").split(", "))
    return cases


WRONG = """missing, empty, cut, text, folder, mask size, guide size, black mask, strength, strength word,
steps, variants, seed, order, no output, ending, output folder, model, empty model, device"""


@pytest.mark.parametrize("what", WRONG.replace("\n", " ").split(", "))
def test_bad_input_gives_one_sentence_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    arguments, words = bad_inputs(tmp_path)[what]
    code: object
    try:
        code = main(["sdedit", *arguments])
    except SystemExit as left:  # as argparse leaves
        code = left.code
    said = capsys.readouterr()
    assert code == 2
    assert words in said.err
    assert len(said.err.splitlines()) == 1
    assert said.out == ""
    assert not (tmp_path / "out.png").exists()


def test_bad_input_shows_no_traceback_in_a_real_process(tmp_path: Path) -> None:
    done = run("sdedit", tmp_path / "none.png", "-o", tmp_path / "out.png")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_what_was_converted_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.new("CMYK", (64, 64)).save(tmp_path / "a.jpg")
    arguments = [
        "sdedit",
        str(tmp_path / "a.jpg"),
        "-o",
        str(tmp_path / "b.png"),
        "--model",
        "toy",
        "--steps",
        "1",
    ]
    assert main(arguments) == 0
    assert "Converted from CMYK to sRGB." in capsys.readouterr().err


def test_the_front_door_knows_every_command() -> None:
    asked = arguments().format_usage()
    assert f"{{{','.join(COMMANDS)}}}" in asked
    assert all(f"main.py {command} " in USAGE for command in COMMANDS)


@pytest.fixture
def balls(tmp_path: Path) -> Path:
    """A picture with a red ball at 60,50 and a green one at 60,150, each 12 pixels round."""
    rows, columns = np.mgrid[:200, :320] + 0.5
    array = np.empty((200, 320, 3), np.uint8)
    array[:] = (110, 130, 150)
    array[np.hypot(columns - 60, rows - 50) < 12] = (200, 40, 40)
    array[np.hypot(columns - 60, rows - 150) < 12] = (40, 160, 60)
    Image.fromarray(array).save(tmp_path / "balls.png")
    return tmp_path / "balls.png"


def white(path: Path, size: tuple[int, int], *boxes: tuple[int, int, int, int]) -> Path:
    """A mask, white in boxes of left, top, right, bottom."""
    mask = np.zeros(size[::-1], np.uint8)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = 255
    Image.fromarray(mask).save(path)
    return path


def edited(command: str, source: Path, *options: object) -> np.ndarray:
    """What a command on the toy model makes of a picture."""
    out = source.with_name("out.png")
    given = [command, source, "-o", out, "--model", "toy", "--steps", 6, *options]
    assert main(list(map(str, given))) == 0
    return picture(out)


def test_a_drag_in_a_real_process(tmp_path: Path, balls: Path) -> None:
    done = run(
        *("drag", balls, "-o", tmp_path / "out.png", "--handle", "60,50:150,80", "--radius", 18),
        *("--steps", 4, "--json", "--previews", tmp_path / "previews"),
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["moves"] == 1
    assert figures["network_evaluations"] == figures["network_calls"] > 0  # no words: one a call
    assert figures["output"] == str(tmp_path / "out.png")
    assert list((tmp_path / "previews").glob("variant 1 call *.png"))
    before, after = picture(balls).astype(int), picture(tmp_path / "out.png").astype(int)
    assert (after[130:] == before[130:]).all()  # the green ball
    assert (after[:, 200:] == before[:, 200:]).all()
    assert (after[78:83, 148:153] - before[48:53, 58:63]).mean((0, 1)) == pytest.approx([0, 0, 0], abs=50)
    assert after[46:55, 56:65, 0].mean() < 170  # it is not where it was


def test_handles_have_radius_turn_and_scale_together_or_each(balls: Path) -> None:
    two = ("--handle", "60,50:150,50", "--handle", "60,150:150,150", "--form", "settle", "--settle", 0.01)
    out = edited("drag", balls, *two, "--radius", 20)
    assert out[50, 150].tolist() == pytest.approx([200, 40, 40], abs=30)
    assert out[150, 150].tolist() == pytest.approx([40, 160, 60], abs=30)
    assert out[50, 168].tolist() == pytest.approx([110, 130, 150], abs=20)
    out = edited(
        "drag", balls, *two, "--radius", 20, "--radius", 16, "--scale", 2, "--scale", 1, "--turn", 90
    )
    assert out[50, 168].tolist() == pytest.approx([200, 40, 40], abs=30)
    assert out[150, 168].tolist() == pytest.approx([110, 130, 150], abs=20)


def test_a_region_is_carried_in_place_of_the_disc(tmp_path: Path, balls: Path) -> None:
    region = white(tmp_path / "region.png", (320, 200), (40, 30, 80, 50))  # the upper half of the ball
    out = edited(
        *("drag", balls, "--handle", "60,50:150,50", "--region", region),
        *("--form", "settle", "--settle", 0.01),
    )
    assert out[45, 150].tolist() == pytest.approx([200, 40, 40], abs=30)
    assert (out[58:, 100:] == picture(balls)[58:, 100:]).all()
    assert (out[58:, :100] == picture(balls)[58:, :100]).all()


@pytest.mark.parametrize("form", ["carry", "settle", "onepass", "published"])
def test_a_drag_keeps_what_mask_and_protection_keep(tmp_path: Path, balls: Path, form: str) -> None:
    mask = white(tmp_path / "mask.png", (320, 200), (0, 0, 160, 200))
    protect = white(tmp_path / "protect.png", (320, 200), (0, 60, 320, 200))
    kept = np.ones((200, 320), bool)
    kept[:60, :160] = False
    before = picture(balls)
    out = edited(
        *("drag", balls, "--handle", "60,50:150,50", "--radius", 20, "--form", form, "--stride", 60),
        *("--mask", mask, "--protect", protect),
    )
    assert (out[kept] == before[kept]).all()
    assert (out[~kept] != before[~kept]).any(-1).mean() > 0.05


def test_a_published_drag_tells_its_moves(
    tmp_path: Path, balls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    previews = tmp_path / "previews"
    edited(
        *("drag", balls, "--handle", "60,50:150,50", "--radius", 20, "--form", "published", "--stride", 31),
        *("--previews", previews, "--json"),
    )
    assert json.loads(capsys.readouterr().out)["moves"] == 3
    assert len(list(previews.glob("variant 1 move *.png"))) == 3


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("drag", ["--handle", "60,50:150,50", "--radius", "20"]),
        ("inpaint", []),
        ("translate", ["--prompt", "x", "--strength", "0.9", "--solver", "sde"]),
    ],
)
def test_transparency_stays_where_nothing_changes(
    tmp_path: Path, balls: Path, command: str, options: list[str]
) -> None:
    alpha = np.random.default_rng(0).integers(0, 256, (200, 320), dtype=np.uint8)
    before = np.dstack([picture(balls), alpha])
    Image.fromarray(before).save(balls)
    mask = white(tmp_path / "mask.png", (320, 200), (20, 20, 200, 80))
    out = edited(command, balls, *options, "--mask", mask)
    kept = picture(mask) == 0
    assert (out[kept] == before[kept]).all()
    assert (out[~kept] != before[~kept]).any()


@pytest.mark.parametrize("solver", ["sde", "ode", "cycle"])
def test_inpainting_changes_the_mask_alone(tmp_path: Path, photo: Path, solver: str) -> None:
    mask = white(tmp_path / "mask.png", (600, 400), (220, 150, 330, 260))
    before, after = data.coffee(), edited("inpaint", photo, "--mask", mask, "--solver", solver)
    kept = picture(mask) == 0
    assert (after[kept] == before[kept]).all()
    assert (after[~kept] != before[~kept]).any(-1).mean() > 0.9


def test_words_count_twice_as_evaluations(
    tmp_path: Path, balls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The starter is asked with the words and without."""
    options = ["--prompt", "night", "--source-prompt", "day", "--steps", "2", "--solver", "cycle", "--json"]
    assert main(["translate", str(balls), "-o", str(tmp_path / "out.png"), *options]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["network_evaluations"] == 2 * figures["network_calls"] == 8


def test_a_translation_to_the_same_words_is_the_picture(photo: Path) -> None:
    assert (edited("translate", photo, "--prompt", "x", "--source-prompt", "x") == data.coffee()).all()


def bad_drags(folder: Path, good: Path) -> dict[str, tuple[list[object], str]]:
    black = white(folder / "black.png", (320, 200))
    full = white(folder / "full.png", (320, 200), (0, 0, 320, 200))
    far = white(folder / "far.png", (320, 200), (250, 150, 320, 200))
    small = white(folder / "small.png", (20, 20), (0, 0, 5, 5))
    one = ["--handle", "60,50:150,50"]
    return {
        "no handle": (["drag"], "required: --handle"),
        "malformed": (["drag", "--handle", "60,50"], "'60,50' is not of the form X0,Y0:X1,Y1, such as"),
        "words": (["drag", "--handle", "a,b:c,d"], "'a,b:c,d' is not of the form X0,Y0:X1,Y1"),
        "begins outside": (
            ["drag", "--handle", "-5,50:150,50"],
            "The handle begins at -5,50, outside the picture of 320 x 200 pixels; choose a place inside.",
        ),
        "ends outside": (["drag", *one, "--handle", "10,10:10,201"], "Handle 2 ends at 10,201, outside"),
        "coincident": (["drag", "--handle", "60,50:60,50"], "The handle begins and ends at 60,50; choose"),
        "radius": (["drag", *one, "--radius", "0"], "A handle's radius is 0 pixels"),
        "radii": (
            ["drag", *one, *one, *one, "--radius", "9", "--radius", "8"],
            "--radius is given 2 times for 3",
        ),
        "scale": (["drag", *one, "--scale", "100"], "A handle's scale is 100"),
        "alpha": (["drag", *one, "--alpha", "9"], "Alpha is 9"),
        "form": (["drag", *one, "--form", "magic"], "invalid choice: 'magic'"),
        "black mask": (["drag", *one, "--mask", black], "black.png is black all over; paint white"),
        "all protected": (["drag", *one, "--protect", full], "full.png protects the whole picture"),
        "mask elsewhere": (["drag", *one, "--mask", far], "The masks keep everything that the handles would"),
        "mask size": (["drag", *one, "--mask", small], "has 20 x 20 pixels but the picture 320 x 200"),
        "empty region": (["drag", *one, "--region", black], "The region"),
        "no region": (["drag", *one, "--region", folder / "none.png"], "There is no file"),
        "no turn": (["drag", *one, "--turn", "9", "--form", "published"], "This form of drag cannot turn"),
        "no mask": (["inpaint"], "required: --mask"),
        "nothing to invent": (["inpaint", "--mask", black], "Nothing is free to change"),
        "nothing known": (["inpaint", "--mask", full], "frees the whole picture"),
        "strength": (["inpaint", "--mask", far, "--strength", "2"], "Strength is 2"),
        "no words": (["translate"], "required: --prompt"),
        "same words": (
            ["translate", "--prompt", "x", "--diffedit"],
            "The two prompts make no difference to this picture; choose other words.",
        ),
    }


BAD_DRAGS = """no handle, malformed, words, begins outside, ends outside, coincident, radius, radii, scale,
alpha, form, black mask, all protected, mask elsewhere, mask size, empty region, no region, no turn, no mask,
nothing to invent, nothing known, strength, no words, same words"""


@pytest.mark.parametrize("what", BAD_DRAGS.replace("\n", " ").split(", "))
def test_bad_edits_give_one_sentence_and_code_2(
    tmp_path: Path, balls: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    cases = bad_drags(tmp_path, balls)
    assert set(cases) == set(BAD_DRAGS.replace("\n", " ").split(", "))
    (command, *options), words = cases[what]
    given = [command, balls, "-o", tmp_path / "out.png", *options, "--model", "toy", "--steps", "1"]
    code: object
    try:
        code = main(list(map(str, given)))
    except SystemExit as left:
        code = left.code
    said = capsys.readouterr()
    assert code == 2
    assert words in said.err.splitlines()[-1]
    assert all(line.startswith("step ") for line in said.err.splitlines()[:-1])
    assert said.out == ""
    assert not (tmp_path / "out.png").exists()
