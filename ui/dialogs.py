"""The few windows that ask or tell something. All are opened with `open()`: nothing waits inside them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QDir, QFileInfo, QSize, QStandardPaths, Qt, Signal
from PySide6.QtGui import QIcon, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFileIconProvider,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QPushButton,
    QScrollArea,
    QSplitter,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.icons import application_icon, icon
from ui.language import marked, tr
from ui.widgets import Number, Segments, caption, push_button

SIZES = (
    (256, 256, marked("quickest")),
    (512, 512, marked("starter model")),
    (768, 512, ""),
    (1024, 1024, ""),
)
LARGEST = 8192
SIDE = 140  # widget points, the list of places


class FileDialog(QFileDialog):
    """The system's own dialog for files; where there is none, Qt's in our clothes."""

    _SIGNS = (
        ("backButton", "arrow-left"),
        ("forwardButton", "arrow-right"),
        ("toParentButton", "arrow-up"),
        ("newFolderButton", "folder-plus"),
        ("listModeButton", "squares-four"),
        ("detailModeButton", "list"),
    )

    def __init__(self, parent: QWidget, title: str, folder: str, filters: Sequence[str]) -> None:
        super().__init__(parent, title, folder if QDir(folder or "-").exists() else _pictures())
        own(self)
        self._signs = _FileSigns()  # the dialog itself does not keep it alive
        self.setIconProvider(self._signs)
        self.setNameFilters(list(filters))
        self.resize(760, 520)
        for name, sign in self._SIGNS:
            button = self.findChild(QToolButton, name)
            if isinstance(button, QToolButton):  # the system's own dialog has none
                button.setIcon(icon(sign))
        for box in self.findChildren(QComboBox):
            arrow = QLabel(box)  # Qt's own is not drawn with our sheet
            arrow.setPixmap(icon("caret-down", theme.QUIET).pixmap(12, 12))
            arrow.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            row = QHBoxLayout(box)
            row.setContentsMargins(0, 0, 6, 0)
            row.addWidget(arrow, 0, Qt.AlignmentFlag.AlignRight)
        table, halves = self.findChild(QTreeView, "treeView"), self.findChild(QSplitter)
        if isinstance(table, QTreeView) and isinstance(halves, QSplitter):
            for column in range(table.header().count()):  # Qt's are too narrow for what is in them
                table.header().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
            table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            halves.setSizes([SIDE, self.width() - SIDE])


def _pictures() -> str:
    """The user's folder for pictures, or their own where there is none."""
    places = QStandardPaths.StandardLocation
    folder = QStandardPaths.writableLocation(places.PicturesLocation)
    return folder if QDir(folder).exists() else QStandardPaths.writableLocation(places.HomeLocation)


class _FileSigns(QFileIconProvider):
    """Folders and pictures by our own icons."""

    def icon(self, what: QFileInfo | QFileIconProvider.IconType) -> QIcon:
        if isinstance(what, QFileInfo):
            return icon("folder" if what.isDir() else "image", theme.QUIET)
        return icon("hard-drives" if what == QFileIconProvider.IconType.Drive else "folder", theme.QUIET)


