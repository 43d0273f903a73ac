"""The rendered world: the same scene gives the same picture, and a change changes only what it should."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from engine.starter import render as front_door
from engine.starter.climates import CLIMATES
from engine.starter.film import sheet
from engine.starter.places import locate, move, relit, without
from engine.starter.render import render
from engine.starter.scene import BALLOON, BOAT, DRY_LAND, FLYING, HUT, KNOTS, OBJECTS, TREE, Scene
from engine.starter.sky import lighting
from engine.starter.world import draw

SIZE = 64
EDGE = 3  # pixels: how far shrinking and sharpening carry a change


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Pictures as small as these are rendered faster by one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def drawn(count: int, seed: int, *climates: str) -> Scene:
    return draw(count, torch.Generator().manual_seed(seed), climates)


def picture(scene: Scene, row: int = 0) -> Tensor:
    """(3, SIZE, SIZE)."""
    return render(scene.rows(slice(row, row + 1)), SIZE, supersample=1.5)[0]


def afternoon(scene: Scene) -> Scene:
    """The scene under a clear sky, with the sun high on the right, out of view."""
    zero, like = torch.zeros_like(scene.eye), torch.full_like
    return replace(
        scene,
        night=zero,
        overcast=zero,
        fog=zero,
        cloud_cover=like(zero, -1.5),
        sun_azimuth=like(zero, 1.6),
        sun_height=like(zero, 0.6),
    )


def with_thing(thing: int, column: float = 0.4, flooded: bool = False) -> Scene:
    """A plain, or a calm sea, on an afternoon, and one thing in it, a quarter of the picture high."""
    one = torch.ones(1)
    scene = replace(
        afternoon(drawn(1, 2, "meadow")),
        profile=torch.zeros(1, KNOTS),
        amplitude=torch.zeros(1, KNOTS),
        valley=0 * one,
        tilt=0 * one,
        eye=5 * one,
        focal=one,
        horizon=0.6 * one,
        water=0.5 * one if flooded else DRY_LAND * one,
        waves=0.01 * one,
        cover=-2 * one,  # no woods, in which a thing might be lost
    )
    present, place, size = torch.zeros_like(scene.present), scene.place.clone(), scene.size.clone()
    far = 300.0 if thing in FLYING else 30.0
    present[0, thing], size[0, thing] = 1, 0.25 * far
    place[0, thing] = torch.tensor(((column - 0.5) * far, 0.27 * far, far))
    return replace(scene, present=present, place=place, size=size)


def without_things(scene: Scene) -> Scene:
    return replace(scene, present=torch.zeros_like(scene.present))


def changed(before: Scene, after: Scene) -> Tensor:
    """(SIZE, SIZE) of rows and columns: True where the two pictures are not the same, to the bit."""
    return (picture(before) != picture(after)).any(0)


def columns_of(scene: Scene, thing: int) -> tuple[int, int]:
    """The columns that a thing may touch, first and last."""
    column, _, high, _ = locate(scene)[0][0, thing].tolist()
    return int((column - high) * SIZE) - EDGE, int((column + high) * SIZE) + EDGE


def test_the_same_seed_gives_the_same_picture() -> None:
    assert torch.equal(picture(drawn(1, 5)), picture(drawn(1, 5)))
    assert not torch.equal(picture(drawn(1, 5)), picture(drawn(1, 6)))


def test_every_climate_renders() -> None:
    pictures = render(drawn(len(CLIMATES), 3, *CLIMATES), SIZE, supersample=1)
    assert pictures.shape == (len(CLIMATES), 3, SIZE, SIZE)
    assert pictures.isfinite().all()
    assert pictures.amin() >= 0
    assert pictures.amax() <= 1
    assert (pictures.std((1, 2, 3)) > 0.03).all()  # none of them is empty


def test_a_scene_looks_alike_in_any_batch() -> None:
    scene = drawn(3, 1)
    together = render(scene, SIZE, supersample=1.5, chunk=3)
    for row in range(3):
        assert torch.equal(together[row], picture(scene, row))


def test_more_scenes_do_not_make_a_gpu_wait_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every number that the host reads from a tensor would make it wait."""
    waits: list[str] = []

    def watched(name: str) -> Callable[[Tensor], Any]:
        read = getattr(Tensor, name)

        def counted(tensor: Tensor) -> Any:
            waits.append(name)
            return read(tensor)

        return counted

    for name in ("__bool__", "__int__", "__float__", "item", "nonzero", "tolist"):
        monkeypatch.setattr(Tensor, name, watched(name))
    scene = without_things(drawn(1, 3, "lake"))
    counts = []
    for batch in (1, 5):
        waits.clear()
        render(scene.rows(torch.zeros(batch, dtype=torch.long)), SIZE, supersample=1, chunk=batch)
        counts.append(len(waits))
    assert 0 < counts[0] == counts[1] < 40


