"""A scripted session of painting in the real window, to be killed: `python -m tests.painting_session SEED`.

It tells of every step by a line once it is done: the time, its number, the checksum of what is seen, and 1 if
the journal has been brought up to date since. The number is in the document, too, so that whatever is left of
it tells how far it goes, in the middle of a stroke as well.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sys
import time
import zlib
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_API", "pyside6")

import qasync
from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from engine.worker import Engine
from tests.hands import mouse
from ui import theme
from ui.document import Document, Metadata, new_document, read
from ui.session import Session
from ui.settings import Settings
from ui.window import Window

SIDE = 1024  # pixels


def checksum(document: Document) -> int:
    return zlib.crc32(read(document, document.rect).tobytes())


def number_in(document: Document) -> int:
    return int(document.metadata.xmp or 0)


def numbered(document: Document, number: int) -> Document:
    return replace(document, metadata=Metadata(xmp=str(number).encode()))


async def paint(window: Window, seed: int, folder: Path) -> None:
    """Strokes, undo, new layers, and now and then a save, until somebody ends it."""
    dice, session = random.Random(seed), window.session
    for number in count(1):
        what = dice.random()
        if what < 0.06:
            window.work.begin(window.filing.write(folder / "painting.ora"))
            await asyncio.sleep(0.02)
        elif what < 0.14:
            window.running.undo()
        elif what < 0.2:
            window.layering.add()
        else:
            session.set_colour(QColor.fromHsv(dice.randrange(360), 200, 220))
            points = [(dice.randrange(SIDE), dice.randrange(SIDE)) for _ in range(dice.randrange(2, 5))]
            mouse(window.canvas, QEvent.Type.MouseButtonPress, points[0])
            for point in points[1:]:
                mouse(window.canvas, QEvent.Type.MouseMove, point)
                await asyncio.sleep(0.01)
            mouse(window.canvas, QEvent.Type.MouseButtonRelease, points[-1])
        session.amend(partial(numbered, number=number))
        kept = dice.random() < 0.1
        if kept:
            await window.journaling.write_now()
        print(time.time(), number, checksum(session.document), int(kept), flush=True)  # noqa: T201
        await asyncio.sleep(0.02)


def main() -> None:
    seed, folder = int(sys.argv[1]), Path(sys.argv[2])
    gc.disable()  # as the program does
    application = QApplication([])
    theme.dress(application)
    with qasync.QEventLoop(application) as loop:
        session = Session(new_document(SIDE, SIDE, (255, 255, 255, 255)))
        window = Window(session, Engine("cpu"), Settings(), folder / "settings.toml", model="toy")
        window.resize(QSize(1200, 800))
        window.show()
        loop.run_until_complete(paint(window, seed, folder))


if __name__ == "__main__":
    main()
