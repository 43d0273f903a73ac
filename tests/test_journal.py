"""The journal loses nothing: not at a crash, not with a full disk, not with several windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt

from engine.area import Rect
from engine.pictures import PictureError
from tests.bench import Bench, scenario
from tests.fingerprint import fingerprint
from tests.hands import mouse
from tests.kills import kill_after
from tests.test_filing import full_disk
from tests.test_openraster import noise, rich
from ui import journal
from ui.dialogs import SaveFirstDialog
from ui.document import Document, Foreign, layer_from, premultiplied, read
from ui.files import save_document
from ui.journal import Entry, Journal, Preview, left_over, recover, thumbnail
from ui.recovery import Card, OverCanvas
from ui.session import Overlay

pytestmark = pytest.mark.qt_log_ignore("plugin does not support")  # offscreen says so


def entry(document: Document, **more: object) -> Entry:
    return replace(Entry(document, 0, "a.ora", "/x/a.ora"), **more)  # type: ignore[arg-type]


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Callable[[], Journal]]:
    """Makes journals, which crash at the end at the latest."""
    made: list[Journal] = []

    def make() -> Journal:
        made.append(Journal(tmp_path))
        return made[-1]

    yield make
    for kept in made:
        crashed(kept)


def crashed(kept: Journal) -> None:
    """As after kill -9: nothing is tidied up, and the lock is nobody's."""
    kept._close()
    kept._lock.unlock()


def test_everything_comes_back_exactly(begun: Callable[[], Journal], tmp_path: Path) -> None:
    document = replace(rich(), foreign=Foreign("<image />", MappingProxyType({"a/b": b"\0\1"})))
    kept = begun()
    kept.write(entry(document, active=document.layers[1].uid))
    crashed(kept)
    (left,) = left_over(tmp_path)
    assert (left.name, left.path) == ("a.ora", "/x/a.ora")
    assert left.thumbnail.startswith(b"\x89PNG")
    recovered = recover(left.folder)
    assert fingerprint(recovered.document) == fingerprint(document)
    assert recovered.active == recovered.document.layers[1].uid


def test_only_new_tiles_are_written(begun: Callable[[], Journal]) -> None:
    document = Document(1024, 1024).with_layer(layer_from(noise(1024, 1024), "A", "picture"))
    kept = begun()
    kept.write(entry(document))
    pack = next(kept.folder.glob("tiles-*"))
    first = pack.stat().st_size
    kept.write(entry(document.with_layer(layer_from(noise(9, 9), "B", "strokes"))))
    assert pack.stat().st_size - first < 2000


