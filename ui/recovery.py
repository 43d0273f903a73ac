"""What a crash has left, offered at the next start: a card says what it is, how old, and how it looks."""

from __future__ import annotations

import asyncio
import time

from PySide6.QtCore import QDateTime, QLocale, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ui import theme
from ui.bars import Floating
from ui.filing import Filing
from ui.journal import LeftOver, left_over, recover
from ui.journaling import Journaling
from ui.language import tr
from ui.widgets import Elided, caption, icon_button, push_button
from ui.work import Work

SHOWN = 3  # at once; the others follow when these are dealt with
THUMBNAIL = QSize(88, 64)  # points
WIDE = 520  # points


class Recovery(QObject):
    """Finds what was left, and brings it back or takes it away."""

    found = Signal(object)  # the card

    def __init__(self, filing: Filing, journaling: Journaling, work: Work) -> None:
        super().__init__()
        self.card: Card | None = None
        self._filing, self._journaling, self._work = filing, journaling, work

    def offer(self) -> None:
        """Look for what a crash has left."""
        self._work.begin(self._look())

    async def _look(self) -> None:
        kept = await asyncio.to_thread(left_over)
        if kept:
            self.card = Card(kept)
            self.card.recover.connect(self._recover)
            self.card.discard.connect(self._discard)
            self.found.emit(self.card)

    @Slot(object)
    def _recover(self, kept: LeftOver) -> None:
        self._filing.unless_unsaved(
            tr("recovering another picture"), lambda: self._work.begin(self._bring_back(kept))
        )

    async def _bring_back(self, kept: LeftOver) -> None:
        """Only when our own journal holds it is the old one taken away. Raises PictureError."""
        if self.card is None or not self.card.isEnabled():
            return  # one after another
        self.card.setEnabled(False)
        try:
            recovered = await asyncio.to_thread(recover, kept.folder)
            self._filing.show_recovered(recovered.document, recovered.active, kept.name, kept.path)
            if await self._journaling.write_now():
                await self._take_away(kept)
        finally:
            self.card.setEnabled(True)

    @Slot(object)
    def _discard(self, kept: LeftOver) -> None:
        self._work.begin(self._take_away(kept))

    async def _take_away(self, kept: LeftOver) -> None:
        await asyncio.to_thread(kept.discard)
        if self.card is not None:
            self.card.drop(kept)


class Notice(QFrame):
    """Something that must be said at the start, and asks for an answer."""

    emptied = Signal()  # it was answered
    changed = Signal()  # it is larger or smaller

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("floating")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(name)
        self.setFixedWidth(WIDE)


class Card(Notice):
    recover = Signal(object)  # LeftOver
    discard = Signal(object)  # LeftOver

    def __init__(self, kept: list[LeftOver]) -> None:
        super().__init__(tr("Recovery"))
        self._kept = kept
        self.rows: list[Row] = []
        title = QLabel(tr("Driftpaint ended unexpectedly"))
        title.setProperty("title", True)
        self.later_button = icon_button("x", tr("Later: it is offered again at the next start"), 14)
        self.later_button.clicked.connect(self._put_off)
        head = QHBoxLayout()
        head.addWidget(title, 1)
        head.addWidget(self.later_button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 12, 16, 14)
        self._column.setSpacing(theme.GRID)
        self._column.addLayout(head)
        self._column.addWidget(caption(tr("What was on the canvas has been kept.")))
        self._fill()

    def drop(self, kept: LeftOver) -> None:
        """It is dealt with."""
        self._kept = [each for each in self._kept if each is not kept]
        for row in [row for row in self.rows if row.kept is kept]:
            self.rows.remove(row)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._fill()
        self.adjustSize()
        self.changed.emit()
        if not self._kept:
            self.hide()
            self.emptied.emit()

    def _put_off(self) -> None:
        self.hide()
        self.emptied.emit()

    def _fill(self) -> None:
        shown = [row.kept for row in self.rows]
        for kept in self._kept:
            if len(self.rows) < SHOWN and kept not in shown:
                row = Row(kept)
                row.recover.connect(self.recover)
                row.discard.connect(self.discard)
                self.rows.append(row)
                self._column.addWidget(row)


class Row(QWidget):
    recover = Signal(object)
    discard = Signal(object)

    def __init__(self, kept: LeftOver) -> None:
        super().__init__()
        self.kept = kept
        picture = QLabel()
        picture.setFixedSize(THUMBNAIL)
        picture.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        pixels = QPixmap()
        if pixels.loadFromData(kept.thumbnail):
            ratio = self.devicePixelRatioF()
            pixels = pixels.scaled(
                THUMBNAIL * ratio,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            pixels.setDevicePixelRatio(ratio)
            picture.setPixmap(pixels)
        name = Elided(kept.name)
        name.setProperty("title", True)
        name.setToolTip(kept.path)
        when = caption(_when(kept.when))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(name)
        words.addWidget(when)
        words.addStretch(1)
        self.discard_button = push_button(tr("Discard"))
        self.discard_button.setAccessibleName(tr("Discard {name}").format(name=kept.name))
        self.discard_button.clicked.connect(self._asked_to_discard)
        self.recover_button = push_button(tr("Recover"), "primary")
        self.recover_button.setAccessibleName(tr("Recover {name}").format(name=kept.name))
        self.recover_button.clicked.connect(self._asked_to_recover)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, theme.GRID // 2, 0, 0)
        row.setSpacing(theme.GRID)
        row.addWidget(picture)
        row.addSpacing(4)
        row.addLayout(words, 1)
        row.addWidget(self.discard_button)
        row.addWidget(self.recover_button)
        self._is_sure = False

    def _asked_to_recover(self) -> None:
        self.recover.emit(self.kept)

    def _asked_to_discard(self) -> None:
        """At the second click: it cannot be had back."""
        if self._is_sure:
            self.discard.emit(self.kept)
        else:
            self._is_sure = True
            self.discard_button.setText(tr("Discard for good"))


class OverCanvas(Floating):
    """The card where there is no start page."""

    def __init__(self, canvas: QWidget, card: Notice) -> None:
        super().__init__(canvas, at_top=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(card)
        card.changed.connect(self.place)
        card.emptied.connect(self.deleteLater)
        self.place()
        self.show()
        self.raise_()


def _when(seconds: float) -> str:
    """A day and a time as people say them."""
    then = QDateTime.fromSecsSinceEpoch(int(seconds))
    minutes = max(0, int((time.time() - seconds) / 60))
    clock = QLocale().toString(then.time(), QLocale.FormatType.ShortFormat)
    if minutes < 1:
        return tr("A moment ago, at {time}").format(time=clock)
    if minutes < 60:
        return tr("{minutes} min ago, at {time}").format(minutes=minutes, time=clock)
    day = QLocale().toString(then.date(), QLocale.FormatType.ShortFormat)
    return tr("{day}, at {time}").format(day=day, time=clock)