class PageList(QListWidget):
    """The pages of a dialog, by their names."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("pages")
        self.setAccessibleName(name)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.doItemsLayout()  # only now does it know its style sheet


class NewDialog(QDialog):
    """How large a new picture is and what it starts with."""

    asked = Signal(int, int, bool)  # width, height, white (or transparent)

    def __init__(self, parent: QWidget, width: int, height: int) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("New picture"))
        self.presets: list[QPushButton] = []
        presets = QGridLayout()
        presets.setSpacing(theme.GRID)
        for number, (wide, tall, note) in enumerate(SIZES):
            button = push_button(
                f"{wide} \N{MULTIPLICATION SIGN} {tall}" + (f"\n{tr(note) if note else tr('pixels')}")
            )
            button.setMinimumHeight(48)
            button.setAutoDefault(False)
            button.clicked.connect(self._preset)
            self.presets.append(button)
            presets.addWidget(button, number // 2, number % 2)
        help_text = tr("In pixels, at most {most}").format(most=LARGEST)
        self.wide = Number(tr("Width"), 1, LARGEST, width, help_text)
        self.tall = Number(tr("Height"), 1, LARGEST, height, help_text)
        size = QHBoxLayout()
        size.setSpacing(theme.GRID)
        size.addWidget(self.wide, 1)
        size.addWidget(QLabel("\N{MULTIPLICATION SIGN}"))
        size.addWidget(self.tall, 1)
        size.addWidget(caption(tr("pixels")))
        self.ground = Segments(
            tr("Background"),
            (
                ("white", tr("White"), tr("An opaque white sheet")),
                ("clear", tr("Transparent"), tr("Nothing at all")),
            ),
            "white",
        )
        self.create_button, self.cancel_button = (
            push_button(tr("Create"), "primary"),
            push_button(tr("Cancel")),
        )
        self.create_button.setDefault(True)
        self.create_button.clicked.connect(self.accept)
        self.cancel_button.clicked.connect(self.reject)
        self.accepted.connect(self._accepted)
        column = sheet(self)
        column.addLayout(presets)
        column.addWidget(caption(tr("Size")))
        column.addLayout(size)
        column.addWidget(caption(tr("Background")))
        column.addWidget(self.ground)
        column.addSpacing(theme.GRID)
        column.addLayout(answers(self.cancel_button, self.create_button))
        self.setFixedWidth(360)

    def _preset(self) -> None:
        for button, (wide, tall, _) in zip(self.presets, SIZES, strict=True):
            if button is self.sender():
                self.wide.set_value(wide)
                self.tall.set_value(tall)

    def _accepted(self) -> None:
        self.asked.emit(self.wide.value(), self.tall.value(), self.ground.value() == "white")


class SaveFirstDialog(QDialog):
    """Asks what becomes of changes before they would be lost."""

    save = Signal()
    discard = Signal()

    def __init__(self, parent: QWidget, name: str, action: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Unsaved changes"))
        title = QLabel(tr("Save the changes to {name} before {action}?").format(name=name, action=tr(action)))
        title.setProperty("title", True)
        title.setWordWrap(True)
        self.save_button = push_button(tr("Save"), "primary")
        self.discard_button = push_button(tr("Don't save"))
        self.cancel_button = push_button(tr("Cancel"))
        self.save_button.setDefault(True)
        self.save_button.clicked.connect(self._save)
        self.discard_button.clicked.connect(self._discard)
        self.cancel_button.clicked.connect(self.reject)
        column = sheet(self)
        column.addWidget(title)
        column.addWidget(caption(tr("What is not saved is lost.")))
        column.addSpacing(theme.GRID)
        column.addLayout(answers(self.discard_button, self.cancel_button, self.save_button))
        self.setFixedWidth(400)

    def _save(self) -> None:
        self.accept()
        self.save.emit()

    def _discard(self) -> None:
        self.accept()
        self.discard.emit()


class AboutDialog(QDialog):
    """What this is, and what makes it run."""

    def __init__(self, parent: QWidget, version: str, model: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("About Driftpaint"))
        mark = QLabel()
        mark.setPixmap(application_icon().pixmap(QSize(64, 64), self.devicePixelRatioF()))
        name = QLabel("Driftpaint")
        name.setProperty("heading", True)
        words = QLabel(
            "\n\n".join(
                (
                    tr("Version {version}").format(version=version),
                    tr("Paint over a picture and let a diffusion model make your strokes real.")
                    + "\n"
                    + tr("Everything happens on this computer; nothing is sent anywhere."),
                    model,
                    tr("Free software under the Apache License 2.0."),
                )
            )
        )
        words.setProperty("quiet", True)
        words.setWordWrap(True)
        words.setFixedWidth(336)
        words.setMinimumHeight(words.heightForWidth(336))
        close = push_button(tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.accept)
        text = QVBoxLayout()
        text.addWidget(name)
        text.addWidget(words, 1)
        row = QHBoxLayout()
        row.setSpacing(2 * theme.GRID)
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(text, 1)
        column = sheet(self)
        column.addLayout(row)
        column.addLayout(answers(close))


def own(dialog: QDialog) -> None:
    """Gone when it is closed, and the keyboard is the window's again, even without a window manager."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    window = dialog.parentWidget()
    if window is not None:
        dialog.finished.connect(window.activateWindow)


def sheet(dialog: QDialog) -> QVBoxLayout:
    """What the parts of a small dialog stand in, one below the other."""
    own(dialog)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(20, 20, 20, 20)
    column.setSpacing(theme.GRID)
    return column


def answers(*buttons: QPushButton) -> QHBoxLayout:
    """The buttons at its end."""
    row = QHBoxLayout()
    row.setSpacing(theme.GRID)
    row.addStretch(1)
    for button in buttons:
        button.setMinimumWidth(88)
        row.addWidget(button)
    return row


def scrolled(page: QWidget) -> QScrollArea:
    """A page that may be higher than the dialog, but never wider."""
    area = QScrollArea()
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(page)
    return area


def rows_in(page: QWidget) -> QGridLayout:
    """Names on its left, and what they are set by on its right."""
    grid = QGridLayout(page)
    grid.setContentsMargins(0, 0, theme.GRID, 0)
    grid.setHorizontalSpacing(theme.GRID)
    grid.setVerticalSpacing(2)
    grid.setColumnStretch(0, 1)
    return grid
