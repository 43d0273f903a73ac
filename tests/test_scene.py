"""The rendered world: the same scene gives the same picture, and a change changes only what it should."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.starter.render import render, sheet
from engine.starter.scene import OBJECTS, Scene
from engine.starter.world import CLIMATES, draw, locate, move

SIZE = 64


def drawn(count: int, seed: int = 0, climates: list[str] | None = None) -> Scene:
    return draw(count, torch.Generator().manual_seed(seed), climates)


def picture(scene: Scene, row: int = 0) -> Tensor:
    return render(scene.rows(slice(row, row + 1)), SIZE, supersample=1.5)[0]


def test_the_same_seed_gives_the_same_picture() -> None:
    assert torch.equal(picture(drawn(1, 5)), picture(drawn(1, 5)))
    assert not torch.equal(picture(drawn(1, 5)), picture(drawn(1, 6)))


def test_every_climate_renders() -> None:
    pictures = render(drawn(len(CLIMATES), 3, list(CLIMATES)), SIZE, supersample=1)
    assert pictures.shape == (len(CLIMATES), 3, SIZE, SIZE)
    assert pictures.isfinite().all()
    assert (pictures.amin() >= 0) & (pictures.amax() <= 1)
    assert (pictures.std((1, 2, 3)) > 0.03).all()  # none of them is empty


def test_a_scene_looks_alike_in_any_batch() -> None:
    scene = drawn(3, 1)
    together = render(scene, SIZE, supersample=1.5)
    for row in range(3):
        assert torch.equal(together[row], picture(scene, row))


def test_nights_are_darker_than_days() -> None:
    scene = drawn(1, 2, ["meadow"])
    night = scene.rows(slice(0, 1))
    scene.night[:], night.night = 0.0, torch.ones(1)
    scene.sun_height[:], night.sun_height = 0.6, torch.full((1,), 0.3)
    assert picture(night).mean() < 0.6 * picture(scene).mean()


def with_balloon() -> tuple[Scene, int]:
    """A scene in which a balloon hangs well in view."""
    scene = drawn(200, 4)
    things, _ = locate(scene)
    column, row, height, there = things[:, OBJECTS.index("balloon")].unbind(-1)
    good = (there > 0) & (height > 0.12) & (row < 0.45) & (row > 0.2) & (column - 0.5).abs().lt(0.3)
    index = int((good & (scene.night == 0) & (scene.water < -1e4)).nonzero()[0])
    return scene.rows(slice(index, index + 1)), 0


def test_a_moved_thing_leaves_the_rest_of_the_world_alone() -> None:
    scene, row = with_balloon()
    moved = move(scene, "balloon", row, x=float(scene.place[row, 0, 0]) + 8)
    difference = (picture(scene) - picture(moved)).abs().amax(0)
    changed = difference > 0.02
    assert changed.any()
    things, _ = locate(scene)
    column, foot, height, _ = things[row, 0].tolist()
    new_column = locate(moved)[0][row, 0, 0].item()
    rows, columns = changed.nonzero().unbind(1)
    assert rows.min() >= (foot - 1.2 * height) * SIZE - 2
    assert rows.max() <= foot * SIZE + 2
    assert columns.min() >= (min(column, new_column) - 0.6 * height) * SIZE - 2
    assert columns.max() <= (max(column, new_column) + 0.6 * height) * SIZE + 2


def test_the_sun_is_where_it_is_said_to_be() -> None:
    scene = drawn(60, 8, ["meadow"])
    _, sun = locate(scene)
    column, row, front = sun.unbind(1)
    seen = (front > 0) & (column - 0.5).abs().lt(0.35) & (row > 0.1) & (row < scene.horizon - 0.15)
    clear = seen & (scene.night == 0) & (scene.overcast == 0) & (scene.cloud_cover < -1)
    index = int(clear.nonzero()[0])
    image = picture(scene, index).mean(0)
    x, y = int(column[index] * SIZE), int(row[index] * SIZE)
    assert image[y - 1 : y + 2, x - 1 : x + 2].max() > 0.9 * image[: y + 8].max()


def test_moving_the_sun_moves_the_shadows_only_by_light() -> None:
    scene = drawn(1, 9, ["alpine"])
    later = move(scene, "sun", 0, y=0.2)
    assert torch.equal(later.place, scene.place)
    assert (picture(scene) - picture(later)).abs().mean() > 0.01


def test_a_contact_sheet_holds_every_picture() -> None:
    pictures = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 3, 8, 8)
    laid = sheet(pictures, 2)
    assert laid.shape == (16, 16, 3)
    assert laid[0, 0, 0] == 0
    assert laid[0, 8, 0] == 1
    assert laid[8, 0, 0] == 2


def test_the_sun_or_moon_is_often_in_view() -> None:
    """What people paint must be frequent in what the network sees."""
    scene = drawn(400, 11)
    column, row, front = locate(scene)[1].unbind(1)
    seen = (front > 0) & (column > 0) & (column < 1) & (row > 0) & (row < scene.horizon)
    assert seen.float().mean() > 0.33
