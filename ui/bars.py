"""The bars that lie over the canvas: how far an edit is and what becomes of it, how to begin, what is told.

They know neither session nor engine: the window tells them what to show and listens to their signals.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QEnterEvent, QIcon
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QSizePolicy, QWidget

from ui import theme
from ui.icons import icon
from ui.key_tips import command_button, explain
from ui.language import told, tr
from ui.widgets import Line, icon_button, push_button, restyle

GAP = theme.GRID


class Floating(QFrame):
    """A bar that lies over the canvas and keeps its place when that is resized."""

    def __init__(self, canvas: QWidget, at_top: bool) -> None:
        super().__init__(canvas)
        self._canvas, self._at_top = canvas, at_top
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)  # a press here paints nothing below
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.hide()
        canvas.installEventFilter(self)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.place()
        return False

    def enterEvent(self, event: QEnterEvent) -> None:
        """Qt does not tell a parent that the pointer has gone to a child."""
        QCoreApplication.sendEvent(self._canvas, QEvent(QEvent.Type.Leave))

    def place(self) -> None:
        """In the middle, 16 points from the top or the bottom, never wider than the canvas."""
        canvas = self._canvas
        size = self.sizeHint().boundedTo(QSize(canvas.width() - 2 * GAP, canvas.height()))
        left = (canvas.width() - size.width()) // 2
        top = 2 * GAP if self._at_top else canvas.height() - size.height() - 2 * GAP
        self.setGeometry(QRect(QPoint(left, top), size))


class JobBar(Floating):
    """Over the canvas: how far the edit is and Stop; then the choice of what becomes of it."""

    stop = Signal()
    apply = Signal()
    discard = Signal()
    again = Signal()
    turn = Signal(int)  # to the next (1) or previous (-1) variant
    original = Signal(bool)  # while it is held

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas, at_top=False)
        self.setObjectName("floating")
        self.line = Line()
        self.line.setMinimumWidth(168)
        self.text = QLabel()
        self.stop_button = push_button(tr("Stop"), "danger")
        self.stop_button.setIcon(icon("stop-fill", theme.ON_DANGER))
        self.stop_button.clicked.connect(self.stop)
        self.previous = command_button("caret-left", "previous_variant")
        self.following = command_button("caret-right", "next_variant")
        self.count = QLabel()
        self.count.setMinimumWidth(
            self.count.fontMetrics().horizontalAdvance(tr("{number} of {count}").format(number=88, count=88))
        )
        self.count.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.previous.clicked.connect(self._back)
        self.following.clicked.connect(self._forth)
        self.compare = push_button(tr("Original"))
        self.compare.setIcon(icon("eye"))
        explain(self.compare, tr("Hold to see the picture as it was"), "comparing.hold")
        self.compare.pressed.connect(self._held)
        self.compare.released.connect(self._let_go)
        self.again_button = push_button(tr("Again"))
        self.again_button.setIcon(icon("arrows-clockwise"))
        explain(self.again_button, tr("Once more, with another seed unless that is locked"), "make_it_real")
        self.again_button.clicked.connect(self.again)
        self.discard_button = push_button(tr("Discard"))
        explain(self.discard_button, tr("Back to the strokes; it stays among the results"), "step_back")
        self.discard_button.clicked.connect(self.discard)
        self.apply_button = push_button(tr("Apply"), "primary")
        self.apply_button.setIcon(icon("check", theme.ON_ACCENT))
        explain(self.apply_button, tr("Keep it as a new layer"), "apply_result")
        self.apply_button.clicked.connect(self.apply)
        self._running = self._row(self.line, self.text, self.stop_button)
        self._turning = self._row(self.previous, self.count, self.following)
        self._choosing = self._row(
            self._turning, self.compare, self.again_button, self.discard_button, self.apply_button
        )
        self._outer = QHBoxLayout(self)
        self._outer.setContentsMargins(12, GAP, GAP, GAP)
        self._outer.addWidget(self._running)
        self._outer.addWidget(self._choosing)

    def show_progress(self, share: float, text: str, keeps: bool = True) -> None:
        """`keeps` is whether Stop keeps what there is."""
        keep, give_up = tr("Stop and keep what there is"), tr("Stop, and leave it as it was")
        explain(self.stop_button, keep if keeps else give_up, "step_back")
        self.line.set_share(share)
        self.text.setText(text)
        self._switch(running=True)

    def show_choice(self, number: int, count: int) -> None:
        self._turning.setVisible(count > 1)
        told = tr("{number} of {count}").format(number=number + 1, count=count)
        self.count.setText(told if number >= 0 else tr("unfinished"))
        self._switch(running=False)

    def _switch(self, running: bool) -> None:
        self._running.setVisible(running)
        self._choosing.setVisible(not running)
        for row in (self._running, self._choosing):
            row.updateGeometry()  # or the bar hears only later how wide its words are now
        self._outer.activate()
        self.place()
        self.show()
        self.raise_()

    def _back(self) -> None:
        self.turn.emit(-1)

    def _forth(self) -> None:
        self.turn.emit(1)

    def _held(self) -> None:
        self.original.emit(True)

    def _let_go(self) -> None:
        self.original.emit(False)

    @staticmethod
    def _row(*widgets: QWidget) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        for widget in widgets:
            row.addWidget(widget)
        return holder


class Welcome(Floating):
    """On the empty sheet: how to begin."""

    open = Signal()
    sample = Signal(object)  # Path

    def __init__(self, canvas: QWidget, samples: Sequence[tuple[str, Path]]) -> None:
        super().__init__(canvas, at_top=False)
        self.setObjectName("floating")
        self.text = QLabel(tr("Paint a landscape in rough strokes, then make it real."))
        self.open_button = push_button(tr("Open a picture"))
        self.open_button.setIcon(icon("folder-open"))
        explain(self.open_button, tr("Paint over a photo"), "open_picture")
        self.open_button.clicked.connect(self.open)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GAP, GAP, GAP, GAP)
        row.setSpacing(GAP)
        row.addWidget(self.text)
        row.addSpacing(GAP)
        row.addWidget(self.open_button)
        self.samples = dict(samples)
        if samples:
            self.menu = QMenu(self)
            for name, _ in samples:
                self.menu.addAction(name).triggered.connect(self._sample_chosen)
            self.sample_button = push_button(tr("Try a stroke painting"))
            self.sample_button.setIcon(icon("paint-brush"))
            self.sample_button.setMenu(self.menu)
            row.addWidget(self.sample_button)

    def setVisible(self, visible: bool) -> None:
        if visible:
            self.place()
        super().setVisible(visible)

    def place(self) -> None:
        """Where it would be cut off, the sentence gives way to the buttons."""
        self.text.show()
        self.text.setVisible(self.sizeHint().width() <= self._canvas.width() - 2 * GAP)
        super().place()

    def _sample_chosen(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.sample.emit(self.samples[action.text()])


class MessageBar(Floating):
    """A sentence over the canvas: news goes by itself, an error when something was done since, what lasts
    when it is over; the user can close each.
    """

    NEWS = 6000  # milliseconds

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas, at_top=True)
        self.setObjectName("message")
        self._sign = QLabel()
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.close_button = icon_button("x", tr("Close this message"), 14)
        self.close_button.clicked.connect(self.hide)
        self._lasts = False
        self._clock = QTimer(self)
        self._clock.setSingleShot(True)
        self._clock.timeout.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, GAP, GAP, GAP)
        row.setSpacing(GAP)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.text, 1)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)

    def tell(self, sentence: str) -> None:
        self._show(sentence, "news", icon("info", theme.QUIET))
        self._clock.start(self.NEWS)

    def complain(self, sentence: str) -> None:
        """Of something that was tried and did not work."""
        self._clock.stop()
        self._show(sentence, "error", icon("warning-circle", theme.ERROR))

    def warn(self, sentence: str) -> None:
        """Of something that does not work until `end_warning`."""
        self.complain(sentence)
        self._lasts = True

    @Slot()
    def let_go(self) -> None:
        """Something was done since: an error is now no more than news."""
        if self.isVisible() and not self._lasts and not self._clock.isActive():
            self._clock.start(self.NEWS)

    @Slot()
    def end_warning(self) -> None:
        if self._lasts:
            self.hide()

    def _show(self, sentence: str, kind: str, sign: QIcon) -> None:
        self._lasts = False
        self._sign.setPixmap(sign.pixmap(QSize(18, 18), self.devicePixelRatioF()))
        self.text.setText(told(sentence))
        self.setProperty("kind", kind)
        restyle(self)
        self.place()
        self.show()
        self.raise_()

    def sizeHint(self) -> QSize:
        """As wide as the sentence, up to 560 points; then it breaks into lines."""
        frame = 12 + 18 + self.close_button.sizeHint().width() + 3 * GAP + 4
        room = min(560, self._canvas.width() - 4 * GAP) - frame
        wide = min(room, self.text.fontMetrics().horizontalAdvance(self.text.text()) + GAP)
        tall = max(self.text.heightForWidth(wide), self.close_button.sizeHint().height())
        return QSize(wide + frame, tall + 2 * GAP + 2)
