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
        "model": ([good, "--model", str(folder / "none"), *out], "There is no model folder"),
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
