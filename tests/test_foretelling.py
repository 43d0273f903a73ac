"""What an edit will take is told before it is begun, from what the last ones took."""

from __future__ import annotations

from dataclasses import replace

from engine.types import Prediction
from tests.bench import Bench, scenario
from tests.test_settling import photo
from ui.dragging import dragged
from ui.foretelling import in_words


@scenario
async def test_after_a_run_the_next_one_is_foretold(bench: Bench) -> None:
    await bench.start_engine()
    panel = bench.window.edit_panel
    bench.stroke()
    assert not panel.outlook.isVisible()  # nothing is known yet
    bench.click(panel.main)
    await bench.finish()
    bench.window.editing.discard()
    await bench.until(panel.outlook.isVisible)
    assert panel.outlook.text().startswith("about ")
    panel.area.set_value("strokes")
    bench.window.running.undo()  # without strokes there is nothing to tell
    await bench.until(panel.outlook.isHidden)


@scenario
async def test_a_drag_is_foretold_and_with_another_seed_takes_less(bench: Bench) -> None:
    await bench.start_engine()
    window = bench.window
    window.holding.choose([tool.name for tool in window.holding.tools].index("Drag"))
    bench.stroke((20, 30), (50, 30))
    assert not window.drag_panel.outlook.isVisible()
    bench.click(window.drag_panel.main)
    await bench.finish()
    window.editing.discard()
    await bench.until(window.drag_panel.outlook.isVisible)
    assert window.drag_panel.outlook.text().startswith("about ")
    ask = dragged(bench.session.document, replace(window.drag_panel.options(), model="toy"))
    assert ask.path in window.editing.paths
    first, again = bench.engine.predict(ask.request), bench.engine.predict(ask.request, path_is_known=True)
    assert first is not None
    assert again is not None
    assert again.seconds < first.seconds
    bench.session.undo()  # without handles there is nothing to tell
    await bench.until(window.drag_panel.outlook.isHidden)


@scenario
async def test_settling_is_foretold_too_and_more_variants_take_longer(bench: Bench) -> None:
    await bench.start_engine()
    bench.session.open(photo())
    panel = bench.window.settle_panel
    assert not panel.outlook.isVisible()
    bench.click(panel.main)
    await bench.finish()
    bench.window.editing.discard()
    await bench.until(panel.outlook.isVisible)
    assert panel.outlook.text().startswith("about ")
    asked = panel.asked()
    assert asked is not None
    few = bench.engine.predict(asked(bench.session.document).request)
    panel.variants.set_value(8)
    asked = panel.asked()
    assert asked is not None
    many = bench.engine.predict(asked(bench.session.document).request)
    assert few is not None
    assert many is not None
    assert many.seconds > few.seconds
    bench.session.activate(bench.session.document.layers[0].uid)
    assert panel.asked() is None


def test_seconds_minutes_and_memory_are_told_and_when_it_is_short() -> None:
    assert in_words(Prediction(3.21, None, None, fits=True)) == ("about 3.2 s", False)
    assert in_words(Prediction(660, None, None, fits=True, learning=600)) == (
        "about 11 min \N{MIDDLE DOT} 10 min of it to learn the picture",
        False,
    )
    told, _ = in_words(Prediction(1, 20_000_000, 9_000_000_000, fits=True))
    assert told.endswith("0.1 of 9.0 GB of memory"), "not none"
    told, is_short = in_words(Prediction(600, 5_100_000_000, 3_000_000_000, fits=False))
    assert told.startswith("about 10 min \N{MIDDLE DOT} 5.1 of 3.0 GB of memory")
    assert is_short
