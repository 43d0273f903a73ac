"""The start page: a card for each task, the pictures that were worked on, and a new one."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QImage,
    QImageReader,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.dialogs import SIZES
from ui.icons import application_icon, icon
from ui.language import tr
from ui.tasks import TASKS, Task
from ui.widgets import ENTER, caption, push_button
from ui.work import Work

WIDE = 1064  # of the page, at most
CARD_PICTURE, FILE_PICTURE = 1.6, 1.5  # width to height
RECENT = 6  # files that are shown
ROUND = 8.0


class StartPage(QScrollArea):
    chosen = Signal(object)  # Task
    file_chosen = Signal(str)
    new = Signal(int, int, bool)  # width, height, white
    ask_new = Signal()
    ask_open = Signal()

    def __init__(self, work: Work) -> None:
        super().__init__()
        self._work = work
        self.setObjectName("start")
        self.setAccessibleName(tr("Start page"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.notices = QVBoxLayout()  # for what must be said first
        self.cards = [Card(task) for task in TASKS]
        self.files: list[FileButton] = []
        self._recent_title = _title(tr("Go on with"))
        self._recent = QGridLayout()
        self._recent.setSpacing(12)
        for column in range(RECENT):
            self._recent.setColumnStretch(column, 1)
        self._page = page = QWidget()
        rows = QVBoxLayout(page)
        rows.setContentsMargins(32, 40, 32, 40)
        rows.setSpacing(0)
        rows.addLayout(_head())
        rows.addSpacing(28)
        rows.addLayout(self.notices)
        rows.addLayout(self._card_row())
        rows.addSpacing(36)
        rows.addLayout(self._new_row())
        rows.addSpacing(36)
        rows.addWidget(self._recent_title)
        rows.addSpacing(12)
        rows.addLayout(self._recent)
        rows.addStretch(1)
        holder = QWidget()
        centred = QHBoxLayout(holder)
        centred.setContentsMargins(0, 0, 0, 0)
        centred.addStretch(1)
        centred.addWidget(page, 1000)
        centred.addStretch(1)
        self.setWidget(holder)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.show_recent(())

    def show_recent(self, names: Sequence[str]) -> None:
        """The files that were used last, as far as they are there."""
        for button in self.files:
            self._recent.removeWidget(button)
            button.deleteLater()
        there = [Path(name) for name in names if Path(name).is_file()][:RECENT]
        self.files = [FileButton(path) for path in there]
        self._recent_title.setVisible(bool(there))
        for number, button in enumerate(self.files):
            button.clicked.connect(lambda checked=False, path=button.path: self.file_chosen.emit(str(path)))
            self._recent.addWidget(button, 0, number)
        if self.files:
            self._work.begin(_fill(self.files))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In the middle, as wide as is good to read; wider only where large text needs it."""
        self._page.setMaximumWidth(max(WIDE, self._page.minimumSizeHint().width()))
        super().resizeEvent(event)

    def _card_row(self) -> QLayout:
        row = QHBoxLayout()
        row.setSpacing(16)
        for card in self.cards:
            card.clicked.connect(lambda checked=False, task=card.task: self.chosen.emit(task))
            row.addWidget(card, 1)
        return row

    def _new_row(self) -> QLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.GRID)
        row.addWidget(_title(tr("New picture")))
        row.addSpacing(theme.GRID)
        self.sizes = []
        for width, height, note in SIZES:
            button = push_button(f"{width} \N{MULTIPLICATION SIGN} {height}")
            button.setToolTip(tr(note) if note else tr("In pixels"))
            button.clicked.connect(lambda checked=False, w=width, h=height: self.new.emit(w, h, True))
            self.sizes.append(button)
            row.addWidget(button)
        self.other_button = push_button(tr("Other size..."))
        self.other_button.clicked.connect(self.ask_new)
        row.addWidget(self.other_button)
        row.addStretch(1)
        self.open_button = push_button(tr("Open a picture..."), "primary")
        self.open_button.setIcon(icon("folder-open", theme.ON_ACCENT))
        self.open_button.setToolTip(tr("A picture or a project of this computer"))
        self.open_button.clicked.connect(self.ask_open)
        row.addWidget(self.open_button)
        return row


