"""DragBench folders in both layouts, whole, broken and hostile, and what a run leaves behind."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data, transform

from engine import dragbench, plain_pickle
from engine.headless import main

COFFEE = (transform.resize(data.coffee(), (120, 180), anti_aliasing=True) * 255).astype(np.uint8)
UPPER = np.zeros((120, 180), np.uint8)
UPPER[:60] = 1


def sde_drag(folder: Path, **changes: Any) -> Path:
    """A case as SDE-Drag's program saves it; its points are right of the picture's height."""
    folder.mkdir(parents=True)
    told = {"source": [[130, 30]], "target": [[160, 40]], "prompt": "a cup of coffee"}
    Image.fromarray(COFFEE).save(folder / "origin_image.png")
    Image.fromarray(changes.pop("mask", UPPER * 255), "L").save(folder / "mask.png")
    (folder / "prompt.json").write_text(json.dumps({**told, **changes}))
    return folder


def drag_diffusion(folder: Path, **changes: Any) -> Path:
    """A case as DragDiffusion's labelling tool saves it."""
    folder.mkdir(parents=True)
    told = {"prompt": "a lake, at night", "points": [(30, 30), (60, 40), (100, 20), (90, 45)], "mask": UPPER}
    Image.fromarray(COFFEE).save(folder / "original_image.png")
    (folder / "meta_data.pkl").write_bytes(pickle.dumps({**told, **changes}))
    return folder


def run(folder: Path, *options: object, model: str = "toy") -> int:
    given = ["dragbench", folder, "-o", folder.with_name("out"), "--model", model, "--steps", 3]
    return main(list(map(str, [*given, "--radius", 9, *options])))


def table(folder: Path) -> dict[str, dict[str, Any]]:
    told = json.loads((folder.with_name("out") / "results.json").read_text())
    return {row["case"]: row for row in told["cases"]}