def test_what_is_not_needed_any_more_goes(
    begun: Callable[[], Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LIMIT", 100_000)
    kept = begun()
    for _ in range(12):
        document = Document(256, 256).with_layer(layer_from(noise(200, 200), "A", "strokes"))
        kept.write(entry(document))
    assert sum(file.stat().st_size for file in kept.folder.iterdir()) < 700_000
    crashed(kept)
    assert fingerprint(recover(kept.folder).document) == fingerprint(document)


def test_a_journal_in_use_is_left_alone(begun: Callable[[], Journal], tmp_path: Path) -> None:
    mine, other = begun(), begun()
    mine.write(entry(rich()))
    other.write(entry(rich()))
    assert left_over(tmp_path) == []
    crashed(other)
    (left,) = left_over(tmp_path)
    assert left.folder == other.folder
    assert left_over(tmp_path) == []  # it is offered once only
    left.discard()
    assert not other.folder.exists()
    mine.end()
    assert not list(tmp_path.iterdir())


def test_what_is_empty_or_old_is_taken_away(
    begun: Callable[[], Journal], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty, old = begun(), begun()
    empty.write(entry(rich()))
    empty.forget()
    old.write(entry(rich()))
    crashed(empty)
    crashed(old)
    monkeypatch.setattr(journal, "OLD", -1)
    assert left_over(tmp_path) == []
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_a_full_disk_leaves_the_state_before(begun: Callable[[], Journal]) -> None:
    document = Document(600, 600).with_layer(layer_from(noise(600, 600), "A", "strokes"))
    kept = begun()
    kept.write(entry(document))
    size = next(kept.folder.glob("tiles-*")).stat().st_size
    more = document.with_layer(layer_from(noise(600, 600), "B", "strokes"))
    for most in (size + 1000, size, 100, 0):
        with full_disk(most), pytest.raises(PictureError, match="free some space"):
            kept.write(entry(more))
        assert fingerprint(recover(kept.folder).document) == fingerprint(document)
    kept.write(entry(more))
    crashed(kept)
    assert fingerprint(recover(kept.folder).document) == fingerprint(more)


def test_a_damaged_journal_is_a_sentence(begun: Callable[[], Journal]) -> None:
    kept = begun()
    kept.write(entry(rich()))
    crashed(kept)
    pack = next(kept.folder.glob("tiles-*"))
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 1
    pack.write_bytes(content)
    with pytest.raises(PictureError, match="cannot be read"):
        recover(kept.folder)


def test_what_an_edit_was_showing_becomes_a_result(begun: Callable[[], Journal]) -> None:
    pixels = premultiplied(np.full((16, 20, 4), (200, 100, 50, 255), np.uint8))
    kept = begun()
    kept.write(entry(rich(), preview=Preview(Rect(10, 20, 40, 32), pixels, '{"seed": 1}')))
    crashed(kept)
    result = recover(kept.folder).document.results[-1]
    assert result.at == Rect(10, 20, 40, 32)
    assert result.pixels.shape == (32, 40, 4)
    assert result.pixels[9, 9].tolist() == [200, 100, 50, 255]
    assert result.recipe == '{"seed": 1}'


@pytest.mark.parametrize("size", [(1, 1), (400, 300), (2000, 300)])
def test_the_thumbnail_is_the_picture_at_every_so_many_pixels(size: tuple[int, int]) -> None:
    width, height = size
    document = Document(width, height).with_layer(layer_from(noise(height, width), "A", "picture"))
    step = {1: 1, 400: 4, 2000: 16}[width]
    assert (thumbnail(document) == read(document, document.rect)[::step, ::step]).all()


@scenario
async def test_the_window_keeps_a_journal_while_there_is_something_to_lose(bench: Bench) -> None:
    journaling = bench.window.journaling
    await journaling.write_now()
    assert not journal.journals().exists()  # nothing was done yet
    bench.stroke()
    await journaling.write_now()
    (folder,) = (path for path in journal.journals().iterdir() if path.is_dir())
    assert fingerprint(recover(folder).document) == fingerprint(bench.session.document)
    await bench.window.filing.write(bench.folder / "a.ora")
    await journaling.write_now()
    assert not (folder / journal.STATE).exists()
    bench.stroke((10, 10), (60, 50))
    await journaling.write_now()
    assert (folder / journal.STATE).exists()
    bench.session.mark_saved()
    await bench.window.shut_down()
    assert not list(journal.journals().iterdir())


@scenario
async def test_a_stroke_under_way_is_in_it(bench: Bench) -> None:
    canvas = bench.window.canvas
    mouse(canvas, QEvent.Type.MouseButtonPress, (20, 30))
    mouse(canvas, QEvent.Type.MouseMove, (60, 30))
    shown = read(bench.session.shown, bench.session.shown.rect)
    await bench.window.journaling.write_now()
    (folder,) = (path for path in journal.journals().iterdir() if path.is_dir())
    document = recover(folder).document
    assert (read(document, document.rect) == shown).all()
    mouse(canvas, QEvent.Type.MouseButtonRelease, (60, 30))


@scenario
async def test_an_edit_under_way_is_in_it(bench: Bench) -> None:
    await bench.begin_long_edit()
    overlay = bench.session.overlay
    assert isinstance(overlay, Overlay)
    await bench.window.journaling.write_now()
    (folder,) = (path for path in journal.journals().iterdir() if path.is_dir())
    result = recover(folder).document.results[-1]
    assert result.at == overlay.rect
    assert '"operation"' in result.recipe
    bench.key(Qt.Key.Key_Escape)
    await bench.finish()


@scenario
async def test_a_journal_that_cannot_be_written_is_told_of_once(bench: Bench) -> None:
    told: list[str] = []
    bench.window.journaling.failed.connect(told.append)
    bench.stroke()
    with full_disk(10):
        await bench.window.journaling.write_now()
        await bench.window.journaling.write_now()
    assert len(told) == 1
    assert "free some space" in told[0]
    bench.stroke()
    assert bench.window.messages.isVisible()
    await bench.window.journaling.write_now()
    assert not bench.window.messages.isVisible(), "it works again"
    (folder,) = (path for path in journal.journals().iterdir() if path.is_dir())
    assert fingerprint(recover(folder).document) == fingerprint(bench.session.document)


@scenario
async def test_the_next_start_offers_what_was_left(bench: Bench) -> None:
    path = bench.folder / "a.ora"
    save_document(path, Document(8, 8))
    document = rich()
    for name in (str(path), ""):
        kept = Journal()
        kept.write(Entry(document, document.layers[1].uid, "a.ora" if name else "Untitled", name))
        crashed(kept)
    bench.window.recovery.offer()
    await bench.until(lambda: bench.window.findChild(Card) is not None)
    card = bench.window.findChild(Card)
    assert isinstance(card, Card)
    first = next(row for row in card.rows if row.kept.path)
    bench.click(first.recover_button)
    await bench.until(lambda: len(card.rows) == 1)
    assert fingerprint(bench.session.document) == fingerprint(document)
    assert bench.window.filing.path == path
    assert bench.window.isWindowModified()
    assert bench.session.active == bench.session.document.layers[1].uid
    assert not first.kept.folder.exists()
    own = [folder for folder in journal.journals().iterdir() if folder.is_dir()]
    assert len(own) == 2  # ours, and the one that is still offered
    bench.click(card.rows[0].discard_button)
    assert len(card.rows) == 1  # it asks once more
    bench.click(card.rows[0].discard_button)
    await bench.until(lambda: not card.rows)
    await bench.until(lambda: bench.window.findChild(OverCanvas) is None)


@scenario
async def test_what_is_recovered_is_kept_until_the_journal_has_it(bench: Bench) -> None:
    kept = Journal()
    kept.write(entry(rich()))
    crashed(kept)
    bench.window.recovery.offer()
    await bench.until(lambda: bench.window.recovery.card is not None)
    card = bench.window.recovery.card
    assert card is not None
    with full_disk(10):
        bench.click(card.rows[0].recover_button)
        await bench.until(lambda: bench.session.document.width == rich().width)
        await bench.until(card.isEnabled)
    assert (kept.folder / journal.STATE).exists()
    bench.click(card.rows[0].recover_button)
    await bench.until(lambda: bench.window.findChild(SaveFirstDialog) is not None)


@scenario
async def test_what_is_put_off_is_kept(bench: Bench) -> None:
    kept = Journal()
    kept.write(entry(rich()))
    crashed(kept)
    bench.window.recovery.offer()
    await bench.until(lambda: bench.window.findChild(OverCanvas) is not None)
    card = bench.window.recovery.card
    assert card is not None
    bench.click(card.later_button)
    await bench.until(lambda: bench.window.findChild(OverCanvas) is None)
    assert (kept.folder / journal.STATE).exists()


@scenario
async def test_on_the_start_page_the_card_lies_among_its_notices(bench: Bench) -> None:
    kept = Journal()
    kept.write(entry(Document(8, 8).with_layer(layer_from(noise(8, 8), "A", "strokes"))))
    crashed(kept)
    bench.window.comfort.show_start()
    bench.window.recovery.offer()
    await bench.until(lambda: bench.window.recovery.card is not None)
    card = bench.window.recovery.card
    assert card is not None
    await bench.until(card.isVisible)
    bench.click(card.rows[0].recover_button)
    await bench.until(lambda: bench.session.document.width == 8)
    await bench.until(bench.window.canvas.isVisible)


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_moment_nothing_is_damaged_and_nothing_lost_that_was_kept(
    tmp_path: Path, seed: int
) -> None:
    """`python -m tests.benchmarks.crashes` does this 200 times, and says how many seconds are lost."""
    left = kill_after(0.4 + 1.1 * seed, seed, tmp_path)
    assert left.steps
    assert not left.lost
