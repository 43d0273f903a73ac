"""Settings survive the trip to disk, other versions' keys, and nonsense."""

from __future__ import annotations

import logging
from dataclasses import fields, replace
from pathlib import Path

import pytest

from ui.settings import Settings, load_settings, save_settings


def test_settings_come_back_as_they_were_saved(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "settings.toml"
    ours = replace(
        Settings(), strength=70, seed_locked=True, area="whole", recent_files=("/a.png", "/b c.png")
    )
    save_settings(file, ours)
    assert load_settings(file) == ours


def test_without_a_file_the_defaults_are_used(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.toml") == Settings()


def test_keys_and_comments_of_other_versions_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("# mine\nfuture = 'yes'\nstrength = 40\n", encoding="utf-8")
    settings = load_settings(file)
    save_settings(file, replace(settings, steps=30))
    text = file.read_text(encoding="utf-8")
    assert "# mine" in text
    assert "future = 'yes'" in text
    assert load_settings(file) == replace(Settings(), strength=40, steps=30)


@pytest.mark.parametrize(
    "line",
    [
        "strength = 4000",
        "strength = 'much'",
        "strength = true",
        "seed_locked = 1",
        "area = 'moon'",
        "recent_files = 'a.png'",
        "recent_files = [1, 2]",
    ],
)
def test_a_bad_value_becomes_the_default_with_one_line_in_the_log(
    tmp_path: Path, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f"{line}\nsteps = 33\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert load_settings(file) == replace(Settings(), steps=33)
    assert len(caplog.records) == 1
    assert line.split(maxsplit=1)[0] in caplog.text


def test_a_damaged_file_is_replaced_by_defaults_and_can_be_saved_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(b"strength = = \xff")
    with caplog.at_level(logging.WARNING):
        assert load_settings(file) == Settings()
        save_settings(file, Settings())
    assert load_settings(file) == Settings()


def test_saving_leaves_no_scraps_beside_the_file(tmp_path: Path) -> None:
    save_settings(tmp_path / "ours" / "settings.toml", Settings())
    assert [path.name for path in (tmp_path / "ours").iterdir()] == ["settings.toml"]


def test_every_setting_has_a_label_and_every_number_a_range() -> None:
    for each in fields(Settings):
        assert each.metadata["label"]
        if isinstance(each.default, int) and not isinstance(each.default, bool):
            low, high = each.metadata["range"]
            assert low <= each.default <= high
