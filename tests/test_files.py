"""Names, kinds and samples of files, as the window's dialogs and menus need them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl

from engine.pictures import READS, WRITES, open_picture
from ui import files


def test_the_filters_name_every_kind_that_can_be_read_and_written() -> None:
    assert all(f"*{ending}" in files.open_filters()[0] for ending in READS)
    assert all(any(f"*{ending}" in text for text in files.save_filters()) for ending in WRITES)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("a.png", 1, "a.png"),
        ("a.JPG", 0, "a.JPG"),
        ("a.ORA", 3, "a.ORA"),
        ("a", 0, "a.ora"),
        ("a", 1, "a.psd"),
        ("a", 2, "a.png"),
        ("a.v2", 4, "a.v2.webp"),
    ],
)
def test_a_name_gets_the_ending_of_the_chosen_kind_unless_it_has_one(
    name: str, kind: int, expected: str
) -> None:
    assert files.named(Path(name), files.save_filters()[kind]) == Path(expected)


def test_a_name_without_any_choice_becomes_a_project() -> None:
    assert files.named(Path("/x/picture")) == Path("/x/picture.ora")


def test_recent_files_are_newest_first_without_repeats_and_not_too_many(tmp_path: Path) -> None:
    recent: tuple[str, ...] = ()
    for number in (*range(12), 5):
        recent = files.remembered(recent, tmp_path / f"{number}.png")
    assert recent[0] == str(tmp_path / "5.png")
    assert len(recent) == files.RECENT == len(set(recent))


def test_every_sample_can_be_opened() -> None:
    assert files.samples()
    for name, path in files.samples():
        assert name[0].isupper()
        assert open_picture(path).rgba.size


def test_of_what_is_dropped_the_first_local_file_counts(tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/a.png"), QUrl.fromLocalFile(str(tmp_path / "b.png"))])
    assert files.dropped_file(mime) == tmp_path / "b.png"
    assert files.holds_picture(mime)
    assert not files.holds_picture(QMimeData())
