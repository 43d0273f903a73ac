"""The dialog of the user's models: what there is, what each one is, and why one cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.apply import DOT
from ui.dialogs import FileDialog, own
from ui.fetching import FetchDialog
from ui.files import take_copy
from ui.language import marked, told, tr
from ui.model_words import decoder_in_short, facts_of, in_short, place_words, refusal_of, shown_words
from ui.models import UNUSED, Entry, Library, dropped_models
from ui.network import Network
from ui.switching import Switching
from ui.widgets import Choices, caption, push_button

GROUPS = (  # kind of entries, heading
    ("model", marked("Models")),
    ("lora", marked("LoRAs")),
    ("textual inversion", marked("Textual inversions")),
    ("small autoencoder", marked("Preview decoders")),
    ("", marked("Cannot be used")),
)
CLEAR, WHAT = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1  # a short line; an Entry or a folder
BREAK = "\N{ZERO WIDTH SPACE}"


class ModelsDialog(QDialog):
    """It stays open beside the work; what is dropped on it is added."""

    def __init__(self, parent: QWidget, library: Library, switching: Switching, network: Network) -> None:
        super().__init__(parent)
        own(self)
        self.setWindowTitle(tr("Models"))
        self.setAcceptDrops(True)
        self._library, self._switching, self._network = library, switching, network
        self.list = _List()
        self.list.setAccessibleName(tr("Models"))
        self.list.setItemDelegate(_Row(self.list))
        self.name = QLabel()
        self.name.setProperty("title", True)
        self.name.setWordWrap(True)
        self.sentence = QLabel()
        self.sentence.setProperty("warns", True)
        self.facts = {
            key: _value()
            for key in (
                marked("Kind"),
                marked("Made for"),
                marked("Predicts"),
                marked("Precision"),
                marked("Size"),
                marked("Place"),
            )
        }
        self.shown = Choices()
        self.shown.setAccessibleName(tr("Shows pictures of"))
        self.shown.setPlaceholderText(tr("Choose..."))
        self.refused = QLabel()  # why what was added is not in the list
        self.refused.setProperty("warns", True)
        self.refused.hide()
        for label in (self.name, self.sentence, self.refused):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.use_button = push_button(tr("Use it"), "primary")
        self.remove_button = push_button("")
        self.file_button = push_button(tr("Add a file..."))
        self.folder_button = push_button(tr("Add a folder..."))
        self.fetch_button = push_button(tr("Fetch..."))
        self.close_button = push_button(tr("Close"))
        adding = self.file_button, self.folder_button, self.fetch_button
        for button in (self.use_button, self.remove_button, *adding):
            button.setAutoDefault(False)
        self.file_button.setToolTip(
            tr("A checkpoint, a LoRA, a textual inversion or a preview decoder, as .safetensors")
        )
        self.fetch_button.setToolTip(tr("From the Hugging Face hub, by its name; the size is said first"))
        self.folder_button.setToolTip(
            tr("A model in diffusers' layout; any other folder is watched, and what is put there is listed")
        )
        self._arrange()
        self.list.currentItemChanged.connect(self._show_chosen)
        self.list.currentItemChanged.connect(self.refused.hide)
        self.list.itemActivated.connect(self._use)
        self.list.removal_wanted.connect(self._remove)
        self.shown.activated.connect(self._show_by)
        self.use_button.clicked.connect(self._use)
        self.remove_button.clicked.connect(self._remove)
        self.file_button.clicked.connect(self.ask_file)
        self.folder_button.clicked.connect(self.ask_folder)
        self.fetch_button.clicked.connect(self.ask_name)
        self.close_button.clicked.connect(self.accept)
        library.changed.connect(self.refresh)
        library.added.connect(self._show_added)
        library.refused.connect(self._show_refusal)
        switching.changed.connect(self.refresh)
        self.refresh()
        library.look()

    @property
    def chosen(self) -> Entry | str | None:
        """The entry, or the folder that is watched, of which the dialog tells."""
        row = self.list.currentRow()
        what: Entry | str | None = self.list.item(row).data(WHAT) if row >= 0 else None
        return what

    @Slot()
    def refresh(self) -> None:
        in_use = next((each for each in self._library.entries if each.model == self._switching.model), None)
        key = _key(self.chosen or in_use)
        with QSignalBlocker(self.list):
            self.list.clear()
            for what, text, line in self._lines():
                item = QListWidgetItem(text)
                item.setData(CLEAR, line)
                item.setData(WHAT, what)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{text}, {line}" if line else text)
                if what is None:
                    item.setFlags(Qt.ItemFlag.NoItemFlags)
                elif isinstance(what, Entry) and not what.kind:
                    item.setForeground(QColor(theme.FAINT))
                self.list.addItem(item)
            items = [self.list.item(row) for row in range(self.list.count())]
            same = (item for item in items if _key(item.data(WHAT)) == key and item.data(WHAT) is not None)
            self.list.setCurrentItem(next(same, items[1]))
        self._show_chosen()

    @Slot(object)
    def _show_added(self, entry: Entry) -> None:
        for row in range(self.list.count()):
            if _key(self.list.item(row).data(WHAT)) == entry.path:
                self.list.setCurrentRow(row)
        self.refused.hide()

    @Slot(str)
    def _show_refusal(self, sentence: str) -> None:
        """The window says it too, but below the dialog."""
        self.refused.setText(told(sentence))
        self.refused.show()

    def ask_file(self) -> None:
        dialog = FileDialog(
            self,
            tr("Add a model"),
            self._folder(),
            (f"{tr('Models')} (*.safetensors)", f"{tr('All files')} (*)"),
        )
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._library.add)
        dialog.open()

    def ask_folder(self) -> None:
        dialog = FileDialog(self, tr("Add a folder of models"), self._folder(), ())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.filesSelected.connect(self._library.add)
        dialog.open()

    def ask_name(self) -> None:
        dialog = FetchDialog(self, self._network)
        dialog.fetched.connect(self._fetched)
        dialog.open()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_models(event.mimeData()):
            take_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._library.add(dropped_models(event.mimeData()))
        take_copy(event)

    def _lines(self) -> Iterator[tuple[Entry | str | None, str, str]]:
        """What each line is of, its text, and what is said below it; a heading is of nothing."""
        for kind, heading in GROUPS:
            entries = self._library.of_kind(kind)
            if entries:
                yield None, tr(heading), ""
            for entry in entries:
                in_use = entry.model == self._switching.model
                told = [tr("in use")] if in_use else []
                is_decoder = kind == "small autoencoder"
                short = (
                    decoder_in_short(entry, self._library.shown_by(entry)) if is_decoder else in_short(entry)
                )
                yield entry, entry.name, f" {DOT} ".join([*told, *short])
        if self._library.folders:
            yield None, tr("Watched folders"), ""
        for folder in self._library.folders:
            there = "" if Path(folder).is_dir() else tr("not there")
            yield folder, Path(folder).name or folder, there or place_words(Path(folder).parent)

    @Slot()
    def _show_chosen(self) -> None:
        what = self.chosen
        facts: dict[str, str] = {}
        if isinstance(what, Entry):
            self.name.setText(what.name)
            facts = facts_of(what)
            self.sentence.setText(refusal_of(what) or self._switching.refusals.get(what.model, ""))
        else:
            self.name.setText(Path(what or "").name)
            place = place_words(Path(what)) if what else ""
            facts = {"Kind": tr("A folder that is watched: what is put there is listed"), "Place": place}
            self.sentence.setText("")
        self.sentence.setVisible(bool(self.sentence.text()))
        for key, value in self.facts.items():
            value.setText(facts.get(key, "").replace("/", f"/{BREAK}").replace("\\", f"\\{BREAK}"))
            self.form.setRowVisible(value, bool(value.text()))
        self._show_choices(what)
        is_model = isinstance(what, Entry) and what.kind == "model"
        self.use_button.setVisible(is_model)
        self.use_button.setEnabled(isinstance(what, Entry) and what.model != self._switching.model)
        self.remove_button.setText(
            tr("Remove from the list") if isinstance(what, Entry) else tr("Watch no more")
        )
        self.remove_button.setToolTip(tr("The files stay where they are"))
        self.remove_button.setVisible(not isinstance(what, Entry) or what.path is not None)

    def _show_choices(self, what: Entry | str | None) -> None:
        """Whose pictures a preview decoder shows, where it is one."""
        self.shown.clear()
        is_decoder = isinstance(what, Entry) and what.kind == "small autoencoder"
        if isinstance(what, Entry) and what.checkpoint is not None and is_decoder:
            for family in (*what.checkpoint.shows, UNUSED):
                self.shown.addItem(shown_words(family), family)
            self.shown.setCurrentIndex(self.shown.findData(self._library.shown_by(what)))
        self.form.setRowVisible(self.shown, is_decoder)

    @Slot()
    def _show_by(self) -> None:
        what = self.chosen
        if isinstance(what, Entry):
            self._library.show_by(what, self.shown.currentData())

    @Slot()
    def _use(self) -> None:
        what = self.chosen
        if isinstance(what, Entry) and what.kind == "model":
            self._switching.choose(what.model)

    @Slot()
    def _remove(self) -> None:
        what = self.chosen
        if isinstance(what, Entry):
            self._library.remove(what)
        elif what:
            self._library.unwatch(what)

    @Slot(str)
    def _fetched(self, place: str) -> None:
        self._library.add([place])

    def _folder(self) -> str:
        """Where models were found last."""
        places = [str(Path(file).parent) for file in self._library.files]
        return next(iter((*reversed(places), *self._library.folders)), "")

    def _arrange(self) -> None:
        adding = QHBoxLayout()
        adding.setSpacing(theme.GRID)
        adding.addWidget(self.file_button, 1)
        adding.addWidget(self.folder_button, 1)
        adding.addWidget(self.fetch_button)
        hint = caption(tr("Or drop them here. Files are never changed, moved or deleted."))
        hint.setWordWrap(True)
        left = QVBoxLayout()
        left.setSpacing(theme.GRID)
        left.addWidget(self.list, 1)
        left.addLayout(adding)
        left.addWidget(hint)
        inside = QWidget()
        self.form = QFormLayout()
        self.form.setHorizontalSpacing(2 * theme.GRID)
        self.form.setVerticalSpacing(theme.GRID)
        for key, value in self.facts.items():
            self.form.addRow(caption(tr(key)), value)
        self.form.insertRow(1, caption(tr("Shows")), self.shown)
        about = QVBoxLayout(inside)
        about.setContentsMargins(0, 0, 0, 0)
        about.setSpacing(2 * theme.GRID)
        about.addWidget(self.refused)
        about.addWidget(self.name)
        about.addWidget(self.sentence)
        about.addLayout(self.form)
        about.addStretch(1)
        area = QScrollArea()
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidgetResizable(True)
        area.setWidget(inside)
        doing = QHBoxLayout()
        doing.setSpacing(theme.GRID)
        doing.addWidget(self.remove_button)
        doing.addStretch(1)
        doing.addWidget(self.use_button)
        doing.addWidget(self.close_button)
        right = QVBoxLayout()
        right.setSpacing(theme.GRID)
        right.addWidget(area, 1)
        right.addLayout(doing)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 20, 20, 20)
        row.setSpacing(3 * theme.GRID)
        row.addLayout(left, 4)
        row.addLayout(right, 5)
        self.resize(820, 520)


class _List(QListWidget):
    """Delete takes the chosen line off the list."""

    removal_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("models")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.removal_wanted.emit()
        else:
            super().keyPressEvent(event)


class _Row(QStyledItemDelegate):
    """A name, and a quiet line below it; a heading."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        self.initStyleOption(option, index)
        rect: QRect = option.rect.adjusted(10, 0, -8, 0)
        metrics, is_heading = option.fontMetrics, index.data(WHAT) is None
        painter.save()
        if is_heading:
            painter.setFont(theme.small(painter.font()))
            painter.setPen(QColor(theme.QUIET))
            painter.drawText(rect.adjusted(-4, 0, 0, -4), Qt.AlignmentFlag.AlignBottom, str(index.data()))
            painter.restore()
            return
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if is_chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.ACCENT_DIM if is_chosen else theme.WELL_HOVER))
            painter.drawRoundedRect(option.rect.adjusted(2, 1, -2, -1), 4, 4)
        faint = index.data(Qt.ItemDataRole.ForegroundRole) is not None and not is_chosen
        lines = ((str(index.data()), theme.FAINT if faint else theme.TEXT), (index.data(CLEAR), theme.QUIET))
        top = rect.top() + (rect.height() - 2 * metrics.height()) // 2
        for number, (text, colour) in enumerate(lines):
            if number:
                painter.setFont(theme.small(painter.font()))
            painter.setPen(QColor(theme.ON_DIM if is_chosen else theme.FAINT if faint else colour))
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
            line = QRect(rect.left(), top + number * metrics.height(), rect.width(), metrics.height())
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, shown)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        height = option.fontMetrics.height()
        return QSize(100, height + 14 if index.data(WHAT) is None else 2 * height + 10)


def _value() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    return label


def _key(what: Entry | str | None) -> Path | str | None:
    return what.path if isinstance(what, Entry) else what
