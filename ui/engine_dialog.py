"""The dialog of the engine: what makes the edits, what this computer has, and the engine packs for it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from engine.types import Pack
from ui import theme
from ui.apply import DOT
from ui.dialogs import FileDialog, own
from ui.engines import ENDING, Engines, dropped_pack, maker_of
from ui.files import take_copy
from ui.language import tr
from ui.model_words import size
from ui.widgets import Line, caption, push_button, restyle

WIDE = 540  # points


class EngineDialog(QDialog):
    """It stays open beside the work; an engine pack that is dropped on it is installed."""

    def __init__(self, parent: QWidget, engines: Engines) -> None:
        super().__init__(parent)
        own(self)
        self.setWindowTitle(tr("Engine"))
        self.setAcceptDrops(True)
        self._engines = engines
        self.device, self.place, self.graphics = QLabel(), QLabel(), QLabel()
        self.rows: list[EngineRow] = []
        self._shown: object = None  # what the rows were made for
        self.apart = QCheckBox(tr("The built-in engine in a process of its own"))
        why = tr(
            "A crash of a driver, or for want of memory, leaves the picture standing; costs a little memory"
        )
        self.apart.setToolTip(why)
        self.apart.setAccessibleDescription(why)
        self.offer = QLabel()
        self.offer.setWordWrap(True)
        self.fetch_button = push_button(tr("Download"))
        self.fetch_button.setToolTip(
            tr("Is checked when it is there, then installed; can be stopped and gone on with")
        )
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.line = Line()
        self.stop_button = push_button(tr("Stop"))
        self.install_button = push_button(tr("Install an engine pack..."))
        self.install_button.setToolTip(
            tr("From the disk: a file whose name ends in {ending}").format(ending=ENDING)
        )
        self.close_button = push_button(tr("Close"))
        for button in (self.fetch_button, self.stop_button, self.install_button):
            button.setAutoDefault(False)
        self.close_button.setDefault(True)
        self._arrange()
        self.apart.toggled.connect(engines.set_apart)
        self.fetch_button.clicked.connect(engines.fetch)
        self.stop_button.clicked.connect(engines.stop)
        self.install_button.clicked.connect(self.ask_file)
        self.close_button.clicked.connect(self.accept)
        engines.changed.connect(self.refresh)
        engines.progressed.connect(self.line.set_share)
        self.refresh()
        engines.look()

    @Slot()
    def refresh(self) -> None:
        engines, has = self._engines, self._engines.equipment
        facts = engines.facts
        device = f"{facts.device.upper()} {DOT} {facts.dtype}" if facts else tr("not ready yet")
        self.device.setText(device)
        apart = tr("In a process of its own")
        here = tr("In the process of the window")
        self.place.setText(apart if engines.runs_apart else here)
        self.graphics.setText(
            ", ".join(has.graphics) or tr("none found") if has else "\N{HORIZONTAL ELLIPSIS}"
        )
        with QSignalBlocker(self.apart):
            self.apart.setChecked(engines.is_apart)
        self._show_rows()
        self._show_offer()
        busy = engines.is_busy
        buttons = [button for row in self.rows for button in (row.use_button, row.remove_button)]
        for part in (*buttons, self.apart, self.install_button, self.fetch_button):
            part.setEnabled(not busy)
        told = engines.doing or engines.wrong
        self.told.setText(told)
        self.told.setVisible(bool(told))
        self.told.setProperty("warns", not engines.doing)
        restyle(self.told)
        self.line.setVisible(bool(engines.doing) and engines.can_stop)
        self.stop_button.setVisible(bool(engines.doing) and engines.can_stop)
        self._column.activate()
        self.adjustSize()

    def ask_file(self) -> None:
        dialog = FileDialog(
            self,
            tr("Install an engine pack"),
            "",
            (f"{tr('Engine packs')} (*{ENDING})", f"{tr('All files')} (*)"),
        )
        dialog.fileSelected.connect(self._install)
        dialog.open()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_pack(event.mimeData()):
            take_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        if pack := dropped_pack(event.mimeData()):
            self._engines.install(pack)
            take_copy(event)

    @Slot(str)
    def _install(self, path: str) -> None:
        self._engines.install(Path(path))

    def _show_rows(self) -> None:
        """One for each engine; made anew only when they are others: the keyboard stays where it is."""
        packs = self._engines.equipment.packs if self._engines.equipment else ()
        used = self._engines.pack
        if self._shown == (packs, used):
            return
        self._shown = packs, used
        for row in self.rows:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = [EngineRow(None, not used), *(EngineRow(pack, pack.kind == used) for pack in packs)]
        for row in self.rows:
            row.used.connect(partial(self._engines.use, row.kind))
            row.removed.connect(partial(self._engines.remove, row.kind))
            self._list.addWidget(row)
            row.show()  # so that there is room for it at once

    def _show_offer(self) -> None:
        """Where a pack would help and is not there."""
        has = self._engines.equipment
        wanted = has is not None and bool(has.kind) and all(pack.kind != has.kind for pack in has.packs)
        release = has.release if has is not None and wanted else None
        if has is not None and wanted:
            maker = maker_of(has.kind)
            known = tr("The engine pack for {maker} is {size} to download.")
            other = tr(
                "An engine pack for {maker} makes edits faster; get the file for {platform} and drop it here."
            )
            self.offer.setText(
                known.format(maker=maker, size=size(release.bytes))
                if release
                else other.format(maker=maker, platform=has.platform)
            )
        self.offer.setVisible(wanted)
        self.fetch_button.setVisible(release is not None)

    def _arrange(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * theme.GRID)
        form.setVerticalSpacing(theme.GRID)
        for name, value in (
            (tr("Device"), self.device),
            (tr("Runs"), self.place),
            (tr("Graphics processors"), self.graphics),
        ):
            value.setAccessibleName(name)
            form.addRow(caption(name), value)
        self._list = QVBoxLayout()
        self._list.setSpacing(theme.GRID)
        offer = QHBoxLayout()
        offer.setSpacing(theme.GRID)
        offer.addWidget(self.offer, 1)
        offer.addWidget(self.fetch_button)
        doing = QHBoxLayout()
        doing.setSpacing(theme.GRID)
        words = QVBoxLayout()
        words.setSpacing(theme.GRID // 2)
        words.addWidget(self.told)
        words.addWidget(self.line)
        doing.addLayout(words, 1)
        doing.addWidget(self.stop_button)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        buttons.addWidget(self.install_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 20)
        column.setSpacing(2 * theme.GRID)
        column.addLayout(form)
        column.addLayout(self._list)
        column.addWidget(self.apart)
        column.addLayout(offer)
        column.addLayout(doing)
        column.addStretch(1)
        column.addLayout(buttons)
        self.setFixedWidth(WIDE)


class EngineRow(QFrame):
    """An engine: what it is, whether it is in use, and the two things that can be done with it."""

    used = Signal()
    removed = Signal()

    def __init__(self, pack: Pack | None, is_used: bool) -> None:
        super().__init__()
        self.setObjectName("engine")
        self.setProperty("used", is_used)
        self.kind = pack.kind if pack else ""
        name = tr("Engine pack for {maker}").format(maker=maker_of(self.kind)) if pack else ""
        title = QLabel(name or tr("Built-in engine"))
        title.setProperty("title", True)
        about = (
            [f"torch {pack.torch}" if pack.torch else "", size(pack.bytes)]
            if pack
            else [tr("came with Driftpaint")]
        )
        note = caption(f" {DOT} ".join(each for each in (tr("in use") if is_used else "", *about) if each))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(title)
        words.addWidget(note)
        self.use_button, self.remove_button = push_button(tr("Use it")), push_button(tr("Remove"))
        self.use_button.setAccessibleName(tr("Use {name}").format(name=title.text()))
        self.remove_button.setAccessibleName(tr("Remove {name}").format(name=title.text()))
        self.remove_button.setToolTip(tr("Its files are deleted; the pack can be installed again"))
        for button in (self.use_button, self.remove_button):
            button.setAutoDefault(False)
        self.use_button.setVisible(not is_used)
        self.remove_button.setVisible(pack is not None)
        self.use_button.clicked.connect(self.used)
        self.remove_button.clicked.connect(self._asked_to_remove)
        self._is_sure = False
        row = QHBoxLayout(self)
        row.setContentsMargins(12, theme.GRID, theme.GRID, theme.GRID)
        row.setSpacing(theme.GRID)
        row.addLayout(words, 1)
        row.addWidget(self.remove_button, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.use_button, 0, Qt.AlignmentFlag.AlignVCenter)

    @Slot()
    def _asked_to_remove(self) -> None:
        """At the second click: it is large to get again."""
        if self._is_sure:
            self.removed.emit()
        else:
            self._is_sure = True
            self.remove_button.setText(tr("Remove for good"))