def picture(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One case of each layout, at different depths."""
    sde_drag(tmp_path / "bench" / "0")
    drag_diffusion(tmp_path / "bench" / "animals" / "JH_2023-09-14-1820-16")
    return tmp_path / "bench"


def test_both_layouts_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--json") == 0
    said = capsys.readouterr()
    assert "case 2 of 2, animals/JH_2023-09-14-1820-16: " in said.err
    assert said.err.count("s left)") == 2
    rows = table(folder)
    assert list(rows) == ["0", "animals/JH_2023-09-14-1820-16"]
    one, two = rows.values()
    assert one["prompt"] == "a cup of coffee"
    assert (one["handles"], two["handles"]) == (1, 2)
    assert one["mean_way"] == pytest.approx(np.hypot(30, 10), abs=0.01)
    assert two["mean_way"] == pytest.approx((np.hypot(30, 10) + np.hypot(10, 25)) / 2, abs=0.01)
    assert one["seconds"] > 0
    assert one["network_evaluations"] == one["network_calls"] > 0
    figures = json.loads(said.out)
    assert (figures["cases"], figures["failed"]) == (2, 0)
    assert figures["network_calls"] == one["network_calls"] + two["network_calls"]
    out = folder.with_name("out")
    assert "2 cases, 0 of them broken" in (out / "results.md").read_text()
    assert picture(out / "contact sheet.png").shape[1] > 4 * 256
    assert not list(out.glob(".*"))


def test_points_are_x_y_and_white_may_change(folder: Path) -> None:
    """So a drag at the right, above the middle, changes the right of the upper half and no more."""
    assert run(folder) == 0
    out = picture(folder.with_name("out") / "pictures" / "0.png")
    changed = (out != COFFEE).any(-1)
    assert not changed[60:].any()
    assert not changed[:, :110].any()
    assert changed[21:39, 121:139].mean() > 0.5
    other = picture(folder.with_name("out") / "pictures" / "animals" / "JH_2023-09-14-1820-16.png")
    assert (other[60:] == COFFEE[60:]).all()
    assert (other[:60, :115] != COFFEE[:60, :115]).any(-1).sum() > 300


def test_a_finished_case_is_not_run_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder) == 0
    out = folder.with_name("out")
    (out / "pictures" / "0.png").write_bytes(b"a picture that is there")
    rows = table(folder)
    Image.fromarray(COFFEE).save(out / "pictures" / "0.png")
    capsys.readouterr()
    assert run(folder) == 0
    assert "2 of 2 cases are done already." in capsys.readouterr().err
    assert table(folder) == rows
    assert (picture(out / "pictures" / "0.png") == COFFEE).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "0" / "prompt.json").write_text(
            json.dumps({"source": [[130, 30]], "target": [[150, 40]], "prompt": ""})
        ),
        lambda folder: (folder.with_name("out") / "pictures" / "0.png").unlink(),
        lambda folder: (folder.with_name("out") / "results.json").write_text("{"),
    ],
)
def test_a_case_runs_again_when_something_has_changed(
    folder: Path, change: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder) == 0
    change(folder)
    capsys.readouterr()
    assert run(folder) == 0
    assert ", 0: " in capsys.readouterr().err
    assert (folder.with_name("out") / "pictures" / "0.png").exists()


def test_other_settings_run_every_case_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder) == 0
    capsys.readouterr()
    assert run(folder, "--seed", 1) == 0
    assert "case 2 of 2" in capsys.readouterr().err
    assert "seed 1" in (folder.with_name("out") / "results.md").read_text()


def test_the_starter_is_asked_the_words_that_it_knows(folder: Path) -> None:
    assert run(folder, "--form", "settle", model="starter") == 0
    coffee, lake = table(folder).values()
    assert (coffee["prompt"], lake["prompt"]) == ("", "lake night")
    assert coffee["network_evaluations"] == coffee["network_calls"]
    assert lake["network_evaluations"] == 2 * lake["network_calls"]


def test_variants_of_a_case_are_files_of_their_own(folder: Path) -> None:
    assert run(folder, "--variants", 2, "--prompt", "") == 0
    row = table(folder)["0"]
    assert row["output"] == ["pictures/0-1.png", "pictures/0-2.png"]
    assert row["prompt"] == ""
    assert all((folder.with_name("out") / path).is_file() for path in row["output"])


def test_a_pair_that_stays_moves_nothing(tmp_path: Path) -> None:
    sde_drag(tmp_path / "bench" / "0", source=[[130, 30], [20, 20]], target=[[160, 40], [20, 20]])
    assert run(tmp_path / "bench") == 0
    assert table(tmp_path / "bench")["0"]["handles"] == 1


class Hostile:
    """What runs a command when a pickle of it is opened in the usual way."""

    def __reduce__(self) -> Any:
        return os.system, ("touch pwned",)


def broken_cases(folder: Path) -> dict[str, str]:
    """Cases that are wrong each in its own way, and what the table must say."""
    for name in ("no mask", "no points file", "cut picture", "no json"):
        sde_drag(folder / name)
    (folder / "no mask" / "mask.png").unlink()
    (folder / "no points file" / "prompt.json").unlink()
    cut = folder / "cut picture" / "origin_image.png"
    cut.write_bytes(cut.read_bytes()[:900])
    (folder / "no json" / "prompt.json").write_text("{'source'")
    sde_drag(folder / "unpaired", source=[[130, 30], [20, 20]])
    sde_drag(folder / "outside", target=[[160, 400]])
    sde_drag(folder / "nowhere", target=[[float("nan"), 40]])
    sde_drag(folder / "coincident", target=[[130, 30]])
    sde_drag(folder / "no pair", target=[[160, 40, 50]])
    sde_drag(folder / "black mask", mask=np.zeros_like(UPPER))
    sde_drag(folder / "small mask", mask=UPPER[:50])
    sde_drag(folder / "no text", prompt=3)
    drag_diffusion(folder / "odd", points=[(30, 30), (60, 40), (100, 20)])
    drag_diffusion(folder / "no array", mask=[[1, 1]])
    drag_diffusion(folder / "hostile", prompt=Hostile())
    drag_diffusion(folder / "objects", mask=np.array([[Hostile()]], dtype=object))
    pickled = drag_diffusion(folder / "cut pickle") / "meta_data.pkl"
    pickled.write_bytes(pickled.read_bytes()[:-30])
    (drag_diffusion(folder / "no picture") / "original_image.png").unlink()
    return {
        "no mask": "mask.png is missing.",
        "no points file": "prompt.json is missing.",
        "cut picture": "origin_image.png is damaged or cut short",
        "no json": "prompt.json is no JSON; get a fresh copy.",
        "unpaired": "prompt.json has 2 sources but 1 targets; they come in pairs.",
        "outside": "The handle ends at 160,400, outside the picture of 180 x 120 pixels",
        "nowhere": "A handle has no place in the picture; set its two ends again.",
        "coincident": "None of its points moves.",
        "no pair": "prompt.json has a point that is no pair of numbers.",
        "black mask": "Its mask frees nothing.",
        "small mask": "Its mask has 180 x 50 pixels but its picture 180 x 120.",
        "no text": "prompt.json has a prompt that is no text.",
        "odd": "meta_data.pkl has 3 points; sources and targets are an even number.",
        "no array": "meta_data.pkl has no mask of rows and columns.",
        "hostile": f"meta_data.pkl asks for {os.name}.system, which could run a stranger's program",
        "objects": "meta_data.pkl holds an array of something else than numbers",
        "cut pickle": "meta_data.pkl is damaged",
        "no picture": "original_image.png is missing.",
    }


def test_broken_cases_are_named_and_passed_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder.parent)
    expected = broken_cases(folder)
    assert run(folder) == 1
    rows = table(folder)
    assert set(rows) == {*expected, "0", "animals/JH_2023-09-14-1820-16"}
    for name, words in expected.items():
        assert words in rows[name]["error"], name
        assert str(folder) not in rows[name]["error"]
        assert not rows[name]["output"]
        assert not (folder.with_name("out") / "pictures" / f"{name}.png").exists()
    assert not rows["0"]["error"]
    assert "18 of 20 cases are broken, the rest is done" in capsys.readouterr().err
    assert not list(folder.parent.rglob("pwned"))
    assert "None of its points moves." in (folder.with_name("out") / "results.md").read_text()
    assert run(folder) == 1  # broken cases are tried again, and only they
    assert "2 of 20 cases are done already." in capsys.readouterr().err


def test_nothing_is_written_where_nothing_can_be_done(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    out = tmp_path / "out"
    for options, words in (
        ([tmp_path / "none"], "There is no folder"),
        ([tmp_path / "empty"], "holds no DragBench case: a folder with origin_image.png"),
        ([folder, "--strength", 2], "Strength is 2"),
        ([folder, "--radius", 0], "A handle's radius is 0 pixels"),
        ([folder, "--steps", 0], "Steps is 0"),
        ([folder, "--model", "starter", "--prompt", "castle"], "does not know 'castle'"),
        ([folder, "--model", tmp_path / "none"], "There is no model"),
    ):
        assert main(list(map(str, ["dragbench", *options, "-o", out]))) == 2
        said = capsys.readouterr().err
        assert words in said
        assert len(said.splitlines()) == 1
        assert not out.exists()
    assert main(["dragbench", str(folder), "-o", str(tmp_path / "file"), "--model", "toy"]) == 2
    assert "cannot be made" in capsys.readouterr().err


def test_results_below_the_folder_are_no_cases(folder: Path) -> None:
    (folder / "0").rename(folder / "origin_image")  # so that a result bears a layout's name
    arguments = ["dragbench", str(folder), "-o", str(folder / "out"), "--model", "toy", "--steps", "1"]
    assert main(arguments) == 0
    assert main(arguments) == 0
    names = [case.name for case in dragbench.found(folder, folder / "out")]
    assert names == ["animals/JH_2023-09-14-1820-16", "origin_image"]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "array",
    [
        UPPER,
        UPPER.astype(np.float32),
        UPPER > 0,
        np.asfortranarray(UPPER),
        UPPER[::2, ::3],
        UPPER.astype(">i4"),
    ],
)
def test_pickles_of_arrays_are_read_as_they_were(protocol: int, array: np.ndarray) -> None:
    value = {"mask": array, "points": [(1, 2), (np.int64(3), np.float32(4.5))], "prompt": "é", "none": None}
    read = plain_pickle.read(pickle.dumps(value, protocol))
    assert isinstance(read, dict)
    assert (read["mask"] == array).all()
    assert read["mask"].shape == array.shape
    assert read["points"] == [[1, 2], [3, 4.5]]
    assert (read["prompt"], read["none"]) == ("é", None)


class Asks:
    """A pickle of it calls a function with arguments."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize(
    "value",
    [
        Asks(os.system, "touch pwned"),
        Asks(eval, "open('pwned', 'w')"),
        Asks(getattr, "", "join"),
        Asks(subprocess.check_output, ["touch", "pwned"]),
        Asks(np.fromfile, "pwned"),
        Asks(np.load, "pwned"),
        Asks(Path, "pwned"),
        np.array([Asks(os.system, "touch pwned")], dtype=object),
        np.zeros(2, [("a", "O")]),
        np.array(["a"]),
        [1j],
    ],
)
def test_a_pickle_can_run_nothing(value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(plain_pickle.PickleError, match=r"asks for|something else than numbers"):
            plain_pickle.read(pickle.dumps(value, protocol))
    assert not list(tmp_path.glob("pwned"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        pickle.dumps({"mask": UPPER})[:-40],
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff",  # a frame of more bytes than there are
        b"cnumpy\ndtype\n}S'__call__'\nNsb.",  # sets an attribute of what a name leads to
        b"cnumpy\ndtype\n(S'f8'\ntR(I1\nS'?'\ntb.",  # a byte order that is none
        b"cnumpy.core.multiarray\n_reconstruct\n(tR(I1\n(I9\ntcnumpy\ndtype\n(S'f8'\ntRI00\nS'123'\ntb.",
        b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'f8'\ntRS'123'\ntR.",
        b"P1\n.",  # a persistent name
        b"(lp0\n" + b"(l" * 5000 + b"a" * 5000 + b".",
    ],
)
def test_damaged_pickles_are_refused(content: bytes) -> None:
    with pytest.raises(plain_pickle.PickleError):
        plain_pickle.read(content)


def test_a_pickle_that_holds_itself_is_read_once() -> None:
    """Shared and circular values take no more time than there is text."""
    shared: list[object] = [1]
    for _ in range(64):
        shared = [shared, shared]
    circle: list[object] = []
    circle.append(circle)
    read = plain_pickle.read(pickle.dumps([shared, circle]))
    assert isinstance(read, list)
    assert read[1][0] is read[1]