def test_nights_are_darker_than_days() -> None:
    day = afternoon(drawn(1, 2, "meadow"))
    assert picture(replace(day, night=torch.ones(1))).mean() < 0.6 * picture(day).mean()


def test_winter_is_white_and_meadows_are_green() -> None:
    """The ground at the picture's lower edge."""
    winter, meadow = (picture(afternoon(drawn(1, 4, climate)))[:, -12:] for climate in ("winter", "meadow"))
    assert winter.mean() > meadow.mean() + 0.1
    assert meadow[1].mean() > meadow[2].mean() + 0.05


@pytest.mark.parametrize("thing", range(6), ids=OBJECTS[:6])
def test_every_thing_is_seen_where_it_is_said_to_be(thing: int) -> None:
    scene = with_thing(thing, flooded=thing == BOAT)
    column, foot, high, seen = locate(scene)[0][0, thing].tolist()
    assert seen == 1
    assert column == pytest.approx(0.4)
    assert high == pytest.approx(0.25)
    touched = changed(without_things(scene), scene)
    above = touched[: int((foot - 0.2 * high) * SIZE)]  # neither its shadow nor its image in the water
    rows, columns = above.nonzero().unbind(1)
    assert len(rows) > 10
    assert rows.min() >= (foot - 1.15 * high) * SIZE - EDGE
    assert columns.min() >= columns_of(scene, thing)[0]
    assert columns.max() <= columns_of(scene, thing)[1]


def test_a_moved_balloon_leaves_the_rest_alone() -> None:
    scene = with_thing(BALLOON)
    moved = move(scene, "balloon", 0, x=45.0)
    rows, columns = changed(scene, moved).nonzero().unbind(1)
    _, foot, high, _ = locate(scene)[0][0, BALLOON].tolist()
    assert rows.min() >= (foot - 1.15 * high) * SIZE - EDGE
    assert rows.max() <= (foot + 0.1 * high) * SIZE + EDGE
    assert columns_of(scene, BALLOON)[0] <= columns.min() < 0.4 * SIZE
    assert 0.65 * SIZE < columns.max() <= columns_of(moved, BALLOON)[1]


def test_a_moved_thing_takes_its_shadow_along() -> None:
    """The sun stands on the right: a hut's shadow reaches further to the left than the hut."""
    scene = with_thing(HUT, column=0.6)
    touched = changed(scene, move(scene, "hut", 0, x=9.0))
    assert touched[:, : columns_of(scene, HUT)[0]].any()
    _, foot, high, _ = locate(scene)[0][0, HUT].tolist()
    assert not touched[: int((foot - 1.15 * high) * SIZE) - EDGE].any()


def test_a_moved_boat_takes_its_mirror_image_along() -> None:
    scene = with_thing(BOAT, flooded=True)
    moved = move(scene, "boat", 0, x=5.0)
    rows, columns = changed(scene, moved).nonzero().unbind(1)
    _, foot, high, _ = locate(scene)[0][0, BOAT].tolist()
    assert (rows > (foot + 0.3 * high) * SIZE).any()
    assert rows.min() >= (foot - 1.15 * high) * SIZE - EDGE
    assert rows.max() <= (foot + 1.15 * high) * SIZE + EDGE
    assert columns.min() >= columns_of(scene, BOAT)[0]
    assert columns.max() <= columns_of(moved, BOAT)[1]


