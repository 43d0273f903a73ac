"""The panel of the Transform tool: place, size and angle in numbers, flips, and the two ways out."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from ui import pose, theme
from ui.handle_list import Measure
from ui.key_tips import explain
from ui.language import tr
from ui.pose import Numbers, Pose
from ui.session import Session
from ui.tools import Transform
from ui.widgets import caption, icon_button, push_button

FARTHEST = 30000  # canvas pixels


class TransformPanel(QWidget):
    """Shows the frame in numbers, and changes it; what is under way is applied before anything else is done
    to the document.
    """

    apply = Signal()
    discard = Signal()

    def __init__(self, session: Session, tool: Transform) -> None:
        super().__init__()
        self._session, self._tool = session, tool
        self._filling = False
        self.fields = {
            "x": Measure(tr("Left edge"), -FARTHEST, FARTHEST, " px"),
            "y": Measure(tr("Upper edge"), -FARTHEST, FARTHEST, " px"),
            "width": Measure(tr("Width"), 1, FARTHEST, " px"),
            "height": Measure(tr("Height"), 1, FARTHEST, " px"),
            "angle": Measure(tr("Angle, clockwise"), -360, 360, "\N{DEGREE SIGN}"),
            "skew": Measure(tr("Skew"), -80, 80, "\N{DEGREE SIGN}"),
        }
        self.link = icon_button("link", tr("Keep the proportions"), checkable=True)
        self.link.setChecked(True)
        self.flip_across = icon_button("arrows-left-right", tr("Flip left and right"))
        self.flip_down = icon_button("arrows-down-up", tr("Flip top and bottom"))
        self.turn_left = icon_button("arrow-counter-clockwise", tr("A quarter turn to the left"))
        self.turn_right = icon_button("arrow-clockwise", tr("A quarter turn to the right"))
        self.apply_button = push_button(tr("Apply"), "primary")
        explain(self.apply_button, tr("Keep it so"), "apply_result")
        self.cancel_button = push_button(tr("Cancel"))
        explain(self.cancel_button, tr("As it was"), "step_back")
        self._arrange()
        for field in self.fields.values():
            field.valueChanged.connect(self._typed)
        self.flip_across.clicked.connect(self._flip_across)
        self.flip_down.clicked.connect(self._flip_down)
        self.turn_left.clicked.connect(self._turn_left)
        self.turn_right.clicked.connect(self._turn_right)
        self.apply_button.clicked.connect(self.apply)
        self.cancel_button.clicked.connect(self.discard)
        session.pulled.connect(self.refresh)
        session.committed.connect(self.refresh)
        session.activated.connect(self.refresh)
        session.waiting.connect(self._finish, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def refresh(self) -> None:
        if not self.isVisible():
            return
        there = self._tool.look(self._session)
        self.setEnabled(there)
        self.apply_button.setEnabled(self._tool.is_under_way)
        self.cancel_button.setEnabled(self._tool.is_under_way)
        if there:
            self._filling = True
            for name, value in pose.numbers(self._tool.pose)._asdict().items():
                self.fields[name].show_value(value)
            self._filling = False

    def showEvent(self, event: object) -> None:
        self.refresh()

    @Slot()
    def _typed(self) -> None:
        if self._filling:
            return
        now = pose.numbers(self._tool.pose)
        name = next(name for name, field in self.fields.items() if field is self.sender())
        value = self.fields[name].value()
        wish = now._replace(**{name: value})
        if self.link.isChecked() and name in ("width", "height"):
            times = value / max(getattr(now, name), 1)
            wish = now._replace(width=now.width * times, height=now.height * times)
        self._set(pose.with_numbers(self._tool.pose, Numbers(*wish)))

    def _set(self, wish: Pose) -> None:
        self._tool.set_pose(self._session, wish)

    def _flip_across(self) -> None:
        self._set(pose.flipped(self._tool.pose, True))

    def _flip_down(self) -> None:
        self._set(pose.flipped(self._tool.pose, False))

    def _turn_left(self) -> None:
        self._set(pose.turned(self._tool.pose, -90))

    def _turn_right(self) -> None:
        self._set(pose.turned(self._tool.pose, 90))

    @Slot()
    def _finish(self) -> None:
        self._tool.finish(self._session)

    def _arrange(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GRID)
        grid.setVerticalSpacing(theme.GRID)
        names = ("X", "Y", tr("Width"), tr("Height"), tr("Angle"), tr("Skew"))
        for number, (name, field) in enumerate(zip(names, self.fields.values(), strict=True)):
            row, side = divmod(number, 2)
            grid.addWidget(caption(name), row, 3 * side)
            grid.addWidget(field, row, 3 * side + 1)
        grid.addWidget(self.link, 1, 2)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(4, 1)
        turns = QHBoxLayout()
        turns.setSpacing(theme.GRID // 2)
        for button in (self.flip_across, self.flip_down, self.turn_left, self.turn_right):
            turns.addWidget(button)
        turns.addStretch(1)
        turns.addWidget(self.cancel_button)
        turns.addWidget(self.apply_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addLayout(grid)
        column.addLayout(turns)