class _Tile(QAbstractButton):
    """A button that is a picture with words below it; Enter presses it too."""

    def __init__(self, text: str, help_text: str) -> None:
        super().__init__()
        self.setText(text)
        self.setAccessibleName(text)
        self.setAccessibleDescription(help_text)
        self.setToolTip(help_text)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:
            self.click()
        else:
            super().keyPressEvent(event)

    def _ring(self, painter: QPainter, box: QRectF) -> None:
        """Round it, where the keyboard or the pointer is."""
        if self.hasFocus() or self.underMouse():
            colour = theme.ACCENT if self.hasFocus() else theme.FLOAT_EDGE
            painter.setPen(QPen(QColor(colour), 2 if self.hasFocus() else 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, ROUND, ROUND)


class Card(_Tile):
    """A task: its picture, its name and a sentence."""

    def __init__(self, task: Task) -> None:
        super().__init__(tr(task.title), tr(task.text))
        self.task = task
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)  # so that all are as high as the highest

    def sizeHint(self) -> QSize:
        return QSize(238, self.heightForWidth(238))

    def minimumSizeHint(self) -> QSize:
        return QSize(176, self.heightForWidth(238))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        """Of the picture and of the words as they break into lines."""
        line, room = self.fontMetrics().lineSpacing(), QRect(0, 0, width - 30, 1000)
        font = self.font()
        font.setWeight(font.Weight.DemiBold)
        wrapped = Qt.TextFlag.TextWordWrap
        title = QFontMetrics(font).boundingRect(room.adjusted(line + 8, 0, 0, 0), wrapped, self.text())
        small = QFontMetrics(theme.small(self.font()))
        text = small.boundingRect(room, wrapped, self.accessibleDescription())
        return round(width / CARD_PICTURE) + title.height() + text.height() + 40

    def paintEvent(self, event: QPaintEvent) -> None:
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            shape = QPainterPath()
            shape.addRoundedRect(box, ROUND, ROUND)
            lit = self.underMouse() or self.isDown()
            painter.fillPath(shape, QColor(theme.HOVER if lit else theme.RAISED))
            painter.save()
            painter.setClipPath(shape)
            picture = QRectF(box.left(), box.top(), box.width(), box.width() / CARD_PICTURE)
            painter.setClipRect(picture, Qt.ClipOperation.IntersectClip)
            self.task.paint(painter, picture)
            painter.restore()
            words = box.adjusted(14, picture.height() + 12, -14, -8)
            font = self.font()
            font.setWeight(font.Weight.DemiBold)
            painter.setFont(font)
            painter.setPen(QColor(theme.TEXT))
            sign = painter.fontMetrics().height()
            icon(self.task.icon, theme.TEXT).paint(
                painter, QRect(round(words.left()), round(words.top()), sign, sign)
            )
            title = words.adjusted(sign + 8, 0, 0, 0)
            wrapped = Qt.TextFlag.TextWordWrap
            used = painter.drawText(title, wrapped, self.text())
            painter.setFont(theme.small(self.font()))
            painter.setPen(QColor(theme.QUIET))
            words.setTop(used.bottom() + 5)
            painter.drawText(words, wrapped, self.accessibleDescription())
            self._ring(painter, box)


class FileButton(_Tile):
    """A file that was used: how it looks, and its name."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.stem, str(path))
        self.path = path
        self.picture = QImage()

    def show_picture(self, picture: QImage) -> None:
        self.picture = picture
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(152, round(152 / FILE_PICTURE) + self.fontMetrics().lineSpacing() + 12)

    def minimumSizeHint(self) -> QSize:
        return QSize(96, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        line = self.fontMetrics().lineSpacing()
        box = QRectF(self.rect()).adjusted(1, 1, -1, -line - 9)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            shape = QPainterPath()
            shape.addRoundedRect(box, ROUND, ROUND)
            painter.fillPath(shape, QColor(theme.RAISED))
            painter.save()
            painter.setClipPath(shape)
            if not self.picture.isNull():
                size = QSize(self.picture.size())
                size.scale(box.size().toSize(), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
                place = QRect(0, 0, size.width(), size.height())
                place.moveCenter(box.center().toPoint())
                painter.drawImage(place, self.picture)
            painter.restore()
            words = QRect(2, self.height() - line - 4, self.width() - 4, line)
            name = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, words.width())
            painter.setPen(QColor(theme.QUIET))
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft, name)
            self._ring(painter, box)


def thumbnail_of(path: Path, size: QSize) -> QImage:
    """A small picture of a file, that which a project carries; nothing if it cannot be read."""
    if path.suffix.lower() == ".ora":
        try:
            with zipfile.ZipFile(path) as project:
                return QImage.fromData(project.read("Thumbnails/thumbnail.png"))
        except (OSError, KeyError, zipfile.BadZipFile):
            return QImage()
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    wanted = reader.size()
    if wanted.isValid():
        wanted.scale(size, Qt.AspectRatioMode.KeepAspectRatioByExpanding)
        reader.setScaledSize(wanted)
    return reader.read()


async def _fill(buttons: Sequence[FileButton]) -> None:
    """One after another, beside the event loop."""
    for button in buttons:
        button.show_picture(await asyncio.to_thread(thumbnail_of, button.path, QSize(320, 214)))


def _head() -> QLayout:
    mark, name, text = QLabel(), QLabel("Driftpaint"), caption("")
    mark.setPixmap(application_icon().pixmap(QSize(48, 48)))
    name.setProperty("heading", True)
    text.setText(tr("Paint, paste or pull; a model on this computer makes it real."))
    words = QVBoxLayout()
    words.setSpacing(2)
    words.addWidget(name)
    words.addWidget(text)
    row = QHBoxLayout()
    row.setSpacing(16)
    row.addWidget(mark)
    row.addLayout(words)
    row.addStretch(1)
    return row


def _title(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("title", True)
    return label
