"""Makes the picture of the window in the README by using the program: `python -m tests.screenshots`, on a
display.

It opens a sample, makes it real in three variants, and takes the picture while they wait to be chosen.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import qasync
from PySide6.QtWidgets import QApplication

from engine.worker import Engine
from ui import theme
from ui.document import new_document
from ui.session import Session
from ui.settings import Settings
from ui.window import Window

ROOT = Path(__file__).parents[1]


async def use(window: Window, engine: Engine) -> None:
    ready = asyncio.get_running_loop().create_future()
    engine.ready.connect(ready.set_result)
    engine.start()
    await ready
    window.filing.open_sample(ROOT / "resources" / "samples" / "mountain lake strokes.png")
    await asyncio.sleep(1)  # it is read beside the event loop
    window.make_it_real()
    while window.editing.is_running:  # noqa: ASYNC110  a script may wait like this
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    window.grab().save(str(ROOT / "docs" / "window.png"))
    await engine.close()


def main() -> None:
    application = QApplication([])
    theme.dress(application)
    with qasync.QEventLoop(application) as loop, tempfile.TemporaryDirectory() as folder:
        engine = Engine()
        settings = Settings(variants=3, seed=3, seed_locked=True)
        session = Session(new_document(512, 512, (255, 255, 255, 255)))
        window = Window(session, engine, settings, Path(folder) / "settings.toml")
        window.resize(1440, 900)
        window.show()
        loop.run_until_complete(use(window, engine))


if __name__ == "__main__":
    main()
