"""What an edit will take is told before it is begun, from what the last ones took."""

from __future__ import annotations

from engine.types import Prediction
from tests.bench import Bench, scenario
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
    bench.window.undo()  # without strokes there is nothing to tell
    await bench.until(panel.outlook.isHidden)


def test_seconds_minutes_and_memory_are_told_and_when_it_is_short() -> None:
    assert in_words(Prediction(3.21, None, None, fits=True)) == ("about 3.2 s", False)
    told, is_short = in_words(Prediction(600, 5_100_000_000, 3_000_000_000, fits=False))
    assert told.startswith("about 10 min \N{MIDDLE DOT} 5.1 of 3.0 GB of memory")
    assert is_short