def test_a_thing_taken_away_leaves_the_rest_alone() -> None:
    scene = with_thing(BALLOON)
    alone = without(scene, "balloon", 0)
    assert torch.equal(picture(alone), picture(without_things(scene)))
    _, columns = changed(scene, alone).nonzero().unbind(1)
    assert columns_of(scene, BALLOON)[0] <= columns.min()
    assert columns.max() <= columns_of(scene, BALLOON)[1]
    assert scene.present[0, BALLOON] == 1


def test_another_light_falls_on_the_same_world() -> None:
    """Where things, land and grain are does not change; what the light is does, in the one picture alone."""
    scene = afternoon(drawn(2, 9, "meadow"))
    dusk = relit(scene, 1, height=0.05, azimuth=-1.0)
    night = relit(scene, 1, night=True)
    grey = relit(scene, 1, overcast=1.0)
    lights = ("sun_height", "sun_azimuth", "night", "overcast")
    for other in (dusk, night, grey):
        rest = [field.name for field in fields(Scene) if field.name not in lights]
        assert all(torch.equal(getattr(other, name), getattr(scene, name)) for name in rest)
        assert torch.equal(picture(other), picture(scene))
        assert (picture(other, 1) - picture(scene, 1)).abs().mean() > 0.03
        assert torch.equal(locate(other)[0], locate(scene)[0])


def test_what_hides_a_thing_is_told() -> None:
    scene = with_thing(HUT)
    tall = scene.profile.clone()
    tall[0, 1] = 40  # a hill 24 metres ahead, before the hut
    hill = replace(scene, profile=tall, place=scene.place.clone())
    hill.place[0, HUT, 2] = 300
    assert not changed(without_things(hill), hill).any()
    assert locate(hill)[0][0, HUT, 3] == 0
    outside = move(scene, "hut", 0, x=100.0)
    assert locate(outside)[0][0, HUT, 3] == 0
    assert locate(without(scene, "hut", 0))[0][0, HUT, 3] == 0
    half = move(scene, "hut", 0, x=15.0)  # its middle at the picture's edge
    assert locate(half)[0][0, HUT, 3] == pytest.approx(0.5)


def test_a_crop_shows_what_a_larger_picture_shows_there() -> None:
    scene = drawn(2, 3, "alpine", "lake")
    window = torch.tensor([[0.25, 0.5, 0.5, 0.75], [0.5, 0.25, 0.75, 0.5]])
    crops = render(scene, SIZE, window=window, supersample=1.5)
    large = render(scene, 4 * SIZE, supersample=1.5)
    small = render(scene, SIZE, supersample=1.5)
    for crop, of_large, of_small, (left, top, _, _) in zip(crops, large, small, window, strict=True):
        x, y = int(left * 4 * SIZE), int(top * 4 * SIZE)
        there = of_large[:, y : y + SIZE, x : x + SIZE]
        quarter = of_small[:, y // 4 : y // 4 + SIZE // 4, x // 4 : x // 4 + SIZE // 4]
        enlarged = F.interpolate(quarter[None], scale_factor=4.0, mode="bilinear")[0]
        assert (crop - there).abs().mean() < 0.4 * (enlarged - there).abs().mean()
        assert abs(crop.mean() - there.mean()) < 0.01


def test_the_whole_view_is_a_window_like_others() -> None:
    scene = drawn(2, 3)
    window = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.2, 0.4, 0.7, 0.9]])
    pictures = render(scene, SIZE, window=window, supersample=1.5)
    assert torch.equal(pictures[0], picture(scene))
    alone = render(scene.rows(slice(1, 2)), SIZE, window=window[1:], supersample=1.5)
    assert torch.equal(pictures[1], alone[0])


