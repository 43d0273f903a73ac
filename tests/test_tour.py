"""The tour points at the real window, can be left at any step, and is offered once."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.bench import Bench, scenario
from ui.settings import load_settings
from ui.tour import Tour


def tour_of(bench: Bench) -> Tour:
    bench.window.comfort.offer_tour()
    tour = bench.window.findChild(Tour)
    assert isinstance(tour, Tour)
    return tour


@scenario
async def test_three_steps_lead_through_the_window(bench: Bench) -> None:
    tour = tour_of(bench)
    window = bench.window
    for number, part in enumerate((window.tool_bar, window.edit_panel.main, window.layers)):
        assert tour.number == number
        centre = part.mapTo(window, QPoint(part.width() // 2, part.height() // 2))
        assert tour._target().contains(centre)
        assert not tour.box.geometry().contains(centre)
        assert tour.rect().contains(tour.box.geometry())
        bench.click(tour.next_button)
    assert not tour.isVisible()


@scenario
async def test_it_can_be_skipped_and_is_not_offered_again(bench: Bench) -> None:
    tour = tour_of(bench)
    QTest.keyClick(tour, Qt.Key.Key_Escape)
    assert not tour.isVisible()
    assert bench.window.settings.tour_seen
    await bench.window.shut_down()
    assert load_settings(bench.settings_file).tour_seen


@scenario
async def test_it_waits_until_the_start_page_is_left(bench: Bench) -> None:
    window = bench.window
    window.comfort.show_start()
    window.comfort.offer_tour()
    assert window.findChild(Tour) is None
    window.pages.currentChanged.connect(window.comfort.offer_tour)
    bench.key(Qt.Key.Key_Escape)
    assert window.findChild(Tour) is not None


@scenario
async def test_keys_of_the_window_do_nothing_meanwhile(bench: Bench) -> None:
    tour = tour_of(bench)
    tool = bench.window.holding.tool
    QTest.keyClick(tour, Qt.Key.Key_E)
    assert bench.window.holding.tool is tool
    tour.end()


@scenario
async def test_the_keyboard_stays_in_the_tour(bench: Bench) -> None:
    tour = tour_of(bench)
    bench.window.canvas.setFocus()  # as whoever leaves the start page does
    for _ in range(5):
        QTest.keyClick(bench.window.focusWidget(), Qt.Key.Key_Tab)
        assert tour.isAncestorOf(bench.window.focusWidget())
    tour.next_button.setFocus()
    QTest.keyClick(bench.window.focusWidget(), Qt.Key.Key_Return)
    assert tour.number == 1
    tour.end()
    assert bench.window.focusWidget() is bench.window.canvas