@pytest.mark.parametrize("aspect", [3.0, 1 / 3])
def test_a_view_may_be_wide_or_tall(aspect: float) -> None:
    """Things keep their shape, and stand where they are said to."""
    scene = replace(with_thing(BALLOON), aspect=torch.full((1,), aspect), focal=torch.full((1,), 0.6))
    width, height = (3 * SIZE, SIZE) if aspect > 1 else (SIZE, 3 * SIZE)
    with_it = render(scene, width, supersample=1.5)[0]
    assert with_it.shape == (3, height, width)
    without_it = render(without_things(scene), width, height, supersample=1.5)[0]
    rows, columns = (with_it - without_it).abs().amax(0).gt(0.02).nonzero().unbind(1)
    column, foot, high, seen = locate(scene)[0][0, BALLOON].tolist()
    assert seen == 1
    assert abs(int(rows.max()) - foot * height) < EDGE
    assert abs(int(rows.min()) - (foot - high) * height) < EDGE
    assert abs((int(columns.min()) + int(columns.max())) / 2 - column * width) < EDGE
    assert int(columns.max() - columns.min()) == pytest.approx(0.72 * high * height, abs=2 * EDGE)


def test_a_shape_that_would_distort_is_refused() -> None:
    scene = drawn(1, 3)
    with pytest.raises(ValueError, match="must be 32 pixels high"):
        render(scene, SIZE, SIZE, torch.tensor([[0.0, 0.0, 1.0, 0.5]]))
    with pytest.raises(ValueError, match="in fractions of the view"):
        render(scene, SIZE, SIZE, torch.tensor([[0.5, 0.0, 0.2, 1.0]]))
    with pytest.raises(ValueError, match="four numbers"):
        render(scene, SIZE, SIZE, torch.zeros(2, 4))
    with pytest.raises(ValueError, match="between 1/3 and 3"):
        draw(1, torch.Generator(), aspect=4.0)


def test_moving_leaves_the_scene_and_its_neighbours_as_they_were() -> None:
    scene = drawn(2, 9)
    before = scene.place.clone()
    moved = move(scene, "tree", 1, x=3.0, z=20.0)
    assert torch.equal(scene.place, before)
    assert torch.equal(moved.place[0], before[0])
    assert moved.place[1, TREE].tolist() == [3.0, before[1, TREE, 1], 20.0]


def test_the_sun_is_where_it_is_said_to_be() -> None:
    scene = replace(afternoon(drawn(1, 8, "meadow")), horizon=torch.full((1,), 0.7))
    for azimuth, height in ((-0.2, 0.25), (0.15, 0.35)):
        moved = move(scene, "sun", 0, x=azimuth, y=height)
        (column, row, seen), image = locate(moved)[1][0].tolist(), picture(moved).mean(0)
        brightest = int(image[: int(0.6 * SIZE)].argmax())
        assert seen == 1
        assert abs(brightest % SIZE + 0.5 - column * SIZE) < 3
        assert abs(brightest // SIZE + 0.5 - row * SIZE) < 3


def test_a_low_sun_is_dimmer_and_redder() -> None:
    scene = afternoon(drawn(1, 9, "meadow"))
    low = move(scene, "sun", 0, y=0.1)
    red, _, blue = (lighting(low).sun / lighting(scene).sun)[0].tolist()
    assert blue < 0.8 * red < 0.8
    assert picture(low)[:, -16:].mean() < 0.8 * picture(scene)[:, -16:].mean()


def test_the_sun_or_moon_is_often_in_view() -> None:
    """What people paint must be frequent in what the network sees."""
    scene = drawn(200, 11)
    assert (locate(scene)[1][:, 2] > 0.5).float().mean() > 0.25


def test_a_contact_sheet_holds_every_picture() -> None:
    pictures = torch.arange(1.0, 4.0).view(3, 1, 1, 1).expand(3, 3, 8, 8)
    laid = sheet(pictures, 2)
    assert laid.shape == (16, 16, 3)
    assert [laid[0, 0, 0], laid[0, 8, 0], laid[8, 0, 0], laid[8, 8, 0]] == [1, 2, 3, 0]


def test_the_command_writes_a_contact_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sheet.png"
    monkeypatch.setattr(sys, "argv", ["render", "1", "5", str(path)])
    front_door.main()
    with Image.open(path) as image:
        assert image.size == (256, 256)
